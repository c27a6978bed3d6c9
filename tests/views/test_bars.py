from __future__ import annotations

import pytest

from lra_ref.views import svg, table_of, tightness_bars
from tests.views.drawn import legend

RATIOS = {"one": 1.0, "half": 0.5, "tiny": 3e-9, "none": None, "zero": 0.0, "broken": 1.2}
GROUPS = {"one": "proved", "half": "proved", "tiny": "searched", "none": "searched", "zero": "searched", "broken": "proved"}


def test_bars_end_at_the_ratio_and_say_it() -> None:
    figure = tightness_bars(RATIOS, groups=GROUPS, title="t")
    axes = figure.axes[0]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    assert ends[0] == pytest.approx(1.0)
    assert ends[1] == pytest.approx(0.5)
    assert ends[5] == pytest.approx(1.2)
    # below the axis: no bar, but the number
    assert axes.patches[2].get_width() == 0.0
    assert [text.get_text() for text in axes.texts] == ["1", "0.5", "3e-09", "no ratio", "0", "1.2"]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(RATIOS)
    assert axes.get_xscale() == "log"


def test_groups_differ_in_black_and_white() -> None:
    figure = tightness_bars(RATIOS, groups=GROUPS)
    assert legend(figure) == ["proved", "searched"]
    hatches = {bar.get_hatch() for bar in figure.axes[0].patches}
    assert len(hatches) == 2
    assert legend(tightness_bars(RATIOS)) == []


def test_the_table() -> None:
    assert table_of(tightness_bars(RATIOS)).rows[3] == ("none", None, "")
    assert svg(tightness_bars({"only": None})).startswith("<?xml")


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one bound, got none"):
        tightness_bars({})
    with pytest.raises(ValueError, match=r"a ratio must be >= 0, got -0\.1 for a"):
        tightness_bars({"a": -0.1})
