"""G11: scale equivariance, bit for bit."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.verify import Case, CaseView, Claim, Control, Invariance, Settings


def scaled_pair(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """x and F/c of the runs on F and on c F, with the hyper-parameters of G11."""
    c, options = case["c"], case["parameters"]
    powers = case["powers"]
    runs = []
    for factor in (1.0, c):
        scaled = {**options, **{name: options[name] * factor**power for name, power in powers.items()}}
        shape = {
            name: (np.multiply(value, factor).tolist() if name in case["scales"] else value)
            for name, value in case["problem_parameters"].items()
        }
        oracle = make_oracle("gaussian", make_problem(case["problem"], **shape), sigma=case["sigma"] * factor)
        runs.append(
            run(
                make_method(case["method"], **scaled),
                oracle,
                steps=case["T"],
                trajectories=len(seeds),
                first=int(seeds[0]),
                seed=settings.seed,
            )
        )
    return {"x": [r.x for r in runs], "f": [runs[0].records["loss"], runs[1].records["loss"] / c]}


def equivariance(e: dict[str, Any]) -> Invariance:
    """Last point and all losses, bit for bit."""
    first, second = (np.concatenate([x, f], axis=1) for x, f in zip(e["x"], e["f"], strict=True))
    return Invariance(first=first, second=second)


def scaled_pair_fixed_delta(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Broken: delta left as it is."""
    powers = {name: power for name, power in case["powers"].items() if name != "delta"}
    return scaled_pair(dataclasses.replace(case, parameters={**case.parameters, "powers": powers}), seeds, settings)


QUADRATIC = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0, 0.7, 0.3, 0.1, 0.05]}, "scales": ["spectrum"]}
RIPPLE = {"problem": "ripple", "problem_parameters": {"dim": 3, "curvature": 1.0, "amplitude": 0.5}, "scales": ["curvature", "amplitude"]}
SGD_SCALING = {
    "method": "gala_sgd",
    "parameters": {"eta_0": 0.1, "eta_max": 4.0, "delta": 1.0},
    "powers": {"eta_0": -1, "eta_max": -1, "delta": 3},
}
NSGDM_SCALING = {"method": "gala_nsgdm", "parameters": {"eta_0": 0.1, "eta_max": 4.0, "delta": 1.0, "alpha": 0.25}, "powers": {"delta": 1}}


def _scaling_cases() -> tuple[Case, ...]:
    out = []
    for c in (0.25, 1024.0):
        for problem in (QUADRATIC, RIPPLE):
            for scaling in (SGD_SCALING, NSGDM_SCALING):
                common = {**problem, **scaling, "c": c, "sigma": 0.5}
                quick = {"T": 200, "seeds": 4}
                out.append(Case(f"{scaling['method']}, {problem['problem']}, c = {c:g}", quick, quick, {"T": 2000, "seeds": 16}, common))
    return tuple(out)


CLAIMS = [
    Claim(
        id="gala.G11", title="Scale equivariance", kind="invariance", label=None, provenance="derived",
        statement=r"$F\to cF$ with $\eta_0/c$, $\eta_{max}/c$, $c^3\delta$ (SGD) or with $c\delta$ (normalized): the same $x_t$, bit "
        r"for bit for $c$ a power of 2",
        cases=_scaling_cases(), run=scaled_pair, sides=equivariance,
        control=Control("delta not scaled", run=scaled_pair_fixed_delta),
    ),
]  # fmt: skip
