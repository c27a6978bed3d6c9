"""A1: Adam's reference at any size, and its values; the mean cosine is in ``mean_cosine.py``."""

from __future__ import annotations

import math
from typing import Any

import sympy as sp

from lra_ref.rates.clara_laws import independent_mean
from lra_ref.rates.clara_reference import lag_summand, large_mean, mean_cosine, mean_of_lags
from proofs_check.algebra import identities, identity, symbolic
from proofs_check.clara_steps.adam_mean import adam_mean
from proofs_check.clara_steps.mean_cosine import COSINE
from proofs_check.clara_steps.null import mean
from proofs_check.clara_steps.readings import KEEP, C, D, T, special
from proofs_check.facts import GAMMA_RATIO, TOWER
from proofs_check.intervals import ball, encloses
from proofs_check.steps import Control, Outcome, Step, counted

RHO = sp.Symbol("rho", positive=True)
GAUSSIAN = (
    "u_i = g_i/|g_i|, the D coordinates of (g_i) independent copies of a Gaussian sequence with correlation beta1^|i-j|: "
    "heavy ball; Adam for beta2 -> 1, eps = 0"
)


def lag_weights(power: int = 1) -> Outcome:
    """sum_{i<n} w_i w_{i+l} = (1-c)^l mu (1-q^n), w_i = c (1-c)^i: base and increment in n."""
    lag = sp.Symbol("l", integer=True, positive=True)
    return identities(
        [(KEEP**lag * mean(C, 0), 0), (KEEP ** (power * lag) * (mean(C, T + 1) - mean(C, T)), C * KEEP**T * C * KEEP ** (T + lag))]
    )


def lag_structure(scale: int = 1) -> Outcome:
    """mean_of_lags(c, total) = mu + 2 mu total, and lag_summand = (1-c)^l h_D(beta^l)."""
    total, beta = sp.symbols("total beta", positive=True)
    lags = [
        (special(lag_summand)(C, beta, sp.Integer(3), lag), KEEP**lag * special(mean_cosine)(sp.Integer(3), beta**lag)) for lag in (1, 2)
    ]
    return identities([(symbolic(mean_of_lags)(C, total), C / (2 - C) * (1 + 2 * scale * total)), *lags])


def large(numerator: int = 43) -> Outcome:
    """sum_{k>=1} x^k = x/(1-x) with x = (1-c) beta gives large_mean, which is 43/63 at c = 1/5, beta = 9/10."""
    beta, x = sp.symbols("beta x", positive=True)
    partial = x * (1 - x**T) / (1 - x)
    found = symbolic(large_mean)
    return identities([
        (partial.subs(T, 0), 0), (partial.subs(T, T + 1) - partial, x ** (T + 1)),
        (symbolic(mean_of_lags)(C, (x / (1 - x)).subs(x, KEEP * beta)), found(C, beta)),
        (found(sp.Rational(1, 5), sp.Rational(9, 10)), sp.Rational(numerator, 63)), (found(C, 0), C / (2 - C)),
    ])  # fmt: skip


def autocorrelation(root: Any = 1) -> Outcome:
    """m' = beta m + (1-beta) g with Var m = V: E m' m = beta V, and V is stationary for V = (1-beta)/(1+beta)."""
    beta, v, old, new = sp.symbols("beta V m g", positive=True)
    moved = sp.expand(beta * old + (1 - beta) * new)

    def mean_of(e: Any) -> Any:
        return sp.expand(e).subs(old * new, 0).subs({old**2: v, new**2: 1})

    return identities(
        [
            (mean_of(sp.expand(moved * old)), root * beta * v),
            (mean_of(sp.expand(moved**2)).subs(v, (1 - beta) / (1 + beta)), (1 - beta) / (1 + beta)),
        ]
    )


def large_dimension(factor: int = 1) -> Outcome:
    """The first coefficient of h_D is the square of Gamma(x + 1/2)/(sqrt(x) Gamma(x)) at x = D/2."""
    x, found = D / 2, special(mean_cosine)(D, RHO)
    (series,) = found.atoms(sp.hyper)
    ratio = sp.gamma(x + sp.Rational(1, 2)) / (sp.sqrt(x) * sp.gamma(x))
    return identity(sp.gammasimp(found / (RHO * series)), sp.gammasimp(factor * ratio**2))


VALUES = {1: ".5261", 2: ".6030", 3: ".6311", 5: ".6532", 10: ".6686", 15: ".6735", 42: ".6794", 62: ".6804", 650: ".6823"}


def values(shift: str = "0") -> Outcome:
    """mu_A(D) at c = 1/5, beta1 = 9/10 within half a unit of the fourth decimal, and 43/63 = 0.682540 for large D."""
    out, half = [], ball("0.00005")
    for dim, text in VALUES.items():
        middle = ball("0" + text) + ball(shift)
        out.append(encloses(lambda dim=dim: adam_mean(dim), middle - half, middle + half))
    return counted([*out, encloses(lambda: adam_mean(math.inf), "0.6825395", "0.6825405")])


A1 = [
    Step(
        id="clara.A1.1",
        says="sum_i w_i w_{i+k} = mu (1-c)^k, w_i = c (1-c)^i, so E|p|^2 = mu [1 + 2 sum_{k>=1} (1-c)^k h(k)] for cosines of mean h(k) "
        "at lag k",
        method="algebra", check=lag_weights, formulas=(independent_mean,), uses=("clara.U1.3", "clara.T1.4"), facts=(TOWER,),
        assumes=("stationary: E<u_i, u_j> = h(|i-j|)",), control=Control("(1-c)^(2k)", lambda: lag_weights(2)),
    ),
    Step(
        id="clara.A1.2", says="the library adds up (1-c)^k h_D(beta^k) and returns mu (1 + 2 sum)", method="algebra", check=lag_structure,
        formulas=(mean_of_lags, lag_summand), uses=("clara.A1.1",), control=Control("mu (1 + 4 sum)", lambda: lag_structure(2)),
    ),
    Step(
        id="clara.A1.3",
        says="h = rho (large D): mu_A = c/(2-c) (1+(1-c)beta)/(1-(1-c)beta), 43/63 at c = 0.2, beta1 = 0.9, and c/(2-c) at beta = 0",
        method="algebra", check=large, formulas=(large_mean, mean_of_lags), uses=("clara.A1.1",), assumes=("0 <= (1-c) beta < 1",),
        control=Control("42/63", lambda: large(42)),
    ),
    Step(
        id="clara.A1.4",
        says="Adam's numerators under the null: m' = beta m + (1-beta) g has E m'm = beta Var m, so the correlation at lag k is beta^k",
        method="algebra", check=autocorrelation, assumes=("E g = 0, E g^2 = 1, g independent of m", GAUSSIAN),
        control=Control("E m'm = 2 beta Var m", lambda: autocorrelation(2)),
    ),
    *COSINE,
    Step(
        id="clara.A1.17",
        says="values at c = 0.2, beta1 = 0.9: D = 1 .5261, 2 .6030, 3 .6311, 5 .6532, 10 .6686, 15 .6735, 42 .6794, 62 .6804, 650 "
        ".6823, large D 0.682540",
        method="intervals", check=values, formulas=(mean_cosine, lag_summand, mean_of_lags, large_mean),
        uses=("clara.A1.9", "clara.A1.16"), control=Control("0.0002 more", lambda: values("0.0002")),
    ),
    Step(
        id="clara.A1.18",
        says="c_0(D) = (Gamma(D/2+1/2)/(sqrt(D/2) Gamma(D/2)))^2 tends to 1 as D to infinity, and c_0 rho <= h_D(rho) <= rho: h_D tends to "
        "rho, and mu_A(D) to the value of A1.3",
        method="algebra", check=large_dimension, formulas=(mean_cosine,), uses=("clara.A1.3", "clara.A1.14", "clara.A1.16"),
        facts=(GAMMA_RATIO,), control=Control("twice it", lambda: large_dimension(2)),
    ),
]  # fmt: skip

STEPS = A1
THEOREMS = {
    "clara.A1": "mu_A(D) = c/(2-c) [1 + 2 sum_{k>=1} (1-c)^k h_D(beta1^k)], h_D the mean cosine of Gaussian vectors, "
    "increasing in D; its limit is 43/63 (c = 0.2, beta1 = 0.9)",
}
