"""The law of a quantity: moments against their values, and goodness of fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from lra_ref.checks import real as real_number
from lra_ref.parameters import shown
from lra_ref.typing import Array
from lra_ref.verify.kinds.base import MACHEPS, Estimate, Judgement, Sides, Verdict, fixed, real, relative, seeds_first
from lra_ref.verify.statistics import FEWEST, correlation, jackknife, kolmogorov_limits, mean_limits, median_limits, variance_values

STATISTICS = ("mean", "variance", "correlation", "median")
SIDES = ("equal", "at most", "at least")


@dataclass(frozen=True, eq=False)
class Moment:
    """A statistic of independent samples, one per seed, claimed to be equal to, at most or at least ``value``, up to ``tol``.

    ``statistic``: ``"mean"``, ``"variance"``, ``"median"`` of ``(seeds,)``, or ``"correlation"`` of the two columns of ``(seeds, 2)``.
    An autocorrelation is the correlation of two entries of every trajectory, or the mean of their product where the mean is known.
    ``tol`` is part of the statement (1% of the value, say). To it comes the allowance for rounding ``operations * macheps * scale``, for
    a law may be degenerate, and ``tol`` 0: ``operations`` counts the rounded operations in a sample, ``scale`` is the size of the terms of
    which samples and value are made, by default that of the samples (of their squares for a variance).
    """

    name: str
    samples: Any
    value: float
    tol: float
    statistic: str = "mean"
    side: str = "equal"
    operations: float = 32.0
    scale: float | None = None

    def __post_init__(self) -> None:
        for name, choices in (("statistic", STATISTICS), ("side", SIDES)):
            if not isinstance(getattr(self, name), str) or getattr(self, name) not in choices:
                raise ValueError(f"{name} of moment {self.name!r} must be one of {', '.join(choices)}, got {shown(getattr(self, name))}")
        for name in ("value", "tol", "operations", *(["scale"] if self.scale is not None else [])):
            number = real_number(f"{name} of moment {self.name!r}", getattr(self, name))
            if name != "value" and not number >= 0:
                raise ValueError(f"{name} of moment {self.name!r} must be >= 0, got {number!r}")
            object.__setattr__(self, name, number)
        samples = real("samples", self.samples)
        seeds_first(f"moment {self.name!r}", "samples", samples, 2 if self.statistic == "correlation" else 1)
        object.__setattr__(self, "samples", samples)

    def judge(self, alpha: float) -> Judgement:
        """Limits of (estimate - value), two-sided with error ``alpha`` in all, against ``tol``."""
        if np.any(np.isnan(self.samples)):
            bad = int(np.sum(np.isnan(self.samples)))
            return _unusable(self.name, self.value, f"{self.name}: {bad} of {self.samples.size} samples are not numbers")
        with np.errstate(all="ignore"):
            estimate = Estimate(self.name, *self._limits(alpha if self.side != "equal" else alpha / 2), float(self.value))
            return _judged(estimate, self.side, self.tol + self.rounding(), len(self.samples))

    def rounding(self) -> float:
        """``operations * macheps * scale``: what rounding may do to the estimate and to the value, whatever the law."""
        if self.scale is not None:
            return self.operations * MACHEPS * self.scale
        if self.statistic == "correlation":
            return self.operations * MACHEPS
        size = np.abs(self.samples)
        return self.operations * MACHEPS * (float(np.mean(size**2 if self.statistic == "variance" else size)) + abs(self.value))

    def _limits(self, alpha: float) -> tuple[float, float, float]:
        if self.statistic == "median":
            return median_limits(self.samples, alpha)
        if self.statistic == "mean":
            values = self.samples
        elif self.statistic == "variance":
            values = variance_values(self.samples)
        else:
            values = jackknife(correlation, self.samples)
        mean, low, high = mean_limits(values, alpha)
        return float(mean), float(low), float(high)

    def merged(self, more: Moment) -> Moment:
        """The samples of ``more`` added."""
        return dataclasses.replace(self, samples=np.concatenate([self.samples, more.samples]))


@dataclass(frozen=True, eq=False)
class Fit:
    """The samples ``(seeds,)`` follow the continuous law with distribution function ``cdf`` within distance ``tol`` (Kolmogorov).

    ``cdf`` maps an array to an array, for instance ``scipy.stats.norm(0, 2).cdf``.
    """

    name: str
    samples: Any
    cdf: Callable[[Array], Array]
    tol: float

    def __post_init__(self) -> None:
        samples = real("samples", self.samples)
        seeds_first(f"fit {self.name!r}", "samples", samples, 1)
        fixed(self, "tol", least=0)
        if not callable(self.cdf):
            raise ValueError(f"cdf of fit {self.name!r} must be a function, got {shown(self.cdf)}")
        object.__setattr__(self, "samples", samples)

    def judge(self, alpha: float) -> Judgement:
        """Limits of the true law's Kolmogorov distance from the claimed one against ``tol``; rigorous for any sample size."""
        if np.any(np.isnan(self.samples)):
            return _unusable(self.name, 0.0, f"{self.name}: {int(np.sum(np.isnan(self.samples)))} samples are not numbers")
        estimate = Estimate(self.name, *kolmogorov_limits(self.samples, self._law, alpha), 0.0)
        return _judged(estimate, "equal", self.tol, len(self.samples))

    def _law(self, x: Array) -> Array:
        """The distribution function, as many numbers as samples."""
        values = real("the answer of cdf", self.cdf(x))
        if values.shape not in ((), x.shape):
            raise ValueError(f"cdf of fit {self.name!r} must return an array of shape {x.shape}, got {values.shape}")
        return np.broadcast_to(values, x.shape)

    def merged(self, more: Fit) -> Fit:
        """The samples of ``more`` added."""
        return dataclasses.replace(self, samples=np.concatenate([self.samples, more.samples]))


def _unusable(name: str, value: float, note: str) -> Judgement:
    unknown = Estimate(name, np.nan, np.nan, np.nan, float(value))
    return Judgement(Verdict.UNDECIDED, np.nan, float(value), margin=np.nan, estimates=(unknown,), notes=(note,), finite=False)


def _judged(estimate: Estimate, side: str, tol: float, count: int) -> Judgement:
    """The rule of the notes: inside [-tol, tol] HOLDS, off by more than tol and excluding 0 VIOLATED, else UNDECIDED."""
    off, low, high = (x - estimate.expected for x in (estimate.value, estimate.low, estimate.high))
    above, below = side != "at least", side != "at most"
    inside = (not above or high <= tol) and (not below or low >= -tol)
    outside = (above and low > 0 and off > tol) or (below and high < 0 and off < -tol)
    enough = count >= FEWEST
    verdict = Verdict.VIOLATED if outside and enough else Verdict.HOLDS if inside and enough else Verdict.UNDECIDED
    reach = max(high if above else -np.inf, -low if below else -np.inf)
    relation = {"equal": "=", "at most": "<=", "at least": ">="}[side]
    note = (
        f"{estimate.name}: {estimate.value:.6g} in [{estimate.low:.6g}, {estimate.high:.6g}], "
        f"claimed {relation} {estimate.expected:.6g} up to {tol:.2g}, {count} seeds"
    )
    notes = (note,) if enough else (note, f"fewer than {FEWEST} seeds decide nothing")
    finite = bool(np.isfinite(estimate.value))
    if not finite and verdict is Verdict.HOLDS:
        verdict = Verdict.UNDECIDED
    return Judgement(
        verdict, estimate.value, estimate.expected, margin=relative(tol - reach, tol), estimates=(estimate,), notes=notes, finite=finite
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Distribution(Sides):
    """Moments and fits that must all be as claimed; the confidence level is split evenly over them."""

    kind: ClassVar[str] = "distribution"
    sampled: ClassVar[bool] = True
    moments: tuple[Moment | Fit, ...]

    def __post_init__(self) -> None:
        listed = isinstance(self.moments, Iterable) and not isinstance(self.moments, np.ndarray)
        moments = tuple(self.moments) if listed else ()
        if not listed or not all(isinstance(moment, Moment | Fit) for moment in moments):
            raise ValueError(f"moments must be a list of Moment and Fit, got {shown(self.moments)}")
        object.__setattr__(self, "moments", moments)
        names = [moment.name for moment in self.moments]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"a distribution needs at least one moment, each with a name of its own, got {names}")

    @property
    def seeds(self) -> int | None:
        """Number of samples, which every moment must share."""
        counts = {len(moment.samples) for moment in self.moments}
        if len(counts) > 1:
            raise ValueError(f"every moment must have one sample per seed, got {sorted(counts)} samples")
        return counts.pop()

    def judge(self, alpha: float) -> Judgement:
        """VIOLATED if one moment is, HOLDS if all do, else UNDECIDED; the sides are those of the worst moment."""
        outcomes = [moment.judge(alpha / len(self.moments)) for moment in self.moments]
        verdicts = {outcome.verdict for outcome in outcomes}
        for verdict in (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.HOLDS):
            if verdict in verdicts:
                break
        deciding = [outcome for outcome in outcomes if outcome.verdict is verdict]
        worst = min(deciding, key=lambda outcome: -np.inf if np.isnan(outcome.margin) else outcome.margin)
        return dataclasses.replace(
            worst, where=(0,),
            estimates=tuple(estimate for outcome in outcomes for estimate in outcome.estimates),
            notes=tuple(note for outcome in outcomes for note in outcome.notes),
            finite=all(outcome.finite for outcome in outcomes),
        )  # fmt: skip

    def series(self) -> dict[str, Any]:
        """The estimates are plotted from the judgement; here only their tolerances."""
        return {"plot": "distribution", "tol": [moment.tol for moment in self.moments]}

    def merged(self, more: Self) -> Self:
        """The samples of ``more`` added, moment by moment."""
        if [moment.name for moment in self.moments] != [moment.name for moment in more.moments]:
            raise ValueError("the moments changed between two looks")
        pairs = zip(self.moments, more.moments, strict=True)
        return dataclasses.replace(self, moments=tuple(one.merged(two) for one, two in pairs))  # type: ignore[arg-type]
