"""What a method reads is what changes its course."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.adapters.needs import needs_of
from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import compose, make_method
from lra_ref.parts import RATES
from tests.engine.test_protocol import METHODS as PROTOCOL

OFFSETS = np.array([0, 1, 3])


def state_after(rate: str, loss: float) -> dict[str, Any]:
    """State after two steps with constant gradients and this loss."""
    optimizer = Optimizer(compose("sgd", rate, **RATES[rate].shown), np.ones(3), OFFSETS)
    while optimizer.t < 2 and (wanted := optimizer.ask()):
        optimizer.tell([(loss, np.array([0.5, -1.0, 0.25]))] * len(wanted))
    return {name: value for name, value in optimizer.state_dict().items() if name != "info"}


@pytest.mark.parametrize("rate", [name for name in RATES if RATES[name].retry is None])
def test_the_loss_is_needed_exactly_where_it_matters(rate: str) -> None:
    one, two = state_after(rate, 0.01), state_after(rate, 0.03)
    matters = any(not np.array_equal(one[name], two[name]) for name in one)
    assert needs_of(compose("sgd", rate, **RATES[rate].shown), OFFSETS).loss == matters


def test_some_of_each_kind() -> None:
    for name, *expected in (
        ("adam", False, False, False),
        ("clara_sgd", False, False, False),
        ("hdm", True, False, False),
        ("polyak_sgd", True, False, False),
        ("spalera_sgd", True, False, False),
        ("gala_sgd", False, True, False),
        ("armijo_sgd", True, False, True),
    ):
        needs = needs_of(make_method(name), OFFSETS)
        assert [needs.loss, needs.points, needs.search] == expected, name
        assert not needs.products
        assert bool(needs.missing(name, "do so")) == any(expected)


def test_points_of_the_same_step_now_and_then_and_products() -> None:
    cauchy, rounds = (needs_of(PROTOCOL[name], OFFSETS) for name in ("cauchy", "rounds"))
    assert (cauchy.loss, cauchy.points, cauchy.products) == (False, False, True)
    assert (rounds.loss, rounds.points, rounds.products) == (False, True, False)
    assert cauchy.missing("cauchy", "do so") == "cauchy needs Hessian-vector products: do so"
