"""The ports that are kept here: the right ones agree, every wrong one is caught at its step and named."""

from __future__ import annotations

from typing import Any

import pytest

from lra_ref.crosscheck import Disagreement, assert_matches, battery, compare
from lra_ref.crosscheck.diagnosis import DEVIATIONS
from lra_ref.crosscheck.machine import needs_objective
from tests.crosscheck.ports.catalog import HERE, OPTAX_SUBJECTS, PLAIN, PLAIN_SUBJECTS, TORCH_SUBJECTS, Subject, Wrong

EXTRAS = {"torch": "torch", "optax": "optax"}


def cases(subject: Subject, runs: tuple[tuple[str, str], ...], steps: int) -> list[Any]:
    method = subject.made
    chosen = runs or PLAIN[needs_objective(method)]
    return [case for layout, sequence in chosen for case in battery(method, steps, layouts=[layout], sequences=[sequence])]


def run(subject: Subject, bug: str = "", **options: Any) -> Any:
    if subject.framework in EXTRAS:
        pytest.importorskip(EXTRAS[subject.framework])
    return compare(HERE + subject.port, port_parameters=subject.bugged(bug), **subject.options, **options)


RIGHT = [pytest.param(subject, id=f"{subject.port}-{k}") for k, subject in enumerate(PLAIN_SUBJECTS + TORCH_SUBJECTS)]
SLOW = [pytest.param(subject, id=subject.port, marks=pytest.mark.slow) for subject in OPTAX_SUBJECTS]
WRONG = [
    pytest.param(subject, wrong, id=f"{subject.port}-{wrong.bug}", marks=[pytest.mark.slow] if subject.framework == "optax" else [])
    for subject in PLAIN_SUBJECTS + TORCH_SUBJECTS + OPTAX_SUBJECTS
    for wrong in subject.wrong
]


@pytest.mark.parametrize("subject", RIGHT)
def test_right_ports_agree(subject: Subject) -> None:
    report = run(subject, state=subject.state, steps=30)
    assert report.agrees, report.text()
    assert all(name in report.ulps for name in subject.state)
    assert all(outcome.steps > 0 for outcome in report.outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("subject", RIGHT + SLOW)
def test_right_ports_agree_over_a_thousand_steps(subject: Subject) -> None:
    report = run(subject, state=subject.state, steps=1000 if subject.framework != "optax" else 300)
    assert report.agrees, report.text()


@pytest.mark.parametrize(("subject", "wrong"), WRONG)
def test_wrong_ports_are_caught_and_named(subject: Subject, wrong: Wrong) -> None:
    report = run(subject, wrong.bug, cases=cases(subject, wrong.runs, 25))
    assert not report.agrees
    assert (report.first.step, report.first.quantity) == (wrong.step, "x"), report.text()
    assert report.diagnosis.found, report.text()
    (key,) = report.diagnosis.found[0].deviations
    assert key[0] == wrong.deviation, report.text()
    assert wrong.detail in key[1]
    assert not report.diagnosis.ambiguous, report.text()


def test_every_deviation_has_a_wrong_port_without_torch() -> None:
    # these two have tests of their own: test_gaps.py, test_groups.py
    elsewhere = {"steps counted per tensor", "settings of the groups"}
    assert {wrong.deviation for subject in PLAIN_SUBJECTS for wrong in subject.wrong} == set(DEVIATIONS) - elsewhere


def test_assert_matches_raises_the_report() -> None:
    subject = PLAIN_SUBJECTS[0]
    options = {**subject.options, "cases": cases(subject, (), 5)}
    assert assert_matches(HERE + subject.port, **options).agrees
    with pytest.raises(Disagreement, match=r"(?s)first difference: step 0.*diagnosis: .*before the step") as caught:
        assert_matches(HERE + subject.port, port_parameters={"bug": "early"}, **options)
    assert caught.value.report.first.step == 0
