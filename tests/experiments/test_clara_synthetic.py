"""The reproduction of CLARA's synthetic table: the committed file, the printed figures, and that the check can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments.reproductions import clara_synthetic as table


def test_committed_file_and_printed_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert table.main(["--check"]) == 0
    assert "as printed" in capsys.readouterr().out


def test_all_functions_and_methods() -> None:
    rows = table.table()
    assert [tuple(row) for row in rows] == [table.COLUMNS] * 16
    assert {row["method"] for row in rows} == {"adam", "clara_adam"}
    assert len({row["function"] for row in rows}) == 8


def test_the_check_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "clara_synthetic.csv"
    shutil.copy(table.CSV, copy)
    copy.write_text(copy.read_text(encoding="utf-8").replace("beale,adam,20,5", "beale,adam,20,6"), encoding="utf-8")
    monkeypatch.setattr(table, "CSV", copy)
    assert table.main(["--check"]) == 1
    assert "beale" in capsys.readouterr().err
    monkeypatch.setitem(table.PRINTED, ("rosenbrock", "adam"), 3.1)
    assert any("3.1 printed" in line for line in table.differences(table.table()))
