"""The steps of DoG, LDoG and DoWG are as claimed; what their answers pin down."""

from __future__ import annotations

import pytest

from lra_ref.rates.dog_bounds import TRIBONACCI
from proofs_check import dog
from proofs_check.dog_steps import cone, regret
from proofs_check.runner import chain, check, select, theorem
from proofs_check.steps import Result, Step

STEPS = select(["dog"])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_is_proved_and_its_control_refuted(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_every_theorem_has_a_statement_and_steps() -> None:
    assert {step.theorem for step in STEPS} == set(dog.THEOREMS)
    for name in dog.THEOREMS:
        assert [int(step.id.rpartition(".")[2]) for step in theorem(name)] == list(range(1, len(theorem(name)) + 1))


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
