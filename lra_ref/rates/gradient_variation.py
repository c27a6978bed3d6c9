"""Rates from the variation of stochastic gradients: what stochastic second-order models say about the step length.

Source: Zhuang Yang, "Explainable Learning Rate Regimes for Stochastic Optimization", arXiv 2508.13639 (2025), names the idea: a scalar
rate, taken from stochastic second-order algorithms, that rises when the norm of the stochastic gradient falls and falls when it rises,
for SGD, SGDM and SIGNSGD (published, abstract).  **The formula of that paper is not public.**  No member of this family is presented as
it: each is named by its own formula, and which of the paper's properties it has is a claim (``lra-ref verify gradient_variation``).

With s = x_t - x_{t-1}, y = g_t - g_{t-1}, d the direction, the raw rate of a member is

==================  ============================================  ==============================================================
member              raw rate                                      model behind it
==================  ============================================  ==============================================================
``fisher``          <g,d> / (eps_f |d|^2 + <g,d>^2)               exact minimiser along d with the Fisher matrix eps_f I + g g'
                    d = g: 1 / (eps_f + |g|^2)
``fisher_ema``      <g,d> / (|d|^2 (eps_f + v))                   <g,d>^2 / |d|^2 replaced by v, v_0 = |g_0|^2,
                    d = g: 1 / (eps_f + v)                        v_t = decay v_{t-1} + (1 - decay) |g_t|^2
``secant``          |s| / |y|                                     geometric mean of bb1 and bb2
``bb1``             |s|^2 / <s,y>                                 secant equation, long step (Barzilai and Borwein 1988)
``bb2``             <s,y> / |y|^2                                 secant equation, short step (the same)
``random_bb1``      (gamma / batch) |s|^2 / <s,y>                 random Barzilai-Borwein (Yang and co-authors 2019)
``random_bb2``      (gamma / batch) <s,y> / |y|^2                 the same, short step
==================  ============================================  ==============================================================

``pair="same"``: g_{t-1} is the gradient of the present batch at x_{t-1}, one extra gradient per step; ``"fresh"``: that of the step
before, free.  Order: raw rate, times ``theta``, then the caps.  ``eta_0``, capped but not multiplied by theta, is the rate of the first
step of the pair members.  All inner products are global over the blocks.

Published: the Barzilai-Borwein steps, their random form with gamma and the batch size. Derived: the Fisher members, theta, the caps,
the form of ``fisher_ema`` along a direction other than g, every edge case, every default.  Unconfirmed: that any member is the paper's.

Edge cases: <s,y> <= 0 (also for ``secant``), y = 0, <g,d> <= 0, or a rate that is not a positive finite number (overflow, underflow)
keeps the rate applied last (at the first step eta_0) and is counted in ``kept``.  ``fisher`` and ``fisher_ema`` with d = g have the
value of their formula at g = 0, for ``fisher`` 1/eps_f; along any other direction they keep.

State: ``applied`` (the rate in use), ``kept`` (steps that kept it), ``second_moment`` (v).

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``gradient_variation_sgd`` 4/4,
``gradient_variation_adam`` 9/10.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import average, clip, descend, product, square, where
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Direction, Rate, Seen
from lra_ref.typing import Array, Info, State

#: member -> code
CODES = {"fisher": 0, "fisher_ema": 1, "secant": 2, "bb1": 3, "bb2": 4, "random_bb1": 5, "random_bb2": 6}
FISHER = ("fisher", "fisher_ema")
#: the members of the curvature, which need a pair of gradients
PAIRS = tuple(name for name in CODES if name not in FISHER)
POSITIVE = Range(0, ends="()")


@dataclass(frozen=True, kw_only=True)
class GradientVariationParameters(Parameters):
    """Hyper-parameters of ``gradient_variation``."""

    member: str = parameter("fisher", Choice(tuple(CODES)), "which formula of the family")
    pair: str = parameter("same", Choice(("same", "fresh")), "samples of the two gradients of y: the present batch, or consecutive batches")
    theta: float = parameter(1.0, POSITIVE, "multiplies the raw rate, before the caps")
    eps_f: float = parameter(1e-8, POSITIVE, "damping of the Fisher matrix")
    decay: float = parameter(0.9, Range(0, 1, "[)"), "decay of the average of fisher_ema")
    gamma: float = parameter(1.0, POSITIVE, "numerator of the factor gamma / batch of random_bb1 and random_bb2")
    batch: int = parameter(1, Range(1, ends="[)", integer=True), "batch size b in that factor; the rate cannot see the oracle's own")
    eta_0: float = parameter(0.1, POSITIVE, "rate of the first step where there is no pair yet, and to be kept before there is another")
    eta_max: float | None = parameter(None, Optional_(POSITIVE), "largest rate; None: no limit")
    eta_min: float | None = parameter(None, Optional_(POSITIVE), "smallest rate; None: no limit")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.eta_min is not None and self.eta_max is not None and self.eta_min > self.eta_max:
            raise ValueError(f"eta_min must be at most eta_max = {self.eta_max:g}, got {self.eta_min:g}")
        if self.member.startswith("random") and self.pair != "same":
            raise ValueError(f'{self.member} needs pair="same"')


# --- formulas, from the sums <g,d>, |d|^2, <s,y>, |s|^2, |y|^2 -------------------------------------------------------------------
def fisher_gradient(moment: Any, eps_f: Any) -> Any:
    """The Fisher rate along d = g: 1 / (eps_f + moment), with |g|^2 or its average as moment."""
    return 1 / (eps_f + moment)


def fisher_along(slope: Any, norm2: Any, eps_f: Any) -> Any:
    """<g,d> / (eps_f |d|^2 + <g,d>^2); 0 where the denominator is."""
    return quotient(slope, eps_f * norm2 + square(slope))


def smoothed_along(slope: Any, norm2: Any, moment: Any, eps_f: Any) -> Any:
    """<g,d> / (|d|^2 (eps_f + v)); 0 where the denominator is."""
    return quotient(slope, norm2 * (eps_f + moment))


def secant(s2: Any, y2: Any) -> Any:
    """|s| / |y| from the squares; 0 where y = 0."""
    return quotient(np.sqrt(s2), np.sqrt(y2))


def long_step(s2: Any, sy: Any) -> Any:
    """The first Barzilai-Borwein rate |s|^2 / <s,y>; 0 where the denominator is."""
    return quotient(s2, sy)


def short_step(sy: Any, y2: Any) -> Any:
    """The second Barzilai-Borwein rate <s,y> / |y|^2; 0 where y = 0."""
    return quotient(sy, y2)


def fisher_member(code: Any, plain: Any, slope: Any, norm2: Any, moment: Any, eps_f: Any) -> Any:
    """``(raw rate, usable)`` of fisher and fisher_ema; ``plain``: d = g, where ``moment`` is |g|^2 for fisher."""
    if plain:
        return fisher_gradient(moment, eps_f), slope >= 0
    if code == 0:
        return fisher_along(slope, norm2, eps_f), slope > 0
    return smoothed_along(slope, norm2, moment, eps_f), slope > 0


def pair_member(code: Any, sy: Any, s2: Any, y2: Any, slope: Any, factor: Any) -> Any:
    """``(raw rate, usable)`` of the curvature members."""
    usable = (sy > 0) & (y2 > 0) & (slope > 0)
    if code == 2:
        return secant(s2, y2), usable
    if code == 3:
        return long_step(s2, sy), usable
    if code == 4:
        return short_step(sy, y2), usable
    if code == 5:
        return factor * long_step(s2, sy), usable
    return factor * short_step(sy, y2), usable


def applied_rate(raw: Any, usable: Any, theta: Any, low: Any, high: Any, previous: Any) -> Any:
    """``(rate, 0)``, or ``(previous, 1)`` where the raw rate times theta is not usable, not finite or underflows to 0."""
    value = theta * raw
    fine = usable & (value > 0) & np.isfinite(value)
    return where(fine, clip(value, low, high), previous), where(fine, 0, 1)


# --- kernels: rows of vec are x_prev, then g_prev (fresh pairs) --------------------------------------------------------------------
def norm_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g|^2, which is all that d = g needs (kernel)."""
    gs = g[lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])


def along_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g,d>, |d|^2, |g|^2 (kernel)."""
    gs, ds = g[lo:hi], d[at : at + hi - lo]
    for i in range(gs.size):
        out[0, i] += product(gs[i], ds[i])
        out[1, i] += square(ds[i])
        out[2, i] += square(gs[i])


def pair_summands(xs: Any, xp: Any, gs: Any, gp: Any, ds: Any, out: Any) -> None:
    """Summands of <s,y>, |s|^2, |y|^2, <g,d>."""
    for i in range(gs.size):
        s, y = xs[i] - xp[i], gs[i] - gp[i]
        out[0, i] += product(s, y)
        out[1, i] += square(s)
        out[2, i] += square(y)
        out[3, i] += product(gs[i], ds[i])


def same_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The pair on the present batch (kernel)."""
    pair_summands(x[lo:hi], vec[0, lo:hi], g[lo:hi], q[0, lo:hi], d[at : at + hi - lo], out)


def fresh_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The pair of consecutive batches (kernel)."""
    pair_summands(x[lo:hi], vec[0, lo:hi], g[lo:hi], vec[1, lo:hi], d[at : at + hi - lo], out)


def same_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t (kernel)."""
    xs, ds, xp = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    eta = coef[seg, 0]
    for i in range(xs.size):
        xp[i] = xs[i]
        xs[i] = descend(xs[i], eta, ds[i])


def fresh_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t and g_t (kernel)."""
    gs, gp = g[lo:hi], vec[1, lo:hi]
    for i in range(gs.size):
        gp[i] = gs[i]
    same_move(seg, lo, hi, at, x, g, d, q, vec, coef, out)


def fisher_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Rate of fisher and fisher_ema (kernel); hyp as in GradientVariation.hyper."""
    row, code, plain = scal[first], int(hyp[0]), hyp[1] > 0
    slope = total(sums, first, last, 0)
    norm2 = slope if plain else total(sums, first, last, 1)
    moment = slope if plain else total(sums, first, last, 2)
    if code == 1:
        moment = moment if t == 0 else average(row[3], moment, hyp[7], 1 - hyp[7])
        row[3] = moment
    raw, usable = fisher_member(code, plain, slope, norm2, moment, hyp[6])
    row[1], more = applied_rate(raw, usable, hyp[2], hyp[3], hyp[4], hyp[5] if t == 0 else row[1])
    row[2] += more
    return row[1]


def pair_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Rate of the curvature members (kernel)."""
    row = scal[first]
    if t == 0:
        row[1] = hyp[5]
        return row[1]
    sy, s2, y2, slope = total(sums, first, last, 0), total(sums, first, last, 1), total(sums, first, last, 2), total(sums, first, last, 3)
    raw, usable = pair_member(int(hyp[0]), sy, s2, y2, slope, hyp[8])
    row[1], more = applied_rate(raw, usable, hyp[2], hyp[3], hyp[4], row[1])
    row[2] += more
    return row[1]


@RATES.register("gradient_variation")
class GradientVariation(Rate):
    """All members of the family; see the module docstring."""

    name = "gradient_variation"
    source = (
        "idea: Yang 2025, arXiv 2508.13639 (published without its formula); members: Barzilai-Borwein 1988 (published), Fisher (derived)"
    )
    Parameters = GradientVariationParameters

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.plain = False
        self.scalars = ("applied", "kept") + (("second_moment",) if p.member == "fisher_ema" else ())
        if p.member in FISHER:
            self.decide, self.terms, self.sums = fisher_decide, along_terms, 3
            return
        self.decide, self.sums = pair_decide, 4
        same = p.pair == "same"
        self.points = ((0, "present"),) if same else ()
        self.vectors = ("x_prev",) if same else ("x_prev", "g_prev")
        self.terms, self.move = (same_terms, same_move) if same else (fresh_terms, fresh_move)

    def bound(self, direction: Direction, offsets: Array) -> GradientVariation:
        """The Fisher members have a form of their own where the direction is the gradient itself."""
        if self.parameters.member not in FISHER:
            return self
        made = copy.copy(self)
        made.plain = direction.map is None
        made.terms, made.sums = (norm_terms, 1) if made.plain else (along_terms, 3)
        return made

    def hyper(self) -> tuple[float, ...]:
        """member, plain, theta, low, high, eta_0 within the caps, eps_f, decay, gamma / batch."""
        p = self.parameters
        low, high = p.eta_min or 0.0, math.inf if p.eta_max is None else p.eta_max
        return (
            float(CODES[p.member]),
            float(self.plain),
            p.theta,
            low,
            high,
            min(max(p.eta_0, low), high),
            p.eps_f,
            p.decay,
            p.gamma / p.batch,
        )

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The member's rate, or the one applied last."""
        hyp = self.hyper()
        new = dict(state)
        if seen.t == 0:
            new["applied"] = np.full_like(state["applied"], hyp[5])
        if self.parameters.member in FISHER or seen.t > 0:
            raw, usable = self._fisher(new, seen, d, hyp) if self.parameters.member in FISHER else self._pair(state, seen, d, hyp)
            new["applied"], more = applied_rate(raw, usable, hyp[2], hyp[3], hyp[4], new["applied"])
            new["kept"] = state["kept"] + more
        return new, new["applied"], {name: new[name] for name in self.scalars}

    def _fisher(self, new: State, seen: Seen, d: Array, hyp: tuple[float, ...]) -> tuple[Any, Any]:
        slope, norm2, moment = (_whole(summands, seen) for summands in (product(seen.g, d), square(d), square(seen.g)))
        if "second_moment" in new:
            moment = moment if seen.t == 0 else average(new["second_moment"], moment, hyp[7], 1 - hyp[7])
            new["second_moment"] = moment
        raw, usable = fisher_member(int(hyp[0]), self.plain, slope, norm2, moment, hyp[6])
        return raw, usable

    def _pair(self, state: State, seen: Seen, d: Array, hyp: tuple[float, ...]) -> tuple[Any, Any]:
        s = seen.x - state["x_prev"]
        y = seen.g - (seen.q[0] if self.parameters.pair == "same" else state["g_prev"])
        sy, s2, y2, slope = (_whole(summands, seen) for summands in (product(s, y), square(s), square(y), product(seen.g, d)))
        raw, usable = pair_member(int(hyp[0]), sy, s2, y2, slope, hyp[8])
        return raw, usable

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Move; keep x_t, and g_t for a fresh pair."""
        kept = {"x_prev": seen.x, "g_prev": seen.g}
        return {**state, **{name: kept[name] for name in self.vectors}}, descend(seen.x, eta, d)


def _whole(summands: Array, seen: Seen) -> Array:
    """Sum over the whole vector in the house order, (..., 1)."""
    return in_order(block_sums(summands, seen.offsets))
