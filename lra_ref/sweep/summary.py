"""What a researcher asks of a sweep: the best initial rate of every method, and how far from it the method still works.

A rate is *good* where the median of the final losses has come nine tenths of the way from the start to the lowest median that any
method reached on the problem: F <= F_low + (F(x_0) - F_low) / 10, the convergence test of More and Wild (SIAM J. Optim. 20, 2009) at
tau = 0.1. The *range* is the unbroken run of good rates around the best one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

#: how far from the lowest loss, as a share of the way from the start
TAU = 0.1
FIELDS = (
    "method",
    "problem",
    "parameter",
    "rates",
    "best_lr",
    "loss",
    "gradient_norm",
    "good",
    "good_rates",
    "failed_seeds",
    "seeds",
    "errors",
)


def rows_of(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per problem and method, in the order of the records; plain data.

    rates                       number of cells
    best_lr                     rate with the lowest median final loss; null: the method has no rate, or every rate failed
    loss, gradient_norm         at that rate in the end: {"low", "median", "high"} over the seeds, and the median
    good, good_rates            [lowest, highest] rate of the range around the best, or null; how many rates are good in all
    failed_seeds, seeds, errors over all rates: seeds that failed, seeds, cells that raised
    """
    found, goals = [], targets(records)
    for problem in dict.fromkeys(record["problem"] for record in records):
        groups = by_method([record for record in records if record["problem"] == problem])
        found += [_row(group, goals[problem]) for group in groups.values()]
    return found


def targets(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Problem -> loss that makes a rate good, -infinity where nothing was reached."""
    out: dict[str, float] = {}
    for problem in {record["problem"] for record in records}:
        own = [record for record in records if record["problem"] == problem and record["curve"] is not None]
        low = min(map(final_loss, own), default=math.inf)
        start = next((first for record in own if (first := record["curve"]["loss"]["median"][0]) is not None), math.inf)
        out[problem] = low + TAU * (start - low) if low < start < math.inf else -math.inf
    return out


def by_method(records: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The records of every method, in their order."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(record["method"], []).append(record)
    return groups


def best_of(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The record with the lowest median final loss, of equal ones that of the smaller rate: nothing was gained there by more."""
    return min(records, key=lambda record: (final_loss(record), record["lr"] or 0.0))


def final_loss(record: dict[str, Any]) -> float:
    """Median of the final losses, infinity where it is none."""
    curve = record["curve"]
    last = None if curve is None else curve["loss"]["median"][-1]
    return math.inf if last is None else float(last)


def failed_seeds(record: dict[str, Any]) -> int:
    """Seeds that stopped without having come to rest."""
    return len(record["seeds"]) if record["final"] is None else sum(loss is None for loss in record["final"]["loss"])


def _row(group: list[dict[str, Any]], target: float) -> dict[str, Any]:
    ordered = sorted(group, key=lambda record: record["lr"] or 0.0)
    found = best_of(ordered)
    reached = final_loss(found) < math.inf
    good = [final_loss(record) <= target for record in ordered]
    row = {name: found[name] for name in ("method", "problem", "parameter")}
    row |= {"rates": len(ordered), "best_lr": found["lr"] if reached else None}
    row["loss"] = {side: values[-1] for side, values in found["curve"]["loss"].items()} if reached else None
    row["gradient_norm"] = found["curve"]["gradient_norm"]["median"][-1] if reached else None
    row["good"] = _range([record["lr"] for record in ordered], good, ordered.index(found)) if found["lr"] is not None else None
    row |= {
        "good_rates": sum(good),
        "failed_seeds": sum(map(failed_seeds, ordered)),
        "seeds": sum(len(record["seeds"]) for record in ordered),
    }
    return row | {"errors": sum(record["error"] is not None for record in ordered)}


def _range(rates: list[float], good: list[bool], best: int) -> list[float] | None:
    if not good[best]:
        return None
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last + 1 < len(good) and good[last + 1]:
        last += 1
    return [rates[first], rates[last]]
