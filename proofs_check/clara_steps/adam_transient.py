"""L1, A3, A4: Adam's transient and the drift at the start."""

from __future__ import annotations

from typing import Any

import sympy as sp
import z3
from flint import arb, ctx

from lra_ref.rates.clara_reference import transient_correlation, transient_size
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import identities, identity, symbolic
from proofs_check.clara_steps.adam_mean import adam_mean
from proofs_check.clara_steps.readings import KEEP, C, T, special, special_balls
from proofs_check.decision import Reals
from proofs_check.facts import BETA_LAW, GAMMA_RATIO
from proofs_check.intervals import PRECISION, ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, counted

n = sp.Symbol("n", positive=True)
LIMIT = (
    "beta2 -> 1, eps = 0; i.i.d. standard normal gradients; D to infinity: sums over the coordinates are their means (law of large numbers)"
)


# --- L1: a_n = sqrt(2/n) Gamma((n+1)/2)/Gamma(n/2) --------------------------------------------------------------------------------------
def root_moment(index: Any) -> Any:
    """a_n: the library's size at beta = 0."""
    return special(transient_size)(sp.S(0), index)


def neighbours(factor: int = 1) -> Outcome:
    """a_n a_{n+1} = sqrt(n/(n+1)); a_{n+2}^2/a_n^2 = (n+1)^2/(n(n+2)) follows."""
    found = sp.gammasimp(sp.expand_func(root_moment(n) * root_moment(n + 1)))
    return identities([(sp.simplify(found**2), factor * n / (n + 1)), ((n + 1) / (n + 2) * (n + 1) / n, (n + 1) ** 2 / (n * (n + 2)))])


def brackets(low: int = 1, high: int = 3) -> Outcome:
    """a_n^2/(1 - 1/(2n)) falls from n to n+2, a_n^4 (n+1)/n rises from n to n+2; both tend to 1."""
    real = Reals()
    k = real("n")
    # quotients at n+2 over those at n, with the denominators multiplied out
    falls = (k + 1) * (k + 1) * (2 * k - 1) < low * k * k * (2 * k + 3)
    rises = (k + 1) * (k + 1) * (k + 1) * (k + high) > k * (k + 2) * (k + 2) * (k + 2)
    return real.always(z3.And(falls, rises), given=[k >= 1])


def quotients() -> Outcome:
    """The two quotients that :func:`brackets` compares with 1."""
    square = (n + 1) ** 2 / (n * (n + 2))
    lower = square * (1 - 1 / (2 * n)) / (1 - 1 / (2 * n + 4))
    upper = square**2 * ((n + 3) / (n + 2)) / ((n + 1) / n)
    return identities([(lower, (n + 1) ** 2 * (2 * n - 1) / (n**2 * (2 * n + 3))), (upper, (n + 1) ** 3 * (n + 3) / (n * (n + 2) ** 3))])


def neighbour_gap(room: int = 1) -> Outcome:
    """1 - 1/(2n) <= a^2, a a' = r, r^2 = n/(n+1): 0 <= 1 - a/a' <= 1/(2n^2); a/a' = a^2/r."""
    real = Reals()
    k, a2, r = real("n a2 r")
    given = [k >= 1, r > 0, r * r * (k + 1) == k, 2 * k * a2 >= 2 * k - 1, a2 <= r]
    # 1 - a2/r <= 1/(2 n^2) and >= 0, times 2 n^2 r
    return real.always(z3.And(2 * k * k * (r - a2) <= room * r, r - a2 >= 0), given=given)


L1 = [
    Step(
        id="clara.L1.1", says="a_n a_{n+1} = sqrt(n/(n+1)), so a_{n+2}^2/a_n^2 = (n+1)^2/(n(n+2))", method="algebra", check=neighbours,
        formulas=(transient_size,), control=Control("2n/(n+1)", lambda: neighbours(2)),
    ),
    Step(
        id="clara.L1.2",
        says="a_n^2/(1-1/(2n)) at n+2 over n is (n+1)^2(2n-1)/(n^2(2n+3)); a_n^4 (n+1)/n at n+2 over n is (n+1)^3(n+3)/(n(n+2)^3)",
        method="algebra", check=quotients, uses=("clara.L1.1",),
        control=Control("the first is 1", lambda: identity((n + 1) ** 2 * (2 * n - 1) / (n**2 * (2 * n + 3)), 1)),
    ),
    Step(
        id="clara.L1.3",
        says="the first quotient is below 1 and the second above 1 for n >= 1; both sequences tend to 1, so 1 - 1/(2n) < a_n^2 < "
        "sqrt(n/(n+1))",
        method="decision", check=brackets, uses=("clara.L1.2",), facts=(GAMMA_RATIO,),
        control=Control("the second with n+2 for n+3", lambda: brackets(high=2)),
    ),
    Step(
        id="clara.L1.4", says="so 0 <= 1 - a_n/a_{n+1} <= 1/(2n^2), and 1 - a_i/a_j <= (j-i)/(2 i^2) for i <= j", method="decision",
        check=neighbour_gap, uses=("clara.L1.1", "clara.L1.3"), control=Control("1/(4n^2)", lambda: neighbour_gap(z3.RealVal(1) / 2)),
    ),
]  # fmt: skip


# --- A3 ----------------------------------------------------------------------------------------------------------------------------------
i, j = sp.symbols("i j", positive=True)
beta = sp.Symbol("beta", positive=True)


def numerators(power: int = 1) -> Outcome:
    """S_i = sum_{s<=i} beta^(2(i-s)) = (1-beta^(2i))/(1-beta^2); Cov(m_i, m_j) = beta^(j-i) S_i, correlation beta^(j-i) sqrt(S_i/S_j)."""
    t = sp.Symbol("t", integer=True, nonnegative=True)

    def squares(index: Any) -> Any:
        return (1 - beta ** (2 * index)) / (1 - beta**2)

    found = special(transient_correlation)(beta, i, j) / (root_moment(i) / root_moment(j))
    wanted = beta ** (2 * power * (j - i)) * squares(i) / squares(j)
    return identities([(squares(0), 0), (squares(t + 1), beta**2 * squares(t) + 1), (sp.simplify(found**2 / wanted), 1)])


def beta_moment(factor: int = 1) -> Outcome:
    """sqrt(j/i) E X^(1/2) = a_i/a_j for X ~ Beta(i/2, (j-i)/2)."""

    def B(a: Any, b: Any) -> Any:
        return sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)

    moment = B(i / 2 + sp.Rational(1, 2), (j - i) / 2) / B(i / 2, (j - i) / 2)
    return identity(sp.gammasimp(sp.sqrt(j / i) * moment / (root_moment(i) / root_moment(j))), factor)


def double_sum(factor: int = 2) -> Outcome:
    """mu_t by its recursion is sum w_i w_j rho_ij over i, j <= t (t = 1, 2, 3 written out)."""
    rho = {(a, b): sp.Symbol(f"rho{a}{b}") for a in range(1, 4) for b in range(a + 1, 4)}
    step, found, out = symbolic(path_norm2), sp.S(0), []
    for t in (1, 2, 3):
        w = {a: C * KEEP ** (t - a) for a in range(1, t + 1)}
        cross = sum(C * KEEP ** (t - 1 - a) * rho[a, t] for a in range(1, t))
        found = step(found, cross, 1 - C, C)
        out.append((found, sum(w[a] ** 2 for a in w) + factor * sum(w[a] * w[b] * rho[a, b] for a in w for b in w if a < b)))
    return identities(out)


#: steps that are added up, and lags that are kept of each
STEPS_ADDED, LAGS_KEPT = 2000, 120


def transient_means(steps: int) -> list[arb]:
    """mu_1 .. mu_steps at c = 1/5, beta1 = 9/10 in balls; rho_kt = rho_1t/rho_1k (A3.4), older lags weigh at most x^120."""
    before, ctx.prec = ctx.prec, PRECISION
    try:
        c, b = ball("1/5"), ball("9/10")
        correlation, step = special_balls(transient_correlation), enclosing(path_norm2)
        first = [arb(1), *(correlation(b, 1, k) for k in range(1, steps + 1))]
        inverse = [1 / value for value in first]
        weight = [c * (1 - c) ** k for k in range(LAGS_KEPT)]
        rest = (((1 - c) * b) ** LAGS_KEPT).union(arb(0))
        out, value = [], arb(0)
        for t in range(1, steps + 1):
            cross = sum((weight[t - 1 - k] * inverse[k] for k in range(max(1, t - LAGS_KEPT + 1), t)), arb(0)) * first[t]
            value = step(value, cross + rest, 1 - c, c)
            out.append(value)
        return out
    finally:
        ctx.prec = before


def chain_rule(factor: int = 1) -> Outcome:
    """rho_ik = rho_ij rho_jk for i <= j <= k."""
    k, f = sp.Symbol("k_", positive=True), special(transient_correlation)
    return identity(sp.simplify(f(beta, i, k) / (f(beta, i, j) * f(beta, j, k))), factor)


FIRST = {1: ".0400", 2: ".1041", 3: ".1770", 5: ".3169", 10: ".5420", 20: ".6642", 50: ".6823"}


def first_values(shift: str = "0") -> Outcome:
    """mu_t within half a unit of the fourth decimal."""
    half = ball("0.00005")
    return counted(
        encloses(lambda t=t: transient_means(50)[t - 1], ball("0" + text) + ball(shift) - half, ball("0" + text) + ball(shift) + half)
        for t, text in FIRST.items()
    )


A3 = [
    Step(
        id="clara.A3.1",
        says="numerators: m_j = beta^(j-i) m_i + (later gradients), Var ~ S_i = (1-beta^(2i))/(1-beta^2): their correlation is "
        "beta^(j-i) sqrt((1-beta^(2i))/(1-beta^(2j)))",
        method="algebra", check=numerators, formulas=(transient_correlation, transient_size), assumes=(LIMIT,),
        control=Control("beta^(2(j-i))", lambda: numerators(2)),
    ),
    Step(
        id="clara.A3.2",
        says="denominators: v_i = R_i^2/i, sqrt(v_i/v_j) = sqrt(j/i) R_i/R_j has the mean a_i/a_j, a_n = sqrt(2/n) "
        "Gamma((n+1)/2)/Gamma(n/2)",
        method="algebra", check=beta_moment, formulas=(transient_size,), uses=("clara.A3.1",), facts=(BETA_LAW,),
        assumes=(
            LIMIT, "i <= j",
            "m_i^2/v_i depends on the direction of (g_1 .. g_i) alone and the later gradients enter v_j evenly, so E m_i m_j/sqrt(v_i "
            "v_j) is the product of the two means",
        ),
        control=Control("half of it", lambda: beta_moment(2)),
    ),
    Step(
        id="clara.A3.3", says="mu_t = (1-c)^2 mu_{t-1} + 2c(1-c) sum_i w_i rho_it + c^2 is sum w_i w_j rho_ij (t = 1, 2, 3 written out)",
        method="algebra", check=double_sum, formulas=(path_norm2,), uses=("clara.A3.2",),
        control=Control("every pair once", lambda: double_sum(1)),
    ),
    Step(
        id="clara.A3.4", says="rho_ik = rho_ij rho_jk, i <= j <= k, so that rho_it = rho_1t/rho_1i", method="algebra", check=chain_rule,
        formulas=(transient_correlation,), uses=("clara.A3.2",), control=Control("half of it", lambda: chain_rule(2)),
    ),
    Step(
        id="clara.A3.5",
        says="mu_t at c = 0.2, beta1 = 0.9: .0400, .1041, .1770 (t = 1, 2, 3), .3169 (5), .5420 (10), .6642 (20), .6823 (50)",
        method="intervals", check=first_values, formulas=(transient_size, transient_correlation, path_norm2),
        uses=("clara.A3.3", "clara.A3.4"), control=Control("0.0002 more", lambda: first_values("0.0002")),
    ),
]  # fmt: skip


# --- A4 ----------------------------------------------------------------------------------------------------------------------------------
def correlation_gap(room: int = 1) -> Outcome:
    """1 - sqrt((1-x)/(1-y)) <= x for 0 <= y <= x < 1, and 1 - r s <= (1-r) + (1-s), r, s in [0, 1]; never negative."""
    real = Reals()
    x, y, root, r, s = real("x y root r s")
    given = [y >= 0, y <= x, x < 1, root >= 0, root * root * (1 - y) == 1 - x, r >= 0, r <= 1, s >= 0, s <= 1]
    return real.always(z3.And(1 - root <= room * x, root <= 1, 1 - r * s <= (1 - r) + (1 - s), r * s <= 1), given=given)


def weighted_lags(factor: int = 1) -> Outcome:
    """sum_{k<n} w_k = 1 - (1-c)^n, and sum_k k x^k, which tends to x/(1-x)^2: base and increment."""
    x = sp.Symbol("x", positive=True)
    partial = x * (1 - (T + 1) * x**T + T * x ** (T + 1)) / (1 - x) ** 2
    newest = 1 - KEEP**T
    return identities(
        [
            (newest.subs(T, 0), 0),
            (newest.subs(T, T + 1) - newest, C * KEEP**T),
            (partial.subs(T, 0), 0),
            (partial.subs(T, T + 1) - partial, factor * (T + 1) * x ** (T + 1)),
        ]
    )


def rest_of_drift(first: int) -> arb:
    """Bound of sum_{t>n} (mu_A - mu_t): pairs older than t/4 steps, then beta^(3t/2) and |i-j|/(2 (3t/4)^2) for the others."""
    c, b = ball("1/5"), ball("9/10")
    keep, x = 1 - c, (1 - c) * b
    center, fourth, late = c / (2 - c), keep.root(4), b.sqrt() ** 3
    old = 2 * fourth ** (first + 1) / (1 - fourth)
    return old + late ** (first + 1) / (1 - late) + 16 * center * x / (1 - x) ** 2 / (9 * arb(first))


def total_drift(middle: str = "-6.22") -> Outcome:
    """sum_t (mu_t/mu_A - 1): the first 2000 in balls, the rest between -rest/mu_A and 0."""

    def value() -> arb:
        limit = adam_mean(float("inf"))
        found = sum((mean_t / limit - 1 for mean_t in transient_means(STEPS_ADDED)), arb(0))
        return found + (-rest_of_drift(STEPS_ADDED) / limit).union(arb(0))

    return encloses(value, ball(middle) - ball("0.005"), ball(middle) + ball("0.005"))


A4 = [
    Step(
        id="clara.A4.1", says="0 <= beta^(j-i) - rho_ij <= beta^(j-i) (beta^(2i) + (j-i)/(2i^2)), i <= j", method="decision",
        check=correlation_gap, uses=("clara.A3.2", "clara.L1.4"),
        control=Control("beta^(2i)/3", lambda: correlation_gap(z3.RealVal(1) / 3)),
    ),
    Step(
        id="clara.A4.2",
        says="0 <= mu_A - mu_t <= 2(1-c)^(t/4) + beta^(3t/2) + (16/(9t^2)) mu x/(1-x)^2, x = (1-c)beta: pairs with an index below 3t/4 "
        "weigh at most 2(1-c)^(t/4); sum_k k x^k = x/(1-x)^2",
        method="algebra", check=weighted_lags, uses=("clara.A4.1", "clara.A1.1"),
        assumes=("0 < x < 1", "the split of the pairs is in words; decided are the two sums, of w_k and of k x^k"),
        control=Control("2 k x^k", lambda: weighted_lags(2)),
    ),
    Step(
        id="clara.A4.3",
        says="the total drift sum_t (mu_t/mu_A - 1) of log eta over d is -6.22 to two decimals at c = 0.2, beta1 = 0.9, D to infinity",
        method="intervals", check=total_drift, formulas=(transient_correlation, transient_size, path_norm2),
        uses=("clara.T6.1", "clara.A3.3", "clara.A3.4", "clara.A4.2", "clara.A1.3"), assumes=(LIMIT, "sum_{t>n} 1/t^2 <= 1/n"),
        control=Control("-6.20", lambda: total_drift("-6.20")),
    ),
]  # fmt: skip

STEPS = [*L1, *A3, *A4]
THEOREMS = {
    "clara.L1": "a_n = sqrt(2/n) Gamma((n+1)/2)/Gamma(n/2): 1 - 1/(2n) < a_n^2 < sqrt(n/(n+1)), 0 <= 1 - a_n/a_{n+1} <= 1/(2n^2)",
    "clara.A3": "Adam's transient for large D: mu_t = sum w_i w_j rho_ij, rho_ij = beta1^(j-i) sqrt((1-beta1^(2i))/(1-beta1^(2j))) a_i/a_j",
    "clara.A4": "With the constant reference the total null drift of log eta is -6.22 d for large D",
}
