"""O4 and O5: exponentiated gradient on coins, and descent on the logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from lra_ref.formulas import read
from lra_ref.learners import bounds
from lra_ref.learners.formulas import exponentiated, learn, loss_slope, relative_entropy
from proofs_check.algebra import ARRAYS, identities, identity, reals, symbolic
from proofs_check.intervals import encloses
from proofs_check.learners_steps.descent import GAMMA, after
from proofs_check.steps import Control, Outcome, Result, Step, counted

s, u = reals("s u", positive=True)
c = reals("c")
#: losses for which |gamma c| <= 1 holds, and one for which it does not
QUARTER, COINS = sp.Rational(1, 4), [sp.Rational(-7, 3), sp.Rational(4), sp.Rational(1, 5)]
LARGEST = 2**1024 - 2**970


def same_recursion(power: int = 1) -> Outcome:
    """The learner ``eg`` plays s exp(-gamma c), unclipped: the recursion of E1."""
    found, *_ = after("eg", play=s, coin=c, ends=(0, sp.oo))
    return identities([(found, s * sp.exp(-power * GAMMA * c))])


def library_bound(weight: Any = 1) -> Outcome:
    """``exponentiated_bound`` against D(u, s_1)/gamma + gamma sum s c^2, c the slopes of quadratic losses, and nan once |gamma c| > 1."""
    out = []
    bound = read(bounds.exponentiated_bound, ARRAYS)
    for steps in (1, 2, 3):
        plays = np.array([reals(f"s{t}", positive=True) for t in range(steps + 1)])
        coins = np.array(COINS[:steps])
        curvatures = np.array([reals(f"b{t}") for t in range(steps)])
        found = bound(curvatures * plays[:-1] - coins, curvatures, plays, QUARTER, u)[-1]
        entropy = u * sp.log(u / plays[0]) - u + plays[0]
        out.append(identity(found, entropy / QUARTER + weight * QUARTER * sum(plays[:-1] * coins**2)))
    late = bound(-np.array([*COINS, sp.Integer(6), sp.Integer(0)]), np.zeros(5, dtype=int), np.array([s] * 6), QUARTER, u)
    undefined = [value is sp.nan for value in late]
    out.append(Outcome(Result.PROVED if undefined == [False, False, False, True, True] else Result.REFUTED, {"nan": str(undefined)}))
    return counted(out)


def at_zero() -> Outcome:
    """D(0, s) = s >= 0: the comparator u = 0."""
    return identity(symbolic(relative_entropy)(sp.Integer(0), s), s)


def log_descent(power: int = 1) -> Outcome:
    """theta = ln s, gradient of the loss c e^theta: one step of ``ogd_constant``, against ``eg`` fed with s^power c."""
    theta = reals("theta")
    gradient = (c * sp.exp(theta)).diff(theta).subs(theta, sp.log(s))
    moved, *_ = after("ogd_constant", play=sp.log(s), coin=gradient)
    return identity(sp.exp(moved), symbolic(exponentiated)(s, s**power * c, GAMMA, 0, sp.oo))


def normalised(sign: int = -1) -> Outcome:
    """On coins -1, y = gamma s becomes y e^y, whose derivative (1 + y) e^y is positive."""
    moved, *_ = after("ogd_constant", play=sp.log(s), coin=sign * s)
    slope = (s * sp.exp(s)).diff(s)
    return identities([(GAMMA * sp.exp(moved), GAMMA * s * sp.exp(GAMMA * s)), (slope, (1 + s) * sp.exp(s))])


def escapes(start: Any = 1) -> Outcome:
    """From y = 1 the fourth play y/gamma exceeds the largest double for every gamma that is one."""

    def fourth() -> Any:
        y = arb(start)
        for _ in range(4):
            y = y * y.exp()
        return 1 / y

    return encloses(fourth, 0, f"1/{LARGEST**2}")


THEOREMS = {
    "learners.O4": "EG on coins: E1, and E2, E3 where |gamma c_t| <= 1: sum c_t (s_t - u) <= D(u,s_1)/gamma + gamma sum s_t c_t^2",
    "learners.O5": "gradient descent on ln s is EG with s_t c_t in place of c_t; on coins -1 its play exceeds every double 4 rounds "
    "after gamma s reaches 1",
}

STEPS = [
    Step(
        id="learners.O4.1", says="the learner eg plays s exp(-gamma c), unclipped: the recursion of E1 with the coin in place of -cos",
        method="algebra", check=same_recursion, formulas=(learn, exponentiated, loss_slope),
        uses=("exponentiated.E1", "exponentiated.E2", "exponentiated.E3"), control=Control("twice the step", lambda: same_recursion(2)),
    ),
    Step(
        id="learners.O4.2",
        says="exponentiated_bound is D(u, s_1)/gamma + gamma sum s c^2 for every play and u > 0 (T = 1, 2, 3; gamma = 1/4, c = -7/3, 4, "
        "1/5), nan once |gamma c| > 1",
        method="algebra", check=library_bound, formulas=(bounds.exponentiated_bound, relative_entropy, loss_slope), assumes=("u > 0",),
        control=Control("the sum halved", lambda: library_bound(sp.Rational(1, 2))),
    ),
    Step(
        id="learners.O4.3", says="D(0, s) = s, as the library computes it", method="algebra", check=at_zero, formulas=(relative_entropy,),
        control=Control("D(0, s) = 0", lambda: identity(symbolic(relative_entropy)(sp.Integer(0), s), 0)),
    ),
    Step(
        id="learners.O5.1", says="exp(theta - gamma d(c e^theta)/d theta) = s exp(-gamma s c), theta = ln s", method="algebra",
        check=log_descent, formulas=(learn, exponentiated), assumes=("no clip active",),
        control=Control("EG with c itself", lambda: log_descent(0)),
    ),
    Step(
        id="learners.O5.2", says="on coins -1, y = gamma s is mapped to y e^y, which increases in y", method="algebra", check=normalised,
        formulas=(learn,), uses=("learners.O5.1",), control=Control("on coins +1", lambda: normalised(1)),
    ),
    Step(
        id="learners.O5.3", says="y -> y e^y takes 1 beyond the square of the largest double in 4 rounds, so s = y/gamma overflows",
        method="intervals", check=escapes, uses=("learners.O5.2",), assumes=("gamma is a double",),
        control=Control("from 1/8", lambda: escapes(arb(1) / 8)),
    ),
]  # fmt: skip
