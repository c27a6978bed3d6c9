"""Entries: the reference inside torch and optax."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import torch

from lra_ref.adapters.optax import reference_transformation
from lra_ref.adapters.torch import ReferenceOptimizer
from tests.fuzz.hostile import D
from tests.fuzz.law import REFUSALS, Entry


def stepped(params: Any = None, gradient: Any = None, closure: Any = None, **given: Any) -> Any:
    """One step on a tensor."""
    tensor = torch.ones(D, dtype=torch.float64, requires_grad=True)
    optimizer = ReferenceOptimizer([tensor] if params is None else params, **{"method": "sgd", "lr": 0.1, **given})
    tensor.grad = torch.ones(D, dtype=torch.float64) if gradient is None else gradient
    optimizer.step(closure)
    return tensor


def moves(answer: Any) -> None:
    """The point is finite."""
    assert bool(torch.isfinite(answer).all())


def transformed(params: Any = None, grads: Any = None, **given: Any) -> Any:
    """One update of a leaf."""
    with jax.enable_x64(True):
        params = np.ones(D) if params is None else params
        transformation = reference_transformation(**{"method": "sgd", "lr": 0.1, **given})
        state = transformation.init(params)
        return transformation.update(np.ones(D) if grads is None else grads, state, params)


ENTRIES = [
    Entry(
        "lra_ref.adapters.torch.ReferenceOptimizer",
        stepped,
        dict,
        {"method": "name", "seed": "scalar", "lr": "scalar"},
        check=moves,
        refusals=(*REFUSALS, RuntimeError),
    ),
    Entry(
        "lra_ref.adapters.optax.reference_transformation",
        transformed,
        dict,
        {"method": "name", "seed": "scalar", "lr": "scalar"},
        refusals=REFUSALS,
    ),
]
