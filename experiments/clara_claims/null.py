"""Runs that the claims of CLARA share: directions that carry no information, directions that are all equal, a quadratic with a full matrix.

The null model is run through the compiled engine: a function that is 0 everywhere, whose oracle answers with a Gaussian vector of given
standard deviations, so that every recorded path length and rate is that of the implementation itself.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.sequences import scripted
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import Method, make_method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.oracles.additive import draw_gaussian
from lra_ref.problems import make_problem
from lra_ref.problems.base import Problem
from lra_ref.readings import middle
from lra_ref.verify import Case, CaseView, Settings

THREADS = os.cpu_count() or 1
WITNESSES = Path(__file__).resolve().parent.parent / "witnesses"


def stored(name: str) -> Case:
    """The case of a stored counterexample."""
    return Case.from_witness(WITNESSES / f"clara.{name}.json")


# --- functions ------------------------------------------------------------------------------------------------------------------------
def linear_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F = <par, x> (kernel); par = 0: the function of the null model."""
    total = 0.0
    for i in range(lo, hi):
        g[i] = par[i]
        total += par[i] * x[i]
    return total


def linear_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """No curvature (kernel)."""
    out[lo:hi] = 0.0


def matrix_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F = x' A x / 2, A = data symmetric (kernel)."""
    total = 0.0
    for i in range(lo, hi):
        row = 0.0
        for j in range(lo, hi):
            row += data[i, j] * x[j]
        g[i] = row
        total += row * x[i]
    return total / 2


def matrix_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """A v (kernel)."""
    matrix_value(lo, hi, v, z, data, par, out)


def shaped_noise(lo: Any, hi: Any, x: Any, z: Any, par: Any, f: Any, g: Any) -> Any:
    """g_i += par[1+i] z[i mod par[0]] (kernel)."""
    period = int(par[0])
    for i in range(lo, hi):
        g[i] = g[i] + par[1 + i] * z[i % period]
    return f


def alternating(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """1, -1, 1, -1, ... from step to step (kernel)."""
    z[:] = 1.0 if step % 2 == 0 else -1.0


def linear(slope: Any) -> Problem:
    """F = <slope, x>."""
    return Problem("linear", len(slope), linear_value, linear_hvp, start=np.zeros(len(slope)), par=np.array(slope, dtype=float))


@lru_cache(maxsize=64)
def noise(scales: tuple[float, ...], copies: int = 1, alternate: bool = False) -> Oracle:
    """Gradients ``scales * normals``, repeated ``copies`` times; or one vector with alternating sign."""
    whole = np.tile(np.array(scales), copies)
    par = np.concatenate([[float(len(scales))], whole])
    draw = alternating if alternate else draw_gaussian
    return Oracle("shaped noise", linear(np.zeros(whole.size)), draw, shaped_noise, par, sample_size=len(scales))


# --- runs -----------------------------------------------------------------------------------------------------------------------------
def method_of(case: CaseView) -> Method:
    """The method of a case, CLARA on SGD by default."""
    return make_method(case.get("method", "clara_sgd"), **case.get("parameters", {}))


def null_run(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """The null model on all seeds; records every ``every`` steps (default: only the last): Y = |p|^2, eta, and the last path."""
    scales = tuple(case["scales"] if "scales" in case else [1.0] * case["D"])
    oracle = noise(scales, case.get("copies", 1), case.get("alternate", False))
    offsets = case.get("offsets")
    method = method_of(case)
    made = run(
        method, oracle, steps=case["T"], every=case.get("every", case["T"]), trajectories=len(seeds), first=int(seeds[0]),
        seed=settings.seed,
        offsets=offsets, threads=THREADS,
    )  # fmt: skip
    rate = method.bound(made.offsets).rate
    out = {
        "case": case,
        "steps": made.steps,
        "eta": made.records["eta"],
        "Y": made.records["path_norm2"],
        "path": made.state.r_vec[:, 0],
        "rate": rate,
    }
    if "mean" in made.records:
        out["mean"] = made.records["mean"]
    return out


def watched_run(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """:func:`watch`, once for all claims that read the same run."""
    return watch(json.dumps(dict(case), sort_keys=True), int(seeds[0]), len(seeds), settings.seed)


@lru_cache(maxsize=16)
def watch(key: str, first: int, count: int, seed: int) -> dict[str, Any]:
    """Reference run of one block that keeps every direction; u_t and <p_{t-1}, u_t> are computed from them here, anew."""
    case = CaseView("watched", json.loads(key))
    if "gradients" in case:
        oracle = scripted(case["gradients"])
    elif "problem" in case:
        oracle = make_oracle("gaussian", make_problem(case["problem"], **case.get("problem_parameters", {})), sigma=case.get("sigma", 0.5))
    else:
        oracle = noise(tuple([1.0] * case["D"]))
    method, kept = method_of(case), []
    made = reference_run(
        method, oracle, steps=case["T"], trajectories=count, first=first, seed=seed, observe=lambda t, x, seen, info: kept.append(info.d)
    )
    d = np.stack(kept[:-1], axis=1)
    u = d / np.sqrt(np.sum(d * d, axis=-1, keepdims=True))
    c = method.rate.parameters.c
    path, overlap = np.zeros_like(u[:, 0]), np.empty_like(u[..., 0])
    for t in range(u.shape[1]):
        overlap[:, t] = np.sum(path * u[:, t], axis=-1)
        path = (1 - c) * path + c * u[:, t]
    bound, rates = method.bound(np.array([0, oracle.problem.dim])), made.records["rate"]
    return {
        "case": case,
        "overlap": overlap,
        "Y": made.records["path_norm2"][:, 1:],
        "log_eta": np.log(rates / rates[:, :1])[:, 1:],
        "c": c,
        "d": bound.rate.d,
        "reference": float(bound.rate.table()[-1]),
        "dim": oracle.problem.dim,
        "shortest": float(middle([np.min(np.sqrt(np.sum(d * d, axis=-1)))])[0]),
    }
