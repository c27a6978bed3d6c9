"""Ask/tell: the very points of a run, exact saving, and answers that are refused without harm."""

from __future__ import annotations

import io
from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Evaluation, Info, Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array
from tests.engine.cases import STREAMS, answer, assert_same_state, edge, methods, noisy


def drive(optimizer: Optimizer, oracle: Oracle, steps: int, **key: int) -> list[Info]:
    """``steps`` steps by ask and tell."""
    infos: list[Info] = []
    while len(infos) < steps and (wanted := optimizer.ask()):
        info = optimizer.tell([answer(oracle, e.x, e.sample, e.v, **key) for e in wanted])
        if info is not None:
            infos.append(info)
    return infos


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
@pytest.mark.parametrize("offsets", [None, [0, 2, 5]], ids=["one", "two"])
def test_the_points_are_those_of_a_run(method: Method, offsets: list[int] | None) -> None:
    oracle, steps = noisy(), 15
    done = run(method, oracle, steps=steps, trajectories=1, seed=6, first=3, offsets=offsets)
    optimizer = Optimizer(method, oracle.problem.start, offsets, seed=6, trajectory=3)
    infos = drive(optimizer, oracle, steps, seed=6, trajectory=3)
    assert np.array_equal(optimizer.x, done.x[0])
    assert [info.rate for info in infos] == done.records["rate"][0, :-1].tolist()
    assert [info.loss for info in infos] == done.records["sample_loss"][0, :-1].tolist()
    assert [info.gradient_evaluations for info in infos] == done.records["gradient_evaluations"][0, 1:].tolist()
    assert [info.loss_evaluations for info in infos] == done.records["loss_evaluations"][0, 1:].tolist()
    for name in set(infos[-1].scalars) & set(done.records):
        if method.rate.retry is None:  # the record shows what a search left
            assert [info.scalars[name] for info in infos] == done.records[name][0, :-1].tolist()
    state = optimizer.state_dict()
    for row, name in enumerate(method.rate.vectors):
        assert np.array_equal(state[f"rate.{name}"], done.state.r_vec[0, row])
    for row, name in enumerate(method.direction.vectors):
        assert np.array_equal(state[f"direction.{name}"], done.state.d_vec[0, row])
    assert (optimizer.t, optimizer.status, optimizer.rate) == (steps, Status.RUNNING, infos[-1].rate)


def test_step_with_a_closure_is_the_same() -> None:
    for name in ("gala_sgd", "armijo_sgd"):
        method, oracle = make_method(name, eta_0=0.02), noisy()
        one, two = Optimizer(method, oracle.problem.start), Optimizer(method, oracle.problem.start)
        infos = [one.step(partial(answer, oracle)) for _ in range(8)]
        assert infos == drive(two, oracle, 8)
        assert np.array_equal(one.x, two.x)


def test_what_is_asked_for() -> None:
    optimizer = Optimizer(make_method("gala_nsgdm"), np.ones(2))
    assert [(e.sample, e.needs) for e in optimizer.ask()] == [(("step", 0), "loss and gradient")]
    optimizer.tell([(1.0, np.ones(2))])
    asked = optimizer.ask()
    assert [e.sample for e in asked] == [("step", 1), ("fresh", 0), ("fresh", 0), ("step", 1)]
    assert {e.needs for e in asked} == {"loss and gradient"}
    assert np.array_equal(asked[0].x, optimizer.x)
    assert np.array_equal(asked[2].x, np.ones(2))
    search = Optimizer(make_method("armijo_sgd", eta_0=0.5), np.ones(2))
    assert search.tell([(1.0, np.ones(2))]) is None
    (trial,) = search.ask()
    assert (trial.sample, trial.needs) == (("step", 0), "loss")
    assert np.array_equal(trial.x, [0.5, 0.5])
    assert search.tell([2.0]) is None
    assert np.array_equal(search.ask()[0].x, [0.75, 0.75])
    info = search.tell([0.5])
    assert info is not None
    assert (info.t, info.rate, info.gradient_evaluations, info.loss_evaluations) == (0, 0.25, 1, 2)


def test_the_same_name_is_the_same_minibatch() -> None:
    problem = make_problem("logistic", n=30, dim=3)
    oracle = make_oracle("minibatch", problem, batch=4, replacement="without")
    seen: dict[tuple[str, int], list[Array]] = defaultdict(list)

    def closure(x: Array, sample: tuple[str, int]) -> tuple[Any, Array]:
        rows = oracle.sample(0, 0, sample[1], STREAMS[sample[0]])
        seen[sample].append(rows)
        return problem.value_and_gradient(x, rows)

    optimizer = Optimizer(make_method("gala_sgd", eta_0=0.1), problem.start)
    for _ in range(6):
        optimizer.step(closure)
    assert np.array_equal(optimizer.x, run(make_method("gala_sgd", eta_0=0.1), oracle, steps=6).x[0])
    assert sorted(seen) == [("fresh", t) for t in range(5)] + [("step", t) for t in range(6)]
    assert [len(seen["fresh", t]) for t in range(5)] == [2] * 5


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_saving_and_going_on_is_exact(method: Method) -> None:
    oracle, start = noisy(), noisy().problem.start
    long = Optimizer(method, start, seed=2)
    drive(long, oracle, 12, seed=2)
    for before in (0, 1, 5):
        first = Optimizer(method, start, seed=2)
        drive(first, oracle, before, seed=2)
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **first.state_dict())
        file.seek(0)
        second = Optimizer(method, np.zeros(5))
        with np.load(file) as state:
            second.load_state_dict(dict(state))
        assert_same_state(second.state_dict(), first.state_dict())
        drive(second, oracle, 12 - before, seed=2)
        assert_same_state(second.state_dict(), long.state_dict())


def test_saving_within_a_search_repeats_the_step() -> None:
    method, oracle = make_method("armijo_sgd", eta_0=64.0), noisy()
    one, two = (Optimizer(method, oracle.problem.start) for _ in range(2))
    one.tell([answer(oracle, e.x, e.sample) for e in one.ask()])
    one.tell([answer(oracle, e.x, e.sample) for e in one.ask()])
    two.load_state_dict(one.state_dict())
    assert [e.needs for e in one.ask()] == ["loss"]
    assert [e.needs for e in two.ask()] == ["loss and gradient"]
    drive(one, oracle, 3)
    drive(two, oracle, 3)
    assert_same_state(one.state_dict(), two.state_dict())


def test_foreign_states_are_refused_and_change_nothing() -> None:
    method = make_method("gala_sgd")
    optimizer = Optimizer(method, np.ones(3))
    before = optimizer.state_dict()
    fine = Optimizer(method, np.zeros(3)).state_dict()
    for other, message in (
        (Optimizer(make_method("sgd"), np.ones(3)).state_dict(), "state does not belong to gala_sgd; missing or extra: .*rate.x_prev"),
        (Optimizer(make_method("gala_sgd", eta_0=0.2), np.ones(3)).state_dict(), "state has another method: "),
        (Optimizer(method, np.ones(4)).state_dict(), r"x must be float64 of shape \(3,\), got float64 of shape \(4,\)"),
        (Optimizer(method, np.ones(3), [0, 1, 3]).state_dict(), "must be|other offsets"),
        ({**fine, "schema": 2}, "state has another schema: 2, expected 1"),
        ({**fine, "x": np.zeros(3, dtype=np.float32)}, "x must be float64 of shape"),
        ({**fine, "more": 1}, "state does not belong to gala_sgd; missing or extra: more"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(other)
        assert_same_state(optimizer.state_dict(), before)


def test_user_arrays_are_not_touched_and_may_be_of_any_layout() -> None:
    start = np.arange(10.0)[::2]
    start.flags.writeable = False
    gradient = np.ones((5, 2))[:, 0]
    gradient.flags.writeable = False
    optimizer = Optimizer(compose("momentum", lr=0.1), start)
    for _ in range(3):
        (wanted,) = optimizer.ask()
        wanted.x[:] = np.nan  # a copy: this harms nobody
        optimizer.x[:] = np.nan
        optimizer.tell([(np.float32(1.0), gradient)])
    assert np.array_equal(start, [0, 2, 4, 6, 8])
    assert np.array_equal(gradient, np.ones(5))
    assert np.isfinite(optimizer.x).all()
    integers = Optimizer(compose("sgd", lr=0.5), [1, 2])
    integers.tell([(np.array([3]), [2, 2])])
    assert np.array_equal(integers.x, [0.0, 1.0])


def test_gradients_that_are_overwritten_by_their_owner_are_not_kept_by_reference() -> None:
    # this method keeps d_t, which is the gradient itself
    method, oracle = make_method("gala_sgd", eta_0=0.02), noisy()
    optimizer, other = (Optimizer(method, oracle.problem.start) for _ in range(2))
    buffers = np.empty((3, 5))
    for _ in range(4):
        asked = optimizer.ask()
        losses = []
        for buffer, wanted in zip(buffers, asked, strict=False):
            loss, buffer[:] = answer(oracle, wanted.x, wanted.sample)
            losses.append(loss)
        optimizer.tell([(loss, buffer) for loss, buffer in zip(losses, buffers, strict=False)])
        buffers[:] = np.nan
    drive(other, oracle, 4)
    assert_same_state(optimizer.state_dict(), other.state_dict())


BAD_ANSWERS: list[tuple[Any, str]] = [
    (None, "answers must be a list of 1, one per evaluation asked for, got NoneType"),
    ([], "answers must be a list of 1, one per evaluation asked for, got 0"),
    ((1.0, np.ones(3)), "answers must be a list of 1, one per evaluation asked for, got 2"),
    ([1.0], r"answer 0 must be a pair \(loss, gradient\), got float"),
    ([(1.0,)], r"answer 0 must be a pair \(loss, gradient\), got tuple"),
    ([(1j, np.ones(3))], "the loss of answer 0 must be a real number, got complex128"),
    ([(True, np.ones(3))], "the loss of answer 0 must be a real number, got bool"),
    ([(np.ones(2), np.ones(3))], r"the loss of answer 0 must be a real number, got float64 of shape \(2,\)"),
    ([(1.0, np.ones(4))], r"the gradient of answer 0 must have shape \(\.\.\., 3\), got \(4,\)"),
    ([(1.0, np.ones((1, 3)))], r"the gradient of answer 0 must have shape \(3,\), got \(1, 3\)"),
    ([(1.0, 2.0)], "the gradient of answer 0 must have at least one axis, got a scalar"),
    ([(1.0, np.ones(3, dtype=complex))], "the gradient of answer 0 must be an array of real numbers, got dtype complex128"),
    ([(1.0, ["a", "b", "c"])], "the gradient of answer 0 must be an array of real numbers"),
]


@pytest.mark.parametrize(("answers", "message"), BAD_ANSWERS, ids=[message[:50] for _, message in BAD_ANSWERS])
def test_bad_answers_are_refused_and_change_nothing(answers: Any, message: str) -> None:
    optimizer = Optimizer(make_method("gala_sgd"), np.ones(3))
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.tell(answers)
    assert_same_state(optimizer.state_dict(), before)


@pytest.mark.parametrize("answers", [(np.nan, np.ones(2)), (1.0, np.array([1.0, np.inf])), (np.inf, np.ones(2))])
def test_answers_that_are_not_finite_stop_with_the_state_kept(answers: Any) -> None:
    optimizer = Optimizer(compose("adam"), np.ones(2))
    optimizer.tell([(1.0, np.ones(2))])
    before = {k: v for k, v in optimizer.state_dict().items() if k not in ("status", "info")}
    info = optimizer.tell([answers])
    assert info is not None
    assert info.status is optimizer.status is Status.NONFINITE_GRADIENT
    assert_same_state({k: v for k, v in optimizer.state_dict().items() if k in before}, before)
    assert optimizer.ask() == []
    assert optimizer.step(lambda x, sample: (1.0, x)) is info
    with pytest.raises(ValueError, match="the optimizer has stopped: the gradient or the loss at the point is not finite"):
        optimizer.tell([(1.0, np.ones(2))])
    again = Optimizer(compose("adam"), np.zeros(2))
    again.load_state_dict(optimizer.state_dict())
    assert again.status is Status.NONFINITE_GRADIENT
    assert again.ask() == []


STOPS: list[tuple[Status, Method, Any]] = [
    (Status.NONFINITE_POINT, compose("sgd", lr=1e300), np.full(3, 1e10)),
    (Status.NONFINITE_RATE, compose("sgd", "polyak", f_star=-1e308), np.full(3, 1e-3)),
    (Status.TRIALS_EXHAUSTED, compose("sgd", "armijo", eta_0=64.0, max_trials=3), np.ones(3)),
    (Status.COIN_OUT_OF_RANGE, compose("sgd", "gala", eta_0=0.01, learner="kt", bound=30.0), np.full(3, 10.0)),
    (Status.NONFINITE_FEEDBACK, compose("sgd", "gala", eta_0=0.1, point="end", samples="same", feedback="gradient"), np.full(3, 5e153)),
]


@pytest.mark.parametrize(("status", "method", "start"), STOPS, ids=lambda value: getattr(value, "name", ""))
def test_every_stop_is_that_of_a_run(status: Status, method: Method, start: Array) -> None:
    oracle = make_oracle("exact", make_problem("sphere", dim=3))
    done = run(method, oracle, x0=start, steps=10)
    optimizer = Optimizer(method, start)
    infos = drive(optimizer, oracle, 10)
    assert done.status == [optimizer.status] == [infos[-1].status] == [status]
    assert np.array_equal(optimizer.x, done.x[0])
    assert [infos[-1].gradient_evaluations, infos[-1].loss_evaluations] == done.state.counts[0].tolist()


def test_a_gradient_beyond_an_edge_stops_both_faces_alike() -> None:
    oracle = make_oracle("exact", edge())
    done, optimizer = run(compose("sgd", lr=2.5), oracle, steps=12), Optimizer(compose("sgd", lr=2.5), np.ones(3))
    drive(optimizer, oracle, 12)
    assert np.array_equal(optimizer.x, done.x[0])
    assert optimizer.status is Status.NONFINITE_GRADIENT


def test_invalid_arguments() -> None:
    method = compose("sgd")
    for arguments, message in (
        ((method, [[1.0]]), r"x0 must have shape \(D,\), got \(1, 1\)"),
        ((method, [np.inf]), r"x0 must be finite, got inf at index \(0,\)"),
        ((method, []), "x0 must not be empty"),
        ((method, [1.0, 2.0], [0, 3]), "offsets must be whole numbers rising from 0 to 2"),
        (("sgd", [1.0]), "method must be a Method, as from make_method"),
    ):
        with pytest.raises(ValueError, match=message):
            Optimizer(*arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be a whole number"):
        Optimizer(method, [1.0], seed=2**64)
    with pytest.raises(ValueError, match="trajectory must be a whole number"):
        Optimizer(method, [1.0], trajectory=2**32)


def test_before_the_first_step() -> None:
    optimizer = Optimizer(compose("sgd"), [1.0])
    assert (optimizer.t, optimizer.rate, optimizer.status) == (0, None, Status.RUNNING)
    assert isinstance(optimizer.ask()[0], Evaluation)
