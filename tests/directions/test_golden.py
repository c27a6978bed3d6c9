"""Directions against golden vectors that were computed from torch's documented definitions in 60 digits."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lra_ref.directions import DIRECTIONS
from tests.directions import golden
from tests.stepping import walk

ROWS = json.loads(golden.PATH.read_text())
#: a recursion of 6 steps with at most 5 roundings each and at most 10 more for d: 40 unit roundoffs of the condition
ROUNDINGS = 40 * 2.0**-53


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['direction']}-{list(row['parameters'].values())}")
def test_agrees_with_the_definition_of_torch(row: dict[str, object]) -> None:
    d, _ = walk(DIRECTIONS[row["direction"]](**row["parameters"]), golden.GRADIENTS, golden.POINTS)
    exact, condition = np.array(row["d"], dtype=float), np.array(row["condition"], dtype=float)
    assert np.all(np.abs(d - exact) <= ROUNDINGS * condition + 2.0**-53 * np.abs(exact))


def test_the_golden_file_is_current() -> None:
    assert golden.PATH.read_text() == golden.text()


def test_the_tolerance_sees_a_small_change() -> None:
    """A relative change of 1e-12 in beta1 is seen, so the comparison is not vacuous."""
    row = next(row for row in ROWS if row["direction"] == "adam")
    d, _ = walk(DIRECTIONS["adam"](**{**row["parameters"], "beta1": 0.9 * (1 + 1e-12)}), golden.GRADIENTS, golden.POINTS)
    exact, condition = np.array(row["d"], dtype=float), np.array(row["condition"], dtype=float)
    assert np.any(np.abs(d - exact) > ROUNDINGS * condition + 2.0**-53 * np.abs(exact))
