"""Mechanic: the factor of a base method's displacements, learned by six discounted bets on <g, displacement>.

Equations, along any direction d_t, u_t = -lr d_t the displacement of the base; S = sum of the s_i; in this order, i = 1..n, on g_t at x_t:

1. feedback  ``h = <Delta, g + lam S |g|/(|y| + eps) y>``,  y = x_t, with the OLD Delta and S
2. base      ``Delta <- Delta + u_t``
3. bets      ``m_i <- max(beta_i m_i, |h|)``, ``v_i <- beta_i^2 v_i + h^2``, ``r_i <- max(0, beta_i r_i - s_i h)``, with the OLD s_i
4. scale     ``W_i = s_init m_i/n + r_i``, ``s_i <- W_i/(sqrt(v_i) + eps)``
5. move      ``x_{t+1} = x_ref + max(S, 0) Delta``,  x_ref = x_0

beta_i = 1 - 10^-i, n = ``num_betas`` = 6, lam = ``s_decay`` = 0.01, eps = ``scale_eps`` = 1e-8, s_init = 1e-8; Delta, m, v, r, s start
at 0: step 1 does not move, and S after step 2 is s_init |h|/(|h| + eps).  Norms and products are global over the blocks.

``form="torch"`` (the official code): m_i starts at 1e-6, and y = x_t + u_t.
``form="optax"`` (``optax.contrib.mechanize``): s_i starts at s_init, 1e-6 unless given; m_i <- max(beta_i m_i, |h| + eps);
r_i <- beta_i r_i - s_i clip(h, -m_i, m_i) with the OLD m_i, kept as it is, and max(0, r_i) in W_i.
``store_delta``: Delta is a vector of its own (always in the reference form), or it is recomputed as (x_t - x_ref)/(S + eps) (default of
the other two, whose codes save the memory; the reference form would never move, since it starts with S = 0 and x_1 = x_ref).

Source: Cutkosky, Defazio, Mehta (2023), "Mechanic: A Learning Rate Tuner", arXiv 2306.00144, its code and optax (published); that the
reference form is the paper's own algorithm is unconfirmed.

The rate that is reported is lr S: the factor of the summed directions.  State: vectors ``x_ref`` and, if stored, ``delta``; scalars ``h``,
``scale`` = S, ``before`` = S before the step, and ``s_i``, ``m_i``, ``v_i``, ``r_i``.

Edge cases: sqrt(v_i) + eps = 0 gives s_i = 0; |y| + eps = 0 no decay; S + eps = 0 a recomputed Delta of 0.  A feedback that is not
finite stops the trajectory with status NONFINITE_FEEDBACK, a scale that is not (h^2 overflows) with NONFINITE_RATE.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``mechanic_sgd`` 8/9,
``mechanic_adam`` 13/14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import finite_or_nan, quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import clip, descend, product, square
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Kernel, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE = Range(0, ends="()"), Range(0, ends="[)")
FORMS = ("reference", "torch", "optax")
#: the status NONFINITE_FEEDBACK of lra_ref.status
FEEDBACK = 2.0
#: columns of the scalars: status, h, scale, before, then s, m, v, r of every beta; first of them, and of the betas in hyp
BETS, BETAS = 4, 10


@dataclass(frozen=True, kw_only=True)
class MechanicParameters(Parameters):
    """Hyper-parameters of ``mechanic``."""

    lr: float = parameter(1.0, POSITIVE, "learning rate of the base: its displacement is -lr d")
    s_decay: float = parameter(0.01, NOT_NEGATIVE, "lambda, weight of the decay that the feedback sees")
    s_init: float | None = parameter(None, Optional_(POSITIVE), 'first scale; None: 1e-8, and 1e-6 with form="optax"')
    scale_eps: float = parameter(1e-8, NOT_NEGATIVE, "added to the denominators")
    num_betas: int = parameter(6, Range(1, 15, integer=True), "number n of discounts 1 - 10^-i")
    form: str = parameter("reference", Choice(FORMS), "the equations above, or the details of one of the two codes")
    store_delta: bool | None = parameter(
        None, Optional_(Choice((True, False))), 'keep Delta, or recompute it from x; None: keep it with form="reference" only'
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form == "reference" and self.store_delta is False:
            raise ValueError('form="reference" needs store_delta=True: it starts with scale 0 and would never move')


# --- formulas ------------------------------------------------------------------------------------------------------------------------
def feedback(inner: Any, along: Any, gradient2: Any, point2: Any, scale: Any, decay: Any, eps: Any) -> Any:
    """``h`` from <Delta, g>, <Delta, y>, |g|^2, |y|^2 and S."""
    return inner + quotient(decay * scale * np.sqrt(gradient2), np.sqrt(point2) + eps) * along


def recomputed(x: Any, x_ref: Any, divisor: Any) -> Any:
    """Element of ``(x - x_ref)/(S + eps)``."""
    return quotient(x - x_ref, divisor)


def largest_after(m: Any, h: Any, beta: Any, floor: Any) -> Any:
    """``max(beta m, |h| + floor)``."""
    return np.maximum(beta * m, np.abs(h) + floor)


def squares_after(v: Any, h: Any, beta: Any) -> Any:
    """``beta^2 v + h^2``, nan once it is not finite."""
    return finite_or_nan(beta * beta * v + h * h)


def reward_after(r: Any, s: Any, h: Any, beta: Any, bound: Any, least: Any) -> Any:
    """``max(least, beta r - s clip(h, -bound, bound))``."""
    return np.maximum(least, beta * r - s * clip(h, -bound, bound))


def bet(m: Any, r: Any, v: Any, s_init: Any, n: Any, eps: Any) -> Any:
    """``s = W/(sqrt(v) + eps)``, ``W = s_init m/n + max(0, r)``."""
    return quotient(s_init * m / n + np.maximum(0, r), np.sqrt(v) + eps)


def placed(x_ref: Any, scale: Any, delta: Any) -> Any:
    """``x_ref + max(S, 0) Delta``."""
    return x_ref + np.maximum(scale, 0) * delta


# --- kernels -------------------------------------------------------------------------------------------------------------------------
# rows of vec: x_ref, delta (if stored); coefficients: step, S + eps, 1 at the first step, shift of y along -d, lr, new S
# hyp: lr, decay, eps, s_init, n, first m, first s, floor of m, 1: clip h and keep r as it is, shift of y, betas
def mechanic_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """First values of the bets; what terms and move need (kernel)."""
    row, n = scal[first], int(hyp[4])
    if t == 0:
        row[2] = 0.0
        for i in range(n):
            row[BETS + i], row[BETS + n + i] = hyp[6], hyp[5]
            row[2] += hyp[6]
    for s in range(first, last):
        coef[s, 1], coef[s, 2], coef[s, 3], coef[s, 4] = row[2] + hyp[2], 1.0 if t == 0 else 0.0, hyp[9], hyp[0]
    return 0.0


def summands(delta: Any, g: Any, y: Any, i: Any, out: Any) -> None:
    """Summands of <Delta, g>, <Delta, y>, |g|^2, |y|^2 (kernel)."""
    out[0, i] += product(delta, g)
    out[1, i] += product(delta, y)
    out[2, i] += square(g)
    out[3, i] += square(y)


def stored_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Sums of the feedback, Delta stored (kernel)."""
    xs, gs, ds, delta, shift = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[1, lo:hi], coef[seg, 3]
    for i in range(xs.size):
        summands(delta[i], gs[i], descend(xs[i], shift, ds[i]), i, out)


def recomputed_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Sums of the feedback, Delta from x; at the first step x_ref is x (kernel)."""
    xs, gs, ds, refs, shift = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], coef[seg, 3]
    for i in range(xs.size):
        delta = recomputed(xs[i], xs[i] if coef[seg, 2] > 0 else refs[i], coef[seg, 1])
        summands(delta, gs[i], descend(xs[i], shift, ds[i]), i, out)


def mechanic_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Feedback, bets, scale (kernel)."""
    row, n, before = scal[first], int(hyp[4]), scal[first, 2]
    along, gradient2 = total(sums, first, last, 1), total(sums, first, last, 2)
    h = feedback(total(sums, first, last, 0), along, gradient2, total(sums, first, last, 3), before, hyp[1], hyp[2])
    if not np.isfinite(h):
        row[0] = FEEDBACK
    row[1], row[3] = h, before
    for i in range(n):
        s, m, v, r, beta = row[BETS + i], row[BETS + n + i], row[BETS + 2 * n + i], row[BETS + 3 * n + i], hyp[BETAS + i]
        clips = hyp[8] > 0
        r = reward_after(r, s, h, beta, m if clips else np.inf, -np.inf if clips else 0.0)
        m, v = largest_after(m, h, beta, hyp[7]), squares_after(v, h, beta)
        s = bet(m, r, v, hyp[3], hyp[4], hyp[2])
        row[BETS + i], row[BETS + n + i], row[BETS + 2 * n + i], row[BETS + 3 * n + i] = s, m, v, r
        row[2] = s if i == 0 else row[2] + s
    for k in range(first, last):
        coef[k, 5] = row[2]
    return hyp[0] * row[2]


def stored_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Keep x_0, move Delta and x (kernel)."""
    xs, ds, refs, delta = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    lr, scale = coef[seg, 4], coef[seg, 5]
    for i in range(xs.size):
        if coef[seg, 2] > 0:
            refs[i] = xs[i]
        delta[i] = descend(delta[i], lr, ds[i])
        xs[i] = placed(refs[i], scale, delta[i])


def recomputed_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Keep x_0, move x along the recomputed Delta (kernel)."""
    xs, ds, refs = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    lr, scale = coef[seg, 4], coef[seg, 5]
    for i in range(xs.size):
        if coef[seg, 2] > 0:
            refs[i] = xs[i]
        xs[i] = placed(refs[i], scale, descend(recomputed(xs[i], refs[i], coef[seg, 1]), lr, ds[i]))


# --- the rate ------------------------------------------------------------------------------------------------------------------------
@RATES.register("mechanic")
class Mechanic(Rate):
    """Mechanic around any direction; see the module docstring."""

    name = "mechanic"
    source = "Cutkosky, Defazio, Mehta 2023, arXiv 2306.00144, its code and optax (published)"
    Parameters = MechanicParameters
    coefficients, sums = 6, 4
    begin, decide = staticmethod(mechanic_begin), staticmethod(mechanic_decide)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.stored = p.form == "reference" if p.store_delta is None else p.store_delta
        self.vectors = ("x_ref", "delta") if self.stored else ("x_ref",)
        self.scalars = ("h", "scale", "before", *(f"{name}_{i + 1}" for name in "smvr" for i in range(p.num_betas)))
        self.terms: Kernel = stored_terms if self.stored else recomputed_terms
        self.move: Kernel = stored_move if self.stored else recomputed_move

    def hyper(self) -> tuple[float, ...]:
        """lr, decay, eps, s_init, n, first m, first s, floor of m, 1: clip h and keep r as it is, shift of y, betas."""
        p = self.parameters
        optax, torch = p.form == "optax", p.form == "torch"
        s_init = (1e-6 if optax else 1e-8) if p.s_init is None else p.s_init
        starts = (1e-6 if torch else 0.0, s_init if optax else 0.0)
        switches = (p.scale_eps if optax else 0.0, float(optax), p.lr if torch else 0.0)
        betas = (float(f"0.{'9' * (i + 1)}") for i in range(p.num_betas))
        return (p.lr, p.s_decay, p.scale_eps, s_init, float(p.num_betas), *starts, *switches, *betas)

    def displacement(self, state: State, seen: Seen, scale: Any) -> Array:
        """Delta before the step."""
        x_ref = seen.x if seen.t == 0 else state["x_ref"]
        delta: Array = state["delta"] if self.stored else recomputed(seen.x, x_ref, scale + self.parameters.scale_eps)
        return delta

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Feedback, bets, scale."""
        hyp, n, new = self.hyper(), self.parameters.num_betas, dict(state)
        if seen.t == 0:
            new["scale"] = np.zeros_like(state["scale"])
            for i in range(1, n + 1):
                new[f"s_{i}"], new[f"m_{i}"] = np.full_like(state["h"], hyp[6]), np.full_like(state["h"], hyp[5])
                new["scale"] = new["scale"] + new[f"s_{i}"]
        before, y = new["scale"], descend(seen.x, hyp[9], d)
        delta = self.displacement(state, seen, before)
        pairs = (product(delta, seen.g), product(delta, y), square(seen.g), square(y))
        inner, along, gradient2, point2 = (in_order(block_sums(s, seen.offsets)) for s in pairs)
        h = feedback(inner, along, gradient2, point2, before, hyp[1], hyp[2])
        new.update(h=h, before=before, status=np.maximum(state["status"], np.where(np.isfinite(h), 0.0, FEEDBACK)))
        for i in range(1, n + 1):
            s, m, v, r = (new[f"{name}_{i}"] for name in "smvr")
            beta, clips = hyp[BETAS + i - 1], hyp[8] > 0
            r = reward_after(r, s, h, beta, m if clips else np.inf, -np.inf if clips else 0.0)
            m, v = largest_after(m, h, beta, hyp[7]), squares_after(v, h, beta)
            s = bet(m, r, v, hyp[3], hyp[4], hyp[2])
            new.update({f"s_{i}": s, f"m_{i}": m, f"v_{i}": v, f"r_{i}": r, "scale": s if i == 1 else new["scale"] + s})
        return new, hyp[0] * new["scale"], {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Delta and the point."""
        x_ref = seen.x if seen.t == 0 else state["x_ref"]
        delta = descend(self.displacement(state, seen, state["before"]), self.parameters.lr, d)
        kept = {"delta": delta} if self.stored else {}
        return dict(state, x_ref=x_ref, **kept), placed(x_ref, state["scale"], delta)
