"""Check claims: by default all of the folder experiments/, or the claim files, FILE::ID, ids (gala.G1) and parts (gala) named.

Exit code 0 if everything is as claimed and every control fired, 1 if not, 2 for a usage error, 130 if interrupted.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import shlex
import sys
from pathlib import Path
from typing import Any

from lra_ref.runs.progress import Progress
from lra_ref.verify import Result, replay, verify
from lra_ref.verify.claim import PRESETS
from lra_ref.verify.plan import Task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref verify``."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="claim file, folder, FILE::ID, id or part (default: experiments/)")
    parser.add_argument("--preset", choices=PRESETS, default="quick", help="how much to compute (default: quick)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of all random numbers, in [0, 2^64) (default: 0)")
    parser.add_argument("--alpha", type=float, default=1e-3, help="error probability of a statistical verdict (default: 0.001)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="number of processes (default: 1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="compute on the dask scheduler at tcp://HOST:PORT (extra: distributed)")
    parser.add_argument("--out", metavar="DIR", help="run directory; an existing one is resumed (default: a new one in runs/)")
    parser.add_argument("--report", metavar="PATH", help="the HTML report (default: report.html in the run directory)")
    parser.add_argument("--png", action="store_true", help="write the plots as PNG too, beside the SVG files in the run directory")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table; a report only with --out, --report or --png")
    parser.add_argument("--replay", metavar="WITNESS", help="run the stored violation again and say whether it is reproduced")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref verify``."""
    if arguments.replay is not None:
        return _replay(arguments)
    if arguments.report is not None:
        _check_report(Path(arguments.report))
    out = Path(arguments.out or f"runs/verify-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    progress = Progress("verify")

    def show(done: int, total: int, task: Task, record: dict[str, Any]) -> None:
        progress(done, total, f"{task.claim}{' control' if task.role == 'control' else ''}, {task.case}: {record['verdict']}")

    try:
        result = verify(
            arguments.targets, preset=arguments.preset, seed=arguments.seed, alpha=arguments.alpha, out=out, jobs=arguments.jobs,
            scheduler=arguments.scheduler, progress=show,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {progress.told()}resume with: {command(arguments, out)}") from None
    finally:
        progress.close()
    if arguments.json:
        print(result.to_json())
    else:
        from lra_ref.verify import table

        table.show(result, sys.stdout)
    sys.stdout.flush()
    # who reads JSON alone does not wait for plots
    if not arguments.json or arguments.out or arguments.report or arguments.png:
        _report(result, out, arguments)
    return result.exit_code


def command(arguments: argparse.Namespace, out: Path) -> str:
    """The command that takes up the run in the directory ``out`` again."""
    words = ["lra-ref", "verify", *arguments.targets, "--preset", arguments.preset, "--out", str(out)]
    for name, default in (("seed", 0), ("alpha", 1e-3), ("jobs", 1), ("scheduler", None), ("report", None)):
        value = getattr(arguments, name)
        if value != default:
            words += [f"--{name}", str(value)]
    return shlex.join(words + [f"--{name}" for name in ("png", "json") if getattr(arguments, name)])


def _check_report(path: Path) -> None:
    """Refuse before the computation a report that could not be written after it."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ValueError("--report needs matplotlib: pip install 'lra_ref[report]'")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ValueError(f"--report must name a file in an existing folder, got {path}")


def _report(result: Result, out: Path, arguments: argparse.Namespace) -> None:
    path = Path(arguments.report or out / "report.html")
    if importlib.util.find_spec("matplotlib") is None:
        print("no HTML report, it needs matplotlib: pip install 'lra_ref[report]'", file=sys.stderr)
        return
    from lra_ref.report.verification import write_report

    write_report(result, path, plots=out / "plots", with_png=arguments.png)
    print(f"report: {path}", file=sys.stderr)


def _replay(arguments: argparse.Namespace) -> int:
    outcome = replay(arguments.replay)
    if arguments.json:
        from lra_ref.runs.store import dumps
        from lra_ref.verify.cells import plain

        names = ("reproduced", "exact", "verdict", "lhs", "rhs")
        print(dumps(plain({"witness": outcome.witness, **{name: getattr(outcome, name) for name in names}})))
    else:
        print(outcome.sentence())
    return 0 if outcome.reproduced else 1
