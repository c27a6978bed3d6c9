"""A1: the selection that runs is the one of the statement, and never lets F rise."""

from __future__ import annotations

from itertools import product as pairs
from typing import Any

import numpy as np
import z3

from lra_ref.methods.autogd import AutoGD, apart, autogd_decide, autogd_retry, candidate, next_gamma, preferred
from lra_ref.parts import Seen
from lra_ref.rates.armijo import decreases
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Result, Step

SELECTION = (candidate, decreases, preferred, next_gamma)
#: F(x), |g|^2, gamma, c, C, a of the cases: the three thresholds are -2 for C gamma, -1 for gamma, -1/2 for c gamma
F, N, GAMMA, SHRINK, GROW, ARMIJO = 0.0, 4.0, 1.0, 0.5, 2.0, 0.25
#: every threshold, and three values in each gap between them: every order of three losses among the thresholds is met
LOSSES = (-2.75, -2.5, -2.25, -2.0, -1.75, -1.5, -1.25, -1.0, -0.875, -0.75, -0.625, -0.5, -0.25, 0.25, 0.5)
HYPER = np.array([GAMMA, SHRINK, GROW, ARMIJO])


class Logic(Reals):
    """Real variables; "is finite" as a condition that can be joined with others."""

    @staticmethod
    def isfinite(x: Any) -> Any:
        """Real numbers are."""
        return z3.BoolVal(True)


def selected(real: Logic, losses: dict[int, Any], loss: Any, norm2: Any, gamma: Any, c: Any, C: Any, a: Any) -> tuple[Any, Any]:
    """(best, its loss) after the three trials, from the formulas: ``losses[k]`` is that of trial k (gamma, c gamma, C gamma)."""
    passes, better, rate = real.reading(decreases), real.reading(preferred), real.reading(candidate)
    best, best_loss = z3.RealVal(0), z3.RealVal(0)
    for k in range(3):
        eta = rate(k, gamma, c, C)
        takes = z3.And(passes(losses[k], loss, norm2, eta, a), better(eta, losses[k], best, best_loss))
        best, best_loss = z3.If(takes, eta, best), z3.If(takes, losses[k], best_loss)
    return best, best_loss


def stated(losses: tuple[float, ...], ties: str = "largest") -> tuple[float, float]:
    """(rate played, next gamma) of the note, for losses at gamma, c gamma, C gamma."""
    rates = (GAMMA, SHRINK * GAMMA, GROW * GAMMA)
    passing = [(loss, e) for e, loss in zip(rates, losses, strict=True) if loss <= F - ARMIJO * e * N]
    if not passing:
        return 0.0, SHRINK * GAMMA
    lowest = min(loss for loss, _ in passing)
    best = (max if ties == "largest" else min)(e for loss, e in passing if loss == lowest)
    return best, best


def kernels(losses: tuple[float, ...]) -> tuple[float, float]:
    """(rate played, next gamma) of the kernels."""
    scal, coef, f = np.zeros((1, 5)), np.zeros((1, 1)), np.array([F, 0.0, N])
    eta = autogd_decide(0, 1, 0, f, None, scal, HYPER, coef)
    at = {GAMMA: losses[0], SHRINK * GAMMA: losses[1], GROW * GAMMA: losses[2], 0.0: F}
    for trial in range(5):
        f[1], coef[0, 0] = at[float(eta)], eta
        following = autogd_retry(0, 1, trial, f, None, scal, HYPER, coef)
        if following == eta:
            break
        eta = following
    return float(eta), float(scal[0, 2])


def order_types(ties: str = "largest") -> Outcome:
    """Kernels and reference against the note, for every order of the losses."""
    cases = list(pairs(LOSSES, repeat=3))
    found = [kernels(losses) for losses in cases]
    rate, zero = AutoGD(gamma_0=GAMMA, c=SHRINK, C=GROW, a=ARMIJO), np.zeros((len(cases), 1))
    x = np.zeros((len(cases), 1))
    seen = Seen(t=0, x=x, g=x + 2, f=zero + F, offsets=np.array([0, 1]))
    state, eta, _ = rate.choose(rate.init(x, seen.offsets), seen, seen.g)
    for trial in range(3):
        state, eta = rate.again(trial, eta, state, seen, np.array(cases)[:, trial : trial + 1], zero + N, zero == 0)
    for losses, kernel, played, kept in zip(cases, found, eta[:, 0], state["next_gamma"][:, 0], strict=True):
        if not stated(losses, ties) == kernel == (float(played), float(kept)):
            return Outcome(Result.REFUTED, {"losses at gamma, c gamma, C gamma": str(losses), "kernel": str(kernel)})
    return Outcome(Result.PROVED, None, f"{len(cases)} cases")


def beginning(scale: float = 1.0) -> Outcome:
    """The row of scalars after decide: gamma_0 in step 0, then the gamma kept; a status where the candidates are not apart."""
    least = 5e-324
    cases = [(0, 9.0, 1.0, 0.0), (3, 0.25, 0.25, 0.0), (1, 4.0, 4.0, 0.0), (2, least, least, 7.0), (2, 0.0, 0.0, 7.0)]
    for t, kept, gamma, status in cases:
        scal = np.array([[0.0, 8.0, kept, 8.0, 8.0]])
        eta = autogd_decide(0, 1, t, None, None, scal, HYPER, None)
        if [eta, *scal[0]] != [scale * gamma, status, gamma, gamma, 0.0, 0.0]:
            return Outcome(Result.REFUTED, {"t": str(t), "next_gamma": str(kept), "row": str(scal[0])})
    return Outcome(Result.PROVED, None, f"{len(cases)} cases")


def flat(rate: float = 0.0) -> Outcome:
    """|g| = 0: the rate 0 is named at once, then accepted, and gamma stays."""
    scal, coef, f = np.array([[0.0, 1.0, 1.0, 0.0, 0.0]]), np.ones((1, 1)), np.array([1.0, 1.0, 0.0])
    found = []
    for trial in range(2):
        found.append(float(autogd_retry(0, 1, trial, f, None, scal, HYPER, coef)))
        coef[0, 0] = found[-1]
    fine = found == [rate, rate] and scal[0].tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    return Outcome(Result.PROVED if fine else Result.REFUTED, {"rates": str(found)})


def monotone(share: int = 1) -> Outcome:
    """The loss of the point played is at most F(x) - a e |g|^2 (at e = 0: F(x))."""
    real = Logic()
    g0, c, C, a, loss, n2, l0, l1, l2 = real("gamma c C a F N l0 l1 l2")
    best, best_loss = selected(real, {0: l0, 1: l1, 2: l2}, loss, n2, g0, c, C, a)
    given = [g0 > 0, c > 0, c < 1, C > 1, a > 0, 2 * a <= 1, n2 > 0]
    return real.always(z3.Implies(best > 0, best_loss <= loss - share * a * best * n2), given=given)


RULE = (*SELECTION, autogd_retry)

STEPS = [
    Step(
        id="autogd.A1.1", method="algebra", check=order_types, formulas=(*RULE, autogd_decide, apart),
        says="kernels and reference play and keep the member of E of lowest F, of equal ones the largest; E empty: 0, c gamma is kept",
        assumes=("the outcome depends on the order of the losses among themselves and the three thresholds only: every order is run",),
        control=Control("of equal ones the smallest", lambda: order_types("smallest")),
    ),
    Step(
        id="autogd.A1.2", method="algebra", check=beginning, formulas=(autogd_decide, apart),
        says="a step starts with gamma_0 at t = 0, then with the gamma kept; it stops unless 0 < c gamma < gamma < C gamma",
        control=Control("half of gamma", lambda: beginning(0.5)),
    ),
    Step(
        id="autogd.A1.3", method="algebra", check=flat, formulas=(autogd_retry,),
        says="|g| = 0: the point and gamma stay", control=Control("the rate 1 is played", lambda: flat(1.0)),
    ),
    Step(
        id="autogd.A1.4", method="decision", check=monotone, formulas=SELECTION, uses=("autogd.A1.1",),
        says="E not empty: F(x_{t+1}) <= F(x_t) - a e |g|^2, else x_{t+1} = x_t", assumes=("exact arithmetic",),
        control=Control("twice the decrease", lambda: monotone(2)),
    ),
]  # fmt: skip
