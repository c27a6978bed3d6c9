from __future__ import annotations

import re

import numpy as np
import pytest

from lra_ref.report.inline import VARIABLES, inline
from lra_ref.report.look import STYLE
from lra_ref.views import Band, learning_curves, robustness, svg, tightness_bars
from tests.report.pages import faults

FIGURES = {
    "curves": lambda: learning_curves(
        {"a & b": Band.of(np.arange(50.0), np.exp(-np.arange(50.0) / 9) * np.ones((3, 1)) * [[1], [2], [3]])}
    ),
    "robustness": lambda: robustness({"a": ([0.1, 1.0], [[1.0, np.nan], [np.inf, np.nan]])}),
    "bars": lambda: tightness_bars({"a": 0.5, "b": 0.1}, groups={"a": "x", "b": "y"}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_drawing_becomes_an_element(name: str) -> None:
    source = svg(FIGURES[name]())
    one, other = inline(source, "p1", "a <label>"), inline(source, "p2", "another")
    assert faults(one + other) == []
    assert one.startswith('<svg class="plot" role="img" aria-label="a &lt;label&gt;" viewBox="0 0 331.2 ')
    for gone in ("<?xml", "<!DOCTYPE", "metadata", "<style", "font-family", "xlink", "rotate(-0 "):
        assert gone not in one
    assert len(one) < 0.7 * len(source)


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_that_is_seen_is_lost(name: str) -> None:
    source = svg(FIGURES[name]())
    drawn = inline(source, "p1", "label")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", source)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", drawn) == texts != []
    for tag in ("path", "use", "clipPath", "g"):
        assert len(re.findall(rf"<{tag}\b", drawn)) == len(re.findall(rf"<{tag}\b", source))


def test_coordinates_are_kept_to_a_hundredth_of_a_point() -> None:
    source = svg(FIGURES["curves"]())

    def numbers(text: str) -> list[float]:
        return [float(found) for d in re.findall(r' d="([^"]*)"', text) for found in re.findall(r"-?\d+(?:\.\d+)?", d)]

    before, after = numbers(source), numbers(inline(source, "p1", "label"))
    assert len(before) == len(after) > 100
    assert np.max(np.abs(np.subtract(before, after))) <= 0.005 + 1e-9


def test_house_colours_are_variables_of_the_style_sheet() -> None:
    drawn = inline(svg(FIGURES["curves"]()), "p1", "label")
    assert not set(re.findall(r"#[0-9a-f]{6}", drawn)) & set(VARIABLES)
    assert {"var(--plot0)", "var(--ink)", "var(--quiet)", "var(--line)", "var(--paper)"} <= set(re.findall(r"var\(--\w+\)", drawn))
    for name in set(re.findall(r"var\(--(\w+)\)", drawn)):
        # once for light and once for dark pages
        assert len(re.findall(rf"--{name}:", STYLE)) == 2
