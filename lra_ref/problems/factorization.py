"""Low-rank matrix factorization of a matrix M (n x d) with the blocks U (n x r) and V (d x r), both row by row in x:

    F(U, V) = |U V' - M|_F^2/2 = (1/n) sum_i (n/2) |V u_i - m_i|^2.

Written as a mean over the rows m_i it is a finite sum.  M is planted, ``U# V#' + noise``, or the feature matrix of a data set.

Smoothness on the ball |U|_F^2 + |V|_F^2 <= R^2 (derived).  The second derivative along (A, B), |A|_F^2 + |B|_F^2 = 1, is

    |A V' + U B'|_F^2 + 2 <U V' - M, A B'>.

The first term is at most ``(|A| |V| + |B| |U|)^2 <= |U|^2 + |V|^2 <= R^2`` (spectral norms of U and V), the second in absolute
value at most ``2 |A| |B| |U V' - M| <= |U| |V| + |M| <= R^2/2 + |M|``.  So ``L <= 3 R^2/2 + |M|_2``, and a row i alone has
``n (3 R^2/2 + |m_i|)``.  There is no L on the whole space.

F* is half the sum of the squares of the singular values of M beyond the r largest (C. Eckart and G. Young, "The approximation of
one matrix by another of lower rank", Psychometrika 1, 1936; published).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Optional_, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import POSITIVE, SIZE, DataParameters, features_of, generator, noise_of, on_grid
from lra_ref.problems.linear import accumulate, add_multiple, clear, products, row_at, row_count
from lra_ref.typing import Array


@dataclass(frozen=True, kw_only=True)
class FactorizationParameters(DataParameters):
    """Parameters of a low-rank factorization."""

    n: int | None = parameter(None, Optional_(SIZE), "rows of M, synthetic data only (default 20)")
    dim: int | None = parameter(None, Optional_(SIZE), "columns of M, synthetic data only (default 10)")
    rank: int = parameter(2, SIZE, "columns r of U and V")
    radius: float | None = parameter(
        None, Optional_(POSITIVE), "radius R of the ball on which L is stated (default: twice the length of the balanced minimiser)"
    )


def residual(i: Any, data: Any, us: Any, vs: Any, out: Any) -> None:
    """``out = V u_i - m_i``."""
    row = data[i]
    products(0, vs.shape[0], row[:0], vs, us[i], out)
    for j in range(vs.shape[0]):
        out[j] -= row[j]


def factorization_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Row i of ``data`` is m_i; the rank follows from the length of x."""
    xs, gs = x[lo:hi], g[lo:hi]
    rows, columns = data.shape
    rank, n = xs.size // (rows + columns), row_count(z, data)
    cut = rows * rank
    us, vs = xs[:cut].reshape((rows, rank)), xs[cut:].reshape((columns, rank))
    gu, gv = gs[:cut].reshape((rows, rank)), gs[cut:].reshape((columns, rank))
    r = np.empty(columns)
    total = 0.0
    clear(gs)
    for k in range(n):
        i = row_at(z, k)
        residual(i, data, us, vs, r)
        accumulate(0, columns, r[:0], vs, r, gu[i])
        for j in range(columns):
            total += r[j] * r[j]
            add_multiple(r[j], us[i], gv[j])
    for j in range(gs.size):
        gs[j] = gs[j] * rows / n
    return total * rows / (2 * n)


def factorization_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Derivative of the gradient along v = (A, B): the residual changes by ``V a_i + B u_i``."""
    xs, along, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    rows, columns = data.shape
    rank, n = xs.size // (rows + columns), row_count(z, data)
    cut = rows * rank
    us, vs = xs[:cut].reshape((rows, rank)), xs[cut:].reshape((columns, rank))
    au, av = along[:cut].reshape((rows, rank)), along[cut:].reshape((columns, rank))
    ou, ov = outs[:cut].reshape((rows, rank)), outs[cut:].reshape((columns, rank))
    r, first, second = np.empty(columns), np.empty(columns), np.empty(columns)
    clear(outs)
    for k in range(n):
        i = row_at(z, k)
        residual(i, data, us, vs, r)
        products(0, columns, r[:0], vs, au[i], first)
        products(0, columns, r[:0], av, us[i], second)
        for j in range(columns):
            change = first[j] + second[j]
            add_multiple(change, vs[j], ou[i])
            add_multiple(r[j], av[j], ou[i])
            add_multiple(change, us[i], ov[j])
            add_multiple(r[j], au[i], ov[j])
    for j in range(outs.size):
        outs[j] = outs[j] * rows / n


def planted_matrix(p: FactorizationParameters) -> tuple[Array, Array, Array]:
    """``U#``, ``V#`` on the grid of ``data.py``, and ``M = U# V#' + noise``; without noise M is exact in float64."""
    n, dim = p.n or 20, p.dim or 10
    draw = generator(p.seed, 1)
    u = on_grid(draw.normal(size=(n, p.rank)))
    v = on_grid(draw.normal(size=(dim, p.rank)))
    return u, v, u @ v.T + noise_of(p) * generator(p.seed, 2).normal(size=(n, dim))


@family("factorization", FactorizationParameters)
def factorization(p: FactorizationParameters) -> Problem:
    """Low-rank factorization, x = (U, V) as two blocks: nonconvex, L on the ball of ``radius``, F* known.  See the module for formulas."""
    model = None
    if p.data == "synthetic":
        u, v, matrix = planted_matrix(p)
        model = np.concatenate([u.ravel(), v.ravel()])
    else:
        if p.noise is not None:
            raise ValueError(f"noise is a parameter of planted targets, {p.data} has its own")
        matrix = features_of(p)
    rows, columns = matrix.shape
    if p.rank > min(rows, columns):
        raise ValueError(f"rank must be at most {min(rows, columns)} for a matrix of shape {matrix.shape}, got {p.rank}")
    singular = np.linalg.svd(matrix, compute_uv=False)
    # the singular values are computed to a few max(n, d) eps |M|: taking that off keeps the bound below the truth
    tail = np.maximum(singular[p.rank :] - 8 * max(rows, columns) * np.finfo(float).eps * singular[0], 0)
    length = float(np.sqrt(2 * np.sum(singular[: p.rank]))) or 1.0
    radius = 2 * length if p.radius is None else p.radius
    start = generator(p.seed, 3).normal(size=(rows + columns) * p.rank)
    start *= min(length, radius) / np.linalg.norm(start)
    solved = model is not None and noise_of(p) == 0
    where = f"the ball |x| <= {radius!r}"
    longest = float(np.max(np.linalg.norm(matrix, axis=1)))
    return Problem(
        name="factorization",
        dim=(rows + columns) * p.rank,
        value_kernel=factorization_value,
        hvp_kernel=factorization_hvp,
        start=start,
        data=np.ascontiguousarray(matrix),
        samples=rows,
        smoothness=Known(1.5 * radius**2 + float(singular[0]), False, where, "3 R^2/2 + |M|_2"),
        sample_smoothness=Known(rows * (1.5 * radius**2 + longest), False, where, "n (3 R^2/2 + max |m_i|)"),
        f_star=Known(0.0 if solved else float(tail @ tail) / 2, solved, source="Eckart and Young; planted if exact"),
        x_star=model if solved else None,
        offsets=np.array([0, rows * p.rank, (rows + columns) * p.rank]),
        notes=f"data {p.data}, M of shape {matrix.shape}; F does not change when U, V become U Q, V Q^-T; F* holds to rounding",
    )
