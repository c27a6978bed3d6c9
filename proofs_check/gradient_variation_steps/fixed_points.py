"""X9: where fisher without a cap ends on a convex quadratic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
import z3

from experiments.gradient_variation_claims import fixed_points as claims
from lra_ref.formulas import descend
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import FIXED_POINT
from proofs_check.gradient_variation_steps.kernels import EPS_F, machine, parabola, run
from proofs_check.steps import Control, Outcome, Step, both

P = "gradient_variation"
EPS, BIG, LAMBDA = reals("eps_f L lam", positive=True)
X = reals("x", nonzero=True)
HALF = sp.Rational(1, 2)


# --- the minimiser ----------------------------------------------------------------------------------------------------
def factors(weight: int = 1) -> Outcome:
    """The kernels multiply the component along an eigenvector by 1 - lambda eta_t."""
    y = reals("y", nonzero=True)
    at = machine("sgd", "fisher", 2, hyp={EPS_F: EPS})
    path = run(at, [X, y], parabola(LAMBDA, BIG), 1)
    eta = symbolic(gv.fisher_gradient)((LAMBDA * X) ** 2 + (BIG * y) ** 2, EPS)
    return identities([(path.x[1][0], (1 - weight * LAMBDA * eta) * X), (path.x[1][1], (1 - weight * BIG * eta) * y)])


def bounded_factor(share: int = 2, top: int = 1) -> Outcome:
    """|1 - lambda eta_t| <= rho for m <= lambda <= L, |g_t|^2 <= G^2, eps_f > 0; rho of the claim."""
    real = Reals()
    m, weight, big, eps, g2, most = real("m weight L eps g2 most")
    eta = real.reading(gv.fisher_gradient)(g2, eps)
    rho = real.reading(claims.contraction_factor)(big, m, eps, most)
    inside = [m > 0, m <= weight, weight <= top * big, g2 >= 0, g2 <= most, eps > 0, share * eps > big]
    return real.always(real.abs(1 - weight * eta) <= rho, inside)


def below_one(share: int = 2) -> Outcome:
    """rho < 1 if eps_f > L/2."""
    real = Reals()
    m, big, eps, most = real("m L eps most")
    rho = real.reading(claims.contraction_factor)(big, m, eps, most)
    return real.always(rho < 1, [0 < m, m <= big, most >= 0, eps > 0, share * eps > big])


def norm_shrinks(factor: int = 1) -> Outcome:
    """Components multiplied by factors of absolute value at most rho: |x_{t+1}| <= rho |x_t| (two components; the others add likewise)."""
    real = Reals()
    x, y, p, q, rho = real("x y p q rho")
    given = [rho >= 0, p * p <= rho * rho, q * q <= rho * rho]
    return real.always(factor * ((p * x) ** 2 + (q * y) ** 2) <= rho * rho * (x * x + y * y), given)


def largest_gradient(top: int = 2) -> Outcome:
    """eps_f > L/2: (lambda y)^2 does not grow, so |g_t| <= |g_0| and G = |g_0| serves."""
    real = Reals()
    y, weight, big, eps, g2 = real("y weight L eps g2")
    after = real.reading(descend)(y, real.reading(gv.fisher_gradient)(g2, eps), weight * y)
    return real.always((weight * after) ** 2 <= (weight * y) ** 2, [weight >= 0, weight <= big, eps > 0, top * eps > big, g2 >= 0])


def powers(gain: int = 0) -> Outcome:
    """Induction: |x_t| <= rho^t |x_0| (base t = 0) gives |x_{t+1}| <= rho^{t+1} |x_0|."""
    real = Reals()
    now, after, rho, power, start = real("now after rho power start")
    base = real.always(now <= 1 * start, [now == start])
    given = [rho >= 0, power >= 0, start >= 0, now >= 0, now <= power * start, after <= rho * now]
    return both(base, real.always(after + gain * start <= rho * power * start, given))


X9 = [
    Step(
        id=f"{P}.X9.1",
        says="the component along an eigenvector of eigenvalue lambda is multiplied by 1 - lambda eta_t, by the kernels (D = 2)",
        method="algebra", check=factors, formulas=(gv.fisher_decide, gv.fisher_gradient, descend),
        assumes=("exact gradients", "theta = 1", "no cap"), control=Control("1 - 2 lambda eta_t", lambda: factors(2)),
    ),
    Step(
        id=f"{P}.X9.2", says="|1 - lambda eta_t| <= rho = max(|1 - L/eps_f|, 1 - m/(eps_f + G^2)) for m <= lambda <= L, |g_t| <= G",
        method="decision", check=bounded_factor, formulas=(gv.fisher_gradient, claims.contraction_factor), uses=(f"{P}.X9.1",),
        assumes=("eps_f > L/2",), control=Control("for lambda <= 2L", lambda: bounded_factor(2, 2)),
    ),
    Step(
        id=f"{P}.X9.3", says="rho < 1 if eps_f > L/2", method="decision", check=below_one, formulas=(claims.contraction_factor,),
        assumes=("0 < m <= L",), control=Control("if eps_f > L/3", lambda: below_one(3)),
    ),
    Step(
        id=f"{P}.X9.4", says="eps_f > L/2: no component of g grows, so |g_t| <= |g_0| and G = |g_0|", method="decision",
        check=largest_gradient, formulas=(gv.fisher_gradient, descend), control=Control("eps_f > L/4", lambda: largest_gradient(4)),
    ),
    Step(
        id=f"{P}.X9.5", says="|x_{t+1} - x*| <= rho |x_t - x*|: the squares of the components add", method="decision", check=norm_shrinks,
        uses=(f"{P}.X9.2",), control=Control("twice the left-hand side", lambda: norm_shrinks(2)),
    ),
    Step(
        id=f"{P}.X9.6", says="|x_t - x*| <= rho^t |x_0 - x*|, which goes to 0: the minimiser attracts every point (base and increment)",
        method="decision", check=powers, uses=(f"{P}.X9.3", f"{P}.X9.4", f"{P}.X9.5"),
        control=Control("|x_0 - x*| less", lambda: powers(1)),
    ),
]  # fmt: skip


# --- repulsion --------------------------------------------------------------------------------------------------------
def expanding(stronger: int = 1) -> Outcome:
    """eps_f < L/2, |g|^2 <= gamma: |1 - L eta| >= kappa > 1, gamma and kappa of the claim."""
    real = Reals()
    y, big, eps, g2 = real("y L eps g2")
    gamma, kappa = real.reading(claims.repulsion_factor)(big, eps)
    after = real.reading(descend)(y, real.reading(gv.fisher_gradient)(g2, eps), big * y)
    claim = z3.And(kappa > 1, gamma > 0, real.abs(after) >= stronger * kappa * real.abs(y))
    return real.always(claim, [eps > 0, big > 0, 2 * eps < big, g2 >= 0, g2 <= gamma])


def where_gamma_lies() -> Outcome:
    """gamma is half of L/2 - eps_f and kappa + 1 = L/(eps_f + gamma)."""
    gamma, kappa = symbolic(claims.repulsion_factor)(BIG, EPS)
    return identities([(2 * gamma, BIG / 2 - EPS), ((kappa + 1) * (EPS + gamma), BIG)])


def bernoulli(gain: int = 1) -> Outcome:
    """kappa^t >= 1 + t (kappa - 1) by induction, so kappa^t |y_0| comes to exceed every bound."""
    real = Reals()
    kappa, t, power, y, bound = real("kappa t power y bound")
    increment = real.always(kappa * power >= 1 + (t + gain) * (kappa - 1), [kappa > 1, t >= 0, power >= 1 + t * (kappa - 1)])
    exceeds = real.always((1 + t * (kappa - 1)) * y > bound, [kappa > 1, y > 0, bound >= 0, t * (kappa - 1) * y > bound, t >= 0])
    return both(increment, exceeds)


REPELS = [
    Step(
        id=f"{P}.X9repels.1",
        says="eps_f < L/2, |g_t|^2 <= gamma = (L/2 - eps_f)/2: |y_{t+1}| >= kappa |y_t|, kappa = L/(eps_f + gamma) - 1 > 1",
        method="decision", check=expanding, formulas=(claims.repulsion_factor, gv.fisher_gradient, descend), uses=(f"{P}.X9.1",),
        control=Control("2 kappa", lambda: expanding(2)),
    ),
    Step(
        id=f"{P}.X9repels.2", says="gamma and kappa are those of the statement", method="algebra", check=where_gamma_lies,
        formulas=(claims.repulsion_factor,),
        control=Control("kappa + 2", lambda: identity((symbolic(claims.repulsion_factor)(BIG, EPS)[1] + 2) * (BIG + 2 * EPS), 4 * BIG)),
    ),
    Step(
        id=f"{P}.X9repels.3", says="kappa^t >= 1 + t (kappa - 1): if |g|^2 stayed below gamma, L^2 y_t^2 <= |g_t|^2 would exceed it",
        method="decision", check=bernoulli, uses=(f"{P}.X9repels.1",), assumes=("y_0 is not 0",),
        control=Control("1 + (t + 1) kappa - t", lambda: bernoulli(2)),
    ),
]  # fmt: skip


# --- the two-cycle ----------------------------------------------------------------------------------------------------
def step_of(x: Any, big: Any, eps: Any, reading: Callable[..., Any] = symbolic) -> Any:
    """One step in 1-D: x - L x/(eps_f + L^2 x^2)."""
    g = big * x
    return reading(descend)(x, reading(gv.fisher_gradient)(g * g, eps), g)


def scaled_map(power: Any = HALF) -> Outcome:
    """With z = sqrt(L) x and share = eps_f/L the map has no L: so L = 1 is no loss."""
    z, share = reals("z share", positive=True)
    return identity(step_of(z / BIG**power, BIG, share * BIG) * BIG**power, step_of(z, 1, share))


def on_the_cycle(where: Any = None) -> Outcome:
    """f(x_c) = -x_c, f'(x_c) = 3 - 8 eps_f/L, f odd; x_c, the multiplier of the claim. eps_f = L/2 - u with u > 0."""
    u = reals("u", positive=True)
    eps = BIG / 2 - u
    point = symbolic(claims.cycle_point)(BIG, eps) if where is None else where
    multiplier = symbolic(claims.cycle_multiplier)(BIG, eps)
    slope = sp.diff(step_of(X, BIG, EPS), X).subs({X: point, EPS: eps})
    return identities([
        (step_of(point, BIG, eps), -point), (slope, 3 - 8 * eps / BIG), (sp.Abs(sp.simplify(slope)), multiplier),
        (step_of(-X, BIG, EPS), -step_of(X, BIG, EPS)),
    ])  # fmt: skip


def only_cycle(both_ways: bool = True) -> Outcome:
    """x is sent to -x, x not 0, if and only if |g|^2 = L/2 - eps_f."""
    real = Reals()
    x, big, eps = real("x L eps")
    claim = (step_of(x, big, eps, real.reading) == -x) == (2 * (big * x) ** 2 == (big if both_ways else 2 * big) - 2 * eps)
    return real.always(claim, [big > 0, eps > 0, x != 0])


def multiplier_below_one(low: int = 4) -> Outcome:
    """|3 - 8 eps_f/L| < 1 iff L/4 < eps_f, and > 1 iff eps_f < L/4, for 0 < eps_f < L/2."""
    real = Reals()
    big, eps = real("L eps")
    multiplier = real.reading(claims.cycle_multiplier)(big, eps)
    claim = z3.And((multiplier < 1) == (low * eps > big), (multiplier > 1) == (low * eps < big))
    return real.always(claim, [eps > 0, 2 * eps < big])


def boundary(shift: str = "0") -> Outcome:
    """eps_f = L/4: |x_{t+2}| is closer to x_c than |x_t|, for every |x_t| within a tenth of 1/(2 sqrt(L)) (L = 1 by scaling)."""
    real = Reals()
    z = real("z")
    share = z3.RealVal("1/4") - z3.RealVal(shift)
    two = step_of(step_of(z, 1, share, real.reading), 1, share, real.reading)
    away, after = z - z3.RealVal("1/2"), two - z3.RealVal("1/2")
    claim = z3.And(after * away > 0, after * after < away * away)
    return real.always(claim, [z > z3.RealVal("9/20"), z < z3.RealVal("11/20"), away != 0])


def near_cycle(attracts: bool, wider: int = 1) -> Outcome:
    """| |x_{t+1}| - x_c | against (1 + m)/2 times | |x_t| - x_c | in ``wider`` windows of the claim, m = |3 - 8 eps_f/L|, L = 1."""
    real = Reals()
    share, z = real("share z")
    point, multiplier, window = (
        real.reading(f)(1, share) for f in (claims.cycle_point, claims.cycle_multiplier, claims.cycle_window)
    )  # fmt: skip
    before, after = real.abs(z - point), real.abs(real.abs(step_of(z, 1, share, real.reading)) - point)
    factor, inside = (1 + multiplier) / 2, before <= wider * window
    if attracts:
        return real.always(after <= factor * before, [4 * share > 1, 2 * share < 1, inside])
    return real.always(after >= factor * before, [share > 0, 4 * share < 1, inside])


CYCLE = [
    Step(
        id=f"{P}.X9cycle.1", says="with z = sqrt(L) x the map x - L x/(eps_f + L^2 x^2) depends on eps_f/L alone", method="algebra",
        check=scaled_map, formulas=(gv.fisher_gradient, descend), assumes=("one dimension", "theta = 1", "no cap"),
        control=Control("z = L x", lambda: scaled_map(sp.Integer(1))),
    ),
    Step(
        id=f"{P}.X9cycle.2", says="x -> -x, x not 0, exactly where |g|^2 = L/2 - eps_f", method="decision", check=only_cycle,
        formulas=(gv.fisher_gradient, descend), control=Control("where |g|^2 = L - eps_f", lambda: only_cycle(False)),
    ),
    Step(
        id=f"{P}.X9cycle.3", says="f(x_c) = -x_c, f'(x_c) = 3 - 8 eps_f/L, f odd: the multiplier of the cycle is (3 - 8 eps_f/L)^2",
        method="algebra", check=on_the_cycle, formulas=(gv.fisher_gradient, descend, claims.cycle_point, claims.cycle_multiplier),
        uses=(f"{P}.X9cycle.2",), assumes=("0 < eps_f < L/2",), control=Control("x_c = 1/L", lambda: on_the_cycle(1 / BIG)),
    ),
    Step(
        id=f"{P}.X9cycle.4",
        says="|3 - 8 eps_f/L| < 1 iff L/4 < eps_f < L/2, > 1 iff eps_f < L/4: there the cycle attracts, here it repels", method="decision",
        check=multiplier_below_one, formulas=(claims.cycle_multiplier,), uses=(f"{P}.X9cycle.3",), facts=(FIXED_POINT,),
        assumes=("0 < eps_f < L/2",), control=Control("iff L/3 < eps_f", lambda: multiplier_below_one(3)),
    ),
    Step(
        id=f"{P}.X9cycle.5",
        says="eps_f = L/4, multiplier 1: two steps bring |x| closer to x_c, from within a tenth of it; so it still attracts",
        method="decision", check=boundary, formulas=(gv.fisher_gradient, descend), uses=(f"{P}.X9cycle.1",),
        assumes=("L = 1 by X9cycle.1", "a continuous map that moves every point closer to p, without passing it, leads to p"),
        control=Control("eps_f = L/4 - L/8", lambda: boundary("1/8")),
    ),
    Step(
        id=f"{P}.X9cycle.6",
        says="L/4 < eps_f < L/2, m = |3 - 8 eps_f/L|, within |1 - m| x_c/6 of x_c: | |x_t| - x_c | shrinks by (1 + m)/2 or more per step",
        method="decision", check=lambda: near_cycle(True), formulas=(gv.fisher_gradient, descend, claims.cycle_point, claims.cycle_window),
        uses=(f"{P}.X9cycle.1",), assumes=("L = 1 by X9cycle.1", "so the distance stays in the window"),
        control=Control("in three windows", lambda: near_cycle(True, 3)),
    ),
    Step(
        id=f"{P}.X9cycle_repels.1",
        says="0 < eps_f < L/4, within |1 - m| x_c/6 of x_c: | |x_t| - x_c | grows by (1 + m)/2 > 1 or more per step", method="decision",
        check=lambda: near_cycle(False), formulas=(gv.fisher_gradient, descend, claims.cycle_point, claims.cycle_window),
        uses=(f"{P}.X9cycle.1", f"{P}.X9cycle.4"), assumes=("L = 1 by X9cycle.1",),
        control=Control("in two windows", lambda: near_cycle(False, 2)),
    ),
]  # fmt: skip

STEPS = [*X9, *REPELS, *CYCLE]
THEOREMS = {
    f"{P}.X9": "fisher, theta = 1, no cap, convex quadratic, eps_f > L/2: |x_t - x*| <= rho^t |x_0 - x*|, rho < 1",
    f"{P}.X9repels": "eps_f < L/2: close to x* the component along the top eigenvector grows by kappa > 1, until |g|^2 exceeds gamma",
    f"{P}.X9cycle": "1-D: the two-cycle |g|^2 = L/2 - eps_f attracts for L/4 <= eps_f < L/2 (at L/4 not geometrically); in a window "
    "of |1 - m| x_c/6, m = |3 - 8 eps_f/L|, by (1 + m)/2 per step",
    f"{P}.X9cycle_repels": "1-D: it repels for eps_f < L/4, in the same window by (1 + m)/2 per step",
}
