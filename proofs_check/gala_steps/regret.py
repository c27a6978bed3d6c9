"""G1, G1zero: the regret of follow-the-regularised-leader."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.learners import bounds
from lra_ref.learners.formulas import ftrl, loss, loss_slope, ratio
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import CONSTRAINED_MINIMUM
from proofs_check.steps import Control, Outcome, Step, both, counted

#: symbols of the learner: past sums A = sum a_s, B = sum b_s, the present loss a, b, a comparator u
A, U, ETA, ETA_0, a = reals("A u eta eta_0 a")
B, DELTA, b = reals("B delta b", positive=True)
INFINITE = float("inf")


def played(sum_a: Any, sum_b: Any, anchor: Any = ETA_0, delta: Any = DELTA) -> Any:
    """The unclipped play after losses with these sums."""
    return symbolic(ftrl)(ETA, anchor, delta, sum_a, sum_b, -INFINITE, INFINITE)


# --- G1 --------------------------------------------------------------------------------------------------------------------------------
def minimises() -> Outcome:
    """(delta (eta - eta_0) + sum l_s'(eta)) = 0 at the play, and loss_slope is the derivative of loss."""
    eta = played(A, B)
    slope = symbolic(loss_slope)
    return identities([(DELTA * (eta - ETA_0) + slope(eta, A, B), 0), (symbolic(loss)(ETA, a, b).diff(ETA), slope(ETA, a, b))])


def increment(before: Any, after: Any, old: Any, new: Any, weight: Any = 1) -> tuple[Any, Any]:
    """Both sides of one step of the telescoping sum, for the plays before and after the loss (a, b) and the weights B_t, B_{t+1}."""
    f = symbolic(loss)
    paid = symbolic(loss_slope)(before, a, b) ** 2 / (2 * new)
    return f(before, a, b) - f(U, a, b), old / 2 * (U - before) ** 2 - new / 2 * (U - after) ** 2 + weight * paid


def regret_step(weight: Any = 1) -> Outcome:
    """The telescoping sum by induction: before the first loss the play is eta_0 and the weight delta."""
    return telescopes((played(0, 0), ETA_0), increment(played(A, B), played(A + a, B + b), DELTA + B, DELTA + B + b, weight))


def written_bound(plays: Any, losses: Any, first: Any, last: Any = 1, centre: Any = None) -> Any:
    """The right-hand side of G1 in longhand; ``first``: the slope of the first summand."""
    total, weight = DELTA + sum(losses[1]), DELTA
    out = (DELTA / 2 * (U - ETA_0) ** 2 if centre is None else centre) - last * total / 2 * (U - plays[-1]) ** 2
    for t in range(len(plays) - 1):
        weight = weight + losses[1][t]
        slope = first if t == 0 else losses[1][t] * plays[t] - losses[0][t]
        out += slope**2 / (2 * weight)
    return out


def sequences(steps: int) -> tuple[Any, Any]:
    """Plays, and losses whose slopes are positive symbols: the branches of the code for a slope of 0 are then decided."""
    plays = np.array([reals(f"e{t}") for t in range(steps + 1)])
    curvatures = np.array([reals(f"b{t}", positive=True) for t in range(steps)])
    slopes = np.array([reals(f"s{t}", positive=True) for t in range(steps)])
    return plays, (curvatures * plays[:-1] - slopes, curvatures)


def library_bound(last: Any = 1) -> Outcome:
    """What ``quadratic_bound`` computes for T = 1, 2, 3 is the right-hand side of G1 written out; both are polynomials in the slopes."""
    out = []
    for steps in (1, 2, 3):
        plays, losses = sequences(steps)
        found = bounds.quadratic_bound(*losses, plays, DELTA, ETA_0, U)[-1]
        out.append(identity(found, written_bound(plays, losses, losses[1][0] * plays[0] - losses[0][0], last)))
    return counted(out)


def clipped_play(factor: int = 1) -> Outcome:
    """The clipped play is the minimiser of the parabola on [low, high]: (e - centre)(y - e) >= 0 for y inside."""
    real = Reals()
    anchor, delta, sum_a, sum_b, low, high, y = real("anchor delta sum_a sum_b low high y")
    e = real.reading(ftrl)(real("eta"), anchor, delta, sum_a, sum_b, low, high)
    slope = delta * (e - anchor) + factor * sum_b * e - sum_a
    return real.always(slope * (y - e) >= 0, given=[delta >= 0, sum_b >= 0, delta + sum_b > 0, low <= y, y <= high])


def clipped_step(factor: int = 1) -> Outcome:
    """Adding l_t to a parabola of curvature W that is smallest at e costs at most the last term: for every y."""
    real = Reals()
    e, y, a_, b_, w = real("e y a b w")
    f, slope = real.reading(loss), real.reading(loss_slope)(e, a_, b_)
    raised = w / 2 * (y - e) ** 2 + f(y, a_, b_) - f(e, a_, b_)
    return real.always(2 * (w + b_) * raised + factor * slope * slope >= 0, given=[w >= 0, b_ >= 0, w + b_ > 0])


def clipped_sum(weight: int = 1) -> Outcome:
    """One step of the induction of the clipped bound; p = Phi_t(eta_{t+1}), v = Phi_{t+1}(y), s = sum of l - l'^2/(2B) before step t."""
    real = Reals()
    e, e1, y, a_, b_, w, p, v, s = real("e e1 y a b w p v s")
    f, slope = real.reading(loss), real.reading(loss_slope)(e, a_, b_)
    known = [w >= 0, b_ >= 0, w + b_ > 0, p - w / 2 * (e1 - e) ** 2 >= s, v >= p + f(e1, a_, b_) + (w + b_) / 2 * (y - e1) ** 2]
    return real.always(weight * (v - (w + b_) / 2 * (y - e1) ** 2 - s - f(e, a_, b_)) * 2 * (w + b_) + (2 - weight) * slope**2 >= 0, known)


def without_regulariser(weight: Any = 1) -> Outcome:
    """delta = 0: the first step, whose weight before is 0, and a later one."""
    first = increment(ETA, played(a, b, 0, 0), sp.Integer(0), b, weight)
    return identities([first, increment(played(A, B, 0, 0), played(A + a, B + b, 0, 0), B, B + b, weight)])


def without_weight(last: Any = INFINITE) -> Outcome:
    """B_{t+1} = 0 in ``slope_terms``: 0 for a slope of 0, infinite (no bound) for any other."""
    zero, one = Fraction(0), Fraction(1)
    found = bounds.slope_terms(np.array([zero, one]), np.array([zero, zero]), np.array([zero, zero, one]), zero)
    return both(*(holds_at(sp.Eq(sp.sympify(value), sp.sympify(wanted))) for value, wanted in zip(found, [0, last], strict=True)))


def linear_in_u(last: int = 1) -> Outcome:
    """Right minus left of G1 has no second derivative in u (T = 1, 2, 3); ``last`` = 0 leaves (B_T/2)(u - eta_T)^2 out."""
    out = []
    for steps in (1, 2, 3):
        plays, losses = sequences(steps)
        right = (
            bounds.quadratic_bound(*losses, plays, DELTA, ETA_0, U)[-1] + (1 - last) * (DELTA + sum(losses[1])) / 2 * (U - plays[-1]) ** 2
        )
        left = sum(
            symbolic(loss)(plays[t], losses[0][t], losses[1][t]) - symbolic(loss)(U, losses[0][t], losses[1][t]) for t in range(steps)
        )
        out.append(identity((right - left).diff(U, 2), 0))
    return counted(out)


G1 = [
    Step(
        id="gala.G1.1", says="the unclipped play is the stationary point of (delta/2)(eta - eta_0)^2 + sum_{s<t} l_s(eta)",
        method="algebra",
        check=minimises, formulas=(ftrl, ratio, loss, loss_slope), assumes=("exact arithmetic", "delta > 0"),
        control=Control("stationary for twice the "
        "losses", lambda: identity(DELTA * (played(A, B) - ETA_0) + 2 * (B * played(A, B) - A), 0)),
    ),
    Step(
        id="gala.G1.2",
        says="l_t(eta_t) - l_t(u) = (B_t/2)(u - eta_t)^2 - (B_{t+1}/2)(u - eta_{t+1})^2 + (b_t eta_t - a_t)^2/(2 B_{t+1}), unclipped; the "
        "play before the first loss is eta_0; sum over t",
        method="algebra", check=regret_step, formulas=(ftrl, loss, loss_slope), uses=("gala.G1.1",),
        assumes=("B_t > 0", "no clip active"),
        control=Control("the last term halved", lambda: regret_step(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G1.3", says="lra_ref.learners.bounds.quadratic_bound is the right-hand side of G1 (T = 1, 2, 3 written out)",
        method="algebra", check=library_bound,
        formulas=(bounds.quadratic_bound, bounds.slope_terms, bounds.weights, bounds._over_weight, loss_slope),
        assumes=("b_t > 0", "delta > 0"),
        control=Control("without (B_T/2)(u - eta_T)^2", lambda: library_bound(0)),
    ),
    Step(
        id="gala.G1.4", says="the clipped play minimises the same parabola on [eta_min, eta_max] (variational inequality)",
        method="decision",
        check=clipped_play, formulas=(ftrl,), assumes=("delta + sum b > 0", "sum b >= 0"),
        control=Control("with twice the curvature", lambda: clipped_play(2)),
    ),
    Step(
        id="gala.G1.5", says="(B_t/2)(y - eta_t)^2 + l_t(y) >= l_t(eta_t) - (b_t eta_t - a_t)^2/(2 B_{t+1}) for every real y",
        method="decision",
        check=clipped_step, formulas=(loss, loss_slope), uses=("gala.G1.4",), facts=(CONSTRAINED_MINIMUM,),
        assumes=("b_t >= 0", "B_{t+1} > 0"),
        control=Control("without the last term", lambda: clipped_step(0)),
    ),
    Step(
        id="gala.G1.6",
        says="induction: Phi_t(y) - (B_t/2)(y - eta_t)^2 >= sum_{s<t} [l_s(eta_s) - l_s'(eta_s)^2/(2 B_{s+1})] for all y in K is passed on "
        "to t + 1; "
        "at t = 0 both sides are 0, whatever the real number eta_0",
        method="decision", check=clipped_sum, formulas=(loss, loss_slope), uses=("gala.G1.4", "gala.G1.5"), facts=(CONSTRAINED_MINIMUM,),
        assumes=("b_t >= 0", "B_1 > 0", "eta_{t+1} minimises Phi_{t+1} on K"),
        control=Control("without the last term", lambda: clipped_sum(2)),
    ),
    Step(
        id="gala.G1.7", says="delta = 0: the first step and every later one of the unclipped identity, B_0 = 0 and B_1 = b_0 > 0",
        method="algebra", check=without_regulariser, formulas=(ftrl, loss, loss_slope), uses=("gala.G1.2",),
        assumes=("b_0 > 0", "no clip active"),
        control=Control("the last term halved", lambda: without_regulariser(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G1.8", says="where B_{t+1} = 0, slope_terms is 0 for l_t'(eta_t) = 0, else infinite: the bound then says nothing",
        method="algebra",
        check=without_weight, formulas=(bounds.slope_terms, bounds._over_weight),
        control=Control("0 in both cases", lambda: without_weight(0)),
    ),
    Step(
        id="gala.G1.9", says="right minus left is linear in u, so a check at both ends of K is a check on all of K (T = 1, 2, 3)",
        method="algebra",
        check=linear_in_u, formulas=(bounds.quadratic_bound, loss), uses=("gala.G1.3",),
        control=Control("without (B_T/2)(u - eta_T)^2", lambda: linear_in_u(0)),
    ),
]  # fmt: skip


# --- G1zero ----------------------------------------------------------------------------------------------------------------------------
def zero_first(weight: Any = 1) -> Outcome:
    """l_0(eta_0) - l_0(u) for a first play eta_0 and a regulariser centred at 0."""
    f = symbolic(loss)
    total, after = DELTA + b, played(a, b, 0)
    paid = weight * symbolic(loss_slope)(ETA_0, a, total) ** 2 / (2 * total)
    return identity(f(ETA_0, a, b) - f(U, a, b), DELTA / 2 * (U**2 - ETA_0**2) - total / 2 * (U - after) ** 2 + paid)


def zero_step(weight: Any = 1) -> Outcome:
    """The later steps: plays centred at 0."""
    return identity(*increment(played(A, B, 0), played(A + a, B + b, 0), DELTA + B, DELTA + B + b, weight))


def zero_library(last: Any = 1) -> Outcome:
    """What ``quadratic_bound_zero`` computes for T = 1, 2, 3."""
    out = []
    for steps in (1, 2, 3):
        # positive plays and negative a_t, an open set: every slope in the code is then visibly positive, and polynomials agree everywhere
        plays, curvatures, sizes = (np.array([reals(f"{name}{t}", positive=True) for t in range(steps + 1)]) for name in ("e", "b", "p"))
        losses = -sizes[:-1], curvatures[:-1]
        first = (losses[1][0] + DELTA) * plays[0] - losses[0][0]
        centre = DELTA / 2 * (U**2 - ETA_0**2)
        found = bounds.quadratic_bound_zero(*losses, plays, DELTA, ETA_0, U)[-1]
        out.append(identity(found, written_bound(plays, losses, first, last, centre)))
    return counted(out)


def zero_clipped(factor: int = 1) -> Outcome:
    """Phi_1(y) = delta y^2/2 + l_0(y) is nowhere more than its own last term below Phi_1(eta_0), also on K."""
    real = Reals()
    e, y, a_, b_, delta = real("e y a b delta")
    f, total = real.reading(loss), delta + b_
    slope = real.reading(loss_slope)(e, a_, total)
    raised = delta / 2 * (y * y - e * e) + f(y, a_, b_) - f(e, a_, b_)
    return real.always(2 * total * raised + factor * slope * slope >= 0, given=[delta >= 0, b_ >= 0, total > 0])


G1ZERO = [
    Step(
        id="gala.G1zero.1",
        says="first step: l_0(eta_0) - l_0(u) = (delta/2)(u^2 - eta_0^2) - (B_1/2)(u - eta_1)^2 + ((b_0 + delta) eta_0 - a_0)^2/(2 B_1)",
        method="algebra", check=zero_first, formulas=(ftrl, loss, loss_slope), assumes=("B_1 > 0", "no clip active"),
        control=Control("the last term halved", lambda: zero_first(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G1zero.2", says="the later steps are those of G1: the plays stay minimisers of a parabola of curvature B_t",
        method="algebra", check=zero_step, formulas=(ftrl, loss, loss_slope), uses=("gala.G1zero.1", "gala.G1.2"),
        assumes=("B_t > 0", "no clip active"), control=Control("the last term halved", lambda: zero_step(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G1zero.3", says="clipped: delta y^2/2 + l_0(y) >= delta eta_0^2/2 + l_0(eta_0) - ((b_0 + delta) eta_0 - a_0)^2/(2 B_1) "
        "for every "
        "real y; from then on G1.6",
        method="decision", check=zero_clipped, formulas=(loss, loss_slope), uses=("gala.G1.6",), facts=(CONSTRAINED_MINIMUM,),
        assumes=("b_0 >= 0", "B_1 > 0"), control=Control("without the last term", lambda: zero_clipped(0)),
    ),
    Step(
        id="gala.G1zero.4", says="lra_ref.learners.bounds.quadratic_bound_zero is this right-hand side (T = 1, 2, 3 written out)",
        method="algebra", check=zero_library,
        formulas=(bounds.quadratic_bound_zero, bounds.slope_terms, bounds.weights, bounds._over_weight),
        assumes=("b_t > 0", "delta > 0"), control=Control("without (B_T/2)(u - eta_T)^2", lambda: zero_library(0)),
    ),
]  # fmt: skip

STEPS = [*G1, *G1ZERO]
