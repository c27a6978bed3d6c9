"""G2b, G2c, G2d: the learners that take projected steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import clip
from lra_ref.learners import bounds
from lra_ref.learners.formulas import CODES, adagrad_weight, learn, loss, loss_slope, ogd
from proofs_check.algebra import identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import PROJECTION
from proofs_check.gala_steps.logarithmic import BOXED, library, written_adagrad, written_logarithmic
from proofs_check.gala_steps.readings import NINE_TENTHS
from proofs_check.steps import Control, Outcome, Step, both, counted


# --- G2c: projected steps ----------------------------------------------------------------------------------------------------------------
def projected(factor: Any = 1) -> Outcome:
    """W (eta_{t+1} - u)^2 <= W (eta_t - u)^2 - 2 l' (eta_t - u) + l'^2/W for u in K."""
    real = Reals()
    e, s, w, low, high, u = real("e s w low high u")
    new = real.reading(ogd)(e, s, w, low, high)
    # multiplied by w > 0
    claim = w * w * (new - u) ** 2 <= w * w * (e - u) ** 2 - 2 * w * s * (e - u) + factor * s * s
    return real.always(claim, [w > 0, low <= u, u <= high])


def parabola(curved: int = 1) -> Outcome:
    """l(eta) - l(u) = l'(eta)(eta - u) - (b/2)(eta - u)^2."""
    e, u, a, b = reals("e u a b")
    slope = loss_slope(e, a, b)
    return identity(loss(e, a, b) - loss(u, a, b), slope * (e - u) - curved * b / 2 * (e - u) ** 2)


def eager_step(weight: Any = 1) -> Outcome:
    """The same increment as in G1, as an inequality for u in K; new is the projected step."""
    real = Reals()
    e, a, b, w, low, high, u = real("e a b w low high u")
    f, slope = real.reading(loss), real.reading(loss_slope)(e, a, b)
    new = real.reading(ogd)(e, slope, w + b, low, high)
    total = w + b
    claim = (f(e, a, b) - f(u, a, b)) * 2 * total <= total * w * (e - u) ** 2 - total * total * (new - u) ** 2 + weight * slope * slope
    return real.always(claim, [w >= 0, b >= 0, total > 0, low <= u, u <= high])


G2C = [
    Step(
        id="gala.G2c.1", says="eager clipping: W (eta_{t+1} - u)^2 <= W (eta_t - u)^2 - 2 l_t'(eta_t)(eta_t - u) + l_t'(eta_t)^2/W for u "
        "in K",
        method="decision", check=projected, formulas=(ogd, clip), facts=(PROJECTION,), assumes=("W > 0",),
        control=Control("nine tenths of l'^2/W", lambda: projected(NINE_TENTHS)),
    ),
    Step(
        id="gala.G2c.2", says="l(eta) - l(u) = l'(eta)(eta - u) - (b/2)(eta - u)^2", method="algebra", check=parabola,
        formulas=(loss, loss_slope), control=Control("without the curvature", lambda: parabola(0)),
    ),
    Step(
        id="gala.G2c.3",
        says="l_t(eta_t) - l_t(u) <= (B_t/2)(u - eta_t)^2 - (B_{t+1}/2)(u - eta_{t+1})^2 + (b_t eta_t - a_t)^2/(2 B_{t+1}) for u in K; sum "
        "over t",
        method="decision", check=eager_step, formulas=(ogd, loss, loss_slope), uses=("gala.G2c.1", "gala.G2c.2"),
        assumes=("b_t >= 0", "B_t >= 0", "B_{t+1} > 0"), control=Control("nine tenths of the last term", lambda: eager_step(NINE_TENTHS)),
    ),
]  # fmt: skip


# --- G2b -------------------------------------------------------------------------------------------------------------------------------
def weight_grows(reach: int = 1) -> Outcome:
    """D = W_{t+1} - b_t - W_t >= 0, and D (eta_t - u)^2 <= D eta_max^2 on [0, eta_max]."""
    real = Reals()
    e, u, a, b, w, past, top = real("e u a b w past top")
    weight = real.reading(adagrad_weight)
    grown = weight(w + b, past + a * a, top) - b - weight(w, past, top)
    known = [top > 0, w > 0, b >= 0, past >= 0, 0 <= e, e <= top, 0 <= u, u <= reach * top]
    return both(real.always(grown >= 0, known), real.always(grown * (e - u) ** 2 <= grown * top * top, known))


def roots_add_up(factor: Any = 1) -> Outcome:
    """(eta_max^2/2) sum D = eta_max sqrt(A_T): by induction, from W_0 = delta."""
    w, b, past, present, top = reals("w b A A1 eta_max", positive=True)
    weight = symbolic(adagrad_weight)
    grown = weight(w + b, present, top) - b - weight(w, past, top)
    step = (factor * top**2 / 2 * grown, top * (sp.sqrt(present) - sp.sqrt(past)))
    return telescopes((weight(w, sp.Integer(0), top), w), step)


def adagrad_summand(factor: int = 2) -> Outcome:
    """l'^2/(2 W) <= eta_max (sqrt A_{t+1} - sqrt A_t) + b_max eta_max^2 b_t/B_{t+1}; the roots are those in the weights."""
    real = Reals()
    e, a, b, w, past, top, most = real("e a b w past top most")
    weight, total = real.reading(adagrad_weight), w + b
    present = weight(total, past + a * a, top) - total
    before = weight(total, past, top) - total
    known = [top > 0, w > 0, 0 <= b, b <= most, past >= 0, 0 <= e, e <= top]
    # present = (2/eta_max) sqrt A_{t+1}, W = total + present; the two halves of l'^2 <= 2 a^2 + 2 b^2 eta^2 one after the other
    first = real.always(factor * a * a <= top * top * (present - before) * present, known)
    second = real.always(b * b * e * e * total <= most * top * top * b * (total + present), known)
    return both(first, second)


def boxed_step(weight: Any = 1) -> Outcome:
    """l(eta_t) - l(u) <= ((W - b)/2)(eta_t - u)^2 - (W/2)(eta_{t+1} - u)^2 + l'^2/(2 W) for the projected step of length 1/W."""
    real = Reals()
    e, a, b, w, high, u = real("e a b w high u")
    f, slope = real.reading(loss), real.reading(loss_slope)(e, a, b)
    new = real.reading(ogd)(e, slope, w, 0, high)
    claim = (f(e, a, b) - f(u, a, b)) * 2 * w <= w * (w - b) * (e - u) ** 2 - w * w * (new - u) ** 2 + weight * slope * slope
    return real.always(claim, [w > 0, b >= 0, 0 <= u, u <= high])


G2B = [
    Step(
        id="gala.G2b.1",
        says="l_t(eta_t) - l_t(u) <= ((W_{t+1} - b_t)/2)(eta_t - u)^2 - (W_{t+1}/2)(eta_{t+1} - u)^2 + l_t'(eta_t)^2/(2 W_{t+1}) for u in "
        "K",
        method="decision", check=boxed_step, formulas=(ogd, loss, loss_slope), uses=("gala.G2c.1", "gala.G2c.2"),
        assumes=("W_{t+1} = B_{t+1} + (2/eta_max) sqrt(A_{t+1}) > 0, A_t = sum_{s<t} a_s^2",),
        control=Control("nine tenths of the last term", lambda: boxed_step(NINE_TENTHS)),
    ),
    Step(
        id="gala.G2b.2", says="D_t = W_{t+1} - b_t - W_t >= 0, so D_t (eta_t - u)^2 <= D_t eta_max^2 for eta_t, u in [0, eta_max]",
        method="decision", check=weight_grows, formulas=(adagrad_weight,), uses=("gala.G2a.2",), assumes=BOXED,
        control=Control("u up to 3 eta_max", lambda: weight_grows(3)),
    ),
    Step(
        id="gala.G2b.3", says="W_0 = delta and (eta_max^2/2) sum D_t = eta_max sqrt(sum a_t^2), by induction", method="algebra",
        check=roots_add_up, formulas=(adagrad_weight,), assumes=("eta_max > 0",), control=Control("twice the sum", lambda: roots_add_up(2)),
    ),
    Step(
        id="gala.G2b.4",
        says="a_t^2/W_{t+1} <= eta_max (sqrt A_{t+1} - sqrt A_t) and b_t^2 eta_t^2/W_{t+1} <= b_max eta_max^2 b_t/B_{t+1}; with G2a.1 the "
        "last term "
        "sums to at most eta_max sqrt(sum a_t^2) + b_max eta_max^2 log(1 + sum b/delta)",
        method="decision", check=adagrad_summand, formulas=(adagrad_weight,), uses=("gala.G2a.1", "gala.G2a.5"),
        assumes=(*BOXED, "b_t <= b_max"),
        control=Control("3/2 of the first", lambda: adagrad_summand(3)),
    ),
    Step(
        id="gala.G2b.5", says="lra_ref.learners.bounds.adagrad_bound is (delta/2)(u - eta_0)^2 + 2 eta_max sqrt(sum a_t^2) + "
        "b_max eta_max^2 log(1 + sum b/delta) (exact sequences, T = 1, 2, 3): the sum of G2b.1 to G2b.4",
        method="algebra", check=lambda: library(bounds.adagrad_bound, written_adagrad), formulas=(bounds.adagrad_bound,),
        uses=("gala.G2b.1", "gala.G2b.2", "gala.G2b.3", "gala.G2b.4"), assumes=BOXED,
        control=Control("against the logarithmic bound", lambda: library(bounds.adagrad_bound, written_logarithmic)),
    ),
]  # fmt: skip


# --- G2d -------------------------------------------------------------------------------------------------------------------------------
class Polynomials(Reals):
    """Reals for a function with an exponential in a branch that is not taken."""

    @staticmethod
    def exp(x: Any) -> Any:
        """Refused."""
        raise TypeError("an exponential is no polynomial")


def constant_step(weight: Any = 1) -> Outcome:
    """l(eta_t) - l(u) <= [(eta_t - u)^2 - (eta_{t+1} - u)^2]/(2 gamma) + (gamma/2) l'^2 for the learner ``ogd_constant``."""
    real = Polynomials()
    e, a, b, gamma, low, high, u = real("e a b gamma low high u")
    f, slope = real.reading(loss), real.reading(loss_slope)(e, a, b)
    new, *_ = real.reading(learn)(CODES["ogd_constant"], 1, a, b, e, a, b, 0, 1, (1, e, low, high, gamma, 1, e))
    claim = (f(e, a, b) - f(u, a, b)) * 2 * gamma <= (e - u) ** 2 - (new - u) ** 2 + weight * gamma * gamma * slope * slope
    return real.always(claim, [gamma > 0, b >= 0, low <= u, u <= high])


def constant_library(weight: int = 1) -> Outcome:
    """``constant_bound`` for T = 1, 2, 3 against its formula in longhand."""
    out = []
    gamma, u = reals("gamma u", positive=True)
    for steps in (1, 2, 3):
        a, b, eta = (np.array([reals(f"{name}{t}") for t in range(steps + 1)]) for name in ("a", "b", "e"))
        written = (u - eta[0]) ** 2 / (2 * gamma) + weight * gamma / 2 * sum((b[t] * eta[t] - a[t]) ** 2 for t in range(steps))
        out.append(identity(bounds.constant_bound(a[:-1], b[:-1], eta, gamma, u)[-1], written))
    return counted(out)


G2D = [
    Step(
        id="gala.G2d.1", says="l_t(eta_t) - l_t(u) <= [(eta_t - u)^2 - (eta_{t+1} - u)^2]/(2 gamma) + (gamma/2) l_t'(eta_t)^2 for u in K; "
        "sum over t",
        method="decision", check=constant_step, formulas=(learn, loss, loss_slope, clip), facts=(PROJECTION,),
        assumes=("gamma > 0", "b_t >= 0"),
        control=Control("nine tenths of the last term", lambda: constant_step(NINE_TENTHS)),
    ),
    Step(
        id="gala.G2d.2", says="lra_ref.learners.bounds.constant_bound is (u - eta_0)^2/(2 gamma) + (gamma/2) sum l_t'(eta_t)^2 (T = 1, 2, "
        "3)",
        method="algebra", check=constant_library, formulas=(bounds.constant_bound, loss_slope), uses=("gala.G2d.1",),
        control=Control("without the sum", lambda: constant_library(0)),
    ),
]  # fmt: skip

STEPS = [*G2B, *G2C, *G2D]
