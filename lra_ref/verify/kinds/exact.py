"""Statements that hold on every trajectory: identities, pathwise bounds, invariances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.typing import Array, Floats
from lra_ref.verify.kinds.base import (
    MACHEPS,
    Judgement,
    Rounded,
    Sides,
    Verdict,
    fixed,
    nonfinite_note,
    ratio,
    real,
    together,
)


def _worst(badness: Array) -> tuple[int, ...]:
    """Index of the largest entry, NaN counted as smallest."""
    filled = np.where(np.isnan(badness), -np.inf, badness)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(filled)), filled.shape))


def _verdict(violated: bool, finite: Array) -> Verdict:
    if violated:
        return Verdict.VIOLATED
    return Verdict.HOLDS if bool(np.all(finite)) else Verdict.UNDECIDED


def _tightness(lhs: Floats, rhs: Floats, slack: Floats) -> float | None:
    """lhs/rhs at the place of the smallest relative slack among those where both sides are positive."""
    both = (lhs > 0) & (rhs > 0) & np.isfinite(lhs) & np.isfinite(rhs)
    if not np.any(both):
        return None
    where = _worst(np.where(both, -slack, -np.inf))
    with np.errstate(all="ignore"):
        return float(lhs[where] / rhs[where])


@dataclass(frozen=True, eq=False, kw_only=True)
class Identity(Rounded, Sides):
    """An equality: HOLDS if ``|lhs - rhs| <= factor * operations * macheps * scale`` at every seed and prefix."""

    kind: ClassVar[str] = "identity"

    def judge(self, alpha: float) -> Judgement:
        """VIOLATED where the difference exceeds the rounding allowance; UNDECIDED if it never does but a number is not finite."""
        finite, allowed = self.finite(), self.allowance()
        with np.errstate(over="ignore", invalid="ignore"):
            error = np.abs(self.lhs - self.rhs)
            excess = np.where(finite, ratio(error, allowed), np.nan)
        where = _worst(excess)
        violated = bool(np.any(excess > 1))
        size = float(ratio(error[where], self.scale[where])) if finite[where] else np.nan
        notes = [f"largest difference {size:.2g} of the scale", self.allowance_note()]
        if not np.all(finite):
            notes.append(nonfinite_note(finite))
        return Judgement(
            _verdict(violated, finite), float(self.lhs[where]), float(self.rhs[where]), margin=1 - float(excess[where]),
            where=where, notes=tuple(notes), finite=bool(np.all(finite)),
        )  # fmt: skip

    def series(self) -> dict[str, Any]:
        """Both sides, and the difference and its allowance in units of the scale."""
        with np.errstate(over="ignore", invalid="ignore"):
            error = ratio(np.abs(self.lhs - self.rhs), self.scale)
            relative = self.factor * MACHEPS * self.operations
        lower = Rounded(lhs=error, rhs=relative, scale=0.0, operations=0.0, at=self.at)
        return {"plot": "identity", **self.curves(), "error": lower.curves()}


@dataclass(frozen=True, eq=False, kw_only=True)
class Bound(Rounded, Sides):
    """``lhs <= rhs`` on every trajectory: HOLDS if ``rhs - lhs >= -factor * operations * macheps * scale`` everywhere."""

    kind: ClassVar[str] = "pathwise bound"

    def judge(self, alpha: float) -> Judgement:
        """VIOLATED where the slack is below minus the rounding allowance; UNDECIDED if nowhere but a number is not finite."""
        finite, allowed = self.finite(), self.allowance()
        with np.errstate(over="ignore", invalid="ignore"):
            slack = self.rhs - self.lhs
            share = np.where(finite, slack / np.where(self.scale > 0, self.scale, 1.0), np.nan)
            violated = finite & (slack < -allowed)
        # a place that fails outranks one whose slack is smaller but allowed
        where = _worst(np.where(violated, -share, -np.inf) if np.any(violated) else -share)
        margin = float(share[where])
        notes = [f"worst slack {margin:.2g} of the scale", self.allowance_note()]
        if not np.all(finite):
            notes.append(nonfinite_note(finite))
        return Judgement(
            _verdict(bool(np.any(violated)), finite), float(self.lhs[where]), float(self.rhs[where]),
            tightness=_tightness(self.lhs, self.rhs, share), margin=margin, where=where, notes=tuple(notes),
            finite=bool(np.all(finite)),
        )  # fmt: skip

    def series(self) -> dict[str, Any]:
        """Both sides, and the slack in units of the scale."""
        with np.errstate(over="ignore", invalid="ignore"):
            share = (self.rhs - self.lhs) / np.where(self.scale > 0, self.scale, 1.0)
        lower = Rounded(lhs=share, rhs=0.0, scale=0.0, operations=0.0, at=self.at)
        return {"plot": "bound", **self.curves(), "slack": lower.curves()}


@dataclass(frozen=True, eq=False, kw_only=True)
class Invariance(Sides):
    """Two runs that must agree, as arrays ``(seeds, ...)``: bit for bit if ``ulps`` is 0, else within that many units.

    The unit is the spacing of floating-point numbers at the larger of the two values, or ``macheps * scale`` if ``scale`` is given.
    """

    kind: ClassVar[str] = "invariance"
    first: Any
    second: Any
    ulps: float = 0.0
    scale: Any = None

    def __post_init__(self) -> None:
        fixed(self, "ulps", least=0)
        first, second = real("first", self.first), real("second", self.second)
        if first.shape != second.shape:
            raise ValueError(f"the two runs must have equal shapes, got {first.shape} and {second.shape}")
        for name, value in together({"first": first, "second": second}).items():
            object.__setattr__(self, name, np.ascontiguousarray(value))

    @property
    def seeds(self) -> int | None:
        """Number of seeds on the first axis."""
        return int(self.first.shape[0])

    def distance(self) -> Floats:
        """Difference in units; for the bitwise comparison 0 or infinity."""
        if self.ulps == 0:
            return np.where(self.first.view(np.int64) == self.second.view(np.int64), 0.0, np.inf)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.scale is None:
                unit = np.spacing(np.maximum(np.abs(self.first), np.abs(self.second)))
            else:
                unit = MACHEPS * np.broadcast_to(real("scale", self.scale), self.first.shape)
            return np.asarray(ratio(np.abs(self.first - self.second), unit))

    def judge(self, alpha: float) -> Judgement:
        """VIOLATED where two finite values, or a finite and a non-finite one, differ by more than ``ulps`` units."""
        finite = np.isfinite(self.first) & np.isfinite(self.second)
        apart = np.isfinite(self.first) != np.isfinite(self.second)
        distance = np.where(finite, self.distance(), np.where(apart, np.inf, np.nan))
        where = _worst(distance)
        allowed = "bit for bit" if self.ulps == 0 else f"within {self.ulps:g} units"
        different = int(np.sum(self.first.view(np.int64) != self.second.view(np.int64)))
        notes = [f"{different} of {self.first.size} values differ in some bit; asked: {allowed}"]
        if not np.all(finite):
            notes.append(nonfinite_note(finite))
        return Judgement(
            _verdict(bool(np.any(distance > self.ulps)), finite), float(self.first[where]), float(self.second[where]),
            margin=float(self.ulps - distance[where]), where=where, notes=tuple(notes), finite=bool(np.all(finite)),
        )  # fmt: skip

    def series(self) -> dict[str, Any]:
        """Nothing to plot beyond the numbers of the row."""
        return {}
