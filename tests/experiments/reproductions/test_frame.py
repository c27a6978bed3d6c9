"""The skeleton of the reproductions: tables are written, read and compared; a changed number and a missing row are caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.reproductions.frame import Column, Judgement, Reproduction, Row, computed, differences, entry, write
from tests.experiments.reproductions.toy import compute, tasks, toy


@pytest.fixture
def made(tmp_path: Path) -> Reproduction:
    return toy(tmp_path)


def rows_of(reproduction: Reproduction, preset: str = "full") -> list[Row]:
    return list(computed(reproduction, reproduction.tasks(preset)))


def changed(rows: list[Row], index: int, **values: str) -> list[Row]:
    return [{**row, **values} if k == index else row for k, row in enumerate(rows)]


def test_written_rows_are_read_and_equal(made: Reproduction) -> None:
    rows = rows_of(made)
    assert write(made, rows, "full").read_text(encoding="utf-8").splitlines()[1] == "1,0.3333333333,odd,0,toy 1"
    assert made.stored("full") == rows
    assert made.stored("quick") == rows[:2] == rows_of(made, "quick")
    assert differences(made, rows, made.stored()) == ([], [])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"square": "0.3333333343"}, "1: square is 0.3333333343, committed 0.3333333333"),
        ({"square": "0.3333333334"}, ""),
        ({"square": "nan"}, "1: square is nan"),
        ({"square": "many"}, "1: square is many"),
        ({"word": "even"}, "1: word is even, committed odd"),
        ({"word": ""}, "1: word is empty"),
        ({"n": "9"}, "9: computed here, but not committed"),
    ],
)
def test_a_changed_entry_is_caught(made: Reproduction, change: dict[str, str], found: str) -> None:
    rows = rows_of(made)
    wrong, _ = differences(made, changed(rows, 0, **change), rows)
    assert any(line.startswith(found) for line in wrong) if found else wrong == []


def test_a_missing_row_is_caught(made: Reproduction) -> None:
    rows = rows_of(made)
    assert differences(made, rows[1:], rows) == (["1: committed, but not computed here"], [])
    assert differences(made, rows, rows[1:]) == (["1: computed here, but not committed"], [])


def test_a_row_of_another_program_is_said_and_not_compared(made: Reproduction) -> None:
    rows = rows_of(made)
    assert differences(made, changed(rows, 0, by="toy 2", square="7"), rows)[1] == ["toy 2 here, toy 1 committed"]
    version = replace(made, columns=(*made.columns[:-1], Column("by", "version")))
    wrong, said = differences(version, changed(rows, 0, by="toy 2", square="7"), rows)
    assert said == ["toy 2 here, toy 1 committed"]
    assert wrong == ["1: square is 7, committed 0.3333333333"]


def test_the_spread_of_a_row_widens_its_tolerance_and_chaos_ends_the_comparison(made: Reproduction) -> None:
    rows = changed(rows_of(made), 0, spread="1e-9")
    assert differences(made, changed(rows, 0, square="0.333335"), rows) == ([], [])
    assert differences(made, changed(rows, 0, square="0.33334"), rows)[0]
    chaotic = changed(rows, 0, spread="1e-3")
    assert differences(made, changed(chaotic, 0, square="0.1"), chaotic) == ([], [])
    assert differences(made, changed(chaotic, 0, square="700"), changed(chaotic, 1, square="800"))[0]
    wild = changed(rows, 2, spread="1e-3")
    wrong, said = differences(made, changed(wild, 2, square="700"), wild)
    assert wrong == []
    assert said == ["1 numbers that differ are not determined by float64, see Column.spread"]


def test_a_conclusion_that_turns_is_caught(made: Reproduction) -> None:
    wide = replace(made, columns=(made.columns[0], Column("square", "number", atol=10, why="test"), *made.columns[2:]))
    rows = rows_of(wide)
    wrong, _ = differences(wide, changed(rows, 0, square="2"), rows)
    assert wrong == ["squares grow: agrees no here, yes committed"]


def test_a_rule_of_its_own(made: Reproduction) -> None:
    column = Column("word", same=lambda here, committed: here.lower() == committed, why="test")
    own = replace(made, columns=(*made.columns[:2], column, *made.columns[3:]))
    rows = rows_of(own)
    assert differences(own, changed(rows, 0, word="ODD"), rows) == ([], [])
    assert differences(own, changed(rows, 0, word="EVEN"), rows)[0]


def test_a_quick_table_of_its_own(tmp_path: Path) -> None:
    own = toy(tmp_path, quick=None)
    assert write(own, rows_of(own, "quick"), "quick").name == "toy_quick.csv"
    assert own.stored("quick") == rows_of(own, "quick")
    with pytest.raises(ValueError, match=r"toy\.csv does not exist; write it with --write --full"):
        own.stored("full")


def test_what_cannot_be_written_is_refused(made: Reproduction) -> None:
    rows = rows_of(made)
    with pytest.raises(ValueError, match="rows must have different keys, got 1 2 times"):
        write(made, [*rows, rows[0]], "full")
    with pytest.raises(ValueError, match=r"are part of toy\.csv; write it with --full"):
        write(made, rows, "quick")
    with pytest.raises(ValueError, match="must compute the columns n, square, word, spread, by, got n"):
        list(computed(replace(made, compute=lambda n: [{"n": str(n)}]), [1]))
    write(made, rows, "full")
    other = replace(made, columns=made.columns[:-1])
    with pytest.raises(ValueError, match=r"toy\.csv must have the columns n, square, word, spread, got"):
        other.stored()


def test_a_tolerance_must_say_why() -> None:
    with pytest.raises(ValueError, match="column 'x' has a tolerance and must say why"):
        Column("x", "number", rtol=1e-9)


def test_modules_that_are_missing_are_named(made: Reproduction) -> None:
    assert replace(made, needs=("numpy", "no_such_module")).missing() == ["no_such_module"]


def test_entries() -> None:
    import numpy as np

    assert [entry(v) for v in (1 / 3, np.float64(2.0), np.int64(3), 4, "5.0", float("inf"))] == [
        "0.3333333333",
        "2",
        "3",
        "4",
        "5.0",
        "inf",
    ]


@pytest.mark.slow
def test_processes_compute_the_same_rows_in_the_same_order(made: Reproduction) -> None:
    assert list(computed(made, tasks("full"), jobs=2)) == rows_of(made)
    assert [row["n"] for n in tasks("full") for row in compute(n)] == ["1", "2", "3"]


def test_judgements_are_data() -> None:
    assert vars(Judgement("a", "b", "yes")) == {"published": "a", "measured": "b", "agrees": "yes"}
