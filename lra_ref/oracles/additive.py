"""Additive noise, independent of the point: Gaussian, and heavy-tailed Student t.

A sample is the function ``f(x) = F(x) + <n, x>`` with a random vector n: its gradient is ``grad F(x) + n``, so value and gradient
belong to one and the same function, at every point at which the sample is evaluated.  The sum ``<n, x>`` is a plain loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.oracles.base import ORACLES, Oracle
from lra_ref.oracles.variates import LEAST_DF, fill_normal_rows, fill_normals, fill_student
from lra_ref.parameters import Optional_, Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem
from lra_ref.typing import Array


def draw_gaussian(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """Standard normals."""
    fill_normals(seed, trajectory, step, stream, z)


def draw_gaussian_rows(seeds: Any, trajectories: Any, first: Any, count: Any, step: Any, stream: Any, par: Any, work: Any, z: Any) -> None:
    """Standard normals, several samples together."""
    fill_normal_rows(seeds, trajectories, first, count, step, stream, work, z)


def draw_student(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """Student t numbers, ``par[1]`` degrees of freedom."""
    fill_student(seed, trajectory, step, stream, par[1], z)


def add_noise(lo: Any, hi: Any, x: Any, z: Any, par: Any, f: Any, g: Any) -> Any:
    """``g += n``, ``f += <n, x>`` with the noise ``n = par[0] z``."""
    xs, gs, zs, scale = x[lo:hi], g[lo:hi], z[: hi - lo], par[0]
    along = 0.0
    for i in range(xs.size):
        noise = scale * zs[i]
        gs[i] = gs[i] + noise
        along += noise * xs[i]
    return f + along


def same_everywhere(oracle: Oracle, x: Array) -> Array:
    """The bound of the variance, which does not depend on the point."""
    assert oracle.sigma2 is not None
    return np.full(len(x), oracle.sigma2.value)


@ORACLES.register("gaussian")
@dataclass(frozen=True, kw_only=True)
class Gaussian(Parameters):
    """Gaussian noise of covariance ``sigma^2 / D`` times the identity."""

    sigma: float = parameter(1.0, Range(0, np.inf, "[)"), "standard deviation sqrt(E|n|^2) of the whole noise vector")

    def oracle(self, problem: Problem) -> Oracle:
        """The oracle over ``problem``."""
        sigma2 = Known(self.sigma**2, exact=False, source="upper bound, 8.1e-11 of itself above the variance of 32-bit normals")
        return Oracle(
            "gaussian", problem, draw_gaussian, add_noise, np.array([self.sigma / np.sqrt(problem.dim)]), problem.dim,
            sigma2=sigma2, row_variance=same_everywhere, parameters=self, draw_rows_kernel=draw_gaussian_rows,
        )  # fmt: skip


@ORACLES.register("student")
@dataclass(frozen=True, kw_only=True)
class Student(Parameters):
    """Independent Student t coordinates: noise ``scale t_i``.

    Give either ``sigma`` (then ``scale^2 = sigma^2 / D * (df - 2) / df``, so that E|n|^2 = sigma^2; needs df > 2) or ``scale``
    itself (any df; for df <= 2 the variance is infinite, for df <= 1 even the mean does not exist).  Neither: sigma = 1.
    """

    df: float = parameter(3.0, Range(LEAST_DF, 1e9), "degrees of freedom nu: the tails fall like t^-nu")
    sigma: float | None = parameter(None, Optional_(Range(0, np.inf, "[)")), "standard deviation sqrt(E|n|^2) of the whole noise vector")
    scale: float | None = parameter(None, Optional_(Range(0, np.inf, "[)")), "factor of every coordinate, instead of sigma")

    def oracle(self, problem: Problem) -> Oracle:
        """The oracle over ``problem``."""
        if self.sigma is not None and self.scale is not None:
            raise ValueError("student takes sigma or scale, not both")
        if self.scale is None and self.df <= 2:
            raise ValueError(f"df must be above 2 for a noise with variance sigma^2, got {self.df:g}; give scale instead of sigma")
        scale = self.scale
        if scale is None:
            scale = (1.0 if self.sigma is None else self.sigma) * float(np.sqrt((self.df - 2) / self.df / problem.dim))
        sigma2 = None
        if self.df > 2:
            trace = problem.dim * scale**2 * self.df / (self.df - 2)
            source = "upper bound: 62 random bits cut the tails, by a share of the order of 2^(-62 (1 - 2/df))"
            sigma2 = Known(trace, exact=False, source=source)
        return Oracle(
            "student", problem, draw_student, add_noise, np.array([scale, self.df]), problem.dim,
            sigma2=sigma2, row_variance=same_everywhere if sigma2 else None, parameters=self,
            notes="" if self.df > 1 else "the noise has no mean: its gradients are not unbiased",
        )  # fmt: skip
