"""Bounds for the mean over the noise."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from lra_ref.verify.kinds.base import Estimate, Judgement, Rounded, Sides, Verdict, nonfinite_note, thinned
from lra_ref.verify.statistics import FEWEST, mean_limits, steady_mean


@dataclass(frozen=True, eq=False, kw_only=True)
class Expectation(Rounded, Sides):
    """``E lhs <= E rhs`` at prefixes fixed in advance; ``lhs`` and ``rhs`` of shape ``(seeds, prefixes)`` or ``(seeds,)``.

    The mean of the per-seed difference lhs - rhs gets one-sided confidence limits, the error probability split over the prefixes.
    HOLDS if every upper limit is at most the rounding allowance, VIOLATED if a lower limit exceeds it, else UNDECIDED, and more
    seeds are drawn. Both sides must be linear in the means (a free u comes from pilot seeds).
    """

    kind: ClassVar[str] = "bound in expectation"
    sampled: ClassVar[bool] = True

    def judge(self, alpha: float) -> Judgement:
        """Confidence limits of the mean difference against the rounding allowance; see :mod:`lra_ref.verify.statistics`."""
        finite = self.finite()
        count = self.lhs.shape[0]
        shape = (count, -1)
        lhs, rhs = self.lhs.reshape(shape), self.rhs.reshape(shape)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, low, high = mean_limits(lhs - rhs, alpha / lhs.shape[1])
            allowed = self.allowance().reshape(shape).mean(axis=0)
            scale = self.scale.reshape(shape).mean(axis=0)
            left, right = steady_mean(lhs), steady_mean(rhs)
            share = (allowed - high) / np.where(scale > 0, scale, 1.0)
        usable = np.all(finite.reshape(shape), axis=0)
        violated = usable & (low > allowed) & (count >= FEWEST)
        holds = usable & (high <= allowed) & (count >= FEWEST)
        verdict = Verdict.VIOLATED if violated.any() else Verdict.HOLDS if holds.all() else Verdict.UNDECIDED
        # the place that decides: the largest lower limit if violated, else the largest upper one
        badness = np.where(violated, low / np.where(scale > 0, scale, 1.0), -np.inf) if violated.any() else -share
        worst = int(np.argmax(np.where(np.isnan(badness), -np.inf, badness)))
        with np.errstate(all="ignore"):
            tight = float(left[worst] / right[worst]) if left[worst] > 0 and right[worst] > 0 else None
        notes = [f"{count} seeds, limits of the mean difference wrong with probability {alpha:.2g} over {lhs.shape[1]} prefixes"]
        if count < FEWEST:
            notes.append(f"fewer than {FEWEST} seeds decide nothing")
        elif bool(np.all(low == high)):
            notes.append("the seeds do not differ")
        if not np.all(finite):
            notes.append(nonfinite_note(finite))
        estimate = Estimate("mean of lhs - rhs", float(mean[worst]), float(low[worst]), float(high[worst]), 0.0)
        return Judgement(
            verdict, float(left[worst]), float(right[worst]), tightness=tight, margin=float(share[worst]),
            where=(0, *(int(i) for i in np.unravel_index(worst, self.lhs.shape[1:]))) if self.lhs.ndim > 1 else (0,),
            estimates=(estimate,), notes=tuple(notes), finite=bool(np.all(finite)),
        )  # fmt: skip

    def series(self) -> dict[str, Any]:
        """Both sides, and 95% limits of the mean difference."""
        keep = thinned(self.at.size)
        with np.errstate(over="ignore", invalid="ignore"):
            gap = (self.lhs - self.rhs).reshape(self.lhs.shape[0], self.at.size, -1)[:, keep].max(axis=2)
        mean, low, high = mean_limits(gap, 0.025)
        difference = {"mean": mean.tolist(), "low": low.tolist(), "high": high.tolist()}
        return {"plot": "expectation", **self.curves(), "difference": difference}

    def merged(self, more: Self) -> Self:
        """The seeds of ``more`` added; the prefixes must be the same."""
        if not np.array_equal(self.at, more.at) or self.factor != more.factor:
            raise ValueError("prefixes and factor must be fixed in advance, they changed between two looks")
        names = ("lhs", "rhs", "scale", "operations")
        longer: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in names}
        return dataclasses.replace(self, **longer)
