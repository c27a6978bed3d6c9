"""Runs shared by the claims of D-Adaptation and Prodigy, and the certificate that they have in common.

A case names a problem with a known minimiser, a method with its parameters and the number T of steps.  A seed draws the start; the oracle
is exact unless the case has a ``sigma``.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.problems.base import Known
from lra_ref.readings import bits
from lra_ref.typing import Array
from lra_ref.verify import MACHEPS, Assumption, Bound, CaseView, Measured, Settings

WITNESSES = Path(__file__).parent.parent / "witnesses"
Evidence = dict[str, Any]


def absolute_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """sum of w_i |x_i|, with the subgradient 0 at 0 (kernel)."""
    value = 0.0
    for i in range(lo, hi):
        g[i] = par[i] * np.sign(x[i])
        value += par[i] * np.abs(x[i])
    return value


def no_curvature(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Second derivative of a piecewise linear function, where it has one (kernel)."""
    for i in range(lo, hi):
        out[i] = 0.0


@lru_cache(maxsize=64)
def _problem(name: str, parameters: str) -> Problem:
    values = json.loads(parameters)
    if name != "absolute":
        return make_problem(name, **values)
    weights = np.array(values["weights"], dtype=float)
    return Problem(
        "absolute", len(weights), absolute_value, no_curvature, start=np.ones(len(weights)), par=weights, f_star=Known(0.0),
        x_star=np.zeros(len(weights)), convex=True,
    )  # fmt: skip


def problem_of(case: CaseView) -> Problem:
    """The problem of a case; ``absolute`` is sum w_i |x_i|."""
    return _problem(case["problem"], json.dumps(case.get("problem_parameters", {})))


def starts(case: CaseView, problem: Problem, seeds: Any, settings: Settings) -> Array:
    """One start per seed: the case's own, or a normal vector around the minimiser."""
    if "x0" in case:
        return np.broadcast_to(np.asarray(case["x0"], float), (len(seeds), problem.dim)).copy()
    drawn = [np.random.default_rng([settings.seed, int(seed)]).normal(size=problem.dim) for seed in seeds]
    return minimiser(problem) + case.get("scale", 1.0) * np.stack(drawn)


def minimiser(problem: Problem) -> Array:
    """x*; a problem without one has no distance to it."""
    if problem.x_star is None:
        raise ValueError(f"the problem {problem.name} has no known minimiser")
    return problem.x_star


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The records of T steps, (S, T+1), points and gradients, (S, T+1, D), and the distance of the start in both norms, (S, 1)."""
    key = json.dumps(dict(case.parameters), sort_keys=True)
    return _played(case.name, key, tuple(map(int, seeds)), settings, bits())


@lru_cache(maxsize=48)  # several claims look at one run
def _played(name: str, parameters: str, seeds: tuple[int, ...], settings: Settings, precision: int | None) -> Evidence:
    case = CaseView(name, json.loads(parameters))
    problem = problem_of(case)
    method = make_method(case["method"], **case.get("parameters", {}))
    start, kept = starts(case, problem, seeds, settings), Vectors()
    oracle = make_oracle("gaussian", problem, sigma=case["sigma"]) if "sigma" in case else make_oracle("exact", problem)
    made = reference_run(
        method, oracle, steps=case["T"], trajectories=len(seeds), seed=settings.seed, first=int(seeds[0]), x0=start, observe=kept
    )
    vectors, away = kept.arrays(), start - minimiser(problem)
    return {
        **made.records, "x": vectors["x"], "g": vectors["g"], "problem": problem, "case": case, "p": method.rate.parameters,
        "D": np.sqrt(np.sum(away * away, axis=-1, keepdims=True)), "D_inf": np.max(np.abs(away), axis=-1, keepdims=True),
    }  # fmt: skip


def discounted(values: Any, keep: float) -> Any:
    """sum_{i<=k} keep^(k-i) values_i along the last axis."""
    if keep == 1:
        return np.cumsum(values, axis=-1)
    out = np.empty_like(values)
    total = np.zeros_like(values[..., 0])
    for k in range(values.shape[-1]):
        total = keep * total + values[..., k]
        out[..., k] = total
    return out


def weights(e: Evidence) -> tuple[Any, float, Any]:
    """The weights lambda_i of the gradients in s, how s decays, and its norm."""
    name = e["case"]["method"]
    if name == "dadaptation":
        return e["d_used"], 1.0, np.sqrt(e["s_norm2"])
    if name == "dadapt_sgd":
        return e["rate"], 1.0, np.sqrt(e["s_norm2"])
    keep = math.sqrt(e["p"].beta2) if e["p"].beta3 is None else e["p"].beta3
    return e["d_used"] / e["p"].d_0 * e["rate"], keep, e["s_norm1"]


def terms_of(e: Evidence) -> Any:
    """What the estimates are made of, in absolute values: sum lambda_i |g_i| (|x_0| + |x_i|)/|s|, as large as it has been so far."""
    used, keep, size = weights(e)
    length = np.sqrt(np.sum(e["g"] ** 2, axis=-1))
    spread = np.sqrt(np.sum(e["x"] ** 2, axis=-1))
    top = discounted(used * length * (spread[:, :1] + spread), keep)
    share = discounted(used * length, keep)
    bottom = np.where(size > 0, size, 1.0)
    return np.maximum.accumulate(np.where(size > 0, top / bottom * (1 + share / bottom), 0.0), axis=-1)


def operations(e: Evidence) -> Any:
    """Roundings that reach the estimate of step k: an inner product, a running sum, a gradient."""
    steps = np.arange(e["d"].shape[1])
    return 8.0 * (2 * e["problem"].dim + steps + 8)


def certificate(e: Evidence, factor: float = 1.0, distance: str = "D") -> Bound:
    """d <= max(d_0, factor D)."""
    lhs, rhs = e["d"], np.maximum(e["p"].d_0, factor * e[distance])
    return Bound(lhs=lhs, rhs=rhs, scale=lhs + rhs + terms_of(e), operations=operations(e), at=np.arange(lhs.shape[1]))


def towards(e: Evidence) -> Measured:
    """Measured: <g_i, x_i - x*> >= F(x_i) - F* >= 0 at every point of the run, the only use that is made of convexity."""
    away = e["x"] - minimiser(e["problem"])
    inner = np.sum(e["g"] * away, axis=-1)
    f_star = 0.0 if e["problem"].f_star is None else e["problem"].f_star.value
    excess = e["loss"] - f_star
    size = np.sum(np.abs(e["g"] * away), axis=-1) + np.abs(e["loss"]) + abs(f_star)
    slack = np.min(np.minimum(inner - excess, excess) + 8 * MACHEPS * (2 * e["problem"].dim + 4) * size)
    return Measured(bool(slack >= 0), float(slack), "smallest slack")


CONVEX = Assumption("F is convex, seen from x*", "<g_i, x_i - x*> >= F(x_i) - F* >= 0 at every point", towards)
SIZES: dict[str, Any] = {"smoke": {"seeds": 4, "T": 40}, "quick": {"seeds": 16, "T": 100}, "full": {"seeds": 100, "T": 1000}}
#: problems that the smoke preset looks at
QUICKEST = ("sphere", "absolute values")


def sizes(smoke: bool, quick: bool = True) -> dict[str, Any]:
    """The presets of a case, with or without the smaller ones."""
    runs_in = {"smoke": smoke, "quick": quick}
    return {name: size for name, size in SIZES.items() if runs_in.get(name, True)}


SPHERE = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0]}}
PROBLEMS: dict[str, dict[str, Any]] = {
    "sphere": SPHERE,
    "quadratic": {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 30.0, "largest": 4.0}},
    "rotated quadratic": {
        "problem": "quadratic",
        "problem_parameters": {"spectrum": [4.0, 1.0, 0.1], "rotated": True, "x_star": [1.0, -2.0, 3.0]},
    },
    "absolute values": {"problem": "absolute", "problem_parameters": {"weights": [1.0, 2.0, 9.0]}},
}
