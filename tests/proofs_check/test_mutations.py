"""A changed formula changes the proof: every mutant of every formula under proof leaves some step that reads it unproved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from proofs_check.runner import check, select
from proofs_check.steps import Result, Step
from tests.proofs_check.mutations import Mutant, mutants, planted
from tests.proofs_check.survivors import SURVIVORS

FORMULAS: dict[str, tuple[Callable[..., Any], list[Step]]] = {}
for step in select():
    for formula in step.formulas:
        name = f"{formula.__module__.removeprefix('lra_ref.')}.{formula.__qualname__}"
        FORMULAS.setdefault(name, (formula, []))[1].append(step)


def caught(formula: Callable[..., Any], mutant: Mutant, steps: list[Step]) -> bool:
    with planted(formula, mutant):
        return any(check_only(step) is not Result.PROVED for step in sorted(steps, key=lambda s: s.method == "worst case"))


def check_only(step: Step) -> Result:
    try:
        return step.check().result
    except Exception:  # a formula that can no longer be read is not proved either
        return Result.UNKNOWN


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_every_mutant_is_caught(name: str) -> None:
    formula, steps = FORMULAS[name]
    found = mutants(formula)
    survivors = {mutant.what for mutant in found if not caught(formula, mutant, steps)}
    assert survivors == set(SURVIVORS.get(name, {})), survivors


def test_survivors_are_of_formulas_under_proof() -> None:
    assert set(SURVIVORS) <= set(FORMULAS)
    assert all(reason for reasons in SURVIVORS.values() for reason in reasons.values())


def test_a_planted_mutant_is_seen_by_every_reading_and_taken_back() -> None:
    from lra_ref.learners.formulas import loss_slope

    before = loss_slope(2.0, 1.0, 3.0)
    (mutant,) = [m for m in mutants(loss_slope) if "Sub -> Add" in m.what]
    with planted(loss_slope, mutant):
        assert loss_slope(2.0, 1.0, 3.0) == 7.0
    assert loss_slope(2.0, 1.0, 3.0) == before == 5.0


def test_a_halved_formula_is_refuted_with_a_witness() -> None:
    from lra_ref.learners.formulas import loss

    step = select(["gala.G1.2"])[0]
    (mutant,) = [m for m in mutants(loss) if "2 -> 3" in m.what]
    with planted(loss, mutant):
        row = check(step)
    assert row.outcome.result is Result.REFUTED
    assert row.outcome.witness
