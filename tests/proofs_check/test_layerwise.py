"""The proof steps of the layer-wise steps: all as claimed."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check.layerwise import STEPS, THEOREMS, from_ones
from proofs_check.runner import check
from proofs_check.steps import Result, Step


@pytest.mark.parametrize("step", STEPS, ids=[step.id for step in STEPS])
def test_step_is_as_claimed(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_every_theorem_is_stated_and_has_steps() -> None:
    assert {step.theorem for step in STEPS} == set(THEOREMS)


@pytest.mark.parametrize(("factor", "dim", "after"), [(1, 2, 2), (1, 3, 18), (1, 4, 72), (3, 3, 0), (2, 3, sp.Rational(9, 8))])
def test_ones_through_the_kernels(factor: int, dim: int, after: object) -> None:
    """(x_1 + ... + x_D)^2/2 at (1, ..., 1): the sum D becomes D (1 - D/factor)."""
    before, found = from_ones(factor, dim)
    assert before == sp.Rational(dim**2, 2)
    assert found == after
