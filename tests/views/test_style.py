from __future__ import annotations

import csv
import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.views import Band, learning_curves, save, svg, table_of
from lra_ref.views.style import (
    COLORS,
    HUGE,
    INK,
    STYLE,
    check_path,
    csv_of,
    few_marks,
    floats,
    logarithmic,
    look,
    panel,
    short,
    shows,
    symlog_axis,
)


def figure() -> Any:
    return learning_curves({"a, b": Band.of([0.0, 1.0, 2.0], [[1.0, 0.1, np.nan], [1.0, 0.3, np.inf]])})


@pytest.mark.parametrize(
    ("values", "vanishing", "answer"),
    [
        ([1, 20], False, True),
        ([1, 9], False, False),
        ([0, 1, 20], False, False),
        ([0, 1, 20], True, True),
        ([-1, 1, 20], False, False),
        ([0, 0], True, False),
        ([], True, False),
        ([-1e-9, 0, 1, 20], True, True),
        ([-1, 1, 20], True, False),
    ],
)
def test_when_an_axis_is_logarithmic(values: list[float], vanishing: bool, answer: bool) -> None:
    assert logarithmic(np.array(values, dtype=float), vanishing) is answer


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_files_are_whole_and_the_same_for_the_same_data(tmp_path: Path, suffix: str) -> None:
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    save(figure(), one)
    save(figure(), other)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([one.name, other.name])
    if suffix == "svg":
        assert ElementTree.parse(one).getroot().tag.endswith("svg")


def test_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    code = "from tests.views.test_style import figure, svg; print(svg(figure()), end='')"
    root = Path(__file__).parents[2]
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root).stdout
    assert other == svg(figure())


def test_bytes_do_not_depend_on_the_settings_of_the_session() -> None:
    import matplotlib

    before = svg(figure())
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 9, "axes.grid": False, "svg.fonttype": "path"}):
        assert svg(figure()) == before


def test_nothing_is_left_of_a_plot_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plot.png"
    path.write_text("before")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    with pytest.raises(OSError, match="no space"):
        save(figure(), path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("plot.png", "before")]


@pytest.mark.parametrize(
    ("name", "message"), [("x.gif", "must end in .png, .svg, .pdf"), ("no/x.png", "existing folder"), ("folder.png", "existing folder")]
)
def test_paths_that_cannot_be_written(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match=message):
        check_path(tmp_path / name)


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"plots need matplotlib: pip install 'lra_ref\[report\]'"):
        check_path(tmp_path / "x.png")
    with pytest.raises(ValueError, match="plots need matplotlib"):
        figure()


def test_importing_the_views_does_not_load_matplotlib() -> None:
    code = "import sys, lra_ref.views; print([n for n in ('matplotlib', 'scipy', 'numba') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


def test_the_table_of_a_figure_as_csv() -> None:
    drawn = figure()
    rows = list(csv.reader(io.StringIO(csv_of(drawn))))
    assert rows[0] == ["series", "gradient evaluations", "low", "middle", "high"]
    # quoted where it must be, numbers in full, nothing for what is not finite
    assert rows[1:] == [
        ["a, b", "0.0", "1.0", "1.0", "1.0"],
        ["a, b", "1.0", *map(repr, np.quantile([0.1, 0.3], [0.1, 0.5, 0.9]).tolist())],
        ["a, b", "2.0", "", "", ""],
    ]
    third = 1 / 3
    shows(drawn, ("x",), [(third,), (np.float64(third),), (None,), (np.int64(3),)])
    assert csv_of(drawn).split() == ["x", repr(third), repr(third), '""', "3"]
    assert float(csv_of(drawn).split()[1]) == third


def test_another_figure_has_no_table() -> None:
    from matplotlib.figure import Figure

    with pytest.raises(ValueError, match="carries no table"):
        table_of(Figure())


def test_every_look_is_told_apart_in_black_and_white() -> None:
    seen = [(str(look(k)["linestyle"]), look(k)["marker"]) for k in range(24)]
    assert len(set(seen)) == 24
    assert len({entry[0] for entry in seen[:6]}) == len({entry[1] for entry in seen[:8][:6]}) == 6
    assert len({look(k)["color"] for k in range(7)}) == 7
    assert INK in COLORS


def test_numbers_and_none_as_floats() -> None:
    found = floats([None, 0, -1e300, np.inf, 1e-250, 2])
    assert np.isnan(found[0])
    assert list(found[1:]) == [0.0, -HUGE, np.inf, 1e-200, 2.0]
    assert floats([[None, 1], [2, 3]]).shape == (2, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1.0, "1"), (0.001, "0.001"), (1e-6, "10⁻⁶"), (2e-5, "2·10⁻⁵"), (-1e9, "−10⁹"), (5000.0, "5000"), (2e4, "2·10⁴")],
)
def test_labels_are_short(value: float, text: str) -> None:
    assert short(value) == text


def ticks(values: list[float], linear: float) -> tuple[list[float], tuple[float, float]]:
    drawn, axes = panel()
    symlog_axis(axes, np.array(values), linear)
    drawn.canvas.draw()
    return sorted(float(tick) for tick in axes.get_yticks()), axes.get_ylim()


def test_axes_of_both_signs_have_few_labels_and_no_room_for_what_is_not_there() -> None:
    found, (low, high) = ticks([-1e4, 2.0, 1e4], 1e-2)
    assert np.allclose(found, [-1000.0, -10.0, -0.1, 0.0, 0.1, 10.0, 1000.0], rtol=1e-12)
    assert low < -1e4
    assert high > 1e4
    found, (low, high) = ticks([-0.1, -1e-9], 1e-10)
    assert all(tick < 0 for tick in found)
    assert len(found) >= 3
    assert low < -0.1 < -1e-9 < high < 1e-9
    found, _ = ticks([0.0, 0.3], 1e-3)
    assert np.allclose(found, [0.0, 0.001, 0.01, 0.1], rtol=1e-12)


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.floats(1e-12, 1.0))
def test_labels_of_both_signs_keep_apart(low: float, high: float, linear: float) -> None:
    if abs(high - low) < 10 * linear:
        return
    drawn, axes = panel()
    symlog_axis(axes, np.array([low, high]), linear)
    places = np.sort([axes.transData.transform((0.0, tick))[1] for tick in axes.get_yticks()])
    # a label is 9 points high, 100 dots per inch
    assert np.all(np.diff(places) > 9 / 72 * drawn.dpi)
    assert len(places) <= 17


def test_markers_are_evenly_spaced_along_the_axis() -> None:
    grid = np.concatenate([[0.0], np.geomspace(1, 1e6, 200)])
    linear, log = few_marks(grid), few_marks(grid, logarithmic=True)
    assert linear[0] == 0
    assert np.max(np.diff(grid[linear])) < 2.1e5
    assert np.allclose(np.diff(np.log10(grid[log][1:])), 6 / 7, atol=0.1)
    assert few_marks(np.array([])) == []
    assert few_marks(np.array([3.0])) == [0]


def test_text_stays_text_in_svg() -> None:
    assert STYLE["svg.fonttype"] == "none"
    assert ">gradient evaluations</text>" in svg(figure())
