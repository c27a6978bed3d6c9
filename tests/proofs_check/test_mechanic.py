"""What Mechanic's proof steps rest on and what their answers pin down."""

from __future__ import annotations

from proofs_check.mechanic_steps import kernels, statements
from proofs_check.runner import chain
from proofs_check.steps import Result


def test_the_identity_rests_on_the_kernels_and_on_the_sign_of_the_scale() -> None:
    assert {"mechanic.step", "mechanic.M3"} <= set(chain("mechanic.M1"))


def test_every_form_is_read_from_its_own_numbers() -> None:
    rows = [kernels.hyper(form) for form in kernels.FORMS]
    assert len({tuple(map(str, row)) for row in rows}) == 3


def test_the_counterexample_to_the_identity_is_the_smallest_one() -> None:
    assert statements.recomputed_fails().result is Result.PROVED
    assert statements.recomputed_without_eps().result is Result.REFUTED
