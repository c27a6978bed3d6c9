"""Sweeps: the same records wherever they are computed, directories that resume and grow, what is not kept."""

import concurrent.futures
import dataclasses
import json
import os

import pytest

from lra_ref.runs.store import RunDirectoryError
from lra_ref.sweep import cell, load, sweep
from lra_ref.sweep.estimate import estimate
from lra_ref.sweep.face import PLAN, RESULT
from lra_ref.sweep.grid import Grid

GRID = {"methods": "sgd,adam", "problems": "sphere,rosenbrock", "lr": "1e-3:10:5", "steps": 200, "seeds": 5, "oracle": "gaussian"}


@pytest.fixture(scope="module")
def expected():
    return sweep(**GRID)


def records(result):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in result.records]


class Stop:
    """Interrupts after a number of cells."""

    def __init__(self, cells):
        self.left, self.seen = cells, []

    def __call__(self, done, total, cell, record):
        self.left -= 1
        self.seen.append((done, total, cell.name))
        if self.left == 0:
            raise KeyboardInterrupt


def test_records_are_in_the_order_of_the_grid(expected):
    assert [(record["problem"], record["method"], record["lr"]) for record in expected.records] == [
        (problem, method, lr) for problem in ("sphere", "rosenbrock") for method in ("sgd", "adam") for lr in (1e-3, 1e-2, 0.1, 1.0, 10.0)
    ]
    assert (expected.ok, expected.exit_code, expected.missing, expected.failures) == (True, 0, 0, [])
    data = json.loads(expected.to_json())
    assert set(data) == {"schema", "kind", "environment", "started", "grid", "missing", "ok", "rows", "records"}
    assert len(data["rows"]) == 4


@pytest.mark.parametrize("block", [64, 2])
def test_threads_give_the_same_records(expected, monkeypatch, block):
    monkeypatch.setattr(cell, "BLOCK", block)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert records(sweep(**GRID, executor=pool)) == records(expected)


def test_processes_give_the_same_records(expected, tmp_path):
    assert records(sweep(**GRID, jobs=2, out=tmp_path)) == records(expected)
    assert records(load(tmp_path)) == records(expected)


def test_the_order_of_the_names_does_not_matter(expected):
    turned = sweep(**{**GRID, "methods": ["adam", "sgd"], "problems": ["rosenbrock", "sphere"], "lr": [10.0, 1.0, 0.1, 1e-2, 1e-3]})
    assert records(turned)[::-1] == records(expected)


def test_an_interrupted_sweep_resumes(expected, tmp_path):
    for cells in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            sweep(**GRID, out=tmp_path, progress=Stop(cells))
    found = load(tmp_path)
    assert (len(found.records), found.missing, found.ok) == (8, 12, False)
    show = Stop(0)
    resumed = sweep(**GRID, out=tmp_path, progress=show)
    assert show.seen[0] == (9, 20, "adam on sphere, lr 1")
    assert len(show.seen) == 12
    assert records(resumed) == records(expected)
    assert resumed.started == found.started
    assert json.loads((tmp_path / RESULT).read_text()) == json.loads(resumed.to_json())
    again = sweep(**GRID, out=tmp_path, progress=Stop(1))
    assert again.to_json() == resumed.to_json()


def test_a_directory_grows_with_the_grid_and_knows_what_was_asked_for_last(tmp_path):
    first = sweep(**{**GRID, "methods": "sgd", "problems": "sphere"}, out=tmp_path)
    show = Stop(0)
    more = sweep(**{**GRID, "methods": "sgd,adam", "problems": "sphere", "lr": "0.1,1"}, out=tmp_path, progress=show)
    assert [name for *_, name in show.seen] == ["adam on sphere, lr 0.1", "adam on sphere, lr 1"]
    assert records(more)[:2] == [record for record in records(first) if record["lr"] in (0.1, 1.0)]
    assert records(load(tmp_path)) == records(more)


@pytest.mark.parametrize(("name", "value"), [("steps", 100), ("seeds", 4), ("seed", 1), ("oracle", None), ("problem_set", {"dim": 3})])
def test_other_settings_in_the_same_directory_are_refused_by_name(tmp_path, name, value):
    sweep("sgd", "sphere", lr=0.1, steps=10, seeds=5, oracle="gaussian", out=tmp_path)
    with pytest.raises(RunDirectoryError, match=f"was made with {name} = .*; use another directory"):
        sweep(
            **{"methods": "sgd", "problems": "sphere", "lr": 0.1, "steps": 10, "seeds": 5, "oracle": "gaussian", name: value}, out=tmp_path
        )


def test_a_cell_that_raises_is_kept_and_its_neighbours_are_computed(tmp_path):
    words = {"methods": "clara_adam,sgd", "problems": "sphere", "lr": [0.5, 2.0], "steps": 10, "set": {"lr_max": 1.0}, "out": tmp_path}
    result = sweep(**words)
    assert [record["error"] is None for record in result.records] == [True, False, True, True]
    assert (result.ok, result.exit_code, len(result.failures)) == (False, 1, 1)
    assert sweep(**words, progress=Stop(1)).to_json() == result.to_json()


def test_what_depends_on_the_machine_is_tried_again(tmp_path, monkeypatch):
    words = {"methods": "sgd", "problems": "sphere", "lr": [0.5, 0.1], "steps": 10, "out": tmp_path}
    with monkeypatch.context() as patch:
        patch.setattr(cell, "made", lambda _: (_ for _ in ()).throw(MemoryError()))
        result = sweep(**words)
    assert [record["error"] for record in result.records] == ["MemoryError: MemoryError"] * 2
    assert (result.exit_code, load(tmp_path).missing) == (1, 2)
    assert sweep(**words).ok


def test_a_directory_of_another_command_or_none_is_one_line(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not a folder"):
        load(tmp_path / "none")
    sweep("sgd", "sphere", lr=0.1, steps=5, out=tmp_path)
    (tmp_path / PLAN).write_text("{")
    with pytest.raises(RunDirectoryError, match="is not the plan of a sweep"):
        load(tmp_path)
    (tmp_path / PLAN).unlink()
    with pytest.raises(RunDirectoryError, match="holds no sweep yet"):
        load(tmp_path)


def test_jobs_must_be_a_whole_number():
    with pytest.raises(ValueError, match="jobs must be a whole number >= 1, got 0"):
        sweep("sgd", "sphere", lr=0.1, steps=5, jobs=0)


def test_an_estimate_counts_what_is_left(tmp_path):
    grid = Grid(methods=("sgd", "dog_sgd", "clara_adam"), problems=("sphere",), lr=(0.1, 1.0), steps=50, seeds=3, oracle="gaussian")
    found = estimate(grid, tmp_path / "run")
    assert (found.cells, found.done, found.trajectories) == (5, 0, 15)
    assert found.gradient_evaluations == 15 * 50
    assert found.seconds == found.wall > 0
    assert not (tmp_path / "run").exists()
    sweep("sgd", "sphere", lr="0.1,1", steps=50, seeds=3, oracle="gaussian", out=tmp_path / "run")
    left = estimate(grid, tmp_path / "run", jobs=2)
    assert (left.cells, left.done, left.trajectories) == (5, 2, 9)
    assert left.wall == pytest.approx(left.seconds / min(2, os.cpu_count()), abs=1e-3)
    with pytest.raises(RunDirectoryError, match="was made with steps = 50, asked for 60"):
        estimate(dataclasses.replace(grid, steps=60), tmp_path / "run")


@pytest.mark.parametrize(("processors", "methods", "at_once"), [(2, ("sgd", "adam"), 2), (64, ("sgd", "adam"), 4), (64, ("dog_sgd",), 1)])
def test_an_estimate_promises_no_more_than_processors_and_cells_can_do(monkeypatch, processors, methods, at_once):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    monkeypatch.setattr("lra_ref.sweep.estimate.cost", lambda group: (1.0, 1.0))
    found = estimate(Grid(methods=methods, problems=("sphere",), lr=(0.1, 1.0), steps=60), jobs=8)
    assert found.wall == found.seconds / at_once


ROWS = "1 1:0.5 2:1\n-1 1:-1 2:0.25\n1 1:2 2:-1\n-1 2:-2\n"


def test_a_data_file_that_changes_is_another_cell(tmp_path, monkeypatch):
    data = tmp_path / "rows.svm"
    data.write_text(ROWS)
    words = {"methods": "sgd", "problems": "logistic", "lr": 0.1, "steps": 20, "oracle": "exact", "problem_set": {"data": str(data)}}
    first = sweep(**words, out=tmp_path / "run")
    grid = Grid(methods=("sgd",), problems=("logistic",), lr=(0.1,), steps=20, oracle="exact", problem_set={"data": str(data)})
    (planned,) = grid.cells()
    data.write_text(ROWS.replace("0.5", "0.75"))
    assert grid.cells()[0].key != planned.key
    # a worker that finds other data, or none, computes nothing that would be kept
    (block,) = map(cell.run_block, cell.tasks_of(planned))
    assert (block.error, block.kept) == ("RuntimeError: the data of logistic are not those that the sweep was planned with", False)
    second = sweep(**words, out=tmp_path / "run")
    assert second.records[0]["final"]["loss"] != first.records[0]["final"]["loss"]
    data.unlink()
    (block,) = map(cell.run_block, cell.tasks_of(planned))
    assert block.error.startswith("RuntimeError: logistic cannot be made here: ")
    assert not block.kept
