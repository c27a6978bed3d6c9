"""Results of benchmarks: rows with a goal, their JSON and their table."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

#: schema of the JSON
SCHEMA = 1
#: notes of rows that have no number
NOT_INSTALLED, NOT_ASKED = "peer not installed", "peer not asked for"


@dataclass(frozen=True)
class Goal:
    """A limit for one number of the row: ``of`` is "value", "ratio" or "share_of_limit"."""

    of: str
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.of not in ("value", "ratio", "share_of_limit") or (self.least is None) == (self.most is None):
            raise ValueError(f"a goal is one limit for value, ratio or share_of_limit, got {self!r}")

    def __str__(self) -> str:
        sign, bound = (">=", self.least) if self.least is not None else ("<=", self.most)
        assert bound is not None
        return f"{self.of.replace('_', ' ')} {sign} {bound:g}"

    def met(self, row: Row) -> bool | None:
        """Whether the row reaches it; None without a number."""
        number = getattr(row, self.of)
        if number is None or math.isnan(number):
            return None
        return bool(number >= self.least if self.least is not None else number <= self.most)


@dataclass(frozen=True)
class Row:
    """One measurement.

    ``value`` in ``unit`` is ours; ``ratio`` says how many times less time (memory) it takes than the peer; ``bytes_per_second`` counts the
    fewest bytes; ``share_of_limit`` is that over the bandwidth of the same streams in the same run; ``words`` are the fewest per element,
    ``words_moved`` those that the step as measured moves. None where there is nothing to say.
    """

    id: str
    what: str
    size: str = ""
    dtype: str = ""
    threads: int | None = None
    value: float | None = None
    unit: str = ""
    peer: str = ""
    peer_version: str | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    bytes_per_second: float | None = None
    share_of_limit: float | None = None
    words: int | None = None
    words_moved: int | None = None
    note: str = ""
    #: preset and fingerprint of the code, since results of several runs may stand in one file
    measured: str = ""

    def judged(self, goal: Goal | None) -> Row:
        """The row with its goal and whether it is met."""
        return self if goal is None else replace(self, goal=str(goal), met=goal.met(self))


@dataclass(frozen=True)
class Curve:
    """How a number grows: ``y`` (``quantity``, in ``unit``) against ``x``, and the exponent fitted to its last decades."""

    what: str
    x_name: str
    quantity: str
    unit: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    exponent: float
    low: float | None
    high: float | None
    fitted_from: float


@dataclass
class Results:
    """What a run of the benchmarks leaves."""

    environment: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "schema": SCHEMA,
            "environment": self.environment,
            "rows": [asdict(row) for row in self.rows],
            "curves": [asdict(curve) for curve in self.curves],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Results:
        """From the plain data of :meth:`as_dict`; ``ValueError`` for another schema or other fields."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"schema must be {SCHEMA}, got {data.get('schema')!r}")
        try:
            curves = [Curve(**{**curve, "x": tuple(curve["x"]), "y": tuple(curve["y"])}) for curve in data["curves"]]
            return cls(dict(data["environment"]), [Row(**row) for row in data["rows"]], curves)
        except (KeyError, TypeError) as problem:
            raise ValueError(f"no results of lra-ref bench: {problem}") from None

    def merged(self, newer: Results) -> Results:
        """These results with the benchmarks that ``newer`` measured in their place."""
        again = {row.id for row in newer.rows}
        rows = [row for row in self.rows if row.id not in again] + newer.rows
        curves = newer.curves or self.curves
        return Results(newer.environment, sorted(rows, key=lambda row: order(row.id)), curves)


def order(name: str) -> tuple[int, str]:
    """P2 before P8 before P8b before P10 before what has no number."""
    digits = "".join(c for c in name if c.isdigit())
    return (int(digits) if digits else sys.maxsize, name)


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit, seconds in the prefix that fits."""
    if value is None:
        return ""
    if unit.startswith("s") and (unit == "s" or unit[1] in " /"):
        for factor, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n")):
            if abs(value) >= factor or prefix == "n":
                return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def cells(row: Row) -> tuple[str, ...]:
    """The row as text, in the order of ``HEAD``."""

    def shown(number: float | None, form: str) -> str:
        return "" if number is None else format(number, form)

    words = "" if row.words is None else f"{row.words}/{row.words_moved}"
    peer = f"{row.peer} {row.peer_version or ''}".strip()
    speed = "" if row.bytes_per_second is None else f"{row.bytes_per_second / 1e9:.1f}"
    verdict = {True: "yes", False: "NO", None: ""}[row.met]
    size = " ".join(part for part in (row.size, row.dtype) if part)
    return (
        row.id, row.what, size, shown(row.threads, "d"), quantity(row.value, row.unit), peer, shown(row.ratio, ".2f"),
        speed, shown(row.share_of_limit, ".2f"), words, row.goal, verdict,
        row.note,
    )  # fmt: skip


HEAD = ("id", "what", "size", "thr", "ours", "peer", "ratio", "GB/s", "share", "words", "goal", "met", "note")


def table(rows: Sequence[Row]) -> str:
    """Aligned columns; columns that no row fills are left out."""
    lines = [HEAD, *(cells(row) for row in rows)]
    kept = [k for k in range(len(HEAD)) if any(line[k] for line in lines[1:])]
    widths = {k: max(len(line[k]) for line in lines) for k in kept}
    numeric = {"thr", "ours", "ratio", "GB/s", "share", "words"}
    return "\n".join(
        "  ".join(line[k].rjust(widths[k]) if HEAD[k] in numeric else line[k].ljust(widths[k]) for k in kept).rstrip() for line in lines
    )
