from __future__ import annotations

import csv
import io
import re
from urllib.parse import unquote

import numpy as np
import pytest

from lra_ref.report.elements import Cell, Column, Plots, code, download, entries, number, page, plain, plain_table, slug, table
from lra_ref.report.look import STYLE
from lra_ref.report.script import SCRIPT
from lra_ref.views import Band, csv_of, learning_curves
from tests.report.pages import Page, faults

COLUMNS = (Column("name"), Column("value", number=True), Column("word", filter=True))
ROWS = [
    (Cell('<a href="#main">a &lt; b</a>'), number(1 / 3), Cell('<span class="badge good">yes, "so"</span>')),
    (Cell("c<details><summary>more</summary>hidden</details>"), number(None), Cell("no")),
]


def content(link: dict[str, str | None]) -> str:
    """What a browser saves for a data: link."""
    address = str(link["href"])
    # a browser reads neither what follows a # nor raw line ends, and takes a % for the start of a byte
    assert not re.search(r"[#\r\n\t]|%(?![0-9A-F]{2})", address)
    head, _, data = address.partition(",")
    assert head == "data:text/csv;charset=utf-8"
    return unquote(data)


def whole(body: str) -> str:
    return page("title <1>", "heading", body, "", [("main", "one"), ("main", "two")], "a banner")


def test_a_table_sorts_filters_and_is_saved() -> None:
    text = whole(table(COLUMNS, ROWS, "a label", "rows"))
    assert faults(text) == []
    parsed = Page(text)
    heads = parsed.all("th")
    assert [head["aria-sort"] for head in heads] == ["none"] * 3
    assert len(parsed.all("button", type="button")) == 3
    assert [own["data-column"] for own in parsed.all("select")] == ["2"]
    assert [own.get("data-v") for own in parsed.all("td")] == [None, repr(1 / 3), None, None, "", None]
    (link,) = [own for own in parsed.all("a") if "download" in own]
    assert list(csv.reader(io.StringIO(content(link)))) == [
        ["name", "value", "word"],
        ["a < b", repr(1 / 3), 'yes, "so"'],
        ["c", "-", "no"],
    ]


def test_links_carry_any_text() -> None:
    nasty = 'α,"β"\r\n1e-05,#%41&<>\'\n;?+ '
    (link,) = Page(whole(download('x".csv', nasty, "<label>"))).all("a", download='x".csv')
    assert content(link) == nasty
    assert link["aria-label"] == "<label>"


def test_a_plot_brings_its_table_and_unique_ids() -> None:
    drawn = Plots()
    figures = [learning_curves({"a": Band.of([1.0, 2.0], [[1.0, k]])}) for k in (2.0, 3.0)]
    text = whole("".join(drawn.figure(figure, f"n {k}", f"caption {k}") for k, figure in enumerate(figures)))
    assert faults(text) == []
    links = [own for own in Page(text).all("a") if "download" in own]
    assert [own["download"] for own in links] == ["n_0.csv", "n_1.csv"]
    assert [content(link) for link in links] == [csv_of(figure) for figure in figures]
    assert [own["aria-label"] for own in Page(text).all("svg")] == ["caption 0", "caption 1"]


def test_the_page_has_what_a_keyboard_and_a_reader_need() -> None:
    parsed = Page(whole(plain_table(("a", "b"), [(Cell("1"), Cell("2"))], "label", numbers=(1,), wide=(0,))))
    assert parsed.all("html", lang="en")
    assert parsed.all("a", href="#main")[0]["class"] == "skip"
    assert parsed.all("main", id="main")
    assert parsed.all("nav")
    assert parsed.all("p", role="status")
    assert parsed.all("td", **{"class": "wide"})
    assert "title <1>" in parsed.words
    assert not Page(page("t", "h", "", "", [("main", "one")])).all("nav")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (np.nan, "-"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (0.123456789, "0.12346"),
        (1234567, "1234567"),
        (2e-9, "2e-09"),
        (3.0, "3"),
    ],
)
def test_numbers_are_short_and_sorted_in_full(value: float | None, shown: str) -> None:
    cell = number(value)
    assert cell.html == shown
    assert cell.value == (None if shown == "-" else value)


def test_small_things() -> None:
    assert slug("a b/c: <d>") == "a_b_c_d_"
    assert code(["a <b>", "c"]) == "<pre><code>a &lt;b&gt;\nc</code></pre>"
    assert plain(Cell("<b>a &amp; b</b>")) == "a & b"
    assert "not installed" in entries({"x": None}, "label")


def test_the_style_sheet_and_the_script_are_whole() -> None:
    for text in (STYLE, SCRIPT):
        assert text.count("{") == text.count("}")
        assert text.count("(") == text.count(")")
    assert all(line.count('"') % 2 == 0 for line in STYLE.splitlines())
    assert "</" not in SCRIPT
    used = set(re.findall(r"var\(--([\w-]+)\)", STYLE))
    assert used <= set(re.findall(r"--([\w-]+):", STYLE))
