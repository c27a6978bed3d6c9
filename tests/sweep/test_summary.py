"""The summary: best rates, good ranges, failures; and the table."""

from pathlib import Path

from lra_ref.sweep import Result
from lra_ref.sweep.summary import best_of, by_method, rows_of, targets
from lra_ref.sweep.table import text_of


def record(method, lr, start, final, problem="sphere", failed=0, error=None):
    """A record with the fields that the summary reads: two seeds with the same losses."""
    if error is not None:
        curve = end = None
    else:
        band = {side: [start, final] for side in ("low", "median", "high")}
        curve = {"loss": band, "gradient_norm": band, "rate": band}
        end = {"loss": [None] * failed + [final] * (2 - failed)}
    parameter = None if lr is None else "lr"
    common = {"method": method, "problem": problem, "parameter": parameter, "lr": lr, "seeds": [0, 1], "error": error}
    return {**common, "curve": curve, "final": end}


SGD = [record("sgd", lr, 100.0, final) for lr, final in ((0.001, 50.0), (0.01, 5.0), (0.1, 1.0), (1.0, 20.0), (10.0, 10.0))]


def test_the_best_rate_and_the_range_around_it():
    (row,) = rows_of(SGD)
    # the target is 1 + 99 / 10
    assert targets(SGD) == {"sphere": 10.9}
    assert (row["best_lr"], row["loss"]["median"], row["good"], row["good_rates"]) == (0.1, 1.0, [0.01, 0.1], 3)
    assert (row["rates"], row["failed_seeds"], row["seeds"], row["errors"]) == (5, 0, 10, 0)
    assert rows_of(SGD[::-1]) == [row]


def test_of_equal_losses_the_smaller_rate_is_best_in_any_order():
    equal = [record("sgd", lr, 100.0, final) for lr, final in ((1.0, 3.0), (0.1, 2.0), (10.0, 2.0), (0.01, 2.0), (0.001, None))]
    assert [best_of(some)["lr"] for some in (equal, equal[::-1], equal[:3], equal[-1:])] == [0.01, 0.01, 0.1, 0.001]
    adam = record("adam", 0.1, 100.0, 0.0)
    assert by_method([equal[0], adam, equal[1]]) == {"sgd": equal[:2], "adam": [adam]}


def test_the_target_is_that_of_the_best_method_on_the_problem():
    adam = [record("adam", 0.1, 100.0, 0.0), record("adam", 1.0, 100.0, 3.0, problem="rosenbrock")]
    rows = rows_of([*SGD, *adam])
    assert [(row["problem"], row["method"]) for row in rows] == [("sphere", "sgd"), ("sphere", "adam"), ("rosenbrock", "adam")]
    assert (rows[0]["good"], rows[0]["good_rates"]) == ([0.01, 0.1], 3)
    far = [record("sgd", lr, 100.0, 60.0) for lr in (0.1, 1.0)]
    row = rows_of([*far, *adam])[0]
    # of equal losses the smaller rate; none has come far enough
    assert (row["best_lr"], row["good"], row["good_rates"]) == (0.1, None, 0)


def test_failures_are_counted_and_a_method_may_have_no_rate():
    rows = rows_of([record("sgd", 0.1, 1.0, None, failed=2), record("sgd", 1.0, 1.0, 5.0, error="no"), record("dog_sgd", None, 1.0, 0.5)])
    assert (rows[0]["best_lr"], rows[0]["loss"], rows[0]["failed_seeds"], rows[0]["errors"]) == (None, None, 4, 1)
    assert (rows[1]["best_lr"], rows[1]["loss"]["median"], rows[1]["good"], rows[1]["good_rates"]) == (None, 0.5, None, 1)


def test_nothing_is_good_where_nothing_went_down():
    rows = rows_of([record("sgd", 0.1, 1.0, 2.0), record("sgd", 1.0, None, None, failed=2)])
    assert (rows[0]["good_rates"], rows[0]["best_lr"]) == (0, 0.1)
    assert rows_of([]) == []


def test_the_table_names_what_failed():
    records = [*SGD, record("adam", 0.1, 1.0, 0, error="lr must be small"), record("dog_sgd", None, 100.0, 7.0)]
    text = text_of(Result({"steps": 10, "seeds": 2}, {}, records, "now", 0, Path("x")))
    lines = text.splitlines()
    assert lines[0].split()[:2] == ["method", "problem"]
    assert lines[1].split() == "sgd sphere lr 0.1 1 1 .. 1 1 0.01 .. 0.1 (3 of 5) 0 of 10".split()
    assert lines[3].split()[:4] == ["dog_sgd", "sphere", "-", "7"]
    assert lines[-1] == "FAILED adam on sphere, lr 0.1: lr must be small"
    many = [record("adam", lr, 1.0, 0, error="no") for lr in range(1, 12)]
    assert text_of(Result({"steps": 10, "seeds": 2}, {}, many, "now")).splitlines()[-1] == "FAILED: 3 more cells"


def test_one_good_rate_is_no_interval_and_a_failed_quantile_is_infinite():
    records = [record("sgd", 0.1, 100.0, 1.0), record("adam", 0.1, 100.0, None, failed=2)]
    records[0]["curve"]["loss"] = {"low": [100.0, 1.0], "median": [100.0, 1.0], "high": [100.0, None]}
    _, first, second, *_ = text_of(Result({"steps": 10, "seeds": 2}, {}, records, "now")).splitlines()
    assert first.split() == "sgd sphere lr 0.1 1 1 .. inf 1 0.1 (1 of 1) 0 of 2".split()
    assert second.split() == "adam sphere - - - - 0 of 1 2 of 2".split()
