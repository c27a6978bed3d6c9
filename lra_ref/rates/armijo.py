"""Backtracking line search with Armijo's condition.

The rates ``eta, factor eta, factor^2 eta, ...`` are tried until

    f(x - eta d) <= f(x) - c eta <g, d>

on the step's own sample.  The first trial is ``eta_0``; with ``growth`` it is, from the second step on, ``min(growth * last accepted
rate, eta_max)``.

Source: Armijo (1966); on samples Vaswani et al. (2019), arXiv 1905.09997, whose code has c = 0.1, factor 0.9, growth
2^(1 / batches per epoch), eta_max 10 and 100 trials (published); our default c = 1e-4 is the customary one (Nocedal and Wright, section
3.1).  After the last trial that code goes on with the rate 1e-6; here the trajectory stops and says so.

State: scalar ``last_rate``, the last rate accepted (0: none so far).  Every trial costs one loss.

Edge cases: a trial loss that is not finite is refused.  <g, d> <= 0 (no descent direction, or a vanishing gradient) gives the rate 0
and leaves ``last_rate``. After ``max_trials`` refusals, or when the rate can shrink no more, the trajectory stops with
TRIALS_EXHAUSTED; near a minimum, where the decrease drowns in the rounding of f, this is the honest end of the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.formulas import where
from lra_ref.parameters import Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, INSIDE = Range(0, ends="()"), Range(0, 1, "()")
#: the status TRIALS_EXHAUSTED of lra_ref.status
EXHAUSTED = 6.0


@dataclass(frozen=True, kw_only=True)
class ArmijoParameters(Parameters):
    """Hyper-parameters of ``armijo``."""

    eta_0: float = parameter(1.0, POSITIVE, "first trial of a step")
    c: float = parameter(1e-4, INSIDE, "share of the predicted decrease that is asked for")
    factor: float = parameter(0.5, INSIDE, "ratio of two trials")
    growth: float | None = parameter(None, Optional_(Range(1, ends="[)")), "first trial over the last accepted rate; None: eta_0 always")
    eta_max: float = parameter(10.0, POSITIVE, "largest first trial with growth")
    max_trials: int = parameter(50, Range(1, 10**6, integer=True), "refusals before the trajectory stops")


def first_trial(last: Any, eta_0: Any, growth: Any, eta_max: Any) -> Any:
    """First rate of a step; ``growth = 0`` stands for none, ``last = 0`` for no rate accepted so far."""
    return where((growth > 0) & (last > 0), np.minimum(growth * last, eta_max), eta_0)


def decreases(trial_loss: Any, loss: Any, slope: Any, eta: Any, c: Any) -> Any:
    """Armijo's condition for a finite trial loss."""
    return np.isfinite(trial_loss) & (trial_loss <= loss - c * eta * slope)


def verdict(trial: Any, eta: Any, trial_loss: Any, loss: Any, slope: Any, c: Any, factor: Any, max_trials: Any) -> Any:
    """``(next rate, accepted, exhausted)``; the next rate is ``eta`` itself when accepted, and 0 along no descent direction."""
    flat = slope <= 0
    accepted = decreases(trial_loss, loss, slope, eta, c)
    following = where(flat, 0 * eta, where(accepted, eta, factor * eta))
    exhausted = where(flat | accepted, False, (trial + 1 >= max_trials) | (factor * eta == eta))
    return following, where(flat, False, accepted), exhausted


def armijo_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The first trial (kernel); hyp: eta_0, c, factor, growth (0: none), eta_max, max_trials."""
    return first_trial(scal[first, 1], hyp[0], hyp[3], hyp[4])


def armijo_retry(first: Any, last: Any, trial: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Accept the rate just tried or name the next one (kernel); f: loss at x, loss at x - eta d, <g, d>."""
    eta = coef[0, 0]
    following, accepted, exhausted = verdict(trial, eta, f[1], f[0], f[2], hyp[1], hyp[2], hyp[5])
    if accepted:
        scal[first, 1] = eta
    if exhausted:
        scal[first, 0] = EXHAUSTED
    return following


@RATES.register("armijo")
class Armijo(Rate):
    """Backtracking line search."""

    name = "armijo"
    source = "Armijo 1966; Vaswani et al. 2019, arXiv 1905.09997 (published)"
    needs = ("losses",)
    Parameters = ArmijoParameters
    scalars = ("last_rate",)
    decide = staticmethod(armijo_decide)
    retry = staticmethod(armijo_retry)

    def hyper(self) -> tuple[float, ...]:
        """eta_0, c, factor, growth (0: none), eta_max, max_trials."""
        p = self.parameters
        return p.eta_0, p.c, p.factor, p.growth or 0.0, p.eta_max, float(p.max_trials)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The first trial of the step."""
        eta_0, _, _, growth, eta_max, _ = self.hyper()
        return state, first_trial(state["last_rate"], eta_0, growth, eta_max), {"last_rate": state["last_rate"]}

    def again(self, trial: int, eta: Any, state: State, seen: Seen, trial_loss: Any, slope: Any, open_: Any) -> tuple[State, Any]:
        """Accept the rate, or name the next smaller one."""
        _, c, factor, _, _, max_trials = self.hyper()
        following, accepted, exhausted = verdict(trial, eta, trial_loss, seen.f, slope, c, factor, max_trials)
        new = dict(state)
        new["last_rate"] = where(open_ & accepted, eta, state["last_rate"])
        new["status"] = where(open_ & exhausted, EXHAUSTED, state["status"])
        return new, following
