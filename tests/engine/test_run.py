"""Runs: threads, resuming, freezing, sweeps, records, invalid input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lra_ref.engine.run import Run, run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import MESSAGES, Status
from tests.engine.cases import assert_same_run, edge, methods, noisy


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_thread_counts_give_the_same_bits(method: Method) -> None:
    runs = [run(method, noisy(), steps=30, trajectories=5, seed=3, every=4, threads=threads) for threads in (1, 2, 8)]
    assert_same_run(runs[0], runs[1])
    assert_same_run(runs[0], runs[2])


def test_trajectories_do_not_depend_on_their_neighbours() -> None:
    method = make_method("gala_sgd", eta_0=0.01)
    together = run(method, noisy(), steps=25, trajectories=6, seed=2)
    for i in (0, 3, 5):
        alone = run(method, noisy(), steps=25, trajectories=1, seed=2, first=i)
        assert np.array_equal(alone.x[0], together.x[i])
        for name, column in alone.records.items():
            assert np.array_equal(column[0], together.records[name][i]), name


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(methods()), st.integers(0, 20), st.integers(0, 20), st.integers(1, 7), st.integers(1, 3))
def test_resuming_at_any_step_equals_one_long_run(method: Method, before: int, after: int, every: int, threads: int) -> None:
    case: dict[str, Any] = {"trajectories": 3, "seed": 1, "every": every}
    long = run(method, noisy(), steps=before + after, **case)
    short = run(method, noisy(), steps=before, **case)
    untouched = short.state.copy()
    assert_same_run(short.resume(after, threads=threads), long)
    assert_same_run(Run(**{**vars(short), "state": untouched}), short)


@pytest.mark.parametrize("every", [1, 2, 3, 7, 100])
def test_records_are_the_multiples_and_the_last(every: int) -> None:
    method = make_method("gala_sgd", eta_0=0.01)
    full, thin = run(method, noisy(), steps=20, seed=4), run(method, noisy(), steps=20, seed=4, every=every)
    assert thin.steps.tolist() == sorted({*range(0, 20, every), 20})
    for name, column in thin.records.items():
        assert np.array_equal(column, full.records[name][:, thin.steps]), name
    assert np.array_equal(thin.x, full.x)


def test_records_describe_the_point_before_the_move() -> None:
    problem = make_problem("ellipsoid", dim=4, condition=5.0)
    done = run(compose("sgd", lr=0.01), problem, steps=3)
    x = problem.start.copy()
    for t in range(4):
        last, (value, gradient) = x, problem.value_and_gradient(x)
        assert done.records["loss"][0, t] == value
        assert done.records["gradient_norm"][0, t] == pytest.approx(np.linalg.norm(gradient), rel=1e-14)  # two roundings of 4 squares
        assert done.records["gradient_evaluations"][0, t] == t
        x = x - 0.01 * gradient
    assert np.array_equal(done.x[0], last)


def test_a_run_of_no_steps_records_the_start() -> None:
    done = run(make_method("gala_sgd"), noisy(), steps=0, trajectories=2)
    assert done.steps.tolist() == [0]
    assert np.array_equal(done.x, np.broadcast_to(noisy().problem.start, (2, 5)))


def test_one_method_per_trajectory_is_a_sweep() -> None:
    sweep = [compose("adam", lr=lr) for lr in (1e-3, 1e-2, 1e-1)]
    together = run(sweep, noisy(), steps=15, seed=9)
    for i, method in enumerate(sweep):
        assert np.array_equal(run(method, noisy(), steps=15, seed=9, first=i).x[0], together.x[i])
    assert together.x.shape == (3, 5)


def test_blocks_have_rates_and_norms_of_their_own() -> None:
    method = compose("normalized", norm="block")
    one, two = run(method, noisy(), steps=5), run(method, noisy(), steps=5, offsets=[0, 2, 5])
    assert np.array_equal(two.offsets, [0, 2, 5])
    assert not np.array_equal(one.x, two.x)
    # two unit vectors: |d| = sqrt 2, to the rounding of five squares
    assert two.records["direction_norm"][0] == pytest.approx(np.sqrt(2), rel=1e-14)


def test_the_users_start_is_not_modified_and_may_be_any_layout() -> None:
    start = np.arange(30.0).reshape(5, 6)[:, ::2].T
    start.flags.writeable = False
    kept = start.copy()
    integers = run(compose("sgd", lr=0.01), noisy(), steps=4, x0=[1, 2, 3, 4, 5])
    assert np.array_equal(integers.x, run(compose("sgd", lr=0.01), noisy(), steps=4, x0=np.arange(1.0, 6)).x)
    done = run(compose("sgd", lr=0.01), noisy(), steps=4, x0=start, trajectories=3)
    assert np.array_equal(start, kept)
    assert np.array_equal(done.x[1], run(compose("sgd", lr=0.01), noisy(), steps=4, x0=kept[1], first=1).x[0])


# --- freezing -------------------------------------------------------------------------------------------------------------------
def _statuses() -> dict[Status, tuple[Method, Any, list[Any]]]:
    """For every status a method, a problem and two starts, the second of which comes to it within ten steps."""
    sphere = make_problem("sphere", dim=3)
    gala = {"point": "end", "samples": "same", "feedback": "gradient", "clip": False}
    return {
        Status.NONFINITE_GRADIENT: (compose("sgd", lr=2.5), edge(), [np.zeros(3), np.ones(3)]),
        Status.NONFINITE_FEEDBACK: (compose("sgd", "gala", eta_0=0.1, **gala), sphere, [np.ones(3), np.full(3, 5e153)]),
        Status.NONFINITE_RATE: (compose("sgd", "polyak", f_star=-1e308), sphere, [np.zeros(3), np.full(3, 1e-3)]),
        Status.NONFINITE_POINT: (compose("sgd", lr=1e300), make_problem("sphere", dim=3), [np.zeros(3), np.full(3, 1e10)]),
        Status.COIN_OUT_OF_RANGE: (compose("sgd", "gala", eta_0=0.01, learner="kt", bound=30.0), sphere, [np.ones(3), np.full(3, 10.0)]),
        Status.TRIALS_EXHAUSTED: (compose("sgd", "armijo", eta_0=64.0, max_trials=3), sphere, [np.zeros(3), np.ones(3)]),
        # no gradient, no path: the exponent is C sqrt(3)/alpha (0 - mu_t), about -1.1 t, and e^-60 is enough
        Status.RATE_VANISHED: (compose("sgd", "alera", lr=1e-300, alpha=0.01, C=65.0), sphere, [np.ones(3), np.zeros(3)]),
        Status.LOSS_NOT_POSITIVE: (compose("sgd", "salera"), sphere, [np.ones(3), np.zeros(3)]),
        # F'' = 6 x^2 - 16 < 0 at 0
        Status.CURVATURE_NOT_POSITIVE: (
            make_method("layerwise"),
            make_problem("styblinski_tang", dim=3),
            [np.full(3, -3.0), np.zeros(3)],
        ),
        Status.STATIONARY: (make_method("hdm"), sphere, [np.ones(3), np.zeros(3)]),
    }


@pytest.mark.parametrize("status", [status for status in Status if status], ids=lambda s: s.name)
def test_a_trajectory_freezes_alone_at_its_last_finite_state(status: Status) -> None:
    method, problem, starts = _statuses()[status]
    case: dict[str, Any] = {"steps": 10, "seed": 0}
    both = run(method, problem, x0=np.array(starts), trajectories=2, threads=2, **case)
    assert both.status == [Status.RUNNING, status]
    assert both.status[1].message == MESSAGES[status]
    fine, broken = (run(method, problem, x0=start, first=i, **case) for i, start in enumerate(starts))
    assert np.array_equal(both.x[0], fine.x[0])
    assert np.array_equal(both.x[1], broken.x[0])
    for name, column in both.records.items():
        assert np.array_equal(column[:1], fine.records[name], equal_nan=True), name
    # the late sums belong to the feedback of the next step, which is where an infinite one is named
    assert all(np.all(np.isfinite(value)) for name, value in vars(both.state).items() if name != "late")
    # the run up to the failing step left the very same state
    stop = int(np.sum(~np.isnan(both.records["loss"][1]))) - (status is not Status.NONFINITE_GRADIENT)
    before = run(method, problem, x0=starts[1], first=1, steps=stop, seed=0)
    for name, value in vars(before.state).items():
        if name not in ("t", "status"):
            assert np.array_equal(value, getattr(both.state, name)[1:]), name
    # nothing is recorded after it but the status
    assert np.all(both.records["status"][1, stop + 1 :] == status)
    assert np.all(np.isnan(both.records["loss"][1, stop + 1 :]))
    # and it stays frozen
    assert_same_run(both.resume(5), run(method, problem, x0=np.array(starts), trajectories=2, steps=15, seed=0))


def test_a_failing_trajectory_is_rerun_without_recording_twice() -> None:
    done = run(compose("sgd", lr=2.5), edge(), steps=10, every=1)
    alone = run(compose("sgd", lr=2.5), edge(), steps=10, every=3)
    assert np.array_equal(done.records["loss"][:, alone.steps], alone.records["loss"], equal_nan=True)
    assert done.status == [Status.NONFINITE_GRADIENT]


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"steps": -1}, "steps must be a whole number of at least 0, got -1"),
    ({"steps": 2.0}, "steps must be a whole number of at least 0, got 2.0"),
    ({"every": 0}, "every must be a whole number of at least 1, got 0"),
    ({"threads": 0}, "threads must be a whole number of at least 1, got 0"),
    ({"threads": True}, "threads must be a whole number of at least 1, got True"),
    ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
    ({"seed": 2**64}, r"seed must be a whole number in \[0, 2\^64\)"),
    ({"first": 2**32}, r"trajectory must be a whole number in \[0, 2\^32\)"),
    ({"first": 2**32 - 1, "trajectories": 2}, r"trajectory must be a whole number in \[0, 2\^32\)"),
    ({"trajectories": 0}, "trajectories must be a whole number of at least 1, got 0"),
    ({"x0": [1.0, 2.0]}, r"x0 must have shape \(\.\.\., 5\), got \(2,\)"),
    ({"x0": np.ones((2, 5)), "trajectories": 3}, r"x0 must have shape \(5,\) or \(3, 5\), got \(2, 5\)"),
    ({"x0": np.ones((1, 1, 5))}, r"x0 must have shape \(5,\) or \(1, 5\)"),
    ({"x0": [1, 2, np.nan, 4, 5]}, r"x0 must be finite, got nan at index \(2,\)"),
    ({"x0": [1j] * 5}, "x0 must be an array of real numbers, got dtype complex128"),
    ({"offsets": [0, 3]}, "offsets must be whole numbers rising from 0 to 5"),
    ({"offsets": [0, 3, 3, 5]}, "offsets must be whole numbers rising from 0 to 5"),
]


@pytest.mark.parametrize(("arguments", "message"), INVALID, ids=lambda value: str(value)[:40])
def test_invalid_arguments_are_refused_in_one_line(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        run(compose("sgd"), noisy(), **{"steps": 3, **arguments})
    assert "\n" not in str(caught.value)


def test_methods_of_one_run_must_match() -> None:
    with pytest.raises(ValueError, match="got an empty list"):
        run([], noisy(), steps=1)
    with pytest.raises(ValueError, match="got 2 for 3 trajectories"):
        run([compose("sgd"), compose("sgd")], noisy(), steps=1, trajectories=3)
    with pytest.raises(ValueError, match="they may differ in numbers only"):
        run([compose("sgd"), compose("adam")], noisy(), steps=1)
    with pytest.raises(ValueError, match="they may differ in numbers only"):
        run([compose("sgd", "gala", point="end"), compose("sgd", "gala")], noisy(), steps=1)
    with pytest.raises(ValueError, match="expected a problem or an oracle, got str"):
        run(compose("sgd"), "sphere", steps=1)  # type: ignore[arg-type]


def test_samples_are_those_of_the_oracle() -> None:
    problem = make_problem("sphere", dim=3)
    oracle = make_oracle("gaussian", problem, sigma=1.0)
    done = run(compose("sgd", lr=0.25), oracle, steps=2, seed=11, first=7)
    x = problem.start
    for t in range(2):
        x = x - 0.25 * oracle.evaluate(x, oracle.sample(11, 7, t))[1]
    assert np.array_equal(done.x[0], x)
