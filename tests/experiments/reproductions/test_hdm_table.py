"""The table of HDM-Best against other methods: its committed rows, and what its check sees."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.reproductions import hdm_table, hdm_tasks
from experiments.reproductions.frame import Row, differences

TASK = hdm_tasks.Task("svm", "iris", 20250128)
MADE = hdm_table.REPRODUCTION


def row(method: str) -> Row:
    return next(r for r in MADE.stored() if MADE.key(r) == ("svm", "iris", "20250128", method))


def test_committed_rows_are_complete() -> None:
    rows = MADE.stored()
    sets, seeds = hdm_table.FULL
    assert len(rows) == 2 * len(sets) * len(seeds) * 13
    assert {r["data"] for r in rows} == set(sets)
    assert len(MADE.stored("quick")) == 2 * 2 * 13 == 13 * len(hdm_table.tasks("quick"))


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


def test_the_check_sees_a_changed_row() -> None:
    rows = MADE.stored("quick")
    (k,) = (k for k, r in enumerate(rows) if r == row("hdm_best_tuned"))
    (scipy_row,) = (k for k, r in enumerate(rows) if r == row("bfgs"))
    assert differences(MADE, rows, rows) == ([], [])
    assert differences(MADE, [{**r, "gradients": "1"} if i == k else r for i, r in enumerate(rows)], rows)[0]
    # another version of SciPy is another program
    other = [{**r, "by": "scipy 0", "gradients": "14"} if i == scipy_row else r for i, r in enumerate(rows)]
    assert differences(MADE, other, rows) == ([], [f"scipy 0 here, {row('bfgs')['by']} committed"])


def test_conclusions_count_the_tasks() -> None:
    rows = MADE.stored()
    counts = {judged.published.split("than ")[-1]: judged.measured for judged in MADE.judge(rows)}
    by_hand = sum(
        hdm_table.spent(a) < hdm_table.spent(b)
        for a in rows for b in rows
        if a["problem"] == "svm" and a["method"] == "hdm_best_tuned" and b["method"] == "lbfgs_10"
        and MADE.key(a)[:3] == MADE.key(b)[:3]
    )  # fmt: skip
    assert counts["L-BFGS with memory 10 (328)"].startswith(f"on {by_hand} of 18 SVM tasks")


def test_figure_shows_every_method_and_nothing_beyond_the_budget() -> None:
    pytest.importorskip("matplotlib")
    from lra_ref.views import table_of

    (drawn,) = MADE.figures(MADE.stored()).values()
    shown = table_of(drawn).rows
    assert len(shown) == 13 * 36
    assert not [r for r in shown if np.isfinite(r[2]) and r[2] > hdm_tasks.BUDGET]


def test_other_data_files_are_taken() -> None:
    made = MADE.files
    assert made is not None
    assert [(task.name, task.data) for task in made(["a1a"])] == [("svm", "a1a"), ("logistic", "a1a")]


@pytest.mark.slow
def test_the_quick_table_is_as_committed() -> None:
    from experiments.reproductions.__main__ import main

    assert main(["hdm_table", "--quick", "--check"]) == 0
