"""T7, T8: drift and variance of the rate under the null model."""

from __future__ import annotations

from typing import Any

import sympy as sp
import z3

from lra_ref.formulas import average
from lra_ref.rates.clara_laws import drift, independent_mean, log_rate_summand
from lra_ref.rates.salera import grown, mean_after, path_norm2
from proofs_check.algebra import holds_at, identities, identity, symbolic, telescopes
from proofs_check.clara_steps.moments import NULL, expected, isotropic, mean_and_variance, walks
from proofs_check.clara_steps.null import inner, limit_of, mean, mu, vectors
from proofs_check.clara_steps.rate import OWN
from proofs_check.clara_steps.readings import KEEP, C, D, Q, S, T, polynomials
from proofs_check.decision import Reals
from proofs_check.facts import TOWER
from proofs_check.steps import Control, Outcome, Step, counted


# --- T7 ----------------------------------------------------------------------------------------------------------------------------------
def null_drift(factor: int = 1) -> Outcome:
    """drift(0) = 0, and drift grows by E Y_{T+1}/mu - 1."""
    f = symbolic(drift)
    return telescopes((f(C, 0), 0), (factor * (f(C, T + 1) - f(C, T)), mean(C, T + 1) / mu() - 1))


def drift_limit(ninths: int = -16) -> Outcome:
    """At c = 1/5."""
    value = -Q / (1 - Q)
    return identities([(limit_of(symbolic(drift)(C, T)), value), (value.subs(KEEP, sp.Rational(4, 5)), sp.Rational(ninths, 9))])


def salera_mean(power: int = 2) -> Outcome:
    """mean_after follows the exact mean of T1, from 0."""
    return telescopes((mean(C, 0), 0), (symbolic(mean_after)(mean(C, T), C) - mean(C, T), mean(C, T + 1) - mean(C, T + 2 - power)))


def salera_increment(root: Any = Q, weight: int = 1) -> Outcome:
    """E[Delta log eta | past] = gain q (Y - mean); with the correction the conditional mean is 0."""
    gain, m = sp.Symbol("G", positive=True), sp.Symbol("M", positive=True)
    out = []
    for dim in (1, 2, 3):
        p, u = vectors(dim)
        after = symbolic(path_norm2)(inner(p, p), inner(p, u), 1 - C, C)
        new = symbolic(mean_after)(m, C)
        increment = sp.expand_log(sp.log(symbolic(grown)(sp.S(1), gain, after, new)), force=True)
        known = inner(p, p) - m
        corrected = increment + weight * gain * Q / (1 - Q) * ((after - new) - known)
        law = isotropic(dim)
        out.append(identities([(expected(increment, u, law), gain * root * known), (expected(corrected, u, law), 0)]))
    return counted(out)


T7 = [
    Step(
        id="clara.T7.1", says="E log(eta_T/eta_0) = -d q(1-q^T)/(1-q): 0 at T = 0, and it grows by d (E Y_{T+1}/mu - 1) = -d q^(T+1)",
        method="algebra", check=null_drift, formulas=(drift, independent_mean), uses=("clara.T6.1", "clara.T1.3"), assumes=(NULL, OWN),
        control=Control("a doubled drift", lambda: null_drift(2)),
    ),
    Step(
        id="clara.T7.2", says="it tends to -d q/(1-q), which is -(16/9) d = -1.7778 d at c = 1/5", method="algebra", check=drift_limit,
        formulas=(drift,), uses=("clara.T7.1", "clara.T1.4"), assumes=("0 < c < 1",), control=Control("-2 d", lambda: drift_limit(-18)),
    ),
    Step(
        id="clara.T7salera.1",
        says="mu_t of SALERA, mu_t = (1-alpha)^2 mu_{t-1} + alpha^2, is the exact E Y_t of T1, so E Delta log eta_t = 0 for all t",
        method="algebra", check=salera_mean, formulas=(mean_after, independent_mean), uses=("clara.U2.1", "clara.T1.3"), assumes=(NULL,),
        control=Control("one step behind", lambda: salera_mean(1)),
    ),
    Step(
        id="clara.T7salera.2",
        says="E[Delta log eta_t | past] = (C/s) q (Y_{t-1} - mu_{t-1}); log eta_t + (C/s)(q/(1-q))(Y_t - mu_t) has increments of mean 0",
        method="algebra", check=salera_increment, formulas=(grown, mean_after, path_norm2), uses=("clara.U2.1", "clara.T1.2"),
        assumes=(NULL, "D = 1..3 written out"), control=Control("the correction doubled", lambda: salera_increment(weight=2)),
    ),
    Step(
        id="clara.T7salera.3",
        says="NOT: log eta_t is a martingale: directions e_1, e_1 have Y_2 - mu_2 > 0 at alpha = 1/5, so the next mean increment is "
        "positive",
        method="algebra", check=lambda: aligned_start(1), formulas=(mean_after, path_norm2), uses=("clara.T7salera.2",),
        control=Control("directions e_1, -e_1, where it is negative", lambda: aligned_start(-1)),
    ),
]  # fmt: skip


def aligned_start(sign: int) -> Outcome:
    """Y_2 - mu_2 > 0 for the directions u, sign u at alpha = 1/5."""
    alpha = sp.Rational(1, 5)
    norm, center = symbolic(path_norm2), symbolic(mean_after)
    y2 = norm(norm(sp.S(0), sp.S(0), 1 - alpha, alpha), sign * alpha, 1 - alpha, alpha)
    return holds_at(sp.Gt(y2, center(center(sp.S(0), alpha), alpha)))


# --- T8 ----------------------------------------------------------------------------------------------------------------------------------
def summand(factor: int = 1) -> Outcome:
    """(coefficient of <p_{s-1}, u_s> in T6)^2 E Y_{s-1}/D is what the library adds up; r = T - s + 1 steps are left."""
    r = sp.Symbol("r", integer=True, positive=True)
    coefficient = 2 * (1 - C) / C * (1 - Q**r)
    return identity(coefficient**2 * mean(C, S) / D, factor * symbolic(log_rate_summand)(C, D, S + r, S + 1))


def rate_on_walks(factor: int = 1) -> Outcome:
    """Directions +-e_i: Var log(eta_T/eta_0)/d^2 over all sequences, T = 1, 2, 3, and its mean."""
    out = []
    for dim in (1, 2):
        rows = walks(dim, 3, C)
        for t in (1, 2, 3):
            # Y/mu - 1 = (2-c) Y/c - 1: the common factor 1/mu is taken out, so that all is polynomial
            found = mean_and_variance([sum(row[:t]) for row in rows])
            total = sum(symbolic(log_rate_summand)(C, sp.Integer(dim), t, s) for s in range(1, t + 1))
            out.append(polynomials([(found[0] / mu() - t, symbolic(drift)(C, t)), (found[1] / mu() ** 2, factor * total)]))
    return counted(out)


def long_run(room: int = 2) -> Outcome:
    """0 <= 1 - (1-x)^2 (1-y) <= 2x + y for x = q^(T-s+1), y = q^(s-1) in [0, 1]."""
    real = Reals()
    x, y = real("x y")
    lost = 1 - (1 - x) ** 2 * (1 - y)
    return real.always(z3.And(lost >= 0, lost <= room * x + y), [x >= 0, x <= 1, y >= 0, y <= 1])


def slopes(factor: int = 4) -> Outcome:
    """The factor in front of (1-q^(T-s+1))^2 (1-q^(s-1)), times d^2; SALERA: with C/s, s = alpha/sqrt(D), in place of d/mu."""
    summed = symbolic(log_rate_summand)(C, D, T, S)
    front = sp.cancel(summed / ((1 - Q ** (T - S + 1)) ** 2 * (1 - Q ** (S - 1))))
    constant, alpha = sp.Symbol("Cs", positive=True), C
    salera = front * mu() ** 2 * (constant * sp.sqrt(D) / alpha) ** 2
    return identities(
        [(front, factor * (1 - C) ** 2 / (D * C * (2 - C))), (salera, factor * constant**2 * (1 - alpha) ** 2 / (alpha * (2 - alpha) ** 3))]
    )


T8 = [
    Step(
        id="clara.T8.1",
        says="the s-th summand of T6 has variance d^2 (4qc^2/((1-q)^2 D mu^2)) (1-q^(T-s+1))^2 mu(1-q^(s-1)), from E<p_{s-1}, u_s>^2 = "
        "E Y_{s-1}/D",
        method="algebra", check=summand, formulas=(log_rate_summand, independent_mean), uses=("clara.T6.2", "clara.T1.2", "clara.T1.3"),
        facts=(TOWER,), assumes=(NULL, OWN), control=Control("twice it", lambda: summand(2)),
    ),
    Step(
        id="clara.T8.2",
        says="summands of different s are uncorrelated: E[<p_{t-1}, u_t> Z | past] = 0 for every Z known before; the variances add up",
        method="algebra", check=lambda: uncorrelated(0), uses=("clara.T1.2",), facts=(TOWER,), assumes=(NULL, "D = 1..3 written out"),
        control=Control("a covariance of Z", lambda: uncorrelated(1)),
    ),
    Step(
        id="clara.T8.3",
        says="directions +-e_i, D = 1, 2, all 4^3 sequences: mean and variance of sum_{t<=T} (Y_t/mu - 1), T = 1..3, are those of T7 "
        "and T8",
        method="algebra", check=rate_on_walks, formulas=(log_rate_summand, drift, average),
        assumes=("directions +-e_i, equally likely: a case of the null model",),
        control=Control("twice the variance", lambda: rate_on_walks(2)),
    ),
    Step(
        id="clara.T8.4",
        says="0 <= 1 - (1-q^(T-s+1))^2 (1-q^(s-1)) <= 2 q^(T-s+1) + q^(s-1), so the sum over s is T up to (1+2q)/(1-q) (geometric sums)",
        method="decision", check=long_run, assumes=("0 < q < 1",), control=Control("q^(T-s+1) once", lambda: long_run(1)),
    ),
    Step(
        id="clara.T8.5",
        says="so Var ~ 4 T d^2 (1-c)^2/(D c(2-c)); SALERA, C sqrt(D)/alpha for d/mu: ~ 4 T C^2 (1-alpha)^2/(alpha (2-alpha)^3)",
        method="algebra", check=slopes, formulas=(log_rate_summand,), uses=("clara.T8.1", "clara.T8.2", "clara.T8.4"),
        control=Control("half of it", lambda: slopes(2)),
    ),
]  # fmt: skip


def uncorrelated(value: int) -> Outcome:
    """E[<p, u> Z] = value Z over u."""
    out = []
    known = sp.Symbol("Z", real=True)
    for dim in (1, 2, 3):
        p, u = vectors(dim)
        out.append(identity(expected(inner(p, u) * known, u, isotropic(dim)), value * known))
    return counted(out)


STEPS = [*T7, *T8]
THEOREMS = {
    "clara.T7": "Null model: E log(eta_T/eta_0) = -d q(1-q^T)/(1-q), -1.7778 d in the limit at c = 0.2",
    "clara.T7salera": "Null model: SALERA's log eta has mean 0, is no martingale, and is one after adding (C/s)(q/(1-q))(Y_t - mu_t)",
    "clara.T8": "Null model: Var log(eta_T/eta_0) = (d/mu)^2 (4qc^2/((1-q)^2 D)) sum_{s<=T} (1-q^(T-s+1))^2 mu (1-q^(s-1)), "
    "and its growth in T",
}
