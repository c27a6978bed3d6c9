"""Checking derivatives and ports against the reference; the public names are loaded at first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

#: public name -> module that holds it
_PUBLIC = {
    "compare": "comparison",
    "assert_matches": "comparison",
    "Case": "cases",
    "Disagreement": "comparison",
    "battery": "cases",
    "own_case": "cases",
    "recorded": "cases",
    "Layout": "layouts",
    "Tensor": "layouts",
    "fixed": "sequences",
    "make_sequence": "sequences",
    "of_oracle": "sequences",
    "Reading": "trees",
    "Report": "report",
    "DEVIATIONS": "diagnosis",
}

__all__ = [
    "DEVIATIONS",
    "Case",
    "Disagreement",
    "Layout",
    "Reading",
    "Report",
    "Tensor",
    "assert_matches",
    "battery",
    "compare",
    "fixed",
    "make_sequence",
    "of_oracle",
    "own_case",
    "recorded",
]

if TYPE_CHECKING:
    from lra_ref.crosscheck.cases import Case, battery, own_case, recorded
    from lra_ref.crosscheck.comparison import Disagreement, assert_matches, compare
    from lra_ref.crosscheck.diagnosis import DEVIATIONS
    from lra_ref.crosscheck.layouts import Layout, Tensor
    from lra_ref.crosscheck.report import Report
    from lra_ref.crosscheck.sequences import fixed, make_sequence, of_oracle
    from lra_ref.crosscheck.trees import Reading


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'lra_ref.crosscheck' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"lra_ref.crosscheck.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value
