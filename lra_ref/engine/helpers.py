"""Threads that help with the passes over a long vector: they wait in compiled code, where no interpreter has to wake them.

A helper looks at the board for a little while after every piece of work, then sleeps; the next step wakes it, and goes on without it in the
meantime. Sleeping threads cost nothing, waking them costs more than many a pass takes.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from lra_ref.backends.board import QUIT
from lra_ref.typing import Array

#: looks at the board before a helper sleeps: some tenths of a millisecond
PATIENCE = 10_000


def available() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Helper:
    """A thread that calls ``serve(patience)``, and then waits to be woken."""

    def __init__(self, serve: Callable[[int], object], board: Array) -> None:
        self._woken, self._serve, self._board = threading.Lock(), serve, board
        self._woken.acquire()
        self.asleep = False
        threading.Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        while not self._board[QUIT, 0]:
            self._serve(PATIENCE)
            self.asleep = True
            # whoever stops the threads says so first, and then wakes those that sleep
            if not self._board[QUIT, 0]:
                self._woken.acquire()

    def wake(self) -> None:
        """Let a sleeping helper look at the board again."""
        self.asleep = False
        self._woken.release()


class Helpers:
    """Helpers, one per function ``serve``, which end with ``owner``."""

    def __init__(self, serves: Sequence[Callable[[int], object]], board: Array, owner: Any) -> None:
        self._helpers: list[Helper] = []
        self._one = threading.Lock()
        weakref.finalize(owner, stop_all, self._helpers, board)
        for serve in serves:
            self._helpers.append(Helper(serve, board))

    def call(self) -> None:
        """Wake those that sleep."""
        for helper in self._helpers:
            if helper.asleep:
                helper.wake()

    def join(self, work: Callable[..., int], *arguments: Any) -> int:
        """``work(*arguments)``, which posts on the board, with the helpers awake; ``RuntimeError`` while that is done on another thread."""
        if not self._one.acquire(blocking=False):
            raise RuntimeError("a step of this object is running on another thread: its steps are for one thread at a time")
        try:
            self.call()
            return work(*arguments)
        finally:
            self._one.release()


def stop_all(helpers: Sequence[Helper], board: Array) -> None:
    """End the threads."""
    board[QUIT, 0] = 1
    for helper in helpers:
        if helper._woken.locked():
            helper.wake()
