"""Cases and recorded runs shared by the claims of GALA.

A case names a problem, an oracle and a configuration; :func:`recorded` runs it and returns what the statements are about: the losses
(a_t, b_t) of the learner, its plays eta_0 .. eta_T, the values of F along the trajectory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lra_ref.engine.run import run
from lra_ref.learners import make_learner
from lra_ref.learners.formulas import loss
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.verify import CaseView, Measured, Settings

#: problems by the name of the case; the real data and the network are among them on purpose
PROBLEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "quadratic": ("quadratic", {"dim": 10, "condition": 30.0, "rotated": True}),
    "parabola": ("quadratic", {"dim": 1, "condition": 1.0}),
    "rosenbrock": ("rosenbrock", {"dim": 2}),
    "ripple": ("ripple", {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 2.0}),
    "steep_ripple": ("ripple", {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 3.0}),
    "quartics": ("sum_of_quartics", {"dim": 6}),
    "logistic": ("logistic", {"data": "breast_cancer"}),
    "logistic_iris": ("logistic", {"data": "iris"}),
    "logistic_nonconvex": ("logistic_nonconvex", {"data": "breast_cancer"}),
    "tanh_network": ("tanh_network", {"data": "iris"}),
}
#: trajectories are shared out over the cores; the results are the same bits for any number
THREADS = os.cpu_count() or 1
#: oracles by name, each with the parameters that the cases give as ``noise``
NOISES = {"gaussian": "sigma", "minibatch": "batch", "exact": None}


def stated(method: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a case with the defaults of delta and eta_max written out, so that every report prints them."""
    rate = make_method(method, **parameters).rate.parameters
    return {"delta": rate.delta, "eta_max": rate.eta_max, **parameters}


@lru_cache(maxsize=64)
def oracle_of(problem: str, noise: str, level: float | None) -> Oracle:
    """The oracle of a case."""
    name, parameters = PROBLEMS[problem]
    key = NOISES[noise]
    options = {} if key is None else {key: int(level or 1) if noise == "minibatch" else level}
    return make_oracle(noise, make_problem(name, **parameters), **options)


@dataclass(frozen=True)
class Recorded:
    """One recorded run of all seeds; arrays of shape (seeds, T) or, for plays and values, (seeds, T + 1)."""

    a: Any
    b: Any
    eta: Any
    f: Any
    gradient_norm: Any
    direction_norm: Any
    slope: Any
    smoothness: Any
    momentum_smoothness: Any
    flagged: Any
    statuses: tuple[str, ...]
    oracle: Oracle
    settings: dict[str, Any]
    case: CaseView

    @property
    def steps(self) -> int:
        """T."""
        return int(self.a.shape[1])

    @property
    def parameters(self) -> dict[str, Any]:
        """Hyper-parameters of the rate."""
        return dict(self.settings["rate"])

    def gap(self) -> float:
        """Delta = F(x_0) - F*, with the certified lower bound of F* where F* itself is not known."""
        star = self.oracle.problem.f_star
        assert star is not None
        return float(self.f[0, 0] - star.value)

    def excess(self) -> Any:
        """rho_t = F(x_{t+1}) - F(x_t) + eta_t a_t, (seeds, T)."""
        return np.diff(self.f, axis=1) + self.eta[:, :-1] * self.a

    def regret(self, u: Any) -> Any:
        """Reg_T(u) at every prefix T = 1, 2, ..., of shape (seeds, T); ``u`` a number or one per prefix."""
        suffered = np.cumsum(loss(self.eta[:, :-1], self.a, self.b), axis=1)
        return suffered - loss(u, np.cumsum(self.a, axis=1), np.cumsum(self.b, axis=1))

    def regret_scale(self, u: Any) -> Any:
        """Sum of the absolute values of the terms of the regret, at every prefix."""
        played, sizes = np.abs(self.eta[:, :-1]), np.abs(self.a)
        suffered = np.cumsum(sizes * played + self.b / 2 * played**2, axis=1)
        return suffered + np.cumsum(sizes, axis=1) * np.abs(u) + np.cumsum(self.b, axis=1) / 2 * np.square(u)


def fed(case: CaseView, count: int) -> Recorded:
    """The learner alone on the losses of the case, once per trajectory: what is said of every sequence is searched on any sequence."""
    oracle, rate = oracle_of("parabola", "exact", None), make_method(case["method"], **case["parameters"]).rate
    p = rate.parameters
    low, high = (0.0, p.eta_max) if p.clip else (-np.inf, np.inf)
    learner = make_learner(p.learner, eta_0=p.eta_0, delta=p.delta, low=low, high=high, center=p.center, gamma=p.gamma)
    for a, b in zip(case["losses"]["a"], case["losses"]["b"], strict=True):
        learner.observe(a, b)
    h = learner.history()
    none, a, b, eta = (np.repeat(row[np.newaxis], count, axis=0) for row in (np.zeros(h.a.size), h.a, h.b, h.plays))
    ends = np.zeros((count, h.a.size + 1))
    return Recorded(
        a=a, b=b, eta=eta, f=ends, gradient_norm=ends, direction_norm=ends, slope=ends, smoothness=none, momentum_smoothness=none,
        flagged=none[:, -1], statuses=(Status.RUNNING.name,), oracle=oracle, settings={"rate": p.as_dict()}, case=case,
    )  # fmt: skip


def recorded(case: CaseView, seeds: Any, settings: Settings) -> Recorded:
    """Run the case's configuration for T steps on the given trajectories, every step recorded; ``losses``: see :func:`fed`."""
    if "losses" in case:
        return fed(case, len(seeds))
    oracle = oracle_of(case["problem"], case.get("noise", "exact"), case.get("level"))
    method = make_method(case["method"], **case.get("parameters", {}))
    made = run(
        method, oracle, steps=case["T"], trajectories=len(seeds), first=int(seeds[0]), seed=settings.seed, x0=start_of(case, oracle),
        threads=THREADS,
    )  # fmt: skip
    records = made.records
    return Recorded(
        a=records["alignment"][:, 1:],
        b=records["curvature"][:, 1:],
        eta=records["rate"],
        f=records["loss"],
        gradient_norm=records["gradient_norm"],
        direction_norm=records["direction_norm"],
        slope=records["slope"],
        smoothness=records["smoothness"][:, 1:],
        momentum_smoothness=records["momentum_smoothness"][:, 1:],
        flagged=records["flagged"][:, -1],
        statuses=tuple(sorted({Status(int(code)).name for code in made.state.status})),
        oracle=oracle,
        settings=made.settings,
        case=case,
    )


def start_of(case: CaseView, oracle: Oracle) -> Any:
    """The start: the problem's own, or the case's number in every coordinate."""
    value = case.get("x0")
    return oracle.problem.start if value is None else np.full(oracle.problem.dim, float(value))


def finished(evidence: Recorded) -> Measured:
    """Measured assumption: no trajectory turned non-finite."""
    return Measured(evidence.statuses == ("RUNNING",), None, "statuses " + ", ".join(evidence.statuses))


def nonnegative_curvature(evidence: Recorded) -> Measured:
    """Measured assumption: b_t >= 0 and B_1 > 0."""
    first = evidence.parameters["delta"] + evidence.b[:, 0]
    return Measured(
        bool(np.all(evidence.b >= 0) and np.all(first > 0)), float(evidence.b.min()), f"smallest b_t; smallest B_1 = {first.min():.3g}"
    )


def flagged_steps(evidence: Recorded) -> Measured:
    """Reported, never failing: steps whose curvature estimate is rounding."""
    return Measured(True, float(np.max(evidence.flagged)), f"most flagged steps on a trajectory of {evidence.steps}")


def starred(evidence: Recorded) -> Measured:
    """Measured assumption: F* is known or has a certified lower bound."""
    star = evidence.oracle.problem.f_star
    assert star is not None
    return Measured(True, star.value, f"F* {'exact' if star.exact else 'bounded below'}: {star.source}")
