"""The catalogue, continued: which tensors share a norm, a rate, a count, and what becomes of those without gradient."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.crosscheck.bending import bent
from lra_ref.crosscheck.deviations import Facts, Variants, deviation, with_direction
from lra_ref.crosscheck.groups import separable
from lra_ref.crosscheck.machine import Plan
from lra_ref.parts import Seen


@deviation("all tensors as one", "it treats all tensors as one vector (one norm and one rate for all)")
def _merged(plan: Plan, facts: Facts) -> Variants:
    # where there is an option for it, the option says it
    options = {entry.name for part in (plan.method.direction, plan.method.rate) for entry in dataclasses.fields(part.Parameters)}
    if plan.blocks == "given" and facts.tensors > 1 and not options & {"norm", "per_block"}:
        yield "", replace(plan, blocks="merged")


@deviation("tensors apart", "every tensor has an optimizer and a rate of its own")
def _apart(plan: Plan, facts: Facts) -> Variants:
    # where no tensor sees another it changes nothing but what is counted, which has an entry of its own
    if plan.blocks == "given" and facts.tensors > 1 and plan.method.rate.retry is None and not separable(plan.method):
        yield "", replace(plan, blocks="apart")


@deviation("settings of the groups", "all parameter groups have the settings of")
def _one_group(plan: Plan, facts: Facts) -> Variants:
    for k, method in enumerate(plan.groups):
        yield f"group {k}", replace(plan, groups=(method,) * len(plan.groups))


@deviation("tensors without gradient", "a tensor without gradient is")
def _missing(plan: Plan, facts: Facts) -> Variants:
    yield (
        ("counted with a zero gradient", replace(plan, missing="zero"))
        if plan.missing == "skip"
        else ("left out", replace(plan, missing="skip"))
    )


@deviation("steps counted per tensor", "it counts the steps of every tensor by itself: after a step without gradient a tensor is behind")
def _own_count(plan: Plan, facts: Facts) -> Variants:
    direction = plan.method.direction
    # a direction with norms or counts of its own has them over several tensors
    if facts.gaps and plan.missing == "skip" and not (direction.sums or direction.scalars):
        yield "", with_direction(plan, bent(direction, init=_counts, step=_by_count))


def _counts(base: Any, self: Any, x: Any, offsets: Any) -> Any:
    return {**base(self, x, offsets), "counts": np.zeros(len(offsets) - 1)}


def _by_count(base: Any, self: Any, state: Any, seen: Seen) -> Any:
    found = []
    for k, (lo, hi) in enumerate(pairwise(seen.offsets.tolist())):
        one = replace(seen, t=int(state["counts"][k]), x=seen.x[lo:hi], g=seen.g[lo:hi], offsets=np.array([0, hi - lo]))
        found.append(base(self, {name: state[name][lo:hi] for name in self.vectors}, one))
    new = {name: np.concatenate([kept[name] for kept, _ in found]) for name in self.vectors}
    return {**state, **new, "counts": state["counts"] + 1}, np.concatenate([d for _, d in found])
