"""Entries of a point: the values that they may take, and those that they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.verify.falsify import OneOf, Real, Reals


def test_the_ends_of_a_list_and_its_zero_are_taken():
    entries = Reals(-1.0, 1.0, size=3).value(np.array([0.01, 0.5, 0.99]), {})
    assert entries == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Real(2, 1), "low must be at most high, got 2 and 1"),
    (lambda: Real(0, 1, log=True), "low must be > 0 on a logarithmic scale, got 0"),
    (lambda: OneOf([]), "OneOf needs at least one value"),
    (lambda: Reals(0, 1, size="T"), "most must be >= 1 for a list as long as 'T', got 0"),
])  # fmt: skip
def test_bad_input_gets_one_line(make, message):
    with pytest.raises(ValueError, match=message):
        make()
