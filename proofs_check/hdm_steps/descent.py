"""H4, H5, H6, H8, H9: what the feedback says about F."""

from __future__ import annotations

from typing import Any

import sympy as sp
from z3 import And, If

from lra_ref.formulas import square
from lra_ref.methods.hdm_formulas import accepts, feedback, hypergradient, projected_step, tested_point
from proofs_check.algebra import identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import AM_GM, CAUCHY_SCHWARZ, CONVEX_GRADIENT, SPECTRAL
from proofs_check.steps import Control, Outcome, Step, both


def H(tested: Any, value: Any, norm2: Any) -> Any:
    """h; read anew at every use, so that a changed formula is seen."""
    return symbolic(feedback)(tested, value, norm2)


# --- H4 ------------------------------------------------------------------------------------------------------------------------------
def never_climbs(slack: int = 0) -> Outcome:
    """The value kept is at most the one before; with a slack it need not be."""
    real = Reals()
    tested, value = real("tested value")
    kept = If(real.reading(accepts)(tested, value, slack), tested, value)
    return real.always(kept <= value)


def strict(wrong: bool = False) -> Outcome:
    """A point is accepted if and only if it is strictly better."""
    real = Reals()
    tested, value = real("tested value")
    better = tested <= value if wrong else tested < value
    return real.always(real.reading(accepts)(tested, value, 0) == better)


def with_slack(share: int = 1) -> Outcome:
    """accept_tol: the value grows by less than it."""
    real = Reals()
    tested, value, tol = real("tested value tol")
    taken = real.reading(accepts)(tested, value, tol)
    kept = If(taken, tested, value)
    return real.always(And(share * (kept - value) <= tol, taken == (tested - value < tol)), given=[tol >= 0])


H4 = [
    Step(
        id="hdm.H4.1", says="a point is accepted if and only if F(y) < F(x), and F(x_{k+1}) <= F(x_k) either way", method="decision",
        check=lambda: both(never_climbs(), strict()), formulas=(accepts,), assumes=("accept_tol = 0",),
        control=Control("accept_tol = 1: without the null step", lambda: never_climbs(1)),
    ),
    Step(
        id="hdm.H4.2", says="with accept_tol: accepted if and only if F(y) - F(x) < accept_tol, so F(x_{k+1}) <= F(x_k) + accept_tol",
        method="decision", check=with_slack, formulas=(accepts,),
        control=Control("by half of it", lambda: with_slack(2)),
    ),
]  # fmt: skip


# --- H5, H6 ----------------------------------------------------------------------------------------------------------------------------
def decrease(sign: int = 1) -> Outcome:
    """F(y) = F(x) + h |g|^2, so an accepted step takes gamma |g|^2 off delta, gamma = [-h]_+ = -h."""
    tested, value = reals("tested value")
    norm2, star = reals("norm2", positive=True), reals("star")
    h = H(tested, value, norm2)
    return identity(tested - star, (value - star) + sign * h * norm2)


def harmonic(share: int = 1) -> Outcome:
    """delta' = delta - gamma n^2 > 0 and delta <= n R give 1/delta' >= 1/delta + gamma/R^2, written without division."""
    real = Reals()
    delta, after, gamma, n, radius = real("delta after gamma n radius")
    given = [delta > 0, after > 0, gamma >= 0, n > 0, radius > 0, after == delta - gamma * n * n, delta <= n * radius]
    return real.always(radius * radius * (delta - after) >= share * gamma * delta * after, given=given)


def final(factor: int = 1) -> Outcome:
    """1/delta' >= 1/delta + S/R^2 with S > 0 gives delta' <= R^2/S."""
    real = Reals()
    delta, after, total, radius, a, b = real("delta after total radius a b")
    given = [delta > 0, after > 0, total > 0, radius > 0, a * delta == 1, b * after == 1, radius * radius * (b - a) >= total]
    return real.always(factor * after * total <= radius * radius, given=given)


def convex_gap(weight: int = 1) -> Outcome:
    """delta <= <g, x - x*> <= |g| R from the gradient inequality at x*."""
    real = Reals()
    f, star, inner, n, far, radius = real("f star inner n far radius")
    given = [star >= f - inner, inner <= n * far, far <= radius, n >= 0, far >= 0]
    return real.always(weight * (f - star) <= n * radius, given=[*given, f >= star])


def linear(factor: int = 1) -> Outcome:
    """PL: n^2 >= 2 mu delta, so delta' <= delta (1 - 2 mu gamma)."""
    real = Reals()
    delta, after, gamma, n, mu = real("delta after gamma n mu")
    given = [delta >= 0, gamma >= 0, mu > 0, n * n >= 2 * mu * delta, after == delta - gamma * n * n]
    return real.always(after <= delta * (1 - factor * 2 * mu * gamma), given=given)


def multiplied(power: int = 1) -> Outcome:
    """0 <= a' <= c a and a <= p give a' <= c p: the factors multiply, c = 1 - 2 mu gamma >= 0."""
    real = Reals()
    a, after, c, p = real("a after c p")
    return real.always(
        after <= c**power * p if power == 1 else after * 2 <= c * p, given=[a >= 0, after >= 0, after <= c * a, a <= p, c >= 0]
    )


H5 = [
    Step(
        id="hdm.H5.1", says="F(y) - F* = F(x) - F* + h |g|^2: an accepted step takes gamma |g|^2 off delta, gamma = -h; a refused one "
        "has gamma = 0",
        method="algebra", check=decrease, formulas=(feedback,), assumes=("g != 0",), uses=("hdm.H4.1",),
        control=Control("adds it", lambda: decrease(-1)),
    ),
    Step(
        id="hdm.H5.2", says="delta <= <g, x - x*> <= |g| |x - x*| <= |g| R", method="decision", check=convex_gap, facts=(CONVEX_GRADIENT,
        CAUCHY_SCHWARZ),
        assumes=("F convex",), control=Control("half of it", lambda: convex_gap(2)),
    ),
    Step(
        id="hdm.H5.3", says="R^2 (delta - delta') >= gamma delta delta', that is 1/delta' >= 1/delta + gamma/R^2; sum over k",
        method="decision",
        check=harmonic, uses=("hdm.H5.1", "hdm.H5.2"), assumes=("delta' > 0",), control=Control("four times gamma: half of R",
        lambda: harmonic(4)),
    ),
    Step(
        id="hdm.H5.4", says="with sum [-h]_+ >= -sum h = S > 0: delta_{K+1} <= R^2/S", method="decision", check=final, uses=("hdm.H5.3",),
        control=Control("half of it", lambda: final(2)),
    ),
]  # fmt: skip
H6 = [
    Step(
        id="hdm.H6.1", says="delta' = delta - gamma |g|^2 <= delta (1 - 2 mu gamma)", method="decision", check=linear, uses=("hdm.H5.1",),
        assumes=("|g|^2 >= 2 mu delta (PL)",), control=Control("twice mu", lambda: linear(2)),
    ),
    Step(
        id="hdm.H6.2", says="delta_{K+1} <= (1 - 2 mu gamma_K) delta_K <= (1 - 2 mu gamma_K) times the product before", method="decision",
        check=multiplied, uses=("hdm.H6.1",), assumes=("1 - 2 mu gamma >= 0, which delta' >= 0 gives where delta > 0",),
        control=Control("half of it", lambda: multiplied(2)),
    ),
]  # fmt: skip


# --- H8 ----------------------------------------------------------------------------------------------------------------------------------
A = reals("a1 a2", positive=True)
X = reals("x1 x2")


def newton(share: Any = 1) -> Outcome:
    """F(x - A^-1 g) = 0 = F*, so h_x(A^-1) = -delta/|g|^2 and h_x(P) - h_x(A^-1) = delta(y)/|g|^2."""
    g = [a * x for a, x in zip(A, X, strict=True)]
    point = symbolic(tested_point)
    y = [point(x, share * gi / a, 0, x) for a, x, gi in zip(A, X, g, strict=True)]
    tested, norm2 = reals("tested"), sum(map(square, g))
    delta = sum(a * x**2 for a, x in zip(A, X, strict=True)) / 2
    value = sum(a * v**2 for a, v in zip(A, y, strict=True)) / 2
    return identities(
        [(value, 0), (H(value, delta, norm2), -delta / norm2), (H(tested, delta, norm2) - H(value, delta, norm2), tested / norm2)]
    )


def top(factor: int = 1) -> Outcome:
    """|g|^2 <= 2 L delta in the eigenbasis."""
    real = Reals()
    a, b, x, y, smooth = real("a b x y L")
    given = [a > 0, b > 0, a <= smooth, b <= smooth]
    return real.always(factor * (a * a * x * x + b * b * y * y) <= smooth * (a * x * x + b * y * y), given=given)


def one_step(factor: int = 1) -> Outcome:
    """delta'/delta <= 2 L rho for rho = delta(y)/|g|^2, |g|^2 <= 2 L delta and delta' <= delta(y)."""
    real = Reals()
    delta, after, tested, norm2, smooth, rho = real("delta after tested norm2 L rho")
    given = [delta > 0, norm2 > 0, smooth > 0, norm2 <= 2 * smooth * delta, rho * norm2 == tested, after <= tested, after >= 0]
    return real.always(factor * after <= 2 * smooth * rho * delta, given=given)


def by_distance(share: int = 1) -> Outcome:
    """(2 L Regret/K)^K with Regret <= (L/2)|P_1 - A^-1|^2 is (L^2 |P_1 - A^-1|^2/K)^K."""
    smooth, distance2, count = reals("L d2 K", positive=True)
    return identity(2 * smooth * (smooth / 2 * distance2) / count, share * smooth**2 * distance2 / count)


def means(factor: int = 1) -> Outcome:
    """AM-GM of two and of three factors, factor times the product on the left."""
    real = Reals()
    a, b, c = real("a b c")
    two = real.always(4 * factor**2 * a * b <= (a + b) * (a + b), given=[a >= 0, b >= 0])
    three = real.always(27 * factor**3 * a * b * c <= (a + b + c) ** 3, given=[a >= 0, b >= 0, c >= 0])
    return both(two, three)


H8 = [
    Step(
        id="hdm.H8.1", says="F(x - A^-1 g) = F*, so h_x(P) - h_x(A^-1) = (F(y) - F*)/|g|^2 for every tested y", method="algebra",
        check=newton,
        formulas=(feedback, tested_point), assumes=("A positive definite, in its eigenbasis (two dimensions)", "x* = 0"), facts=(SPECTRAL,),
        control=Control("with half of A^-1", lambda: newton(sp.Rational(1, 2))),
    ),
    Step(
        id="hdm.H8.2", says="|g|^2 <= 2 L delta", method="decision", check=top, assumes=("eigenvalues at most L; two dimensions",),
        facts=(SPECTRAL,),
        control=Control("half of it", lambda: top(2)),
    ),
    Step(
        id="hdm.H8.3", says="delta_{k+1}/delta_k <= 2 L (h_k - h_{x_k}(A^-1))", method="decision", check=one_step, uses=("hdm.H8.1",
        "hdm.H8.2", "hdm.H4.1"),
        control=Control("half of it", lambda: one_step(2)),
    ),
    Step(
        id="hdm.H8.4", says="product over k <= (mean)^K = (2 L Regret_K/K)^K", method="decision", check=means, uses=("hdm.H8.3",),
        facts=(AM_GM,),
        assumes=("the factors are not negative; decided for K = 2, 3, in general by the fact",), control=Control("half of the mean",
        lambda: means(2)),
    ),
    Step(
        id="hdm.H8.5", says="V3: Regret_K <= (L/2)|P_1 - A^-1|_F^2 turns it into (L^2 |P_1 - A^-1|_F^2/K)^K", method="algebra",
        check=by_distance,
        uses=("hdm.H7.5", "hdm.H8.4"), assumes=("A^-1 in the set", "eta = 1/L"), control=Control("half of it", lambda: by_distance(2)),
    ),
]  # fmt: skip


# --- H9 ----------------------------------------------------------------------------------------------------------------------------------
def recursion(shift: int = 1) -> Outcome:
    """On F = a|x|^2/2 a step of P with a constant eta is alpha' - 1/a = (1 - eta a)(alpha - 1/a); closed form by induction."""
    a, eta = reals("a eta", positive=True)
    alpha, first, x1, x2 = reals("alpha alpha0 x1 x2")
    k = sp.Symbol("k", integer=True, nonnegative=True)
    point, r = symbolic(tested_point), symbolic(hypergradient)
    g = [a * x1, a * x2]
    after = [a * point(x, alpha * gi, 0, x) for x, gi in zip((x1, x2), g, strict=True)]
    signal = r(sum(u * v for u, v in zip(after, g, strict=True)), sp.factor(sum(map(square, g))))
    following = symbolic(projected_step)(alpha, sp.cancel(signal), eta, -sp.oo, sp.oo)
    closed = 1 / a + (1 - eta * a) ** k * (first - 1 / a)
    stepped = 1 / a + (1 - shift * eta * a) * (closed - 1 / a)
    return both(
        identity(following - 1 / a, (1 - shift * eta * a) * (alpha - 1 / a)),
        telescopes((closed.subs(k, 0), first), (stepped, 1 / a + (1 - eta * a) ** (k + 1) * (first - 1 / a))),
    )


def bifurcation(edge: int = 2) -> Outcome:
    """|1 - eta a| < 1 if and only if 0 < eta a < 2."""
    real = Reals()
    q = real("q")
    return real.always(((1 - q) * (1 - q) < 1) == (q < edge), given=[q > 0])


def alternates(edge: int = 2) -> Outcome:
    """At eta a = 2 two steps bring alpha back."""
    a, alpha = reals("a", positive=True), reals("alpha")
    q = 1 - edge
    once = 1 / a + q * (alpha - 1 / a)
    return identities([(1 / a + q * (once - 1 / a), alpha), (once, edge / a - alpha)])


H9 = [
    Step(
        id="hdm.H9.1", says="alpha_{k+1} - 1/a = (1 - eta a)(alpha_k - 1/a), so alpha_k = 1/a + (1 - eta a)^k (alpha_0 - 1/a)",
        method="algebra",
        check=recursion, formulas=(hypergradient, projected_step, tested_point), assumes=("no projection active", "x != 0",
        "two dimensions"),
        control=Control("twice eta", lambda: recursion(2)),
    ),
    Step(
        id="hdm.H9.2", says="it converges if and only if eta a < 2: |1 - eta a| < 1", method="decision", check=bifurcation,
        uses=("hdm.H9.1",), assumes=("alpha_0 is not 1/a", "eta a > 0"),
        control=Control("eta a < 3", lambda: bifurcation(3)),
    ),
    Step(
        id="hdm.H9.3", says="at eta a = 2 it alternates between alpha_0 and 2/a - alpha_0", method="algebra", check=alternates,
        uses=("hdm.H9.1",),
        control=Control("at eta a = 3", lambda: alternates(3)),
    ),
]  # fmt: skip

THEOREMS = {
    "hdm.H4": "F(x_k) never increases",
    "hdm.H5": "1/delta_{K+1} >= 1/delta_1 + (1/R^2) sum [-h_k]_+, so delta_{K+1} <= R^2/(-sum h_k)",
    "hdm.H6": "PL(mu): delta_{K+1} <= delta_1 prod (1 - 2 mu [-h_k]_+)",
    "hdm.H8": "quadratics: delta_{K+1} <= delta_1 (2 L Regret_K/K)^K, and for V3 with eta = 1/L delta_1 (L^2 |P_1 - A^-1|_F^2/K)^K",
    "hdm.H9": "scalar P on a parabola: alpha_k = 1/a + (1 - eta a)^k (alpha_0 - 1/a), bifurcation at eta a = 2",
}
STEPS = [*H4, *H5, *H6, *H8, *H9]
