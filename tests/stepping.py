"""Directions and rates stepped by hand, on gradients that the test names: no oracle, no engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.checks import block_offsets
from lra_ref.parts import Direction, Rate, Seen
from lra_ref.typing import Array, Info, State


def walk(direction: Direction, gradients: Any, points: Any = None, offsets: Any = None) -> tuple[Array, State]:
    """Directions (T, ..., D) of the reference on the gradients (T, ..., D), at given points (default 0), and the last state."""
    g = np.asarray(gradients, dtype=float)
    x = np.zeros_like(g) if points is None else np.asarray(points, dtype=float)
    blocks = block_offsets(offsets, g.shape[-1])
    state, d = direction.init(x[0], blocks), np.empty_like(g)
    with np.errstate(all="ignore"):
        for t in range(len(g)):
            state, d[t] = direction.step(state, Seen(t=t, x=x[t], g=g[t], f=np.zeros((*g.shape[1:-1], 1)), offsets=blocks))
    return d, state


def first_rate(rate: Rate, loss: float, g: Any, d: Any = None, t: int = 0, offsets: Any = None) -> tuple[Any, State, Info]:
    """``(eta, state, info)`` of the reference at step t from its initial state; d is g unless given."""
    g = np.asarray(g, dtype=float)
    blocks = block_offsets(offsets, g.shape[-1])
    seen = Seen(t=t, x=np.zeros_like(g), g=g, f=np.full((*g.shape[:-1], 1), float(loss)), offsets=blocks)
    with np.errstate(all="ignore"):
        state, eta, info = rate.choose(rate.init(seen.x, blocks), seen, g if d is None else np.asarray(d, dtype=float))
    return eta[..., 0], state, info
