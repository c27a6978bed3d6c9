"""The table of agreements: the files belong together, and the check can fail."""

from __future__ import annotations

import pytest

from experiments.reproductions import agreement as table
from experiments.reproductions import page
from experiments.reproductions.agreement_rows import ROWS, Row
from experiments.reproductions.frame import computed, differences
from lra_ref.methods import make_method

MADE = table.REPRODUCTION


def test_page_and_file_belong_together_and_have_every_row() -> None:
    rows = MADE.stored()
    assert page.differences(MADE)[0] == []
    assert [list(MADE.key(row)) for row in rows] == [[source.words()[name] for name in MADE.keys] for source in ROWS]
    assert all((row["verdict"] == "agrees but for") <= bool(row["deviation"]) for row in rows)
    assert all(bool(source.note) for row, source in zip(rows, ROWS, strict=True) if row["verdict"] == "differs")
    assert [MADE.key(row) for row in MADE.stored("quick")] == [tuple(s.words()[k] for k in MADE.keys) for s in table.tasks("quick")]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_row_names_a_method_of_ours(row: Row) -> None:
    make_method(row.method, **row.parameters)
    assert set(row.names) <= set(row.parameters)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"verdict": "differs"}, "verdict is differs"),
        ({"deviation": "place of eps: there is none"}, "deviation is"),
        ({"gaps": "none"}, "gaps is none"),
        ({"steps": "7"}, "steps is 7"),
        ({"ulps": "60"}, "ulps is 60, committed"),
        ({"ulps": ""}, "ulps is empty, committed"),
        ({"ulps": "1"}, ""),
        ({"package": "other"}, "computed here, but not committed"),
    ],
)
def test_the_check_finds_what_is_not_as_committed(change: dict[str, str], found: str) -> None:
    rows = MADE.stored()
    wrong, _ = differences(MADE, [{**rows[0], **change}, *rows[1:]], rows)
    assert any(found in text for text in wrong) if found else wrong == []
    assert differences(MADE, rows[1:], rows)[0] == [" ".join(MADE.key(rows[0])) + ": committed, but not computed here"]


def test_versions_are_said() -> None:
    rows = MADE.stored()
    assert differences(MADE, rows, rows) == ([], [])
    said = differences(MADE, [{**rows[0], "version": "0"}, *rows[1:]], rows)
    assert said == ([], [f"0 here, {rows[0]['version']} committed"])


@pytest.mark.slow
def test_a_row_is_computed() -> None:
    pytest.importorskip("torch")
    row = next(source for source in ROWS if source.words()["optimizer"] == "RMSprop")
    (found,) = computed(MADE, [row])
    (committed,) = (old for old in MADE.stored() if MADE.key(old) == MADE.key(found))
    assert differences(MADE, [found], [committed])[0] == []
