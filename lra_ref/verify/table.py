"""The table of a verification for the terminal: by rich on a terminal that has it, plain aligned text otherwise."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

from lra_ref.runs.progress import counted
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.runner import Result

HEADER = ("claim", "kind", "label", "verdict", "lhs", "rhs", "tightness", "control", "seeds", "seconds")
NUMBERS = ("lhs", "rhs", "tightness", "seeds", "seconds")
STYLES = {
    Verdict.HOLDS: "green", Verdict.VIOLATED: "bold red", Verdict.FAILED: "bold red", Verdict.UNDECIDED: "yellow",
    Verdict.NOT_APPLICABLE: "cyan", "fired": "green", "did not fire": "bold red", "none": "bold red",
}  # fmt: skip


def number(value: float | None) -> str:
    """A number in at most six significant digits, a dash for none."""
    return "-" if value is None else f"{value:.6g}"


def control_word(row: dict[str, Any]) -> str:
    """What the control did, in a word or two."""
    control = row["control"]
    if control["fired"]:
        return "fired"
    return "none" if control["what"] is None else "did not fire" if control["verdict"] else "-"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The texts of one row."""
    return (
        row["id"], row["kind"], row["label"] or "-", row["verdict"], number(row["lhs"]), number(row["rhs"]),
        "-" if row["tightness"] is None else f"{row['tightness']:.4g}", control_word(row), str(row["seeds"]), f"{row['seconds']:.1f}",
    )  # fmt: skip


class Judged(Protocol):
    """Rows, and whether each is as claimed."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One per claim."""
        ...

    def as_claimed(self, row: dict[str, Any]) -> bool:
        """Whether a row is as claimed."""
        ...


def summary(result: Judged) -> str:
    """One line: how many rows have which verdict, and whether all is as claimed."""
    counts = {verdict: sum(row["verdict"] == verdict for row in result.rows) for verdict in Verdict}
    parts = [f"{count} {verdict}" for verdict, count in counts.items() if count]
    wrong = [row["id"] for row in result.rows if not result.as_claimed(row)]
    fired = sum(row["control"]["fired"] for row in result.rows)
    tail = "all as claimed" if not wrong else f"NOT as claimed: {', '.join(wrong)}"
    return f"{counted(len(result.rows), 'claim')}: {', '.join(parts)}; {counted(fired, 'control')} fired; {tail}"


def remarks(result: Result) -> list[str]:
    """The notes of the rows that a reader must not take for plain success."""
    out = []
    for row in result.rows:
        if row["verdict"] != Verdict.HOLDS or not result.as_claimed(row):
            lines = row["notes"].strip().splitlines() or [""]
            # of a traceback its head and its last line
            text = lines[0] if len(lines) == 1 else f"{lines[0]} ... {lines[-1].strip()}"
            control = f"; the control ({row['control']['what']}) did not fire" if control_word(row) == "did not fire" else ""
            out.append(f"{row['id']} {row['verdict']}: {text}{control}")
    return out


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Aligned columns, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = []
    for row in rows:
        fields = [
            text.rjust(width) if name in NUMBERS else text.ljust(width) for name, text, width in zip(HEADER, row, widths, strict=True)
        ]
        lines.append("  ".join(fields).rstrip())
    return "\n".join(lines)


def show(result: Result, stream: TextIO) -> None:
    """Write the table, the remarks and the summary to a stream."""
    rows = [cells(row) for row in result.rows]
    if stream.isatty() and importlib.util.find_spec("rich") is not None:
        _rich(rows, stream)
    else:
        print(plain([HEADER, *rows]), file=stream)
    for line in [*remarks(result), summary(result)]:
        print(line, file=stream)


def _rich(rows: Sequence[tuple[str, ...]], stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream)
    # a narrow terminal gets the columns that it has room for, the least needed left out first
    keep = list(range(len(HEADER)))
    for name in ("kind", "seconds", "label", "seeds", "tightness", "rhs", "lhs"):
        if sum(max(len(row[column]) for row in [HEADER, *rows]) + 3 for column in keep) + 1 > console.width:
            keep.remove(HEADER.index(name))
    table = Table(header_style="bold")
    for column in keep:
        table.add_column(HEADER[column], justify="right" if HEADER[column] in NUMBERS else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row[column], style=STYLES.get(row[column], "")) for column in keep))
    console.print(table)
