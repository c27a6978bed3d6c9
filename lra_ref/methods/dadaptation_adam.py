"""The Adam form of D-Adaptation, as in the official package.

``g = g_k + weight_decay x_k`` (coupled decay; decoupled: g = g_k), m = v = s = 0 and numerator = 0 at the start, b3 = sqrt(beta2):

1. ``dl = d_k lr``, with bias correction ``dl = d_k lr sqrt(1 - beta2^n)/(1 - beta1^n)``, n = k + 1
2. ``a = dl <g, s/(sqrt(v) + eps)>`` with the old s and v
3. ``m = beta1 m + (1 - beta1) dl g``, ``v = beta2 v + (1 - beta2) g^2``, ``s = b3 s + (1 - b3) dl g``
4. ``numerator = b3 numerator + (1 - b3) a``, ``d_hat = numerator/((1 - b3) |s|_1)``, ``d_{k+1} = max(d_k, min(d_hat, growth_rate d_k))``
5. decoupled decay ``x -= weight_decay dl x``, then ``x -= m/(sqrt(v) + eps)``

Norms are global over blocks.  Source: ``DAdaptAdam`` of the package ``dadaptation`` 3.2 (published); optax.contrib.dadapt_adamw is the
form with bias correction and decoupled decay, without limit on the growth.  d is no certificate here (D5).

The rate reported is dl.  Scalars: ``d`` = d_{k+1}, ``d_used`` = d_k, ``d_hat``, ``numerator``, ``s_norm1`` |s|_1, ``k`` steps made so far,
``power1``, ``power2`` beta^n of the bias correction, ``moved`` (of this step).

Edge cases: where s = 0 after step 3 the package makes no step: m, v and s keep their new values, while x, k, numerator and d stay as they
were (optax divides by 0).

Gradients whose squares overflow give v = inf and no step in that coordinate; a |s|_1 that overflows stops it with
NONFINITE_RATE. Words per element beyond x and g: 3.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``dadapt_adam`` 12/13.
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
from lra_ref.methods.dadaptation_formulas import adam_estimate, bias_correction, enlarged, preconditioned, scaled_rate, while_finite
from lra_ref.parameters import SWITCH, Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE, BETA = Range(0, ends="()"), Range(0, ends="[)"), Range(0, 1, "[)")
SCALARS = ("d", "d_used", "d_hat", "numerator", "s_norm1", "k", "power1", "power2", "moved")
#: places of the scalars in a row, 0 is the status
D, D_USED, D_HAT, NUMERATOR, S_NORM1, K, POWER1, POWER2, MOVED = range(1, 10)
#: places of the hyper-parameters
LR, BETA1, BETA2, BETA3, EPS, INSIDE, OUTSIDE, CORRECT, D_0, GROWTH = range(10)
#: what ``coef`` holds beside the rate: dl, keep and take of m, v and s, eps, both decays, whether x moves
C_RATE, KEEP1, TAKE1, KEEP2, TAKE2, KEEP3, TAKE3, C_EPS, C_INSIDE, C_OUTSIDE, C_MOVED = range(1, 12)


@dataclass(frozen=True, kw_only=True)
class DAdaptAdamParameters(Parameters):
    """Hyper-parameters of ``dadapt_adam``, with the names and defaults of the package."""

    lr: float = parameter(1.0, POSITIVE, "factor of the estimated rate")
    beta1: float = parameter(0.9, BETA, "decay of the first moment")
    beta2: float = parameter(0.999, BETA, "decay of the second moment; that of s is its root")
    eps: float = parameter(1e-8, POSITIVE, "added to the root of the second moment")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "decay, added to the gradient or (decoupled) taken from x")
    decoupled_weight_decay: bool = parameter(False, SWITCH, "decay as in AdamW (decouple of the package)")
    bias_correction: bool = parameter(False, SWITCH, "Adam's bias correction, in the rate (use_bias_correction of the package)")
    d_0: float = parameter(1e-6, POSITIVE, "estimate of D at the start (d0 of the package)")
    growth_rate: float | None = parameter(
        None, Optional_(Range(1, ends="[)")), "largest growth of the estimate in one step; no limit if left out"
    )


def dadam_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """dl and all that the terms need (kernel)."""
    row = scal[first]
    power1, power2 = hyp[BETA1] * (1 if t == 0 else row[POWER1]), hyp[BETA2] * (1 if t == 0 else row[POWER2])
    rate = scaled_rate(hyp[D_0] if t == 0 else row[D], hyp[LR], bias_correction(power1, power2, hyp[CORRECT]))
    for s in range(first, last):
        coef[s, C_RATE], coef[s, C_EPS] = rate, hyp[EPS]
        coef[s, KEEP1], coef[s, TAKE1] = hyp[BETA1], rate * (1 - hyp[BETA1])
        coef[s, KEEP2], coef[s, TAKE2] = hyp[BETA2], 1 - hyp[BETA2]
        coef[s, KEEP3], coef[s, TAKE3] = hyp[BETA3], rate * (1 - hyp[BETA3])
        coef[s, C_INSIDE], coef[s, C_OUTSIDE] = hyp[INSIDE], hyp[OUTSIDE]
    return 0.0


def dadam_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g, s/(sqrt(v) + eps)> and of |s|_1 after the step (kernel); rows of vec: m, v, s."""
    xs, gs, v, s = x[lo:hi], g[lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], coef[seg, C_INSIDE])
        out[0, i] += product(gradient, preconditioned(s[i], v[i], coef[seg, C_EPS]))
        out[1, i] += np.abs(average(s[i], gradient, coef[seg, KEEP3], coef[seg, TAKE3]))


def dadam_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Estimate of D (kernel); returns dl."""
    row, s1 = scal[first], finite_or_nan(total(sums, first, last, 1))
    if t == 0:
        row[D], row[POWER1], row[POWER2] = hyp[D_0], 1, 1
    used, rate = row[D], coef[first, C_RATE]
    row[D_USED], row[S_NORM1], row[MOVED] = used, s1, 0 if s1 == 0 else 1
    if row[MOVED] > 0:
        seen = rate * total(sums, first, last, 0)
        row[NUMERATOR] = average(row[NUMERATOR], seen, hyp[BETA3], 1 - hyp[BETA3])
        row[D_HAT] = adam_estimate(row[NUMERATOR], hyp[BETA3], s1)
        row[D] = enlarged(used, row[D_HAT], hyp[GROWTH])
        row[K], row[POWER1], row[POWER2] = row[K] + 1, hyp[BETA1] * row[POWER1], hyp[BETA2] * row[POWER2]
    for s in range(first, last):
        coef[s, C_MOVED] = row[MOVED]
    return while_finite(rate, row[D])


def dadam_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """m, v, s, and x where it moves (kernel)."""
    xs, gs, m, v, s = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(xs.size):
        gradient = decayed(gs[i], xs[i], coef[seg, C_INSIDE])
        m[i] = average(m[i], gradient, coef[seg, KEEP1], coef[seg, TAKE1])
        v[i] = average(v[i], square(gradient), coef[seg, KEEP2], coef[seg, TAKE2])
        s[i] = average(s[i], gradient, coef[seg, KEEP3], coef[seg, TAKE3])
        shrunk = descend(xs[i], coef[seg, C_OUTSIDE] * coef[seg, C_RATE], xs[i])
        xs[i] = where(coef[seg, C_MOVED] > 0, shrunk - preconditioned(m[i], v[i], coef[seg, C_EPS]), xs[i])


@WHOLES.register("dadapt_adam")
class DAdaptAdam(Whole):
    """Adam with D-Adaptation."""

    name = "dadapt_adam"
    source = "package dadaptation 3.2, DAdaptAdam, of Defazio and Mishchenko 2023, arXiv 2301.07733 (published)"
    Parameters = DAdaptAdamParameters
    vectors, scalars = ("exp_avg", "exp_avg_sq", "s"), SCALARS
    coefficients, sums = 12, 2
    begin, terms = staticmethod(dadam_begin), staticmethod(dadam_terms)
    decide, move = staticmethod(dadam_decide), staticmethod(dadam_move)

    def hyper(self) -> tuple[float, ...]:
        """lr, beta1, beta2, sqrt(beta2), eps, coupled decay, decoupled decay, bias correction, d_0, growth_rate (inf: no limit)."""
        p = self.parameters
        decays = (0.0, p.weight_decay) if p.decoupled_weight_decay else (p.weight_decay, 0.0)
        growth = math.inf if p.growth_rate is None else p.growth_rate
        return p.lr, p.beta1, p.beta2, math.sqrt(p.beta2), p.eps, *decays, float(p.bias_correction), p.d_0, growth

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Estimate of D."""
        hyp, new, ones = self.hyper(), dict(state), np.ones_like(state["d"])
        if seen.t == 0:
            new.update(d=hyp[D_0] * ones, power1=ones, power2=ones)
        power1, power2, used = hyp[BETA1] * new["power1"], hyp[BETA2] * new["power2"], new["d"]
        rate = scaled_rate(used, hyp[LR], bias_correction(power1, power2, hyp[CORRECT]))
        gradient = decayed(seen.g, seen.x, hyp[INSIDE])
        s = average(state["s"], gradient, hyp[BETA3], rate * (1 - hyp[BETA3]))
        along = product(gradient, preconditioned(state["s"], state["exp_avg_sq"], hyp[EPS]))
        inner, s1 = (in_order(block_sums(a, seen.offsets)) for a in (along, np.abs(s)))
        s1 = finite_or_nan(s1)
        moved = s1 != 0
        numerator = average(state["numerator"], rate * inner, hyp[BETA3], 1 - hyp[BETA3])
        d_hat = adam_estimate(numerator, hyp[BETA3], s1)
        after = {"numerator": numerator, "d_hat": d_hat, "d": enlarged(used, d_hat, hyp[GROWTH]), "k": new["k"] + 1}
        after.update(power1=power1, power2=power2)
        new.update({name: where(moved, value, new[name]) for name, value in after.items()})
        new.update(d_used=used, s_norm1=s1, moved=where(moved, 1.0, 0.0))
        return new, while_finite(rate, new["d"]), {name: new[name] for name in SCALARS}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """m, v, s, and x where it moves."""
        _, beta1, beta2, beta3, eps, inside, outside, *_ = self.hyper()
        gradient = decayed(seen.g, seen.x, inside)
        m = average(state["exp_avg"], gradient, beta1, eta * (1 - beta1))
        v = average(state["exp_avg_sq"], square(gradient), beta2, 1 - beta2)
        s = average(state["s"], gradient, beta3, eta * (1 - beta3))
        shrunk = descend(seen.x, outside * eta, seen.x)
        x = where(state["moved"] > 0, shrunk - preconditioned(m, v, eps), seen.x)
        return dict(state, exp_avg=m, exp_avg_sq=v, s=s), x
