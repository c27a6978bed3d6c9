"""The exponent of T, or of 1/eps, in a quantity."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from lra_ref.parameters import shown
from lra_ref.verify.fits import loglog_slope
from lra_ref.verify.kinds.base import Estimate, Judgement, Sides, Verdict, band, fixed, real, seeds_first
from lra_ref.verify.kinds.distribution import SIDES
from lra_ref.verify.statistics import FEWEST, mean_limits


@dataclass(frozen=True, eq=False, kw_only=True)
class Rate(Sides):
    """The mean of ``values`` ``(seeds, horizons)`` behaves like ``horizons ** exponent``, up to ``tol`` in the exponent.

    ``side`` says how: ``"at most"`` for an upper bound (the slope is at most exponent + tol), ``"at least"`` for a lower bound, ``"equal"``
    for both. ``bound``, if given, is the right-hand side at every horizon: ``(horizons,)`` or ``(seeds, horizons)``; max over T of
    lhs/rhs(T) is then reported as tightness, and a mean above it is a violation. Horizons should be geometric, at least 3.
    """

    kind: ClassVar[str] = "rate"
    sampled: ClassVar[bool] = True
    horizons: Any
    values: Any
    exponent: float
    tol: float
    side: str = "at most"
    bound: Any = None
    at_name: str = "T"

    def __post_init__(self) -> None:
        if not isinstance(self.side, str) or self.side not in SIDES:
            raise ValueError(f"side must be one of {', '.join(SIDES)}, got {shown(self.side)}")
        fixed(self, "exponent")
        fixed(self, "tol", least=0)
        horizons, values = real("horizons", self.horizons), real("values", self.values)
        rising = horizons.ndim == 1 and horizons.size >= 3 and np.all(np.isfinite(horizons)) and np.all(np.diff(horizons) > 0)
        if not rising or horizons[0] <= 0:
            raise ValueError("horizons must be at least 3 rising positive numbers")
        seeds_first("rate", "values", values, 2)
        if values.shape[1] != horizons.size:
            raise ValueError(f"values must have one column per horizon, got shape {values.shape} for {horizons.size} horizons")
        object.__setattr__(self, "horizons", horizons)
        object.__setattr__(self, "values", values)
        if self.bound is not None:
            object.__setattr__(self, "bound", np.broadcast_to(real("bound", self.bound), values.shape))

    @property
    def seeds(self) -> int | None:
        """Number of seeds on the first axis."""
        return int(self.values.shape[0])

    def judge(self, alpha: float) -> Judgement:
        """Slope limits against the claimed exponent, and the bound, where given, at every horizon."""
        span = f"{self.at_name} from {self.horizons[0]:g} to {self.horizons[-1]:g}, {self.horizons.size} values"
        finite = bool(np.all(np.isfinite(self.values))) and (self.bound is None or bool(np.all(np.isfinite(self.bound))))
        if not finite or np.any(self.values.mean(axis=0) <= 0):
            why = "values are not finite" if not finite else "a mean is not positive, no exponent can be fitted"
            return Judgement(Verdict.UNDECIDED, math.nan, self.exponent, margin=math.nan, notes=(span, why), finite=False)
        slope = loglog_slope(self.horizons, self.values, alpha / 4)
        varied = bool(np.any(self.values != self.values[0]))
        notes = [
            f"slope {slope.value:.4f} in [{slope.low:.4f}, {slope.high:.4f}], claimed {self.side} {self.exponent:g} up to {self.tol:g}",
            f"{span}; slope of the first half {slope.early:.4f}, of the second {slope.late:.4f}",
        ]
        verdict, margin = self._exponent(slope.value, slope.low, slope.high)
        if varied and len(self.values) < FEWEST:
            verdict = Verdict.UNDECIDED
            notes.append(f"fewer than {FEWEST} seeds decide nothing")
        tightness = None
        if self.bound is not None:
            tightness, exceeded, note = self._bound(alpha / 2)
            notes.append(note)
            if exceeded and (not varied or len(self.values) >= FEWEST):
                verdict, margin = Verdict.VIOLATED, min(margin, 1 - tightness)
            elif verdict is Verdict.HOLDS and tightness > 1:
                verdict = Verdict.UNDECIDED
        estimate = Estimate("exponent", slope.value, slope.low, slope.high, float(self.exponent))
        return Judgement(
            verdict, slope.value, float(self.exponent), tightness=tightness, margin=margin, where=(0,), estimates=(estimate,),
            notes=tuple(notes),
        )  # fmt: skip

    def _exponent(self, value: float, low: float, high: float) -> tuple[Verdict, float]:
        """The slope interval against the claimed exponent."""
        off, low, high = value - self.exponent, low - self.exponent, high - self.exponent
        above, below = self.side != "at least", self.side != "at most"
        margin = min(self.tol - high if above else math.inf, self.tol + low if below else math.inf)
        # one-sided: the whole interval beyond the tolerance; equality: it excludes the exponent and the estimate is beyond the tolerance
        edge = 0.0 if above and below else self.tol
        if (above and low > edge and off > self.tol) or (below and high < -edge and off < -self.tol):
            return Verdict.VIOLATED, margin
        return (Verdict.HOLDS if margin >= 0 else Verdict.UNDECIDED), margin

    def _bound(self, alpha: float) -> tuple[float, bool, str]:
        """Largest ratio of means, whether a mean exceeds its bound beyond doubt, and a sentence."""
        left, right = self.values.mean(axis=0), self.bound.mean(axis=0)
        ratios = left / np.where(right > 0, right, np.nan)
        worst = int(np.argmax(np.where(np.isnan(ratios), np.inf, ratios)))
        _, low, _ = mean_limits(self.values - self.bound, alpha / self.horizons.size)
        largest = float(ratios[worst]) if right[worst] > 0 else math.inf
        if not np.any(self.values - self.bound != (self.values - self.bound)[0]):
            low = left - right
        return largest, bool(np.any(low > 0)), f"max over {self.at_name} of lhs/rhs {largest:.4g} at {self.horizons[worst]:g}"

    def series(self) -> dict[str, Any]:
        """Values and bound over the horizons, and the claimed exponent."""
        out: dict[str, Any] = {"plot": "rate", "x": self.horizons.tolist(), "x_name": self.at_name, "exponent": float(self.exponent)}
        out["lhs"] = band(self.values[:, :, np.newaxis])
        if self.bound is not None:
            out["rhs"] = band(self.bound[:, :, np.newaxis])
        return out

    def merged(self, more: Self) -> Self:
        """The seeds of ``more`` added."""
        if not np.array_equal(self.horizons, more.horizons) or (self.bound is None) != (more.bound is None):
            raise ValueError("horizons and bound must be fixed in advance, they changed between two looks")
        bound = None if self.bound is None else np.concatenate([self.bound, more.bound])
        return dataclasses.replace(self, values=np.concatenate([self.values, more.values]), bound=bound)
