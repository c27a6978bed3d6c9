"""Runs that are compared at equal numbers of gradient evaluations, whatever a method spends per step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.reproductions.frame import CHAOS, GROWTH, Column
from lra_ref.engine.run import Run, run
from lra_ref.methods import Method
from lra_ref.oracles.base import Oracle
from lra_ref.problems.base import Problem
from lra_ref.status import Status
from lra_ref.typing import Array

#: the budget is looked at after these shares of it
SHARES = {"loss_64th": 1 / 64, "loss_16th": 1 / 16, "loss_4th": 1 / 4, "loss": 1.0}
#: relative and absolute change of the start that measures how a run amplifies roundings
NUDGE = 1e-15
#: significant digits of a loss
DIGITS = 7
WHY = f"{DIGITS} digits are kept; a run amplifies roundings as it amplifies a change of its start, which is measured (column sensitivity)"
#: the columns of what no seed changes: gradient evaluations of the whole run, F at the start
FIXED = (Column("evaluations"), Column("start", "number", rtol=1e-9, why="10 digits are kept"))


def order_of_magnitude(here: str, committed: str) -> bool:
    """Both too small to matter (below the digits that are kept), both chaotic, or within a factor of 1000."""
    a, b = float(here), float(committed)
    return max(a, b) * GROWTH < 1e-7 or min(a, b) * GROWTH > CHAOS or (0 < a < 1e3 * b and b < 1e3 * a)


def columns(shares: Iterable[str]) -> tuple[Column, ...]:
    """The columns of what :func:`measured` returns."""
    size = "a difference of two runs at the level of rounding: only its size means something"
    return (
        *(Column(name, "number", rtol=2e-6, spread="sensitivity", why=WHY) for name in (*shares, "final_rate")),
        Column("status"),
        Column("sensitivity", same=order_of_magnitude, why=size),
    )


@dataclass(frozen=True)
class Measured:
    """F after the shares of the budget, (seeds, shares), infinite where a run has stopped; last rates; statuses; sensitivities."""

    shares: tuple[str, ...]
    losses: Array
    final_rates: Array
    statuses: list[str]
    sensitivity: Array

    def row(self, seed: int) -> dict[str, object]:
        """The entries of one seed."""
        return {
            **{name: f"{value:.{DIGITS}g}" for name, value in zip(self.shares, self.losses[seed], strict=True)},
            "final_rate": f"{self.final_rates[seed]:.{DIGITS}g}",
            "status": self.statuses[seed],
            "sensitivity": f"{self.sensitivity[seed]:.1e}",
        }


def cost(method: Method, oracle: Oracle) -> int:
    """Gradient evaluations per step, counted on a short run; 1 if it stops before two steps are done."""
    steps = np.diff(run(method, oracle, steps=4).records["gradient_evaluations"][0])
    return int(np.max(steps, where=np.isfinite(steps), initial=1))


def curve(method: Method, oracle: Oracle, steps: Sequence[int], seeds: int, x0: Array) -> tuple[Array, Run]:
    """F at the steps, infinite from where a trajectory stopped, and the run."""
    made = run(method, oracle, steps=steps[0], trajectories=seeds, every=max(1, steps[0]), x0=x0)
    rows = []
    for before, after in zip((steps[0], *steps), steps, strict=False):
        if after > before:
            made = made.resume(after - before)
        rows.append(values(made))
    return np.array(rows).T, made


def values(made: Run) -> Array:
    """F at the points that the method answers with, on all data; infinite where the trajectory has stopped or F overflows."""
    problem = made.oracle.problem
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.array([problem.value(x) for x in made.answer])
    return np.where((made.state.status == Status.RUNNING) & np.isfinite(found), found, np.inf)


def nudged(problem: Problem, by: float) -> Array:
    """The start moved by rounding errors, where roundings reach: a coordinate with the gradient 0 stays (sign(0) must stay 0)."""
    start = problem.start
    return np.where(problem.gradient(start) == 0, start, start + by * (1 + np.abs(start)))


def measured(method: Method, oracle: Oracle, budget: int, seeds: int, shares: Mapping[str, float] = SHARES) -> Measured:
    """Run over the budget on every seed, and once more from a start moved by a rounding error."""
    per_step = cost(method, oracle)
    steps = [max(1, int(budget * share) // per_step) for share in shares.values()]
    problem = oracle.problem
    losses, made = curve(method, oracle, steps, seeds, problem.start)
    moved, _ = curve(method, oracle, steps, seeds, nudged(problem, NUDGE))
    both = np.isfinite(losses) & np.isfinite(moved)
    with np.errstate(invalid="ignore"):
        change = np.where(both, np.abs(losses - moved) / np.abs(losses), np.where(losses == moved, 0.0, 1.0))
    rates = made.records["rate"]
    return Measured(tuple(shares), losses, rates[:, -1], [status.name for status in made.status], np.max(change, axis=1))
