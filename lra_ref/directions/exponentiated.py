"""Directions with a gain per coordinate, learned by exponentiated gradient: the gains of EGDD ("Funnel").

Equations, p the gains, a the moving average of the gradients, n = t + 1 the number of gradients seen, in this order:

1. agreement with the OLD average
   ``use_signs``     ``e = sign(g) sign(a)``
   otherwise         ``e = g a / (1 - beta^max(n-1, 1))``
2. ``p <- clip(p exp(gamma_p e), p_min, p_max)``, element by element
3. the direction, with the NEW gains; ``a <- beta a + (1 - beta) g``

================  ==========================================================================
name              direction
================  ==========================================================================
``eg_momentum``   ``b <- mu b + p g``,  ``d = b``                  (published; there b holds lr b)
``eg_adam``       ``d = p u``, u Adam's direction of g             (derived)
``eg_adagrad``    ``d = p u``, u AdaGrad's direction of g          (derived)
================  ==========================================================================

Adam and AdaGrad do not change if every gradient is multiplied by the same number, so a gain before them would have no effect in the long
run;
theirs stands behind.  ``form="paper"``: ``e = g a``, neither clipped nor corrected (published, a reading note of the paper).

Source: Amid, Anil, Fifty, Warmuth (2022), arXiv 2202.00145, and its published code "Exponentiated Gradient Delta-Delta"; the defaults are
the code's, mu has none there (0.9 is ours).  The scale that belongs to the gains is the rate ``exponentiated``, which also holds lr.

State: ``gains`` p - 1 enters at the first step (the vector is zero before it), ``grad_avg`` a, and that of the direction inside.

Edge cases: sign(0) = 0 leaves a gain alone.  An exponential that overflows (possible without signs) makes the gain nan, and the next
point is not finite: the trajectory stops by name with its state kept.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``eg_adagrad`` 9/10, ``eg_adam``
11/12, ``eg_momentum`` 9/10. (4 more than the direction inside.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import exponential, finite_or_nan, power
from lra_ref.directions.adagrad import AdaGrad, adagrad_begin, adagrad_map
from lra_ref.directions.adam import Adam, adam_begin, undecayed_map
from lra_ref.formulas import average, clip, product, short, where
from lra_ref.parameters import SWITCH, Choice, Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

BELOW_ONE, NOT_NEGATIVE, POSITIVE = Range(0, 1, "[)"), Range(0, ends="[)"), Range(0, ends="()")
FORM = Choice(("code", "paper"))
FORM_DOC = "the published code, or the paper's equations without clip, normalisation and correction"


@dataclass(frozen=True, kw_only=True)
class GainParameters(Parameters):
    """Hyper-parameters of the gains."""

    beta: float = parameter(0.9, BELOW_ONE, "decay of the average gradient")
    gamma_p: float = parameter(0.01, NOT_NEGATIVE, "learning rate of the gains")
    p_min: float = parameter(1e-2, POSITIVE, "smallest gain")
    p_max: float = parameter(1e2, POSITIVE, "largest gain")
    use_signs: bool = parameter(True, SWITCH, "learn from the signs of the two factors only")
    form: str = parameter("code", FORM, FORM_DOC)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.p_min <= 1 <= self.p_max:
            raise ValueError(f"p_min and p_max must enclose 1, the first gain, got {self.p_min:g} and {self.p_max:g}")


@dataclass(frozen=True, kw_only=True)
class EGMomentumParameters(GainParameters):
    """Hyper-parameters of ``eg_momentum``."""

    momentum: float = parameter(0.9, Range(0, 1), "mu, share of the buffer that is kept")


@dataclass(frozen=True, kw_only=True)
class EGAdamParameters(GainParameters):
    """Hyper-parameters of ``eg_adam``."""

    beta1: float = parameter(0.9, BELOW_ONE, "decay of the first moment")
    beta2: float = parameter(0.999, BELOW_ONE, "decay of the second moment")
    eps: float = parameter(1e-8, NOT_NEGATIVE, "added to the root of the second moment")


@dataclass(frozen=True, kw_only=True)
class EGAdaGradParameters(GainParameters):
    """Hyper-parameters of ``eg_adagrad``."""

    lr_decay: float = parameter(0.0, NOT_NEGATIVE, "the rate is divided by 1 + t lr_decay")
    initial_accumulator_value: float = parameter(0.0, NOT_NEGATIVE, "value of the sum before the first gradient")
    eps: float = parameter(1e-10, NOT_NEGATIVE, "added to the root of the sum")


# --- formulas --------------------------------------------------------------------------------------------------------------------
def sign_agreement(g: Any, grad_avg: Any) -> Any:
    """1 where the signs agree, -1 where they differ, 0 where one factor is 0."""
    return np.sign(g) * np.sign(grad_avg)


def agreement(g: Any, grad_avg: Any, correction: Any) -> Any:
    """The product of the gradient and the bias-corrected average."""
    return g * (grad_avg / correction)


def gain_factor(e: Any, gamma: Any) -> Any:
    """``exp(gamma e)``; nan where it overflows."""
    return finite_or_nan(exponential(gamma * e))


def chosen_factor(e: Any, up: Any, down: Any) -> Any:
    """:func:`gain_factor` of a sign, from those of 1 and -1; nan for nan."""
    return where(e > 0, up, where(e < 0, down, 1 + e))


def multiplied_gain(gain: Any, factor: Any, low: Any, high: Any) -> Any:
    """Equation 2, given the exponential."""
    return clip(gain * factor, low, high)


def grown_gain(gain: Any, e: Any, gamma: Any, low: Any, high: Any) -> Any:
    """Equation 2."""
    return multiplied_gain(gain, gain_factor(e, gamma), low, high)


def average_correction(beta: Any, t: Any) -> Any:
    """``1 - beta^max(n-1, 1)``, n = t + 1."""
    return 1 - power(beta, max(t, 1))


# --- kernels ---------------------------------------------------------------------------------------------------------------------
def gains_begin(first: Any, last: Any, t: Any, hyp: Any, h: Any, coef: Any, c: Any) -> None:
    """Coefficients c, c + 1, ...: keep, take, gamma, low, high, 1 for signs, correction, gain before the first step (kernel).

    ``hyp`` from h on: beta, gamma, low, high, 1 for signs, 1 for a correction.
    """
    correction = average_correction(hyp[h], t) if hyp[h + 5] > 0 else 1.0
    for s in range(first, last):
        coef[s, c], coef[s, c + 1], coef[s, c + 2] = hyp[h], 1 - hyp[h], hyp[h + 1]
        coef[s, c + 3], coef[s, c + 4], coef[s, c + 5] = hyp[h + 2], hyp[h + 3], hyp[h + 4]
        coef[s, c + 6], coef[s, c + 7] = correction, 1 if t == 0 else 0


def grow_by_signs(gs: Any, gains: Any, grad_avg: Any, coef: Any, c: Any) -> None:
    """:func:`grow_gains` of signs, whose exponentials are three numbers (kernel)."""
    keep, take, gamma, low, high, start = coef[c], coef[c + 1], coef[c + 2], coef[c + 3], coef[c + 4], coef[c + 7]
    up, down = gain_factor(1, gamma), gain_factor(-1, gamma)
    for i in range(gs.size):
        factor = chosen_factor(sign_agreement(gs[i], grad_avg[i]), up, down)
        gains[i] = multiplied_gain(gains[i] + start, factor, low, high)
        grad_avg[i] = average(grad_avg[i], gs[i], keep, take)


def grow_gains(gs: Any, gains: Any, grad_avg: Any, coef: Any, c: Any) -> None:
    """Equations 1 and 2 and the new average, in place (kernel); ``coef`` is the row of the block."""
    keep, take, gamma, low, high = coef[c], coef[c + 1], coef[c + 2], coef[c + 3], coef[c + 4]
    correction, start = coef[c + 6], coef[c + 7]
    if coef[c + 5] > 0 and short():
        grow_by_signs(gs, gains, grad_avg, coef, c)
    elif coef[c + 5] > 0:
        for i in range(gs.size):
            gains[i] = grown_gain(gains[i] + start, sign_agreement(gs[i], grad_avg[i]), gamma, low, high)
            grad_avg[i] = average(grad_avg[i], gs[i], keep, take)
    else:
        for i in range(gs.size):
            gains[i] = grown_gain(gains[i] + start, agreement(gs[i], grad_avg[i], correction), gamma, low, high)
            grad_avg[i] = average(grad_avg[i], gs[i], keep, take)


def eg_momentum_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients: mu, then those of the gains."""
    for s in range(first, last):
        coef[s, 0] = hyp[0]
    gains_begin(first, last, t, hyp, 1, coef, 1)
    return 0.0


def eg_momentum_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Gains, then the buffer of the gained gradients; d is the buffer (kernel)."""
    gs, ds, buffer, gains = g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    grow_gains(gs, gains, vec[2, lo:hi], coef[seg], 1)
    momentum = coef[seg, 0]
    for i in range(gs.size):
        buffer[i] = average(buffer[i], product(gains[i], gs[i]), momentum, 1)
        ds[i] = buffer[i]


def multiply(gains: Any, ds: Any) -> None:
    """Turn u into p u (kernel)."""
    for i in range(ds.size):
        ds[i] = product(gains[i], ds[i])


def eg_adam_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients of Adam, then those of the gains."""
    adam_begin(first, last, t, f, sums, scal, hyp, coef)
    gains_begin(first, last, t, hyp, 5, coef, 9)
    return 0.0


def eg_adam_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Adam's direction times the gains (kernel)."""
    undecayed_map(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    grow_gains(g[lo:hi], vec[2, lo:hi], vec[3, lo:hi], coef[seg], 9)
    multiply(vec[2, lo:hi], d[at : at + hi - lo])


def eg_adagrad_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients of AdaGrad, then those of the gains."""
    adagrad_begin(first, last, t, f, sums, scal, hyp, coef)
    gains_begin(first, last, t, hyp, 4, coef, 4)
    return 0.0


def eg_adagrad_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """AdaGrad's direction times the gains (kernel)."""
    adagrad_map(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    grow_gains(g[lo:hi], vec[1, lo:hi], vec[2, lo:hi], coef[seg], 4)
    multiply(vec[1, lo:hi], d[at : at + hi - lo])


class Gained(Direction):
    """Common to the directions with gains."""

    def gain_numbers(self) -> tuple[float, ...]:
        """beta, gamma, low, high, 1 for signs, 1 for a bias correction."""
        p = self.parameters
        if p.form == "paper":
            return p.beta, p.gamma_p, 0.0, np.inf, 0.0, 0.0
        return p.beta, p.gamma_p, p.p_min, p.p_max, float(p.use_signs), 1.0

    def grow(self, state: State, seen: Seen) -> State:
        """New ``gains`` and ``grad_avg`` (reference of equations 1 and 2)."""
        beta, gamma, low, high, signs, corrected = self.gain_numbers()
        g, old = seen.g, state["grad_avg"]
        e = sign_agreement(g, old) if signs else agreement(g, old, average_correction(beta, seen.t) if corrected else 1.0)
        gains = grown_gain(state["gains"] + (1 if seen.t == 0 else 0), e, gamma, low, high)
        return {"gains": gains, "grad_avg": average(old, g, beta, 1 - beta)}


@DIRECTIONS.register("eg_momentum")
class EGMomentum(Gained):
    """Heavy ball over gradients with gains."""

    name = "eg_momentum"
    source = "Amid et al. 2022, arXiv 2202.00145, and its code (published; the default momentum is ours)"
    Parameters = EGMomentumParameters
    default_lr = 1e-2
    vectors = ("momentum_buffer", "gains", "grad_avg")
    coefficients = 9
    begin = staticmethod(eg_momentum_begin)
    map = staticmethod(eg_momentum_map)

    def hyper(self) -> tuple[float, ...]:
        """Mu, then the numbers of the gains."""
        return self.parameters.momentum, *self.gain_numbers()

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d = mu b + p g``."""
        new = {**state, **self.grow(state, seen)}
        new["momentum_buffer"] = average(state["momentum_buffer"], product(new["gains"], seen.g), self.parameters.momentum, 1)
        return new, new["momentum_buffer"]


class GainedAround(Gained):
    """A gain behind the direction ``inside``, which sees the gradient itself."""

    inside: Direction
    around: ClassVar[type[Direction]]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        kept = {field: value for field, value in self.parameters.as_dict().items() if field not in GainParameters.__dataclass_fields__}
        self.inside = self.around(**kept)

    def hyper(self) -> tuple[float, ...]:
        """The numbers of the direction inside, then those of the gains."""
        return *self.inside.hyper(), *self.gain_numbers()

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d = p u``."""
        inner, u = self.inside.step(state, seen)
        new = {**inner, **self.grow(state, seen)}
        return new, product(new["gains"], u)


@DIRECTIONS.register("eg_adam")
class EGAdam(GainedAround):
    """Adam's direction times gains."""

    name = "eg_adam"
    source = "Amid et al. 2022, arXiv 2202.00145 (gains published; behind Adam derived)"
    Parameters = EGAdamParameters
    around = Adam
    vectors = ("exp_avg", "exp_avg_sq", "gains", "grad_avg")
    coefficients = 17
    begin = staticmethod(eg_adam_begin)
    map = staticmethod(eg_adam_map)


@DIRECTIONS.register("eg_adagrad")
class EGAdaGrad(GainedAround):
    """AdaGrad's direction times gains."""

    name = "eg_adagrad"
    source = "Amid et al. 2022, arXiv 2202.00145 (gains published; behind AdaGrad derived)"
    Parameters = EGAdaGradParameters
    default_lr = 1e-2
    around = AdaGrad
    vectors = ("sum", "gains", "grad_avg")
    coefficients = 12
    begin = staticmethod(eg_adagrad_begin)
    map = staticmethod(eg_adagrad_map)
