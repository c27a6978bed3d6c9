"""The comparator: how far a port's numbers are from the reference's, element by element, in units in the last place.

An element agrees if it is within ``ulps`` representable numbers of the reference, or within ``absolute`` of it.  Rules: +0 and -0 are the
same; a nan agrees with a nan only, an infinity with the same infinity only, whatever the tolerances; a quantity of another shape differs
(T rows of one number are T numbers).
``x`` must be there for every vector that is named; other quantities are compared where they are given and listed where they are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lra_ref.checks import real
from lra_ref.parameters import unknown
from lra_ref.typing import Array
from lra_ref.vectors.folder import read_index, read_vector
from lra_ref.vectors.numbers import ulps as distance_in_ulps
from lra_ref.vectors.results import read_results

REQUIRED = "x"
#: within a step the first of them that differs is named
ORDER = ("rate", "x")


@dataclass(frozen=True)
class Difference:
    """The first element of a vector that differs; ``index`` counts within the step, ``ulps`` is inf where nothing can be counted."""

    vector: str
    step: int
    quantity: str
    index: tuple[int, ...]
    expected: float
    got: float
    ulps: float

    def __str__(self) -> str:
        where = f"{self.quantity}[{', '.join(map(str, self.index))}]" if self.index else self.quantity
        values = f"expected {self.expected!r} ({self.expected.hex()}), got {self.got!r} ({self.got.hex()})"
        return f"{self.vector}, step {self.step}, {where}: {values}, {self.ulps:.6g} ulps apart"


@dataclass(frozen=True)
class Compared:
    """One quantity of one vector: how many elements, how many differ, the largest distances; ``shapes`` (got, expected) if they differ."""

    elements: int
    differing: int
    max_ulps: float
    max_absolute: float
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None


@dataclass
class Row:
    """One vector of the results."""

    vector: str
    compared: dict[str, Compared] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)
    first: Difference | None = None

    @property
    def same(self) -> bool:
        """Whether all that was given agrees."""
        return all(entry.differing == 0 for entry in self.compared.values())


@dataclass
class Report:
    """All vectors of the results, the vectors of the folder that are not in them, and how it was compared."""

    precision: str
    ulps: float
    absolute: float
    rows: list[Row]
    missing: list[str]

    @property
    def same(self) -> bool:
        """Whether everything that was given agrees."""
        return all(row.same for row in self.rows)

    @property
    def first(self) -> Difference | None:
        """The first difference, in the order of the folder's vectors."""
        return next((row.first for row in self.rows if row.first is not None), None)

    def largest(self) -> dict[str, float]:
        """Quantity -> largest distance in ulps over all vectors."""
        found: dict[str, float] = {}
        for row in self.rows:
            for name, entry in row.compared.items():
                found[name] = max(found.get(name, 0.0), entry.max_ulps)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        rows = [
            {
                "vector": row.vector,
                "same": row.same,
                "compared": {name: asdict(entry) for name, entry in row.compared.items()},
                "not_compared": row.not_compared,
                "first_difference": None if row.first is None else asdict(row.first),
            }
            for row in self.rows
        ]
        first = None if self.first is None else asdict(self.first)
        return {
            "same": self.same,
            "precision": self.precision,
            "tolerance": {"ulps": self.ulps, "absolute": self.absolute},
            "first_difference": first,
            "rows": rows,
            "missing": self.missing,
        }


def check(folder: str | os.PathLike[str], results: str | os.PathLike[str], *, ulps: float = 0, absolute: float = 0.0) -> Report:
    """Compare the results of a file with the vectors of a folder.

    Parameters
    ----------
    ulps, absolute : an element agrees within so many representable numbers of the precision of the results, or within so much.

    Raises
    ------
    ValueError, OSError : a file is missing, damaged, foreign, names an unknown vector or quantity, or leaves out ``x``; a tolerance is
    negative or not a number.  One line each.
    """
    ulps, absolute = real("ulps", ulps), real("absolute", absolute)
    for name, value in (("ulps", ulps), ("absolute", absolute)):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be in [0, inf), got {value}")
    index, given = read_index(folder), read_results(results)
    names = [entry["name"] for entry in index["vectors"]]
    for name in given.vectors:
        if name not in names:
            raise ValueError(f"{os.fspath(results)}: {unknown('vector', name, names)}")
    rows = []
    for name in (name for name in names if name in given.vectors):
        reference, port = read_vector(folder, name, index), given.vectors[name]
        for quantity in port:
            if quantity not in reference:
                raise ValueError(f"{os.fspath(results)}: {unknown(f'quantity of {name}', quantity, reference)}")
        if REQUIRED not in port:
            raise ValueError(f"{os.fspath(results)}: the results of {name} lack {REQUIRED}, the point after every step")
        rows.append(compare(name, reference, port, given.precision, ulps, absolute))
    return Report(given.precision, ulps, absolute, rows, [name for name in names if name not in given.vectors])


def compare(name: str, reference: dict[str, Array], port: dict[str, Array], precision: str, ulps: float, absolute: float) -> Row:
    """All quantities of one vector."""
    row = Row(name, not_compared=[quantity for quantity in reference if quantity not in port])
    firsts = []
    for quantity in sorted((q for q in reference if q in port), key=lambda q: ORDER.index(q) if q in ORDER else len(ORDER)):
        expected, got = (values[:, 0] if values.shape[1:] == (1,) else values for values in (reference[quantity], port[quantity]))
        if got.shape != expected.shape:
            row.compared[quantity] = Compared(expected.size, expected.size, np.inf, np.inf, (got.shape, expected.shape))
            continue
        apart = distance_in_ulps(got, expected, precision)
        with np.errstate(invalid="ignore", over="ignore"):
            off = np.where(apart == 0, 0.0, np.abs(got - expected))
        off = np.where(np.isnan(off), np.inf, off)
        wrong = (apart > ulps) & (off > absolute)
        row.compared[quantity] = Compared(expected.size, int(wrong.sum()), float(apart.max(initial=0)), float(off.max(initial=0)))
        if wrong.any():
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            firsts.append(Difference(name, at[0], quantity, at[1:], float(expected[at]), float(got[at]), float(apart[at])))
    row.first = earliest(firsts)
    return row


def earliest(differences: Iterable[Difference]) -> Difference | None:
    """The one of the smallest step; within a step the first in the order given."""
    return min(differences, key=lambda difference: difference.step, default=None)
