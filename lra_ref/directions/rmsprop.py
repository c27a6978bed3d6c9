"""RMSProp, as in torch.optim.

Equations:

1. ``g = g_t + weight_decay x_t``,  ``v_t = alpha v_{t-1} + (1 - alpha) g^2``
2. ``centered``: ``a_t = alpha a_{t-1} + (1 - alpha) g``,  ``s_t = max(v_t - a_t^2, 0)``;  else ``s_t = v_t``
3. ``r_t = g / (sqrt(s_t) + eps)``
4. ``momentum > 0``: ``b_t = momentum b_{t-1} + r_t``,  ``d_t = b_t``;  else ``d_t = r_t``

Source: Tieleman and Hinton (2012), lecture 6.5; centred form Graves (2013), arXiv 1308.0850 (published); names, defaults and the place
of eps as in ``torch.optim.RMSprop``.  The maximum with 0 in 2 is ours: rounding can make v - a^2 negative, where torch gives nan.

State, with torch's names: ``square_avg`` v, ``grad_avg`` a (centered), ``momentum_buffer`` b (momentum > 0), zero before the first step.

Edge cases: a denominator of 0 (eps = 0) gives r = 0, where torch gives nan.  Where |g| exceeds 1e154 the square overflows, v stays
infinite and that element of r is 0 (centered: 0 until a overflows, too), in torch as well.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``rmsprop`` 5/6. 2 more for each of a
and b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, square
from lra_ref.parameters import SWITCH, Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

NOT_NEGATIVE = Range(0, ends="[)")


@dataclass(frozen=True, kw_only=True)
class RMSPropParameters(Parameters):
    """Hyper-parameters of ``rmsprop``."""

    alpha: float = parameter(0.99, Range(0, 1, "[)"), "decay of the averages")
    eps: float = parameter(1e-8, NOT_NEGATIVE, "added to the root")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")
    momentum: float = parameter(0.0, Range(0, 1), "share of the momentum buffer that is kept; 0: no buffer")
    centered: bool = parameter(False, SWITCH, "divide by an estimate of the standard deviation")


def scaled_gradient(g: Any, spread: Any, eps: Any) -> Any:
    """Equation 3."""
    return quotient(g, np.sqrt(spread) + eps)


def spread(square_avg: Any, grad_avg: Any) -> Any:
    """``max(v - a^2, 0)``, the centred second moment."""
    return np.maximum(square_avg - square(grad_avg), 0)


def accumulate(buffer: Any, scaled: Any, momentum: Any) -> Any:
    """Equation 4."""
    return momentum * buffer + scaled


def rmsprop_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients: keep, take, eps, weight_decay, momentum."""
    for s in range(first, last):
        coef[s, 0], coef[s, 1] = hyp[0], 1 - hyp[0]
        coef[s, 2], coef[s, 3], coef[s, 4] = hyp[1], hyp[2], hyp[3]
    return 0.0


def rmsprop_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Neither centred nor with momentum (kernel)."""
    xs, gs, ds, v = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    keep, take, eps, weight_decay = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], weight_decay)
        v[i] = average(v[i], square(gradient), keep, take)
        ds[i] = scaled_gradient(gradient, v[i], eps)


def centered_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Centred, without momentum (kernel)."""
    xs, gs, ds, v, a = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    keep, take, eps, weight_decay = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], weight_decay)
        v[i] = average(v[i], square(gradient), keep, take)
        a[i] = average(a[i], gradient, keep, take)
        ds[i] = scaled_gradient(gradient, spread(v[i], a[i]), eps)


def accumulate_map(ds: Any, buffer: Any, momentum: Any) -> None:
    """Turn the scaled gradient into the momentum buffer (kernel)."""
    for i in range(ds.size):
        buffer[i] = accumulate(buffer[i], ds[i], momentum)
        ds[i] = buffer[i]


def momentum_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """With momentum, not centred (kernel)."""
    rmsprop_map(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    accumulate_map(d[at : at + hi - lo], vec[1, lo:hi], coef[seg, 4])


def centered_momentum_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Centred, with momentum (kernel)."""
    centered_map(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    accumulate_map(d[at : at + hi - lo], vec[2, lo:hi], coef[seg, 4])


#: (centered, momentum > 0) -> kernel
MAPS = {(False, False): rmsprop_map, (True, False): centered_map, (False, True): momentum_map, (True, True): centered_momentum_map}


@DIRECTIONS.register("rmsprop")
class RMSProp(Direction):
    """Gradient divided by the root of its mean square."""

    name = "rmsprop"
    source = "Tieleman and Hinton 2012; Graves 2013, arXiv 1308.0850; torch.optim.RMSprop (published)"
    Parameters = RMSPropParameters
    default_lr = 1e-2
    coefficients = 5
    begin = staticmethod(rmsprop_begin)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.vectors = ("square_avg", *(["grad_avg"] if p.centered else []), *(["momentum_buffer"] if p.momentum > 0 else []))
        self.map = MAPS[p.centered, p.momentum > 0]

    def hyper(self) -> tuple[float, ...]:
        """alpha, eps, weight_decay, momentum."""
        p = self.parameters
        return p.alpha, p.eps, p.weight_decay, p.momentum

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """Equations 1 to 4."""
        p, new = self.parameters, dict(state)
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        new["square_avg"] = second = average(state["square_avg"], square(gradient), p.alpha, 1 - p.alpha)
        if p.centered:
            new["grad_avg"] = average(state["grad_avg"], gradient, p.alpha, 1 - p.alpha)
            second = spread(second, new["grad_avg"])
        d = scaled_gradient(gradient, second, p.eps)
        if p.momentum > 0:
            new["momentum_buffer"] = d = accumulate(state["momentum_buffer"], d, p.momentum)
        return new, d
