"""One-dimensional online learners of the quadratic losses l_t(eta) = -a_t eta + b_t eta^2 / 2 (linear when b_t = 0): formulas.

Each learner maps (its state, a_t, b_t) to the next rate.  ``sum_a`` and ``sum_b`` include the present loss.  :func:`learn` is the one
entry for kernels and reference alike: the code selects the learner once per run, everything after it is free of branches.

Provenance: FTRL on [0, eta_max] is published with GALA (its centring is not); OGD with step 1/B_{t+1}, its AdaGrad form, EG
and KT betting on the same losses are derived uses of published learners.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import exponential
from lra_ref.formulas import clip, where

#: learner -> code
CODES = {"ftrl": 0, "ogd": 1, "ogd_adagrad": 2, "ogd_constant": 3, "eg": 4, "kt": 5}
#: learners on a bounded interval that take any slopes and make no use of the curvature
SLOPE_CODES = {"adagrad": 6}


def loss(eta: Any, a: Any, b: Any) -> Any:
    """l(eta) = -a eta + b eta^2 / 2."""
    return b * eta * eta / 2 - a * eta


def loss_slope(eta: Any, a: Any, b: Any) -> Any:
    """l'(eta) = b eta - a."""
    return b * eta - a


def ratio(top: Any, bottom: Any, otherwise: Any) -> Any:
    """``top / bottom`` where bottom > 0, else ``otherwise``."""
    positive = bottom > 0
    return where(positive, top / where(positive, bottom, 1), otherwise)


def ftrl(eta: Any, anchor: Any, delta: Any, sum_a: Any, sum_b: Any, low: Any, high: Any) -> Any:
    """Lazily clipped minimiser of delta (eta - anchor)^2 / 2 + sum l_s; unchanged, clipped neither, when delta + sum b = 0."""
    weight = delta + sum_b
    return where(weight > 0, clip(ratio(delta * anchor + sum_a, weight, eta), low, high), eta)


def ogd(eta: Any, slope: Any, weight: Any, low: Any, high: Any) -> Any:
    """Eagerly clipped gradient step of length 1/weight; unchanged, clipped neither, when the weight is 0."""
    return where(weight > 0, clip(eta - ratio(slope, weight, 0), low, high), eta)


def adagrad_weight(weight: Any, sum_a2: Any, width: Any) -> Any:
    """B_{t+1} + (2 / eta_max) sqrt(sum a^2)."""
    return weight + 2 / width * np.sqrt(sum_a2)


def adagrad(eta: Any, slope: Any, sum_slopes2: Any, low: Any, high: Any) -> Any:
    """Projected step, rate ((high - low)/sqrt 2) / sqrt(sum l'^2), the present slope included; unchanged where it is 0 or underflows."""
    return ogd(eta, slope, np.sqrt(2 * sum_slopes2) / (high - low), low, high)


def exponentiated(eta: Any, slope: Any, gamma: Any, low: Any, high: Any) -> Any:
    """Exponentiated gradient: clip(eta exp(-gamma l'), low, high)."""
    return clip(eta * exponential(-gamma * slope), low, high)


def relative_entropy(u: Any, s: Any) -> Any:
    """D(u, s) = u ln(u/s) - u + s for u >= 0, s > 0; D(0, s) = s."""
    return where(u > 0, u * np.log(where(u > 0, u, 1) / s), 0) - u + s


def bet(sum_coins: Any, rounds: Any, wealth: Any) -> Any:
    """Krichevsky-Trofimov bet of the next round: -(sum of past coins) / (rounds played + 1) * wealth."""
    return -sum_coins / (rounds + 1) * wealth


def learn(code: Any, rounds: Any, a: Any, b: Any, eta: Any, sum_a: Any, sum_b: Any, memory: Any, wealth: Any, hyp: Any) -> Any:
    """Next ``(eta, memory, wealth, coin)`` after the loss of round ``rounds`` (counted from 1) at the played ``eta``.

    ``hyp``: delta, anchor, low, high, gamma, coin bound G, eta_0. ``memory`` is the sum of a^2 (AdaGrad) or of the coins (KT), ``coin``
    is 0 unless KT plays.
    """
    delta, anchor, low, high, gamma, bound, start = hyp[0], hyp[1], hyp[2], hyp[3], hyp[4], hyp[5], hyp[6]
    slope = loss_slope(eta, a, b)
    nothing = 0 * slope
    if code == 0:
        return ftrl(eta, anchor, delta, sum_a, sum_b, low, high), memory, wealth, nothing
    if code == 1:
        return ogd(eta, slope, delta + sum_b, low, high), memory, wealth, nothing
    if code == 2:
        memory = memory + a * a
        return ogd(eta, slope, adagrad_weight(delta + sum_b, memory, high), low, high), memory, wealth, nothing
    if code == 3:
        return clip(eta - gamma * slope, low, high), memory, wealth, nothing
    if code == 4:
        return exponentiated(eta, slope, gamma, low, high), memory, wealth, nothing
    if code == 6:
        memory = memory + slope * slope
        return adagrad(eta, slope, memory, low, high), memory, wealth, nothing
    coin = slope / bound
    wealth = wealth - coin * bet(memory, rounds - 1, wealth)
    memory = memory + coin
    return clip(start + bet(memory, rounds, wealth), low, high), memory, wealth, coin
