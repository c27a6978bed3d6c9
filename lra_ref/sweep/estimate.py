"""What a sweep would cost, before it is made: its plan, and a time from a short run of every method on every problem."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lra_ref.engine.run import run
from lra_ref.runs.store import RUN, load, refuse_other
from lra_ref.status import Status
from lra_ref.sweep.cell import Cell, made, tasks_of
from lra_ref.sweep.grid import Grid

#: a timing lasts at least this long, in seconds, or as many steps as the cell has
LONG_ENOUGH = 0.02
FIRST_STEPS = 32


@dataclass(frozen=True)
class Estimate:
    """The plan of a sweep: ``cells`` of which ``done`` are finished, trajectories and gradient evaluations to do, estimated seconds.

    ``seconds`` is what one process would need, ``wall`` with the processes asked for, as far as there are processors and blocks of seeds
    for them; starting and compiling are not in them. Seeds that stop early make a sweep shorter. ``failed`` names the methods that could
    not be timed.
    """

    cells: int
    done: int
    trajectories: int
    gradient_evaluations: int
    seconds: float
    wall: float
    failed: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)


def estimate(grid: Grid, out: str | Path | None = None, jobs: int = 1, say: Callable[[str], None] = lambda text: None) -> Estimate:
    """Plan a sweep and time it; nothing is written. Raises ``ValueError`` as :func:`lra_ref.sweep.sweep` does."""
    cells = grid.cells()
    known = set() if out is None else finished(Path(out), grid)
    pending = [cell for cell in cells if cell.key not in known]
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in pending:
        groups.setdefault((cell.method, cell.problem), []).append(cell)
    seconds, evaluations, failed = 0.0, 0, []
    for (method, problem), group in groups.items():
        say(f"timing {method} on {problem}")
        steps = sum(cell.steps * cell.seeds for cell in group)
        measured = cost(group)
        if measured is None:
            failed.append(f"{method} on {problem}")
            continue
        seconds += steps * measured[0]
        evaluations += round(steps * measured[1])
    trajectories = sum(cell.seeds for cell in pending)
    at_once = max(1, min(jobs, os.cpu_count() or jobs, sum(len(tasks_of(cell)) for cell in pending)))
    return Estimate(
        len(cells), len(cells) - len(pending), trajectories, evaluations, round(seconds, 3), round(seconds / at_once, 3), tuple(failed)
    )


def finished(out: Path, grid: Grid) -> set[str]:
    """Keys of the cells that a directory holds; an absent one holds none."""
    if not (out / RUN).exists():
        return set()
    refuse_other(out, "sweep", grid.settings)
    return set(load(out).cells)


def cost(group: Iterable[Cell]) -> tuple[float, float] | None:
    """Seconds and gradient evaluations per step of a trajectory, at the smallest rate that runs; None if none does."""
    for cell in sorted(group, key=lambda cell: cell.lr or 0.0):
        try:
            method, oracle = made(replace(cell, seeds=1))
            run(method, oracle, steps=1, seed=cell.seed)  # compiles
            steps = min(FIRST_STEPS, cell.steps)
            while True:
                started = time.perf_counter()
                found = run(method, oracle, steps=steps, seed=cell.seed, every=steps)
                lasted = time.perf_counter() - started
                if lasted >= LONG_ENOUGH or steps >= cell.steps or found.status[0] != Status.RUNNING:
                    break
                steps = min(4 * steps, cell.steps)
        except (ValueError, ArithmeticError):
            continue
        return lasted / steps, max(float(found.state.counts[0, 0]) / steps, 1.0)
    return None
