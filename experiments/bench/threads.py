"""P8: a sweep of seeds on all cores over the same sweep on one."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator

from experiments.bench.trajectories import ours
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.timing import Contestant, alternate

COUNT, STEPS, DIM = 256, 2000, 100


def measure(plan: Plan) -> Iterator[Row]:
    """The best and the median ratio."""
    cores = os.cpu_count() or 1
    size, what = f"{COUNT} x {STEPS}, D = {DIM}", "adam, gaussian"
    if cores < 2:
        yield Row("P8", what, size, "float64", cores, note="not measured: one core")
        return
    contestants = {str(n): Contestant(ours(DIM, True, COUNT, STEPS, n), work=COUNT * STEPS) for n in (1, 2)}
    times = alternate(contestants, plan.effort)
    ratios = [one / two for one, two in zip(times["1"].samples, times["2"].samples, strict=True)]
    for name, ratio, least in (("best", max(ratios), 1.9), ("median", statistics.median(ratios), 1.8)):
        made = Row("P8", f"{what}, {name}", size, "float64", 2, times["2"].median, "s per step", "one thread", None, ratio)
        yield made.judged(Goal("ratio", least=least))
