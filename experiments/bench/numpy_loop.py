"""P5: the trajectories of P4 against plain NumPy: one trajectory after another, and all of them as one array.

The NumPy loops are what a user would write without this package, with the formulas of the package over NumPy; times are per step and
trajectory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.bench import trajectories
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.timing import Contestant, alternate
from lra_ref.directions.adam import adam_direction, bias_corrections
from lra_ref.formulas import average, descend, square

DIM, STEPS = 10, 50
GOAL = Goal("ratio", least=300)


def gradient(x: Any) -> Any:
    """Of Rosenbrock's function, over the last axis."""
    valley = x[..., 1:] - x[..., :-1] ** 2
    g = np.zeros_like(x)
    g[..., :-1] = -400 * x[..., :-1] * valley - 2 * (1 - x[..., :-1])
    g[..., 1:] += 200 * valley
    return g


def loop(x: Any, steps: int, lr: float = 1e-3) -> Any:
    """Adam on Rosenbrock's function from x, a vector or a batch of them; the last points."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in range(steps):
        g = gradient(x)
        m, v = average(m, g, 0.9, 1 - 0.9), average(v, square(g), 0.999, 1 - 0.999)
        x = descend(x, lr, adam_direction(m, v, *bias_corrections(0.9, 0.999, t), 1e-8))
    return x


def measure(plan: Plan) -> Iterator[Row]:
    """One row for a loop over trajectories, with the goal, and one for the batch as an array."""
    start = np.where(np.arange(DIM) % 2 == 0, -1.2, 1.0)
    count, cores = trajectories.TRAJECTORIES, os.cpu_count() or 1
    batch = np.tile(start, (count, 1))
    if lacking := plan.lacks("numpy"):
        yield Row("P5", "adam, exact", peer="numpy", note=lacking).judged(GOAL)
        return
    work = count * trajectories.STEPS
    times = alternate(
        {
            "ours": Contestant(trajectories.ours(DIM, False, threads=cores), work=work),
            "one": Contestant(lambda: loop(start, STEPS), work=STEPS),
            "all": Contestant(lambda: loop(batch, STEPS), work=count * STEPS),
        },
        plan.effort,
    )
    for name, peer, goal in (("one", "numpy, one after another", GOAL), ("all", "numpy, one array", None)):
        yield Row(
            "P5", "adam, exact", f"64 x 2000, D = {DIM}", "float64", cores, times["ours"].median, "s per step", peer, np.__version__,
            times["ours"].over(times[name]),
        ).judged(goal)  # fmt: skip
