"""Phase retrieval: a vector from the squares of its products,

    F(x) = (1/n) sum_i ((a_i' x)^2 - b_i)^2/4 + l2 |x|^2/2,        b_i = (a_i' x#)^2 + noise,

with a planted x#; the measurement vectors a_i are the features of any data set.  (The real case of E. J. Candes, X. Li and
M. Soltanolkotabi, "Phase retrieval via Wirtinger flow: theory and algorithms", IEEE Trans. Inf. Theory 61, 2015, whose objective
is twice this one; published.)  x = 0 is a stationary point, so the start is random, of the length of x#.

Smoothness on a ball (derived).  The Hessian is ``(1/n) sum_i (3 (a_i' x)^2 - b_i) a_i a_i' + l2 I``.  For |x| <= R the factor
lies in ``[-b_i, 3 R^2 |a_i|^2 - b_i]``, so with ``c_i = max(|b_i|, 3 R^2 |a_i|^2 - b_i)`` the norm of the Hessian is at most
``lambda_max((1/n) sum_i c_i a_i a_i') + l2``.  There is no L on the whole space.  Without noise and l2 the minimum is 0, at x#
and -x#; a negative b_i leaves at least ``b_i^2/4``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Optional_, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import POSITIVE, WEIGHT, DataParameters, features_of, generator, noise_of, planted
from lra_ref.problems.linear import largest_gram, largest_row, linear_hvp, linear_value
from lra_ref.problems.losses import phase_curvature, phase_loss, ridge, ridge_curvature


@dataclass(frozen=True, kw_only=True)
class PhaseParameters(DataParameters):
    """Parameters of phase retrieval."""

    noise: float | None = parameter(0.0, WEIGHT, "standard deviation of the noise in b")
    l2: float = parameter(0.0, WEIGHT, "weight of |x|^2/2")
    radius: float | None = parameter(None, Optional_(POSITIVE), "radius R of the ball on which L is stated (default 2 |x#|)")


def phase_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,)."""
    return linear_value(phase_loss, ridge, lo, hi, x, z, data, par, g)


def phase_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    linear_hvp(phase_curvature, ridge_curvature, lo, hi, x, v, z, data, par, out)


@family("phase_retrieval", PhaseParameters)
def phase_retrieval(p: PhaseParameters) -> Problem:
    """Phase retrieval on synthetic or real measurement vectors: nonconvex, L on the ball of ``radius``.  See the module for formulas."""
    features = features_of(p)
    model = planted(p.seed, features.shape[1])
    b = (features @ model) ** 2 + noise_of(p) * generator(p.seed, 2).normal(size=len(features))
    length = float(np.linalg.norm(model)) or 1.0
    radius = 2 * length if p.radius is None else p.radius
    start = generator(p.seed, 3).normal(size=model.size)
    start *= min(length, radius) / np.linalg.norm(start)
    factor = np.maximum(np.abs(b), 3 * radius**2 * np.sum(features**2, axis=1) - b)
    weighted = np.sqrt(factor)[:, None] * features
    solved = noise_of(p) == 0 and p.l2 == 0
    where = f"the ball |x| <= {radius!r}"
    return Problem(
        name="phase_retrieval",
        dim=model.size,
        value_kernel=phase_value,
        hvp_kernel=phase_hvp,
        start=start,
        par=np.array([p.l2]),
        data=np.ascontiguousarray(np.hstack([features, b[:, None]])),
        samples=len(features),
        smoothness=Known(largest_gram(weighted)[0] + p.l2, False, where, "lambda_max((1/n) sum c_i a_i a_i') + l2"),
        sample_smoothness=Known(largest_row(weighted) + p.l2, False, where, "max c_i |a_i|^2 + l2"),
        f_star=Known(float(np.mean(np.minimum(b, 0) ** 2)) / 4, solved and p.data == "synthetic", source="squares; planted if exact"),
        x_star=model if solved and p.data == "synthetic" else None,
        notes=f"data {p.data}, {len(features)} rows; -x* is a minimiser too",
    )
