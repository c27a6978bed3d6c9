"""Cases and recorded runs shared by the claims of the controlled minibatch algorithm.

A case names a problem, an oracle, the number of batches of a pass and the parameters of the method.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from experiments.cma_claims.wave import wave
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.methods.cma_formulas import ACCEPTED, LONG, SHORT
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.verify import Assumption, Bound, Case, CaseView, Identity, Measured, Settings

WITNESSES = Path(__file__).parent.parent / "witnesses"
Evidence = dict[str, Any]
#: problem, oracle and its parameters
SOURCES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "quadratic": ("ellipsoid", {"dim": 9, "condition": 30.0}, "exact", {}),
    "noisy quadratic": ("ellipsoid", {"dim": 9, "condition": 30.0}, "gaussian", {"sigma": 0.5}),
    "ripple": ("ripple", {"dim": 4, "curvature": 1.0, "amplitude": 1.0, "frequency": 3.0}, "exact", {}),
    "logistic, iris": ("logistic", {"data": "iris"}, "minibatch", {"batch": 16, "replacement": "reshuffle"}),
    "network, iris": ("tanh_network", {"data": "iris"}, "minibatch", {"batch": 16, "replacement": "reshuffle"}),
}
SIZES: dict[str, Any] = {"smoke": {"steps": 60, "seeds": 1}, "quick": {"steps": 300, "seeds": 4}, "full": {"steps": 2000, "seeds": 32}}
SEARCH = {"zeta": 1e-3, "gamma": 0.5, "delta": 0.5}


@lru_cache(maxsize=16)
def oracle_of(name: str) -> Oracle:
    """The oracle of a case."""
    if name == "wave":
        return make_oracle("exact", wave())
    problem, parameters, oracle, options = SOURCES[name]
    return make_oracle(oracle, make_problem(problem, **parameters), **options)


def case(name: str, problem: str, batches: int, scale: float = 1.0, **parameters: Any) -> Case:
    """A case of every preset."""
    return Case(name, **SIZES, common={"problem": problem, "batches": batches, "scale": scale, "parameters": parameters})


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The records of a run of every seed, (S, T + 1), and the statuses at the end."""
    oracle = oracle_of(case["problem"])
    method = make_method("cma", batches=case["batches"], **case["parameters"])
    x0 = case.get("scale", 1.0) * oracle.problem.start
    made = [run(method, oracle, steps=case["steps"], seed=settings.seed, first=int(seed), x0=x0) for seed in seeds]
    records = {name: np.concatenate([one.records[name] for one in made]) for name in made[0].records}
    return {**records, "gamma": method.rate.parameters.gamma, "end": [one.status[0] for one in made]}


def published(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Broken: the published order of shrinking."""
    given = {**case.parameters, "parameters": {**case["parameters"], "published": True}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


def corrected(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The order of the paper."""
    given = {**case.parameters, "parameters": {**case["parameters"], "published": False}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


def held(values: Any, used: Any) -> Any:
    """The value at the last step that is used, for every step; step 0 counts as used."""
    last = np.maximum.accumulate(np.where(used, np.arange(used.shape[1]), 0), axis=1)
    return np.take_along_axis(values, last, axis=1)


def accepted_losses(e: Evidence) -> Any:
    """F(w_k) of the last epoch that has begun, (S, T + 1): F at the points from which a pass sets out, evaluated by the engine."""
    return held(e["loss"], e["inner"] == 1)


def below_start(e: Evidence) -> Bound:
    """F(w_k) <= F(w_0), exactly: the method compared these very numbers."""
    lhs = accepted_losses(e)
    rhs = np.broadcast_to(e["loss"][:, :1], lhs.shape)
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def never_grows(e: Evidence) -> Bound:
    """zeta_{t+1} <= zeta_t, exactly."""
    zeta = held(e["zeta"], np.isfinite(e["zeta"]))
    return Bound(lhs=zeta[:, 1:], rhs=zeta[:, :-1], scale=zeta[:, 1:] + zeta[:, :-1], operations=0.0)


def known_value(e: Evidence) -> Identity:
    """The value that the method keeps is F at its point, exactly."""
    used = e["inner"] == 1
    lhs, rhs = held(np.where(np.isfinite(e["value"]), e["value"], 0.0), used), accepted_losses(e)
    begun = np.cumsum(used, axis=1) > 0  # before the first pass no value is known
    lhs = np.where(begun, lhs, rhs)
    return Identity(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def decreases(e: Evidence, factor: float = 1.0) -> Bound:
    """F(w_{k+1}) + gamma zeta <= F(w_k) after an accepted pass, F(w_{k+1}) + gamma alpha |d|^2 <= F(w_k) after a search."""
    now = {name: e[name][:, 1:] for name in ("epoch", "exit", "value", "alpha", "norm2")}
    before = {name: e[name][:, :-1] for name in ("epoch", "value", "zeta")}
    judged = now["epoch"] == before["epoch"] + 1
    passed, found = judged & (now["exit"] == ACCEPTED), judged & ((now["exit"] == LONG) | (now["exit"] == SHORT))
    asked = np.where(passed, e["gamma"] * before["zeta"], np.where(found, factor * e["gamma"] * now["alpha"] * now["norm2"], 0.0))
    used = passed | found
    lhs, rhs = np.where(used, now["value"] + asked, 0.0), np.where(used, before["value"], 1.0)
    scale = np.where(used, np.abs(now["value"]) + asked + np.abs(before["value"]), 1.0)
    return Bound(lhs=lhs, rhs=rhs, scale=scale, operations=4.0)


def enough(e: Evidence) -> Measured:
    """Measured: at least two passes were judged on every seed, and no run stopped because a number was not finite."""
    passes = np.nanmax(e["epoch"], axis=1)
    fine = all(status in (Status.RUNNING, Status.RATE_VANISHED) for status in e["end"])
    return Measured(bool(np.min(passes) >= 2) and fine, float(np.min(passes)), "fewest passes of a seed")


PASSES = Assumption("F is finite at the points", "passes judged, statuses", enough)
CASES = (
    case("quadratic", "quadratic", 1),
    case("quadratic, search", "quadratic", 1, 0.02, **SEARCH),
    case("noisy quadratic", "noisy quadratic", 4),
    case("noisy quadratic, large tau", "noisy quadratic", 2, 0.02, zeta=0.1, tau=1e3, gamma=100.0),
    case("ripple, long steps", "ripple", 2, zeta=1.0),
    case("logistic, iris", "logistic, iris", 9, zeta=1.0),
    case("network, iris", "network, iris", 9, zeta=0.5),
)
