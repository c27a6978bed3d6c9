"""E8c: the multiplicative rule converges on diagonal quadratics, by induction over the coordinates in the order of their curvatures.

Curvatures m = a_1 <= ... <= a_D = L (equal ones count as one coordinate), gradients g_i, z_i = 1 - eta a_i, so g_i' = z_i g_i and
the cosine is c = sum r_i z_i / sqrt(sum r_i z_i^2), r_i = g_i^2/|g|^2. With y = eta a_k and Z a bound of all |z_i|, Z >= 1:

1. eta stays in [min(eta_0, (1-beta)/L), max(eta_0, (1+beta)/m)], hence Z exists and y has a lower bound y_0 > 0.
2. Coordinates below k together have the share e <= 1/36 ("quiet"): y falls by 1 - beta/(4Z) while y >= 3/2, and from y <= b on,
   b = max(7/4, 1 + beta) < 2, it stays there. So in a quiet stretch all but N steps, N fixed, multiply |g_k| by at most
   S = max(1 - y_0, b - 1) < 1, the others by at most Z.
3. At a step that is not quiet |g_k| <= |g| <= 6 |g_below|, which by the induction falls like R^t; a stretch begins after such a
   step or at the start. Both together: |g_k| falls geometrically.
"""

from __future__ import annotations

import z3

from lra_ref.formulas import descend
from lra_ref.rates.exponentiated import cosine
from lra_ref.rates.hypergradient import multiplied
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.exponentiated_steps.bias import cosine_of
from proofs_check.facts import CAUCHY_SCHWARZ
from proofs_check.steps import Control, Outcome, Step, both


def rotated(power: int = 1) -> Outcome:
    """g_i' = (1 - eta a_i) g_i, and <g', g> = sum (1 - eta a_i) g_i^2, in two coordinates."""
    eta, a1, a2 = reals("eta a1 a2", positive=True)
    x1, x2 = reals("x1 x2")
    f = symbolic(descend)
    after = [a * f(x, eta, a * x) for a, x in ((a1, x1), (a2, x2))]
    return identities((found, (1 - eta * a) ** power * a * x) for found, a, x in zip(after, (a1, a2), (x1, x2), strict=True))


def rate_range(top: int = 1) -> Outcome:
    """c <= 0 where all z_i <= 0, c >= 0 where all z_i >= 0: so eta' <= max(eta, (1+beta)/m) and >= min(eta, (1-beta)/L), any |c| <= 1."""
    real = Reals()
    eta, beta, c, m, smooth = real("eta beta c m L")
    after = real.reading(multiplied)(eta, beta, c)
    given = [eta > 0, beta > 0, beta < 1, c >= -1, c <= 1, m > 0, smooth >= m]
    given += [z3.Implies(eta * m >= 1, c <= 0), z3.Implies(eta * smooth <= 1, c >= 0)]
    upper = z3.Or(after <= eta, after * m <= 1 + top * beta) if top else after <= eta
    return both(real.always(upper, given), real.always(z3.Or(after >= eta, after * smooth >= 1 - beta), given))


def signs(flip: int = 1) -> Outcome:
    """sum r_i z_i <= 0 where z_1 >= ... >= z_D and z_1 <= 0, >= 0 where z_D >= 0: every summand has that sign (three coordinates)."""
    outcomes = []
    for sign in (1, -1):
        real = Reals()
        r, z = real("r1 r2 r3"), real("z1 z2 z3")
        same = [flip * sign * v >= 0 for v in z] if flip > 0 else [z[0] >= 0]
        outcomes.append(real.always(sign * sum(p * q for p, q in zip(r, z, strict=True)) >= 0, [*(v >= 0 for v in r), *same]))
    return both(*outcomes)


def falls(share: int = 36) -> Outcome:
    """y >= 3/2: the mean over the coordinates from k on is at most -(1-e)/2, the quiet share adds at most e <= 1/share: mu <= -1/4."""
    real = Reals()
    e, high, low = real("e high low")
    # high: mean of z over the coordinates >= k (z_i <= 1 - y <= -1/2), low: over the others (z_i <= 1)
    mean = (1 - e) * high + e * low
    return real.always(mean <= -z3.Q(1, 4), given=[e >= 0, e * share <= 1, high <= -z3.Q(1, 2), low <= 1])


def cosine_falls(quarter: int = 4) -> Outcome:
    """mu <= -1/4, sum r z^2 = q^2 <= Z^2: c = mu/q <= -1/(4Z), and y' <= y (1 - beta/(4Z))."""
    real = Reals()
    mu, q, top, y, beta, one = real("mu q Z y beta one")
    c = cosine_of(real, mu, one, q, one, 0)
    after = real.reading(multiplied)(y, beta, c)
    given = [one == 1, mu <= -z3.Q(1, 4), q > 0, q <= top, top >= 1, mu >= -q, beta > 0, beta < 1, y > 0]
    return both(real.always(c * quarter * top <= -1, given), real.always(after * 4 * top <= y * (4 * top - beta), given))


def hardly_rises(share: int = 36) -> Outcome:
    """1 <= y: only quiet coordinates add to mu, by Cauchy-Schwarz mu <= sqrt(e) q, so c <= 1/6: from y <= 3/2 to y' <= 7/4."""
    real = Reals()
    mu, q, e, root, y, beta, one = real("mu q e root y beta one")
    c = cosine_of(real, mu, one, q, one, 0)
    after = real.reading(multiplied)(y, beta, c)
    given = [
        one == 1,
        q > 0,
        root >= 0,
        root * root == e,
        e >= 0,
        share * e <= 1,
        mu <= root * q,
        mu >= -q,
        beta > 0,
        beta < 1,
        y >= 1,
        2 * y <= 3,
    ]
    return both(real.always(6 * c <= 1, given), real.always(4 * after <= 7, given))


def quiet_part(power: int = 2) -> Outcome:
    """(r z)^2 <= r (r z^2): Cauchy-Schwarz for the quiet part, with its mean z and its share r; the rest is negative."""
    real = Reals()
    e, mean, square, rest, q2 = real("e mean square rest q2")
    # mean^2 <= square (Jensen), e square <= q2, mu = e mean + rest
    given = [e >= 0, mean * mean <= square, e * square <= q2, rest <= 0, mean >= 0]
    return real.always((e * mean) ** 2 <= e * q2 if power == 2 else (e * mean) ** 2 <= e * e * q2, given)


def stays(limit: int = 2) -> Outcome:
    """b = max(7/4, 1 + beta) < 2 is not left: y < 1 goes to at most 1 + beta, 1 <= y <= 3/2 to at most 7/4, y >= 3/2 falls."""
    real = Reals()
    y, beta, c, b = real("y beta c b")
    after = real.reading(multiplied)(y, beta, c)
    given = [beta > 0, beta < 1, y > 0, y <= b, c >= -1, c <= 1, b == real.maximum(z3.Q(7, 4), 1 + beta)]
    given += [z3.Implies(z3.And(y >= 1, 2 * y <= 3), 6 * c <= 1), z3.Implies(2 * y >= 3, c <= 0)]
    return both(real.always(after <= b, given), real.always(2 * b < 2 * limit, given))


def contracts(low: int = 1) -> Outcome:
    """y_0 <= y <= b: |1 - y| <= max(1 - y_0, b - 1) < 1."""
    real = Reals()
    y, least, b = real("y y_0 b")
    given = [least > 0 if low else least >= 0, least <= y, y <= b, b < 2, least <= 1]
    most = real.maximum(1 - least, b - 1)
    return both(real.always(real.abs(1 - y) <= most, given), real.always(most < 1, given))


def stretch(extra: int = 1) -> Outcome:
    """P <= (Z/R)^k R^n after n steps, k of them bad: a bad step multiplies by at most Z, a good one by at most S <= R."""
    real = Reals()
    product, level, top, rate, slow, factor = real("P A Z R S f")
    # level = (Z/R)^k R^n; the next one is level Z after a bad step, level R after a good one
    given = [product >= 0, product <= level, 0 < slow, slow <= rate, rate < 1, top >= 1, factor >= 0]
    bad = real.always(product * factor <= level * top, [*given, factor <= top])
    good = real.always(product * factor <= level * rate, [*given, factor <= (slow if extra else top)])
    return both(bad, good)


def loud(share: int = 36) -> Outcome:
    """Not quiet: |g_below|^2 >= |g|^2/36, so |g_k| <= |g| <= 6 |g_below|."""
    real = Reals()
    own, below, whole = real("own below whole")
    given = [own >= 0, below >= 0, whole >= 0, own * own + below * below <= whole * whole, share * below * below >= whole * whole]
    return real.always(own <= 6 * below, given)


THEOREMS = {
    "exponentiated.E8c": "diagonal convex quadratics, beta < 1: the multiplicative rule converges geometrically from every start and "
    "every eta_0",
}

DIAGONAL = ("F = sum a_i x_i^2/2, a_i > 0", "0 < beta < 1", "exact arithmetic", "g_i = 0 at the start stays 0 and is left out")
QUIET = (*DIAGONAL, "share of the coordinates below k at most 1/36")

STEPS = [
    Step(
        id="exponentiated.E8c.1", says="g_i' = z_i g_i with z_i = 1 - eta a_i, so c = sum r_i z_i / sqrt(sum r_i z_i^2), r_i = g_i^2/|g|^2",
        method="algebra", check=rotated, formulas=(descend,), assumes=DIAGONAL, control=Control("z_i squared", lambda: rotated(2)),
    ),
    Step(
        id="exponentiated.E8c.2", says="c <= 0 for eta >= 1/m, c >= 0 for eta <= 1/L: every summand has that sign", method="decision",
        check=signs, uses=("exponentiated.E8c.1",), assumes=DIAGONAL, control=Control("one sign known", lambda: signs(-1)),
    ),
    Step(
        id="exponentiated.E8c.3",
        says="min(eta, (1-beta)/L) <= eta' <= max(eta, (1+beta)/m): eta, y and all |z_i| <= Z stay bounded, y >= y_0 > 0",
        method="decision", check=rate_range, formulas=(multiplied,), uses=("exponentiated.E8c.2",), assumes=DIAGONAL,
        control=Control("eta' <= eta", lambda: rate_range(0)),
    ),
    Step(
        id="exponentiated.E8c.4", says="quiet and y >= 3/2: sum r_i z_i <= -(1-e)/2 + e <= -1/4", method="decision", check=falls,
        uses=("exponentiated.E8c.1",), assumes=QUIET, control=Control("share up to 1/2", lambda: falls(2)),
    ),
    Step(
        id="exponentiated.E8c.5", says="then c <= -1/(4Z) and y' <= y (1 - beta/(4Z)): at most N such steps before y <= b",
        method="decision", check=cosine_falls, formulas=(multiplied, cosine), uses=("exponentiated.E8c.3", "exponentiated.E8c.4"),
        assumes=QUIET, control=Control("c <= -1/(2Z)", lambda: cosine_falls(2)),
    ),
    Step(
        id="exponentiated.E8c.6", says="y >= 1: sum r_i z_i <= sum over the quiet <= sqrt(e) sqrt(sum r_i z_i^2)", method="decision",
        check=quiet_part, facts=(CAUCHY_SCHWARZ,), uses=("exponentiated.E8c.1",), assumes=QUIET,
        control=Control("e in place of sqrt(e)", lambda: quiet_part(1)),
    ),
    Step(
        id="exponentiated.E8c.7", says="so c <= 1/6, and 1 <= y <= 3/2 gives y' <= 7/4", method="decision", check=hardly_rises,
        formulas=(multiplied, cosine), uses=("exponentiated.E8c.6",), assumes=QUIET,
        control=Control("share up to 1/4", lambda: hardly_rises(4)),
    ),
    Step(
        id="exponentiated.E8c.8", says="y <= b = max(7/4, 1 + beta) < 2 is kept while quiet", method="decision", check=stays,
        formulas=(multiplied,), uses=("exponentiated.E8c.5", "exponentiated.E8c.7"), assumes=QUIET,
        control=Control("b < 3/2", lambda: stays(1)),
    ),
    Step(
        id="exponentiated.E8c.9", says="y_0 <= y <= b: |z_k| <= S = max(1 - y_0, b - 1) < 1", method="decision", check=contracts,
        uses=("exponentiated.E8c.3", "exponentiated.E8c.8"), assumes=QUIET, control=Control("y_0 = 0", lambda: contracts(0)),
    ),
    Step(
        id="exponentiated.E8c.10", says="in a quiet stretch |g_k| is multiplied by at most (Z/R)^N R^n in n steps, S <= R < 1",
        method="decision", check=stretch, uses=("exponentiated.E8c.5", "exponentiated.E8c.8", "exponentiated.E8c.9"), assumes=QUIET,
        control=Control("no good steps", lambda: stretch(0)),
    ),
    Step(
        id="exponentiated.E8c.11",
        says="not quiet: |g_k| <= |g| <= 6 |g_below|, which falls like R^t by the induction (k = 1: always quiet): |g_k| <= const R^t",
        method="decision", check=loud, uses=("exponentiated.E8c.10",), assumes=DIAGONAL, control=Control("share 1/100", lambda: loud(100)),
    ),
]  # fmt: skip
