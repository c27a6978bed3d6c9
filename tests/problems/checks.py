"""The contract of a problem: one function per promise, run over all cases by tests/problems/test_contract.py.

No tolerance is chosen by hand.  The rounding errors are bounded by running error analysis of the very kernel that is tested
(``Rounded`` numbers), and the formulas are checked against the exact derivative of the code of F (``Dual`` numbers).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from mpmath import mp, mpf

from lra_ref.problems import PROBLEMS
from tests.problems.harness import (
    NO_ROWS,
    Case,
    agrees,
    batches,
    beside,
    direction,
    hessian,
    read_hvp,
    read_value,
    refused,
    spectral_norm,
    test_points,
    working_digits,
)
from tests.readings import ROUNDED, UNIT, Dual, Rounded


def summands(beside_it: list[Rounded], at_it: list[Rounded]) -> list[Any]:
    """Sizes from the errors beside a point; where those are unbounded, because a kernel divides by nearly zero there, from those at it."""
    return [abs(y.value) + (y.error if mp.isfinite(y.error) else x.error) for y, x in zip(beside_it, at_it, strict=True)]


def check_derivatives(case: Case) -> None:
    """The gradient is the derivative of F, and the Hessian-vector product that of the gradient, to 30 digits at (beside) every point."""
    problem, rng = case.problem(), np.random.default_rng(7)
    for x in test_points(case, problem):
        if not case.differentiable(x):
            continue
        for z in batches(problem):
            with mp.workdps(working_digits(x)):
                v, y = direction(problem.dim, rng), beside(x, rng)
                f, g = read_value(problem, y, z, Dual, v)
                # the errors of Rounded are at least UNIT times the summands that cancel: 1e-30 of them is far above the working precision
                sizes = summands(read_value(problem, y, z, Rounded)[1], read_value(problem, x, z, Rounded)[1])
                size = sum(abs(mpf(w)) * s for w, s in zip(v, sizes, strict=True))
                along = sum(mpf(w) * entry.value for w, entry in zip(v, g, strict=True))
                assert abs(f.slope - along) <= mpf(10) ** -30 * size, f"gradient at {x} on rows {z}"
                products = read_hvp(problem, y, v, z)
                sizes = summands(products, read_hvp(problem, x, v, z))
                for i, (entry, h, s) in enumerate(zip(g, products, sizes, strict=True)):
                    assert abs(entry.slope - h.value) <= mpf(10) ** -30 * s, f"hvp[{i}] at {x} on rows {z}"


def check_rounding(case: Case) -> None:
    """Compiled F, gradient and Hessian-vector product are within the rigorous rounding bound of their own operations; never nan."""
    problem, rng = case.problem(), np.random.default_rng(8)
    for x in test_points(case, problem):
        for z in batches(problem):
            rows, v = (None if z.size == 0 else z), rng.normal(size=problem.dim)
            f, g = problem.value_and_gradient(x, rows)
            h = problem.hvp(x, v, rows)
            with mp.workdps(working_digits(x)):
                exact_f, exact_g = read_value(problem, x, z, Rounded)
                agrees(f, exact_f, f"F at {x}")
                for i in range(problem.dim):
                    agrees(g[i], exact_g[i], f"gradient[{i}] at {x}")
                for i, exact in enumerate(read_hvp(problem, x, v, z)):
                    agrees(h[i], exact, f"hvp[{i}] at {x}")


def check_symmetry(case: Case) -> None:
    """The Hessian is symmetric to the rounding bounds of its entries."""
    problem, rng = case.problem(), np.random.default_rng(16)
    for x in case.region(problem, rng, 2):
        columns = hessian(problem, x)
        with mp.workdps(working_digits(x)):
            bound = [[float(entry.error) for entry in read_hvp(problem, x, row, NO_ROWS)] for row in np.eye(problem.dim)]
        assert np.all(np.abs(columns - columns.T) <= np.add(bound, np.transpose(bound))), f"Hessian not symmetric at {x}"


def check_interpreted(case: Case) -> None:
    """Compiled and plain Python give the same bits; where an elementary function is called, both are within the rounding bound."""
    problem, rng = case.problem(), np.random.default_rng(9)
    for x in test_points(case, problem):
        for z in batches(problem):
            rows, v = (None if z.size == 0 else z), rng.normal(size=problem.dim)
            g, h = np.empty(problem.dim), np.empty(problem.dim)
            with np.errstate(all="ignore"):
                f = problem.value_kernel(0, problem.dim, x, z, problem.data, problem.par, g)
                problem.hvp_kernel(0, problem.dim, x, v, z, problem.data, problem.par, h)
            plain_run = np.array([f, *g, *h])
            compiled_run = np.concatenate([[problem.value(x, rows)], problem.gradient(x, rows), problem.hvp(x, v, rows)])
            ROUNDED.called.clear()
            with mp.workdps(working_digits(x)):
                exact_f, exact_g = read_value(problem, x, z, Rounded)
                exact = [exact_f, *exact_g, *read_hvp(problem, x, v, z)]
            if ROUNDED.called <= {"sqrt"}:
                np.testing.assert_array_equal(plain_run, compiled_run)
            for number, (one, bound) in enumerate(zip(plain_run, exact, strict=True)):
                agrees(one, bound, f"interpreted result {number} at {x}")


def check_smoothness(case: Case, count: int = 60) -> None:
    """|Hessian| <= L on the stated set, |g(x) - g(y)| <= L |x - y| if it is convex; equality at the named points when L is exact."""
    problem, rng = case.problem(), np.random.default_rng(10)
    if problem.smoothness is None:
        assert problem.notes, "a problem without L says why"
        return
    bound = problem.smoothness.value
    points = case.region(problem, rng, count)
    for x in points:
        norm, error = spectral_norm(hessian(problem, x))
        assert norm <= bound * (1 + 1e-12) + error, f"|H| = {norm} > L = {bound} at {x}"
    for x, y in zip(points[:4], points[4:8], strict=True) if case.convex else []:
        with mp.workdps(working_digits(x)):
            gx, gy = read_value(problem, x, NO_ROWS, Rounded)[1], read_value(problem, y, NO_ROWS, Rounded)[1]
            change = mp.sqrt(sum((a.value - b.value) ** 2 for a, b in zip(gx, gy, strict=True)))
            step = mp.sqrt(sum((mpf(a) - mpf(b)) ** 2 for a, b in zip(x, y, strict=True)))
            assert change <= mpf(bound) * step * (1 + mpf(10) ** -12), f"gradient difference above L at {x}, {y}"
    for x in case.attained:
        norm, error = spectral_norm(hessian(problem, np.asarray(x, dtype=float)))
        assert norm >= bound * (1 - 1e-12) - error, f"|H| = {norm} does not attain L = {bound} at {x}"
    assert case.attained or not problem.smoothness.exact, "an exact L needs a point where it is attained"


def check_l0_l1(case: Case) -> None:
    """|Hessian| <= L0 + L1 |gradient| wherever both are finite, to a few roundings of either side."""
    problem, rng = case.problem(), np.random.default_rng(15)
    if problem.l0_l1 is None:
        return
    l0, l1 = problem.l0_l1
    for x in [*test_points(case, problem), *case.region(problem, rng, 20)]:
        with np.errstate(over="ignore"):
            gradient, columns = (
                np.linalg.norm(problem.gradient(x)),
                problem.hvp(np.broadcast_to(x, (problem.dim,) * 2), np.eye(problem.dim)),
            )
        if np.isfinite(gradient) and np.all(np.isfinite(columns)):
            norm, error = spectral_norm(columns)
            assert norm <= (l0 + l1 * gradient) * (1 + 1e-12) + error, f"|H| = {norm} > L0 + L1 |g| at {x}"


def check_curvature(case: Case, count: int = 20) -> None:
    """A convex problem has no negative curvature, a strongly convex one at least mu, on the region (where mu holds everywhere)."""
    problem, rng = case.problem(), np.random.default_rng(11)
    mu = 0.0 if problem.strong_convexity is None else problem.strong_convexity.value
    assert problem.convex or problem.strong_convexity is None
    for x in case.region(problem, rng, count) if problem.convex else []:
        matrix = hessian(problem, x)
        smallest = np.min(np.linalg.eigvalsh((matrix + matrix.T) / 2))
        assert smallest >= mu * (1 - 1e-12) - spectral_norm(matrix)[1], f"smallest eigenvalue {smallest} < {mu} at {x}"


def check_minimum(case: Case) -> None:
    """F >= F* on the set where F* is stated, F(x*) = F* and gradient(x*) = 0, all to the rounding bound of the kernel."""
    problem, rng = case.problem(), np.random.default_rng(12)
    assert problem.f_star is not None or problem.notes, "a problem without a lower bound says why"
    if problem.f_star is not None:
        anywhere = test_points(case, problem) if problem.f_star.where == "everywhere" else []
        for x in [*anywhere, *case.region(problem, rng, 20)]:
            with mp.workdps(working_digits(x)):
                f = read_value(problem, x, NO_ROWS, Rounded)[0]
                assert f.value >= mpf(problem.f_star.value) - UNIT * abs(problem.f_star.value) - mpf(10) ** -30, f"F < F* at {x}"
    if problem.x_star is None:
        return
    norm = spectral_norm(hessian(problem, problem.x_star))[0] if case.differentiable(problem.x_star) else 0.0
    # x* itself is rounded to float64: the gradient there is at most |H| * |rounding of x*|, F - F* at most half that squared over |H|
    shift = UNIT * mpf(float(np.linalg.norm(problem.x_star)))
    with mp.workdps(60):
        f, g = read_value(problem, problem.x_star, NO_ROWS, Rounded)
        length = mp.sqrt(sum(entry.value**2 for entry in g))
        assert length <= 2 * norm * shift + mpf(10) ** -30, f"gradient {mp.nstr(length, 5)} at x*"
        if problem.f_star is not None and problem.f_star.exact:
            off = abs(f.value - mpf(problem.f_star.value))
            assert off <= 2 * UNIT * abs(f.value) + norm * shift**2 + mpf(10) ** -30, f"F(x*) - F* = {mp.nstr(off, 5)}"


def check_rows(case: Case) -> None:
    """Finite sums: the mean of the single rows is the whole, and every single row is ``sample_smoothness``-smooth on the region."""
    problem, rng = case.problem(), np.random.default_rng(13)
    if not problem.samples:
        assert problem.sample_smoothness is None
        return
    for x in case.region(problem, rng, 3):
        with mp.workdps(working_digits(x)):
            whole_f, whole_g = read_value(problem, x, NO_ROWS, Rounded)
            singles = [read_value(problem, x, np.array([float(i)]), Rounded) for i in range(problem.samples)]
            for exact, mean in [
                (whole_f, [f for f, _ in singles]),
                *((whole_g[j], [g[j] for _, g in singles]) for j in range(problem.dim)),
            ]:
                # constants such as 1/n that a kernel rounds once differ between the two: within the bounds of both
                allowed = exact.error + sum(entry.error for entry in mean) / problem.samples
                off = abs(sum(entry.value for entry in mean) / problem.samples - exact.value)
                assert off <= allowed, f"the mean of the rows is off by {mp.nstr(off, 5)} at {x}"
        for i in range(problem.samples):
            if problem.sample_smoothness is not None:
                norm, error = spectral_norm(hessian(problem, x, [i]))
                assert norm <= problem.sample_smoothness.value * (1 + 1e-12) + error, f"row {i} is not Lbar-smooth at {x}"


def check_face(case: Case) -> None:
    """Batches, shapes, untouched input, refusals, and what a problem must carry."""
    problem, rng = case.problem(), np.random.default_rng(14)
    assert problem.name
    assert problem.start.shape == (problem.dim,)
    assert np.all(np.isfinite(problem.start))
    assert problem.start.dtype == float
    assert problem.par.dtype == float
    assert problem.data.dtype == float
    assert problem.par.flags.c_contiguous
    assert problem.data.flags.c_contiguous
    assert problem.data.ndim == 2
    assert np.array_equal(problem.start, case.problem().start)
    assert np.array_equal(problem.data, case.problem().data)
    x = rng.normal(size=(3, 2, problem.dim))
    kept = x.copy()
    f, g = problem.value_and_gradient(x)
    h = problem.hvp(x, np.ones(problem.dim))
    assert f.shape == (3, 2)
    assert g.shape == h.shape == x.shape
    assert np.array_equal(x, kept)
    for i, j in np.ndindex(3, 2):
        one, slope = problem.value_and_gradient(x[i, j])
        assert np.ndim(one) == 0
        assert one == f[i, j]
        assert np.array_equal(slope, g[i, j])
        assert np.array_equal(problem.hvp(x[i, j], np.ones(problem.dim)), h[i, j])
    frozen = x[0, 0].copy()
    frozen.flags.writeable = False
    assert np.array_equal(problem.gradient(frozen), g[0, 0])
    assert np.array_equal(problem.hvp(frozen, frozen), problem.hvp(x[0, 0], x[0, 0]))
    whole = np.arange(problem.dim)
    assert np.array_equal(problem.gradient(whole), problem.gradient(whole.astype(float)))
    refused("shape", lambda: problem.value(np.zeros(problem.dim + 1)))
    refused("real numbers", lambda: problem.value(np.zeros(problem.dim, dtype=complex)))
    refused("real numbers", lambda: problem.gradient(["a"] * problem.dim))
    refused("rows" if problem.samples else "takes no rows", lambda: problem.value(problem.start, [-1]))
    refused("unknown parameter", lambda: PROBLEMS[case.name](no_such_parameter=1))


def check_parameters(name: str, required: dict[str, Any]) -> None:
    """Every value that a declared parameter must refuse is refused, with the name of the parameter in the message."""
    declared = getattr(PROBLEMS[name], "parameters", None)
    if declared is None:
        return
    for entry in dataclasses.fields(declared):
        for value in entry.metadata["constraint"].invalid():
            refused(entry.name, lambda: PROBLEMS[name](**{**required, entry.name: value}))  # noqa: B023  # called at once
