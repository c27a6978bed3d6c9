"""The learner with AdaGrad's rate on an interval: a plain transcription, its bound, its errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.learners import make_learner

EPS = float(np.finfo(float).eps)
#: squares of smaller coins underflow and count as 0
COINS = st.lists(st.floats(-10, 10).map(lambda c: c if abs(c) > 1e-150 else 0.0), min_size=1, max_size=30)


@given(COINS, st.floats(0, 1), st.floats(0, 1))
def test_it_is_its_definition_and_keeps_its_bound(coins: list[float], first: float, share: float) -> None:
    low, high = -0.5, 2.0
    learner = make_learner("adagrad", low=low, high=high, eta_0=low + first * (high - low))
    s, total = learner.play(), 0.0
    for c in coins:
        assert abs(s - learner.play()) <= 64 * EPS * len(coins) * (high - low)
        learner.observe(-c)
        total += c * c
        if total > 0:
            s = min(max(s - (high - low) / math.sqrt(2) / math.sqrt(total) * c, low), high)
    u = low + share * (high - low)
    # the plays and the sums of the regret are rounded: T + 8 units of the sum of the absolute values
    size = sum(abs(c) for c in coins) * 2 * max(abs(low), abs(high))
    assert learner.regret(u) <= learner.bound(u) + (len(coins) + 8) * EPS * size


def test_the_bound_would_notice_a_smaller_constant() -> None:
    learner = make_learner("adagrad", low=0.0, high=1.0, eta_0=1.0)
    learner.observe(-1.0)
    assert learner.regret(0.0) == 1.0
    assert learner.bound(0.0) == math.sqrt(2)
    assert learner.regret(0.0) > learner.bound(0.0) / 2


@pytest.mark.parametrize("options", [{}, {"low": 0.0}, {"low": 0.5, "high": 1.0, "eta_0": 0.1}])
def test_it_needs_an_interval_around_the_first_play(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="the learner adagrad needs finite low <= eta_0 <= high"):
        make_learner("adagrad", **options)


def test_no_loss_no_bound_no_move() -> None:
    learner = make_learner("adagrad", low=0.0, high=1.0)
    assert learner.bound(0.5) == 0.0
    learner.observe(0.0)
    assert learner.play() == 0.1
