"""Laws of CLARA's path and rate: under independent directions (T1 to T8), and in terms of the cosines along every run (T5, T6, T15).

With c the weight of a new unit vector, q = (1-c)^2, mu = c/(2-c), B_T = sum_{s<=T} <p_{s-1}, u_s> and
A_T = sum_{s<=T} q^(T-s) <p_{s-1}, u_s>, along every run:

- ``|p_T|^2 = mu (1-q^T) + 2c(1-c) A_T``
- ``log(eta_T/eta_0) = d [(2(1-c)/c) (B_T - q A_T) - q(1-q^T)/(1-q)]`` if CLARA compares with mu
- ``log(eta_T/eta_0) + (d q/(mu(1-q))) |p_T|^2 = (2d(1-c)/c) B_T``

Independent directions are i.i.d. unit vectors with mean 0 and E u u^T = I/D.  ``published_sd`` is published (the authors' code), everything
else derived; proofs on the theory page.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


# --- independent directions ---------------------------------------------------------------------------------------------------------
def independent_mean(c: Any, t: Any = math.inf) -> Any:
    """``mu (1 - q^t)``, mu = c/(2-c) (T1)."""
    return c / (2 - c) * (1 - (1 - c) ** (2 * t))


def independent_variance(c: Any, dim: Any, t: Any = math.inf) -> Any:
    """``(2/D) (S2^2 - S4)``, S2 = mu (1-q^t), S4 = c^4 (1-q^(2t))/(1-q^2) (T2)."""
    return 2 / dim * (independent_mean(c, t) ** 2 - sum_of_fourths(c, t))


def sum_of_fourths(c: Any, t: Any = math.inf) -> Any:
    """``S4 = sum_i w_i^4 = c^4 (1-q^(2t))/(1-q^2)``."""
    q = (1 - c) ** 2
    return c**4 * (1 - q ** (2 * t)) / (1 - q**2)


def coordinate_variance(c: Any, dim: Any, t: Any = math.inf) -> Any:
    """``Var p_i^2 = 2 S2^2/D^2 - 6 S4/(D^2 (D+2))`` for directions uniform on the sphere (T4)."""
    return 2 * (independent_mean(c, t) / dim) ** 2 - 6 * sum_of_fourths(c, t) / (dim**2 * (dim + 2))


def published_sd(c: Any, dim: Any) -> Any:
    """The published closed form for SGD, ``sqrt2 mu (1-c) / sqrt(((1-c)^2 + 1) D)``: smaller than the exact one by sqrt 2."""
    return np.sqrt(2) * c / (2 - c) * (1 - c) / np.sqrt(((1 - c) ** 2 + 1) * dim)


def drift(c: Any, steps: Any) -> Any:
    """``E log(eta_T / eta_0) / d`` for independent directions: ``-q (1-q^T)/(1-q)`` (T7)."""
    q = (1 - c) ** 2
    return -q * (1 - q**steps) / (1 - q)


def log_rate_variance(c: float, dim: float, steps: int) -> float:
    """``Var log(eta_T / eta_0) / d^2`` for independent directions (T8)."""
    return float(np.sum(log_rate_summand(c, dim, steps, np.arange(1, steps + 1))))


def log_rate_summand(c: Any, dim: Any, steps: Any, s: Any) -> Any:
    """``4 q c^2/((1-q)^2 D mu^2) (1-q^(T-s+1))^2 mu (1-q^(s-1))``: what direction s = 1 .. T adds to the variance of T8."""
    q, mu = (1 - c) ** 2, c / (2 - c)
    return 4 * q * c**2 / ((1 - q) ** 2 * dim * mu) * (1 - q ** (steps - s + 1)) ** 2 * (1 - q ** (s - 1))


# --- any directions --------------------------------------------------------------------------------------------------------------------
def discounted(overlap: Any, q: Any) -> Any:
    """``A_t = sum_{s<=t} q^(t-s) overlap_s`` at every t, of the shape (..., T) of ``overlap``."""
    out, now = np.empty_like(overlap), 0 * overlap[..., 0]
    for t in range(overlap.shape[-1]):
        now = q * now + overlap[..., t]
        out[..., t] = now
    return out


def path_norm2_of(c: Any, discounted_sum: Any, t: Any) -> Any:
    """``|p_t|^2`` from A_t (T5)."""
    return independent_mean(c, t) + 2 * c * (1 - c) * discounted_sum


def log_rate_of(c: Any, d: Any, plain_sum: Any, discounted_sum: Any, t: Any) -> Any:
    """``log(eta_t/eta_0)`` from B_t and A_t (T6)."""
    return d * (2 * (1 - c) / c * (plain_sum - (1 - c) ** 2 * discounted_sum) + drift(c, t))


def correction(c: Any, d: Any, norm2: Any) -> Any:
    """``(d q/(mu(1-q))) |p|^2``: what makes log eta a martingale when the directions carry no information (T15)."""
    q = (1 - c) ** 2
    return d * q * (2 - c) / (c * (1 - q)) * norm2


def corrected_log_rate(c: Any, d: Any, plain_sum: Any) -> Any:
    """``(2d(1-c)/c) B_t`` (T15)."""
    return 2 * d * (1 - c) / c * plain_sum
