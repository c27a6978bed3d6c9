"""E8: the multiplicative rule eta <- eta (1 + beta cos(g_t, g_{t-1})) with the full gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import THREADS, finished, statuses_of, varied, witness
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Measured, Settings

GRID = [[eta, beta] for beta in (0.05, 0.3, 0.9) for eta in (0.01, 0.3, 1.0, 1.9, 3.0)]


def trajectories(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """One run per pair (eta_0, beta) of ``grid``, eta_0 in units of 1/L; as if it were one seed."""
    problem = make_problem(case["problem"], **case["problem_parameters"])
    smooth = problem.smoothness
    assert smooth is not None
    unit = 1 / smooth.value if case.get("in_units", True) else 1.0
    methods = [make_method("multiplicative_hypergradient_sgd", lr=eta * unit, beta=beta) for eta, beta in case["grid"]]
    x0 = problem.start if case.get("x0") is None else np.full(problem.dim, float(case["x0"]))
    made = run(methods, problem, steps=case["T"], seed=settings.seed, x0=x0, threads=THREADS)
    return {
        "rate": made.records["rate"],
        "norm": made.records["gradient_norm"],
        "problem": problem,
        "statuses": statuses_of(made),
        "x": made.x,
        "x0": x0,
    }


def turns(widen: float = 1.0) -> Any:
    """(a): eta_t < 1/L is followed by a larger rate, eta_t > 1/m by a smaller one; ``widen`` > 1 moves the first threshold up."""

    def sides(e: dict[str, Any]) -> Bound:
        problem, eta = e["problem"], e["rate"][:, :-1]
        after = e["rate"][:, 1:]
        low, high = widen / problem.smoothness.value, 1 / problem.strong_convexity.value
        # where the gradient has become rounding its direction says nothing
        clear = e["norm"][:, 1:] > 1e-10 * e["norm"][:, :1]
        fall = np.where(clear & (eta < low), eta - after, 0.0)
        rise = np.where(clear & (eta > high), after - eta, 0.0)
        shape = (1, -1)
        return Bound(
            lhs=np.maximum(fall, rise).reshape(shape),
            rhs=np.zeros(eta.size).reshape(shape),
            scale=(eta + after).reshape(shape),
            operations=0.0,
        )

    return sides


def declared(e: dict[str, Any]) -> bool:
    """Measured assumption: the problem says what m and L are."""
    return bool(e["problem"].strong_convexity and e["problem"].smoothness)


def converges(e: dict[str, Any]) -> Bound:
    """(b), (c): the gradient at the end is at most 1e-8 times the first one."""
    return Bound(lhs=e["norm"][:, -1][None, :], rhs=1e-8 * e["norm"][:, 0][None, :], scale=e["norm"][:, 0][None, :], operations=0.0)


def stays(e: dict[str, Any]) -> Bound:
    """Convergence would bring |x_T| below |x_0|."""
    return Bound(lhs=np.abs(e["x"][:, 0])[None, :], rhs=np.abs(e["x0"][0]) * np.ones((1, len(e["x"]))), scale=1.0, operations=0.0)


def quartic(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """The rule on F = x^4."""
    problem = make_problem(case["problem"], **case["problem_parameters"])
    method = make_method("multiplicative_hypergradient_sgd", lr=case["lr"], beta=case["beta"])
    made = run(method, problem, steps=case["T"], x0=[case["x0"]])
    return {"x": made.x, "x0": [case["x0"]], "statuses": statuses_of(made)}


def growth_fits(e: dict[str, Any]) -> Measured:
    """Measured: the initial growth exp((ln eta_0 a)^2 / (2 beta)) does not overflow, that is, no trajectory stopped."""
    return finished(e["statuses"])


def _case(name: str, problem: str, parameters: dict[str, Any], steps: int, **more: Any) -> Case:
    return Case.everywhere(name, problem=problem, problem_parameters=parameters, T=steps, **{"grid": GRID, **more})


FINITE = Assumption("the run stays finite", "status of every trajectory; in double the growth at first must not overflow", growth_fits)
PARABOLA = _case("1-D, curvature 3", "quadratic", {"spectrum": [3.0]}, 1500)
#: eta_0 a = 20 with beta 0.05: (ln 20)^2 / 0.1 = 90; eta_0 a = 1000 with beta 0.5: 48; both below 350
FAR = _case("1-D, far from the stable rates", "quadratic", {"spectrum": [1.0]}, 1500, grid=[[20.0, 0.05], [1000.0, 0.5], [1e-6, 0.3]])
DIAGONAL = [
    _case("condition 30", "quadratic", {"dim": 5, "condition": 30.0}, 3000),
    _case("condition 4, far", "quadratic", {"dim": 3, "condition": 4.0}, 3000, grid=[[20.0, 0.05], [50.0, 0.2]]),
]
CONVEX = [
    _case("diagonal quadratic", "quadratic", {"dim": 5, "condition": 30.0}, 300),
    _case("rotated quadratic", "quadratic", {"dim": 5, "condition": 10.0, "rotated": True}, 300),
    _case("logistic regression with a penalty, iris", "logistic", {"data": "iris", "l2": 0.1}, 150),
]
QUARTIC = witness("exponentiated.E8d")

CLAIMS = [
    Claim(
        id="exponentiated.E8a", title="Where the multiplicative rate turns", kind="pathwise bound", label=None, provenance="published",
        source="a thesis on hypergradients",
        statement=r"$m$-strongly convex, $L$-smooth, full gradient: after a step with $\eta<1/L$ the rate rises, after one with "
        r"$\eta>1/m$ it falls",
        cases=CONVEX, run=trajectories, sides=turns(),
        assumptions=(Assumption("m and L known", "declared by the problem", declared),),
        control=Control("the threshold 1/L times 4", sides=turns(4.0)),
    ),
    Claim(
        id="exponentiated.E8b", title="Convergence on parabolas", kind="pathwise bound", label="upper", provenance="published",
        source="a thesis on hypergradients",
        statement=r"1-D convex quadratic, $\beta<1$: converges from every start and every $\eta_0$ (gradient below $10^{-8}$ of the "
        r"first one)",
        cases=(PARABOLA, FAR), run=trajectories, sides=converges, assumptions=(FINITE,),
        control=Control("beta = 0, a constant rate above 2/L",
        cases=(_case("beta 0", "quadratic", {"spectrum": [3.0]}, 300, grid=[[2.1, 0.0]]),)),
        explain=r"In double the first growth overflows once $(\ln\eta_0a)^2/(2\beta)$ exceeds about 350.",
    ),
    Claim(
        id="exponentiated.E8c", title="Convergence on diagonal quadratics", kind="pathwise bound", label="upper", provenance="published",
        source="a thesis on hypergradients",
        statement=r"diagonal convex quadratics, $\beta<1$: converges from every start and every $\eta_0$ (gradient below $10^{-8}$ of "
        r"the first one)",
        cases=DIAGONAL, run=trajectories, sides=converges, assumptions=(FINITE,),
        control=Control("beta = 0, a constant rate above 2/L",
        cases=(_case("beta 0", "quadratic", {"dim": 5, "condition": 30.0}, 300, grid=[[2.1, 0.0]]),)),
    ),
    Claim(
        id="exponentiated.E8d", title="Divergence on the quartic", kind="refutation", provenance="published",
        source="a thesis on hypergradients",
        statement=r"REFUTED: the rule converges on every convex function ($F=x^4$, $\beta<8/9$, $|x_0|\geq\eta_0^{-1/2}$ diverges)",
        cases=(QUARTIC,), run=quartic, sides=stays,
        control=Control("a start inside, from which it converges", cases=(varied(QUARTIC, "x_0 = 1/2", x0=0.5),)),
    ),
]  # fmt: skip
