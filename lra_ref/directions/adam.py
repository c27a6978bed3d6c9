"""Adam, AdamW and AMSGrad, as in torch.optim.

Equations, n = t + 1 the number of gradients seen:

1. ``g = g_t + weight_decay x_t``                            (L2; not in the decoupled form)
2. ``m_t = beta1 m_{t-1} + (1 - beta1) g``                   ``v_t = beta2 v_{t-1} + (1 - beta2) g^2``
3. ``u_t = v_t``                                             AMSGrad: ``u_t = max(u_{t-1}, v_t)``, the maximum before the bias correction
4. ``d_t = (m_t / (1 - beta1^n)) / (sqrt(u_t) / sqrt(1 - beta2^n) + eps)``
5. decoupled form (AdamW): ``d_t += weight_decay x_t``

Source: Kingma and Ba (2015), arXiv 1412.6980; Loshchilov and Hutter (2019), arXiv 1711.05101; Reddi, Kale, Kumar (2018) (published).
Defaults, the place of eps and AMSGrad's order are those of ``torch.optim.Adam`` and ``AdamW``; Optax and TensorFlow take AMSGrad's
maximum elsewhere.

State, with torch's names: ``exp_avg`` m, ``exp_avg_sq`` v, ``max_exp_avg_sq`` u (AMSGrad), zero before the first step.

Edge cases: a denominator of 0 (eps = 0 and no gradient so far) gives a quotient of 0, where torch gives nan.  Where |g| exceeds 1e154
the square overflows, v stays infinite and that element of d is 0 from then on, in torch as well.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``adam`` 7/8, ``adamw`` 7/8,
``amsgrad`` 9/10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import power, quotient
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, square
from lra_ref.parameters import SWITCH, Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

BETA, NOT_NEGATIVE = Range(0, 1, "[)"), Range(0, ends="[)")


@dataclass(frozen=True, kw_only=True)
class AdamParameters(Parameters):
    """Hyper-parameters of ``adam``."""

    beta1: float = parameter(0.9, BETA, "decay of the first moment")
    beta2: float = parameter(0.999, BETA, "decay of the second moment")
    eps: float = parameter(1e-8, NOT_NEGATIVE, "added to the root of the second moment")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")


@dataclass(frozen=True, kw_only=True)
class AdamWParameters(AdamParameters):
    """Hyper-parameters of ``adamw``."""

    weight_decay: float = parameter(1e-2, NOT_NEGATIVE, "decoupled decay, added to the direction")


@dataclass(frozen=True, kw_only=True)
class AMSGradParameters(AdamParameters):
    """Hyper-parameters of ``amsgrad``."""

    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "decay, added to the gradient or (decoupled) to the direction")
    decoupled_weight_decay: bool = parameter(False, SWITCH, "decay as in AdamW")


def bias_corrections(beta1: Any, beta2: Any, t: Any) -> Any:
    """``(1 - beta1^n, sqrt(1 - beta2^n))``, n = t + 1."""
    return 1 - power(beta1, t + 1), np.sqrt(1 - power(beta2, t + 1))


def adam_direction(m: Any, u: Any, correction1: Any, correction2: Any, eps: Any) -> Any:
    """Equation 4; ``correction2`` is already a root."""
    return quotient(m / correction1, np.sqrt(u) / correction2 + eps)


def adam_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients: keep and take of both moments, both bias corrections, eps, decay of the gradient, decay of the direction."""
    correction1, correction2 = bias_corrections(hyp[0], hyp[1], t)
    for s in range(first, last):
        coef[s, 0], coef[s, 1] = hyp[0], 1 - hyp[0]
        coef[s, 2], coef[s, 3] = hyp[1], 1 - hyp[1]
        coef[s, 4], coef[s, 5] = correction1, correction2
        coef[s, 6], coef[s, 7], coef[s, 8] = hyp[2], hyp[3], hyp[4]
    return 0.0


def adam_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update both moments; d (kernel)."""
    xs, gs, ds, m, v = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    keep1, take1, keep2, take2 = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    correction1, correction2, eps, inside, outside = coef[seg, 4], coef[seg, 5], coef[seg, 6], coef[seg, 7], coef[seg, 8]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], inside)
        m[i] = average(m[i], gradient, keep1, take1)
        v[i] = average(v[i], square(gradient), keep2, take2)
        ds[i] = decayed(adam_direction(m[i], v[i], correction1, correction2, eps), xs[i], outside)


def undecayed_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same without decay (kernel)."""
    gs, ds, m, v = g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    keep1, take1, keep2, take2 = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    correction1, correction2, eps = coef[seg, 4], coef[seg, 5], coef[seg, 6]
    # once beta1^n is below half a rounding the first correction is 1: the same bits without a division, which is what this loop waits for
    if correction1 == 1:
        for i in range(gs.size):
            m[i] = average(m[i], gs[i], keep1, take1)
            v[i] = average(v[i], square(gs[i]), keep2, take2)
            ds[i] = adam_direction(m[i], v[i], 1, correction2, eps)
        return
    for i in range(gs.size):
        m[i] = average(m[i], gs[i], keep1, take1)
        v[i] = average(v[i], square(gs[i]), keep2, take2)
        ds[i] = adam_direction(m[i], v[i], correction1, correction2, eps)


def amsgrad_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update both moments and the maximum; d (kernel)."""
    xs, gs, ds, m, v, u = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    keep1, take1, keep2, take2 = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    correction1, correction2, eps, inside, outside = coef[seg, 4], coef[seg, 5], coef[seg, 6], coef[seg, 7], coef[seg, 8]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], inside)
        m[i] = average(m[i], gradient, keep1, take1)
        v[i] = average(v[i], square(gradient), keep2, take2)
        u[i] = np.maximum(u[i], v[i])
        ds[i] = decayed(adam_direction(m[i], u[i], correction1, correction2, eps), xs[i], outside)


@DIRECTIONS.register("adam")
class Adam(Direction):
    """Adam with torch's L2 weight decay."""

    name = "adam"
    source = "Kingma and Ba 2015, arXiv 1412.6980; torch.optim.Adam (published)"
    Parameters = AdamParameters
    vectors: tuple[str, ...] = ("exp_avg", "exp_avg_sq")
    coefficients = 9
    begin = staticmethod(adam_begin)
    map = staticmethod(adam_map)
    undecayed: ClassVar = {"map": undecayed_map}

    def decays(self) -> tuple[float, float]:
        """Decay that is added to the gradient, and decay that is added to the direction."""
        return self.parameters.weight_decay, 0.0

    def hyper(self) -> tuple[float, ...]:
        """beta1, beta2, eps, decay of the gradient, decay of the direction."""
        p = self.parameters
        return p.beta1, p.beta2, p.eps, *self.decays()

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """Equations 1 to 5."""
        beta1, beta2, eps, inside, outside = self.hyper()
        gradient = decayed(seen.g, seen.x, inside)
        new = dict(state)
        new["exp_avg"] = average(state["exp_avg"], gradient, beta1, 1 - beta1)
        new["exp_avg_sq"] = second = average(state["exp_avg_sq"], square(gradient), beta2, 1 - beta2)
        if "max_exp_avg_sq" in self.vectors:
            new["max_exp_avg_sq"] = second = np.maximum(state["max_exp_avg_sq"], second)
        correction1, correction2 = bias_corrections(beta1, beta2, seen.t)
        d = adam_direction(new["exp_avg"], second, correction1, correction2, eps)
        return new, decayed(d, seen.x, outside)


@DIRECTIONS.register("adamw")
class AdamW(Adam):
    """Adam with decoupled weight decay."""

    name = "adamw"
    source = "Loshchilov and Hutter 2019, arXiv 1711.05101; torch.optim.AdamW (published)"
    Parameters = AdamWParameters

    def decays(self) -> tuple[float, float]:
        """The whole decay is added to the direction."""
        return 0.0, self.parameters.weight_decay


@DIRECTIONS.register("amsgrad")
class AMSGrad(Adam):
    """Adam with the largest second moment so far."""

    name = "amsgrad"
    source = "Reddi, Kale, Kumar 2018, arXiv 1904.09237; torch.optim.Adam(amsgrad=True) (published)"
    Parameters = AMSGradParameters
    vectors = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    map = staticmethod(amsgrad_map)

    def decays(self) -> tuple[float, float]:
        """Added to the gradient, or to the direction when decoupled."""
        p = self.parameters
        return (0.0, p.weight_decay) if p.decoupled_weight_decay else (p.weight_decay, 0.0)
