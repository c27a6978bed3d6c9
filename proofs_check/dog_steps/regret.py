"""DG1 against arbitrary vectors, also for DoWG and per block; DG2 on convex functions; DG3, the best prefix."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import ctx
from z3 import And

from experiments.dog_claims.runs import RAMP, against_the_bound
from lra_ref.formulas import descend, read
from lra_ref.rates.dog import dog_decide, dog_row, farthest, ldog_decide, over_root, seen_after
from lra_ref.rates.dog_bounds import doubled_reach, ratio_of_sums
from proofs_check.algebra import identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.dog_steps.kernels import alone
from proofs_check.exponentiated_steps.enclosed import Balls
from proofs_check.facts import CONVEX_GRADIENT, JENSEN, TRIANGLE
from proofs_check.intervals import DECIDED, PRECISION, ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, both

x, u, g = reals("x u g")
REACH, TOTAL, W, FAR = reals("R G w d", positive=True)


# --- DG1 -----------------------------------------------------------------------------------------------------------------------------
def one_step(power: int, half: Any = 1) -> Outcome:
    """One coordinate of rbar^power <g, x-u> after the step at the rate rbar^power/sqrt(G); power 2: dowg."""
    p = REACH**power
    after = symbolic(descend)(x, symbolic(over_root)(p, TOTAL, 0), g)
    root = sp.sqrt(TOTAL)
    return identity(p * g * (x - u), root * ((x - u) ** 2 - (after - u) ** 2) / 2 + half * p**2 * g**2 / (2 * root))


def square_sum(weighted: bool, factor: Any = 1) -> Outcome:
    """sum rbar_k^2p |g_k|^2/(2 sqrt(G_k)) <= factor rbar_t^2 sqrt(G_t): the first term, and one more of them.

    With S the sum so far, a = |g_k|^2, r <= R the distances before and now; ``weighted``: dowg, whose sum grows by r^2 a.
    """
    outcomes = []
    for later in (False, True):
        real = Reals()
        sum_, a, old, new, before = real("S a r R v")
        weight = new * new if weighted else 1
        grown = real.reading(seen_after)(before, a, weight)
        root, first = real.sqrt(grown), real.sqrt(before)
        known = [a >= 0, 0 < old, old <= new, before >= 0, grown > 0, *([] if later else [sum_ == 0, before >= 0])]
        if later:
            known.append(sum_ <= factor * old * old * first)
        term = new * new * weight * a  # rbar^(2p) |g|^2 with rbar^2 weight = rbar^(2p)
        outcomes.append(real.always(2 * root * sum_ + term <= 2 * root * factor * new * new * root, known))
    return both(*outcomes)


def grows(least: Any = 0) -> Outcome:
    """rbar never falls and is at least |x_t - x_0|; the sum of squares never falls."""
    real = Reals()
    old, new, before, norm2, weight = real("old new before norm2 weight")
    r, total = real.reading(farthest)(old, new), real.reading(seen_after)(before, norm2, weight)
    known = [norm2 >= 0, weight > 0]
    return both(real.always(And(r >= old + least, r >= new), known), real.always(total >= before, known))


def abel(first: Any = 1) -> Outcome:
    """sum_{k<t} w_k (D_k - D_{k+1}) <= w_{t-1} (max_{k<t} D_k - D_t), w >= 0 not falling: one term, and one more of them."""
    real = Reals()
    sum_, w, later, most, here, after = real("S w v M D E")
    larger = real.maximum(most, here)
    known = [w >= 0, later >= first * w, sum_ <= w * (most - here)]
    base = real.always(w * (most - here) <= w * (most - here), [w >= 0])
    return both(base, real.always(sum_ + later * (here - after) <= later * (larger - after), known))


def distances(factor: int = 4) -> Outcome:
    """d_s^2 - d_t^2 <= 4 rbar dbar from d_s <= d_t + 2 rbar and d_s, d_t <= dbar."""
    real = Reals()
    there, here, r, most = real("ds dt r m")
    known = [there >= 0, here >= 0, r >= 0, there <= most, here <= most, there <= here + 2 * r]
    return real.always(there * there - here * here <= factor * r * most, known)


def triangle(times: int = 2) -> Outcome:
    """d_s <= d_t + |x_s - x_0| + |x_t - x_0| and both are at most rbar."""
    real = Reals()
    there, here, one, other, r = real("ds dt a b r")
    return real.always(there <= here + times * r, [there <= here + one + other, one <= r, other <= r, one >= 0, other >= 0])


def assembled(power: int, extra: int = 0) -> Outcome:
    """(1/2) sqrt(G) 4 rbar dbar + rbar^2 sqrt(G) is the right-hand side, for both methods."""
    root = sp.sqrt(TOTAL)
    rhs = symbolic(doubled_reach)(REACH, FAR) * root
    return identity(root * 4 * REACH * FAR / 2 + (1 + extra) * REACH**2 * root, rhs)


def nearly_attained(share: str = "0.94", last: int = 65) -> Outcome:
    """In one dimension, x_0 = 0, r_eps = 1/8, the sum starting at 0, on the vectors of the case ``worst``: lhs >= share * rhs."""
    far, start, steps = read(farthest, DECIDED), ball(0), RAMP + last
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        place, r_bar, total, u, lhs, most = start, ball("1/8"), ball(0), ball(-1000), ball(0), ball(1000)
        for t in range(steps):
            gradient = ball(against_the_bound(t))
            r_bar = far(r_bar, abs(place))
            total = enclosing(seen_after)(total, gradient * gradient, 1)
            lhs += r_bar * gradient * (place - u)
            place = enclosing(descend)(place, read(over_root, Balls())(r_bar, total, 0), gradient)
            most = read(farthest, DECIDED)(most, abs(place - u))
        rhs = enclosing(doubled_reach)(far(r_bar, abs(place)), most) * total.sqrt()
        ratio = lhs / rhs
    finally:
        ctx.prec = before
    return encloses(lambda: ratio, share, 1)


ANY = ("vectors g_k and a point u of any kind", "G_k > 0", "exact arithmetic", "along a direction: d_k in place of g_k")
DG1 = [
    Step(
        id="dog.DG1.1", says="rbar_k <g_k, x_k-u> = sqrt(G_k)/2 (|x_k-u|^2 - |x_{k+1}-u|^2) + rbar_k^2 |g_k|^2/(2 sqrt(G_k)), "
        "coordinate by "
        "coordinate", method="algebra", check=lambda: one_step(1), formulas=(descend, over_root), uses=("dog.step.1", "dog.step.4"),
        assumes=ANY,
        control=Control("the last term doubled", lambda: one_step(1, 2)),
    ),
    Step(
        id="dog.DG1.2", says="rbar never falls, rbar_t >= |x_t - x_0|; G never falls", method="decision", check=grows,
        formulas=(farthest, seen_after), uses=("dog.step.1",), control=Control("rbar grows in every step", lambda: grows(1)),
    ),
    Step(
        id="dog.DG1.3", says="sum_{k<t} rbar_k^2 |g_k|^2/(2 sqrt(G_k)) <= rbar_{t-1}^2 sqrt(G_{t-1}), by induction from 0",
        method="decision",
        check=lambda: square_sum(False), formulas=(seen_after,), uses=("dog.DG1.2",), assumes=ANY[:3],
        control=Control("a third of it", lambda: square_sum(False, sp.Rational(1, 3))),
    ),
    Step(
        id="dog.DG1.4", says="Abel: w_k >= 0 not falling: sum_{k<t} w_k (D_k - D_{k+1}) <= w_{t-1} (max_{k<t} D_k - D_t), by induction; "
        "here "
        "w = sqrt(G), D = |x-u|^2", method="decision", check=abel, uses=("dog.DG1.2",),
        control=Control("weights that may fall by half", lambda: abel(sp.Rational(1, 2))),
    ),
    Step(
        id="dog.DG1.5", says="|x_s-u| <= |x_t-u| + 2 rbar_t for s <= t", method="decision", check=triangle, facts=(TRIANGLE,),
        uses=("dog.DG1.2",), control=Control("rbar once", lambda: triangle(1)),
    ),
    Step(
        id="dog.DG1.6", says="|x_s-u|^2 - |x_t-u|^2 <= 4 rbar_t dbar_t", method="decision", check=distances, uses=("dog.DG1.5",),
        control=Control("3 rbar dbar", lambda: distances(3)),
    ),
    Step(
        id="dog.DG1.7", says="sum_{k<t} rbar_k <g_k, x_k-u> <= (1/2) sqrt(G) 4 rbar dbar + rbar^2 sqrt(G) = rbar (2 dbar + rbar) sqrt(G)",
        method="algebra", check=lambda: assembled(1), formulas=(doubled_reach,), uses=("dog.DG1.1", "dog.DG1.3", "dog.DG1.4", "dog.DG1.6"),
        assumes=ANY, control=Control("rbar^2 twice", lambda: assembled(1, 1)),
    ),
    Step(
        id="dog.DG1.8", says="the bound cannot be lowered to 94% of itself: a list of 765 numbers on which lhs/rhs is above 0.94",
        method="intervals", check=nearly_attained, formulas=(farthest, seen_after, over_root, descend, doubled_reach), uses=("dog.step.1",),
        assumes=("one dimension, x_0 = 0, r_eps = 1/8, square_eps = 0, u = -1000",),
        control=Control("above 0.95", lambda: nearly_attained("0.95")),
    ),
]  # fmt: skip
DG1L = [
    Step(
        id="dog.DG1l.1", says="every block of ldog is a run of dog by itself (its own distance, sum and rate), so DG1 holds block by block",
        method="algebra", check=alone, formulas=(dog_decide, ldog_decide, dog_row), uses=("dog.step.2", "dog.step.4", "dog.DG1"),
        assumes=ANY,
        control=Control("twice the rate", lambda: alone(2)),
    ),
]  # fmt: skip
DG1W = [
    Step(
        id="dog.DG1w.1", says="rbar_k^2 <g_k, x_k-u> = sqrt(v_k)/2 (|x_k-u|^2 - |x_{k+1}-u|^2) + rbar_k^4 |g_k|^2/(2 sqrt(v_k))",
        method="algebra", check=lambda: one_step(2), formulas=(descend, over_root), uses=("dog.step.3", "dog.step.4"), assumes=ANY,
        control=Control("the last term doubled", lambda: one_step(2, 2)),
    ),
    Step(
        id="dog.DG1w.2", says="sum_{k<t} rbar_k^4 |g_k|^2/(2 sqrt(v_k)) <= rbar_{t-1}^2 sqrt(v_{t-1}), by induction from 0",
        method="decision",
        check=lambda: square_sum(True), formulas=(seen_after,), uses=("dog.DG1.2",), assumes=ANY[:3],
        control=Control("a third of it", lambda: square_sum(True, sp.Rational(1, 3))),
    ),
    Step(
        id="dog.DG1w.3", says="with w = sqrt(v) the rest is as in DG1: sum rbar_k^2 <g_k, x_k-u> <= rbar (2 dbar + rbar) sqrt(v)",
        method="algebra", check=lambda: assembled(2), formulas=(doubled_reach,),
        uses=("dog.DG1w.1", "dog.DG1w.2", "dog.DG1.4", "dog.DG1.6"), assumes=ANY, control=Control("rbar^2 twice", lambda: assembled(2, 1)),
    ),
]  # fmt: skip


# --- DG2 -----------------------------------------------------------------------------------------------------------------------------
def mean_value(share: int = 1) -> Outcome:
    """W F(mean) <= sum w F(x_k) stays true with one point more, by convexity along the segment from the old mean to the point."""
    real = Reals()
    weight, more, value, point, mean, sum_ = real("W w f p m S")
    known = [weight > 0, more > 0, weight * value <= sum_, (weight + more) * mean <= weight * value + share * more * point]
    return real.always((weight + more) * mean <= sum_ + more * point, known)


def gap(factor: int = 1) -> Outcome:
    """F(mean) - F* <= bound / W from W (F(mean) - F*) <= sum w (F - F*) <= regret <= bound."""
    real = Reals()
    weight, gaps, regret, bound, last, limit = real("W S r b gap q")
    known = [weight > 0, weight * last <= gaps, gaps <= regret, regret <= factor * bound, limit * weight == bound, bound >= 0]
    return real.always(last <= limit, known)


CONVEX = ("F convex", "g_k a subgradient at x_k", "u = x*")
DG2 = [
    Step(
        id="dog.DG2.1", says="W_t F(xhat_t) <= sum_{k<t} rbar_k F(x_k), xhat the weighted mean, by induction", method="decision",
        check=mean_value, facts=(JENSEN,), assumes=CONVEX[:1], control=Control("twice the new value", lambda: mean_value(2)),
    ),
    Step(
        id="dog.DG2.2", says="F(x_k) - F* <= <g_k, x_k-x*>, so W_t (F(xhat_t) - F*) is at most the left side of DG1: divide by W_t",
        method="decision", check=gap, facts=(CONVEX_GRADIENT,), uses=("dog.DG1", "dog.DG2.1"), assumes=CONVEX,
        control=Control("twice the bound of the regret", lambda: gap(2)),
    ),
]  # fmt: skip


# --- DG3 -----------------------------------------------------------------------------------------------------------------------------
def pigeonhole(times: int = 1) -> Outcome:
    """If each of K factors exceeds e, their product exceeds e^K: no factor, and one more of them."""
    real = Reals()
    product, power, factor, e = real("P E q e")
    return real.always(product * factor > times * power * e, [product >= power, power > 0, factor > e, e > 1])


def within(times: int = 1) -> Outcome:
    """A sequence that does not fall from s on: the sum of n of its values is at least n s; one value, and one more of them."""
    real = Reals()
    sum_, n, s, value = real("S n s v")
    base = real.always(value >= times * s, [value >= s, s > 0])
    return both(base, real.always(sum_ + value >= (n + times) * s, [sum_ >= n * s, value >= s, s > 0, n >= 1]))


def count(extra: int = 0) -> Outcome:
    """n K > T - K and 1 <= K <= 1 + L, L >= 0, give n >= T/(1+L) - 1."""
    real = Reals()
    n, stretches, steps, log = real("n K T L")
    known = [log >= 0, stretches >= 1, stretches <= 1 + log, n >= 0, steps >= 1, n * stretches >= steps - stretches]
    return real.always((n + 1 - extra) * (1 + log) >= steps, known)


def stated(power: int = 1) -> Outcome:
    """The bound as the library has it."""
    steps, ratio = reals("T rho", positive=True)
    return identity(symbolic(ratio_of_sums)(steps, ratio), (steps / (1 + sp.log(ratio)) - 1) / sp.E**power)


def through(factor: int = 1) -> Outcome:
    """sum_{i<t} s_i/s_t >= n s/s_t >= n/e, where s_t <= e s."""
    real = Reals()
    sum_, n, s, last, e = real("S n s t e")
    return real.always(e * sum_ >= n * last, [n >= 0, s > 0, e > 1, sum_ >= n * s, last <= factor * e * s])


SEQUENCE = ("rbar_0 = r_eps <= rbar_1 <= ... <= rbar_T, as DG1.2 says", "K = max(1, ceil(ln(rbar_T/r_eps))), n = floor(T/K)")
DG3 = [
    Step(
        id="dog.DG3.1", says="K stretches of n steps: if in each rbar grew by more than e, rbar_T/r_eps would exceed e^K >= "
        "rbar_T/r_eps; so one "
        "grows by at most e", method="decision", check=pigeonhole, uses=("dog.DG1.2",), assumes=SEQUENCE,
        control=Control("twice e^K", lambda: pigeonhole(2)),
    ),
    Step(
        id="dog.DG3.2", says="the n values in that stretch are at least its first one, s: their sum is at least n s", method="decision",
        check=within, assumes=SEQUENCE[:1], control=Control("2 s per value", lambda: within(2)),
    ),
    Step(
        id="dog.DG3.3", says="at its end t: sum_{i<t} rbar_i/rbar_t >= n s/(e s) = n/e", method="decision", check=through,
        uses=("dog.DG3.1", "dog.DG3.2"), control=Control("a stretch that grows by 2e", lambda: through(2)),
    ),
    Step(
        id="dog.DG3.4", says="n >= T/K - 1 >= T/(1 + ln(rbar_T/r_eps)) - 1, as K <= 1 + ln(rbar_T/r_eps)", method="decision", check=count,
        assumes=SEQUENCE, control=Control("without the 1 that is taken off", lambda: count(1)),
    ),
    Step(
        id="dog.DG3.5", says="n/e is at least (T/(1 + ln(rbar_T/r_eps)) - 1)/e, the bound as checked on runs", method="algebra",
        check=stated,
        formulas=(ratio_of_sums,), uses=("dog.DG3.3", "dog.DG3.4"), control=Control("e^2", lambda: stated(2)),
    ),
]  # fmt: skip

STEPS = [*DG1, *DG1L, *DG1W, *DG2, *DG3]
THEOREMS = {
    "dog.DG1": "sum_{k<t} rbar_k <g_k, x_k-u> <= rbar_t (2 dbar_t + rbar_t) sqrt(G_{t-1}) for any vectors g_k and any u",
    "dog.DG1l": "DG1 for every block of ldog",
    "dog.DG1w": "dowg: sum_{k<t} rbar_k^2 <g_k, x_k-u> <= rbar_t (2 dbar_t + rbar_t) sqrt(v_{t-1}) for any vectors g_k and any u",
    "dog.DG2": "F convex: F(xhat_t) - F* <= rbar_t (2 dbar_t + rbar_t) sqrt(G_{t-1})/sum_{k<t} rbar_k",
    "dog.DG3": "max_{t<=T} sum_{i<t} rbar_i/rbar_t >= (T/(1 + ln(rbar_T/r_eps)) - 1)/e",
}
