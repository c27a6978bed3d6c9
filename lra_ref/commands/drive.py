"""Long runs in slices: so that progress is seen, Ctrl-C is heard, and what is done so far can be kept."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from typing import Any

from lra_ref.engine.run import Run

#: a slice lasts about this long, in seconds
LONGEST = 0.5
#: seconds between two lines of progress where there is no terminal
PAUSE = 10.0
FIRST_SLICE = 64


class Interrupted(KeyboardInterrupt):
    """Ctrl-C; ``run`` is what was done until then (None if nothing), ``left`` the number of steps still to do."""

    def __init__(self, run: Run | None, left: int) -> None:
        super().__init__()
        self.run, self.left = run, left


def drive(begin: Callable[[int], Run], steps: int, every: int, threads: int, progress: Callable[[int], None]) -> Run:
    """``begin(n)``, n steps to start with, then more of them until ``steps`` are done; bit for bit one long run.

    Slices are multiples of ``every``, so that the same rows are recorded. ``progress(done)`` is called after each.
    Raises :class:`Interrupted` with what was done.
    """
    run: Run | None = None
    done, size = 0, max(every, FIRST_SLICE // every * every)
    try:
        while run is None or done < steps:
            n, started = min(size, steps - done), time.monotonic()
            run, done = begin(n) if run is None else run.resume(n, threads=threads), done + n
            progress(done)
            lasted = time.monotonic() - started
            if lasted < LONGEST / 2:
                size *= 2
            elif lasted > LONGEST and done > n:
                # the first slice may have compiled something: its time says nothing
                size = max(every, size // 2 // every * every)
    except KeyboardInterrupt:
        raise Interrupted(run, steps - done) from None
    return run


class Progress:
    """Steps done, on stderr: a bar on a terminal that has rich, else a line every ten seconds."""

    def __init__(self, total: int, stream: Any = None) -> None:
        self.stream, self.total, self.bar = stream or sys.stderr, total, None
        self.started = self.said = time.monotonic()
        if self.stream.isatty() and importlib.util.find_spec("rich") is not None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
            self.bar = Bar(*columns, console=Console(file=self.stream), transient=True)
            self.task = self.bar.add_task("compiling", total=total)
            self.bar.start()

    def __call__(self, done: int) -> None:
        """Show that ``done`` steps are behind us."""
        now = time.monotonic()
        if self.bar is not None:
            self.bar.update(self.task, completed=done, description="steps")
        elif now - self.said > PAUSE:
            self.said = now
            print(f"step {done} of {self.total}, {now - self.started:.0f} s", file=self.stream, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()
