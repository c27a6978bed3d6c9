"""Small problems, methods and comparisons that the tests of the engine share."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.engine.run import Run
from lra_ref.methods import METHODS, Method, make_method
from lra_ref.oracles import FRESH, PRESENT, Oracle, make_oracle
from lra_ref.parts import WHOLES
from lra_ref.problems import Problem, make_problem
from lra_ref.typing import Array


def noisy(dim: int = 5, sigma: float = 0.5) -> Oracle:
    """A convex quadratic with Gaussian noise."""
    return make_oracle("gaussian", make_problem("ellipsoid", dim=dim, condition=10.0), sigma=sigma)


def methods() -> list[Method]:
    """Every named and whole method, and one of each shape: no state, vectors, scalars of the direction, a search, rates per step."""
    made = [named(name) for name in METHODS]
    made += [make_method(name, **WHOLES[name].shown) for name in WHOLES]
    made += [make_method(name) for name in ("sgd", "adam", "amsgrad", "adagrad_norm", "normalized_momentum")]
    made += [make_method("gala_sgd", eta_0=0.01, samples="reused")]
    made += [make_method("armijo_sgd"), make_method("armijo_momentum", growth=2.0), make_method("inverse_sqrt_sgd", lr=0.01)]
    return made


def named(name: str) -> Method:
    """A named configuration; GALA's at a first rate that suits :func:`noisy`."""
    return make_method(name, **({"eta_0": 0.01} if name.startswith("gala_") else {}))


STREAMS = {"step": PRESENT, "fresh": FRESH}


def answer(oracle: Oracle, x: Array, sample: tuple[str, int], v: Any = None, *, seed: int = 0, trajectory: int = 0) -> Any:
    """Loss and gradient of the oracle on the sample that is asked for, or the product with the Hessian."""
    name, t = sample
    if name == "full":
        return oracle.problem.value_and_gradient(x)
    z = oracle.sample(seed, trajectory, t, STREAMS[name])
    if v is not None:
        return oracle.problem.hvp(x, v, z[: oracle.batch] if oracle.batch else None)
    return oracle.evaluate(x, z)


def assert_same_run(a: Run, b: Run) -> None:
    """Equal bits in records, points and every array of the state."""
    assert np.array_equal(a.steps, b.steps)
    assert set(a.records) == set(b.records)
    for name, column in a.records.items():
        assert np.array_equal(column, b.records[name], equal_nan=True), name
    assert_same_state(vars(a.state), vars(b.state))


def assert_same_state(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Equal bits, names and types."""
    assert set(a) == set(b)
    for name, value in a.items():
        assert np.asarray(value).dtype == np.asarray(b[name]).dtype, name
        assert np.asarray(value).tobytes() == np.asarray(b[name]).tobytes(), name


def edge_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F = sum x_i^2 / 2 up to the edge |x_1| = par[0]; beyond it the gradient is nan."""
    xs, gs = x[lo:hi], g[lo:hi]
    total = 0.0
    for i in range(xs.size):
        gs[i] = xs[i]
        total += xs[i] * xs[i]
    if abs(xs[0]) > par[0]:
        gs[0] = np.nan
    return total / 2


def edge_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """The identity."""
    out[lo:hi] = v[lo:hi]


def edge(dim: int = 3, edge: float = 10.0) -> Problem:
    """A problem of the user's own, that is not registered and has no gradient beyond its edge."""
    return Problem("edge", dim, edge_value, edge_hvp, np.ones(dim), par=np.array([edge]))
