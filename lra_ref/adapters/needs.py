"""What a method asks for beyond the gradient of every step: seen from what its reference reads, so that no list can be out of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.engine.reference import Stepper
from lra_ref.methods.base import Method
from lra_ref.parts import Seen
from lra_ref.typing import Array

#: what is read may depend on t: a first step, a second one and a later one
STEPS = 3


@dataclass(frozen=True)
class Needs:
    """What a method asks for beyond the gradient at the point.

    ``loss``: the value there; ``points``: losses and gradients elsewhere; ``search``: losses at trial points; ``products``: the
    Hessian times vectors.
    """

    loss: bool
    points: bool
    search: bool
    products: bool

    def missing(self, name: str, how: str) -> str:
        """One line for a caller who gave gradients only; empty if they are enough."""
        if self.products:
            return f"{name} needs Hessian-vector products: {how}"
        if self.points or self.search:
            return f"{name} evaluates at further points of its own choice: {how}"
        return f"{name} reads the loss: {how}" if self.loss else ""


class _Watched(Seen):
    """What a part is shown, with a note of whether it looked at the loss."""

    def __getattribute__(self, name: str) -> Any:
        if name == "f":
            object.__setattr__(self, "read", True)
        return object.__getattribute__(self, name)


def needs_of(method: Method, offsets: Array) -> Needs:
    """What the method asks for on these blocks."""
    stepper, x = Stepper(method, offsets), np.ones(int(offsets[-1]))
    rate, search = stepper.method.rate, method.rate.retry is not None
    state, read, g = stepper.init(x), search, np.full_like(x, 0.5)
    for t in range(STEPS):
        uniform = np.array([0.5]) if rate.random else None
        shown: dict[str, Any] = {"t": t, "x": x, "g": g, "f": np.ones(1), "offsets": stepper.offsets, "u": uniform}
        first = _Watched(**shown)
        aimed, d = stepper.aim(state, first) if stepper.aims else (state, None)
        points = len(rate.points) if (t > 0 or stepper.aims) and np.all(stepper.asked(aimed)) else 0
        seen = _Watched(**shown, q=(g,) * points, fq=(np.ones(1),) * points)
        state, info = stepper.look(aimed, seen, d)
        state, x = stepper.move(state, seen, info)
        read = read or "read" in vars(first) or "read" in vars(seen)
    samples = {sample for _, sample in rate.points}
    return Needs(loss=read, points=bool(samples - {"hvp"}), search=search, products="hvp" in samples)
