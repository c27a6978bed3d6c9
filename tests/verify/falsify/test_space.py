"""Every point of the cube is a point of the space."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lra_ref.verify.falsify import Integer, OneOf, Real, Reals, Search
from lra_ref.verify.falsify.derive import space_of
from tests.verify.falsify.toys import toy


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(5, 12))
@settings(deadline=None, max_examples=40)
def test_every_point_of_the_cube_is_a_point_of_the_space(seed, low, high):
    claim = toy(lambda e: e["x"], lambda e: e["x"], Search(derived=False, space={
        "T": Integer(low, high), "a": Reals(-2.0, 3.0, size="T", most=high), "x": Real(0.1, 10.0, log=True), "which": OneOf(["p", "q"]),
        "b": Reals(1e-3, 1.0, size=4, log=True),
    }))  # fmt: skip
    space = space_of(claim, "claim")
    name, parameters = space.case(space.place(np.random.default_rng(seed).random(space.count)))
    assert name == "toy"
    assert low <= parameters["T"] <= high
    assert len(parameters["a"]) == parameters["T"]
    assert all(-2 <= entry <= 3 for entry in parameters["a"])
    assert 0.1 <= parameters["x"] <= 10
    assert parameters["which"] in ("p", "q")
    assert len(parameters["b"]) == 4
    assert all(1e-3 <= entry <= 1 for entry in parameters["b"])
