"""From a run directory to its page, and what is no run directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lra_ref.report.folder import write
from lra_ref.runs.store import line_of, load
from lra_ref.sweep import sweep
from lra_ref.verify import verify
from tests.report.pages import faults
from tests.verify import zoo

ZOO = Path(zoo.__file__)


def test_the_directory_of_a_verification(tmp_path):
    verify(f"{ZOO}::zoo.rate", out=tmp_path / "run")
    written = write(tmp_path / "run")
    assert (written.path, written.kind, written.plots, written.missing) == (tmp_path / "run" / "report.html", "verify", 1, 0)
    assert faults(written.path.read_text()) == []


def test_the_directory_of_a_sweep_and_another_file(tmp_path):
    sweep("sgd", "quadratic", lr=[0.1, 1.0], steps=5, out=tmp_path / "run")
    written = write(tmp_path / "run", tmp_path / "other.html")
    assert (written.kind, written.plots, written.missing) == ("sweep", 4, 0)
    assert faults((tmp_path / "other.html").read_text()) == []
    assert not (tmp_path / "run" / "report.html").exists()


def test_an_interrupted_sweep(tmp_path):
    sweep("sgd", "quadratic", lr=[0.1, 1.0], steps=5, out=tmp_path / "run")
    cells = tmp_path / "run" / "cells.jsonl"
    lines = cells.read_bytes().splitlines(keepends=True)
    # the second line torn
    cells.write_bytes(lines[0] + lines[1][:40])
    before = cells.read_bytes()
    assert write(tmp_path / "run").missing == 1
    assert "Unfinished: 1 of 2 cells are finished" in (tmp_path / "run" / "report.html").read_text()
    # reading changes nothing
    assert cells.read_bytes() == before
    cells.write_bytes(b"")
    with pytest.raises(ValueError, match="holds no finished cell yet: nothing to report"):
        write(tmp_path / "run")


def test_what_is_no_run_directory(tmp_path):
    with pytest.raises(ValueError, match="is not a folder"):
        write(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"is not a run directory: it has no run\.json"):
        write(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ValueError, match="is not a record of a run"):
        write(tmp_path)
    (tmp_path / "run.json").write_text('{"schema": 99, "kind": "verify", "started": "", "settings": {}}')
    with pytest.raises(ValueError, match="has schema 99"):
        write(tmp_path)


def test_rubbish_in_the_middle_is_named(tmp_path):
    sweep("sgd", "quadratic", lr=[0.1, 1.0], steps=5, out=tmp_path / "run")
    cells = tmp_path / "run" / "cells.jsonl"
    lines = cells.read_bytes().splitlines(keepends=True)
    cells.write_bytes(b"rubbish\n" + b"".join(lines))
    with pytest.raises(ValueError, match=r"cells\.jsonl, line 1: not a finished cell"):
        write(tmp_path / "run")
    assert not (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("kind", ["verify", "sweep"])
def test_sound_lines_of_something_else_are_said_in_one_line(tmp_path, kind):
    if kind == "verify":
        verify(f"{ZOO}::zoo.rate", out=tmp_path / "run")
    else:
        sweep("sgd", "quadratic", lr=[0.1], steps=5, out=tmp_path / "run")
    key = next(iter(load(tmp_path / "run").cells))
    (tmp_path / "run" / "cells.jsonl").write_bytes(line_of(key, {"what": "else"}))
    with pytest.raises(ValueError, match="holds records that this version does not understand: KeyError"):
        write(tmp_path / "run")
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_file_that_cannot_be_written(tmp_path):
    sweep("sgd", "quadratic", lr=[0.1], steps=5, out=tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot write"):
        write(tmp_path / "run", tmp_path / "file" / "report.html")


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"plots need matplotlib: pip install 'lra_ref\[report\]'"):
        write(tmp_path)
