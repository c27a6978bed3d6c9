"""A1 to A4: what AutoGD's selection guarantees, and which selections do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.autogd_claims.runs import RESOLUTION, SMOOTH, WITNESSES, Evidence, operations, played, smoothness
from lra_ref.methods.autogd import least_rate
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Settings


# --- sides ----------------------------------------------------------------------------------------
def monotone(e: Evidence) -> Bound:
    """F(x_{t+1}) <= F(x_t), exactly: both are the very evaluations that the method compared."""
    lhs, rhs = e["loss"][:, 1:], e["loss"][:, :-1]
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def after(e: Evidence) -> Any:
    """Steps t = 0, ..., T whose gamma_t is the outcome of resolved comparisons."""
    return np.concatenate([np.ones((len(e["loss"]), 1), dtype=bool), e["used"]], axis=1)


def least(factor: float = 1.0) -> Callable[[Evidence], Bound]:
    """A2: min(gamma_0, c/L) <= gamma_t."""

    def sides(e: Evidence) -> Bound:
        low = factor * min(e["p"].gamma_0, e["p"].c / smoothness(e["problem"]))
        gamma = np.where(after(e), e["gamma"], 2 * low)
        return Bound(lhs=low, rhs=gamma, scale=low + gamma, operations=4.0)

    return sides


def sharp(factor: float = 1.0) -> Callable[[Evidence], Bound]:
    """A2s: min(gamma_0, (c/L) min(2/(1+c), 2(1-a))) <= gamma_t."""

    def sides(e: Evidence) -> Bound:
        low = factor * float(least_rate(e["p"].gamma_0, e["p"].c, e["p"].a, smoothness(e["problem"])))
        gamma = np.where(after(e), e["gamma"], 2 * low)
        # at the edge two losses tie: their rounding moves the edge by its share of the slope of their difference
        moved = 4 / (1 - e["p"].c) * np.abs(e["loss"][:, :-1]) / np.where(e["used"], e["gamma"][:, :-1] * e["norm2"][:, :-1], np.inf)
        lost = np.concatenate([np.zeros((len(gamma), 1)), np.maximum.accumulate(moved, axis=1)], axis=1)
        return Bound(lhs=low, rhs=gamma, scale=low * (1 + lost) + gamma, operations=operations(e["problem"]))

    return sides


def reached(ahead: int = 0) -> Callable[[Evidence], Bound]:
    """A3: min(C^t gamma_0, 1/(C L)) <= max_{s<=t} gamma_s; C^t gamma_0 is at least 1/(C L) from the stated t on."""

    def sides(e: Evidence) -> Bound:
        t = np.arange(e["gamma"].shape[1])
        grown = np.minimum(e["p"].C ** (t + ahead) * e["p"].gamma_0, 1 / (e["p"].C * smoothness(e["problem"])))
        best = np.where(after(e), np.maximum.accumulate(e["gamma"], axis=1), 2 * grown)
        return Bound(lhs=grown, rhs=best, scale=grown + best, operations=4.0 + 2 * t)

    return sides


def half(factor: float = 1.0) -> Callable[[Evidence], Bound]:
    """A4: F(x_{t+1}) + (gamma_t/2) |g_t|^2 <= F(x_t) where gamma_t <= 1/L."""

    def sides(e: Evidence) -> Bound:
        gamma, before, next_ = e["gamma"][:, :-1], e["loss"][:, :-1], e["loss"][:, 1:]
        read = e["used"] & (gamma <= 1 / smoothness(e["problem"]))
        drop = factor * gamma / 2 * e["norm2"][:, :-1]
        size = np.abs(before) + np.abs(next_) + drop
        return Bound(
            lhs=np.where(read, next_ + drop, 0.0), rhs=np.where(read, before, 1.0), scale=np.where(read, size, 1.0),
            operations=2 * operations(e["problem"]),
        )  # fmt: skip

    return sides


def with_rule(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same run with the selection for which the statements hold."""
    return played(CaseView(case.name, {**case.parameters, "selection": "test, then lowest"}, case.pilot), seeds, settings)


# --- cases ----------------------------------------------------------------------------------------
SIZES: dict[str, Any] = {"smoke": {"T": 25, "seeds": 2}, "quick": {"T": 45, "seeds": 4}, "full": {"T": 1000, "seeds": 64}}
PROBLEMS: dict[str, dict[str, Any]] = {
    "quadratic": {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 30.0, "largest": 4.0, "rotated": True}},
    "ripple": {"problem": "ripple", "problem_parameters": {"dim": 4, "curvature": 1.0, "amplitude": 1.0, "frequency": 3.0}},
    "logistic regression, iris": {"problem": "logistic", "problem_parameters": {"data": "iris"}},
    "nonconvex logistic regression": {"problem": "logistic_nonconvex", "problem_parameters": {"data": "iris"}},
}
PARABOLA: dict[str, Any] = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0]}, "x0": [1.0]}
RATES: dict[str, dict[str, Any]] = {
    "small start": {"gamma_0": 1e-4},
    "large start": {"gamma_0": 50.0},
    "c = .7, C = 1.5, a = .25": {"gamma_0": 1.0, "c": 0.7, "C": 1.5, "a": 0.25},
}
ROSENBROCK = {"problem": "rosenbrock", "problem_parameters": {"dim": 4}}


def cases(problems: dict[str, dict[str, Any]]) -> list[Case]:
    """One case per problem and set of rates."""
    return [
        Case(f"{name}, {kind}", **SIZES, common={**problem, "parameters": rates})
        for name, problem in problems.items() for kind, rates in RATES.items()
    ]  # fmt: skip


SHORT = Case.everywhere("parabola, gamma_0 = 2^-5", **PARABOLA, parameters={"gamma_0": 2.0**-5}, T=3)
EXACT = Case.everywhere("parabola, gamma_0 = 1/L", **PARABOLA, parameters={"gamma_0": 1.0}, T=3)
LARGE = Case.everywhere("parabola, gamma_0 = 3/L", **PARABOLA, parameters={"gamma_0": 3.0}, T=3)
EDGE = Case.everywhere("parabola, gamma_0 = 43/32", **PARABOLA, parameters={"gamma_0": 1.34375}, T=1)
LOWEST, LARGEST = (Case.from_witness(WITNESSES / f"autogd.{name}.json") for name in ("A2lowest", "A4largest"))
MOVING = Assumption("the gradient does not vanish", "steps with |g_t| = 0 are not resolved")
COMMON: dict[str, Any] = {"kind": "pathwise bound", "provenance": "derived", "run": played}

CLAIMS = [
    Claim(
        id="autogd.A1", title="F never increases", label="upper", statement=r"$F(x_{t+1})\leq F(x_t)$ on any function", **COMMON,
        cases=cases({**PROBLEMS, "Rosenbrock": ROSENBROCK}), sides=monotone,
        control=Control("the largest candidate without a test", cases=(
            Case.everywhere("parabola, largest candidate", **PARABOLA, parameters={"gamma_0": 1.5}, selection="largest", T=3),)),
    ),
    Claim(
        id="autogd.A2", title="gamma stays above c/L", label="lower", **COMMON,
        statement=r"$L$-smooth $F$: $\gamma_t\geq\min(\gamma_0,c/L)$",
        cases=(*cases(PROBLEMS), SHORT, LARGE), sides=least(), assumptions=(SMOOTH, RESOLUTION),
        control=Control("the lowest candidate, then the test", cases=(LOWEST,)),
    ),
    Claim(
        id="autogd.A2s", title="gamma stays above 2c/((1+c)L)", label="tight", **COMMON,
        statement=r"$L$-smooth $F$: $\gamma_t\geq\min(\gamma_0,\frac{c}{L}\min(\frac{2}{1+c},2(1-a)))$",
        cases=(*cases(PROBLEMS), SHORT, EDGE), sides=sharp(), assumptions=(SMOOTH, RESOLUTION),
        control=Control("1.01 times the bound on the parabola just above the edge 4/3", sides=sharp(1.01), cases=(EDGE,)),
    ),
    Claim(
        id="autogd.A3", title="1/(C L) is reached geometrically", label="tight", **COMMON,
        statement=r"$\max_{s\leq t}\gamma_s\geq\min(C^t\gamma_0,1/(CL))$: $1/(CL)$ within "
        r"$\max(0,\lceil\log_C(1/(CL\gamma_0))\rceil)$ steps",
        cases=(*cases(PROBLEMS), SHORT), sides=reached(), assumptions=(SMOOTH, MOVING, RESOLUTION),
        control=Control("one step sooner", sides=reached(1), cases=(SHORT,)),
    ),
    Claim(
        id="autogd.A4", title="As good as a gradient step of rate gamma", label="tight", **COMMON,
        statement=r"$\gamma_t\leq 1/L$: $F(x_{t+1})\leq F(x_t)-\frac{\gamma_t}{2}|g_t|^2$",
        cases=(*cases(PROBLEMS), EXACT), sides=half(), assumptions=(SMOOTH, RESOLUTION),
        control=Control("1.01 gamma on the parabola at gamma_0 = 1/L", sides=half(1.01), cases=(EXACT,)),
    ),
    Claim(
        id="autogd.A2lowest", title="The lowest candidate, then the test: gamma falls below c/L", kind="refutation", provenance="derived",
        statement=r"REFUTED: A2 for the candidate of lowest $F$ if it passes Armijo's test, $a=1/2$: $F=x^2/2$, $\gamma_0=0.625$",
        cases=(LOWEST,), run=played, sides=least(),
        control=Control("the same with the test before the choice, for which it is true", run=with_rule, cases=(LOWEST,)),
    ),
    Claim(
        id="autogd.A4lowest", title="The lowest candidate, then the test: no decrease", kind="refutation", provenance="derived",
        statement=r"REFUTED: A4 for the same selection, which stays where it is",
        cases=(LOWEST,), run=played, sides=half(),
        control=Control("the same with the test before the choice, for which it is true", run=with_rule, cases=(LOWEST,)),
    ),
    Claim(
        id="autogd.A4largest", title="The largest candidate that passes: too little decrease", kind="refutation", provenance="derived",
        statement=r"REFUTED: A4 for the largest candidate that passes Armijo's test, $a=10^{-4}$: $F=x^2/2$, $\gamma_0=0.984375$",
        cases=(LARGEST,), run=played, sides=half(),
        control=Control("the same with the lowest of those that pass, for which it is true", run=with_rule, cases=(LARGEST,)),
    ),
]  # fmt: skip
