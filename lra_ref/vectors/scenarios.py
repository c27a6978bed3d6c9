"""The small problems on which the conformance vectors are recorded: losses and gradients of products, sums and quotients only.

Every scenario has D = 9 in three blocks of 1, 3 and 5 elements, and answers for any point and any sample: ``("step", t)``,
``("fresh", t)``, or ``("full", 0)``, the objective without noise.  All numbers come from integers (Philox words and tables of short
binary fractions), so they are the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lra_ref.backends.sums import block_sums
from lra_ref.oracles.philox import FRESH, PRESENT, uniforms
from lra_ref.parameters import Registry
from lra_ref.typing import Array

Sample = tuple[str, int]
STREAMS = {"step": PRESENT, "fresh": FRESH}
OFFSETS = (0, 1, 4, 9)
DIM = OFFSETS[-1]
START = np.array([1.5, -2.0, 0.75, 3.0, -0.5, 0.25, -1.25, 2.5, 1.0])
CURVATURES = np.array([2.0, 0.25, 1.0, 4.0, 0.5, 3.0, 1.5, 0.75, 1.25])
PATTERN = np.array([0.75, -1.5, 0.5, 2.0, -0.25, 1.0, -3.0, 0.375, 1.25])
SECOND = np.array([-0.5, 1.0, 1.25, -0.75, 2.0, 0.125, 0.25, -1.75, 0.625])
NOTHING = np.zeros(DIM)
#: block 1 without a gradient
PARTLY = np.where((np.arange(DIM) >= OFFSETS[1]) & (np.arange(DIM) < OFFSETS[2]), 0.0, SECOND)


@dataclass(frozen=True)
class Scenario:
    """A name, what it is, how many steps, ``answer(x, sample) -> (loss, gradient)``, and the diagonal of its constant Hessian."""

    name: str
    text: str
    steps: int
    answer: Callable[[Array, Sample], tuple[float, Array]]
    hessian: Array

    def product(self, v: Array) -> Array:
        """Hessian times ``v``, at any point and on any sample."""
        return self.hessian * v


SCENARIOS: Registry[Scenario] = Registry("scenario")


def _total(summands: Array) -> float:
    return float(block_sums(summands, np.array([0, DIM]))[0])


def bowl(x: Array, sample: Sample) -> tuple[float, Array]:
    """``F(x; s) = 1 + sum_i h_i (x_i - z_i(s))^2 / 2`` with z(s) in [-1/4, 1/4], an independent draw for every sample, 0 for "full"."""
    name, step = sample
    off = x if name == "full" else x - (uniforms(1, 0, step, STREAMS[name], DIM) - 0.5) / 2
    gradient = CURVATURES * off
    return 1 + _total(gradient * off) / 2, gradient


def _linear(table: tuple[Array, ...]) -> Callable[[Array, Sample], tuple[float, Array]]:
    def answer(x: Array, sample: Sample) -> tuple[float, Array]:
        name, step = sample
        gradient = table[-1] / 4 if name == "full" else table[step].copy()
        if name == "fresh":
            gradient = gradient[::-1] / 2
        return 4 + _total(gradient * x), gradient

    return answer


EDGES = (NOTHING, PATTERN, PATTERN, -PATTERN, PARTLY, NOTHING, SECOND, SECOND * 2.0**20, SECOND * 2.0**-30, -PATTERN)

SCENARIOS.register("bowl")(
    Scenario("bowl", "F(x; s) = 1 + sum_i h_i (x_i - z_i(s))^2 / 2, the minimum moved by a draw z(s) per sample", 6, bowl, CURVATURES)
)
SCENARIOS.register("edges")(
    Scenario(
        "edges",
        "F(x; s) = 4 + <c(s), x>: gradients that start at zero, repeat, change sign, vanish in a block, vanish, jump by 2^20 and "
        "fall by 2^50; a fresh sample is half the step's own in reverse order",
        len(EDGES),
        _linear(EDGES),
        NOTHING,
    )
)
