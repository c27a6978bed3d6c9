"""T1, T2: mean and variance of the squared path norm when directions carry no information."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import average
from lra_ref.rates.clara_laws import independent_mean, independent_variance, published_sd, sum_of_fourths
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic, telescopes
from proofs_check.clara_steps.moments import NULL, expected, isotropic, mean_and_variance, walks
from proofs_check.clara_steps.readings import DECAY, KEEP, C, D, Q, T, polynomial, polynomials
from proofs_check.facts import TOWER
from proofs_check.steps import Control, Outcome, Step, counted, opposite

DIMENSIONS = (1, 2, 3, 4)
WITNESSES = Path(__file__).resolve().parents[2] / "experiments" / "witnesses"

FIFTH = sp.Rational(1, 5)


# read at every call, never once for all: a changed formula must change what the steps see
def mean(c: Any, t: Any) -> Any:
    """E Y_t by the library's formula."""
    return symbolic(independent_mean)(c, t)


def variance(c: Any, dim: Any, t: Any) -> Any:
    """Var Y_t by the library's formula."""
    return symbolic(independent_variance)(c, dim, t)


def fourths(c: Any, t: Any) -> Any:
    """S4 by the library's formula."""
    return symbolic(sum_of_fourths)(c, t)


Y, M, Z = reals("Y M Z")


def mu() -> Any:
    """The limit of the mean."""
    return limit_of(symbolic(independent_mean)(C, T))


def vectors(dim: int) -> tuple[list[Any], list[Any]]:
    """A path and a direction."""
    return [sp.Symbol(f"p{i}", real=True) for i in range(dim)], [sp.Symbol(f"u{i}", real=True) for i in range(dim)]


def inner(a: Any, b: Any) -> Any:
    """<a, b>."""
    return sum(x * y for x, y in zip(a, b, strict=True))


# --- T1 --------------------------------------------------------------------------------------------------------------------------------
def one_step(square: int = 1) -> Outcome:
    """(*): |average(p, u)|^2 = path_norm2(|p|^2, <p, u>) + c^2 (|u|^2 - 1)."""
    out = []
    for dim in DIMENSIONS:
        p, u = vectors(dim)
        moved = [symbolic(average)(x, y, 1 - C, C) for x, y in zip(p, u, strict=True)]
        out.append(
            polynomial(inner(moved, moved), symbolic(path_norm2)(inner(p, p), inner(p, u), 1 - C, C) + C**2 * (square * inner(u, u) - 1))
        )
    return counted(out)


def inner_products(scale: int = 1) -> Outcome:
    """E<p, u> = 0 and E<p, u>^2 = |p|^2/D for a fixed p."""
    out = []
    for dim in DIMENSIONS:
        p, u = vectors(dim)
        law = isotropic(dim)
        out.append(polynomials([(expected(inner(p, u), u, law), 0), (expected(inner(p, u) ** 2, u, law), scale * inner(p, p) / dim)]))
    return counted(out)


def limit_of(expression: Any) -> Any:
    """The limit for t to infinity of an expression in (1-c)^(2t), which vanishes (T1.4): its value where these powers are 0."""
    x = sp.Symbol("x")

    def power(e: Any) -> Any:
        lead, rest = sp.Poly(e.exp, T).all_coeffs()
        return KEEP**rest * x ** (lead / 2)

    found = expression.replace(lambda e: e.is_Pow and e.base == KEEP and T in e.exp.free_symbols, power)
    assert T not in found.free_symbols
    return found.subs(x, 0)


def vanishing_power(value: int = 0) -> Outcome:
    """(1-c)^(2t) tends to 0, and so mu (1-q^t) to mu."""
    return identities([(sp.limit(DECAY ** (2 * T), T, sp.oo), value), (limit_of(mean(C, T)), C / (2 - C)), (mu(), C / (2 - C))])


T1 = [
    Step(
        id="clara.T1.1",
        says="(*) Y_t = q Y_{t-1} + 2c(1-c) <p_{t-1}, u_t> + c^2 |u_t|^2, coordinate by coordinate (D = 1..4 written out)",
        method="algebra", check=one_step, formulas=(average, path_norm2), uses=("clara.U1.3",),
        assumes=("the summands of other D are the same ones",), control=Control("|u|^2 counted twice", lambda: one_step(2)),
    ),
    Step(
        id="clara.T1.2", says="E[<p_{t-1}, u_t> | past] = 0 and E[<p_{t-1}, u_t>^2 | past] = Y_{t-1}/D (D = 1..4 written out)",
        method="algebra", check=inner_products, assumes=(NULL, "the summands of other D are the same ones"),
        control=Control("a variance of 2 Y/D", lambda: inner_products(2)),
    ),
    Step(
        id="clara.T1.3", says="E Y_t = mu (1-q^t): it is 0 at t = 0, and E Y_{t+1} = q E Y_t + c^2 (expectation of (*))",
        method="algebra", check=lambda: telescopes((mean(C, 0), 0), (mean(C, T + 1), Q * mean(C, T) + C**2)),
        formulas=(independent_mean,), uses=("clara.T1.1", "clara.T1.2"), facts=(TOWER,), assumes=(NULL,),
        control=Control("the limit mu at every t", lambda: telescopes((mu(), 0), (mu(), Q * mu() + C**2))),
    ),
    Step(
        id="clara.T1.4", says="mu (1-q^t) tends to mu = c/(2-c) for t to infinity, 0 < c < 1", method="algebra", check=vanishing_power,
        formulas=(independent_mean,), uses=("clara.T1.3",), assumes=("0 < c < 1",),
        control=Control("a power that tends to 1", lambda: vanishing_power(1)),
    ),
]  # fmt: skip


# --- T2 --------------------------------------------------------------------------------------------------------------------------------
def spread_step(scale: int = 1) -> Outcome:
    """E[(Y' - E Y')^2 | past] = q^2 (Y - M)^2 + 4 q c^2 Y/D, E Y = M, E Y' = q M + c^2."""
    out = []
    for dim in DIMENSIONS[:3]:
        p, u = vectors(dim)
        y = inner(p, p)
        centred = symbolic(path_norm2)(y, inner(p, u), 1 - C, C) - (Q * M + C**2)
        out.append(polynomial(expected(centred**2, u, isotropic(dim)), Q**2 * (y - M) ** 2 + scale * 4 * Q * C**2 * y / dim))
    return counted(out)


def pairs_of_directions(third: int = 0) -> Outcome:
    """E<u,v> = 0, E<u,v>^2 = 1/D and E<u,v><u,w> = 0 for independent u, v, w; |v|^2 = 1."""
    out = []
    for dim in DIMENSIONS[1:]:
        u, v, w = ([sp.Symbol(f"{n}{i}", real=True) for i in range(dim)] for n in "uvw")
        law = isotropic(dim)
        square = expected(inner(u, v) ** 2, u, law)
        out.append(polynomials([
            (expected(inner(u, v), u, law), 0),
            (square, inner(v, v) / dim),
            (expected(expected(inner(u, v) * inner(u, w), v, law), w, law), third),
        ]))  # fmt: skip
    return counted(out)


def weights(factor: int = 2) -> Outcome:
    """4 sum_{i<j} w_i^2 w_j^2 = 2 (S2^2 - S4), w_i = c (1-c)^i: base and increment in t."""
    w = C * KEEP**T
    return identities([
        (mean(C, 0), 0), (fourths(C, 0), 0), (mean(C, T + 1) - mean(C, T), w**2), (fourths(C, T + 1) - fourths(C, T), w**4),
        (factor * (mean(C, T + 1) ** 2 - fourths(C, T + 1)) - factor * (mean(C, T) ** 2 - fourths(C, T)), 4 * mean(C, T) * w**2),
        (variance(C, D, T), 2 / D * (mean(C, T) ** 2 - fourths(C, T))),
    ])  # fmt: skip


def variance_recursion(scale: int = 1) -> Outcome:
    """Var_0 = 0, Var_{t+1} = q^2 Var_t + 4 q c^2 E Y_t/D."""
    return telescopes((variance(C, D, 0), 0), (variance(C, D, T + 1), Q**2 * variance(C, D, T) + scale * 4 * Q * C**2 * mean(C, T) / D))


def stationary(factor: int = 4) -> Outcome:
    """The limit of the variance."""
    return identity(limit_of(variance(C, D, T)), factor * mu() ** 2 * Q / (D * (1 + Q)))


def every_walk(shift: int = 0) -> Outcome:
    """Directions +-e_i: exact mean and variance of Y_1, Y_2, Y_3 over all sequences."""
    out = []
    for dim in (1, 2):
        for t, values in enumerate(zip(*walks(dim, 3, C), strict=True), 1):
            found = mean_and_variance(values)
            out.append(polynomials([(found[0], mean(C, t + shift)), (found[1], variance(C, sp.Integer(dim), t + shift))]))
    return counted(out)


T2 = [
    Step(
        id="clara.T2.1", says="E[(Y_{t+1} - E Y_{t+1})^2 | past] = q^2 (Y_t - E Y_t)^2 + 4 q c^2 Y_t/D (D = 1..3 written out)",
        method="algebra", check=spread_step, formulas=(path_norm2,), uses=("clara.T1.1", "clara.T1.2"), assumes=(NULL,),
        control=Control("twice the noise", lambda: spread_step(2)),
    ),
    Step(
        id="clara.T2.2", says="(2/D)(S2^2 - S4) is 0 at t = 0 and satisfies Var_{t+1} = q^2 Var_t + 4 q c^2 E Y_t/D: it is Var Y_t",
        method="algebra", check=variance_recursion, formulas=(independent_variance, independent_mean, sum_of_fourths),
        uses=("clara.T2.1", "clara.T1.3"), facts=(TOWER,), control=Control("twice the noise", lambda: variance_recursion(2)),
    ),
    Step(
        id="clara.T2.3",
        says="the products <u_i, u_j>, i < j, have mean 0 and variance 1/D and are pairwise uncorrelated (D = 2..4 written out)",
        method="algebra", check=pairs_of_directions, facts=(TOWER,), assumes=(NULL,),
        control=Control("a covariance of 1", lambda: pairs_of_directions(1)),
    ),
    Step(
        id="clara.T2.4",
        says="S2 = sum w_i^2, S4 = sum w_i^4, and 4 sum_{i<j} w_i^2 w_j^2 = 2 (S2^2 - S4): the same variance from the pairs",
        method="algebra", check=weights, formulas=(independent_variance, independent_mean, sum_of_fourths), uses=("clara.T2.3",),
        control=Control("(S2^2 - S4) once", lambda: weights(1)),
    ),
    Step(
        id="clara.T2.5", says="the variance tends to 4 mu^2 (1-c)^2/(D (1+(1-c)^2)), 0 < c < 1", method="algebra", check=stationary,
        formulas=(independent_variance,), uses=("clara.T2.2", "clara.T1.4"), assumes=("0 < c < 1",),
        control=Control("half of it", lambda: stationary(2)),
    ),
    Step(
        id="clara.T2.6",
        says="directions +-e_i, D = 1, 2, all 4^3 sequences: mean and variance of Y_1, Y_2, Y_3 are those of T1 and T2, as polynomials "
        "in c",
        method="algebra", check=every_walk, formulas=(average, independent_mean, independent_variance),
        assumes=("directions +-e_i, equally likely: a case of the null model",), control=Control("one step ahead", lambda: every_walk(1)),
    ),
]  # fmt: skip


# --- the published standard deviations ---------------------------------------------------------------------------------------------------
def published_factor(factor: int = 2) -> Outcome:
    """Var (stationary) = 2 published_sd^2."""
    return identity(limit_of(variance(C, D, T)), factor * symbolic(published_sd)(C, D) ** 2)


def stored(name: str) -> dict[str, Any]:
    """The parameters of a stored counterexample."""
    value: dict[str, Any] = json.loads((WITNESSES / f"clara.{name}.json").read_text(encoding="utf-8"))["parameters"]
    return value


def exact(number: float) -> Any:
    """The decimal that is printed, exactly."""
    return sp.Rational(str(number))


def at_witness(name: str, claimed: Any) -> Outcome:
    """The claimed variance and the exact one at the stored counterexample (c or alpha, D, T), in rational numbers."""
    values = stored(name)
    c = exact(values["parameters"].get("c", values["parameters"].get("alpha")))
    return holds_at(sp.Eq(sp.nsimplify(claimed(c, values["D"])), variance(c, sp.Integer(values["D"]), values["T"])))


def published_at(c: Any, dim: int) -> Any:
    """The square of the published closed form."""
    return sp.expand(symbolic(published_sd)(c, dim) ** 2)


def salera_scale() -> Any:
    """s = C sqrt... from the gain of the library, C/s: alpha = 1/4, D = 4, where every operation of it is exact."""
    from lra_ref.directions.sgd import SGD
    from lra_ref.rates.salera import ALERA

    rate = ALERA(alpha=0.25, C=0.125).bound(SGD(), np.array([0, 4], dtype=np.int64))
    return Fraction(0.125) / Fraction(rate.gains[0])


def salera_limit(factor: int = 2) -> Outcome:
    """(alpha^2/D)/Var tends to 2 as alpha to 0; the library's s_k is alpha/sqrt(D)."""
    alpha = sp.Symbol("alpha", positive=True)
    ratio = alpha**2 / D / limit_of(variance(C, D, T)).subs(KEEP, 1 - alpha)
    return identities([(sp.limit(ratio, alpha, 0), factor), (sp.Rational(salera_scale()), sp.Rational(1, 4) / sp.sqrt(4))])


T2_PUBLISHED = [
    Step(
        id="clara.T2pub.1",
        says="the exact stationary variance is 2 published_sd^2 for all 0 < c < 1, D: published_sd is smaller by exactly sqrt 2",
        method="algebra", check=published_factor, formulas=(published_sd, independent_variance), uses=("clara.T2.5",),
        assumes=("0 < c < 1",), control=Control("equal", lambda: published_factor(1)),
    ),
    Step(
        id="clara.T2pub.2", says="NOT: Var Y_T = published_sd^2, at the stored counterexample in rational arithmetic", method="algebra",
        check=lambda: opposite(at_witness("T2pub", published_at)), formulas=(independent_variance,), uses=("clara.T2.2",),
        control=Control(
            "the exact variance, which is right",
            lambda: opposite(at_witness("T2pub", lambda c, dim: variance(c, sp.Integer(dim), stored("T2pub")["T"]))),
        ),
    ),
    Step(
        id="clara.T2salera.1", says="(alpha/sqrt(D))^2 over the exact stationary variance tends to 2 as alpha to 0: too large by sqrt 2",
        method="algebra", check=salera_limit, formulas=(independent_variance,), uses=("clara.T2.5",), assumes=("0 < alpha < 1",),
        control=Control("a limit of 1", lambda: salera_limit(1)),
    ),
    Step(
        id="clara.T2salera.2", says="NOT: Var Y_T = alpha^2/D, at the stored counterexample in rational arithmetic", method="algebra",
        check=lambda: opposite(at_witness("T2salera", lambda c, dim: c**2 / dim)), formulas=(independent_variance,), uses=("clara.T2.2",),
        control=Control(
            "the exact variance, which is right",
            lambda: opposite(at_witness("T2salera", lambda c, dim: variance(c, sp.Integer(dim), stored("T2salera")["T"]))),
        ),
    ),
]  # fmt: skip

STEPS = [*T1, *T2, *T2_PUBLISHED]
THEOREMS = {
    "clara.T1": "Null model: E |p_t|^2 = mu (1-q^t), mu = c/(2-c), q = (1-c)^2",
    "clara.T2": "Null model: Var |p_t|^2 = (2/D)(S2^2 - S4), S2 = mu (1-q^t), S4 = c^4 (1-q^(2t))/(1-q^2); limit 4 mu^2 "
    "(1-c)^2/(D (1+(1-c)^2))",
    "clara.T2pub": "CLARA's published standard deviation is smaller than the exact one by exactly sqrt 2",
    "clara.T2salera": "SALERA's alpha/sqrt(D) is larger than the exact standard deviation by sqrt 2 as alpha tends to 0",
}
