"""E8b: the multiplicative rule on parabolas, y = eta a."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from lra_ref.formulas import descend
from lra_ref.rates.exponentiated import cosine
from lra_ref.rates.hypergradient import multiplied
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.exponentiated_steps.bias import cosine_of
from proofs_check.intervals import encloses
from proofs_check.steps import Control, Outcome, Step, both

ETA, a = reals("eta a", positive=True)
x = reals("x")


def parabola_signal(real: Reals, y: Any) -> Any:
    """Cosine of g' = (1 - y) g and g, y = eta a, for g = 1: the sign of 1 - y."""
    size = real.abs(1 - y)
    return cosine_of(real, 1 - y, real("one"), size, real("one"), 0)


def next_y(real: Reals, y: Any, beta: Any) -> Any:
    """y' = eta' a through ``multiplied``."""
    return real.reading(multiplied)(y, beta, parabola_signal(real, y))


def halving(factor: int = 1) -> Outcome:
    """g' = (1 - y) g; y' = (1 + beta) y for y < 1, (1 - beta) y for y > 1."""
    real = Reals()
    y, beta, one = real("y beta one")
    after = next_y(real, y, beta)
    given = [one == 1, 0 < beta, beta < 1, y > 0]
    expected = real.where(y < 1, y * (1 + factor * beta), real.where(y > 1, y * (1 - factor * beta), y))
    scaled = identity(a * symbolic(descend)(x, ETA, a * x), (1 - ETA * a) * a * x)
    return both(scaled, real.always(after == expected, given))


def trapped(wide: int = 1) -> Outcome:
    """[1 - beta, 1 + beta] is kept, and there |1 - y| <= beta < 1: x contracts."""
    real = Reals()
    y, beta, one = real("y beta one")
    after = next_y(real, y, beta)
    given = [one == 1, 0 < beta, beta < 1, y > 0, y >= 1 - beta, y <= 1 + wide * beta]
    return both(real.always(after >= 1 - beta, given), real.always(after <= 1 + beta, given), real.always(real.abs(1 - y) <= beta, given))


def entered(jump: int = 1) -> Outcome:
    """Below 1 - beta y grows by 1 + beta and stays below 1; above 1 + beta it falls by 1 - beta and stays above 1 - beta."""
    real = Reals()
    y, beta, one = real("y beta one")
    after = next_y(real, y, beta)
    given = [one == 1, 0 < beta, beta < 1, y > 0]
    below = real.always(after < 1, [*given, y < 1 - beta]), real.always(after == jump * y * (1 + beta), [*given, y < 1 - beta])
    above = real.always(after > 1 - beta, [*given, y > 1 + beta]), real.always(after == y * (1 - beta), [*given, y > 1 + beta])
    return both(*below, *above)


def growth_sum(lost: Any = 0) -> Outcome:
    """Induction over k for sum_{j<k} (l - j d) = k l - k(k-1) d/2, and its maximum (l + d/2)^2/(2 d) over real k."""
    k, level, d = reals("k l d", positive=True)
    partial = k * level - k * (k - 1) * d / 2
    top = (level + d / 2) ** 2 / (2 * d) - lost
    return identities(
        [
            (partial.subs(k, 0), 0),
            (partial.subs(k, k + 1) - partial, level - k * d),
            (top - partial, d / 2 * (k - level / d - sp.Rational(1, 2)) ** 2),
        ]
    )


def at_most_level(half: float = 0.5) -> Outcome:
    """(l + d/2)^2/(2d) = l^2/(2d) + l/2 + d/8 <= l^2/(2 beta) + l/2 + d/8 for d = -ln(1 - beta) >= beta."""
    real = Reals()
    level, d, beta = real("l d beta")
    given = [beta > 0, d >= beta, level >= 0]
    return real.always((level + d / 2) * (level + d / 2) / (2 * d) <= level * level / (2 * beta) + half * level + d / 8, given)


def log_below(shrink: int = 1) -> Outcome:
    """-ln(1 - b) - b is 0 at 0 and has the derivative b/(1 - b) >= 0; |1 - y| < y for y > 2, so a growing step adds less than ln y."""
    b = reals("b")
    gap = -sp.log(1 - b) - shrink * b
    real = Reals()
    y = real("y")
    return both(identities([(gap.subs(b, 0), 0), (gap.diff(b), b / (1 - b))]), real.always(real.abs(1 - y) < y, given=[y > 2]))


def overflow_exponent(power: int = 2) -> Outcome:
    """Squares of gradients overflow beyond exp(354.9): ln of the root of the largest double."""
    return encloses(lambda: arb(2**1024 - 2**970).log() / power, 354, 355)


THEOREMS = {
    "exponentiated.E8b": "1-D convex quadratic, beta < 1: converges from every start and every eta_0, from some step on by the factor "
    "beta; |x| grows before by at most exp(l^2/(2 beta) + l/2 + d/8), l = ln(eta_0 a), d = -ln(1-beta)",
}

PARABOLA = ("F = a x^2/2, a > 0", "0 < beta < 1", "exact arithmetic")

STEPS = [
    Step(
        id="exponentiated.E8b.1", says="g' = (1 - y) g with y = eta a; y' = (1 + beta) y for y < 1, (1 - beta) y for y > 1, y for y = 1",
        method="decision", check=halving, formulas=(multiplied, cosine, descend), assumes=PARABOLA,
        control=Control("twice beta", lambda: halving(2)),
    ),
    Step(
        id="exponentiated.E8b.2",
        says="below 1 - beta y grows by 1 + beta and stays below 1; above 1 + beta it falls by 1 - beta and stays above 1 - beta: after "
        "finitely many steps y is in [1 - beta, 1 + beta]",
        method="decision", check=entered, formulas=(multiplied, cosine), uses=("exponentiated.E8b.1",), assumes=PARABOLA,
        control=Control("growth by twice that", lambda: entered(2)),
    ),
    Step(
        id="exponentiated.E8b.3", says="[1 - beta, 1 + beta] is kept, and there |1 - y| <= beta: every step multiplies |x| by at most beta",
        method="decision", check=trapped, formulas=(multiplied, cosine), uses=("exponentiated.E8b.2",), assumes=PARABOLA,
        control=Control("up to 1 + 2 beta", lambda: trapped(2)),
    ),
    Step(
        id="exponentiated.E8b.4", says="|x| grows only for y > 2, by |1 - y| < y; d = -ln(1 - beta) >= beta", method="algebra",
        check=log_below, uses=("exponentiated.E8b.1",), assumes=PARABOLA, control=Control("d >= 2 beta", lambda: log_below(2)),
    ),
    Step(
        id="exponentiated.E8b.5", says="sum_{j<k} (l - j d) = k l - k(k-1)d/2 <= (l + d/2)^2/(2d), l = ln(eta_0 a), by induction",
        method="algebra", check=growth_sum, uses=("exponentiated.E8b.4",), control=Control("the maximum less 1", lambda: growth_sum(1)),
    ),
    Step(
        id="exponentiated.E8b.6", says="(l + d/2)^2/(2d) <= l^2/(2 beta) + l/2 + d/8: the logarithm of the growth", method="decision",
        check=at_most_level, uses=("exponentiated.E8b.4", "exponentiated.E8b.5"), assumes=("l >= 0",),
        control=Control("l/4 in place of l/2", lambda: at_most_level(0.25)),
    ),
    Step(
        id="exponentiated.E8b.7", says="in double the squares of gradients overflow once the exponent is 354.9", method="intervals",
        check=overflow_exponent, control=Control("no squares", lambda: overflow_exponent(1)),
    ),
]  # fmt: skip
