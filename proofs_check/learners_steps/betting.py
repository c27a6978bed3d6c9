"""O6w and O6: the wealth of the KT bettor, and its regret with the constant 24.

With coins c_t in [-1, 1], S_t their sum and |S_t| <= t, the wealth is at least w F_t(S_t), F the Krichevsky-Trofimov potential

    F_t(x) = 2^t Gamma((t+1+x)/2) Gamma((t+1-x)/2) / (pi t!),

which is at least exp(x^2/(2t)) / sqrt(24 t); the convex conjugate of that is O6. The constant is not the best possible: the steps would
bear 14 in place of 24.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import arb

from lra_ref.learners.bounds import betting_bound
from lra_ref.learners.formulas import bet, learn
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CONVEX_GRADIENT, GAMMA_LOG_CONVEX, STIRLING, TAYLOR
from proofs_check.intervals import encloses
from proofs_check.learners_steps.descent import WEALTH, N, after
from proofs_check.steps import Control, Outcome, Step, both

c, S, u = reals("c S u")
t, p, q, w = reals("t p q w", positive=True)
CONSTANT, HALF = 24, sp.Rational(1, 2)


def bettor(rounds: Any, memory: Any, wealth: Any, coin: Any) -> Any:
    """(next play, memory, wealth) of ``kt`` on one coin."""
    return after("kt", coin=coin, memory=memory, wealth=wealth, rounds=rounds)[:3]


# --- O6w ---------------------------------------------------------------------------------------------------------------------------
def pays(share: Any = 1) -> Outcome:
    """The wealth falls by c times the play of the round before, for any past; the first play is 0."""
    earlier = reals("e")
    play, memory, wealth = bettor(N, S, WEALTH, earlier)
    _, _, later = bettor(N + 1, memory, wealth, c)
    _, _, first = bettor(1, 0, WEALTH, c)
    return identities([(later - wealth, -share * c * play), (first, WEALTH), (play, symbolic(bet)(memory, N, wealth))])


def written_out(share: Any = 1) -> Outcome:
    """Wealth_T = w - sum c s for T = 3, from the first coin on."""
    coins, memory, wealth, play, paid = reals("c1 c2 c3"), sp.Integer(0), w, sp.Integer(0), sp.Integer(0)
    for number, coin in enumerate(coins, 1):
        paid += coin * play
        play, memory, wealth = bettor(number, memory, wealth, coin)
    return identity(wealth, w - share * paid)


def stays_positive(largest: int = 1) -> Outcome:
    """|S| <= n, |c| <= 1: the factor 1 + c S/(n+1) of the wealth is at least 1/(n+1), and |S + c| <= n + 1."""
    real = Reals()
    sum_, coin, n = real("S c n")
    claim = coin * sum_ >= -n
    given = [n >= 0, -n <= sum_, sum_ <= n, -largest <= coin, coin <= largest]
    return both(real.always(claim, given), real.always(sum_ + coin <= n + 1, given), real.always(sum_ + coin >= -n - 1, given))


# --- O6 ----------------------------------------------------------------------------------------------------------------------------
def potential(rounds: Any, x: Any) -> Any:
    """F_t(x)."""
    return (
        2**rounds * sp.gamma(sp.expand((rounds + 1 + x) / 2)) * sp.gamma(sp.expand((rounds + 1 - x) / 2)) / (sp.pi * sp.gamma(rounds + 1))
    )


def recursion(shift: int = 1) -> Outcome:
    """F_{t+1}(S +- 1) = (1 +- S/(t+1)) F_t(S) and F_0(0) = 1, with z = (t+1+S)/2, y = (t+1-S)/2 and Gamma(z + 1) = z Gamma(z)."""
    z, y = reals("z y", positive=True)
    past, total = z + y - 1, z - y
    out = []
    for sign in (1, -1):
        grown = sp.expand_func(sp.expand(potential(past + 1, total + sign)))
        out.append((sp.cancel(grown / potential(past, total)), 1 + shift * sign * total / (past + 1)))
    return identities([*out, (potential(sp.Integer(0), sp.Integer(0)), 1)])


def interpolated(weight: Any = HALF) -> Outcome:
    """The chord of F_{t+1} between S - 1 and S + 1 at S + c is the factor by which the wealth of the library grows."""
    above, below = 1 + S / (N + 1), 1 - S / (N + 1)
    _, _, richer = bettor(N + 1, S, WEALTH, c)
    return identity(richer / WEALTH, (weight + c / 2) * above + (1 - weight - c / 2) * below)


def log_stirling(z: Any, upper: bool = False) -> Any:
    """ln of the bounds of Gamma(z) in the fact cited."""
    return sp.log(2 * sp.pi) / 2 + (z - sp.Rational(1, 2)) * sp.log(z) - z + (1 / (12 * z) if upper else 0)


def through_stirling(remainder: int = 12) -> Outcome:
    """ln of the lower bound of F_T(x), p = (T+x)/2, q = (T-x)/2, written as in the step."""
    total = p + q
    lower = total * sp.log(2) + log_stirling(p + sp.Rational(1, 2)) + log_stirling(q + sp.Rational(1, 2)) - sp.log(sp.pi)
    lower -= sp.log(total) + log_stirling(total, upper=True)
    entropy = p * sp.log(2 * p / total) + q * sp.log(2 * q / total)
    rest = p * sp.log((p + sp.Rational(1, 2)) / p) + q * sp.log((q + sp.Rational(1, 2)) / q)
    written = sp.log(2 / sp.pi) / 2 - 1 - 1 / (remainder * total) - sp.log(total) / 2 + entropy + rest
    return identity(sp.expand(sp.expand_log(lower - written)), 0)


def curvature(scale: int = 1) -> Outcome:
    """h(v) = (1+v) ln(1+v) + (1-v) ln(1-v) - v^2: h(0) = h'(0) = 0 and h'' = 2 v^2/(1 - v^2) (>= 0 for |v| < 1)."""
    v = reals("v")
    h = (1 + v) * sp.log(1 + v) + (1 - v) * sp.log(1 - v) - scale * v**2
    curved = identities([(h.subs(v, 0), 0), (h.diff(v).subs(v, 0), 0), (h.diff(v, 2), 2 * v**2 / (1 - v**2))])
    share = {v: (p - q) / (p + q)}
    same = p * sp.log(2 * p / (p + q)) + q * sp.log(2 * q / (p + q)) - (p + q) / 2 * (h + scale * v**2).subs(share)
    real = Reals()
    x = real("v")
    return both(curved, identity(sp.simplify(same), 0), real.always(2 * x * x / (1 - x * x) >= 0, given=[-1 < x, x < 1]))


def enough(constant: int = CONSTANT) -> Outcome:
    """e^(-1) sqrt(2/pi) e^(-1/12) sqrt(constant) >= 1 (1/(12 T) <= 1/12)."""
    return encloses(lambda: (arb(2) / arb.pi() * constant).sqrt() * (-arb(13) / 12).exp(), 1, 2)


def conjugate(half: int = 1) -> Outcome:
    """u (y - Y) <= sqrt(T) u e^(h^2/2), y >= Y >= 0, h = (y - Y)/sqrt T: e^(h^2/2) >= 1 + h^2/2 >= h, and y^2 - Y^2 >= (y - Y)^2."""
    first, second = Reals(), Reals()
    h = first("h")
    y, top = second("y Y")
    return both(first.always(half + h * h / 2 >= h), second.always(y * y - top * top >= (y - top) * (y - top), given=[top >= 0, y >= top]))


def library_rhs(constant: int = CONSTANT) -> Outcome:
    """With a = w/sqrt(24 T): the bound of the library is |u| sqrt(T ln(1 + T u^2/a^2)) + w, and e^(Y^2/(2T)) a >= sqrt(T) |u|."""
    a = w / sp.sqrt(constant * t)
    found = symbolic(betting_bound)(t, 1, w, u)
    level = t * sp.log(1 + t * u**2 / a**2)
    # the square of e^(Y^2/(2T)) a / (sqrt T |u|) is (1 + T u^2/a^2) a^2/(T u^2) = 1 + a^2/(T u^2)
    power = sp.exp(level / t) * a**2
    return identities([(found, sp.Abs(u) * sp.sqrt(level) + w), (power, a**2 + t * u**2)])


def assembled(sign: int = 1) -> Outcome:
    """regret = w - Wealth - u S; with Wealth >= a E and |u| |S| - a E <= R it is at most w + R."""
    real = Reals()
    start, wealth, least, inner, total, most = real("w W aE u S R")
    regret = start - wealth - sign * inner * total
    given = [wealth >= least, real.abs(inner) * real.abs(total) - least <= most]
    return real.always(regret <= start + (most if sign else 0), given)


def scaled_bound() -> Outcome:
    """G and the first play enter as they must: G times the bound for u measured from the first play."""
    size = sp.Symbol("G", positive=True)
    return identity(symbolic(betting_bound)(t, size, w, u), size * symbolic(betting_bound)(t, 1, w, u))


THEOREMS = {
    "learners.O6w": "KT betting: Wealth_T = w - sum c_t s_t exactly, and the wealth stays positive for |c_t| <= 1",
    "learners.O6": "KT betting, |c_t| <= 1: sum c_t (s_t - u) <= |u| sqrt(T ln(1 + 24 T^2 u^2/w^2)) + w for every real u and T >= 1",
}

COIN = ("|c_t| <= 1", "no clip", "first play 0")

STEPS = [
    Step(
        id="learners.O6w.1", says="Wealth_{t+1} - Wealth_t = -c s for the play s left by any past (n, S, Wealth); the first play is 0",
        method="algebra", check=pays, formulas=(learn, bet), uses=("learners.plays.1",), assumes=("no clip", "first play 0"),
        control=Control("half the gains", lambda: pays(sp.Rational(1, 2))),
    ),
    Step(
        id="learners.O6w.2", says="Wealth_3 = w - (c_1 s_1 + c_2 s_2 + c_3 s_3), the kernel written out from the first coin on",
        method="algebra", check=written_out, formulas=(learn, bet), uses=("learners.O6w.1",),
        control=Control("half the gains", lambda: written_out(sp.Rational(1, 2))),
    ),
    Step(
        id="learners.O6w.3", says="c S >= -n, so the factor 1 + c S/(n+1) of the wealth is at least 1/(n+1); |S + c| <= n + 1 again",
        method="decision", check=stays_positive, uses=("learners.O6w.1",), assumes=COIN[:1],
        control=Control("coins up to 2", lambda: stays_positive(2)),
    ),
    Step(
        id="learners.O6.1", says="F_{t+1}(S+1) = (1 + S/(t+1)) F_t(S), F_{t+1}(S-1) = (1 - S/(t+1)) F_t(S), F_0(0) = 1", method="algebra",
        check=recursion, assumes=("t + 1 > |S|",), control=Control("twice the bet", lambda: recursion(2)),
    ),
    Step(
        id="learners.O6.2",
        says="1 + c S/(t+1), by which the wealth grows, is the chord of F_{t+1}/F_t at S + c; F_{t+1} is convex, so Wealth_t >= w F_t(S_t)",
        method="algebra", check=interpolated, formulas=(learn, bet), uses=("learners.O6.1", "learners.O6w.3"), facts=(GAMMA_LOG_CONVEX,),
        assumes=COIN, control=Control("weights 3/5 and 2/5", lambda: interpolated(sp.Rational(3, 5))),
    ),
    Step(
        id="learners.O6.3",
        says="ln F_T(x) >= (1/2) ln(2/pi) - 1 - 1/(12T) - (1/2) ln T + p ln(2p/T) + q ln(2q/T) + p ln(1+1/(2p)) + q ln(1+1/(2q)), p, q = "
        "(T+-x)/2",
        method="algebra", check=through_stirling, facts=(STIRLING,), assumes=("|x| < T; |x| = T by continuity of both sides",),
        control=Control("remainder 1/(6T)", lambda: through_stirling(6)),
    ),
    Step(
        id="learners.O6.4", says="p ln(2p/T) + q ln(2q/T) = (T/2)[(1+v) ln(1+v) + (1-v) ln(1-v)] >= T v^2/2 = x^2/(2T), v = x/T",
        method="algebra", check=curvature, facts=(TAYLOR,), assumes=("|v| < 1",), control=Control("with 2 v^2", lambda: curvature(2)),
    ),
    Step(
        id="learners.O6.5", says="e^(-1) sqrt(2/pi) e^(-1/12) >= 1/sqrt(24), so F_T(x) >= exp(x^2/(2T))/sqrt(24 T) (p ln(1+1/(2p)) >= 0)",
        method="intervals", check=enough, uses=("learners.O6.3", "learners.O6.4"), assumes=("T >= 1",),
        control=Control("13 in place of 24", lambda: enough(13)),
    ),
    Step(
        id="learners.O6.6", says="e^(h^2/2) >= 1 + h^2/2 >= h, and y^2 - Y^2 >= (y-Y)^2 for y >= Y >= 0", method="decision",
        check=conjugate, facts=(CONVEX_GRADIENT,), assumes=("e^z >= 1 + z: exp is convex",),
        control=Control("h^2/2 alone", lambda: conjugate(0)),
    ),
    Step(
        id="learners.O6.7",
        says="betting_bound = |u| Y + w with Y^2 = T ln(1 + T u^2/a^2), a = w/sqrt(24T), and (a e^(Y^2/(2T)))^2 = a^2 + T u^2, so |u| y - "
        "a e^(y^2/(2T)) <= |u| Y for every y >= 0",
        method="algebra", check=library_rhs, formulas=(betting_bound,), uses=("learners.O6.6",), assumes=("w > 0", "T >= 1"),
        control=Control("12 in place of 24", lambda: library_rhs(12)),
    ),
    Step(
        id="learners.O6.8", says="regret = w - Wealth - u S <= w + |u||S| - a e^(S^2/(2T)) <= w + |u| Y", method="decision",
        check=assembled, uses=("learners.O6w.1", "learners.O6.2", "learners.O6.5", "learners.O6.7"), assumes=COIN,
        control=Control("without |u| Y", lambda: assembled(0)),
    ),
    Step(
        id="learners.O6.9", says="for losses with slopes up to G the bound is G times that of the coins c/G", method="algebra",
        check=scaled_bound, formulas=(betting_bound,),
        control=Control("T doubled", lambda: identity(symbolic(betting_bound)(2 * t, 1, w, u), symbolic(betting_bound)(t, 1, w, u))),
    ),
]  # fmt: skip
