"""GALA in plain NumPy: the practical rule and the theory form, right (``bug=""``) and with one deviation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.crosscheck.ports.rates_plain import inner


def zeros_for_none(gradients: Any, tensors: Any) -> Any:
    return [np.zeros_like(x) if g is None else g for g, x in zip(gradients, tensors, strict=True)]


class GALA:
    """``step(objective)``; ``theory``: random point and independent sample, clipped, else end point and next batch."""

    def __init__(
        self, tensors: Any, eta_0: float = 0.1, delta: float = 1.0, eta_max: float = 10.0, theory: bool = True, bug: str = ""
    ) -> None:
        self.x, self.eta, self.eta_0, self.delta, self.eta_max = [np.array(x) for x in tensors], eta_0, eta_0, delta, eta_max
        self.theory, self.bug, self.a, self.b, self.kept = theory, bug, 0.0, 0.0, None

    def step(self, objective: Any) -> Any:
        found = objective(self.x)[1]
        self.count = sum(one.size for one in found if one is not None)
        g = zeros_for_none(found, self.x)
        if not self.theory and self.kept is not None:
            x_before, g_before, norm2 = self.kept
            self.learn(g, zeros_for_none(objective(x_before)[1], self.x), self.x, x_before, None, norm2)
            del g_before
        x = [x - self.eta * one for x, one in zip(self.x, g, strict=True)]
        if self.theory:
            lam = 1.0 if self.bug == "end point" else objective.uniform
            w = [one + lam * (new - one) for one, new in zip(self.x, x, strict=True)]
            sample = "present" if self.bug == "same sample" else "fresh"
            gw, gx = (zeros_for_none(objective(point, sample)[1], x) for point in (w, self.x))
            self.learn(gw, gx, w, self.x, gx if self.bug == "gradient feedback" else g, inner(g, g))
        self.kept = (self.x, g, inner(g, g))
        self.x = x
        return self.x

    def learn(self, gw: Any, gx: Any, w: Any, x: Any, partner: Any, norm2: float) -> None:
        change, way = [a - b for a, b in zip(gw, gx, strict=True)], [a - b for a, b in zip(w, x, strict=True)]
        distance = np.sqrt(inner(way, way))
        smooth = np.sqrt(inner(change, change)) / distance if distance > 0 else 0.0
        a = inner(gw, gx if partner is None else partner)
        if self.bug == "sign":
            a = -a
        if self.bug == "mean":
            a /= self.count
        self.a += a
        self.b += smooth * norm2
        anchor = 0.0 if self.bug == "zero centre" else self.eta_0
        if self.delta + self.b > 0:
            self.eta = (self.delta * anchor + self.a) / (self.delta + self.b)
            if self.theory and self.bug != "no clip":
                self.eta = min(max(self.eta, 0.0), self.eta_max)
