"""Spectrum, rotation and stationary point are the ones asked for."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mpf

from lra_ref.problems import make_problem
from lra_ref.problems.quadratic import rotation
from tests.problems.harness import EPS, agrees_with, hessian, refused


def test_definitions() -> None:
    points = [(1, -2, 0.5), (0, 0, 0), (1e3, 1e-3, -4)]
    agrees_with(make_problem("sphere", dim=3), lambda x, y, z: x**2 + y**2 + z**2, *points)
    agrees_with(make_problem("ellipsoid", dim=3, condition=10000), lambda x, y, z: x**2 + 100 * y**2 + 10000 * z**2, *points)
    given = make_problem("quadratic", spectrum=[1, 2, 5], x_star=[1, 0, -1])
    agrees_with(given, lambda x, y, z: ((x - 1) ** 2 + 2 * y**2 + 5 * (z + 1) ** 2) / 2, *points)


def test_default_spectrum_is_log_spaced_with_both_ends() -> None:
    spectrum = np.diag(hessian(make_problem("quadratic", dim=5, condition=1e4, largest=2), np.zeros(5)))
    assert spectrum[0] == 2e-4
    assert spectrum[-1] == 2
    # a ratio of two rounded powers: a few roundings each
    np.testing.assert_allclose(spectrum[1:] / spectrum[:-1], 10, rtol=16 * EPS)
    assert np.diag(hessian(make_problem("quadratic", dim=1, largest=3), np.zeros(1))) == 3


@pytest.mark.parametrize("dim", [1, 2, 12])
def test_rotation_is_orthogonal_and_keeps_the_spectrum(dim: int) -> None:
    q = rotation(dim, 5)
    # Householder QR is backward stable: |Q'Q - I| <= c D^(3/2) eps (Higham, Theorem 19.4), c below 10
    bound = 10 * dim**1.5 * EPS
    assert np.linalg.norm(q.T @ q - np.eye(dim)) <= bound
    problem = make_problem("quadratic", dim=dim, rotated=True, seed=5)
    plain = make_problem("quadratic", dim=dim)
    eigenvalues = np.linalg.eigvalsh(hessian(problem, problem.start))
    assert np.max(np.abs(eigenvalues - plain.par[:dim])) <= 3 * bound
    assert not np.array_equal(rotation(dim, 6), q) or dim == 1
    if dim > 1:
        assert np.count_nonzero(hessian(problem, problem.start)) == dim * dim


def test_convexity_follows_the_spectrum() -> None:
    strong, flat, saddle = (make_problem("quadratic", spectrum=s) for s in ([1, 2], [0, 2], [-3, 2]))
    assert strong.convex
    assert strong.strong_convexity is not None
    assert strong.strong_convexity.value == 1
    assert flat.convex
    assert flat.strong_convexity is None
    assert flat.f_star is not None
    assert not saddle.convex
    assert saddle.f_star is None
    assert saddle.x_star is None
    assert saddle.smoothness is not None
    assert saddle.smoothness.value == 3


def test_sizes_must_agree() -> None:
    refused("sizes must agree, got dim of size 3, spectrum of size 2", lambda: make_problem("quadratic", dim=3, spectrum=[1, 2]))
    refused("sizes must agree", lambda: make_problem("quadratic", spectrum=[1, 2], x_star=[1]))
    refused("spectrum must be None or a list of numbers", lambda: make_problem("quadratic", spectrum=[1, np.inf]))
    assert make_problem("quadratic", spectrum=np.array([1.0, 2.0])).dim == 2
    assert make_problem("quadratic", x_star=(1, 2, 3)).dim == 3


def test_smallest_eigenvalue_beyond_precision_stays_nonnegative() -> None:
    problem = make_problem("quadratic", dim=8, condition=1e30, rotated=True)
    x = np.random.default_rng(0).normal(size=(50, 8))
    assert np.all(problem.value(x) >= 0)
    agrees_with(make_problem("quadratic", spectrum=[1e-30, 1]), lambda x, y: (mpf(1e-30) * x**2 + y**2) / 2, (1, 1), (1e10, 0))
