"""The face of the comparison: which bugs are found, also on runs of one's own, and what the report carries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lra_ref.commands.output import finite
from lra_ref.crosscheck import Report, battery, compare
from lra_ref.crosscheck.sequences import GAPS
from lra_ref.methods import make_method
from tests.crosscheck.ports.clara_plain import Clara
from tests.crosscheck.ports.rates_plain import EGDD

SGD = make_method("sgd", lr=0.125)


def sgd(tensors: Any, gradients: Any, state: Any, lr: float = 0.125, freeze: bool = True) -> Any:
    moved = [x if g is None else x - lr * g for x, g in zip(tensors, gradients, strict=True)]
    return [x if freeze or x.shape != (3,) else x + 1e-9 for x in moved], state


def test_a_frozen_tensor_that_moves_is_a_difference() -> None:
    cases = battery(SGD, 5, layouts=["awkward"])
    assert compare(sgd, SGD, cases=cases).agrees
    first = compare(sgd, SGD, port_parameters={"freeze": False}, cases=cases, diagnose=False).first
    assert first is not None
    assert (first.step, first.tensor) == (0, 2)


def test_runs_with_gaps_are_followed_where_the_others_agree_or_where_they_are_asked_for() -> None:
    other = make_method("sgd", lr=0.5)
    cases = battery(SGD, 5, layouts=["model"], sequences=["normal", GAPS])
    right, wrong = compare(sgd, SGD, steps=5), compare(sgd, other, steps=5, diagnose=False)
    asked = compare(sgd, other, cases=cases, diagnose=False)
    assert [sum(trace.sequence.gaps for trace in report.traces) for report in (right, wrong, asked)] == [1, 0, 1]


def test_runs_of_ones_own_are_followed_by_the_standard_ones_where_they_cannot_decide() -> None:
    options: Any = {"parameters": {"lr": 0.01}, "port_parameters": {"bug": "inner product"}, "method": "egdd_momentum"}
    cases = battery(make_method("egdd_momentum"), 20, layouts=["vector"])
    report = compare(EGDD, cases=cases, **options)
    assert len(report.outcomes) == 1
    assert report.diagnosis is not None
    assert [finding.deviations[0][1][:22] for finding in report.diagnosis.found] == ["use_directions = False"]


@pytest.mark.slow
def test_two_bugs_at_once_are_found_as_a_pair() -> None:
    class Both(Clara):
        """Twice the step, and a rate that learns the wrong way."""

        def step(self, gradients: Any) -> Any:
            before = [x.copy() for x in self.x]
            moved = super().step(gradients)
            self.x = [x + (x - old) for x, old in zip(moved, before, strict=True)]
            return self.x

    parameters = {"lr": 0.05, "c": 0.2, "d": 0.01}
    cases = battery(make_method("clara_sgd", **parameters), 20, layouts=["vector"])
    report = compare(Both, "clara_sgd", parameters=parameters, port_parameters={"bug": "sign"}, cases=cases)
    assert report.diagnosis is not None
    names = {frozenset(name for name, _ in finding.deviations) for finding in report.diagnosis.found}
    assert frozenset({"size of the step", "sign of the signal"}) in names
    assert ", AND " in report.diagnosis.found[0].text


@pytest.mark.slow
def test_a_bug_that_is_in_no_catalogue_is_said_so() -> None:
    class Odd(Clara):
        def step(self, gradients: Any) -> Any:
            super().step(gradients)
            self.lr += 1e-4 * len(gradients)
            return self.x

    parameters = {"lr": 0.05, "c": 0.2, "d": 0.01}
    cases = battery(make_method("clara_sgd", **parameters), 10, layouts=["vector"])
    report = compare(Odd, "clara_sgd", parameters=parameters, cases=cases)
    assert report.diagnosis is not None
    assert not report.diagnosis.found
    assert "none of the known deviations, alone or in pairs (" in report.text()


def test_the_report_is_plain_data() -> None:
    report = compare(Clara, "clara_sgd", parameters={"lr": 0.05, "d": 0.01}, port_parameters={"bug": "early"}, steps=5, state={"path": "p"})
    assert isinstance(report, Report)
    found = json.loads(json.dumps(finite(report.to_json()), allow_nan=False))
    assert {"port", "method", "agrees", "ulps", "shares", "first", "runs", "diagnosis"} <= set(found)
    assert found["runs"][0]["states"]["reference"]["eta"] == [0.05]
    assert found["settings"]["rate"]["lr"] == 0.05


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: compare(sgd, SGD, missing="drop"), "missing must be skip, count or zero, got 'drop'"),
        (lambda: compare(sgd, "sgd", names={"lr": "x"}), "parameter to rename: it is not set: 'lr'"),
    ],
)
def test_bad_input_is_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
