"""Sums in the house order: the same bits in NumPy, plain Python and compiled code, and their error."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lra_ref.backends.cpu import compiled
from lra_ref.backends.sums import CHUNK, LANES, block_sums, clear, fold, halved, in_order
from lra_ref.typing import Array

FOLD = "float64(float64[:, ::1], int64, int64, float64[::1])"
EPS = float(np.finfo(float).eps)
EDGES = [1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 257, CHUNK - 1, CHUNK]
LONG = [*EDGES, CHUNK + 1, CHUNK + LANES, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK + 77, 20 * CHUNK + 1]


def folded(kernel: Any, block: Array) -> float:
    """The sum of a block, chunk by chunk as the loop does it, with scratch that is full of rubbish."""
    total = 0.0
    for lo in range(0, block.size, CHUNK):
        part = block[lo : lo + CHUNK]
        rows = np.full((2, CHUNK), np.nan)
        rows[1, : part.size] = part
        one = kernel(rows, 1, part.size, np.full(LANES, np.nan))
        total = one if lo == 0 else total + one
    return float(total)


@pytest.mark.parametrize("size", LONG)
def test_fold_and_block_sums_give_the_same_bits(size: int) -> None:
    block = np.random.default_rng(size).normal(size=size) * 10.0 ** np.random.default_rng(1).integers(-8, 8, size=size)
    expected = block_sums(block, np.array([0, size]))[0]
    assert folded(compiled(fold, FOLD), block) == expected
    assert folded(fold, block) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=300))
@example([-0.0])
@example([-0.0] * 200)
def test_any_numbers_give_the_same_bits(values: list[float]) -> None:
    block = np.array(values)
    with np.errstate(all="ignore"):
        expected = block_sums(block, np.array([0, block.size]))
        found = np.array([folded(compiled(fold, FOLD), block)])
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(np.signbit(found), np.signbit(expected)) or np.isnan(expected[0])


def depth(size: int) -> int:
    """The largest number of additions that a summand goes through: in its lane, the halvings, over the chunks."""
    return CHUNK // LANES + int(math.log2(LANES)) + -(-size // CHUNK)


@pytest.mark.parametrize("size", LONG)
def test_error_against_the_exact_sum(size: int) -> None:
    block = np.random.default_rng(size).normal(size=size)
    exact, scale = math.fsum(block), math.fsum(np.abs(block))
    # Higham, Accuracy and Stability, section 4.2: at most (depth) roundings touch any summand
    assert abs(block_sums(block, np.array([0, size]))[0] - exact) <= depth(size) * EPS / 2 * scale * (1 + 1e-12)


def test_one_large_sum_is_far_better_than_a_serial_loop() -> None:
    size = 300 * CHUNK
    block = np.full(size, 0.1)
    exact = math.fsum(block)
    serial = np.cumsum(block)[-1]
    assert abs(block_sums(block, np.array([0, size]))[0] - exact) <= depth(size) * EPS / 2 * exact < abs(serial - exact)


@pytest.mark.parametrize("edge", [LANES, CHUNK, 2 * CHUNK])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_every_element_counts_once_around_the_edges(edge: int, beyond: int) -> None:
    size = edge + beyond
    # distinct powers of two would overflow; distinct whole numbers are exact and tell which one is missing
    block = np.arange(1.0, size + 1)
    assert block_sums(block, np.array([0, size]))[0] == size * (size + 1) / 2
    assert folded(compiled(fold, FOLD), block) == size * (size + 1) / 2


def test_the_order_is_the_one_that_is_documented() -> None:
    size = 2 * LANES
    block = np.zeros(size)
    block[0], block[LANES], block[1] = 1.0, 2.0**-53, 2.0**-53
    # element 128 joins the lane of element 0 and is rounded away there (ties to even); so is lane 1 at the end
    assert block_sums(block, np.array([0, size]))[0] == 1.0
    block[1], block[LANES] = 2.0**-53, 0.0
    block[1 + LANES] = 2.0**-53
    # both tiny ones share lane 1 and survive together
    assert block_sums(block, np.array([0, size]))[0] == 1.0 + 2.0**-52


def test_blocks_and_leading_axes() -> None:
    offsets = np.array([0, 1, 300, CHUNK + 301])
    values = np.random.default_rng(5).normal(size=(2, 3, offsets[-1]))
    sums = block_sums(values, offsets)
    assert sums.shape == (2, 3, 3)
    assert sums.dtype == np.float64
    for i in range(2):
        for j in range(3):
            for k, (lo, hi) in enumerate(pairwise(offsets)):
                assert sums[i, j, k] == folded(compiled(fold, FOLD), values[i, j, lo:hi].copy())
    assert np.array_equal(in_order(sums)[..., 0], (sums[..., 0] + sums[..., 1]) + sums[..., 2])


def test_float32_summands_are_added_in_float64() -> None:
    values = np.random.default_rng(6).normal(size=1000).astype(np.float32)
    sums = block_sums(values, np.array([0, 1000]))
    assert sums.dtype == np.float64
    assert sums[0] == block_sums(values.astype(float), np.array([0, 1000]))[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_seen(bad: float) -> None:
    block = np.ones(200)
    block[150] = bad
    assert not np.isfinite(block_sums(block, np.array([0, 200]))[0])
    assert not np.isfinite(folded(compiled(fold, FOLD), block))


def test_infinities_of_both_signs_are_nan() -> None:
    block = np.array([np.inf, 1.0, -np.inf])
    with np.errstate(invalid="ignore"):
        assert np.isnan(block_sums(block, np.array([0, 3]))[0])
        assert np.isnan(folded(compiled(fold, FOLD), block))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", [1, 5, 127, 128, 129, 511, 640, 1500, 4095, 4096])
def test_running_sums_over_pieces_have_the_bits_of_fold(size: int, dtype: Any) -> None:
    values = (np.random.default_rng(size).normal(size=(2, size)) * 10.0 ** np.arange(-5, 7)[np.arange(size) % 12]).astype(dtype)
    values[:, ::3] = -0.0
    lanes, expected = np.full((2, LANES), 7.0), [fold(values, j, size, np.zeros(LANES)) for j in range(2)]
    clear(lanes, 2)
    for lo in range(0, size, LANES):
        piece = values[:, lo : lo + LANES]
        lanes[:, : piece.shape[1]] += piece
    found = [halved(lanes, j) for j in range(2)]
    assert np.array_equal(np.array(found), np.array(expected))
    assert np.array_equal(np.signbit(found), np.signbit(expected))
