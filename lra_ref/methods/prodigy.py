"""Prodigy: Adam at a rate d_k that is a lower estimate of |x_0 - x*|_inf, with weights that grow with d.

``g = g_k + weight_decay x_k`` (coupled decay; decoupled, the default: g = g_k), beta3 = sqrt(beta2) unless given, numerator = 0, m = v =
s = 0:

1. ``dl = d_k lr``, with bias correction ``dl = d_k lr sqrt(1 - beta2^n)/(1 - beta1^n)``, n = k + 1
2. ``numerator = beta3 numerator + (d_k/d_0) dl <g, x_0 - x_k>``
3. ``m = beta1 m + (1 - beta1) d_k g``, ``v = beta2 v + (1 - beta2) d_k^2 g^2``, ``s = beta3 s + (d_k/d_0) dl g`` (safeguard_warmup: d_k
   for dl)
4. ``d_hat = d_coef numerator/|s|_1``; if d_k = d_0: ``d = max(d_k, d_hat)``, else d = d_k;
   ``d_max = max(d_max, d_hat)``, ``d_{k+1} = min(d_max, growth_rate d)``
5. decoupled decay ``x -= weight_decay dl x``, then ``x -= dl m/(sqrt(v) + d_{k+1} eps)``; with beta1 = 0 the package has d_{k+1} g in
   place of m

Norms are global over blocks.  Source: Mishchenko and Defazio 2023, arXiv 2306.06101, and the package ``prodigyopt`` 1.1.2 (published),
which this follows; optax.contrib.prodigy always has the bias correction and decoupled decay, no limit on the growth, and m = d_k g also
where beta1 = 0.

The rate reported is dl.  Scalars: ``d`` = d_{k+1}, ``d_used`` = d_k, ``d_max``, ``d_hat``, ``numerator``, ``s_norm1`` |s|_1, ``k`` steps
made so far, ``power1``, ``power2`` beta^n of the bias correction, ``moved`` (of this step).

Edge cases: where s = 0 after step 3 the package makes no step: m, v and s keep their new values, while x, k, numerator and d stay as they
were (optax divides by 0).

Gradients whose squares overflow give v = inf and no step in that coordinate; a |s|_1 that overflows stops it with
NONFINITE_RATE. Words per element beyond x and g: 4.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``prodigy`` 15/15.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import finite_or_nan, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, product, square, where
from lra_ref.methods.dadaptation_formulas import (
    bias_correction,
    preconditioned,
    prodigy_estimate,
    prodigy_next,
    prodigy_weight,
    scaled_rate,
    while_finite,
)
from lra_ref.parameters import SWITCH, Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE, BETA = Range(0, ends="()"), Range(0, ends="[)"), Range(0, 1, "[)")
SCALARS = ("d", "d_used", "d_max", "d_hat", "numerator", "s_norm1", "k", "power1", "power2", "moved")
#: places of the scalars in a row, 0 is the status
D, D_USED, D_MAX, D_HAT, NUMERATOR, S_NORM1, K, POWER1, POWER2, MOVED = range(1, 11)
#: places of the hyper-parameters
LR, BETA1, BETA2, BETA3, EPS, INSIDE, OUTSIDE, CORRECT, SAFE, D_0, D_COEF, GROWTH = range(12)
#: what ``coef`` holds beside the rate: dl, keep and take of m, v and s, d_{k+1} eps and d_{k+1}, both decays, whether x moves, first step
C_RATE, KEEP1, TAKE1, KEEP2, TAKE2, KEEP3, TAKE3, C_EPS, C_D, C_INSIDE, C_OUTSIDE, C_MOVED, C_FIRST = range(1, 14)


@dataclass(frozen=True, kw_only=True)
class ProdigyParameters(Parameters):
    """Hyper-parameters of ``prodigy``, with the names and defaults of the package."""

    lr: float = parameter(1.0, POSITIVE, "factor of the estimated rate")
    beta1: float = parameter(0.9, BETA, "decay of the first moment")
    beta2: float = parameter(0.999, BETA, "decay of the second moment")
    beta3: float | None = parameter(None, Optional_(BETA), "decay of s and of the numerator; the root of beta2 if left out")
    eps: float = parameter(1e-8, POSITIVE, "times d, added to the root of the second moment")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "decay, taken from x or (coupled) added to the gradient")
    decoupled_weight_decay: bool = parameter(True, SWITCH, "decay as in AdamW (decouple of the package)")
    bias_correction: bool = parameter(False, SWITCH, "Adam's bias correction, in the rate (use_bias_correction of the package)")
    safeguard_warmup: bool = parameter(False, SWITCH, "leaves lr out of s, for a rate that starts small")
    d_0: float = parameter(1e-6, POSITIVE, "estimate of D at the start (d0 of the package)")
    d_coef: float = parameter(1.0, POSITIVE, "factor of the estimate")
    growth_rate: float | None = parameter(
        None, Optional_(Range(1, ends="[)")), "largest growth of the estimate in one step; no limit if left out"
    )


def prodigy_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """dl and all that the terms need (kernel)."""
    row = scal[first]
    power1, power2 = hyp[BETA1] * (1 if t == 0 else row[POWER1]), hyp[BETA2] * (1 if t == 0 else row[POWER2])
    d = hyp[D_0] if t == 0 else row[D]
    rate = scaled_rate(d, hyp[LR], bias_correction(power1, power2, hyp[CORRECT]))
    for s in range(first, last):
        coef[s, C_RATE], coef[s, C_FIRST] = rate, 1 if t == 0 else 0
        coef[s, KEEP1], coef[s, TAKE1] = hyp[BETA1], d * (1 - hyp[BETA1])
        coef[s, KEEP2], coef[s, TAKE2] = hyp[BETA2], d * d * (1 - hyp[BETA2])
        coef[s, KEEP3], coef[s, TAKE3] = hyp[BETA3], prodigy_weight(d, hyp[D_0], d if hyp[SAFE] > 0 else rate)
        coef[s, C_INSIDE], coef[s, C_OUTSIDE] = hyp[INSIDE], hyp[OUTSIDE]
    return 0.0


def prodigy_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g, x_0 - x> and of |s|_1 after the step (kernel); rows of vec: x_0, m, v, s."""
    xs, gs, origin, s = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[3, lo:hi]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], coef[seg, C_INSIDE])
        out[0, i] += product(gradient, where(coef[seg, C_FIRST] > 0, xs[i], origin[i]) - xs[i])
        out[1, i] += np.abs(average(s[i], gradient, coef[seg, KEEP3], coef[seg, TAKE3]))


def prodigy_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Estimate of D (kernel); returns dl."""
    row, s1 = scal[first], finite_or_nan(total(sums, first, last, 1))
    if t == 0:
        row[D], row[D_MAX], row[POWER1], row[POWER2] = hyp[D_0], hyp[D_0], 1, 1
    used, rate = row[D], coef[first, C_RATE]
    row[D_USED], row[S_NORM1], row[MOVED] = used, s1, 0 if s1 == 0 else 1
    if row[MOVED] > 0:
        weight = prodigy_weight(used, hyp[D_0], rate)
        row[NUMERATOR] = average(row[NUMERATOR], total(sums, first, last, 0), hyp[BETA3], weight)
        row[D_HAT] = prodigy_estimate(row[NUMERATOR], s1, hyp[D_COEF])
        row[D_MAX] = np.maximum(row[D_MAX], row[D_HAT])
        row[D] = prodigy_next(used, hyp[D_0], row[D_HAT], row[D_MAX], hyp[GROWTH])
        row[K], row[POWER1], row[POWER2] = row[K] + 1, hyp[BETA1] * row[POWER1], hyp[BETA2] * row[POWER2]
    for s in range(first, last):
        coef[s, C_MOVED], coef[s, C_D], coef[s, C_EPS] = row[MOVED], row[D], row[D] * hyp[EPS]
    return while_finite(rate, row[D])


def prodigy_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """x_0, m, v, s, and x where it moves (kernel)."""
    xs, gs, origin, m, v, s = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[3, lo:hi]
    rate = coef[seg, C_RATE]
    for i in range(xs.size):
        origin[i] = where(coef[seg, C_FIRST] > 0, xs[i], origin[i])
        gradient = decayed(gs[i], xs[i], coef[seg, C_INSIDE])
        m[i] = average(m[i], gradient, coef[seg, KEEP1], coef[seg, TAKE1])
        v[i] = average(v[i], square(gradient), coef[seg, KEEP2], coef[seg, TAKE2])
        s[i] = average(s[i], gradient, coef[seg, KEEP3], coef[seg, TAKE3])
        along = where(coef[seg, KEEP1] > 0, m[i], coef[seg, C_D] * gradient)
        shrunk = descend(xs[i], coef[seg, C_OUTSIDE] * rate, xs[i])
        xs[i] = where(coef[seg, C_MOVED] > 0, descend(shrunk, rate, preconditioned(along, v[i], coef[seg, C_EPS])), xs[i])


@WHOLES.register("prodigy")
class Prodigy(Whole):
    """Prodigy, Adam that estimates the distance to the minimiser."""

    name = "prodigy"
    source = "Mishchenko and Defazio 2023, arXiv 2306.06101; package prodigyopt 1.1.2 (published)"
    Parameters = ProdigyParameters
    vectors, scalars = ("x_0", "exp_avg", "exp_avg_sq", "s"), SCALARS
    coefficients, sums = 14, 2
    begin, terms = staticmethod(prodigy_begin), staticmethod(prodigy_terms)
    decide, move = staticmethod(prodigy_decide), staticmethod(prodigy_move)

    def hyper(self) -> tuple[float, ...]:
        """lr, the betas, eps, coupled and decoupled decay, bias correction, safeguard, d_0, d_coef, growth_rate (inf: no limit)."""
        p = self.parameters
        beta3 = math.sqrt(p.beta2) if p.beta3 is None else p.beta3
        decays = (0.0, p.weight_decay) if p.decoupled_weight_decay else (p.weight_decay, 0.0)
        switches = (float(p.bias_correction), float(p.safeguard_warmup))
        growth = math.inf if p.growth_rate is None else p.growth_rate
        return p.lr, p.beta1, p.beta2, beta3, p.eps, *decays, *switches, p.d_0, p.d_coef, growth

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Estimate of D."""
        hyp, new, ones = self.hyper(), dict(state), np.ones_like(state["d"])
        if seen.t == 0:
            new.update(d=hyp[D_0] * ones, d_max=hyp[D_0] * ones, power1=ones, power2=ones)
        power1, power2, used = hyp[BETA1] * new["power1"], hyp[BETA2] * new["power2"], new["d"]
        rate = scaled_rate(used, hyp[LR], bias_correction(power1, power2, hyp[CORRECT]))
        gradient = decayed(seen.g, seen.x, hyp[INSIDE])
        origin = seen.x if seen.t == 0 else state["x_0"]
        s = average(state["s"], gradient, hyp[BETA3], self.weight(used, rate))
        inner, s1 = (in_order(block_sums(a, seen.offsets)) for a in (product(gradient, origin - seen.x), np.abs(s)))
        s1 = finite_or_nan(s1)
        moved = s1 != 0
        numerator = average(state["numerator"], inner, hyp[BETA3], prodigy_weight(used, hyp[D_0], rate))
        d_hat = prodigy_estimate(numerator, s1, hyp[D_COEF])
        d_max = np.maximum(new["d_max"], d_hat)
        after = {"numerator": numerator, "d_hat": d_hat, "d_max": d_max, "k": new["k"] + 1, "power1": power1, "power2": power2}
        after["d"] = prodigy_next(used, hyp[D_0], d_hat, d_max, hyp[GROWTH])
        new.update({name: where(moved, value, new[name]) for name, value in after.items()})
        new.update(d_used=used, s_norm1=s1, moved=where(moved, 1.0, 0.0))
        return new, while_finite(rate, new["d"]), {name: new[name] for name in SCALARS}

    def weight(self, used: Any, rate: Any) -> Any:
        """Weight of g in s."""
        return prodigy_weight(used, self.parameters.d_0, used if self.parameters.safeguard_warmup else rate)

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """x_0, m, v, s, and x where it moves."""
        _, beta1, beta2, beta3, eps, inside, outside, *_ = self.hyper()
        used, gradient = state["d_used"], decayed(seen.g, seen.x, inside)
        m = average(state["exp_avg"], gradient, beta1, used * (1 - beta1))
        v = average(state["exp_avg_sq"], square(gradient), beta2, used * used * (1 - beta2))
        s = average(state["s"], gradient, beta3, self.weight(used, eta))
        along = m if beta1 > 0 else state["d"] * gradient
        shrunk = descend(seen.x, outside * eta, seen.x)
        x = where(state["moved"] > 0, descend(shrunk, eta, preconditioned(along, v, state["d"] * eps)), seen.x)
        origin = seen.x if seen.t == 0 else state["x_0"]
        return dict(state, x_0=origin, exp_avg=m, exp_avg_sq=v, s=s), x
