"""D3 with momentum, D4, D5: what the forms without dual averaging do not have, with stored counterexamples."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.dadaptation_claims.runs import WITNESSES, Evidence, certificate, minimiser, played, problem_of
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Settings
from lra_ref.verify.falsify import Search

KAPPAS = (1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100)


def with_parameters(**more: Any) -> Any:
    """The run of a case with other parameters of the method."""

    def changed(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
        parameters = {**case["parameters"], **more}
        return played(CaseView(case.name, {**case.parameters, "parameters": parameters}), seeds, settings)

    return changed


def bounded(e: Evidence) -> Bound:
    """|x_t - x*| <= 1000 |x_0 - x*|; after a trajectory has stopped, at its last finite point."""
    away = np.max(np.abs(e["x"] - minimiser(e["problem"])), axis=-1)
    rhs = 1000 * away[:, :1] + 0 * away
    return Bound(lhs=away, rhs=rhs, scale=away + rhs, operations=8.0, at=np.arange(away.shape[1]))


def ends(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """F at the start and after T steps of the SGD form with its defaults."""
    made = run(make_method("dadapt_sgd"), problem_of(case), steps=case["T"], every=case["T"], x0=case["x0"])
    return {"loss": made.records["loss"]}


def fallen(e: Evidence) -> Bound:
    """F(x_T) <= 1e-12 F(x_0), F* = 0."""
    lhs, rhs = e["loss"][:, -1:], 1e-12 * e["loss"][:, :1]
    return Bound(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=64.0)


def averaged(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The case with dual averaging in place of the SGD form."""
    return played(CaseView(case.name, {**case.parameters, "method": "dadaptation"}), seeds, settings)


def shortened(steps: int) -> Any:
    """The first steps of a case."""

    def changed(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
        return played(CaseView(case.name, {**case.parameters, "T": steps}), seeds, settings)

    return changed


def adam_certificate(e: Evidence, factor: float = 1.0) -> Bound:
    """d <= max(d_0, factor |x_0 - x*|_inf) for the Adam form; its estimate is a quotient of sums over T steps of one coordinate."""
    lhs, rhs = e["d"], np.maximum(e["p"].d_0, factor * e["D_inf"])
    return Bound(lhs=lhs, rhs=rhs + 0 * lhs, scale=lhs + rhs, operations=32.0 * (1 + np.arange(lhs.shape[1])))


D4 = tuple(Case.from_witness(WITNESSES / f"dadaptation.D4kappa{kappa}.json") for kappa in (5, 10, 30))
EVEN = tuple(
    Case(
        f"diag(1, {kappa}), x_0 = (1, 1)", quick={}, full={}, smoke={} if kappa == 5 else None,
        common={"problem": "quadratic", "problem_parameters": {"spectrum": [1.0, float(kappa)]}, "x0": [1.0, 1.0], "T": 2000},
    )
    for kappa in KAPPAS
)  # fmt: skip

CLAIMS = [
    Claim(
        id="dadaptation.D3momentum", title="With momentum twice the distance is not enough", kind="refutation", provenance="derived",
        statement=r"REFUTED: D3 with momentum 0.9: $F=x^2/2$, $x_0=1$, all else by default, $d>3$",
        cases=(Case.from_witness(WITNESSES / "dadaptation.D3momentum.json"),), run=played, sides=lambda e: certificate(e, 2.0),
        control=Control("momentum 0", run=with_parameters(momentum=0.0)),
    ),
    Claim(
        id="dadaptation.D4", title="The SGD form may diverge on a quadratic", kind="refutation", provenance="derived",
        statement=r"REFUTED: on $F=(x_1^2+\kappa x_2^2)/2$ the SGD form stays within $1000|x_0-x_*|$: $x_0=(1,0.01)$, $\kappa=5,10,30$",
        cases=D4, run=played, sides=bounded, control=Control("dual averaging", run=averaged),
        explain="Its rate is d/|g_0|, without the 1/sqrt(sum |g|^2) of dual averaging.",
    ),
    Claim(
        id="dadaptation.D4start", title="The start decides", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"SGD form, $F=(x_1^2+\kappa x_2^2)/2$ from $x_0=(1,1)$: $F(x_{2000})\leq 10^{-12}F(x_0)$, $\kappa$ up to 100 (observed)",
        cases=EVEN, run=ends, sides=fallen,
        control=Control("after 10 steps", cases=(
            Case.everywhere("diag(1, 5), x_0 = (1, 1), 10 steps", problem="quadratic", problem_parameters={"spectrum": [1.0, 5.0]},
                x0=[1.0, 1.0], T=10),)),
        notes="observed on these functions, not proved for others", search=Search(keep=("T", "x0", "spectrum")),
    ),
    Claim(
        id="dadaptation.D5", title="The Adam form has no certificate", kind="refutation", provenance="derived",
        statement=r"REFUTED: $d\leq\max(d_0,|x_0-x_*|_\infty)$ for the Adam form: $F=x^2/2$, $x_0=1$, all defaults, $d>2.8$",
        cases=(Case.from_witness(WITNESSES / "dadaptation.D5.json"),), run=played, sides=adam_certificate,
        control=Control("the first three steps", run=shortened(3)),
    ),
]  # fmt: skip
