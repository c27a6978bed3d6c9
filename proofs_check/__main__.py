"""Check proof steps: ``python -m proofs_check [TARGET ...]``.

A target is a part (gala), a theorem (gala.G1), a step (gala.G1.2) or a pattern. Exit code 0 if every step is proved, or unknown with a
stated reason, and every control was refuted; 1 if not; 2 for a usage error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from lra_ref.runs.environment import environment
from proofs_check.runner import chain, require_packages, rows, select, statements, summary, theorem
from proofs_check.steps import METHODS, Row

SCHEMA = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs_check", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="part, theorem, step or pattern (default: all)")
    parser.add_argument("--outline", metavar="THEOREM", help="the chain of steps of a theorem, their results, what they rest on")
    parser.add_argument("--list", action="store_true", help="list the steps without checking them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (default: the cores)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args(argv)
    try:
        require_packages()
        if arguments.jobs < 1:
            raise ValueError(f"--jobs must be at least 1, got {arguments.jobs}")
        code = 0
        if arguments.list:
            print("\n".join(f"{step.id:<28} {step.method:<12} {step.says}" for step in select(arguments.targets)))
        elif arguments.outline:
            code = outline(arguments.outline, arguments.jobs, arguments.json)
        else:
            code = table(arguments.targets, arguments.jobs, arguments.json)
        # a reader who has gone is noticed here and not at the end of the process
        sys.stdout.flush()
        return code
    except (ValueError, ImportError) as problem:
        print(f"proofs_check: error: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # the reader of stdout has gone; nothing more can be said to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        print("proofs_check: interrupted", file=sys.stderr)
        return 130


def table(targets: Sequence[str], jobs: int, as_json: bool) -> int:
    """One line per step, as they are done."""
    done: list[Row] = []
    for row in rows(targets, jobs):
        done.append(row)
        if not as_json:
            print(line(row), flush=True)
            for note in notes(row):
                print(f"    {note}", flush=True)
    if as_json:
        print_json(done)
    else:
        print(summary(done))
    return 0 if all(row.fine for row in done) else 1


def line(row: Row) -> str:
    """id, result, method, control, time, statement."""
    control = "control refuted" if row.fired else f"CONTROL {row.control.result}"
    return f"{row.step.id:<26} {row.outcome.result:<8} {row.step.method:<10} {control:<15} {row.seconds:5.1f} s  {row.step.says}"


def notes(row: Row) -> list[str]:
    """What a reader of the line must know: assumptions, the values of a semidefinite program, a witness, a reason, an error."""
    out = [f"assumed: {'; '.join(row.step.assumes)}"] if row.step.assumes else []
    if row.outcome.witness:
        out.append(f"witness: {row.outcome.witness}")
    if row.step.method in ("worst case", "evidence") or not row.fine:
        out.append(row.outcome.detail)
    if row.step.reason and row.outcome.result == "unknown":
        out.append(f"not decided: {row.step.reason}")
    if not row.fired:
        out.append(f"control ({row.step.control.what}): {row.control.detail}")
    if row.error:
        out.append(row.error.strip().splitlines()[-1])
    return [note for note in out if note]


def outline(identifier: str, jobs: int, as_json: bool) -> int:
    """The chain of a theorem."""
    names = chain(identifier)
    done = list(rows(names, jobs))
    if as_json:
        print_json(done)
        return 0 if all(row.fine for row in done) else 1
    by_id = {row.step.id: row for row in done}
    for name in names:
        print(f"{name}: {statements()[name]}" if name == identifier else f"\nused: {name}: {statements()[name]}")
        for step in theorem(name):
            row = by_id[step.id]
            print(f"  {step.id}  [{row.outcome.result}, {step.method}]  {step.says}")
            for note in [f"uses {', '.join(step.uses)}"] * bool(step.uses) + notes(row):
                print(f"      {note}")
            for fact in step.facts:
                print(f"      rests on: {fact.name}: {fact.statement} ({fact.source})")
    facts = {fact.name: fact for row in done for fact in row.step.facts}
    cited = "; ".join(sorted(facts)) or "nothing beyond the steps"
    print(f"\n{summary(done)}\ncited without proof: {cited}")
    return 0 if all(row.fine for row in done) else 1


def print_json(done: Sequence[Row]) -> None:
    """One object."""
    value = {"schema": SCHEMA, "environment": environment(), "methods": METHODS, "rows": [row.as_dict() for row in done]}
    print(json.dumps(value, ensure_ascii=False, default=str))


if __name__ == "__main__":
    sys.exit(main())
