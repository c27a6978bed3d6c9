"""Regret bounds of the learners, as functions of what they saw; the statements are G1, G2b, G2c, G2d, E2, O3 and O6 of the theory pages.

All arrays may carry leading axes; the last axis is time: ``a``, ``b`` have T entries, ``eta`` T + 1.  Every bound returns the right-hand
side for the whole horizon; the summands of the quadratic ones are given apart so that prefixes can be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lra_ref.learners.formulas import loss_slope, relative_entropy
from lra_ref.typing import Array


def weights(b: Array, delta: Any) -> Array:
    """B_1 .. B_T: delta + running sums of b."""
    return np.asarray(delta + np.cumsum(b, axis=-1))


def slope_terms(a: Array, b: Array, eta: Array, delta: Any) -> Array:
    """(b_t eta_t - a_t)^2 / (2 B_{t+1}), t < T; where B_{t+1} = 0 it is 0 for a slope of 0, else inf (no bound: G1 needs B_1 > 0)."""
    return _over_weight(loss_slope(eta[..., :-1], a, b), weights(b, delta))


def _over_weight(slope: Array, weight: Array) -> Array:
    """slope^2 / (2 weight), and its limits for weight = 0."""
    square = slope**2
    limits = np.where(square > 0, np.inf, np.zeros_like(square))
    return np.asarray(np.divide(square, 2 * weight, out=limits, where=weight > 0))


def quadratic_bound(a: Array, b: Array, eta: Array, delta: Any, eta_0: Any, u: Any) -> Array:
    """G1 at every prefix T = 1..: (delta/2)(u - eta_0)^2 - (B_T/2)(u - eta_T)^2 + sum_t (b_t eta_t - a_t)^2 / (2 B_{t+1})."""
    tail = weights(b, delta) / 2 * (u - eta[..., 1:]) ** 2
    return np.asarray(delta / 2 * (u - eta_0) ** 2 - tail + np.cumsum(slope_terms(a, b, eta, delta), axis=-1))


def quadratic_bound_zero(a: Array, b: Array, eta: Array, delta: Any, eta_0: Any, u: Any) -> Array:
    """G1 for a regulariser centred at 0: delta/2 (u^2 - eta_0^2), and the first slope is that of l_0 + delta eta^2 / 2."""
    terms = slope_terms(a, b, eta, delta)
    terms[..., :1] = _over_weight((b[..., :1] + delta) * eta[..., :1] - a[..., :1], delta + b[..., :1])
    tail = weights(b, delta) / 2 * (u - eta[..., 1:]) ** 2
    return np.asarray(delta / 2 * (u**2 - eta_0**2) - tail + np.cumsum(terms, axis=-1))


def logarithmic_bound(a: Array, b: Array, delta: Any, eta_0: Any, eta_max: Any, u: Any) -> Array:
    """G2a at every prefix; nan where the running mean of b is not positive."""
    rounds = np.arange(1, a.shape[-1] + 1)
    big_a = np.maximum.accumulate(np.abs(a), axis=-1)
    mean = np.minimum.accumulate(np.cumsum(b, axis=-1) / rounds, axis=-1)
    mean = np.where(mean > 0, mean, np.nan)
    return np.asarray(
        delta / 2 * (u - eta_0) ** 2
        + big_a**2 / mean * np.log1p(mean * rounds / delta)
        + np.maximum.accumulate(b, axis=-1) * eta_max**2 * np.log1p(np.cumsum(b, axis=-1) / delta)
    )


def adagrad_bound(a: Array, b: Array, delta: Any, eta_0: Any, eta_max: Any, u: Any) -> Array:
    """G2b at every prefix: (delta/2)(u-eta_0)^2 + 2 eta_max sqrt(sum a^2) + b_max eta_max^2 log1p(sum b / delta)."""
    return np.asarray(
        delta / 2 * (u - eta_0) ** 2
        + 2 * eta_max * np.sqrt(np.cumsum(a**2, axis=-1))
        + np.maximum.accumulate(b, axis=-1) * eta_max**2 * np.log1p(np.cumsum(b, axis=-1) / delta)
    )


def constant_bound(a: Array, b: Array, eta: Array, gamma: Any, u: Any) -> Array:
    """G2d at every prefix: (u - eta_0)^2 / (2 gamma) + (gamma/2) sum l'_t(eta_t)^2."""
    slopes = loss_slope(eta[..., :-1], a, b)
    return np.asarray((u - eta[..., :1]) ** 2 / (2 * gamma) + gamma / 2 * np.cumsum(slopes**2, axis=-1))


def slope_adagrad_bound(a: Array, b: Array, eta: Array, width: Any) -> Array:
    """O3 at every prefix: sqrt2 D sqrt(sum l'_t(eta_t)^2), D the width of the interval, for eta_1 and u inside."""
    slopes = loss_slope(eta[..., :-1], a, b)
    return np.asarray(np.sqrt(2 * np.cumsum(slopes**2, axis=-1)) * width)


def exponentiated_bound(a: Array, b: Array, eta: Array, gamma: Any, u: Any) -> Array:
    """E2 on the slopes l'_t(eta_t) (valid where |gamma l'| <= 1): D(u, eta_0)/gamma + gamma sum eta_t l'_t^2, D the relative entropy."""
    slopes, first = loss_slope(eta[..., :-1], a, b), eta[..., :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = relative_entropy(u, first)
    valid = np.logical_and.accumulate(np.abs(gamma * slopes) <= 1, axis=-1)
    return np.where(valid, entropy / gamma + gamma * np.cumsum(eta[..., :-1] * slopes**2, axis=-1), np.nan)


def betting_bound(rounds: Any, coin_bound: Any, wealth: Any, u: Any) -> Any:
    """O6, unclipped, around the first play: G (|u| sqrt(T ln(1 + 24 T^2 u^2 / w^2)) + w), u measured from eta_0."""
    return coin_bound * (np.abs(u) * np.sqrt(rounds * np.log1p(24 * rounds**2 * u**2 / wealth**2)) + wealth)


def _ftrl(p: Any, h: Any, u: float) -> Any:
    bound = quadratic_bound if p.center == "eta_0" else quadratic_bound_zero
    return bound(h.a, h.b, h.plays, p.delta, p.eta_0, u)[-1] if h.a.size else 0.0


def _adagrad(p: Any, h: Any, u: float) -> Any:
    if not (np.isfinite(p.high) and p.low == 0 and p.delta > 0 and 0 <= p.eta_0 <= p.high):
        return np.nan
    return adagrad_bound(h.a, h.b, p.delta, p.eta_0, p.high, u)[-1] if h.a.size else 0.0


def _betting(p: Any, h: Any, u: float) -> Any:
    unclipped = not (np.isfinite(p.low) or np.isfinite(p.high))
    return betting_bound(h.a.size, p.bound, p.wealth, u - p.eta_0) if unclipped else np.nan


#: learner -> bound(parameters, history, u); nan where no bound is claimed
BOUNDS: dict[str, Callable[..., Any]] = {
    "ftrl": _ftrl,
    "ogd": lambda p, h, u: quadratic_bound(h.a, h.b, h.plays, p.delta, p.eta_0, u)[-1] if h.a.size else 0.0,
    "ogd_adagrad": _adagrad,
    "ogd_constant": lambda p, h, u: constant_bound(h.a, h.b, h.plays, p.gamma, u)[-1] if h.a.size else 0.0,
    "eg": lambda p, h, u: exponentiated_bound(h.a, h.b, h.plays, p.gamma, u)[-1] if h.a.size else 0.0,
    "kt": _betting,
    "adagrad": lambda p, h, u: slope_adagrad_bound(h.a, h.b, h.plays, p.high - p.low)[-1] if h.a.size else 0.0,
}
