"""A step on one vector as a contestant: filled gradients, and a method that is started anew when it stops."""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle
from typing import Any

import numpy as np

from lra_ref.bench.streams import filled
from lra_ref.bench.timing import Contestant
from lra_ref.engine.inplace import InPlace
from lra_ref.methods import Method

#: gradients that take turns
GRADIENTS = 4
LOSS = 1.0


class Stepping:
    """Calling it makes one step of ``method`` with the next of some gradients, each a row of ``gradients``."""

    def __init__(self, method: Method, gradients: np.ndarray, *, check: bool, threads: int = 1, answers: np.ndarray | None = None) -> None:
        self._method, self._options = method, {"check": check, "threads": threads}
        self._start = filled(1, gradients.shape[1], gradients.dtype)[0]
        self._turns = cycle(list(gradients))
        self._answers = gradients if answers is None else answers
        self.restarts = -1
        self._begin()

    def _begin(self) -> None:
        """Start anew, and pass the steps in which memory is first touched."""
        self.restarts += 1
        self._step: Any = None
        self._step = InPlace(self._method, self._start.copy(), **self._options)
        self._asked = len(self._step.method.rate.points)
        self()
        self()

    def __call__(self) -> None:
        """One step."""
        step = self._step
        if self._asked and step.t > 0:
            step(next(self._turns), LOSS, [(LOSS, self._answers[j % len(self._answers)]) for j in range(self._asked)])
        else:
            step(next(self._turns), LOSS)

    def prepare(self) -> None:
        """Start anew if the method has stopped."""
        if self._step.status:
            self._begin()

    def sound(self) -> bool:
        """Whether the method is still running."""
        return not self._step.status

    def contestant(self) -> Contestant:
        """The step, to be timed."""
        return Contestant(self, self.prepare, self.sound)


@lru_cache(maxsize=1)
def gradients(size: int, dtype: Any) -> np.ndarray:
    """Four filled gradients of length about 1: a, b, -a, -b. They add up to nothing, so that no rate finds a direction to grow in.

    The last ones made are kept: they are only read.
    """
    made = filled(GRADIENTS, size, dtype)
    made[:2] /= made.dtype.type(np.sqrt(size))
    made[2:] = -made[:2]
    return made
