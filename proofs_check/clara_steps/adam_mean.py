"""Enclosures of Adam's reference: the library's series in balls, with a bound of what is left out."""

from __future__ import annotations

import math
from typing import Any

from flint import arb, ctx

from lra_ref.rates.clara_reference import lag_summand, large_mean, mean_of_lags
from proofs_check.clara_steps.readings import special_balls
from proofs_check.intervals import PRECISION, ball, enclosing

#: lags that are added up; the rest is at most a geometric series, 0 <= h_D(rho) <= rho (A1)
LAGS = 200


def adam_mean(dim: float, c: Any = "1/5", beta: Any = "9/10") -> arb:
    """mu_A(D)."""
    before, ctx.prec = ctx.prec, PRECISION
    try:
        c, beta = ball(c), ball(beta)
        if math.isinf(dim):
            return enclosing(large_mean)(c, beta)
        summand, ratio = special_balls(lag_summand), (1 - c) * beta
        total = sum((summand(c, beta, int(dim), k) for k in range(1, LAGS + 1)), arb(0))
        rest = (ratio ** (LAGS + 1) / (1 - ratio)).union(arb(0))
        return enclosing(mean_of_lags)(c, total + rest)
    finally:
        ctx.prec = before
