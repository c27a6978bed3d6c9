"""The SGD form of D-Adaptation, as in the official package.

``g = g_k + weight_decay x_k``, s_0 = 0, |g_0| the norm of the first gradient before the decay is added:

1. ``dl = d_k lr/|g_0|``; ``numerator += dl <g, s_k>``; ``s_{k+1} = s_k + dl g``
2. ``d_hat = 2 numerator/|s_{k+1}|``; ``d_{k+1} = max(d_k, min(d_hat, growth_rate d_k))``
3. ``z = x_0 - s_{k+1}``; ``x_{k+1} = momentum x_k + (1 - momentum) z``

Norms are global over blocks.  Source: ``DAdaptSGD`` of the package ``dadaptation`` 3.2 (published).  It has no 1/sqrt(sum |g|^2): on a
quadratic whose first gradient is not its largest it may diverge (D4).

The rate reported is dl, with which g_k enters s.  Scalars: ``d`` = d_{k+1}, ``d_used`` = d_k, ``d_hat``, ``g0_norm`` |g_0|, ``numerator``,
``s_norm2`` |s_{k+1}|^2.

Edge cases: a first gradient that is 0, or whose square vanishes, stops the trajectory with STATIONARY (the package divides by 0); s = 0
later gives d_hat = 0 (the package divides by 0 too).  A square |s|^2 that overflows stops it with NONFINITE_RATE. Words
per element beyond x and g: 2.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``dadapt_sgd`` 8/10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import finite_or_nan, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, product, square, where
from lra_ref.methods.dadaptation_formulas import accumulated, enlarged, normalized_rate, sgd_estimate, while_finite
from lra_ref.parameters import Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE, BETA = Range(0, ends="()"), Range(0, ends="[)"), Range(0, 1, "[)")
STATIONARY = 9.0
SCALARS = ("d", "d_used", "d_hat", "g0_norm", "numerator", "s_norm2")
#: places of the scalars in a row, 0 is the status
D, D_USED, D_HAT, G0_NORM, NUMERATOR, S_NORM2 = range(1, 7)
#: places of the hyper-parameters
LR, MOMENTUM, DECAY, D_0, GROWTH = range(5)
#: what ``coef`` holds beside the rate: dl, momentum, weight_decay, first step
C_RATE, C_MOMENTUM, C_DECAY, C_FIRST = range(1, 5)


@dataclass(frozen=True, kw_only=True)
class DAdaptSGDParameters(Parameters):
    """Hyper-parameters of ``dadapt_sgd``, with the names and defaults of the package."""

    lr: float = parameter(1.0, POSITIVE, "factor of the estimated rate")
    momentum: float = parameter(0.0, BETA, "share of x in the next point")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")
    d_0: float = parameter(1e-6, POSITIVE, "estimate of D at the start (d0 of the package)")
    growth_rate: float | None = parameter(
        None, Optional_(Range(1, ends="[)")), "largest growth of the estimate in one step; no limit if left out"
    )


def dsgd_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """dl for the terms (kernel); in the first step it rests on a sum that is still to come, and s_1 is read without it."""
    for s in range(first, last):
        coef[s, C_RATE] = 1.0 if t == 0 else normalized_rate(scal[first, D], hyp[LR], scal[first, G0_NORM])
        coef[s, C_MOMENTUM], coef[s, C_DECAY], coef[s, C_FIRST] = hyp[MOMENTUM], hyp[DECAY], 1 if t == 0 else 0
    return 0.0


def dsgd_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g_k|^2 without decay, <g, s_k>, |s_{k+1}|^2 (kernel); rows of vec: x_0, s."""
    xs, gs, s = x[lo:hi], g[lo:hi], vec[1, lo:hi]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], coef[seg, C_DECAY])
        out[0, i] += square(gs[i])
        out[1, i] += product(gradient, s[i])
        out[2, i] += square(accumulated(s[i], coef[seg, C_RATE], gradient))


def dsgd_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Estimate of D (kernel); returns dl."""
    row, s2 = scal[first], total(sums, first, last, 2)
    if t == 0:
        norm2 = total(sums, first, last, 0)
        if norm2 == 0:
            row[0] = STATIONARY
            return 0.0
        row[G0_NORM], row[D] = np.sqrt(norm2), hyp[D_0]
        for s in range(first, last):
            coef[s, C_RATE] = normalized_rate(row[D], hyp[LR], row[G0_NORM])
        s2 = square(coef[first, C_RATE]) * s2
    rate, used = coef[first, C_RATE], row[D]
    row[D_USED], row[S_NORM2] = used, finite_or_nan(s2)
    row[NUMERATOR] = accumulated(row[NUMERATOR], rate, total(sums, first, last, 1))
    row[D_HAT] = sgd_estimate(row[NUMERATOR], row[S_NORM2])
    row[D] = enlarged(used, row[D_HAT], hyp[GROWTH])
    return while_finite(rate, row[D])


def dsgd_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """s and x (kernel)."""
    xs, gs, origin, s = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi]
    for i in range(xs.size):
        origin[i] = where(coef[seg, C_FIRST] > 0, xs[i], origin[i])
        s[i] = accumulated(s[i], coef[seg, C_RATE], decayed(gs[i], xs[i], coef[seg, C_DECAY]))
        xs[i] = average(xs[i], origin[i] - s[i], coef[seg, C_MOMENTUM], 1 - coef[seg, C_MOMENTUM])


@WHOLES.register("dadapt_sgd")
class DAdaptSGD(Whole):
    """SGD, or SGD with momentum, with D-Adaptation."""

    name = "dadapt_sgd"
    source = "package dadaptation 3.2, DAdaptSGD, of Defazio and Mishchenko 2023, arXiv 2301.07733 (published)"
    Parameters = DAdaptSGDParameters
    vectors, scalars = ("x_0", "s"), SCALARS
    coefficients, sums = 5, 3
    begin, terms = staticmethod(dsgd_begin), staticmethod(dsgd_terms)
    decide, move = staticmethod(dsgd_decide), staticmethod(dsgd_move)

    def hyper(self) -> tuple[float, ...]:
        """lr, momentum, weight_decay, d_0, growth_rate (inf: no limit)."""
        p = self.parameters
        return p.lr, p.momentum, p.weight_decay, p.d_0, math.inf if p.growth_rate is None else p.growth_rate

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Estimate of D."""
        hyp, first, new = self.hyper(), seen.t == 0, dict(state)
        gradient = decayed(seen.g, seen.x, hyp[DECAY])
        norm2, inner = (in_order(block_sums(a, seen.offsets)) for a in (square(seen.g), product(gradient, state["s"])))
        used = np.full_like(state["d"], hyp[D_0]) if first else state["d"]
        new["g0_norm"] = np.sqrt(norm2) if first else state["g0_norm"]
        rate = normalized_rate(used, hyp[LR], new["g0_norm"])
        s2 = in_order(block_sums(square(accumulated(state["s"], 1.0 if first else rate, gradient)), seen.offsets))
        new.update(d_used=used, s_norm2=finite_or_nan(square(rate) * s2 if first else s2))
        new["numerator"] = accumulated(state["numerator"], rate, inner)
        new["d_hat"] = sgd_estimate(new["numerator"], new["s_norm2"])
        new["d"] = enlarged(used, new["d_hat"], hyp[GROWTH])
        stopped = (norm2 == 0) & first
        new = {name: where(stopped, state[name], new[name]) if name in SCALARS else new[name] for name in new}
        new["status"] = where(stopped, STATIONARY, state["status"])
        return new, where(stopped, 0.0, while_finite(rate, new["d"])), {name: new[name] for name in SCALARS}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """s and x."""
        p = self.parameters
        origin = seen.x if seen.t == 0 else state["x_0"]
        s = accumulated(state["s"], eta, decayed(seen.g, seen.x, p.weight_decay))
        return dict(state, x_0=origin, s=s), average(seen.x, origin - s, p.momentum, 1 - p.momentum)
