"""G10, G10r: alignment over curvature, and the balance point of the end-point rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from z3 import And

from lra_ref.formulas import descend
from lra_ref.learners.formulas import ftrl
from lra_ref.rates.gala import curvature, pair_summands, secant
from proofs_check.algebra import identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.gala_steps.readings import NINE_TENTHS, pair
from proofs_check.steps import Control, Outcome, Step


# --- G10 -------------------------------------------------------------------------------------------------------------------------------
def balance(share: Any = 1) -> Outcome:
    """|a/b - 1/L| <= lambda |eta|: a = n + q with |q| <= L lambda |eta| n, b from ``curvature`` with beta = 1, n = |g|^2 > 0."""
    real = Reals()
    q, smooth, n, reach, ratio = real("q smooth n reach ratio")
    b = real.reading(curvature)(smooth, 0, n, 1, 0)
    known = [smooth > 0, n > 0, reach >= 0, q <= smooth * reach * n, -q <= smooth * reach * n, ratio * b == n + q]
    away = ratio - 1 / smooth
    return real.always(And(away <= share * reach, -away <= share * reach), known)


G10 = [
    Step(
        id="gala.G10.1", says="|a_t - |g_t|^2| <= L_t lambda_t |eta_t| |g_t|^2 (G4.3 with d_t = g'_t(x_t) = g_t) gives |a_t/b_t - 1/L_t| "
        "<= lambda_t |eta_t|",
        method="decision", check=balance, formulas=(curvature,), uses=("gala.G4.3",),
        assumes=("full gradient", "d_t = g_t", "beta = 1", "b_t > 0"), control=Control("nine tenths of it", lambda: balance(NINE_TENTHS)),
    ),
]  # fmt: skip


# --- G10r ------------------------------------------------------------------------------------------------------------------------------
CURVED, BETA, X = reals("L beta x", positive=True)


def parabola_feedback(eta: Any) -> tuple[Any, Any]:
    """(a_t, b_t) of F = L x^2/2 at the end point, through the kernel's sums, ``secant`` and ``curvature``; eta > 0, x > 0."""
    after = symbolic(descend)(X, eta, CURVED * X)
    a, change, moved, _, gx2 = pair(*(np.array([v]) for v in (CURVED * after, CURVED * X, after, X, CURVED * X)))
    smooth = symbolic(secant)(sp.factor(change), sp.factor(moved))
    return a, symbolic(curvature)(smooth, 0, gx2, BETA, 0)


def parabola_values(power: int = 3) -> Outcome:
    """a = L^2 x^2 (1 - eta L), b = beta L^3 x^2."""
    eta = reals("eta", positive=True)
    a, b = parabola_feedback(eta)
    return identities([(a, CURVED**2 * X**2 * (1 - eta * CURVED)), (sp.simplify(b), BETA * CURVED**power * X**2)])


def contraction(extra: Any = None) -> Outcome:
    """e_{t+1} = e_t (1 - (1 + 1/beta) b_t/B_{t+1}) for the play after the losses (A, B) and this one."""
    sum_b, delta = reals("B delta", positive=True)
    sum_a, anchor = reals("A eta_0")
    eta = symbolic(ftrl)(0, anchor, delta, sum_a, sum_b, -float("inf"), float("inf"))
    size = reals("eta", positive=True)
    a, b = (sp.simplify(v).subs(size, eta) for v in parabola_feedback(size))
    new = symbolic(ftrl)(eta, anchor, delta, sum_a + a, sum_b + b, -float("inf"), float("inf"))
    target = 1 / ((1 + BETA) * CURVED)
    factor = 1 + (1 / BETA if extra is None else extra)
    return identity(new - target, (eta - target) * (1 - factor * b / (delta + sum_b + b)))


def point_of_balance(factor: int = 1) -> Outcome:
    """a = b eta exactly at eta = 1/((1 + beta) L)."""
    eta = reals("eta", positive=True)
    a, b = parabola_feedback(eta)
    return identity(sp.simplify(a - b * eta).subs(eta, factor / ((1 + BETA) * CURVED)), 0)


def finite_sum(shift: int = 0) -> Outcome:
    """|x_t| <= x_0 r^t with r < 1: sum b_t <= beta L^3 x_0^2/(1 - r^2), a geometric sum by induction; p = r^(2t)."""
    r, p = reals("r p", positive=True)

    def total(power: Any) -> Any:
        return BETA * CURVED**3 * X**2 * (1 - power) / (1 - r**2)

    return telescopes((total(sp.Integer(1)), 0), (BETA * CURVED**3 * X**2 * p, total(r**2 * p) - total(p) + shift * p))


def product_stays(extra: int = 0) -> Outcome:
    """prod (1 - y_t) >= 1 - sum y_t for y_t in [0, 1], by induction."""
    real = Reals()
    product, total, y = real("product total y")
    return real.always(
        product * (1 - y) >= 1 - total - y + extra * y, [0 <= y, y <= 1, 0 <= product, product <= 1, total >= 0, product >= 1 - total]
    )


LINE = ("F = L x^2/2 in one dimension, x_t != 0", "full gradient, end point", "unclipped FTRL")
G10R = [
    Step(
        id="gala.G10r.1", says="a_t = L^2 x_t^2 (1 - eta_t L), b_t = beta L^3 x_t^2", method="algebra", check=parabola_values,
        formulas=(descend, pair_summands, secant, curvature), assumes=LINE, control=Control("beta L^2 x^2", lambda: parabola_values(2)),
    ),
    Step(
        id="gala.G10r.2", says="e_{t+1} = e_t (1 - (1 + 1/beta) b_t/B_{t+1}), e_t = eta_t - 1/((1 + beta) L)", method="algebra",
        check=contraction,
        formulas=(ftrl, descend, pair_summands, secant, curvature), uses=("gala.G10r.1",), assumes=LINE,
        control=Control("without 1/beta", lambda: contraction(0)),
    ),
    Step(
        id="gala.G10r.3", says="a_t = b_t eta_t at eta_t = 1/((1 + beta) L)", method="algebra", check=point_of_balance,
        formulas=(descend, pair_summands, secant, curvature), uses=("gala.G10r.1",), assumes=LINE,
        control=Control("at twice this rate", lambda: point_of_balance(2)),
    ),
    Step(
        id="gala.G10r.4", says="|x_t| <= x_0 r^t, r < 1: sum b_t <= beta L^3 x_0^2/(1 - r^2)", method="algebra", check=finite_sum,
        uses=("gala.G10r.1",), assumes=LINE, control=Control("a smaller sum", lambda: finite_sum(1)),
    ),
    Step(
        id="gala.G10r.5",
        says="e_T/e_0 = prod (1 - y_t) >= 1 - sum y_t, y_t = (1 + 1/beta) b_t/B_{t+1} in [0, 1]: with (1 + 1/beta) sum b_t < delta eta "
        "settles elsewhere",
        method="decision", check=product_stays, uses=("gala.G10r.2", "gala.G10r.4"), assumes=LINE,
        control=Control("without y_t", lambda: product_stays(1)),
    ),
]  # fmt: skip

STEPS = [*G10, *G10R]
