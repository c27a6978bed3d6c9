"""What the pages are built from: text, badges, tables that sort and filter, plots with their data, and the page around them."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lra_ref.report.inline import inline
from lra_ref.report.look import STYLE
from lra_ref.report.script import SCRIPT
from lra_ref.report.typeset import typeset
from lra_ref.views.style import csv_of, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: what a data: link need not encode
SAFE = " ,.:;()|/=<>'+-_~!*[]^"
esc = html.escape


@dataclass(frozen=True)
class Cell:
    """A cell of a table: ready HTML, and what it is sorted by (a number, or None: the text)."""

    html: str
    value: float | None = None


@dataclass(frozen=True)
class Column:
    """A column: its title, whether it is of numbers, left out on narrow screens, and offered as a filter by its words."""

    title: str
    number: bool = False
    wide: bool = False
    filter: bool = False


@dataclass
class Plots:
    """The plots of a page: they get ids of their own, and are kept by name for whoever also wants them as files."""

    drawn: dict[str, tuple[Figure, str]] = field(default_factory=dict)

    def figure(self, drawing: Figure, name: str, caption: str) -> str:
        """A figure with its caption and a link to its data."""
        name = slug(name)
        text = svg(drawing)
        self.drawn[name] = (drawing, text)
        image = inline(text, f"p{len(self.drawn)}", caption)
        link = download(f"{name}.csv", csv_of(drawing), f"data of the plot {caption} as CSV")
        return f"<figure>{image}<figcaption>{esc(caption)} {link}</figcaption></figure>"


def slug(text: str) -> str:
    """A name for a file or an anchor."""
    return re.sub(r"[^\w.-]+", "_", text)


def number(value: float | None) -> Cell:
    """A number in five significant digits, a whole one in all, sorted by its full value; a dash for none."""
    if value is None or math.isnan(value):
        return Cell("-")
    if math.isinf(value):
        return Cell("∞" if value > 0 else "−∞", value)
    return Cell(str(value) if isinstance(value, int) else f"{value:.5g}", value)


def text(words: str) -> Cell:
    """Text."""
    return Cell(esc(words))


def badge(word: str, kind: str) -> str:
    """A word in a coloured field; ``kind`` is good, bad, open or none."""
    return f'<span class="badge {kind}">{esc(word)}</span>'


def prose(words: str) -> str:
    """Text in which only what stands between dollar signs is a formula."""
    return typeset(words) if "$" in words else esc(words)


def download(name: str, content: str, label: str) -> str:
    """A link that saves a text: the text is in the link, so that it works without network."""
    data = quote(content, safe=SAFE)
    return (
        f'<a class="download" download="{esc(name, quote=True)}" href="data:text/csv;charset=utf-8,{esc(data, quote=True)}" '
        f'aria-label="{esc(label, quote=True)}">CSV</a>'
    )


def code(lines: Iterable[str]) -> str:
    """Commands to copy."""
    return f"<pre><code>{esc(chr(10).join(lines))}</code></pre>"


def plain_table(
    header: Sequence[str], rows: Sequence[Sequence[Cell]], label: str, numbers: Sequence[int] = (), wide: Sequence[int] = ()
) -> str:
    """A small table that needs neither sorting nor filter; columns ``numbers`` to the right, ``wide`` left out on narrow screens."""
    columns = [Column(title, number=k in numbers, wide=k in wide) for k, title in enumerate(header)]
    head = "".join(f'<th scope="col"{_classes(column)}>{esc(column.title)}</th>' for column in columns)
    return _box(f"<thead><tr>{head}</tr></thead>{_body(columns, rows)}", label)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], label: str, name: str) -> str:
    """A table that sorts by a click or a key on a column's title, with a field that filters rows and choices for filter columns.

    label    caption of the table for readers of the screen
    name     its id, and the name of its file
    """
    head = []
    for column in columns:
        button = f'<button type="button">{esc(column.title)}<span class="arrow" aria-hidden="true"></span></button>'
        head.append(f'<th scope="col" aria-sort="none"{_classes(column)}>{button}</th>')
    shown = _box(f"<thead><tr>{''.join(head)}</tr></thead>{_body(columns, rows)}", label, f' class="sortable" id="{name}"')
    return _controls(columns, rows, name) + shown


def _body(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> str:
    lines = []
    for row in rows:
        cells = []
        for column, cell in zip(columns, row, strict=True):
            value = f' data-v="{cell.value!r}"' if cell.value is not None else ' data-v=""' if column.number else ""
            cells.append(f"<td{_classes(column)}{value}>{cell.html}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<tbody>{''.join(lines)}</tbody>"


def _classes(column: Column) -> str:
    names = [name for name, chosen in (("n", column.number), ("wide", column.wide)) if chosen]
    return f' class="{" ".join(names)}"' if names else ""


def _box(inside: str, label: str, attributes: str = "") -> str:
    caption = f"<caption>{esc(label)}</caption>"
    return f'<div class="scroll" role="group" aria-label="{esc(label, quote=True)}"><table{attributes}>{caption}{inside}</table></div>'


def plain(cell: Cell) -> str:
    """The words of a cell, or its number in full."""
    return repr(cell.value) if cell.value is not None else html.unescape(re.sub(r"<details>.*?</details>|<[^>]+>", "", cell.html)).strip()


def _controls(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], name: str) -> str:
    """The field, the choices, the count and the link of a table; only a page with its script has use for all but the link."""
    parts = [f'<label>filter <input type="search" data-filter="{name}" autocomplete="off"></label>']
    for k, column in enumerate(columns):
        if column.filter:
            words = sorted({plain(row[k]) for row in rows})
            options = "".join(f"<option>{esc(word)}</option>" for word in words)
            choice = f'<select data-filter="{name}" data-column="{k}"><option value="">all</option>{options}</select>'
            parts.append(f"<label>{esc(column.title)} {choice}</label>")
    lines = [[column.title for column in columns], *([plain(cell) for cell in row] for row in rows)]
    csv = "\r\n".join(",".join(_quoted(word) for word in line) for line in lines) + "\r\n"
    count = f'<output data-count="{name}" aria-live="polite">{len(rows)} rows</output>'
    return f'<div class="controls">{"".join(parts)}{count}{download(f"{name}.csv", csv, f"table {name} as CSV")}</div>'


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if re.search(r'[",\r\n]', word) else word


def page(title: str, heading: str, main: str, footer: str, links: Sequence[tuple[str, str]] = (), banner: str = "") -> str:
    """The whole page: one file, no network. ``links`` are (anchor, text) of its sections, ``banner`` a warning at the top."""
    menu = "".join(f'<li><a href="#{anchor}">{esc(words)}</a></li>' for anchor, words in links)
    navigation = f'<nav aria-label="sections"><ul>{menu}</ul></nav>' if len(links) > 1 else ""
    warning = f'<p class="banner" role="status">{esc(banner)}</p>' if banner else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>{esc(title)}</title><style>{STYLE}</style>'
        f'</head><body><a class="skip" href="#main">skip to the results</a><header><h1>{esc(title)}</h1>'
        f'<p class="quiet small">{esc(heading)}</p>{warning}{navigation}</header><main id="main" tabindex="-1">{main}</main>'
        f"<footer>{footer}</footer><script>{SCRIPT}</script></body></html>\n"
    )


def entries(values: dict[str, Any], label: str) -> str:
    """A table of names and values."""
    rows = [[text(name), text("not installed" if value is None else str(value))] for name, value in values.items()]
    return plain_table(("name", "value"), rows, label)
