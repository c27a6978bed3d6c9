"""Tensors that have a gradient in some steps and none in others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import battery, compare
from lra_ref.crosscheck.gaps import conventions
from lra_ref.crosscheck.layouts import layout_named
from lra_ref.crosscheck.machine import Machine, Plan
from lra_ref.crosscheck.sequences import make_sequence
from lra_ref.methods import make_method
from tests.crosscheck.ports.directions_plain import CountingAdam, adam

LAYOUT = layout_named("model")
GAPS = make_sequence("gaps", LAYOUT.offsets, 40)


def zeroed(tensors: Any, gradients: Any, state: Any, lr: float) -> Any:
    """Adam that fills in zeros."""
    return adam(tensors, [np.zeros_like(x) if g is None else g for x, g in zip(tensors, gradients, strict=True)], state, lr)


def decaying(tensors: Any, gradients: Any, state: Any, lr: float) -> Any:
    """Adam whose first moment decays where there is no gradient: none of the usual ways."""
    moved, new = adam(tensors, gradients, state, lr)
    new["m"] = [0.9 * m if g is None else m for m, g in zip(new["m"], gradients, strict=True)]
    return moved, new


def report(port: Any, **options: Any) -> Any:
    return compare(port, "adam", parameters={"lr": 0.01}, cases=battery(make_method("adam"), 40, 0, ["model"], ["gaps"]), **options)


@pytest.mark.parametrize(("port", "way"), [(adam, "skip"), (CountingAdam, "count"), (zeroed, "zero")])
def test_the_way_of_a_port_is_named_and_can_be_asked_for(port: Any, way: str) -> None:
    found = report(port)
    assert found.agrees
    assert found.outcomes[0].gaps == (way,)
    assert "a tensor without gradient" in found.text()
    assert [report(port, missing=name, diagnose=False).agrees for name in ("skip", "count", "zero")] == [
        name == way for name in ("skip", "count", "zero")
    ]


COUNTED, ZERO = ("steps counted per tensor", ""), ("tensors without gradient", "counted with a zero gradient")


@pytest.mark.parametrize(("port", "deviation"), [(CountingAdam, COUNTED), (zeroed, ZERO)])
def test_another_way_than_asked_for_is_diagnosed(port: Any, deviation: Any) -> None:
    found = report(port, missing="skip")
    assert found.first.step > 0
    assert [finding.deviations for finding in found.diagnosis.found] == [(deviation,)]


def test_none_of_the_ways_is_a_difference() -> None:
    found = report(decaying)
    assert not found.agrees
    assert not found.diagnosis.found


@pytest.mark.parametrize("name", ["adam", "rmsprop", "hypergradient_momentum", "dadapt_adam", "mechanic_sgd"])
def test_a_tensor_that_is_left_out_stands_still_and_so_does_its_state(name: str) -> None:
    machine = Machine(Plan(make_method(name)), LAYOUT, GAPS, np.ones(LAYOUT.dim))
    assert machine.step()
    for t in range(1, 20):
        x, before, there = machine.x.copy(), machine.quantities(), GAPS.present(t, LAYOUT.dim)
        assert machine.step(), machine.status
        assert np.array_equal(machine.x[~there], x[~there])
        assert not np.array_equal(machine.x[there], x[there])
        for key, value in machine.quantities().items():
            if value.shape == x.shape:
                assert np.array_equal(value[~there], before[key][~there])


@pytest.mark.parametrize("name", ["adam", "dadapt_adam", "hypergradient_momentum"])
def test_the_step_is_that_of_the_method_on_the_other_tensors(name: str) -> None:
    machine = Machine(Plan(make_method(name)), LAYOUT, GAPS, np.ones(LAYOUT.dim))
    changed = make_sequence("gaps", LAYOUT.offsets, 40)
    changed.gradients[~changed.given] = 7.0
    other = Machine(Plan(make_method(name)), LAYOUT, changed, np.ones(LAYOUT.dim))
    zero = Machine(Plan(make_method(name), missing="zero"), LAYOUT, GAPS, np.ones(LAYOUT.dim))
    for _ in range(20):
        assert all(one.step() for one in (machine, other, zero))
    # what stands where there is no gradient is not looked at
    assert np.array_equal(machine.x, other.x)
    assert not np.array_equal(machine.x, zero.x)


def test_without_gaps_the_ways_are_one_method() -> None:
    sequence = make_sequence("normal", LAYOUT.offsets, 10)
    points = []
    for plan in conventions(Plan(make_method("adam"))).values():
        machine = Machine(plan, LAYOUT, sequence, np.ones(LAYOUT.dim))
        for _ in range(10):
            machine.step()
        points.append(machine.x)
    assert len(points) == 3
    assert all(np.array_equal(points[0], x) for x in points[1:])


def test_a_sequence_with_gaps_needs_tensors() -> None:
    with pytest.raises(ValueError, match="a sequence with gaps needs at least 3 tensors with elements, got 1"):
        make_sequence("gaps", np.array([0, 4]), 5)


def test_methods_with_sums_over_the_tensors_of_the_step_before_are_refused() -> None:
    with pytest.raises(ValueError, match="clara_sgd uses sums over the tensors of the step before, which may be others"):
        compare(adam, "clara_sgd", cases=battery(make_method("adam"), 5, 0, ["model"], ["gaps"]))
    assert all(case.sequence.name != "gaps" for case in battery(make_method("clara_sgd")))
