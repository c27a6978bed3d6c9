"""The numbers of HDM's refutation."""

from __future__ import annotations

from proofs_check.hdm_steps.adagrad import exceeds
from proofs_check.steps import Result


def test_the_regret_without_projection_is_13_times_the_bound_and_not_14() -> None:
    assert exceeds(13).result is Result.PROVED
    assert exceeds(14).result is Result.REFUTED
