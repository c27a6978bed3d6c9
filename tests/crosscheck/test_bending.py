from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck.bending import bent, substituted, uses
from lra_ref.engine.reference import Stepper
from lra_ref.methods import make_method
from lra_ref.parts import DIRECTIONS
from tests.stepping import walk

G = np.random.default_rng(0).normal(size=(6, 3))


def same(formula: Any, *values: Any) -> Any:
    return formula(*values)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adagrad", "momentum", "eg_momentum", "normalized_momentum"])
def test_a_part_bent_and_substituted_with_the_original_is_unchanged(name: str) -> None:
    part = DIRECTIONS[name]()

    def step(base: Any, self: Any, state: Any, seen: Any) -> Any:
        return base(self, state, seen)

    for made in (substituted(part), bent(part, step=step), substituted(bent(part, step=step))):
        np.testing.assert_array_equal(walk(made, G)[0], walk(part, G)[0])
        assert made.parameters == part.parameters
        assert type(made) is not type(part)


def test_a_formula_is_replaced_wherever_the_part_calls_it_and_nowhere_else() -> None:
    adam = DIRECTIONS["adam"]()
    double = substituted(adam, adam_direction=lambda f, *values: 2 * f(*values))
    np.testing.assert_array_equal(walk(double, G)[0], 2 * walk(adam, G)[0])
    # quotient is called by adam_direction, not by the step itself
    half = substituted(adam, quotient=lambda f, a, b: f(a, b) / 2)
    np.testing.assert_array_equal(walk(half, G)[0], walk(adam, G)[0] / 2)
    np.testing.assert_array_equal(walk(DIRECTIONS["adam"](), G)[0], walk(adam, G)[0])


def test_bends_and_substitutions_add_up() -> None:
    def twice(base: Any, self: Any, state: Any, seen: Any) -> Any:
        return base(self, state, replace(seen, g=2 * seen.g))

    adam = DIRECTIONS["adam"](eps=0.0)
    made = substituted(bent(adam, step=twice), bias_corrections=lambda f, b1, b2, t: (0.5, 1.0))
    np.testing.assert_array_equal(walk(made, G)[0], walk(substituted(adam, bias_corrections=lambda f, *v: (0.5, 1.0)), 2 * G)[0])


def test_a_bend_survives_the_binding_of_a_rate() -> None:
    method = make_method("clara_sgd", lr=0.5)

    def choose(base: Any, self: Any, state: Any, seen: Any, d: Any) -> Any:
        new, eta, info = base(self, state, seen, d)
        return new, 3 * eta, info

    stepper = Stepper(replace(method, rate=bent(method.rate, choose=choose)), np.array([0, 3]))
    assert stepper.method.rate.references
    _, eta, _ = stepper.method.rate.choose(stepper.init(G[0]).rate, replace_seen(G[0]), G[0])
    assert eta == 1.5


def replace_seen(g: Any) -> Any:
    from lra_ref.parts import Seen

    return Seen(t=0, x=np.zeros(3), g=g, f=np.zeros(1), offsets=np.array([0, 3]))


def test_a_substitution_without_effect_is_refused() -> None:
    part = DIRECTIONS["sgd"]()
    assert not uses(part, "adam_direction")
    assert uses(DIRECTIONS["amsgrad"](), "adam_direction")
    with pytest.raises(ValueError, match="sgd uses no formula adam_direction"):
        substituted(part, adam_direction=same)
