"""AutoSGD: three streams with different rates run on the same noise, and a test on the objective chooses the rate of the next episode.

An episode starts at one point with the streams small, middle, big there and the rate gamma.  An inner step (number k of the episode) is

    small <- small - c gamma g(small),     x <- x - gamma g(x),     big <- big - C gamma g(big)

with all three gradients on the step's own sample; then F is estimated at the three streams and at the start on one fresh batch, and
mean and variance over the episode so far are updated (Welford) for

    d_up = F(x) - F(big),   d_dn = F(x) - F(small),   d_0 = F(start) - F(x),   d_b = F(start) - F(big)

A difference is significant if |mean| > z sqrt(variance/k).  From k = k_min on the episode ends when all four are, and at k_max in any case:

    R   d_0 < 0 significantly                              back to the start        gamma <- c gamma
    I   d_up > 0 and d_b > 0 significantly                 go on from big           gamma <- C gamma
    D   d_dn > 0 and d_0 > 0 significantly                 go on from the middle    gamma <- c gamma
    S   else                                               go on from the middle    gamma stays

Source: Surjanovic, Bouchard-Cote, Campbell 2025, arXiv 2505.21651: episodes, three streams with shared noise, c = 1/2, C = 2, the four
decisions and where they go on (published); the test, its order and its constants are ours (derived).  z is no level of a test:
the claims of this part measure how often it errs.

In the engine x is the middle stream.  The step after the last inner step of an episode takes no gradient step: it decides and moves the
streams to the chosen point; its rate is reported as 0, that of an inner step is gamma.  Scalars: ``gamma`` (after the decision),
``k`` inner steps of the episode so far, ``decision`` of this step (0 none, 1 R, 2 I, 3 D, 4 S), ``episodes`` ended so far, ``mean_*``
and ``m2_*`` of the four differences (sum of squared deviations), of the last decided episode until the next begins.  An inner step
needs three gradients and four losses, which the engine counts as seven evaluations; the first one of an episode only one, since the streams
coincide and nothing is to be compared.

Edge cases: a loss that is not finite makes the variance of its differences infinite: they are not significant for the rest of the
episode, which then lasts until k_max.  A middle stream that is not finite stops the trajectory with NONFINITE_GRADIENT or
NONFINITE_POINT.  A stream that diverges geometrically, losses growing by a factor above (z^2+1)/(z^2-1) per step, is not significant
either (statement B3): gamma_0 must not be far above 2/L.  gamma = 0 by underflow: RATE_VANISHED.

Words per element beyond x and g: 4, and 6 for what is evaluated at them.

The step on a long vector alone (``InPlace``) refuses it: it asks for more than gradients at its points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.formulas import descend, where
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

#: the status RATE_VANISHED of lra_ref.status
VANISHED = 7.0
#: decisions
NONE, BACK, UP, DOWN, STAY = range(5)
DIFFERENCES = ("up", "dn", "0", "b")
#: columns of a row of scalars, 0 is the status; the four means and the four sums of squares follow
GAMMA, K, DECISION, EPISODES, MEAN = 1, 2, 3, 4, 5
M2 = MEAN + len(DIFFERENCES)
#: places of the hyper-parameters
GAMMA_0, SHRINK, GROW, Z, K_MIN, K_MAX = range(6)
#: points: gradients at the small and the big stream, losses at the start and the three streams; places of these losses in ``f``
POINTS = ((1, "present"), (3, "present"), (0, "fresh"), (1, "fresh"), (2, "fresh"), (3, "fresh"))
START_LOSS, SMALL_LOSS, MIDDLE_LOSS, BIG_LOSS = range(3, 7)


@dataclass(frozen=True, kw_only=True)
class AutoSGDParameters(Parameters):
    """Hyper-parameters of ``autosgd``."""

    gamma_0: float = parameter(1.0, Range(0, ends="()"), "rate of the first episode")
    c: float = parameter(0.5, Range(0, 1, "()"), "rate of the small stream over gamma")
    C: float = parameter(2.0, Range(1, ends="()"), "rate of the big stream over gamma")
    z: float = parameter(3.0, Range(0, ends="()"), "significance: |mean| over its standard error")
    k_min: int = parameter(10, Range(2, ends="[)", integer=True), "inner steps before an episode may end")
    k_max: int = parameter(200, Range(2, ends="[)", integer=True), "inner steps after which it ends")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k_max < self.k_min:
            raise ValueError(f"k_max must be at least k_min, {self.k_min}, got {self.k_max}")


def gap(higher: Any, lower: Any) -> Any:
    """Difference of two losses on one batch."""
    return higher - lower


def mean_after(mean: Any, value: Any, k: Any) -> Any:
    """Mean of k values from the mean of the first k - 1 and the last (Welford); a value that is not finite is left out."""
    return where(np.isfinite(value), mean + (value - mean) / k, mean)


def m2_after(m2: Any, value: Any, before: Any, after: Any) -> Any:
    """Sum of squared deviations, likewise; ``before`` and ``after`` are the means; infinite after a value that is not finite."""
    return where(np.isfinite(value), m2 + (value - before) * (value - after), np.inf)


def significant(mean: Any, m2: Any, k: Any, z: Any) -> Any:
    """|mean| > z times its standard error, from k >= 2 values."""
    return np.abs(mean) > z * np.sqrt(m2 / ((k - 1) * k))


def ends(k: Any, everything: Any, k_min: Any, k_max: Any) -> Any:
    """Whether the episode ends after k inner steps; ``everything``: all four differences are significant."""
    return (k >= k_max) | ((k >= k_min) & everything)


def decided(up: Any, dn: Any, zero: Any, b: Any, s_up: Any, s_dn: Any, s_zero: Any, s_b: Any) -> Any:
    """R, I, D or S from the four means and which of them are significant."""
    improves = s_zero & (zero > 0)
    other = where(s_up & (up > 0) & s_b & (b > 0), UP, where(s_dn & (dn > 0) & improves, DOWN, STAY))
    return where(s_zero & (zero < 0), BACK, other)


def gamma_after(decision: Any, gamma: Any, c: Any, C: Any) -> Any:
    """Rate of the next episode."""
    return where(decision == UP, C * gamma, where(decision == STAY, gamma, c * gamma))


def goes_on(decision: Any, start: Any, middle: Any, big: Any) -> Any:
    """Point from which the next episode starts."""
    return where(decision == BACK, start, where(decision == UP, big, middle))


def autosgd_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Means and test, or the next inner step (kernel); coef: rate, decision, first of its episode, rates of small and big."""
    row = scal[first]
    if t == 0:
        row[GAMMA] = hyp[GAMMA_0]
    row[DECISION] = NONE
    if row[K] > 0:
        observe(f, row)
        k, z = row[K], hyp[Z]
        s_up, s_dn = significant(row[MEAN], row[M2], k, z), significant(row[MEAN + 1], row[M2 + 1], k, z)
        s_0, s_b = significant(row[MEAN + 2], row[M2 + 2], k, z), significant(row[MEAN + 3], row[M2 + 3], k, z)
        if ends(k, s_up & s_dn & s_0 & s_b, hyp[K_MIN], hyp[K_MAX]):
            row[DECISION] = decided(row[MEAN], row[MEAN + 1], row[MEAN + 2], row[MEAN + 3], s_up, s_dn, s_0, s_b)
    if row[DECISION] > 0:
        row[GAMMA], row[K] = gamma_after(row[DECISION], row[GAMMA], hyp[SHRINK], hyp[GROW]), 0
        row[EPISODES] += 1
    else:
        row[K] += 1
    if row[K] == 1:
        for j in range(8):
            row[MEAN + j] = 0
    if row[GAMMA] == 0:
        row[0] = VANISHED
    for s in range(first, last):
        coef[s, 1], coef[s, 2] = row[DECISION], row[K]
        coef[s, 3], coef[s, 4] = hyp[SHRINK] * row[GAMMA], hyp[GROW] * row[GAMMA]
    return 0.0 if row[DECISION] > 0 else row[GAMMA]


def observe(f: Any, row: Any) -> None:
    """The four differences of this inner step enter their means (kernel)."""
    for j in range(4):
        higher = f[MIDDLE_LOSS] if j < 2 else f[START_LOSS]
        lower = f[BIG_LOSS] if j == 0 or j == 3 else f[SMALL_LOSS] if j == 1 else f[MIDDLE_LOSS]
        value, before = gap(higher, lower), row[MEAN + j]
        row[MEAN + j] = mean_after(before, value, row[K])
        row[M2 + j] = m2_after(row[M2 + j], value, before, row[MEAN + j])


def autosgd_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """An inner step of the three streams, or all of them to where the next episode starts (kernel)."""
    xs, gs, g_small, g_big = x[lo:hi], g[lo:hi], q[0, lo:hi], q[1, lo:hi]
    start, small, middle, big = vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[3, lo:hi]
    decision, begins = coef[seg, 1], coef[seg, 2] == 1
    for i in range(xs.size):
        if decision > 0:
            xs[i] = goes_on(decision, start[i], xs[i], big[i])
            start[i], small[i], big[i] = xs[i], xs[i], xs[i]
        else:
            start[i] = where(begins, xs[i], start[i])
            small[i] = descend(where(begins, xs[i], small[i]), coef[seg, 3], where(begins, gs[i], g_small[i]))
            big[i] = descend(where(begins, xs[i], big[i]), coef[seg, 4], where(begins, gs[i], g_big[i]))
            xs[i] = descend(xs[i], coef[seg, 0], gs[i])
        middle[i] = xs[i]


@WHOLES.register("autosgd")
class AutoSGD(Whole):
    """SGD in episodes: three streams at c gamma, gamma, C gamma on the same noise, a test chooses the next gamma."""

    name = "autosgd"
    source = "Surjanovic, Bouchard-Cote, Campbell 2025, arXiv 2505.21651 (published; the test and its constants derived)"
    Parameters = AutoSGDParameters
    needs = ("losses", "a fresh batch per step")
    cost = "3 gradients and 4 losses (1 gradient in the first step of an episode)"
    vectors = ("start", "small", "middle", "big")
    points = POINTS
    scalars = ("gamma", "k", "decision", "episodes", *(f"mean_{name}" for name in DIFFERENCES), *(f"m2_{name}" for name in DIFFERENCES))
    asks = "k"
    coefficients = 5
    decide = staticmethod(autosgd_decide)
    move = staticmethod(autosgd_move)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Means and test, or the next inner step."""
        gamma_0, c, C, z, k_min, k_max = self.hyper()
        new, k = dict(state), state["k"]
        gamma = 0 * k + gamma_0 if seen.t == 0 else state["gamma"]
        decision = 0 * k
        if seen.fq:
            decision = self.test(state, seen, new, (z, k_min, k_max))
        decision, over = decision + 0.0 * k, decision > 0
        new["decision"], new["episodes"], new["k"] = decision, state["episodes"] + over, where(over, 0.0, k + 1)
        new["gamma"] = where(over, gamma_after(decision, gamma, c, C), gamma)
        for name in self.scalars[4:]:
            new[name] = where(new["k"] == 1, 0.0, new[name])
        new["status"] = where(new["gamma"] == 0, VANISHED, state["status"])
        return new, where(over, 0.0, new["gamma"]), {name: new[name] for name in self.scalars}

    def test(self, state: State, seen: Seen, new: State, limits: tuple[float, float, float]) -> Any:
        """Decision after this inner step, 0 for none; fills the means of ``new``."""
        (z, k_min, k_max), k = limits, state["k"]
        looks, count = k > 0, np.maximum(k, 1)
        start, small, middle, big = seen.fq[2:]
        values = {"up": gap(middle, big), "dn": gap(middle, small), "0": gap(start, middle), "b": gap(start, big)}
        means, sure = [], []
        for name, value in values.items():
            before = state[f"mean_{name}"]
            mean = mean_after(before, value, count)
            m2 = m2_after(state[f"m2_{name}"], value, before, mean)
            new[f"mean_{name}"], new[f"m2_{name}"] = where(looks, mean, before), where(looks, m2, state[f"m2_{name}"])
            means.append(mean)
            sure.append(significant(mean, m2, count, z))
        over = looks & ends(count, sure[0] & sure[1] & sure[2] & sure[3], k_min, k_max)
        return where(over, decided(*means, *sure), NONE)

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """An inner step of the three streams, or all of them to where the next episode starts."""
        _, c, C, *_ = self.hyper()
        gamma, decision, begins, x, g = state["gamma"], state["decision"], state["k"] == 1, seen.x, seen.g
        at_small, at_big = seen.q[:2] if seen.q else (g, g)
        small = descend(where(begins, x, state["small"]), c * gamma, where(begins, g, at_small))
        big = descend(where(begins, x, state["big"]), C * gamma, where(begins, g, at_big))
        over, next_ = decision > 0, goes_on(decision, state["start"], x, state["big"])
        middle = where(over, next_, descend(x, eta, g))
        start = where(over, next_, where(begins, x, state["start"]))
        streams = {"start": start, "small": where(over, next_, small), "middle": middle, "big": where(over, next_, big)}
        return dict(state, **streams), middle
