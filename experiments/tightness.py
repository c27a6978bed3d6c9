"""How tight the bounds are: the worst ratio that a search finds for each, its witness, and where the slack goes.

    python -m experiments.tightness --write [CLAIM ...]   search, store the witnesses and the table (minutes)
    python -m experiments.tightness --check               run every stored witness again and compare with the table (seconds)

The table is ``docs/tightness.md``, the witnesses are in ``experiments/witnesses/tightness/``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lra_ref.commands.output import say
from lra_ref.runs.store import write_atomically
from lra_ref.verify import Claim, replay
from lra_ref.verify.discover import discover
from lra_ref.verify.falsify import Outcome, Reals, falsify

ROOT = Path(__file__).resolve().parent
WITNESSES, TABLE = ROOT / "witnesses" / "tightness", ROOT.parent / "docs" / "tightness.md"
BOUNDS = ("pathwise bound", "bound in expectation", "rate", "worst case")
#: evaluations per bound, for one whose sequences are searched, which costs less and needs more, and for one of which nothing is varied
BUDGET, SEQUENCES, FIXED = 150, 2000, 8
HEAD = """# How tight the bounds are

For every bound the worst ratio lhs/rhs that a search found over problems, noise, hyper-parameters and, where the statement is about
every sequence, over the sequences themselves: `python -m experiments.tightness --write` searches and writes this page, `--check`
runs every stored witness again. A ratio is read where the relative slack is smallest; 1 means that the bound is attained. A search
finds a lower bound of the worst ratio, not the worst ratio itself. *Confirmed* says how the number is known: over balls (certified
arithmetic), on trajectories that the search did not see (means over noise, so a ratio a little above 1 may be chance; no lower confidence
limit exceeds the bound), or by the check in float64. A dash instead of a ratio: a side is 0 or negative at every instance found, so
that there is none. See `docs/falsification.md`.

"""


def bounds(targets: Sequence[str] = ()) -> tuple[list[Claim], list[str]]:
    """The bounds (and equalities called tight) whose search says where the slack goes, and the ids of the bounds that have none yet."""
    found, broken = discover(targets)
    if broken:
        raise ValueError(f"{broken[0].path} could not be read")
    claims = [entry.claim for entry in found if entry.claim.kind in BOUNDS or (entry.claim.search is not None and entry.claim.search.tight)]
    return [claim for claim in claims if slack(claim)], [claim.id for claim in claims if not slack(claim)]


def evidence(claim: str) -> str:
    """What supports the statement beside the runs: the steps of its proof, which ``make prove`` checks by machine, or runs alone.

    A theorem with a step that no method decides is evidence too.
    """
    from proofs_check.runner import select

    steps = [step for step in select() if step.theorem == claim]
    open_steps = sum(bool(step.reason) for step in steps)
    if not steps or open_steps:
        return f"evidence ({len(steps) - open_steps} of {len(steps)} steps proved)" if steps else "evidence"
    return f"proved ({len(steps)} step{'s' if len(steps) > 1 else ''})"


def slack(claim: Claim) -> str:
    """Where the slack goes."""
    return claim.search.slack if claim.search is not None else ""


def searched(claim: Claim, budget: int | None) -> Outcome:
    """The search of the table."""
    search = claim.search
    assert search is not None
    sequences = any(isinstance(entry, Reals) for entry in search.space.values())
    usual = SEQUENCES if sequences else BUDGET if search.derived or search.space else FIXED
    return falsify(claim, budget=budget or usual, seed=0, progress=say)


def store(outcome: Outcome) -> None:
    """Keep the witness, with what was spent on it."""
    witness = outcome.witness()
    if witness is None:
        raise ValueError(f"{outcome.target.claim.id}: no usable instance was found")
    confirmation = outcome.confirmation
    assert confirmation is not None
    kept = {
        **witness,
        "search": {"budget": outcome.budget, "seed": outcome.seed},
        "bits": confirmation.bits,
        "found": outcome.found,
        "sampled": outcome.sides is not None and outcome.sides.sampled,
    }
    write_atomically(WITNESSES / f"{outcome.target.claim.id}.json", json.dumps(kept, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def row(claim: Claim) -> list[str]:
    """The row of the table, from the stored witness."""
    witness = json.loads((WITNESSES / f"{claim.id}.json").read_text(encoding="utf-8"))
    bits, ratio = witness["bits"], witness["ratio"]
    how = f"balls, {bits} bits" if bits is not None else "fresh seeds" if witness["sampled"] else "float64"
    steps = witness["parameters"].get("T")
    size = f"{witness['case']}" + (f", T = {steps}" if steps is not None else "")
    return [claim.id, claim.label or "-", evidence(claim.id), "-" if ratio is None else shown(ratio), how, size, slack(claim)]


def shown(ratio: float) -> str:
    """Four digits, and never a rounded 1."""
    return f"{ratio:.4g}" if ratio >= 1 or ratio < 0.9995 else f"1 - {1 - ratio:.1g}"


def page(claims: Sequence[Claim], open_: Sequence[str] = ()) -> str:
    """The whole page."""
    header = ["bound", "label", "proof", "worst ratio", "confirmed", "instance", "where the slack goes"]
    rows = [header, ["---"] * len(header), *(row(claim) for claim in claims)]
    table = "\n".join("| " + " | ".join(entry.replace("|", "\\|") for entry in line) + " |" for line in rows)
    return HEAD + table + "\n" + (f"\nNot searched yet: {', '.join(open_)}.\n" if open_ else "")


def differences(claims: Sequence[Claim], open_: Sequence[str] = ()) -> list[str]:
    """What is wrong, one line each: a witness that is missing or answers otherwise, a page that differs."""
    wrong = []
    for claim in claims:
        path = WITNESSES / f"{claim.id}.json"
        if not path.exists():
            wrong.append(f"{claim.id}: no witness in {WITNESSES.name}/; run with --write {claim.id}")
            continue
        try:
            again: Any = replay(path, claim)
        except Exception as problem:
            # a claim whose cases have changed since refuses the stored one in its own words
            wrong.append(f"{claim.id}: the stored witness does not run, {type(problem).__name__}: {problem}")
            continue
        if not again.reproduced:
            wrong.append(again.sentence())
        elif not (math.isclose(again.lhs, again.witness["lhs"] or 0.0, rel_tol=1e-6) or again.exact):
            wrong.append(f"{claim.id}: the stored witness has lhs {again.witness['lhs']!r}, now {again.lhs!r}")
    if not wrong and page(claims, open_) != TABLE.read_text(encoding="utf-8"):
        wrong.append(f"the page differs from {TABLE.name}; look at it and run with --page")
    return wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Search and write, write the page alone, or check; 1 if a check fails."""
    parser = argparse.ArgumentParser(description="How tight the bounds are.")
    parser.add_argument("targets", nargs="*", help="ids or parts to search again (default: all)")
    parser.add_argument("--budget", type=int, help=f"evaluations per bound (default: {BUDGET}, {SEQUENCES} where sequences are searched)")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--check", action="store_true", help="run the stored witnesses again and compare the page")
    group.add_argument("--write", action="store_true", help="search, store the witnesses, write the page")
    group.add_argument("--page", action="store_true", help="write the page from the stored witnesses")
    options = parser.parse_args(argv)
    if options.check:
        claims, open_ = bounds()
        wrong = differences(claims, open_)
        for line in wrong:
            print(line, file=sys.stderr)
        print(f"{len(claims)} bounds, {len(wrong)} differences")
        return 1 if wrong else 0
    for claim in bounds(options.targets)[0] if options.write else ():
        outcome = searched(claim, options.budget)
        print(outcome.sentence(), flush=True)
        store(outcome)
    claims, open_ = bounds()
    done = [claim for claim in claims if (WITNESSES / f"{claim.id}.json").exists()]
    write_atomically(TABLE, page(done, [*open_, *(claim.id for claim in claims if claim not in done)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
