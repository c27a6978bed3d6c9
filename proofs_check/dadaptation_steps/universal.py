"""U1: the universal certificate."""

from __future__ import annotations

from typing import Any

import numpy as np
import z3
from PEPit import PEP
from PEPit.functions import ConvexFunction

from lra_ref.methods.dadaptation_formulas import accumulated, option_two
from proofs_check.algebra import identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, CONVEX_GRADIENT
from proofs_check.steps import Control, Outcome, Step, both
from proofs_check.worst_case import at_most

THEOREMS = {
    "dadaptation.U1": "F convex, any points x_i, any lambda_i >= 0, s = sum lambda_i g_i != 0: sum lambda_i <g_i, x_0 - x_i>/|s| "
    "<= |x_0 - x*|",
}
CONVEX = "F is convex, g_i a subgradient at x_i, x* a minimiser"


def seen_from(sign: int = 1) -> Outcome:
    """F* >= F_i + <g_i, x* - x_i> and F_i >= F* give <g_i, x_i - x*> >= 0."""
    real = Reals()
    low, value, inner = real("low value inner")
    return real.always(sign * inner >= 0, given=[low >= value - inner, value >= low])


def split(extra: int = 0) -> Outcome:
    """sum lambda <g, x_0 - x_i> = <s, x_0 - x*> - sum lambda <g, x_i - x*>: 0 at the start, every term adds the same to both sides."""
    add = symbolic(accumulated)
    g, x, origin, target, s = (np.array(reals(f"{n}1 {n}2"), dtype=object) for n in ("g", "x", "o", "t", "s"))
    weight, top, rest = reals("w N B")
    after = np.array([add(a, weight, b) for a, b in zip(s, g, strict=True)])
    moved = add(top, weight, g @ (origin - x)) - top
    across = after @ (origin - target) - s @ (origin - target) - (add(rest, weight, g @ (x - target)) - rest)
    return identity(moved, (1 + extra) * across)


def quotient_below(factor: Any = 1) -> Outcome:
    """N <= |s| D gives option_two(N, |s|^2) <= D, also where s = 0."""
    real = Reals()
    top, s2, size, distance = real("N s2 r D")
    given = [s2 >= 0, size >= 0, size * size == s2, distance >= 0, top <= size * distance]
    return both(
        real.always(real.reading(option_two)(top, s2) <= factor * distance, given=given),
        real.always(real.reading(option_two)(top, s2) == 0, given=[s2 == 0]),
    )


def certificate_problem(weights: tuple[int, ...]) -> Any:
    """Largest sum lambda_i <g_i, x_0 - x_i> over convex functions and any points, with |sum lambda_i g_i| <= 1 and |x_0 - x*| <= 1."""
    problem = PEP()
    f = problem.declare_function(ConvexFunction)
    target = f.stationary_point()
    origin = problem.set_initial_point()
    problem.set_initial_condition((origin - target) ** 2 <= 1)
    s, top = 0 * origin, 0 * (origin * origin)
    for weight in weights:
        x = problem.set_initial_point()
        g = f.gradient(x)
        s, top = accumulated(s, weight, g), accumulated(top, weight, g * (origin - x))
    problem.add_constraint(s**2 <= 1)
    problem.set_performance_metric(top)
    return problem


STEPS = [
    Step(
        id="dadaptation.U1.1",
        says="<g_i, x_i - x*> >= 0: F* >= F(x_i) + <g_i, x* - x_i> and F(x_i) >= F*",
        method="decision", check=seen_from,
        assumes=(CONVEX,), facts=(CONVEX_GRADIENT,), control=Control("<= 0", lambda: seen_from(-1)),
    ),
    Step(
        id="dadaptation.U1.2",
        says="sum lambda_i <g_i, x_0 - x_i> = <s, x_0 - x*> - sum lambda_i <g_i, x_i - x*>: both 0 before the first term, same increments",
        method="algebra", check=split, formulas=(accumulated,), assumes=("two dimensions stand for any number",),
        control=Control("twice the right-hand side", lambda: split(1)),
    ),
    Step(
        id="dadaptation.U1.3", says="so the sum is at most <s, x_0 - x*> <= |s| D, and option_two of it at most D (0 where s = 0)",
        method="decision", check=quotient_below, formulas=(option_two,), uses=("dadaptation.U1.1", "dadaptation.U1.2"),
        facts=(CAUCHY_SCHWARZ,), assumes=("lambda_i >= 0",), control=Control("0.9 D", lambda: quotient_below(z3.RealVal("9/10"))),
    ),
    Step(
        id="dadaptation.U1.4",
        says="the same found by performance estimation: weights 1, 2, 4 and 1, 1, 1, |s| <= 1, D <= 1: at most 1, attained",
        method="worst case", check=lambda: both(*(at_most(lambda w=w: certificate_problem(w), 1.0) for w in ((1, 2, 4), (1, 1, 1)))),
        control=Control("at most 0.9", lambda: at_most(lambda: certificate_problem((1, 2, 4)), 0.9)),
    ),
]  # fmt: skip
