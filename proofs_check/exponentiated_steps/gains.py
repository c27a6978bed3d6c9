"""E4 and E6: the walk of the logarithms of scale and gains, the fewest steps, what a gain counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.arithmetic import power, quotient
from lra_ref.directions.exponentiated import (
    EGMomentumParameters,
    agreement,
    average_correction,
    chosen_factor,
    eg_momentum_begin,
    eg_momentum_map,
    gain_factor,
    grow_gains,
    grown_gain,
    sign_agreement,
)  # fmt: skip
from lra_ref.formulas import average, clip, product
from lra_ref.rates.exponentiated import ExponentiatedParameters, cosine, exponentiated_decide, grown_scale
from proofs_check.algebra import identities, reals, same, symbolic
from proofs_check.decision import Reals
from proofs_check.exponentiated_steps.enclosed import published_values
from proofs_check.exponentiated_steps.scale import GAMMA, LR, decided
from proofs_check.intervals import ARB, ball, encloses
from proofs_check.steps import Control, Outcome, Step, both

s, p, G2, D2, MU, BETA = reals("s p G2 d2 mu beta", positive=True)
c = reals("c")
LOW, HIGH = reals("low high", positive=True)
FREE = (0, sp.oo)


def run_gains(steps: int, *, signs: int = 1, corrected: int = 1, ends: Any = FREE, gamma: Any = GAMMA) -> list[Any]:
    """The kernels of ``eg_momentum`` on ``steps`` gradients of two coordinates: (gradient, direction, gains, average, coefficients)."""
    vec, coef, out = np.zeros((3, 2), dtype=object), np.zeros((1, 9), dtype=object), []
    for t in range(steps):
        g, d = np.array(reals(f"g{t}0 g{t}1")), np.zeros(2, dtype=object)
        symbolic(eg_momentum_begin)(0, 1, t, 0, None, None, (MU, BETA, gamma, *ends, signs, corrected), coef)
        symbolic(eg_momentum_map)(0, 0, 2, 0, None, g, d, None, vec, coef, None)
        out.append((g, d.copy(), vec[1].copy(), vec[2].copy()))
    return out


# --- the published update --------------------------------------------------------------------------------------------------------
def published(weight: Any = 1) -> Outcome:
    """Three steps of the kernels against equations 1 to 3 of the direction, sign form and product form, clipped and not."""
    out = []
    for signs, corrected, ends in ((1, 1, FREE), (1, 1, (LOW, HIGH)), (0, 1, FREE), (0, 0, FREE)):
        gain, mean, buffer = np.ones(2, dtype=object), np.zeros(2, dtype=object), np.zeros(2, dtype=object)
        for t, (g, d, gains, averages) in enumerate(run_gains(3, signs=signs, corrected=corrected, ends=ends)):
            scale = 1 - BETA ** max(t, 1) if corrected else 1
            for k in range(2):
                e = sp.sign(g[k]) * sp.sign(mean[k]) if signs else g[k] * (mean[k] / scale)
                gain[k] = sp.Min(sp.Max(gain[k] * sp.exp(weight * GAMMA * e), ends[0]), ends[1])
                buffer[k] = MU * buffer[k] + gain[k] * g[k]
                mean[k] = BETA * mean[k] + (1 - BETA) * g[k]
            out += [*zip(gains, gain, strict=True), *zip(d, buffer, strict=True), *zip(averages, mean, strict=True)]
    # the powers of beta in the bias correction
    out += [(symbolic(power)(BETA, n), BETA**n) for n in range(10)]
    return same(out)


# --- E4 ----------------------------------------------------------------------------------------------------------------------------
def bounded_signal(largest: float = 1) -> Outcome:
    """-1 <= cos <= 1 and -1 <= e <= 1 for all sums, norms, gradients."""
    real = Reals()
    i, g2, d2, lr, eps, g, a = real("i g2 d2 lr eps g a")
    given = [g2 >= 0, d2 >= 0, lr > 0, eps >= 0]
    c_ = real.reading(cosine)(i, g2, d2, lr, eps)
    e = real.reading(sign_agreement)(g, a)
    return both(*(real.always(real.abs(value) <= largest, given) for value in (c_, e)))


def opening(value: int = 0) -> Outcome:
    """No average, no direction yet: signal and agreement are 0, so scale and gain stay 1 in the first step."""
    _, scales, signals, _ = decided([[sp.Integer(0), G2, sp.Integer(0)]], sp.Integer(0), t=0, ends=FREE)
    _, _, exact, _ = decided([[sp.Integer(0), G2, sp.Integer(0)]], sp.Integer(0), t=0, ends=FREE, eps=sp.Integer(0))
    gains = run_gains(1)[0][2]
    nothing = symbolic(quotient)(c, 0)
    return identities([(signals[0], value), (exact[0], value), (nothing, 0), (scales[0], 1), *((gain, 1) for gain in gains)])


def one_step(formula: Any, narrow: bool = False) -> Outcome:
    """s <= M s' and s' <= M s where exp(gamma c) lies in [1/M, M]: any w there is such an exponential, with M = e^gamma and |c| <= 1."""
    real = Reals()
    scale, w, most, low, high = real("s w M low high")
    real.exp = lambda argument: w  # type: ignore[attr-defined]
    after = real.reading(formula)(scale, real("c"), real("gamma"), low, high)
    given = [0 < low, low <= scale, scale <= high, most >= 1, w <= most * (2 if narrow else 1), w * most >= 1]
    return both(real.always(scale <= most * after, given), real.always(after <= most * scale, given))


def induction(late: int = 0) -> Outcome:
    """|l_t| <= gamma (t - 1): 0 at t = 1 and 2, then one gamma per step."""
    real = Reals()
    before, after, gamma, t = real("l l' gamma t")
    given = [gamma > 0, t >= 1, real.abs(before) <= gamma * (t - 1), real.abs(after - before) <= gamma]
    return real.always(real.abs(after) <= gamma * (t - late), given)


def log_increment(factor: Any = 1) -> Outcome:
    """ln s' - ln s = gamma c, unclipped; the same for a gain."""
    return identities(
        [(sp.expand_log(sp.log(symbolic(f)(s, c, GAMMA, *FREE)) - sp.log(s)), factor * GAMMA * c) for f in (grown_scale, grown_gain)]
    )


def count(top: float, gamma: float, steps: int) -> Outcome:
    """ln(top)/gamma lies in (steps - 2, steps - 1): 1 + ceil of it is ``steps``."""
    return encloses(lambda: ARB.log(ball(str(top))) / ball(str(gamma)), steps - 2, steps - 1)


def default(parameters: Any, name: str) -> float:
    """The default of a hyper-parameter."""
    return float(getattr(parameters(), name))


def aligned(sign: int = 1) -> Outcome:
    """d = k g with k > 0 and eps = 0: the cosine is 1; positive gradients: every sign agreement from the second step on is 1."""
    k = sp.Symbol("k", positive=True)
    found = symbolic(cosine)(k * G2, G2, k**2 * G2, LR, 0)
    mean, g = reals("a g", positive=True)
    kept = symbolic(average)(mean, g, BETA, sp.Symbol("take", positive=True))
    return identities([(found, sign), (symbolic(sign_agreement)(g, kept), sign)])


def three_factors(down: Any = -1) -> Outcome:
    """``chosen_factor`` of the signs 1, 0, -1 against ``gain_factor`` of them."""
    factor, chosen = symbolic(gain_factor), symbolic(chosen_factor)
    ends = factor(sp.S(1), GAMMA), factor(sp.S(down), GAMMA)
    return identities([(chosen(sp.Integer(e), *ends), factor(sp.Integer(e), GAMMA)) for e in (1, 0, -1)])


# --- E6 ----------------------------------------------------------------------------------------------------------------------------
def votes(disagreement: int = 1) -> Outcome:
    """e = 1 where g a > 0, -1 where g a < 0, 0 where it is 0."""
    real = Reals()
    g, a = real("g a")
    e = real.reading(sign_agreement)(g, a)
    return real.always(e == real.where(g * a > 0, 1, real.where(g * a < 0, -disagreement, 0)))


def counted_votes(factor: int = 1) -> Outcome:
    """ln p after three steps of the kernel, unclipped, is gamma times the sum of the sign agreements with the average before."""
    out, mean, total = [], np.zeros(2, dtype=object), np.zeros(2, dtype=object)
    for g, _, gains, averages in run_gains(3):
        total = total + np.array([sp.sign(a) * sp.sign(b) for a, b in zip(g, mean, strict=True)])
        mean = averages
        out += [(sp.expand_log(sp.log(gain), force=True), factor * GAMMA * sum_) for gain, sum_ in zip(gains, total, strict=True)]
    return same((sp.expand(a), sp.expand(b)) for a, b in out)


THEOREMS = {
    "exponentiated.update": "the kernels of the gains are the published update: agreement with the old average, clipped growth, momentum",
    "exponentiated.E4": "|ln(s_t/s_1)| <= gamma_s (t-1) and |ln(p_t/p_1)| <= gamma_p (t-1) (sign form); unclipped ln s_{T+1} = ln s_1 + "
    "gamma_s sum cos_t; with the defaults 2304 steps from s = 1 to 10, 462 from p = 1 to 100 are the fewest, and attained",
    "exponentiated.E6": "sign form, until a clip: ln p_i = gamma_p (#agreements - #disagreements)",
}

SCALE, GAIN = (ExponentiatedParameters, "s_max", "gamma_s"), (EGMomentumParameters, "p_max", "gamma_p")


def fewest(part: Any, steps: int) -> Outcome:
    """The count with the library's defaults."""
    parameters, top, gamma = part
    return count(default(parameters, top), default(parameters, gamma), steps)


KERNELS = (
    eg_momentum_begin,
    eg_momentum_map,
    grow_gains,
    grown_gain,
    sign_agreement,
    agreement,
    average_correction,
    average,
    product,
    clip,
    power,
)

STEPS = [
    Step(
        id="exponentiated.update.1",
        says="kernels: p <- clip(p exp(gamma e)), e = sign(g) sign(a) or g a/(1 - beta^max(n-1,1)), then b <- mu b + p g, a <- beta a + "
        "(1-beta) g",
        method="algebra", check=published, formulas=(*KERNELS, grown_gain), assumes=("exact arithmetic", "three steps, two coordinates"),
        control=Control("gamma doubled", lambda: published(2)),
    ),
    Step(
        id="exponentiated.update.2", method="intervals", check=published_values, formulas=(eg_momentum_map, exponentiated_decide),
        says="the check values of the published unit test: two steps, both signals, every printed number within its tolerance 1e-4",
        uses=("exponentiated.update.1", "exponentiated.E1.2"), control=Control("lr 0.11", lambda: published_values("0.11")),
    ),
    Step(
        id="exponentiated.E4.1", says="|cos| <= 1 and |e| <= 1, always", method="decision", check=bounded_signal,
        formulas=(cosine, clip, sign_agreement), assumes=("lr > 0", "eps >= 0"),
        control=Control("at most 1/2", lambda: bounded_signal(0.5)),
    ),
    Step(
        id="exponentiated.E4.2", says="the first signal and the first agreement are 0: scale and gains are still 1 after the first step",
        method="algebra", check=opening, formulas=(cosine, quotient, sign_agreement),
        control=Control("1 in place of 0", lambda: opening(1)),
    ),
    Step(
        id="exponentiated.E4.3", says="s e^(-gamma) <= s' <= s e^gamma, also with the clip: the scale's logarithm moves by at most gamma",
        method="decision", check=lambda: one_step(grown_scale), formulas=(grown_scale, clip), uses=("exponentiated.E4.1",),
        assumes=("s in [s_min, s_max]",), control=Control("signals up to twice as large", lambda: one_step(grown_scale, True)),
    ),
    Step(
        id="exponentiated.E4.4", says="the same for a gain", method="decision", check=lambda: one_step(grown_gain),
        formulas=(grown_gain, clip), uses=("exponentiated.E4.1",), assumes=("p in [p_min, p_max]",),
        control=Control("signals up to twice as large", lambda: one_step(grown_gain, True)),
    ),
    Step(
        id="exponentiated.E4.5", says="|l_t| <= gamma (t-1) implies |l_{t+1}| <= gamma t", method="decision", check=induction,
        uses=("exponentiated.E4.2", "exponentiated.E4.3", "exponentiated.E4.4"), control=Control("one step fewer", lambda: induction(1)),
    ),
    Step(
        id="exponentiated.E4.6", says="ln s' - ln s = gamma cos, ln p' - ln p = gamma e, unclipped; sum over t", method="algebra",
        check=log_increment, formulas=(grown_scale, grown_gain), assumes=("no clip active",),
        control=Control("half of it", lambda: log_increment(sp.Rational(1, 2))),
    ),
    Step(
        id="exponentiated.E4.7", says="1 + ceil(ln 10/0.001) = 2304: no fewer steps from s = 1 to s_max with the defaults",
        method="intervals", check=lambda: fewest(SCALE, 2304), uses=("exponentiated.E4.2", "exponentiated.E4.5"),
        control=Control("2303", lambda: fewest(SCALE, 2303)),
    ),
    Step(
        id="exponentiated.E4.8", says="1 + ceil(ln 100/0.01) = 462: no fewer steps from p = 1 to p_max with the defaults",
        method="intervals", check=lambda: fewest(GAIN, 462), uses=("exponentiated.E4.2", "exponentiated.E4.5"),
        control=Control("461", lambda: fewest(GAIN, 461)),
    ),
    Step(
        id="exponentiated.E4.9", says="both are attained: on parallel gradients the cosine is 1, on positive ones every agreement is 1",
        method="algebra", check=aligned, formulas=(cosine, sign_agreement, average),
        uses=("exponentiated.E4.6", "exponentiated.E4.7", "exponentiated.E4.8"),
        assumes=("norm_eps = 0, or norms so far above it that 2303 cosines still add up to ln(10)/0.001",),
        control=Control("-1", lambda: aligned(-1)),
    ),
    Step(
        id="exponentiated.E6.1", says="e = 1 where g a > 0 (agreement), -1 where g a < 0 (disagreement), else 0", method="decision",
        check=votes, formulas=(sign_agreement,), control=Control("disagreements count twice", lambda: votes(2)),
    ),
    Step(
        id="exponentiated.E6.2", says="exp(gamma e) of the three signs e is one of exp(gamma), 1, exp(-gamma), as the kernels choose it",
        method="algebra", check=three_factors, formulas=(chosen_factor, gain_factor), uses=("exponentiated.E6.1",),
        control=Control("exp(gamma) for disagreements too", lambda: three_factors(1)),
    ),
    Step(
        id="exponentiated.E6.3",
        says="ln p_t = gamma sum_{s<=t} e_s in every coordinate, the kernel written out for three steps; the increment is E4.6",
        method="algebra", check=counted_votes, formulas=(grow_gains, grown_gain, sign_agreement),
        uses=("exponentiated.E4.6", "exponentiated.E6.1"), assumes=("no clip active",),
        control=Control("gamma doubled", lambda: counted_votes(2)),
    ),
]  # fmt: skip
