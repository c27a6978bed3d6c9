"""E4 and E6 of the gains: the walk of their logarithms, and what it counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import observed
from lra_ref.verify import Assumption, Bound, Case, Claim, Control, Identity, Measured


def walk(e: dict[str, Any], late: int = 0) -> Bound:
    """|ln p_t| against gamma_p (t - 1) in every coordinate."""
    gamma, log = e["method"].direction.parameters.gamma_p, np.abs(np.log(e["gains"]))
    count = np.arange(log.shape[1], dtype=float)[None, :, None]
    rhs = np.broadcast_to(gamma * (count - late), log.shape)
    return Bound(lhs=log, rhs=rhs, scale=1 + log + gamma * count, operations=4 * (count + 1))


def counted(e: dict[str, Any], disagreement: float = 1.0) -> Identity:
    """ln p against gamma_p (agreements - disagreements), the average computed anew from the gradients."""
    p = e["method"].direction.parameters
    log, g = np.log(e["gains"]), e["g"]
    average, votes = np.zeros_like(g[:, 0]), np.zeros_like(g)
    for t in range(g.shape[1]):
        product = np.sign(g[:, t]) * np.sign(average)
        votes[:, t] = np.where(product < 0, -disagreement, product)
        average = p.beta * average + (1 - p.beta) * g[:, t]
    total = p.gamma_p * np.cumsum(votes, axis=1)
    count = np.arange(1.0, g.shape[1] + 1)[None, :, None]
    return Identity(lhs=log, rhs=total, scale=1 + np.abs(log) + p.gamma_p * count, operations=4 * count + 8)


def fewest(e: dict[str, Any], expected: float = 462.0) -> Identity:
    """Steps until the gain reaches p_max (0: never), against 462."""
    top = np.all(e["gains"] >= e["method"].direction.parameters.p_max, axis=2)
    steps = np.where(top.any(axis=1), top.argmax(axis=1) + 1.0, 0.0)
    return Identity(lhs=steps, rhs=np.full_like(steps, expected), scale=1.0, operations=0.0)


def is_finite(e: dict[str, Any]) -> Measured:
    """Measured assumption."""
    return Measured(bool(np.all(np.isfinite(e["g"])) and np.all(np.isfinite(e["gains"]))), None, "gradients and gains")


def unclipped(e: dict[str, Any]) -> Measured:
    """Measured assumption: no gain touched its bounds."""
    p, low, high = e["method"].direction.parameters, float(np.min(e["gains"])), float(np.max(e["gains"]))
    return Measured(p.p_min < low and high < p.p_max, high, f"gains in [{low:.3g}, {high:.3g}]")


def cases(parameters: dict[str, Any]) -> tuple[Case, ...]:
    """The three directions on three problems."""
    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "noisy quadratic",
            {"problem": "quadratic", "noise": "gaussian", "level": 0.5, "method": "egdd_momentum", "parameters": {"lr": 0.05}},
        ),
        ("ripple, Adam", {"problem": "ripple", "noise": "gaussian", "level": 0.3, "method": "egdd_adam", "parameters": {"lr": 0.02}}),
        (
            "logistic regression, iris, AdaGrad",
            {"problem": "logistic", "noise": "minibatch", "level": 8, "method": "egdd_adagrad", "parameters": {"lr": 0.1}},
        ),
    ]
    sizes = {"smoke": {"T": 40, "seeds": 2}, "quick": {"T": 150, "seeds": 4}, "full": {"T": 1000, "seeds": 8}}
    return tuple(Case(n, **sizes, common={**c, "parameters": {**c["parameters"], **parameters}}) for n, c in rows)  # type: ignore[arg-type]


FINITE = Assumption("the run stays finite", "gradients and gains", is_finite)
FREE = Assumption("no clip", "range of the gains", unclipped)
STEADY = Case.everywhere("aligned gradients", problem="parabola", x0=1e6, T=470, method="egdd_momentum", parameters={"lr": 1e-9})

CLAIMS = [
    Claim(
        id="exponentiated.E4p", title="Walk of the log gains", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$|\ln(p_t/p_1)|\leq\gamma_p(t-1)$ in every coordinate (sign form)",
        cases=(*cases({}), STEADY), run=observed, sides=walk, assumptions=(FINITE,),
        control=Control("one step fewer, on aligned gradients", sides=lambda e: walk(e, 2), cases=(STEADY.name,)),
    ),
    Claim(
        id="exponentiated.E4f", title="Fewest steps of a gain", kind="identity", label="tight", provenance="derived",
        statement=r"with the defaults a gain goes from 1 to 100 in 462 steps at the earliest",
        cases=(STEADY,), run=observed, sides=fewest, assumptions=(FINITE,), control=Control("461 steps", sides=lambda e: fewest(e, 461.0)),
    ),
    Claim(
        id="exponentiated.E6", title="Gains count agreements", kind="identity", label="tight", provenance="derived",
        statement=r"$\ln p_i=\gamma_p(\#agreements-\#disagreements)$ in the sign form, until a clip",
        cases=cases({}), run=observed, sides=counted, assumptions=(FINITE, FREE),
        control=Control("a disagreement counted half", sides=lambda e: counted(e, 0.5)),
    ),
]  # fmt: skip
