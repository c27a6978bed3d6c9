"""DoG, LDoG, DoWG: steps by hand, edge cases, options bit for bit, agreement with optax."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.sequences import scripted
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.rates.dog import average_weight
from lra_ref.status import Status
from tests.test_options import assert_same

EPS = float(np.finfo(float).eps)


def trace(name: str, x0: Any, gradients: Any, offsets: Any = None, **parameters: Any) -> tuple[list[Any], Optimizer]:
    """The points of a run on given gradients."""
    optimizer = Optimizer(make_method(name, **parameters), x0, offsets)
    points = [optimizer.x]
    for g in gradients:
        optimizer.tell([(0.0, np.asarray(g, dtype=float))])
        points.append(optimizer.x)
    return points, optimizer


def test_two_steps_of_dog_by_hand() -> None:
    # |x_0| = 5: r_eps = 6e-6; |g_0| = 5, |g_1| = 12
    points, optimizer = trace("dog_sgd", [3.0, 4.0], [[5.0, 0.0], [0.0, 12.0], [0.0, 0.0]])
    first = 6e-6 / np.sqrt(25 + 1e-8)
    second = 6e-6 / np.sqrt(25 + 144 + 1e-8)
    assert points[1] == pytest.approx([3 - 5 * first, 4.0], abs=1e-15)
    assert points[2] == pytest.approx([3 - 5 * first, 4 - 12 * second], abs=1e-15)
    # weights of the average: 9/9 for x_1, 9/10 for x_2, 9/11 for x_3 = x_2
    mean = 0.1 * points[1] + 0.9 * points[2]
    assert optimizer.answer == pytest.approx(mean * (1 - 9 / 11) + points[3] * 9 / 11, abs=1e-15)


def test_the_distance_is_the_largest_seen_and_starts_at_r_eps() -> None:
    problem = make_problem("sphere", dim=3)
    # along the momentum the point comes back: r falls while rbar stays
    made = run(make_method("dog_momentum", reps_rel=0.1), problem, steps=60)
    r_bar = made.records["r_bar"][0]
    assert r_bar[0] == 0.1 * (1 + np.sqrt(np.sum(problem.start**2)))
    assert np.all(np.diff(r_bar) >= 0)
    assert np.linalg.norm(made.x[0] - problem.start) < 0.9 * r_bar[-1]


def test_one_step_of_dowg_by_hand() -> None:
    points, _ = trace("dowg_sgd", [0.0], [[2.0], [2.0]], square_eps=0.0)
    assert points[1] == pytest.approx([-1e-6], rel=1e-15)  # rbar^2 g / (rbar |g|)
    assert points[2] == pytest.approx([-1e-6 * (1 + 1 / np.sqrt(2))], rel=1e-14)
    points, _ = trace("dowg_sgd", [0.0], [[2.0]], form="optax")
    assert points[1] == pytest.approx([-2 * 1e-4 / (np.sqrt(1e-4 * 4) + 1e-4)], rel=1e-15)


def test_ldog_is_dog_on_every_block() -> None:
    generator = np.random.default_rng(4)
    gradients, x0, offsets = generator.normal(size=(30, 6)), generator.normal(size=6), [0, 1, 4, 6]
    whole, optimizer = trace("ldog_sgd", x0, gradients, offsets)
    for low, high in ((0, 1), (1, 4), (4, 6)):
        points, alone = trace("dog_sgd", x0[low:high], gradients[:, low:high])
        assert np.array_equal(np.array(whole)[:, low:high], points)
        assert np.array_equal(optimizer.answer[low:high], alone.answer)


def test_the_average_is_the_published_one() -> None:
    points, optimizer = trace("dog_sgd", [1.0, 2.0], np.random.default_rng(1).normal(size=(25, 2)))
    mean = points[1]
    for t, x in enumerate(points[1:], 1):
        mean = (1 - 9 / (t + 8)) * mean + 9 / (t + 8) * x
    assert optimizer.answer == pytest.approx(mean, rel=30 * EPS)
    points, optimizer = trace("dog_sgd", [1.0, 2.0], np.random.default_rng(1).normal(size=(25, 2)), gamma=0.0)
    assert optimizer.answer == pytest.approx(np.mean(points[1:], axis=0), rel=60 * EPS)
    assert average_weight(1, 8.0) == 1.0


@pytest.mark.parametrize("name", ["dog_sgd", "ldog_sgd", "dowg_sgd"])
def test_without_a_gradient_the_point_stays(name: str) -> None:
    points, optimizer = trace(name, [1.0, 2.0], [[0.0, 0.0]] * 3, square_eps=0.0)
    assert np.array_equal(points, [[1.0, 2.0]] * 4)
    assert optimizer.status == Status.RUNNING
    assert optimizer.rate == 0.0


@pytest.mark.parametrize(("name", "parameters"), [("dog_sgd", {}), ("ldog_sgd", {}), ("dowg_sgd", {}), ("dowg_sgd", {"form": "optax"})])
def test_squares_out_of_range_stop_instead_of_freezing(name: str, parameters: dict[str, Any]) -> None:
    # the second block of ldog is the one that overflows
    points, optimizer = trace(name, [1.0, 2.0], [[1.0, 1.0], [1.0, 1e200]], [0, 1, 2], **parameters)
    assert optimizer.status == Status.NONFINITE_RATE
    assert np.array_equal(points[1], points[2])


def test_dowg_leaves_the_range_of_numbers_on_a_constant_gradient_and_dog_does_not() -> None:
    oracle = scripted({"0": [-1.0]})
    dowg = run(make_method("dowg_sgd", square_eps=0.0), oracle, steps=800)
    assert dowg.status == [Status.NONFINITE_RATE]
    assert 1e150 < dowg.x[0, 0] < 1e155
    assert run(make_method("dog_sgd", square_eps=0.0), oracle, steps=800).status == [Status.RUNNING]


def test_the_constant_1e_8_of_dog_delays_dowg() -> None:
    """Steps until the distance from 0 on a constant gradient reaches 1; the weighted sum starts at 1e-12 |g|^2, far below 1e-8."""

    def steps(name: str, gradient: float, square_eps: float, at_most: int = 3000) -> int | None:
        made = run(make_method(name, square_eps=square_eps), scripted({"0": [-gradient]}), steps=at_most)
        distance = made.records["r_bar" if "r_bar" in made.records else "r2"][0]
        return int(np.argmax(distance >= 1)) if np.any(distance >= 1) else None

    assert [steps("dowg_sgd", g, 0.0, 100) for g in (0.01, 1.0, 100.0)] == [24, 24, 24]
    assert [steps("dowg_sgd", g, 1e-8) for g in (0.01, 1.0, 100.0)] == [None, 222, 25]
    assert [steps("dog_sgd", g, 1e-8) for g in (0.01, 1.0)] == [80, 80]


def test_the_sum_is_that_of_the_direction() -> None:
    made = run(make_method("dog_momentum"), make_problem("sphere", dim=4), steps=20)
    norms = made.records["direction_norm"][0]
    assert made.records["sum"][0] == pytest.approx(1e-8 + np.cumsum(norms**2), rel=60 * EPS)
    assert np.array_equal(made.records["rate"], made.records["r_bar"] / np.sqrt(made.records["sum"]))


def test_invalid_parameters() -> None:
    with pytest.raises(ValueError, match=r"square_eps must be in \(0, inf\) with form=\"optax\", where it is the first squared"):
        make_method("dowg_sgd", form="optax", square_eps=0.0)
    with pytest.raises(ValueError, match=r"reps_rel must be in \(0, inf\), got 0"):
        make_method("dog_sgd", reps_rel=0)


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("dog_adam", {"square_eps": 0.0, "reps_rel": 0.1}),
    ("dog_sgd", {"gamma": 0.0, "weight_decay": 0.1}),
    ("ldog_sgd", {"reps_rel": 0.1, "gamma": 3.5}),
    ("ldog_momentum", {"square_eps": 0.0}),
    ("dowg_sgd", {"form": "optax"}),
    ("dowg_sgd", {"form": "optax", "square_eps": 1e-2}),
    ("dowg_normalized", {"square_eps": 0.0, "reps_rel": 1e-2}),
]


@pytest.mark.parametrize(("name", "parameters"), VARIANTS, ids=[f"{name}-{list(p.values())}" for name, p in VARIANTS])
@pytest.mark.parametrize(("dim", "offsets"), [(5, [0, 1, 3, 5]), (9001, [0, 5, 4200, 9001])], ids=["small", "chunks"])
def test_options_agree(name: str, parameters: dict[str, Any], dim: int, offsets: list[int]) -> None:
    oracle = make_oracle("gaussian", make_problem("rosenbrock", dim=dim), sigma=2.0)
    method = make_method(name, **parameters)
    case: dict[str, Any] = {"steps": 12, "trajectories": 2, "seed": 5, "offsets": offsets}
    assert_same(method, run(method, oracle, **case), reference_run(method, oracle, **case))


def answer_huge(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """A last gradient whose square is out of range."""
    for i in range(lo, hi):
        g[i] = 1e200 if i == hi - 1 else 1.0
    return 0.0


@pytest.mark.parametrize("name", ["dog_sgd", "ldog_sgd", "dowg_sgd"])
def test_loop_and_reference_stop_alike(name: str) -> None:
    problem = replace(make_problem("sphere", dim=4), value_kernel=answer_huge)
    case: dict[str, Any] = {"steps": 3, "offsets": [0, 2, 4]}
    compiled, reference = run(make_method(name), problem, **case), reference_run(make_method(name), problem, **case)
    assert compiled.status == [Status.NONFINITE_RATE]
    assert reference.status.tolist() == [Status.NONFINITE_RATE]
    assert np.array_equal(compiled.x, reference.x)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "parameters"), [("ldog_adam", {}), ("dowg_sgd", {"form": "optax"})])
def test_in_place_has_the_same_bits(name: str, parameters: dict[str, Any]) -> None:
    generator, dim, offsets = np.random.default_rng(0), 3 * 4096 + 77, [0, 5, 7000, 3 * 4096 + 77]
    x = generator.normal(size=dim)
    reference = Optimizer(make_method(name, **parameters), x, offsets)
    step = InPlace(make_method(name, **parameters), x, offsets, threads=2)
    for _ in range(5):
        g = generator.normal(size=dim)
        reference.tell([(1.0, g)])
        assert step(g, 1.0, []) is Status.RUNNING
        assert np.array_equal(x, reference.x)


STEPS = 300


def optax_steps(transformation: Any, points: Any, gradients: Any) -> Any:
    """The step of optax's method, whose state it keeps itself, from each of the given points on the given gradient, in float64."""
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        state, made, update = transformation.init(jax.numpy.asarray(points[0])), [], jax.jit(transformation.update)
        for x, g in zip(points, gradients, strict=True):
            updates, state = update(jax.numpy.asarray(g), state, jax.numpy.asarray(x))
            made.append(np.asarray(updates))
        assert made[-1].dtype == np.float64
        return np.array(made)


def disagreement(name: str, parameters: dict[str, Any], theirs: Any) -> Any:
    """Largest difference of the steps from x_t in units of their own allowance, for every t."""
    problem = make_problem("quadratic", dim=6, condition=30.0, rotated=True)
    made, kept = make_method(f"{name}_sgd", **parameters), Vectors()
    record = reference_run(made, problem, steps=STEPS, observe=kept)
    x, g = kept.arrays()["x"][0], kept.arrays()["g"][0]
    assert record.records["loss"][0, -1] < 1e-3 * record.records["loss"][0, 0]
    mine, other = -record.records["rate"][0][:, None] * g, optax_steps(theirs, x, g)
    allowed = (np.arange(STEPS + 1) + 12)[:, None] * EPS * np.abs(mine)
    return np.max(np.abs(mine - other) / allowed, axis=1)


@pytest.mark.parametrize(
    ("name", "parameters"), [("dog", {}), ("dowg", {"form": "optax"}), ("dowg", {"form": "optax", "square_eps": 1e-2})]
)
def test_optax_takes_the_same_steps(name: str, parameters: dict[str, Any]) -> None:
    """300 steps, the states side by side: a sum of t squared norms of 6 elements, a root, a quotient are right to (t + 12) macheps."""
    contrib = pytest.importorskip("optax.contrib")
    theirs = contrib.dog() if name == "dog" else contrib.dowg(eps=parameters.get("square_eps", 1e-4))
    assert np.max(disagreement(name, parameters, theirs)) <= 1


def test_optax_agreement_sees_another_constant() -> None:
    contrib = pytest.importorskip("optax.contrib")
    assert np.max(disagreement("dog", {}, contrib.dog(eps=1.0001e-8))) > 1
    assert np.max(disagreement("dowg", {}, contrib.dowg())) > 1


def test_a_huge_gradient_freezes_optax_for_ever() -> None:
    contrib = pytest.importorskip("optax.contrib")
    steps = optax_steps(contrib.dog(), np.ones((4, 1)), np.array([[1.0], [1e200], [1.0], [1.0]]))
    assert steps[0, 0] != 0
    assert steps[1:, 0].tolist() == [0.0, 0.0, 0.0]
