"""What the answers of the steps of the controlled minibatch algorithm pin down."""

from __future__ import annotations

from proofs_check.cma_steps import decision, kernels
from proofs_check.steps import Result


def test_the_example_rises_to_two() -> None:
    witness = kernels.rises().witness
    assert witness is not None
    assert witness["F(w_0)"] == "Ball(0)"
    assert witness["F(w_1)"].startswith("Ball([2.0000000")
    assert kernels.rises(published=False).result is Result.PROVED


def test_nothing_smaller_than_gamma_is_promised() -> None:
    assert decision.passes().result is Result.PROVED
    assert decision.passes(1.0625).result is Result.REFUTED
    assert decision.loop(1.0625).result is Result.REFUTED
