"""Shared by the tests of D-Adaptation and Prodigy: runs with noise, and the official packages and optax on the gradients of such a run."""

from __future__ import annotations

import contextlib
import io
from typing import Any, NamedTuple

import numpy as np
import pytest

from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem

STEPS, DIM = 250, 7


class Walk(NamedTuple):
    """Points x_0 .. x_T, the gradients taken there, and d after every gradient."""

    x: Any
    g: Any
    d: Any


def walk(name: str, parameters: dict[str, Any], from_zero: bool = False) -> Walk:
    """Our method on a rotated quadratic with noise, started at x* + 1 or at 0, where differences to the start are exact."""
    problem = make_problem("quadratic", spectrum=tuple(np.geomspace(0.1, 3.0, DIM)), rotated=True, x_star=tuple(np.linspace(-1, 2, DIM)))
    assert problem.x_star is not None
    start, kept = 0 * problem.x_star if from_zero else problem.x_star + 1.0, Vectors()
    made = reference_run(
        make_method(name, **parameters),
        make_oracle("gaussian", problem, sigma=0.3),
        steps=STEPS,
        seed=3,
        x0=start,
        observe=kept,
    )
    vectors = kept.arrays()
    assert not made.status.any()
    assert made.records["d"][0, -1] > 100 * made.records["d_used"][0, 0], "d must have grown, or nothing is compared"
    return Walk(vectors["x"][0], vectors["g"][0], made.records["d"][0])


def by_torch(make: Any, path: Walk) -> tuple[Any, Any]:
    """Points x_1 .. x_{T+1} and d of an optimizer of torch that is handed these gradients."""
    torch = pytest.importorskip("torch")
    p = torch.nn.Parameter(torch.tensor(path.x[0].copy(), dtype=torch.float64))
    with contextlib.redirect_stdout(io.StringIO()):  # the packages print a line where the decay is decoupled
        optimizer = make([p])
    xs, ds = [], []
    for g in path.g:
        p.grad = torch.tensor(g.copy(), dtype=torch.float64)
        optimizer.step()
        xs.append(p.detach().numpy().copy())
        ds.append(optimizer.param_groups[0]["d"])
    return np.array(xs), np.array(ds)


def by_optax(make: Any, path: Walk) -> tuple[Any, Any]:
    """The same for a transformation of optax, in float64."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    with jax.enable_x64(True):
        transformation = make(optax.contrib)
        update = jax.jit(transformation.update)
        x = jax.numpy.asarray(path.x[0])
        state, xs, ds = transformation.init(x), [], []
        for g in path.g:
            change, state = update(jax.numpy.asarray(g), state, x)
            x = x + change
            xs.append(np.asarray(x))
            ds.append(float(state.estim_lr))
    return np.array(xs), np.array(ds)


def assert_agrees(path: Walk, found: tuple[Any, Any]) -> None:
    """To 8 (T + D) roundings: every step adds a few to s, the numerator and x, and an error of d is carried on, not enlarged."""
    allowed = 8 * (STEPS + DIM) * 2.0**-53
    xs, ds = found
    scale = np.maximum.accumulate(np.max(np.abs(path.x), axis=-1))[1:, None]
    assert np.all(np.abs(xs[:-1] - path.x[1:]) <= allowed * scale)
    assert np.all(np.abs(ds - path.d) <= allowed * path.d)
