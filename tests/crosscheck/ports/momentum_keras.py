"""Heavy ball and CLARA with the face of a Keras optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np


class MomentumSGD:
    """Heavy ball; ``bug="nesterov"`` looks ahead."""

    def __init__(self, learning_rate: float = 0.1, momentum: float = 0.9, bug: str = "") -> None:
        self.learning_rate, self.momentum, self.bug, self.slots = learning_rate, momentum, bug, {}

    def build(self, variables: Any) -> None:
        self.slots = {variable.path: np.zeros(variable.shape) for variable in variables}

    def apply_gradients(self, grads_and_vars: Any) -> None:
        for g, variable in grads_and_vars:
            if g is None:
                continue
            slot = self.slots[variable.path] = self.momentum * self.slots[variable.path] + g
            variable.assign_sub(self.learning_rate * (g + self.momentum * slot if self.bug == "nesterov" else slot))


class SignSGD:
    """``apply(grads, vars)``."""

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = learning_rate

    def apply(self, grads: Any, variables: Any) -> None:
        for g, variable in zip(grads, variables, strict=True):
            if g is not None:
                variable.assign(variable.numpy() - self.learning_rate * np.sign(g))
