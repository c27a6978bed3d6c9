"""The runner: selection, rows, exit codes, outlines; on small steps of its own and on the real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from proofs_check import outlines, runner
from proofs_check.__main__ import main
from proofs_check.steps import Control, Outcome, Result, Row, Step, both, counted, opposite

YES, NO, OPEN = Outcome(Result.PROVED), Outcome(Result.REFUTED, {"x": "1"}), Outcome(Result.UNKNOWN)


def step(check: Any = YES, control: Any = NO, **more: Any) -> Step:
    values = {"id": "toy.T.1", "says": "one", "method": "algebra", **more}
    return Step(check=lambda: check, control=Control("broken", lambda: control), **values)


def test_outlines_are_what_the_steps_say() -> None:
    assert outlines.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("made", "fine"),
    [
        (step(), True),
        (step(check=NO), False),
        (step(check=OPEN), False),
        (step(check=OPEN, reason="no decision procedure"), True),
        (step(control=YES), False),
        (step(control=OPEN), False),
    ],
)
def test_a_row_is_fine_if_proved_or_excused_and_its_control_refuted(made: Step, fine: bool) -> None:
    row = runner.check(made)
    assert row.fine is fine
    assert row.as_dict()["control"]["fired"] is (made.control.check() is NO)
    assert (runner.summary([row]).endswith("all as claimed")) is fine


def test_a_step_that_raises_is_unknown_and_not_fine() -> None:
    def raises() -> Outcome:
        raise ZeroDivisionError("no")

    row = runner.check(Step(id="toy.T.1", says="", method="algebra", check=raises, control=Control("", lambda: NO), reason="excused"))
    assert row.outcome.result is Result.UNKNOWN
    assert "ZeroDivisionError: no" in row.error
    assert not row.fine


@pytest.mark.parametrize("wrong", [{"id": "toy.T"}, {"method": "magic"}, {"method": "evidence"}])
def test_steps_are_checked_when_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|needs the reason"):
        step(**wrong)


def test_outcomes_combine() -> None:
    assert both(YES, OPEN, NO) is NO
    assert both(YES, OPEN) is OPEN
    assert both(YES, YES).result is Result.PROVED
    assert opposite(NO).result is Result.PROVED
    assert opposite(YES).result is Result.REFUTED
    assert opposite(OPEN).result is Result.UNKNOWN
    assert counted([YES, YES]).detail == "2 cases"
    with pytest.raises(ValueError, match="no case"):
        counted([])


def test_selection() -> None:
    assert [s.id for s in runner.select(["gala.G1.2"])] == ["gala.G1.2"]
    assert {s.theorem for s in runner.select(["gala.G1"])} == {"gala.G1"}
    assert {s.part for s in runner.select(["gala"])} == {"gala"}
    assert runner.select(["gala.G1.*"])[0].id == "gala.G1.1"
    with pytest.raises(ValueError, match=r"gala\.G1"):
        runner.select(["gala.G1x"])
    assert runner.chain("gala.G1")[0] == "gala.G1"


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gala.G1.1", "--jobs", "1"]) == 0
    assert "1 steps: 1 proved" in capsys.readouterr().out
    assert main(["gala.G1.1", "--jobs", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert rows[0]["result"] == "proved"
    assert rows[0]["control"]["fired"] is True
    assert main(["--outline", "gala.G1", "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "gala.G1.5  [proved, decision]" in out
    assert "minimum of a strongly convex function" in out
    assert main(["nothing"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["--list", "gala.G1"]) == 0
    assert main(["gala", "--jobs", "0"]) == 2


@pytest.mark.parametrize("arguments", [["--list"], ["--outline", "gala.G1", "--jobs", "1"]])
def test_a_reader_who_leaves_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "proofs_check", *arguments], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_processes_give_the_same_rows() -> None:
    targets = ["gala.G1.1", "gala.G1.4"]
    one, two = (list(runner.rows(targets, jobs)) for jobs in (1, 2))
    assert [(r.step.id, r.outcome, r.control) for r in one] == [(r.step.id, r.outcome, r.control) for r in two]


def test_missing_packages_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner, "NEEDED", {"no_such_module": "no-such-package"})
    assert main(["gala"]) == 2
    assert capsys.readouterr().err == "proofs_check: error: proofs need no-such-package: pip install 'lra_ref[proofs]'\n"


def test_rows_are_plain_data() -> None:
    row = Row(step(formulas=(len,)), YES, NO)
    assert json.loads(json.dumps(row.as_dict()))["formulas"] == ["builtins.len"]
