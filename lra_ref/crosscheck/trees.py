"""Reading a port's state: a path such as ``exp_avg``, ``0.mu`` or ``state.p`` through dictionaries, named tuples, lists and attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import shown, unknown
from lra_ref.typing import Array

#: what stands for a list with an entry per tensor, and for an entry that is not there yet
Leaf = Any


@dataclass(frozen=True)
class Reading:
    """Where the port keeps a quantity of ours, and how.

    ``path``: names and indices separated by dots.  ``before``: read it before the step (a rate that the port computes at the end of step
    t - 1 is what the reference plays in step t).  ``factor``: what the port's number is multiplied with to give ours.
    """

    path: str
    before: bool = False
    factor: float = 1.0

    @classmethod
    def parse(cls, text: str | Reading) -> Reading:
        """``PATH``, ``PATH*FACTOR``, each with ``@before`` behind it where meant."""
        if isinstance(text, Reading):
            return text
        if not isinstance(text, str):
            raise ValueError(f"a reading must be a text or a Reading, got {shown(text)}")
        rest, at, when = text.partition("@")
        if at and when != "before":
            raise ValueError(f"a reading ends in @before or nothing, got {text!r}")
        path, star, factor = rest.partition("*")
        try:
            number = float(factor) if star else 1.0
        except ValueError:
            raise ValueError(f"the factor of a reading must be a number, got {text!r}") from None
        if not path:
            raise ValueError(f"a reading needs a path, got {text!r}")
        return cls(path, bool(at), number)


def find(tree: Any, path: str) -> Any:
    """The entry of a tree at a path; ``ValueError`` with the nearest names if there is none."""
    node = tree
    for part in path.split("."):
        node = _child(node, part, path)
    return node


def _child(node: Any, part: str, path: str) -> Any:
    if isinstance(node, Mapping):
        for key in (part, int(part) if part.isdigit() else part):
            if key in node:
                return node[key]
        names = list(map(str, node))
    elif part.isdigit() and isinstance(node, Sequence) and int(part) < len(node):
        return node[int(part)]
    elif hasattr(node, part):
        return getattr(node, part)
    else:
        fields: Any = getattr(node, "_fields", None) or getattr(node, "__dict__", {})
        names = list(map(str, fields)) or list(map(str, range(len(node)) if isinstance(node, Sequence) else []))
    raise ValueError(unknown(f"state {path!r}: entry", part, names))


def numbers(value: Any) -> list[Array]:
    """The arrays of a leaf: one, or one per tensor of a list, tuple or dictionary; None (not there yet) is left out as an empty array."""
    if isinstance(value, Mapping):
        return [array for entry in value.values() for array in numbers(entry)]
    if isinstance(value, list | tuple):
        return [array for entry in value for array in numbers(entry)]
    return [np.zeros(0) if value is None else plain(value)]


def plain(value: Any) -> Array:
    """A number or an array of any framework as a float64 array (a copy)."""
    if hasattr(value, "detach"):
        # torch: NumPy has no bfloat16, and every value of a shorter type is a float64
        value = value.detach().double().numpy()
    return np.array(value, dtype=float)
