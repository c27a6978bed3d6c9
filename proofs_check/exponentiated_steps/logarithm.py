"""Where the logarithm of the rate goes: E7rate, E7mlog, E7mult, and how far the multiplicative rule is from exponentiated gradient."""

from __future__ import annotations

from typing import Any

import sympy as sp

from lra_ref.rates.exponentiated import grown_scale
from lra_ref.rates.hypergradient import multiplied
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import MEAN_VALUE, TAYLOR
from proofs_check.intervals import ARB, even_zero, positive
from proofs_check.steps import Control, Outcome, Step, both

ETA, LAM, GAMMA, BETA = reals("eta lam gamma beta", positive=True)
HALF = sp.Rational(1, 2)


def ratio_slope(sign: int = 1) -> Outcome:
    """h(z) = 1 - (1 + z) e^(-z), z = beta c: h(0) = 0, h' = z e^(-z), with 1 + z the factor of the library."""
    z = reals("z")
    h = 1 - symbolic(multiplied)(1, 1, z) * sp.exp(-z)
    return identities([(h.subs(z, 0), 0), (h.diff(z), sign * z * sp.exp(-z))])


def slope_bound(room: int = 0) -> Outcome:
    """|z e^(-z)| <= |z| e^beta for |z| <= beta: e^(-z) = E, e^beta = B, and B/E = e^(beta + z) >= 1."""
    real = Reals()
    z, e, b = real("z E B")
    return real.always(real.abs(z) * e <= real.abs(z) * b, given=[e > 0, b > 0, b >= e * (1 - room)])


def third_derivative(order: int = 3) -> Outcome:
    """ln(1 + z) - z + z^2/2 vanishes at 0 to second order, third derivative 2/(1+z)^3; the factor's logarithm minus EG's."""
    z = reals("z")
    f = sp.log(symbolic(multiplied)(1, 1, z)) - z + z**2 / 2
    return identities([*((f.diff(z, k).subs(z, 0), 0) for k in range(order)), (f.diff(z, 3), 2 / (1 + z) ** 3)])


def whole_box(power: int = 1) -> Outcome:
    """(z^2/2) e^|z| - |h(z)| > 0 away from 0, on 1/16 <= |z| <= 2: the bound itself, by subdivision."""

    def room(z: Any) -> Any:
        return z * z / 2 * (power * z).exp() - (1 - (1 + z) * ARB.exp(-z))

    def other(z: Any) -> Any:
        return z * z / 2 * (power * z).exp() - (1 - (1 - z) * ARB.exp(z))

    return both(positive(room, ("1/16", 2)), positive(other, ("1/16", 2)))


def harmonic(factor: Any = 1) -> Outcome:
    """1/eta(t) = 1/eta_0 + gamma lam t/pi solves d ln(eta)/dt = -gamma eta lam/pi."""
    t = sp.Symbol("t", positive=True)
    eta = 1 / (1 / ETA + factor * GAMMA * LAM * t / sp.pi)
    return identities([(sp.log(eta).diff(t), -GAMMA * eta * LAM / sp.pi), (eta.subs(t, 0), ETA)])


def mean_drift(factor: Any = 1) -> Outcome:
    """The mean change of ln eta in one step of EG is gamma E cos: with E7cos.2 -gamma (2/pi) arcsin(eta lam/2)."""
    c = reals("c")
    return identity(sp.expand_log(sp.log(symbolic(grown_scale)(ETA, c, GAMMA, 0, sp.oo) / ETA)), factor * GAMMA * c)


def small_angle(shrink: Any = 1) -> Outcome:
    """2 arcsin(z/2) >= z and <= z + z^3/4 on [0, 1], by the derivatives of the differences."""
    lower = even_zero(lambda z: 2 / (4 - z * z).sqrt() - shrink, 0, "-1/8", "1/8")
    beyond = positive(lambda z: 2 / (4 - z * z).sqrt() - shrink, ("1/8", 1))
    upper = even_zero(lambda z: 1 + 3 * z * z / 4 - 2 / (4 - z * z).sqrt(), 0, "-1/8", "1/8")
    far = positive(lambda z: 1 + 3 * z * z / 4 - 2 / (4 - z * z).sqrt(), ("1/8", 1))
    return both(lower, beyond, upper, far)


def angle_slope(factor: int = 1) -> Outcome:
    """d/dz 2 arcsin(z/2) = 2/sqrt(4 - z^2), at 0 both are equal."""
    z = reals("z")
    f = 2 * sp.asin(z / 2)
    return identities([(f.diff(z), factor * 2 / sp.sqrt(4 - z**2)), (f.subs(z, 0), 0)])


def log_factor(half: Any = HALF) -> Outcome:
    """ln(1 + beta c) = ln(1 - beta^2)/2 + artanh(beta) c for c = 1 and -1, 0 for c = 0."""
    artanh = (sp.log(1 + BETA) - sp.log(1 - BETA)) / 2
    factor, c = symbolic(multiplied), reals("c")
    pairs = [(sp.log(factor(1, BETA, v)), half * (sp.log(1 - BETA) + sp.log(1 + BETA)) + artanh * v) for v in (1, -1)]
    return identities([*pairs, (sp.log(factor(1, BETA, 0)), 0), (factor(ETA, BETA, c) / ETA, factor(1, BETA, c))])


def mean_fall(share: Any = 1) -> Outcome:
    """E ln(1 + beta c) = ln(1 - beta^2)/2 where c = 1 and -1 are as likely."""
    factor = symbolic(multiplied)
    mean = (sp.log(factor(1, BETA, 1)) + sp.log(factor(1, BETA, -1))) / 2
    return identity(mean, share * (sp.log(1 - BETA) + sp.log(1 + BETA)) / 2)


def about_half_square(scale: int = 1) -> Outcome:
    """-w/2 - w^2/(4(1-w)) <= ln(1-w)/2 <= -w/2, w = beta^2: the differences are 0 at 0 and increase."""
    w = reals("w")
    gap, rest = -w / 2 - scale * sp.log(1 - w) / 2, sp.log(1 - w) / 2 + w / 2 + w**2 / (4 * (1 - w))
    slopes = identities(
        [(gap.subs(w, 0), 0), (rest.subs(w, 0), 0), (gap.diff(w), w / (2 * (1 - w))), (rest.diff(w), w**2 / (4 * (1 - w) ** 2))]
    )
    real = Reals()
    z = real("w")
    return both(slopes, real.always(z / (2 * (1 - z)) >= 0, given=[0 <= z, z < 1]))


THEOREMS = {
    "exponentiated.E7rate": "EG, Gaussian noise: the mean change of ln eta is -gamma (2/pi) arcsin(eta lam/2), whose first order in eta "
    "lam is solved by 1/eta_t = 1/eta_0 + gamma lam t/pi",
    "exponentiated.E7mlog": "1-D: ln eta_T = ln eta_0 + (n/2) ln(1 - beta^2) + artanh(beta) sum cos_t, n the number of cosines that are "
    "not 0",
    "exponentiated.E7mult": "where E cos = 0 the multiplicative rule loses ln(1 - beta^2)/2, about -beta^2/2, per step",
    "exponentiated.EGmult": "|1 - (1 + beta c) e^(-beta c)| <= (beta^2/2) e^beta for |c| <= 1; ln of the ratio over T steps is "
    "-(beta^2/2) sum c^2 up to T beta^3/(3 (1 - beta)^3)",
}

STEPS = [
    Step(
        id="exponentiated.E7rate.1", says="one step of EG changes ln eta by gamma cos, in the mean by -gamma (2/pi) arcsin(eta lam/2)",
        method="algebra", check=mean_drift, formulas=(grown_scale,), uses=("exponentiated.E7cos.2",),
        assumes=("unclipped", "x stationary at the present eta"), control=Control("twice", lambda: mean_drift(2)),
    ),
    Step(
        id="exponentiated.E7rate.2", says="the derivative of 2 arcsin(z/2) is 2/sqrt(4 - z^2)", method="algebra", check=angle_slope,
        control=Control("twice", lambda: angle_slope(2)),
    ),
    Step(
        id="exponentiated.E7rate.3", says="1 <= 2/sqrt(4 - z^2) <= 1 + 3 z^2/4, so z <= 2 arcsin(z/2) <= z + z^3/4 on [0, 1], z = eta lam",
        method="intervals", check=small_angle, uses=("exponentiated.E7rate.2",),
        control=Control("1.2 in place of 1", lambda: small_angle(1.2)),
    ),
    Step(
        id="exponentiated.E7rate.4", says="1/eta(t) = 1/eta_0 + gamma lam t/pi solves d ln(eta)/dt = -gamma eta lam/pi", method="algebra",
        check=harmonic, uses=("exponentiated.E7rate.1", "exponentiated.E7rate.3"),
        assumes=("the mean drift stands for the path: measured, gamma^2 t << 1",), control=Control("twice the slope", lambda: harmonic(2)),
    ),
    Step(
        id="exponentiated.E7mlog.1", says="ln(1 + beta c) = ln(1 - beta^2)/2 + artanh(beta) c for c = 1, -1; 0 for c = 0; sum over t",
        method="algebra", check=log_factor, formulas=(multiplied,), uses=("exponentiated.E7cos.1",), assumes=("0 < beta < 1",),
        control=Control("without the first term", lambda: log_factor(0)),
    ),
    Step(
        id="exponentiated.E7mult.1", says="E ln(1 + beta cos) = ln(1 - beta^2)/2 where E cos = 0", method="algebra", check=mean_fall,
        formulas=(multiplied,), uses=("exponentiated.E7mlog.1",), assumes=("cos is not 0",), control=Control("twice", lambda: mean_fall(2)),
    ),
    Step(
        id="exponentiated.E7mult.2", says="-beta^2/2 - beta^4/(4(1-beta^2)) <= ln(1 - beta^2)/2 <= -beta^2/2", method="algebra",
        check=about_half_square, assumes=("0 <= beta < 1",), control=Control("twice the logarithm", lambda: about_half_square(2)),
    ),
    Step(
        id="exponentiated.EGmult.1", says="h(z) = 1 - (1 + z) e^(-z), z = beta c: h(0) = 0, h'(z) = z e^(-z)", method="algebra",
        check=ratio_slope, formulas=(multiplied,), control=Control("the other sign", lambda: ratio_slope(-1)),
    ),
    Step(
        id="exponentiated.EGmult.2", says="|h'(s)| <= |s| e^beta for |s| <= beta, so |h(z)| <= (z^2/2) e^beta <= (beta^2/2) e^beta",
        method="decision", check=slope_bound, facts=(MEAN_VALUE,), uses=("exponentiated.EGmult.1",),
        assumes=("e^(beta + s) >= 1 for beta + s >= 0",), control=Control("e^beta halved", lambda: slope_bound(1)),
    ),
    Step(
        id="exponentiated.EGmult.3", says="h(z) < (z^2/2) e^|z| for 1/16 <= |z| <= 2, by subdivision", method="intervals", check=whole_box,
        uses=("exponentiated.EGmult.2",), control=Control("e^(-|z|)", lambda: whole_box(-1)),
    ),
    Step(
        id="exponentiated.EGmult.4",
        says="ln(1 + z) - z + z^2/2 = z^3/(3 (1+s)^3), s between 0 and z: ln of the ratio per step is -(beta c)^2/2 up to beta^3/(3 "
        "(1-beta)^3)",
        method="algebra", check=third_derivative, formulas=(multiplied,), facts=(TAYLOR,), assumes=("|c| <= 1", "0 <= beta < 1"),
        control=Control("to third order", lambda: third_derivative(4)),
    ),
]  # fmt: skip
