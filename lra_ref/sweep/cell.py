"""One cell of a sweep: a method on a problem at one initial rate with all its seeds, from running it to its record.

Seeds are run in blocks (:data:`BLOCK`), so that a cell of many seeds is shared out over workers; the record does not depend on how.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lra_ref.backends.sums import block_sums, in_order
from lra_ref.engine.run import Run, run
from lra_ref.methods import Method, make_method
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array

SCHEMA = 1
#: seeds that are run as one batch
BLOCK = 64
#: rows of a record at most, beside that of step 0
POINTS = 200
#: seconds after which a batch listens for an interrupt
SLICE = 0.25
FIRST_SLICE = 64
#: a seed that stopped like this has come to rest: its point stands. Any other stop is a failure
RESTED = frozenset({Status.STATIONARY, Status.TRIALS_EXHAUSTED, Status.RATE_VANISHED})
FAILED = "failed"
#: quantiles of the curves in per cent
BAND = {"low": 10, "median": 50, "high": 90}
CURVES = ("loss", "gradient_norm", "rate")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What determines a record, plain data.

    ``contents`` is a fingerprint of the numbers of problem and oracle, ``key`` a hash of everything and of the code.
    """

    method: str
    method_set: dict[str, Any]
    problem: str
    problem_set: dict[str, Any]
    oracle: str
    oracle_set: dict[str, Any]
    parameter: str | None
    lr: float | None
    steps: int
    seed: int
    seeds: int
    contents: str
    key: str = ""

    @property
    def name(self) -> str:
        """The cell in words."""
        return f"{self.method} on {self.problem}" + ("" if self.lr is None else f", {self.parameter} {self.lr:g}")


@dataclass(frozen=True)
class Task:
    """A block of seeds of a cell: trajectories ``first`` to ``first + count - 1``."""

    cell: Cell
    first: int
    count: int


@dataclass(frozen=True)
class Block:
    """What came of a block of seeds; ``kept`` is False for an error that another try may not meet."""

    seconds: float
    error: str | None = None
    kept: bool = True
    steps: list[int] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    values: dict[str, Array] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)


def tasks_of(cell: Cell) -> list[Task]:
    """The cell in blocks of seeds."""
    return [Task(cell, first, min(BLOCK, cell.seeds - first)) for first in range(0, cell.seeds, BLOCK)]


def segments(steps: int, points: int = POINTS) -> list[tuple[int, int]]:
    """``(end, every)`` of the stretches of a run: every step at first, then as many rows in every octave, in all at most ``points``."""
    if steps <= points:
        return [(steps, 1)]
    per_octave = points
    while True:
        ends, end, every = [(2 * per_octave, 1)], 2 * per_octave, 1
        while end < steps:
            end, every = 2 * end, 2 * every
            ends.append((min(end, steps), every))
        if per_octave * (len(ends) + 1) <= points or per_octave == 1:
            return ends
        per_octave //= 2


def run_cell(cell: Cell) -> dict[str, Any]:
    """The record of a cell, computed here."""
    return combined(cell, [run_block(task) for task in tasks_of(cell)])[0]


def run_block(task: Task) -> Block:
    """Run a block of seeds; what it raises becomes its ``error``."""
    started = time.perf_counter()
    try:
        found = _block(task)
    except Exception as problem:
        text = " ".join(str(problem).split()) or type(problem).__name__
        # the same numbers raise the same error again; memory, files and workers may not
        same = isinstance(problem, ValueError | ArithmeticError)
        named = text if same else f"{type(problem).__name__}: {text}"
        return Block(time.perf_counter() - started, error=named, kept=same)
    return replace(found, seconds=time.perf_counter() - started)


def lost_block(task: Task, reason: str) -> Block:
    """The block of a worker that died."""
    return Block(0.0, error=reason, kept=False)


def made(cell: Cell) -> tuple[Method, Oracle]:
    """Method and oracle of a cell; ``RuntimeError`` if the problem is not here what it was where the sweep was planned."""
    values = dict(cell.method_set) | ({} if cell.parameter is None else {cell.parameter: cell.lr})
    try:
        oracle = make_oracle(cell.oracle, make_problem(cell.problem, **cell.problem_set), **cell.oracle_set)
    except ValueError as problem:
        # it was made once, so what is missing is a file
        raise RuntimeError(f"{cell.problem} cannot be made here: {problem}") from None
    if contents_of(oracle) != cell.contents:
        raise RuntimeError(f"the data of {cell.problem} are not those that the sweep was planned with")
    return make_method(cell.method, **values), oracle


def contents_of(oracle: Oracle) -> str:
    """Fingerprint of the numbers of a problem and its oracle: a data file may change under its name."""
    problem, total = oracle.problem, hashlib.sha256()
    for array in (problem.start, problem.par, problem.data, oracle.par):
        total.update(f"{array.shape} ".encode() + np.ascontiguousarray(array, dtype=float).tobytes())
    return total.hexdigest()[:16]


def _block(task: Task) -> Block:
    cell = task.cell
    method, oracle = made(cell)
    current = run(method, oracle, steps=0, trajectories=task.count, seed=cell.seed, first=task.first)
    for end, every in segments(cell.steps):
        current = _advanced(replace(current, every=every), end)
    problem = oracle.problem
    known = problem.f_star.value if problem.f_star is not None and problem.f_star.exact else None
    settings = {**method.settings(), "oracle": {"name": oracle.name, **oracle.parameters.as_dict()}}
    settings["problem"] = {"name": problem.name, **problem.parameters.as_dict()}
    described = {"settings": settings, "dim": problem.dim, "f_star": known}
    names = [status.name.lower() for status in current.status]
    return Block(0.0, None, True, [int(step) for step in current.steps], names, _settled(current), described)


def _advanced(current: Run, end: int) -> Run:
    """The run at step ``end``, in slices short enough that an interrupt is heard; they do not change its numbers."""
    size = FIRST_SLICE
    while current.state.t < end and any(status == Status.RUNNING for status in current.status):
        started = time.monotonic()
        current = current.resume(min(size, end - current.state.t))
        lasted = time.monotonic() - started
        if lasted < SLICE / 2:
            size *= 2
        elif lasted > SLICE:
            size = max(1, size // 2)
    # nothing moves any more: the rows are still to be written
    return current if current.state.t >= end else current.resume(end - current.state.t)


def _settled(current: Run) -> dict[str, Array]:
    """Recorded quantities, (seeds, rows): held where a seed came to rest, infinite where it failed."""
    values = {name: current.records[name].astype(float) for name in (*CURVES, "gradient_evaluations")}
    for i, status in enumerate(current.status):
        if status == Status.RUNNING:
            continue
        after = np.isnan(current.records["gradient_evaluations"][i])
        values["gradient_evaluations"][i, after] = current.state.counts[i, 0]
        held = dict.fromkeys(CURVES, np.inf)
        if status in RESTED:
            loss, gradient = current.oracle.problem.value_and_gradient(current.x[i])
            seen = values["rate"][i, ~after]
            norm = np.sqrt(in_order(block_sums(gradient * gradient, np.array([0, gradient.size]))))[0]
            held = {"loss": float(loss), "gradient_norm": float(norm), "rate": float(seen[-1]) if seen.size else np.inf}
        for name in CURVES:
            values[name][i, after] = held[name]
            if status not in RESTED or name != "rate":
                # also if it stopped in the very last row
                values[name][i, -1] = held[name]
    for name in CURVES:
        values[name] = np.where(np.isfinite(values[name]), values[name], np.inf)
    return values | {"best_loss": values["loss"].min(axis=1)}


def combined(cell: Cell, blocks: Sequence[Block]) -> tuple[dict[str, Any], bool]:
    """The record of a cell from its blocks in order, and whether it is to be kept."""
    record: dict[str, Any] = {name: getattr(cell, name) for name in ("method", "problem", "oracle", "parameter", "lr")}
    record |= {"settings": None, "dim": None, "f_star": None, "steps": cell.steps, "seed": cell.seed, "seeds": list(range(cell.seeds))}
    seconds = round(sum(block.seconds for block in blocks), 4)
    wrong = [block for block in blocks if block.error is not None]
    if wrong:
        status = [FAILED] * cell.seeds
        record |= {"status": status, "seconds": seconds, "error": wrong[0].error, "curve": None, "final": None}
        return record, all(block.kept for block in wrong)
    values = {name: np.concatenate([block.values[name] for block in blocks]) for name in blocks[0].values}
    curve: dict[str, Any] = {"steps": blocks[0].steps, "gradient_evaluations": _counts(_middle(values["gradient_evaluations"], 50))}
    curve |= {name: {side: _listed(_middle(values[name], percent)) for side, percent in BAND.items()} for name in CURVES}
    final: dict[str, Any] = {name: _listed(values[name][:, -1]) for name in ("loss", "gradient_norm")}
    final |= {"best_loss": _listed(values["best_loss"]), "gradient_evaluations": _counts(values["gradient_evaluations"][:, -1])}
    status = [name for block in blocks for name in block.status]
    record |= blocks[0].described
    return record | {"status": status, "seconds": seconds, "error": None, "curve": curve, "final": final}, True


def _middle(values: Array, percent: int) -> Array:
    """For every row the smallest value that at least so many per cent of the seeds do not exceed."""
    place = -(-len(values) * percent // 100) - 1
    return np.asarray(np.sort(values, axis=0)[place])


def _listed(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _counts(values: Array) -> list[int]:
    return [int(value) for value in values]
