"""How far rounding can carry a method, measured: the reference beside copies of itself whose numbers are jittered at every step.

Where a rate is learned from inner products, distances or losses, a rounding error comes back through the rate, and how much of it is a
property of the method AND of the run; no bound in closed form is of use.  So it is measured.  A *twin* is the same reference in which
every gradient and every number of the state that a step has computed is multiplied by 1 + CHAIN u r, every coordinate of x by 1 + SUM u r,
u the unit roundoff of the port's precision and r uniform in [-1, 1].  To first order a correct implementation is the exact method with
such changes: a chain of m operations moves its result by at most m u (backward error analysis), no chain of a formula here has more than
CHAIN operations between two numbers that are kept, and x is the sum of the last x, possibly shrunk, and a move: SUM roundings.  Roundings
of both signs would move it by about sqrt(m/3) u, 2 u for m = 16, so a twin strays further than a correct port, by about a factor of 5.

What the furthest of TWINS twins has strayed so far, over all earlier steps, and over all elements of a tensor, may be rounding.  Where it
is more than HALF of the digits nothing can be told any more, and the comparison ends there.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from lra_ref.crosscheck.layouts import Layout
from lra_ref.crosscheck.machine import Machine, Plan, quantities
from lra_ref.crosscheck.rounding import BY_FACTORS, Ruler
from lra_ref.crosscheck.sequences import Gradients
from lra_ref.crosscheck.ulp import digits
from lra_ref.methods import Method
from lra_ref.rates.schedules import Schedule
from lra_ref.typing import Array

TWINS = 2


def learns(method: Method) -> bool:
    """Whether errors come back through a learned rate, other than one by factors, for which there is a bound."""
    rate = method.rate
    return not (rate.name in ("constant", *BY_FACTORS) or isinstance(rate, Schedule))


class Twins:
    """The reference and its twins on one run, stepped only as far as somebody asks."""

    def __init__(self, plan: Plan, layout: Layout, sequence: Gradients, x: Array, precision: str, seed: int, names: Sequence[str]) -> None:
        self.names = [name for name in names if name != "x"]
        machines = [Machine(plan, layout, sequence, x, precision, seed, jitter) for jitter in (None, *range(1, TWINS + 1))]
        self.reference, self.twins = machines[0], machines[1:]
        self.kinds = {**quantities(plan.method), "x": "vector"}
        self.ruler = Ruler(plan.method, layout, precision, x, 0.0)
        self.half = 2.0 ** (digits(precision) // 2)
        self.apart: dict[str, Any] = {}

    def strayed(self, t: int, name: str) -> Any:
        """Largest distance of a twin in this quantity up to and including step ``t``, in ulp; inf if a twin stopped."""
        while self.reference.t <= t:
            if not self.reference.step():
                break
            going = [twin.step() for twin in self.twins]
            found = self._values(self.reference)
            others = [self._values(twin) for twin in self.twins]
            for key, value in found.items():
                vector = self.kinds[key] == "vector"
                distances = [self._wide(self.ruler.measure(key, vector, other[key], value), vector) for other in others]
                worst = np.max(distances, axis=0) if all(going) else np.inf
                self.apart[key] = np.maximum(self.apart.get(key, 0.0), worst)
        return self.apart[name]

    def lost(self, t: int) -> bool:
        """Whether at this step rounding alone reaches half of the digits of x."""
        return bool(np.max(self.strayed(t, "x")) > self.half)

    def _values(self, machine: Machine) -> dict[str, Array]:
        found = machine.quantities() if self.names else {}
        placed = {name: machine.placed(found[name]) if self.kinds[name] == "vector" else found[name] for name in self.names}
        return {**placed, "x": machine.x}

    def _wide(self, apart: Array, vector: bool) -> Array:
        """The largest of every tensor; of a scalar per block the largest."""
        if not vector:
            return np.full_like(apart, np.max(apart))
        wide = copy.copy(apart)
        for part in self.reference.layout.slices():
            wide[part] = np.max(apart[part], initial=0.0)
        return wide
