"""Exponentiated-gradient scale: a positive factor of the rate, learned from the alignment of gradient and last direction.

Equations, s the scale, s = 1 before the first step, u_t = lr d_t; in this order, on the gradient g_t of the step:

1. signal   ``use_directions``   ``c_t = <g_t, u_{t-1}> / ((|g_t| + norm_eps) (|u_{t-1}| + norm_eps))``, clamped to [-1, 1]
            otherwise            ``c_t = <g_t, u_{t-1}>``                                     (u_{-1} = 0, so c_0 = 0)
2. scale    ``s <- clip(s exp(gamma_s c_t), s_min, s_max)``
3. move     ``x <- x - lr wd x - s lr d_t``, with the UPDATED s and d_t

With the direction ``eg_momentum`` this is EGDD: its momentum m is u.  lr stands in the momentum there and outside the direction here,
which is the same
number but for rounding, and the same signals because they see lr d.  ``wd`` is a decoupled weight decay, outside scale, gains and
both signals (derived; the code has none).

``per_block``: scale, norms and signal block by block, as in the published code, whose blocks are the tensors; default: one scale.
``form="paper"``: the second signal, no clip (published, a reading note of the paper).

Source: Amid, Anil, Fifty, Warmuth (2022), arXiv 2202.00145, and its published code "Exponentiated Gradient Delta-Delta"; defaults of the
code, which has none for lr (1e-2 is ours); other directions are derived.

State: ``d_prev``; scalars ``scale`` s and ``signal`` c.

Edge cases: g = 0 or u = 0 gives c = 0.  A signal or an exponential that overflows (without ``use_directions``, or squares beyond
1e308) stops the trajectory with status NONFINITE_FEEDBACK and its state unchanged.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``exponentiated_sgd`` 6/6,
``exponentiated_adam`` 10/10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import exponential, finite_or_nan, quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import clip, descend, product, square, where
from lra_ref.parameters import SWITCH, Choice, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE = Range(0, ends="()"), Range(0, ends="[)")


@dataclass(frozen=True, kw_only=True)
class ExponentiatedParameters(Parameters):
    """Hyper-parameters of ``exponentiated``."""

    lr: float = parameter(1e-2, POSITIVE, "learning rate, multiplied by the scale")
    gamma_s: float = parameter(1e-3, NOT_NEGATIVE, "learning rate of the scale")
    s_min: float = parameter(0.1, POSITIVE, "smallest scale")
    s_max: float = parameter(10.0, POSITIVE, "largest scale")
    use_directions: bool = parameter(True, SWITCH, "learn from the cosine; else from the inner product")
    norm_eps: float = parameter(1e-10, NOT_NEGATIVE, "added to both norms of the cosine")
    per_block: bool = parameter(False, SWITCH, "one scale per block, as in the published code")
    wd: float = parameter(0.0, NOT_NEGATIVE, "decoupled weight decay, outside the scale and the signals")
    form: str = parameter("code", Choice(("code", "paper")), "the published code, or the paper's equations without clip and normalisation")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.s_min <= 1 <= self.s_max:
            raise ValueError(f"s_min and s_max must enclose 1, the first scale, got {self.s_min:g} and {self.s_max:g}")


# --- formulas --------------------------------------------------------------------------------------------------------------------
def cosine(inner: Any, g2: Any, d2: Any, lr: Any, eps: Any) -> Any:
    """Cosine of g and lr d from sums, each norm enlarged by eps, clamped to [-1, 1]; 0 for a norm of 0, nan if a square overflowed."""
    bottom = (np.sqrt(finite_or_nan(g2)) + eps) * (lr * np.sqrt(finite_or_nan(d2)) + eps)
    return clip(quotient(lr * inner, bottom), -1, 1)


def grown_scale(scale: Any, c: Any, gamma: Any, low: Any, high: Any) -> Any:
    """Equation 2; nan where the exponential overflows."""
    return clip(scale * finite_or_nan(exponential(gamma * c)), low, high)


def decayed_step(x: Any, decay: Any, step: Any, d: Any) -> Any:
    """``x - decay x - step d``."""
    return descend(descend(x, decay, x), step, d)


# --- kernels ---------------------------------------------------------------------------------------------------------------------
def alignment_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g, v> and |g|^2, v the kept vector (kernel)."""
    gs, kept = g[lo:hi], vec[0, lo:hi]
    for i in range(gs.size):
        out[0, i] += product(gs[i], kept[i])
        out[1, i] += square(gs[i])


def exponentiated_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Signal and scale, one or one per block (kernel); coefficients: step, decay, signal, scale."""
    lr, gamma, low, high, eps, directions = hyp[0], hyp[1], hyp[2], hyp[3], hyp[4], hyp[5]
    rows = last if hyp[6] > 0 else first + 1
    start = 1 if t == 0 else 0
    fine = True
    for s in range(first, rows):
        stop = s + 1 if hyp[6] > 0 else last
        inner, g2, d2 = total(sums, s, stop, 0), total(sums, s, stop, 1), total(sums, s, stop, 2)
        c = cosine(inner, g2, d2, lr, eps) if directions > 0 else finite_or_nan(lr * inner)
        coef[s, 2], coef[s, 3] = c, grown_scale(scal[s, 1] + start, c, gamma, low, high)
        fine = fine and np.isfinite(coef[s, 3])
    if fine:
        for s in range(first, rows):
            scal[s, 1], scal[s, 2] = coef[s, 3], coef[s, 2]
    else:
        scal[first, 0] = 2
    for s in range(first, last):
        coef[s, 0] = lr * scal[s if hyp[6] > 0 else first, 1]
        coef[s, 1] = lr * hyp[7]
    return coef[first, 0]


def exponentiated_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Decay and move; keep d; late sum |d|^2 (kernel)."""
    xs, ds, kept = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    step, decay = coef[seg, 0], coef[seg, 1]
    for i in range(xs.size):
        xs[i] = decayed_step(xs[i], decay, step, ds[i])
        kept[i] = ds[i]
        out[0, i] += square(ds[i])


@RATES.register("exponentiated")
class Exponentiated(Rate):
    """The scale of EGDD on any direction; see the module docstring."""

    name = "exponentiated"
    source = "Amid et al. 2022, arXiv 2202.00145, and its code (published for eg_momentum; other directions, wd derived)"
    Parameters = ExponentiatedParameters
    vectors = ("d_prev",)
    scalars = ("scale", "signal")
    late = ("direction_norm2",)
    coefficients, sums = 4, 2
    terms = staticmethod(alignment_terms)
    decide = staticmethod(exponentiated_decide)
    move = staticmethod(exponentiated_move)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.blockwise = self.parameters.per_block

    def rows(self, blocks: int) -> int:
        """One scale for all, or one per block."""
        return blocks if self.parameters.per_block else 1

    def hyper(self) -> tuple[float, ...]:
        """lr, gamma, low, high, norm_eps, 1 for the cosine, 1 for a scale per block, wd."""
        p = self.parameters
        paper = p.form == "paper"
        low, high = (0.0, np.inf) if paper else (p.s_min, p.s_max)
        return p.lr, p.gamma_s, low, high, p.norm_eps, float(p.use_directions and not paper), float(p.per_block), p.wd

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Signal and scale."""
        lr, gamma, low, high, eps, directions, per_block, _ = self.hyper()

        def whole(sums: Array) -> Array:
            return sums if per_block else in_order(sums)

        inner = whole(block_sums(product(seen.g, state["d_prev"]), seen.offsets))
        g2 = whole(block_sums(square(seen.g), seen.offsets))
        c = cosine(inner, g2, whole(state["direction_norm2"]), lr, eps) if directions else finite_or_nan(lr * inner)
        scale = grown_scale(state["scale"] + (1 if seen.t == 0 else 0), c, gamma, low, high)
        fine = np.all(np.isfinite(scale), axis=-1, keepdims=True)
        new = dict(state, scale=where(fine, scale, state["scale"]), signal=where(fine, c, state["signal"]))
        new["status"] = where(fine, state["status"], 2.0)
        return new, lr * new["scale"], {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Decay and move; keep d_t for the next signal."""
        p = self.parameters
        new = dict(state, d_prev=d, direction_norm2=block_sums(square(d), seen.offsets))
        return new, decayed_step(seen.x, p.lr * p.wd, seen.widen(eta), d)
