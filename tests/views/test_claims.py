"""Plots of the records of claims."""

from pathlib import Path

import pytest

from lra_ref.verify import verify
from lra_ref.views.claims import figures
from lra_ref.views.style import csv_of, png, svg
from tests.verify import zoo


@pytest.fixture(scope="module")
def result():
    return verify(Path(zoo.__file__))


def test_every_kind_with_something_to_see_has_a_plot(result):
    titles = {
        name: [title for title, _ in figures(result.records[f"zoo.{name}", "claim", "walk"])]
        for name in ("identity", "mean", "law", "rate", "sdp", "scale")
    }
    assert titles == {
        "identity": ["both sides", "difference"], "mean": ["both sides", "difference of the means"], "law": ["estimates"], "rate": ["rate"],
        "sdp": ["worst case"], "scale": [],
    }  # fmt: skip
    _, figure = next(figures(result.records["zoo.rate", "claim", "walk"]))
    assert svg(figure).startswith("<?xml")
    assert png(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1.0, 1e9], [None, 1.0], [1e-300, 1e300]])
def test_plots_bear_awkward_numbers(values):
    band = {"mean": values, "low": values, "high": values}
    series = {"plot": "bound", "x": [1.0, 1000.0], "x_name": "T", "lhs": band, "rhs": band}
    record = {"series": series | {"slack": {"x": [1.0, 1000.0], "lhs": band}}}
    assert all(svg(figure) for _, figure in figures(record))


def test_the_table_of_every_panel_has_a_row_per_point(result):
    for name, rows in (("identity", 40), ("bound", 40), ("mean", 3), ("law", 2), ("rate", 4), ("sdp", 3)):
        case = "four" if name == "bound" else "walk"
        for title, figure in figures(result.records[f"zoo.{name}", "claim", case]):
            lines = csv_of(figure).splitlines()
            assert len(lines) == 1 + rows, (name, title)
            assert len({line.count(",") for line in lines}) == 1


def sides(values):
    band = {name: values for name in ("mean", "low", "high")}
    return {"plot": "bound", "x": [1.0, 2.0, 3.0, 4.0], "x_name": "T", "lhs": band, "rhs": band, "slack": {"x": [1, 2, 3, 4], "lhs": band}}


def test_sides_of_one_sign_have_no_room_for_the_other():
    panels = dict(figures({"series": sides([-1e-8, -1e-4, -1e-2, -1.0])}))
    low, high = panels["both sides"].axes[0].get_ylim()
    assert low < -1.0
    # within the part of the axis that is linear, a thousandth of the median
    assert -1e-8 < high < 1e-3 * 5.05e-3


def test_zero_is_seen_where_it_is_the_line_that_must_not_be_crossed():
    panels = dict(figures({"series": sides([-1e2, -1e4, -1e5, -1e9])}))
    assert panels["both sides"].axes[0].get_ylim()[1] < 0
    assert panels["slack"].axes[0].get_ylim()[1] > 0


def test_labels_of_both_signs_keep_apart():
    for name, figure in figures({"series": sides([-1e8, -1e-2, 1e-3, 1e6])}):
        axes = figure.axes[0]
        figure.canvas.draw()
        boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
        assert len(boxes) >= 5
        assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[k + 1 :]), name
