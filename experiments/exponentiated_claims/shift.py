"""E9: an abrupt change of the minimiser or of the curvature in the middle of a run; level, shift and budget fixed in advance.

F is a quadratic in 10 coordinates, eigenvalues log-spaced from 0.1 to 1, with Gaussian noise of variance 0.01; after 500 steps the
minimiser moves by 10 in every coordinate, or the curvature is multiplied by 100. Recovered: the loss is at most 0.01, twenty times what a
well chosen
constant rate has before the change, at some step after its largest value; the budget is the number of steps T.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import THREADS, varied, witness
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Distribution, Moment, Settings

DIM = 10


def recovery(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Steps to recover, (seeds, methods); T + 1 where not recovered or overflowed. ``outcomes`` counts the latter two."""
    spectrum = np.logspace(-1, 0, DIM)
    old = make_problem("quadratic", spectrum=spectrum.tolist(), x_star=[0.0] * DIM)
    new = make_problem("quadratic", spectrum=(case["curvature"] * spectrum).tolist(), x_star=[case["minimiser"]] * DIM)
    first, second = (make_oracle("gaussian", problem, sigma=case["sigma"]) for problem in (old, new))
    steps, outcomes = [], {}
    for name, parameters in case["methods"]:
        before = run(
            make_method(name, **parameters),
            first,
            steps=case["before"],
            trajectories=len(seeds),
            first=int(seeds[0]),
            seed=settings.seed,
            threads=THREADS,
        )
        after = dataclasses.replace(before, oracle=second).resume(case["T"], threads=THREADS)
        loss = after.records["loss"][:, case["before"] :]
        stopped = after.state.status != 0
        peak = np.argmax(np.where(np.isnan(loss), -np.inf, loss), axis=1)
        good = (loss <= case["level"]) & (np.arange(loss.shape[1]) >= peak[:, None])
        back = good.any(axis=1) & ~stopped
        steps.append(np.where(back, good.argmax(axis=1), case["T"] + 1.0))
        outcomes[name] = (int(np.sum(stopped)), int(np.sum(~stopped & ~back)))
    return {"steps": np.stack(steps, axis=1), "outcomes": outcomes, "case": case}


def medians(factor: float = 1.0) -> Any:
    """The median number of steps of every method is at most what the case allows."""

    def sides(e: dict[str, Any]) -> Distribution:
        names = [name for name, _ in e["case"]["methods"]]
        limits = e["case"]["limits"]
        return Distribution(moments=tuple(
            Moment(name, e["steps"][:, k], factor * limits[k], 0.0, statistic="median", side="at most") for k, name in enumerate(names)
        ))  # fmt: skip

    return sides


def in_budget(e: dict[str, Any]) -> Bound:
    """Every trajectory recovers within the budget."""
    return Bound(lhs=e["steps"], rhs=np.full_like(e["steps"], e["case"]["T"]), scale=1.0, operations=0.0)


def _case(name: str, methods: list[Any], limits: list[float], **shift: Any) -> Case:
    common = {"methods": methods, "limits": limits, "sigma": 0.1, "before": 500, "level": 0.01, **shift}
    return Case(name, {"T": 2000, "seeds": 32}, {"T": 2000, "seeds": 64}, {"T": 2000, "seeds": 512}, common)


MULTIPLICATIVE = ["multiplicative_hypergradient_sgd", {"lr": 0.1, "beta": 0.05}]
EG = ["egdd_momentum", {"lr": 0.1, "gamma_s": 0.05, "s_min": 1e-4, "s_max": 1e4}]
CONSTANT, DECAYED = ["sgd", {"lr": 0.1}], ["inverse_sqrt_sgd", {"lr": 1.0}]
OVERFLOW, DEFAULTS = witness("exponentiated.E9overflow"), witness("exponentiated.E9defaults")

CLAIMS = [
    Claim(
        id="exponentiated.E9", title="Recovery from a shift", kind="distribution", label="upper", provenance="published",
        source="arXiv 2202.00145, in kind: problem, level, budget and numbers are ours",
        statement=r"median steps back to the level: curvature times 100, multiplicative rule at most 100, EG scale and gains "
        r"($\gamma_s=.05$) at most 200; "
        r"minimiser moved, 100 and 150, constant rate 400, $1/\sqrt{t}$ decay 1200",
        cases=(
            _case("curvature times 100", [MULTIPLICATIVE, EG], [100, 200], curvature=100.0, minimiser=0.0),
            _case("minimiser moved", [MULTIPLICATIVE, EG, CONSTANT, DECAYED], [100, 150, 400, 1200], curvature=1.0, minimiser=10.0),
        ),
        run=recovery, sides=medians(), control=Control("a third of the steps", sides=medians(1 / 3)),
    ),
    Claim(
        id="exponentiated.E9overflow", title="Fixed rates do not survive", kind="refutation", provenance="derived",
        statement=r"REFUTED: constant and decayed rates recover from a curvature 100 times larger (all trajectories overflow)",
        cases=(OVERFLOW,), run=recovery, sides=in_budget,
        control=Control("the same curvature, the minimiser moved: they recover",
        cases=(varied(OVERFLOW, "minimiser moved", curvature=1.0, minimiser=10.0),)),
    ),
    Claim(
        id="exponentiated.E9defaults", title="The code's defaults are slow", kind="refutation", provenance="derived",
        statement=r"REFUTED: EGDD with the defaults of its code ($\gamma_s=.001$) recovers from a curvature 100 times larger in 1000 steps",
        cases=(DEFAULTS,), run=recovery, sides=in_budget,
        control=Control("gamma_s = 0.05 and a wide clip: it recovers", cases=(varied(DEFAULTS, "gamma_s = 0.05", methods=[EG]),)),
    ),
]  # fmt: skip
