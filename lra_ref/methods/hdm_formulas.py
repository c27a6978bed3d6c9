"""Formulas of hypergradient descent with guarantees, shared by ``hdm`` and ``hdm_best``.

h_x(P) = [F(x - P g) - F(x)] / |g|^2 with g = grad F(x); its derivative in P at y = x - P g, with g+ = grad F(y), is the matrix
-g+ g'/|g|^2, on diagonal P the vector -(g+ * g)/|g|^2, on P = alpha I the number -<g+, g>/|g|^2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import exponential, quotient
from lra_ref.formulas import clip, where


def feedback(tested: Any, value: Any, norm2: Any) -> Any:
    """``h = (F(y) - F(x)) / |g|^2``; 0 where g vanishes."""
    return quotient(tested - value, norm2)


def hypergradient(inner: Any, norm2: Any) -> Any:
    """``-g+ g / |g|^2``, of one entry or of the whole inner product; 0 where g vanishes."""
    return -quotient(inner, norm2)


def accepts(tested: Any, value: Any, accept_tol: Any) -> Any:
    """Null step: the point is accepted if and only if ``F(y) < F(x) + accept_tol``."""
    return tested < value + accept_tol


def tested_point(x: Any, moved: Any, beta: Any, old: Any) -> Any:
    """``x - P g + beta (x - x_old)``, with ``moved = P g``."""
    return x - moved + beta * (x - old)


def accumulated(G: Any, r: Any) -> Any:
    """``G + r^2``."""
    return G + r * r


def adagrad_step(P: Any, r: Any, G: Any, a: Any, eps: Any) -> Any:
    """``P - a r / sqrt(G + eps)``."""
    return P - a * r / np.sqrt(G + eps)


def adagrad_step_best(P: Any, r: Any, G: Any, a: Any, eps: Any) -> Any:
    """``P - a r / (sqrt G + eps)``, the form of HDM-Best."""
    return P - a * r / (np.sqrt(G) + eps)


def projected_step(P: Any, r: Any, eta: Any, low: Any, high: Any) -> Any:
    """``min(max(P - eta r, low), high)``."""
    return clip(P - eta * r, low, high)


def exponentiated_step(P: Any, r: Any, eta: Any, i: Any) -> Any:
    """``P exp(-eta r / sqrt i)``."""
    return P * exponential(-(eta * r) / np.sqrt(i))


def simplex_share(total: Any, most: Any) -> Any:
    """Factor that brings the sum of P down to ``most``, 1 if it is no larger."""
    return where(total > most, quotient(most, total), 1)


def ball_share(norm2: Any, radius: Any) -> Any:
    """Factor that brings the Frobenius norm of P down to ``radius``, 1 if it is no larger."""
    return where(norm2 > radius * radius, quotient(radius, np.sqrt(norm2)), 1)


def momentum_hypergradient(inner: Any, norm2: Any) -> Any:
    """``<g+, x - x_old> / |g|^2``; 0 where g vanishes."""
    return quotient(inner, norm2)


def reaches(g: Any, tol: Any) -> Any:
    """1 where ``|g_i| >= tol``, else 0; the sum over i is 0 if and only if ``|g|_inf < tol``."""
    return where(np.abs(g) >= tol, 1, 0)


def damping(moved2: Any, L_est: Any, guessed: Any, eps: Any) -> Any:
    """What HDM-Best adds to |g|^2: ``|x - x_old|^2 L_est^2 / 4`` once L is guessed, else ``eps``."""
    return where(guessed > 0, moved2 * L_est * L_est / 4, eps)


def decayed(lr: Any, lr_0: Any, factor: Any, floor: Any) -> Any:
    """``max(factor lr, floor lr_0)``."""
    return np.maximum(factor * lr, floor * lr_0)
