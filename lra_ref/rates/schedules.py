"""Schedules: rates that depend on the step alone.

==================  ==============================================================================  ==========================
name                eta_t, t = 0, 1, ...                                                            as in
==================  ==============================================================================  ==========================
``inverse_time``    ``lr / (1 + decay t)``  (decay = 1: lr, lr/2, lr/3, ...)                        Robbins and Monro 1951
``inverse_sqrt``    ``lr / sqrt(t + 1)``                                                            classical
``cosine``          ``eta_min + (lr - eta_min) (1 + cos(pi t / T_max)) / 2``                        torch CosineAnnealingLR
``step``            ``lr gamma^floor(t / step_size)``                                               torch StepLR
==================  ==============================================================================  ==========================

Provenance: published.  ``T_max`` and ``step_size`` have no default, as in torch.

Edge cases: ``cosine`` is the closed form, which has period 2 T_max: after T_max steps the rate rises again, as in torch.  Its cosine is
computed from the whole numbers t and T_max by an exact reduction to a quarter turn and a polynomial, without a library call, so that it
has the same bits everywhere (error at most 2 ulp of 1, and eta_0 = lr, eta_{T_max} = eta_min to the rounding of the formula).

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``cosine_sgd`` 3/4, ``cosine_adam``
7/8, ``inverse_sqrt_sgd`` 3/4, ``inverse_sqrt_adam`` 7/8, ``inverse_time_sgd`` 3/4, ``inverse_time_adam`` 7/8, ``step_sgd`` 3/4,
``step_adam`` 7/8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import power
from lra_ref.oracles.variates import COS, QUARTER_HIGH, SIN, seven
from lra_ref.parameters import REQUIRED, Parameters, Range, parameter
from lra_ref.parts import RATES, Kernel, Rate, Seen
from lra_ref.typing import Array, Info, State

REAL, WHOLE = Range(ends="()"), Range(1, 2**40, integer=True)
LR = "learning rate of the first step; any real number, a negative one ascends"


@dataclass(frozen=True, kw_only=True)
class InverseTimeParameters(Parameters):
    """Hyper-parameters of ``inverse_time``."""

    lr: float = parameter(1e-3, REAL, LR)
    decay: float = parameter(1.0, Range(0, ends="[)"), "speed of the decay; 0 is a constant rate")


@dataclass(frozen=True, kw_only=True)
class InverseSqrtParameters(Parameters):
    """Hyper-parameters of ``inverse_sqrt``."""

    lr: float = parameter(1e-3, REAL, LR)


@dataclass(frozen=True, kw_only=True)
class CosineParameters(Parameters):
    """Hyper-parameters of ``cosine``."""

    lr: float = parameter(1e-3, REAL, LR)
    T_max: int = parameter(REQUIRED, WHOLE, "step at which eta_min is reached, half a period")
    eta_min: float = parameter(0.0, REAL, "rate at step T_max")


@dataclass(frozen=True, kw_only=True)
class StepParameters(Parameters):
    """Hyper-parameters of ``step``."""

    lr: float = parameter(1e-3, REAL, LR)
    step_size: int = parameter(REQUIRED, WHOLE, "steps between two reductions")
    gamma: float = parameter(0.1, Range(0, ends="[)"), "factor of a reduction")


# --- formulas: the rate of step t from the hyper-parameters ----------------------------------------------------------------------
def inverse_time(t: Any, hyp: Any) -> Any:
    """lr / (1 + decay t)."""
    return hyp[0] / (1 + hyp[1] * t)


def inverse_sqrt(t: Any, hyp: Any) -> Any:
    """lr / sqrt(t + 1)."""
    return hyp[0] / np.sqrt(t + 1)


def cosine(t: Any, hyp: Any) -> Any:
    """eta_min + (lr - eta_min) (1 + cos(pi t / T_max)) / 2."""
    return hyp[2] + (hyp[0] - hyp[2]) * (1 + cos_half_turns(t, int(hyp[1]))) / 2


def step(t: Any, hyp: Any) -> Any:
    """The rate ``lr gamma^floor(t / step_size)``."""
    return hyp[0] * power(hyp[2], t // int(hyp[1]))


def cos_half_turns(t: Any, period: Any) -> Any:
    """``cos(pi t / period)`` for whole numbers t >= 0 and 1 <= period <= 2^40, error at most 1.5e-16.

    The nearest quarter turn is split off in whole numbers; what is left, r quarter turns with |r| <= 1/2, is rounded once.
    """
    t = t % (2 * period)
    quarter = (4 * t + period) // (2 * period)
    r = (2 * t - quarter * period) / period
    y = r * r
    if quarter % 2 == 0:
        value = 1 + y * seven(y, COS)
    else:
        value = -(r * (QUARTER_HIGH + y * seven(y, SIN)))
    return value if quarter % 4 < 2 else -value


# --- kernels ---------------------------------------------------------------------------------------------------------------------
def inverse_time_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The formula (kernel)."""
    return inverse_time(t, hyp)


def inverse_sqrt_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The formula (kernel)."""
    return inverse_sqrt(t, hyp)


def cosine_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The formula (kernel)."""
    return cosine(t, hyp)


def step_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The formula (kernel)."""
    return step(t, hyp)


class Schedule(Rate):
    """A rate that depends on the step alone."""

    formula: ClassVar[Kernel]

    def at(self, t: int) -> float:
        """The rate of step t."""
        return float(type(self).formula(t, self.hyper()))

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The formula."""
        return state, np.full_like(d, self.at(seen.t), shape=(*d.shape[:-1], 1)), {}


@RATES.register("inverse_time")
class InverseTime(Schedule):
    """Harmonic decay, the 1/t schedule."""

    name = "inverse_time"
    source = "Robbins and Monro 1951 (published)"
    Parameters = InverseTimeParameters
    formula = staticmethod(inverse_time)
    decide = staticmethod(inverse_time_decide)


@RATES.register("inverse_sqrt")
class InverseSqrt(Schedule):
    """Decay with the root of the step, the 1/sqrt(t) schedule."""

    name = "inverse_sqrt"
    source = "classical, for example Nemirovski et al. 2009 (published)"
    Parameters = InverseSqrtParameters
    formula = staticmethod(inverse_sqrt)
    decide = staticmethod(inverse_sqrt_decide)


@RATES.register("cosine")
class Cosine(Schedule):
    """Cosine annealing without restarts, closed form."""

    name = "cosine"
    source = "Loshchilov and Hutter 2017, arXiv 1608.03983; torch CosineAnnealingLR (published)"
    Parameters = CosineParameters
    shown = {"T_max": 30}
    formula = staticmethod(cosine)
    decide = staticmethod(cosine_decide)


@RATES.register("step")
class Step(Schedule):
    """Piecewise constant, multiplied by gamma every step_size steps."""

    name = "step"
    source = "classical; torch StepLR (published)"
    Parameters = StepParameters
    shown = {"step_size": 7}
    formula = staticmethod(step)
    decide = staticmethod(step_decide)
