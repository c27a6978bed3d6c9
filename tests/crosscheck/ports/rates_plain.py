"""Hypergradient descent, EGDD and ALERA in plain NumPy, right (``bug=""``) and with one deviation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np


def inner(a: Any, b: Any) -> float:
    return sum(float(np.sum(u * v)) for u, v in zip(a, b, strict=True))


class Hypergradient:
    """Hypergradient descent on SGD: the rate grows with <g_t, g_{t-1}> before the step."""

    def __init__(self, tensors: Any, lr: float = 0.01, gamma: float = 1e-4, bug: str = "") -> None:
        self.x, self.lr, self.gamma, self.bug = [np.array(x) for x in tensors], lr, gamma, bug
        self.before: Any = None
        self.rates = [lr] * len(self.x)

    def step(self, gradients: Any) -> Any:
        count = sum(one.size for one in gradients if one is not None)
        g = [np.zeros_like(x) if g is None else g for x, g in zip(self.x, gradients, strict=True)]
        if self.bug == "doubled gradient":
            g = [2.0 * one for one in g]
        before = [np.zeros_like(x) for x in g] if self.before is None else self.before
        if self.bug == "new direction":
            before = g
        self.before = g
        if self.bug == "apart":
            for k, (one, last) in enumerate(zip(g, before, strict=True)):
                self.rates[k] += self.gamma * float(np.sum(one * last))
                self.x[k] = self.x[k] - self.rates[k] * one
            return self.x
        if self.bug == "in loop":
            for k, (one, last) in enumerate(zip(g, before, strict=True)):
                self.lr += self.gamma * float(np.sum(one * last))
                self.x[k] = self.x[k] - self.lr * one
            return self.x
        signal = inner(g, before)
        if self.bug == "mean":
            signal /= count
        following = self.lr + self.gamma * signal * (-1 if self.bug == "sign" else 1)
        played = self.lr if self.bug == "late" else following
        self.lr = following
        self.x = [x - played * one for x, one in zip(self.x, g, strict=True)]
        return self.x


class EGDD:
    """EGDD, the form of the code: gains, a scale, heavy ball; norms over all tensors."""

    def __init__(
        self, tensors: Any, lr: float = 0.01, momentum: float = 0.9, beta: float = 0.9, gamma_p: float = 0.01, gamma_s: float = 1e-3,
        p_max: float = 100.0, bug: str = "",
    ) -> None:  # fmt: skip
        self.x, self.lr, self.mu, self.beta, self.bug = [np.array(x) for x in tensors], lr, momentum, beta, bug
        self.gamma_p, self.gamma_s, self.p_max = gamma_p, gamma_s, p_max
        self.m, self.a = ([np.zeros_like(x) for x in self.x] for _ in range(2))
        self.p, self.s, self.n = [np.ones_like(x) for x in self.x], 1.0, 0

    def step(self, gradients: Any) -> Any:
        g = [np.zeros_like(x) if g is None else g for x, g in zip(self.x, gradients, strict=True)]
        self.n += 1
        if self.bug != "new momentum":
            self.grow_scale(g)
        for k, one in enumerate(g):
            old = self.a[k]
            new = self.beta * old + (1 - self.beta) * one
            e = np.sign(one) * np.sign(new if self.bug == "new average" else old)
            if self.bug == "no signs":
                e = one * old / (1 - self.beta ** max(self.n - 1, 1))
            if self.bug == "sign of the gains":
                e = -e
            gain = self.p[k] * np.exp(self.gamma_p * e)
            gain = gain if self.bug == "no limits" else np.clip(gain, 1e-2, self.p_max)
            used = self.p[k] if self.bug == "old gains" else gain
            self.m[k] = self.mu * self.m[k] + self.lr * used * one
            self.p[k], self.a[k] = gain, new
        if self.bug == "new momentum":
            self.grow_scale(g)
        for k, m in enumerate(self.m):
            self.x[k] = self.x[k] - self.s * m
        return self.x

    def grow_scale(self, g: Any) -> None:
        g_norm, m_norm = np.sqrt(inner(g, g)), np.sqrt(inner(self.m, self.m))
        small = 1e-8 if self.bug == "norm eps" else 1e-10
        cosine = min(max(inner(g, self.m) / ((g_norm + small) * (m_norm + small)), -1.0), 1.0)
        if self.bug == "inner product":
            cosine = inner(g, self.m)
        cosine = -cosine if self.bug == "sign" else cosine
        factor = 1 + self.gamma_s * cosine if self.bug == "first order" else np.exp(self.gamma_s * cosine)
        self.s = min(max(self.s * factor, 0.1), 10.0)


class ALERA:
    """ALERA: a rate per tensor from the path of its normalized gradients."""

    def __init__(self, tensors: Any, lr: float = 0.01, alpha: float = 0.1, C: float = 0.01, bug: str = "") -> None:
        self.x, self.alpha, self.C, self.bug = [np.array(x) for x in tensors], alpha, C, bug
        self.p, self.rates, self.t = [np.zeros_like(x) for x in self.x], [lr] * len(self.x), [0] * len(self.x)

    def step(self, gradients: Any) -> Any:
        live = [k for k, g in enumerate(gradients) if g is not None and g.size]
        for k in live:
            self.t[k] += 1
        if self.bug == "merged":
            flat, x, p = (np.concatenate([np.ravel(v[k]) for k in live]) for v in (gradients, self.x, self.p))
            x, p, self.rates[0] = self.moved(x, flat, p, self.rates[0], self.t[live[0]])
            ends = np.cumsum([self.x[k].size for k in live])[:-1]
            for k, part, path in zip(live, np.split(x, ends), np.split(p, ends), strict=True):
                self.x[k], self.p[k] = part.reshape(self.x[k].shape), path.reshape(self.x[k].shape)
            return self.x
        for k in live:
            self.x[k], self.p[k], self.rates[k] = self.moved(self.x[k], gradients[k], self.p[k], self.rates[k], self.t[k])
        return self.x

    def moved(self, x: Any, g: Any, p: Any, rate: float, t: int) -> Any:
        a, norm, old = self.alpha, np.linalg.norm(g), float(np.sum(p * p))
        new = (1 - a) * p + (a * g / norm if norm > 1e-6 else 0)
        mean = a / (2 - a) * (1.0 if self.bug == "no transient" else 1 - (1 - a) ** (2 * t))
        length = old if self.bug == "old path" else float(np.sum(new * new))
        exponent = self.C * np.sqrt(g.size) / a * (length - mean)
        following = rate * np.exp(-exponent if self.bug == "sign" else exponent)
        return x - (rate if self.bug == "late" else following) * g, new, following
