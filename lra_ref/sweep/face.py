"""The face of a sweep: :func:`sweep` computes a grid and :func:`load` reads a directory of one; both return a :class:`Result`."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lra_ref.checks import names_in, settings_in
from lra_ref.parameters import shown
from lra_ref.runs.environment import environment
from lra_ref.runs.executors import computed, executor_of
from lra_ref.runs.store import RunDirectory, RunDirectoryError, dumps, write_atomically
from lra_ref.runs.store import load as load_directory
from lra_ref.sweep.cell import SCHEMA, Block, Cell, combined, lost_block, run_block, tasks_of
from lra_ref.sweep.grid import Grid, initial_rates
from lra_ref.sweep.summary import rows_of

#: called after every finished cell with the number finished, the number in all, the cell and its record
Progress = Callable[[int, int, Cell, dict[str, Any]], None]
#: what was asked for last, and what came of it
PLAN, RESULT = "plan.json", "result.json"


@dataclass(frozen=True, eq=False)
class Result:
    """What a sweep found: ``records``, one per finished cell in the order of the grid, and ``rows``, its summary.

    A record is what :mod:`lra_ref.sweep` says; ``missing`` counts the cells of the grid that are not finished; ``grid`` was asked for.
    """

    grid: dict[str, Any]
    environment: dict[str, Any]
    records: list[dict[str, Any]]
    started: str
    missing: int = 0
    out: Path | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What all cells have in common."""
        return {name: value for name, value in self.grid.items() if name not in ("methods", "problems", "lr")}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row per problem and method, see :mod:`lra_ref.sweep.summary`."""
        return rows_of(self.records)

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The records of the cells that raised."""
        return [record for record in self.records if record["error"] is not None]

    @property
    def ok(self) -> bool:
        """Whether every cell is finished and none raised. Seeds that diverged are findings, not errors."""
        return not self.missing and not self.failures

    @property
    def exit_code(self) -> int:
        """0 if ``ok``, else 1."""
        return 0 if self.ok else 1

    def as_dict(self) -> dict[str, Any]:
        """The object that ``lra-ref sweep --json`` prints."""
        found = {"schema": SCHEMA, "kind": "sweep", "environment": self.environment, "started": self.started, "grid": self.grid}
        return found | {"missing": self.missing, "ok": self.ok, "rows": self.rows, "records": self.records}

    def to_json(self) -> str:
        """The same as text."""
        return dumps(self.as_dict())


def sweep(
    methods: str | Iterable[str],
    problems: str | Iterable[str],
    *,
    steps: int,
    lr: str | float | Iterable[float] = (),
    seeds: int = 1,
    seed: int = 0,
    oracle: str | None = None,
    set: Mapping[str, Any] | None = None,
    problem_set: Mapping[str, Any] | None = None,
    oracle_set: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    jobs: int = 1,
    executor: concurrent.futures.Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run methods x problems x initial rates x seeds and return a :class:`Result`.

    methods, problems   names, or text with commas between them
    lr                  initial rates: ``"1e-6:1:7"`` (evenly spaced in the logarithm), ``"0.1,0.01"``, or numbers; methods that
                        have no rate need none
    steps, seeds, seed  steps of every run; number of trajectories; the seed of all noise, in [0, 2^64)
    oracle              name; default minibatches of 32 rows where the problem is a finite sum, exact gradients where not
    set, problem_set, oracle_set
                        parameters by name; ``{"eps": 1e-6}`` is for every method that has it, ``{"adam.eps": 1e-6}`` for one
    out                 run directory: finished cells are kept there and never computed again; methods, problems and rates may be added to
                        it, the settings may not change
    jobs                number of processes; or any ``concurrent.futures`` ``executor``; or the address of a dask ``scheduler``

    The records are the same bit for bit wherever they are computed, ``seconds`` apart. Raises ``ValueError`` with one line for unknown
    names, values out of range, other settings than the directory's, or a directory that cannot be used.
    """
    grid = Grid(
        methods=names_of(names_in("methods", methods)), problems=names_of(names_in("problems", problems)), lr=initial_rates(lr),
        steps=steps, seeds=seeds, seed=seed, oracle=oracle, set=settings_in("set", set),
        problem_set=settings_in("problem_set", problem_set), oracle_set=settings_in("oracle_set", oracle_set),
    )  # fmt: skip
    return run_grid(grid, out, jobs, executor, scheduler, progress)


def run_grid(
    grid: Grid,
    out: str | Path | None = None,
    jobs: int = 1,
    executor: concurrent.futures.Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """:func:`sweep` for a grid that is made."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs must be a whole number >= 1, got {shown(jobs)}")
    cells, started = grid.cells(), datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(executor_of(scheduler, executor))
        directory = None if out is None else stack.enter_context(RunDirectory(out, grid.settings, started, "sweep"))
        if directory is not None:
            started = directory.started
            plan = {"schema": SCHEMA, "grid": grid.as_dict(), "environment": environment(), "cells": [cell.key for cell in cells]}
            write_atomically(directory.path / PLAN, dumps(plan) + "\n")
        records = _records(cells, directory, jobs, pool, progress)
        listed = [records[cell.key] for cell in cells]
        result = Result(grid.as_dict(), environment(), listed, started, 0, None if out is None else Path(out))
        if directory is not None:
            write_atomically(directory.path / RESULT, result.to_json() + "\n")
    return result


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """Names given one by one, or with commas between them."""
    texts = [names] if isinstance(names, str) else list(names)
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


def _records(
    cells: list[Cell], directory: RunDirectory | None, jobs: int, executor: concurrent.futures.Executor | None, progress: Progress | None
) -> dict[str, dict[str, Any]]:
    """Records by key: from the run directory where it has them, computed and stored there where not."""
    known = {} if directory is None else directory.cells
    records = {cell.key: known[cell.key] for cell in cells if cell.key in known}
    tasks = [task for cell in cells if cell.key not in records for task in tasks_of(cell)]
    blocks: dict[str, dict[int, Block]] = {}
    # closed even if an interrupt arrives here, so that no process outlives the run
    with contextlib.closing(computed(run_block, tasks, lost_block, jobs, executor)) as stream:
        for task, block in stream:
            cell = task.cell
            mine = blocks.setdefault(cell.key, {})
            mine[task.first] = block
            if len(mine) < len(tasks_of(cell)):
                continue
            record, kept = combined(cell, [mine[first] for first in sorted(blocks.pop(cell.key))])
            if directory is not None and kept:
                directory.add(cell.key, record)
            records[cell.key] = record
            if progress is not None:
                progress(len(records), len(cells), cell, record)
    return records


def load(path: str | Path) -> Result:
    """What a run directory of a sweep holds, also while the sweep is on or after it was interrupted; nothing is changed.

    Raises :class:`lra_ref.runs.store.RunDirectoryError` with one line for a folder that is none.
    """
    contents = load_directory(path)
    if contents.kind != "sweep":
        raise RunDirectoryError(f"{contents.path} was made by lra-ref {contents.kind}, not by lra-ref sweep")
    file = contents.path / PLAN
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
        grid, made_with, keys = dict(plan["grid"]), dict(plan["environment"]), list(plan["cells"])
    except OSError as problem:
        raise RunDirectoryError(f"{contents.path} holds no sweep yet: {file.name}: {problem.strerror or problem}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise RunDirectoryError(f"{file} is not the plan of a sweep: {problem}") from None
    records = [contents.cells[key] for key in keys if key in contents.cells]
    return Result(grid, made_with, records, contents.started, len(keys) - len(records), contents.path)
