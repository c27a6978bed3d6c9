"""P6: what ``import lra_ref`` costs beyond ``import numpy``, and which of the heavy modules it loads, in fresh processes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from experiments.bench.processes import fresh
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row

HEAVY = ("numba", "scipy", "matplotlib", "cupy", "sklearn", "rich")
IMPORT = f"""
import json, sys, time, numpy
start = time.perf_counter()
STATEMENT
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted(name for name in {HEAVY} if name in sys.modules)]))
"""
STATEMENTS = {
    "import lra_ref": "import lra_ref",
    "every part": "import lra_ref; lra_ref.make_method; lra_ref.make_problem; lra_ref.make_oracle; lra_ref.run",
}
GOAL = Goal("value", most=0.05)


def measure(plan: Plan) -> Iterator[Row]:
    """A row for the import, with the goal, and one for everything that a first run names; a heavy module loaded is a miss."""
    for what, statement in STATEMENTS.items():
        found = [fresh(IMPORT.replace("STATEMENT", statement)) for _ in range(max(3, plan.effort.turns))]
        loaded = found[0][1]
        goal = GOAL if what == "import lra_ref" else None
        row = Row("P6", what, value=statistics.median(seconds for seconds, _ in found), unit="s beyond numpy").judged(goal)
        note = f"loads {', '.join(loaded)}" if loaded else f"none of {', '.join(HEAVY)} loaded"
        yield Row(**{**vars(row), "note": note, "met": False if loaded and goal else row.met})
