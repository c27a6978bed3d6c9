"""The steps of MLR-SNet are as claimed; what their answers pin down."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check import mlr_snet
from proofs_check.runner import check, select, theorem
from proofs_check.steps import Result, Step

STEPS = select(["mlr_snet"])
SLOW = ("mlr_snet.M1.3",)


@pytest.mark.parametrize("step", [pytest.param(s, id=s.id, marks=[pytest.mark.slow] if s.id in SLOW else []) for s in STEPS])
def test_every_step_is_proved_and_its_control_refuted(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_every_theorem_has_a_statement_and_steps() -> None:
    assert {step.theorem for step in STEPS} == set(mlr_snet.THEOREMS)
    for name in mlr_snet.THEOREMS:
        assert [int(step.id.rpartition(".")[2]) for step in theorem(name)] == list(range(1, len(theorem(name)) + 1))


def test_the_gradient_of_one_unit_has_twenty_two_entries() -> None:
    assert mlr_snet.gradient(1).detail == "22 cases"


def test_the_state_grows_by_no_less_than_one() -> None:
    assert mlr_snet.grows().result is Result.PROVED
    assert mlr_snet.grows(sp.Rational(99, 100)).result is Result.REFUTED
