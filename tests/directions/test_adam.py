"""Adam, AdamW, AMSGrad: exact cases by hand and the edge cases of the docstring; test_golden.py has the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.directions import DIRECTIONS
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import make_method
from tests.stepping import walk

HALVES = {"beta1": 0.5, "beta2": 0.75, "eps": 0.0}


def test_the_first_step_is_the_sign() -> None:
    """m/(1 - beta1) = g and sqrt(v)/sqrt(1 - beta2) = |g|, exactly for these betas: 0.25 g^2 and sqrt(0.25) are."""
    d, _ = walk(DIRECTIONS["adam"](**HALVES), [[3.0, -0.5, 1e-3]])
    assert d.tolist() == [[1.0, -1.0, 1.0]]


def test_second_step_by_hand() -> None:
    """g = 2, 4: m = 1, 2.5; v = 1, 4.75; d = (2.5 / 0.75) / (sqrt(4.75) / sqrt(1 - 0.5625))."""
    d, state = walk(DIRECTIONS["adam"](**HALVES), [[2.0], [4.0]])
    assert state["exp_avg"].tolist() == [2.5]
    assert state["exp_avg_sq"].tolist() == [4.75]
    assert d[1].tolist() == [(2.5 / 0.75) / (np.sqrt(4.75) / np.sqrt(0.4375))]


def test_amsgrad_keeps_the_maximum_before_the_bias_correction() -> None:
    """g = 4, 0: v = 4, 3, its maximum stays 4; m = 2, 1; d = (1 / 0.75) / (2 / sqrt(0.4375)): the correction is that of the second step."""
    d, state = walk(DIRECTIONS["amsgrad"](**HALVES), [[4.0], [0.0]])
    assert state["exp_avg_sq"].tolist() == [3.0]
    assert state["max_exp_avg_sq"].tolist() == [4.0]
    assert d[1].tolist() == [(1 / 0.75) / (2 / np.sqrt(0.4375))]


def test_decoupled_decay_leaves_the_moments_alone() -> None:
    d, state = walk(DIRECTIONS["adamw"](**HALVES, weight_decay=0.125), [[3.0]], [[8.0]])
    assert d.tolist() == [[2.0]]
    assert state["exp_avg"].tolist() == [1.5]
    coupled, state = walk(DIRECTIONS["adam"](**HALVES, weight_decay=0.125), [[3.0]], [[8.0]])
    assert coupled.tolist() == [[1.0]]
    assert state["exp_avg"].tolist() == [2.0]


def test_amsgrad_decays_either_way() -> None:
    for decoupled, like in ((True, "adamw"), (False, "adam")):
        d, _ = walk(DIRECTIONS["amsgrad"](**HALVES, weight_decay=0.125, decoupled_weight_decay=decoupled), [[3.0]], [[8.0]])
        assert np.array_equal(d, walk(DIRECTIONS[like](**HALVES, weight_decay=0.125), [[3.0]], [[8.0]])[0])


@pytest.mark.parametrize("name", ["adam", "adamw", "amsgrad"])
def test_no_gradient_at_all_gives_no_direction_without_eps(name: str) -> None:
    d, _ = walk(DIRECTIONS[name](eps=0.0), np.zeros((2, 1)))
    assert d.tolist() == [[0.0], [0.0]]


def test_betas_of_zero_forget_everything() -> None:
    d, _ = walk(DIRECTIONS["adam"](beta1=0.0, beta2=0.0, eps=0.0), [[5.0], [-2.0]])
    assert d.tolist() == [[1.0], [-1.0]]


def test_an_overflowing_square_freezes_its_element() -> None:
    d, state = walk(DIRECTIONS["adam"](), [[1e200, 1.0], [1.0, 1.0]])
    assert np.isinf(state["exp_avg_sq"][0])
    assert d[:, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("parameters", [{}, {"weight_decay": 0.1}])
@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_the_bits_after_the_first_correction_has_become_one(name: str, parameters: dict[str, float]) -> None:
    """1 - 0.9^n is 1 from n = 349 on in float64, and the kernel no longer divides by it."""
    rng = np.random.default_rng(3)
    start = rng.normal(size=5)
    x = start.copy()
    step, reference = InPlace(make_method(name, **parameters), x), Optimizer(make_method(name, **parameters), start)
    for t in range(360):
        g = rng.normal(size=5)
        reference.ask()
        reference.tell([(0.0, g)])
        step(g)
        assert np.array_equal(x, reference.x), t
    assert step._direction[3][0, 4] == 1
