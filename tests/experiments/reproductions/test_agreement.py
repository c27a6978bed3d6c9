"""The table of agreements: the files belong together, and the check can fail."""

from __future__ import annotations

import csv

import pytest

from experiments.reproductions import agreement as table
from experiments.reproductions.agreement_rows import ROWS, Row
from lra_ref.methods import make_method


def stored() -> list[dict[str, str]]:
    with table.CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_page_and_file_belong_together_and_have_every_row() -> None:
    rows = stored()
    assert table.page(rows) == table.PAGE.read_text(encoding="utf-8")
    assert [[row[name] for name in table.KEY] for row in rows] == [[source.words()[name] for name in table.KEY] for source in ROWS]
    assert all((row["verdict"] == "agrees but for") <= bool(row["deviation"]) for row in rows)
    assert all(bool(source.note) for row, source in zip(rows, ROWS, strict=True) if row["verdict"] == "differs")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_names_a_method_of_ours(row: Row) -> None:
    make_method(row.method, **row.parameters)
    assert set(row.names) <= set(row.parameters)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"verdict": "differs"}, "verdict is 'differs'"),
        ({"deviation": "place of eps: there is none"}, "deviation is"),
        ({"gaps": "none"}, "gaps is 'none'"),
        ({"steps": "7"}, "compared over 7 steps"),
        ({"ulps": "60"}, "60 ulp, committed"),
        ({"ulps": "1"}, ""),
        ({"version": "0"}, ""),
        ({"package": "other"}, "not in agreement.csv"),
    ],
)
def test_the_check_finds_what_is_not_as_committed(change: dict[str, str], found: str) -> None:
    rows = stored()
    assert table.differences(rows, rows) == []
    changed = [{**rows[0], **change}, *rows[1:]]
    wrong = table.differences(changed, rows)
    assert any(found in text for text in wrong) if found else wrong == []
    assert table.differences(rows[1:], rows) == [" ".join(rows[0][name] for name in table.KEY) + ": not computed here"]


def test_versions_are_said() -> None:
    rows = stored()
    assert table.versions(rows, rows) == []
    assert table.versions([{**rows[0], "version": "0"}], rows) == [f"torch 0 here, {rows[0]['version']} in agreement.csv"]


@pytest.mark.slow
def test_a_row_is_computed() -> None:
    pytest.importorskip("torch")
    row = next(source for source in ROWS if source.words()["optimizer"] == "RMSprop")
    found = table.line(row)
    (committed,) = (old for old in stored() if all(old[name] == found[name] for name in table.KEY))
    assert table.differences([found], [committed]) == []
