"""Importing what ``MODULE:OBJECT`` or ``FILE.py:OBJECT`` names."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

from lra_ref.parameters import unknown


def load(target: str, what: str = "OBJECT", kind: str = "class or function") -> Any:
    """The object that ``MODULE:OBJECT`` or ``FILE.py:OBJECT`` names; ``ValueError`` in one line if there is none or it cannot be called.

    ``what`` and ``kind`` are for the messages.
    """
    place, _, name = target.rpartition(":")
    if not (place and name):
        raise ValueError(f"expected MODULE:{what}, got {target!r}")
    try:
        module = _from_file(place) if place.endswith(".py") else _from_path(place)
    except Exception as problem:
        raise ValueError(f"cannot import {place}: {type(problem).__name__}: {problem}") from problem
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise ValueError(unknown(f"name in {place}", part, (known for known in dir(found) if not known.startswith("_"))))
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"{target} is not a {kind} but {type(found).__name__}")
    return found


def _from_path(name: str) -> Any:
    """A module, also one in the folder where the command was given."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _from_file(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("lra_ref_checked_object", path)
    if spec is None or spec.loader is None:
        raise ValueError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
