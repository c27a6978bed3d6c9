"""One instance: its place can be tried again."""

from __future__ import annotations

from lra_ref.verify.falsify.derive import space_of
from lra_ref.verify.falsify.space import Place
from lra_ref.verify.falsify.trial import Target, attempt
from tests.verify.falsify.toys import HUMP


def test_a_place_can_be_tried_again():
    space = space_of(HUMP, "claim")
    trial = attempt(Target(HUMP, "claim"), space, Place(0, {"x": 0.5}, 0), 1e-3)
    assert (trial.ratio, trial.verdict) == (1.0, "HOLDS")
