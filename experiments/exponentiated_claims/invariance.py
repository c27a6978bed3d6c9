"""E5: what a change of the scale of F does, with and without the numbers that break the invariance."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import THREADS, varied, witness
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.verify import Case, CaseView, Claim, Control, Invariance, Settings


def scaled_pair(case: CaseView, seeds: Any, settings: Settings) -> list[Any]:
    """The numbers to compare, (seeds, ...), of the runs on F and on a F; ``powers`` says how the hyper-parameters scale with a."""
    a, options, runs = case["a"], case["parameters"], []
    for factor in (1.0, a):
        scaled = {**options, **{name: options[name] * factor**power for name, power in case["powers"].items()}}
        shape = {
            name: (np.multiply(value, factor).tolist() if name in case["scales"] else value)
            for name, value in case["problem_parameters"].items()
        }
        problem = make_problem(case["problem"], **shape)
        oracle = make_oracle("gaussian", problem, sigma=case["sigma"] * factor) if case["sigma"] else make_oracle("exact", problem)
        method = make_method("egdd_momentum", **scaled)
        made = run(method, oracle, steps=case["T"], trajectories=len(seeds), first=int(seeds[0]), seed=settings.seed, threads=THREADS)
        gains = made.state.d_vec[:, method.direction.vectors.index("gains")]
        runs.append(np.concatenate([made.x, made.records["scale"], gains], axis=1))
    return runs


def bitwise(e: list[Any]) -> Invariance:
    """Last point, all scales, last gains, bit for bit."""
    return Invariance(first=e[0], second=e[1])


def within(e: list[Any]) -> Invariance:
    """The same within 2^20 units: whatever is further off is no rounding."""
    return Invariance(first=e[0], second=e[1], ulps=2.0**20)


def fixed_rate(case: CaseView, seeds: Any, settings: Settings) -> list[Any]:
    """Broken: lr left as it is."""
    powers = {name: power for name, power in case["powers"].items() if name != "lr"}
    return scaled_pair(dataclasses.replace(case, parameters={**case.parameters, "powers": powers}), seeds, settings)


def _cases() -> tuple[Case, ...]:
    quadratic = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0, 0.7, 0.3, 0.1]}, "scales": ["spectrum"]}
    ripple = {
        "problem": "ripple",
        "problem_parameters": {"dim": 3, "curvature": 1.0, "amplitude": 0.5},
        "scales": ["curvature", "amplitude"],
    }
    plain: dict[str, Any] = {"parameters": {"lr": 0.125, "norm_eps": 0.0, "gamma_s": 0.02}, "powers": {"lr": -1}}
    decay: dict[str, Any] = {"parameters": {**plain["parameters"], "weight_decay": 0.01}, "powers": {"lr": -1, "weight_decay": 1}}
    out = []
    for a in (2.0**-30, 1024.0):
        for problem, label in ((quadratic, "quadratic"), (ripple, "ripple")):
            for form, what in ((plain, "no decay"), (decay, "decay times a")):
                common = {**problem, **form, "a": a, "sigma": 0.25}
                quick = {"T": 200, "seeds": 4}
                out.append(Case(f"{label}, {what}, a = {a:.3g}", {"T": 60, "seeds": 2}, quick, {"T": 2000, "seeds": 16}, common))
    return tuple(out)


EPS, DECAY = witness("exponentiated.E5eps"), witness("exponentiated.E5wd")

CLAIMS = [
    Claim(
        id="exponentiated.E5", title="Scale invariance", kind="invariance", provenance="derived",
        statement=r"$F\to aF$, $\eta\to\eta/a$, decoupled decay times $a$: the same $x,s,p$ (cosine without the $10^{-10}$, sign form), "
        r"bit for bit for $a$ a power of 2",
        cases=_cases(), run=scaled_pair, sides=bitwise, control=Control("lr left as it is", run=fixed_rate),
    ),
    Claim(
        id="exponentiated.E5eps", title="The 1e-10 in the norms breaks the invariance", kind="refutation", provenance="derived",
        statement=r"REFUTED: scale and point of the published code do not change with $F\to aF$, $\eta\to\eta/a$",
        cases=(EPS,), run=scaled_pair, sides=within,
        control=Control("norm_eps = 0, for which it is true", cases=(varied(EPS, "norm_eps = 0", parameters={"norm_eps": 0.0}),)),
        explain="Where gradients are as small as the number added to their norms the cosine shrinks, and with it the change of the scale.",
    ),
    Claim(
        id="exponentiated.E5wd", title="Decoupled decay breaks the invariance", kind="refutation", provenance="derived",
        statement=r"REFUTED: $F\to aF$, $\eta\to\eta/a$ changes nothing with a decoupled weight decay that is left as it is",
        cases=(DECAY,), run=scaled_pair, sides=within,
        control=Control("decay times a, for which it is true", cases=(varied(DECAY, "decay times a", powers={"weight_decay": 1}),)),
    ),
]  # fmt: skip
