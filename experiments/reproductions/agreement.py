"""Optimizers of other packages against the reference: who agrees, to how many ulp over 1000 steps, and who does what otherwise.

    python experiments/reproductions/agreement.py            print the table
    python experiments/reproductions/agreement.py --write    write agreement.csv and docs/agreement.md
    python experiments/reproductions/agreement.py --check    compare with both files

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

import argparse
import contextlib
import csv
import importlib.metadata
import io
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from experiments.reproductions.agreement_rows import ROWS, Row  # noqa: E402
from lra_ref.crosscheck import Report, compare  # noqa: E402

CSV, PAGE = Path(__file__).with_suffix(".csv"), ROOT / "docs" / "agreement.md"
COLUMNS = (
    "package",
    "version",
    "optimizer",
    "settings",
    "method",
    "parameters",
    "precision",
    "verdict",
    "deviation",
    "gaps",
    "steps",
    "ulps",
)
#: what names a row, and what must be the same on every machine
KEY, SAME = ("package", "optimizer", "settings", "method", "parameters", "precision"), ("verdict", "deviation", "gaps")
STEPS, SHORT = 1000, 60
#: growth of an ulp figure that --check allows: factor and summand
FACTOR, SUMMAND = 4.0, 40.0


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
    return {name: found[name] for name in COLUMNS}


def table(jobs: int = 1) -> Iterator[dict[str, str]]:
    """All rows, in their order."""
    if jobs == 1:
        yield from map(line, ROWS)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(line, ROWS)


def differences(rows: Sequence[dict[str, str]], stored: Sequence[dict[str, str]]) -> list[str]:
    """What is not as committed, one line each."""
    known = {tuple(row[name] for name in KEY): row for row in stored}
    wrong = [f"{' '.join(key)}: not computed here" for key in known.keys() - {tuple(row[name] for name in KEY) for row in rows}]
    for row in rows:
        name, old = " ".join(row[name] for name in KEY), known.get(tuple(row[name] for name in KEY))
        if old is None:
            wrong.append(f"{name}: not in {CSV.name}")
            continue
        wrong += [f"{name}: {what} is {row[what]!r}, committed {old[what]!r}" for what in SAME if row[what] != old[what]]
        if 2 * int(row["steps"]) < int(old["steps"]):
            wrong.append(f"{name}: compared over {row['steps']} steps, committed {old['steps']}")
        if row["ulps"] and old["ulps"] and float(row["ulps"]) > FACTOR * float(old["ulps"]) + SUMMAND:
            wrong.append(f"{name}: {row['ulps']} ulp, committed {old['ulps']}")
    return wrong


def versions(rows: Sequence[dict[str, str]], stored: Sequence[dict[str, str]]) -> list[str]:
    """Packages of another version than in the committed file."""
    known, here = ({row["package"]: row["version"] for row in found} for found in (stored, rows))
    return [f"{name} {version} here, {known[name]} in {CSV.name}" for name, version in here.items() if known.get(name, version) != version]


HEAD = """# Optimizers of other packages against the reference

Written by `python experiments/reproductions/agreement.py --write`; `make crosscheck` repeats it. Each optimizer runs on the tensors and
gradients of [crosscheck.md](crosscheck.md), float64 unless the row says float32, and is compared with the method of ours at every step; the
last column is the largest difference in ulp of the tensor's scale. *agrees but for*: it agrees with the method that deviates as said.
*differs*: at the step given, and nothing in the catalogue explains it; the notes below do.

*Without gradient*: what becomes of a tensor in a step in which it has none, while others have one. **skip**: it is left out; **count**: the
same, and its steps are counted by itself; **zero**: it has a zero gradient. Several: this method cannot tell.

| optimizer | settings | method | parameters | verdict | without gradient | steps | ulp |
|---|---|---|---|---|---|---|---|
"""


def page(rows: Sequence[dict[str, str]]) -> str:
    """docs/agreement.md."""
    lines, notes = [], []
    for row, source in zip(rows, ROWS, strict=True):
        mark = ""
        if source.note:
            notes.append(source.note) if source.note not in notes else None
            mark = f" [{notes.index(source.note) + 1}]"
        verdict = " ".join(filter(None, (row["verdict"], row["deviation"]))) + mark
        precision = "" if row["precision"] == "float64" else f", {row['precision']}"
        cells = (
            f"{row['package']} {row['version']}, {row['optimizer']}{precision}", row["settings"], row["method"], row["parameters"], verdict,
            row["gaps"], row["steps"], row["ulps"],
        )  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    numbered = [f"{k}. {note}" for k, note in enumerate(notes, start=1)]
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(numbered) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print, write or check the table; 1 if a check fails, 2 if a package is not installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--check", action="store_true", help=f"compare with {CSV.name} and {PAGE.name}")
    group.add_argument("--write", action="store_true", help="write both")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    options = parser.parse_args(argv)
    if options.jobs < 1:
        parser.error(f"--jobs must be at least 1, got {options.jobs}")
    try:
        for row in ROWS:
            importlib.metadata.version(row.package)
    except importlib.metadata.PackageNotFoundError as problem:
        print(f"{problem.name} is not installed: pip install lra_ref[ports]", file=sys.stderr)
        return 2
    rows = []
    for row in table(options.jobs):
        print("  ".join(filter(None, (row[name] for name in COLUMNS))), flush=True)
        rows.append(row)
    if options.write:
        with CSV.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        PAGE.write_text(page(rows), encoding="utf-8")
    if not options.check:
        return 0
    with CSV.open(encoding="utf-8", newline="") as file:
        stored = list(csv.DictReader(file))
    wrong = differences(rows, stored)
    if page(stored) != PAGE.read_text(encoding="utf-8"):
        wrong.append(f"{PAGE.name} is not that of {CSV.name}: --write")
    for text in (*versions(rows, stored), *wrong):
        print(text, file=sys.stderr)
    print(f"{len(rows)} rows, {len(wrong)} not as committed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
