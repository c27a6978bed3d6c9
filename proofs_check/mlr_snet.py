"""Proof steps of MLR-SNet; the numbered outline is on the theory page ``docs/theory/mlr_snet.md``.

No proof exists: that the network learns anything useful.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
import z3

from lra_ref.formulas import descend, product, read
from lra_ref.methods import mlr_snet_cell as cell
from lra_ref.methods.mlr_snet import meta_slope
from proofs_check.algebra import identities, identity, reals, same, symbolic
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Result, Step, both, counted


class Sigmoid(sp.Function):
    """A function of which only sigma' = sigma (1 - sigma) is known (step M1.1)."""

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return self * (1 - self)


class Side(sp.Function):
    """1 or 0, the side of the kink on which a pre-activation lies; constant off the kink."""

    def fdiff(self, argindex: int = 1) -> Any:
        """The derivative."""
        return sp.Integer(0)


class Arrays:
    """Takes the place of ``np`` in the network: object arrays of expressions."""

    concatenate, swapaxes, asarray, cumsum, prod = np.concatenate, np.swapaxes, np.asarray, np.cumsum, np.prod

    @staticmethod
    def zeros(count: int) -> Any:
        """Zeros that may become expressions."""
        return np.zeros(count, dtype=object)


def each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function for every element of an array, or of one expression."""

    def over(z: Any) -> Any:
        return np.frompyfunc(function, 1, 1)(z) if isinstance(z, np.ndarray) else function(z)

    return over


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the network over expressions, with the elementary ones by their derivative alone."""
    known = {cell.sigmoid: each(Sigmoid), cell.rectified: each(lambda z: z * Side(z)), cell.rectified_slope: each(Side)}
    return read(function, Arrays, known)


def network(hidden: int) -> tuple[Any, Any, Any, Any]:
    """theta, h, c and the loss as symbols, with two leading axes of one."""
    made = [
        np.array([[reals(f"{name}:{count}")]], dtype=object) for name, count in (("t", cell.size(hidden)), ("h", hidden), ("c", hidden))
    ]
    return made[0], made[1], made[2], np.array([[[sp.Symbol("l", real=True)]]], dtype=object)


def small(check: Callable[[int], Outcome]) -> Outcome:
    """For H = 1 and, if that is proved, for H = 2."""
    first = check(1)
    return both(first, check(2)) if first.result is Result.PROVED else first


def free(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The values of Sigmoid and Side as free numbers: what holds for all of them holds for those that they have."""
    atoms = sorted(set().union(*(sp.sympify(side).atoms(Sigmoid, Side) for pair in pairs for side in pair)), key=sp.count_ops, reverse=True)
    names = {atom: sp.Symbol(f"y{k}", real=True) for k, atom in enumerate(atoms)}
    return [(sp.sympify(a).xreplace(names), sp.sympify(b).xreplace(names)) for a, b in pairs]


# --- M1: the gradient ------------------------------------------------------------------------------------------------------------------
def elementary(factor: Any = 1) -> Outcome:
    """The derivatives of the elementary functions, from their values."""
    z, size = reals("z"), reals("size", positive=True)
    sigmoid, tanh = symbolic(cell.sigmoid), symbolic(cell.hyperbolic)
    relu, side = symbolic(cell.rectified), symbolic(cell.rectified_slope)
    exponentials = sp.tanh(z).rewrite(sp.exp)
    return both(
        identities([
            (sp.diff(sigmoid(z), z), factor * symbolic(cell.sigmoid_slope)(sigmoid(z))), (sigmoid(z), 1 / (1 + sp.exp(-z))),
            (tanh(z), exponentials), (sp.diff(tanh(z), z), symbolic(cell.hyperbolic_slope)(tanh(z))),
        ]),
        same([(relu(size), size), (relu(-size), 0), (side(size), 1), (side(-size), 0), (side(sp.Integer(0)), 0)]),
    )  # fmt: skip


def gradient(hidden: int, factor: int = 1) -> Outcome:
    """Every derivative of s in theta, h and c held fixed."""
    theta, h, c, loss = network(hidden)
    view = reading(cell.look)(theta, h, c, loss, hidden)
    found = reading(cell.slopes)(theta, h, c, loss, hidden, view)
    pairs = free([(sp.diff(view.s[0, 0, 0], t), factor * g) for t, g in zip(theta[0, 0], found[0, 0], strict=True)])
    # polynomials in free numbers: equal exactly if nothing is left after expansion
    return counted(same([(sp.expand(a - b), 0)]) for a, b in pairs)


def as_published(sign: int = -1) -> Outcome:
    """The equations of the cell, H = 1: u, v, the gates, c+, h+, s."""
    theta, h, c, loss = network(1)
    t, seen, h_old, c_old = theta[0, 0], loss[0, 0, 0], h[0, 0, 0], c[0, 0, 0]
    A, a, B, b, C, d, E, e, w, w_0 = t[0], t[1], t[2:6], t[6:10], t[10], t[11], t[12:16], t[16:20], t[20], t[21]
    u, v = A * seen + a, C * h_old + d
    z = [B[k] * u * Side(u) + b[k] + E[k] * v * Side(v) + e[k] for k in range(4)]
    i, f, o, g = Sigmoid(z[0]), Sigmoid(z[1] + sign), Sigmoid(z[2]), 2 * Sigmoid(2 * z[3]) - 1
    c_new = f * c_old + i * g
    h_new = o * (2 * Sigmoid(2 * c_new) - 1)
    view = reading(cell.look)(theta, h, c, loss, 1)
    pairs = [(view.c[0, 0, 0], c_new), (view.h[0, 0, 0], h_new), (view.s[0, 0, 0], Sigmoid(w * h_new + w_0))]
    return same([(sp.expand(x), sp.expand(y)) for x, y in pairs])


def stacked(shift: float = 0.0) -> Outcome:
    """A stack of networks, with one or two leading axes, is looked at and differentiated as each of them alone (numbers, bit for bit)."""
    hidden, generator, pairs = 2, np.random.default_rng(0), []
    for lead in ((2,), (2, 1)):
        theta, h, c = (generator.normal(size=(*lead, count)) for count in (cell.size(hidden), hidden, hidden))
        loss = generator.exponential(size=(*lead, 1))
        view = cell.look(theta, h, c, loss, hidden)
        found = cell.slopes(theta, h, c, loss, hidden, view)
        for at in np.ndindex(lead):
            alone = cell.look(theta[at], h[at], c[at], loss[at], hidden)
            gradient = cell.slopes(theta[at], h[at], c[at], loss[at], hidden, alone)
            pairs += [(int(np.array_equal(found[at], gradient + shift)), 1), (int(np.array_equal(view.h[at], alone.h)), 1)]
        pairs.append((found.shape == theta.shape, True))
    return same(pairs)


def kernels(hidden: int, shift: int = 0) -> Outcome:
    """Kernels and arrays: the same expressions."""
    theta, h, c, loss = network(hidden)
    view = reading(cell.look)(theta, h, c, loss, hidden)
    found = reading(cell.slopes)(theta, h, c, loss, hidden, view)
    work, out = Arrays.zeros(9 * hidden), Arrays.zeros(cell.size(hidden))
    s = reading(cell.forward)(theta[0, 0], h[0, 0], c[0, 0], loss[0, 0, 0], hidden, work)
    reading(cell.backward)(theta[0, 0], h[0, 0], c[0, 0], loss[0, 0, 0], hidden, work, s, out)
    names = ("pre_u", "pre_v", "i", "f", "o", "g", "h", "c", "tanh_c")
    laid = np.concatenate([getattr(view, name)[0, 0] for name in names])
    return same([(s + shift, view.s[0, 0, 0]), *zip(work, laid, strict=True), *zip(out, found[0, 0], strict=True)])


def chain(sign: int = -1) -> Outcome:
    """d/de L(x - Gamma (s + e k) g) at e = 0 for a quadratic L of two variables."""
    x, g, top = reals("x1 x2"), reals("g1 g2"), reals("q1 q2 q11 q12 q22")
    gamma, s, k, e, u, v = reals("Gamma s k e u v")
    loss = top[0] * u + top[1] * v + top[2] * u * u + top[3] * u * v + top[4] * v * v
    moved = [symbolic(descend)(x[n], symbolic(cell.rate)(gamma, s + e * k), g[n]) for n in range(2)]
    at = {u: moved[0], v: moved[1]}
    slopes = [sp.diff(loss, w).subs(at, simultaneous=True).subs(e, 0) for w in (u, v)]
    slope = sum(product(slopes[n], g[n]) for n in range(2))
    derivative = sp.diff(loss.subs(at, simultaneous=True), e).subs(e, 0)
    return identity(derivative, symbolic(meta_slope)(sign * symbolic(cell.rate)(gamma, slope), k))


# --- M2, M3: ranges ----------------------------------------------------------------------------------------------------------------------
class Positive(Reals):
    """Real numbers, an exponential being any positive one."""

    def exp(self, z: Any) -> Any:
        """A new variable above 0."""
        power = z3.FreshReal("exp")
        self.side.append(power > 0)
        return power


def inside(least: Any = 0) -> Outcome:
    """0 < Gamma s < Gamma, with the exponential any positive number."""
    real = Positive()
    gamma, z = real("Gamma z")
    lr = real.reading(cell.rate)(gamma, real.reading(cell.sigmoid)(z))
    return real.always(z3.And(lr > least, lr < gamma), given=[gamma > 0])


def grows(step: Any = 1) -> Outcome:
    """|c| <= n gives |f c + i g| < n + 1, and |tanh| < 1, for gates in (0, 1)."""
    real = Positive()
    f, i, g, c, n, z = real("f i g c n z")
    gates = [0 < f, f < 1, 0 < i, i < 1, -1 < g, g < 1, n >= 0, -n <= c, c <= n]
    after, tanh = real.reading(cell.memory)(f, c, i, g), real.reading(cell.hyperbolic)(z)
    return both(
        real.always(z3.And(after < n + step, after > -n - step), given=gates), real.always(z3.And(tanh < 1, tanh > -1), given=gates)
    )


OFF = ("no pre-activation of a rectifier is 0", "h and c do not depend on theta")
STEPS = [
    Step(
        id="mlr_snet.M1.1", method="algebra", check=elementary,
        formulas=(cell.sigmoid, cell.hyperbolic, cell.rectified, cell.sigmoid_slope, cell.hyperbolic_slope, cell.rectified_slope),
        says="sigma' = sigma (1 - sigma); 2 sigma(2z) - 1 = tanh z with slope 1 - tanh^2; max(z, 0) has slope 1 above 0, else 0",
        control=Control("twice the slope of sigma", lambda: elementary(2)),
    ),
    Step(
        id="mlr_snet.M1.2", method="algebra", check=as_published, formulas=(cell.memory, cell.look, cell.times, cell.parts),
        says="H = 1: the look is the published cell, gates sigma(z_1), sigma(z_2 - 1), sigma(z_3), tanh z_4 of z = B u + b + E v + e",
        uses=("mlr_snet.M1.1",), control=Control("sigma(z_2 + 1)", lambda: as_published(1)),
    ),
    Step(
        id="mlr_snet.M1.3", method="algebra", check=lambda: both(stacked(), small(gradient)),
        formulas=(cell.slopes, cell.look, cell.memory, cell.sigmoid_slope, cell.hyperbolic_slope, cell.times, cell.parts),
        says="H = 1 and 2: each of the 22 and 61 derivatives of s in theta is the one computed, whatever the values of the gates; a stack "
        "of networks as each alone",
        assumes=(*OFF, "of stacks two random ones are looked at, bit for bit"), uses=("mlr_snet.M1.1", "mlr_snet.M1.2"),
        control=Control("twice the gradient", lambda: gradient(1, 2)),
    ),
    Step(
        id="mlr_snet.M1.4", method="algebra", check=lambda: small(kernels),
        formulas=(cell.forward, cell.backward, cell.row_times, cell.column_times),
        says="H = 1 and 2: the kernels compute the expressions of the arrays, intermediate ones included", uses=("mlr_snet.M1.3",),
        control=Control("s + 1", lambda: kernels(1, 1)),
    ),
    Step(
        id="mlr_snet.M1.5", method="algebra", check=chain, formulas=(meta_slope, cell.rate),
        says="d/dtheta L(x - Gamma s g) = -Gamma <grad L(x - Gamma s g), g> ds/dtheta (chain rule; every quadratic L of two variables)",
        uses=("mlr_snet.M1.3",), control=Control("the other sign", lambda: chain(1)),
    ),
    Step(
        id="mlr_snet.M2.1", method="decision", check=inside, formulas=(cell.sigmoid, cell.rate), assumes=("Gamma > 0", "exp(-z) > 0"),
        says="0 < Gamma/(1 + exp(-z)) < Gamma", control=Control("above 1/100", lambda: inside(sp.Rational(1, 100))),
    ),
    Step(
        id="mlr_snet.M3.1", method="decision", check=grows, formulas=(cell.memory, cell.hyperbolic, cell.sigmoid), uses=("mlr_snet.M2.1",),
        says="|c| <= n gives |c+| < n + 1: after n looks from 0, |c| < n and |h+| = |o tanh c+| < 1", assumes=("exp(-z) > 0",),
        control=Control("n + 1/2", lambda: grows(sp.Rational(1, 2))),
    ),
]  # fmt: skip
THEOREMS = {
    "mlr_snet.M1": "the hand-written derivative of the held-out loss L(x - Gamma s(theta) g) in theta is the true one, (h, c) held fixed: "
    "hidden sizes 1 and 2, every weight",
    "mlr_snet.M2": "the learning rate lies in (0, Gamma)",
    "mlr_snet.M3": "after n looks from the zero state |c| < n and |h| < 1, whatever the losses and the weights",
}
