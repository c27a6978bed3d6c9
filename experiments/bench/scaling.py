"""How time and memory grow with the dimension, the number of steps, the number of seeds and the number of threads.

Time against D is one step in place (Adam, float32), against T and seeds a run of Adam on Rosenbrock's function with Gaussian noise, D =
10, recorded at its ends. Memory is the growth of the resident memory of a fresh process. The exponent is the slope of a straight line
in logarithms over the upper part of the range, where fixed costs no longer show; its limits come from the turns and from the misfit of
the line.
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from experiments.bench.processes import fresh
from experiments.bench.stepping import Stepping, gradients
from experiments.bench.trajectories import ours
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Curve, Row
from lra_ref.bench.timing import Contestant, alternate
from lra_ref.methods import make_method
from lra_ref.verify.fits import loglog_slope

ALPHA = 0.05
#: decades of x per preset, and the x from which the exponent is fitted
DECADES = {"D": {"quick": (2, 6), "normal": (2, 8)}, "T": {"quick": (2, 5), "normal": (2, 6)}, "seeds": {"quick": (0, 3), "normal": (0, 4)}}
FITTED = {"D": {"quick": 1e4, "normal": 1e6}, "T": {"quick": 1e3, "normal": 1e4}, "seeds": {"quick": 10.0, "normal": 100.0}}
#: the same for memory: below, the allocator has room left and the process does not grow
MEMORY = {"D": {"quick": (5, 7), "normal": (5, 8)}, "seeds": {"quick": (3, 5), "normal": (3, 5)}}
SEED_STEPS = 200
GROWN = """
import gc, json, psutil, numpy as np, lra_ref
from lra_ref.engine.inplace import InPlace
def work(x):
    WORK
work(SMALL)
gc.collect()
before = psutil.Process().memory_info().rss
kept = work(X)
print(json.dumps(psutil.Process().memory_info().rss - before))
"""
STEP = """step, g = InPlace(lra_ref.make_method("adam"), np.full(x, 0.5, np.float32)), np.full(x, 0.25, np.float32)
    step(g), step(g)
    return step, g"""
BATCH = """oracle = lra_ref.make_oracle("gaussian", lra_ref.make_problem("rosenbrock", dim=10))
    return lra_ref.run(lra_ref.make_method("adam"), oracle, steps=200, trajectories=x, every=200)"""


def measure(plan: Plan) -> Iterator[Row | Curve]:
    """The curves."""
    yield timed("one step of adam, in place, float32", "D", plan, step_of)
    yield timed("one trajectory of adam, D = 10", "T", plan, lambda steps: Contestant(ours(10, True, 1, steps)))
    yield timed(f"a batch of {SEED_STEPS} steps of adam, D = 10", "seeds", plan, lambda n: Contestant(ours(10, True, n, SEED_STEPS)))
    yield threads(plan)
    if importlib.util.find_spec("psutil") is None:
        yield Row("scaling", "memory", note="not measured: psutil not installed")
        return
    yield grown("one step of adam, in place, float32", "D", plan, STEP)
    yield grown(f"a batch of {SEED_STEPS} steps of adam, D = 10", "seeds", plan, BATCH)


def step_of(size: int) -> Contestant:
    """Adam in place."""
    return Stepping(make_method("adam"), gradients(size, np.dtype("float32")), check=False).contestant()


def grid(decades: tuple[int, int]) -> list[int]:
    """Powers of ten."""
    return [10**k for k in range(decades[0], decades[1] + 1)]


def preset(plan: Plan) -> str:
    """The full preset takes more turns, not more sizes."""
    return "quick" if plan.quick else "normal"


def fitted(what: str, name: str, quantity: str, unit: str, x: list[int], samples: Any, start: float) -> Curve:
    """The curve of the medians with its exponent."""
    xs, values = np.array(x, dtype=float), np.asarray(samples, dtype=float)
    upper = xs >= start
    slope = loglog_slope(xs[upper], values[:, upper], ALPHA)
    y = np.median(values, axis=0)
    return Curve(what, name, quantity, unit, tuple(map(float, x)), tuple(map(float, y)), slope.value, slope.low, slope.high, start)


def timed(what: str, name: str, plan: Plan, make: Callable[[int], Contestant]) -> Curve:
    """Seconds against x; each x by itself, since the largest ones fill the memory."""
    x, start = grid(DECADES[name][preset(plan)]), FITTED[name][preset(plan)]
    columns = [alternate({"ours": make(value)}, plan.effort)["ours"].samples for value in x]
    return fitted(what, name, "time", "s", x, np.array(columns).T, start)


def grown(what: str, name: str, plan: Plan, work: str) -> Curve:
    """Resident memory against x."""
    x = grid(MEMORY[name][preset(plan)])
    small = 1000 if name == "D" else 1
    code = GROWN.replace("WORK", work).replace("SMALL", str(small))
    values = [max(1.0, float(fresh(code.replace("(X)", f"({value})")))) for value in x]
    return fitted(what, name, "memory", "bytes", x, [values], x[0])


def threads(plan: Plan) -> Curve:
    """Seconds of a sweep against the number of threads."""
    counts = sorted({1, 2, os.cpu_count() or 1})
    size = (64, 500) if plan.quick else (256, 2000)
    times = alternate({str(n): Contestant(ours(100, True, *size, n)) for n in counts}, plan.effort)
    y = [times[str(n)].median for n in counts]
    exponent = math.log(y[-1] / y[0]) / math.log(counts[-1] / counts[0])
    return Curve(
        f"a sweep of {size[0]} seeds, {size[1]} steps, D = 100", "threads", "time", "s", tuple(map(float, counts)), tuple(y), exponent,
        None, None, 1.0,
    )  # fmt: skip
