"""The space of a search: derived from the cases or declared; numbers keep their sort and their ranges."""

from __future__ import annotations

import numpy as np

from lra_ref.verify import Case
from lra_ref.verify.falsify.derive import derived, space_of
from tests.verify.falsify.toys import toy


def test_a_derived_space_respects_the_declared_ranges():
    found = derived({
        "parameters": {"beta1": 0.9, "eta_0": 0.1, "name": "x", "flag": True, "delta": 0.0}, "T": 1000, "seeds": 4, "powers": {"a": 3},
        "problem": "quadratic", "problem_parameters": {"condition": 1.5, "spectrum": [1.0, -2.0]}, "keep_me": 1.0,
    }, keep=("keep_me",))  # fmt: skip
    assert set(found) == {
        "parameters.beta1", "parameters.eta_0", "T", "problem_parameters.condition", "problem_parameters.spectrum.0",
        "problem_parameters.spectrum.1",
    }  # fmt: skip
    assert found["parameters.beta1"].high < 1
    assert found["problem_parameters.condition"].low == 1
    assert found["T"].high == 1000
    assert found["problem_parameters.spectrum.1"].high < 0


def test_numbers_of_another_sort_keep_apart():
    """``level`` is a whole number in one case and a real one in another."""
    cases = (Case.everywhere("batch", level=8, x=1.0), Case.everywhere("noise", level=0.5, x=1.0))
    space = space_of(toy(lambda e: e["x"], lambda e: e["x"], cases=cases), "claim")
    assert [key for key in space.dimensions if key.startswith("level")] == ["level", "level~"]
    for unit in np.random.default_rng(0).random((20, space.count)):
        name, parameters = space.case(space.place(unit))
        assert isinstance(parameters["level"], int if name == "batch" else float)
