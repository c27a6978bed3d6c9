"""Measure speed and memory against peers and against the bandwidth of this machine: by default every benchmark, or those named.

  lra-ref bench                          all of them (minutes)
  lra-ref bench --quick                  fewer cases and turns
  lra-ref bench P1 P2 --peers torch      only these benchmarks, only this peer
  lra-ref bench P6 --json --out FILE     JSON, also into FILE; benchmarks that FILE has already and that are not named stay

Ratios compare blocks of calls that take turns in one process; what the ids mean is in docs/performance.md. Exit code 0 if everything
could be measured (goals that are not met are marked in the table), 1 if a benchmark failed to run, 2 for a usage error.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lra_ref.commands.output import emit, emit_json, finite, say

if TYPE_CHECKING:
    from lra_ref.bench.rows import Results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref bench``."""
    from lra_ref.bench.plan import PEERS

    parser.add_argument("names", nargs="*", metavar="ID", help="benchmark such as P1, or scaling (default: all)")
    effort = parser.add_mutually_exclusive_group()
    effort.add_argument("--quick", action="store_true", help="fewer cases and turns")
    effort.add_argument("--full", action="store_true", help="more turns, and what takes minutes (P10)")
    parser.add_argument("--peers", metavar="LIST", help=f"compare with these only, separated by commas (default: {','.join(PEERS)})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--out", metavar="FILE", help="write the JSON to FILE too")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref bench``."""
    from lra_ref.bench.plan import EFFORTS, PEERS, Plan, failed, measure
    from lra_ref.bench.rows import table

    preset = "quick" if arguments.quick else "full" if arguments.full else "normal"
    peers = tuple(PEERS) if arguments.peers is None else tuple(name.strip() for name in arguments.peers.split(",") if name.strip())
    plan = Plan(preset, peers, say, EFFORTS[preset])
    out = None if arguments.out is None else Path(arguments.out)
    before = _earlier(out)
    results = measure(arguments.names, plan)
    if out is not None:
        kept = results if before is None else before.merged(results)
        text = json.dumps(finite(kept.as_dict()), indent=1, allow_nan=False, ensure_ascii=False)
        from lra_ref.runs.store import write_atomically

        write_atomically(out, text + "\n")
    if arguments.json:
        emit_json(results.as_dict())
    else:
        emit(table(results.rows))
        for curve in results.curves:
            emit(f"{curve.what}: {curve.quantity} grows like {curve.x_name}^{curve.exponent:.2f} from {curve.fitted_from:g} on")
    for row in failed(results):
        say(f"{row.id} {row.note}")
    return 1 if failed(results) else 0


def _earlier(out: Path | None) -> Results | None:
    """The results that are in the file already; refuses, before minutes of measuring, a file that could not be written."""
    from lra_ref.bench.rows import Results as Known

    if out is None:
        return None
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ValueError(f"--out must name a file in an existing folder, got {out}")
    if not out.exists():
        return None
    try:
        return Known.from_dict(json.loads(out.read_text(encoding="utf-8")))
    except ValueError as problem:
        raise ValueError(f"--out {out} holds something else: {problem}") from None
