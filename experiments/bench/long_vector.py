"""P1: one step on a long vector, in place, against a loop that only moves the same streams.

Every direction at a constant rate, every rate along SGD and Adam, every named and whole method, as far as ``InPlace`` takes it. The
fewest words per element (``lra_ref.bench.words``) over the time are the bytes per second; the limit is the time of a loop per pass with
the streams of that pass, taken in turns with the step. ``check=False`` moves the fewest words; the default ``check=True`` looks at the
whole gradient before anything changes, and its share is in the note.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.bench.stepping import LOSS, Stepping, gradients
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import Goal, Row
from lra_ref.bench.streams import Limit, filled
from lra_ref.bench.timing import Contestant, alternate
from lra_ref.bench.words import Stagewise, Words, words
from lra_ref.methods import METHODS, Method, make_method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES

SIZE = {"quick": 10_000_000, "normal": 10_000_000, "full": 10_000_000}
QUICK = ("sgd", "adam", "clara_sgd", "clara_adam", "gala_sgd_practical")
ALONG = ("sgd", "adam")
GOAL = Goal("share_of_limit", least=0.9)
#: numbers with which a rate runs on noise for ever: what it computes is the same
CALM = {"clara": {"d": 1e-3}}


def methods(names: tuple[str, ...] | None = None) -> list[Method]:
    """Every method that is measured, under a name of its own."""
    made = [make_method(name) for name in DIRECTIONS]
    for name in RATES:
        if name != "constant":
            rate = RATES[name](**{**RATES[name].shown, **CALM.get(name, {})})
            made += [Method(f"{name}_{along}", DIRECTIONS[along](), rate) for along in ALONG]
    made += [make_method(name, **WHOLES[name].shown) for name in WHOLES]
    known = {method.name for method in made}
    made += [METHODS[name]() for name in METHODS if name not in known]
    return [method for method in made if names is None or method.name in names]


def measure(plan: Plan) -> Iterator[Row]:
    """A row per method and number type."""
    size = SIZE[plan.preset]
    for dtype in ("float64",) if plan.quick else ("float64", "float32"):
        given = gradients(size, np.dtype(dtype))
        pool = filled(4, size, np.dtype(dtype))
        for method in methods(QUICK if plan.quick else None):
            try:
                counted = words(method)
            except ValueError as refusal:
                if not plan.quick and dtype == "float64":
                    yield Row("P1", method.name, note=f"not a step on a vector alone: {refusal}")
                continue
            widest = max(p.read + p.updated + p.written for p in counted.passes)
            if widest > len(pool):
                pool = filled(widest, size, np.dtype(dtype))
            yield row(method, counted, given, pool, plan)


class Passes(Stagewise):
    """A step that times its passes."""

    def timed(self, gradient: np.ndarray, points: np.ndarray) -> list[float]:
        """Seconds of every pass of one step."""
        self._seconds: list[float] = []
        if self.stage_by_stage(self.check, LOSS, 0.5, gradient, points):
            raise RuntimeError(f"{self.method.name} stopped while its passes were timed")
        self.t += 1
        return self._seconds

    def over(self, work: Any) -> None:
        """One pass, timed."""
        start = time.perf_counter()
        super().over(work)
        self._seconds.append(time.perf_counter() - start)

    def names(self) -> list[str]:
        """Of the passes."""
        made = self._stages
        return [name for name, there in (("gather", made.gathered), ("terms", made.summed or made.stored), ("move", True)) if there]


def by_pass(method: Method, counted: Words, given: np.ndarray, pool: np.ndarray, turns: int) -> str:
    """How many times as long as its streams every pass takes."""
    step = Passes(method, filled(1, given.shape[1], given.dtype)[0], check=False)
    points = np.zeros((len(step.method.rate.points), given.shape[1]), given.dtype)
    points[...] = given[0]
    limits = [Limit(pool, [p]) for p in counted.passes]
    ratios = []
    for turn in range(turns + 2):
        seconds = step.timed(given[turn % len(given)], points)
        streams = []
        for limit in limits:
            start = time.perf_counter()
            limit()
            streams.append(time.perf_counter() - start)
        ratios.append([a / b for a, b in zip(seconds, streams, strict=True)])
    # the first two steps touch the memory for the first time
    medians = np.median(ratios[2:], axis=0)
    return ", ".join(f"{name} {ratio:.1f}" for name, ratio in zip(step.names(), medians, strict=True))


def row(method: Method, counted: Words, given: np.ndarray, pool: np.ndarray, plan: Plan) -> Row:
    """One method against its streams."""
    limit = Limit(pool, counted.passes)
    ours, careful = (Stepping(method, given, check=check) for check in (False, True))
    times = alternate({"ours": ours.contestant(), "limit": Contestant(limit), "check": careful.contestant()}, plan.effort)
    seconds, size = times["ours"].median, given.shape[1]
    moved = counted.fewest * given.dtype.itemsize * size
    note = f"check=True {times['check'].over(times['limit']):.2f}"
    if method.name in QUICK:
        note += f"; time over that of its streams: {by_pass(method, counted, given, pool, plan.effort.turns)}"
    made = Row(
        "P1", method.name, f"D = {size:.0e}".replace("+0", ""), given.dtype.name, 1, seconds, "s per step", "memory, same streams", None,
        times["ours"].over(times["limit"]), bytes_per_second=moved / seconds, share_of_limit=times["ours"].over(times["limit"]),
        words=counted.fewest, words_moved=counted.moved, note=note,
    )  # fmt: skip
    return made.judged(GOAL)
