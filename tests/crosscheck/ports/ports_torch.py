"""Ports in PyTorch, right (``bug=""``) and with one deviation; imported only where torch is installed."""

from __future__ import annotations

import math
from typing import Any

import torch


class Clara(torch.optim.Optimizer):
    """CLARA on SGD or on Adam's direction, one rate for all groups; the rate lives in the parameter groups."""

    def __init__(self, params: Any, lr: float = 1e-3, c: float = 0.2, d: float = 1e-3, mu_ref: float | None = None, bug: str = "") -> None:
        super().__init__(params, {"lr": lr, "c": c, "d": d, "mu_ref": mu_ref if mu_ref is not None else c / (2 - c)})
        self.bug = bug

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        total, count, rate = 0.0, 0, self.param_groups[0]["lr"]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None or not p.numel():
                    continue
                state = self.state[p]
                path = state.setdefault("path", torch.zeros_like(p))
                u = p.grad / max(float(p.grad.norm()), 1e-12)
                p.sub_(rate * u)
                path.mul_(1 - group["c"]).add_(u, alpha=group["c"])
                length = float((path * path).sum())
                total, count = total + length, count + 1
        group = self.param_groups[0]
        exponent = group["d"] * (total / ((1 if self.bug == "sum" else count) * group["mu_ref"]) - 1)
        for one in self.param_groups:
            one["lr"] = rate * math.exp(exponent)


class HypergradientAdam(torch.optim.Optimizer):
    """Hypergradient descent on Adam's rate; ``bug="in loop"``: updated within the loop over the tensors, as in the published code."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        gamma: float = 1e-8,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        bug: str = "",
    ) -> None:
        super().__init__(params, {"lr": lr, "gamma": gamma, "betas": betas, "eps": eps})
        self.bug, self.rate, self.count = bug, lr, 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        pairs = [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]
        signals = [float((p.grad * self.state[p]["direction"]).sum()) if self.count else 0.0 for _, p in pairs]
        self.count += 1
        if self.bug != "in loop":
            self.rate += pairs[0][0]["gamma"] * sum(signals)
        for (group, p), signal in zip(pairs, signals, strict=True):
            if self.bug == "in loop":
                self.rate += group["gamma"] * signal
            (b1, b2), state = group["betas"], self.state[p]
            m, v = (state.setdefault(name, torch.zeros_like(p)) for name in ("exp_avg", "exp_avg_sq"))
            m.mul_(b1).add_(p.grad, alpha=1 - b1)
            v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
            direction = m / (v.sqrt() + group["eps"]) * (math.sqrt(1 - b2**self.count) / (1 - b1**self.count))
            state["direction"] = direction.nan_to_num(0.0)
            p.sub_(self.rate * state["direction"])


class GALAPractical(torch.optim.Optimizer):
    """GALA's practical rule: the closure is called at the point of the step before as well."""

    def __init__(self, params: Any, eta_0: float = 0.1, delta: float = 0.0, bug: str = "") -> None:
        super().__init__(params, {"eta_0": eta_0, "delta": delta})
        self.bug, self.eta, self.last, self.a, self.b, self.before = bug, eta_0, eta_0, 0.0, 0.0, None

    def _gradients(self, live: Any, closure: Any) -> Any:
        closure()
        return [p.grad.clone() for p in live]

    @torch.no_grad()
    def step(self, closure: Any) -> None:
        group = self.param_groups[0]
        live = [p for one in self.param_groups for p in one["params"] if p.grad is not None and p.numel()]
        g = self._gradients(live, closure)
        if self.before is not None:
            points, norm2 = self.before
            here = [p.clone() for p in live]
            for p, point in zip(live, points, strict=True):
                p.copy_(point)
            old = self._gradients(live, closure)
            for p, point in zip(live, here, strict=True):
                p.copy_(point)
            way = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(here, points, strict=True)))
            change = math.sqrt(sum(float(((a - b) ** 2).sum()) for a, b in zip(g, old, strict=True)))
            self.a += sum(float((a * b).sum()) for a, b in zip(g, old, strict=True))
            self.b += (change / way if way > 0 else 0.0) * norm2
            self.eta = (group["delta"] * group["eta_0"] + self.a) / (group["delta"] + self.b)
        played, self.last = (self.last if self.bug == "late" else self.eta), self.eta
        self.before = ([p.clone() for p in live], sum(float((a * a).sum()) for a in g))
        for p, one in zip(live, g, strict=True):
            p.sub_(played * one)
