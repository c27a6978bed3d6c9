"""Claims of Prodigy: ``lra-ref verify prodigy``.

Statements and proofs are on the theory page ``docs/theory/prodigy.md``; all are derived (our own).  U1, on which P1 rests, is among the
claims of D-Adaptation.
"""

from __future__ import annotations

from typing import Any

from experiments.dadaptation_claims.refuted import with_parameters
from experiments.dadaptation_claims.runs import CONVEX, PROBLEMS, QUICKEST, WITNESSES, Evidence, certificate, played, sizes
from experiments.dadaptation_claims.searches import PRODIGY_SEARCHES
from lra_ref.verify import Assumption, Bound, Case, Claim, Control, Measured
from lra_ref.verify.falsify import searched

#: what P1 allows: rates, decays, decoupled decay, limits, smaller factors, the safeguard at lr <= 1, bias correction without it
ALLOWED: dict[str, dict[str, Any]] = {
    "defaults": {},
    "d_0 = 0.01, beta3 = 0": {"d_0": 0.01, "beta3": 0.0},
    "lr = 2, bias correction": {"lr": 2.0, "bias_correction": True, "beta3": 0.9},
    "decoupled decay, growth 1.5": {"weight_decay": 0.1, "growth_rate": 1.5},
    "safeguard, lr = 0.5": {"safeguard_warmup": True, "lr": 0.5, "beta1": 0.0},
    "d_coef = 0.5": {"d_coef": 0.5, "beta1": 0.5, "beta2": 0.5},
}


def below(e: Evidence, factor: float = 1.0) -> Bound:
    """d <= max(d_0, factor |x_0 - x*|_inf)."""
    return certificate(e, factor, "D_inf")


SHORT = ("defaults", "d_0 = 0.01, beta3 = 0")


def conditions(e: Evidence) -> Measured:
    """Measured: what P1 asks of the parameters."""
    p = e["p"]
    coupled = p.weight_decay > 0 and not p.decoupled_weight_decay
    safe = not p.safeguard_warmup or (p.lr <= 1 and not p.bias_correction)
    return Measured(p.d_coef <= 1 and not coupled and safe, p.d_coef, "d_coef")


ALLOWED_ONLY = Assumption(
    "d_coef <= 1, no coupled decay, safeguard only with lr <= 1 and without bias correction", "the parameters", conditions
)
CASES = tuple(
    Case(
        f"{name}, {words}", common={**problem, "method": "prodigy", "parameters": parameters},
        **sizes(name in QUICKEST and words in SHORT, words in SHORT or name in ("quadratic", "absolute values")),
    )
    for name, problem in PROBLEMS.items() for words, parameters in ALLOWED.items()
)  # fmt: skip


def refuted(name: str, title: str, what: str, control: str, **restored: Any) -> Claim:
    """P1 outside one of its conditions."""
    return Claim(
        id=f"prodigy.{name}", title=title, kind="refutation", provenance="derived",
        statement=rf"REFUTED: P1 with {what}", cases=(Case.from_witness(WITNESSES / f"prodigy.{name}.json"),), run=played, sides=below,
        control=Control(control, run=with_parameters(**restored)),
    )  # fmt: skip


CLAIMS = searched([
    Claim(
        id="prodigy.P1", title="d never exceeds the largest coordinate of the distance", kind="pathwise bound", label="tight",
        provenance="derived",
        statement=r"convex $F$, exact gradients, constant lr, d_coef $\leq 1$, no coupled decay, and without the safeguard or with it, "
        r"lr $\leq 1$ and no bias correction: $d\leq\max(d_0,|x_0-x_*|_\infty)$",
        cases=CASES, run=played, sides=below, assumptions=(CONVEX, ALLOWED_ONLY),
        control=Control("0.9 of the distance, one coordinate, beta3 = 0", sides=lambda e: below(e, 0.9), cases=(
            Case.everywhere(
                "sphere, beta3 = 0", **PROBLEMS["sphere"], method="prodigy", parameters={"d_0": 0.01, "beta3": 0.0}, T=200, seeds=4),)),
    ),
    refuted(
        "P1coef", "A larger factor", r"d_coef 2: $F=x^2/2$, $x_0=1$, $d_0=1/4$, beta3 = 0", "d_coef 1", d_coef=1.0,
    ),
    refuted(
        "P1safeguard", "The safeguard at a larger rate", r"the safeguard and lr 2: $F=x^2/2$, $x_0=1$, $d_0=0.1$, beta3 = 0", "lr 1",
        lr=1.0,
    ),
    refuted(
        "P1bias", "The safeguard with bias correction",
        r"the safeguard and bias correction, lr 1: $F=x^2/2$, $x_0=1$, $d_0=0.1$, beta2 = 0.5", "no bias correction", bias_correction=False,
    ),
    refuted(
        "P1coupled", "Coupled decay", r"coupled decay 10: $F=(x-1)^2/2$, $x_0=2$, all else by default", "decoupled decay",
        decoupled_weight_decay=True,
    ),
], PRODIGY_SEARCHES)  # fmt: skip
