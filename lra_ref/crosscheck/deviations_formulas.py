"""The catalogue, continued: bias corrections, the place of eps, references, weight decay, clipping, first-order updates."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np

from lra_ref.crosscheck.bending import bent
from lra_ref.crosscheck.deviations import (
    Facts,
    Variants,
    deviation,
    first_rate,
    in_both,
    in_direction,
    in_rate,
    moves_by_rate,
    remade,
    seeing,
    with_direction,
    with_rate,
)
from lra_ref.crosscheck.machine import Plan
from lra_ref.directions.adam import adam_direction, bias_corrections
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import descend
from lra_ref.parts import Seen
from lra_ref.rates.clara_laws import independent_mean

#: limits of clipping that are tried
LIMITS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)


@deviation("bias correction", "its bias corrections differ:")
def _bias(plan: Plan, facts: Facts) -> Variants:
    yield from in_direction(plan, "there is none", bias_corrections=lambda f, b1, b2, t: (1.0, 1.0))
    yield from in_direction(plan, "only the first moment is corrected", bias_corrections=lambda f, b1, b2, t: (f(b1, b2, t)[0], 1.0))
    yield from in_direction(plan, "only the second moment is corrected", bias_corrections=lambda f, b1, b2, t: (1.0, f(b1, b2, t)[1]))
    yield from in_direction(plan, "they count from 2", bias_corrections=lambda f, b1, b2, t: f(b1, b2, t + 1))
    yield from in_direction(plan, "the average of the gains has none", average_correction=lambda f, beta, t: 1.0)
    yield from in_direction(
        plan, "that of the average of the gains counts every gradient", average_correction=lambda f, beta, t: f(beta, t + 1)
    )


@deviation("place of the maximum", "AMSGrad's maximum is taken")
def _maximum(plan: Plan, facts: Facts) -> Variants:
    def step(base: Any, self: Any, state: Any, seen: Seen) -> Any:
        new, _ = base(self, state, seen)
        beta1, beta2, eps, _, outside = self.hyper()
        c1, c2 = bias_corrections(beta1, beta2, seen.t)
        largest = np.maximum(state.get("largest", np.zeros_like(seen.g)), new["exp_avg_sq"] / (c2 * c2))
        d = adam_direction(new["exp_avg"], largest, c1, 1.0, eps)
        return {**new, "largest": largest}, decayed(d, seen.x, outside)

    if plan.method.direction.name == "amsgrad":
        yield "after the bias correction", with_direction(plan, bent(plan.method.direction, step=step))


@deviation("place of eps", "eps stands elsewhere:")
def _eps(plan: Plan, facts: Facts) -> Variants:
    inside = "inside the square root"
    if plan.method.direction.name == "adam_epsilon_hat":
        yield from in_direction(plan, "after the bias correction", adam_direction=lambda f, m, u, c1, c2, eps: f(m, u, c1, c2, eps * c2))
    else:
        yield from in_direction(plan, "before the bias correction", adam_direction=lambda f, m, u, c1, c2, eps: f(m, u, c1, c2, eps / c2))
    yield from in_direction(
        plan, f"{inside}, with the bias", adam_direction=lambda f, m, u, c1, c2, eps: f(m, u + eps * c2 * c2, c1, c2, 0)
    )
    # pytorch_optimizer adds it beside eps, before the root is taken
    detail = "1e-15 is added to the second moment"
    yield from in_direction(plan, detail, adam_direction=lambda f, m, u, c1, c2, eps: f(m, u + 1e-15, c1, c2, eps))
    yield from in_direction(plan, f"{inside}, before the bias", adam_direction=lambda f, m, u, c1, c2, eps: f(m, u + eps, c1, c2, 0))
    yield from in_direction(plan, "there is none", adam_direction=lambda f, m, u, c1, c2, eps: f(m, u, c1, c2, 0))
    yield from in_direction(plan, inside, scaled_gradient=lambda f, g, spread, eps: f(g, spread + eps, 0))
    yield from in_direction(plan, inside, adagrad_direction=lambda f, g, total, damping, eps: f(g, total + eps, damping, 0))
    for size in (1e-16, 1e-12, 1e-10, 1e-8):
        # bottom is the larger of |h| and 1e-12, in the units of root
        share = size / 1e-12
        yield from in_rate(
            plan, f"{size:g} added to the norm", bottom=lambda f, scale, root, share=share: root + share * f(scale, 0 * root)
        )
    detail = "1e-06 added to |g|^2"
    yield from in_rate(plan, detail, model_rate=lambda f, loss, slope, f_star, c, top: f(loss, slope + 1e-6, f_star, c, top))
    if plan.method.rate.name == "exponentiated":
        for size in (0.0, 1e-12, 1e-8):
            yield f"{size:g} added to the norms", with_rate(plan, remade(plan.method.rate, norm_eps=size))


@deviation("reference of the path", "the length of the path is compared with something else:")
def _reference(plan: Plan, facts: Facts) -> Variants:
    yield from in_rate(plan, "without the transient correction", mean_after=lambda f, mean, alpha: 0 * mean + alpha / (2 - alpha))
    yield from in_rate(plan, "lengths, not their squares", multiplier=lambda f, norm2, mu, d: f(np.sqrt(norm2), np.sqrt(mu), d))
    rate = plan.method.rate
    if rate.name == "clara" and rate.parameters.mu_ref is None and plan.method.direction.name != "sgd":
        yield "with c/(2-c), the reference of SGD", with_rate(plan, remade(rate, mu_ref=float(independent_mean(rate.parameters.c))))


@deviation("not normalized", "it does not normalize: path (and step along it) are made of the directions themselves, not of unit vectors")
def _raw_path(plan: Plan, facts: Facts) -> Variants:
    if plan.method.rate.name in ("clara", "alera", "salera"):
        yield from in_rate(plan, "", unit=lambda f, v, scale, root: v)


@deviation("first-order update", "exp(a) is replaced by 1 + a")
def _first_order(plan: Plan, facts: Facts) -> Variants:
    yield from in_rate(plan, "in the rate", exponential=lambda f, a: 1 + a)
    yield from in_both(plan, "in the rate and in the gains", exponential=lambda f, a: 1 + a)
    yield from in_direction(plan, "in the gains", exponential=lambda f, a: 1 + a)


@deviation("weight decay", "its weight decay differs:")
def _decay(plan: Plan, facts: Facts) -> Variants:
    parts = (plan.method.direction, plan.method.rate)
    values = [part.parameters.as_dict() for part in parts]
    wd = max(found.get(name, 0.0) for found in values for name in ("weight_decay", "wd"))
    if not wd or not moves_by_rate(plan):
        return
    none = plan
    for with_part, part in zip((with_direction, with_rate), parts, strict=True):
        zero = {name: 0.0 for name in ("weight_decay", "wd") if name in {entry.name for entry in dataclasses.fields(part.Parameters)}}
        none = with_part(none, remade(part, **zero)) if zero else none
    yield "there is none", none
    coupled, learned = _coupled(wd), plan.method.rate.name != "constant"
    yield "coupled, added to every gradient", seeing(none, coupled)
    if learned:
        yield "coupled, but the rate sees the gradient without it", seeing(none, coupled, rate_too=False)
    if learned:
        yield "added to the direction, which the rate sees", with_direction(none, bent(none.method.direction, step=_added(wd)))
    for detail, follow in _decoupled(wd, learned):
        yield f"decoupled, {detail}", with_rate(none, bent(none.method.rate, follow=follow))


def _coupled(wd: float) -> Any:
    return lambda seen: replace(seen, g=decayed(seen.g, seen.x, wd))


def _added(wd: float) -> Any:
    def step(base: Any, self: Any, state: Any, seen: Seen) -> Any:
        new, d = base(self, state, seen)
        return new, decayed(d, seen.x, wd)

    return step


def _decoupled(wd: float, learned: bool) -> list[tuple[str, Any]]:
    def played(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any) -> Any:
        new, x = base(self, state, seen, d, eta)
        return new, descend(x, seen.widen(eta * wd), seen.x)

    def initial(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any) -> Any:
        new, x = base(self, state, seen, d, eta)
        return new, descend(x, (first_rate(self) or 0.0) * wd, seen.x)

    def bare(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any) -> Any:
        new, x = base(self, state, seen, d, eta)
        return new, descend(x, wd, seen.x)

    def behind(base: Any, self: Any, state: Any, seen: Seen, d: Any, eta: Any) -> Any:
        new, x = base(self, state, seen, d, eta)
        return new, descend(x, seen.widen(eta * wd), x)

    return [
        ("times the rate played", played),
        *([("times the initial rate", initial)] if learned else []),
        ("not multiplied by the rate", bare),
        ("after the step", behind),
    ]


@deviation("clipped gradients", "it clips the gradients:")
def _clipped(plan: Plan, facts: Facts) -> Variants:
    for limit in LIMITS:
        for detail, clipped in (("its norm", _by_norm), ("the norm of every tensor", _by_block), ("every element", _by_element)):
            yield f"{detail} to {limit:g}", seeing(plan, _clipping(clipped, limit))


def _clipping(clipped: Any, limit: float) -> Any:
    return lambda seen: replace(seen, g=clipped(seen.g, seen.offsets, limit))


def _by_norm(g: Any, offsets: Any, limit: float) -> Any:
    # torch's clip_grad_norm_ adds 1e-6 to the norm
    return g * min(1.0, limit / (float(np.linalg.norm(g)) + 1e-6))


def _by_block(g: Any, offsets: Any, limit: float) -> Any:
    return np.concatenate([_by_norm(part, None, limit) for part in np.split(g, offsets[1:-1])])


def _by_element(g: Any, offsets: Any, limit: float) -> Any:
    return np.clip(g, -limit, limit)


@deviation("no limits", "what the reference keeps within limits is not limited")
def _no_limits(plan: Plan, facts: Facts) -> Variants:
    if "clip" not in plan.method.rate.parameters.as_dict():
        # where there is an option for it, the option says it
        yield from in_rate(plan, "the rate", clip=lambda f, value, low, high: value)
    yield from in_direction(plan, "the gains", clip=lambda f, value, low, high: value)
