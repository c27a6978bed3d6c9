"""Search for the instance on which a claim fails, or comes closest to failing: the worst ratio of both sides, shrunk and stored.

The search varies problem, data, noise and hyper-parameters, or whatever the claim declares; a violation counts only if it stands up to
certified arithmetic or, where the statement is statistical, to fresh seeds. With --control the control is searched, which must be found.

Exit code 0 if no claim was falsified (and every control and refutation asked for was found), 1 if not, 2 for a usage error, 130 if
interrupted.
"""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.commands.output import emit, emit_json, say
from lra_ref.report.instance import draw
from lra_ref.verify.discover import Found, discover, load
from lra_ref.verify.falsify.outcome import Outcome, falsify, level
from lra_ref.verify.witness import save

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref falsify``."""
    parser.add_argument("targets", nargs="*", metavar="CLAIM", help="claim file, folder, FILE::ID, id or part")
    parser.add_argument("--budget", type=int, default=1000, metavar="N", help="evaluations of both sides per claim (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the search, in [0, 2^64) (default: 0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="number of processes, the result is the same (default: 1)")
    parser.add_argument("--control", action="store_true", help="search the control of each claim instead")
    parser.add_argument("--all-controls", action="store_true", help="search every control and every refutation (default: of all claims)")
    parser.add_argument("--out", metavar="DIR", help="folder of the witnesses and their figures (default: a new one in runs/)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref falsify``."""
    if not arguments.targets and not arguments.all_controls:
        raise ValueError("name a claim (an id such as gala.G1, a part, a claim file), or ask for --all-controls")
    if arguments.jobs < 1:
        raise ValueError(f"jobs must be a whole number >= 1, got {arguments.jobs}")
    found, broken = discover(arguments.targets)
    if broken:
        raise ValueError(f"{broken[0].path} could not be read: {broken[0].error.strip().splitlines()[-1]}")
    out = Path(arguments.out or f"runs/falsify-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    chosen = searches(found, arguments.control, arguments.all_controls)
    started, rows, interrupted = time.monotonic(), list[Row](), False
    try:
        for row in answers(chosen, arguments.budget, arguments.seed, arguments.jobs, out):
            rows.append(row)
            if not arguments.json:
                emit(row.sentence)
            if row.interrupted:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
        say("interrupted; the best so far is kept")
    wrong = [row.claim for row in rows if not row.ok]
    if arguments.json:
        emit_json({"out": str(out), "ok": not wrong and not interrupted, "outcomes": [row.details for row in rows]})
    else:
        tail = "" if not wrong else f"; NOT as expected: {', '.join(wrong)}"
        done = f"{len(rows) - len(wrong)} of {len(rows)} searches as expected in {time.monotonic() - started:.0f} s"
        emit(f"{done}{tail}; witnesses in {out}")
    return INTERRUPTED if interrupted else 1 if wrong else 0


@dataclass(frozen=True)
class Row:
    """What is printed of a search, plain data."""

    claim: str
    ok: bool
    interrupted: bool
    sentence: str
    details: dict[str, Any]


def answers(chosen: list[tuple[Found, str]], budget: int, seed: int, jobs: int, out: Path) -> Iterator[Row]:
    """The searches one after the other: several share the processes out among them, one lets them share its evaluations."""
    if jobs == 1 or len(chosen) == 1:
        for entry, role in chosen:
            yield answer(entry, role, budget, seed, jobs, out)
        return
    from lra_ref.runs.executors import workers

    with workers(jobs) as pool:
        futures = [pool.submit(elsewhere, str(entry.path), entry.claim.id, role, budget, seed, str(out)) for entry, role in chosen]
        for future in futures:
            yield future.result()


def answer(entry: Found, role: str, budget: int, seed: int, jobs: int, out: Path) -> Row:
    """Search, and store the witness of the worst instance."""
    outcome = falsify(entry.claim, role=role, budget=budget, seed=seed, jobs=jobs, path=entry.path, progress=say)
    keep(outcome, entry, out)
    return Row(entry.claim.id, outcome.ok, outcome.interrupted, outcome.sentence(), outcome.as_dict())


def elsewhere(path: str, claim: str, role: str, budget: int, seed: int, out: str) -> Row:
    """The same in a worker process, which reads the claim from its file again."""
    known = next(entry for entry in load(path).claims if entry.id == claim)
    return answer(Found(known, Path(path)), role, budget, seed, 1, Path(out))


def searches(found: list[Found], control: bool, everything: bool) -> list[tuple[Found, str]]:
    """What is searched: claims, or controls, or every control and every refutation."""
    if not everything:
        return [(entry, "control" if control else "claim") for entry in found]
    controls = [(entry, "control") for entry in found if entry.claim.control is not None]
    return controls + [(entry, "claim") for entry in found if entry.claim.kind == "refutation"]


def keep(outcome: Outcome, entry: Found, out: Path) -> None:
    """Store the witness of the worst instance and its figure."""
    witness = outcome.witness()
    if witness is not None:
        role = outcome.target.role
        folder = out / ("witnesses" if role == "claim" else "controls")
        path = save(folder, witness, entry.path)
        draw(outcome, path.with_suffix(".svg"), level(entry.claim, role))
