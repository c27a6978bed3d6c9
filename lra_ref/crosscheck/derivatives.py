"""Numerical derivatives along directions, each with an estimate of its own error.

``differences``: central differences at steps h, h/4, h/16, ..., extrapolated to h = 0 (Richardson 1911; the choice of the entry as in
C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Softw. 4, 1982, published): in a tableau

    T[k, 0] = (F(x + h_k v) - F(x - h_k v)) / (2 h_k),     T[k, j] = (16^j T[k, j-1] - T[k-1, j-1]) / (16^j - 1)

the entry is taken whose distance from its two parents plus rounding error is smallest. The rounding error is that of the smallest step
involved, ``NOISE eps (|F| + |T| |x|) / h_k``: F is taken to be known to a few units in the last place, and so are the points x + h v.
A kink is harmless unless it is nearer to x than the smallest steps; then no difference can tell.

``complex_steps``: ``Im F(x + i h v) / h`` with h = 2^-70, free of cancellation (Squire and Trapp 1998, published), for functions that take
complex numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from lra_ref.typing import Array

#: largest step relative to max(1, |x|), ratio of neighbouring steps, their number (the smallest is 2^-25), and columns of the tableau
FIRST, RATIO, LEVELS, COLUMNS = 2.0**-3, 4.0, 12, 5
NOISE, TINY = 8.0, 2.0**-70
EPS = float(np.finfo(float).eps)


def steps_for(x: Array, directions: Array) -> Array:
    """Steps ``(directions, LEVELS)``: powers of two in proportion to the entries of x that a direction moves."""
    moved = np.where(directions != 0, np.abs(x), 0.0).max(axis=-1) / np.abs(directions).max(axis=-1)
    size = np.exp2(np.ceil(np.log2(np.maximum(1 / np.abs(directions).max(axis=-1), moved))))
    return np.asarray(size[:, None] * FIRST * RATIO ** -np.arange(LEVELS))


def differences(function: Callable[[Array], Array], x: Array, directions: Array) -> tuple[Array, Array]:
    """Derivatives of ``function`` at ``x`` along the rows of ``directions`` and estimates of their errors.

    ``function`` maps points ``(n, D)`` to numbers ``(n,)`` or vectors ``(n, m)``; both results have shape ``(directions,)`` or
    ``(directions, m)``. The estimate is inf where no entry of the tableau is finite.
    """
    h = steps_for(x, directions)
    offsets = h[:, :, None] * directions[:, None, :]
    points = np.stack([x + offsets, x - offsets]).reshape(-1, x.size)
    found = function(points)
    values = found.reshape(2, *h.shape, -1)
    with np.errstate(all="ignore"):
        table = (values[0] - values[1]) / (2 * h[:, :, None])
        size = np.abs(values).max(axis=0) + np.abs(table) * np.linalg.norm(x)
        floor = NOISE * EPS * size / h[:, :, None]
        best, error = table[:, 0], np.full(table[:, 0].shape, np.inf)
        for column in range(1, COLUMNS):
            weight = RATIO ** (2 * column)
            finer = (weight * table[:, 1:] - table[:, :-1]) / (weight - 1)
            doubt = np.maximum(np.abs(finer - table[:, 1:]), np.abs(finer - table[:, :-1])) + floor[:, column:]
            doubt = np.where(np.isfinite(doubt), doubt, np.inf)
            pick = np.argmin(doubt, axis=1, keepdims=True)
            least, entry = (np.take_along_axis(array, pick, axis=1)[:, 0] for array in (doubt, finer))
            best, error = np.where(least < error, entry, best), np.minimum(least, error)
            table = finer
    shape = (len(directions), *found.shape[1:])
    return best.reshape(shape), error.reshape(shape)


def complex_steps(function: Callable[[Array], Any], x: Array, directions: Array) -> Array | None:
    """Derivatives of a scalar function of one point along the rows of ``directions`` by complex steps; None if it takes no complex numbers.

    A function that is not analytic (abs, conj, comparisons) gives wrong numbers: compare with :func:`differences`.
    """
    slopes = []
    for direction in directions:
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                # an imaginary part that is dropped on the way makes the answer worthless
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                value = np.asarray(function(x + 1j * TINY * direction))
        except Exception:
            return None
        if value.dtype.kind != "c" or value.size != 1 or not np.isfinite(value).all():
            return None
        slopes.append(float(value.reshape(()).imag) / TINY)
    return np.array(slopes)
