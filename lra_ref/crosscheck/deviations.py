"""The catalogue: what ports are known to do otherwise, each as a change of the reference.

A deviation turns a :class:`~lra_ref.crosscheck.machine.Plan` into the plans of the deviating methods (several where a number is open,
none where it does not apply).  It uses the options that the parts have, or the tools of :mod:`lra_ref.crosscheck.bending`; no formula is
written twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lra_ref.crosscheck.bending import bent, substituted, uses
from lra_ref.crosscheck.machine import Plan
from lra_ref.directions import DIRECTIONS
from lra_ref.parameters import Choice, Registry
from lra_ref.parts import Part, Seen

Variants = Iterator[tuple[str, Plan]]


@dataclass(frozen=True)
class Facts:
    """What is known of a model and of the port on it: number of moving tensors and elements; ``ratio``: how many times as far as the
    reference the port moved in its first step, if that is a whole number or the reciprocal of one, else None; ``gaps``: whether a tensor
    has no gradient in some steps.
    """

    tensors: int
    dim: int
    ratio: float | None = None
    gaps: bool = False


@dataclass(frozen=True)
class Deviation:
    """One entry: ``text`` completes the sentence "the port agrees with the reference if ..."."""

    name: str
    text: str
    variants: Callable[[Plan, Facts], Variants]


DEVIATIONS: Registry[Deviation] = Registry("deviation")


def deviation(name: str, text: str) -> Callable[[Callable[[Plan, Facts], Variants]], Callable[[Plan, Facts], Variants]]:
    """Decorator: file a deviation; the function gives ``(detail, plan)`` pairs."""

    def add(variants: Callable[[Plan, Facts], Variants]) -> Callable[[Plan, Facts], Variants]:
        DEVIATIONS.register(name)(Deviation(name, text, variants))
        return variants

    return add


def variants_of(entry: Deviation, plan: Plan, facts: Facts) -> Variants:
    """The plans of one deviation; combinations that the parts refuse are left out, and with groups those that not all of them have."""
    yield from _variants(entry, plan, facts)
    if not plan.groups:
        return
    first, *others = ({**dict(_variants(entry, replace(plan, method=method, groups=()), facts))} for method in plan.groups)
    for detail, made in first.items():
        if all(detail in other for other in others) and made.blocks == "given":
            methods = tuple(one[detail].method for one in (first, *others))
            yield detail, replace(made, method=plan.method, groups=methods)


def _variants(entry: Deviation, plan: Plan, facts: Facts) -> Variants:
    found = (made for made in entry.variants(plan, facts) if not plan.groups or made[1].groups != plan.groups)
    while True:
        try:
            yield next(found)
        except StopIteration:
            return
        except ValueError:
            # a generator is finished by what it raises: entries with several variants build each of them lazily
            return


# --- tools ---------------------------------------------------------------------------------------------------------------------------
def with_direction(plan: Plan, direction: Any) -> Plan:
    """The plan with another direction."""
    return replace(plan, method=replace(plan.method, direction=direction))


def with_rate(plan: Plan, rate: Any) -> Plan:
    """The plan with another rate."""
    return replace(plan, method=replace(plan.method, rate=rate))


def remade(part: Part, **values: Any) -> Any:
    """The part with other hyper-parameters."""
    return type(part)(**{**part.parameters.as_dict(), **values})


def in_direction(plan: Plan, detail: str, **formulas: Callable[..., Any]) -> Variants:
    """Formulas of the direction replaced, if it uses them."""
    if all(uses(plan.method.direction, name) for name in formulas):
        yield detail, with_direction(plan, substituted(plan.method.direction, **formulas))


def in_rate(plan: Plan, detail: str, **formulas: Callable[..., Any]) -> Variants:
    """Formulas of the rate replaced, if it uses them."""
    if all(uses(plan.method.rate, name) for name in formulas):
        yield detail, with_rate(plan, substituted(plan.method.rate, **formulas))


def in_both(plan: Plan, detail: str, **formulas: Callable[..., Any]) -> Variants:
    """Formulas replaced in both parts, if both use them."""
    parts = ((with_direction, plan.method.direction), (with_rate, plan.method.rate))
    if all(uses(part, name) for _, part in parts for name in formulas):
        for with_part, part in parts:
            plan = with_part(plan, substituted(part, **formulas))
        yield detail, plan


def seeing(plan: Plan, change: Callable[[Seen], Seen], *, rate_too: bool = True) -> Plan:
    """The parts shown something else than what the step saw."""

    def step(base: Any, self: Any, state: Any, seen: Seen) -> Any:
        return base(self, state, change(seen))

    def choose(base: Any, self: Any, state: Any, seen: Seen, d: Any) -> Any:
        return base(self, state, change(seen), d)

    def follow(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any) -> Any:
        # the point is moved from where it is: only the gradient may be another
        return base(self, state, replace(change(seen), x=seen.x), d, eta)

    changed = with_direction(plan, bent(plan.method.direction, step=step))
    return with_rate(changed, bent(plan.method.rate, choose=choose, follow=follow)) if rate_too else changed


def scaled_gradient(factor: float) -> Callable[[Seen], Seen]:
    """Every gradient of the step times a factor."""
    return lambda seen: replace(seen, g=factor * seen.g, q=tuple(factor * q for q in seen.q))


def first_rate(rate: Any) -> float | None:
    """The rate before anything was learned; None where there is no such number."""
    values = rate.parameters.as_dict()
    first: float | None = values.get("lr", values.get("eta_0"))
    return first


def moves_by_rate(plan: Plan) -> bool:
    """Whether the point moves by the rate that is chosen (not by a rate per coordinate, not after a search)."""
    return plan.method.rate.retry is None and plan.method.rate.name not in ("almeida", "delta_bar_delta", "spalera")


# --- options of the parts --------------------------------------------------------------------------------------------------------------
@deviation("option", "it is made with another value of the option")
def _options(plan: Plan, facts: Facts) -> Variants:
    for with_part, part in ((with_direction, plan.method.direction), (with_rate, plan.method.rate)):
        for entry in dataclasses.fields(part.Parameters):
            constraint, value = entry.metadata["constraint"], getattr(part.parameters, entry.name)
            if not isinstance(constraint, Choice):
                continue
            for other in constraint.values:
                if other != value:
                    try:
                        made = with_part(plan, remade(part, **{entry.name: other}))
                    except ValueError:
                        continue
                    yield f"{entry.name} = {other!r} in place of {value!r} ({entry.metadata['doc']})", made


@deviation("other direction", "its direction is another one")
def _other_direction(plan: Plan, facts: Facts) -> Variants:
    direction = plan.method.direction
    values = direction.parameters.as_dict()
    for name in ALTERNATIVES.get(direction.name, ()):
        names = {entry.name for entry in dataclasses.fields(DIRECTIONS[name].Parameters)}
        yield (
            f"{name} in place of {direction.name}",
            with_direction(plan, DIRECTIONS[name](**{key: value for key, value in values.items() if key in names})),
        )


ALTERNATIVES: Mapping[str, tuple[str, ...]] = {
    "momentum": ("nesterov", "sgd"),
    "nesterov": ("momentum", "sgd"),
    "adam": ("amsgrad", "sgd"),
    "amsgrad": ("adam",),
    "ema_momentum": ("momentum", "sgd"),
    "normalized_momentum": ("ema_momentum", "normalized"),
}


# --- sign and size ---------------------------------------------------------------------------------------------------------------------
@deviation("sign of the gradient", "it goes up instead of down: the gradient has the other sign")
def _ascent(plan: Plan, facts: Facts) -> Variants:
    yield "", seeing(plan, scaled_gradient(-1.0))


@deviation("sign of the signal", "the rate learns from its signal with the other sign")
def _signal_sign(plan: Plan, facts: Facts) -> Variants:
    name = plan.method.rate.name
    if name == "gala":
        yield from in_rate(plan, "a_t", product=lambda f, a, b: f(-a, b))
    elif name in SIGNALS:
        formula, place = SIGNALS[name]
        yield from in_rate(plan, "", **{formula: lambda f, *values: f(*values[:place], -values[place], *values[place + 1 :])})
    yield from in_direction(plan, "of the gains", grown_gain=lambda f, gain, e, *rest: f(gain, -e, *rest))


#: rate -> (formula, position of the argument whose sign is that of the signal)
SIGNALS = {
    "clara": ("multiplier", 2),
    "exponentiated": ("grown_scale", 1),
    "hypergradient": ("added", 2),
    "multiplicative_hypergradient": ("multiplied", 2),
    "alera": ("grown", 1),
    "salera": ("grown", 1),
}


@deviation("mean or sum", "a mean stands in place of a sum, or a sum in place of a mean:")
def _mean_or_sum(plan: Plan, facts: Facts) -> Variants:
    for count, what in ((facts.tensors, "tensors"), (facts.dim, "elements")):
        if count > 1:
            yield from in_rate(plan, f"the signal is the mean over the {what}", penalized=lambda f, *values, n=count: f(*values) / n)
            if plan.method.rate.name == "gala":
                yield from in_rate(plan, f"the alignment is the mean over the {what}", product=lambda f, a, b, n=count: f(a, b) / n)
    if facts.tensors > 1:
        detail = "the sum of |p_k|^2 over the tensors is compared with the reference of one tensor"
        yield from in_rate(plan, detail, reference_at=lambda f, t, hyp: f(t, hyp) / facts.tensors)


@deviation("size of the gradient", "it multiplies every gradient (a sum over the batch in place of the mean, or the reverse)")
def _gradient_size(plan: Plan, facts: Facts) -> Variants:
    for detail, factor in factors(facts):
        yield detail, seeing(plan, scaled_gradient(factor))


@deviation("subnormal numbers", "it computes with 0 in place of gradients below the smallest normal number")
def _flushed(plan: Plan, facts: Facts) -> Variants:
    yield "", seeing(plan, lambda seen: replace(seen, g=np.where(np.abs(seen.g) < np.finfo(float).tiny, 0.0, seen.g)))


@deviation("size of the step", "it multiplies every step (the learning rate scaled, or a mean in place of a sum)")
def _step_size(plan: Plan, facts: Facts) -> Variants:
    if moves_by_rate(plan):
        for detail, factor in factors(facts):

            def follow(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any, factor: float = factor) -> Any:
                return base(self, state, seen, d, factor * eta)

            yield detail, with_rate(plan, bent(plan.method.rate, follow=follow))


def factors(facts: Facts) -> list[tuple[str, float]]:
    """What the measured ratio of the first moves can mean: (text, factor)."""
    if facts.ratio is None:
        return []
    found = [(f"by {facts.ratio:.12g}", facts.ratio)]
    for count, what in ((facts.tensors, "tensors"), (facts.dim, "elements")):
        found += [(f"by the number of {what}", facts.ratio)] if facts.ratio == count > 1 else []
        found += [(f"by 1/(number of {what})", facts.ratio)] if facts.ratio == 1 / count < 1 else []
    return found
