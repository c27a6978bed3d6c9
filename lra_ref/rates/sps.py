"""SPS_max, the stochastic Polyak rate.

Equation: ``eta_t = min(max(f_t - f_star, 0) / (c <g_t, d_t>), gamma_b)``, with f_t and g_t of the step's own sample; for d = g the
published ``min((f_i(x) - f_i*) / (c |g_i|^2), gamma_b)``.

Source: Loizou, Vaswani, Laradji, Lacoste-Julien (2021), arXiv 2002.10542 (published for d = g, with c = 1/2 for the strongly convex
case); along another direction, and the default gamma_b = 1, ours (derived).  ``f_star`` stands for every f_i*: 0 is right, or a lower
bound, for losses that are not negative.

Edge cases: as for the rate ``polyak``.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``sps_max_sgd`` 4/4, ``sps_max_adam``
9/10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lra_ref.parameters import Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES
from lra_ref.rates.polyak import ModelRate

POSITIVE = Range(0, ends="()")


@dataclass(frozen=True, kw_only=True)
class SPSParameters(Parameters):
    """Hyper-parameters of ``sps_max``."""

    f_star: float = parameter(0.0, Range(ends="()"), "minimum of the loss of every sample, or a lower bound of it")
    c: float = parameter(0.5, POSITIVE, "divides the rate")
    gamma_b: float | None = parameter(1.0, Optional_(POSITIVE), "largest rate; None: no limit (SPS)")


@RATES.register("sps_max")
class SPSMax(ModelRate):
    """Stochastic Polyak rate with an upper limit."""

    name = "sps_max"
    source = "Loizou et al. 2021, arXiv 2002.10542 (published for d = g; along other directions and the default gamma_b derived)"
    needs = ("F* of every sample",)
    Parameters = SPSParameters

    def hyper(self) -> tuple[float, ...]:
        """f_star, c, limit."""
        p = self.parameters
        return p.f_star, p.c, math.inf if p.gamma_b is None else p.gamma_b
