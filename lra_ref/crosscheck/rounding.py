"""In which unit a difference is measured, and how large rounding can make it.

**Scale** of a quantity, in whose ulp differences are counted: the largest element that the tensor had so far in the reference (for a
scalar: its largest value so far), since sums and averages keep the roundings of their largest values; but for rates that are updated by
factors (CLARA, SALERA, EG, ...), whose errors are relative, the present value.

**Limit**: ``limit`` ulp, and more where the error analysis of docs/crosscheck.md asks for it: FACTOR roundings more per step for rates by
factors, and for x the relative error of the rate and of bias corrections (``condition(method)``) times the length of its way.  What
rounding can do to a method whose rate is learned in another way is measured: :mod:`lra_ref.crosscheck.twins`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.crosscheck.layouts import Layout
from lra_ref.crosscheck.ulp import digits, distance, ulp
from lra_ref.methods import Method
from lra_ref.typing import Array

#: rates that are multiplied with a factor at every step
BY_FACTORS = ("clara", "alera", "salera", "spalera", "exponentiated", "multiplicative_hypergradient", "almeida")
RATES_OF_THEM = ("rate", "eta", "scale", "rates", "gains")
#: roundings of one update by a factor: two exponentials (1 ulp each, one per side) and two products (half an ulp each)
FACTOR = 3.0


def condition(method: Method) -> float:
    """Relative error, in roundings, that bias corrections bring into a direction (0 without them).

    1 - beta^n has a relative error of at most 3 / (1 - beta) roundings: 2 n of a power by repeated squaring, 1 of a library's, times
    beta^n / (1 - beta^n); the root of the second correction has half of it.
    """
    values = method.direction.parameters.as_dict()
    if "beta2" not in values:
        return 0.0
    return float(3 / (1 - values["beta1"]) + 1.5 / (1 - values["beta2"]))


class Ruler:
    """Differences in ulp of the scale of the quantity so far, and what of them is rounding."""

    def __init__(self, method: Method, layout: Layout, precision: str, x: Array, limit: float) -> None:
        self.layout, self.precision, self.base, self.by_factors = layout, precision, limit, method.rate.name in BY_FACTORS
        self.moments, self.condition = method.direction.vectors, condition(method)
        # factors that are learned: the rate, and gains, which are in every vector of their direction
        self.gained = "gains" in self.moments
        self.factors = FACTOR * (self.by_factors + self.gained)
        self.largest: dict[str, Array] = {"x": self._sizes(x)}
        # sum of the moves, each times its relative error in roundings
        self.steps, self.way = 0, np.zeros(layout.dim)

    def _sizes(self, flat: Array) -> Array:
        """Largest element of every tensor, repeated over its elements."""
        size = [np.full(part.stop - part.start, np.max(np.abs(flat[part]), initial=0.0)) for part in self.layout.slices()]
        return np.concatenate(size)

    def moved(self, move: Array) -> None:
        """Add a move of the reference to the length of its way, in roundings."""
        self.steps += 1
        self.way = self.way + self._sizes(move) * (self.condition + self.factors * self.steps)

    def _relative(self, name: str) -> bool:
        return self.by_factors and name in RATES_OF_THEM

    def limit(self, name: str) -> Any:
        """What is rounding in this quantity."""
        if name == "x":
            with np.errstate(all="ignore"):
                way = self.way * 2.0 ** -digits(self.precision) / ulp(self.largest["x"], self.precision)
            return self.base + way
        if self._relative(name) or (self.gained and name in self.moments):
            return self.base + FACTOR * self.steps
        return self.base if name in self.moments else self.base + 4 * self.condition

    def measure(self, name: str, vector: bool, port: Array, reference: Array) -> Array:
        """Distance of every element."""
        scale = self._sizes(reference) if vector else np.abs(reference)
        if not self._relative(name):
            scale = self.largest[name] = np.maximum(scale, self.largest.get(name, 0.0))
        return distance(port, reference, scale, self.precision)
