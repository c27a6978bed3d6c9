"""What the answers of MLR-SNet's steps pin down."""

from __future__ import annotations

import sympy as sp

from proofs_check import mlr_snet
from proofs_check.steps import Result


def test_the_gradient_of_one_unit_has_twenty_two_entries() -> None:
    assert mlr_snet.gradient(1).detail == "22 cases"


def test_the_state_grows_by_no_less_than_one() -> None:
    assert mlr_snet.grows().result is Result.PROVED
    assert mlr_snet.grows(sp.Rational(99, 100)).result is Result.REFUTED
