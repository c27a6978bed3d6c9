"""Minibatches: uniform orders, epochs that visit every row once, variances as by enumeration, a cache that changes nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import FRESH, PRESENT, make_oracle
from lra_ref.oracles.minibatch import shuffle, shuffle_few
from tests.oracles.cases import DIM, draw, toy
from tests.oracles.test_philox import LEVEL


def rows(replacement: str, n: int, batch: int, *key: Any) -> Any:
    """Row numbers of samples, (..., batch)."""
    oracle = make_oracle("minibatch", toy(n), batch=batch, replacement=replacement)
    return oracle.sample(*key)[..., :batch].astype(int)


@pytest.mark.parametrize(
    ("replacement", "stream", "n", "batch", "outcomes"),
    [
        ("with", PRESENT, 4, 3, list(itertools.product(range(4), repeat=3))),
        ("without", PRESENT, 4, 4, list(itertools.permutations(range(4)))),
        ("without", PRESENT, 7, 2, list(itertools.permutations(range(7), 2))),
        ("reshuffle", PRESENT, 4, 4, list(itertools.permutations(range(4)))),
        ("reshuffle", FRESH, 5, 2, list(itertools.permutations(range(5), 2))),
    ],
)
def test_every_outcome_is_equally_likely(replacement: str, stream: int, n: int, batch: int, outcomes: list[Any]) -> None:
    drawn = rows(replacement, n, batch, 3, np.arange(300 * len(outcomes)), 0, stream)
    counts = Counter(map(tuple, drawn.tolist()))
    assert set(counts) <= set(outcomes)
    assert stats.chisquare([counts[outcome] for outcome in outcomes]).pvalue > LEVEL


@pytest.mark.parametrize(("n", "batch"), [(7, 2), (7, 7), (6, 3), (5, 3), (1, 1)])
def test_an_epoch_walks_through_one_order(n: int, batch: int) -> None:
    count = n // batch
    drawn = rows("reshuffle", n, batch, 5, 2, np.arange(6 * count)).reshape(6, count * batch)
    whole = rows("reshuffle", n, n, 5, 2, np.arange(6))
    # the epoch's order does not depend on the size of the batch; what is left over at its end is dropped
    np.testing.assert_array_equal(drawn, whole[:, : count * batch])
    np.testing.assert_array_equal(np.sort(whole, axis=1), np.tile(np.arange(n), (6, 1)))
    if n > 5:
        assert len({tuple(order) for order in whole.tolist()}) > 1
        # the orders have a stream of their own
        assert not any(np.array_equal(whole, rows("without", n, n, 5, 2, np.arange(6), stream)) for stream in range(4))


def test_a_fresh_batch_does_not_depend_on_the_epoch() -> None:
    np.testing.assert_array_equal(rows("reshuffle", 9, 2, 1, 2, np.arange(40), FRESH), rows("without", 9, 2, 1, 2, np.arange(40), FRESH))


def test_the_cache_changes_nothing() -> None:
    oracle = make_oracle("minibatch", toy(7), batch=2, replacement="reshuffle")
    z = np.zeros(oracle.sample_size)
    keys = [(s, j, t, m) for t in (0, 1, 2, 3, 5, 0) for j in (0, 1) for s in (1, 2**32 + 1, 2) for m in (PRESENT, FRESH, PRESENT)]
    for key in keys:
        assert draw(oracle, key, z)[:2].tobytes() == draw(oracle, key)[:2].tobytes()
    # the cache is used: a marked order is handed out as long as the epoch lasts, and no longer
    draw(oracle, (1, 0, 3, PRESENT), z)
    z[2:9] = np.arange(7)
    assert draw(oracle, (1, 0, 5, PRESENT), z)[:2].tolist() == [4, 5]
    assert draw(oracle, (1, 0, 6, PRESENT), z)[:2].tolist() == draw(oracle, (1, 0, 6, PRESENT))[:2].tolist()


@pytest.mark.parametrize(("n", "batch"), [(1, 1), (2, 1), (9, 9), (50, 7), (400, 30)])
def test_both_shuffles_give_the_same_rows(n: int, batch: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(50):
        targets = np.array([rng.integers(i, n) for i in range(batch)], dtype=float)
        order, few = np.empty(n), np.empty(batch)
        shuffle(targets, order)
        shuffle_few(targets, few)
        assert order[:batch].tolist() == few.tolist()
        assert sorted(order) == list(range(n))


@pytest.mark.parametrize("batch", [1, 2, 3, 5])
@pytest.mark.parametrize("replacement", ["with", "without"])
def test_variance_is_that_of_all_batches(replacement: str, batch: int) -> None:
    problem, x = toy(5), np.array([0.3, -1.0, 2.0])
    every = itertools.product(range(5), repeat=batch) if replacement == "with" else itertools.permutations(range(5), batch)
    mean = problem.gradient(x)
    squares = [np.sum((problem.gradient(x, rows=chosen) - mean) ** 2) for chosen in every]
    oracle = make_oracle("minibatch", problem, batch=batch, replacement=replacement)
    # means of up to 3125 squares of differences of gradients; a gradient is a mean of 5 rows with 4 roundings each
    gradients = np.sum(np.abs(problem.data[:, DIM:] * (x - problem.data[:, :DIM]))) ** 2
    assert abs(oracle.variance(x) - np.mean(squares)) <= (4 * 5 + 2 * DIM + len(squares)) * np.finfo(float).eps * gradients


def test_one_row_has_no_variance() -> None:
    for replacement in ("with", "without", "reshuffle"):
        assert make_oracle("minibatch", toy(1), batch=1, replacement=replacement).variance(np.ones(DIM)) == 0


@pytest.mark.parametrize("replacement", ["without", "reshuffle"])
def test_a_batch_has_no_more_rows_than_the_problem(replacement: str) -> None:
    with pytest.raises(ValueError, match=rf"^batch must be in \[1, 7\] for replacement='{replacement}', got 8$"):
        make_oracle("minibatch", toy(), batch=8, replacement=replacement)
    assert make_oracle("minibatch", toy(), batch=8, replacement="with").sample(0, 0, 0).shape == (8,)


@pytest.mark.parametrize(("n", "batch"), [(7, 2), (7, 7), (8, 3), (8, 5), (6, 3), (2, 1)])
def test_an_epoch_with_all_rows(n: int, batch: int) -> None:
    oracle = make_oracle("minibatch", toy(n), batch=batch, replacement="reshuffle_all")
    count, left = -(-n // batch), n % batch or batch
    steps = np.arange(5 * count)
    drawn = oracle.sample(5, 2, steps)[:, :batch].astype(int).reshape(5, count, batch)
    whole = rows("reshuffle", n, n, 5, 2, np.arange(5))
    full = np.concatenate([drawn[:, :-1].reshape(5, -1), drawn[:, -1, :left]], axis=1)
    np.testing.assert_array_equal(full, whole)
    assert np.all(drawn[:, -1, left:] == drawn[:, -1, :1])
    # the mean of the gradients, weighted by the sizes of the batches, is the gradient: n (2 DIM + 4) roundings
    x = np.array([0.3, -1.0, 2.0])
    f, g = oracle.evaluate(x, oracle.sample(5, 2, steps[:count]))
    weights = np.array([*[batch] * (count - 1), left]) / n
    plain = toy(n)
    scale = np.sum(np.abs(plain.data[:, DIM:]) * (np.abs(x) + np.abs(plain.data[:, :DIM])) ** 2)
    assert abs(weights @ f - plain.value(x)) <= n * (2 * DIM + 4) * np.finfo(float).eps * scale
    np.testing.assert_allclose(weights @ g, plain.gradient(x), rtol=0, atol=n * (2 * DIM + 4) * np.finfo(float).eps * scale)


def test_a_smaller_batch_in_engine_and_reference() -> None:
    problem, v = toy(8), np.array([1.0, -2.0, 0.5])
    oracle = make_oracle("minibatch", problem, batch=3, replacement="reshuffle_all")
    method = make_method("sgd", lr=0.1)
    fast = run(method, oracle, steps=7, trajectories=2, seed=9)
    slow = reference_run(method, oracle, steps=7, trajectories=2, seed=9)
    assert fast.x.tobytes() == slow.x.tobytes()
    x = problem.start
    for t in range(7):
        drawn = oracle.sample(9, 0, t)[: 2 if t % 3 == 2 else 3]
        x = x - 0.1 * problem.gradient(x, rows=drawn)
    np.testing.assert_array_equal(fast.x[0], x)
    last = oracle.sample(9, 0, 2)[:3]
    assert oracle.problem.hvp(x, v, last).tobytes() == problem.hvp(x, v, last[:2]).tobytes() != problem.hvp(x, v, last).tobytes()


def test_batches_of_two_sizes_have_no_common_variance() -> None:
    with pytest.raises(ValueError, match="no variance"):
        make_oracle("minibatch", toy(8), batch=3, replacement="reshuffle_all").variance(np.ones(DIM))
    assert make_oracle("minibatch", toy(8), batch=4, replacement="reshuffle_all").variance(np.ones(DIM)) > 0
