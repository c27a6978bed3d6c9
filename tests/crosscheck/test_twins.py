"""How far rounding can carry a method: measured on jittered copies of the reference."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import battery, compare
from lra_ref.crosscheck.layouts import layout_named
from lra_ref.crosscheck.machine import Plan
from lra_ref.crosscheck.sequences import make_sequence
from lra_ref.crosscheck.trace import start_of
from lra_ref.crosscheck.twins import Twins, learns
from lra_ref.methods import make_method

LAYOUT = layout_named("model")
X = start_of(LAYOUT, "float64", 0)


def twins(name: str, precision: str = "float64", names: Any = ("x",), **parameters: Any) -> Twins:
    sequence = make_sequence("normal", LAYOUT.offsets, 100)
    return Twins(Plan(make_method(name, **parameters)), LAYOUT, sequence, X, precision, 0, names)


def test_which_methods_are_measured() -> None:
    measured = {name for name in ("sgd", "adam", "clara_sgd", "egdd_momentum") if learns(make_method(name))}
    assert measured == set()
    for name in ("hypergradient_sgd", "dog_sgd", "dadapt_adam", "prodigy", "mechanic_sgd", "gala_sgd"):
        assert learns(make_method(name))


def test_twins_stray_by_a_few_ulp_each_step_and_never_less_than_before() -> None:
    made = twins("dadapt_adam")
    far = [float(np.max(made.strayed(t, "x"))) for t in range(60)]
    assert 0 < far[0] < 32
    assert all(a <= b for a, b in pairwise(far))
    assert far[-1] < 2e3
    assert not made.lost(59)


def test_every_element_of_a_tensor_has_the_same_allowance() -> None:
    strayed = twins("prodigy").strayed(20, "x")
    for part in LAYOUT.slices():
        assert len(set(strayed[part])) == 1


def test_shorter_numbers_stray_as_many_units_as_long_ones() -> None:
    short, long = (float(np.max(twins("prodigy", precision).strayed(10, "x"))) for precision in ("float32", "float64"))
    assert 1 / 20 < short / long < 20


def test_copies_and_whole_numbers_are_not_jittered() -> None:
    made = twins("prodigy", names=("x", "x_0", "k", "d_max"))
    made.strayed(0, "x")
    start = made.reference.quantities()["x_0"]
    for twin in made.twins:
        found = twin.quantities()
        assert np.array_equal(found["x_0"], start)
        assert found["k"] == 1


class Distances:
    """DoG whose every rate is off by some units in the last place."""

    def __init__(self, tensors: Any, factor: float = 1.0) -> None:
        self.start, self.x = [np.array(x) for x in tensors], [np.array(x) for x in tensors]
        self.r, self.sum, self.factor = 1e-6 * (1 + np.sqrt(sum(float(np.sum(x * x)) for x in self.x))), 1e-8, factor

    def step(self, gradients: Any) -> Any:
        live = [k for k, g in enumerate(gradients) if g is not None]
        self.r = max(self.r, np.sqrt(sum(float(np.sum((a - b) ** 2)) for a, b in zip(self.x, self.start, strict=True))))
        self.sum += sum(float(np.sum(gradients[k] ** 2)) for k in live)
        for k in live:
            self.x[k] = self.x[k] - self.r / np.sqrt(self.sum) * self.factor * gradients[k]
        return self.x


@pytest.mark.parametrize(("units", "agrees"), [(0, True), (4, True), (1e8, False)])
def test_what_is_rounding_passes_and_what_is_not_does_not(units: float, agrees: bool) -> None:
    cases = battery(make_method("dog_sgd"), 300, 0, ["model"], ["normal"])
    report = compare(Distances, "dog_sgd", cases=cases, port_parameters={"factor": 1 + units * 2.0**-52}, diagnose=False)
    assert report.agrees == agrees, report.text()


def test_a_comparison_ends_where_nothing_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made = twins("dog_sgd")
    assert not made.lost(3)
    made.half = 1e-3
    assert made.lost(3)
    monkeypatch.setattr(Twins, "lost", lambda self, t: True)
    cases = battery(make_method("dog_sgd"), 20, 0, ["model"], ["normal"])
    report = compare(Distances, "dog_sgd", cases=cases, port_parameters={"factor": 2.0}, diagnose=False)
    # nothing was compared, and that is no agreement
    assert not report.agrees
    assert "at step 0 rounding alone can change half of the digits" in report.text()


def test_a_shorter_precision_ends_at_its_range() -> None:
    cases = battery(make_method("sgd"), 20, 0, ["model"], ["normal"])
    options = {"parameters": {"lr": 1e38}, "cases": cases, "precision": "float32", "diagnose": False}

    def steep(tensors: Any, gradients: Any, state: Any, lr: float) -> Any:
        return [x - np.float32(lr) * g for x, g in zip(tensors, gradients, strict=True)], state

    assert "too large for float32" in compare(steep, "sgd", **options).text()
