"""M1: scale and direction apart; M2: the first two steps; M3: the scale is never negative."""

from __future__ import annotations

from typing import Any

import sympy as sp

from lra_ref.rates.mechanic import bet, feedback, largest_after, placed, recomputed, reward_after, squares_after
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, opposite

g, start, delta, other, so, h, decay, inner, along = reals("g x1 Delta Delta_o s_o h lam inner along")
S, BETA, EPS, INIT, M, V, R = reals("s beta eps s_init m v r", positive=True)


# --- M1 ------------------------------------------------------------------------------------------------------------------------------
def one_term(weight: int = 1) -> Outcome:
    """One coordinate of one step: g (x_t - x_o) = g Delta (s - so) + so g (Delta - Delta_o), x_t by the formula of the move."""
    point = symbolic(placed)(start, S, delta)
    lhs, rhs = g * (point - (start + so * other)), g * delta * (S - so) + weight * so * g * (delta - other)
    return telescopes((sp.S(0), sp.S(0)), (lhs, rhs))


def recomputed_fails() -> Outcome:
    """x = 1, x_ref = 0, S = eps = 1: the recomputed Delta is 1/2 and x_ref + S Delta = 1/2, not x."""
    old = symbolic(recomputed)(sp.S(1), sp.S(0), sp.S(1) + 1)
    return opposite(holds_at(sp.Eq(symbolic(placed)(sp.S(0), sp.S(1), old), 1)))


def recomputed_without_eps() -> Outcome:
    """The same with eps = 0, where it holds: the control."""
    old = symbolic(recomputed)(sp.S(1), sp.S(0), sp.S(1))
    return opposite(holds_at(sp.Eq(symbolic(placed)(sp.S(0), sp.S(1), old), 1)))


def own_feedback(share: int = 0) -> Outcome:
    """Without decay the feedback is <g, Delta>, whatever the norms."""
    long, far = reals("g2 y2", positive=True)
    return identity(symbolic(feedback)(inner, along, long, far, S, share * decay, EPS), inner)


# --- M2, M3 --------------------------------------------------------------------------------------------------------------------------
def bets(h_: Any, s: Any, m: Any, v: Any, r: Any) -> Any:
    """(s, m, v, r) of the reference form after the feedback h."""
    r = symbolic(reward_after)(r, s, h_, BETA, sp.oo, 0)
    m, v = symbolic(largest_after)(m, h_, BETA, 0), symbolic(squares_after)(v, h_, BETA)
    return symbolic(bet)(m, r, v, INIT, 6, EPS), m, v, r


def first_steps(share: int = 6) -> Outcome:
    """Delta = 0 at step 1: h = 0 and s = 0, so x_2 = x_1; at step 2 every s_i is s_init |h|/(6 (|h| + eps)) and six of them make S."""
    zero = sp.S(0)
    nothing = symbolic(feedback)(zero, zero, V, R, zero, decay, EPS)
    first = bets(nothing, zero, zero, zero, zero)
    second = bets(h, *first)
    return identities(
        [
            (nothing, 0), *((value, 0) for value in first), (symbolic(placed)(start, first[0], delta), start),
            (share * second[0], INIT * sp.Abs(h) / (sp.Abs(h) + EPS)),
        ]
    )  # fmt: skip


def not_negative(shift: int = 0) -> Outcome:
    """m >= 0 and v >= 0 stay so, and s >= 0 whatever r is."""
    real = Reals()
    m, v, r, feed, beta, eps, init, floor = real("m v r h beta eps s_init floor")
    known = [m >= 0, v >= 0, 0 < beta, beta < 1, eps > 0, init > 0, floor >= 0]
    larger, squares = real.reading(largest_after)(m, feed, beta, floor), real.reading(squares_after)(v, feed, beta)
    return both(
        real.always(larger >= 0, known), real.always(squares >= 0, known),
        real.always(real.reading(bet)(m, r, v, init, 6, eps) >= shift, known),
    )  # fmt: skip


M1 = [
    Step(
        id="mechanic.M1.1", says="Delta stored: x_t = x_1 + s_t Delta_t, s_t and Delta_t those before step t", method="algebra",
        check=lambda: identity(symbolic(placed)(start, S, delta), start + S * delta), formulas=(placed,),
        uses=("mechanic.step.3", "mechanic.M3"),
        assumes=("exact arithmetic", "s_t > 0 (0: x_t = x_1)"),
        control=Control("x_1 + 2 s Delta", lambda: identity(symbolic(placed)(start, S, delta), start + 2 * S * delta)),
    ),
    Step(
        id="mechanic.M1.2", says="<g, x_t-x_o> = <g, Delta_t> (s_t-s_o) + s_o <g, Delta_t-Delta_o>, coordinate by coordinate; both "
        "sides add "
        "up from 0", method="algebra", check=one_term, formulas=(placed,), uses=("mechanic.M1.1",),
        assumes=("x_o = x_1 + s_o Delta_o", "any g_t, s_o, Delta_o"), control=Control("the last sum twice", lambda: one_term(2)),
    ),
    Step(
        id="mechanic.M1.3", says="lambda = 0: the feedback h_t is <g_t, Delta_t>", method="algebra", check=own_feedback,
        formulas=(feedback,),
        uses=("mechanic.step.2",), control=Control("with a decay", lambda: own_feedback(1)),
    ),
    Step(
        id="mechanic.M1.4", says="Delta recomputed as (x-x_ref)/(S+eps): x_t = x_1 + s_t Delta_t fails (x = S = eps = 1, x_ref = 0)",
        method="algebra", check=recomputed_fails, formulas=(placed, recomputed), control=Control("eps = 0", recomputed_without_eps),
    ),
]  # fmt: skip
M2 = [
    Step(
        id="mechanic.M2.1", says="step 1: Delta = 0, h = 0, s = 0, x_2 = x_1; step 2: S = s_init |h|/(|h| + eps)", method="algebra",
        check=first_steps, formulas=(feedback, largest_after, squares_after, reward_after, bet, placed),
        uses=("mechanic.step.1", "mechanic.step.2", "mechanic.step.3"),
        assumes=("reference form, n = 6", "h != 0 at step 2", "exact arithmetic"),
        control=Control("five of the six", lambda: first_steps(5)),
    ),
]  # fmt: skip
M3 = [
    Step(
        id="mechanic.M3.1", says="m, v >= 0 give s >= 0 for any r, and stay >= 0: S >= 0 in every form", method="decision",
        check=not_negative,
        formulas=(largest_after, squares_after, bet), uses=("mechanic.step.2",), assumes=("eps > 0", "s_init > 0"),
        control=Control("at least 1", lambda: not_negative(1)),
    ),
]  # fmt: skip

STEPS = [*M1, *M2, *M3]
THEOREMS = {
    "mechanic.M1": "Delta stored: sum <g_t, x_t-x_o> = sum <g_t, Delta_t> (s_t-s_o) + s_o sum <g_t, Delta_t-Delta_o>, x_o = x_1 + s_o "
    "Delta_o",
    "mechanic.M2": "reference form: x_2 = x_1, and after step 2 S = s_init |h|/(|h| + eps)",
    "mechanic.M3": "S >= 0 at every step",
}
