"""The drivers that need no framework: what a port is given, and what comes back."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import battery, compare
from lra_ref.crosscheck.drivers import Objective, Variable, carries_state, framework_of, make_driver
from lra_ref.crosscheck.layouts import LAYOUTS
from lra_ref.crosscheck.sequences import make_sequence
from lra_ref.methods import make_method
from tests.crosscheck.ports.directions_plain import adam
from tests.crosscheck.ports.momentum_keras import MomentumSGD, SignSGD

SGD = make_method("sgd", lr=0.1)


class Given:
    """SGD that keeps what it was given."""

    def __init__(self, tensors: Any, lr: float = 0.1) -> None:
        self.x, self.lr, self.seen = tensors, lr, []

    def step(self, gradients: Any) -> None:
        self.seen.append(gradients)
        for x, g in zip(self.x, gradients, strict=True):
            if g is not None:
                x -= x.dtype.type(self.lr) * g


def driven(name: str, precision: str = "float64") -> Any:
    layout, driver = LAYOUTS[name], make_driver("callable", Given, False)
    driver.start(layout, layout.split(np.arange(1.0, layout.dim + 1)), precision, {"lr": 0.5})
    objective = Objective(layout, make_sequence("normal", np.array([0, layout.dim]), 5), precision)
    _, gradients = objective(driver.x())
    driver.step(gradients, objective)
    return layout, driver, gradients


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_port_gets_tensors_and_gradients_of_every_layout(name: str, precision: str) -> None:
    layout, driver, gradients = driven(name, precision)
    given = driver.state().seen[0]
    for tensor, x, g, sent in zip(layout.tensors, driver.state().x, given, gradients, strict=True):
        assert x.shape == tensor.shape
        assert x.dtype == precision
        assert (g is None) == (tensor.size > 0 and not tensor.moves)
        if g is not None:
            np.testing.assert_array_equal(g, sent)
            assert g.flags.c_contiguous == (tensor.contiguous or g.ndim < 2 or (min(g.shape) == 1 and g.flags.c_contiguous))
    assert any(not x.flags.c_contiguous for x in driver.state().x) == (name in ("model", "groups"))


def test_a_port_may_move_its_tensors_in_place_or_return_new_ones() -> None:
    assert compare(Given, SGD, parameters={"lr": 0.1}, steps=5).agrees
    assert carries_state(adam)
    assert not carries_state(Given)
    assert not carries_state(len)
    assert compare(adam, "adam", parameters={"lr": 0.1}, steps=5).agrees


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_keras_like_optimizers(precision: str) -> None:
    options = {
        "framework": "keras-like",
        "names": {"lr": "learning_rate"},
        "parameters": {"lr": 0.125},
        "steps": 20,
        "precision": precision,
    }
    assert compare(MomentumSGD, "momentum", **options).agrees
    assert compare(SignSGD, "sign", **options).agrees
    assert not compare(SignSGD, "sgd", **options, diagnose=False).agrees


def test_variables_look_like_those_of_keras() -> None:
    variable = Variable(np.ones((2, 1), dtype=np.float32), "w")
    assert variable.assign_add(2.0).assign_sub(np.array([[1.0], [0.0]])).numpy().tolist() == [[2.0], [3.0]]
    assert (variable.shape, variable.dtype, variable.name, variable.trainable) == ((2, 1), "float32", "w", True)
    assert np.asarray(variable).sum() == 5
    assert variable.value is variable.array


def test_the_objective_names_its_samples() -> None:
    layout, sequence = LAYOUTS["awkward"], make_sequence("noisy_quadratic", np.array([0, 18]), 5)
    objective, x = Objective(layout, sequence, "float64", seed=3), layout.split(np.ones(18))
    with pytest.raises(ValueError, match="there is no sample 'last' at step 0"):
        objective(x, "last")
    with pytest.raises(ValueError, match="unknown sample 'frsh'; did you mean fresh"):
        objective(x, "frsh")
    first, fresh, uniform = objective(x), objective(x, "fresh"), objective.uniform
    objective.t = 1
    assert objective(x, "last")[0] == first[0]
    assert objective(x, "last_fresh")[0] == fresh[0]
    assert len({first[0], fresh[0], objective(x)[0]}) == 3
    assert 0 < uniform < 1
    assert objective.uniform != uniform
    assert [g is None for g in first[1]] == [False, False, True, True, False]
    assert objective(x, "full")[0] == sequence.evaluate(("full", 0), np.ones(18))[0]
    along = [None if k == 1 else array for k, array in enumerate(x)]
    product = objective.product(x, along)
    np.testing.assert_array_equal(product[1], np.zeros((4, 2)))
    np.testing.assert_array_equal(product[4], sequence.product(("step", 1), np.ones(18), np.ones(18))[13:])
    loss, flat = sequence.evaluate(("step", 0), np.ones(18))
    assert first[0] == loss
    np.testing.assert_array_equal(first[1][1], flat[:8].reshape(4, 2))


@pytest.mark.parametrize(("framework", "package"), [("torch", "torch"), ("optax", "jax")])
def test_a_framework_that_is_not_there_is_named_with_what_to_install(framework: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(f"No module named {name!r}")
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, f"lra_ref.crosscheck.{framework}_driver", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=rf"the framework {framework} needs .*: pip install 'lra_ref\[ports\]'$"):
        make_driver(framework, Given, False)


def test_unknown_frameworks_precisions_and_shapes() -> None:
    with pytest.raises(ValueError, match="unknown framework 'troch'; did you mean torch"):
        compare(Given, SGD, framework="troch")
    with pytest.raises(ValueError, match="the framework callable has the precisions float64, float32, not bfloat16"):
        compare(Given, SGD, precision="bfloat16")
    assert framework_of(Given) == "callable"


class Reshaped(Given):
    def step(self, gradients: Any) -> Any:
        return [np.ravel(x) for x in self.x]


class Raising(Given):
    def step(self, gradients: Any) -> None:
        super().step(gradients)
        if len(self.seen) == 3:
            raise KeyError("momentum")


@pytest.mark.parametrize(
    ("port", "step", "text"),
    [
        (Reshaped, 0, "the port raised ValueError: the port gives tensors of shapes"),
        (Raising, 2, "the port raised KeyError: 'momentum' at step 2"),
        (lambda tensors: object(), 0, "must give an object with step.*when it was made"),
        (lambda tensors, rate: object(), 0, "the port raised TypeError.*when it was made"),
    ],
)
def test_a_port_that_raises_is_reported_with_its_step(port: Any, step: int, text: str) -> None:
    report = compare(port, SGD, cases=battery(SGD, 5, layouts=["model"]))
    assert (report.first.step, report.first.quantity) == (step, "exception")
    assert report.outcomes[0].steps == step
    import re

    assert re.search(text, report.text())
    assert "diagnosis: none, the port raised" in report.text()
