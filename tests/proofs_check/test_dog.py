"""What the answers of the steps of DoG, LDoG and DoWG pin down."""

from __future__ import annotations

import pytest

from lra_ref.rates.dog_bounds import TRIBONACCI
from proofs_check.dog_steps import cone, regret
from proofs_check.runner import chain
from proofs_check.steps import Result


def test_the_chains_reach_the_kernels() -> None:
    for name in ("dog.DG1", "dog.DG1l", "dog.DG1w", "dog.DG2", "dog.DG3", "dog.DG4", "dog.DG4w"):
        assert "dog.step" in chain(name)
    assert "dog.DG1" in chain("dog.DG2")


def test_the_growth_of_dowg_is_the_tribonacci_constant() -> None:
    # (1 + cbrt(19 - 3 sqrt 33) + cbrt(19 + 3 sqrt 33))/3
    assert TRIBONACCI == pytest.approx((1 + (19 - 3 * 33**0.5) ** (1 / 3) + (19 + 3 * 33**0.5) ** (1 / 3)) / 3, rel=4e-16)
    assert cone.limit(15, 1.839286755214).result is Result.REFUTED
    # the contraction has room down to 0.486: 1/2 is enough, 0.48 is not
    assert cone.contracts(2).result is Result.PROVED
    assert cone.contracts(3).result is Result.REFUTED


def test_the_constant_four_of_the_distances_is_needed() -> None:
    assert regret.distances(4).result is Result.PROVED
    assert regret.distances(3).result is Result.REFUTED
