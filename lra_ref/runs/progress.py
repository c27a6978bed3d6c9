"""Progress on stderr with the time left: a bar on a terminal that has rich, else a plain line now and then."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

#: seconds between two plain lines
PAUSE = 10.0


class Progress:
    """Counts finished cells. Times come from a clock that no change of the date moves; cells that were finished before take none.

    label, total    what is counted, and how many there are in all, if that is known before the first is finished
    pause           seconds between two lines where there is no terminal (default: ``PAUSE``)
    """

    def __init__(
        self, label: str, total: int | None = None, stream: Any = None, pause: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.stream, self.label, self.total, self.clock = stream or sys.stderr, label, total, clock
        self.pause = PAUSE if pause is None else pause
        self.started = self.said = clock()
        self.computed = self.done = 0
        self.bar: Any = None
        if self.stream.isatty() and importlib.util.find_spec("rich") is not None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
            )
            self.bar = Bar(*columns, console=Console(file=self.stream), transient=True)
            self.task = self.bar.add_task(label, total=total, left="")
            self.bar.start()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Say that ``done`` of ``total`` cells are finished, the last of them ``what``."""
        now = self.clock()
        self.done, self.total = done, total
        self.computed += 1
        left = (now - self.started) / self.computed * (total - done)
        if self.bar is not None:
            self.bar.update(self.task, completed=done, total=total, description=what, left=f"about {in_words(left)} left")
        elif now - self.said >= self.pause:
            self.said = now
            tail = f", about {in_words(left)} left" if done < total else ""
            text = f"[{done}/{total}] {self.label}: {what}; {in_words(now - self.started)}{tail}"
            print(text, file=self.stream, flush=True)

    def told(self) -> str:
        """How far it came, for the message of an interrupt; empty if nothing was finished."""
        return f"{self.done} of {self.total} cells are finished; " if self.done else ""

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()


def in_words(seconds: float) -> str:
    """A duration for people: ``0.4 s``, ``12 s``, ``3 min``, ``2.5 h``."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:.1f} h"


def counted(count: int, what: str, several: str = "") -> str:
    """A number of things: ``1 cell``, ``3 cells``; ``several`` is a plural that is not formed with s."""
    return f"{count} {what if count == 1 else several or what + 's'}"
