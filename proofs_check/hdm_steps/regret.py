"""H2, H7: regret of projected gradient steps and of the lookahead."""

from __future__ import annotations

from typing import Any

import sympy as sp
from PEPit import PEP, Point
from PEPit.functions import SmoothConvexFunction
from z3 import And, Or

from lra_ref.methods.hdm_formulas import ball_share, projected_step
from proofs_check.algebra import identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, PROJECTION
from proofs_check.steps import Control, Outcome, Step
from proofs_check.worst_case import at_most

P, U, r = reals("P u r")
ETA, L, D, K = reals("eta L D K", positive=True)
INFINITE = sp.oo


def projection(target: str = "point") -> Outcome:
    """Clipping to [0, D] brings P - eta r no further from any u in [0, D]."""
    real = Reals()
    p, u, s, eta, d = real("P u r eta D")
    after = real.reading(projected_step)(p, s, eta, 0, d)
    free = p - eta * s
    goal = u if target == "point" else u + d
    return real.always((after - goal) * (after - goal) <= (free - goal) * (free - goal), given=[u >= 0, u <= d, d > 0])


def share() -> Outcome:
    """The factor of the ball is 1 inside, and outside it brings the norm to the radius."""
    real = Reals()
    n2, radius, root = real("n2 radius root")
    f = real.reading(ball_share)(n2, radius)
    inside = And(n2 <= radius * radius, f == 1)
    outside = And(f > 0, f < 1, f * root == radius)
    return real.always(Or(inside, outside), given=[n2 > 0, radius > 0, root > 0, root * root == n2])


def share_at(wrong: bool = False) -> Outcome:
    """The control of :func:`share`: the norm is brought to half the radius."""
    real = Reals()
    n2, radius, root = real("n2 radius root")
    f = real.reading(ball_share)(n2, radius)
    return real.always(Or(n2 <= radius * radius, 2 * f * root == radius), given=[n2 > 0, radius > 0, root > 0, root * root == n2])


def ball_projection(weight: int = 1) -> Outcome:
    """<w - v, u - w> >= 0 for w = f v, c = <u, v> <= |u||v|, |u| <= radius: w is the projection of v."""
    real = Reals()
    f, n, radius, c, size = real("f n radius c size")
    w_v_w = (f - 1) * (weight * c - f * n * n)
    given = [
        n > 0,
        radius > 0,
        size >= 0,
        size <= radius,
        c <= size * n,
        c >= -size * n,
        Or(And(f == 1, n <= radius), And(f > 0, f < 1, f * n == radius)),
    ]
    return real.always(w_v_w >= 0, given=given)


def distances(weight: Any = 1) -> Outcome:
    """2 eta r (P - u) = (P - u)^2 - (P - eta r - u)^2 + eta^2 r^2, and its sum telescopes."""
    free = symbolic(projected_step)(P, r, ETA, -INFINITE, INFINITE)
    return telescopes((0, 0), (2 * ETA * r * (P - U), (P - U) ** 2 - (free - U) ** 2 + weight * ETA**2 * r**2))


def regret_step(weight: int = 1) -> Outcome:
    """h_k - h(u) <= <r, P_k - u>, the identity of the free step and the projection, put together."""
    real = Reals()
    gap, inner, now, free, following, r2, eta = real("gap inner now free following r2 eta")
    given = [eta > 0, r2 >= 0, gap <= inner, 2 * eta * inner == now - free + eta * eta * r2, following <= free]
    return real.always(2 * eta * gap <= now - following + weight * eta * eta * r2, given=given)


def rate(factor: Any = 1) -> Outcome:
    """D^2/(2 eta) + (eta/2) K (1 + L D)^2 = D (1 + L D) sqrt K at eta = D/((1 + L D) sqrt K)."""
    eta = D / ((1 + L * D) * sp.sqrt(K))
    return identity(D**2 / (2 * eta) + eta / 2 * K * (1 + L * D) ** 2, factor * D * (1 + L * D) * sp.sqrt(K))


H2 = [
    Step(
        id="hdm.H2.1", says="clipped to [0, D], P_{k+1} is no further from u in [0, D] than P_k - eta r", method="decision",
        check=projection,
        formulas=(projected_step,), assumes=("u in the set", "entry by entry for diagonal P"),
        control=Control("a point outside the set", lambda: projection("outside")),
    ),
    Step(
        id="hdm.H2.2", says="the factor of the Frobenius ball is 1 inside it, and outside brings the norm to the radius", method="decision",
        check=share, formulas=(ball_share,), assumes=("radius > 0",), control=Control("to half the radius", share_at),
    ),
    Step(
        id="hdm.H2.3", says="<w - v, u - w> >= 0 for that w = f v and every |u| <= radius: the projection", method="decision",
        check=ball_projection,
        uses=("hdm.H2.2",), facts=(CAUCHY_SCHWARZ,), control=Control("with <u, v> tripled", lambda: ball_projection(3)),
    ),
    Step(
        id="hdm.H2.4", says="2 eta <r, P_k - u> = |P_k - u|^2 - |P_k - eta r - u|^2 + eta^2 |r|^2, summed over k", method="algebra",
        check=distances,
        formulas=(projected_step,), uses=("hdm.H2.1", "hdm.H2.3"), assumes=("entry by entry",),
        control=Control("the last term doubled", lambda: distances(2)),
    ),
    Step(
        id="hdm.H2.5",
        says="2 eta (h_k - h_{x_k}(u)) <= |P_k - u|^2 - |P_{k+1} - u|^2 + eta^2 |r_k|^2, from h_k - h_{x_k}(u) <= <r_k, P_k - u>: summed "
        "over k and divided by 2 eta it is the first bound",
        method="decision", check=regret_step, uses=("hdm.H1.5", "hdm.H2.1", "hdm.H2.3", "hdm.H2.4"), facts=(PROJECTION,),
        assumes=("F convex", "u in the set", "eta > 0"), control=Control("without |r_k|^2", lambda: regret_step(0)),
    ),
    Step(
        id="hdm.H2.6", says="|P_1 - u| <= D and |r_k| <= 1 + L D on [0, D]: at eta = D/((1 + L D) sqrt K) the bound of H2.5 is at most "
        "D (1 + L D) sqrt K", method="algebra", check=rate, uses=("hdm.H1.9", "hdm.H2.5"), assumes=("P_1, u in [0, D]", "F L-smooth"),
        control=Control("half of it", lambda: rate(sp.Rational(1, 2))),
    ),
]  # fmt: skip


# --- H7 ----------------------------------------------------------------------------------------------------------------------------------
def lookahead(weight: int = 1) -> Outcome:
    """r (Q - u) + (L/2)(Q - P)^2 <= (L/2)[(P - u)^2 - (Q - u)^2] for Q = Proj(P - r/L) and u in the set."""
    real = Reals()
    p, u, s, eta, smooth, low, high = real("P u r eta L low high")
    q = real.reading(projected_step)(p, s, eta, low, high)
    left = 2 * s * (q - u) + smooth * (q - p) * (q - p)
    right = smooth * ((p - u) * (p - u) - (q - u) * (q - u))
    return real.always(weight * left <= right, given=[smooth > 0, eta * smooth == 1, low <= u, u <= high])


def free_lookahead(weight: Any = 1) -> Outcome:
    """Without projection it is an equality, entry by entry."""
    q = symbolic(projected_step)(P, r, 1 / L, -INFINITE, INFINITE)
    return identity(r * (q - U) + L / 2 * (q - P) ** 2, weight * L / 2 * ((P - U) ** 2 - (q - U) ** 2))


def three_points(weight: int = 1) -> Outcome:
    """The projected step in any dimension: <w - v, u - w> >= 0 with v = P - r/L gives the same inequality for inner products."""
    pp, pu, pw, uw, uu, ww, rw, ru = reals("pp pu pw uw uu ww rw ru")
    # |P - u|^2 - |w - u|^2 - |w - P|^2 = 2 <w - P, u - w>, and <w - P + r/L, u - w> >= 0
    inner = (uw - pu) - (ww - pw)
    left = (pp - 2 * pu + uu) - (ww - 2 * uw + uu) - (ww - 2 * pw + pp)
    optimal = inner + (ru - rw) / L
    return identity(L / 2 * left - (rw - ru), weight * L * optimal)


def chained(weight: int = 1) -> Outcome:
    """From the two inequalities of h at P to the one step of the regret."""
    real = Reals()
    hp, hq, hu, rq, ru, square = real("hp hq hu rq ru square")
    # rq = <r, Q - P>, ru = <r, u - P>, square = (L/2)|Q - P|^2
    return real.always(hq - hu <= rq - ru + weight * square, given=[hq <= hp + rq + square, hu >= hp + ru, square >= 0])


def two_steps(share: float = 1.0) -> Any:
    """Two lookahead steps on two convex smooth feedbacks h_1, h_2 (L = 1): their regret minus the bound, at most 0."""

    def build() -> Any:
        problem = PEP()
        p, u = problem.set_initial_point(), Point()
        problem.set_initial_condition((p - u) ** 2 <= 1)
        start, regret = p, 0
        for _ in range(2):
            h = problem.declare_function(SmoothConvexFunction, L=1)
            slope = h.gradient(p)
            p = p - slope
            regret += h(p) - h(u)
        problem.set_performance_metric(regret - share / 2 * ((start - u) ** 2 - (p - u) ** 2))
        return problem

    return build


H7 = [
    Step(
        id="hdm.H7.1", says="r (Q - u) + (L/2)(Q - P)^2 <= (L/2)[(P - u)^2 - (Q - u)^2] for Q = clip(P - r/L) and u in the set",
        method="decision",
        check=lookahead, formulas=(projected_step,), assumes=("eta = 1/L", "entry by entry"),
        control=Control("half of the right-hand side", lambda: lookahead(2)),
    ),
    Step(
        id="hdm.H7.2", says="without projection an equality", method="algebra", check=free_lookahead, formulas=(projected_step,),
        assumes=("eta = 1/L",),
        control=Control("half of it", lambda: free_lookahead(sp.Rational(1, 2))),
    ),
    Step(
        id="hdm.H7.3", says="in any dimension: (L/2)[|P - u|^2 - |Q - u|^2 - |Q - P|^2] - <r, Q - u> = L <Q - P + r/L, u - Q> >= 0 for "
        "the projection Q",
        method="algebra", check=three_points, uses=("hdm.H2.3",), control=Control("twice it", lambda: three_points(2)),
    ),
    Step(
        id="hdm.H7.4", says="two lookahead steps, every pair of convex L-smooth feedbacks: sum h_k(P_{k+1}) - h_k(u) <= (L/2)(|P_1 - "
        "u|^2 - |P_3 - u|^2)",
        method="worst case", check=lambda: at_most(two_steps(), 0.0), uses=("hdm.H1.5", "hdm.H1.7"), assumes=("no projection",),
        control=Control("a quarter of it", lambda: at_most(two_steps(0.25), 0.0)),
    ),
    Step(
        id="hdm.H7.5", says="h_x(Q) - h_x(u) <= <r, Q - u> + (L/2)|Q - P|^2 (smooth from P to Q, convex from P to u), which H7.1-3 "
        "bound; sum over k",
        method="decision", check=chained, uses=("hdm.H1.5", "hdm.H1.7", "hdm.H7.1", "hdm.H7.3"), assumes=("F convex and L-smooth",),
        control=Control("without the curvature term", lambda: chained(0)),
    ),
]  # fmt: skip


THEOREMS = {
    "hdm.H2": "projected gradient steps: sum h_k - sum h_{x_k}(P) <= |P_1 - P|^2/(2 eta) + (eta/2) sum |r_k|^2, and the rate sqrt K for "
    "a scalar set",
    "hdm.H7": "lookahead with eta = 1/L: sum h_{x_k}(P_{k+1}) - sum h_{x_k}(P) <= (L/2)(|P_1 - P|^2 - |P_{K+1} - P|^2)",
}
STEPS = [*H2, *H7]
