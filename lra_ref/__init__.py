"""lra_ref: reference implementations and theory verification of learning-rate adaptation.

Importing this package loads none of its dependencies but the standard library; every public name is loaded at first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: public name -> module that holds it
_PUBLIC = {
    "run": "lra_ref.engine.run",
    "Run": "lra_ref.engine.run",
    "reference_run": "lra_ref.engine.reference",
    "Stepper": "lra_ref.engine.reference",
    "Status": "lra_ref.status",
    "save": "lra_ref.engine.checkpoint",
    "load": "lra_ref.engine.checkpoint",
    "Optimizer": "lra_ref.engine.optimizer",
    "InPlace": "lra_ref.engine.inplace",
    "DeviceInPlace": "lra_ref.engine.device",
    "device_run": "lra_ref.engine.device_run",
    "device_resume": "lra_ref.engine.device_run",
    "scipy_method": "lra_ref.engine.scipy_method",
    "make_method": "lra_ref.methods",
    "compose": "lra_ref.methods",
    "method_names": "lra_ref.methods",
    "make_problem": "lra_ref.problems",
    "make_oracle": "lra_ref.oracles",
    "make_learner": "lra_ref.learners",
}

__all__ = [
    "DeviceInPlace",
    "InPlace",
    "Optimizer",
    "Run",
    "Status",
    "Stepper",
    "__version__",
    "compose",
    "device_resume",
    "device_run",
    "load",
    "make_learner",
    "make_method",
    "make_oracle",
    "make_problem",
    "method_names",
    "reference_run",
    "run",
    "save",
    "scipy_method",
]

if TYPE_CHECKING:
    from lra_ref.engine.checkpoint import load, save
    from lra_ref.engine.device import DeviceInPlace
    from lra_ref.engine.device_run import device_resume, device_run
    from lra_ref.engine.inplace import InPlace
    from lra_ref.engine.optimizer import Optimizer
    from lra_ref.engine.reference import Stepper, reference_run
    from lra_ref.engine.run import Run, run
    from lra_ref.engine.scipy_method import scipy_method
    from lra_ref.learners import make_learner
    from lra_ref.methods import compose, make_method, method_names
    from lra_ref.oracles import make_oracle
    from lra_ref.problems import make_problem
    from lra_ref.status import Status


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'lra_ref' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
