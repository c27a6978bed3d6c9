"""AutoSGD: Welford's sums, the table of decisions, what happens where F = 0, and the stream that runs away."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
import z3

from lra_ref.formulas import descend
from lra_ref.methods.autosgd import (
    autosgd_move,
    decided,
    ends,
    gamma_after,
    gap,
    goes_on,
    m2_after,
    mean_after,
    observe,
    significant,
)
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic
from proofs_check.autogd_steps.selection import Logic
from proofs_check.steps import Control, Outcome, Result, Step, both, counted


def MEAN(*values: Any) -> Any:
    """The running mean; read anew at every use, so that a changed formula is seen."""
    return symbolic(mean_after)(*values)


def M2(*values: Any) -> Any:
    """The running sum of squared deviations."""
    return symbolic(m2_after)(*values)


# --- W: mean, variance, significance ------------------------------------------------------------------
def welford(shift: int = 0) -> Outcome:
    """From S1 = sum v, S2 = sum v^2 of k - 1 values: mean S1/(k-1), m2 = S2 - S1^2/(k-1); k = 1 starts from 0."""
    S1, S2, v = reals("S1 S2 v")
    k = reals("k", positive=True)
    before = S1 / (k - 1)
    after = MEAN(before, v, k)
    m2 = M2(S2 - S1**2 / (k - 1), v, before, after)
    first = MEAN(0, v, 1)
    return identities([
        (after, (S1 + v) / (k + shift)), (m2, S2 + v**2 - (S1 + v) ** 2 / k), (first, v), (M2(0, v, 0, first), 0),
    ])  # fmt: skip


def observed(swap: bool = False) -> Outcome:
    """The kernel takes the four differences from the losses at start, small, middle, big, each with its own mean and sum."""
    start, small, middle, big = reals("start small middle big")
    if swap:
        small, big = big, small
    losses = dict(zip(("start", "small", "middle", "big"), reals("start small middle big"), strict=True))
    f = np.array([0, 0, 0, *losses.values()], dtype=object)
    k = reals("k", positive=True)
    means, sums = reals("m0 m1 m2 m3"), reals("w0 w1 w2 w3")
    row = np.array([0, 1, k, 0, 0, *means, *sums], dtype=object)
    symbolic(observe)(f, row)
    pairs = []
    for j, value in enumerate((middle - big, middle - small, start - middle, start - big)):
        after = means[j] + (value - means[j]) / k
        pairs += [(row[5 + j], after), (row[9 + j], sums[j] + (value - means[j]) * (value - after))]
    return identities(pairs)


def significance(k: int, wrong: int = 0) -> Outcome:
    """|mean| > z sqrt(m2/(k(k-1))) is mean^2 k (k-1) > z^2 m2."""
    real = Logic()
    mean, m2, z = real("mean m2 z")
    plain = mean * mean * k * (k - 1 + wrong) > z * z * m2
    return real.always(real.reading(significant)(mean, m2, k, z) == plain, given=[m2 >= 0, z > 0])


# --- D: decisions -------------------------------------------------------------------------------------
def table(first: str = "back") -> Outcome:
    """The decision by the priority R, I, D, S; where it goes on and with which rate."""
    real = Logic()
    up, dn, zero, b, gamma, c, C, start, middle, big = real("up dn zero b gamma c C start middle big")
    s_up, s_dn, s_zero, s_b = (z3.Bool(name) for name in ("s_up", "s_dn", "s_zero", "s_b"))
    found = real.reading(decided)(up, dn, zero, b, s_up, s_dn, s_zero, s_b)
    back, rises = z3.And(s_zero, zero < 0), z3.And(s_up, up > 0, s_b, b > 0)
    falls = z3.And(s_dn, dn > 0, s_zero, zero > 0)
    order = [(back, 1), (rises, 2), (falls, 3)] if first == "back" else [(rises, 2), (back, 1), (falls, 3)]
    expected: Any = z3.RealVal(4)
    for condition, code in reversed(order):
        expected = z3.If(condition, z3.RealVal(code), expected)
    rate, to = real.reading(gamma_after)(found, gamma, c, C), real.reading(goes_on)(found, start, middle, big)
    follows = z3.And(
        z3.Implies(found == 1, z3.And(rate == c * gamma, to == start)), z3.Implies(found == 2, z3.And(rate == C * gamma, to == big)),
        z3.Implies(found == 3, z3.And(rate == c * gamma, to == middle)), z3.Implies(found == 4, z3.And(rate == gamma, to == middle)),
    )  # fmt: skip
    return real.always(z3.And(found == expected, follows))


def ending(late: int = 0) -> Outcome:
    """It ends at k_max, and from k_min on when everything is significant, and not otherwise."""
    real = Logic()
    k, low, high = real("k low high")
    everything = z3.Bool("everything")
    expected = z3.Or(k >= high + late, z3.And(k >= low, everything))
    return real.always(real.reading(ends)(k, everything, low, high) == expected, given=[low >= 2, high >= low])


# --- the kernel of the move -----------------------------------------------------------------------------
class Streams:
    """One coordinate of an episode, in symbols."""

    def __init__(self) -> None:
        self.start, self.u, self.gamma, self.c, self.C = reals("start u gamma c C")
        self.g, self.at_small, self.at_big = reals("g gs gb")

    def moved(self, x: Any, vec: tuple[Any, ...], gradients: tuple[Any, ...], decision: int = 0, k: int = 5) -> list[Any]:
        """x and the four vectors after the kernel."""
        n = 3
        point = np.array([0, x, 0], dtype=object)
        g, small, big = (np.array([0, value, 0], dtype=object) for value in gradients)
        rows = np.array([[0, value, 0] for value in vec], dtype=object)
        coef = np.array([[0] * 5, [self.gamma, decision, k, self.c * self.gamma, self.C * self.gamma]], dtype=object)
        symbolic(autosgd_move)(1, 1, n - 1, 0, point, g, g, np.array([small, big]), rows, coef, None)
        return [point[1], *rows[:, 1]]


def inner_step(sign: int = 1) -> Outcome:
    """start stays; small, middle, big step with their own rates and gradients; in the first step all from x along g."""
    s, (small, middle, big, x) = Streams(), reals("small middle big x")
    found = s.moved(x, (s.start, small, middle, big), (s.g, s.at_small, s.at_big))
    new = x - s.gamma * s.g
    expected = [new, s.start, small - sign * s.c * s.gamma * s.at_small, new, big - s.C * s.gamma * s.at_big]
    begun = s.moved(x, (s.start, small, middle, big), (s.g, s.at_small, s.at_big), k=1)
    started = [new, x, x - s.c * s.gamma * s.g, new, x - s.C * s.gamma * s.g]
    return identities(list(zip([*found, *begun], [*expected, *started], strict=True)))


def handed_on(wrong: int = 0) -> Outcome:
    """R: all streams at the start; I: at big; D, S: at the middle one."""
    s, (small, middle, big, x) = Streams(), reals("small middle big x")
    pairs = []
    for decision, to in ((1, s.start), (2, big), (3, x), (4, x)):
        found = s.moved(x, (s.start, small, middle, big), (s.g, s.at_small, s.at_big), decision + wrong, 0)
        pairs += [(value, to) for value in found]
    return identities(pairs)


# --- B2p: F = 0 -------------------------------------------------------------------------------------------
def proportional(skew: int = 0) -> Outcome:
    """F = 0: all gradients are the noise n; x = start + u, small = start + c u, big = start + C u is kept by every step."""
    s, n = Streams(), reals("n")
    small, big, x = s.start + s.c * s.u, s.start + s.C * s.u, s.start + s.u
    found = s.moved(x, (s.start, small, x, big), (n, n, n))
    u = symbolic(descend)(s.u, s.gamma, n)
    first = s.moved(s.start, (0, 0, 0, 0), (n, n, n), k=1)
    v = -s.gamma * n
    scales = (1, 0, s.c, 1, s.C + skew)
    return identities(
        [(value, s.start + scale * w) for values, w in ((found, u), (first, v)) for value, scale in zip(values, scales, strict=True)]
    )


def one_difference(factor: int = 1) -> Outcome:
    """Losses on a fresh sample m are m x: the four differences are multiples of d_0 = -m u."""
    start, u, m, c, C = reals("start u m c C")
    loss = {name: m * (start + scale * u) for name, scale in (("start", 0), ("small", c), ("middle", 1), ("big", C))}
    d = symbolic(gap)
    zero = d(loss["start"], loss["middle"])
    return identities([
        (d(loss["middle"], loss["big"]), factor * (C - 1) * zero), (d(loss["middle"], loss["small"]), (c - 1) * zero),
        (d(loss["start"], loss["big"]), C * zero), (zero, -m * u),
    ])  # fmt: skip


def together(factor: int = 1) -> Outcome:
    """mean and sqrt(m2) scale alike, so a multiple is significant when d_0 is: k mean^2 (k-1) > z^2 m2 with (q mean, q^2 m2)."""
    real = Logic()
    mean, m2, z, q, k = real("mean m2 z q k")
    one = mean * mean * k * (k - 1) > z * z * m2
    other = (q * mean) * (q * mean) * k * (k - 1) > z * z * (q * q * m2) * factor
    return real.always(one == other, given=[m2 >= 0, z > 0, q != 0, k >= 2])


def never_down(code: int = 3) -> Outcome:
    """R if d_0 < 0 is significant, I if d_0 > 0 is, S if it is not; D never."""
    real = Logic()
    zero, c, C = real("zero c C")
    s = z3.Bool("s")
    found = real.reading(decided)((C - 1) * zero, (c - 1) * zero, zero, C * zero, s, s, s, s)
    expected = z3.If(s, z3.If(zero < 0, z3.RealVal(1), z3.If(zero > 0, z3.RealVal(2), z3.RealVal(4))), z3.RealVal(4))
    return real.always(z3.And(found == expected, found != code), given=[c > 0, c < 1, C > 1])


# --- B3: a stream that runs away ---------------------------------------------------------------------------
def geometric(weight: int = 1) -> Outcome:
    """S1 = r + ... + r^k = r^(k+1) (1-u)/(r-1) and S2 = r^(2k+2) (1-u^2)/(r^2-1), u = r^-k, by induction; the statistic and its limit."""
    r, p, k = reals("r p k", positive=True)  # p = r^k

    def sums(p: Any) -> tuple[Any, Any]:
        return r * (p - 1) / (r - 1), r**2 * (p**2 - 1) / (r**2 - 1)

    (one, two), (next_one, next_two), start = sums(p), sums(r * p), sums(sp.Integer(1))
    by_induction = identities([(start[0], 0), (start[1], 0), (next_one - one, r * p), (next_two - two, (r * p) ** 2)])
    # W1: mean = S1/k, m2 = S2 - S1^2/k, so (mean/standard error)^2 = mean^2 k (k-1)/m2
    statistic = (one / k) ** 2 * k * (k - 1) / (two - one**2 / k)
    # in v = 1/p = r^-k and w = 1/k it is a rational function whose denominator is not 0 at (0, 0): the limit is its value there
    v, w = reals("v w", positive=True)
    top, bottom = sp.fraction(sp.cancel(statistic.subs({p: 1 / v, k: 1 / w})))
    ends = [sp.factor(part.subs({v: 0, w: 0})) for part in (top, bottom)]
    if ends[1] == 0:
        return Outcome(Result.UNKNOWN, None, "0 in the denominator of the limit")
    return both(by_induction, identity(ends[0] / ends[1], (r + weight) / (r - 1)))


def threshold(factor: int = 1) -> Outcome:
    """(r+1)/(r-1) < z^2 if and only if r > (z^2+1)/(z^2-1)."""
    real = Logic()
    r, z = real("r z")
    return real.always((r + 1 < z * z * (r - 1)) == (r * (z * z - 1) > factor * (z * z + 1)), given=[r > 1, z > 1])


def unnoticed(z: int = 3) -> Outcome:
    """F = x^2/2, x_0 = 1, gamma = 3: x_k = (-2)^k, big_k = (-5)^k; d_0 is significant at no k = 10, ..., 200; d_up, d_b < 0 always."""
    mean, m2, out, x, big = sp.Integer(0), sp.Integer(0), [], sp.Integer(1), sp.Integer(1)
    for k in range(1, 201):
        x, big = symbolic(descend)(x, sp.Integer(3), x), symbolic(descend)(big, sp.Integer(6), big)
        out += [holds_at(symbolic(gap)(x**2, big**2) < 0), holds_at(symbolic(gap)(1, big**2) < 0)]
        value, before = symbolic(gap)(sp.Rational(1, 2), x**2 / 2), mean
        mean = MEAN(before, value, sp.Integer(k))
        m2 = M2(m2, value, before, mean)
        if k >= 10:
            out.append(holds_at(mean**2 * k * (k - 1) <= z**2 * m2))
    return counted(out)


def stays(code: int = 4) -> Outcome:
    """At k_max the decision is S or I or D, never R, if d_0 is not significant; S if only d_up, d_b could be and are negative."""
    real = Logic()
    up, dn, zero, b = real("up dn zero b")
    s_up, s_dn, s_b = (z3.Bool(name) for name in ("s_up", "s_dn", "s_b"))
    found = real.reading(decided)(up, dn, zero, b, s_up, s_dn, z3.BoolVal(False), s_b)
    return real.always(found == code, given=[up < 0, b < 0])


NOISELESS = "exact gradients and losses"
FLAT = "F = 0, additive noise: gradients are n at every point, fresh losses m x"

STEPS = [
    Step(
        id="autogd.W1.1", method="algebra", check=welford, formulas=(mean_after, m2_after),
        says="the updates keep mean = S1/k and m2 = S2 - S1^2/k = sum of (v - mean)^2",
        control=Control("mean = S1/(k+1)", lambda: welford(1)),
    ),
    Step(
        id="autogd.W1.2", method="algebra", check=observed, formulas=(observe, gap, mean_after, m2_after),
        says="the kernel updates d_up = F(x)-F(big), d_dn = F(x)-F(small), d_0 = F(start)-F(x), d_b = F(start)-F(big)",
        control=Control("small and big exchanged", lambda: observed(True)),
    ),
    Step(
        id="autogd.W1.3", method="decision", check=lambda: counted(significance(k) for k in (2, 3, 10, 57, 200)), formulas=(significant,),
        says="significant means mean^2 k (k-1) > z^2 m2 (k = 2, 3, 10, 57, 200)", control=Control("k^2", lambda: significance(10, 1)),
    ),
    Step(
        id="autogd.D1.1", method="decision", check=table, formulas=(decided, gamma_after, goes_on),
        says="R before I before D, else S; R: start, c gamma; I: big, C gamma; D: middle, c gamma; S: middle, gamma",
        control=Control("I before R", lambda: table("up")),
    ),
    Step(
        id="autogd.D1.2", method="decision", check=ending, formulas=(ends,),
        says="an episode ends at k_max, or from k_min on when all four are significant", control=Control("one later", lambda: ending(1)),
    ),
    Step(
        id="autogd.D1.3", method="algebra", check=inner_step, formulas=(autosgd_move, descend),
        says="an inner step of the kernel: small -= c gamma g(small), x -= gamma g(x), big -= C gamma g(big); the first from x along g",
        control=Control("small ascends", lambda: inner_step(-1)),
    ),
    Step(
        id="autogd.D1.4", method="algebra", check=handed_on, formulas=(autosgd_move, goes_on),
        says="the kernel moves all streams to the start (R), to big (I), to the middle (D, S)",
        control=Control("each as the next decision", lambda: handed_on(1)),
    ),
    Step(
        id="autogd.B2p.1", method="algebra", check=proportional, formulas=(autosgd_move, descend), assumes=(FLAT,),
        says="F = 0: small - start = c (x - start) and big - start = C (x - start) in every step",
        control=Control("big further out", lambda: proportional(1)),
    ),
    Step(
        id="autogd.B2p.2", method="algebra", check=one_difference, formulas=(gap,), uses=("autogd.B2p.1",), assumes=(FLAT,),
        says="so d_up = (C-1) d_0, d_dn = (c-1) d_0, d_b = C d_0 in every inner step", control=Control("twice", lambda: one_difference(2)),
    ),
    Step(
        id="autogd.B2p.3", method="decision", check=together, uses=("autogd.B2p.2", "autogd.W1.3"),
        says="all four are significant at the same steps", control=Control("another scale of m2", lambda: together(2)),
    ),
    Step(
        id="autogd.B2p.4", method="decision", check=never_down, formulas=(decided,), uses=("autogd.B2p.3", "autogd.D1.1"),
        says="so the episode ends with R (d_0 < 0) or I (d_0 > 0) when d_0 is significant, else with S; never with D",
        control=Control("never with I", lambda: never_down(2)),
    ),
    Step(
        id="autogd.B3.1", method="algebra", check=geometric, uses=("autogd.W1",),
        says="values r, r^2, ..., r^k: (mean/standard error)^2 tends to (r+1)/(r-1) as k grows",
        assumes=("r > 1: r^-k and 1/k tend to 0, and the statistic is continuous in them at (0, 0)",),
        control=Control("r + 2", lambda: geometric(2)),
    ),
    Step(
        id="autogd.B3.2", method="decision", check=threshold, uses=("autogd.B3.1",),
        says="which is below z^2 if and only if r > (z^2+1)/(z^2-1); z = 3: r > 5/4", control=Control("twice that", lambda: threshold(2)),
    ),
    Step(
        id="autogd.B3.3", method="algebra", check=unnoticed, formulas=(mean_after, m2_after, gap), assumes=(NOISELESS,),
        says="F = x^2/2, x_0 = 1, gamma = 3, z = 3: d_0 is significant at no k = 10, ..., 200: the episode lasts to k_max; d_up, d_b < 0",
        control=Control("z = 1", lambda: unnoticed(1)),
    ),
    Step(
        id="autogd.B3.4", method="decision", check=stays, formulas=(decided,), uses=("autogd.B3.3", "autogd.D1.1"),
        says="d_0 not significant, d_up < 0, d_b < 0: the decision is S, and the next episode starts where the stream has run to",
        control=Control("R", lambda: stays(1)),
    ),
]  # fmt: skip
