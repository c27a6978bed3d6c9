"""A cell: its record against runs done by hand, rows, blocks of seeds, what stops, rests and raises."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.engine.run import run
from lra_ref.methods import METHODS, make_method
from lra_ref.oracles import make_oracle
from lra_ref.parts import RATES, WHOLES
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.sweep import Grid, cell, run_cell
from lra_ref.sweep.cell import POINTS, Task, combined, run_block, segments, tasks_of
from lra_ref.sweep.grid import rate_parameter


def cell_of(method="sgd", problem="sphere", lr=0.1, **changed):
    values = {"steps": 300, "seeds": 10, "oracle": "gaussian", "oracle_set": {"sigma": 0.5}}
    return Grid(methods=(method,), problems=(problem,), lr=(lr,), **{**values, **changed}).cells()[0]


def by_hand(lr, steps, n, every=1):
    oracle = make_oracle("gaussian", make_problem("sphere"), sigma=0.5)
    return run(make_method("sgd", lr=lr), oracle, steps=steps, trajectories=n, every=every)


def test_the_record_is_that_of_runs_done_by_hand():
    record, known = run_cell(cell_of()), by_hand(0.1, 300, 10)
    rows = record["curve"]["steps"]
    assert rows[:50] == list(range(50))
    for name in ("loss", "gradient_norm", "rate"):
        values = np.sort(known.records[name][:, rows], axis=0)
        # of ten seeds the first, the fifth and the ninth
        assert record["curve"][name] == {"low": values[0].tolist(), "median": values[4].tolist(), "high": values[8].tolist()}
    assert record["curve"]["gradient_evaluations"] == rows
    assert record["final"]["loss"] == known.records["loss"][:, -1].tolist()
    assert record["final"]["gradient_norm"] == known.records["gradient_norm"][:, -1].tolist()
    assert record["final"]["best_loss"] == known.records["loss"][:, rows].min(axis=1).tolist()
    assert record["final"]["gradient_evaluations"] == [300] * 10
    assert record["status"] == ["running"] * 10
    assert record["seeds"] == list(range(10))
    assert (record["method"], record["parameter"], record["lr"], record["error"]) == ("sgd", "lr", 0.1, None)
    assert (record["dim"], record["f_star"]) == (10, 0.0)


def test_the_record_is_strict_json_with_the_fields_that_are_documented():
    record = run_cell(cell_of())
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    names = "method problem oracle parameter lr settings dim f_star steps seed seeds status seconds error curve final"
    assert list(record) == names.split() or set(record) == set(names.split())
    assert set(record["curve"]) == {"steps", "gradient_evaluations", "loss", "gradient_norm", "rate"}
    assert set(record["final"]) == {"loss", "gradient_norm", "best_loss", "gradient_evaluations"}
    import lra_ref.sweep

    for name in [*names.split(), *record["curve"], *record["final"]]:
        assert name in lra_ref.sweep.__doc__


@given(st.integers(1, 2**47), st.integers(4, POINTS))
def test_segments_end_at_the_last_step_and_have_few_rows(steps, points):
    found, before, rows = segments(steps, points), 0, 0
    for end, every in found:
        assert end > before
        assert before % every == 0
        assert end % every == 0 or end == steps
        rows, before = rows + -(-(end - before) // every), end
    assert before == steps
    assert found[0][1] == 1
    # one row for every octave of the largest number of steps is the least
    assert rows <= max(points, 48 + 2)


@pytest.mark.parametrize("steps", [1, 2, 199, 200, 201, 777, 1000])
def test_rows_are_those_of_one_long_run(steps):
    record, known = run_cell(cell_of(steps=steps, seeds=2)), by_hand(0.1, steps, 2)
    rows = record["curve"]["steps"]
    assert (rows[0], rows[-1], len(rows) <= POINTS + 1, sorted(set(rows)) == rows) == (0, steps, True, True)
    assert record["curve"]["loss"]["low"] == known.records["loss"][:, rows].min(axis=0).tolist()


def test_slices_do_not_change_the_numbers(monkeypatch):
    whole = run_cell(cell_of(steps=1000))
    monkeypatch.setattr(cell, "SLICE", 0.0)
    small = run_cell(cell_of(steps=1000))
    assert {**small, "seconds": 0} == {**whole, "seconds": 0}


def test_blocks_of_seeds_do_not_change_the_record(monkeypatch):
    one = cell_of("gala_sgd", "rosenbrock", lr=0.01)
    whole = run_cell(one)
    monkeypatch.setattr(cell, "BLOCK", 3)
    tasks = tasks_of(one)
    assert [(task.first, task.count) for task in tasks] == [(0, 3), (3, 3), (6, 3), (9, 1)]
    assert {**run_cell(one), "seconds": 0} == {**whole, "seconds": 0}


def test_a_seed_that_diverges_is_infinitely_bad_from_there_on():
    record = run_cell(cell_of("sgd", "rosenbrock", lr=0.006, oracle_set={"sigma": 16.0}, steps=200))
    failed = [status == "nonfinite_gradient" for status in record["status"]]
    assert 0 < sum(failed) < 10, "the case must have both kinds of seeds"
    assert [loss is None for loss in record["final"]["loss"]] == failed
    assert [norm is None for norm in record["final"]["gradient_norm"]] == failed
    assert None not in record["final"]["best_loss"]
    assert all((count < 200) == stopped for count, stopped in zip(record["final"]["gradient_evaluations"], failed, strict=True))
    high = record["curve"]["loss"]["high"]
    assert high[0] is not None
    assert high[-1] is None
    assert high == [*high[: high.index(None)], *[None] * (len(high) - high.index(None))]


def test_a_seed_that_rests_keeps_its_last_values():
    record = run_cell(cell_of("armijo_sgd", "sphere", lr=1.0, oracle=None, oracle_set={}, steps=300))
    assert record["status"] in (["trials_exhausted"], ["stationary"], ["running"])
    oracle = make_problem("sphere")
    known = run(make_method("armijo_sgd", eta_0=1.0), oracle, steps=300)
    loss, gradient = oracle.value_and_gradient(known.x[0])
    assert record["final"]["loss"] == [float(loss)]
    # ten squares added in another order
    assert record["final"]["gradient_norm"][0] == pytest.approx(float(np.linalg.norm(gradient)), rel=20 * 2.3e-16)
    assert record["curve"]["loss"]["median"][-1] == float(loss)
    assert record["curve"]["gradient_evaluations"][-1] == known.state.counts[0, 0]


def test_there_is_a_case_that_rests_before_the_end():
    found = run_cell(cell_of("hdm", "sphere", oracle=None, oracle_set={}, steps=400, set={"hdm.tol": 1e-3}))
    assert Status[found["status"][0].upper()] in cell.RESTED
    assert found["final"]["gradient_evaluations"][0] < 400
    assert found["final"]["loss"][0] is not None
    assert found["curve"]["loss"]["median"][-1] == found["final"]["loss"][0] <= found["final"]["best_loss"][0]
    assert found["final"]["best_loss"][0] == min(found["curve"]["loss"]["median"])
    assert None not in found["curve"]["rate"]["median"]


def test_seeds_that_have_all_stopped_have_their_rows_to_the_end(monkeypatch):
    one = cell_of("sgd", "rosenbrock", lr=0.006, oracle_set={"sigma": 16.0}, steps=400)
    whole = run_cell(one)
    monkeypatch.setattr(cell, "BLOCK", 1)  # some blocks stop early, others do not
    assert {**run_cell(one), "seconds": 0} == {**whole, "seconds": 0}
    gone = run_cell(cell_of("sgd", "rosenbrock", lr=10.0, oracle=None, oracle_set={}, steps=400))
    assert gone["status"] == ["nonfinite_gradient"]
    assert gone["curve"]["steps"][-1] == 400
    assert gone["curve"]["loss"]["low"][-1] is None


@pytest.mark.parametrize(("status", "stands"), [(Status.NONFINITE_RATE, False), (Status.STATIONARY, True), (Status.RUNNING, True)])
def test_a_seed_that_stops_in_its_last_row(status, stands):
    current = by_hand(0.1, 50, 2)
    current.state.status[1] = status
    values = cell._settled(current)
    assert np.isfinite([values["loss"][0, -1], values["gradient_norm"][0, -1]]).all()
    assert np.isfinite([values["loss"][1, -1], values["gradient_norm"][1, -1]]).all() == stands
    assert np.isfinite(values["loss"][1, :-1]).all()


def test_what_raises_for_its_numbers_is_a_result_that_is_kept():
    one = dataclasses.replace(cell_of("clara_adam", lr=0.5, set={"lr_max": 1.0}), lr=2.0)
    record, kept = combined(one, [run_block(task) for task in tasks_of(one)])
    assert kept
    assert record["error"] == "lr must be between lr_min = 0 and lr_max = 1.0, got 2"
    assert record["status"] == ["failed"] * 10
    assert (record["curve"], record["final"]) == (None, None)
    assert "\n" not in record["error"]


@pytest.mark.parametrize(("raised", "kept"), [(MemoryError(), False), (OSError("no disk"), False), (ZeroDivisionError("x"), True)])
def test_what_depends_on_the_machine_is_not_kept(monkeypatch, raised, kept):
    def fail(_):
        raise raised

    monkeypatch.setattr(cell, "made", fail)
    record, keep = combined(cell_of(), [run_block(task) for task in tasks_of(cell_of())])
    assert keep == kept
    assert type(raised).__name__ in record["error"] or str(raised) == record["error"]


def test_one_failed_block_fails_the_cell():
    one = dataclasses.replace(cell_of(), seeds=2)
    good, bad = run_block(Task(one, 0, 1)), cell.lost_block(Task(one, 1, 1), "its worker died")
    record, kept = combined(one, [good, bad])
    assert (record["error"], record["status"], kept) == ("its worker died", ["failed"] * 2, False)


def every_method():
    """Every rate along sgd, and every method that is no composition, with what it has to be told."""
    given = {"cosine_sgd": {"T_max": 300}, "step_sgd": {"step_size": 100}}
    names = [f"{rate}_sgd" for rate in RATES if rate not in ("constant", "coordinatewise")] + list(METHODS) + list(WHOLES)
    for name in names:
        try:
            make_method(name, **given.get(name, {}))
        except ValueError:
            continue  # needs numbers of a certain problem
        yield name, given.get(name, {})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "given"), list(every_method()), ids=lambda value: value if isinstance(value, str) else "")
def test_the_record_of_every_method_is_that_of_one_long_run(name, given):
    lr = (0.02,) if rate_parameter(name) else ()
    one = Grid(methods=(name,), problems=("logistic",), lr=lr, steps=300, seeds=2, set=given).cells()[0]
    record = run_cell(one)
    assert record["error"] is None
    method, oracle = cell.made(one)
    known = run(method, oracle, steps=300, trajectories=2)
    assert record["status"] == [status.name.lower() for status in known.status]
    assert record["final"]["gradient_evaluations"] == known.state.counts[:, 0].tolist()
    rows, running = record["curve"]["steps"], [status == Status.RUNNING for status in known.status]
    for quantity in ("loss", "gradient_norm", "rate"):
        values = known.records[quantity][:, rows]
        if all(running):
            assert record["curve"][quantity]["low"] == [value if np.isfinite(value) else None for value in values.min(axis=0).tolist()]
    assert all(loss == last for loss, last, on in zip(record["final"]["loss"], known.records["loss"][:, -1], running, strict=True) if on)
