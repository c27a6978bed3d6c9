"""Optimizers of other packages against the reference: who agrees, to how many ulp over 1000 steps, and who does what otherwise.

    python -m experiments.reproductions agreement --full --check --jobs N     compare every row with agreement.csv and docs/agreement.md
    python -m experiments.reproductions agreement --full --write              write both

Every optimizer goes through the standard runs of ``lra_ref.crosscheck.compare``.  One that differs is diagnosed, and then compared over
1000 steps with the method that has the deviation found.  Optax is run as its users do, under ``jax.jit``.

**What --check allows.**  Verdict, deviation, and what becomes of a tensor without gradient must be the same on every machine and in every
version.  An ulp figure is the largest value of a sum of roundings, and another libm, BLAS or compiler draws other ones: it may grow to 4
times the committed figure plus 40.  40 is three standard deviations of such a sum over 1000 steps where the two sides round every step
differently (13 ulp, docs/crosscheck.md), for what happens to be computed alike here; and the largest value of a random walk of 1000 steps
in 7 elements is below 2.6 times that of another draw in 999 of 1000 cases.  A run whose comparison ends where rounding has taken half of
the digits may end elsewhere: at least half of the steps must be compared.  Other versions are said, no error.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
from collections.abc import Iterator, Sequence
from typing import Any

from experiments.reproductions import frame
from experiments.reproductions.agreement_rows import ROWS, Row
from experiments.reproductions.frame import PAGES, Column, Judgement, Reproduction
from experiments.reproductions.page import markdown
from lra_ref.crosscheck import Report, compare

STEPS, SHORT = 1000, 60
#: growth of an ulp figure that --check allows: factor and summand
FACTOR, SUMMAND = 4.0, 40.0
#: torch's optimizer of the quick table
QUICK = "Adam"


def grown(here: str, committed: str) -> bool:
    """An ulp figure within what another libm, BLAS or compiler draws."""
    return bool(here) and bool(committed) and float(here) <= FACTOR * float(committed) + SUMMAND


def enough(here: str, committed: str) -> bool:
    """At least half of the committed steps were compared."""
    return 2 * int(here) >= int(committed)


COLUMNS = (
    Column("package", "key"),
    Column("version", "version"),
    *(Column(name, "key") for name in ("optimizer", "settings", "method", "parameters", "precision")),
    *(Column(name) for name in ("verdict", "deviation", "gaps")),
    Column("steps", same=enough, why="a comparison ends where rounding has taken half of the digits"),
    Column("ulps", same=grown, why="the largest value of a sum of roundings, see above"),
)


def compared(row: Row, steps: int, **options: Any) -> Report:
    """One comparison of a row."""
    # some optimizers print what they were told
    with contextlib.redirect_stdout(io.StringIO()):
        return compare(
            row.port(), row.method, framework=row.framework, parameters=row.parameters, port_parameters=row.settings, names=row.names,
            precision=row.precision, steps=steps, **options,
        )  # fmt: skip


def line(row: Row) -> dict[str, str]:
    """The row of the table."""
    report, keys = compared(row, STEPS, diagnose=False), ()
    if not report.agrees:
        diagnosis = compared(row, SHORT).diagnosis
        if diagnosis is not None and diagnosis.found:
            keys = diagnosis.found[0].deviations
            report = compared(row, STEPS, diagnose=False, deviations=keys)
    first = report.first
    verdict = "agrees" if report.agrees and not keys else "agrees but for" if report.agrees else "differs"
    found = {
        **row.words(),
        "version": importlib.metadata.version(row.package),
        "verdict": verdict,
        "deviation": "; ".join(": ".join(filter(None, key)) for key in keys) or (f"step {first.step}" if first else ""),
        "gaps": " or ".join(name for outcome in report.outcomes for name in outcome.gaps),
        "steps": str(report.steps),
        "ulps": f"{report.ulps['x']:.3g}" if report.agrees else "",
    }
    return {column.name: found[column.name] for column in COLUMNS}


def quick(row: frame.Row) -> bool:
    """Adam of torch."""
    return row["package"] == "torch" and row["optimizer"] == QUICK


def tasks(preset: str) -> list[Row]:
    """The rows of a preset, each a piece."""
    return [row for row in ROWS if preset == "full" or quick(row.words())]


def compute(row: Row) -> Iterator[dict[str, str]]:
    """The one row of a piece."""
    yield line(row)


def judge(rows: Sequence[frame.Row]) -> list[Judgement]:
    """What the documentation of every package says, that an optimizer is the method it is named after."""
    judged = []
    for package in dict.fromkeys(row["package"] for row in rows):
        found = [row["verdict"] for row in rows if row["package"] == package]
        counts = ", ".join(f"{found.count(word)} {word}" for word in ("agrees", "agrees but for", "differs") if word in found)
        same = found.count("agrees")
        agrees: Any = "yes" if same == len(found) else "partly" if same else "no"
        judged.append(
            Judgement(f"the optimizers of {package} are the methods that they are named after", f"of {len(found)}: {counts}", agrees)
        )
    return judged


def tables(rows: Sequence[frame.Row]) -> str:
    """The table of docs/agreement.md and the notes below it."""
    sources = {tuple(source.words().values()): source for source in ROWS}
    lines, notes = [], []
    for row in rows:
        note, mark = sources[tuple(row[name] for name in ROWS[0].words())].note, ""
        if note:
            notes.append(note) if note not in notes else None
            mark = f" [{notes.index(note) + 1}]"
        verdict = " ".join(filter(None, (row["verdict"], row["deviation"]))) + mark
        precision = "" if row["precision"] == "float64" else f", {row['precision']}"
        lines.append((
            f"{row['package']} {row['version']}, {row['optimizer']}{precision}", row["settings"], row["method"], row["parameters"], verdict,
            row["gaps"], row["steps"], row["ulps"],
        ))  # fmt: skip
    header = ("optimizer", "settings", "method", "parameters", "verdict", "without gradient", "steps", "ulp")
    return "\n\n".join([markdown(header, lines), "\n".join(f"{k}. {note}" for k, note in enumerate(notes, start=1))])


REPRODUCTION = Reproduction(
    name="agreement",
    title="Optimizers of other packages against the reference",
    source="torch, optax, dadaptation, prodigyopt, pytorch_optimizer",
    columns=COLUMNS,
    tasks=tasks,
    compute=compute,
    judge=judge,
    tables=tables,
    quick=quick,
    needs=("torch", "jax", "optax", "dadaptation", "prodigyopt", "pytorch_optimizer"),
    page=PAGES.parent / "agreement.md",
)
