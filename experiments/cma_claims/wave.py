"""The function on which the published order of shrinking fails: a wave that is 0 at the start and after one pass, and 2 half way.

F(x) = 1 - sin(2 pi x) - cos(2 pi x) - s x
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.problems.base import Problem

#: slope s of the wave: what makes the end of the first pass a little lower than its start
SLOPE = 1e-9


def wave_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F and its derivative (kernel)."""
    turn, slope = 2 * np.pi, par[0]
    value = 0.0
    for i in range(lo, hi):
        sine, cosine = np.sin(turn * x[i]), np.cos(turn * x[i])
        g[i] = turn * (sine - cosine) - slope
        value = value + (1 - sine - cosine - slope * x[i])
    return value


def wave_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Second derivative times v (kernel)."""
    turn = 2 * np.pi
    for i in range(lo, hi):
        out[i] = turn * turn * (np.sin(turn * x[i]) + np.cos(turn * x[i])) * v[i]


def wave(slope: float = SLOPE) -> Problem:
    """The wave of one variable, from 0."""
    return Problem("wave", 1, wave_value, wave_hvp, start=np.zeros(1), par=np.array([slope]))
