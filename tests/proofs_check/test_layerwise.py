"""The layer-wise steps through the kernels."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check.layerwise import from_ones


@pytest.mark.parametrize(("factor", "dim", "after"), [(1, 2, 2), (1, 3, 18), (1, 4, 72), (3, 3, 0), (2, 3, sp.Rational(9, 8))])
def test_ones_through_the_kernels(factor: int, dim: int, after: object) -> None:
    """(x_1 + ... + x_D)^2/2 at (1, ..., 1): the sum D becomes D (1 - D/factor)."""
    before, found = from_ones(factor, dim)
    assert before == sp.Rational(dim**2, 2)
    assert found == after
