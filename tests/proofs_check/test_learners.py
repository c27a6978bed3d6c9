"""What the answers of the steps of the one-dimensional learners pin down."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import sympy as sp

from lra_ref.learners import make_learner
from lra_ref.learners.bounds import betting_bound
from proofs_check.learners_steps import betting, descent, entropic
from proofs_check.runner import chain
from proofs_check.steps import Result


def test_ftrl_rests_on_the_regret_of_gala() -> None:
    assert "gala.G1" in chain("learners.O2")
    assert "exponentiated.E2" in chain("learners.O4")


def test_the_table_of_plays_sees_another_sign() -> None:
    assert descent.table(-1).result is Result.REFUTED


def test_the_constant_of_betting_has_room_down_to_fourteen() -> None:
    assert betting.enough(24).result is Result.PROVED
    assert betting.enough(14).result is Result.PROVED
    assert betting.enough(13).result is Result.REFUTED


def potential(coins: tuple[int, ...]) -> float:
    return float(sp.N(betting.potential(sp.Integer(len(coins)), sp.Integer(sum(coins)))))


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
def test_wealth_on_coins_of_size_one_is_the_potential_and_its_bound_holds(steps: int) -> None:
    for coins in product((-1, 1), repeat=steps):
        learner = make_learner("kt", eta_0=0.0, wealth=1.0)
        for coin in coins:
            learner.observe(-float(coin))
        wealth = learner.history().wealth
        assert wealth == pytest.approx(potential(coins), rel=1e-13)
        assert wealth >= np.exp(sum(coins) ** 2 / (2 * steps)) / np.sqrt(24 * steps)
        for u in (-3.0, -0.2, 0.0, 1.0, 10.0):
            assert learner.regret(u) <= betting_bound(steps, 1.0, 1.0, u)


def test_descent_on_the_logarithm_does_not_escape_from_a_small_start() -> None:
    assert entropic.escapes().result is Result.PROVED
    assert entropic.escapes(entropic.arb(1) / 8).result is Result.REFUTED
