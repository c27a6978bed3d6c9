"""Runs shared by the claims of HDM: one row per iteration (base point, tested point, P, r, h), seen from outside the method.

A case names a problem, the parameters of the method and the number K of iterations.  A seed draws the start; the oracle is exact.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.engine.reference import Stepper
from lra_ref.methods import Method, make_method
from lra_ref.methods.hdm_formulas import feedback, hypergradient
from lra_ref.parts import Seen
from lra_ref.problems import Problem, make_problem
from lra_ref.problems.base import Known
from lra_ref.typing import Array
from lra_ref.verify import MACHEPS, Assumption, CaseView, Measured, Settings

WITNESSES = Path(__file__).parent.parent / "witnesses"
Evidence = dict[str, Any]
#: h is a difference: prefixes are read as long as its rounding error stays below this share of 1/L
RESOLVED = 1e-6


def huber_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """sum of x^2/2 for |x| <= 1, else |x| - 1/2 (kernel)."""
    xs, gs = x[lo:hi], g[lo:hi]
    value = 0.0
    for i in range(xs.size):
        size = np.abs(xs[i])
        gs[i] = np.minimum(np.maximum(xs[i], -1.0), 1.0)
        value += xs[i] * xs[i] / 2 if size <= 1 else size - 0.5
    return value


def huber_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Generalised Hessian of :func:`huber_value` times v (kernel)."""
    for i in range(lo, hi):
        out[i] = v[i] if np.abs(x[i]) <= 1 else 0.0


@lru_cache(maxsize=64)
def _problem(name: str, parameters: str) -> Problem:
    if name == "huber":
        return Problem(
            "huber", 1, huber_value, huber_hvp, start=np.ones(1), smoothness=Known(1.0), f_star=Known(0.0), x_star=np.zeros(1), convex=True
        )
    return make_problem(name, **json.loads(parameters))


def problem_of(case: CaseView) -> Problem:
    """The problem of a case."""
    return _problem(case["problem"], json.dumps(case.get("problem_parameters", {})))


def method_of(case: CaseView) -> Method:
    """The method of a case; ``"L"`` among its parameters as text is that of the problem, ``dim`` is filled in where P is full."""
    parameters = dict(case["parameters"])
    for name, value in parameters.items():
        if isinstance(value, str) and value.startswith("L"):
            parameters[name] = eval_L(value, smoothness(problem_of(case)))
    if parameters.get("shape") == "full":
        parameters["dim"] = problem_of(case).dim
    return make_method(case.get("method", "hdm"), **parameters)


def eval_L(text: str, L: float) -> float:
    """``"L"`` or ``"L^-1"`` or ``"L^-1 * c"``."""
    power, _, factor = text.partition(" * ")
    return float((1 / L if power == "L^-1" else L) * (float(factor) if factor else 1))


def smoothness(problem: Problem) -> float:
    """L of the problem."""
    assert problem.smoothness is not None
    return float(problem.smoothness.value)


def starts(case: CaseView, problem: Problem, seeds: Any, settings: Settings) -> Array:
    """One start per seed: the case's own, or a normal vector around the minimiser (or 0)."""
    if "x0" in case:
        return np.broadcast_to(np.asarray(case["x0"], float), (len(seeds), problem.dim)).copy()
    centre = np.zeros(problem.dim) if problem.x_star is None else problem.x_star
    drawn = [np.random.default_rng([settings.seed, int(seed)]).normal(size=problem.dim) for seed in seeds]
    return centre + case.get("scale", 1.0) * np.stack(drawn)


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """K iterations of the case's method: x (S, K+1, D), value (S, K+1), P (S, K+1, ...); g, g+, r, h, f(y) with K rows."""
    problem, method = problem_of(case), method_of(case)
    stepper, x = Stepper(method, np.array([0, problem.dim])), starts(case, problem, seeds, settings)
    state, rows = stepper.init(x), []
    p = method.rate.parameters
    double = getattr(p, "form", "") == "lookahead"
    for t in range(1 + case["K"] * (2 if double else 1)):
        f, g = problem.value_and_gradient(x)
        seen = Seen(t=t, x=x, g=g, f=np.asarray(f)[..., None], offsets=stepper.offsets)
        after, info = stepper.look(state, seen)
        running = (info.status == 0) & np.isfinite(g).all(axis=-1)
        moved, x_next = stepper.move(after, seen, info)
        # a trajectory that stopped stays where it was; its later rows are marked
        before, state = (
            state,
            type(state)(*({n: np.where(running[:, None], a[n], b[n]) for n in a} for a, b in zip(moved, state, strict=True))),
        )
        rows.append({"x": x, "f": f, "g": g, "base": state.rate["point"], "grad": state.rate["gradient"],
        "value": state.rate["value"][..., 0],
                     "P": matrix_of(method, state.rate), "old": before.rate.get("x_old", before.rate["point"]), "ok": running,
                     "beta": before.rate["beta"][..., 0], "rate": info.eta[..., 0]})  # fmt: skip
        x = np.where(running[:, None], x_next, x)
    return summary(rows, double, problem, case)


def matrix_of(method: Method, state: Any) -> Array:
    """P: (S,), (S, D) or (S, D, D)."""
    shape = getattr(method.rate.parameters, "shape", "diagonal")
    if shape == "scalar":
        return np.asarray(state["alpha"][..., 0])
    return state["P"] if shape == "diagonal" else np.stack([state[name] for name in method.rate.rows_of_P], axis=-2)


def summary(rows: list[dict[str, Any]], double: bool, problem: Problem, case: CaseView) -> Evidence:
    """The iterations of a run."""
    stride = 2 if double else 1
    learned, judged = rows[1::stride], rows[stride::stride]
    bases = [rows[0], *judged]

    def stack(which: list[dict[str, Any]], name: str) -> Any:
        return np.stack([row[name] for row in which], axis=1)

    x, g, value = stack(bases, "base"), stack(bases, "grad")[:, :-1], stack(bases, "value")
    norm2 = np.sum(g * g, axis=-1)
    P = np.stack([rows[0]["P"], *(row["P"] for row in learned)], axis=1)
    gp, fy = stack(learned, "g"), stack(judged, "f")
    r = signal(P, gp, g, norm2)
    h = feedback(fy, value[:, :-1], norm2)
    small = MACHEPS * operations(problem) * (np.abs(fy) + np.abs(value[:, :-1])) / np.where(norm2 > 0, norm2, 1e-300)
    fine = (small <= RESOLVED / smoothness(problem)) & stack(judged, "ok") & (norm2 > 0)
    used = np.logical_and.accumulate(fine, axis=1)
    return {
        "x": x, "g": g, "value": value, "norm2": norm2, "P": P, "r": r, "h": h, "fy": fy, "used": used, "y": stack(judged, "x"), "gp": gp,
        "old": stack(learned, "old"), "beta": stack(learned, "beta"), "problem": problem, "case": case, "all_values": stack(rows, "value"),
        "noise": operations(problem) * (np.abs(fy) + np.abs(value[:, :-1])) / np.where(norm2 > 0, norm2, 1.0), "ok": stack(judged, "ok"),
    }  # fmt: skip


def signal(P: Array, gp: Array, g: Array, norm2: Array) -> Array:
    """r in the shape of P."""
    if P.ndim == 2:
        return np.asarray(hypergradient(np.sum(gp * g, axis=-1), norm2))
    if P.ndim == 3:
        return np.asarray(hypergradient(gp * g, norm2[..., None]))
    return np.asarray(hypergradient(gp[..., :, None] * g[..., None, :], norm2[..., None, None]))


def apply(P: Any, g: Array) -> Array:
    """P g for a P that is one number, vector or matrix, or one per iteration in the shape that ``signal`` has."""
    P = np.asarray(P)
    if P.ndim == 0:
        return P * g
    if P.ndim == 1:
        return P * g
    return np.einsum("ij,...j->...i", P, g)


def h_of(e: Evidence, P: Any) -> Array:
    """h_{x_k}(P) for a fixed P, (S, K)."""
    x, g = e["x"][:, :-1], e["g"]
    return np.asarray(feedback(e["problem"].value(x - apply(P, g)), e["value"][:, :-1], e["norm2"]))


def size2(P: Any, axes: int) -> Any:
    """Squared Frobenius norm over the last ``axes`` axes."""
    return np.sum(P * P, axis=tuple(range(-axes, 0))) if axes else P * P


def comparators(e: Evidence) -> list[Any]:
    """Matrices of the set to compare with: multiples of the identity up to the set's edge, 1/L among them if it is inside, and the "
    "case's."""
    axes, dim = e["P"].ndim - 2, e["problem"].dim
    unit: Any = 1.0 if axes == 0 else np.ones(dim) if axes == 1 else np.eye(dim)
    edge = e["case"].get("edge", 1.0)
    return [
        0 * unit,
        min(1 / smoothness(e["problem"]), edge) * unit,
        0.5 * edge * unit,
        edge * unit,
        *map(np.asarray, e["case"].get("comparators", [])),
    ]


def operations(problem: Problem) -> float:
    """Roundings inside one evaluation of F: a few per coordinate and per row, and those of a row's inner product."""
    return 8.0 * (problem.dim + problem.samples) + 16


def on(used: Any, values: Any, other: float) -> Any:
    """``values`` where used, else a constant that is never the worst place."""
    return np.where(used, values, other)


def running_sum(values: Any) -> Any:
    """Sum over the iterations so far."""
    return np.cumsum(values, axis=1)


def some_used(least: int = 1) -> Callable[[Evidence], Measured]:
    """Measured: h is resolved for at least so many iterations on every seed."""

    def measure(e: Evidence) -> Measured:
        count = int(np.min(np.sum(e["used"], axis=1)))
        return Measured(count >= least, float(count), f"iterations resolved on every seed, of {e['used'].shape[1]}")

    return measure


def convex(e: Evidence) -> Measured:
    """Measured: the problem is convex."""
    return Measured(bool(e["problem"].convex), None, e["problem"].name)


CONVEX = Assumption("F convex", "the problem", convex)
RESOLUTION = Assumption(
    "h is resolved", "rounding error of the difference F(y) - F(x) over |g|^2, prefixes beyond are not read", some_used()
)
SMOOTH = Assumption("F is L-smooth", "L of the problem, a certified bound")
