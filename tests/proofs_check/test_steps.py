"""Every step of every part is proved and its control refuted, and every theorem is stated and has its steps in order."""

from __future__ import annotations

from typing import Any

import pytest

from proofs_check.runner import check, check_uses, parts, select, statements
from proofs_check.steps import EVIDENCE, Result, Step

#: steps left out of the quick run: together some fifteen seconds of one core
SLOW = {
    "clara.U1.1", "clara.U2.1", "clara.U2.2", "clara.T1.1", "clara.T2.1", "clara.T2.6", "clara.T4.2", "clara.T6.2", "clara.T8.3",
    "clara.T14.1", "clara.T14.2", "clara.T17.1", "clara.A1.12", "clara.A2.1", "clara.A2.2",
    "dadaptation.D1.1", "dadaptation.D3.1", "dadaptation.D5.1", "prodigy.P1.1",
    "exponentiated.E1.1", "exponentiated.HG.1", "exponentiated.HGadam.1", "exponentiated.E7.5", "exponentiated.E8a.5",
    "learners.plays.1", "mlr_snet.M1.3",
}  # fmt: skip


def case(step: Step) -> Any:
    return pytest.param(step, id=step.id, marks=[pytest.mark.slow] * (step.id in SLOW))


@pytest.mark.parametrize("step", [case(step) for step in select()])
def test_step_is_proved_and_its_control_refuted(step: Step) -> None:
    row = check(step)
    assert row.fine, (row.outcome, row.control, row.error)
    assert row.outcome.result is Result.PROVED


def test_no_step_rests_on_evidence() -> None:
    assert not [step.id for step in select() if step.method == EVIDENCE or step.reason]


@pytest.mark.parametrize("part", parts())
def test_every_theorem_is_stated_and_its_steps_are_numbered_from_one(part: str) -> None:
    numbers: dict[str, list[int]] = {}
    for step in select([part]):
        assert step.part == part
        numbers.setdefault(step.theorem, []).append(int(step.id.rpartition(".")[2]))
    said = {theorem: text for theorem, text in statements().items() if theorem.startswith(f"{part}.")}
    assert set(numbers) == set(said)
    assert all(said.values())
    for theorem, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), theorem


def test_every_use_is_of_a_step_or_theorem_that_there_is() -> None:
    check_uses()


def test_the_slow_steps_exist() -> None:
    assert {step.id for step in select()} >= SLOW
