"""The reference: pure steps, observers, and agreement with the compiled loop where trajectories stop."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import Stepper, Vectors, inner, norm, reference_run
from lra_ref.engine.run import run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.rates.armijo import Armijo
from lra_ref.status import Status
from lra_ref.typing import Array
from tests.engine.cases import edge, methods, noisy
from tests.engine.test_optimizer import STOPS


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_a_step_is_a_pure_function(method: Method) -> None:
    oracle = noisy()
    stepper = Stepper(method, np.array([0, 2, 5]))
    x = oracle.problem.start + np.arange(10.0).reshape(2, 5)
    state = stepper.init(x)
    for t in range(3):
        q, fq = [], []
        for point, _ in stepper.points(state) if t and not stepper.aims else []:
            value, gradient = oracle.problem.value_and_gradient(point)
            q.append(gradient)
            fq.append(value[..., None])
        f, g = oracle.problem.value_and_gradient(x)
        seen = Seen(t=t, x=x, g=g, f=f[..., None], offsets=stepper.offsets, q=tuple(q), fq=tuple(fq), u=np.full((2, 1), 0.25))
        frozen = _frozen([x, g, *q, *state.direction.values(), *state.rate.values()])
        results = []
        for _ in range(2):
            aimed, d = stepper.aim(state, seen) if stepper.aims else (state, None)
            if stepper.aims:
                seen = replace(seen, q=tuple(oracle.problem.hvp(x, v) for v, _ in stepper.points(aimed)))
            after, info = stepper.look(aimed, seen, d)
            after, info = stepper.search(after, seen, info, lambda point: oracle.problem.value(point)[..., None])
            results.append(stepper.move(after, seen, info))
        assert all(array.tobytes() == bits for array, bits in frozen)
        (one, x_one), (two, x_two) = results
        assert np.array_equal(x_one, x_two)
        for name, value in one.rate.items():
            assert np.array_equal(value, two.rate[name]), name
        state, x = one, x_one


def _frozen(arrays: list[Any]) -> list[tuple[Any, bytes]]:
    for array in arrays:
        array.flags.writeable = False
    return [(array, array.tobytes()) for array in arrays]


def test_the_observer_sees_every_step_before_its_move() -> None:
    seen_steps: list[int] = []
    points: list[Array] = []

    def observe(t: int, x: Array, seen: Seen, info: Any) -> None:
        seen_steps.append(t)
        points.append(x.copy())
        assert np.array_equal(seen.x, x)

    done = reference_run(make_method("gala_sgd", eta_0=0.01), noisy(), steps=6, trajectories=2, seed=1, observe=observe)
    assert seen_steps == list(range(7)) == done.steps.tolist()
    assert np.array_equal(points[-1], done.x)
    for t in range(1, 6):
        assert np.array_equal(points[t], run(make_method("gala_sgd", eta_0=0.01), noisy(), steps=t, trajectories=2, seed=1).x)


def test_both_stop_alike() -> None:
    sphere = make_problem("sphere", dim=3)
    cases = [(method, sphere, np.array([np.zeros(3), start])) for _, method, start in STOPS]
    cases.append((compose("sgd", lr=2.5), edge(), np.array([np.zeros(3), np.ones(3)])))
    for method, problem, starts in cases:
        compiled = run(method, problem, x0=starts, trajectories=2, steps=8)
        reference = reference_run(method, problem, x0=starts, trajectories=2, steps=8)
        assert np.array_equal(compiled.state.status, reference.status), method
        assert reference.status[1] > 0
        assert np.array_equal(compiled.x, reference.x)
        for name, column in reference.records.items():
            assert np.array_equal(compiled.records[name], column, equal_nan=True), (method, name)


class Endless(Armijo):
    """A line search whose first trial is not finite."""

    def hyper(self) -> tuple[float, ...]:
        """As Armijo's, eta_0 = inf."""
        return (math.inf, *super().hyper()[1:])


def test_a_rate_that_is_not_finite_is_not_searched_on() -> None:
    method = Method("endless", compose("sgd").direction, Endless())
    problem = make_problem("sphere", dim=3)
    compiled, reference = run(method, problem, steps=3), reference_run(method, problem, steps=3)
    assert compiled.status == [Status.NONFINITE_RATE] == reference.status.tolist()
    for name, column in reference.records.items():
        assert np.array_equal(compiled.records[name], column, equal_nan=True), name
    optimizer = Optimizer(method, problem.start)
    info = optimizer.tell([(1.0, problem.start)])
    assert info is not None
    assert (info.status, info.loss_evaluations) == (Status.NONFINITE_RATE, 0)


def test_a_search_ends_for_every_trajectory_on_its_own() -> None:
    method = compose("sgd", "armijo", eta_0=8.0)
    starts = np.array([[1.0, 0, 0], [1e3, 1e3, 1e3], [0, 0, 0]])
    problem = make_problem("ellipsoid", dim=3, condition=100.0)
    compiled, reference = (f(method, problem, x0=starts, trajectories=3, steps=5) for f in (run, reference_run))
    assert np.array_equal(compiled.records["loss_evaluations"], reference.records["loss_evaluations"])
    assert np.array_equal(compiled.x, reference.x)


def test_norm_and_inner_product() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 3, 9000))
    for i in range(3):
        exact = math.fsum(a * b for a, b in zip(x[i], y[i], strict=True))
        scale = math.fsum(abs(a * b) for a, b in zip(x[i], y[i], strict=True))
        # products, 32 additions per lane, 7 halvings, 3 chunks: fewer than 43 roundings
        assert abs(inner(x, y)[i] - exact) <= 43 * np.finfo(float).eps * scale
    assert np.array_equal(norm(x), np.sqrt(inner(x, x)))
    assert norm(np.array([3.0, 4.0])) == 5.0


def test_vectors_keeps_what_the_run_saw() -> None:
    oracle = make_oracle("gaussian", make_problem("ellipsoid", dim=3, condition=10.0), sigma=0.1)
    kept = Vectors()
    made = reference_run(make_method("gala_sgd", eta_0=0.01), oracle, steps=4, trajectories=2, observe=kept)
    arrays = kept.arrays()
    assert {name: array.shape for name, array in arrays.items()} == {"x": (2, 5, 3), "d": (2, 5, 3), "g": (2, 5, 3), "q": (2, 4, 2, 3)}
    assert np.array_equal(arrays["x"][:, -1], made.x)
    assert np.array_equal(arrays["x"][:, 1], arrays["x"][:, 0] - made.records["rate"][:, :1] * arrays["d"][:, 0])
    assert "q" not in _kept(make_method("sgd"), oracle)


def _kept(method: Method, oracle: Any) -> dict[str, Array]:
    kept = Vectors()
    reference_run(method, oracle, steps=2, observe=kept)
    return kept.arrays()
