"""The reference in optax: the very states of the reference, under jit, in 32 and in 64 bits."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.vectors.catalogue import Configuration, configurations
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import CURVATURES, OFFSETS, SCENARIOS, START
from tests.engine.test_protocol import METHODS as PROTOCOL

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
import jax.numpy as jnp  # noqa: E402  # only where there is a jax

from lra_ref.adapters.optax import reference_transformation, unpacked, unwords, words  # noqa: E402

SHAPES = {"a": (), "b": (3,), "c": (5, 1), "empty": (0, 2)}
#: one of each shape of state; the others are alike
QUICK = [
    "adam", "rmsprop", "clara_sgd", "egdd_adagrad", "gala_nsgdm", "hdm_best", "armijo_momentum", "salera_sgd", "spalera_sgd", "cosine_sgd",
]  # fmt: skip
SHAPED = [
    pytest.param(c, id=c.name, marks=[] if c.method in QUICK else pytest.mark.slow)
    for c in configurations()
    # JAX differentiates the gradient for Hessian-vector products, which host code does not let it: they have a test of their own
    if c.label == "default" and not c.method.endswith("_adam") and c.method != "layerwise"
]


@pytest.fixture
def x64() -> Iterator[None]:
    """64-bit types, as before afterwards."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def tree(x: Any, dtype: Any = np.float64, made: Any = jnp.asarray) -> dict[str, Any]:
    """A flat vector as the leaves of the tests."""
    parts = np.split(np.asarray(x), [1, 4, 9])
    return {name: made(part.reshape(shape), dtype=dtype) for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}


def flat(params: dict[str, Any]) -> Any:
    return np.concatenate([np.asarray(params[name], dtype=np.float64).reshape(-1) for name in SHAPES])


def drive(transformation: Any, scenario: str, steps: int, search: bool = False, clock: str = "") -> list[dict[str, Any]]:
    """States after every step, with the answers of a scenario at the points of the state; ``clock`` names the present sample's step."""
    params = tree(START)
    state, states, answer = transformation.init(params), [], SCENARIOS[scenario].answer
    for t in range(steps):
        now = int(unpacked(state)[f"rate.{clock}"][0]) if clock else t
        samples = {"present": ("step", now), "last": ("step", t - 1), "fresh": ("fresh", t - 1), "full": ("full", 0)}

        def host(at: Any, name: str, t: int = t, samples: Any = samples) -> Any:
            # in the first step the answers are asked for and not used
            loss, gradient = answer(flat(at), samples[name] if t > 0 or name == "present" else ("step", 0))
            return np.asarray(loss), tree(gradient, made=np.asarray)

        def evaluate(at: Any, name: str, host: Any = host) -> Any:
            shape = jax.eval_shape(lambda p: (jnp.zeros((), p["a"].dtype), p), at)
            return jax.pure_callback(lambda p: host(p, name), shape, at) if search else host(at, name)

        loss, gradient = answer(unpacked(state)["x"], ("step", now))
        updates, state = transformation.update(tree(gradient), state, params, value=jnp.asarray(loss), evaluate=evaluate)
        params = optax.apply_updates(params, updates)
        states.append({**unpacked(state), "params": flat(params)})
    return states


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("configuration", SHAPED)
def test_the_states_are_those_of_the_reference(configuration: Configuration) -> None:
    scenario = "edges"
    vector = record(configuration, SCENARIOS[scenario])
    made = configuration.make()
    transformation = reference_transformation(configuration.method, **configuration.parameters)
    states = drive(transformation, scenario, vector.steps + bool(vector.status), made.rate.retry is not None, made.rate.clock)
    for t, state in enumerate(states[: vector.steps]):
        for name, values in vector.quantities.items():
            if name.startswith("state."):
                assert np.array_equal(state[name.removeprefix("state.")], values[t]), name
        assert np.array_equal(state["x"], vector.quantities["x"][t])
        assert state["rate"] == vector.quantities["rate"][t]
        assert state["t"] == t + 1
        # two roundings: of the difference and of the sum
        before = START if t == 0 else states[t - 1]["params"]
        off = np.abs(state["params"] - state["x"])
        assert np.all(off <= 2 * 2.0**-53 * (np.abs(state["x"]) + np.abs(before)))
    assert states[-1]["status"] == int(vector.status)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("name", "searched"), [("adam", 0), ("clara_sgd", 0), ("armijo_sgd", 4 * 8), ("gala_sgd", 0), ("hdm", 0)])
def test_under_jit_the_points_are_those_of_a_run(name: str, searched: int) -> None:
    # one square: both sides round alike, whatever the order of sums; of the rates 6, 3, 3/2, 3/4 the last one is accepted in every step
    problem, steps = make_problem("sphere", dim=1), 8
    given: Any = {"armijo_sgd": {"eta_0": 6.0}, "gala_sgd": {"eta_0": 0.25}, "hdm": {"a": 0.125}}
    parameters = given.get(name, {"lr": 0.25})
    done = run(make_method(name, **parameters), problem, steps=steps, x0=[2.0])
    transformation = reference_transformation(name, **parameters)

    def loss(x: Any) -> Any:
        return jnp.sum(x * x)

    @jax.jit
    def step(x: Any, state: Any) -> Any:
        value, gradient = jax.value_and_grad(loss)(x)
        updates, state = transformation.update(gradient, state, x, value=value, evaluate=lambda at, sample: jax.value_and_grad(loss)(at))
        return optax.apply_updates(x, updates), state

    x = jnp.array([2.0])
    state = jax.jit(transformation.init)(x)
    for _ in range(steps):
        x, state = step(x, state)
    shown = unpacked(state)
    assert np.array_equal(np.asarray(x), shown["x"])
    assert np.array_equal(shown["x"], done.x[0])
    assert shown["loss_evaluations"] == done.state.counts[0, 1]
    assert shown["loss_evaluations"] == searched


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", ["cauchy", "rounds"])
def test_products_and_points_now_and_then(name: str) -> None:
    """Methods that take Hessian-vector products in the same step, or F itself every third step."""
    h, transformation = jnp.asarray(CURVATURES), reference_transformation(PROTOCOL[name])
    alone = Optimizer(PROTOCOL[name], START)

    def loss(x: Any) -> Any:
        return jnp.sum(h * x**2) / 2

    @jax.jit
    def step(x: Any, state: Any) -> Any:
        gradient = jax.grad(loss)(x)
        updates, state = transformation.update(gradient, state, x, evaluate=lambda at, sample: jax.value_and_grad(loss)(at))
        return optax.apply_updates(x, updates), state

    def exact(x: Any, sample: Any, v: Any = None) -> Any:
        return CURVATURES * v if v is not None else (0.5 * float(np.sum(CURVATURES * x**2)), CURVATURES * x)

    x = jnp.asarray(START)
    state = transformation.init(x)
    for _ in range(7):
        x, state = step(x, state)
        alone.step(exact)
        assert np.allclose(np.asarray(x), alone.x, rtol=1e-12, atol=0)
    shown, expected = unpacked(state), alone.state_dict()
    assert shown["gradient_evaluations"] == expected["gradient_evaluations"]
    if name == "rounds":
        assert shown["rate.asked"] == expected["rate.asked"] == [2.0]
        assert np.allclose(shown["rate.value"], expected["rate.value"], rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match=f"{name} (needs Hessian-vector products|evaluates at further points.*): give update"):
        transformation.update(x, state, x)


@pytest.mark.parametrize("dtype", [np.float32, "bfloat16"])
def test_without_64_bit_types_nothing_is_lost(dtype: Any) -> None:
    assert not jax.config.jax_enable_x64
    params, transformation = tree(START, dtype), reference_transformation("adam", lr=1e-4)
    state, alone = transformation.init(params), Optimizer(make_method("adam", lr=1e-4), flat(params), OFFSETS)
    for t in range(10):
        gradient = tree(SCENARIOS["edges"].answer(START, ("step", t))[1], dtype)
        updates, state = jax.jit(transformation.update)(gradient, state, params)
        params = optax.apply_updates(params, updates)
        assert all(params[name].dtype == dtype for name in SHAPES)
        alone.tell([(0.0, flat(gradient))])
    shown, expected = unpacked(state), alone.state_dict()
    for name, value in shown.items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, expected[name]), name
    assert np.array_equal(flat(params), flat(tree(alone.x, dtype)))


def test_a_state_is_a_pytree_that_goes_through_a_file(tmp_path: Path) -> None:
    params, transformation = tree(START, np.float32), reference_transformation("momentum", lr=0.1)
    gradient, state = tree(np.ones(9), np.float32), transformation.init(tree(START, np.float32))
    _, state = transformation.update(gradient, state, params)
    leaves, structure = jax.tree.flatten(state)
    assert all(leaf.dtype in (np.int32, np.uint32) for leaf in leaves)
    np.savez(tmp_path / "state.npz", *leaves)
    with np.load(tmp_path / "state.npz") as file:
        again = jax.tree.unflatten(structure, [jnp.asarray(file[f"arr_{k}"]) for k in range(len(leaves))])
    one, two = transformation.update(gradient, state, params), reference_transformation("momentum", lr=0.1).update(gradient, again, params)
    assert jax.tree.all(jax.tree.map(np.array_equal, one, two))


def test_vmap_runs_one_after_the_other() -> None:
    transformation = reference_transformation("adam", lr=0.125)
    params = jnp.array([[1.0, 2.0], [3.0, -4.0]])
    state = jax.vmap(transformation.init)(params)
    updates, state = jax.vmap(transformation.update)(params, state, params)
    for row in range(2):
        single, _ = transformation.update(params[row], transformation.init(params[row]), params[row])
        assert np.array_equal(updates[row], single)


def test_it_trains_and_chains() -> None:
    transformation = optax.chain(optax.clip_by_global_norm(1.0), reference_transformation("clara_sgd", lr=0.1))
    target = jnp.array([1.0, -2.0, 0.5])
    params = jnp.zeros(3)
    state = transformation.init(params)

    def loss(x: Any) -> Any:
        return jnp.sum((x - target) ** 2)

    @jax.jit
    def step(x: Any, state: Any) -> Any:
        updates, state = transformation.update(jax.grad(loss)(x), state, x)
        return optax.apply_updates(x, updates), state

    for _ in range(60):
        params, state = step(params, state)
    assert loss(params) < loss(jnp.zeros(3)) / 100


def test_a_stop_keeps_the_last_finite_point() -> None:
    transformation = reference_transformation("sgd", lr=0.5)
    params = jnp.array([1.0, 2.0])
    state = transformation.init(params)
    updates, state = transformation.update(jnp.array([jnp.nan, 1.0]), state, params)
    assert Status(int(state.status)) is Status.NONFINITE_GRADIENT
    assert not updates.any()
    updates, state = transformation.update(jnp.ones(2), state, params)
    assert not updates.any()
    assert int(state.t) == 0


def test_words_are_exact() -> None:
    values = np.array([[0.1, -0.0, np.nan], [np.inf, 5e-324, -1e308]])
    assert words(values).shape == (2, 3, 2)
    assert unwords(words(values)).tobytes() == values.tobytes()
    assert unwords(words(0.1)) == 0.1


def given(name: str, gradient: Any = None, params: Any = None, **extra: Any) -> Any:
    transformation = reference_transformation(name)
    held = jnp.ones(2)
    return transformation.update(held if gradient is None else gradient, transformation.init(held), params, **extra)


ERRORS: list[tuple[Any, str]] = [
    (lambda: reference_transformation("adamm"), "unknown method 'adamm'; did you mean adam"),
    (lambda: reference_transformation("adam", beta_1=0.9), "unknown parameter of adam 'beta_1'; did you mean beta1"),
    (lambda: reference_transformation(make_method("adam"), lr=1.0), "a method that is already made takes no parameters, got lr"),
    (lambda: reference_transformation("adam").init({}), "the parameters have no elements"),
    (lambda: reference_transformation("adam").init({"a": jnp.zeros((0, 2))}), "the parameters have no elements"),
    (lambda: reference_transformation("adam").init([jnp.ones(1), jnp.arange(2)]), "leaf 1 is int32"),
    (lambda: given("adam"), r"the reference needs the parameters: update\(updates, state, params\)"),
    (lambda: given("adam", {"a": jnp.ones(2)}, jnp.ones(2)), "updates must have the structure of params"),
    (lambda: given("polyak_sgd", params=jnp.ones(2)), r"polyak_sgd reads the loss: give update\(\.\.\., value=loss\)"),
    (lambda: given("gala_sgd", params=jnp.ones(2)), "gala_sgd evaluates at further points of its own choice: give update"),
    (lambda: given("armijo_sgd", params=jnp.ones(2), evaluate=lambda p, s: (0.0, p)), "armijo_sgd reads the loss"),
]


@pytest.mark.parametrize(("act", "message"), ERRORS, ids=[message[:40] for _, message in ERRORS])
def test_errors(act: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        act()


@pytest.mark.parametrize("missing", ["jax", "optax"])
def test_without_jax_one_line_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules['{missing}'] = None; import lra_ref.adapters.optax"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ImportError: lra_ref.adapters.optax needs jax and optax: pip install 'lra_ref[ports]'"


def test_the_example_of_the_page_runs() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"^```py\n(.*?)^```", page, re.M | re.S) if "optax" in block]
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/adapters.md", "exec"), {"__name__": "__main__"})
