"""What the learners play, and O1, O1p, O2, O3: gradient steps, FTRL, AdaGrad's rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import clip, read
from lra_ref.learners import bounds
from lra_ref.learners.formulas import CODES, SLOPE_CODES, adagrad, adagrad_weight, bet, exponentiated, ftrl, learn, loss_slope, ogd, ratio
from proofs_check.algebra import ARRAYS, clipped, identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, counted

LEARNERS = {**CODES, **SLOPE_CODES}
s, u, c, a, LOW, HIGH, ANCHOR, START, SUM_A, COINS = reals("s u c a low high anchor start sum_a coins")
b, SUM_B, DELTA, GAMMA, BOUND, WIDTH, MEMORY, WEALTH, ETA = reals("b sum_b delta gamma G D memory wealth eta", positive=True)
N = sp.Symbol("n", integer=True, positive=True)
OO = sp.oo
FREE = (-OO, OO)


def after(name: str, *, play: Any = s, coin: Any = c, sum_a: Any = SUM_A, memory: Any = MEMORY, wealth: Any = WEALTH, rounds: Any = N,
          ends: Any = FREE, delta: Any = DELTA, anchor: Any = 0, start: Any = 0, bound: Any = 1) -> Any:  # fmt: skip
    """``learn`` of the library after the linear loss c s: (next play, memory, wealth, coin)."""
    hyp = (delta, anchor, *ends, GAMMA, bound, start)
    return symbolic(learn)(LEARNERS[name], rounds, -coin, 0, play, sum_a, 0, memory, wealth, hyp)


# --- the table of plays ------------------------------------------------------------------------------------------------------------
def table(sign: int = 1) -> Outcome:
    """Every learner of the table on a quadratic loss (a, b), clipped with symbolic ends."""
    slope = b * s - a
    coin = slope / BOUND
    high, weight = LOW + WIDTH, DELTA + SUM_B
    positive_end = sp.Symbol("eta_max", positive=True)
    richer = WEALTH + coin * MEMORY / N * WEALTH
    rows = {
        "ftrl": ((DELTA * ANCHOR + SUM_A) / weight, MEMORY),
        "ogd": (s - sign * slope / weight, MEMORY),
        "ogd_constant": (s - sign * GAMMA * slope, MEMORY),
        "eg": (s * sp.exp(-sign * GAMMA * slope), MEMORY),
        "kt": (START - sign * (MEMORY + coin) / (N + 1) * richer, MEMORY + coin),
        "adagrad": (s - sign * slope * (WIDTH / sp.sqrt(2)) / sp.sqrt(MEMORY + slope**2), MEMORY + slope**2),
        "ogd_adagrad": (s - sign * slope / (weight + 2 / positive_end * sp.sqrt(MEMORY + a**2)), MEMORY + a**2),
    }
    out = []
    for name, (play, memory) in rows.items():
        end = positive_end if name == "ogd_adagrad" else high
        hyp = (DELTA, ANCHOR, LOW, end, GAMMA, BOUND, START)
        found = symbolic(learn)(LEARNERS[name], N, a, b, s, SUM_A, SUM_B, MEMORY, WEALTH, hyp)
        kept = (memory, richer, coin) if name == "kt" else (memory, WEALTH, 0)
        out += [clipped(found[0], play, LOW, end), identities(zip(found[1:], kept, strict=True))]
    return counted(out)


def nothing_seen(weight: int = 0) -> Outcome:
    """Plays that stay where they are: FTRL and the gradient steps while their weight is 0."""
    f, g = symbolic(ftrl), symbolic(ogd)
    return identities([(f(s, ANCHOR, 0, a, weight, LOW, HIGH), s), (g(s, c, weight, LOW, HIGH), s), (symbolic(ratio)(c, weight, a), a)])


# --- O1 ----------------------------------------------------------------------------------------------------------------------------
def free_step(weight: Any = 1) -> Outcome:
    """The increment of O1; before the first loss both sides are 0."""
    moved, *_ = after("ogd_constant")
    first = ((s - u) ** 2 - (s - u) ** 2) / (2 * GAMMA)
    return telescopes((0, first), (c * (s - u), ((s - u) ** 2 - (moved - u) ** 2) / (2 * GAMMA) + weight * GAMMA / 2 * c**2))


def projected(ends: bool = True) -> Outcome:
    """A clip does not increase the distance from u inside."""
    real = Reals()
    v, low, high, inner = real("v low high u")
    inside = [low <= inner, inner <= high] if ends else [low <= high]
    return real.always((real.reading(clip)(v, low, high) - inner) ** 2 <= (v - inner) ** 2, given=inside)


def projected_step(weight: float = 1) -> Outcome:
    """The increment of O1p, with the distance after the clip."""
    real = Reals()
    play, coin, inner, low, high, gamma = real("s c u low high gamma")
    moved = real.reading(clip)(play - gamma * coin, low, high)
    rhs = (play - inner) ** 2 - (moved - inner) ** 2 + weight * gamma * gamma * coin * coin
    return real.always(2 * gamma * coin * (play - inner) <= rhs, given=[gamma > 0, low <= inner, inner <= high])


def constant_bound(weight: Any = 1) -> Outcome:
    """``constant_bound`` is the right-hand side of O1p without its negative term, c the slopes of quadratic losses, T = 1, 2, 3."""
    out = []
    for steps in (1, 2, 3):
        plays, coins = np.array([reals(f"s{t}") for t in range(steps + 1)]), np.array([reals(f"c{t}") for t in range(steps)])
        curvatures = np.array([reals(f"b{t}") for t in range(steps)])
        found = bounds.constant_bound(curvatures * plays[:-1] - coins, curvatures, plays, GAMMA, u)[-1]
        out.append(identity(found, (plays[0] - u) ** 2 / (2 * GAMMA) + weight * GAMMA / 2 * sum(coins**2)))
    return counted(out)


# --- O2 ----------------------------------------------------------------------------------------------------------------------------
def leader(sign: int = 1) -> Outcome:
    """FTRL with delta = 1/eta, centre 0, linear losses: Proj(-eta (C + c)), C = -sum_a the coins before."""
    found, *_ = after("ftrl", sum_a=-COINS - c, delta=1 / ETA, ends=(LOW, HIGH))
    return clipped(found, -sign * ETA * (COINS + c), LOW, HIGH)


def leader_bound(weight: Any = 1) -> Outcome:
    """The right-hand side of G1 with b = 0, delta = 1/eta, eta_0 = 0, plus its negative term, T = 1, 2, 3."""
    out = []
    for steps in (1, 2, 3):
        plays = np.array([reals(f"s{t}") for t in range(steps + 1)])
        coins = np.array([reals(f"c{t}", positive=True) for t in range(steps)])  # the square is all that is used of a coin
        found = bounds.quadratic_bound(-coins, 0 * coins, plays, 1 / ETA, 0, u)[-1]
        written = u**2 / (2 * ETA) + weight * ETA / 2 * sum(coins**2) - (u - plays[-1]) ** 2 / (2 * ETA)
        out.append(identity(found, written))
    return counted(out)


# --- O3 ----------------------------------------------------------------------------------------------------------------------------
def adagrad_play(rate: Any = 1) -> Outcome:
    """The play of ``adagrad`` on a coin: rate (D/sqrt 2)/sqrt(sum c^2), the present coin included; a first coin 0 changes nothing."""
    found, memory, *_ = after("adagrad", ends=(LOW, LOW + WIDTH))
    moved = s - rate * WIDTH / sp.sqrt(2) / sp.sqrt(MEMORY + c**2) * c
    idle, _, _, nothing = after("adagrad", coin=0, memory=0, ends=(LOW, LOW + WIDTH))
    return both(clipped(found, moved, LOW, LOW + WIDTH), identities([(memory, MEMORY + c**2), (idle, s), (nothing, 0)]))


def weighted_step(weight: float = 1) -> Outcome:
    """c (s - u) <= w [(s-u)^2 - (s'-u)^2] + weight c^2/(4 w), w = 1/(2 eta_t), s' = clip(s - c/(2 w))."""
    real = Reals()
    play, coin, inner, low, high, w = real("s c u low high w")
    moved = real.reading(ogd)(play, coin, 2 * w, low, high)
    claim = 4 * w * coin * (play - inner) <= 4 * w * w * ((play - inner) ** 2 - (moved - inner) ** 2) + weight * coin * coin
    return real.always(claim, given=[w > 0, low <= inner, inner <= high])


def abel(growing: bool = True) -> Outcome:
    """Induction for sum w_t (d_t - d_{t+1}) + w_T d_{T+1} <= D^2 w_T: base and increment."""
    base, real = Reals(), Reals()
    d, next_d, w, width = base("d next_d w D")
    start = base.always(w * (d - next_d) + w * next_d <= width * width * w, given=[w > 0, 0 <= d, d <= width * width])
    total, d, next_d, w, next_w, width = real("total d next_d w next_w D")
    given = [w > 0, next_w > 0, 0 <= d, d <= width * width, total + w * d <= width * width * w]
    given += [next_w >= w] if growing else []
    step = real.always(total + next_w * (d - next_d) + next_w * next_d <= width * width * next_w, given=given)
    return both(start, step)


def root_sum(factor: float = 2) -> Outcome:
    """Induction for sum c_t^2/sqrt(S_t) <= 2 sqrt(S_T): 2 sqrt S + c^2/sqrt(S + c^2) <= 2 sqrt(S + c^2), multiplied by the root."""
    real = Reals()
    total, coin = real("S c")
    old, new = real.sqrt(total), real.sqrt(total + coin * coin)
    return real.always(factor * old * new + coin * coin <= factor * new * new, given=[total >= 0, total + coin * coin > 0])


def both_halves(factor: Any = 1) -> Outcome:
    """D^2 w_T + (1/2) sum eta_t c_t^2 with w_T = 1/(2 eta_T) is the library's bound sqrt2 D sqrt(S), T = 1, 2, 3."""
    out = []
    for steps in (1, 2, 3):
        plays = np.array([reals(f"s{t}") for t in range(steps + 1)])
        coins = np.array([reals(f"c{t}", positive=True) for t in range(steps)])
        curvatures = np.array([reals(f"b{t}") for t in range(steps)])
        found = read(bounds.slope_adagrad_bound, ARRAYS)(curvatures * plays[:-1] - coins, curvatures, plays, WIDTH)[-1]
        root = sp.sqrt(sum(coins**2))
        last_rate = WIDTH / sp.sqrt(2) / root
        out.append(identity(found, WIDTH**2 / (2 * last_rate) + factor * WIDTH / sp.sqrt(2) / 2 * (2 * root)))
    return counted(out)


THEOREMS = {
    "learners.plays": "what each learner plays after a loss: the table of the page, as the one entry `learn` of the library computes it",
    "learners.O1": "OGD, unprojected: sum c_t (s_t - u) = [(s_1-u)^2 - (s_{T+1}-u)^2]/(2 eta) + (eta/2) sum c_t^2 for every real u",
    "learners.O1p": "OGD, projected: sum c_t (s_t - u) <= [(s_1-u)^2 - (s_{T+1}-u)^2]/(2 eta) + (eta/2) sum c_t^2 for u inside",
    "learners.O2": "FTRL, s_t = Proj(-eta sum_{i<t} c_i): sum c_t (s_t - u) <= u^2/(2 eta) + (eta/2) sum c_t^2 for u inside",
    "learners.O3": "OGD with rate (D/sqrt2)/sqrt(sum_{i<=t} c_i^2) on an interval of width D: sum c_t (s_t - u) <= sqrt2 D sqrt(sum c_t^2)",
}

STEPS = [
    Step(
        id="learners.plays.1",
        says="`learn` plays clip(s - gamma c), clip(-eta sum c), clip(s exp(-gamma c)), ... : every row of the table", method="algebra",
        check=table, formulas=(learn, loss_slope, ftrl, ogd, adagrad, adagrad_weight, exponentiated, bet, ratio, clip),
        assumes=("exact arithmetic", "delta + sum b > 0"), control=Control("uphill", lambda: table(-1)),
    ),
    Step(
        id="learners.plays.2", says="FTRL and the gradient steps stay where they are while their weight is 0 (nothing seen)",
        method="algebra", check=nothing_seen, formulas=(ftrl, ogd, ratio), control=Control("with weight 1", lambda: nothing_seen(1)),
    ),
    Step(
        id="learners.O1.1", says="c (s - u) = [(s-u)^2 - (s'-u)^2]/(2 eta) + (eta/2) c^2, s' = s - eta c; sum over t", method="algebra",
        check=free_step, formulas=(learn, loss_slope), uses=("learners.plays.1",), assumes=("exact arithmetic", "no clip active"),
        control=Control("the square halved", lambda: free_step(sp.Rational(1, 2))),
    ),
    Step(
        id="learners.O1p.1", says="|clip(v) - u| <= |v - u| for low <= u <= high", method="decision", check=projected, formulas=(clip,),
        control=Control("u anywhere", lambda: projected(False)),
    ),
    Step(
        id="learners.O1p.2", says="2 eta c (s - u) <= (s-u)^2 - (s'-u)^2 + eta^2 c^2, s' = clip(s - eta c); sum over t", method="decision",
        check=projected_step, formulas=(clip,), uses=("learners.plays.1", "learners.O1p.1"), assumes=("u in [low, high]", "eta > 0"),
        control=Control("the square halved", lambda: projected_step(0.5)),
    ),
    Step(
        id="learners.O1p.3", says="lra_ref.learners.bounds.constant_bound is (s_1-u)^2/(2 eta) + (eta/2) sum c^2 (T = 1, 2, 3 written out)",
        method="algebra", check=constant_bound, formulas=(bounds.constant_bound, loss_slope),
        control=Control("the sum halved", lambda: constant_bound(sp.Rational(1, 2))),
    ),
    Step(
        id="learners.O2.1", says="the play of FTRL with b = 0, delta = 1/eta, centre 0 is Proj(-eta sum of the past coins)",
        method="algebra", check=leader, formulas=(learn, ftrl), uses=("learners.plays.1",), assumes=("s_1 = 0",),
        control=Control("the other sign", lambda: leader(-1)),
    ),
    Step(
        id="learners.O2.2",
        says="the right-hand side of G1 is then u^2/(2 eta) + (eta/2) sum c^2 - (u - s_{T+1})^2/(2 eta) <= O2 (T = 1, 2, 3 written out)",
        method="algebra", check=leader_bound, formulas=(bounds.quadratic_bound, bounds.slope_terms, bounds.weights, bounds._over_weight),
        uses=("gala.G1", "learners.O2.1"), assumes=("u in [low, high]",),
        control=Control("without the sum of squares", lambda: leader_bound(0)),
    ),
    Step(
        id="learners.O3.1", says="the play is clip(s - (D/sqrt2) c/sqrt(sum_{i<=t} c_i^2)); unchanged while all coins are 0",
        method="algebra", check=adagrad_play, formulas=(learn, adagrad, ogd), uses=("learners.plays.1",),
        control=Control("twice the rate", lambda: adagrad_play(2)),
    ),
    Step(
        id="learners.O3.2", says="c (s - u) <= w_t [(s_t-u)^2 - (s_{t+1}-u)^2] + c^2/(4 w_t), w_t = 1/(2 eta_t)", method="decision",
        check=weighted_step, formulas=(ogd, ratio, clip), uses=("learners.O1p.1",), assumes=("u in [low, high]", "w_t > 0"),
        control=Control("the square halved", lambda: weighted_step(0.5)),
    ),
    Step(
        id="learners.O3.3", says="Abel summation: sum w_t (d_t - d_{t+1}) + w_T d_{T+1} <= D^2 w_T for 0 <= d_t <= D^2, w_t not decreasing",
        method="decision", check=abel, assumes=("s_t and u in an interval of width D",),
        control=Control("weights that may fall", lambda: abel(False)),
    ),
    Step(
        id="learners.O3.4", says="sum c_t^2/sqrt(sum_{i<=t} c_i^2) <= 2 sqrt(sum c_t^2), by induction", method="decision", check=root_sum,
        assumes=("terms with sum 0 count 0",), control=Control("1 in place of 2", lambda: root_sum(1)),
    ),
    Step(
        id="learners.O3.5",
        says="D^2/(2 eta_T) + (1/2)(D/sqrt2) 2 sqrt(sum c^2) = sqrt2 D sqrt(sum c^2) = slope_adagrad_bound (T = 1, 2, 3 written out)",
        method="algebra", check=both_halves, formulas=(bounds.slope_adagrad_bound, loss_slope),
        uses=("learners.O3.2", "learners.O3.3", "learners.O3.4"), control=Control("one half only", lambda: both_halves(0)),
    ),
]  # fmt: skip
