"""The steps of the controlled minibatch algorithm are as claimed; what their answers pin down."""

from __future__ import annotations

import pytest

from proofs_check import cma
from proofs_check.cma_steps import decision, kernels
from proofs_check.runner import check, select, theorem
from proofs_check.steps import Result, Step

STEPS = select(["cma"])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_is_proved_and_its_control_refuted(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_every_theorem_has_a_statement_and_steps() -> None:
    assert {step.theorem for step in STEPS} == set(cma.THEOREMS)
    for name in cma.THEOREMS:
        assert [int(step.id.rpartition(".")[2]) for step in theorem(name)] == list(range(1, len(theorem(name)) + 1))


def test_the_example_rises_to_two() -> None:
    witness = kernels.rises().witness
    assert witness is not None
    assert witness["F(w_0)"] == "Ball(0)"
    assert witness["F(w_1)"].startswith("Ball([2.0000000")
    assert kernels.rises(published=False).result is Result.PROVED


def test_nothing_smaller_than_gamma_is_promised() -> None:
    assert decision.passes().result is Result.PROVED
    assert decision.passes(1.0625).result is Result.REFUTED
    assert decision.loop(1.0625).result is Result.REFUTED
