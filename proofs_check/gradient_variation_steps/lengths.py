"""X7, X8: how long a step of fisher can be, and when a step descends."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
import z3
from PEPit import PEP
from PEPit.functions import SmoothConvexFunction, SmoothFunction

from experiments.gradient_variation_claims.steps import TOP
from lra_ref.directions.momentum import averaged_begin, averaged_map
from lra_ref.directions.sign import sign_map
from lra_ref.formulas import average, descend
from lra_ref.parts import move_along
from lra_ref.rates import gradient_variation as gv
from lra_ref.verify import Case
from proofs_check.algebra import holds_at, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, DESCENT_LEMMA
from proofs_check.gradient_variation_steps.kernels import EPS_F, HIGH, exact, machine, parabola, run, vector
from proofs_check.steps import Control, Outcome, Step, both, counted, opposite
from proofs_check.worst_case import at_most

P = "gradient_variation"
HALF = sp.Rational(1, 2)


# --- X7 ---------------------------------------------------------------------------------------------------------------
def length_formula(power: int = 2) -> Outcome:
    """rate times |d| = c/(eps_f + c^2): c = <g,d>/|d| along d, c = |g| along g; and |x_{t+1} - x_t| = eta |d| by the kernel."""
    eps, c, n = reals("eps c n", positive=True)
    wanted = c / (eps + c**power)
    eta, x, d = reals("eta", positive=True), vector("x:2"), vector("d:2")
    step = machine("momentum", "fisher", 2).move(x, d, d, eta) - x
    return counted([
        identity(symbolic(gv.fisher_along)(c * n, n**2, eps) * n, wanted),
        identity(symbolic(gv.fisher_gradient)(c**2, eps) * c, wanted),
        identity(sum(step**2), eta**2 * sum(d**2)),
    ])  # fmt: skip


def longest(weight: int = 1) -> Outcome:
    """c/(eps_f + c^2) <= 1/(2 sqrt(eps_f)), with equality at c = sqrt(eps_f)."""
    real = Reals()
    c, eps, root = real("c eps root")
    given = [eps > 0, c >= 0, root > 0, root * root == eps]
    return both(
        real.always(2 * weight * root * c <= eps + c * c, given),
        real.always(2 * weight * root * root == eps + root * root, given),
    )


def applied_length(along: bool, weight: int = 1) -> Outcome:
    """The rate as applied under any cap eta_max: eta |d| <= theta/(2 sqrt(eps_f)) on a step that is not kept."""
    real = Reals()
    c, n, eps, root, theta, high, previous = real("c n eps root theta high previous")
    slope, norm2 = (c * n, n * n) if along else (c * c, c * c)
    size = n if along else c
    raw, usable = real.reading(gv.fisher_member)(0, not along, slope, norm2, slope, eps)
    eta, more = real.reading(gv.applied_rate)(raw, usable, theta, z3.RealVal(0), high, previous)
    given = [eps > 0, root > 0, root * root == eps, theta > 0, high > 0, c > 0, n > 0]
    return real.always(z3.And(more == 0, 2 * weight * root * eta * size <= theta), given)


def sign_never_keeps(shift: int = 0) -> Outcome:
    """Along sign(g) <g,d> <= 0 only for g = 0, where d = 0 and the step is 0 (two elements, by the kernels)."""
    real = Reals()
    g = np.array(real("g0 g1"), dtype=object)
    at = machine("sign", "fisher", 2, namespace=real)
    d = at.aim(g, g)
    slope = at.summands(g, g, d, g)[0, 0]
    return real.always(z3.Implies(slope <= shift, z3.And(g[0] == 0, g[1] == 0, d[0] == 0, d[1] == 0)))


def goes_on(beta_max: int = 1) -> Outcome:
    """A kept step with |d_t| <= beta |d_{t-1}| is no longer than the step before it."""
    real = Reals()
    eta, now, before, beta, bound = real("eta now before beta bound")
    given = [eta > 0, before >= 0, beta >= 0, beta <= beta_max, now >= 0, now <= beta * before, eta * before <= bound]
    return real.always(eta * now <= bound, given)


def momentum_square(factor: int = 1) -> Outcome:
    """|d_t|^2 = beta <m_{t-1}, d_t> + <g_t, d_t> for the buffer of the kernel."""
    keep, g, m = reals("beta", positive=True), vector("g:2"), vector("m:2")
    at = machine("momentum", "fisher", 2)
    at.inner_hyp[1], at.t, at.buffer[0] = keep, 1, m
    d = at.aim(g, g)
    return identity(sum(d * d), factor * keep * sum(m * d) + sum(g * d))


def kept_shrinks(share: int = 1) -> Outcome:
    """From d2 = beta md + gd, gd <= 0 and md^2 <= m2 d2: d2 <= beta^2 m2."""
    real = Reals()
    d2, m2, md, gd, beta = real("d2 m2 md gd beta")
    given = [d2 >= 0, m2 >= 0, beta >= 0, d2 == beta * md + gd, gd <= 0, md * md <= m2 * d2]
    return real.always(share * d2 <= beta * beta * m2, given)


X7 = [
    Step(
        id=f"{P}.X7length.1",
        says="|x_{t+1} - x_t| = eta_t |d_t|, kept or not; where not = theta c/(eps_f + c^2), c = <g,d>/|d| (along g: |g|)",
        method="algebra", check=length_formula, formulas=(gv.fisher_along, gv.fisher_gradient, move_along, descend),
        assumes=("<g,d> > 0", "no cap"), control=Control("c/(eps_f + c^3)", lambda: length_formula(3)),
    ),
    Step(
        id=f"{P}.X7.1", says="c/(eps_f + c^2) <= 1/(2 sqrt(eps_f)), with equality at c = sqrt(eps_f)", method="decision", check=longest,
        assumes=("c >= 0", "eps_f > 0"), control=Control("the constant halved", lambda: longest(2)),
    ),
    Step(
        id=f"{P}.X7.2", says="the applied rate: eta_t |d_t| <= theta/(2 sqrt(eps_f)) on every step that is not kept, whatever eta_max",
        method="decision", check=lambda: counted([applied_length(False), applied_length(True)]), uses=(f"{P}.X7length.1", f"{P}.X7.1"),
        formulas=(gv.fisher_member, gv.fisher_along, gv.fisher_gradient, gv.applied_rate),
        assumes=("<g,d> > 0", "eta_min is not set: a smallest rate can be above the formula"),
        control=Control("the constant halved", lambda: applied_length(True, 2)),
    ),
    Step(
        id=f"{P}.X7.3", says="SIGNSGD keeps a rate only at g = 0, where the step is 0; SGD never keeps", method="decision",
        check=sign_never_keeps, formulas=(sign_map, gv.along_terms), uses=(f"{P}.edges.3",),
        control=Control("only if |g|_1 <= 1", lambda: sign_never_keeps(1)),
    ),
    Step(
        id=f"{P}.X7.4", says="SGDM: a kept step is no longer than the step before it, so the bound goes on to hold (by induction)",
        method="decision", check=goes_on, uses=(f"{P}.X7.2", f"{P}.X7kept.2"),
        assumes=("beta <= 1", "the first step has d = g: it keeps only at g = 0, where it is 0", "exact arithmetic"),
        control=Control("beta <= 2", lambda: goes_on(2)),
    ),
    Step(
        id=f"{P}.X7kept.1", says="|d_t|^2 = beta <d_{t-1}, d_t> + <g_t, d_t> for SGDM (two elements, by the kernel)", method="algebra",
        check=momentum_square, formulas=(averaged_begin, averaged_map, average), assumes=("no dampening", "no weight decay"),
        control=Control("2 beta", lambda: momentum_square(2)),
    ),
    Step(
        id=f"{P}.X7kept.2", says="<g_t, d_t> <= 0 gives |d_t|^2 <= beta |d_{t-1}||d_t|, so |d_t| <= beta |d_{t-1}|", method="decision",
        check=kept_shrinks, uses=(f"{P}.X7kept.1", f"{P}.edges.3"), facts=(CAUCHY_SCHWARZ,),
        control=Control("2 |d_t|^2 <= beta^2 |d_{t-1}|^2", lambda: kept_shrinks(2)),
    ),
]  # fmt: skip


# --- X8 ---------------------------------------------------------------------------------------------------------------
def lemma(weight: Any = HALF) -> Outcome:
    """<g, x' - x> + (L/2)|x' - x|^2 = -eta (1 - L eta/2) |g|^2 for the move of the kernel."""
    big, eta = reals("L eta", positive=True)
    x, g = vector("x:3"), vector("g:3")
    step = machine("sgd", "fisher", 3).move(x, g, g, eta) - x
    return identity(sum(g * step) + big / 2 * sum(step**2), -eta * (1 - weight * big * eta) * sum(g**2))


def small_rate(limit: int = 1) -> Outcome:
    """eta <= 1/L: eta (1 - L eta/2) |g|^2 >= (eta/2) |g|^2."""
    real = Reals()
    big, eta, g2 = real("L eta g2")
    return real.always(eta * (2 - big * eta) * g2 >= eta * g2, [big > 0, eta > 0, eta * big <= limit, g2 >= 0])


def worst_descent(kind: type, rate: float, share: float = 0.5) -> Outcome:
    """F(x_1) - F(x_0) + share rate |g|^2 <= 0 over the class with L = 1, |g_0| <= 1, by the move of the library."""

    def build() -> PEP:
        problem = PEP()
        f = problem.declare_function(kind, L=1.0)
        x = problem.set_initial_point()
        gradient, value = f.oracle(x)
        problem.set_initial_condition(gradient**2 <= 1)
        problem.set_performance_metric(f(descend(x, rate, gradient)) - value + share * rate * gradient**2)
        return problem

    return at_most(build, 0.0)


def rate_limit(limit: int = 1) -> Outcome:
    """eta = 1/(eps_f + |g|^2) <= 1/L if and only if |g|^2 >= L - eps_f."""
    real = Reals()
    g2, eps, big = real("g2 eps L")
    eta = real.reading(gv.fisher_gradient)(g2, eps)
    return real.always((big * eta <= 1) == (g2 >= limit * big - eps), [eps > 0, g2 >= 0, big > 0])


def damped_rate(share: int = 2) -> Outcome:
    """eps_f >= L/2: eta <= 2/L."""
    real = Reals()
    g2, eps, big = real("g2 eps L")
    return real.always(big * real.reading(gv.fisher_gradient)(g2, eps) <= 2, [eps > 0, g2 >= 0, big > 0, share * eps >= big])


def eigen_descent(limit: int = 2) -> Outcome:
    """0 <= lambda <= L, eta <= 2/L: lambda (x - eta lambda x)^2 <= lambda x^2; F is the sum of the halves."""
    real = Reals()
    x, weight, big, eta = real("x weight L eta")
    after = real.reading(descend)(x, eta, weight * x)
    return real.always(weight * after * after <= weight * x * x, [weight >= 0, weight <= big, big > 0, eta > 0, eta * big <= limit])


def smooth_descent(limit: int = 2) -> Outcome:
    """eta <= 2/L: -eta (1 - L eta/2)|g|^2 <= 0."""
    real = Reals()
    big, eta, g2 = real("L eta g2")
    return real.always(eta * (2 - big * eta) * g2 >= 0, [big > 0, eta > 0, eta * big <= limit, g2 >= 0])


def climbs(case: Case, capped: bool = False) -> Outcome:
    """F(x_1) <= F(x_0) in the exact run of a stored counterexample, or of the same with eta_max = 1/L."""
    values = case.parameters("quick") or {}
    spectrum = [exact(value) for value in values["problem_parameters"]["spectrum"]]
    hyp = {HIGH: 1 / max(spectrum)} if capped else {}
    at = machine(values["direction"], "fisher", len(spectrum), hyp={EPS_F: exact(values["parameters"]["eps_f"]), **hyp})
    x0 = [exact(value) for value in np.broadcast_to(values["x0"], len(spectrum))]
    path = run(at, x0, parabola(*spectrum), values["T"])
    before, after = (sum(weight * value**2 for weight, value in zip(spectrum, x, strict=True)) / 2 for x in (path.x[0], path.x[-1]))
    found = holds_at(after <= before)
    return Outcome(found.result, {"F(x_0)": str(sp.N(before, 8)), "F(x_1)": str(sp.N(after, 8))}, found.detail)


def climbs_near(everywhere: bool = False) -> Outcome:
    """eps_f < L/2, 0 < |g|^2 < L/2 - eps_f: the component along the top eigenvector grows, |1 - L eta| > 1; F too if it is the only one."""
    real = Reals()
    x, eps, big = real("x eps L")
    g = big * x
    after = real.reading(descend)(x, real.reading(gv.fisher_gradient)(g * g, eps), g)
    near = [2 * g * g < big - 2 * eps] if not everywhere else []
    return real.always(big * after * after > big * x * x, [eps > 0, big > 0, 2 * eps < big, x != 0, *near])


X8 = [
    Step(
        id=f"{P}.X8.1",
        says="F(x_{t+1}) - F(x_t) <= <g, x_{t+1} - x_t> + (L/2)|x_{t+1} - x_t|^2 = -eta (1 - L eta/2)|g|^2, by the kernel of the move",
        method="algebra", check=lemma, formulas=(move_along, descend), facts=(DESCENT_LEMMA,),
        assumes=("SGD", "full gradient", "F L-smooth"), control=Control("1 - L eta", lambda: lemma(1)),
    ),
    Step(
        id=f"{P}.X8.2", says="eta <= 1/L: -eta (1 - L eta/2)|g|^2 <= -(eta/2)|g|^2", method="decision", check=small_rate,
        uses=(f"{P}.X8.1",), control=Control("eta <= 2/L", lambda: small_rate(2)),
    ),
    Step(
        id=f"{P}.X8.3", says="the same over all L-smooth functions, convex or not, for eta = 1/L and 1/(2L) (L = 1, |g| <= 1)",
        method="worst case",
        check=lambda: both(*(worst_descent(kind, rate) for kind in (SmoothFunction, SmoothConvexFunction) for rate in (1.0, 0.5))),
        formulas=(descend,), control=Control("eta = 3/(2L)", lambda: worst_descent(SmoothConvexFunction, 1.5)),
    ),
    Step(
        id=f"{P}.X8fisher.1", says="theta = 1: eta_t <= 1/L if and only if |g_t|^2 >= L - eps_f: X8 speaks of exactly these steps",
        method="decision", check=rate_limit, formulas=(gv.fisher_gradient,), uses=(f"{P}.X8.2",), assumes=("theta = 1", "no cap"),
        control=Control("|g_t|^2 >= 2L - eps_f", lambda: rate_limit(2)),
    ),
    Step(
        id=f"{P}.X8free.1", says="eps_f >= L/2: every rate is at most 2/L", method="decision", check=damped_rate,
        formulas=(gv.fisher_gradient,), assumes=("theta = 1",), control=Control("eps_f >= L/4", lambda: damped_rate(4)),
    ),
    Step(
        id=f"{P}.X8free.2", says="convex quadratic, eta <= 2/L: every eigencomponent of F falls or stays", method="decision",
        check=eigen_descent, formulas=(descend,), uses=(f"{P}.X8free.1",), control=Control("eta <= 3/L", lambda: eigen_descent(3)),
    ),
    Step(
        id=f"{P}.X8free.3", says="so F never rises; by X8.1 this is true of every L-smooth F, quadratic or not, convex or not",
        method="decision", check=smooth_descent, uses=(f"{P}.X8free.2", f"{P}.X8.1"),
        control=Control("eta <= 3/L", lambda: smooth_descent(3)),
    ),
    Step(
        id=f"{P}.X8free.4", says="the same over all L-smooth functions for eta = 2/L, 1/L (L = 1, |g| <= 1)", method="worst case",
        check=lambda: both(*(worst_descent(SmoothFunction, rate, 0.0) for rate in (2.0, 1.0))), formulas=(descend,),
        control=Control("eta = 2.2/L", lambda: worst_descent(SmoothFunction, 2.2, 0.0)),
    ),
    Step(
        id=f"{P}.X8top.1", says="REFUTED: F never rises without a cap (F = x^2/2 from 1/2; spectrum 4, 1 with eps_f = 0.49 L; exact runs)",
        method="algebra", check=lambda: counted(opposite(climbs(case)) for case in TOP),
        formulas=(gv.fisher_decide, gv.fisher_gradient, gv.fisher_member),
        control=Control("with eta_max = 1/L, for which it is true", lambda: counted(opposite(climbs(case, True)) for case in TOP)),
    ),
    Step(
        id=f"{P}.X8top.2", says="F = x^2/2 from 1/2: x_1 = -3/2 and F rises from 1/8 to 9/8, to 7 digits", method="algebra",
        check=lambda: top_numbers(), formulas=(gv.fisher_decide, move_along),
        control=Control("x_1 = -1", lambda: top_numbers(sp.Integer(-1))),
    ),
    Step(
        id=f"{P}.X8top.3", says="for every eps_f < L/2: F rises from every point of the top eigenvector with 0 < |g|^2 < L/2 - eps_f",
        method="decision", check=climbs_near, formulas=(gv.fisher_gradient, descend), uses=(f"{P}.X8free.3",),
        assumes=("theta = 1", "no cap", "with X8free: eta_max is needed for monotone descent if and only if eps_f < L/2"),
        control=Control("from every point", lambda: climbs_near(True)),
    ),
]  # fmt: skip


def top_numbers(point: Any = -3 * HALF) -> Outcome:
    """x_1 and F(x_1) of the counterexample in one dimension."""
    values = next(case.parameters("quick") or {} for case in TOP if "1/2" in case.name)
    at = machine("sgd", "fisher", hyp={EPS_F: exact(values["parameters"]["eps_f"])})
    x = run(at, [exact(values["x0"][0])], parabola(1), 1).x[1][0]
    room = sp.Rational(1, 10**7)
    near = sp.And(sp.Abs(x - point) <= room, sp.Abs(x**2 / 2 - sp.Rational(9, 8)) <= 2 * room)
    return holds_at(near)


STEPS = [*X7, *X8]
THEOREMS = {
    f"{P}.X7": "fisher with SGD, SGDM, SIGNSGD, no eta_min: |x_{t+1} - x_t| <= theta/(2 sqrt(eps_f)) on every step",
    f"{P}.X7length": "fisher, no cap: |x_{t+1} - x_t| = theta c/(eps_f + c^2), c = <g,d>/|d|; eta_{t-1} |d_t| where the rate was kept",
    f"{P}.X7kept": "a step of SGDM that keeps its rate because <g_t, d_t> <= 0 has |d_t| <= beta |d_{t-1}|",
    f"{P}.X8": "SGD, full gradient, F L-smooth: a step with eta_t <= 1/L has F(x_{t+1}) <= F(x_t) - (eta_t/2)|g_t|^2",
    f"{P}.X8fisher": "for fisher, theta = 1, these are the steps with |g_t|^2 >= L - eps_f",
    f"{P}.X8free": "fisher, SGD, theta = 1, full gradient, eps_f >= L/2: F never rises, on any L-smooth F",
    f"{P}.X8top": "refuted: F never rises without a cap for eps_f < L/2; so eta_max is needed if and only if eps_f < L/2",
}
