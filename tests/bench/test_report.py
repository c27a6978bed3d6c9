"""The page and its plots show the committed results, and every goal that is missed has a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.bench import reasons, report
from experiments.bench.reasons import REASONS, Reason
from lra_ref.bench.rows import Curve, Goal, Results, Row

GOAL = Goal("share_of_limit", least=0.9)


def results(share: float = 0.95) -> Results:
    row = Row(
        "P1", "sgd", "D = 1e7", "float64", 1, 0.01, "s per step", "memory", None, share,
        bytes_per_second=2e10, share_of_limit=share, words=3, words_moved=4,
    )  # fmt: skip
    curve = Curve("step", "D", "time", "s", (1.0, 10.0, 100.0), (1.0, 10.0, 100.0), 1.0, 0.9, 1.1, 1.0)
    growth = Curve("batch", "seeds", "memory", "bytes", (1.0, 10.0, 100.0), (1.0, 10.0, 100.0), 1.0, 0.9, 1.1, 1.0)
    return Results({"processor": "Chip"}, [row.judged(GOAL), Row("P11", "gpu", note="not measured | no GPU")], [curve, growth])


def test_the_committed_page_and_plots_show_the_committed_results() -> None:
    assert report.differences(report.read_results()) == []


def test_every_reason_is_for_a_benchmark_that_exists() -> None:
    assert {reason.id for reason in REASONS} <= set(report.BENCHES)


def test_page_and_plots_are_written_and_checked(tmp_path: Path) -> None:
    (tmp_path / "performance").mkdir()
    report.write(results(), tmp_path)
    assert report.differences(results(), tmp_path) == []
    text = (tmp_path / report.PAGE).read_text()
    assert "| sgd | D = 1e7 float64 | 1 | 10 ms per step | memory | 0.95 | 20.0 | 0.95 | 3/4 | share of limit >= 0.9 | yes |" in text
    assert "1 of 1 goals are met" in text
    assert "not measured \\| no GPU" in text
    assert "| step | time against D | 1.00 | 0.90 to 1.10 | from 1 on |" in text
    drawn = {name: (tmp_path / path).read_bytes() for name, path in report.PLOTS.items()}
    report.write(results(), tmp_path)
    assert drawn == {name: (tmp_path / path).read_bytes() for name, path in report.PLOTS.items()}


def test_a_busy_machine_is_said() -> None:
    made = results()
    assert "busy" not in report.page(made)
    made.environment.update(load=3.0, processors=2)
    assert "The machine was busy" in report.page(made)


def test_other_numbers_or_another_page_are_noticed(tmp_path: Path) -> None:
    report.write(results(), tmp_path)
    assert report.differences(results(0.96), tmp_path) == [
        "performance.md does not show these results: python -m experiments.bench.report --write",
        *(f"{path} does not show these results" for path in report.PLOTS.values()),
    ]
    (tmp_path / report.PAGE).write_text("edited")
    (tmp_path / report.PLOTS["time"]).unlink()
    assert len(report.differences(results(), tmp_path)) == 2


def test_a_miss_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "REASONS", [])
    report.write(results(0.5), tmp_path)
    assert report.differences(results(0.5), tmp_path) == ["P1 sgd memory D = 1e7 float64 misses its goal without a reason"]
    assert "No reason is known." in (tmp_path / report.PAGE).read_text()
    others = [Reason("P2", "sgd", "no"), Reason("P1", "adam", "no")]
    monkeypatch.setattr(reasons, "REASONS", [*others, Reason("P1", "^sgd.*float64", "Because.")])
    report.write(results(0.5), tmp_path)
    assert report.differences(results(0.5), tmp_path) == []
    assert "- Because. (1 of the rows: sgd, D = 1e7, float64)" in (tmp_path / report.PAGE).read_text()


def test_results_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match=r"cannot read .*none\.json: No such file"):
        report.read_results(tmp_path / "none.json")
    monkeypatch.setattr(report, "read_results", lambda: Results.from_dict({}))
    assert report.main(["--check"]) == 2
    assert "schema must be" in capsys.readouterr().err
