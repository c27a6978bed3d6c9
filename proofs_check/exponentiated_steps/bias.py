"""E7: where the alignment of successive gradients drifts at a constant rate, on quadratics with additive noise."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp
import z3

from experiments.exponentiated_claims.runs import witness
from lra_ref.arithmetic import quotient
from lra_ref.formulas import clip, descend
from lra_ref.rates.exponentiated import cosine
from lra_ref.rates.hypergradient import added
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import INDEPENDENT, ORTHANT, STATIONARY
from proofs_check.steps import Control, Outcome, Step, both

x, y, u0, u1, n0, n1, h12, m0 = reals("x y u0 u1 n0 n1 h12 m0")
h11, h22, ETA, LAM, VAR, GAMMA, BETA = reals("h11 h22 eta lam sigma2 gamma beta", positive=True)
HALF = sp.Rational(1, 2)
H, X, U, FRESH = sp.Matrix([[h11, h12], [h12, h22]]), sp.Matrix([x, y]), sp.Matrix([u0, u1]), sp.Matrix([n0, n1])


def moved(point: Any, step: Any) -> Any:
    """x - u, through ``descend``."""
    f = symbolic(descend)
    return sp.Matrix([f(a, 1, b) for a, b in zip(point, step, strict=True)])


# --- E7 ----------------------------------------------------------------------------------------------------------------------------
def loss_balance(half: Any = HALF) -> Outcome:
    """F(x) - F(x - u) = <Hx, u> - u'Hu/2 for every symmetric H."""
    after = moved(X, U)
    fall = (X.T * H * X - after.T * H * after)[0] / 2
    return identity(fall, (X.T * H * U)[0] - half * (U.T * H * U)[0])


def next_gradient(weight: int = 1) -> Outcome:
    """<g_{t+1}, u> = <Hx, u> - u'Hu + <n, u>, g_{t+1} = H(x - u) + n."""
    g = H * moved(X, U) + FRESH
    return identity((g.T * U)[0], (X.T * H * U)[0] - weight * (U.T * H * U)[0] + (FRESH.T * U)[0])


def negative(bent: int = 1) -> Outcome:
    """E<Hx,u> = Q/2, E<n,u> = 0, so E<g_{t+1},u> = Q/2 - Q + 0 = -Q/2 < 0 for Q = E u'Hu > 0."""
    real = Reals()
    hx, q, fresh = real("hx Q fresh")
    g = hx - q + fresh
    given = [hx == q / 2, fresh == 0, q > 0 if bent else q >= 0]
    return both(real.always(g == -q / 2, given), real.always(g < 0, given))


def stable(limit: int = 2) -> Outcome:
    """0 < eta lam < 2: |1 - eta lam| < 1, so the recursion of x forgets its start; E u'Hu = lam E u^2 > 0 unless u = 0."""
    real = Reals()
    q = real("q")
    return real.always((1 - q) * (1 - q) < 1, given=[q > 0, q < limit])


def moments(sign: int = -1) -> Outcome:
    """1-D: the second moment v of the stationary x, E g^2, E g_t g_{t-1} and their ratio -eta lam/2; eta E g_t g_{t-1} = -E lam u^2/2."""
    noise = sp.Symbol("n", real=True)
    v = ETA * VAR / (LAM * (2 - ETA * LAM))
    g = LAM * x + noise
    following = symbolic(descend)(x, ETA, g)

    def mean(expression: Any) -> Any:
        # x and the fresh noise are independent, both of mean 0
        polynomial = sp.Poly(sp.expand(expression), x, noise)
        second = {(2, 0): v, (0, 2): VAR, (0, 0): 1, (1, 1): 0, (1, 0): 0, (0, 1): 0}
        return sum(c * second[powers] for powers, c in polynomial.terms())

    square, product = mean(g**2), mean(LAM * following * g)
    return identities(
        [(mean(following**2), v), (product / square, sign * ETA * LAM / 2), (ETA * product, sign * LAM * ETA**2 * square / 2)]
    )


def additive_falls(sign: int = 1) -> Outcome:
    """The additive rule adds gamma times the inner product: in the mean it falls by gamma Q/(2 eta) whatever eta is."""
    real = Reals()
    eta, gamma, q = real("eta gamma Q")
    after = real.reading(added)(eta, gamma, -sign * q / (2 * eta))
    return real.always(after < eta, given=[eta > 0, gamma > 0, q > 0])


# --- cosines in one dimension --------------------------------------------------------------------------------------------------------
def sign_product(eps: int = 0) -> Outcome:
    """The cosine of two numbers that are not 0 is 1 or -1, the sign of their product; 0 where one is 0."""
    real = Reals()
    g, p, r, q = real("g p r q")
    c = cosine_of(real, g, p, r, q, eps)
    same = real.where(g * p > 0, 1, real.where(g * p < 0, -1, 0))
    return real.always(c == same, given=[r >= 0, r * r == g * g, q >= 0, q * q == p * p])


def cosine_of(real: Reals, g: Any, p: Any, r: Any, q: Any, eps: Any) -> Any:
    """``cosine`` of the numbers g, p; r, q are their absolute values."""
    roots = iter((r, q))
    real.sqrt = lambda argument: next(roots)  # type: ignore[method-assign]
    return real.reading(cosine)(g * p, g * g, p * p, 1, eps)


def orthant(scale: int = 1) -> Outcome:
    """E cos = 4 P(both positive) - 1 with correlation r = -eta lam/2: (2/pi) arcsin r."""
    r = -ETA * LAM / 2
    both_positive = sp.Rational(1, 4) + sp.asin(r) / (2 * sp.pi)
    return identity(scale * 4 * both_positive - 1, -2 / sp.pi * sp.asin(ETA * LAM / 2))


# --- two-point and Rademacher noise ------------------------------------------------------------------------------------------------
def keeps_sign(rows: Any, eta: Any, low: Any, high: Any) -> Outcome:
    """The open interval (low, high) is mapped into itself by both noises, and in it the gradient x + n has the sign of the noise."""
    outcomes = []
    for noise in rows:
        real = Reals()
        at = real("x")
        inside = [at > low, at < high]
        g = at + noise
        after = real.reading(descend)(at, eta, g)
        outcomes += [
            real.always(g > 0 if noise > 0 else g < 0, inside),
            real.always(after > low, inside),
            real.always(after < high, inside),
        ]
    return both(*outcomes)


def two_point(rows: Any = None) -> Outcome:
    """Noise 1/3 or -3, lam = 1, eta = 1/10: the interval (-1/3, 3)."""
    return keeps_sign((Fraction(1, 3), Fraction(-3)) if rows is None else rows, z3.Q(1, 10), z3.Q(-1, 3), 3)


def product_mean(noises: Any, expected: Any) -> Outcome:
    """E sign(n) sign(n') = (E sign n)^2 for independent noises of mean 0."""
    total = sum(p for p, _ in noises)
    mean = sum(p * v for p, v in noises)
    signs = sum(p * sp.sign(v) for p, v in noises)
    return identities([(total, 1), (mean, 0), (signs**2, expected)])


#: (probability, noise) of the two refutations
RARE = ((sp.Rational(9, 10), sp.Rational(1, 3)), (sp.Rational(1, 10), sp.Integer(-3)))
FAIR = ((HALF, sp.Integer(1)), (HALF, sp.Integer(-1)))


def stored(name: str, noises: Any, expected: Any) -> Outcome:
    """The mean, and that the stored counterexample has these noises with these frequencies, and lam = 1."""
    case = witness(name).parameters("quick")
    assert case is not None
    counts = [sum(abs(row - float(noise)) < 1e-15 for row in case["rows"]) for _, noise in noises]
    pairs = [(sp.Rational(count, len(case["rows"])), share) for count, (share, _) in zip(counts, noises, strict=True)]
    return both(product_mean(noises, expected), identities([*pairs, (sp.Rational(str(case["lam"])), 1)]))


def rademacher(top: Any = 1) -> Outcome:
    """|x| < 1/lam and eta lam < 1: |x - eta (lam x + n)| < 1/lam and lam x + n has the sign of n, n = 1 or -1; x = z/lam."""
    outcomes = []
    for noise in (1, -1):
        real = Reals()
        z, q = real("z q")
        inside = [z > -1, z < 1, q > 0, q < top]
        g = z + noise
        after = real.reading(descend)(z, q, g)
        outcomes += [real.always(g * noise > 0, inside), real.always(after > -1, inside), real.always(after < 1, inside)]
    return both(*outcomes)


THEOREMS = {
    "exponentiated.E7": "stationary SGD on a convex quadratic, additive noise: E<g_{t+1},u_t> = -E u_t'Hu_t/2 < 0; in 1-D E[g_t "
    "g_{t-1}]/E g^2 = -eta lam/2",
    "exponentiated.E7cos": "1-D, Gaussian noise: E cos = (2/pi) arcsin(-eta lam/2)",
    "exponentiated.E7up": "refutation of `E cos <= 0 for every noise`: 1/3 with probability 0.9, -3 with 0.1, lam 1, eta 0.1 gives E cos "
    "= 0.64",
    "exponentiated.E7zero": "refutation of `E cos < 0 for every noise`: Rademacher noise, eta lam < 1, gives E cos = 0",
}

NOISE = ("noise independent of the past, mean 0, finite variance", "stationary", "0 < eta lam < 2 for every eigenvalue")

STEPS = [
    Step(
        id="exponentiated.E7.1",
        says="F(x) - F(x - u) = <Hx, u> - u'Hu/2; stationary: the mean of the left side is 0, so E<Hx,u> = E u'Hu/2", method="algebra",
        check=loss_balance, formulas=(descend,), facts=(STATIONARY,), assumes=NOISE, control=Control("u'Hu", lambda: loss_balance(1)),
    ),
    Step(
        id="exponentiated.E7.2", says="<g_{t+1}, u> = <Hx, u> - u'Hu + <n_{t+1}, u>, and E<n_{t+1}, u_t> = 0", method="algebra",
        check=next_gradient, formulas=(descend,), facts=(INDEPENDENT,), assumes=NOISE,
        control=Control("twice u'Hu", lambda: next_gradient(2)),
    ),
    Step(
        id="exponentiated.E7.3", says="E<g_{t+1}, u_t> = Q/2 - Q = -Q/2 < 0, Q = E u'Hu", method="decision", check=negative,
        uses=("exponentiated.E7.1", "exponentiated.E7.2"), assumes=(*NOISE, "Q > 0: the noise is not 0 along all directions of curvature"),
        control=Control("Q >= 0 only (no noise: 0 is not < 0)", lambda: negative(0)),
    ),
    Step(
        id="exponentiated.E7.4",
        says="(1 - eta lam)^2 < 1 for 0 < eta lam < 2: the recursion is stable, a stationary law of finite variance exists",
        method="decision", check=stable, facts=(STATIONARY,), assumes=("noise independent and identically distributed",),
        control=Control("up to 3", lambda: stable(3)),
    ),
    Step(
        id="exponentiated.E7.5", says="1-D: E x^2 = eta sigma^2/(lam (2 - eta lam)) is kept, E g_t g_{t-1}/E g^2 = -eta lam/2",
        method="algebra", check=moments, formulas=(descend,), facts=(INDEPENDENT,), uses=("exponentiated.E7.4",), assumes=NOISE,
        control=Control("the other sign", lambda: moments(1)),
    ),
    Step(
        id="exponentiated.E7.6", says="the additive rule lowers the rate in the mean, from every stable eta: eta + gamma E<g, d> < eta",
        method="decision", check=additive_falls, formulas=(added,), uses=("exponentiated.E7.3",),
        control=Control("the other sign", lambda: additive_falls(-1)),
    ),
    Step(
        id="exponentiated.E7cos.1", says="in 1-D the cosine is sign(g_t g_{t-1}): 1, -1, or 0 where one is 0", method="decision",
        check=sign_product, formulas=(cosine, quotient, clip), assumes=("norm_eps = 0",),
        control=Control("norm_eps = 1", lambda: sign_product(1)),
    ),
    Step(
        id="exponentiated.E7cos.2", says="E cos = 2 P(same sign) - 1 = 4 (1/4 + arcsin(r)/(2 pi)) - 1 = (2/pi) arcsin(r), r = -eta lam/2",
        method="algebra", check=orthant, facts=(ORTHANT, STATIONARY), uses=("exponentiated.E7.5", "exponentiated.E7cos.1"),
        assumes=("Gaussian noise", *NOISE[1:]), control=Control("twice the probability", lambda: orthant(2)),
    ),
    Step(
        id="exponentiated.E7up.1", says="noise 1/3 or -3, lam 1, eta 1/10: x stays in (-1/3, 3) and g has the sign of the noise",
        method="decision", check=two_point, formulas=(descend,), assumes=("start in (-1/3, 3)",),
        control=Control("noise 1/3 or -4", lambda: two_point((Fraction(1, 3), Fraction(-4)))),
    ),
    Step(
        id="exponentiated.E7up.2", says="so E cos = (E sign n)^2 = (0.9 - 0.1)^2 = 0.64 > 0", method="algebra",
        check=lambda: stored("exponentiated.E7two_point", RARE, sp.Rational(64, 100)),
        facts=(INDEPENDENT,), uses=("exponentiated.E7cos.1", "exponentiated.E7up.1"), assumes=("noises independent over t",),
        control=Control("probabilities 1/2", lambda: product_mean(FAIR, sp.Rational(64, 100))),
    ),
    Step(
        id="exponentiated.E7zero.1", says="Rademacher noise, eta lam < 1: |x| < 1/lam is kept and g has the sign of the noise",
        method="decision", check=rademacher, formulas=(descend,), assumes=("start in (-1/lam, 1/lam)",),
        control=Control("eta lam up to 3/2", lambda: rademacher(1.5)),
    ),
    Step(
        id="exponentiated.E7zero.2", says="so E cos = (E sign n)^2 = 0", method="algebra",
        check=lambda: stored("exponentiated.E7rademacher", FAIR, 0),
        facts=(INDEPENDENT,), uses=("exponentiated.E7cos.1", "exponentiated.E7zero.1"), assumes=("noises independent over t",),
        control=Control("probabilities 9/10 and 1/10", lambda: product_mean(RARE, 0)),
    ),
]  # fmt: skip
