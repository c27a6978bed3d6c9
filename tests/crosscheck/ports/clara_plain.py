"""CLARA in plain NumPy, right (``bug=""``) and with one deviation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np


class Clara:
    """CLARA on SGD, one rate for all tensors."""

    def __init__(
        self, tensors: Any, lr: float = 1e-3, c: float = 0.2, d: float = 1e-3, weight_decay: float = 0.0, frozen: Any = (), bug: str = ""
    ) -> None:
        self.x = [np.array(x, dtype=float) for x in tensors]
        self.p = [np.zeros_like(x) for x in self.x]
        self.frozen = frozen
        self.lr, self.c, self.d, self.wd, self.bug, self.first = lr, c, d, weight_decay, bug, lr
        self.t = 0

    def step(self, gradients: Any) -> Any:
        if self.bug == "missing":
            filled = [np.zeros_like(x) if g is None else g for x, g in zip(self.x, gradients, strict=True)]
            gradients = [None if k in self.frozen else g for k, g in enumerate(filled)]
        pairs = [(k, g) for k, g in enumerate(gradients) if g is not None and g.size]
        if self.bug == "ascent":
            pairs = [(k, -g) for k, g in pairs]
        self.t += 1
        played, old_path = self.lr, [p.copy() for p in self.p]
        whole = np.sqrt(sum(float(np.sum(g * g)) for _, g in pairs))
        units = {}
        for k, g in pairs:
            g = g + self.wd * self.x[k] if self.bug != "decoupled" else g
            norm = np.linalg.norm(g) if self.bug != "global norm" else whole
            u = g / (max(norm, 1e-12) if self.bug != "eps" else norm + 1e-8)
            if self.bug == "raw":
                u = g
            units[k] = u
            self.p[k] = (1 - self.c) * self.p[k] + self.c * u
            if self.bug == "in loop":
                # updated before the next tensor moves
                self.x[k] = self.x[k] - self.lr * u
                self.lr *= np.exp(self.d * (float(np.sum(self.p[k] ** 2)) / (self.c / (2 - self.c)) - 1))
        if self.bug == "in loop":
            return self.x
        path = old_path if self.bug == "old path" else self.p
        total = sum(float(np.sum(path[k] ** 2)) for k, _ in pairs)
        mu = self.c / (2 - self.c)
        if self.bug == "transient":
            mu = mu * (1 - (1 - self.c) ** (2 * self.t))
        count = 1 if self.bug in ("sum", "global norm") else len(pairs)
        exponent = self.d * (total / (count * mu) - 1)
        if self.bug == "lengths":
            exponent = self.d * (np.sqrt(total / (count * mu)) - 1)
        if self.bug == "sign":
            exponent = -exponent
        following = self.lr * (np.exp(exponent) if self.bug != "first order" else 1 + exponent)
        if self.bug == "early":
            played = following
        if self.bug == "late":
            played, self.first = self.first, self.lr
        for k, u in units.items():
            if self.bug == "decoupled":
                self.x[k] = self.x[k] * (1 - played * self.wd)
            scale = {"double": 2.0}.get(self.bug, 1.0)
            self.x[k] = self.x[k] - scale * played * u
        self.lr = following
        return self.x
