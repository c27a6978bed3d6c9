"""AutoGD: three rates are tried in every step, the best of those that pass Armijo's test is played and kept.

With the gradient g of x and the rate gamma (0 < c < 1 < C, 0 < a <= 1/2),

    E = { e in {c gamma, gamma, C gamma} : F(x - e g) <= F(x) - a e |g|^2 }
    E empty:  x stays, gamma <- c gamma
    else:     e = the member of E of lowest F (of equal ones the largest), x <- x - e g, gamma <- e

Source: Surjanovic, Bouchard-Cote, Campbell 2025, arXiv 2510.09923: three candidates, c = 1/2, C = 2, Armijo's test, the step 0 (published);
the order "first the test, then the lowest", a = 1e-4 and the ties are ours (derived), the reading under which A1 to A4 hold.

Trials are made in the order gamma, c gamma, C gamma.  The rate reported is the one played, 0 where E is empty (the last record, which looks
ahead without a search, shows gamma).  Scalars: ``gamma`` before the selection, ``next_gamma`` after it, ``best`` the member of E chosen so
far (0: none), ``best_loss`` its loss (that of x where E is empty).  A step costs three losses, and a fourth at the chosen point where
that is not C gamma, the last one tried.

Edge cases: a trial loss that is not finite is refused.  |g|^2 = 0 (also by underflow): the rate is 0, gamma stays.  Where c gamma, gamma,
C gamma are no longer three different numbers above 0 the trajectory stops with RATE_VANISHED.  Near a minimum, where the decrease drowns
in the rounding of F, the comparisons and so gamma mean nothing (F still never rises).  On a noisy oracle all losses of a step are those of
its own sample.  Norms are global.

Words per element beyond x and g: 0.

The step on a long vector alone (``InPlace``) refuses it: it asks for more than gradients at its points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.formulas import where
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.rates.armijo import decreases
from lra_ref.typing import Array, Info, State

#: the status RATE_VANISHED of lra_ref.status
VANISHED = 7.0
#: columns of a row of scalars, 0 is the status
GAMMA, NEXT_GAMMA, BEST, BEST_LOSS = range(1, 5)
#: places of the hyper-parameters
GAMMA_0, SHRINK, GROW, ARMIJO = range(4)


@dataclass(frozen=True, kw_only=True)
class AutoGDParameters(Parameters):
    """Hyper-parameters of ``autogd``."""

    gamma_0: float = parameter(1.0, Range(0, ends="()"), "rate at the start")
    c: float = parameter(0.5, Range(0, 1, "()"), "smaller candidate over gamma")
    C: float = parameter(2.0, Range(1, ends="()"), "larger candidate over gamma")
    a: float = parameter(1e-4, Range(0, 0.5, "(]"), "share of the predicted decrease that Armijo's test asks for")


def candidate(trial: Any, gamma: Any, c: Any, C: Any) -> Any:
    """Rate of trial number 0, 1, 2: gamma, c gamma, C gamma."""
    return where(trial == 0, gamma, where(trial == 1, c * gamma, C * gamma))


def preferred(eta: Any, loss: Any, best: Any, best_loss: Any) -> Any:
    """Whether a member of E replaces the one chosen so far (``best = 0``: none): a lower loss, or the same at a larger rate."""
    return (best == 0) | (loss < best_loss) | ((loss == best_loss) & (eta > best))


def next_gamma(best: Any, gamma: Any, c: Any) -> Any:
    """The chosen member of E, c gamma if E is empty (``best = 0``)."""
    return where(best > 0, best, c * gamma)


def apart(gamma: Any, c: Any, C: Any) -> Any:
    """Whether the candidates are three different numbers above 0."""
    return (c * gamma > 0) & (c * gamma < gamma) & (gamma < C * gamma)


def least_rate(gamma_0: Any, c: Any, a: Any, L: Any) -> Any:
    """A2s: lower bound of gamma on an L-smooth F, ``min(gamma_0, (c/L) min(2/(1+c), 2(1-a)))``."""
    return np.minimum(gamma_0, c / L * np.minimum(2 / (1 + c), 2 * (1 - a)))


def autogd_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The first trial, gamma (kernel)."""
    row = scal[first]
    row[GAMMA] = hyp[GAMMA_0] if t == 0 else row[NEXT_GAMMA]
    row[NEXT_GAMMA], row[BEST], row[BEST_LOSS] = row[GAMMA], 0, 0
    if not apart(row[GAMMA], hyp[SHRINK], hyp[GROW]):
        row[0] = VANISHED
    return row[GAMMA]


def autogd_retry(first: Any, last: Any, trial: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Look at the rate just tried, name the next one, at the end the chosen one (kernel); f: loss at x, loss at x - eta g, |g|^2."""
    row, eta = scal[first], coef[0, 0]
    if f[2] == 0:
        return 0 * eta
    if decreases(f[1], f[0], f[2], eta, hyp[ARMIJO]) and preferred(eta, f[1], row[BEST], row[BEST_LOSS]):
        row[BEST], row[BEST_LOSS] = eta, f[1]
    if trial < 2:
        return candidate(trial + 1, row[GAMMA], hyp[SHRINK], hyp[GROW])
    row[NEXT_GAMMA] = next_gamma(row[BEST], row[GAMMA], hyp[SHRINK])
    return row[BEST]


@WHOLES.register("autogd")
class AutoGD(Whole):
    """Gradient descent that tries three rates in every step and keeps the best."""

    name = "autogd"
    source = "Surjanovic, Bouchard-Cote, Campbell 2025, arXiv 2510.09923 (published; order of test and choice derived)"
    Parameters = AutoGDParameters
    needs = ("losses",)
    cost = "1 gradient and 3 or 4 losses"
    scalars = ("gamma", "next_gamma", "best", "best_loss")
    decide = staticmethod(autogd_decide)
    retry = staticmethod(autogd_retry)

    def most_trials(self) -> int:
        """The three candidates, and the chosen one once more."""
        return 4

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The first trial, gamma."""
        gamma_0, c, C, _ = self.hyper()
        gamma = 0 * state["gamma"] + gamma_0 if seen.t == 0 else state["next_gamma"]
        new = dict(state, gamma=gamma, next_gamma=gamma, best=0 * gamma, best_loss=0 * gamma)
        new["status"] = where(apart(gamma, c, C), state["status"], VANISHED)
        return new, gamma, {name: new[name] for name in self.scalars}

    def again(self, trial: int, eta: Any, state: State, seen: Seen, trial_loss: Any, slope: Any, open_: Any) -> tuple[State, Any]:
        """Look at the rate just tried, name the next one, at the end the chosen one."""
        _, c, C, a = self.hyper()
        new, tried = dict(state), open_ & (slope != 0)
        better = tried & decreases(trial_loss, seen.f, slope, eta, a) & preferred(eta, trial_loss, state["best"], state["best_loss"])
        new["best"], new["best_loss"] = where(better, eta, state["best"]), where(better, trial_loss, state["best_loss"])
        if trial < 2:
            following = candidate(trial + 1, state["gamma"], c, C)
        else:
            following = new["best"]
            new["next_gamma"] = where(tried, next_gamma(new["best"], state["gamma"], c), state["next_gamma"])
        return new, where(slope == 0, 0 * eta, following)
