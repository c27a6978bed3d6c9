"""The catalogue, continued: before or after, old or new, inside or outside the loop over the tensors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lra_ref.backends.sums import block_sums
from lra_ref.crosscheck.bending import bent
from lra_ref.crosscheck.deviations import (
    Facts,
    Variants,
    deviation,
    first_rate,
    in_direction,
    in_rate,
    moves_by_rate,
    with_direction,
    with_rate,
)
from lra_ref.crosscheck.machine import Plan
from lra_ref.directions.exponentiated import Gained
from lra_ref.directions.momentum import Averaged
from lra_ref.formulas import average, square
from lra_ref.parts import Seen
from lra_ref.rates.clara import multiplier

#: rates whose next value is known before the step: it needs no further gradient
KNOWN_AHEAD = ("clara", "cosine", "step", "inverse_time", "inverse_sqrt")


@deviation("rate too late", "it plays the rate of the step before: the rate is updated after the step that should use it")
def _late(plan: Plan, facts: Facts) -> Variants:
    def choose(base: Any, self: Any, state: Any, seen: Seen, d: Any) -> Any:
        new, eta, info = base(self, state, seen, d)
        start = first_rate(self)
        before = state.get("played_before", eta if start is None else np.full_like(eta, start))
        return {**new, "played_before": eta}, before, info

    if plan.method.rate.name != "constant" and moves_by_rate(plan):
        yield "", with_rate(plan, bent(plan.method.rate, choose=choose))


@deviation(
    "rate too early", "it updates the rate before the step: the rate that the reference plays in the next step is played in this one"
)
def _early(plan: Plan, facts: Facts) -> Variants:
    def choose(base: Any, self: Any, state: Any, seen: Seen, d: Any) -> Any:
        new, eta, info = base(self, state, seen, d)
        after, _ = type(self).follow(self, new, seen, d, eta)
        _, following, _ = base(self, after, replace(seen, t=seen.t + 1), d)
        return new, following, info

    if plan.method.rate.name in KNOWN_AHEAD:
        yield "", with_rate(plan, bent(plan.method.rate, choose=choose))


@deviation(
    "rate inside the loop over the tensors", "it updates the rate inside the loop over the tensors, so that they see different rates"
)
def _in_loop(plan: Plan, facts: Facts) -> Variants:
    rate = plan.method.rate
    if rate.name != "clara" or rate.parameters.norm != "block" or facts.tensors < 2:
        # the hypergradient rate has the option in_turn
        return

    def choose(base: Any, self: Any, state: Any, seen: Seen, d: Any, *, after: bool) -> Any:
        new, eta, info = base(self, state, seen, d)
        moved, _ = type(self).follow(self, new, seen, d, eta)
        running, etas = state.get("running", np.full_like(eta, first_rate(self))), []
        for k, known in enumerate(self.references):
            following = running * multiplier(moved["norm2"][..., k : k + 1], known.mean, self.d)
            etas.append(running if after else following)
            running = following
        return {**new, "eta": running, "running": running}, np.concatenate(etas, axis=-1), info

    for after, detail in ((True, "after the move of each tensor"), (False, "before the move of each tensor")):

        def chosen(base: Any, self: Any, *values: Any, after: bool = after) -> Any:
            return choose(base, self, *values, after=after)

        yield detail, with_rate(plan, bent(rate, choose=chosen))


@deviation("old or new average", "it takes the average of the wrong time:")
def _average(plan: Plan, facts: Facts) -> Variants:
    rate, direction = plan.method.rate, plan.method.direction
    if rate.name in ("exponentiated", "hypergradient"):
        yield "the signal sees the direction of this step, not that of the last", with_rate(plan, bent(rate, choose=_new_direction))
    if rate.name == "clara":
        yield "the rate is updated with the path of the step before", with_rate(plan, bent(rate, choose=_old_path))
    yield from in_rate(plan, "the rate is updated with the old path", path_norm2=lambda f, old, overlap, keep, take: old)
    beta = direction.parameters.as_dict().get("beta")
    if beta is not None and isinstance(direction, Gained):
        name = "sign_agreement" if direction.gain_numbers()[4] else "agreement"
        detail = "the gains learn from the average that contains the present gradient"
        yield from in_direction(plan, detail, **{name: lambda f, g, a, *rest: f(g, average(a, g, beta, 1 - beta), *rest)})
        yield "the direction uses the gains of the step before", with_direction(plan, bent(direction, grow=_old_gains))
    if isinstance(direction, Averaged):
        yield "it starts at 0 and not at the first gradient", with_direction(plan, bent(direction, update=_from_zero))


def _new_direction(base: Any, self: Any, state: Any, seen: Seen, d: Any) -> Any:
    known = {"d_prev": d, "direction_norm2": block_sums(square(d), seen.offsets)}
    return base(self, {**state, **{name: value for name, value in known.items() if name in state}}, seen, d)


def _old_path(base: Any, self: Any, state: Any, seen: Seen, d: Any) -> Any:
    older = state.get("norm2_before", np.zeros_like(state["norm2"]))
    new, eta, info = base(self, {**state, "norm2": older}, seen, d)
    return {**new, "norm2_before": state["norm2"]}, eta, info


def _old_gains(base: Any, self: Any, state: Any, seen: Seen) -> Any:
    current = state.get("gains_now", state["gains"])
    grown = base(self, {**state, "gains": current}, seen)
    played = np.ones_like(current) if seen.t == 0 else current
    return {**grown, "gains": played, "gains_now": grown["gains"]}


def _from_zero(base: Any, self: Any, state: Any, seen: Seen) -> Any:
    return base(self, state, replace(seen, t=max(seen.t, 1)))
