"""A1, second part: the mean cosine h_D of correlated Gaussian vectors, and that it increases with the dimension."""

from __future__ import annotations

from typing import Any

import sympy as sp
import z3

from lra_ref.rates.clara_reference import mean_cosine
from proofs_check.algebra import identities, identity
from proofs_check.clara_steps.readings import D, special
from proofs_check.decision import Reals
from proofs_check.facts import EULER_TRANSFORMATION, GAUSS_SUM, GAUSSIAN_POLAR, HYPERGEOMETRIC, HYPERGEOMETRIC_EQUATION
from proofs_check.steps import Control, Outcome, Step, counted

rho, z, r, s = sp.symbols("rho z r s", positive=True)
m = sp.Symbol("m_", integer=True, nonnegative=True)
HALF = sp.Rational(1, 2)


# --- the mean cosine --------------------------------------------------------------------------------------------------------------------
def radial(shift: int = 0) -> Outcome:
    """int_0^inf r^(n-1) e^(-r^2/(2 s^2)) dr = 2^(n/2-1) s^n Gamma(n/2), n > 0 real."""
    n = sp.Symbol("n", positive=True)
    found = sp.integrate(r ** (n - 1) * sp.exp(-(r**2) / (2 * s**2)), (r, 0, sp.oo), conds="none")
    return identity(sp.powsimp(sp.expand_power_base(found)), 2 ** (n / 2 - 1 + shift) * s**n * sp.gamma(n / 2))


def quotient_of(term: Any) -> Any:
    """term(m + 1)/term(m) as a rational function, by Gamma(x + 1) = x Gamma(x)."""
    found = sp.expand_func((term(m + 1) / term(m)).rewrite(sp.gamma))
    names = {g: sp.Dummy(positive=True) for g in found.atoms(sp.gamma)}
    return sp.cancel(sp.powsimp(found.subs(names))).subs({name: g for g, name in names.items()})


def beta_function(a: Any, b: Any) -> Any:
    """B(a, b)."""
    return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)


def angular_moment(n: Any) -> Any:
    """E cos^(2n) of the angle: B(n + 1/2, (D-1)/2)/B(1/2, (D-1)/2)."""
    return beta_function(n + HALF, (D - 1) / 2) / beta_function(HALF, (D - 1) / 2)


def angles(one: int = 1) -> Outcome:
    """E cos^0 = 1 and E cos^(2n+2) = E cos^(2n) (2n+1)/(2n+D): E cos^(2n) = (1/2)_n/(D/2)_n."""
    return identities([(angular_moment(0), one), (quotient_of(angular_moment), (m + HALF) / (m + D / 2))])


def expansion_term(index: Any) -> Any:
    """Term n = 2m+1 of E cos(g, g'), from the expansion of exp(rho <g,g'>/(1-rho^2)) in the joint density, without (1-rho^2)^(D/2)."""
    n = 2 * index + 1
    # the two radial integrals, over their values at n = 0, each with s^2 = 1 - rho^2: powers of s leave (1-rho^2)^(D/2)
    length = 2 ** (sp.S(n) / 2) * sp.gamma((D + n) / 2) / sp.gamma(D / 2)
    return rho**n / sp.gamma(n + 1) * length**2 * angular_moment(index + 1)


def expansion(factor: int = 1) -> Outcome:
    """The terms of the expansion are those of (2/D)(Gamma ratio)^2 rho 2F1((D+1)/2, (D+1)/2; D/2+1; rho^2): first term and quotient."""
    first = 2 / D * (sp.gamma((D + 1) / 2) / sp.gamma(D / 2)) ** 2 * rho
    quotient = (m + (D + 1) / 2) ** 2 / ((m + D / 2 + 1) * (m + 1)) * rho**2
    return identities([(sp.gammasimp(expansion_term(sp.S(0))), factor * sp.gammasimp(first)), (quotient_of(expansion_term), quotient)])


def power_of_s(half: int = 2) -> Outcome:
    """(1-rho^2)^(-D/2) s^(2(D+n)) (1-rho^2)^(-n) = (1-rho^2)^(D/2), s^2 = 1 - rho^2; Euler's exponent c-a-b = -D/2, c-a = c-b = 1/2."""
    n, v = sp.symbols("n v", positive=True)
    a, c = (D + 1) / 2, D / 2 + 1
    return identities([(v ** (-D / 2) * v ** (D + n) * v ** (-n), v ** (D / half)), (c - 2 * a, -D / 2), (c - a, HALF)])


def library_cosine(factor: int = 1) -> Outcome:
    """mean_cosine is (2/D)(Gamma((D+1)/2)/Gamma(D/2))^2 rho 2F1(1/2, 1/2; D/2+1; rho^2)."""
    found = special(mean_cosine)(D, rho)
    (series,) = found.atoms(sp.hyper)
    front = factor * 2 / D * (sp.gamma((D + 1) / 2) / sp.gamma(D / 2)) ** 2
    return identities([
        (series.ap[0], HALF), (series.ap[1], HALF), (series.bq[0], D / 2 + 1), (series.argument, rho**2),
        (sp.gammasimp(found / (rho * series)), sp.gammasimp(front)),
    ])  # fmt: skip


def solves(w: Any, b: Any, start: int = 1) -> Outcome:
    """w(z) satisfies the hypergeometric equation with a = b = 1/2 and third parameter b, and tends to 1 at 0."""
    equation = z * (1 - z) * w.diff(z, 2) + (b - 2 * z) * w.diff(z) - w / 4
    return identities([(sp.simplify(equation), 0), (sp.limit(w, z, 0, "+"), start)])


ARCSIN = sp.asin(sp.sqrt(z)) / sp.sqrt(z)
CLOSED = {
    1: (ARCSIN, 2 / sp.pi * sp.asin(rho)),
    2: (
        4 / (sp.pi * z) * (sp.elliptic_e(z) - (1 - z) * sp.elliptic_k(z)),
        (sp.elliptic_e(rho**2) - (1 - rho**2) * sp.elliptic_k(rho**2)) / rho,
    ),
    3: (
        3 / (4 * z) * (sp.sqrt(1 - z) + (2 * z - 1) * ARCSIN),
        2 / (sp.pi * rho) * (sp.sqrt(1 - rho**2) + (2 * rho**2 - 1) * sp.asin(rho) / rho),
    ),
}


def small_dimension(dim: int, start: int = 1) -> Outcome:
    """The closed form of 2F1 solves its equation; times the factor of the library it is the closed form of h_D."""
    w, h = CLOSED[dim]
    b = sp.Rational(dim, 2) + 1
    found = special(mean_cosine)(sp.Integer(dim), rho)
    factor = sp.gammasimp(found / sp.hyper([HALF, HALF], [b], rho**2))
    closed = sp.simplify(factor * w.subs(z, rho**2) - h)
    return counted([solves(w, b, start), identity(closed, 0)])


# --- monotone in D ----------------------------------------------------------------------------------------------------------------------
def coefficient(size: Any, k: Any) -> Any:
    """Coefficient of rho^(2k+1) of h_D."""
    lead = 2 / size * (sp.gamma((size + 1) / 2) / sp.gamma(size / 2)) ** 2
    return lead * sp.rf(HALF, k) ** 2 / (sp.rf(size / 2 + 1, k) * sp.factorial(k))


def unit_sum(value: int = 1) -> Outcome:
    """h_D(1) = sum_k c_k(D) = 1, by Gauss's theorem."""
    b = D / 2 + 1
    at_one = sp.gamma(b) * sp.gamma(b - 1) / sp.gamma(b - HALF) ** 2
    return identity(sp.gammasimp(2 / D * (sp.gamma((D + 1) / 2) / sp.gamma(D / 2)) ** 2 * at_one), value)


def likelihood_ratio(sign: int = 1) -> Outcome:
    """c_{k+1}/c_k = (k+1/2)^2/((D/2+1+k)(k+1)) > 0, and smaller for larger D: c_k(D')/c_k(D) falls with k."""
    quotient = quotient_of(lambda index: coefficient(D, index))
    real = Reals()
    k, small, big = real("k D E")
    q = [(k + z3.RealVal(1) / 2) ** 2 / ((size / 2 + 1 + k) * (k + 1)) for size in (small, big)]
    falls = real.always(z3.And(q[1] > 0, sign * q[1] < sign * q[0]), given=[k >= 0, small > 0, big > small])
    return counted([falls, identity(quotient, (m + HALF) ** 2 / ((D / 2 + 1 + m) * (m + 1)))])


def crossing(sign: int = 1) -> Outcome:
    """(a - b)(f - g) >= 0 where a >= b and f >= g, or a <= b and f <= g: termwise, so sum (c'_k - c_k)(f_k - f_n) >= 0."""
    real = Reals()
    a, b, f, g = real("a b f g")
    return real.always(sign * (a - b) * (f - g) >= 0, given=[z3.Or(z3.And(a >= b, f >= g), z3.And(a <= b, f <= g))])


def bounds(top: Any = 1) -> Outcome:
    """0 <= c_0 rho <= rho^(2k+1)-mean <= rho: every power rho^(2k+1) is at most rho on [0, 1] (one more factor rho^2 <= 1)."""
    real = Reals()
    x, power = real("rho power")
    return real.always(z3.And(power * x * x <= top * x, power * x * x >= 0), given=[x >= 0, x <= 1, power >= 0, power <= x])


COSINE = [
    Step(
        id="clara.A1.5", says="int_0^inf r^(n-1) e^(-r^2/(2s^2)) dr = 2^(n/2-1) s^n Gamma(n/2)", method="algebra", check=radial,
        control=Control("twice it", lambda: radial(1)),
    ),
    Step(
        id="clara.A1.6",
        says="E cos^(2n) of the angle of independent directions is (1/2)_n/(D/2)_n: 1 at n = 0, quotient (n+1/2)/(n+D/2)",
        method="algebra", check=angles, facts=(GAUSSIAN_POLAR,), control=Control("2 at n = 0", lambda: angles(2)),
    ),
    Step(
        id="clara.A1.7",
        says="the joint density of (g, g') expanded in <g,g'>: E cos = (1-rho^2)^(D/2) sum_m t_m, t_m the terms of "
        "(2/D)(Gamma((D+1)/2)/Gamma(D/2))^2 rho 2F1((D+1)/2,(D+1)/2;D/2+1;rho^2)",
        method="algebra", check=expansion, uses=("clara.A1.5", "clara.A1.6"), facts=(GAUSSIAN_POLAR, HYPERGEOMETRIC),
        assumes=(
            "0 <= rho < 1", "the series is integrated term by term (it converges absolutely)", "odd moments of the cosine vanish",
            "D = 1: cos^2 = 1, the same formula",
        ),
        control=Control("twice the first term", lambda: expansion(2)),
    ),
    Step(
        id="clara.A1.8",
        says="the powers of 1-rho^2 add up to D/2, and Euler's transformation takes them away: 2F1(1/2, 1/2; D/2+1; rho^2)",
        method="algebra", check=power_of_s, uses=("clara.A1.7",), facts=(EULER_TRANSFORMATION,),
        control=Control("the power D", lambda: power_of_s(1)),
    ),
    Step(
        id="clara.A1.9", says="the library's h_D is (2/D)(Gamma((D+1)/2)/Gamma(D/2))^2 rho 2F1(1/2, 1/2; D/2+1; rho^2), real D > 0",
        method="algebra", check=library_cosine, formulas=(mean_cosine,), uses=("clara.A1.8",),
        control=Control("twice it", lambda: library_cosine(2)),
    ),
    *(
        Step(
            id=f"clara.A1.{9 + dim}", says=f"D = {dim}: {text}", method="algebra", check=lambda dim=dim: small_dimension(dim),
            formulas=(mean_cosine,), uses=("clara.A1.9",), facts=(HYPERGEOMETRIC_EQUATION,), assumes=("0 < rho < 1",),
            control=Control("a series that starts with 2", lambda dim=dim: small_dimension(dim, 2)),
        )
        for dim, text in (
            (1, "h = (2/pi) arcsin rho"),
            (2, "h = (E(rho^2) - (1-rho^2) K(rho^2))/rho, complete elliptic integrals of the parameter rho^2"),
            (3, "h = (2/(pi rho)) [sqrt(1-rho^2) + (2 rho^2-1) arcsin(rho)/rho]"),
        )
    ),
    Step(
        id="clara.A1.13", says="h_D(rho) = sum_k c_k rho^(2k+1) with sum_k c_k = h_D(1) = 1 for every D > 0", method="algebra",
        check=unit_sum, uses=("clara.A1.9",), facts=(GAUSS_SUM, HYPERGEOMETRIC), control=Control("2", lambda: unit_sum(2)),
    ),
    Step(
        id="clara.A1.14",
        says="c_{k+1}/c_k = (k+1/2)^2/((D/2+1+k)(k+1)) > 0 falls with D: for D' > D the quotient c_k(D')/c_k(D) falls with k, so "
        "c_k(D') - c_k(D) changes sign once, from + to -",
        method="decision", check=likelihood_ratio, uses=("clara.A1.13",), control=Control("rises with D", lambda: likelihood_ratio(-1)),
    ),
    Step(
        id="clara.A1.15",
        says="with the sign change at n and f_k = rho^(2k+1) falling: h_D' - h_D = sum (c_k(D') - c_k(D))(f_k - f_n) >= 0, termwise; > "
        "0 for 0 < rho < 1. So h_D and mu_A(D) increase with D",
        method="decision", check=crossing, uses=("clara.A1.13", "clara.A1.14", "clara.A1.1"),
        control=Control("the other sign", lambda: crossing(-1)),
    ),
    Step(
        id="clara.A1.16",
        says="0 <= h_D(rho) <= rho: rho^(2k+1) <= rho for every k, and sum c_k = 1; so lags above n add at most "
        "((1-c)beta)^(n+1)/(1-(1-c)beta)",
        method="decision", check=bounds, uses=("clara.A1.13",), control=Control("rho/2", lambda: bounds(z3.RealVal(1) / 2)),
    ),
]  # fmt: skip
