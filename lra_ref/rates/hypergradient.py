"""Hypergradient descent on the rate, additive and multiplicative.

==================================  ================================================================  =========================
name                                eta_t, before the step that uses it                               signal
==================================  ================================================================  =========================
``hypergradient``                   ``eta_t = eta_{t-1} + gamma h_t``                                  ``h_t = <g_t, d_{t-1}>``
``multiplicative_hypergradient``    ``eta_t = eta_{t-1} (1 + beta c_t)``                               ``c_t = cos(g_t, g_{t-1})``
==================================  ================================================================  =========================

with eta_{-1} = lr, d_{-1} = 0 and c_0 = 0; g_t is the gradient of the step.  The rate may go negative in the additive form (published; no
clamp); in the multiplicative form it stays positive.

Additive: on ``sgd``, ``momentum``, ``nesterov`` and, with eps before the bias correction as in the published code, ``adam_epsilon_hat``
(the method
``hypergradient_adam``, gamma = 1e-8).  ``weight_decay`` is the L2 penalty of the direction, which is part of the gradient here too: h_t =
<g_t + weight_decay x_t, d_{t-1}>; ``make_method`` hands it to both.  ``in_turn``: the published Adam code updates eta within its loop
over tensors, so
that block k moves with ``eta_{t-1} + gamma sum_{j<=k} h_{t,j}``, contrary to the paper; kept for comparison with ports.

Source: Baydin, Cornish, Martinez Rubio, Schmidt, Wood (2018), "Online learning rate adaptation with hypergradient descent", arXiv
1703.04782, and its
code (published; the default lr is ours); the multiplicative rule is published in a thesis.

State: ``d_prev`` or ``g_prev``; scalars ``eta`` and the signal.

Edge cases: a norm of 0 gives a cosine of 0.  A signal that is not finite stops the trajectory with status NONFINITE_FEEDBACK, a rate that
overflows
with NONFINITE_RATE, the state unchanged.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``hypergradient_sgd`` 7/7,
``hypergradient_adam`` 11/11, ``multiplicative_hypergradient_sgd`` 6/6, ``multiplicative_hypergradient_adam`` 10/10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import descend, product, square, where
from lra_ref.parameters import SWITCH, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.rates.exponentiated import alignment_terms, cosine
from lra_ref.typing import Array, Info, State

NOT_NEGATIVE, POSITIVE, REAL = Range(0, ends="[)"), Range(0, ends="()"), Range(ends="()")


@dataclass(frozen=True, kw_only=True)
class HypergradientParameters(Parameters):
    """Hyper-parameters of ``hypergradient``."""

    lr: float = parameter(1e-3, REAL, "learning rate before the first signal")
    gamma: float = parameter(1e-6, NOT_NEGATIVE, "learning rate of the rate")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty that the direction adds to the gradient, part of the signal")
    in_turn: bool = parameter(False, SWITCH, "update the rate block by block within a step, as the published Adam code does")


@dataclass(frozen=True, kw_only=True)
class MultiplicativeParameters(Parameters):
    """Hyper-parameters of ``multiplicative_hypergradient``."""

    lr: float = parameter(1e-3, POSITIVE, "learning rate before the first signal")
    beta: float = parameter(0.05, Range(0, 1, "[)"), "largest relative change of the rate in a step")


# --- formulas --------------------------------------------------------------------------------------------------------------------
def added(eta: Any, gamma: Any, signal: Any) -> Any:
    """``eta + gamma signal``."""
    return eta + gamma * signal


def penalized(inner: Any, weight_decay: Any, shrink: Any) -> Any:
    """``<g, v> + weight_decay <x, v>`` from the two products."""
    return inner + weight_decay * shrink


def multiplied(eta: Any, beta: Any, c: Any) -> Any:
    """``eta (1 + beta c)``."""
    return eta * (1 + beta * c)


# --- kernels ---------------------------------------------------------------------------------------------------------------------
def hypergradient_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of <g, v> and <x, v>, v the last direction (kernel)."""
    xs, gs, kept = x[lo:hi], g[lo:hi], vec[0, lo:hi]
    for i in range(gs.size):
        out[0, i] += product(gs[i], kept[i])
        out[1, i] += product(xs[i], kept[i])


def hypergradient_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Add up the signals of the blocks (kernel); coefficient 0: the rate of the block."""
    signal = penalized(sums[first, 0], hyp[2], sums[first, 1])
    before = hyp[0] if t == 0 else scal[first, 1]
    coef[first, 0] = added(before, hyp[1], signal)
    for s in range(first + 1, last):
        signal = signal + penalized(sums[s, 0], hyp[2], sums[s, 1])
        coef[s, 0] = added(before, hyp[1], signal)
    if np.isfinite(signal):
        scal[first, 1], scal[first, 2] = coef[last - 1, 0], signal
    else:
        scal[first, 0] = 2
    if hyp[3] > 0 and scal[first, 0] == 0:
        return coef[first, 0]
    return scal[first, 1]


def keep_direction(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep d (kernel)."""
    xs, ds, kept = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    eta = coef[seg, 0]
    for i in range(xs.size):
        xs[i] = descend(xs[i], eta, ds[i])
        kept[i] = ds[i]


def multiplicative_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Cosine of the two gradients, then the rate (kernel)."""
    c = cosine(total(sums, first, last, 0), total(sums, first, last, 1), total(sums, first, last, 2), 1.0, 0.0)
    if np.isfinite(c):
        scal[first, 1], scal[first, 2] = multiplied(hyp[0] if t == 0 else scal[first, 1], hyp[1], c), c
    else:
        scal[first, 0] = 2
    return scal[first, 1]


def keep_gradient(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Move and keep g; late sum |g|^2 (kernel)."""
    xs, gs, ds, kept = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    eta = coef[seg, 0]
    for i in range(xs.size):
        xs[i] = descend(xs[i], eta, ds[i])
        kept[i] = gs[i]
        out[0, i] += square(gs[i])


@RATES.register("hypergradient")
class Hypergradient(Rate):
    """Gradient descent on the rate."""

    name = "hypergradient"
    source = "Baydin et al. 2018, arXiv 1703.04782, and its code (published; the default lr is ours)"
    Parameters = HypergradientParameters
    vectors = ("d_prev",)
    scalars = ("eta", "signal")
    sums = 2
    terms = staticmethod(hypergradient_terms)
    decide = staticmethod(hypergradient_decide)
    move = staticmethod(keep_direction)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.blockwise = self.parameters.in_turn

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """``eta + gamma <g, d_prev>``; with ``in_turn`` the partial sums, one per block."""
        p = self.parameters
        parts = penalized(
            block_sums(product(seen.g, state["d_prev"]), seen.offsets),
            p.weight_decay,
            block_sums(product(seen.x, state["d_prev"]), seen.offsets),
        )
        signal = in_order(parts)
        before = np.full_like(state["eta"], p.lr) if seen.t == 0 else state["eta"]
        after = added(before, p.gamma, signal)
        fine = np.isfinite(signal)
        new = dict(state, eta=where(fine, after, state["eta"]), signal=where(fine, signal, state["signal"]))
        new["status"] = where(fine, state["status"], 2.0)
        info = {name: new[name] for name in self.scalars}
        if not p.in_turn:
            return new, new["eta"], info
        partial = np.concatenate([in_order(parts[..., : k + 1]) for k in range(parts.shape[-1])], axis=-1)
        return new, where(fine, added(before, p.gamma, partial), new["eta"]), info

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Move; keep d_t."""
        return dict(state, d_prev=d), descend(seen.x, seen.widen(eta), d)


@RATES.register("multiplicative_hypergradient")
class MultiplicativeHypergradient(Rate):
    """The rate grows while successive gradients agree and shrinks when they do not."""

    name = "multiplicative_hypergradient"
    source = "a thesis on hypergradients (published, on sgd; other directions derived; the default lr is ours)"
    Parameters = MultiplicativeParameters
    vectors = ("g_prev",)
    scalars = ("eta", "signal")
    late = ("gradient_norm2",)
    sums = 2
    terms = staticmethod(alignment_terms)
    decide = staticmethod(multiplicative_decide)
    move = staticmethod(keep_gradient)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """``eta (1 + beta cos(g, g_prev))``."""
        p = self.parameters
        inner = in_order(block_sums(product(seen.g, state["g_prev"]), seen.offsets))
        c = cosine(inner, in_order(block_sums(square(seen.g), seen.offsets)), in_order(state["gradient_norm2"]), 1.0, 0.0)
        before = np.full_like(state["eta"], p.lr) if seen.t == 0 else state["eta"]
        fine = np.isfinite(c)
        new = dict(state, eta=where(fine, multiplied(before, p.beta, c), state["eta"]), signal=where(fine, c, state["signal"]))
        new["status"] = where(fine, state["status"], 2.0)
        return new, new["eta"], {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Move; keep g_t."""
        new = dict(state, g_prev=seen.g, gradient_norm2=block_sums(square(seen.g), seen.offsets))
        return new, descend(seen.x, seen.widen(eta), d)
