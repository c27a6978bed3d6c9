"""X6: what independent noise in the two gradients does to the secant rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.gradient_variation_claims.runs import Evidence, norm2, observed
from lra_ref.oracles import FRESH, PRESENT, START, make_oracle
from lra_ref.oracles.variates import normals
from lra_ref.problems import make_problem
from lra_ref.rates.gradient_variation import secant
from lra_ref.verify import Assumption, Case, CaseView, Claim, Control, Distribution, Expectation, Measured, Moment, Settings


def fixed_points(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """|s|^2, |y|^2 at two fixed points with independent noise, and |grad F(x_t) - grad F(x_{t-1})|^2, V."""
    problem = make_problem(case["problem"], **case["problem_parameters"])
    oracle = make_oracle("gaussian", problem, sigma=case["sigma"])
    away = normals(7, 0, 0, START, 2 * problem.dim).reshape(2, problem.dim)
    before = problem.start + 0.3 * away[0]
    # so far apart that |grad F(x_t) - grad F(x_{t-1})|^2 is, to first order, the asked share of V
    now = before + case["sigma"] * np.sqrt(case["change"] / float(norm2(problem.hvp(before, away[1])))) * away[1]
    g = oracle.evaluate(now, oracle.sample(settings.seed, seeds, 1, PRESENT))[1]
    past = oracle.evaluate(before, oracle.sample(settings.seed, seeds, 1, FRESH))[1]
    change = float(norm2(problem.gradient(now) - problem.gradient(before)))
    return {"s2": float(norm2(now - before)), "y2": norm2(g - past), "change": change, "V": case["sigma"] ** 2}


def inverse_square(e: Evidence) -> Expectation:
    """2 V / |s|^2 <= E secant^-2."""
    rhs = e["y2"] / e["s2"]
    lhs = np.full_like(rhs, 2 * e["V"] / e["s2"])
    return Expectation(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=64.0)


def jensen(e: Evidence) -> Expectation:
    """|s| / sqrt(E|y|^2) <= E secant, with E|y|^2 = |change|^2 + 2 V."""
    rhs = secant(e["s2"], e["y2"])
    lhs = np.full_like(rhs, np.sqrt(e["s2"] / (e["change"] + 2 * e["V"])))
    return Expectation(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=64.0)


def enlarged(sides: Any, factor: float) -> Any:
    """The lower bound multiplied by a factor above 1."""

    def broken(e: Evidence) -> Expectation:
        whole = sides(e)
        return Expectation(lhs=factor * whole.lhs, rhs=whole.rhs, scale=whole.scale, operations=whole.operations)

    return broken


# --- along SGD: both ends of the pair share g_{t-1} ----------------------------------------------------------------------------------
def along_sgd(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """One SGD step from the minimiser of h|x|^2/2; with ``run`` the method's own two rates, else the formula without the rule to keep.

    In a run of large dimension <s,y> > 0 always, and the two are the same.
    """
    h, dim, eta = case["h"], case["dim"], case["q"] / case["h"]
    if case["run"]:
        problem = {"problem": "quadratic", "problem_parameters": {"spectrum": [h] * dim}, "noise": "gaussian", "level": case["sigma"]}
        view = CaseView(case.name, {**problem, "T": 1, "x0": 0.0, "parameters": {"member": "secant", "pair": "fresh", "eta_0": eta}})
        e = observed(view, seeds, settings)
        g, x, kept = e["g"], e["x"], e["kept"][:, -1]
    else:
        noise = case["sigma"] / np.sqrt(dim) * np.stack([normals(settings.seed, seeds, t, PRESENT, dim) for t in (0, 1)], axis=1)
        x = np.stack([0 * noise[:, 0], -eta * noise[:, 0]], axis=1)
        g, kept = h * x + noise, np.zeros(len(seeds))
    s2, y2 = norm2(np.diff(x, axis=1))[:, 0], norm2(np.diff(g, axis=1))[:, 0]
    rate = e["eta"][:, 1] if case["run"] else secant(s2, y2)
    return {"log": np.log(rate / eta), "y2": y2 / case["sigma"] ** 2, "kept": kept, "q": case["q"], "run": case["run"]}


def drift(e: Evidence) -> Distribution:
    """E log(eta_t / eta_{t-1}) = -log(1 + (1 + q)^2) / 2 and E|y|^2 = (1 + (1 + q)^2) V, both up to 2%."""
    growth = 1 + (1 + e["q"]) ** 2
    mean = -0.5 * np.log(growth)
    return Distribution(moments=(
        Moment("E log(eta_t / eta_{t-1})", e["log"], mean, 0.02 * abs(mean)),
        Moment("E|y|^2 / V", e["y2"], growth, 0.02 * growth),
    ))  # fmt: skip


def unshared(e: Evidence) -> Distribution:
    """Broken: as if s and y did not share g_{t-1}, E|y|^2 = 2 V + q^2 V."""
    growth = 2 + e["q"] ** 2
    mean = -0.5 * np.log(growth)
    return Distribution(moments=(Moment("E log(eta_t / eta_{t-1})", e["log"], mean, 0.02 * abs(mean)),))


def never_kept(e: Evidence) -> Measured:
    """Measured assumption: the rule to keep the rate never acted."""
    kept = float(np.sum(e["kept"])) if e["run"] else 0.0
    return Measured(kept == 0, kept, "kept rates" if e["run"] else "the formula itself, without the rule to keep the rate")


def _fixed_cases() -> tuple[Case, ...]:
    quadratic = {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 10.0}}
    logistic = {"problem": "logistic", "problem_parameters": {"data": "iris"}}
    rows = [
        ("quadratic, change 0.1 V", {**quadratic, "sigma": 1.0, "change": 0.1}),
        ("quadratic, change V", {**quadratic, "sigma": 0.3, "change": 1.0}),
        ("logistic regression, iris, change 0.2 V", {**logistic, "sigma": 1.0, "change": 0.2}),
    ]
    seeds: dict[str, Any] = {
        "smoke": {"seeds": 2048, "budget": 2**18},
        "quick": {"seeds": 8192, "budget": 2**18},
        "full": {"seeds": 2**16, "budget": 2**21},
    }
    return tuple(Case(name, **seeds, common=common) for name, common in rows)


def _drift_cases() -> tuple[Case, ...]:
    out = []
    for dim, q, run, seeds in ((200, 0.5, True, 512), (200, 1.5, True, 512), (2, 0.5, False, 2**17), (8, 0.1, False, 2**15)):
        common = {"dim": dim, "q": q, "h": 2.0, "sigma": 0.7, "run": run, "budget": 8 * seeds}
        few, many = {"seeds": min(seeds, 4096)}, {"seeds": 2 * seeds}
        out.append(Case(f"D = {dim}, q = {q:g}", few, {"seeds": seeds}, many, common))
    return tuple(out)


CLAIMS = [
    Claim(
        id="gradient_variation.X6",
        title="Noise shrinks the secant rate",
        kind="bound in expectation",
        label="lower",
        provenance="derived",
        statement=r"$E[\mathrm{secant}^{-2}|s]\geq 2V/|s|^2$, $x_t,x_{t-1}$ fixed, independent noises of covariance trace $V$",
        cases=_fixed_cases(),
        run=fixed_points,
        sides=inverse_square,
        control=Control("the bound times 1.3", sides=enlarged(inverse_square, 1.3)),
        explain="Equality where the gradient of F does not change between the two points: E secant^-2 |s|^2 is its squared change plus 2V.",
    ),
    Claim(
        id="gradient_variation.X6mean",
        title="The mean goes the other way",
        kind="bound in expectation",
        label="lower",
        provenance="derived",
        statement=r"$E\,\mathrm{secant}\geq|s|/\sqrt{E|y|^2}$, $E|y|^2=|\nabla F(x_t)-\nabla F(x_{t-1})|^2+2V$",
        cases=_fixed_cases(),
        run=fixed_points,
        sides=jensen,
        control=Control("the bound times 1.3", sides=enlarged(jensen, 1.3)),
    ),
    Claim(
        id="gradient_variation.X6sgd",
        title="Along SGD the secant rate collapses",
        kind="distribution",
        label="tight",
        provenance="derived",
        statement=r"$E\log(\eta_t/\eta_{t-1})=-\frac{1}{2}\log(1+(1+q)^2)$, $E|y|^2=(1+(1+q)^2)V$: "
        r"quadratic $hI$, Gaussian noise, $x_{t-1}=x^*$, $q=\eta_{t-1}h$, rate not kept, any $D$",
        cases=_drift_cases(),
        run=along_sgd,
        sides=drift,
        assumptions=(Assumption("the rate is never kept", "counter of the run", never_kept),),
        control=Control("as if s and y did not share a gradient", sides=unshared),
    ),
]
