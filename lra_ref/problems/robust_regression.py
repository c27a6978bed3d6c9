"""Robust regression with bounded losses of the residuals ``r_i = a_i' x - t_i`` at the scale c, ``u_i = r_i/c``:

    welsch          F(x) = (1/n) sum_i (c^2/2) (1 - exp(-u_i^2))         + l2 |x|^2/2
    geman_mcclure   F(x) = (1/n) sum_i (c^2/2) u_i^2/(1 + u_i^2)         + l2 |x|^2/2

Both losses behave like ``r^2/2`` near 0 (the names, up to the scaling: P. W. Holland and R. E. Welsch, Comm. Statist. A 6, 1977, and
S. Geman and D. E. McClure, Bull. ISI 52, 1987; unconfirmed).  Their second derivatives in r, ``(1 - 2 u^2) exp(-u^2)`` and
``(1 - 3 u^2)/(1 + u^2)^3``, lie in [-2 exp(-3/2), 1] and [-1/4, 1], hence ``L <= lambda_max(A'A)/n + l2`` (derived), with
equality at an x without residuals.

Synthetic targets are ``a_i' x + noise``, and a fraction ``outliers`` of them is moved by normal numbers of standard deviation 10;
without noise, outliers and l2 the planted x has F = F* = 0 exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Optional_, Range, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import POSITIVE, WEIGHT, Dataset, LinearParameters, generator, load_regression, noise_of
from lra_ref.problems.linear import largest_gram, largest_row, linear_hvp, linear_value
from lra_ref.problems.losses import geman_mcclure_curvature, geman_mcclure_loss, ridge, ridge_curvature, welsch_curvature, welsch_loss
from lra_ref.typing import Array

OUTLIER_SIZE = 10.0


@dataclass(frozen=True, kw_only=True)
class RobustParameters(LinearParameters):
    """Parameters of both robust regressions."""

    c: float = parameter(1.0, POSITIVE, "scale: residuals well above it hardly count")
    l2: float = parameter(0.0, WEIGHT, "weight of |x|^2/2, bias included")
    outliers: float | None = parameter(None, Optional_(Range(0, 1)), "fraction of outliers, synthetic data only (default 0.1)")


def welsch_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2, c)."""
    return linear_value(welsch_loss, ridge, lo, hi, x, z, data, par, g)


def welsch_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    linear_hvp(welsch_curvature, ridge_curvature, lo, hi, x, v, z, data, par, out)


def geman_mcclure_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2, c)."""
    return linear_value(geman_mcclure_loss, ridge, lo, hi, x, z, data, par, g)


def geman_mcclure_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    linear_hvp(geman_mcclure_curvature, ridge_curvature, lo, hi, x, v, z, data, par, out)


def spoiled(loaded: Dataset, fraction: float, seed: int) -> Array:
    """The targets with ``round(fraction n)`` of them moved far away."""
    draw, target = generator(seed, 4), loaded.target.copy()
    chosen = draw.permutation(loaded.size)[: round(fraction * loaded.size)]
    target[chosen] += OUTLIER_SIZE * draw.normal(size=chosen.size)
    return target


def robust(name: str, value: Callable[..., Any], hvp: Callable[..., Any], p: RobustParameters) -> Problem:
    """The regression with the given kernels."""
    if p.outliers is not None and p.data != "synthetic":
        raise ValueError(f"outliers is a parameter of synthetic data, {p.data} has its own")
    loaded = load_regression(p)
    fraction = 0.1 if p.outliers is None else p.outliers
    rows = loaded.rows(p.bias)
    if loaded.planted is not None:
        rows[:, -1] = spoiled(loaded, fraction, p.seed)
    solved = loaded.planted is not None and noise_of(p) == 0 and round(fraction * loaded.size) == 0 and p.l2 == 0
    dim = rows.shape[1] - 1
    return Problem(
        name=name,
        dim=dim,
        value_kernel=value,
        hvp_kernel=hvp,
        start=np.zeros(dim),
        par=np.array([p.l2, p.c]),
        data=rows,
        samples=len(rows),
        smoothness=Known(largest_gram(rows[:, :-1])[0] + p.l2, exact=False, source="lambda_max(A'A)/n + l2"),
        sample_smoothness=Known(largest_row(rows[:, :-1]) + p.l2, exact=False, source="max |a_i|^2 + l2"),
        f_star=Known(0.0, exact=solved, source="planted without noise" if solved else "no term is negative"),
        x_star=np.append(loaded.planted, np.zeros(dim - loaded.planted.size)) if solved and loaded.planted is not None else None,
        notes=f"data {p.data}, {len(rows)} rows",
    )


@family("welsch", RobustParameters)
def welsch(p: RobustParameters) -> Problem:
    """Regression with Welsch's loss: nonconvex, bounded.  See the module for formulas."""
    return robust("welsch", welsch_value, welsch_hvp, p)


@family("geman_mcclure", RobustParameters)
def geman_mcclure(p: RobustParameters) -> Problem:
    """Regression with the loss of Geman and McClure: nonconvex, bounded.  See the module for formulas."""
    return robust("geman_mcclure", geman_mcclure_value, geman_mcclure_hvp, p)
