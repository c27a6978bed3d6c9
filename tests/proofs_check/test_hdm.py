"""The proof steps of HDM: every one proved, every control refuted, and the refutation's numbers."""

from __future__ import annotations

import pytest

from proofs_check.hdm import STEPS, THEOREMS
from proofs_check.hdm_steps.adagrad import exceeds
from proofs_check.runner import check
from proofs_check.steps import Result, Step


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.id)
def test_every_step_is_proved(step: Step) -> None:
    row = check(step)
    assert row.outcome.result is Result.PROVED, row.outcome
    assert row.fired, row.control


def test_every_theorem_has_steps_and_every_use_exists() -> None:
    assert {step.theorem for step in STEPS} == set(THEOREMS)
    ids = {step.id for step in STEPS}
    assert all(use in ids for step in STEPS for use in step.uses if use.startswith("hdm."))


def test_the_regret_without_projection_is_13_times_the_bound_and_not_14() -> None:
    assert exceeds(13).result is Result.PROVED
    assert exceeds(14).result is Result.REFUTED
