"""Cases and runs shared by the claims of the gradient-variation rates.

A case names a problem, an oracle, a direction and the parameters of the rate.  :func:`observed` keeps every vector of a run (reference
engine), :func:`play` drives the same reference on gradients of one's own making.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.sequences import scripted
from lra_ref.engine.reference import Stepper, Vectors, reference_run
from lra_ref.methods import Method, compose
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array
from lra_ref.verify import Assumption, CaseView, Measured, Settings

WITNESSES = Path(__file__).parent.parent / "witnesses"
#: the bases of the paper by the name of the house's direction
BASES = {"SGD": "sgd", "SGDM": "momentum", "SIGNSGD": "sign"}
#: oracles by name, each with the parameter that a case gives as ``level``
NOISES = {"gaussian": "sigma", "minibatch": "batch", "exact": None}

Evidence = dict[str, Any]


@lru_cache(maxsize=64)
def _oracle(problem: str, parameters: str, noise: str, level: float | None) -> Oracle:
    key = NOISES[noise]
    options = {} if key is None else {key: int(level or 1) if noise == "minibatch" else level}
    return make_oracle(noise, make_problem(problem, **json.loads(parameters)), **options)


def oracle_of(case: CaseView) -> Oracle:
    """The oracle of a case: its problem and noise, or the gradients that it lists."""
    if "gradients" in case:
        return scripted(case["gradients"])
    return _oracle(case["problem"], json.dumps(case.get("problem_parameters", {})), case.get("noise", "exact"), case.get("level"))


def method_of(case: CaseView, **other: Any) -> Method:
    """The method of a case, with some parameters replaced."""
    return compose(case.get("direction", "sgd"), "gradient_variation", **{**case.get("parameters", {}), **other})


def start_of(case: CaseView, oracle: Oracle) -> Array:
    """The start: the problem's own, or the case's number in every coordinate, or its vector."""
    value = case.get("x0")
    return oracle.problem.start if value is None else np.broadcast_to(np.asarray(value, dtype=float), oracle.problem.dim)


def observed(case: CaseView, seeds: Any, settings: Settings, **other: Any) -> Evidence:
    """Reference run that keeps x_t, d_t, g_t, the extra gradients q_t (t >= 1), eta_t, kept; arrays (seeds, T + 1[, D])."""
    oracle, method = oracle_of(case), method_of(case, **other)
    kept, where = Vectors(), {"first": int(seeds[0]), "seed": settings.seed, "x0": start_of(case, oracle)}
    made = reference_run(method, oracle, steps=case["T"], trajectories=len(seeds), observe=kept, **where)
    arrays = {**kept.arrays(), "eta": made.records["rate"]}
    statuses = tuple(sorted({Status(int(code)).name for code in made.status}))
    return {
        **arrays,
        "f": made.records["loss"],
        "kept": made.records["kept"],
        "oracle": oracle,
        "method": method,
        "case": case,
        "statuses": statuses,
    }


def play(method: Method, gradient: Callable[[Array], Array], noise: Array, x0: Array, steps: int) -> Evidence:
    """The reference on ``gradient(x) + noise[:, t]``: x (seeds, T + 1, D) and the rates (seeds, T); a same-batch pair shares the noise."""
    stepper = Stepper(method, np.array([0, x0.shape[-1]]))
    x = np.broadcast_to(x0, noise[:, 0].shape).copy()
    state, points, rates = stepper.init(x), [x], []
    for t in range(steps):
        q = tuple(gradient(point) + noise[:, t] for point, _ in stepper.points(state)) if t > 0 else ()
        zero = np.zeros((len(x), 1))
        seen = Seen(t=t, x=x, g=gradient(x) + noise[:, t], f=zero, offsets=stepper.offsets, q=q, fq=(zero,) * len(q))
        after, info = stepper.look(state, seen)
        state, x = stepper.move(after, seen, info)
        points.append(x)
        rates.append(info.eta[..., 0])
    return {"x": np.stack(points, axis=1), "eta": np.stack(rates, axis=1)}


def norm2(v: Any) -> Any:
    """Squared Euclidean norm over the last axis."""
    return np.sum(v * v, axis=-1)


def dots(a: Any, b: Any) -> Any:
    """Inner product over the last axis."""
    return np.sum(a * b, axis=-1)


def value_operations(oracle: Oracle) -> float:
    """Roundings inside one evaluation of F or its gradient: a few per coordinate and per data row, and those of a row's inner product."""
    return 16.0 * (oracle.problem.dim + oracle.problem.samples)


def finished(e: Evidence) -> Measured:
    """Measured assumption: no trajectory stopped."""
    return Measured(e["statuses"] == ("RUNNING",), None, "statuses " + ", ".join(e["statuses"]))


def smoothness(e: Evidence) -> float:
    """L of the problem."""
    known = e["oracle"].problem.smoothness
    assert known is not None
    return float(known.value)


FINITE = Assumption("the run stays finite", "status of every trajectory", finished)
