from __future__ import annotations

import json
from pathlib import Path

import pytest

from lra_ref.sweep import sweep
from tests.commands.conftest import Call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sweep("sgd", "quadratic", lr=[0.1, 1.0], steps=5, out=tmp_path / "run")
    return tmp_path / "run"


def test_the_report_lies_in_the_directory(call: Call, folder: Path) -> None:
    assert call("report", folder) == (0, f"{folder / 'report.html'}\n", "")
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_json_and_another_place(call: Call, folder: Path) -> None:
    code, out, err = call("report", folder, "--out", "r.html", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"schema": 1, "report": "r.html", "kind": "sweep", "plots": 4, "finished": True}
    assert Path("r.html").exists()


def test_an_unfinished_run_is_shown_and_said(call: Call, folder: Path) -> None:
    cells = folder / "cells.jsonl"
    cells.write_bytes(cells.read_bytes().splitlines(keepends=True)[0])
    code, out, err = call("report", folder, "--json")
    assert code == 1
    assert json.loads(out)["finished"] is False
    assert err == f"{folder} is unfinished: the report shows what is there\n"
    assert (folder / "report.html").exists()


def test_the_browser_opens_only_when_asked(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    call("report", folder)
    call("report", folder, "--open", "no")
    assert opened == []
    assert call("report", folder, "--open", "yes")[2] == ""
    assert opened == [(folder / "report.html").absolute().as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert call("report", folder, "--open", "yes")[::2] == (0, "no browser was found\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "nothing is not a folder"),
        (["."], ". is not a run directory: it has no run.json"),
        (["run", "--out", "x.pdf"], "--out must be an .html file in an existing folder, got x.pdf"),
        (["run", "--out", "no/x.html"], "--out must be an .html file in an existing folder, got no/x.html"),
        (["run", "--open", "maybe"], "invalid choice"),
        ([], "the following arguments are required: DIR"),
    ],
)
def test_usage_errors_are_one_line(call: Call, folder: Path, words: list[str], message: str) -> None:
    code, out, err = call("report", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not (folder / "report.html").exists()
