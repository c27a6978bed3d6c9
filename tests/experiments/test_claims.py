"""The claims that come with the project: each has a control, a provenance and cases for every preset that it says it runs in."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.verify import Claim, verify
from lra_ref.verify.discover import default_folder, files_of

FILES = files_of(default_folder())
CLAIMS: list[Claim] = [claim for file in FILES for claim in file.claims]


def test_every_claim_file_can_be_read():
    assert [file.error for file in FILES if file.error] == []


def test_ids_are_unique_and_named_by_their_file():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)
    for file in FILES:
        assert {claim.part for claim in file.claims} == {file.path.stem}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_is_complete(claim: Claim):
    assert claim.control is not None, "a check that cannot fail proves nothing"
    assert claim.statement
    assert claim.title
    assert any(case.parameters("quick") is not None for case in claim.cases), "the default preset must check it"
    assert claim.control_cases("quick"), "the control must run in the default preset"
    if claim.provenance == "published":
        assert claim.source, "a published statement names its source"


def test_gala_has_its_rows():
    ids = {claim.id for claim in CLAIMS if claim.part == "gala"}
    assert len(ids) >= 15
    named = "G1 G2a G2b G2c G2d G3 G4 G5 G5r G5p G6 G7 G8 G9 G10 G11"
    assert {f"gala.{name}" for name in named.split()} <= ids


def test_the_row_of_G1_says_what_is_asked_of_it():
    row = verify(["gala.G1"], preset="smoke").rows[0]
    assert row["verdict"] == "HOLDS"
    assert row["control"]["fired"] is True
    for case in row["cases"]:
        # the identity holds to 1e-12 of the sum of the absolute values of its terms; the note states what was found
        largest = float(case["notes"].split("largest difference ")[1].split()[0])
        assert largest <= 1e-12


def test_a_claim_of_gala_sees_a_broken_learner(monkeypatch):
    from lra_ref.learners import bounds

    true = bounds.slope_terms

    def shrunk(*arguments):
        return 0.999 * true(*arguments)

    monkeypatch.setattr(bounds, "slope_terms", shrunk)
    row = verify(["gala.G1"], preset="smoke").rows[0]
    assert row["verdict"] == "VIOLATED"
    assert np.isfinite(row["lhs"])
