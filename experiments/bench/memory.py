"""P9: memory that a run takes, against its number of steps, recorded every 1000 steps; each in a fresh process.

Counted is the growth of the resident memory of the process over the run (psutil), after a short run has compiled everything, less the
records themselves, which are the answer.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from experiments.bench.processes import fresh
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row

EVERY = 1000
RUN = """
import gc, json, psutil, lra_ref
oracle = lra_ref.make_oracle("gaussian", lra_ref.make_problem("rosenbrock", dim=10))
method = lra_ref.make_method("adam")
lra_ref.run(method, oracle, steps=2000, trajectories=8, every=1000)
gc.collect()
before = psutil.Process().memory_info().rss
made = lra_ref.run(method, oracle, steps=STEPS, trajectories=8, every=1000)
after = psutil.Process().memory_info().rss
print(json.dumps([after - before, sum(array.nbytes for array in made.records.values())]))
"""
#: bytes: a few pages of the allocator
ALLOWED = 4e6


def measure(plan: Plan) -> Iterator[Row]:
    """One row per number of steps; the goal is that none of them takes more than a fixed amount."""
    if importlib.util.find_spec("psutil") is None:
        yield Row("P9", "adam, gaussian", note="not measured: psutil not installed")
        return
    for steps in (10_000, 100_000, 1_000_000):
        grown, records = fresh(RUN.replace("STEPS", str(steps)))
        row = Row("P9", "adam, gaussian, 8 trajectories", f"T = {steps:.0e}".replace("+0", ""), value=max(0, grown - records), unit="bytes")
        yield Row(**{**vars(row.judged(Goal("value", most=ALLOWED))), "note": f"records {records} bytes"})
