"""Running a plan of cells and what comes of it; the face :func:`verify`."""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import functools
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lra_ref.parameters import shown
from lra_ref.runs.environment import environment
from lra_ref.runs.executors import computed, executor_of
from lra_ref.runs.store import RunDirectory, dumps, write_atomically
from lra_ref.verify import described
from lra_ref.verify import witness as witnesses
from lra_ref.verify.cells import SCHEMA, cases_of, check_cell, forget
from lra_ref.verify.claim import Claim, Settings
from lra_ref.verify.discover import ClaimFile, Found, discover, load
from lra_ref.verify.kinds import Verdict
from lra_ref.verify.plan import Task, plan
from lra_ref.verify.rows import as_claimed, broken_row, make_row

#: called after every finished cell with the number finished, the number in all, the task and its record
Progress = Callable[[int, int, Task, dict[str, Any]], None]
Cell = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Result:
    """What a verification found: ``rows``, one per claim; the claims; the records of all cells; and what it was computed with."""

    settings: Settings
    environment: dict[str, Any]
    rows: list[dict[str, Any]]
    found: list[Found]
    records: dict[Cell, dict[str, Any]]
    started: str
    out: Path | None = None
    broken: list[ClaimFile] = field(default_factory=list)

    @property
    def claims(self) -> dict[str, Claim]:
        """Claims by id."""
        return {entry.claim.id: entry.claim for entry in self.found}

    def as_claimed(self, row: dict[str, Any]) -> bool:
        """Whether a row is as claimed."""
        return as_claimed(row, self.claims.get(row["id"]))

    @property
    def ok(self) -> bool:
        """Whether every claim is as claimed and every control fired."""
        return all(map(self.as_claimed, self.rows))

    @property
    def exit_code(self) -> int:
        """0 if all is as claimed, else 1."""
        return 0 if self.ok else 1

    def as_dict(self) -> dict[str, Any]:
        """The object that ``lra-ref verify --json`` prints."""
        return {"schema": SCHEMA, "environment": self.environment, "settings": self.settings.as_dict(), "rows": self.rows}

    def to_json(self) -> str:
        """The same as text."""
        return dumps(self.as_dict())


def failed_record(task: Task, error: str) -> dict[str, Any]:
    """The record of a cell whose check raised; it is never stored, so that a resumed run tries again."""
    return {
        "claim": task.claim, "role": task.role, "case": task.case, "parameters": {}, "looks": [], "seeds": 0, "assumptions": [],
        "seconds": 0.0, "verdict": str(Verdict.FAILED), "lhs": None, "rhs": None, "tightness": None, "margin": None, "finite": False,
        "estimates": [], "series": {}, "notes": [f"the check of case {task.case} raised\n{error}"],
    }  # fmt: skip


def run_task(task: Task, claim: Claim | None = None) -> dict[str, Any]:
    """Compute one cell; in a worker process the claim is read from its file again. Whatever the claim raises becomes a FAILED record."""
    try:
        if claim is None:
            assert task.path is not None
            claim = next(claim for claim in load(task.path).claims if claim.id == task.claim)
        case = next(case for case in cases_of(claim, task.role, task.settings.preset) if case.name == task.case)
        return check_cell(claim, task.role, case, task.settings)
    except Exception:
        return failed_record(task, traceback.format_exc())


def run_here(claims: dict[str, Claim], task: Task) -> dict[str, Any]:
    """Compute one cell of a claim that is at hand."""
    return run_task(task, claims[task.claim])


def verify(
    targets: Iterable[str | Path | Claim] | str | Path | Claim = (),
    *,
    preset: str = "quick",
    seed: int = 0,
    alpha: float = 1e-3,
    out: str | Path | None = None,
    jobs: int = 1,
    executor: concurrent.futures.Executor | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Check claims and return a :class:`Result`.

    targets     claim files, folders, ``FILE::ID``, ids (``gala.G1``), parts (``gala``) or :class:`Claim` objects;
                default: everything in ``experiments/``
    preset      "smoke", "quick" or "full"; ``seed`` in [0, 2^64); ``alpha`` the error probability of a statistical verdict
    out         run directory: finished cells are kept there, a second call with the same settings takes up where the first stopped
    jobs        number of processes; or any ``concurrent.futures`` ``executor``; or the address of a dask ``scheduler``

    Raises ``ValueError`` with one line for unknown names, other settings than the run directory's, or a directory that cannot be used.
    """
    settings = Settings(preset, seed, alpha)
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ValueError(f"jobs must be a whole number >= 1, got {shown(jobs)}")
    found, broken = discover([targets] if isinstance(targets, str | Path | Claim) else targets)
    claims = {entry.claim.id: entry.claim for entry in found}
    started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    tasks = plan(found, settings)
    with contextlib.ExitStack() as stack:
        executor = stack.enter_context(executor_of(scheduler, executor))
        directory = None if out is None else stack.enter_context(RunDirectory(out, settings.as_dict(), started))
        stack.callback(forget)
        if directory is not None:
            # first, so that a report of an interrupted run knows what its cells are about
            described.keep(directory.path, described.describe(found, preset))
        records = _records(tasks, claims, directory, jobs, executor, progress)
        if directory is not None:
            started = directory.started
        rows = [_row(entry.claim, tasks, records) for entry in found] + [broken_row(file) for file in broken]
        result = Result(settings, environment(), rows, found, records, started, None if out is None else Path(out), broken)
        if directory is not None:
            _store(result, directory.path)
    return result


def _records(
    tasks: list[Task], claims: dict[str, Claim], directory: RunDirectory | None, jobs: int,
    executor: concurrent.futures.Executor | None, progress: Progress | None,
) -> dict[Cell, dict[str, Any]]:  # fmt: skip
    """Records of all tasks: from the run directory where it has them, computed and stored there where not."""
    known = {} if directory is None else directory.cells
    records = {(task.claim, task.role, task.case): known[task.key] for task in tasks if task.key in known}
    pending = [task for task in tasks if task.key not in known]
    objects = [task.claim for task in pending if task.path is None]
    here = executor is None and jobs == 1
    if objects and not here:
        raise ValueError(f"{objects[0]} was given as an object; only claims from a file run in other processes")
    work = functools.partial(run_here, claims) if here else run_task
    # closed even if an interrupt arrives here, so that no process outlives the run
    with contextlib.closing(computed(work, pending, failed_record, jobs, executor)) as stream:
        for task, record in stream:
            if directory is not None and task.key and record["verdict"] != Verdict.FAILED:
                directory.add(task.key, record)
            records[task.claim, task.role, task.case] = record
            if progress is not None:
                progress(len(records), len(tasks), task, record)
    return records


def _row(claim: Claim, tasks: list[Task], records: dict[Cell, dict[str, Any]]) -> dict[str, Any]:
    own = {
        role: [records[task.claim, role, task.case] for task in tasks if task.claim == claim.id and task.role == role]
        for role in ("claim", "control")
    }
    return make_row(claim, own["claim"], own["control"])


def _store(result: Result, path: Path) -> None:
    """The result and the witnesses of violations, beside the cells."""
    write_atomically(path / "result.json", result.to_json() + "\n")
    sources = {entry.claim.id: entry.path for entry in result.found}
    for (claim, _, _), record in result.records.items():
        if "witness" in record:
            witnesses.save(path / "witnesses", record["witness"], sources.get(claim))
