"""The runs of a comparison: the standard ones, recorded gradients, and runs of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import Case, Layout, Tensor, battery, compare, fixed, make_sequence, own_case, recorded
from lra_ref.crosscheck.layouts import LAYOUTS, flat_layout
from lra_ref.crosscheck.sequences import GAPS, PATTERNS
from lra_ref.methods import make_method

SGD = make_method("sgd", lr=0.125)


def sgd(tensors: Any, gradients: Any, state: Any) -> Any:
    return [x if g is None else x - 0.125 * g for x, g in zip(tensors, gradients, strict=True)], state


def test_the_standard_runs_cover_every_model_and_every_pattern() -> None:
    cases = battery(SGD, 200)
    assert {case.layout.name for case in cases} == set(LAYOUTS)
    assert {case.sequence.name for case in cases} == {*PATTERNS, GAPS}
    assert not any(case.sequence.feedback for case in cases)
    assert all(case.sequence.feedback for case in battery(make_method("gala_sgd"), 200))
    named = battery(SGD, 7, layouts=["2x2", "vector"], sequences=["jump", "zeros"])
    assert [(case.layout.name, case.sequence.name, len(case.sequence)) for case in named] == [
        ("2x2", "jump", 7), ("2x2", "zeros", 7), ("vector", "jump", 7), ("vector", "zeros", 7),
    ]  # fmt: skip


def test_recorded_gradients_are_those_that_the_reference_meets() -> None:
    layout, source, x0 = flat_layout("own", [0, 2, 5]), make_sequence("noisy_quadratic", np.array([0, 5]), 12), np.ones(5)
    sequence = recorded(SGD, source, layout, x0)
    x = x0
    for t, g in enumerate(sequence.gradients):
        np.testing.assert_array_equal(g, source.evaluate(("step", t), x)[1])
        x = x - 0.125 * g
    assert compare(sgd, SGD, cases=[Case(layout, sequence, x0), Case(layout, source, x0)]).agrees
    with pytest.raises(ValueError, match="no gradients to record: at step 1 the reference stopped"):
        recorded(SGD, fixed(np.array([[1.0], [np.inf]])), flat_layout("own", [0, 1]), np.zeros(1))


def test_layouts_of_ones_own() -> None:
    layout = Layout("mine", (Tensor((2, 3)), Tensor((4,), trainable=False), Tensor((1,))))
    case = Case(layout, fixed(np.random.default_rng(0).normal(size=(20, layout.dim))))
    assert compare(sgd, SGD, cases=[case], precision="float32").agrees


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: own_case(fixed(np.ones((2, 3))), 4), r"gradients must have shape \(T, 4\) on this layout, got \(2, 3\)"),
        (lambda: own_case(fixed(np.ones((2, 3))), 3, x0=np.ones(2)), r"x0 must have shape \(\.\.\., 3\), got \(2,\)"),
        (lambda: own_case(fixed(np.ones((2, 3))), 3, x0=np.ones((1, 3))), r"x0 must have shape \(3,\), got \(1, 3\)"),
        (lambda: own_case(fixed(np.ones((2, 3))), 3, x0=[1, np.nan, 1]), "x0 must be finite, got nan"),
        (lambda: compare(sgd, SGD, cases=[]), "cases must not be empty"),
        (lambda: battery(SGD, 0), "steps must be a whole number of at least 1, got 0"),
    ],
)
def test_bad_input_is_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
