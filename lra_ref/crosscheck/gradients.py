"""Checking gradients and Hessian-vector products against numerical derivatives.

A number passes if it is within SAFETY times the estimated error of its numerical derivative. A check whose estimate exceeds BLIND
times the largest derivative at its point says nothing and is only counted. Errors are relative to that largest derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.checks import as_array, real, whole
from lra_ref.crosscheck.derivatives import EPS, complex_steps, differences
from lra_ref.parameters import shown
from lra_ref.problems.base import Problem
from lra_ref.typing import Array

#: the estimate is the smallest of many, so it is on the low side
SAFETY, BLIND = 10.0, 0.01
#: up to so many coordinates all are checked, else so many drawn at random at every point
COORDINATES, DENSE = 64, 4
#: rounding error of a complex step and of the gradient itself, relative to the largest derivative
COMPLEX_LEVEL = 2.0**8 * EPS
OK, WRONG, UNCLEAR = "ok", "wrong", "unclear"
User = Callable[[Array], tuple[Any, Any]]


@dataclass(frozen=True)
class Worst:
    """The check that decided: where, what was given and what the numerical derivative is, relative error and relative expected error."""

    point: int
    along: str
    given: float
    derivative: float
    relative_error: float
    expected_error: float
    x: tuple[float, ...]


@dataclass(frozen=True)
class Report:
    """Outcome for one quantity: verdict, number of checks, of those that failed and those that could not tell, and the worst."""

    what: str
    method: str
    verdict: str
    checks: int
    failed: int
    blind: int
    worst: Worst | None


class Tally:
    """Collects checks point by point."""

    def __init__(self, what: str, method: str) -> None:
        self.what, self.method = what, method
        self.checks, self.failed, self.blind = 0, 0, 0
        self.worst: Worst | None = None
        self._rank = (False, -1.0)

    def add(self, point: int, x: Array, names: list[str], given: Array, derivative: Array, error: Array) -> None:
        """Checks at one point, all of one scale."""
        self.checks += given.size
        scale = float(np.max(np.abs(derivative), initial=0.0, where=np.isfinite(derivative))) or 1.0
        with np.errstate(all="ignore"):
            off, level = np.where(np.isfinite(given), np.abs(given - derivative) / scale, np.inf), error / scale
        blind = ~(level <= BLIND)
        failed = ~blind & (off > SAFETY * level)
        self.blind += int(np.sum(blind))
        self.failed += int(np.sum(failed))
        for i in np.flatnonzero(~blind):
            rank = (bool(failed[i]), float(off[i]))
            if rank > self._rank:
                self._rank = rank
                numbers = (float(given[i]), float(derivative[i]), float(off[i]), float(level[i]))
                self.worst = Worst(point, names[i], *numbers, tuple(map(float, x)))

    def report(self) -> Report:
        """The outcome."""
        verdict = WRONG if self.failed else UNCLEAR if self.blind == self.checks else OK
        return Report(self.what, self.method, verdict, self.checks, self.failed, self.blind, self.worst)


def frame(dim: int, rng: np.random.Generator) -> tuple[Array, list[str]]:
    """Directions to check along, one per row, and their names: coordinates, and a few dense ones where not every coordinate is taken."""
    chosen = np.arange(dim) if dim <= COORDINATES else np.sort(rng.choice(dim, COORDINATES, replace=False))
    rows, names = [np.eye(dim)[chosen]], [f"coordinate {i}" for i in chosen]
    if dim > COORDINATES:
        dense = rng.normal(size=(DENSE, dim))
        rows.append(dense / np.linalg.norm(dense, axis=1, keepdims=True))
        names += ["a random direction"] * DENSE
    return np.concatenate(rows), names


def points_around(start: Array, count: int, rng: np.random.Generator) -> Array:
    """The start, then points around it, near (0.1 of its size) and far (its size, at least 1) in turn."""
    size = max(1.0, float(np.max(np.abs(start))))
    spread = np.where(np.arange(count) % 2, 0.1, 1.0) * size
    spread[0] = 0.0
    return np.asarray(start + spread[:, None] * rng.normal(size=(count, start.size)))


def check_problem(problem: Problem, points: int = 10, seed: int = 0) -> list[Report]:
    """Gradient and Hessian-vector product of a problem, at its start and ``points - 1`` points around it.

    Raises ``ValueError`` if F is not finite at any of them.
    """
    if not isinstance(problem, Problem):
        raise ValueError(f"problem must be a Problem, as from make_problem(name), got {shown(problem)}")
    points, rng = whole("points", points, 1), np.random.default_rng(whole("seed", seed))
    name = "extrapolated central differences"
    gradients, products = Tally("gradient", f"{name} of F"), Tally("Hessian-vector product", f"{name} of the gradient")
    for k, x in enumerate(points_around(problem.start, points, rng)):
        value, gradient = problem.value_and_gradient(x)
        if not np.isfinite(value):
            continue
        directions, names = frame(problem.dim, rng)
        gradients.add(k, x, names, directions @ gradient, *differences(problem.value, x, directions))
        along = rng.normal(size=problem.dim)
        along /= np.linalg.norm(along)
        slopes, errors = differences(problem.gradient, x, along[None])
        products.add(k, x, [f"entry {i}" for i in range(problem.dim)], problem.hvp(x, along), slopes[0], errors[0])
    if not gradients.checks:
        raise ValueError(f"{problem.name} is finite at none of the {points} points")
    return [gradients.report(), products.report()]


def check_function(function: User, dim: int, points: int = 10, seed: int = 0, scale: float = 1.0) -> list[Report]:
    """The gradient of ``function(x) -> (value, gradient)`` at normal random points of size ``scale`` and a tenth of it in turn.

    Complex steps are used where the function takes complex numbers and they agree with the differences, else differences. Raises
    ``ValueError`` if the function raises, does not answer with a number and a gradient of shape (dim,), or is finite at no point.
    """
    if not callable(function):
        raise ValueError(f"function must be one of x, got {shown(function)}")
    dim, points, scale = whole("dim", dim, 1), whole("points", points, 1), real("scale", scale)
    if not 0 < scale < np.inf:
        raise ValueError(f"scale must be finite and above 0, got {scale:g}")
    rng = np.random.default_rng(whole("seed", seed))
    differing, stepping = Tally("gradient", "extrapolated central differences"), Tally("gradient", "complex steps")
    for k in range(points):
        x = scale * (0.1 if k % 2 else 1.0) * rng.normal(size=dim)
        value, gradient = answer(function, x)
        if not np.isfinite(value):
            continue
        directions, names = frame(dim, rng)
        slopes, errors = differences(lambda many: np.array([answer(function, one)[0] for one in many]), x, directions)
        differing.add(k, x, names, directions @ gradient, slopes, errors)
        exact = complex_steps(lambda z: function(z)[0], x, directions)
        if exact is not None and np.all(np.abs(exact - slopes) <= SAFETY * errors):
            largest = float(np.max(np.abs(exact))) or 1.0
            stepping.add(k, x, names, directions @ gradient, exact, np.full(exact.shape, COMPLEX_LEVEL * largest))
    if not differing.checks:
        raise ValueError(f"the function is finite at none of the {points} points; try another --scale")
    # complex steps count only if they could be taken everywhere
    return [(stepping if stepping.checks == differing.checks else differing).report()]


def answer(function: User, x: Array) -> tuple[float, Array]:
    """What the user's function says at a copy of ``x``, checked."""
    try:
        found = function(x.copy())
    except Exception as problem:
        raise ValueError(f"the function raised {type(problem).__name__}: {' '.join(str(problem).split())}") from problem
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise ValueError(f"the function must return (value, gradient), got {type(found).__name__}")
    value, gradient = as_array("the value of the function", found[0]), as_array("the gradient of the function", found[1])
    if value.size != 1 or value.dtype.kind not in "fiu":
        raise ValueError(f"the value must be a real number, got shape {value.shape} and dtype {value.dtype}")
    if gradient.shape != x.shape or gradient.dtype.kind not in "fiu":
        raise ValueError(f"the gradient must be real and of shape {x.shape}, got shape {gradient.shape} and dtype {gradient.dtype}")
    return float(value.reshape(())), gradient.astype(float)
