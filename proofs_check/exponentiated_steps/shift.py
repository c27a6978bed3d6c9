"""E9 as far as it can be proved: what a curvature that becomes 100 times larger does to rates that cannot follow.

No proof exists of the recoveries themselves (medians, spreads, moved minimiser): they are measured.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from experiments.exponentiated_claims.runs import witness
from lra_ref.formulas import descend
from lra_ref.rates.hypergradient import multiplied
from lra_ref.rates.schedules import inverse_sqrt
from proofs_check.algebra import identity, reals, symbolic
from proofs_check.facts import INDEPENDENT
from proofs_check.intervals import ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, both

LARGEST = 2**1024 - 2**970


def second_moment(cross: int = 0) -> Outcome:
    """E x'^2 = (1 - eta lam)^2 E x^2 + eta^2 sigma^2 for x' = x - eta (lam x + n), n independent of x with mean 0."""
    eta, lam, variance, moment = reals("eta lam sigma2 m2", positive=True)
    x, n = reals("x n")
    square = sp.Poly(sp.expand(symbolic(descend)(x, eta, lam * x + n) ** 2), x, n)
    means = {(2, 0): moment, (0, 2): variance, (1, 1): cross}
    found = sum(c * means[powers] for powers, c in square.terms())
    return identity(found, (1 - eta * lam) ** 2 * moment + eta**2 * variance)


def change() -> dict[str, Any]:
    """The stored case: curvature, noise, steps before and after."""
    case = witness("exponentiated.E9overflow").parameters("quick")
    assert case is not None
    return case


def rates_after(name: str) -> list[Any]:
    """Rates of the steps after the change, enclosed."""
    case = change()
    (parameters,) = [p for method, p in case["methods"] if method == name]
    steps = range(case["before"], case["before"] + case["T"])
    if name == "sgd":
        return [ball(str(parameters["lr"]))] * case["T"]
    return [enclosing(inverse_sqrt)(arb(t), (ball(str(parameters["lr"])),)) for t in steps]


def log_moment(name: str, curvature: Any = None) -> Any:
    """ln of a lower bound of E x_T^2 in the top coordinate: the noise of the first step after the change, then every factor."""
    case = change()
    lam = ball(str(case["curvature"] if curvature is None else curvature))
    rates = rates_after(name)
    variance = ball(str(case["sigma"])) ** 2 / 10
    total = (rates[0] ** 2 * variance).log()
    for eta in rates[1:]:
        total += 2 * abs(1 - eta * lam).log()
    return total


def overflows(name: str, curvature: Any = None) -> Outcome:
    """The lower bound exceeds the largest double: its reciprocal, as a share of 1/LARGEST, is at most 1."""
    return encloses(lambda: arb(LARGEST).log() / log_moment(name, curvature), 0, 1)


def decayed(curvature: Any = None) -> Outcome:
    """lr/sqrt(t + 1) is what the library's schedule is, and its sum of logarithms is large enough."""
    t, lr = reals("t lr", positive=True)
    return both(identity(symbolic(inverse_sqrt)(t, (lr,)), lr / (t + 1) ** (1 / sp.Integer(2))), overflows("inverse_sqrt_sgd", curvature))


def steps_down(expected: int = 32) -> Outcome:
    """Steps of the factor 1 - beta from y = 10 to y < 2, beta = 0.05: ceil(ln 5/-ln(1 - beta))."""
    factor = enclosing(multiplied)(arb(1), ball("0.05"), arb(-1))
    return encloses(lambda: arb(5).log() / -factor.log(), expected - 1, expected)


THEOREMS = {
    "exponentiated.E9": "curvature times 100, stored case: constant and 1/sqrt(t) rates: the mean of x^2 exceeds the largest double; the "
    "multiplicative rule needs 32 steps from eta a = 10 to 2 where the cosine is -1 (recoveries themselves: measured)",
}

STEPS = [
    Step(
        id="exponentiated.E9.1", says="E x'^2 = (1 - eta lam)^2 E x^2 + eta^2 sigma^2", method="algebra", check=second_moment,
        formulas=(descend,), facts=(INDEPENDENT,), assumes=("noise independent of the past, mean 0",),
        control=Control("noise correlated with x", lambda: second_moment(1)),
    ),
    Step(
        id="exponentiated.E9.2", says="constant rate 0.1, lam = 100, 2000 steps: E x^2 in the top coordinate exceeds the largest double",
        method="intervals", check=lambda: overflows("sgd"), uses=("exponentiated.E9.1",),
        assumes=("noise of variance 0.001 in the coordinate", "exact arithmetic"),
        control=Control("the curvature left at 1", lambda: overflows("sgd", 1)),
    ),
    Step(
        id="exponentiated.E9.3",
        says="rates 1/sqrt(t+1) at t = 500..2499, lam = 100: E x^2 in the top coordinate exceeds the largest double", method="intervals",
        check=decayed, formulas=(inverse_sqrt,), uses=("exponentiated.E9.1",),
        assumes=("noise of variance 0.001 in the coordinate", "exact arithmetic"),
        control=Control("the curvature left at 1", lambda: decayed(1)),
    ),
    Step(
        id="exponentiated.E9.4", says="multiplicative rule, beta 0.05, cosine -1: 32 steps from eta a = 10 to below 2", method="intervals",
        check=steps_down, formulas=(multiplied,), uses=("exponentiated.E8b.1",), assumes=("the top coordinate dominates the gradient",),
        control=Control("31", lambda: steps_down(31)),
    ),
]  # fmt: skip
