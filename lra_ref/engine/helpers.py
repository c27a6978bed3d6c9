"""Threads that help with one piece of work at a time, woken by a lock: a queue of futures takes longer than many a pass."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

Work = Callable[[], object]


class Helper:
    """A thread that does what it is given, and then waits for more."""

    def __init__(self) -> None:
        self._begin, self._end = threading.Lock(), threading.Lock()
        self._begin.acquire()
        self._end.acquire()
        self._work: Work | None = None
        self._problem: BaseException | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            self._begin.acquire()
            work, self._work = self._work, None
            if work is None:
                return
            try:
                work()
            except BaseException as problem:
                self._problem = problem
            # what it worked on may be let go
            del work
            self._end.release()

    def start(self, work: Work) -> None:
        """Begin; every start must be followed by :meth:`join`."""
        self._work = work
        self._begin.release()

    def join(self) -> BaseException | None:
        """Wait for the end; what the work raised."""
        self._end.acquire()
        problem, self._problem = self._problem, None
        return problem

    def stop(self) -> None:
        """End the thread."""
        self._work = None
        self._begin.release()


class Helpers:
    """``count`` helpers, ended with ``owner``."""

    def __init__(self, count: int, owner: Any) -> None:
        self._helpers = [Helper() for _ in range(count)]
        weakref.finalize(owner, stop_all, self._helpers)

    def share(self, works: Sequence[Work]) -> None:
        """Do the first piece here and the others beside it; returns when all are done."""
        mine, *others = works
        for helper, work in zip(self._helpers, others, strict=True):
            helper.start(work)
        try:
            mine()
        finally:
            problems = [problem for helper in self._helpers if (problem := helper.join()) is not None]
        if problems:
            raise problems[0]


def stop_all(helpers: Sequence[Helper]) -> None:
    """End the threads."""
    for helper in helpers:
        helper.stop()
