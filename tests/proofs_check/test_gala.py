"""What GALA's proof steps found."""

from __future__ import annotations

import pytest
import sympy as sp

from proofs_check.gala import THEOREMS
from proofs_check.gala_steps import annealing, endpoint, excess, scaling
from proofs_check.runner import chain, select
from proofs_check.steps import Result

CORE = ("G1", "G1zero", "G1r", "G1h", "G3", "G3m", "G3q", "G3c", "G3e", "G4", "G4c", "G5", "G5p", "G5c", "G6", "G6c")


def test_the_core_theorems_are_stated() -> None:
    assert {f"gala.{name}" for name in CORE} <= set(THEOREMS)


def test_the_chain_of_the_closed_form_reaches_the_learner_and_the_noise() -> None:
    assert {"gala.G1", "gala.G2c", "gala.G3", "gala.G3m", "gala.G4", "gala.G5", "gala.G5p"} <= set(chain("gala.G5c"))


def test_the_balance_point_is_enclosed() -> None:
    found = annealing.only_root()
    assert found.result is Result.PROVED
    assert "0.7320508" in found.detail


def test_the_ripple_violates_the_two_point_bound() -> None:
    assert excess.two_point().result is Result.PROVED
    s, c, smooth = endpoint.ripple_ratio()
    assert sp.limit(c / smooth, s, 2 * sp.pi, "-") == sp.oo


def test_worst_cases_print_primal_dual_and_gap() -> None:
    for step in select(["gala.G6.4", "gala.G3e.4"]):
        detail = step.check().detail
        assert all(word in detail for word in ("primal", "dual", "gap", "bound")), detail


@pytest.mark.parametrize(("method", "power"), [("gala_sgd", 2), ("gala_sgd", 0), ("gala_nsgdm", 3)])
def test_a_wrongly_scaled_regulariser_is_caught(method: str, power: int) -> None:
    found = scaling.same_bits(method, power)
    assert found.result is Result.REFUTED
    assert "degrees" in found.detail
