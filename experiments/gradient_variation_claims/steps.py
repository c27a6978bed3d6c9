"""X7, X8: how long a step can be, and when it descends."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.gradient_variation_claims.runs import (
    BASES,
    FINITE,
    WITNESSES,
    Evidence,
    dots,
    norm2,
    observed,
    smoothness,
    value_operations,
)
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings, bound_times


# --- X7: bounded steps -------------------------------------------------------------------------------------------------------------
def taken(e: Evidence) -> Any:
    """True on the steps whose rate is the member's own, (seeds, T + 1)."""
    return np.diff(e["kept"], axis=1, prepend=0) == 0


def constants(e: Evidence) -> tuple[float, float]:
    """theta and eps_f."""
    p = e["method"].rate.parameters
    return float(p.theta), float(p.eps_f)


def length(e: Evidence) -> Identity:
    """|step| against theta c / (eps_f + c^2), c = <g,d> / |d|, where the rate is fisher's own; where it was kept, |d_t| eta_{t-1}."""
    theta, eps = constants(e)
    size = np.sqrt(norm2(e["d"]))
    c = dots(e["g"], e["d"]) / np.where(size > 0, size, 1.0)
    before = np.concatenate([e["eta"][:, :1], e["eta"][:, :-1]], axis=1)
    lhs = e["eta"] * size
    rhs = np.where(taken(e), theta * c / (eps + c * c), before * size)
    # c is lost in rounding where g and d are nearly orthogonal: its error is that of |g|
    condition = np.sqrt(norm2(e["g"])) / np.where(np.abs(c) > 0, np.abs(c), 1.0)
    return Identity(lhs=lhs, rhs=rhs, scale=(np.abs(lhs) + np.abs(rhs)) * (1 + condition), operations=8.0 * e["x"].shape[-1] + 16)


def longest(e: Evidence) -> Bound:
    """|step| <= theta / (2 sqrt(eps_f)) on every step."""
    theta, eps = constants(e)
    lhs = e["eta"] * np.sqrt(norm2(e["d"]))
    rhs = np.full_like(lhs, theta / (2 * np.sqrt(eps)))
    return Bound(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=8.0 * e["x"].shape[-1] + 16)


def on(used: Any, lhs: Any, rhs: Any, scale: Any, operations: float) -> Bound:
    """The bound on the steps used; on the others 0 <= 1, which is never the worst place."""
    return Bound(lhs=np.where(used, lhs, 0.0), rhs=np.where(used, rhs, 1.0), scale=np.where(used, scale, 1.0), operations=operations)


def kept_momentum(e: Evidence) -> Bound:
    """|d_t| <= beta |d_{t-1}| on the steps that kept the rate."""
    beta = e["method"].direction.parameters.momentum
    size = np.sqrt(norm2(e["d"]))
    kept = ~taken(e)[:, 1:]
    scale = size[:, 1:] + size[:, :-1] + np.sqrt(norm2(e["g"]))[:, 1:]
    return on(kept, size[:, 1:], beta * size[:, :-1], scale, 8.0 * e["x"].shape[-1] + 16)


def half_beta(e: Evidence) -> Bound:
    """Broken: half of beta."""
    whole = kept_momentum(e)
    return whole.with_rhs(np.where(~taken(e)[:, 1:], whole.rhs / 2, whole.rhs))


def some_kept(e: Evidence) -> Measured:
    """Measured assumption: the rule to keep the rate acted."""
    count = float(np.sum(e["kept"][:, -1]))
    return Measured(count > 0, count, f"kept steps of {e['kept'].size}")


def _step_cases(bases: tuple[str, ...] = tuple(BASES)) -> tuple[Case, ...]:
    quadratic = {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 10.0}, "noise": "gaussian", "level": 0.5}
    logistic = {"problem": "logistic", "problem_parameters": {"data": "iris"}, "noise": "minibatch", "level": 8}
    out = []
    for base in bases:
        for name, problem, eps in (("quadratic, Gaussian noise", quadratic, 0.25), ("logistic regression, iris, batch 8", logistic, 0.01)):
            common = {**problem, "direction": BASES[base], "parameters": {"member": "fisher", "eps_f": eps, "theta": 0.8}}
            out.append(Case(f"{base}, {name}", {"T": 20, "seeds": 2}, {"T": 50, "seeds": 8}, {"T": 1000, "seeds": 64}, common))
    return tuple(out)


# --- X8: descent -------------------------------------------------------------------------------------------------------------------
def descent_on(e: Evidence, used: Any) -> Bound:
    """F(x_{t+1}) + (eta_t / 2) |g_t|^2 <= F(x_t) on the steps used."""
    gain = e["eta"][:, :-1] / 2 * norm2(e["g"])[:, :-1]
    scale = np.abs(e["f"][:, 1:]) + np.abs(e["f"][:, :-1]) + gain
    return on(used, e["f"][:, 1:] + gain, e["f"][:, :-1], scale, value_operations(e["oracle"]))


def small_rates(e: Evidence) -> Any:
    """Steps with eta_t <= 1/L."""
    return e["eta"][:, :-1] <= 1 / smoothness(e)


def large_gradients(e: Evidence) -> Any:
    """Steps with |g_t|^2 >= L - eps_f."""
    return norm2(e["g"])[:, :-1] >= smoothness(e) - constants(e)[1]


def some(select: Any, what: str) -> Assumption:
    """The statement speaks of some step of the run."""

    def measure(e: Evidence) -> Measured:
        used = select(e)
        return Measured(bool(np.any(used)), float(np.sum(used)), f"steps of {used.size}")

    return Assumption(f"some step has {what}", "counted on the run", measure)


def monotone(e: Evidence) -> Bound:
    """F(x_{t+1}) <= F(x_t)."""
    lhs, rhs = e["f"][:, 1:], e["f"][:, :-1]
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=value_operations(e["oracle"]))


def damped(e: Evidence) -> Measured:
    """Measured assumption: eps_f >= L/2."""
    share = constants(e)[1] / smoothness(e)
    return Measured(share >= 0.5, share, "eps_f / L")


def convex_quadratic(e: Evidence) -> Measured:
    """Measured assumption: the problem is a convex quadratic."""
    problem = e["oracle"].problem
    return Measured(problem.name == "quadratic" and problem.convex, None, problem.name)


PROBLEMS: dict[str, dict[str, Any]] = {
    "quadratic": {"problem": "quadratic", "problem_parameters": {"dim": 10, "condition": 30.0, "rotated": True}},
    "logistic regression, breast cancer": {"problem": "logistic", "problem_parameters": {"data": "breast_cancer"}},
    "squared-hinge SVM, iris": {"problem": "squared_hinge_svm", "problem_parameters": {"data": "iris"}},
    "ripple": {"problem": "ripple", "problem_parameters": {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 2.0}},
}


def _descent_cases() -> tuple[Case, ...]:
    out = []
    for name, problem in PROBLEMS.items():
        # with fisher the breast cancer data have no step below 1/L: their gradients are too small
        for member in ("bb2", "secant") if "breast" in name else ("fisher", "bb2", "secant"):
            common = {**problem, "parameters": {"member": member, "eta_0": 0.01, "eps_f": 1e-3}}
            out.append(Case(f"{member}, {name}", {"T": 15}, {"T": 30}, {"T": 1000}, common))
    return tuple(out)


def _large_cases() -> tuple[Case, ...]:
    out = []
    for name, problem in PROBLEMS.items():
        common = {**problem, "parameters": {"member": "fisher", "eps_f": 1e-8}, "x0": 3.0}
        out.append(Case(name, {"T": 15}, {"T": 30}, {"T": 1000}, common))
    return tuple(out)


def _free_cases() -> tuple[Case, ...]:
    out = []
    for share in (0.5, 0.75, 2.0):
        for dim in (1, 10):
            problem = {"problem": "quadratic", "problem_parameters": {"dim": dim, "condition": 20.0, "largest": 4.0}}
            common = {**problem, "parameters": {"member": "fisher", "eps_f": share * 4.0}}
            out.append(Case(f"eps_f = {share:g} L, D = {dim}", {"T": 20}, {"T": 40}, {"T": 2000}, common))
    return tuple(out)


def capped(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same run with eta_max = 1/L."""
    known = observed(case, seeds, settings)
    return observed(case, seeds, settings, eta_max=1 / smoothness(known))


def under_damped(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Broken: eps_f = L/4."""
    return observed(case, seeds, settings, eps_f=case["problem_parameters"]["largest"] / 4)


TOP = tuple(Case.from_witness(path) for path in sorted(WITNESSES.glob("gradient_variation.X8top-*.json")))

CLAIMS = [
    Claim(
        id="gradient_variation.X7",
        title="Bounded steps",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$|x_{t+1}-x_t|\leq\theta/(2\sqrt{\epsilon_f})$ for fisher with SGD, SGDM and SIGNSGD",
        cases=_step_cases(),
        run=observed,
        sides=longest,
        assumptions=(FINITE,),
        control=Control("the constant halved", sides=bound_times(0.5, longest)),
        explain="The bound is met where <g,d>/|d| = sqrt(eps_f); eps_f is of the size of |g|^2 here so that the runs come near it.",
    ),
    Claim(
        id="gradient_variation.X7length",
        title="Length of a step",
        kind="identity",
        label="tight",
        provenance="derived",
        statement=r"$|x_{t+1}-x_t|=\theta c/(\epsilon_f+c^2)$, $c=\langle g,d\rangle/|d|$, for fisher; "
        r"$\eta_{t-1}|d_t|$ where the rate was kept",
        cases=_step_cases(),
        run=observed,
        sides=length,
        assumptions=(FINITE,),
        control=Control("theta = 1 in place of 0.8", sides=lambda e: length(e).with_rhs(length(e).rhs / 0.8)),
    ),
    Claim(
        id="gradient_variation.X7kept",
        title="Kept steps of SGDM shrink",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$|d_t|\leq\beta|d_{t-1}|$ on a step of SGDM that keeps its rate because $\langle g_t,d_t\rangle\leq 0$",
        cases=_step_cases(("SGDM",)),
        run=observed,
        sides=kept_momentum,
        assumptions=(FINITE, Assumption("some step kept", "counter", some_kept)),
        control=Control("half of beta", sides=half_beta),
    ),
    Claim(
        id="gradient_variation.X8",
        title="Descent below 1/L",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$F(x_{t+1})\leq F(x_t)-\frac{1}{2}\eta_t|g_t|^2$ on every step with $\eta_t\leq 1/L$ (SGD, full gradient)",
        cases=_descent_cases(),
        run=observed,
        sides=lambda e: descent_on(e, small_rates(e)),
        assumptions=(FINITE, some(small_rates, "eta <= 1/L")),
        control=Control("every step, whatever its rate", sides=lambda e: descent_on(e, np.ones_like(small_rates(e)))),
    ),
    Claim(
        id="gradient_variation.X8fisher",
        title="Descent of fisher at large gradients",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"the same for fisher, $\theta=1$, on every step with $|g_t|^2\geq L-\epsilon_f$",
        cases=_large_cases(),
        run=observed,
        sides=lambda e: descent_on(e, large_gradients(e)),
        assumptions=(FINITE, some(large_gradients, "|g|^2 >= L - eps_f")),
        control=Control(
            "every step, whatever its gradient, from close to the minimiser",
            sides=lambda e: descent_on(e, np.ones_like(large_gradients(e))),
            cases=(
                Case.everywhere(
                    "quadratic, x_0 = 0.1", **PROBLEMS["quadratic"], parameters={"member": "fisher", "eps_f": 1e-8}, x0=0.1, T=15
                ),
            ),
        ),
    ),
    Claim(
        id="gradient_variation.X8free",
        title="No cap needed with eps_f >= L/2",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$F(x_{t+1})\leq F(x_t)$ for fisher without cap on a convex quadratic if $\epsilon_f\geq L/2$",
        cases=_free_cases(),
        run=observed,
        sides=monotone,
        assumptions=(
            FINITE,
            Assumption("eps_f >= L/2", "L of the problem", damped),
            Assumption("convex quadratic", "the problem", convex_quadratic),
        ),
        control=Control("eps_f = L/4", run=under_damped),
    ),
    Claim(
        id="gradient_variation.X8top",
        title="A rate above 2/L climbs",
        kind="refutation",
        provenance="derived",
        statement=r"REFUTED: $F(x_{t+1})\leq F(x_t)$ for fisher without cap, also if $\epsilon_f<L/2$ "
        r"(in 1-D, and along the top eigenvector)",
        cases=TOP,
        run=observed,
        sides=monotone,
        control=Control("the same with eta_max = 1/L, for which it is true", run=capped, cases=TOP),
        notes="so eta_max is needed for monotone descent if and only if eps_f < L/2",
    ),
]
