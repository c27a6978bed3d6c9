"""Pages of the reproductions: written from the committed table, and every difference from it is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.reproductions import page
from experiments.reproductions.frame import Reproduction, computed, write
from tests.experiments.reproductions.toy import PAGE, toy

pytest.importorskip("matplotlib")


@pytest.fixture
def made(tmp_path: Path) -> Reproduction:
    reproduction = toy(tmp_path)
    reproduction.page_path.write_text(PAGE, encoding="utf-8")
    write(reproduction, list(computed(reproduction, reproduction.tasks("full"))), "full")
    return reproduction


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_written_page_is_that_of_the_table(made: Reproduction) -> None:
    assert [path.name for path in page.write(made)] == ["toy.md", "toy.svg"]
    assert page.differences(made) == ([], [])
    text = made.page_path.read_text(encoding="utf-8")
    assert "| squares grow | 3 of them | yes |" in text
    assert "| 2 | 1.333333333 |" in text
    assert text.startswith("# Toy\n\nBefore.")
    assert text.endswith("![squares](toy.svg)\n")
    page.write(made)
    assert made.page_path.read_text(encoding="utf-8") == text


def test_a_changed_number_on_the_page_is_seen(made: Reproduction) -> None:
    page.write(made)
    replaced(made.page_path, "1.333333333", "1.333333334")
    assert page.differences(made)[0] == ["toy.md is not that of toy.csv: --page"]


def test_a_changed_table_is_seen_on_page_and_figure(made: Reproduction) -> None:
    page.write(made)
    replaced(made.csv_path("full"), "2,1.333333333", "2,1.5")
    assert page.differences(made)[0] == ["toy.md is not that of toy.csv: --page", "toy.svg is not that of toy.csv: --page"]
    assert page.differences(made, drawings=False)[0] == ["toy.md is not that of toy.csv: --page"]


def test_a_missing_figure_and_one_that_is_not_shown_are_seen(made: Reproduction) -> None:
    page.write(made)
    (made.page_path.parent / "toy.svg").unlink()
    replaced(made.page_path, "(toy.svg)", "(other.svg)")
    assert page.differences(made)[0] == ["toy.md does not show toy.svg", "toy.svg does not exist: --page"]


def test_figures_of_another_matplotlib_are_said_and_not_compared(made: Reproduction) -> None:
    page.write(made)
    replaced(made.page_path, page.drawn_by(), "matplotlib 0")
    (made.page_path.parent / "toy.svg").write_text("<svg/>", encoding="utf-8")
    wrong, said = page.differences(made)
    assert wrong == []
    assert "drawn by matplotlib 0" in said[0]


def test_drawings_are_compared_to_a_twentieth_of_a_point() -> None:
    assert page.alike("M 1.0 2.0 z", "M 1.04 2.0 z")
    assert not page.alike("M 1.0 2.0 z", "M 1.06 2.0 z")
    assert not page.alike("M 1.0 2.0 z", "L 1.0 2.0 z")
    assert not page.alike("M 1.0 2.0 z", "M 1.0 2.0 z M 1.0 2.0")


def test_a_page_without_markers_is_refused(made: Reproduction) -> None:
    made.page_path.write_text("# Toy\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"toy\.md must hold the lines"):
        page.write(made)
    made.page_path.unlink()
    with pytest.raises(ValueError, match=r"toy\.md does not exist"):
        page.differences(made)


def test_one_figure_is_drawn(made: Reproduction, tmp_path: Path) -> None:
    page.draw(made, tmp_path / "any.png")
    assert (tmp_path / "any.png").stat().st_size > 1000
    both = toy(tmp_path, figures=lambda rows: {f"{name}.svg": made.figures(rows)["toy.svg"] for name in "ab"})
    page.draw(both, tmp_path / "b.png")
    with pytest.raises(ValueError, match=r"--figure must have the name of one of a\.svg, b\.svg, got c\.png"):
        page.draw(both, tmp_path / "c.png")


def test_cells_cannot_break_the_table() -> None:
    assert page.markdown(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"
