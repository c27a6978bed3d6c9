"""Run a method on a problem: a table of what came out, on request a plot and a file from which the run goes on.

  lra-ref run adam rosenbrock --set lr=0.01 --steps 5000
  lra-ref run gala_sgd logistic --data breast_cancer --steps 2000 --seeds 8 --plot out.png
  lra-ref run sgd quadratic --problem-set dim=50 --sigma 0.1 --set lr=0.5 --out run.npz
  lra-ref run --resume run.npz --steps 1000 --out run.npz

Names and parameters: lra-ref list. METHOD is a named method, a direction (constant rate) or RATE_DIRECTION. Without --oracle,
gradients come from minibatches of 32 rows where the problem is a finite sum, else they are exact.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lra_ref.commands.output import assignments, emit, emit_json, say

if TYPE_CHECKING:
    from lra_ref.engine.run import Run
    from lra_ref.methods import Method
    from lra_ref.oracles import Oracle

STEPS, BATCH, ROWS = 1000, 32, 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref run``."""
    add = parser.add_argument
    add("method", nargs="?", metavar="METHOD", help="what moves x, as lra-ref list methods shows")
    add("problem", nargs="?", metavar="PROBLEM", help="what is minimised, as lra-ref list problems shows")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the method; may be repeated, as the next two")
    add("--problem-set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the problem")
    add("--oracle-set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the oracle")
    add("--data", metavar="DATA", help="data set of the problem: breast_cancer, iris, wine, digits, synthetic or a LIBSVM file")
    add("--oracle", metavar="ORACLE", help="how gradients are observed, as lra-ref list oracles shows")
    add("--batch", type=int, metavar="B", help="rows of a minibatch (means --oracle minibatch)")
    add("--sigma", type=float, metavar="S", help="standard deviation of the noise (means --oracle gaussian)")
    add("--steps", type=int, metavar="T", help=f"number of steps (default: {STEPS}); with --resume so many more (default: 0, just show)")
    add("--seeds", type=int, default=None, metavar="N", help="number of trajectories, each with its own noise (default: 1)")
    add("--seed", type=int, default=None, metavar="S", help="seed of all random numbers, in [0, 2^64) (default: 0)")
    add("--every", type=int, metavar="K", help=f"record every K-th step (default: so that about {ROWS} are recorded)")
    add("--threads", type=int, metavar="N", help="number of threads; the results are the same (default: one per processor)")
    add("--out", metavar="FILE", help="keep the run in a .npz file, also when interrupted")
    add("--resume", metavar="FILE", help="go on with the run of a .npz file; METHOD and PROBLEM may then be left out")
    add("--plot", metavar="FILE", help="plot loss, gradient norm and rate: .png, .svg or .pdf")
    add("--json", action="store_true", help="print JSON instead of the table")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref run``."""
    from lra_ref.checks import whole

    for name, low in (("steps", 0), ("seeds", 1), ("every", 1), ("threads", 1)):
        if getattr(arguments, name) is not None:
            whole(f"--{name}", getattr(arguments, name), low)
    check_files(arguments)
    begin, steps, every, threads = _resumed(arguments) if arguments.resume else _fresh(arguments)
    run = _drive(begin, steps, every, threads, arguments)
    files = _files(run, arguments)

    from lra_ref.commands.summary import summary, summary_table

    found = summary(run)
    if arguments.json:
        emit_json({**found, "files": files})
    else:
        emit(summary_table(run, found))
    return 0


def check_files(arguments: argparse.Namespace) -> None:
    """Refuse before the computation a file that could not be written after it."""
    if arguments.out is not None:
        path = Path(arguments.out)
        if path.suffix != ".npz" or path.is_dir() or not os.access(path.absolute().parent, os.W_OK):
            raise ValueError(f"--out must be a .npz file in an existing, writable folder, got {path}")
    if arguments.plot is not None:
        from lra_ref.views.style import check_path

        check_path(arguments.plot)


def _fresh(arguments: argparse.Namespace) -> tuple[Any, int, int, int]:
    """How a new run begins, its steps, rows and threads."""
    from lra_ref.checks import whole
    from lra_ref.engine.run import run

    if arguments.method is None or arguments.problem is None:
        raise ValueError("name a METHOD and a PROBLEM, for instance: lra-ref run gala_sgd rosenbrock")
    method, oracle = make_method(arguments), make_oracle(arguments)
    seed = whole("--seed", arguments.seed or 0)
    if seed >= 2**64:
        raise ValueError(f"--seed must be below 2^64, got {seed}")
    if arguments.oracle is None:
        # the choice was ours: say it
        values = ", ".join(f"{key} {value}" for key, value in oracle.parameters.as_dict().items() if value is not None)
        say(f"oracle: {oracle.name}{f' ({values})' if values else ''}")
    steps = STEPS if arguments.steps is None else arguments.steps
    every = arguments.every or max(1, steps // ROWS)
    seeds = arguments.seeds or 1
    threads = arguments.threads or min(seeds, os.cpu_count() or 1)

    def begin(n: int) -> Run:
        return run(method, oracle, steps=n, trajectories=seeds, seed=seed, every=every, threads=threads)

    return begin, steps, every, threads


def _resumed(arguments: argparse.Namespace) -> tuple[Any, int, int, int]:
    """How the run of a file goes on."""
    from lra_ref.engine.checkpoint import load

    for name in ("set", "seeds", "seed", "every"):
        if getattr(arguments, name):
            raise ValueError(f"--{name} does not go with --resume: the file says it")
    if arguments.problem is None and any((arguments.data, arguments.oracle, arguments.problem_set, arguments.oracle_set)):
        raise ValueError("options of the problem and the oracle go with METHOD PROBLEM; without them the file says it")
    kept = load(arguments.resume, make_oracle(arguments) if arguments.problem else None)
    if arguments.method not in (None, kept.methods[0].name):
        raise ValueError(f"{arguments.resume} holds a run of {kept.methods[0].name}, not of {arguments.method}")
    threads = arguments.threads or min(len(kept.labels), os.cpu_count() or 1)

    def begin(n: int) -> Run:
        return kept.resume(n, threads=threads) if n else kept

    return begin, arguments.steps or 0, kept.every, threads


def make_method(arguments: argparse.Namespace) -> Method:
    """The method of the options."""
    from lra_ref.methods import make_method

    return make_method(arguments.method, **assignments(arguments.set, "--set", {}))


def make_oracle(arguments: argparse.Namespace) -> Oracle:
    """The problem and the oracle of the options."""
    from lra_ref.oracles import ORACLES, make_oracle
    from lra_ref.problems.base import Problem

    problem: Problem = make_problem(arguments)
    name = arguments.oracle or default_oracle(arguments, problem.samples)
    values = assignments(arguments.oracle_set, "--oracle-set", constraints(ORACLES[name]))
    for short in ("batch", "sigma"):
        if getattr(arguments, short, None) is not None:
            if short in values:
                raise ValueError(f"{short} is given twice: by --{short} and by --oracle-set")
            values[short] = getattr(arguments, short)
    if name == "minibatch":
        values.setdefault("batch", BATCH)
    return make_oracle(name, problem, **values)


def default_oracle(arguments: argparse.Namespace, samples: int) -> str:
    """The oracle that the other options mean."""
    if arguments.batch is not None and arguments.sigma is not None:
        raise ValueError("--batch and --sigma belong to different oracles; name one with --oracle")
    if arguments.sigma is not None:
        return "gaussian"
    return "minibatch" if samples or arguments.batch is not None else "exact"


def make_problem(arguments: argparse.Namespace) -> Any:
    """The problem of the options ``problem``, ``problem_set`` and ``data``."""
    from lra_ref.problems import PROBLEMS, make_problem

    values = assignments(arguments.problem_set, "--problem-set", constraints(vars(PROBLEMS[arguments.problem])["parameters"]))
    if arguments.data is not None:
        if "data" in values:
            raise ValueError("data is given twice: by --data and by --problem-set")
        values["data"] = arguments.data
    return make_problem(arguments.problem, **values)


def constraints(owner: Any) -> dict[str, Any]:
    """Name -> constraint of a class of parameters."""
    import dataclasses

    return {field.name: field.metadata["constraint"] for field in dataclasses.fields(owner)}


def _drive(begin: Any, steps: int, every: int, threads: int, arguments: argparse.Namespace) -> Run:
    from lra_ref.commands.drive import Interrupted, Progress, drive

    progress = Progress(steps)
    try:
        return drive(begin, steps, every, threads, progress)
    except Interrupted as interrupt:
        raise KeyboardInterrupt(_farewell(interrupt.run, interrupt.left, arguments)) from None
    finally:
        progress.close()


def _farewell(run: Run | None, left: int, arguments: argparse.Namespace) -> str:
    """Keep what was done before Ctrl-C, if a file was named, and say how to go on."""
    if run is None:
        return "interrupted before the first step"
    if arguments.out is None:
        return f"interrupted at step {run.state.t}; nothing kept (--out FILE keeps a run)"
    from lra_ref.engine.checkpoint import save

    save(run, arguments.out)
    words = ["lra-ref", "run", "--resume", arguments.out, "--steps", str(left), "--out", arguments.out]
    words += ["--plot", arguments.plot] if arguments.plot else []
    return f"interrupted at step {run.state.t}; kept in {arguments.out}; go on with: {shlex.join(words)}"


def _files(run: Run, arguments: argparse.Namespace) -> dict[str, str]:
    """Write the files asked for."""
    written = {}
    if arguments.out is not None:
        from lra_ref.engine.checkpoint import save

        save(run, arguments.out)
        written["out"] = arguments.out
    if arguments.plot is not None:
        from lra_ref.views.runs import plot_run

        plot_run(run, arguments.plot)
        written["plot"] = arguments.plot
    for name, path in written.items():
        say(f"{'run kept in' if name == 'out' else 'plot:'} {path}")
    return written
