"""Threads that help: they sleep when there is nothing to do, wake when called, and end with their owner."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import time
from functools import partial
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.board import QUIT, board
from lra_ref.engine import inplace
from lra_ref.engine.helpers import Helpers
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.vector_step import may_raise
from lra_ref.methods import make_method
from lra_ref.methods.mlr_snet import snet_terms


class Owner:
    """Somebody who has helpers."""


def until(holds: Any) -> None:
    """Wait for something that is going to happen."""
    for _ in range(3000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_they_serve_when_called_and_sleep_otherwise() -> None:
    owner, made, calls = Owner(), board(1), [0, 0]

    def serve(k: int, patience: int) -> None:
        assert patience > 0
        calls[k] += 1

    helpers = Helpers([partial(serve, 0), partial(serve, 1)], made, owner)
    for count in range(1, 20):
        until(lambda: all(helper.asleep for helper in helpers._helpers))
        assert calls == [count, count]
        helpers.call()


def test_the_threads_end_with_their_owner() -> None:
    owner, made, before = Owner(), board(1), set(threading.enumerate())
    helpers = Helpers([lambda patience: None] * 3, made, owner)
    mine = set(threading.enumerate()) - before
    assert len(mine) == 3
    del owner, helpers
    gc.collect()
    assert made[QUIT, 0] == 1
    for thread in mine:
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.mark.parametrize("name", ["adam", "clara_adam", "normalized_momentum", "gala_sgd_practical", "sgd"])
@pytest.mark.parametrize("threads", [2, 3])
def test_many_steps_with_helpers_awake_asleep_and_gone(monkeypatch: pytest.MonkeyPatch, name: str, threads: int) -> None:
    monkeypatch.setattr(inplace, "WORTH", 0)
    rng, size = np.random.default_rng(1), 5 * 4096 + 3
    start, gradients = rng.normal(size=size), rng.normal(size=(7, size)) / 100
    alone, team = InPlace(make_method(name), start.copy()), InPlace(make_method(name), start.copy(), threads=threads)
    assert team._helpers is not None
    for t in range(120):
        if t == 40:
            # they have gone to sleep
            until(lambda: all(helper.asleep for helper in team._helpers._helpers))  # type: ignore[union-attr]
        if t == 80:
            # nobody answers any more
            team._board[QUIT, 0] = 1
        for step in (alone, team):
            answers = [(1.5, gradients[(t + 3) % 7]) for _ in step.wanted()]
            step(gradients[t % 7], 1.5, answers)
        assert alone.status == team.status
        assert np.array_equal(alone.x, team.x), t
    assert np.array_equal(alone._rate[0], team._rate[0])
    assert alone.rate == team.rate


def test_a_step_keeps_nothing_of_an_owner_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inplace, "WORTH", 0)
    before = set(threading.enumerate())
    step = InPlace(make_method("adam"), np.ones(9000), threads=2)
    step(np.ones(9000))
    mine = set(threading.enumerate()) - before
    assert len(mine) == 1
    gc.disable()
    try:
        del step
    finally:
        gc.enable()
    for thread in mine:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_a_second_thread_is_refused_while_a_step_runs() -> None:
    owner, made, begun, go_on = Owner(), board(1), threading.Event(), threading.Event()
    helpers = Helpers([], made, owner)

    def work() -> int:
        begun.set()
        assert go_on.wait(timeout=30)
        return 0

    first = threading.Thread(target=helpers.join, args=(work,))
    first.start()
    assert begun.wait(timeout=30)
    with pytest.raises(RuntimeError, match="for one thread at a time"):
        helpers.join(lambda: 0)
    go_on.set()
    first.join(timeout=30)
    assert helpers.join(lambda: 3) == 3


def test_kernels_that_may_raise_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inplace, "WORTH", 0)
    assert not may_raise(make_method("adam").direction.map)
    assert may_raise(snet_terms)


def test_a_step_in_place_can_not_be_copied() -> None:
    step = InPlace(make_method("adam"), np.ones(5))
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can not be copied: make a new one"):
            attempt(step)  # type: ignore[operator]
