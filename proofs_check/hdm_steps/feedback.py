"""H1, H10: the feedback h and its derivative."""

from __future__ import annotations

from typing import Any

import sympy as sp
from PEPit import PEP
from PEPit.functions import SmoothFunction

from lra_ref.formulas import product
from lra_ref.methods.hdm_best import denominator
from lra_ref.methods.hdm_formulas import damping, feedback, hypergradient, momentum_hypergradient, tested_point
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, CONVEX_GRADIENT, DESCENT_LEMMA, TRIANGLE
from proofs_check.steps import Control, Outcome, Step, both
from proofs_check.worst_case import at_most

#: F(x), F(y); g = grad F(x), g+ = grad F(y) in two dimensions; L; a full P and the change Q - P
F, FY = reals("F Fy")
G1, G2, L, N = reals("g1 g2 L N", positive=True)
A1, A2 = reals("a1 a2")
P = sp.Matrix(2, 2, reals("p11 p12 p21 p22"))
C = sp.Matrix(2, 2, reals("c11 c12 c21 c22"))
NORM2 = G1 * G1 + G2 * G2
GRADIENT, AFTER = sp.Matrix([G1, G2]), sp.Matrix([A1, A2])


def H(tested: Any, value: Any, norm2: Any) -> Any:
    """h; read anew at every use, so that a changed formula is seen."""
    return symbolic(feedback)(tested, value, norm2)


def R(inner: Any, norm2: Any) -> Any:
    """r of one entry."""
    return symbolic(hypergradient)(inner, norm2)


def matrix(norm2: Any = NORM2) -> Any:
    """The derivative of h in P, entry by entry from the formula."""
    return sp.Matrix(2, 2, lambda i, j: R(product(AFTER[i], GRADIENT[j]), norm2))


def derivative(sign: int = 1) -> Outcome:
    """dh/dP_ij for F a polynomial of degree 3 in two variables with arbitrary coefficients, x = 0 and any P."""
    u, v = reals("u v")
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    coefficients = reals(" ".join(f"k{i}{j}" for i, j in powers))
    poly = sum(c * u**i * v**j for c, (i, j) in zip(coefficients, powers, strict=True))
    y = -P * GRADIENT
    at = {u: y[0], v: y[1]}
    h = H(poly.subs(at, simultaneous=True), F, NORM2)
    plus = [poly.diff(w).subs(at, simultaneous=True) for w in (u, v)]
    pairs = []
    for i in range(2):
        for j in range(2):
            pairs.append((h.diff(P[i, j]), sign * R(product(plus[i], GRADIENT[j]), NORM2)))
    return identities(pairs)


def restrictions(weight: int = 1) -> Outcome:
    """The scalar signal is the trace of the full one, the diagonal one its diagonal."""
    r = matrix()
    inner = sum(product(a, g) for a, g in zip(AFTER, GRADIENT, strict=True))
    return identities([(R(inner, NORM2), weight * (r[0, 0] + r[1, 1])), (R(product(A1, G1), NORM2), r[0, 0])])


def gain(share: Any = 1) -> Outcome:
    """The descent lemma at y = x - g/L: h <= [-|g|^2/L + |g|^2/(2L)]/|g|^2 = -1/(2L)."""
    upper = F - N / L + L / 2 * N / L**2
    return identity(H(upper, F, N), -share / (2 * L))


def gain_problem() -> Any:
    """Largest h(I/L) over smooth functions, L = 1, |g| = 1."""
    problem = PEP()
    f = problem.declare_function(SmoothFunction, L=1)
    x = problem.set_initial_point()
    g, value = f.oracle(x)
    problem.add_constraint(g**2 == 1)
    problem.set_performance_metric(feedback_of(f(x - g), value))
    return problem


def feedback_of(tested: Any, value: Any) -> Any:
    """h for |g|^2 = 1, which leaves its numerator, linear in the losses."""
    return tested - value


def linear(sign: int = 1) -> Outcome:
    """<g+, y' - y>/|g|^2 with y' - y = -(Q - P) g is <r, Q - P>."""
    move = -C * GRADIENT
    lhs = H(F + (AFTER.T * move)[0], F, NORM2)
    r = matrix()
    return identity(lhs, sign * sum(r[i, j] * C[i, j] for i in range(2) for j in range(2)))


def squares(factor: Any = 1) -> Outcome:
    """|C g|^2 <= |C|_F^2 |g|^2."""
    real = Reals()
    a, b, c, d, g1, g2 = real("a b c d g1 g2")
    return real.always((a * g1 + b * g2) ** 2 + (c * g1 + d * g2) ** 2 <= factor * (a * a + b * b + c * c + d * d) * (g1 * g1 + g2 * g2))


def curved(weight: Any = 1) -> Outcome:
    """(L/2)|C g|^2/|g|^2 is what the descent lemma adds; with |C g|^2 = s |g|^2 it is (L/2) s."""
    s = reals("s", positive=True)
    return identity(H(F + L / 2 * s * N, F, N), weight * L / 2 * s)


def length(power: int = 2) -> Outcome:
    """|r|_F^2 = |g+|^2/|g|^2."""
    r = matrix()
    return identity(sum(r[i, j] ** 2 for i in range(2) for j in range(2)), (A1**2 + A2**2) / NORM2 ** (power - 1))


def ratio(extra: int = 1) -> Outcome:
    """|g+| <= |g| + L p |g| gives |g+| / |g| <= 1 + L p, p = |P|_op."""
    real = Reals()
    after, before, smooth, p, q = real("after before L p q")
    given = [before > 0, after >= 0, smooth > 0, p >= 0, after <= before + smooth * p * before, q * before == after]
    return real.always(q <= extra + smooth * p, given=given)


H1 = [
    Step(
        id="hdm.H1.1", says="dh/dP_ij = -g+_i g_j/|g|^2 at y = x - P g (chain rule; every polynomial F of degree 3 in two variables)",
        method="algebra", check=derivative, formulas=(feedback, hypergradient), assumes=("g != 0",),
        control=Control("the other sign", lambda: derivative(-1)),
    ),
    Step(
        id="hdm.H1.2", says="the derivative along P = alpha I is the trace of that matrix, along diagonal P its diagonal", method="algebra",
        check=restrictions, formulas=(hypergradient,), assumes=("g != 0", "two dimensions"), uses=("hdm.H1.1",),
        control=Control("twice the trace", lambda: restrictions(2)),
    ),
    Step(
        id="hdm.H1.3", says="h_x(I/L) <= -1/L + 1/(2L) = -1/(2L): descent lemma at y = x - g/L", method="algebra", check=gain,
        formulas=(feedback,), assumes=("F is L-smooth", "g != 0"), facts=(DESCENT_LEMMA,),
        control=Control("-1/L", lambda: gain(2)),
    ),
    Step(
        id="hdm.H1.4", says="the largest h_x(I/L) over all L-smooth functions is -1/(2L) (L = 1, |g| = 1)", method="worst case",
        check=lambda: at_most(gain_problem, -0.5), assumes=("F is L-smooth",),
        control=Control("at most -0.51", lambda: at_most(gain_problem, -0.51)),
    ),
    Step(
        id="hdm.H1.5", says="<g+, y' - y>/|g|^2 = <r, Q - P> for y' - y = -(Q - P) g: with F convex, h(Q) >= h(P) + <r, Q - P>",
        method="algebra", check=linear, formulas=(feedback, hypergradient), assumes=("F convex", "g != 0", "two dimensions"),
        facts=(CONVEX_GRADIENT,), control=Control("the other sign", lambda: linear(-1)),
    ),
    Step(
        id="hdm.H1.6", says="|C g|^2 <= |C|_F^2 |g|^2", method="decision", check=squares,
        assumes=("two dimensions; in general Cauchy-Schwarz row by row",),
        facts=(CAUCHY_SCHWARZ,), control=Control("half of it", lambda: squares(0.5)),
    ),
    Step(
        id="hdm.H1.7", says="h(Q) <= h(P) + <r, Q - P> + (L/2)|(Q - P) g|^2/|g|^2 <= h(P) + <r, Q - P> + (L/2)|Q - P|_F^2",
        method="algebra",
        check=curved, formulas=(feedback,), assumes=("F is L-smooth", "g != 0"), facts=(DESCENT_LEMMA,), uses=("hdm.H1.5", "hdm.H1.6"),
        control=Control("half of the last term", lambda: curved(sp.Rational(1, 2))),
    ),
    Step(
        id="hdm.H1.8", says="|r|_F = |g+|/|g|", method="algebra", check=length, formulas=(hypergradient,), assumes=("g != 0",
        "two dimensions"),
        control=Control("|g+|/|g|^2", lambda: length(3)),
    ),
    Step(
        id="hdm.H1.9", says="|g+| <= |g| + L |P g| <= (1 + L |P|_op)|g|, so |r|_F <= 1 + L |P|_op", method="decision", check=ratio,
        assumes=("F is L-smooth",), facts=(TRIANGLE,), uses=("hdm.H1.8",), control=Control("L |P|_op alone", lambda: ratio(0)),
    ),
]  # fmt: skip


# --- H10 ---------------------------------------------------------------------------------------------------------------------------------
M1, M2, BETA, STEP = reals("m1 m2 beta step")
TAU, E = reals("tau e", positive=True)


def joint(weight: int = 1) -> Outcome:
    """<g+, change of y>/N for y = x - P*g + beta m is <r, change of P> + rm (change of beta), diagonal and scalar P."""
    bottom = symbolic(denominator)(NORM2, E)
    m, x = (M1, M2), reals("x1 x2")
    p, q, change = reals("p1 p2"), reals("q1 q2"), reals("b")
    point = symbolic(tested_point)
    out = []
    for alike in (False, True):
        now = (p[0], p[0] if alike else p[1])
        then = (q[0], q[0] if alike else q[1])
        moves = [
            point(x[i], product(then[i], GRADIENT[i]), BETA + change, x[i] - m[i])
            - point(x[i], product(now[i], GRADIENT[i]), BETA, x[i] - m[i])
            for i in range(2)
        ]
        lhs = H(F + sum(a * move for a, move in zip(AFTER, moves, strict=True)), F, bottom)
        if alike:
            step = R(product(A1, G1) + product(A2, G2), bottom) * (then[0] - now[0])
        else:
            step = sum(R(product(AFTER[i], GRADIENT[i]), bottom) * (then[i] - now[i]) for i in range(2))
        along = symbolic(momentum_hypergradient)(product(A1, m[0]) + product(A2, m[1]), bottom)
        out.append(identity(lhs, step + weight * along * change))
    return both(*out)


def tau_of_best(factor: Any = 1) -> Outcome:
    """What HDM-Best adds to |g|^2 is (tau/2)|x - x_old|^2 with tau = L_est^2/2, and a positive constant before the guess."""
    moved2, given = reals("moved2", nonnegative=True), symbolic(damping)
    bottom = symbolic(denominator)
    tau = L**2 / 2
    return identities(
        [
            (bottom(N, given(moved2, L, sp.Integer(1), E)), N + factor * tau / 2 * moved2),
            (bottom(N, given(moved2, L, sp.Integer(0), E)), N + E),
        ]
    )


H10 = [
    Step(
        id="hdm.H10.1",
        says="(P, beta) -> x - P*g + beta m is affine, and <g+, its change>/N = <r, change of P> + rm (change of beta): the gradient "
        "inequality of "
        "F is that of h",
        method="algebra", check=joint, formulas=(feedback, hypergradient, momentum_hypergradient, tested_point, denominator),
        assumes=("F convex", "N > 0 does not depend on (P, beta)", "two dimensions; diagonal and scalar P"), facts=(CONVEX_GRADIENT,),
        control=Control("twice the momentum's part", lambda: joint(2)),
    ),
    Step(
        id="hdm.H10.2", says="HDM-Best: |g|^2 + e = |g|^2 + (tau/2)|x - x_old|^2 with tau = L_est^2/2, a constant 1e-12 before the guess",
        method="algebra", check=tau_of_best, formulas=(damping, denominator), control=Control("tau = L_est^2", lambda: tau_of_best(2)),
    ),
]  # fmt: skip

THEOREMS = {
    "hdm.H1": "h_x(P) = [F(x - P g) - F(x)]/|g|^2 is convex and L-smooth in P, h_x(I/L) <= -1/(2L), |grad h_x(P)|_F <= 1 + L |P|_op",
    "hdm.H10": "the feedback with momentum is jointly convex in (P, beta), with any denominator that does not depend on them",
}
STEPS = [*H1, *H10]
