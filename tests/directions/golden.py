"""Golden directions, from the definitions in 60 digits.

``python -m tests.directions.golden`` writes golden.json; a test checks that the file is current.  Every definition below follows the
documentation of torch.optim, not the formulas of lra_ref.  It gives d_t and a *condition*: the size of d_t with every term of its
numerator counted positive, times what the denominator adds, so that rounding errors are a few macheps of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mpmath import mp, mpf, sqrt

PATH = Path(__file__).with_name("golden.json")
#: six gradients and points in three dimensions, all exact in float64
GRADIENTS = [
    [1.0, -0.5, 0.0], [0.25, 2.0, 0.0], [-3.0, 0.125, 1.0], [0.5, -1.5, -2.0], [0.0, 0.75, 4.0], [2.5, -0.375, -0.0625],
]  # fmt: skip
POINTS = [
    [2.0, -1.0, 0.5], [1.75, -1.25, 0.5], [1.5, -1.0, 0.25], [2.0, 0.0, -0.25], [1.0, 3.0, 0.125], [0.5, 2.5, -4.0],
]  # fmt: skip
Pairs = Iterator[tuple[Any, Any]]


def momentum(g: Any, x: Any, p: Any) -> Pairs:
    """b = g at first, then mu b + (1 - dampening) g; Nesterov adds mu b to g."""
    buffer = size = None
    for gt, xt in zip(g, x, strict=True):
        h, s = gt + p["weight_decay"] * xt, abs(gt) + p["weight_decay"] * abs(xt)
        buffer = h if buffer is None else p["momentum"] * buffer + (1 - p.get("dampening", 0)) * h
        size = s if size is None else p["momentum"] * size + s
        yield (h + p["momentum"] * buffer, s + p["momentum"] * size) if p["nesterov"] else (buffer, size)


def adam(g: Any, x: Any, p: Any) -> Pairs:
    """Torch's single-tensor Adam, without the learning rate; 1/(1 - beta) is the condition of 1 - beta^n."""
    m = v = u = size = mpf(0)
    for n, (gt, xt) in enumerate(zip(g, x, strict=True), start=1):
        inside, outside = (0, p["weight_decay"]) if p["decoupled"] else (p["weight_decay"], 0)
        h, s = gt + inside * xt, abs(gt) + inside * abs(xt)
        m, size = p["beta1"] * m + (1 - p["beta1"]) * h, p["beta1"] * size + (1 - p["beta1"]) * s
        v = p["beta2"] * v + (1 - p["beta2"]) * h**2
        u = max(u, v) if p["amsgrad"] else v
        bottom = (1 - p["beta1"] ** n) * (sqrt(u) / sqrt(1 - p["beta2"] ** n) + p["eps"])
        condition = 1 / (1 - p["beta1"]) + 1 / (1 - p["beta2"])
        yield m / bottom + outside * xt, size / bottom * (1 + condition / 20) + outside * abs(xt)


def rmsprop(g: Any, x: Any, p: Any) -> Pairs:
    """Torch's RMSprop; (v + a^2)/(v - a^2) is the condition of the centred moment."""
    v = a = buffer = size = mpf(0)
    for gt, xt in zip(g, x, strict=True):
        h, s = gt + p["weight_decay"] * xt, abs(gt) + p["weight_decay"] * abs(xt)
        v, a = p["alpha"] * v + (1 - p["alpha"]) * h**2, p["alpha"] * a + (1 - p["alpha"]) * h
        middle = v - a**2 if p["centered"] else v
        bottom = sqrt(middle) + p["eps"]
        buffer, size = p["momentum"] * buffer + h / bottom, p["momentum"] * size + s / bottom * ((v + a**2) / middle if middle else 1)
        yield buffer, size


def adagrad(g: Any, x: Any, p: Any) -> Pairs:
    """Torch's Adagrad, without the learning rate."""
    total = mpf(p["initial_accumulator_value"])
    for n, (gt, xt) in enumerate(zip(g, x, strict=True), start=1):
        h, s = gt + p["weight_decay"] * xt, abs(gt) + p["weight_decay"] * abs(xt)
        total += h**2
        bottom = (sqrt(total) + p["eps"]) * (1 + (n - 1) * p["lr_decay"])
        yield h / bottom, s / bottom


DEFAULT_ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}
DEFAULT_RMS = {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False}
DEFAULT_ADAGRAD = {"lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10}
#: (direction, its parameters, definition, what the definition needs besides)
CASES: list[tuple[str, dict[str, Any], Callable[..., Pairs], dict[str, Any]]] = [
    ("momentum", {"momentum": 0.9, "dampening": 0.0, "weight_decay": 0.0}, momentum, {"nesterov": False}),
    ("momentum", {"momentum": 0.5, "dampening": 0.25, "weight_decay": 0.125}, momentum, {"nesterov": False}),
    ("nesterov", {"momentum": 0.9, "weight_decay": 0.1}, momentum, {"nesterov": True}),
    ("adam", DEFAULT_ADAM, adam, {"decoupled": False, "amsgrad": False}),
    ("adam", {"beta1": 0.5, "beta2": 0.75, "eps": 1e-3, "weight_decay": 0.1}, adam, {"decoupled": False, "amsgrad": False}),
    ("adamw", {**DEFAULT_ADAM, "weight_decay": 0.01}, adam, {"decoupled": True, "amsgrad": False}),
    ("amsgrad", {**DEFAULT_ADAM, "beta2": 0.5, "decoupled_weight_decay": False}, adam, {"decoupled": False, "amsgrad": True}),
    ("amsgrad", {**DEFAULT_ADAM, "weight_decay": 0.1, "decoupled_weight_decay": True}, adam, {"decoupled": True, "amsgrad": True}),
    ("rmsprop", DEFAULT_RMS, rmsprop, {}),
    ("rmsprop", {**DEFAULT_RMS, "alpha": 0.5, "weight_decay": 0.1, "momentum": 0.9}, rmsprop, {}),
    ("rmsprop", {**DEFAULT_RMS, "alpha": 0.5, "eps": 0.125, "centered": True}, rmsprop, {}),
    ("rmsprop", {**DEFAULT_RMS, "alpha": 0.75, "eps": 0.125, "centered": True, "momentum": 0.5, "weight_decay": 0.25}, rmsprop, {}),
    ("adagrad", DEFAULT_ADAGRAD, adagrad, {}),
    ("adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}, adagrad, {}),
]


def text() -> str:
    """The golden file: decimal numbers with 20 digits, one case a line."""
    lines = []
    with mp.workdps(60):
        for name, parameters, definition, more in CASES:
            exact = {key: value if isinstance(value, bool) else mpf(value) for key, value in {**parameters, **more}.items()}
            columns = [
                list(definition([mpf(g[j]) for g in GRADIENTS], [mpf(x[j]) for x in POINTS], exact)) for j in range(len(GRADIENTS[0]))
            ]
            d = [[mp.nstr(column[t][0], 20) for column in columns] for t in range(len(GRADIENTS))]
            size = [[mp.nstr(column[t][1], 20) for column in columns] for t in range(len(GRADIENTS))]
            lines.append(json.dumps({"direction": name, "parameters": parameters, "d": d, "condition": size}))
    return "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    PATH.write_text(text())
