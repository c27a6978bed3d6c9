"""G2a: logarithmic regret, and the written-out bounds that the other learners share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.learners import bounds
from lra_ref.learners.formulas import ftrl, loss_slope, ogd
from proofs_check.algebra import FUNCTIONS, identities, identity, reals, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import TAYLOR
from proofs_check.gala_steps.readings import NINE_TENTHS, on_arrays
from proofs_check.steps import Control, Outcome, Step, both, counted


# --- G2a -------------------------------------------------------------------------------------------------------------------------------
def parted(factor: int = 2) -> Outcome:
    """l'^2 <= 2 a^2 + 2 b^2 eta^2."""
    real = Reals()
    e, a, b = real("e a b")
    slope = real.reading(loss_slope)(e, a, b)
    return real.always(slope * slope <= factor * (a * a + b * b * e * e))


def stays_inside(shift: int = 0) -> Outcome:
    """Both learners play in [0, eta_max]."""
    out = []
    for learner in (ftrl, ogd):
        real = Reals()
        e, anchor, delta, sum_a, sum_b, top = real("e anchor delta sum_a sum_b top")
        f = real.reading(learner)
        new = f(e, anchor, delta, sum_a, sum_b, 0, top) if learner is ftrl else f(e, sum_a, delta + sum_b, 0, top)
        out.append(real.always((new - shift) * (top - new) >= 0, [delta > 0, sum_b >= 0, 0 <= e, e <= top]))
    return counted(out)


def one_summand(share: Any = 1) -> Outcome:
    """l'^2/(2 B_{t+1}) <= G^2/(delta + mu (t+1)) + b_max eta_max^2 b_t/B_{t+1}."""
    real = Reals()
    e, a, b, w, least, big_a, top, most = real("e a b w least big_a top most")
    slope = real.reading(loss_slope)(e, a, b)
    known = [0 <= e, e <= top, 0 <= b, b <= most, -big_a <= a, a <= big_a, big_a >= 0, least > 0, w >= least, w >= b]
    # multiplied by 2 least w > 0
    return real.always(slope * slope * least <= 2 * big_a * big_a * w + share * 2 * most * top * top * b * least, known)


def logarithm(factor: Any = 1) -> Outcome:
    """log(1 + x) - x/(1 + x) vanishes at 0 and has the derivative x/(1 + x)^2 >= 0 for x >= 0."""
    x = reals("x", nonnegative=True)
    f = FUNCTIONS["log1p"](x) - factor * x / (1 + x)
    real = Reals()
    y = real("x")
    slope = sp.lambdify(x, sp.together(f.diff(x)))(y)
    return both(identities([(f.subs(x, 0), 0), (f.diff(x), x / (1 + x) ** 2)]), real.always(slope >= 0, [y >= 0]))


def weights_add_up(keep: Any = 1) -> Outcome:
    """sum_t log(B_{t+1}/B_t) = log1p(sum b/delta), with x = b_t/B_t in the logarithm and x/(1+x) = b_t/B_{t+1}."""
    delta, b, total = reals("delta b B", positive=True)
    log1p = FUNCTIONS["log1p"]
    grown = sp.expand_log(sp.log(sp.together((delta + total + b) / delta))) - sp.expand_log(sp.log(sp.together((delta + total) / delta)))
    x = b / (delta + total)
    step = sp.expand_log(sp.log(sp.together(1 + keep * x)))
    return both(telescopes((log1p(sp.Integer(0) / delta), 0), (step, grown)), identity(x / (1 + x), b / (delta + total + b)))


def harmonic(keep: Any = 1) -> Outcome:
    """1/(delta + mu (n+1)) = (1/mu) x/(1+x) at x = mu/(delta + mu n), and log(1+x) adds up to log(delta + mu T) - log(delta)."""
    delta, mu = reals("delta mu", positive=True)
    n = reals("n", nonnegative=True, integer=True)
    x = mu / (delta + mu * n)

    def so_far(k: Any) -> Any:
        return sp.expand_log(sp.log(sp.together((delta + mu * k) / delta)))

    step = sp.expand_log(sp.log(sp.together(1 + keep * x)))
    return both(
        identity(1 / (delta + mu * (n + 1)), x / (1 + x) / mu), telescopes((so_far(sp.Integer(0)), 0), (step, so_far(n + 1) - so_far(n)))
    )


def exact_sequences() -> list[tuple[Any, Any]]:
    """Losses in exact fractions: maxima and minima at the beginning, in the middle and at the end, signs of both kinds."""
    rows = [([2], [3]), ([1, -4], [5, 2]), ([-3, 1, 2], [2, 5, 3]), ([1, -2, 5], [3, 1, 7]), ([2, 7, -1], [4, 6, 1])]
    return [(np.array([sp.Rational(x, 3) for x in a]), np.array([sp.Rational(x, 5) for x in b])) for a, b in rows]


def library(function: Callable[..., Any], written: Callable[..., Any]) -> Outcome:
    """A bound of the library, read over exact fractions, against its formula in longhand."""
    out = []
    for a, b in exact_sequences():
        delta, eta_0, top, u = sp.Rational(3, 7), sp.Rational(1, 9), sp.Rational(5, 4), sp.Rational(8, 11)
        found = on_arrays(function)(a, b, delta, eta_0, top, u)[-1]
        out.append(identity(found, written(a, b, delta, top) + delta / 2 * (u - eta_0) ** 2))
    return counted(out)


def written_logarithmic(a: Any, b: Any, delta: Any, top: Any) -> Any:
    """(G^2/mu) log(1 + mu T/delta) + b_max eta_max^2 log(1 + sum b/delta)."""
    means = [sum(b[: n + 1]) / (n + 1) for n in range(len(b))]
    mu, big = min(means), max(abs(x) for x in a)
    return big**2 / mu * sp.log(1 + mu * len(a) / delta) + max(b) * top**2 * sp.log(1 + sum(b) / delta)


def written_adagrad(a: Any, b: Any, delta: Any, top: Any) -> Any:
    """2 eta_max sqrt(sum a^2) + b_max eta_max^2 log(1 + sum b/delta)."""
    return 2 * top * sp.sqrt(sum(x**2 for x in a)) + max(b) * top**2 * sp.log(1 + sum(b) / delta)


BOXED = ("0 <= eta_0 <= eta_max < inf", "delta > 0", "b_t >= 0")
G2A = [
    Step(
        id="gala.G2a.1", says="(b eta - a)^2 <= 2 a^2 + 2 b^2 eta^2", method="decision", check=parted, formulas=(loss_slope,),
        control=Control("with the factor 1", lambda: parted(1)),
    ),
    Step(
        id="gala.G2a.2", says="FTRL and OGD play in [0, eta_max]", method="decision", check=stays_inside, formulas=(ftrl, ogd),
        assumes=BOXED,
        control=Control("in [1, eta_max]", lambda: stays_inside(1)),
    ),
    Step(
        id="gala.G2a.3",
        says="l_t'(eta_t)^2/(2 B_{t+1}) <= G^2/(delta + mu (t+1)) + b_max eta_max^2 b_t/B_{t+1}, as B_{t+1} >= delta + mu (t+1)",
        method="decision", check=one_summand, formulas=(loss_slope,), uses=("gala.G2a.1", "gala.G2a.2"),
        assumes=(*BOXED, "|a_t| <= G", "b_t <= b_max", "mu = smallest running mean of b_t > 0"),
        control=Control("nine tenths of the second summand", lambda: one_summand(NINE_TENTHS)),
    ),
    Step(
        id="gala.G2a.4", says="log(1 + x) >= x/(1 + x) for x >= 0: the difference is 0 at 0, its derivative x/(1 + x)^2 is not negative",
        method="algebra", check=logarithm, facts=(TAYLOR,), control=Control("1.1 x/(1 + x)", lambda: logarithm(sp.Rational(11, 10))),
    ),
    Step(
        id="gala.G2a.5", says="sum b_t/B_{t+1} <= sum log(B_{t+1}/B_t) = log(1 + sum b/delta): x = b_t/B_t in G2a.4, induction over t",
        method="algebra", check=weights_add_up, uses=("gala.G2a.4",), assumes=("delta > 0", "b_t >= 0"),
        control=Control("log(1 + b_t/(2 B_t))", lambda: weights_add_up(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G2a.6", says="sum_{t<T} 1/(delta + mu (t+1)) <= (1/mu) log(1 + mu T/delta): x = mu/(delta + mu t) in G2a.4, induction "
        "over t",
        method="algebra", check=harmonic, uses=("gala.G2a.4",), assumes=("delta > 0", "mu > 0"),
        control=Control("log(1 + x/2)", lambda: harmonic(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G2a.7", says="lra_ref.learners.bounds.logarithmic_bound is (delta/2)(u - eta_0)^2 + (G^2/mu) log(1 + mu T/delta) + "
        "b_max eta_max^2 log(1 + sum b/delta) (exact sequences, T = 1, 2, 3): G1 (OGD: G2c) with the sums of G2a.3, G2a.5, G2a.6",
        method="algebra", check=lambda: library(bounds.logarithmic_bound, written_logarithmic), formulas=(bounds.logarithmic_bound,),
        uses=("gala.G1", "gala.G2c", "gala.G2a.3", "gala.G2a.5", "gala.G2a.6"), assumes=BOXED,
        control=Control("against the AdaGrad bound", lambda: library(bounds.logarithmic_bound, written_adagrad)),
    ),
]  # fmt: skip

STEPS = G2A
