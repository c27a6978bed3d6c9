"""A sweep for the terminal: the table of its summary, and what a reader must not miss."""

from __future__ import annotations

from typing import Any

from lra_ref.runs.progress import counted
from lra_ref.sweep.face import Result
from lra_ref.sweep.summary import TAU

HEADER = ("method", "problem", "best rate", "loss", "10 % .. 90 %", "gradient norm", "good rates", "failed seeds")
#: errors shown
SHOWN = 8


def number(value: float | None, digits: int = 4) -> str:
    """A number for people, a dash for none."""
    return "-" if value is None else f"{value:.{digits}g}"


def interval(low: float, high: float) -> str:
    """Two ends, or the one number that both are."""
    return number(low) if low == high else f"{number(low)} .. {number(high)}"


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """The texts of one row."""
    rate = "-" if row["best_lr"] is None else f"{row['parameter']} {number(row['best_lr'], 6)}"
    loss = row["loss"] or {"low": None, "median": None, "high": None}
    good = f"{row['good_rates']} of {row['rates']}"
    if row["good"] is not None:
        good = f"{interval(*row['good'])} ({good})"
    band = "-" if row["loss"] is None else f"{number(loss['low'])} .. {'inf' if loss['high'] is None else number(loss['high'])}"
    failed = f"{row['failed_seeds']} of {row['seeds']}"
    return (row["method"], row["problem"], rate, number(loss["median"], 6), band, number(row["gradient_norm"]), good, failed)


def text_of(result: Result) -> str:
    """Table, what the columns mean, and the cells that raised."""
    rows = [HEADER, *map(cells, result.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    seeds, steps = result.grid["seeds"], result.grid["steps"]
    counts = ", ".join((counted(len(result.records), "cell"), counted(steps, "step"), counted(seeds, "seed")))
    lines += ["", f"{counts}; loss: median over the seeds at the best initial rate;"]
    percent = f"{100 * (1 - TAU):.0f} %"
    lines.append(f"good rates: median loss at least {percent} of the way from the start to the lowest reached on the problem")
    failures = result.failures
    for record in failures[:SHOWN]:
        rate = "" if record["lr"] is None else f", {record['parameter']} {record['lr']:g}"
        lines.append(f"FAILED {record['method']} on {record['problem']}{rate}: {record['error']}")
    if len(failures) > SHOWN:
        lines.append(f"FAILED: {len(failures) - SHOWN} more cells")
    return "\n".join(lines)
