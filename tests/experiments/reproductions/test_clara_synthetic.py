"""The eight functions of CLARA's suite: the committed rows, the printed figures, and that the check can fail."""

from __future__ import annotations

import pytest

from experiments.reproductions import clara_synthetic as script
from experiments.reproductions.frame import Row, computed, differences

MADE = script.REPRODUCTION


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(computed(MADE, MADE.tasks("quick")))


def test_rows_and_printed_figures(rows: list[Row]) -> None:
    assert differences(MADE, rows, MADE.stored()) == ([], [])
    assert [entry.agrees for entry in MADE.judge(rows)] == ["yes"] * 3
    assert len(rows) == 8 * 2 * (script.STEPS + 1)


def test_points_start_where_they_should_and_stay_in_the_box(rows: list[Row]) -> None:
    for function, setting in script.SETTINGS.items():
        for (name, _), start in zip(script.methods().items(), setting.starts, strict=True):
            points = [(float(row["x1"]), float(row["x2"])) for row in rows if (row["function"], row["method"]) == (function, name)]
            assert points[0] == start
            assert all(setting.low <= value <= setting.high for point in points for value in point)


def test_the_check_can_fail(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    at = next(i for i, row in enumerate(rows) if (row["function"], row["method"], row["step"]) == ("rosenbrock", "adam", "20"))
    moved = [{**row, "distance": str(float(row["distance"]) + 2e-3)} if i == at else row for i, row in enumerate(rows)]
    (wrong,) = differences(MADE, moved, MADE.stored())[0]
    assert wrong.startswith("rosenbrock adam 20: distance is 3.1642")
    monkeypatch.setitem(script.PRINTED, ("rosenbrock", "adam"), 3.1)
    assert [entry.agrees for entry in script.judge(rows)] == ["yes", "yes", "partly"]
    monkeypatch.setattr(script, "clipped", lambda g: g)
    assert differences(MADE, list(computed(MADE, MADE.tasks("quick"))), MADE.stored())[0]


def test_gradients_are_scaled_to_a_norm_of_five() -> None:
    assert script.clipped(script.np.array([3.0, 4.0])).tolist() == pytest.approx([3.0, 4.0], rel=1e-6)
    assert script.clipped(script.np.array([30.0, 40.0])).tolist() == pytest.approx([3.0, 4.0], rel=1e-6)


def test_figures() -> None:
    pytest.importorskip("matplotlib")
    from lra_ref.views import table_of

    found = MADE.figures(MADE.stored())
    assert len(found) == 8
    assert {row[0] for row in table_of(found["clara_synthetic_beale.svg"]).rows} == {"Adam", "Adam-CLARA"}
