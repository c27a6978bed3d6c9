"""Directions at a constant rate against torch.optim itself, states included, where torch is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.directions import DIRECTIONS, Direction
from lra_ref.parts import Seen
from lra_ref.typing import Array, State

torch = pytest.importorskip("torch")

OFFSETS = np.array([0, 4])
LR = 0.0625
CASES = [
    ("sgd", {}, "SGD", {}),
    ("sgd", {"weight_decay": 0.1}, "SGD", {"weight_decay": 0.1}),
    ("momentum", {}, "SGD", {"momentum": 0.9}),
    ("momentum", {"dampening": 0.3, "weight_decay": 0.1}, "SGD", {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("nesterov", {"weight_decay": 0.1}, "SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("adam", {}, "Adam", {}),
    ("adam", {"weight_decay": 0.1}, "Adam", {"weight_decay": 0.1}),
    ("adamw", {}, "AdamW", {}),
    ("amsgrad", {}, "Adam", {"amsgrad": True}),
    ("amsgrad", {"decoupled_weight_decay": True, "weight_decay": 0.1}, "AdamW", {"amsgrad": True, "weight_decay": 0.1}),
    ("rmsprop", {}, "RMSprop", {}),
    ("rmsprop", {"momentum": 0.9, "weight_decay": 0.1}, "RMSprop", {"momentum": 0.9, "weight_decay": 0.1}),
    ("rmsprop", {"centered": True, "eps": 0.01}, "RMSprop", {"centered": True, "eps": 0.01}),
    ("adagrad", {}, "Adagrad", {}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5}, "Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5}),
]


def ours(direction: Direction, gradients: Array, x: Array) -> tuple[Array, State]:
    """Points of x <- x - LR d."""
    state, points = direction.init(x, OFFSETS), []
    for t, g in enumerate(gradients):
        state, d = direction.step(state, Seen(t=t, x=x, g=g, f=np.zeros(1), offsets=OFFSETS))
        x = x - LR * d
        points.append(x)
    return np.array(points), state


def theirs(name: str, options: dict[str, Any], gradients: Array, x: Array) -> tuple[Array, dict[str, Any]]:
    """Points of the optimizer, and its state."""
    parameter = torch.nn.Parameter(torch.tensor(x))
    optimizer, points = getattr(torch.optim, name)([parameter], lr=LR, foreach=False, **options), []
    for g in gradients:
        parameter.grad = torch.tensor(g)
        optimizer.step()
        points.append(parameter.detach().numpy().copy())
    return np.array(points), optimizer.state[parameter]


@pytest.mark.parametrize(("name", "parameters", "optimizer", "options"), CASES)
def test_points_and_states_agree(name: str, parameters: dict[str, Any], optimizer: str, options: dict[str, Any]) -> None:
    """Both sides round about 20 times a step; 1 - beta2^n is conditioned like 1/(1 - beta2) = 1000, its root like half of it.

    The terms of d are at most 100 in all (RMSProp: 1/sqrt(1 - alpha) = 10, times 1/(1 - momentum) = 10), and the errors of n steps add up.
    """
    rng = np.random.default_rng(7)
    gradients, x = rng.normal(size=(25, 4)), rng.normal(size=4)
    mine, state = ours(DIRECTIONS[name](**parameters), gradients, x)
    points, buffers = theirs(optimizer, options, gradients, x)
    steps = np.arange(1, 26)[:, None]
    assert np.all(np.abs(mine - points) <= 2.0**-53 * (20 + 500) * steps * LR * 100)
    for key, value in state.items():
        sums = np.abs(gradients).sum(axis=0) + np.square(gradients).sum(axis=0) + 30
        assert np.all(np.abs(value - buffers[key].numpy()) <= 2.0**-53 * 520 * sums), key


@pytest.mark.parametrize(("name", "optimizer"), [("adam", "Adam"), ("rmsprop", "RMSprop"), ("adagrad", "Adagrad")])
def test_an_overflowing_square_freezes_an_element_in_torch_as_well(name: str, optimizer: str) -> None:
    gradients, x = np.array([[1e200, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]), np.ones(4)
    with np.errstate(over="ignore"):
        mine, _ = ours(DIRECTIONS[name](), gradients, x)
    points, _ = theirs(optimizer, {}, gradients, x)
    assert np.array_equal(mine[:, 0], points[:, 0])
    assert np.array_equal(points[:, 0], x[:2])


def test_default_rates_are_those_of_torch() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    for name, _, optimizer, _ in CASES:
        assert DIRECTIONS[name].default_lr == getattr(torch.optim, optimizer)([weight]).defaults["lr"]
