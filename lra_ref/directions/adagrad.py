"""AdaGrad element by element, as in torch.optim, and AdaGrad-norm.

Equations (``g_t`` with ``weight_decay * x_t`` added first):

- ``adagrad``        ``s_t = s_{t-1} + g_t^2``, ``s_{-1} = initial_accumulator_value``, ``d_t = g_t / ((1 + t lr_decay) (sqrt(s_t) + eps))``
- ``adagrad_norm``   ``b_t^2 = b_{t-1}^2 + |g_t|^2``, ``b_{-1} = b_0``, ``d_t = g_t / b_t``,
  one b for all (``norm="global"``) or one per block

Source: Duchi, Hazan, Singer (2011), defaults of ``torch.optim.Adagrad``; Ward, Wu, Bottou (2019), arXiv 1806.01811, whose b_t, too,
contains the present gradient (published). The form per block and the default b_0 = 0, with which the first step has length eta, are
ours (derived).

State: ``sum`` s (torch's name); scalar ``norm`` b, one or one per block; both zero before the first step, the initial value enters there.

Edge cases: a denominator of 0 gives d = 0 (torch with eps = 0: nan).  ``adagrad``: where |g| exceeds 1e154 the square overflows, s
stays infinite and that element of d is 0 from then on, in torch as well.  ``adagrad_norm``: squares are scaled, so b is right for any
g; a b that is itself out of range gives nan, and the next point is not finite.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``adagrad`` 5/6, ``adagrad_norm`` 4/4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import finite_or_nan, hypotenuse, quotient
from lra_ref.directions.normalized import NORM, normalized_gather, settle_norms, undecayed_gather
from lra_ref.directions.norms import norms
from lra_ref.directions.sgd import decayed, sgd_begin
from lra_ref.formulas import square
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

NOT_NEGATIVE = Range(0, ends="[)")


@dataclass(frozen=True, kw_only=True)
class AdaGradParameters(Parameters):
    """Hyper-parameters of ``adagrad``."""

    lr_decay: float = parameter(0.0, NOT_NEGATIVE, "the rate is divided by 1 + t lr_decay")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")
    initial_accumulator_value: float = parameter(0.0, NOT_NEGATIVE, "value of the sum before the first gradient")
    eps: float = parameter(1e-10, NOT_NEGATIVE, "added to the root of the sum")


@dataclass(frozen=True, kw_only=True)
class AdaGradNormParameters(Parameters):
    """Hyper-parameters of ``adagrad_norm``."""

    b_0: float = parameter(0.0, NOT_NEGATIVE, "norm before the first gradient")
    norm: str = parameter("global", NORM, "one norm for the whole vector, or one per block")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")


def grown(total: Any, start: Any, g: Any) -> Any:
    """s + start + g^2; ``start`` is the initial value at the first step, then 0."""
    return total + start + square(g)


def adagrad_direction(g: Any, total: Any, damping: Any, eps: Any) -> Any:
    """g / (damping (sqrt(s) + eps))."""
    return quotient(g, damping * (np.sqrt(total) + eps))


def norm_step(b: Any, scale: Any, root: Any) -> Any:
    """New b from the old one and |g| = root / scale."""
    return hypotenuse(b, root / scale)


def adagrad_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients: weight_decay, start, damping, eps."""
    for s in range(first, last):
        coef[s, 0] = hyp[1]
        coef[s, 1] = hyp[2] if t == 0 else 0
        coef[s, 2] = 1 + t * hyp[0]
        coef[s, 3] = hyp[3]
    return 0.0


def adagrad_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update the sum; d (kernel)."""
    xs, gs, ds, total = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    weight_decay, start, damping, eps = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], weight_decay)
        total[i] = grown(total[i], start, gradient)
        ds[i] = adagrad_direction(gradient, total[i], damping, eps)


def adagrad_norm_settle(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Grow b, one for all or one per block; coefficient 3: b, or nan when out of range."""
    per_block = hyp[1] > 0
    settle_norms(first, last, sums, coef, 1, per_block)
    for s in range(first, last if per_block else first + 1):
        old = hyp[2] if t == 0 else scal[s, 0]
        scal[s, 0] = norm_step(old, coef[s, 1], coef[s, 2])
    for s in range(first, last):
        coef[s, 3] = finite_or_nan(scal[s if per_block else first, 0])
    return 0.0


def adagrad_norm_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """d = g / b (kernel)."""
    xs, gs, ds = x[lo:hi], g[lo:hi], d[at : at + hi - lo]
    weight_decay, b = coef[seg, 0], coef[seg, 3]
    for i in range(gs.size):
        ds[i] = quotient(decayed(gs[i], xs[i], weight_decay), b)


@DIRECTIONS.register("adagrad")
class AdaGrad(Direction):
    """Gradient divided by the root of the sum of its squares, element by element."""

    name = "adagrad"
    source = "Duchi, Hazan, Singer 2011; torch.optim.Adagrad (published)"
    Parameters = AdaGradParameters
    default_lr = 1e-2
    vectors = ("sum",)
    coefficients = 4
    begin = staticmethod(adagrad_begin)
    map = staticmethod(adagrad_map)

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = g_t / ((1 + t lr_decay) (sqrt(s_t) + eps))``."""
        p = self.parameters
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        total = grown(state["sum"], p.initial_accumulator_value if seen.t == 0 else 0, gradient)
        return {**state, "sum": total}, adagrad_direction(gradient, total, 1 + seen.t * p.lr_decay, p.eps)


@DIRECTIONS.register("adagrad_norm")
class AdaGradNorm(Direction):
    """Gradient divided by the root of the sum of its squared norms."""

    name = "adagrad_norm"
    source = "Ward, Wu, Bottou 2019, arXiv 1806.01811 (published; the form per block and the default b_0 derived)"
    Parameters = AdaGradNormParameters
    default_lr = 1e-2
    scalars = ("norm",)
    coefficients, sums = 4, 3
    begin = staticmethod(sgd_begin)
    gather = staticmethod(normalized_gather)
    settle = staticmethod(adagrad_norm_settle)
    map = staticmethod(adagrad_norm_map)
    undecayed: ClassVar = {"gather": undecayed_gather}

    def rows(self, blocks: int) -> int:
        """One b for all, or one per block."""
        return blocks if self.parameters.norm == "block" else 1

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, 1 for a norm per block, b_0."""
        p = self.parameters
        return p.weight_decay, float(p.norm == "block"), p.b_0

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = g_t / b_t``."""
        p = self.parameters
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        scale, root = norms(gradient, seen.offsets, p.norm == "block")
        old = np.full_like(state["norm"], p.b_0) if seen.t == 0 else state["norm"]
        b = norm_step(old, scale, root)
        return {**state, "norm": b}, quotient(gradient, seen.widen(finite_or_nan(b)))
