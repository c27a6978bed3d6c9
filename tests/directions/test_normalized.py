"""Normalized gradients: Pythagorean cases, blocks, and norms whose squares overflow or underflow."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.directions import DIRECTIONS
from lra_ref.directions.norms import GREATEST, LEAST, norms
from tests.stepping import walk

LARGEST, SMALLEST = np.finfo(float).max, 2.0**-1074


def test_global_norm() -> None:
    d, _ = walk(DIRECTIONS["normalized"](), [[3.0, 0.0, -4.0, 0.0]], offsets=[0, 2, 4])
    assert d.tolist() == [[0.6, 0.0, -0.8, 0.0]]


def test_norm_per_block() -> None:
    d, _ = walk(DIRECTIONS["normalized"](norm="block"), [[3.0, -4.0, 5.0, 12.0, 0.0]], offsets=[0, 2, 4, 5])
    assert d.tolist() == [[3 / 5, -4 / 5, 5 / 13, 12 / 13, 0.0]]


def test_momentum_is_averaged_before_it_is_normalized() -> None:
    d, state = walk(DIRECTIONS["normalized_momentum"](alpha=0.5), [[4.0, 0.0], [2.0, 8.0], [-3.0, -4.0]])
    assert d.tolist() == [[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]]
    assert state["exp_avg"].tolist() == [0.0, 0.0]


def test_momentum_norm_per_block() -> None:
    d, _ = walk(DIRECTIONS["normalized_momentum"](alpha=0.5, norm="block"), [[4.0, 0.0, 2.0], [2.0, 8.0, 2.0]], offsets=[0, 2, 3])
    assert d.tolist() == [[1.0, 0.0, 1.0], [0.6, 0.8, 1.0]]


def test_weight_decay_comes_before_the_norm() -> None:
    d, _ = walk(DIRECTIONS["normalized"](weight_decay=0.5), [[1.0, 0.0]], [[4.0, 8.0]])
    assert d.tolist() == [[0.6, 0.8]]


@pytest.mark.parametrize("name", ["normalized", "normalized_momentum"])
def test_a_zero_gradient_gives_zero(name: str) -> None:
    d, _ = walk(DIRECTIONS[name](), np.zeros((2, 3)))
    assert d.tolist() == [[0.0] * 3] * 2


@pytest.mark.parametrize("power", [-1074, -1073, -1000, -600, -512, -511, -510, 0, 485, 486, 487, 600, 1020])
def test_scaling_by_powers_of_two_changes_no_bit(power: int) -> None:
    """3, 4 scaled: the squares leave the range on both sides, the direction stays (3/5, 4/5)."""
    d, _ = walk(DIRECTIONS["normalized"](), [[3 * 2.0**power, 4 * 2.0**power]])
    assert d.tolist() == [[0.6, 0.8]]


@pytest.mark.parametrize(
    "g",
    [
        [LARGEST, -LARGEST, LARGEST],
        [SMALLEST, 0.0, SMALLEST],
        [1e300, 1.0, 1e-300],
        [1e155, 1e155, 1e150],
        [1e-155, 3e-155, 1e-150],
        [GREATEST, np.nextafter(GREATEST, np.inf), 1.0],
        [LEAST, np.nextafter(LEAST, 0.0), -LEAST],
        [1.0, LEAST / 2, -2.0],
        [2.0**490, 2.0**486, -(2.0**485)],
    ],
)
def test_mixed_sizes_against_many_digits(g: list[float]) -> None:
    """Three squares, two sums, a root, a division and the joining of two classes: at most 8 unit roundoffs; d may underflow."""
    d, _ = walk(DIRECTIONS["normalized"](), [g])
    with mp.workdps(60):
        exact = [float(mpf(v) / mp.sqrt(sum(mpf(w) ** 2 for w in g))) for v in g]
    assert np.all(np.abs(d[0] - exact) <= 8 * 2.0**-53 * np.abs(exact) + SMALLEST)


def test_ordinary_norms_are_not_rounded_twice() -> None:
    """Scale 1 and the plain root of the sum of squares: nothing changes for the numbers of every day."""
    rng = np.random.default_rng(1)
    v = rng.normal(size=50)
    scale, root = norms(v, np.array([0, 50]), per_block=False)
    assert scale.tolist() == [1.0]
    assert np.all(np.abs(root - np.linalg.norm(v)) <= 50 * 2.0**-53 * root)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_what_is_not_finite_is_not_hidden(bad: float) -> None:
    d, _ = walk(DIRECTIONS["normalized"](), [[bad, 1.0]])
    assert np.isnan(d).any()
