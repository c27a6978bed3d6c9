"""``python -m experiments.reproductions``: what it prints, its exit codes, and that every reproduction is complete."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.reproductions import __main__ as command
from experiments.reproductions import page
from experiments.reproductions.frame import Reproduction
from tests.experiments.reproductions.toy import PAGE, toy


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reproduction:
    """The toy in place of the reproductions of the folder, with its files written."""
    reproduction = toy(tmp_path)
    reproduction.page_path.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(command, "names", lambda: ["toy"])
    monkeypatch.setattr(command, "load", lambda name: reproduction)
    index = tmp_path / "index.md"
    index.write_text(f"# All\n\n{command.BEGIN}\n{command.END}\n", encoding="utf-8")
    monkeypatch.setattr(command, "INDEX", index)
    assert command.main(["toy", "--full", "--write"]) == 0
    assert command.main(["--index"]) == 0
    return reproduction


def test_check_of_what_is_committed(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert command.main(["--check"]) == 0
    assert command.main(["toy", "--full", "--check"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in out] == ["toy: 2 rows, 0 differences", "toy: 3 rows, 0 differences"]


def test_a_changed_number_fails_the_check_in_one_line(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    path = made.csv_path("full")
    path.write_text(path.read_text(encoding="utf-8").replace("2,1.333333333", "2,1.5"), encoding="utf-8")
    capsys.readouterr()
    assert command.main(["--check"]) == 1
    said = capsys.readouterr()
    assert "toy: 2: square is 1.333333333, committed 1.5" in said.err.splitlines()
    assert said.out.startswith("toy: 2 rows, 3 differences (quick")


def test_a_missing_row_fails_the_check(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    path = made.csv_path("full")
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert command.main(["toy", "--full", "--check"]) == 1
    assert "toy: 3: computed here, but not committed" in capsys.readouterr().err


def test_a_stale_list_fails_the_check(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    text = command.INDEX.read_text(encoding="utf-8")
    assert "| [toy](../toy.md) | squares | nobody | 1 yes |" in text
    command.INDEX.write_text(text.replace("1 yes", "2 yes"), encoding="utf-8")
    assert command.main(["--check"]) == 1
    assert "index.md is not that of the committed tables: --index" in capsys.readouterr().err


def test_rows_and_conclusions_are_printed(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert command.main(["toy"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "n,square,word,spread,by"
    assert "yes     squares grow | 2 of them" in said.err
    assert command.main(["toy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["n"] for row in found["rows"]] == ["1", "2"]
    assert found["judgements"] == [{"published": "squares grow", "measured": "2 of them", "agrees": "yes"}]


def test_what_is_missing_is_said_and_skipped(
    made: Reproduction, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "load", lambda name: replace(made, needs=("no_such_module",)))
    assert command.main(["toy"]) == 2
    assert command.main(["--check"]) == 0
    assert capsys.readouterr().err.splitlines() == ["toy: skipped, no_such_module not installed"] * 2


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--jobs", "0"], "--jobs must be at least 1, got 0"),
        (["--data", "x"], "--figure and --data want one NAME, got 0"),
        (["toy", "--data", "x"], "toy takes no data files"),
        (["toy", "--data", "x", "--check"], "--data computes tables that are not committed"),
        (["toy", "--write"], "are part of toy.csv; write it with --full"),
    ],
)
def test_usage_errors_are_one_line(made: Reproduction, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        command.main(argv)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown reproduction 'hdm_tables'; did you mean hdm_table"):
        command.load("hdm_tables")


def test_one_that_cannot_run_does_not_stop_the_others(made: Reproduction, capsys: pytest.CaptureFixture[str]) -> None:
    made.csv_path("full").unlink()
    with pytest.raises(SystemExit):
        command.main(["toy", "--check"])
    capsys.readouterr()
    assert command.main(["--check"]) == 2
    assert capsys.readouterr().err.startswith("toy: toy.csv does not exist")


@pytest.mark.parametrize("name", command.names())
def test_every_reproduction_is_complete(name: str) -> None:
    made = command.load(name)
    assert made.name == name
    rows = made.stored()
    assert rows
    assert made.stored("quick")
    keys = [made.key(row) for row in rows]
    assert len(set(keys)) == len(keys)
    judged = made.judge(rows)
    assert judged
    assert {entry.agrees for entry in judged} <= {"yes", "partly", "no"}
    # drawings are compared by --check
    wrong, _ = page.differences(made, drawings=False)
    assert wrong == []


def test_the_list_of_reproductions_is_that_of_the_committed_tables() -> None:
    assert command.index_text() == command.INDEX.read_text(encoding="utf-8")
