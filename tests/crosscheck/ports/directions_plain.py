"""Adam as a function that carries its state, and small classes of other directions, each right (``bug=""``) or with one deviation."""

from __future__ import annotations

from typing import Any

import numpy as np


def adam(
    tensors: Any, gradients: Any, state: Any, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
    weight_decay: float = 0.0, bug: str = "", amsgrad: bool = False,
) -> Any:  # fmt: skip
    """Adam with L2 weight decay."""
    state = state or {"t": 0, **{name: [np.zeros_like(x) for x in tensors] for name in "mvu"}}
    t, moved = state["t"] + 1, []
    m, v, u = list(state["m"]), list(state["v"]), list(state["u"])
    c1, c2 = 1 - beta1**t, 1 - beta2**t
    if bug == "no bias correction":
        c1 = c2 = 1.0
    if bug == "first moment only":
        c2 = 1.0
    if bug == "counts from 2":
        c1, c2 = 1 - beta1 ** (t + 1), 1 - beta2 ** (t + 1)
    for k, (x, g) in enumerate(zip(tensors, gradients, strict=True)):
        if g is None:
            moved.append(x)
            continue
        if bug == "ascent":
            g = -g
        if bug == "clipped elements":
            g = np.clip(g, -0.5, 0.5)
        if weight_decay and bug not in ("decoupled", "no decay", "after the step", "bare decay", "initial"):
            g = g + weight_decay * x
        m[k] = beta1 * m[k] + (1 - beta1) * g
        v[k] = beta2 * v[k] + (1 - beta2) * g * g
        u[k] = np.maximum(u[k], v[k] / c2 if bug == "late maximum" else v[k]) if amsgrad else v[k]
        root = np.sqrt(u[k] if bug == "late maximum" else u[k] / c2) + eps
        if bug == "eps inside":
            root = np.sqrt(v[k] / c2 + eps)
        if bug == "eps hat":
            root = (np.sqrt(v[k]) + eps) / np.sqrt(c2)
        d = (m[k] / c1) / root
        if bug == "decoupled":
            x = x - lr * weight_decay * x
        if bug == "bare decay":
            x = x - weight_decay * x
        x = x - lr * d
        if bug == "after the step":
            x = x - lr * weight_decay * x
        moved.append(x)
    return moved, {"t": t, "m": m, "v": v, "u": u}


def sign(tensors: Any, gradients: Any, state: Any, lr: float = 1e-3, bug: str = "") -> Any:
    """Sign descent."""
    least = np.finfo(float).tiny if bug == "flush" else 0.0
    return [x if g is None else x - lr * np.sign(g * (np.abs(g) >= least)) for x, g in zip(tensors, gradients, strict=True)], state


class CountingAdam:
    """Adam whose tensors count their own steps, as torch's do."""

    def __init__(self, tensors: Any, lr: float = 1e-3) -> None:
        self.x, self.lr, self.states = [np.array(x) for x in tensors], lr, [None] * len(tensors)

    def step(self, gradients: Any) -> Any:
        for k, g in enumerate(gradients):
            if g is not None:
                (self.x[k],), self.states[k] = adam([self.x[k]], [g], self.states[k], self.lr)
        return self.x


class Momentum:
    """Heavy ball."""

    def __init__(self, tensors: Any, lr: float = 0.1, momentum: float = 0.9, dampening: float = 0.0, bug: str = "") -> None:
        self.x, self.buffers = [np.array(x) for x in tensors], [None] * len(tensors)
        self.lr, self.mu, self.dampening, self.bug = lr, momentum, dampening, bug

    def step(self, gradients: Any) -> Any:
        if self.bug == "clipped norm":
            norm = np.sqrt(sum(float(np.sum(g * g)) for g in gradients if g is not None))
            gradients = [None if g is None else g * min(1.0, 1.0 / (norm + 1e-6)) for g in gradients]
        for k, g in enumerate(gradients):
            if g is None:
                continue
            old = self.buffers[k]
            take = 1 - self.dampening
            new = g if old is None and self.bug != "from zero" else self.mu * (0.0 if old is None else old) + take * g
            self.buffers[k] = new
            self.x[k] = self.x[k] - self.lr * (g + self.mu * new if self.bug == "nesterov" else new)
        return self.x


class RMSProp:
    """RMSProp; ``bug="eps inside"``: inside the square root."""

    def __init__(self, tensors: Any, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8, bug: str = "") -> None:
        self.x, self.square_avg = [np.array(x) for x in tensors], [np.zeros_like(x) for x in tensors]
        self.lr, self.alpha, self.eps, self.bug = lr, alpha, eps, bug

    def step(self, gradients: Any) -> Any:
        for k, g in enumerate(gradients):
            if g is not None:
                self.square_avg[k] = v = self.alpha * self.square_avg[k] + (1 - self.alpha) * g * g
                root = np.sqrt(v + self.eps) if self.bug == "eps inside" else np.sqrt(v) + self.eps
                self.x[k] = self.x[k] - self.lr * g / np.where(root == 0, 1, root)
        return self.x


class AdaGrad:
    """AdaGrad; ``bug="eps inside"``: inside the square root."""

    def __init__(self, tensors: Any, lr: float = 0.01, eps: float = 1e-10, bug: str = "") -> None:
        self.x, self.sum = [np.array(x) for x in tensors], [np.zeros_like(x) for x in tensors]
        self.lr, self.eps, self.bug = lr, eps, bug

    def step(self, gradients: Any) -> Any:
        for k, g in enumerate(gradients):
            if g is not None:
                self.sum[k] = v = self.sum[k] + g * g
                root = np.sqrt(v + self.eps) if self.bug == "eps inside" else np.sqrt(v) + self.eps
                self.x[k] = self.x[k] - self.lr * g / root
        return self.x
