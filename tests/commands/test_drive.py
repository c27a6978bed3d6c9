"""Slices: the same bits as one run, multiples of ``every``, progress to the end."""

from __future__ import annotations

import io

import numpy as np
import pytest

from lra_ref import make_method, make_oracle, make_problem, run
from lra_ref.commands import drive as driving
from lra_ref.engine.run import Run


@pytest.mark.parametrize(("steps", "every"), [(0, 1), (1, 5), (63, 1), (1000, 3), (1001, 200)])
@pytest.mark.parametrize("longest", [0.0, float("inf")], ids=["shrinking", "growing"])
def test_slices_are_one_run(steps: int, every: int, longest: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "LONGEST", longest)
    method, oracle = make_method("gala_sgd"), make_oracle("gaussian", make_problem("sphere", dim=2), sigma=1.0)

    def begin(n: int) -> Run:
        return run(method, oracle, steps=n, trajectories=2, every=every)

    shown: list[int] = []
    sliced, whole = driving.drive(begin, steps, every, 1, shown.append), begin(steps)
    assert shown[-1] == steps
    assert all(done % every == 0 for done in shown[:-1])
    assert shown == sorted(shown)
    assert np.array_equal(sliced.steps, whole.steps)
    assert all(np.array_equal(sliced.records[name], whole.records[name], equal_nan=True) for name in whole.records)


def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 11.0, 12.0, 22.5])
    monkeypatch.setattr(driving.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = driving.Progress(40, stream)
    for done in (10, 20, 30, 40):
        progress(done)
    progress.close()
    assert stream.getvalue() == "step 20 of 40, 11 s\nstep 40 of 40, 22 s\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_a_bar_that_leaves_nothing_behind() -> None:
    stream = Terminal()
    progress = driving.Progress(40, stream)
    assert progress.bar is not None
    progress(40)
    assert progress.bar.tasks[0].finished
    progress.close()
