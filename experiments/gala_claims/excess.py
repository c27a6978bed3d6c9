"""G3, G6, G10, G11: what GALA's rate does to F on every trajectory."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from experiments.gala_claims.hessians import LIPSCHITZ, largest_along
from experiments.gala_claims.regret import cases as noisy_cases
from experiments.gala_claims.runs import Recorded, finished, flagged_steps, oracle_of, recorded, start_of, stated
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import make_method
from lra_ref.oracles import RANDOM
from lra_ref.oracles.philox import uniforms
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings, bound_times

FINITE = Assumption("the run stays finite", "status of every trajectory", finished)
OBSERVED = Assumption("the run stays finite", "status of every trajectory", lambda e: is_finite(e))
FLAGGED = Assumption("curvature above rounding", "count of flagged steps, reported", flagged_steps)


def table(rows: list[tuple[str, str, dict[str, Any]]], *, method: str = "gala_sgd", steps: int = 300, **more: Any) -> tuple[Case, ...]:
    """Cases with the exact oracle: (name, problem, parameters)."""
    out = []
    for name, problem, parameters in rows:
        common = {"problem": problem, "noise": "exact", "level": None, "method": method, **more}
        common["parameters"] = stated(method, parameters)
        out.append(
            Case(name, smoke={"T": 60, "seeds": 1}, quick={"T": steps, "seeds": 1}, full={"T": 4 * steps, "seeds": 1}, common=common)
        )
    return tuple(out)


# --- G3: the master identity and the excess rho_t --------------------------------------------------------------------------------
def master_terms(e: Recorded, u: float) -> tuple[Any, Any]:
    """Per-step terms rho_t - b_t eta_t^2 / 2 + b_t u^2 / 2 of the right-hand side, and their absolute values."""
    played = e.eta[:, :-1]
    terms = e.excess() - e.b * played**2 / 2 + e.b * u**2 / 2
    parts = np.abs(e.f[:, 1:]) + np.abs(e.f[:, :-1]) + np.abs(played * e.a) + e.b * played**2 / 2 + e.b * u**2 / 2
    return terms, parts


def master(e: Recorded) -> Identity:
    """u sum a_t against F(x_0) - F(x_T) + Reg_T(u) + sum of the terms, for u = 0.01, 1 and 10."""
    lhs, rhs, scale = [], [], []
    for u in (0.01, 1.0, 10.0):
        terms, parts = master_terms(e, u)
        lhs.append(u * np.cumsum(e.a, axis=1))
        rhs.append(e.f[:, :1] - e.f[:, 1:] + e.regret(u) + np.cumsum(terms, axis=1))
        scale.append(
            e.regret_scale(u) + np.cumsum(parts, axis=1) + np.abs(e.f[:, :1]) + np.abs(e.f[:, 1:]) + u * np.cumsum(np.abs(e.a), axis=1)
        )
    operations = (2.0 * np.arange(1, e.steps + 1) + 16.0)[None, :, None]
    return Identity(lhs=np.stack(lhs, -1), rhs=np.stack(rhs, -1), scale=np.stack(scale, -1), operations=operations)


def master_without_last(e: Recorded) -> Identity:
    """The master identity without b_t u^2 / 2."""
    whole = master(e)
    lost = np.stack([np.cumsum(e.b * u**2 / 2, axis=1) for u in (0.01, 1.0, 10.0)], -1)
    return whole.with_rhs(whole.rhs - lost)


def observed(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Reference run that keeps x_t, d_t, the gradients of the feedback, lambda_t; arrays (seeds, T + 1, D) or (seeds, T + 1)."""
    oracle = oracle_of(case["problem"], case["noise"], case["level"])
    method = make_method(case["method"], **case["parameters"])
    kept, where = Vectors(), {"first": int(seeds[0]), "seed": settings.seed, "x0": start_of(case, oracle)}
    made = reference_run(method, oracle, steps=case["T"], trajectories=len(seeds), observe=kept, **where)
    arrays = kept.arrays()
    lam = np.ones((len(seeds), case["T"]))
    if method.rate.random:
        lam = np.stack([uniforms(settings.seed, seeds, t, RANDOM, 1)[:, 0] for t in range(case["T"])], axis=1)
    r = made.records
    exact = oracle.problem.gradient(arrays["x"])
    return {
        **arrays, "lam": lam, "f": r["loss"], "eta": r["rate"], "a": r["alignment"][:, 1:], "b": r["curvature"][:, 1:],
        "L": r["smoothness"][:, 1:], "Lt": r["momentum_smoothness"][:, 1:], "full": exact, "problem": oracle.problem,
        "statuses": sorted({int(code) for code in made.status}), "case": case, "method": method,
    }  # fmt: skip


def norm2(v: Any) -> Any:
    """Squared Euclidean norm over the last axis."""
    return np.sum(v * v, axis=-1)


def excess_of(e: dict[str, Any]) -> tuple[Any, Any]:
    """rho_t and the absolute values of its terms."""
    rho = np.diff(e["f"], axis=1) + e["eta"][:, :-1] * e["a"]
    scale = np.abs(e["f"][:, 1:]) + np.abs(e["f"][:, :-1]) + np.abs(e["eta"][:, :-1] * e["a"])
    return rho, scale


def endpoint_excess(e: dict[str, Any]) -> Bound:
    """|rho_t| against (Lambda_t / 2) eta_t^2 |d_t|^2; Lambda_t from above: samples on the segment plus what lies between them."""
    rho, scale = excess_of(e)
    x, d, problem = e["x"], e["d"][:, :-1], e["problem"]
    largest, _ = largest_along(problem, x[:, :-1], x[:, 1:], d)
    rhs = largest * np.sqrt(norm2(d)) / 2 * e["eta"][:, :-1] ** 2
    return Bound(lhs=np.abs(rho), rhs=rhs, scale=scale + rhs, operations=8.0 * x.shape[-1] + value_operations(problem))


def changes_known(e: dict[str, Any]) -> Measured:
    """A Lipschitz constant of the Hessian is known for the family of the problem."""
    return Measured(e["problem"].name in LIPSCHITZ, None, e["problem"].name)


def value_operations(problem: Any) -> float:
    """Roundings inside one evaluation of F: a few per coordinate and per data row, and those of a row's inner product."""
    return 16.0 * (problem.dim + problem.samples)


def quadratic_excess(e: dict[str, Any]) -> Identity:
    """rho_t against -eta_t^2 d' H d / 2."""
    rho, scale = excess_of(e)
    x, d = e["x"][:, :-1], e["d"][:, :-1]
    rhs = -(e["eta"][:, :-1] ** 2) * np.sum(d * e["problem"].hvp(x, d), axis=-1) / 2
    return Identity(lhs=rho, rhs=rhs, scale=scale + np.abs(rhs), operations=16.0 * x.shape[-1] ** 2)


def convex_excess(e: dict[str, Any]) -> Bound:
    """rho_t <= 0."""
    rho, scale = excess_of(e)
    return Bound(lhs=rho, rhs=np.zeros_like(rho), scale=scale, operations=value_operations(e["problem"]))


def is_finite(e: dict[str, Any]) -> Measured:
    """Measured assumption on an observed run."""
    return Measured(e["statuses"] == [0], None, f"statuses {e['statuses']}")


def is_convex(e: dict[str, Any]) -> Measured:
    """What the problem says of itself."""
    return Measured(e["problem"].convex, None, "convex" if e["problem"].convex else "not convex")


# --- G5p: the pathwise form of the normalized method ---------------------------------------------------------------------------------
def pathwise_terms(e: dict[str, Any], u: float) -> dict[str, Any]:
    """Every sum of G5p at every prefix."""
    d, played, lam = e["d"][:, :-1], e["eta"][:, :-1], e["lam"]
    alpha = e["method"].direction.parameters.alpha
    m = e["g"][:, 0]
    errors = []
    for t in range(played.shape[1]):
        m = m if t == 0 else (1 - alpha) * m + alpha * e["g"][:, t]
        errors.append(np.sqrt(norm2(m - e["full"][:, t])))
    rho, rho_scale = excess_of(e)
    gx = e["q"][:, :, 1]
    n_t = np.sum((e["full"][:, :-1] - gx) * d, axis=-1)
    losses = e["b"] / 2 * (played**2 + u**2) + np.abs(e["a"]) * (np.abs(played) + u)
    regret = e["b"] / 2 * (played**2 - u**2) - e["a"] * (played - u)
    return {
        "gradient": u * np.sqrt(norm2(e["full"][:, :-1])),
        "regret": regret,
        "M": rho,
        "N": u * n_t,
        "error": 2 * u * np.stack(errors, axis=1),
        "bracket": u * e["L"] * lam * np.abs(played) - e["b"] * played**2 / 2 + e["b"] * u**2 / 2,
        "scale": losses + rho_scale + u * (np.sqrt(norm2(e["full"][:, :-1])) + np.sqrt(norm2(gx))) + e["b"] * (played**2 + u**2) / 2,
    }


def pathwise(*left_out: str) -> Any:
    """Sides of G5p for u = 0.01, 0.1, 1, without the sums named."""

    def sides(e: dict[str, Any]) -> Bound:
        lhs, rhs, scale = [], [], []
        for u in (0.01, 0.1, 1.0):
            terms = pathwise_terms(e, u)
            names = [name for name in ("regret", "M", "N", "error", "bracket") if name not in left_out]
            total = sum(np.cumsum(terms[name], axis=1) for name in names)
            lhs.append(np.cumsum(terms["gradient"], axis=1))
            rhs.append(e["f"][:, :1] - e["f"][:, 1:] + total)
            scale.append(
                np.abs(e["f"][:, :1])
                + np.abs(e["f"][:, 1:])
                + np.cumsum(terms["scale"] + np.abs(terms["error"]) + np.abs(terms["bracket"]), axis=1)
            )
        steps = np.arange(1, e["a"].shape[1] + 1)[None, :, None]
        return Bound(
            lhs=np.stack(lhs, -1), rhs=np.stack(rhs, -1), scale=np.stack(scale, -1), operations=4.0 * steps + value_operations(e["problem"])
        )

    return sides


END = {"point": "end"}


def _nsgdm_cases() -> tuple[Case, ...]:
    parameters = {"eta_0": 0.01, "alpha": 0.2, "eta_max": 1.0}
    out = []
    random, end = noisy_cases(parameters, method="gala_nsgdm"), noisy_cases({**parameters, **END}, method="gala_nsgdm")
    for case in (*random, *(dataclasses.replace(case, name=f"{case.name}, end point") for case in end[::3])):
        out.append(dataclasses.replace(case, smoke={"T": 40, "seeds": 2}, quick={"T": 150, "seeds": 4}, full={"T": 600, "seeds": 16}))
    return tuple(out)


def _master_cases() -> tuple[Case, ...]:
    """The theory rule everywhere; the practical rule with momentum, the normalized method and Adam on the real data and the network."""
    out = list(noisy_cases({"eta_0": 0.1, "eta_max": 2.0}))
    for method, parameters in (
        ("gala_sgd_practical", {"eta_0": 0.1, "momentum": 0.9}),
        ("gala_nsgdm", {"eta_0": 0.01, "alpha": 0.2}),
        ("gala_adam", {"eta_0": 0.01}),
    ):
        out += [dataclasses.replace(case, name=f"{case.name}, {method}") for case in noisy_cases(parameters, method=method)[2:]]
    return tuple(out)


CONVEX = [("quadratic", "quadratic", {**END, "eta_0": 0.05}), ("logistic regression, iris", "logistic_iris", {**END, "eta_0": 0.5})]
NONCONVEX = [
    ("sum of quartics", "quartics", {**END, "eta_0": 0.01}),
    ("ripple", "ripple", {**END, "eta_0": 0.05}),
    ("tanh network, iris", "tanh_network", {**END, "eta_0": 0.1}),
]

CLAIMS = [
    Claim(
        id="gala.G3", title="Master identity", kind="identity", label="tight", provenance="derived",
        statement=r"$u\sum a_t=F(x_0)-F(x_T)+\mathrm{Reg}_T(u)+\sum[\rho_t-\frac{1}{2}b_t\eta_t^2+\frac{1}{2}b_tu^2]$, "
        r"$\rho_t=F(x_{t+1})-F(x_t)+\eta_ta_t$",
        cases=_master_cases(), run=recorded, sides=master, assumptions=(FINITE,),
        control=Control("the term in u squared dropped", sides=master_without_last),
        explain="Holds for any direction and any a_t; it is what turns a regret bound into a bound on the gradients.",
    ),
    Claim(
        id="gala.G3q", title="Excess on quadratics", kind="identity", label="tight", provenance="derived",
        statement=r"$\rho_t=-\frac{1}{2}\eta_t^2\,d_t^\top Hd_t$ at the end point, full gradient, quadratic $F$",
        cases=table(CONVEX[:1], steps=150), run=observed, sides=quadratic_excess,
        assumptions=(OBSERVED,),
        control=Control("the same with the opposite sign", sides=lambda e: quadratic_excess(e).with_rhs(-quadratic_excess(e).rhs)),
    ),
    Claim(
        id="gala.G3c", title="Excess on convex functions", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$\rho_t\leq 0$ at the end point with the full gradient if $F$ is convex",
        cases=table(CONVEX, steps=150), run=observed, sides=convex_excess,
        assumptions=(OBSERVED, Assumption("F convex", "declared by the problem", is_convex)),
        control=Control("a nonconvex function", cases=table(NONCONVEX[1:2], steps=150)),
    ),
    Claim(
        id="gala.G3e", title="Excess at the end point", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$|\rho_t|\leq\frac{1}{2}\Lambda_t\eta_t^2|d_t|^2$, $\Lambda_t=\max_z|H(z)d_t|/|d_t|$ over the segment (end point, "
        r"full gradient)",
        cases=table(CONVEX + NONCONVEX, steps=100), run=observed, sides=endpoint_excess,
        assumptions=(OBSERVED, Assumption("the Hessian's change is bounded", "families of hessians.LIPSCHITZ", changes_known)),
        control=Control("the bound times 0.9", sides=bound_times(0.9, endpoint_excess)),
        explain="Lambda_t is bounded from above: the largest of 9 to 129 samples of the segment, plus the Lipschitz constant of the "
        "Hessian there (known for every family run) times half of the distance between two of them, 2% of the samples where 129 suffice.",
    ),
    Claim(
        id="gala.G5p", title="Pathwise form of the normalized method", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$u\sum|\nabla F(x_t)|\leq F(x_0)-F(x_T)+\mathrm{Reg}_T(u)+\sum M_t+u\sum N_t+2u\sum|e_t|"
        r"+\sum[uL_t\lambda_t|\eta_t|-\frac{1}{2}b_t\eta_t^2+\frac{1}{2}b_tu^2]$",
        cases=_nsgdm_cases(), run=observed, sides=pathwise(),
        assumptions=(OBSERVED,),
        control=Control("without the momentum error, the noise and the bracket", sides=pathwise("error", "N", "bracket")),
    ),
]  # fmt: skip
