"""Parameters, gradients and closures that the tests of the torch adapter share; torch is there where this is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lra_ref.vectors.scenarios import OFFSETS, SCENARIOS, START

#: the blocks of the scenarios: 1, 3 and 5 elements
SHAPES = [(), (3,), (5, 1)]
CLOSURE = ["gala_sgd", "armijo_sgd", "polyak_sgd", "spalera_sgd", "random_bb1_sgd", "hdm"]


def tensors(x: Any = START, shapes: Any = SHAPES, offsets: Any = OFFSETS) -> list[Any]:
    """Parameters in float64 that hold ``x``."""
    parts = zip(shapes, offsets[:-1], offsets[1:], strict=True)
    return [torch.nn.Parameter(torch.tensor(np.array(x[lo:hi]).reshape(shape))) for shape, lo, hi in parts]


def flat(params: list[Any]) -> Any:
    return np.concatenate([p.detach().to(torch.float64).reshape(-1).numpy() for p in params])


def put(params: list[Any], gradient: Any) -> None:
    """Set ``.grad`` of all parameters."""
    edges = np.cumsum([0, *(p.numel() for p in params)])
    for p, lo, hi in zip(params, edges[:-1], edges[1:], strict=True):
        p.grad = torch.tensor(gradient[lo:hi], dtype=p.dtype).view(p.shape)


def closure_of(params: list[Any], scenario: str) -> Any:
    def closure(sample: tuple[str, int]) -> Any:
        loss, gradient = SCENARIOS[scenario].answer(flat(params), sample)
        put(params, gradient)
        return torch.tensor(loss, dtype=torch.float64)

    return closure
