"""The rows of exponentiated gradient and of the learners: which there must be, and that the stored counterexamples are reproduced."""

from __future__ import annotations

import pytest

from experiments import exponentiated, learners
from experiments.exponentiated_claims.runs import WITNESSES
from lra_ref.verify import Claim, verify

REFUTATIONS = [claim for claim in exponentiated.CLAIMS if claim.kind == "refutation"]


def test_every_statement_of_the_theory_pages_has_a_row():
    numbers = {claim.id.split(".")[1][:2] for claim in exponentiated.CLAIMS}
    assert {f"E{k}" for k in range(1, 10)} <= numbers
    assert {f"O{k}" for k in range(1, 7)} <= {claim.id.split(".")[1][:2] for claim in learners.CLAIMS}


def test_every_refutation_has_a_stored_counterexample():
    assert len(REFUTATIONS) == 9
    for claim in REFUTATIONS:
        # Case.everywhere: one case, the same in every preset, read from a file of that name
        assert len(claim.cases) == 1
        assert [path for path in WITNESSES.glob("exponentiated.*.json") if claim.cases[0].name in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "claim", [c for c in REFUTATIONS if not c.id.startswith(("exponentiated.E7", "exponentiated.E9"))], ids=lambda c: c.id
)
def test_counterexamples_are_reproduced(claim: Claim):
    row = verify([claim.id], preset="smoke").rows[0]
    assert row["verdict"] == "HOLDS"
    assert row["control"]["fired"] is True


def test_a_wrong_update_is_seen(monkeypatch):
    from lra_ref.verify import Case, Settings
    from lra_ref.verify.claim import CaseView

    claim = next(c for c in exponentiated.CLAIMS if c.id == "exponentiated.E1")
    case: Case = claim.cases[0]
    e = claim.run(CaseView(case.name, case.parameters("smoke") or {}), [0, 1], Settings())
    assert claim.sides(e).judge(1e-3).verdict == "HOLDS"
    # a scale that is off by 1e-9 at one step
    e["after"] = e["after"].copy()
    e["after"][:, 30] *= 1 + 1e-9
    assert claim.sides(e).judge(1e-3).verdict == "VIOLATED"
