"""G6, G6c: the deterministic end-point rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import arb
from PEPit import PEP, Point
from PEPit.functions import SmoothConvexFunction, SmoothFunction
from z3 import And

from lra_ref.formulas import descend
from lra_ref.learners.formulas import loss
from lra_ref.rates.gala import curvature, pair_summands, secant
from lra_ref.rates.gala_bounds import endpoint_factor
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, DESCENT_LEMMA
from proofs_check.gala_steps.readings import NINE_TENTHS, pair
from proofs_check.intervals import encloses
from proofs_check.steps import Control, Outcome, Step, both
from proofs_check.worst_case import at_most

HALF = sp.Rational(1, 2)


# --- G6 --------------------------------------------------------------------------------------------------------------------------------
def endpoint_step(cross: Any = 1) -> Outcome:
    """u <g, d> against what step t adds; p = <g, d>, a = p + q, |q| <= L |eta| |d|^2, n = |d|^2, b from ``curvature``."""
    real = Reals()
    u, e, p, q, smooth, n, beta, before, after, longest = real("u e p q smooth n beta before after longest")
    f, b = real.reading(loss), real.reading(curvature)(smooth, 0, n, beta, 0)
    a = p + q
    rho = after - before + e * a
    known = [u >= 0, smooth >= 0, n >= 0, beta > 0, longest == smooth * real.abs(e) * n, q <= longest, -q <= longest]
    # the bracket times |d|^2 is rho - b eta^2/2 + u L |eta| |d|^2 + b u^2/2: C cancels
    added = before - after + f(e, a, b) - f(u, a, b) + rho - b * e * e / 2 + cross * u * longest + b * u * u / 2
    return real.always(u * p <= added, known)


def with_c(half: Any = HALF) -> Outcome:
    """rho - b eta^2/2 + u L |eta| |d|^2 + b u^2/2 = |d|^2 [(C - beta L) eta^2/2 + u L |eta| + beta L u^2/2], C = 2 rho/(eta^2 |d|^2)."""
    u, rho = reals("u rho")
    size, smooth, n, beta = reals("eta L n beta", positive=True)
    b = symbolic(curvature)(smooth, 0, n, beta, 0)
    c = 2 * rho / (size**2 * n)
    bracket = (c - beta * smooth) * size**2 * half + u * smooth * size + beta * smooth * u**2 / 2
    return identity(rho - b * size**2 / 2 + u * smooth * size * n + b * u**2 / 2, n * bracket)


def standing(moved: Any = 0) -> Outcome:
    """eta d = 0: x_{t+1} = x_t, so rho = F(x_t) - F(x_t) + eta <g, d> = 0; in both cases."""
    x, d, g, value, eta = (*reals("x d g F"), reals("eta"))
    out = []
    for rate, way in ((eta, 0), (0, d)):
        out.append(identity(symbolic(descend)(x, rate, way) + moved * (rate + way), x))
        out.append(identity(value - value + rate * pair(*(np.array([v]) for v in (g, g, x, x, way)))[0], 0))
    return both(*out)


def step_problem(kind: Any, eta: float, u: float, beta: float, bracket: float, along: str) -> Any:
    """Largest u <g, d> minus the right-hand side of a step of G6 over functions with L = 1, L_t = L, |d|^2 <= 1."""

    def build() -> Any:
        problem = PEP()
        f = problem.declare_function(kind, L=1)
        x = problem.set_initial_point()
        g, value = f.oracle(x)
        d = g if along == "gradient" else Point()
        problem.set_initial_condition(d**2 <= 1)
        new_g, new_value = f.oracle(descend(x, eta, d))
        a, b = new_g * d, curvature(1, 0, d**2, beta, 0)
        right = value - new_value + loss(eta, a, b) - loss(u, a, b) + d**2 * bracket
        problem.set_performance_metric(u * (g * d) - right)
        return problem

    return build


def worst_step(kind: Any, beta: float, bracket: Any) -> Outcome:
    """At three pairs (eta, u), along any d and along the gradient; ``bracket(eta, u)`` multiplies |d|^2."""
    cases = [(eta, u, along) for eta, u in ((0.25, 0.5), (1.0, 1.0), (3.0, 0.5)) for along in ("any", "gradient")]
    return both(*(at_most(step_problem(kind, eta, u, beta, bracket(eta, u), along), 0.0) for eta, u, along in cases))


def full_bracket(beta: float, c: float) -> Any:
    """(c - beta) eta^2/2 + u eta + beta u^2/2: the bracket for C = c L, L = 1."""
    return lambda eta, u: (c - beta) * eta**2 / 2 + u * eta + beta * u**2 / 2


def steps_problem(kind: Any, rates: tuple[float, ...], u: float, beta: float, bracket: Any) -> Any:
    """The same for a sum of steps along the gradient, from x_0 to x_T, |grad F(x_0)|^2 <= 1."""

    def build() -> Any:
        problem = PEP()
        f = problem.declare_function(kind, L=1)
        x = problem.set_initial_point()
        g, first = f.oracle(x)
        problem.set_initial_condition(g**2 <= 1)
        left, right, value = 0, first, first
        for eta in rates:
            d = g
            x = descend(x, eta, d)
            g, value = f.oracle(x)
            a, b = g * d, curvature(1, 0, d**2, beta, 0)
            left += u * d**2
            right += loss(eta, a, b) - loss(u, a, b) + d**2 * bracket(eta, u)
        problem.set_performance_metric(left - right + value)
        return problem

    return build


def worst_sum(kind: Any, beta: float, bracket: Any) -> Outcome:
    """At fixed rates of two and three steps."""
    cases = [((0.25, 0.5), 0.5), ((1.0, 2.0, 0.5), 1.0), ((3.0, 1.0, 2.0), 0.5)]
    return both(*(at_most(steps_problem(kind, rates, u, beta, bracket), 0.0) for rates, u in cases))


RULE = "full gradient, end point, b_t = beta L_t |d_t|^2"
G6 = [
    Step(
        id="gala.G6.1",
        says="u <g_t, d_t> <= F(x_t) - F(x_{t+1}) + l_t(eta_t) - l_t(u) + rho_t - b_t eta_t^2/2 + u L_t |eta_t| |d_t|^2 + b_t u^2/2; sum "
        "over t",
        method="decision", check=endpoint_step, formulas=(loss, curvature), uses=("gala.G3.1", "gala.G4.3"), facts=(CAUCHY_SCHWARZ,),
        assumes=(RULE, "u >= 0"), control=Control("nine tenths of the cross term", lambda: endpoint_step(NINE_TENTHS)),
    ),
    Step(
        id="gala.G6.2", says="with C_t = 2 rho_t/(eta_t^2 |d_t|^2) this is |d_t|^2 [(C_t - beta L_t) eta_t^2/2 + u L_t |eta_t| + beta L_t "
        "u^2/2]",
        method="algebra", check=with_c, formulas=(curvature,), uses=("gala.G6.1",), assumes=("eta_t d_t != 0",),
        control=Control("without the 1/2", lambda: with_c(sp.Integer(1))),
    ),
    Step(
        id="gala.G6.3", says="eta_t d_t = 0: x_{t+1} = x_t, rho_t = 0 and C_t = 0", method="algebra", check=standing,
        formulas=(descend, pair_summands), uses=("gala.G6.1",), control=Control("a point that moves", lambda: standing(1)),
    ),
    Step(
        id="gala.G6.4", says="one step of G6 with C_t = 0, L_t = L over L-smooth convex F: the largest violation is 0 (beta 1, three pairs "
        "eta, u)",
        method="worst case", check=lambda: worst_step(SmoothConvexFunction, 1.0, full_bracket(1.0, 0.0)),
        formulas=(descend, loss, curvature), uses=("gala.G3c",),
        assumes=(RULE, "L = 1, |d| <= 1"), control=Control("C_t = "
        "-1", lambda: worst_step(SmoothConvexFunction, 1.0, full_bracket(1.0, -1.0))),
    ),
    Step(
        id="gala.G6.5", says="one step of G6 with C_t = L, L_t = L over L-smooth F, convex or not: the largest violation is 0 (beta 2)",
        method="worst case", check=lambda: worst_step(SmoothFunction, 2.0, full_bracket(2.0, 1.0)), formulas=(descend, loss, curvature),
        uses=("gala.G3e",),
        facts=(DESCENT_LEMMA,), assumes=(RULE, "L = 1, |d| <= 1"),
        control=Control("C_t = 0", lambda: worst_step(SmoothFunction, 2.0, full_bracket(2.0, 0.0))),
    ),
    Step(
        id="gala.G6.6", says="two and three steps at fixed rates along the gradient, summed: the largest violation of G6 over L-smooth "
        "convex F is 0",
        method="worst case", check=lambda: worst_sum(SmoothConvexFunction, 1.0, full_bracket(1.0, 0.0)),
        formulas=(descend, loss, curvature),
        uses=("gala.G6.4",), assumes=(RULE, "C_t = 0, L_t = L = 1, beta = 1, |grad F(x_0)| <= 1"),
        control=Control("C_t = -1", lambda: worst_sum(SmoothConvexFunction, 1.0, full_bracket(1.0, -1.0))),
    ),
]  # fmt: skip


# --- G6c -------------------------------------------------------------------------------------------------------------------------------
def bracket(share: Any = 1) -> Outcome:
    """(C - beta L) eta^2/2 + u L |eta| + beta L u^2/2 <= phi L u^2 for C <= c L, c < beta, phi from ``endpoint_factor``."""
    real = Reals()
    u, size, smooth, big_c, beta, c = real("u size smooth big_c beta c")
    phi = real.reading(endpoint_factor)(beta, c)
    known = [u >= 0, size >= 0, smooth >= 0, beta > 0, c < beta, big_c <= c * smooth]
    left = (big_c - beta * smooth) * size * size / 2 + u * smooth * size + beta * smooth * u * u / 2
    return real.always(left <= share * phi * smooth * u * u, known)


def attained(shift: Any = 0) -> Outcome:
    """Equality at |eta| = u/(beta - c), C = c L."""
    u, smooth, beta, c = reals("u L beta c")
    size = u / (beta - c)
    left = (c * smooth - beta * smooth) * size**2 / 2 + u * smooth * size + beta * smooth * u**2 / 2
    return identity(left, (symbolic(endpoint_factor)(beta, c) + shift) * smooth * u**2)


def special(extra: int = 0) -> Outcome:
    """phi = 1 at beta = 1, c = 0 and 3/2 at beta = 2, c = 1."""
    phi = symbolic(endpoint_factor)
    return identities([(phi(sp.Integer(1), sp.Integer(0)), 1 + extra), (phi(sp.Integer(2), sp.Integer(1)), sp.Rational(3, 2))])


def quadratic_c(factor: int = 1) -> Outcome:
    """F quadratic: C = -d'Hd/|d|^2 and L = |Hd|/|d| give |C| <= L; f = d'Hd, h = |Hd|, n = |d|."""
    real = Reals()
    f, h, n, c, smooth = real("f h n c smooth")
    known = [h >= 0, n > 0, f <= h * n, -f <= h * n, c * n * n == -f, smooth * n == h]
    return real.always(And(factor * c <= smooth, -factor * c <= smooth), known)


def ripple_ratio() -> Any:
    """C/L of F = 11x/10 + sin x for the step from 0 to -s, through the feedback formulas; s a symbol in (0, 2 pi)."""
    z, s = sp.symbols("z"), reals("s", positive=True)
    f = sp.Rational(11, 10) * z + sp.sin(z)
    end = symbolic(descend)(sp.Integer(0), s, sp.Integer(1))
    slopes = f.diff(z).subs(z, end), f.diff(z).subs(z, 0)
    a, change, moved, *_ = pair(*(np.array([v]) for v in (*slopes, end, sp.Integer(0), sp.Integer(1))))
    rho = f.subs(z, end) - f.subs(z, 0) + s * a
    return s, 2 * rho / s**2, symbolic(secant)(sp.factor(change), moved)


def unbounded(limit: Any = sp.oo) -> Outcome:
    """C/L grows beyond all bounds as s -> 2 pi from below, while |F''| <= 1 throughout."""
    s, c, smooth = ripple_ratio()
    found = sp.limit(sp.simplify(c / smooth), s, 2 * sp.pi, "-")
    return holds_at(sp.Eq(found, limit))


def ripple_value(low: int = 200_000) -> Outcome:
    """At s = 2 pi - 1/250 it exceeds 2e5, in interval arithmetic."""
    s, c, smooth = ripple_ratio()
    value = sp.lambdify(
        s, c / smooth, modules=[{"sin": lambda v: v.sin(), "cos": lambda v: v.cos(), "Abs": abs, "sqrt": lambda v: arb(v).sqrt()}]
    )
    return encloses(lambda: value(2 * arb.pi() - arb(1) / 250), low, 10 * 10**5)


G6C = [
    Step(
        id="gala.G6c.1", says="C <= c L, c < beta: (C - beta L) eta^2/2 + u L |eta| + beta L u^2/2 <= phi L u^2, phi = beta/2 + 1/(2 (beta "
        "- c))",
        method="decision", check=bracket, formulas=(endpoint_factor,), uses=("gala.G6",),
        assumes=("c = max C_t/L_t, measured, is below beta", "u >= 0"),
        control=Control("nine tenths of phi", lambda: bracket(NINE_TENTHS)),
    ),
    Step(
        id="gala.G6c.2", says="phi cannot be smaller: equality at |eta| = u/(beta - c), C = c L", method="algebra", check=attained,
        formulas=(endpoint_factor,), uses=("gala.G6c.1",), control=Control("phi - 1/10", lambda: attained(-sp.Rational(1, 10))),
    ),
    Step(
        id="gala.G6c.3", says="phi = 1 for beta = 1, c = 0 (convex F: c <= 0 by G3c) and 3/2 for beta = 2, c = 1 (quadratic F)",
        method="algebra",
        check=special, formulas=(endpoint_factor,), uses=("gala.G3c", "gala.G6c.4"), control=Control("2 and 3/2", lambda: special(1)),
    ),
    Step(
        id="gala.G6c.4", says="F quadratic: |C_t| = |d'Hd|/|d|^2 <= |Hd|/|d| = L_t, so c <= 1", method="decision", check=quadratic_c,
        uses=("gala.G3q",), facts=(CAUCHY_SCHWARZ,), control=Control("2 |C_t| <= L_t", lambda: quadratic_c(2)),
    ),
    Step(
        id="gala.G6c.5", says="smoothness bounds no c: F = 1.1 x + sin x (|F''| <= 1), one step from 0 to -s: C/L -> infinity as s -> 2 pi",
        method="algebra", check=unbounded, formulas=(descend, pair_summands, secant), control=Control("the limit 1", lambda: unbounded(1)),
    ),
    Step(
        id="gala.G6c.6", says="and C/L > 2e5 at s = 2 pi - 1/250", method="intervals", check=ripple_value,
        formulas=(descend, pair_summands),
        uses=("gala.G6c.5",), control=Control("above 5e5", lambda: ripple_value(500_000)),
    ),
    Step(
        id="gala.G6c.7", says="one step with the factor phi = 1 over L-smooth convex F (beta 1, L_t = L, three pairs eta, u): the largest "
        "violation is 0",
        method="worst case", check=lambda: worst_step(SmoothConvexFunction, 1.0, lambda eta, u: endpoint_factor(1.0, 0.0) * u**2),
        formulas=(descend, loss, curvature, endpoint_factor), uses=("gala.G6c.1", "gala.G6.4"), assumes=(RULE, "L = 1, |d| <= 1"),
        control=Control("half of phi", lambda: worst_step(SmoothConvexFunction, 1.0, lambda eta, u: endpoint_factor(1.0, 0.0) * u**2 / 2)),
    ),
]  # fmt: skip

STEPS = [*G6, *G6C]
