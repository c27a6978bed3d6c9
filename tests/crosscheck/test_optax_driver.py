"""Ports in Optax: state trees, 64-bit numbers only while they are needed, extra arguments."""

from __future__ import annotations

from typing import Any

import pytest

from lra_ref.crosscheck import battery, compare
from lra_ref.methods import make_method

optax = pytest.importorskip("optax")


@pytest.mark.parametrize(
    ("method", "factory", "parameters", "names", "port", "state"),
    [
        ("momentum", "sgd", {"lr": 0.05, "momentum": 0.9}, {"lr": "learning_rate"}, {}, {"momentum_buffer": "0.trace"}),
        ("adam", "adam", {"lr": 0.01}, {"lr": "learning_rate"}, {"b2": 0.999}, {"exp_avg": "0.mu", "exp_avg_sq": "0.nu"}),
    ],
)
def test_optaxs_own_transformations(method: str, factory: str, parameters: Any, names: Any, port: Any, state: Any) -> None:
    import jax.numpy as jnp

    cases = battery(make_method(method), 8, layouts=["awkward"])
    report = compare(
        getattr(optax, factory),
        method,
        framework="optax",
        parameters=parameters,
        names=names,
        port_parameters=port,
        state=state,
        cases=cases,
    )
    assert report.agrees, report.text()
    assert set(report.ulps) == {"x", *state}
    # outside the comparison JAX is as it was
    assert jnp.ones(1).dtype == "float32"


def test_a_difference_in_optax_is_named() -> None:
    cases = battery(make_method("momentum"), 8, layouts=["vector"])
    report = compare(
        optax.sgd, "momentum", framework="optax", parameters={"lr": 0.05, "momentum": 0.9}, names={"lr": "learning_rate"},
        port_parameters={"nesterov": True}, cases=cases, diagnose=False,
    )  # fmt: skip
    assert (report.first.step, report.first.quantity) == (0, "x")


def test_float32_in_optax() -> None:
    cases = battery(make_method("sgd"), 8, layouts=["vector"])
    options: Any = {"framework": "optax", "parameters": {"lr": 0.1}, "names": {"lr": "learning_rate"}, "cases": cases}
    assert compare(optax.sgd, "sgd", precision="float32", **options).agrees


def test_a_tensor_without_gradient_has_a_zero_gradient_in_jax() -> None:
    method = make_method("clara_sgd", lr=0.05, d=0.01)
    cases = battery(method, 6, layouts=["awkward"])
    options: Any = {"framework": "optax", "port_parameters": {"learning_rate": 0.05, "d": 0.01}, "cases": cases, "diagnose": False}
    port = "tests.crosscheck.ports.ports_optax:clara"
    assert compare(port, method, **options).agrees
    assert not compare(port, method, missing="skip", **options).agrees
