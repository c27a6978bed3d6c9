"""The table of HDM-Best against other methods: its committed rows, and what its check sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.reproductions import hdm_table, hdm_tasks

TASK = hdm_tasks.Task("svm", "iris", 20250128)


def row(method: str) -> dict[str, str]:
    return next(r for r in hdm_table.stored() if [r["problem"], r["data"], r["start"], r["method"]] == ["svm", "iris", "20250128", method])


def test_committed_rows_are_complete() -> None:
    rows = hdm_table.stored()
    sets, seeds = hdm_table.FULL
    assert len(rows) == 2 * len(sets) * len(seeds) * 13
    assert {r["data"] for r in rows} == set(sets)


def test_rows_are_computed_again() -> None:
    for method, count in (("hdm_best_tuned", hdm_tasks.tuned(TASK)), ("hdm_best_default", hdm_tasks.untuned(TASK))):
        assert (row(method)["gradients"], row(method)["setting"]) == (str(count[0]), count[1])
    assert row("agd_convex")["gradients"] == str(hdm_tasks.accelerated(TASK, hdm_tasks.weights()))


def test_a_count_stops_at_the_first_small_gradient() -> None:
    from lra_ref.engine.run import run
    from lra_ref.methods import make_method

    count, _ = hdm_tasks.grid(TASK, "momentum", [("", {"lr": 1 / TASK.L, "momentum": 0.9})])
    assert count is not None
    problem = TASK.problem
    method = make_method("momentum", lr=1 / TASK.L, momentum=0.9)
    last, before = (run(method, problem, steps=count - k, x0=TASK.start).x[0] for k in (1, 2))
    assert abs(problem.gradient(last)).max() < hdm_tasks.TOL <= abs(problem.gradient(before)).max()


def test_the_check_sees_a_changed_row(capsys: pytest.CaptureFixture[str]) -> None:
    good = row("hdm_best_tuned")
    assert hdm_table.differences([good]) == []
    assert hdm_table.differences([{**good, "gradients": "1"}])
    assert hdm_table.differences([{**good, "data": "nowhere"}])
    # another version of SciPy is another program
    assert hdm_table.differences([{**row("bfgs"), "by": "scipy 0", "gradients": "1"}]) == []


def test_figure(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert hdm_table.main(["--figure", str(tmp_path / "profile.svg")]) == 0
    assert (tmp_path / "profile.svg").stat().st_size > 1000


@pytest.mark.slow
def test_the_quick_table_is_as_committed() -> None:
    assert hdm_table.main(["--quick", "--check"]) == 0
