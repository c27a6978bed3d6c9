"""Sweep methods x problems x initial rates x seeds; what is finished is kept, and running again goes on from there.

  lra-ref sweep sgd,adam,gala_sgd rosenbrock,logistic --lr 1e-6:1:7 --seeds 32 --steps 20000 --out runs/first
  lra-ref sweep sgd,adam quadratic --lr 0.1,0.01 --oracle gaussian --oracle-set sigma=0.5 --steps 5000 --seeds 16
  lra-ref sweep dog_sgd,gala_sgd logistic --lr 1e-3:10:5 --seeds 64 --steps 100000 --jobs 4 --dry-run

Exit code 0 if every cell was computed, 1 if one failed, 2 for a usage error, 130 if interrupted. A seed that diverges is a finding.
"""

from __future__ import annotations

import argparse
import datetime
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lra_ref.commands.output import assignments, emit, emit_json, say

if TYPE_CHECKING:
    from lra_ref.sweep import Grid, Result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref sweep``."""
    add = parser.add_argument
    add("methods", metavar="METHODS", help="names with commas between them, as lra-ref list methods shows")
    add("problems", metavar="PROBLEMS", help="names with commas between them, as lra-ref list problems shows")
    add("--method", action="append", default=[], metavar="METHODS", help="more of them; may be repeated, as the next four")
    add("--problem", action="append", default=[], metavar="PROBLEMS", help="more of them")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of every method that has it; METHOD.NAME for one")
    add("--problem-set", action="append", default=[], metavar="NAME=VALUE", help="the same for problems")
    add("--oracle-set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the oracle")
    add("--oracle", metavar="ORACLE", help="how gradients are observed (default: minibatches of 32 rows, exact where no finite sum)")
    add("--lr", metavar="RATES", help="initial rates: LOW:HIGH:N, evenly spaced in the logarithm, or R1,R2,...")
    add("--steps", type=int, required=True, metavar="T", help="number of steps")
    add("--seeds", type=int, default=1, metavar="N", help="number of trajectories, each with its own noise (default: 1)")
    add("--seed", type=int, default=0, metavar="S", help="seed of all random numbers, in [0, 2^64) (default: 0)")
    add("--out", metavar="DIR", help="run directory; an existing one is resumed (default: a new one in runs/)")
    add("--jobs", type=int, default=1, metavar="N", help="number of processes (default: 1)")
    add("--scheduler", metavar="ADDRESS", help="compute on the dask scheduler at tcp://HOST:PORT (extra: distributed)")
    add("--dry-run", action="store_true", help="show the plan and an estimated time, compute nothing")
    add("--json", action="store_true", help="print JSON instead of the table")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref sweep``."""
    from lra_ref.runs.progress import Progress
    from lra_ref.sweep.face import run_grid

    grid = make_grid(arguments)
    if arguments.jobs < 1:
        raise ValueError(f"--jobs must be a whole number >= 1, got {arguments.jobs}")
    if arguments.dry_run:
        return _plan(grid, arguments)
    out = Path(arguments.out or f"runs/sweep-{datetime.datetime.now():%Y%m%d-%H%M%S}")
    progress = Progress("sweep", len(grid.cells()))

    def show(done: int, total: int, cell: Any, record: dict[str, Any]) -> None:
        progress(done, total, cell.name + (f": {record['error']}" if record["error"] else ""))

    try:
        result = run_grid(grid, out, arguments.jobs, None, arguments.scheduler, show)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {progress.told()}resume with: {command(arguments, out)}") from None
    finally:
        progress.close()
    return _shown(result, out, arguments)


def make_grid(arguments: argparse.Namespace) -> Grid:
    """The grid of the options; ``ValueError`` with one line for what cannot be swept."""
    from lra_ref.sweep.face import names_of
    from lra_ref.sweep.grid import Grid, initial_rates

    given = {
        name: assignments(getattr(arguments, name), f"--{name.replace('_', '-')}", {}) for name in ("set", "problem_set", "oracle_set")
    }
    return Grid(
        methods=names_of([arguments.methods, *arguments.method]), problems=names_of([arguments.problems, *arguments.problem]),
        lr=initial_rates(arguments.lr or ()), steps=arguments.steps, seeds=arguments.seeds, seed=arguments.seed,
        oracle=arguments.oracle, **given,
    )  # fmt: skip


def command(arguments: argparse.Namespace, out: Path) -> str:
    """The command that takes up the sweep in the directory ``out`` again."""
    words = ["lra-ref", "sweep", arguments.methods, arguments.problems]
    for name in ("method", "problem", "set", "problem_set", "oracle_set"):
        for value in getattr(arguments, name):
            words += [f"--{name.replace('_', '-')}", value]
    for name, default in (("lr", None), ("steps", None), ("seeds", 1), ("seed", 0), ("oracle", None), ("jobs", 1), ("scheduler", None)):
        if getattr(arguments, name) != default:
            words += [f"--{name}", str(getattr(arguments, name))]
    return shlex.join([*words, "--out", str(out), *(["--json"] if arguments.json else [])])


def _plan(grid: Grid, arguments: argparse.Namespace) -> int:
    from lra_ref.runs.progress import counted, in_words
    from lra_ref.sweep.estimate import estimate

    found = estimate(grid, arguments.out, arguments.jobs, say)
    if arguments.json:
        emit_json({"kind": "plan of a sweep", "grid": grid.as_dict(), **found.as_dict()})
        return 0
    where = f" in {arguments.out}" if arguments.out else ""
    processes = "one process" if arguments.jobs == 1 else f"{arguments.jobs} processes"
    axes = (counted(len(grid.methods), "method"), counted(len(grid.problems), "problem"), counted(len(grid.lr), "initial rate"))
    emit(f"{' x '.join(axes)}: {counted(found.cells, 'cell')}")
    to_do = ", ".join((counted(found.cells - found.done, "cell"), counted(found.trajectories, "trajectory", "trajectories")))
    emit(f"finished{where}: {found.done}; to do: {to_do} of {counted(grid.steps, 'step')}")
    emit(f"about {found.gradient_evaluations:.4g} gradient evaluations, about {in_words(found.wall)} in {processes}, without compiling")
    for name in found.failed:
        emit(f"not timed, none of its rates runs: {name}")
    return 0


def _shown(result: Result, out: Path, arguments: argparse.Namespace) -> int:
    if arguments.json:
        emit(result.to_json())
    else:
        from lra_ref.sweep.table import text_of

        emit(text_of(result))
    say(f"records: {out}; lra-ref report {out} draws them")
    return result.exit_code
