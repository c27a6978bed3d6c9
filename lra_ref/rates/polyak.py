"""Polyak's rate: where the linear model along the direction reaches F*.

Equation: ``eta_t = max(f_t - f_star, 0) / <g_t, d_t>``, at most ``eta_max``, with f_t and g_t of the step's own sample.  F(x_t) - eta
<g_t, d_t> is the linear model of F along d_t; it equals f_star at eta_t.  For d = g this is Polyak's ``(f - F*) / |g|^2``.

Source: Polyak (1969), "Minimization of unsmooth functionals" (published for d = g); along another direction it is ours (derived).
``f_star`` is F* or a lower bound of it; with a bound that is too low the rate is too large by the factor (f - f_star)/(f - F*).

Edge cases: <g, d> <= 0 (no descent direction, a vanishing gradient, or a product that underflows) gives 0, so does f_t <= f_star.  <g,
d> that overflows gives nan: the rate stops the trajectory.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``polyak_sgd`` 4/4, ``polyak_adam``
9/10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lra_ref.arithmetic import finite_or_nan, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import clip, product, where
from lra_ref.parameters import Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State


@dataclass(frozen=True, kw_only=True)
class PolyakParameters(Parameters):
    """Hyper-parameters of ``polyak``."""

    f_star: float = parameter(0.0, Range(ends="()"), "minimum of F, or a lower bound of it")
    eta_max: float | None = parameter(None, Optional_(Range(0, ends="()")), "largest rate; None: no limit")


def model_rate(loss: Any, slope: Any, f_star: Any, c: Any, limit: Any) -> Any:
    """``(loss - f_star) / (c slope)`` in [0, limit]; 0 where ``c slope <= 0``."""
    bottom = c * finite_or_nan(slope)
    none = bottom <= 0
    return where(none, 0, clip((loss - f_star) / where(none, 1, bottom), 0, limit))


def slope_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g, d> (kernel)."""
    gs, ds = g[lo:hi], d[at : at + hi - lo]
    for i in range(gs.size):
        out[0, i] += product(gs[i], ds[i])


def model_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The rate from f_star, c, limit (kernel)."""
    return model_rate(f[0], total(sums, first, last, 0), hyp[0], hyp[1], hyp[2])


class ModelRate(Rate):
    """Common to the rates from the linear model; ``hyper`` is f_star, c, limit."""

    sums = 1
    terms = staticmethod(slope_terms)
    decide = staticmethod(model_decide)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The rate at which the linear model reaches f_star."""
        slope = in_order(block_sums(product(seen.g, d), seen.offsets))
        f_star, c, limit = self.hyper()
        return state, model_rate(seen.f, slope, f_star, c, limit), {}


@RATES.register("polyak")
class Polyak(ModelRate):
    """Polyak's rate along any direction."""

    name = "polyak"
    source = "Polyak 1969 (published for d = g; along other directions derived)"
    needs = ("F*",)
    Parameters = PolyakParameters

    def hyper(self) -> tuple[float, ...]:
        """f_star, c = 1, limit."""
        p = self.parameters
        return p.f_star, 1.0, math.inf if p.eta_max is None else p.eta_max
