"""P7: seconds from the start of Python to the first result of ``lra_ref.run``: cold, with a warm cache, and after editing one formula.

Run in a temporary copy of the package with a compile cache of its own. The edited formula is Adam's direction, whose quotient gets one more
factor 1: new machine code, the same numbers. What it should recompile is the one kernel that it belongs to.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.bench.processes import ROOT, fresh
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row

FIRST = """
import json, time
started, clock = time.perf_counter(), [time.process_time()]
import numpy
clock.append(time.process_time())
import numba
clock.append(time.process_time())
import lra_ref
method, problem, run = lra_ref.make_method("adam"), lra_ref.make_problem("rosenbrock"), lra_ref.run
clock.append(time.process_time())
run(method, problem, steps=100)
clock.append(time.process_time())
print(json.dumps([time.perf_counter() - started, *(b - a for a, b in zip(clock, clock[1:]))]))
"""
FORMULA = "return quotient(m / correction1, np.sqrt(u) / correction2 + eps)"
EDITED = "return quotient(1 * m / correction1, np.sqrt(u) / correction2 + eps)"
#: what the processor time is split into
SHARES = ("numpy", "numba", "modules", "first run")
#: where the formula is, and the kernel that contains it
FILE, KERNEL = "lra_ref/directions/adam.py", "undecayed_map"


def measure(plan: Plan) -> Iterator[Row]:
    """Cold, warm, edited."""
    with tempfile.TemporaryDirectory() as temporary:
        package = Path(temporary) / "copy"
        cache = Path(temporary) / "cache"
        shutil.copytree(ROOT / "lra_ref", package / "lra_ref", ignore=shutil.ignore_patterns("__pycache__"))

        def first() -> list[float]:
            return list(fresh(FIRST, folder=package, variables={"LRA_REF_CACHE": str(cache)}))

        def kernels() -> set[str]:
            return {entry.name for entry in cache.iterdir()}

        cold, *shares = first()
        made = kernels()
        note = f"{len(made)} functions compiled; {spent(shares)}"
        yield Row("P7", "cold", value=cold, unit="s", note=note).judged(Goal("value", most=5))
        runs = [first() for _ in range(max(3, plan.effort.turns))]
        warm, *shares = (statistics.median(column) for column in zip(*runs, strict=True))
        row = Row("P7", "warm cache", value=warm, unit="s").judged(Goal("value", most=0.5))
        recompiled = sorted(name.rsplit("-", 1)[0] for name in kernels() - made)
        yield Row(
            **{
                **vars(row),
                "note": f"recompiled: {', '.join(recompiled) or 'nothing'}; {spent(shares)}",
                "met": bool(row.met and not recompiled),
            }
        )
        yield after_edit(package / FILE, first, kernels)


def spent(shares: Sequence[float]) -> str:
    """The processor time in words."""
    return f"processor time: {', '.join(f'{name} {share:.2f}' for name, share in zip(SHARES, shares, strict=True))} s"


def after_edit(path: Path, first, kernels) -> Row:  # type: ignore[no-untyped-def]
    """The formula edited once."""
    text = path.read_text(encoding="utf-8")
    if text.count(FORMULA) != 1:
        raise RuntimeError(f"the formula to edit is not in {FILE}")
    path.write_text(text.replace(FORMULA, EDITED), encoding="utf-8")
    before = kernels()
    seconds = first()[0]
    recompiled = sorted(name.rsplit("-", 1)[0] for name in kernels() - before)
    return Row(
        "P7", "after editing one formula", value=seconds, unit="s", goal=f"recompiles {KERNEL} only", met=recompiled == [KERNEL],
        note=f"recompiled: {', '.join(recompiled) or 'nothing'}",
    )  # fmt: skip
