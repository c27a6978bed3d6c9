"""GALA's practical rule, CLARA along SGD and Adam, and EGDD's momentum form as steps ``(state, g, q) -> state`` over any array library.

Formulas are those of the package, read over the library, with the library's own exponential; only the order of the operations is
written here, in the way of a straightforward implementation: norms by the library's own inner product, no scaling against overflow, no
checks, no status. ``g`` is the gradient at x, ``q`` the one at the point before (which only GALA looks at).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lra_ref.arithmetic import exponential, finite_or_nan, power
from lra_ref.directions import adam, momentum
from lra_ref.directions import exponentiated as gains
from lra_ref.formulas import average, clip, descend, read, square
from lra_ref.learners.formulas import ftrl
from lra_ref.rates import exponentiated as scales
from lra_ref.rates import gala
from lra_ref.rates.clara import SHORTEST, multiplier
from lra_ref.rates.clara_laws import independent_mean

State = dict[str, Any]
Step = Callable[[State, Any, Any], State]
C, D = 0.2, 1e-3


class Numbers:
    """Takes the place of ``np`` in formulas of plain numbers."""

    sqrt, exp, minimum, maximum = math.sqrt, math.exp, min, max

    @staticmethod
    def where(condition: bool, a: Any, b: Any) -> Any:
        """The one or the other."""
        return a if condition else b


@dataclass(frozen=True)
class Library:
    """Namespaces for arrays and for scalars, what turns a sum into a scalar, exponential and clip of arrays."""

    arrays: Any
    scalars: Any
    number: Callable[[Any], Any]
    exp: Callable[[Any], Any]
    clip: Callable[[Any, Any, Any], Any]

    def over_arrays(self, formula: Callable[..., Any]) -> Callable[..., Any]:
        """The formula over arrays."""
        return read(formula, self.arrays, {exponential: self.exp, finite_or_nan: same, clip: self.clip})

    def over_scalars(self, formula: Callable[..., Any]) -> Callable[..., Any]:
        """The formula over scalars."""
        return read(formula, self.scalars, {exponential: self.scalars.exp, finite_or_nan: same, power: pow})

    def dot(self, a: Any, b: Any) -> Any:
        """Inner product as a scalar."""
        return self.number(a @ b)


def same(value: Any) -> Any:
    """The value."""
    return value


def gala_practical(x: Any, library: Library, eta_0: float = 0.1) -> tuple[State, Step]:
    """End point, next batch, feedback of gradients, unclipped, delta = 0."""
    secant, curvature, learn = (library.over_scalars(f) for f in (gala.secant, gala.curvature, ftrl))
    dot = library.dot
    zero = library.number(0 * x[0])
    state = {"x": x, "x_prev": x, "norm2": zero, "sum_a": zero, "sum_b": zero, "eta": zero + eta_0}

    def step(state: State, g: Any, q: Any) -> State:
        x = state["x"]
        change, moved = g - q, x - state["x_prev"]
        smooth = secant(dot(change, change), dot(moved, moved))
        # before the first move nothing is known: the points are the same, and norm2 is 0
        fresh = library.scalars.where(state["norm2"] > 0, 1, 0)
        sum_a = state["sum_a"] + fresh * dot(g, q)
        sum_b = state["sum_b"] + curvature(smooth, 0, state["norm2"], 1, 0)
        eta = learn(state["eta"], eta_0, 0, sum_a, sum_b, -math.inf, math.inf)
        moved_x = descend(x, eta, g)
        return {"x": moved_x, "x_prev": x, "norm2": dot(g, g), "sum_a": sum_a, "sum_b": sum_b, "eta": eta}

    return state, step


def clara(x: Any, library: Library, lr: float = 1e-3) -> tuple[State, Step]:
    """CLARA along SGD with the reference c/(2-c)."""
    state = {"x": x, "path": 0 * x, "eta": library.number(0 * x[0]) + lr}
    follow = clara_step(library, float(independent_mean(C)))
    return state, lambda state, g, q: follow(state, g)


def clara_step(library: Library, reference: float) -> Callable[[State, Any], State]:
    """Normalise, move, update path and rate."""
    grow = library.over_scalars(multiplier)
    root, longest = library.scalars.sqrt, library.scalars.maximum

    def step(state: State, h: Any) -> State:
        u = h / longest(root(library.dot(h, h)), SHORTEST)
        x, path = descend(state["x"], state["eta"], u), average(state["path"], u, 1 - C, C)
        return {"x": x, "path": path, "eta": state["eta"] * grow(library.dot(path, path), reference, D)}

    return step


def clara_adam(x: Any, library: Library, lr: float = 1e-3, reference: float = 1.0) -> tuple[State, Step]:
    """CLARA along Adam's direction, with a reference given as a number."""
    clocks = library.over_scalars(adam.bias_corrections)
    direction, follow = library.over_arrays(adam.adam_direction), clara_step(library, reference)
    beta1, beta2, eps = 0.9, 0.999, 1e-8
    zero = library.number(0 * x[0])
    state = {"x": x, "path": 0 * x, "eta": zero + lr, "m": 0 * x, "v": 0 * x, "t": zero}

    def step(state: State, g: Any, q: Any) -> State:
        m, v = average(state["m"], g, beta1, 1 - beta1), average(state["v"], square(g), beta2, 1 - beta2)
        moved = follow(state, direction(m, v, *clocks(beta1, beta2, state["t"]), eps))
        return {**moved, "m": m, "v": v, "t": state["t"] + 1}

    return state, step


def egdd_momentum(x: Any, library: Library, lr: float = 0.1) -> tuple[State, Step]:
    """EGDD with momentum 0.9, gains by signs, one scale by the cosine."""
    signs, grow = library.over_arrays(gains.sign_agreement), library.over_arrays(gains.grown_gain)
    cosine, grow_scale = library.over_scalars(scales.cosine), library.over_scalars(scales.grown_scale)
    g_defaults, s_defaults = gains.EGMomentumParameters(), scales.ExponentiatedParameters()
    mu, beta = g_defaults.momentum, g_defaults.beta
    zero = library.number(0 * x[0])
    state = {"x": x, "gains": 0 * x + 1, "average": 0 * x, "buffer": 0 * x, "scale": zero + 1}

    def step(state: State, g: Any, q: Any) -> State:
        kept = state["buffer"]
        c = cosine(library.dot(g, kept), library.dot(g, g), library.dot(kept, kept), lr, s_defaults.norm_eps)
        scale = grow_scale(state["scale"], c, s_defaults.gamma_s, s_defaults.s_min, s_defaults.s_max)
        p = grow(state["gains"], signs(g, state["average"]), g_defaults.gamma_p, g_defaults.p_min, g_defaults.p_max)
        buffer = momentum.average(kept, p * g, mu, 1)
        x = scales.decayed_step(state["x"], s_defaults.wd * lr, lr * scale, buffer)
        return {"x": x, "gains": p, "average": average(state["average"], g, beta, 1 - beta), "buffer": buffer, "scale": scale}

    return state, step
