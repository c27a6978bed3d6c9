"""E1, E2, E3: what the scale of EGDD does in one step, and its regret."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.arithmetic import quotient, total
from lra_ref.formulas import clip, product, square
from lra_ref.learners.formulas import relative_entropy
from lra_ref.rates.exponentiated import alignment_terms, cosine, exponentiated_decide, exponentiated_move, grown_scale
from proofs_check.algebra import clipped, holds_at, identities, identity, reals, same, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CONVEX_GRADIENT, TAYLOR
from proofs_check.intervals import ARB, even_zero, positive
from proofs_check.steps import Control, Outcome, Step, both

c = reals("c")
s, u, LR, GAMMA, EPS, WD, G2, D2 = reals("s u lr gamma eps wd G2 D2", positive=True)
LOW, HIGH = reals("low high", positive=True)
UNCLIPPED = (0, sp.oo)


def decided(sums: Any, scales: Any, *, t: int = 1, ends: Any = (LOW, HIGH), eps: Any = EPS, directions: int = 1, per_block: int = 0) -> Any:
    """The kernel on blocks whose sums are the rows of ``sums``: (rates it moves with and the recorded one, scales, signals, decays)."""
    sums = np.array(sums, dtype=object)
    blocks = len(sums)
    scal, coef = np.zeros((blocks, 3), dtype=object), np.zeros((blocks, 4), dtype=object)
    scal[:, 1] = scales
    hyp = (LR, GAMMA, *ends, eps, directions, per_block, WD)
    recorded = symbolic(exponentiated_decide)(0, blocks, t, 0, sums, scal, hyp, coef)
    return np.append(coef[:, 0], recorded), scal[:, 1], scal[:, 2], coef[:, 1]


# --- E1 ----------------------------------------------------------------------------------------------------------------------------
def signal(sign: int = 1) -> Outcome:
    """Kernels: the sums of two coordinates, and the cosine of g and u = lr d, each norm enlarged by eps, clamped; one or two blocks."""
    g, d = np.array(reals("g0 g1")), np.array(reals("d0 d1"))
    rows = np.zeros((2, 3), dtype=object)
    for k in range(2):
        sums, late = np.zeros((2, 1), dtype=object), np.zeros((1, 1), dtype=object)
        symbolic(alignment_terms)(0, k, k + 1, 0, g, g, d, None, d[None, :], None, sums)
        symbolic(exponentiated_move)(0, k, k + 1, k, g * 0, g, d, None, d[None, :] * 0, np.zeros((1, 2), dtype=object), late)
        rows[k] = *sums[:, 0], late[0, 0]
    step = LR * d
    inner, norms = g @ step, (sp.sqrt(g @ g) + EPS) * (sp.sqrt(step @ step) + EPS)
    found = decided(rows, s)[2][0]
    alone = decided(rows[:1], s, directions=0)[2][0]
    own = decided(rows, s, per_block=1)[2]
    apart = [decided(rows[k : k + 1], s)[2][0] for k in range(2)]
    return both(clipped(found, sign * inner / norms, -1, 1), identities([(alone, sign * LR * g[0] * d[0]), *zip(own, apart, strict=True)]))


def growth(weight: Any = 1) -> Outcome:
    """The kernel: s' = clip(s exp(gamma c)), moved with lr s' and the decay lr wd; s = 1 before the first step; block by block if asked."""
    rows = [[reals("i0"), G2, D2], [reals("i1"), D2, G2]]
    rates, scales, signals, decays = decided(rows, s)
    _, first, opening, _ = decided(rows, 0, t=0)
    grown = sp.Min(sp.Max(s * sp.exp(weight * GAMMA * signals[0]), LOW), HIGH)
    start = sp.Min(sp.Max(sp.exp(weight * GAMMA * opening[0]), LOW), HIGH)
    pairs = [
        (scales[0], grown),
        (scales[1], s),
        (first[0], start),
        *((rate, LR * scales[0]) for rate in rates),
        *((decay, LR * WD) for decay in decays),
    ]
    rates, scales, signals, _ = decided(rows, s, per_block=1)
    for k in range(2):
        pairs += [(scales[k], sp.Min(sp.Max(s * sp.exp(weight * GAMMA * signals[k]), LOW), HIGH)), (rates[k], LR * scales[k])]
    return same(pairs)


def overflow(gamma: float = 1e4) -> Outcome:
    """The kernel in double: an exponential that overflows gives status 2 and leaves scale, signal and rate as they were."""
    scal, coef = np.array([[0.0, 3.0, 0.5]]), np.zeros((1, 4))
    with np.errstate(all="ignore"):
        rate = exponentiated_decide(0, 1, 1, 0.0, np.array([[1.0, 1.0, 1.0]]), scal, (0.25, gamma, 0.0, np.inf, 0.0, 0.0, 0.0, 0.0), coef)
    return identities(zip(map(sp.Rational, (*scal[0], rate)), map(sp.Rational, (2, 3, 0.5, 0.75)), strict=True))


def entropy_step(curved: Any = 1) -> Outcome:
    """gamma c (s - u) = D(u,s) - D(u,s') + s (e^(-gamma c) - 1 + gamma c), s' = s e^(-gamma c), also for u = 0."""
    after = symbolic(grown_scale)(s, -c, GAMMA, *UNCLIPPED)
    out = []
    for comparator in (u, sp.Integer(0)):
        D = symbolic(relative_entropy)
        fall = sp.expand(sp.expand_log(D(comparator, s) - D(comparator, after)))
        out.append((GAMMA * c * (s - comparator), fall + curved * s * (sp.exp(-GAMMA * c) - 1 + GAMMA * c)))
    return identities(out)


# --- E2 ----------------------------------------------------------------------------------------------------------------------------
def parabola(height: Any = 1) -> Outcome:
    """e^(-z) - 1 + z <= height z^2 on [-1, 1]: by the second derivative around 0, by subdivision outside."""

    def room(z: Any) -> Any:
        return height * z * z - (ARB.exp(-z) - 1 + z)

    return both(positive(room, (-1, "-1/2")), positive(room, ("1/2", 1)), even_zero(room, 0, "-1/2", "1/2"))


def entropy_shape(weight: int = 1) -> Outcome:
    """D(u, u) = 0, D_s(u, u) = 0, D_ss(u, s) = u/s^2 > 0; D(0, s) = s > 0."""
    D = symbolic(relative_entropy)
    value = D(u, s)
    curvature = value.diff(s, 2)
    flat = identities(
        [(value.subs(s, weight * u), 0), (value.diff(s).subs(s, weight * u), 0), (curvature, u / s**2), (D(sp.Integer(0), s), s)]
    )
    return both(flat, holds_at(sp.true if curvature.is_positive else sp.false))


def regret_chain(weight: int = 1) -> Outcome:
    """gamma R = D_1 - D_{T+1} + K, K <= gamma^2 Q, D_{T+1} >= 0: gamma R <= D_1 + gamma^2 Q."""
    real = Reals()
    gamma, regret, first, last, curved, squares = real("gamma R D_1 D_T K Q")
    given = [gamma > 0, gamma * regret == first - last + curved, curved <= gamma * gamma * squares, last >= 0]
    return real.always(gamma * regret <= first + weight * gamma * gamma * squares, given)


# --- E3 ----------------------------------------------------------------------------------------------------------------------------
def between(inside: bool = True) -> Outcome:
    """The clip lies between the value and u: (clip(v) - u)(v - clip(v)) >= 0."""
    real = Reals()
    v, low, high, inner = real("v low high u")
    e = real.reading(clip)(v, low, high)
    return real.always((e - inner) * (v - e) >= 0, given=[low <= inner, inner <= high] if inside else [low <= high])


def tangent(sign: int = 1) -> Outcome:
    """D_s(u, e)(v - e) = (e - u)(v - e)/e."""
    e, v = reals("e v", positive=True)
    slope = symbolic(relative_entropy)(u, e).diff(e)
    return identity(slope * (v - e), sign * (e - u) * (v - e) / e)


def clipped_chain(nearer: bool = True) -> Outcome:
    """One step: gamma c (s-u) = D_t - D' + k, D_{t+1} <= D', k <= gamma^2 q: gamma c (s-u) <= D_t - D_{t+1} + gamma^2 q."""
    real = Reals()
    gamma, paid, before, free, after, curved, squared = real("gamma r D_t D_free D_after k q")
    given = [gamma > 0, gamma * paid == before - free + curved, curved <= gamma * gamma * squared, *([after <= free] if nearer else [])]
    return real.always(gamma * paid <= before - after + gamma * gamma * squared, given)


THEOREMS = {
    "exponentiated.E1": "unclipped, c_t = -cos(g_t, m_{t-1}): gamma sum c_t (s_t - u) = D(u,s_1) - D(u,s_{T+1}) + sum s_t (e^(-gamma "
    "c_t) - 1 + gamma c_t) for every u >= 0",
    "exponentiated.E2": "if |gamma c_t| <= 1: sum c_t (s_t - u) <= D(u,s_1)/gamma + gamma sum s_t c_t^2 for every u >= 0",
    "exponentiated.E3": "the same with the clip on [s_min, s_max], for u in it",
}

RECURSION = (exponentiated_decide, grown_scale, cosine, clip, quotient, total)

STEPS = [
    Step(
        id="exponentiated.E1.1",
        says="the kernels' signal is <g, u>/((|g| + eps)(|u| + eps)) clamped to [-1, 1], u = lr d; without directions <g, u>; per block "
        "if asked",
        method="algebra", check=signal, formulas=(*RECURSION, alignment_terms, exponentiated_move, product, square),
        assumes=("exact arithmetic", "g and u not 0"), control=Control("the other sign", lambda: signal(-1)),
    ),
    Step(
        id="exponentiated.E1.2",
        says="the kernel's scale is clip(s exp(gamma cos), s_min, s_max), s = 1 before the first step; its rate lr s, its decay lr wd",
        method="algebra", check=growth, formulas=RECURSION, uses=("exponentiated.E1.1",),
        control=Control("gamma doubled", lambda: growth(2)),
    ),
    Step(
        id="exponentiated.E1.3",
        says="gamma c (s - u) = D(u,s) - D(u,s') + s (e^(-gamma c) - 1 + gamma c), s' = s e^(-gamma c); sum over t", method="algebra",
        check=entropy_step, formulas=(grown_scale, relative_entropy), uses=("exponentiated.E1.2",), assumes=("no clip active", "u >= 0"),
        control=Control("the last term halved", lambda: entropy_step(sp.Rational(1, 2))),
    ),
    Step(
        id="exponentiated.E1.4",
        says="an exponential that overflows: status 2, scale, signal and rate as before (the kernel in double, exact comparison)",
        method="algebra", check=overflow, formulas=(exponentiated_decide,), control=Control("gamma 1", lambda: overflow(1.0)),
    ),
    Step(
        id="exponentiated.E2.1", says="e^(-z) - 1 + z <= z^2 for |z| <= 1", method="intervals", check=parabola,
        control=Control("z^2/2", lambda: parabola(0.5)),
    ),
    Step(
        id="exponentiated.E2.2",
        says="D(u, .) has value 0 and slope 0 at u, second derivative u/s^2 > 0; D(0, s) = s: D >= 0, D(u, .) convex", method="algebra",
        check=entropy_shape, formulas=(relative_entropy,), facts=(TAYLOR,), assumes=("s > 0", "u >= 0"),
        control=Control("at s = 2u", lambda: entropy_shape(2)),
    ),
    Step(
        id="exponentiated.E2.3", says="gamma R = D_1 - D_{T+1} + K, K <= gamma^2 Q, D_{T+1} >= 0 imply R <= D_1/gamma + gamma Q",
        method="decision", check=regret_chain, uses=("exponentiated.E1.3", "exponentiated.E2.1", "exponentiated.E2.2"),
        assumes=("|gamma c_t| <= 1", "gamma > 0"), control=Control("without Q", lambda: regret_chain(0)),
    ),
    Step(
        id="exponentiated.E3.1", says="(clip(v) - u)(v - clip(v)) >= 0 for u in [low, high]: the clip lies between v and u",
        method="decision", check=between, formulas=(clip,), control=Control("u anywhere", lambda: between(False)),
    ),
    Step(
        id="exponentiated.E3.2", says="D_s(u, e)(v - e) = (e - u)(v - e)/e, so D(u, clip(v)) <= D(u, v) by convexity", method="algebra",
        check=tangent, formulas=(relative_entropy,), uses=("exponentiated.E2.2", "exponentiated.E3.1"), facts=(CONVEX_GRADIENT,),
        assumes=("0 < low",), control=Control("the other sign", lambda: tangent(-1)),
    ),
    Step(
        id="exponentiated.E3.3",
        says="gamma c (s - u) <= D(u,s_t) - D(u,s_{t+1}) + gamma^2 s c^2 with the clipped s_{t+1}; sum over t, D >= 0", method="decision",
        check=clipped_chain, uses=("exponentiated.E1.3", "exponentiated.E2.1", "exponentiated.E3.2"),
        assumes=("|gamma c_t| <= 1", "u in [s_min, s_max]"), control=Control("the clip further from u", lambda: clipped_chain(False)),
    ),
]  # fmt: skip
