"""Multiplicative noise: every coordinate of the gradient times ``1 + s n_i`` with independent standard normals n_i.

Unbiased, and ``E |g - grad F|^2 = s^2 |grad F|^2``: the noise dies out at a stationary point (strong growth), and no bound holds
everywhere.  The value is F itself.  There is no sample function behind such a gradient: its Jacobian ``(1 + s n_i) H_ij`` is not
symmetric unless F is separable, so differences of sample values say nothing about sample gradients here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.oracles.additive import draw_gaussian
from lra_ref.oracles.base import ORACLES, Oracle
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Problem
from lra_ref.typing import Array


def stretch(lo: Any, hi: Any, x: Any, z: Any, par: Any, f: Any, g: Any) -> Any:
    """``g_i *= 1 + par[0] z_i``; the value stays."""
    gs, zs, ratio = g[lo:hi], z[: hi - lo], par[0]
    for i in range(gs.size):
        gs[i] = gs[i] + ratio * zs[i] * gs[i]
    return f


def relative(oracle: Oracle, x: Array) -> Array:
    """``s^2 |grad F|^2``."""
    gradient = oracle.problem.gradient(x)
    return np.asarray(oracle.par[0] ** 2 * np.sum(gradient * gradient, axis=-1))


@ORACLES.register("multiplicative")
@dataclass(frozen=True, kw_only=True)
class Multiplicative(Parameters):
    """Noise proportional to the gradient, coordinate by coordinate."""

    ratio: float = parameter(0.5, Range(0, np.inf, "[)"), "s: standard deviation of the noise relative to the gradient")

    def oracle(self, problem: Problem) -> Oracle:
        """The oracle over ``problem``."""
        return Oracle(
            "multiplicative", problem, draw_gaussian, stretch, np.array([self.ratio]), problem.dim,
            row_variance=relative, parameters=self, notes="values and gradients of a sample belong to no common function",
        )  # fmt: skip
