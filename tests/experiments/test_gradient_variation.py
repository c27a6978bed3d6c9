"""The claims of the gradient-variation rates: complete, resting on stored counterexamples, and able to see a broken rate."""

from __future__ import annotations

import pytest

from experiments.gradient_variation import CLAIMS
from experiments.gradient_variation_claims.runs import WITNESSES
from lra_ref.rates import gradient_variation
from lra_ref.verify import Case, verify

REFUTED = {claim.id: claim for claim in CLAIMS if claim.kind == "refutation"}


def test_every_statement_of_the_note_has_a_row() -> None:
    ids = {claim.id for claim in CLAIMS}
    assert {f"gradient_variation.X{number}" for number in range(1, 10)} <= ids
    assert {f"gradient_variation.{name}" for name in ("X2fisher", "X2sign", "X3sign", "X5curvature", "X5ema", "X8top")} == set(REFUTED)


def test_every_refutation_rests_on_a_stored_counterexample() -> None:
    stored = {Case.from_witness(path).name for path in WITNESSES.glob("gradient_variation.*.json")}
    assert {case.name for claim in REFUTED.values() for case in claim.cases} == stored


def test_the_counterexamples_are_reproduced() -> None:
    rows = verify(sorted(REFUTED), preset="smoke").rows
    assert [(row["id"], row["verdict"], row["control"]["fired"]) for row in rows] == [(row["id"], "HOLDS", True) for row in rows]
    assert len(rows) == len(REFUTED)


@pytest.mark.parametrize(
    ("formula", "claim"), [("secant", "X4"), ("short_step", "X4"), ("fisher_along", "X7length"), ("fisher_gradient", "X9repels")]
)
def test_a_claim_sees_a_broken_formula(monkeypatch: pytest.MonkeyPatch, formula: str, claim: str) -> None:
    true = getattr(gradient_variation, formula)

    def shrunk(*arguments: float) -> float:
        return 0.99 * true(*arguments)

    monkeypatch.setattr(gradient_variation, formula, shrunk)
    row = verify([f"gradient_variation.{claim}"], preset="smoke").rows[0]
    assert row["verdict"] == "VIOLATED"
