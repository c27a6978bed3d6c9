"""Formulas of D-Adaptation and Prodigy: lower estimates of the distance D = |x_0 - x*| from gradients already seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient
from lra_ref.formulas import where


def accumulated(s: Any, weight: Any, g: Any) -> Any:
    """Weighted sum of gradients, ``s + weight g``."""
    return s + weight * g


def inverse_root(G: Any) -> Any:
    """``1/sqrt(G)``, G > 0: the step size of dual averaging."""
    return 1 / np.sqrt(G)


def squared_weight(gamma: Any, d: Any, norm2: Any) -> Any:
    """Summand ``gamma d^2 |g|^2`` of option I."""
    return gamma * (d * d) * norm2


def option_one(gamma: Any, s2: Any, weighted: Any) -> Any:
    """``(gamma |s|^2 - weighted)/(2 |s|)`` from |s|^2; 0 where s = 0."""
    return quotient(gamma * s2 - weighted, 2 * np.sqrt(s2))


def option_two(numerator: Any, s2: Any) -> Any:
    """``numerator/|s|`` from |s|^2; 0 where s = 0."""
    return quotient(numerator, np.sqrt(s2))


def enlarged(d: Any, d_hat: Any, growth: Any) -> Any:
    """``max(d, min(d_hat, growth d))``: the estimate never falls and grows at most by a factor."""
    return np.maximum(d, np.minimum(d_hat, growth * d))


def scaled_rate(d: Any, lr: Any, correction: Any) -> Any:
    """``dl = d lr correction``."""
    return d * lr * correction


def normalized_rate(d: Any, lr: Any, norm: Any) -> Any:
    """``dl = d lr/norm``."""
    return d * lr / norm


def sgd_estimate(numerator: Any, s2: Any) -> Any:
    """``2 numerator/|s|`` from |s|^2."""
    return 2 * option_two(numerator, s2)


def while_finite(rate: Any, d: Any) -> Any:
    """The rate, and nan where the estimate is not finite, which stops the trajectory."""
    return rate + (d - d)


def bias_correction(power1: Any, power2: Any, on: Any) -> Any:
    """``sqrt(1 - beta2^n)/(1 - beta1^n)`` from the two powers, or 1."""
    return where(on > 0, np.sqrt(1 - power2) / (1 - power1), 1)


def preconditioned(a: Any, v: Any, eps: Any) -> Any:
    """``a/(sqrt(v) + eps)``."""
    return a / (np.sqrt(v) + eps)


def adam_estimate(numerator: Any, keep: Any, s1: Any) -> Any:
    """``numerator/((1 - keep) |s|_1)``; 0 where s = 0."""
    return quotient(numerator, (1 - keep) * s1)


def prodigy_weight(d: Any, d_0: Any, rate: Any) -> Any:
    """Weight of a gradient, ``(d/d_0) rate``."""
    return d / d_0 * rate


def prodigy_estimate(numerator: Any, s1: Any, d_coef: Any) -> Any:
    """``d_coef numerator/|s|_1``; 0 where s = 0."""
    return quotient(d_coef * numerator, s1)


def prodigy_next(d: Any, d_0: Any, d_hat: Any, d_max: Any, growth: Any) -> Any:
    """``min(d_max, growth d)``, d replaced by max(d, d_hat) while it is still d_0; d_max is the new one."""
    return np.minimum(d_max, growth * where(d == d_0, np.maximum(d, d_hat), d))
