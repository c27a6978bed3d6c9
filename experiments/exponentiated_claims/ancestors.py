"""What the published forms of two ancestors do: Adam's hypergradient per tensor, Almeida's rule without correction and clip."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import varied, witness
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.verify import Bound, CaseView, Claim, Control, Invariance, Settings


def two_blocks(case: CaseView, seeds: Any, settings: Settings) -> list[Any]:
    """Last point of hypergradient_adam on two blocks, as published (``in_turn``) and as in the paper."""
    problem = make_problem("quadratic", spectrum=[1.0, 0.7, 0.3, 0.1])
    points = []
    for in_turn in (case["in_turn"], False):
        method = make_method("hypergradient_adam", gamma=case["gamma"], in_turn=in_turn)
        points.append(run(method, problem, steps=case["T"], offsets=[0, 2, 4]).x)
    return points


def same(e: list[Any]) -> Invariance:
    """Both points, bit for bit."""
    return Invariance(first=e[0], second=e[1])


def rates(case: CaseView, seeds: Any, settings: Settings) -> Any:
    """Almeida's rate after every gradient of a list, (1, T)."""
    optimizer = Optimizer(make_method("almeida_sgd", **case["parameters"]), [0.0])
    out = []
    for g in case["gradients"]:
        optimizer.tell([(0.0, [g])])
        out.append(float(optimizer.state_dict()["rate.rates"][0]))
    return np.array([out])


def positive(e: Any) -> Bound:
    """No rate is below 0."""
    return Bound(lhs=-e, rhs=np.zeros_like(e), scale=1.0, operations=0.0)


ADAM, ALMEIDA = witness("exponentiated.HGadam"), witness("exponentiated.almeida")

CLAIMS = [
    Claim(
        id="exponentiated.HGadam", title="The published Adam code adapts the rate per tensor", kind="refutation", provenance="published",
        source="Baydin et al. 2018, arXiv 1703.04782, and its Adam code",
        statement=r"REFUTED: the published Adam code is the paper's rule, one rate for all parameters",
        cases=(ADAM,), run=two_blocks, sides=same, control=Control("one rate for all, for which it is true",
        cases=(varied(ADAM, "one rate", in_turn=False),)),
    ),
    Claim(
        id="exponentiated.almeida", title="Almeida's rule is unsafe as published", kind="refutation", provenance="published",
        source="Almeida et al. 1999 in the form of a thesis",
        statement=r"REFUTED: the rates stay positive ($\rho=.99$, $\beta=.05$, gradients $1,-1$: $a=-4$)",
        cases=(ALMEIDA,), run=rates, sides=positive,
        control=Control("ours, corrected and clipped, for which it is true",
        cases=(varied(ALMEIDA, "corrected and clipped", parameters={"form": "safe"}),)),
    ),
]  # fmt: skip
