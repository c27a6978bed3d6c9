"""The steps of Mechanic are as claimed."""

from __future__ import annotations

import pytest

from proofs_check import mechanic
from proofs_check.mechanic_steps import kernels, statements
from proofs_check.runner import chain, check, select, theorem
from proofs_check.steps import Result, Step

STEPS = select(["mechanic"])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_is_proved_and_its_control_refuted(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_every_theorem_has_a_statement_and_steps() -> None:
    assert {step.theorem for step in STEPS} == set(mechanic.THEOREMS)
    for name in mechanic.THEOREMS:
        assert [int(step.id.rpartition(".")[2]) for step in theorem(name)] == list(range(1, len(theorem(name)) + 1))


def test_the_identity_rests_on_the_kernels_and_on_the_sign_of_the_scale() -> None:
    assert {"mechanic.step", "mechanic.M3"} <= set(chain("mechanic.M1"))


def test_every_form_is_read_from_its_own_numbers() -> None:
    rows = [kernels.hyper(form) for form in kernels.FORMS]
    assert len({tuple(map(str, row)) for row in rows}) == 3


def test_the_counterexample_to_the_identity_is_the_smallest_one() -> None:
    assert statements.recomputed_fails().result is Result.PROVED
    assert statements.recomputed_without_eps().result is Result.REFUTED
