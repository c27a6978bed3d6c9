"""Gradients given one by one: an oracle that answers with them, and the space in which a search looks for the worst ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lra_ref.oracles import Oracle
from lra_ref.problems.base import Problem
from lra_ref.verify.falsify import Integer, Reals


def nothing_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F = 0 (kernel)."""
    for i in range(lo, hi):
        g[i] = 0 * x[i]
    return 0 * x[lo]


def nothing_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """No curvature (kernel)."""
    for i in range(lo, hi):
        out[i] = 0 * v[i]


def script(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """Gradient number ``step`` of the list, the last one for every later step (kernel); par = (length, numbers by coordinate)."""
    length = int(par[0])
    at = min(step, length - 1)
    for i in range(z.size):
        z[i] = par[1 + i * length + at]


def answer(lo: Any, hi: Any, x: Any, z: Any, par: Any, f: Any, g: Any) -> Any:
    """The gradient of the list (kernel)."""
    for i in range(lo, hi):
        g[i] = g[i] + z[i]
    return f


def scripted(gradients: Mapping[str, Sequence[float]]) -> Oracle:
    """The oracle whose gradients are the given ones, wherever the point is; one list over the steps per coordinate."""
    numbers = np.array(list(gradients.values()), dtype=float)
    dim, length = numbers.shape
    problem = Problem("nothing", dim, nothing_value, nothing_hvp, start=np.zeros(dim))
    return Oracle("given gradients", problem, script, answer, np.concatenate([[float(length)], numbers.ravel()]), sample_size=dim)


def any_gradients(steps: int, dim: int = 2, low: int = 2) -> dict[str, Any]:
    """The space of all lists of at most ``steps`` gradients in the cube [-1, 1]^dim."""
    return {"T": Integer(low, steps), **{f"gradients.{k}": Reals(-1.0, 1.0, size="T", most=steps) for k in range(dim)}}
