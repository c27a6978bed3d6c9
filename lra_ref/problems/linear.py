"""Loops over the rows of a finite sum, shared by all data problems, and the kernels of the linear models

    F(x) = (1/n) sum_i loss(a_i' x, t_i) + sum_j penalty(x_j).

Row i of ``data`` is ``(a_i, t_i)``.  ``z`` names the rows of a minibatch (empty: all); F is then the mean over those rows.
Rows are taken in blocks of ``BLOCK``, and four at a time inside, so that the data are read once and every sum has one fixed
order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.typing import Array

BLOCK = 64


def row_count(z: Any, data: Any) -> Any:
    """Number of rows of the sample ``z``."""
    return z.size if z.size > 0 else data.shape[0]


def row_at(z: Any, k: Any) -> Any:
    """Index of the k-th row of the sample ``z``."""
    return int(z[k]) if z.size > 0 else k


def products(first: Any, m: Any, z: Any, data: Any, x: Any, out: Any) -> None:
    """``out[i] = sum_j a_ij x_j`` for the m rows of the sample from number ``first`` on; columns beyond x are left out."""
    quads = m // 4
    for quad in range(quads):
        i = 4 * quad
        a, b = data[row_at(z, first + i)], data[row_at(z, first + i + 1)]
        c, d = data[row_at(z, first + i + 2)], data[row_at(z, first + i + 3)]
        sa, sb, sc, sd = 0.0, 0.0, 0.0, 0.0
        for j in range(x.size):
            sa += a[j] * x[j]
            sb += b[j] * x[j]
            sc += c[j] * x[j]
            sd += d[j] * x[j]
        out[i], out[i + 1], out[i + 2], out[i + 3] = sa, sb, sc, sd
    for i in range(4 * quads, m):
        out[i] = dot(data[row_at(z, first + i)], x)


def accumulate(first: Any, m: Any, z: Any, data: Any, weight: Any, out: Any) -> None:
    """``out_j += sum_i weight_i a_ij`` over the same rows."""
    quads = m // 4
    for quad in range(quads):
        i = 4 * quad
        a, b = data[row_at(z, first + i)], data[row_at(z, first + i + 1)]
        c, d = data[row_at(z, first + i + 2)], data[row_at(z, first + i + 3)]
        wa, wb, wc, wd = weight[i], weight[i + 1], weight[i + 2], weight[i + 3]
        for j in range(out.size):
            out[j] += (wa * a[j] + wb * b[j]) + (wc * c[j] + wd * d[j])
    for i in range(4 * quads, m):
        add_multiple(weight[i], data[row_at(z, first + i)], out)


def dot(a: Any, x: Any) -> Any:
    """``sum_j a_j x_j`` over the entries of x; entries of ``a`` beyond them are left out."""
    total = 0.0
    for j in range(x.size):
        total += a[j] * x[j]
    return total


def add_multiple(weight: Any, a: Any, out: Any) -> None:
    """``out += weight a``; entries of ``a`` beyond those of ``out`` are left out."""
    for j in range(out.size):
        out[j] += weight * a[j]


def clear(out: Any) -> None:
    """``out = 0``."""
    for j in range(out.size):
        out[j] = 0.0


def regularised(penalty: Any, n: Any, xs: Any, par: Any, total: Any, gs: Any) -> Any:
    """``total/n + sum_j penalty(x_j)``; the same for the gradient, in place."""
    extra = 0.0
    for j in range(xs.size):
        value, slope = penalty(xs[j], par)
        extra += value
        gs[j] = gs[j] / n + slope
    return total / n + extra


def regularised_product(penalty_curvature: Any, n: Any, xs: Any, vs: Any, par: Any, outs: Any) -> None:
    """``out/n + penalty''(x_j) v_j``, in place."""
    for j in range(xs.size):
        outs[j] = outs[j] / n + penalty_curvature(xs[j], par) * vs[j]


def linear_value(loss: Any, penalty: Any, lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F and gradient of a linear model (kernel, ``loss`` and ``penalty`` from ``losses.py``)."""
    xs, gs = x[lo:hi], g[lo:hi]
    n = row_count(z, data)
    s, weight = np.empty(BLOCK), np.empty(BLOCK)
    total = 0.0
    clear(gs)
    for first in range(0, n, BLOCK):
        m = min(BLOCK, n - first)
        products(first, m, z, data, xs, s)
        for i in range(m):
            value, weight[i] = loss(s[i], data[row_at(z, first + i), xs.size], par)
            total += value
        accumulate(first, m, z, data, weight, gs)
    return regularised(penalty, n, xs, par, total, gs)


def linear_hvp(curvature: Any, penalty_curvature: Any, lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product of a linear model (kernel)."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    n = row_count(z, data)
    s, weight = np.empty(BLOCK), np.empty(BLOCK)
    clear(outs)
    for first in range(0, n, BLOCK):
        m = min(BLOCK, n - first)
        products(first, m, z, data, xs, s)
        products(first, m, z, data, vs, weight)
        for i in range(m):
            weight[i] *= curvature(s[i], data[row_at(z, first + i), xs.size], par)
        accumulate(first, m, z, data, weight, outs)
    regularised_product(penalty_curvature, n, xs, vs, par, outs)


#: up to this many rows or columns the largest eigenvalue comes from all eigenvalues of the smaller Gram matrix
EXACT_GRAM = 3000


def largest_gram(features: Array) -> tuple[float, bool]:
    """``lambda_max(A'A)/n`` for the rows A, and whether it is exact (to rounding).

    With more than ``EXACT_GRAM`` rows and columns it is the upper bound ``|A|_1 |A|_inf / n`` (largest column sum times largest row sum).
    """
    n, dim = features.shape
    if min(n, dim) > EXACT_GRAM:
        absolute = np.abs(features)
        return float(np.max(np.sum(absolute, axis=0)) * np.max(np.sum(absolute, axis=1)) / n), False
    gram = features.T @ features if dim <= n else features @ features.T
    return float(np.linalg.eigvalsh(gram)[-1]) / n, True


def largest_row(features: Array) -> float:
    """``max_i |a_i|^2``."""
    return float(np.max(np.sum(features * features, axis=1)))
