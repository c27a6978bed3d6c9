"""Threads that help: all pieces are done, problems come back, and the threads end with their owner."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from functools import partial

import pytest

from lra_ref.engine.helpers import Helpers


class Owner:
    """Somebody who has helpers."""


def test_every_piece_is_done_each_time_and_on_threads_of_its_own() -> None:
    owner = Owner()
    helpers = Helpers(2, owner)
    seen: list[tuple[int, int]] = []

    def work(k: int) -> None:
        seen.append((k, threading.get_ident()))

    for _ in range(50):
        seen.clear()
        helpers.share([partial(work, k) for k in range(3)])
        assert sorted(k for k, _ in seen) == [0, 1, 2]
        assert len({thread for _, thread in seen}) == 3
        assert (0, threading.get_ident()) in seen


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_problem_comes_back_after_all_are_done(place: int) -> None:
    owner = Owner()
    helpers = Helpers(2, owner)
    done: list[int] = []

    def work(k: int) -> None:
        if k == place:
            raise ValueError(f"piece {k}")
        time.sleep(0.01)
        done.append(k)

    with pytest.raises(ValueError, match=f"piece {place}"):
        helpers.share([partial(work, k) for k in range(3)])
    assert sorted(done) == [k for k in range(3) if k != place]
    helpers.share([partial(done.append, 10 + k) for k in range(3)])
    assert {10, 11, 12} <= set(done)


def test_the_threads_end_with_their_owner_and_hold_no_work() -> None:
    class Heavy:
        def use(self) -> None:
            """Nothing."""

    owner, before = Owner(), set(threading.enumerate())
    helpers, heavy = Helpers(2, owner), Heavy()
    mine = set(threading.enumerate()) - before
    assert len(mine) == 2
    helpers.share([heavy.use, heavy.use, heavy.use])
    watched = weakref.ref(heavy)
    del heavy
    gc.collect()
    assert watched() is None
    del owner, helpers
    gc.collect()
    for thread in mine:
        thread.join(timeout=30)
        assert not thread.is_alive()
