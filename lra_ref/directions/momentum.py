"""Momentum in three forms: heavy ball, its Nesterov form, and the exponential moving average.

Equations (``g_t`` with ``weight_decay * x_t`` added first):

=================  ==============================================================  ======================
name               buffer                                                          direction
=================  ==============================================================  ======================
``momentum``       ``b_0 = g_0``, ``b_t = mu b_{t-1} + (1 - dampening) g_t``       ``d_t = b_t``
``nesterov``       ``b_0 = g_0``, ``b_t = mu b_{t-1} + g_t``                       ``d_t = g_t + mu b_t``
``ema_momentum``   ``m_0 = g_0``, ``m_t = (1 - alpha) m_{t-1} + alpha g_t``        ``d_t = m_t``
=================  ==============================================================  ======================

Source: Polyak (1964), Nesterov (1983) in the form of Sutskever et al. (2013); names, first step without dampening and defaults other than
``momentum`` as in ``torch.optim.SGD`` (published; torch's own default is momentum 0). The moving average as in Cutkosky and
Mehta (2020) (published).

State: ``momentum_buffer`` (torch's name), or ``exp_avg`` for the moving average, zero before the first step.

Edge cases: mu = 0 (alpha = 1) gives the gradient; an overflowing buffer makes d infinite and the next point is not finite.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``ema_momentum`` 5/6, ``momentum``
5/6, ``nesterov`` 5/6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

UNIT_INTERVAL, NOT_NEGATIVE = Range(0, 1), Range(0, ends="[)")


@dataclass(frozen=True, kw_only=True)
class MomentumParameters(Parameters):
    """Hyper-parameters of ``momentum``."""

    momentum: float = parameter(0.9, UNIT_INTERVAL, "mu, share of the buffer that is kept")
    dampening: float = parameter(0.0, UNIT_INTERVAL, "1 minus the weight of the new gradient")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")


@dataclass(frozen=True, kw_only=True)
class NesterovParameters(Parameters):
    """Hyper-parameters of ``nesterov``."""

    momentum: float = parameter(0.9, UNIT_INTERVAL, "mu, share of the buffer that is kept")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")


@dataclass(frozen=True, kw_only=True)
class EMAParameters(Parameters):
    """Hyper-parameters of ``ema_momentum``."""

    alpha: float = parameter(0.1, Range(0, 1, "(]"), "weight of the new gradient in the average")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient")


def look_ahead(g: Any, buffer: Any, momentum: Any) -> Any:
    """Nesterov's direction g + mu b, b the buffer after its update."""
    return g + momentum * buffer


def averaged_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients: weight_decay, keep, take (1 at the first step: the buffer starts at g_0)."""
    for s in range(first, last):
        coef[s, 0] = hyp[0]
        coef[s, 1] = hyp[1]
        coef[s, 2] = 1 if t == 0 else hyp[2]
    return 0.0


def averaged_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update the buffer; d is the buffer (kernel)."""
    xs, gs, ds, buffer = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    weight_decay, keep, take = coef[seg, 0], coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        buffer[i] = average(buffer[i], decayed(gs[i], xs[i], weight_decay), keep, take)
        ds[i] = buffer[i]


def nesterov_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update the buffer; d = g + mu buffer (kernel)."""
    xs, gs, ds, buffer = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    weight_decay, keep, take = coef[seg, 0], coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], weight_decay)
        buffer[i] = average(buffer[i], gradient, keep, take)
        ds[i] = look_ahead(gradient, buffer[i], keep)


class Averaged(Direction):
    """Common to the directions that carry one average of the gradients; ``hyper`` starts with weight_decay, keep, take."""

    coefficients = 3
    begin = staticmethod(averaged_begin)

    def update(self, state: State, seen: Seen) -> tuple[Array, Array]:
        """``(gradient with weight decay, new buffer)``."""
        weight_decay, keep, take = self.hyper()[:3]
        gradient = decayed(seen.g, seen.x, weight_decay)
        return gradient, average(state[self.vectors[0]], gradient, keep, 1 if seen.t == 0 else take)

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """d_t is the buffer after its update."""
        _, buffer = self.update(state, seen)
        return {**state, self.vectors[0]: buffer}, buffer


@DIRECTIONS.register("momentum")
class Momentum(Averaged):
    """Heavy ball with dampening, the buffer of ``torch.optim.SGD``."""

    name = "momentum"
    source = "Polyak 1964; torch.optim.SGD(momentum=..., dampening=...) (published; the default 0.9 is ours)"
    Parameters = MomentumParameters
    vectors = ("momentum_buffer",)
    map = staticmethod(averaged_map)

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, keep, take."""
        p = self.parameters
        return p.weight_decay, p.momentum, 1 - p.dampening


@DIRECTIONS.register("nesterov")
class Nesterov(Averaged):
    """Nesterov momentum in torch's form."""

    name = "nesterov"
    source = "Nesterov 1983, Sutskever et al. 2013; torch.optim.SGD(nesterov=True) (published; the default 0.9 is ours)"
    Parameters = NesterovParameters
    vectors = ("momentum_buffer",)
    map = staticmethod(nesterov_map)

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, keep, take."""
        return self.parameters.weight_decay, self.parameters.momentum, 1.0

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = g_t + mu b_t``."""
        gradient, buffer = self.update(state, seen)
        return {**state, "momentum_buffer": buffer}, look_ahead(gradient, buffer, self.parameters.momentum)


@DIRECTIONS.register("ema_momentum")
class EMAMomentum(Averaged):
    """Exponential moving average of the gradients, started at g_0."""

    name = "ema_momentum"
    source = "Cutkosky and Mehta 2020, arXiv 2002.03305 (published; the default alpha is ours)"
    Parameters = EMAParameters
    vectors = ("exp_avg",)
    map = staticmethod(averaged_map)

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, keep, take."""
        return self.parameters.weight_decay, 1 - self.parameters.alpha, self.parameters.alpha
