"""T13, T14: several blocks, and directions that are not isotropic."""

from __future__ import annotations

from typing import Any

import sympy as sp

from lra_ref.formulas import average
from lra_ref.rates.clara_laws import independent_mean, independent_variance, log_rate_summand
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import holds_at, identities, identity, symbolic
from proofs_check.clara_steps.moments import expected, second_moments
from proofs_check.clara_steps.null import inner, limit_of, mean, mu, stored, variance, vectors
from proofs_check.clara_steps.readings import KEEP, C, Q, T, polynomial, polynomials
from proofs_check.facts import TOWER
from proofs_check.steps import Control, Outcome, Step, counted, opposite

BLOCKS = "null model in every block"


def block_mean(factor: int = 1) -> Outcome:
    """E sum_k |p_k|^2 = K mu (1-q^t), K = 1, 2, 3; over K mu it is 1 - q^t as for one block."""
    return counted(identity(sum(mean(C, T) for _ in range(count)) / (count * mu()), factor * (1 - KEEP ** (2 * T))) for count in (1, 2, 3))


def block_variance(factor: int = 4) -> Outcome:
    """sum_k Var |p_k|^2 in the stationary state, for sizes D_1, D_2, D_3."""
    sizes = sp.symbols("D1:4", positive=True)
    total = sum(limit_of(variance(C, size, T)) for size in sizes)
    return identity(total, sum(factor / size for size in sizes) * mu() ** 2 * Q / (1 + Q))


def share_of_rate(power: int = 2) -> Outcome:
    """Var of the mean over K uncorrelated blocks: T8's summand with (1/K^2) sum 1/D_k for 1/D."""
    sizes, s = sp.symbols("D1:4", positive=True), sp.Symbol("s", positive=True, integer=True)
    f = symbolic(log_rate_summand)
    return identity(sum(f(C, size, T, s) for size in sizes) / 9, f(C, 3**power / sum(1 / size for size in sizes), T, s))


def same_blocks(copies: int = 3) -> Outcome:
    """Three identical blocks at the stored counterexample: Var (copies Y) against the sum of three variances."""
    values = stored("T13same")
    c, size = sp.Rational(str(values["parameters"]["c"])), len(values["scales"])
    one = variance(c, sp.Integer(size), values["T"])
    return holds_at(sp.Eq(copies**2 * one, values["copies"] * one))


T13 = [
    Step(
        id="clara.T13.1",
        says="E sum_k |p_k|^2 = K mu (1-q^t) whatever the sizes: sum_k |p_k|^2/(K mu) has the mean 1 - q^t of one block, and T7 holds "
        "(K = 1, 2, 3 written out)",
        method="algebra", check=block_mean, formulas=(independent_mean,), uses=("clara.T1.3", "clara.T7.1"), assumes=(BLOCKS,),
        control=Control("twice it", lambda: block_mean(2)),
    ),
    Step(
        id="clara.T13.2", says="stationary Var sum_k |p_k|^2 = sum_k (4/D_k) mu^2 q/(1+q) for uncorrelated blocks", method="algebra",
        check=block_variance, formulas=(independent_variance,), uses=("clara.T2.5",),
        assumes=(BLOCKS, "the |p_k|^2 of different blocks are uncorrelated", "0 < c < 1"),
        control=Control("2/D_k", lambda: block_variance(2)),
    ),
    Step(
        id="clara.T13.3", says="T8 with (1/K^2) sum_k 1/D_k for 1/D (K = 3 written out)", method="algebra", check=share_of_rate,
        formulas=(log_rate_summand,), uses=("clara.T8.1",), assumes=(BLOCKS, "the inner products of different blocks are uncorrelated"),
        control=Control("1/K", lambda: share_of_rate(1)),
    ),
    Step(
        id="clara.T13same.1",
        says="NOT: Var sum_k |p_k|^2 = sum_k Var |p_k|^2 for any blocks: three identical ones have Var 3Y = 9 Var Y, three times it "
        "(stored case, exact)",
        method="algebra", check=lambda: opposite(same_blocks()), formulas=(independent_variance,), uses=("clara.T2.2",),
        control=Control(
            "a path that is sqrt 3 times that of one block, for which it is right",
            lambda: opposite(same_blocks(sp.sqrt(3))),
        ),
    ),
]  # fmt: skip


# --- T14 ---------------------------------------------------------------------------------------------------------------------------------
def shape(dim: int) -> Any:
    """A symmetric matrix of trace 1 with free entries."""
    S = sp.Matrix(dim, dim, lambda i, j: sp.Symbol(f"S{min(i, j)}{max(i, j)}", real=True))
    S[dim - 1, dim - 1] = 1 - sum(S[i, i] for i in range(dim - 1))
    return S


def anisotropic_products(factor: int = 1) -> Outcome:
    """E<p,u> = 0, E<p,u>^2 = p'Sp, and E|p'|^2 = q |p|^2 + c^2 as for isotropic directions."""
    out = []
    for dim in (1, 2, 3):
        p, u = vectors(dim)
        S, P = shape(dim), sp.Matrix(p)
        law = second_moments(S)
        moved = [symbolic(average)(a, b, 1 - C, C) for a, b in zip(p, u, strict=True)]
        out.append(polynomials([
            (expected(inner(p, u), u, law), 0),
            (expected(inner(p, u) ** 2, u, law), factor * (P.T * S * P)[0]),
            (expected(inner(moved, moved), u, law), Q * inner(p, p) + C**2),
        ]))  # fmt: skip
    return counted(out)


def second_matrix(factor: int = 1) -> Outcome:
    """E p_t p_t' = mu (1-q^t) S: 0 at t = 0 and kept by a step; so E p_t' S p_t = mu (1-q^t) tr S^2."""
    out = []
    for dim in (1, 2):
        p, u = vectors(dim)
        S = shape(dim)
        law, pairs = second_moments(S), [(mean(C, 0), 0)]
        for i in range(dim):
            for j in range(dim):
                moved = symbolic(average)(p[i], u[i], 1 - C, C) * symbolic(average)(p[j], u[j], 1 - C, C)
                over_u = expected(moved, u, law)
                over_p = expected(over_u, p, second_moments(mean(C, T) * S))
                pairs.append((over_p, mean(C, T + 1) * S[i, j]))
        quadratic = expected(sum(p[i] * S[i, j] * p[j] for i in range(dim) for j in range(dim)), p, second_moments(mean(C, T) * S))
        out.append(polynomials([*pairs, (quadratic, factor * mean(C, T) * (S * S).trace())]))
    return counted(out)


def anisotropic_spread(scale: int = 1) -> Outcome:
    """The recursion of T2 with tr S^2 for 1/D, and the summand of T8."""
    trace = sp.Symbol("trace", positive=True)
    var = {t: variance(C, 1 / trace, t) for t in (0, T, T + 1)}
    s, r = sp.symbols("s r", positive=True, integer=True)
    coefficient = 2 * (1 - C) / C * (1 - Q**r)
    return identities([
        (var[0], 0), (var[T + 1], Q**2 * var[T] + scale * 4 * Q * C**2 * mean(C, T) * trace),
        (coefficient**2 * mean(C, s) * trace, symbolic(log_rate_summand)(C, 1 / trace, s + r, s + 1)),
    ])  # fmt: skip


def centred() -> Any:
    """Y' - E Y' for general S: its conditional second moment is q^2 (Y - M)^2 + 4 q c^2 p'Sp."""
    p, u = vectors(2)
    S, M = shape(2), sp.Symbol("M", real=True)
    y = inner(p, p)
    value = expected((symbolic(path_norm2)(y, inner(p, u), 1 - C, C) - (Q * M + C**2)) ** 2, u, second_moments(S))
    return polynomial(value, Q**2 * (y - M) ** 2 + 4 * Q * C**2 * (sp.Matrix(p).T * S * sp.Matrix(p))[0])


SHAPED = "u_t independent of the past, E u_t = 0, |u_t| = 1, E u_t u_t' = S, tr S = 1"
T14 = [
    Step(
        id="clara.T14.1",
        says="E<p,u> = 0 and E[|p'|^2 | past] = q |p|^2 + c^2 as before, so T1 and T7 stand; E<p,u>^2 = p'Sp (D = 1..3 written out)",
        method="algebra", check=anisotropic_products, formulas=(average,), uses=("clara.T1.3", "clara.T7.1"), assumes=(SHAPED,),
        control=Control("2 p'Sp", lambda: anisotropic_products(2)),
    ),
    Step(
        id="clara.T14.2", says="E p_t p_t' = mu (1-q^t) S by induction, so E p_t'S p_t = mu (1-q^t) tr S^2 (D = 1, 2 written out)",
        method="algebra", check=second_matrix, formulas=(average, independent_mean), uses=("clara.T14.1",), facts=(TOWER,),
        assumes=(SHAPED,), control=Control("twice it", lambda: second_matrix(2)),
    ),
    Step(
        id="clara.T14.3", says="E[(Y' - E Y')^2 | past] = q^2 (Y - E Y)^2 + 4 q c^2 p'Sp (D = 2 written out)", method="algebra",
        check=centred, formulas=(path_norm2,), uses=("clara.T14.1",), assumes=(SHAPED,),
        control=Control("T2's isotropic form", lambda: isotropic_form()),
    ),
    Step(
        id="clara.T14.4", says="so T2's recursion and T8's summand hold with tr S^2 for 1/D", method="algebra", check=anisotropic_spread,
        formulas=(independent_variance, log_rate_summand), uses=("clara.T14.2", "clara.T14.3", "clara.T2.2", "clara.T8.1"),
        facts=(TOWER,), assumes=(SHAPED,), control=Control("twice it", lambda: anisotropic_spread(2)),
    ),
]  # fmt: skip


def isotropic_form() -> Outcome:
    """p'Sp is not |p|^2/2 for every S."""
    p, u = vectors(2)
    return identity(expected(inner(p, u) ** 2, u, second_moments(shape(2))), inner(p, p) / 2)


STEPS = [*T13, *T14]
THEOREMS = {
    "clara.T13": "K blocks, null model: E sum_k |p_k|^2 = K mu (1-q^t); stationary variance sum_k (4/D_k) mu^2 q/(1+q) if the "
    "blocks are uncorrelated",
    "clara.T13same": "NOT for correlated blocks: three identical ones give three times that variance",
    "clara.T14": "E u u' = S, tr S = 1: T1 and T7 unchanged, T2 and T8 with tr S^2 for 1/D",
}
