"""A tensor that has a gradient in some steps and none in others: what a port does with it, of the three things that are usual.

No paper says which is right, and for most methods they differ: moments and averages that stand still or decay, counts that go on or not,
norms and signals with or without the tensor.  So any of them is accepted unless one is asked for, and the report names it.
"""

from __future__ import annotations

from dataclasses import replace

from lra_ref.crosscheck.deviations import DEVIATIONS, Facts, variants_of
from lra_ref.crosscheck.machine import Plan
from lra_ref.crosscheck.trace import Outcome, Trace, check

CONVENTIONS = {
    "skip": "is left out: its point and its part of the state stay as they are",
    "count": "is left out, and its steps are counted by itself",
    "zero": "has a zero gradient",
}


def conventions(plan: Plan) -> dict[str, Plan]:
    """The plan of every convention that is another one for this method."""
    plans = {"skip": replace(plan, missing="skip"), "zero": replace(plan, missing="zero")}
    counted = list(variants_of(DEVIATIONS["steps counted per tensor"], plans["skip"], Facts(2, 2, gaps=True)))
    return {**plans, **({"count": counted[0][1]} if counted else {})}


def judge_gaps(trace: Trace, plan: Plan, wanted: str | None, limit: float, seed: int) -> Outcome:
    """The outcome under the convention that is wanted, or under the first that fits; its note says what fits."""
    plans = conventions(plan)
    if wanted is not None:
        # where nothing is counted, to count per tensor changes nothing
        return check(trace, plans.get(wanted, plans["skip"]), limit, seed=seed)
    outcomes = {name: check(trace, made, limit, seed=seed) for name, made in plans.items()}
    fitting = [name for name, outcome in outcomes.items() if outcome.agrees]
    if not fitting:
        return outcomes[trace.missing]
    told = " or ".join(CONVENTIONS[name] for name in fitting)
    return replace(outcomes[fitting[0]], gaps=tuple(fitting), note=f"a tensor without gradient {told}")
