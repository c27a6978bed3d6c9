"""GALA: the learning rate as an online learner guided by gradient alignment.

Source: Jiang, Kavis, Mokhtari, "Online Learning-guided Learning Rate Adaptation via Gradient Alignment", arXiv 2506.08419 (2025).

Step t moves x_{t+1} = x_t - eta_t d_t.  With w_t = x_t + lambda_t (x_{t+1} - x_t) and a sample xi' for both gradients:

1. alignment   a_t = <g'(w_t), d_t>                      (``feedback="direction"``)
               a_t = <g'(w_t), g'(x_t)>                  (``feedback="gradient"``, the practical rule, published eq. 11)
2. curvature   L_t = |g'(w_t) - g'(x_t)| / |w_t - x_t|,  b_t = beta (L_t + 2 kappa Lt_t) |d_t|^2   (|g_t|^2 for "gradient"),
               Lt_t = |g_{t+1}(x_{t+1}) - g_{t+1}(x_t)| / |x_{t+1} - x_t| on the batch of step t + 1 (only if kappa > 0)
3. learner     eta_{t+1} from the surrogate losses l_s(eta) = -a_s eta + b_s eta^2 / 2, s <= t.

Published: the identity behind 1, the surrogate, L_t, FTRL in closed form on [0, eta_max] with delta and eta_0, the practical rule.
Derived: the centring at eta_0, beta, the other learners, every default.  Unconfirmed: the paper's own default delta.

Points: ``point="random"`` draws lambda_t ~ U[0, 1], ``"end"`` is lambda_t = 1.  Samples: ``"independent"`` a fresh xi'_t,
``"same"`` the batch xi_{t+1} of the next step for both gradients, ``"reused"`` the batch xi_t of the step itself (biased; for controls).

Edge cases: |w_t - x_t| = 0 as computed gives L_t = 0 (a_t keeps its formula); d_t = 0 gives a_t = b_t = 0 through the formulas;
delta + sum b = 0 keeps eta; a non-finite a_t or b_t stops the trajectory with its state unchanged.  Steps with
|g'(w) - g'(x)| < 1e-10 (|g'(w)| + |g'(x)|) are counted as ``flagged``: there L_t is rounding.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``gala_sgd`` 11/16, ``gala_adam``
15/20, ``gala_sgd_practical`` 8/8, ``gala_nsgdm`` 19/26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import descend, product, square, where
from lra_ref.learners.formulas import CODES, learn, ratio
from lra_ref.parameters import SWITCH, Choice, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE, REAL = Range(0, ends="()"), Range(0, ends="[)"), Range(ends="()")
SAMPLE_NAMES = {"independent": "fresh", "same": "present", "reused": "last"}


@dataclass(frozen=True, kw_only=True)
class GALAParameters(Parameters):
    """Hyper-parameters of the rate ``gala``."""

    eta_0: float = parameter(0.1, REAL, "rate of the first step, any real, played unclipped")
    delta: float = parameter(1.0, NOT_NEGATIVE, "weight of the regulariser")
    eta_max: float = parameter(10.0, POSITIVE, "largest rate when clipping")
    clip: bool = parameter(True, SWITCH, "project the rate on [0, eta_max]")
    center: str = parameter("eta_0", Choice(("eta_0", "zero")), "centre of the regulariser")
    beta: float = parameter(1.0, POSITIVE, "multiplies the curvature b_t")
    kappa: float = parameter(0.0, NOT_NEGATIVE, "weight of the momentum curvature, (1 - alpha) / alpha")
    point: str = parameter("random", Choice(("random", "end")), "where on the segment the alignment is measured")
    samples: str = parameter("independent", Choice(tuple(SAMPLE_NAMES)), "sample of the two gradients")
    feedback: str = parameter("direction", Choice(("direction", "gradient")), "partner of g'(w): the direction or g'(x)")
    learner: str = parameter("ftrl", Choice(tuple(CODES)), "online learner of the rate")
    gamma: float = parameter(0.01, POSITIVE, "step of the learners ogd_constant and eg")
    eta_min: float = parameter(1e-8, POSITIVE, "smallest rate of the learner eg")
    bound: float = parameter(1.0, POSITIVE, "G of the learner kt: coins are l'/G")
    wealth: float = parameter(1.0, POSITIVE, "initial wealth of the learner kt")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kappa > 0 and (self.feedback != "direction" or self.samples != "independent"):
            raise ValueError('kappa > 0 needs feedback="direction" and samples="independent"')
        if self.learner == "ogd_adagrad" and not self.clip:
            raise ValueError("the learner ogd_adagrad needs clip=True, its steps are made for the interval [0, eta_max]")
        if self.learner == "eg" and not self.eta_min <= self.eta_0:
            raise ValueError(f"eta_0 must be at least eta_min = {self.eta_min:g} with the learner eg, got {self.eta_0:g}")
        if self.learner == "eg" and self.eta_min > self.eta_max:
            raise ValueError(f"eta_min must be at most eta_max = {self.eta_max:g} with the learner eg, got {self.eta_min:g}")


# --- formulas ------------------------------------------------------------------------------------------------------------------
def segment_point(x: Any, x_next: Any, lam: Any) -> Any:
    """x + lam (x_next - x), written so that lam = 1 gives x_next exactly."""
    return x_next - (1 - lam) * (x_next - x)


def squared_difference(a: Any, b: Any) -> Any:
    """Summand of |a - b|^2."""
    return square(a - b)


def secant(change: Any, distance: Any) -> Any:
    """|gradient change| / |distance| from their squares; 0 when the distance is 0."""
    return ratio(np.sqrt(change), np.sqrt(distance), 0)


def curvature(smooth: Any, momentum: Any, norm2: Any, beta: Any, kappa: Any) -> Any:
    """b = beta (L + 2 kappa Lt) |d|^2."""
    return beta * (smooth + 2 * kappa * momentum) * norm2


def cancelled(change: Any, first: Any, second: Any, small: Any) -> Any:
    """1 where the gradient difference is lost in rounding, else 0 (arguments are squared norms)."""
    return where(np.sqrt(change) < small * (np.sqrt(first) + np.sqrt(second)), 1, 0)


# --- kernels: rows of vec are x_prev, then w (a point of its own), then d_prev ---------------------------------------------------
def pair_summands(gw: Any, gx: Any, w: Any, xp: Any, partner: Any, out: Any) -> None:
    """Summands of a, |gw - gx|^2, |w - x|^2, |gw|^2, |gx|^2."""
    for i in range(gw.size):
        out[0, i] += product(gw[i], partner[i])
        out[1, i] += squared_difference(gw[i], gx[i])
        out[2, i] += squared_difference(w[i], xp[i])
        out[3, i] += square(gw[i])
        out[4, i] += square(gx[i])


def terms_pair_direction(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Both gradients are extra, partner d_t."""
    pair_summands(q[0, lo:hi], q[1, lo:hi], vec[1, lo:hi], vec[0, lo:hi], vec[2, lo:hi], out)


def terms_pair_gradient(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Both gradients are extra, partner g'(x_t)."""
    pair_summands(q[0, lo:hi], q[1, lo:hi], vec[1, lo:hi], vec[0, lo:hi], q[1, lo:hi], out)


def terms_free_direction(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """End point on the next batch: g'(w) is the next step's own gradient; partner d_t."""
    pair_summands(g[lo:hi], q[0, lo:hi], x[lo:hi], vec[0, lo:hi], vec[1, lo:hi], out)


def terms_free_gradient(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """End point on the next batch, partner g'(x_t): the practical rule."""
    pair_summands(g[lo:hi], q[0, lo:hi], x[lo:hi], vec[0, lo:hi], q[0, lo:hi], out)


def terms_momentum(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """As terms_pair_direction, and the squared norms of Lt: |g_{t+1}(x_{t+1}) - g_{t+1}(x_t)|^2, |x_{t+1} - x_t|^2."""
    terms_pair_direction(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    xs, gs, xp, gm = x[lo:hi], g[lo:hi], vec[0, lo:hi], q[2, lo:hi]
    for i in range(gs.size):
        out[5, i] += squared_difference(gs[i], gm[i])
        out[6, i] += squared_difference(xs[i], xp[i])


def move_keeping(xs: Any, ds: Any, xp: Any, eta: Any, partner: Any, out: Any) -> None:
    """Move and keep x_t; late sum of the squared norm of the partner."""
    for i in range(xs.size):
        xp[i] = xs[i]
        xs[i] = descend(xs[i], eta, ds[i])
        out[0, i] += square(partner[i])


def keep_point(xs: Any, xp: Any, w: Any, lam: Any) -> None:
    """Keep w_t."""
    for i in range(xs.size):
        w[i] = segment_point(xp[i], xs[i], lam)


def move_free(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t; late sum |g_t|^2 (practical rule)."""
    move_keeping(x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], coef[seg, 0], g[lo:hi], out)


def move_free_direction(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t, d_t; late sum |d_t|^2."""
    ds, dp = d[at : at + hi - lo], vec[1, lo:hi]
    move_keeping(x[lo:hi], ds, vec[0, lo:hi], coef[seg, 0], ds, out)
    for i in range(ds.size):
        dp[i] = ds[i]


def move_pair(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t, w_t; late sum |g_t|^2."""
    xs, xp = x[lo:hi], vec[0, lo:hi]
    move_keeping(xs, d[at : at + hi - lo], xp, coef[seg, 0], g[lo:hi], out)
    keep_point(xs, xp, vec[1, lo:hi], coef[seg, 1])


def move_pair_direction(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep x_t, w_t, d_t; late sum |d_t|^2."""
    xs, xp, ds, dp = x[lo:hi], vec[0, lo:hi], d[at : at + hi - lo], vec[2, lo:hi]
    move_keeping(xs, ds, xp, coef[seg, 0], ds, out)
    keep_point(xs, xp, vec[1, lo:hi], coef[seg, 1])
    for i in range(ds.size):
        dp[i] = ds[i]


def gala_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Feedback of step t - 1, then the learner (kernel); scalars as in GALA.scalars, hyp as in GALA.hyper."""
    row = scal[first]
    if t == 0:
        row[6], row[10] = hyp[6], hyp[13]
    else:
        terms = int(hyp[11])
        align, change, distance, gw2, gx2 = sums[first, 0], sums[first, 1], sums[first, 2], sums[first, 3], sums[first, 4]
        norm2, m_change, m_distance = sums[first, terms], sums[first, terms - 2], sums[first, terms - 1]
        for s in range(first + 1, last):
            align, change, distance = align + sums[s, 0], change + sums[s, 1], distance + sums[s, 2]
            gw2, gx2, norm2 = gw2 + sums[s, 3], gx2 + sums[s, 4], norm2 + sums[s, terms]
            m_change, m_distance = m_change + sums[s, terms - 2], m_distance + sums[s, terms - 1]
        smooth = secant(change, distance)
        momentum = secant(m_change, m_distance) if terms == 7 else 0 * smooth
        b = curvature(smooth, momentum, norm2, hyp[8], hyp[9])
        if np.isfinite(align) and np.isfinite(b):
            row[1], row[2], row[3], row[4] = align, b, smooth, momentum
            row[5] += cancelled(change, gw2, gx2, hyp[10])
            row[7] += align
            row[8] += b
            row[6], row[9], row[10], coin = learn(int(hyp[7]), t, align, b, row[6], row[7], row[8], row[9], row[10], hyp)
            if abs(coin) > 1:
                row[0] = 5
        else:
            row[0] = 2
    lam = f[1 + int(hyp[14])] if hyp[12] > 0 else 1.0
    for s in range(first, last):
        coef[s, 1] = lam
    return row[6]


TERMS = {
    (True, "direction"): terms_free_direction,
    (True, "gradient"): terms_free_gradient,
    (False, "direction"): terms_pair_direction,
    (False, "gradient"): terms_pair_gradient,
}
MOVES = {
    (True, "direction"): move_free_direction,
    (True, "gradient"): move_free,
    (False, "direction"): move_pair_direction,
    (False, "gradient"): move_pair,
}


@RATES.register("gala")
class GALA(Rate):
    """The rate of GALA in every configuration; see the module docstring."""

    name = "gala"
    source = "Jiang, Kavis, Mokhtari 2025, arXiv 2506.08419 (published; centring, beta, defaults derived)"
    Parameters = GALAParameters
    scalars = (
        "alignment", "curvature", "smoothness", "momentum_smoothness", "flagged",
        "eta", "sum_a", "sum_b", "memory", "wealth",
    )  # fmt: skip
    late = ("partner_norm2",)
    coefficients = 2
    decide = staticmethod(gala_decide)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.free = p.point == "end" and p.samples == "same"
        sample = SAMPLE_NAMES[p.samples]
        self.points = ((0, sample),) if self.free else ((1, sample), (0, sample))
        self.vectors = ("x_prev",) if self.free else ("x_prev", "w")
        if p.feedback == "direction":
            self.vectors += ("d_prev",)
        self.terms, self.sums = TERMS[self.free, p.feedback], 5
        self.move = MOVES[self.free, p.feedback]
        if p.kappa > 0:
            self.points += ((0, "present"),)
            self.terms, self.sums = terms_momentum, 7
        self.random = p.point == "random"

    def hyper(self) -> tuple[float, ...]:
        """delta, anchor, low, high, gamma, bound, eta_0 | learner, beta, kappa, flag level | terms, random, wealth, points."""
        p = self.parameters
        anchor = p.eta_0 if p.center == "eta_0" else 0.0
        low, high = (0.0, p.eta_max) if p.clip else (-np.inf, np.inf)
        if p.learner == "eg":
            low, high = p.eta_min, p.eta_max
        learner = (p.delta, anchor, low, high, p.gamma, p.bound, p.eta_0)
        feedback = (CODES[p.learner], p.beta, p.kappa, 1e-10)
        return (*map(float, learner + feedback), float(self.sums), float(self.random), p.wealth, float(len(self.points)))

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Feedback of step t - 1, then the learner."""
        hyp = self.hyper()
        new = dict(state)
        if seen.t == 0:
            new["eta"], new["wealth"] = np.full_like(state["eta"], hyp[6]), np.full_like(state["wealth"], hyp[13])
            return new, new["eta"], {name: new[name] for name in self.scalars}
        gw, gx = (seen.g, seen.q[0]) if self.free else (seen.q[0], seen.q[1])
        w = seen.x if self.free else state["w"]
        partner = gx if self.parameters.feedback == "gradient" else state["d_prev"]

        def whole(summands: Array) -> Array:
            return in_order(block_sums(summands, seen.offsets))

        align, change = whole(product(gw, partner)), whole(squared_difference(gw, gx))
        smooth = secant(change, whole(squared_difference(w, state["x_prev"])))
        momentum = np.zeros_like(smooth)
        if self.parameters.kappa > 0:
            moved = whole(squared_difference(seen.x, state["x_prev"]))
            momentum = secant(whole(squared_difference(seen.g, seen.q[2])), moved)
        b = curvature(smooth, momentum, in_order(state["partner_norm2"]), hyp[8], hyp[9])
        flagged = cancelled(change, whole(square(gw)), whole(square(gx)), hyp[10])
        fine = np.isfinite(align) & np.isfinite(b)
        sum_a, sum_b = state["sum_a"] + align, state["sum_b"] + b
        code = int(hyp[7])
        eta, memory, wealth, coin = learn(code, seen.t, align, b, state["eta"], sum_a, sum_b, state["memory"], state["wealth"], hyp)
        observed = (align, b, smooth, momentum, state["flagged"] + flagged, eta, sum_a, sum_b, memory, wealth)
        for name, value in zip(self.scalars, observed, strict=True):
            new[name] = where(fine, value, state[name])
        new["status"] = where(fine, where(np.abs(coin) > 1, 5.0, state["status"]), 2.0)
        return new, new["eta"], {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Move; keep x_t, w_t and d_t for the feedback."""
        x_next = descend(seen.x, eta, d)
        partner = seen.g if self.parameters.feedback == "gradient" else d
        new = dict(state, x_prev=seen.x, partner_norm2=block_sums(square(partner), seen.offsets))
        if "w" in self.vectors:
            new["w"] = segment_point(seen.x, x_next, seen.u if self.random else 1.0)
        if "d_prev" in self.vectors:
            new["d_prev"] = d
        return new, x_next
