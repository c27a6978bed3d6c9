"""G1 and G2: what the learner guarantees on every sequence of losses l_t(eta) = -a_t eta + b_t eta^2 / 2."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from experiments.gala_claims.runs import Recorded, finished, flagged_steps, nonnegative_curvature, recorded, stated
from lra_ref.learners.bounds import (
    adagrad_bound,
    constant_bound,
    logarithmic_bound,
    quadratic_bound,
    quadratic_bound_zero,
    slope_terms,
    weights,
)
from lra_ref.learners.formulas import ftrl
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings, bound_times

SEQUENCE = (
    Assumption("the run stays finite", "status of every trajectory", finished),
    Assumption("b_t >= 0 and B_1 > 0", "smallest recorded b_t and delta + b_0", nonnegative_curvature),
    Assumption("curvature above rounding", "count of steps with |g'(w)-g'(x)| < 1e-10 (|g'(w)|+|g'(x)|), reported", flagged_steps),
)


def cases(parameters: dict[str, Any], *, method: str = "gala_sgd", steps: int = 400) -> tuple[Case, ...]:
    """The same configuration on a quadratic, Rosenbrock, real-data logistic regression and the tanh network."""
    table = (
        ("quadratic, Gaussian noise", "quadratic", "gaussian", 1.0, 1.0),
        ("Rosenbrock, exact", "rosenbrock", "exact", None, 0.01),
        ("logistic regression, breast cancer, batch 8", "logistic", "minibatch", 8, 1.0),
        ("tanh network, iris, batch 8", "tanh_network", "minibatch", 8, 1.0),
    )
    out = []
    for name, problem, noise, level, factor in table:
        # Rosenbrock is steep: its first rates are scaled down with its curvature
        powers = {"eta_0": 1, "eta_max": 1, "gamma": 3}
        scaled = {k: v * factor ** powers[k] if k in powers else v for k, v in parameters.items()}
        common = {"problem": problem, "noise": noise, "level": level, "method": method, "parameters": stated(method, scaled)}
        out.append(
            Case(name, smoke={"T": 100, "seeds": 2}, quick={"T": steps, "seeds": 8}, full={"T": 2 * steps, "seeds": 64}, common=common)
        )
    return tuple(out)


def ends(e: Recorded) -> list[Any]:
    """The comparators that matter to G1: Reg_T(u) minus the bound is linear in u, so it is largest at an end of K."""
    top = e.parameters["eta_max"]
    return [0.0, top] if e.parameters["clip"] else [-1.0, 0.0, 1.0]


def worst(e: Recorded, weight: float) -> list[Any]:
    """The ends, and at every prefix the u of K where Reg_T(u) - (weight/2)(u - eta_0)^2, a concave parabola (G2), is largest."""
    p = e.parameters
    return [*ends(e), ftrl(p["eta_0"], p["eta_0"], weight, np.cumsum(e.a, axis=1), np.cumsum(e.b, axis=1), 0.0, p["eta_max"])]


def stacked(parts: list[Any]) -> Any:
    """(seeds, T) arrays, one per comparator, as (seeds, T, comparators)."""
    return np.stack(parts, axis=-1)


def absolute_plays(e: Recorded) -> Any:
    """(delta |eta_0| + sum |a|) / B_t, t = 1..T: the plays with every term taken absolutely, which carries their rounding."""
    p = e.parameters
    total = weights(e.b, p["delta"])
    top = p["delta"] * abs(p["eta_0"]) + np.cumsum(np.abs(e.a), axis=1)
    return np.divide(top, total, out=np.zeros_like(top), where=total > 0)


def quadratic_scale(e: Recorded, u: Any) -> Any:
    """Absolute values of all terms of G1 with the plays themselves expanded into their terms."""
    p = e.parameters
    plays = np.concatenate([np.full_like(e.a[:, :1], abs(p["eta_0"])), absolute_plays(e)], axis=1)
    slopes = np.abs(e.a) + e.b * plays[:, :-1]
    total = weights(e.b, p["delta"])
    squares = np.divide(slopes**2, 2 * total, out=np.zeros_like(slopes), where=total > 0)
    drift = np.cumsum(squares + slopes * plays[:, :-1], axis=1)
    tail = total / 2 * (np.abs(u) + plays[:, 1:]) ** 2
    return e.regret_scale(u) + drift + tail + p["delta"] / 2 * (np.abs(u) + abs(p["eta_0"])) ** 2


def operations(e: Recorded) -> Any:
    """Roundings that reach a side after T steps: the sums of T terms on both sides and inside the plays."""
    return 2.0 * np.arange(1, e.steps + 1) + 16.0


def shaped(e: Recorded, kind: type, lhs: list[Any], rhs: list[Any], scale: list[Any]) -> Any:
    """Both sides over (seeds, prefixes, comparators)."""
    return kind(lhs=stacked(lhs), rhs=stacked(rhs), scale=stacked(scale), operations=operations(e)[None, :, None])


def regret_sides(bound: Any, kind: type = Bound, weight: Any = None) -> Any:
    """Sides Reg_T(u) against ``bound(evidence, u)`` for every comparator that matters; ``weight`` of :func:`worst`, None for G1."""

    def sides(e: Recorded) -> Any:
        us = ends(e) if weight is None else worst(e, weight(e.parameters))
        bounds = [bound(e, u) for u in us]
        scales = [quadratic_scale(e, u) + np.abs(right) for u, right in zip(us, bounds, strict=True)]
        return shaped(e, kind, [e.regret(u) for u in us], bounds, scales)

    return sides


def g1(e: Recorded, u: float) -> Any:
    """Right-hand side of G1, centred at eta_0 or at 0."""
    p = e.parameters
    bound = quadratic_bound if p["center"] == "eta_0" else quadratic_bound_zero
    return bound(e.a, e.b, e.eta, p["delta"], p["eta_0"], u)


def g1_last_half(e: Recorded, u: float) -> Any:
    """G1 with its last term halved: smaller than the truth."""
    return g1(e, u) - np.cumsum(slope_terms(e.a, e.b, e.eta, e.parameters["delta"]), axis=1) / 2


def by_delta(p: dict[str, Any]) -> float:
    """The bounds G2a and G2b hold (delta/2)(u - eta_0)^2."""
    return float(p["delta"])


def by_gamma(p: dict[str, Any]) -> float:
    """The bound G2d holds (u - eta_0)^2 / (2 gamma)."""
    return float(1 / p["gamma"])


def g2a(e: Recorded, u: Any) -> Any:
    """Right-hand side of G2a."""
    p = e.parameters
    return logarithmic_bound(e.a, e.b, p["delta"], p["eta_0"], p["eta_max"], u)


def g2b(e: Recorded, u: Any) -> Any:
    """Right-hand side of G2b."""
    p = e.parameters
    return adagrad_bound(e.a, e.b, p["delta"], p["eta_0"], p["eta_max"], u)


def g2d(e: Recorded, u: Any) -> Any:
    """Right-hand side of G2d."""
    return constant_bound(e.a, e.b, e.eta, e.parameters["gamma"], u)


def flipped(case: CaseView, seeds: Any, settings: Settings) -> Recorded:
    """The broken method on the losses a_t = 1, b_t = 1/10: FTRL fed with -a_t sits at 0 while the best rate is the end of the interval."""
    e = recorded(case, seeds, settings)
    p = e.parameters
    a, b = np.ones_like(e.a), np.full_like(e.b, 0.1)
    played = ftrl(p["eta_0"], p["eta_0"], p["delta"], np.cumsum(-a, axis=1), np.cumsum(b, axis=1), 0.0, p["eta_max"])
    return dataclasses.replace(e, a=a, b=b, eta=np.concatenate([e.eta[:, :1], played], axis=1))


def recursion(e: Recorded) -> Identity:
    """eta_{t+1} - eta_t against (a_t - b_t eta_t) / B_{t+1}."""
    total = weights(e.b, e.parameters["delta"])
    plays = absolute_plays(e)
    before = np.concatenate([np.full_like(plays[:, :1], abs(e.parameters["eta_0"])), plays[:, :-1]], axis=1)
    scale = plays + before + (np.abs(e.a) + e.b * before) / total
    return Identity(lhs=np.diff(e.eta, axis=1), rhs=(e.a - e.b * e.eta[:, :-1]) / total, scale=scale, operations=operations(e)[None, :])


def recursion_old_weight(e: Recorded) -> Identity:
    """The same with B_t in place of B_{t+1}: wrong."""
    right = recursion(e)
    total = weights(e.b, e.parameters["delta"])
    return right.with_rhs(right.rhs * total / (total - e.b))


def hull(e: Recorded) -> Bound:
    """eta_{t+1} against the largest, and minus eta_{t+1} against minus the smallest, of eta_0 and a_s / b_s, s <= t."""
    targets = np.divide(e.a, e.b, out=np.full_like(e.a, e.parameters["eta_0"]), where=e.b > 0)
    targets = np.concatenate([e.eta[:, :1], targets], axis=1)
    high, low = np.maximum.accumulate(targets, axis=1)[:, 1:], np.minimum.accumulate(targets, axis=1)[:, 1:]
    played = e.eta[:, 1:]
    scale = stacked([absolute_plays(e) + np.abs(high), absolute_plays(e) + np.abs(low)])
    return Bound(lhs=stacked([played, -played]), rhs=stacked([high, -low]), scale=scale, operations=operations(e)[None, :, None])


def hull_of_later(e: Recorded) -> Bound:
    """Broken: the hull without eta_0, of the curvature minimisers only, shrunk to the latest."""
    whole = hull(e)
    latest = np.divide(e.a, e.b, out=np.zeros_like(e.a), where=e.b > 0)
    return whole.with_rhs(stacked([latest, -latest]))


def running_curvature(e: Recorded) -> Measured:
    """Measured assumption of G2a: mu = min over n of (1/n) sum_{t<n} b_t is positive."""
    smallest = float(np.min(np.cumsum(e.b, axis=1) / np.arange(1, e.steps + 1)))
    return Measured(smallest > 0, smallest, "mu, the smallest running mean of b_t")


def starts_inside(e: Recorded) -> Measured:
    """Measured assumption of G2a and G2b: 0 <= eta_0 <= eta_max."""
    first, top = e.parameters["eta_0"], e.parameters["eta_max"]
    return Measured(0 <= first <= top, first, f"eta_0, eta_max = {top:.6g}")


STARTS_INSIDE = Assumption("0 <= eta_0 <= eta_max", "parameters of the run", starts_inside)
FREE = {"clip": False, "eta_0": 0.1}
BOXED = {"clip": True, "eta_0": 0.1, "eta_max": 2.0}
#: the practical rule has delta = 0: B_1 = b_0 > 0 is measured
PRACTICAL = tuple(
    dataclasses.replace(case, name=f"{case.name}, practical rule")
    for case in cases({"eta_0": 0.1}, method="gala_sgd_practical")
    if "exact" not in case.name
)
FLAT = Case.everywhere("constant losses", problem="quadratic", noise="exact", method="gala_sgd", parameters=BOXED, T=1000, seeds=1)
REG = r"$\mathrm{Reg}_T(u)=\sum_{t<T}[\ell_t(\eta_t)-\ell_t(u)]$"
G1_RHS = r"\frac{\delta}{2}(u-\eta_0)^2-\frac{B_T}{2}(u-\eta_T)^2+\sum_{t<T}\frac{(b_t\eta_t-a_t)^2}{2B_{t+1}}"

CLAIMS = [
    Claim(
        id="gala.G1", title="FTRL regret identity", kind="identity", label="tight", provenance="derived",
        statement=REG + r" $=" + G1_RHS + r"$ for every real $u$ when no clip is active",
        cases=(*cases(FREE), *PRACTICAL), run=recorded, sides=regret_sides(g1, Identity), assumptions=SEQUENCE,
        control=Control("the last term halved", sides=regret_sides(g1_last_half, Identity)),
        explain="Unclipped FTRL plays the minimiser of its quadratic potential, so the telescoped inequality is an equality. Both sides "
        "are "
        "recomputed from the recorded a_t, b_t, eta_t. The allowance counts the roundings of the plays: T terms in each of their sums.",
    ),
    Claim(
        id="gala.G1clip", title="FTRL regret bound, clipped", kind="pathwise bound", label="upper", provenance="derived",
        statement=REG + r" $\leq " + G1_RHS + r"$ for every $u\in[0,\eta_{max}]$",
        cases=cases(BOXED), run=recorded, sides=regret_sides(g1), assumptions=SEQUENCE,
        control=Control("the last term halved, on an unclipped run", sides=regret_sides(g1_last_half), cases=cases(FREE)[:1]),
        explain="The difference of the two sides is linear in u, so only the ends of the interval have to be checked.",
    ),
    Claim(
        id="gala.G1zero", title="FTRL centred at zero", kind="identity", label="tight", provenance="derived",
        statement=REG + r" $=\frac{\delta}{2}(u^2-\eta_0^2)-\frac{B_T}{2}(u-\eta_T)^2+\frac{((b_0+\delta)\eta_0-a_0)^2}{2B_1}"
        r"+\sum_{1\leq t<T}\frac{(b_t\eta_t-a_t)^2}{2B_{t+1}}$ for center = zero, unclipped",
        cases=cases({**FREE, "center": "zero"}), run=recorded, sides=regret_sides(g1, Identity), assumptions=SEQUENCE,
        control=Control("the last term halved", sides=regret_sides(g1_last_half, Identity)),
    ),
    Claim(
        id="gala.G1r", title="FTRL is curvature-corrected hypergradient descent", kind="identity", label="tight", provenance="derived",
        statement=r"$\eta_{t+1}-\eta_t=(a_t-b_t\eta_t)/B_{t+1}$ when no clip is active",
        cases=cases(FREE), run=recorded, sides=recursion, assumptions=SEQUENCE,
        control=Control("B_t in place of B_{t+1}", sides=recursion_old_weight),
    ),
    Claim(
        id="gala.G1h", title="The rate stays in the hull", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$\eta_{t+1}$ lies between the smallest and the largest of $\eta_0$ and $a_s/b_s$, $s\leq t$ (no clip, $b_s>0$)",
        cases=cases(FREE), run=recorded, sides=hull, assumptions=SEQUENCE,
        control=Control("only the latest a_t / b_t", sides=hull_of_later),
    ),
    Claim(
        id="gala.G2a", title="Logarithmic regret", kind="pathwise bound", label="upper", provenance="derived",
        statement=REG + r" $\leq\frac{\delta}{2}(u-\eta_0)^2+\frac{G^2}{\mu}\log(1+\frac{\mu "
        r"T}{\delta})+b_{max}\eta_{max}^2\log(1+\frac{1}{\delta}\sum b_t)$, "
        r"$G=\max|a_t|$, $\mu=\min_{1\leq n\leq T}\frac{1}{n}\sum_{t<n}b_t$",
        cases=(*cases(BOXED), *(dataclasses.replace(c, name=c.name + ", OGD") for c in cases({**BOXED, "learner": "ogd"})[:2])),
        run=recorded, sides=regret_sides(g2a, weight=by_delta),
        assumptions=(*SEQUENCE, STARTS_INSIDE, Assumption("mu > 0", "smallest running mean of b_t", running_curvature)),
        control=Control("FTRL fed with -a_t, losses a = 1, b = 0.1", run=flipped, cases=(FLAT,)),
        explain="Holds for FTRL and for OGD with step 1/B; not applicable where the running mean of the curvature vanishes. Checked at the "
        "ends of K and, at every prefix, at the u of K where the two sides are closest.",
    ),
    Claim(
        id="gala.G2b", title="OGD with an AdaGrad term", kind="pathwise bound", label="upper", provenance="derived",
        statement=REG + r" $\leq\frac{\delta}{2}(u-\eta_0)^2+2\eta_{max}\sqrt{\sum "
        r"a_t^2}+b_{max}\eta_{max}^2\log(1+\frac{1}{\delta}\sum b_t)$",
        cases=cases({**BOXED, "learner": "ogd_adagrad"}), run=recorded, sides=regret_sides(g2b, weight=by_delta),
        assumptions=(*SEQUENCE, STARTS_INSIDE),
        control=Control("FTRL fed with -a_t, losses a = 1, b = 0.1", run=flipped, cases=(FLAT,)),
    ),
    Claim(
        id="gala.G2c", title="OGD with step 1/B", kind="pathwise bound", label="upper", provenance="derived",
        statement=REG + r" $\leq " + G1_RHS + r"$ for eagerly clipped OGD with step $1/B_{t+1}$",
        cases=cases({**BOXED, "learner": "ogd"}), run=recorded, sides=regret_sides(g1), assumptions=SEQUENCE,
        control=Control("the last term halved, on an unclipped run", sides=regret_sides(g1_last_half),
            cases=cases({**FREE, "learner": "ogd"})[:1]),
    ),
    Claim(
        id="gala.G2d", title="OGD with a constant step", kind="pathwise bound", label="upper", provenance="derived",
        statement=REG + r" $\leq\frac{(u-\eta_0)^2}{2\gamma}+\frac{\gamma}{2}\sum\ell_t'(\eta_t)^2$",
        cases=cases({**BOXED, "learner": "ogd_constant", "gamma": 0.003}), run=recorded,
        sides=regret_sides(g2d, weight=by_gamma), assumptions=SEQUENCE,
        control=Control("the bound times 0.9", sides=bound_times(0.9, regret_sides(g2d, weight=by_gamma))),
    ),
]  # fmt: skip
