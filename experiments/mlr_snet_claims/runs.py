"""Runs shared by the claims of MLR-SNet: the records, and the network at the end of the run with its state.

A case names a problem, an oracle and the parameters of the method; a seed draws the noise and the initial network.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lra_ref.engine.run import run
from lra_ref.formulas import read
from lra_ref.methods import make_method
from lra_ref.methods.mlr_snet import meta_slope
from lra_ref.methods.mlr_snet_cell import (
    View,
    hyperbolic_slope,
    initial,
    look,
    parts,
    rate,
    sigmoid_slope,
    slopes,
    times,
)
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array
from lra_ref.verify import Bound, Case, CaseView, Identity, Measured, Settings

Evidence = dict[str, Any]
SOURCES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "quadratic": ("ellipsoid", {"dim": 9, "condition": 30.0}, "exact", {}),
    "noisy quadratic": ("ellipsoid", {"dim": 9, "condition": 30.0}, "gaussian", {"sigma": 0.5}),
    "logistic, iris": ("logistic", {"data": "iris"}, "minibatch", {"batch": 16}),
}
SIZES: dict[str, Any] = {"smoke": {"steps": 30, "seeds": 1}, "quick": {"steps": 120, "seeds": 3}, "full": {"steps": 3000, "seeds": 16}}
#: size of the imaginary step: its square vanishes
TINY = 2.0**-600


class Complex:
    """NumPy for numbers with an infinitely small imaginary part: a maximum looks at the real parts."""

    concatenate, swapaxes, asarray, cumsum, prod, exp = np.concatenate, np.swapaxes, np.asarray, np.cumsum, np.prod, np.exp

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """The larger real part."""
        return np.where(np.real(a) > b, a, b)


COMPLEX_LOOK = read(look, Complex)


@lru_cache(maxsize=8)
def oracle_of(name: str) -> Oracle:
    """The oracle of a case."""
    problem, parameters, oracle, options = SOURCES[name]
    return make_oracle(oracle, make_problem(problem, **parameters), **options)


def case(name: str, problem: str, **parameters: Any) -> Case:
    """A case of every preset."""
    return Case(name, **SIZES, common={"problem": problem, "parameters": {"gamma": 0.01, "period": 3, **parameters}})


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Records (S, T + 1), and for every seed theta, h, c, loss, x and g after T steps."""
    oracle, ends = oracle_of(case["problem"]), []
    problem = oracle.problem
    made = []
    for seed in seeds:
        method = make_method("mlr_snet", dim=problem.dim, init_seed=settings.seed % 2**32 + int(seed), **case["parameters"])
        made.append(run(method, oracle, steps=case["steps"], seed=settings.seed, first=int(seed)))
        rule, vectors = method.rate, dict(zip(method.rate.vectors, made[-1].state.r_vec[0], strict=True))
        H = rule.parameters.hidden
        theta = np.concatenate([vectors[row] for row in rule.places["theta"]])[: len(rule.theta)]
        state = np.concatenate([vectors[row] for row in rule.places["cell"]])[: 2 * H]
        x = made[-1].x[0]
        ends.append(
            {"theta": theta, "h": state[:H], "c": state[H:], "x": x, "loss": np.array([problem.value(x)]), "g": problem.gradient(x)}
        )
    records = {name: np.concatenate([one.records[name] for one in made]) for name in made[0].records}
    statuses = [one.status[0] for one in made]
    return {**records, "ends": ends, "hidden": H, "gamma": rule.parameters.gamma, "problem": problem, "end": statuses}


#: the backward pass with every slope replaced by the sum of its terms: on absolute values, the scale of the gradient
TERMS = read(slopes, np, {sigmoid_slope: lambda s: s + s * s, hyperbolic_slope: lambda g: 1 + g * g})


def scale_of(end: dict[str, Any], hidden: int, view: View) -> tuple[Array, float]:
    """Sum of the absolute values of the terms of every entry of the gradient of s, and the number of roundings that reach it.

    tanh z is the difference 2 sigma(2z) - 1, whose terms are at most 3. z carries the roundings of sums of 2 H + 4 terms of total size Z,
    on which each of the few factors of an entry depends with a relative slope of at most 2.
    """
    theta, h, c, loss = (np.abs(end[name]) for name in ("theta", "h", "c", "loss"))
    sizes = {name: np.abs(value) for name, value in view._asdict().items()}
    sizes.update(g=np.full_like(view.g, 3.0), tanh_c=np.full_like(view.c, 3.0), h=3.0 * view.o)
    p = parts(theta, hidden)
    u, v = p.A * loss + p.a, times(p.C, h) + p.c
    total = np.max(times(p.B, u) + p.b + times(p.E, v) + p.e) + np.max(u) + np.max(v)
    return TERMS(theta, h, c, loss, hidden, View(**sizes)), float((16 * hidden + 64) * (1 + total))


def gradient_of(end: dict[str, Any], hidden: int, factor: float = 1.0) -> tuple[Array, Array, Array, float]:
    """Complex steps, the hand-written gradient, scale and roundings."""
    theta, h, c, loss = end["theta"], end["h"], end["c"], end["loss"]
    view = look(theta, h, c, loss, hidden)
    written = factor * slopes(theta, h, c, loss, hidden, view)
    stepped = COMPLEX_LOOK(theta + TINY * 1j * np.eye(theta.size), h[None], c[None], loss[None], hidden).s[:, 0].imag / TINY
    return stepped, written, *scale_of(end, hidden, view)


def by_hand(e: Evidence, factor: float = 1.0) -> Identity:
    """ds/dtheta: complex steps against the hand-written gradient, at the network and state that the run ended with."""
    found = [gradient_of(end, e["hidden"], factor) for end in e["ends"]]
    lhs, rhs, scale = (np.stack([one[k] for one in found]) for k in range(3))
    return Identity(lhs=lhs, rhs=rhs, scale=scale, operations=np.array([[one[3]] for one in found]))


def of_the_loss(e: Evidence, sign: float = -1.0) -> Identity:
    """dL/dtheta for L(x - Gamma s(theta) g) on a quadratic: complex steps through all of it against -Gamma <grad L, g> ds/dtheta."""
    problem, gamma, hidden = e["problem"], e["gamma"], e["hidden"]
    curvature = problem.hvp(np.zeros((problem.dim, problem.dim)), np.eye(problem.dim)).diagonal()
    rows = []
    for end in e["ends"]:
        _, written, scale, operations = gradient_of(end, hidden)
        s = look(end["theta"], end["h"], end["c"], end["loss"], hidden).s
        moved = end["x"] - rate(gamma, s) * end["g"]
        terms = problem.gradient(moved) * end["g"]
        right = meta_slope(sign * rate(gamma, np.sum(terms)), written)
        steps = end["theta"] + TINY * 1j * np.eye(written.size)
        shifted = COMPLEX_LOOK(steps, end["h"][None], end["c"][None], end["loss"][None], hidden).s
        points = end["x"] - gamma * shifted * end["g"]
        left = (np.sum(curvature * points * points, axis=-1) / 2).imag / TINY
        # grad L = a (x - Gamma s g) may cancel: its terms are a x and a Gamma s g
        spread = np.sum(np.abs(end["g"]) * curvature * (np.abs(end["x"]) + gamma * np.abs(end["g"])))
        rows.append((left, right, gamma * spread * scale, operations + 4 * problem.dim))
    lhs, rhs, scales = (np.stack([row[k] for row in rows]) for k in range(3))
    return Identity(lhs=lhs, rhs=rhs, scale=scales, operations=np.array([[row[3]] for row in rows]))


def in_range(e: Evidence, share: float = 1.0) -> Bound:
    """0 <= lr and lr <= Gamma (the ends are where the sigmoid rounds to 0 or 1)."""
    lr = np.where(np.isfinite(e["lr"]), e["lr"], 0.0)
    lhs, rhs = np.concatenate([lr, -lr], axis=1), np.concatenate([np.full_like(lr, share * e["gamma"]), np.zeros_like(lr)], axis=1)
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def looked(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The states of a large network (weights of size ``scale``) over random losses: max |c| and max |h| after n looks, (S, n)."""
    H, count, scale = case["hidden"], case["looks"], case["scale"]
    kept: dict[str, list[Any]] = {"c": [], "h": []}
    for seed in seeds:
        theta = scale * initial(H, settings.seed % 2**32 + int(seed))
        losses = np.random.default_rng([settings.seed, int(seed)]).exponential(case["loss"], count)
        h, c, rows = np.zeros(H), np.zeros(H), []
        for loss in losses:
            view = look(theta, h, c, np.array([loss]), H)
            h, c = view.h, view.c
            rows.append((np.max(np.abs(c)), np.max(np.abs(h))))
        kept["c"].append([row[0] for row in rows])
        kept["h"].append([row[1] for row in rows])
    return {name: np.array(values) for name, values in kept.items()}


def tame(e: Evidence, share: float = 1.0) -> Bound:
    """|c| <= n after n looks, |h| <= 1; each look adds two products and a sum, and tanh has an absolute error of 8 units roundoff."""
    n = np.broadcast_to(np.arange(1.0, e["c"].shape[1] + 1), e["c"].shape)
    lhs, rhs = np.concatenate([e["c"], e["h"]], axis=1), np.concatenate([share * n, np.ones_like(n)], axis=1)
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=np.concatenate([4 * n + 16, np.full_like(n, 16.0)], axis=1))


def learned(e: Evidence) -> Measured:
    """Measured: the network took meta-steps, and no run stopped."""
    updates = np.nanmax(e["updates"], axis=1)
    return Measured(bool(np.min(updates) >= 1) and set(e["end"]) == {Status.RUNNING}, float(np.min(updates)), "fewest meta-steps of a seed")


def off_the_kink(e: Evidence) -> Measured:
    """Measured: no pre-activation of a rectifier is 0. Near 0 both readings see the same side: their real parts have the same bits."""
    nearest = np.inf
    for end in e["ends"]:
        view = look(end["theta"], end["h"], end["c"], end["loss"], e["hidden"])
        nearest = min(nearest, float(np.min(np.abs(np.concatenate([view.pre_u, view.pre_v])))))
    return Measured(nearest > 0, nearest, "smallest |pre-activation|")
