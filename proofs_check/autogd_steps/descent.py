"""A2 to A4: gamma on a smooth function, and the selections that do not work."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
import z3
from PEPit import PEP
from PEPit.functions import SmoothFunction

from experiments.autogd_claims.runs import WITNESSES, played
from lra_ref.formulas import descend
from lra_ref.methods.autogd import least_rate, next_gamma
from lra_ref.rates.armijo import decreases
from lra_ref.verify import Case, CaseView, Settings
from proofs_check.algebra import holds_at, identities, identity, reals
from proofs_check.autogd_steps.selection import SELECTION, Logic, selected
from proofs_check.facts import CAUCHY_SCHWARZ, DESCENT_LEMMA, MEAN_VALUE
from proofs_check.steps import Control, Outcome, Step, both, opposite
from proofs_check.worst_case import at_most


class Smooth(Logic):
    """One step on an L-smooth function: the losses at the three candidates, and what smoothness says about them."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma, self.c, self.C, self.a, self.F, self.N, self.L = self("gamma c C a F N L")
        self.losses = dict(enumerate(self("l0 l1 l2")))
        self.rates = {0: self.gamma, 1: self.c * self.gamma, 2: self.C * self.gamma}
        self.given = [self.gamma > 0, self.c > 0, self.c < 1, self.C > 1, self.a > 0, 2 * self.a <= 1, self.N > 0, self.L > 0]
        self.best, self.best_loss = selected(self, self.losses, self.F, self.N, self.gamma, self.c, self.C, self.a)
        self.next = self.reading(next_gamma)(self.best, self.gamma, self.c)

    def descent(self, k: int) -> Any:
        """F(x - e g) <= F(x) - e (1 - L e/2) |g|^2 at candidate k."""
        e = self.rates[k]
        return 2 * self.losses[k] <= 2 * self.F - e * (2 - self.L * e) * self.N

    def neighbours(self, larger: int, smaller: int) -> Any:
        """F(x - e g) - F(x - e' g) <= -(e - e')(1 - L (e + e')/2) |g|^2."""
        e, s = self.rates[larger], self.rates[smaller]
        return 2 * (self.losses[larger] - self.losses[smaller]) <= -(e - s) * (2 - self.L * (e + s)) * self.N


# --- A2s, A2 ----------------------------------------------------------------------------------------
def passing(room: int = 2) -> Outcome:
    """L e <= 2(1-a) passes Armijo's test."""
    real = Logic()
    loss, trial, n2, e, a, L = real("F l N e a L")
    given = [n2 > 0, e > 0, a > 0, L > 0, L * e <= room * (1 - a), 2 * trial <= 2 * loss - e * (2 - L * e) * n2]
    return real.always(real.reading(decreases)(trial, loss, n2, e, a), given=given)


def along(factor: int = 1) -> Outcome:
    """<grad F(x - s g), g> = |g|^2 + d with |d| <= L s |g|^2."""
    real = Logic()
    inner, d, s, L, n2 = real("inner d s L N")
    return real.always(inner >= (factor - L * s) * n2, given=[n2 > 0, s >= 0, L > 0, inner == n2 + d, real.abs(d) <= L * s * n2])


def integrated(weight: Any = 1) -> Outcome:
    """-integral over s in [e', e] of (1 - L s)|g|^2."""
    s, e, small, L, n2 = reals("s e small L N")
    return identity(-sp.integrate((1 - L * s) * n2, (s, small, e)), -(e - small) * (1 - weight * L * (e + small) / 2) * n2)


def keeps(room: int = 2) -> Outcome:
    """L gamma (1+c) <= 2 and L gamma <= 2(1-a): the next gamma is at least gamma."""
    s = Smooth()
    edge = [s.L * s.gamma * (1 + s.c) <= room, s.L * s.gamma <= room * (1 - s.a)]
    return s.always(s.next >= s.gamma, given=[*s.given, *edge, s.descent(0), s.neighbours(0, 1)])


def shrinks_by_c(factor: int = 1) -> Outcome:
    """In any case the next gamma is at least c gamma."""
    s = Smooth()
    return s.always(s.next >= factor * s.c * s.gamma, given=s.given)


def induction(edge: int = 2) -> Outcome:
    """gamma >= m gives next >= m, m the bound of the statement."""
    real = Logic()
    gamma, after, start, c, a, L, m = real("gamma next start c a L m")
    low = real.reading(least_rate)(start, c, a, L)
    small = z3.And(L * gamma * (1 + c) <= edge, L * gamma <= edge * (1 - a))
    given = [start > 0, c > 0, c < 1, a > 0, 2 * a <= 1, L > 0, gamma > 0, m == low, gamma >= m]
    return real.always(after >= m, given=[*given, z3.Implies(small, after >= gamma), after >= c * gamma])


def simpler(factor: int = 1) -> Outcome:
    """The bound of A2s is at least min(gamma_0, c/L)."""
    real = Logic()
    start, c, a, L = real("start c a L")
    low = real.reading(least_rate)(start, c, a, L)
    given = [start > 0, c > 0, c < 1, a > 0, 2 * a <= 1, L > 0]
    return real.always(z3.Or(low >= start, low * L >= factor * c), given=given)


def at_edge(gamma: float, c: float = 0.5) -> Any:
    """Largest F(x - gamma g) - F(x - c gamma g) over smooth functions, L = 1, |g| = 1."""

    def build() -> Any:
        problem = PEP()
        f = problem.declare_function(SmoothFunction, L=1)
        x = problem.set_initial_point()
        g, _ = f.oracle(x)
        problem.add_constraint(g**2 == 1)
        problem.set_performance_metric(f(descend(x, gamma, g)) - f(descend(x, c * gamma, g)))
        return problem

    return build


# --- A3 ---------------------------------------------------------------------------------------------
def grows(room: int = 1) -> Outcome:
    """C L gamma <= 1: C gamma is chosen."""
    s = Smooth()
    given = [*s.given, s.C * s.L * s.gamma <= room, s.descent(2), s.neighbours(2, 0), s.neighbours(2, 1)]
    return s.always(s.next == s.C * s.gamma, given=given)


def powers(shift: int = 0) -> Outcome:
    """gamma_t = C^t gamma_0, step by step, and C^t gamma_0 = 1/(C L) at t = log_C(1/(C L gamma_0))."""
    C, gamma, L, t = reals("C gamma L t", positive=True)
    exponent = sp.log(1 / (C * L * gamma)) / sp.log(C) + shift
    reached = sp.exp(sp.expand(exponent * sp.log(C))) * gamma
    return identities([(C * (C**t * gamma), C ** (t + 1) * gamma), (sp.simplify(reached), 1 / (C * L))])


# --- A4 ---------------------------------------------------------------------------------------------
def half(factor: Any = 1) -> Outcome:
    """L gamma <= 1: the loss of the point played is at most F(x) - (gamma/2)|g|^2."""
    s = Smooth()
    claim = z3.And(s.best > 0, 2 * s.best_loss <= 2 * s.F - factor * s.gamma * s.N)
    return s.always(claim, given=[*s.given, s.L * s.gamma <= 1, s.descent(0)])


def gradient_step() -> Any:
    """Largest F(x - g) - F(x) over smooth functions, L = 1, |g| = 1."""
    problem = PEP()
    f = problem.declare_function(SmoothFunction, L=1)
    x = problem.set_initial_point()
    g, value = f.oracle(x)
    problem.add_constraint(g**2 == 1)
    problem.set_performance_metric(f(descend(x, 1.0, g)) - value)
    return problem


# --- the other selections ---------------------------------------------------------------------------
def stored(name: str, selection: str = "") -> tuple[Any, Any, Any, Any]:
    """gamma_0, gamma_1, F(x_0), F(x_1) of a counterexample, exactly: every number in it has few bits."""
    parameters = dict(Case.from_witness(WITNESSES / f"autogd.{name}.json").parameters("quick") or {})
    if selection:
        parameters["selection"] = selection
    e = played(CaseView(name, parameters), [0], Settings())
    gamma, loss = ([sp.Rational(*Fraction(float(v)).as_integer_ratio()) for v in e[key][0]] for key in ("gamma", "loss"))
    return gamma[0], gamma[1], loss[0], loss[1]


def falls_below(selection: str = "") -> Outcome:
    """gamma_1 >= min(gamma_0, c/L) for F = x^2/2, L = 1, c = 1/2."""
    before, after, _, _ = stored("A2lowest", selection)
    return holds_at(after >= sp.Min(before, sp.Rational(1, 2)))


def decreases_by_half(name: str, selection: str = "") -> Outcome:
    """F(x_1) <= F(x_0) - (gamma_0/2)|g_0|^2 for F = x^2/2, x_0 = 1, gamma_0 <= 1."""
    before, _, first, second = stored(name, selection)
    return both(holds_at(before <= 1), holds_at(second <= first - before / 2))


RULE = "test, then lowest"
SMOOTH = "F is L-smooth (convex or not)"

STEPS = [
    Step(
        id="autogd.A2s.1", method="decision", check=passing, formulas=(decreases,), facts=(DESCENT_LEMMA,), assumes=(SMOOTH,),
        says="a rate e with L e <= 2(1-a) passes Armijo's test", control=Control("L e <= 4(1-a)", lambda: passing(4)),
    ),
    Step(
        id="autogd.A2s.2", method="decision", check=along, facts=(CAUCHY_SCHWARZ,), assumes=(SMOOTH,),
        says="<grad F(x - s g), g> >= (1 - L s)|g|^2", control=Control("(2 - L s)|g|^2", lambda: along(2)),
    ),
    Step(
        id="autogd.A2s.3", method="algebra", check=integrated, facts=(MEAN_VALUE,), uses=("autogd.A2s.2",),
        says="so F(x - e g) - F(x - e' g) <= -(e - e')(1 - L (e + e')/2)|g|^2 for e' < e",
        control=Control("twice the curvature term", lambda: integrated(2)),
    ),
    Step(
        id="autogd.A2s.4", method="decision", check=keeps, formulas=SELECTION, uses=("autogd.A1.1", "autogd.A2s.1", "autogd.A2s.3"),
        says="L gamma (1+c) <= 2 and L gamma <= 2(1-a): gamma passes and is no worse than c gamma, so the next gamma is at least gamma",
        control=Control("up to twice these edges", lambda: keeps(4)),
    ),
    Step(
        id="autogd.A2s.5", method="decision", check=shrinks_by_c, formulas=SELECTION, uses=("autogd.A1.1",),
        says="the next gamma is at least c gamma, always", control=Control("twice that", lambda: shrinks_by_c(2)),
    ),
    Step(
        id="autogd.A2s.6", method="decision", check=induction, formulas=(least_rate,), uses=("autogd.A2s.4", "autogd.A2s.5"),
        says="m = min(gamma_0, (c/L) min(2/(1+c), 2(1-a))): gamma_t >= m gives gamma_{t+1} >= m; gamma_0 >= m",
        control=Control("gamma is kept only up to half the edges", lambda: induction(1)),
    ),
    Step(
        id="autogd.A2s.7", method="worst case", check=lambda: at_most(at_edge(4 / 3), 0.0), formulas=(descend,), uses=("autogd.A2s.3",),
        says="c = 1/2: up to L gamma = 4/3 no smooth function has F(x - gamma g) > F(x - gamma g/2)",
        control=Control("L gamma = 1.4", lambda: at_most(at_edge(1.4), 0.0)),
    ),
    Step(
        id="autogd.A2.1", method="decision", check=simpler, formulas=(least_rate,), uses=("autogd.A2s",),
        says="min(gamma_0, (c/L) min(2/(1+c), 2(1-a))) >= min(gamma_0, c/L) for a <= 1/2", control=Control("2c/L", lambda: simpler(2)),
    ),
    Step(
        id="autogd.A3.1", method="decision", check=grows, formulas=SELECTION, uses=("autogd.A1.1", "autogd.A2s.1", "autogd.A2s.3"),
        says="C L gamma <= 1 and g not 0: C gamma passes and no candidate is lower, so gamma becomes C gamma", assumes=(SMOOTH,),
        control=Control("C L gamma <= 2", lambda: grows(2)),
    ),
    Step(
        id="autogd.A3.2", method="algebra", check=powers, uses=("autogd.A3.1",),
        says="so gamma_t = C^t gamma_0 as long as C^t gamma_0 < 1/(C L); C^t gamma_0 = 1/(C L) at t = log_C(1/(C L gamma_0))",
        assumes=("C^t increases in t",), control=Control("one step later", lambda: powers(1)),
    ),
    Step(
        id="autogd.A4.1", method="decision", check=half, formulas=SELECTION, facts=(DESCENT_LEMMA,), uses=("autogd.A1.1",),
        says="L gamma <= 1: gamma is in E with F(x - gamma g) <= F(x) - (gamma/2)|g|^2, and the point played is no higher",
        assumes=(SMOOTH,), control=Control("twice the decrease", lambda: half(2)),
    ),
    Step(
        id="autogd.A4.2", method="worst case", check=lambda: at_most(gradient_step, -0.5), formulas=(descend,), uses=("autogd.A4.1",),
        says="at gamma = 1/L: F(x - g/L) - F(x) <= -|g|^2/(2L), attained", control=Control("0.51", lambda: at_most(gradient_step, -0.51)),
    ),
    Step(
        id="autogd.A2lowest.1", method="algebra", check=lambda: opposite(falls_below()),
        says='F = x^2/2, x_0 = 1, gamma_0 = .625, a = 1/2, "the lowest, if it passes": gamma_1 = .3125 < min(gamma_0, c/L) = .5',
        control=Control("the test before the choice", lambda: opposite(falls_below(RULE))),
    ),
    Step(
        id="autogd.A4lowest.1", method="algebra", check=lambda: opposite(decreases_by_half("A2lowest")),
        says="the same run stays at x_0: no decrease",
        control=Control("the test before the choice", lambda: opposite(decreases_by_half("A2lowest", RULE))),
    ),
    Step(
        id="autogd.A4largest.1", method="algebra", check=lambda: opposite(decreases_by_half("A4largest")),
        says='F = x^2/2, x_0 = 1, gamma_0 = .984375, a = 1e-4, "the largest that passes": F falls by .031, not by gamma_0/2',
        control=Control("the lowest that passes", lambda: opposite(decreases_by_half("A4largest", RULE))),
    ),
]  # fmt: skip
