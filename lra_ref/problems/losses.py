"""Scalar losses and penalties of the data problems, each written once; every finite-sum family reads them from here.

A *loss* ``loss(s, t, par) -> (value, slope)`` takes the prediction s of a model and the target t of a row; its *curvature*
``curvature(s, t, par)`` is the second derivative in s.  A *penalty* ``penalty(x, par) -> (value, slope)`` acts on one coordinate.
The forms are chosen so that nothing overflows while the true value is finite, and small values keep their relative accuracy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.formulas import where

#: ``exp(-HUGE)`` is 0 in float64: keeps ``inf * exp(-inf)`` out of the formulas
HUGE = 2**62


def decay(m: Any) -> Any:
    """``exp(-|m|)``; every choice at m = 0 is that of m > 0, so that the pieces of a smooth function fit together there too."""
    return np.exp(where(m >= 0, -m, m))


def logistic_loss(s: Any, t: Any, par: Any) -> Any:
    """``log(1 + exp(-m))`` at the margin ``m = t s``, t = +-1."""
    m = t * s
    e = decay(m)
    return np.maximum(0, -m) + np.log1p(e), -t * (where(m >= 0, e, 1) / (1 + e))


def logistic_curvature(s: Any, t: Any, par: Any) -> Any:
    """``t^2 sigmoid(m) sigmoid(-m)``, in [0, 1/4] for t = +-1."""
    return t * t * bell(t * s)


def bell(m: Any) -> Any:
    """``sigmoid(m) sigmoid(-m) = e / (1 + e)^2`` with ``e = exp(-|m|)``, accurate in the far tails."""
    e = decay(m)
    return e / ((1 + e) * (1 + e))


def tanh_slope(a: Any) -> Any:
    """``tanh'(a) = 1 / cosh(a)^2 = 4 sigmoid(2 a) sigmoid(-2 a)``; ``1 - tanh(a)^2`` would cancel where tanh saturates."""
    return 4 * bell(2 * a)


def squared_hinge_loss(s: Any, t: Any, par: Any) -> Any:
    """``max(0, 1 - t s)^2 / 2``."""
    short = np.maximum(1 - t * s, 0)
    return short * short / 2, -t * short


def squared_hinge_curvature(s: Any, t: Any, par: Any) -> Any:
    """Generalised second derivative: ``t^2`` where ``t s < 1``, else 0 (0 at the kink ``t s = 1`` itself)."""
    return where(1 - t * s > 0, t * t, 0)


def squares_loss(s: Any, t: Any, par: Any) -> Any:
    """``(s - t)^2 / 2``."""
    r = s - t
    return r * r / 2, r


def squares_curvature(s: Any, t: Any, par: Any) -> Any:
    """1."""
    return 1.0


def welsch_loss(s: Any, t: Any, par: Any) -> Any:
    """``c^2/2 (1 - exp(-u^2))`` with ``u = (s - t)/c``, ``c = par[1]``."""
    r, c = s - t, par[1]
    u = r / c
    v = np.minimum(u * u, HUGE)
    return c * c * -np.expm1(-v) / 2, r * np.exp(-v)


def welsch_curvature(s: Any, t: Any, par: Any) -> Any:
    """``(1 - 2 u^2) exp(-u^2)``, in [-2 exp(-3/2), 1]."""
    u = (s - t) / par[1]
    v = np.minimum(u * u, HUGE)
    return (1 - 2 * v) * np.exp(-v)


def saturating(u: Any) -> Any:
    """``u^2/(1 + u^2)`` in [0, 1) and its derivative ``2 u/(1 + u^2)^2``."""
    v = u * u
    w = 1 / (1 + v)
    return where(v > 1, 1 - w, v * w), 2 * u * w * w


def saturating_curvature(u: Any) -> Any:
    """``2 (1 - 3 u^2)/(1 + u^2)^3``, in [-1/2, 2]: the extremes are at u = +-1 and u = 0."""
    v = u * u
    w = 1 / (1 + v)
    return 2 * (w - 3 * (1 - w)) * (w * w)


def geman_mcclure_loss(s: Any, t: Any, par: Any) -> Any:
    """``c^2/2 u^2/(1 + u^2)`` with ``u = (s - t)/c``, ``c = par[1]``."""
    c = par[1]
    value, slope = saturating((s - t) / c)
    return c * c * value / 2, c * slope / 2


def geman_mcclure_curvature(s: Any, t: Any, par: Any) -> Any:
    """``(1 - 3 u^2)/(1 + u^2)^3``, in [-1/4, 1]."""
    return saturating_curvature((s - t) / par[1]) / 2


def phase_loss(s: Any, t: Any, par: Any) -> Any:
    """``(s^2 - t)^2/4``."""
    r = s * s - t
    return r * r / 4, r * s


def phase_curvature(s: Any, t: Any, par: Any) -> Any:
    """``3 s^2 - t``."""
    return 3 * (s * s) - t


def ridge(x: Any, par: Any) -> Any:
    """``par[0] x^2/2``."""
    slope = par[0] * x
    return slope * x / 2, slope


def ridge_curvature(x: Any, par: Any) -> Any:
    """``par[0]``."""
    return par[0]


def saturating_penalty(x: Any, par: Any) -> Any:
    """``par[0] x^2/(1 + x^2)``."""
    value, slope = saturating(x)
    return par[0] * value, par[0] * slope


def saturating_penalty_curvature(x: Any, par: Any) -> Any:
    """Between ``-par[0]/2`` and ``2 par[0]``."""
    return par[0] * saturating_curvature(x)
