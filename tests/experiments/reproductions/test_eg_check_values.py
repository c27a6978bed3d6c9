"""The check values of the published EGDD code."""

from __future__ import annotations

from experiments.reproductions import eg_check_values as script


def test_published_values_and_committed_file(capsys):
    assert script.main(["--check"]) == 0
    assert capsys.readouterr().out == "28 values, 0 differences\n"


def test_values_agree_to_the_printed_digit():
    for row in script.table():
        # half a unit of the fourth decimal: closer than the unit test asks
        assert abs(float(row["computed"]) - float(row["published"])) <= 0.5e-4


def test_a_difference_is_seen(monkeypatch, capsys):
    monkeypatch.setattr(script, "LR", 0.1001)
    assert script.main(["--check"]) == 1
    said = capsys.readouterr()
    assert "product 2 x 1: published 1.2463, computed 1.2465" in said.err
    assert "the table differs from eg_check_values.csv" in said.err


def test_printing_gives_the_committed_file(capsys):
    assert script.main([]) == 0
    assert capsys.readouterr().out == script.FILE.read_text(encoding="utf-8")
    assert tuple(script.FILE.read_text(encoding="utf-8").splitlines()[0].split(",")) == script.COLUMNS
