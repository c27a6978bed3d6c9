"""A rate per coordinate, learned from the signs or the size of successive gradients: Almeida's rule and delta-bar-delta.

``almeida``, a the rates, a_0 = lr, g_{-1} = 0; in this order:

1. ``v_t = rho v_{t-1} + (1 - rho) g_{t-1}^2``,  ``w_t = v_t / (1 - rho^t)``
2. ``a_t = a_{t-1} clip(1 + beta g_t g_{t-1} / w_t, 1/2, 2)``
3. ``x <- x - a_t d_t``

``form="thesis"`` has w = v and no clip (published); it is unsafe: rho = 0.99, beta = 0.05 and the gradients 1, -1 give a = -4 lr.

``delta_bar_delta``, m the average of the gradients before the present one, m = 0 at first:

1. agreement ``e = sign(g_t) sign(m)``:  ``a <- min(a + kappa, a_max)`` where e > 0,  ``a <- (1 - phi) a`` where e < 0
2. ``m <- theta m + (1 - theta) g_t``
3. ``x <- x - a d_t``, with the NEW rates

Sources: Almeida, Langlois, Amaral, Plakhov (1999), "Parameter adaptation in stochastic optimization", in the form of a thesis
(published); the
correction, the clip and the defaults are ours (derived).  Jacobs (1988), "Increased rates of convergence through learning rate adaptation"
(published); kappa = lr/10, phi = 0.5, theta = 0.7, a_max = 1000 lr are ours.

The recorded rate is the mean of a.  State: ``rates`` a, ``square_avg`` v and ``g_prev``, or ``grad_avg`` m; all zero before the first
step, where lr
enters.

Edge cases: 0/0 gives the factor 1, a product of 0 leaves delta-bar-delta's rate alone.  A rate that is not finite stops the trajectory with
status NONFINITE_RATE, its state unchanged.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``almeida_sgd`` 11/12,
``almeida_adam`` 15/16, ``delta_bar_delta_sgd`` 9/10, ``delta_bar_delta_adam`` 13/14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import power, quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.directions.exponentiated import sign_agreement
from lra_ref.formulas import average, clip, descend, square, where
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE, BELOW_ONE = Range(0, ends="()"), Range(0, ends="[)"), Range(0, 1, "[)")


@dataclass(frozen=True, kw_only=True)
class AlmeidaParameters(Parameters):
    """Hyper-parameters of ``almeida``."""

    lr: float = parameter(1e-3, POSITIVE, "rate of every coordinate at the first step")
    rho: float = parameter(0.9, BELOW_ONE, "decay of the average of the squares")
    beta: float = parameter(0.05, NOT_NEGATIVE, "learning rate of the rates")
    form: str = parameter("safe", Choice(("safe", "thesis")), "corrected and clipped, or as published")


@dataclass(frozen=True, kw_only=True)
class DeltaBarDeltaParameters(Parameters):
    """Hyper-parameters of ``delta_bar_delta``."""

    lr: float = parameter(1e-3, POSITIVE, "rate of every coordinate at the first step")
    kappa: float | None = parameter(None, Optional_(NOT_NEGATIVE), "what is added on agreement; None: lr / 10")
    phi: float = parameter(0.5, Range(0, 1), "share that is taken away on disagreement")
    theta: float = parameter(0.7, BELOW_ONE, "decay of the average gradient")
    a_max: float | None = parameter(None, Optional_(POSITIVE), "largest rate; None: 1000 lr")


# --- formulas --------------------------------------------------------------------------------------------------------------------
def almeida_rate(a: Any, g: Any, g_prev: Any, v: Any, beta: Any, correction: Any, low: Any, high: Any) -> Any:
    """Equation 2 of Almeida's rule; the factor is 1 where v is 0."""
    return a * clip(1 + beta * quotient(g * g_prev, v / correction), low, high)


def bar_rate(a: Any, e: Any, kappa: Any, keep: Any, high: Any) -> Any:
    """Equation 1 of delta-bar-delta."""
    return where(e > 0, np.minimum(a + kappa, high), where(e < 0, keep * a, a))


def mean_rate(rates: Any, count: Any) -> Any:
    """Mean from the two sums."""
    return rates / count


# --- kernels ---------------------------------------------------------------------------------------------------------------------
def almeida_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients from 1 on: lr at the first step (else 0), keep, take, beta, correction, low, high."""
    correction = 1 - power(hyp[1], t) if hyp[3] > 0 and t > 0 else 1.0
    for s in range(first, last):
        coef[s, 1], coef[s, 2], coef[s, 3], coef[s, 4] = hyp[0] if t == 0 else 0, hyp[1], 1 - hyp[1], hyp[2]
        coef[s, 5], coef[s, 6], coef[s, 7] = correction, hyp[4], hyp[5]
    return 0.0


def almeida_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """New rates; summands of the rates and of their number (kernel)."""
    gs, a, v, kept = g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    start, keep, take, beta, correction, low, high = (
        coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4], coef[seg, 5], coef[seg, 6], coef[seg, 7],
    )  # fmt: skip
    for i in range(gs.size):
        v[i] = average(v[i], square(kept[i]), keep, take)
        a[i] = almeida_rate(a[i] + start, gs[i], kept[i], v[i], beta, correction, low, high)
        out[0, i] += a[i]
        out[1, i] += 1


def bar_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients from 1 on: lr at the first step (else 0), kappa, 1 - phi, keep, take, a_max."""
    for s in range(first, last):
        coef[s, 1], coef[s, 2], coef[s, 3] = hyp[0] if t == 0 else 0, hyp[1], 1 - hyp[2]
        coef[s, 4], coef[s, 5], coef[s, 6] = hyp[3], 1 - hyp[3], hyp[4]
    return 0.0


def bar_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """New rates and average; summands of the rates and of their number (kernel)."""
    gs, a, m = g[lo:hi], vec[0, lo:hi], vec[1, lo:hi]
    start, kappa, keep_rate, keep, take, high = coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4], coef[seg, 5], coef[seg, 6]
    for i in range(gs.size):
        a[i] = bar_rate(a[i] + start, sign_agreement(gs[i], m[i]), kappa, keep_rate, high)
        m[i] = average(m[i], gs[i], keep, take)
        out[0, i] += a[i]
        out[1, i] += 1


def mean_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The mean of the rates, for the record (kernel)."""
    return mean_rate(total(sums, first, last, 0), total(sums, first, last, 1))


def move_each(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Every coordinate moves with its own rate (kernel)."""
    xs, ds, a = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    for i in range(xs.size):
        xs[i] = descend(xs[i], a[i], ds[i])


def move_each_and_keep(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """As ``move_each``; keep g (kernel)."""
    move_each(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    gs, kept = g[lo:hi], vec[2, lo:hi]
    for i in range(gs.size):
        kept[i] = gs[i]


class Coordinatewise(Rate):
    """Common to the rates per coordinate."""

    sums = 2
    decide = staticmethod(mean_decide)
    move = staticmethod(move_each)

    def updated(self, state: State, seen: Seen) -> State:
        """New ``rates`` and averages."""
        raise TypeError(f"{type(self).__name__} has no reference")

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """New rates; their mean."""
        new = {**state, **self.updated(state, seen)}
        whole = [in_order(block_sums(summand, seen.offsets)) for summand in (new["rates"], np.ones_like(new["rates"]))]
        return new, mean_rate(*whole), {}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Every coordinate moves with its own rate."""
        return state, descend(seen.x, state["rates"], d)


@RATES.register("almeida")
class Almeida(Coordinatewise):
    """Rates that grow with the normalized product of successive gradients."""

    name = "almeida"
    source = "Almeida et al. 1999 in the form of a thesis (published; correction, clip and defaults derived)"
    Parameters = AlmeidaParameters
    vectors = ("rates", "square_avg", "g_prev")
    coefficients = 8
    begin = staticmethod(almeida_begin)
    terms = staticmethod(almeida_terms)
    move = staticmethod(move_each_and_keep)

    def hyper(self) -> tuple[float, ...]:
        """lr, rho, beta, 1 for the correction, low, high."""
        p = self.parameters
        safe = p.form == "safe"
        return p.lr, p.rho, p.beta, float(safe), 0.5 if safe else -np.inf, 2.0 if safe else np.inf

    def updated(self, state: State, seen: Seen) -> State:
        """Equations 1 and 2."""
        lr, rho, beta, corrected, low, high = self.hyper()
        v = average(state["square_avg"], square(state["g_prev"]), rho, 1 - rho)
        correction = 1 - power(rho, seen.t) if corrected and seen.t > 0 else 1.0
        rates = state["rates"] + (lr if seen.t == 0 else 0)
        return {"rates": almeida_rate(rates, seen.g, state["g_prev"], v, beta, correction, low, high), "square_avg": v}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Move; keep g_t."""
        return dict(state, g_prev=seen.g), descend(seen.x, state["rates"], d)


@RATES.register("delta_bar_delta")
class DeltaBarDelta(Coordinatewise):
    """Rates that grow by a constant and shrink by a factor."""

    name = "delta_bar_delta"
    source = "Jacobs 1988 (published; the defaults are ours)"
    Parameters = DeltaBarDeltaParameters
    vectors = ("rates", "grad_avg")
    coefficients = 7
    begin = staticmethod(bar_begin)
    terms = staticmethod(bar_terms)

    def hyper(self) -> tuple[float, ...]:
        """lr, kappa, phi, theta, a_max."""
        p = self.parameters
        return p.lr, p.lr / 10 if p.kappa is None else p.kappa, p.phi, p.theta, 1e3 * p.lr if p.a_max is None else p.a_max

    def updated(self, state: State, seen: Seen) -> State:
        """Equations 1 and 2."""
        lr, kappa, phi, theta, high = self.hyper()
        rates = state["rates"] + (lr if seen.t == 0 else 0)
        rates = bar_rate(rates, sign_agreement(seen.g, state["grad_avg"]), kappa, 1 - phi, high)
        return {"rates": rates, "grad_avg": average(state["grad_avg"], seen.g, theta, 1 - theta)}
