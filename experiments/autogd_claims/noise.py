"""B1 to B3: how often AutoSGD's test errs where nothing is to be found, and what it does not find."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from experiments.autogd_claims.runs import WITNESSES, Evidence, problem_of
from experiments.sequences import nothing_hvp, nothing_value
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.methods.autosgd import BACK, DOWN, STAY, UP, m2_after, mean_after, significant
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems.base import Problem
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Distribution, Identity, Measured, Moment, Settings


# --- B1: one mean ---------------------------------------------------------------------------------
def null(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Whether the mean of independent standard normals is significant at some look k_min, ..., k_max, one number per seed."""
    steps = case["k_max"]
    draws = np.stack([np.random.default_rng([settings.seed, int(seed), 31]).normal(size=steps) for seed in seeds])
    draws += case.get("drift", 0.0)
    mean, m2, hit = np.zeros(len(seeds)), np.zeros(len(seeds)), np.zeros(len(seeds), dtype=bool)
    for k in range(1, steps + 1):
        before, value = mean, draws[:, k - 1]
        mean = mean_after(before, value, k)
        m2 = m2_after(m2, value, before, mean)
        if k >= case["k_min"]:
            hit |= significant(mean, m2, k, case["z"])
    return {"hit": hit.astype(float), "case": case}


def crossing(e: Evidence) -> Distribution:
    """The share of seeds against the stated one."""
    return Distribution(moments=(Moment("ever significant", e["hit"], e["case"]["share"], e["case"]["tol"]),))


# --- B2: the method where F = 0 -------------------------------------------------------------------
@lru_cache(maxsize=4)
def flat(dim: int) -> Oracle:
    """F = 0 with additive Gaussian noise."""
    return make_oracle("gaussian", Problem("nothing", dim, nothing_value, nothing_hvp, start=np.zeros(dim)), sigma=1.0)


def first_episode(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Decision that ends the first episode on F = 0, and the four means at that time."""
    first, count = int(seeds[0]), len(seeds)
    assert np.array_equal(seeds, first + np.arange(count))
    method, steps = make_method("autosgd", **case.get("parameters", {})), case["T"]
    made = run(method, flat(case["dim"]), steps=steps, trajectories=count, first=first, seed=settings.seed)
    decision = made.records["decision"]
    at = np.argmax(decision > 0, axis=1)
    rows = np.arange(count)
    means = np.stack([made.records[f"mean_{name}"][rows, at] for name in ("up", "dn", "0", "b")], axis=1)
    return {"decision": decision[rows, at], "means": means, "p": method.rate.parameters, "case": case}


def outcomes(e: Evidence) -> Distribution:
    """R and I equally often, D never, each within tol."""
    share, tol = e["case"]["share"], e["case"]["tol"]
    expected = {"back": (BACK, share / 2), "up": (UP, share / 2), "down": (DOWN, 0.0), "stay": (STAY, 1 - share)}
    return Distribution(moments=tuple(
        Moment(name, (e["decision"] == code).astype(float), value, tol) for name, (code, value) in expected.items()
    ))  # fmt: skip


def proportional(e: Evidence, skew: float = 1.0) -> Identity:
    """mean d_up = (C-1) mean d_0, mean d_dn = (c-1) mean d_0, mean d_b = C mean d_0."""
    p, means = e["p"], e["means"]
    unit = means[:, 2:3] * np.array([p.C - 1, p.c - 1, 1.0, p.C * skew])
    # a mean of k values: each is the difference of two inner products of D terms, at points that k steps of two roundings lead to
    size = e["case"]["size"] * np.ones_like(unit)
    return Identity(lhs=means, rhs=unit, scale=size, operations=4 * e["case"]["T"] + 4 * e["case"]["dim"])


# --- B3: a stream that runs away ------------------------------------------------------------------
def runaway(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Loss at the start and at the start of the second episode, without noise."""
    problem = problem_of(case)
    made = run(make_method("autosgd", **case["parameters"]), problem, steps=case["T"], trajectories=len(seeds), x0=case["x0"])
    decision = made.records["decision"]
    at = np.argmax(decision > 0, axis=1) + 1
    rows = np.arange(len(seeds))
    return {"loss": made.records["loss"], "next": made.records["loss"][rows, at], "ended": np.any(decision > 0, axis=1)}


def kept(e: Evidence) -> Bound:
    """F at the start of the second episode is at most F at the start of the first."""
    lhs, rhs = e["next"][:, None], e["loss"][:, :1]
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def ended(e: Evidence) -> Measured:
    """Measured: the first episode ended within the run."""
    return Measured(bool(np.all(e["ended"])), None, "first episode")


def tame(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same with a rate at which F falls."""
    given = {**case.parameters, "parameters": {**case["parameters"], "gamma_0": 0.25}}
    return runaway(CaseView(case.name, given, case.pilot), seeds, settings)


RUNAWAY = Case.from_witness(WITNESSES / "autogd.B3.json")
MEASURED = "measured with a million seeds of another stream"


def looks(k_min: int, z: float, share: float, tol: float, **more: Any) -> Case:
    """A case of B1."""
    sizes: dict[str, Any] = {
        "smoke": {"seeds": 4000, "budget": 16000, "tol": 2 * tol}, "quick": {"seeds": 16000, "budget": 32000, "tol": tol},
        "full": {"seeds": 200000, "budget": 800000, "tol": tol / 3},
    }  # fmt: skip
    return Case(f"k_min = {k_min}, z = {z:g}", **sizes, common={"k_min": k_min, "k_max": 200, "z": z, "share": share, **more})


def flat_case(dim: int, share: float, **more: Any) -> Case:
    """A case of B2: one episode on F = 0."""
    sizes: dict[str, Any] = {
        "smoke": {"seeds": 300, "budget": 600, "tol": 0.08}, "quick": {"seeds": 3000, "budget": 6000, "tol": 0.025},
        "full": {"seeds": 40000, "budget": 80000, "tol": 0.008},
    }  # fmt: skip
    return Case(f"F = 0, D = {dim}", **sizes, common={"dim": dim, "T": 202, "share": share, **more})


WALK = Case("F = 0, D = 3", smoke={"seeds": 20}, quick={"seeds": 100}, full={"seeds": 2000}, common={"dim": 3, "T": 202, "size": 3000.0})
NORMAL = Assumption("independent standard normals", "drawn so")
FLAT = Assumption("F = 0, additive noise", "the problem and its oracle")

CLAIMS = [
    Claim(
        id="autogd.B1", title="z is no level: a null mean that is looked at again and again", kind="distribution", provenance="derived",
        statement=r"P(a mean of independent normals is significant at some $k=k_{min},\ldots,200$): .636 for $k_{min}=2$, $z=1.96$; "
        r".390 for 10, 1.96; .064 for 10, 3 (the defaults)",
        cases=(looks(2, 1.96, 0.636, 0.02), looks(10, 1.96, 0.390, 0.02), looks(10, 3.0, 0.064, 0.012)), run=null, sides=crossing,
        assumptions=(NORMAL,), notes=MEASURED,
        control=Control("a drift of a quarter of the standard deviation", cases=(
            Case.everywhere("drift .25", k_min=10, k_max=200, z=3.0, share=0.064, drift=0.25, seeds=2000, budget=4000, tol=0.02),)),
    ),
    Claim(
        id="autogd.B2", title="AutoSGD where nothing is to be found", kind="distribution", provenance="derived",
        statement=r"$F=0$, additive noise, defaults: the first episode ends with R or I with probability .064 ($D=1$), .080 ($D=4$), "
        r"half each, never with D",
        cases=(flat_case(1, 0.064), flat_case(4, 0.080)), run=first_episode, sides=outcomes, assumptions=(FLAT,), notes=MEASURED,
        control=Control("k_min = 2, z = 1.96", cases=(
            Case.everywhere(
                "F = 0, z = 1.96", dim=1, T=202, share=0.064, seeds=500, budget=500, tol=0.05, parameters={"k_min": 2, "z": 1.96}
            ),)),
    ),
    Claim(
        id="autogd.B2p", title="On F = 0 the four differences are one", kind="identity", provenance="derived",
        statement=r"$F=0$, additive noise: $\bar d_{up}=(C-1)\bar d_0$, $\bar d_{dn}=(c-1)\bar d_0$, $\bar d_b=C\bar d_0$: "
        "all are significant together",
        cases=(WALK,), run=first_episode, sides=proportional, assumptions=(FLAT,),
        control=Control("C replaced by 1.01 C in the last", sides=lambda e: proportional(e, 1.01)),
    ),
    Claim(
        id="autogd.B3", title="A stream that runs away is not noticed", kind="refutation", provenance="derived",
        statement=r"REFUTED: without noise an episode never hands on a point of larger $F$ than its start ($F=x^2/2$, $\gamma_0=3$, "
        "default test)",
        cases=(RUNAWAY,), run=runaway, sides=kept, assumptions=(Assumption("the episode ends", "decision recorded", ended),),
        control=Control("gamma_0 = 1/4, where it is true", run=tame, cases=(RUNAWAY,)),
    ),
]  # fmt: skip
