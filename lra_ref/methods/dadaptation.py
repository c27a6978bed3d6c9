"""D-Adaptation by dual averaging: d_k is a lower estimate of D = |x_0 - x*|, and the step size is d_k over a sum of squared gradients.

Step k = 0, 1, ..., s_0 = 0, d_0 given, gamma_0 = 1/|g_0|:

1. ``s_{k+1} = s_k + d_k g_k``, ``gamma_{k+1} = 1/sqrt(sum_{i<=k} |g_i|^2)``
2. option I: ``d_hat = (gamma_{k+1} |s_{k+1}|^2 - sum_{i<=k} gamma_i d_i^2 |g_i|^2)/(2 |s_{k+1}|)``;
   option II: ``d_hat = sum_{i<=k} gamma_i d_i <g_i, s_i>/|s_{k+1}|``
3. ``d_{k+1} = max(d_k, d_hat)``, ``x_{k+1} = x_0 - gamma_{k+1} s_{k+1}``

The method answers with the mean ``sum d_k x_k/sum d_k`` of the points at which gradients were taken.  Norms are global over blocks.

Source: Defazio and Mishchenko 2023, arXiv 2301.07733, Algorithm 1 (published); option II as the default is ours, it is never below option
I.

The rate reported is d_k gamma_{k+1}, with which g_k enters the next point.  Scalars: ``d`` = d_{k+1}, ``d_used`` = d_k, ``d_hat``,
``gamma`` = gamma_{k+1}, ``G`` the sum of |g_i|^2, ``weighted`` the sum of gamma_i d_i^2 |g_i|^2, ``numerator`` that of option II,
``s_norm2`` |s_{k+1}|^2, ``total`` the sum of d_i.

Edge cases: a first gradient that is 0, or whose square vanishes, stops the trajectory with STATIONARY; later s = 0 gives d_hat = 0.
Squares that overflow stop it with NONFINITE_RATE.  Words per element beyond x and g: 3.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``dadaptation`` 11/11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import finite_or_nan, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import average, descend, product, square, where
from lra_ref.methods.dadaptation_formulas import accumulated, inverse_root, option_one, option_two, squared_weight, while_finite
from lra_ref.parameters import Choice, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

STATIONARY = 9.0
SCALARS = ("d", "d_used", "d_hat", "gamma", "G", "weighted", "numerator", "s_norm2", "total")
#: places of the scalars in a row, 0 is the status
D, D_USED, D_HAT, GAMMA, G_SUM, WEIGHTED, NUMERATOR, S_NORM2, TOTAL = range(1, 10)
#: what ``coef`` holds beside the rate: d_k, gamma_{k+1}, share of x_k in the mean, first step
C_D, C_GAMMA, C_SHARE, C_FIRST = range(1, 5)


@dataclass(frozen=True, kw_only=True)
class DAdaptationParameters(Parameters):
    """Hyper-parameters of ``dadaptation``."""

    d_0: float = parameter(1e-6, Range(0, ends="()"), "estimate of D at the start, to be below D")
    option: str = parameter("II", Choice(("I", "II")), "which lower estimate of D")


def averaging_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """d_k for the terms (kernel)."""
    for s in range(first, last):
        coef[s, C_D] = hyp[0] if t == 0 else scal[first, D]
        coef[s, C_FIRST] = 1 if t == 0 else 0
    return 0.0


def averaging_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g|^2, <g, s_k>, |s_{k+1}|^2 (kernel); rows of vec: x_0, s, mean."""
    gs, s = g[lo:hi], vec[1, lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])
        out[1, i] += product(gs[i], s[i])
        out[2, i] += square(accumulated(s[i], coef[seg, C_D], gs[i]))


def averaging_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Estimate of D and step size (kernel); returns d_k gamma_{k+1}."""
    row, d = scal[first], coef[first, C_D]
    norm2, s2 = total(sums, first, last, 0), total(sums, first, last, 2)
    if t == 0 and norm2 == 0:
        row[0] = STATIONARY
        return 0.0
    old = inverse_root(norm2) if t == 0 else row[GAMMA]
    row[D_USED], row[S_NORM2], row[TOTAL] = d, s2, row[TOTAL] + d
    row[G_SUM] = finite_or_nan(row[G_SUM] + norm2)
    row[WEIGHTED] += squared_weight(old, d, norm2)
    row[NUMERATOR] = accumulated(row[NUMERATOR], old * d, total(sums, first, last, 1))
    row[GAMMA] = inverse_root(row[G_SUM])
    row[D_HAT] = option_one(row[GAMMA], s2, row[WEIGHTED]) if hyp[1] == 1 else option_two(row[NUMERATOR], s2)
    row[D] = np.maximum(d, row[D_HAT])
    for s in range(first, last):
        coef[s, C_GAMMA], coef[s, C_SHARE] = row[GAMMA], d / row[TOTAL]
    return while_finite(d * row[GAMMA], row[D])


def averaging_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """s, mean and x (kernel)."""
    xs, gs, origin, s, mean = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(xs.size):
        origin[i] = where(coef[seg, C_FIRST] > 0, xs[i], origin[i])
        s[i] = accumulated(s[i], coef[seg, C_D], gs[i])
        mean[i] = average(mean[i], xs[i], 1 - coef[seg, C_SHARE], coef[seg, C_SHARE])
        xs[i] = descend(origin[i], coef[seg, C_GAMMA], s[i])


@WHOLES.register("dadaptation")
class DAdaptation(Whole):
    """D-Adaptation by dual averaging, options I and II."""

    name = "dadaptation"
    source = "Defazio and Mishchenko 2023, arXiv 2301.07733, Algorithm 1 (published)"
    Parameters = DAdaptationParameters
    vectors, scalars = ("x_0", "s", "mean"), SCALARS
    coefficients, sums = 5, 3
    output = "mean"
    begin, terms = staticmethod(averaging_begin), staticmethod(averaging_terms)
    decide, move = staticmethod(averaging_decide), staticmethod(averaging_move)

    def hyper(self) -> tuple[float, ...]:
        """d_0, option."""
        return self.parameters.d_0, 1.0 if self.parameters.option == "I" else 2.0

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Estimate of D and step size."""
        first, new = seen.t == 0, dict(state)
        norm2, inner, used = self.seen_sums(state, seen)
        s2 = in_order(block_sums(square(accumulated(state["s"], used, seen.g)), seen.offsets))
        old = inverse_root(norm2) if first else state["gamma"]
        new.update(d_used=used, s_norm2=s2, total=state["total"] + used)
        new["G"] = finite_or_nan(state["G"] + norm2)
        new["weighted"] = state["weighted"] + squared_weight(old, used, norm2)
        new["numerator"] = accumulated(state["numerator"], old * used, inner)
        new["gamma"] = inverse_root(new["G"])
        one = self.parameters.option == "I"
        new["d_hat"] = option_one(new["gamma"], s2, new["weighted"]) if one else option_two(new["numerator"], s2)
        new["d"] = np.maximum(used, new["d_hat"])
        stopped = (norm2 == 0) & first
        new = {name: where(stopped, state[name], new[name]) if name in SCALARS else new[name] for name in new}
        new["status"] = where(stopped, STATIONARY, state["status"])
        return new, where(stopped, 0.0, while_finite(used * new["gamma"], new["d"])), {name: new[name] for name in SCALARS}

    def seen_sums(self, state: State, seen: Seen) -> tuple[Any, Any, Any]:
        """|g|^2, <g, s_k> and d_k."""
        norm2, inner = (in_order(block_sums(a, seen.offsets)) for a in (square(seen.g), product(seen.g, state["s"])))
        return norm2, inner, np.full_like(state["d"], self.parameters.d_0) if seen.t == 0 else state["d"]

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """s, mean and x."""
        used, share = state["d_used"], state["d_used"] / state["total"]
        origin = seen.x if seen.t == 0 else state["x_0"]
        s = accumulated(state["s"], used, seen.g)
        mean = average(state["mean"], seen.x, 1 - share, share)
        return dict(state, x_0=origin, s=s, mean=mean), descend(origin, state["gamma"], s)
