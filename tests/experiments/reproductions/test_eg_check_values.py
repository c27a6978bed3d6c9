"""The check values of the published EGDD code."""

from __future__ import annotations

import pytest

from experiments.reproductions import eg_check_values as script
from experiments.reproductions.frame import computed, differences

MADE = script.REPRODUCTION


def test_published_values_and_committed_rows() -> None:
    rows = list(computed(MADE, MADE.tasks("quick")))
    assert differences(MADE, rows, MADE.stored()) == ([], [])
    assert len(rows) == 28
    for row in rows:
        # half a unit of the fourth decimal: closer than the unit test asks
        assert abs(float(row["computed"]) - float(row["published"])) <= 0.5e-4
    assert [entry.agrees for entry in MADE.judge(rows)] == ["yes", "yes"]


def test_a_difference_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "LR", 0.1001)
    rows = list(computed(MADE, MADE.tasks("quick")))
    wrong, _ = differences(MADE, rows, MADE.stored())
    assert any(line.startswith("product 2 x 1: computed is 1.2465") for line in wrong)
    assert [entry.agrees for entry in MADE.judge(rows)] == ["partly", "partly"]


def test_the_page_shows_every_value() -> None:
    text = MADE.tables(MADE.stored())
    assert text.count("\n") == 28 + 1
    assert "| sign | 2 | gain | 1 | 1.0101 | 1.01005017 |" in text
