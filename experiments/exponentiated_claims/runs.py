"""Cases and runs shared by the claims: problems by name, recorded runs, and runs that show every vector."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.sequences import scripted
from lra_ref.checks import block_offsets
from lra_ref.engine.reference import Stepper
from lra_ref.engine.run import Run, run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.verify import Case, CaseView, Measured, Settings

THREADS = os.cpu_count() or 1
WITNESSES = Path(__file__).parent.parent / "witnesses"
PROBLEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "quadratic": ("quadratic", {"dim": 6, "condition": 30.0, "rotated": True}),
    "parabola": ("quadratic", {"dim": 1, "condition": 1.0}),
    "rosenbrock": ("rosenbrock", {"dim": 2}),
    "ripple": ("ripple", {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 2.0}),
    "logistic": ("logistic", {"data": "iris"}),
}
NOISES = {"gaussian": "sigma", "minibatch": "batch", "exact": None}


def witness(name: str) -> Case:
    """The stored counterexample ``name``."""
    return Case.from_witness(WITNESSES / f"{name}.json")


def varied(case: Case, name: str, **changes: Any) -> Case:
    """The case with some parameters changed; a dictionary is updated, not replaced: the control of a refutation."""
    old = dict(case.parameters("quick") or {})
    new = {key: {**old[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
    return Case.everywhere(name, **{**old, **new})


@lru_cache(maxsize=32)
def oracle_of(problem: str, noise: str, level: float | None) -> Oracle:
    """The oracle of a case."""
    name, parameters = PROBLEMS[problem]
    key = NOISES[noise]
    options = {} if key is None else {key: int(level or 1) if noise == "minibatch" else level}
    return make_oracle(noise, make_problem(name, **parameters), **options)


def oracle_in(case: CaseView) -> Oracle:
    """The oracle of a case: its problem and noise, or the gradients that it lists."""
    if "gradients" in case:
        return scripted(case["gradients"])
    return oracle_of(case["problem"], case.get("noise", "exact"), case.get("level"))


def recorded(case: CaseView, seeds: Any, settings: Settings) -> Run:
    """The case's configuration for T steps on the given trajectories."""
    oracle = oracle_in(case)
    start = oracle.problem.start if case.get("x0") is None else np.full(oracle.problem.dim, float(case["x0"]))
    return run(
        make_method(case["method"], **case.get("parameters", {})), oracle, steps=case["T"], trajectories=len(seeds), first=int(seeds[0]),
        seed=settings.seed, x0=start, threads=THREADS, every=case.get("every", 1),
    )  # fmt: skip


def statuses_of(made: Run) -> list[str]:
    """The distinct statuses of a run."""
    return sorted({Status(int(code)).name for code in made.state.status})


def finished(statuses: list[str]) -> Measured:
    """Measured assumption: no trajectory turned non-finite."""
    return Measured(statuses == ["RUNNING"], None, "statuses " + ", ".join(statuses))


def observed(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """The reference, step by step, with what a record does not hold: gradients (seeds, T, D), gains after each step, scales (seeds, T)."""
    oracle = oracle_in(case)
    method = make_method(case["method"], **case.get("parameters", {}))
    stepper = Stepper(method, block_offsets(None, oracle.problem.dim))
    start = oracle.problem.start if case.get("x0") is None else np.full(oracle.problem.dim, float(case["x0"]))
    x = np.tile(start, (len(seeds), 1))
    state = stepper.init(x)
    kept: dict[str, list[Any]] = {"g": [], "gains": [], "scale": []}
    for t in range(case["T"]):
        f, g = oracle.evaluate(x, oracle.sample(settings.seed, seeds, t))
        seen = Seen(t=t, x=x, g=g, f=f[..., None], offsets=stepper.offsets)
        state, info = stepper.look(state, seen)
        kept["g"].append(g)
        kept["gains"].append(state.direction["gains"])
        kept["scale"].append(state.rate["scale"][:, 0])
        state, x = stepper.move(state, seen, info)
    return {**{name: np.stack(values, axis=1) for name, values in kept.items()}, "method": method, "case": case}
