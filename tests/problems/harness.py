"""Tools of the problem tests: cases, regions, readings of the kernels, and comparisons whose tolerances are derived, never chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.formulas import read
from lra_ref.problems import PROBLEMS, Problem
from tests.readings import DUAL, LARGEST, ROUNDED, TINY, UNIT, Dual, Rounded, numbers

EPS = float(np.finfo(float).eps)
NO_ROWS = np.empty(0)
Sampler = Callable[[Problem, np.random.Generator, int], Any]


def everywhere(scale: float = 1.0) -> Sampler:
    """Points of a set without bound: normal numbers of three scales around the start."""
    return lambda problem, rng, n: problem.start + scale * 10.0 ** rng.integers(-1, 2, (n, 1)) * rng.normal(size=(n, problem.dim))


def box(low: float, high: float) -> Sampler:
    """Points of the box: two opposite corners first, then random ones with a quarter of the coordinates on the boundary."""

    def draw(problem: Problem, rng: np.random.Generator, n: int) -> Any:
        inside = rng.uniform(low, high, (n, problem.dim))
        points = np.where(rng.random((n, problem.dim)) < 0.25, rng.choice([low, high], (n, problem.dim)), inside)
        points[:2] = [[high], [low]]
        return points

    return draw


def ball(radius: float, center: float = 0.0) -> Sampler:
    """Points of the ball around ``center * ones``, half of them on its boundary; 1 - 4 eps keeps rounding from leaving it."""

    def draw(problem: Problem, rng: np.random.Generator, n: int) -> Any:
        direction = rng.normal(size=(n, problem.dim))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        lengths = np.where(rng.random((n, 1)) < 0.5, 1 - 4 * EPS, rng.random((n, 1)) ** (1 / problem.dim))
        return center + radius * lengths * direction

    return draw


@dataclass(frozen=True)
class Case:
    """One problem and what its tests need to know.

    ``region`` draws points of the set on which ``smoothness`` is stated; ``attained``: points where the Hessian norm equals an
    exact L; ``points``: more points (kinks, minimisers, cancellations) for the derivative tests;
    ``convex``: whether the region is a convex set; ``scales``: factors of the extreme points; ``differentiable(x)``: False where F
    has no derivative (there only the rounding of the kernel is tested).
    """

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    region: Sampler = field(default_factory=everywhere)
    attained: tuple[Any, ...] = ()
    points: tuple[Any, ...] = ()
    convex: bool = True
    scales: tuple[float, ...] = (1e-150, 1e-9, 1e3, 1e8)
    differentiable: Callable[[Any], bool] = lambda x: True

    def problem(self) -> Problem:
        return PROBLEMS[self.name](**self.parameters)

    def __str__(self) -> str:
        return self.name + "".join(f"-{key}={value}" for key, value in self.parameters.items() if np.size(value) == 1)


def test_points(case: Case, problem: Problem) -> list[Any]:
    """Start, minimiser and its neighbourhood, zero, random points, extreme points, and those that the case names."""
    rng = np.random.default_rng(20250)
    draws = [problem.start, np.zeros(problem.dim), *rng.normal(size=(3, problem.dim))]
    if problem.x_star is not None:
        near = rng.normal(size=problem.dim)
        draws += [problem.x_star, problem.x_star + 1e-5 * near, problem.x_star + 1e-12 * near]
    draws += [scale * rng.normal(size=problem.dim) for scale in case.scales]
    return [np.ascontiguousarray(x, dtype=float) for x in [*draws, *case.points]]


test_points.__test__ = False  # type: ignore[attr-defined]  # collects points, is no test


def batches(problem: Problem) -> list[Any]:
    """All rows, and for finite sums a minibatch (a row may come twice)."""
    return [NO_ROWS] if not problem.samples else [NO_ROWS, np.array([0.0, problem.samples - 1.0, 0.0])]


def working_digits(x: Any) -> int:
    """Digits that leave 30 correct ones after a cancellation of up to the fourth power of the largest or smallest coordinate."""
    sizes = np.abs(x[x != 0])
    return 100 + (4 * int(np.ceil(np.max(np.abs(np.log10(sizes))))) if sizes.size else 0)


def read_value(problem: Problem, x: Any, z: Any, kind: Any, slopes: Any = None) -> tuple[Any, list[Any]]:
    """F and gradient of the value kernel over Dual or Rounded numbers."""
    kernel = read(problem.value_kernel, DUAL if kind is Dual else ROUNDED)
    g = np.full(problem.dim, None, dtype=object)
    f = kernel(0, problem.dim, numbers(kind, x, slopes), z, numbers(kind, problem.data), numbers(kind, problem.par), g)
    return kind.lift(f), [kind.lift(entry) for entry in g]


def read_hvp(problem: Problem, x: Any, v: Any, z: Any) -> list[Rounded]:
    """Hessian-vector product of the kernel over Rounded numbers."""
    out = np.full(problem.dim, None, dtype=object)
    arguments = numbers(Rounded, x), numbers(Rounded, v), z, numbers(Rounded, problem.data), numbers(Rounded, problem.par), out
    read(problem.hvp_kernel, ROUNDED)(0, problem.dim, *arguments)
    return [Rounded.lift(entry) for entry in out]


def agrees_with(problem: Problem, definition: Callable[..., Any], *points: Any) -> None:
    """The code of F equals a definition written down independently, over mpmath numbers, to 30 digits of the summands."""
    for x in points:
        x = np.asarray(x, dtype=float)
        with mp.workdps(working_digits(x)):
            f, expected = read_value(problem, x, NO_ROWS, Rounded)[0], definition(*map(mpf, x))
            assert abs(f.value - expected) <= mpf(10) ** -30 * (abs(expected) + f.error), (
                f"{mp.nstr(f.value, 15)} instead of {mp.nstr(expected, 15)}"
            )


def beside(x: Any, rng: np.random.Generator) -> Any:
    """A point 1e-35 (relative) beside x, in mpmath numbers: off the kinks of the pieces from which a smooth formula may be built."""
    shifts = rng.integers(1, 1000, x.size) * rng.choice([-1, 1], x.size)
    tiny = mpf(10) ** -38
    return np.array([mpf(a) + int(s) * tiny * (abs(mpf(a)) if a else tiny * tiny) for a, s in zip(x, shifts, strict=True)])


def direction(dim: int, rng: np.random.Generator) -> Any:
    """A direction whose entries are exact in a few bits, so that it adds no rounding."""
    return rng.integers(1, 16, dim) * rng.choice([-1.0, 1.0], dim) / 8


def agrees(computed: Any, exact: Rounded, what: str, factor: int = 1) -> None:
    """A computed float lies within the error bound of the exact value; beyond the float range it is infinite or nearly so."""
    if abs(exact.value) > LARGEST * (1 - 2 * UNIT):
        overflow = not np.isnan(computed) and computed * float(np.sign(exact.value)) > float(LARGEST) / 2
        assert overflow, f"{what}: {computed} where the value is beyond the float range"
        return
    assert np.isfinite(computed), f"{what}: {computed} where the value is {mp.nstr(exact.value, 8)}"
    error = abs(mpf(float(computed)) - exact.value)
    units = mp.nstr(error / (UNIT * abs(exact.value) + TINY), 4)
    assert error <= factor * exact.error, f"{what}: {computed!r}, {units} unit roundoffs off, above the bound of its own operations"


def hessian(problem: Problem, x: Any, rows: Any = None) -> Any:
    """Full Hessian from products with unit vectors."""
    return problem.hvp(np.broadcast_to(x, (problem.dim, problem.dim)), np.eye(problem.dim), rows)


def spectral_norm(matrix: Any) -> tuple[float, float]:
    """Norm of a symmetric matrix and the rounding error of the eigenvalues, D * eps * |H| (Golub and Van Loan, section 8.1)."""
    norm = float(np.max(np.abs(np.linalg.eigvalsh((matrix + matrix.T) / 2))))
    return norm, 4 * matrix.shape[0] * EPS * norm


def refused(match: str, call: Callable[[], Any]) -> None:
    """The call raises ``ValueError`` with a message of one line that contains ``match``."""
    with pytest.raises(ValueError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
