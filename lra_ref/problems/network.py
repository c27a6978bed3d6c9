"""A network with one hidden layer of tanh units and one output,

    o(a) = w2' tanh(W1 a + b1) + b2,      F(x) = (1/n) sum_i loss(o(a_i), t_i) + l2 |x|^2/2,      x = (W1, b1, w2, b2),

with ``loss`` the half square ``(o - t)^2/2`` or the logistic loss ``log(1 + exp(-t o))``, t = +-1; H hidden units, so
D = H (d + 2) + 1.  The Hessian-vector product carries the derivative along v through the forward and the backward pass
(B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Comput. 6, 1994, published).

Smoothness on the ball |x| <= R (derived).  For a row a let ``s^2 = |a|^2 + 1``.  Along a unit direction (P, q, r) of
((W1, b1), w2, b2) the arguments of the units move by ``y = P (a, 1)``, ``|y| <= s |P|``, and the output has

    o'  = sum_j w2_j tanh'_j y_j + q' tanh + r,         o'' = sum_j w2_j tanh''_j y_j^2 + 2 sum_j q_j tanh'_j y_j.

From ``|tanh|^2 <= min(H, s^2 |(W1, b1)|^2)``, ``0 < tanh' <= 1``, ``|tanh''| <= k = 4/(3 sqrt 3)`` and ``|w2| <= R`` follow

    |o'|^2 <= s^2 |w2|^2 + s^2 |(W1, b1)|^2 + 1 <= 1 + s^2 R^2,
    |o''|  <= k R s^2 |P|^2 + 2 s |P| |q| <= (k R s^2 + sqrt(k^2 R^2 s^4 + 4 s^2))/2 =: e(s),
    |o|    <= min(R sqrt(H + 1), s R^2/2 + R).

The Hessian of a row is ``loss'' o' o'^T + loss' o''``, so its norm is at most ``(1 + s^2 R^2)/4 + e(s)`` for the logistic loss
(loss'' <= 1/4, |loss'| <= 1) and ``1 + s^2 R^2 + (|o| + |t|) e(s)`` for the half square; L is the mean over the rows, plus l2.
There is no L on the whole space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Choice, Optional_, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import POSITIVE, SIZE, WEIGHT, BinaryParameters, Dataset, generator, load_binary, load_regression
from lra_ref.problems.linear import add_multiple, clear, dot, products, regularised, regularised_product, row_at, row_count
from lra_ref.problems.losses import (
    logistic_curvature,
    logistic_loss,
    ridge,
    ridge_curvature,
    squares_curvature,
    squares_loss,
    tanh_slope,
)
from lra_ref.typing import Array

SQUARES, LOGISTIC = "squares", "logistic"
#: max |tanh''| = max 2 t (1 - t^2)
LARGEST_BEND = 4 / (3 * np.sqrt(3))


@dataclass(frozen=True, kw_only=True)
class NetworkParameters(BinaryParameters):
    """Parameters of the tanh network."""

    hidden: int = parameter(8, SIZE, "number H of hidden units")
    loss: str = parameter(LOGISTIC, Choice((SQUARES, LOGISTIC)), "loss of the output; squares regress on the numerical target")
    l2: float = parameter(0.0, WEIGHT, "weight of |x|^2/2, biases included")
    radius: float | None = parameter(None, Optional_(POSITIVE), "radius R of the ball on which L is stated (default 2 |start|)")


def units(dim: Any, xs: Any) -> Any:
    """Number H of hidden units of the parameter vector ``xs``."""
    return (xs.size - 1) // (dim + 2)


def layers(dim: Any, xs: Any) -> Any:
    """``W1 (H, d), b1 (H), w2 (H), b2 (1)`` as views of the parameter vector."""
    hidden = units(dim, xs)
    cut = hidden * dim
    return xs[:cut].reshape((hidden, dim)), xs[cut : cut + hidden], xs[cut + hidden : cut + 2 * hidden], xs[cut + 2 * hidden :]


def affine(row: Any, weights: Any, biases: Any, out: Any) -> None:
    """``out = W a + b``; entries of the row beyond the columns of W are left out."""
    products(0, biases.size, biases[:0], weights, row[: weights.shape[1]], out)
    for j in range(biases.size):
        out[j] += biases[j]


def network_value(loss: Any, lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F and gradient by a forward and a backward pass per row."""
    xs, gs = x[lo:hi], g[lo:hi]
    dim, n = data.shape[1] - 1, row_count(z, data)
    w1, b1, w2, b2 = layers(dim, xs)
    g1, c1, g2, c2 = layers(dim, gs)
    hidden = units(dim, xs)
    a, h = np.empty(hidden), np.empty(hidden)
    total = 0.0
    clear(gs)
    for i in range(n):
        row = data[row_at(z, i)]
        affine(row, w1, b1, a)
        for j in range(hidden):
            h[j] = np.tanh(a[j])
        value, slope = loss(dot(h, w2) + b2[0], row[dim], par)
        total += value
        c2[0] += slope
        for j in range(hidden):
            back = slope * w2[j] * tanh_slope(a[j])
            g2[j] += slope * h[j]
            c1[j] += back
            add_multiple(back, row, g1[j])
    return regularised(ridge, n, xs, par, total, gs)


def network_hvp(loss: Any, curvature: Any, lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Both passes differentiated along v; the names with ``turn`` are derivatives."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    dim, n = data.shape[1] - 1, row_count(z, data)
    w1, b1, w2, b2 = layers(dim, xs)
    v1, u1, v2, u2 = layers(dim, vs)
    o1, c1, o2, c2 = layers(dim, outs)
    hidden = units(dim, xs)
    a, h, q, turn = np.empty(hidden), np.empty(hidden), np.empty(hidden), np.empty(hidden)
    clear(outs)
    for i in range(n):
        row = data[row_at(z, i)]
        affine(row, w1, b1, a)
        affine(row, v1, u1, turn)
        output, output_turn = b2[0], u2[0]
        for j in range(hidden):
            h[j], q[j] = np.tanh(a[j]), tanh_slope(a[j])
            turn[j] *= q[j]
            output += w2[j] * h[j]
            output_turn += v2[j] * h[j] + w2[j] * turn[j]
        slope = loss(output, row[dim], par)[1]
        slope_turn = curvature(output, row[dim], par) * output_turn
        c2[0] += slope_turn
        for j in range(hidden):
            back_turn = (slope_turn * w2[j] + slope * v2[j]) * q[j] - 2 * (slope * w2[j] * h[j] * turn[j])
            o2[j] += slope_turn * h[j] + slope * turn[j]
            c1[j] += back_turn
            add_multiple(back_turn, row, o1[j])
    regularised_product(ridge_curvature, n, xs, vs, par, outs)


def squares_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,)."""
    return network_value(squares_loss, lo, hi, x, z, data, par, g)


def squares_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    network_hvp(squares_loss, squares_curvature, lo, hi, x, v, z, data, par, out)


def logistic_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,)."""
    return network_value(logistic_loss, lo, hi, x, z, data, par, g)


def logistic_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    network_hvp(logistic_loss, logistic_curvature, lo, hi, x, v, z, data, par, out)


def row_smoothness(loaded: Dataset, p: NetworkParameters, radius: float) -> Array:
    """The bound of the module's text for every row."""
    s2 = np.sum(loaded.features**2, axis=1) + 1
    bend = LARGEST_BEND * radius * s2
    second = (bend + np.sqrt(bend**2 + 4 * s2)) / 2
    first = 1 + s2 * radius**2
    if p.loss == LOGISTIC:
        return np.asarray(first / 4 + second + p.l2)
    output = np.minimum(radius * np.sqrt(p.hidden + 1), np.sqrt(s2) * radius**2 / 2 + radius)
    return np.asarray(first + (output + np.abs(loaded.target)) * second + p.l2)


@family("tanh_network", NetworkParameters)
def tanh_network(p: NetworkParameters) -> Problem:
    """One hidden layer of tanh units, blocks W1 (H x d, row by row), b1, w2, b2: nonconvex, L on the ball of ``radius``.

    The start is normal with variance 1/d for W1 and 1/H for w2, biases 0.  See the module for formulas.
    """
    loaded = load_binary(p) if p.loss == LOGISTIC else load_regression(p)
    dim = loaded.features.shape[1]
    draw = generator(p.seed, 3)
    inner = draw.normal(size=p.hidden * dim) / np.sqrt(dim)
    outer = draw.normal(size=p.hidden) / np.sqrt(p.hidden)
    start = np.concatenate([inner, np.zeros(p.hidden), outer, np.zeros(1)])
    length = float(np.linalg.norm(start))
    radius = 2 * length if p.radius is None else p.radius
    start *= min(1.0, radius / length)
    bounds = row_smoothness(loaded, p, radius)
    where = f"the ball |x| <= {radius!r}"
    return Problem(
        name="tanh_network",
        dim=start.size,
        value_kernel=logistic_value if p.loss == LOGISTIC else squares_value,
        hvp_kernel=logistic_hvp if p.loss == LOGISTIC else squares_hvp,
        start=start,
        par=np.array([p.l2]),
        data=loaded.rows(False),
        samples=loaded.size,
        smoothness=Known(float(np.mean(bounds)), False, where, "mean over the rows of the bound |loss''| |o'|^2 + |loss'| |o''|"),
        sample_smoothness=Known(float(np.max(bounds)), False, where, "largest of the same bound over the rows"),
        f_star=Known(0.0, exact=False, source="no term is negative"),
        offsets=np.cumsum([0, p.hidden * dim, p.hidden, p.hidden, 1]),
        notes=f"data {p.data}, {loaded.size} rows, {p.hidden} hidden units, loss {p.loss}",
    )
