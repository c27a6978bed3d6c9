"""The kernels of a direction and a rate, step by step over another namespace: exact numbers, symbols, degrees.

What runs here are the kernels of the compiled engine themselves, on object arrays. Sums are taken in the order of the elements: in exact
arithmetic every order is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import read
from lra_ref.methods import compose
from lra_ref.parts import Direction, Rate
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import SYMPY

#: places of the hyper-parameters in ``hyp`` of the rate
THETA, LOW, HIGH, ETA_0, EPS_F, DECAY, FACTOR = range(2, 9)
#: member -> what it rests on: the Fisher members are computed by other kernels than those of a pair of gradients
CODES, PAIRS = gv.CODES, gv.PAIRS


def exact(value: float) -> Any:
    """A float64 as the rational number that it is."""
    return sp.oo if value == float("inf") else sp.Rational(value)


def vector(names: str, **assumptions: bool) -> Any:
    """An object array of real symbols."""
    return np.array(sp.symbols(names, real=True, **assumptions), dtype=object)


def zeros(*shape: int) -> Any:
    """An object array of exact zeros."""
    return np.full(shape, sp.Integer(0), dtype=object)


@dataclass
class Machine:
    """One trajectory of one block. ``vec``, ``scal``: state of the rate; ``buffer``, ``inner``: of the direction."""

    direction: Direction
    rate: Rate
    namespace: Any
    hyp: list[Any]
    inner_hyp: list[Any]
    dim: int
    tidy: Callable[[Any], Any] = lambda value: value
    t: int = 0
    vec: Any = field(init=False)
    scal: Any = field(init=False)
    buffer: Any = field(init=False)
    inner: Any = field(init=False)

    def __post_init__(self) -> None:
        self.vec, self.scal = zeros(max(len(self.rate.vectors), 1), self.dim), zeros(1, len(self.rate.columns))
        self.buffer, self.inner = zeros(max(len(self.direction.vectors), 1), self.dim), zeros(1, 1 + len(self.direction.scalars))

    def aim(self, x: Any, g: Any) -> Any:
        """The direction d_t; updates its buffer."""
        if self.direction.map is None:
            return g
        d, coef, none = zeros(self.dim), zeros(1, self.direction.coefficients), zeros(1, self.dim)
        self.read(self.direction.begin)(0, 1, self.t, None, None, self.inner, self.inner_hyp, coef)
        self.read(self.direction.map)(0, 0, self.dim, 0, x, g, d, none, self.buffer, coef, none)
        return d

    def summands(self, x: Any, g: Any, d: Any, q: Any) -> Any:
        """Sums of the rate's feedback, (1, sums)."""
        out, coef = zeros(self.rate.sums, self.dim), zeros(1, 1)
        self.read(self.rate.terms)(0, 0, self.dim, 0, x, g, d, q[None, :], self.vec, coef, out)
        return np.array([[self.tidy(sum(row[1:], row[0])) for row in out]], dtype=object)

    def decide(self, sums: Any) -> Any:
        """The rate eta_t; updates the scalars."""
        return self.read(self.rate.decide)(0, 1, self.t, None, sums, self.scal, self.hyp, zeros(1, 1))

    def move(self, x: Any, g: Any, d: Any, eta: Any) -> Any:
        """x_{t+1}; updates the vectors of the rate."""
        coef, none, after = np.array([[eta]], dtype=object), zeros(1, self.dim), x.copy()
        self.read(self.rate.move)(0, 0, self.dim, 0, after, g, d, none, self.vec, coef, none)
        self.t += 1
        return np.array([self.tidy(value) for value in after], dtype=object)

    def step(self, x: Any, gradient: Callable[[Any], Any]) -> tuple[Any, Any, Any]:
        """``(x_{t+1}, g_t, eta_t)``; the extra gradient is that of the same function at x_{t-1}."""
        g = gradient(x)
        q = gradient(self.vec[0]) if self.rate.points and self.t > 0 else zeros(self.dim)
        d = self.aim(x, g)
        eta = self.decide(self.summands(x, g, d, q))
        return self.move(x, g, d, eta), g, eta

    def read(self, kernel: Callable[..., Any] | None) -> Callable[..., Any]:
        """The kernel over the namespace."""
        assert kernel is not None
        return read(kernel, self.namespace)


def machine(
    direction: str, member: str, dim: int = 1, *, pair: str = "same", namespace: Any = SYMPY, tidy: Any = None, **values: Any
) -> Machine:
    """The machine of a member along a direction, all hyper-parameters exact; ``hyp``: symbols in place of numbers by their place."""
    symbols = values.pop("hyp", {})
    method = compose(direction, "gradient_variation", member=member, pair="same" if member.startswith("random") else pair, **values)
    rate = method.rate.bound(method.direction, np.array([0, dim]))
    hyp = [exact(value) for value in rate.hyper()]
    for place, symbol in symbols.items():
        hyp[place] = symbol
    inner = [exact(value) for value in method.direction.hyper()]
    return Machine(method.direction, rate, namespace, hyp, inner, dim, tidy or (lambda value: value))


@dataclass(frozen=True)
class Path:
    """What a run went through: points (T + 1), gradients (T), rates (T), squared norms of the gradients (T), v (T, or zeros)."""

    x: list[Any]
    g: list[Any]
    eta: list[Any]
    moments: list[Any]

    @property
    def norms2(self) -> list[Any]:
        """|g_t|^2."""
        return [sum(g * g) for g in self.g]


def run(at: Machine, x0: Any, gradient: Callable[[Any], Any], steps: int) -> Path:
    """``steps`` steps of the kernels."""
    x = np.array([sp.sympify(value) for value in x0], dtype=object)
    path = Path([x], [], [], [])
    for _ in range(steps):
        x, g, eta = at.step(x, gradient)
        path.x.append(x)
        path.g.append(g)
        path.eta.append(eta)
        path.moments.append(at.scal[0, 3] if at.scal.shape[1] > 3 else sp.Integer(0))
    return path


def parabola(*spectrum: Any, star: Any = 0) -> Callable[[Any], Any]:
    """Gradient of sum_k lambda_k (x_k - x*)^2 / 2."""
    return lambda x: np.array([sp.expand(weight * (value - star)) for weight, value in zip(spectrum, x, strict=True)], dtype=object)
