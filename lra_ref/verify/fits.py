"""Exponents: slopes of straight lines in log-log coordinates, with confidence limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from lra_ref.typing import Floats
from lra_ref.verify.statistics import jackknife, mean_limits

#: two-sided level of the interval for the misfit of a straight line, which no number of seeds can shrink
MISFIT = 0.05


@dataclass(frozen=True)
class Slope:
    """Least-squares slope of log y over log x with limits; ``early`` and ``late`` are the slopes of the two halves of the grid."""

    value: float
    low: float
    high: float
    intercept: float
    early: float
    late: float


def loglog_weights(x: Floats) -> Floats:
    """Weights w with slope = sum w log y."""
    centred = np.log(x) - np.mean(np.log(x))
    return np.asarray(centred / np.sum(centred**2))


def loglog_slope(x: Floats, samples: Floats, alpha: float) -> Slope:
    """Slope of log mean(samples) over log x, for ``samples`` of shape ``(seeds, len(x))`` with positive means, ``len(x) >= 3``.

    The limits cover two things: the noise of the means (jackknife over seeds, each limit wrong with probability ``alpha``; the
    columns may be dependent) and the misfit of a straight line (regression, level ``MISFIT``). The wider of the two counts.
    """
    weights = loglog_weights(x)

    def slope(rows: Floats) -> float:
        means = np.mean(rows, axis=0)
        return float(weights @ np.log(means)) if np.all(means > 0) else np.nan

    means = np.mean(samples, axis=0)
    value = slope(samples)
    intercept = float(np.mean(np.log(means)) - value * np.mean(np.log(x)))
    residual = np.log(means) - intercept - value * np.log(x)
    spread = np.sqrt(np.sum(residual**2) / (x.size - 2) * np.sum(weights**2))
    misfit = float(special.stdtrit(x.size - 2, 1 - MISFIT / 2)) * float(spread)
    low, high = value - misfit, value + misfit
    if samples.shape[0] > 1 and np.any(samples != samples[0]):
        _, below, above = mean_limits(jackknife(slope, samples), alpha)
        low, high = min(low, float(below)), max(high, float(above))
    middle = (x.size + 1) // 2
    halves = [
        float(loglog_weights(x[part]) @ np.log(means[part])) if x[part].size > 1 else np.nan
        for part in (slice(0, middle), slice(x.size - middle, None))
    ]
    return Slope(value, low, high, intercept, halves[0], halves[1])
