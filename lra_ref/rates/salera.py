"""SALERA's family: learning rates that follow the path of normalized gradients, with backtracking when the loss rises.

Source: Schoenauer-Sebag, Schoenauer, Sebag, "Stochastic Gradient Descent: Going As Fast As Possible But Not Faster", arXiv 1709.01427
(2017), and the authors' code (published).

Blocks k are layers of sizes D_k; g_k the gradient, with ``weight_decay * x`` added first; d_k the direction (sgd: g_k itself); every
block has a rate eta_k = lr at first; t counts the accepted steps from 1.

1. ``p_k = (1-alpha) p_k + alpha g_k/|g_k|``; the addition, not the decay, is left out where |g_k| <= 1e-6
2. ``eta_k = eta_k exp((C/s_k) (|p_k|^2 - mu_t))``,  ``s_k = alpha/sqrt(D_k)``,  ``mu_t = alpha/(2-alpha) (1 - (1-alpha)^(2t))``
3. ``x_k -= eta_k d_k`` with the new eta_k

``alera``: 1 to 3.  ``salera``: before them the Page-Hinkley test (``rates/page_hinkley.py``) on the sample loss; on an alarm x goes back
to the point saved before the last accepted step, every eta_k is halved and the gradient of the step is discarded, p and t kept.
``spalera``: one rate per coordinate (``rates/spalera.py``).  AgAdam (``make_method("agadam")``): ``alera`` along Adam's direction, the
path still that of the gradients.

|p_k|^2 of step 1 is needed before x may move: it is (1-alpha)^2 |p|^2 + 2 alpha (1-alpha) <p, g>/|g| + alpha^2, from sums over the old p,
so that one pass is enough; its rounding error is a few units of max(|p|^2, alpha), the size of the terms that the exponent compares
anyway.  mu_t is carried by its recursion mu_t = (1-alpha)^2 mu_{t-1} + alpha^2, which has no cancellation.

State: vectors ``path``, ``saved`` (salera); scalars ``eta`` (one per block), ``path_norm2``, ``mean`` = mu_t, and those of the
test, the same in every block: ``ph_loss``, ``ph_mean``, ``ph_sum``, ``ph_min``, ``ph_count``, ``threshold``, ``alarms``.

C has no published default; 3.1e-8 is that of an independent implementation (ensmallen).  Edge cases: a rate at or below 1e-15 after a
halving, or one that underflows to 0, stops the trajectory (RATE_VANISHED); a first loss that is not above 0
stops it too (LOSS_NOT_POSITIVE), since the threshold of the test would not be; a loss that is not finite stops every method (published: a
nan silences the test for ever).  A direction with a memory keeps the discarded gradient in it (published for the gradient only).
Published defects not followed: a restore that rebinds a local variable, weight decay applied twice.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``alera_sgd`` 7/7, ``alera_adam``
11/11, ``salera_sgd`` 8/8, ``salera_adam`` 12/12.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import exponential, quotient
from lra_ref.backends.sums import block_sums
from lra_ref.directions.normalized import settle_norms
from lra_ref.directions.norms import add_squares, norms, split_squares, unit
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, product, square, where
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import RATES, Direction, Rate, Seen
from lra_ref.rates.page_hinkley import page_hinkley
from lra_ref.typing import Array, Info, State

INSIDE, POSITIVE, NOT_NEGATIVE = Range(0, 1, "()"), Range(0, ends="()"), Range(0, ends="[)")
#: gradients up to this norm add nothing to the path; rates up to this size stop a trajectory after a halving (published)
FLOOR, LEAST_RATE = 1e-6, 1e-15
#: the statuses NONFINITE_RATE, RATE_VANISHED and LOSS_NOT_POSITIVE of lra_ref.status
NOT_FINITE, VANISHED, NOT_POSITIVE = 3.0, 7.0, 8.0
WATCH = ("ph_loss", "ph_mean", "ph_sum", "ph_min", "ph_count")


@dataclass(frozen=True, kw_only=True)
class ALERAParameters(Parameters):
    """Hyper-parameters of ``alera``."""

    lr: float = parameter(1e-3, POSITIVE, "rate of the first step")
    alpha: float = parameter(0.001, INSIDE, "weight of the new gradient in the path")
    C: float = parameter(3.1e-8, NOT_NEGATIVE, "multiplies the exponent, in units of alpha/sqrt(D)")
    weight_decay: float = parameter(0.0, NOT_NEGATIVE, "L2 penalty, added to the gradient before the path")


@dataclass(frozen=True, kw_only=True)
class SALERAParameters(ALERAParameters):
    """Hyper-parameters of ``salera``, and of ``spalera``."""

    batch_ratio: float = parameter(1.0, Range(0, 1, "(]"), "batch size over data size")
    threshold: float = parameter(0.1, POSITIVE, "threshold of the change test over the first loss")


# --- formulas ------------------------------------------------------------------------------------------------------------------------
def path_norm2(old: Any, overlap: Any, keep: Any, take: Any) -> Any:
    """|p|^2 after the step from |p|^2 before, <p, u> and |u| = 1; ``take = 0``: nothing is added."""
    return keep * keep * old + 2 * keep * take * overlap + take * take


def weight_of(scale: Any, root: Any, alpha: Any) -> Any:
    """alpha, or 0 where |g| = root / scale is at most 1e-6."""
    return where(root <= scale * FLOOR, 0, alpha)


def overlap_of(dot: Any, scale: Any, root: Any) -> Any:
    """<p, g>/|g|."""
    return quotient(dot * scale, root)


def mean_after(mean: Any, alpha: Any) -> Any:
    """``mu_t`` from ``mu_{t-1}``."""
    return average(mean, alpha * alpha, (1 - alpha) * (1 - alpha), 1)


def grown(rate: Any, gain: Any, norm2: Any, mean: Any) -> Any:
    """``eta exp(gain (|p|^2 - mu))``."""
    return rate * exponential(gain * (norm2 - mean))


def stop_code(rate: Any, least: Any) -> Any:
    """Status of a rate after an update: 0, or why it stops the trajectory."""
    return where(np.isfinite(rate), where(rate <= least, VANISHED, 0), NOT_FINITE)


def start_code(loss: Any) -> Any:
    """Status of the first loss."""
    return where(loss > 0, 0, NOT_POSITIVE)


# --- kernels -------------------------------------------------------------------------------------------------------------------------
# coefficients: step, scale, root, keep, take, alarm, weight decay
# hyp: lr, alpha, weight decay, batch ratio (0: no test), threshold, then gains
def salera_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """The weight decay, which the terms need (kernel)."""
    for s in range(first, last):
        coef[s, 6] = hyp[2]
    return 0.0


def alera_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Squares of the gradient in three classes, <p, g>, |p|^2 (kernel)."""
    xs, gs, p = x[lo:hi], g[lo:hi], vec[0, lo:hi]
    weight_decay = coef[seg, 6]
    for i in range(gs.size):
        gradient = decayed(gs[i], xs[i], weight_decay)
        split_squares(gradient, i, out)
        out[3, i] += product(p[i], gradient)
        out[4, i] += square(p[i])


def undecayed_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same without decay (kernel)."""
    gs, p = g[lo:hi], vec[0, lo:hi]
    add_squares(gs, out)
    for i in range(gs.size):
        out[3, i] += product(p[i], gs[i])
        out[4, i] += square(p[i])


def watch_loss(first: Any, last: Any, t: Any, loss: Any, scal: Any, column: Any, hyp: Any) -> Any:
    """One loss for the test, whose state is in the columns ``column..`` of every row; True on an alarm (kernel)."""
    row = scal[first]
    threshold = hyp[4] * loss if t == 0 else row[column + 5]
    state = (row[column], row[column + 1], row[column + 2], row[column + 3], row[column + 4])
    alarm, kept = page_hinkley(loss, state, hyp[3], threshold)
    for s in range(first, last):
        scal[s, column], scal[s, column + 1], scal[s, column + 2] = kept[0], kept[1], kept[2]
        scal[s, column + 3], scal[s, column + 4], scal[s, column + 5] = kept[3], kept[4], threshold
        if alarm:
            scal[s, column + 6] += 1
    return alarm


def alera_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The test (salera), then path norms and rates, block by block (kernel)."""
    alpha, code, alarm = hyp[1], 0.0, False
    if hyp[3] > 0:
        if t == 0:
            code = start_code(f[0])
        alarm = watch_loss(first, last, t, f[0], scal, 4, hyp)
    settle_norms(first, last, sums, coef, 1, True)
    for s in range(first, last):
        if t == 0:
            scal[s, 1] = hyp[0]
        if alarm:
            scal[s, 1] = scal[s, 1] / 2
        else:
            take = weight_of(coef[s, 1], coef[s, 2], alpha)
            coef[s, 3], coef[s, 4] = 1 - alpha, take
            scal[s, 2] = path_norm2(sums[s, 4], overlap_of(sums[s, 3], coef[s, 1], coef[s, 2]), 1 - alpha, take)
            scal[s, 3] = mean_after(scal[s, 3], alpha)
            scal[s, 1] = grown(scal[s, 1], hyp[5 + s], scal[s, 2], scal[s, 3])
        code = np.maximum(code, stop_code(scal[s, 1], LEAST_RATE if alarm else 0.0))
        coef[s, 0] = scal[s, 1]
        coef[s, 5] = 1.0 if alarm else 0.0
    if code > 0:
        scal[first, 0] = code
    return scal[first, 1]


def alera_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The path, then the step (kernel)."""
    xs, gs, ds, p = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    step, scale, root, keep, take, weight_decay = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4], coef[seg, 6]
    for i in range(xs.size):
        p[i] = average(p[i], unit(decayed(gs[i], xs[i], weight_decay), scale, root), keep, take)
        xs[i] = descend(xs[i], step, ds[i])


def salera_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Back to the saved point, or save the point, the path, the step (kernel)."""
    xs, saved = x[lo:hi], vec[1, lo:hi]
    if coef[seg, 5] > 0:
        for i in range(xs.size):
            xs[i] = saved[i]
        return
    for i in range(xs.size):
        saved[i] = xs[i]
    alera_move(seg, lo, hi, at, x, g, d, q, vec, coef, out)


# --- the rates -----------------------------------------------------------------------------------------------------------------------
class PathRate(Rate):
    """Common to the family: what depends on the sizes of the blocks, and the reference of the test."""

    begin = staticmethod(salera_begin)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.gains: tuple[float, ...] = ()

    def hyper(self) -> tuple[float, ...]:
        """lr, alpha, weight decay, batch ratio (0: no test), threshold, gains."""
        p = self.parameters
        return (p.lr, p.alpha, p.weight_decay, getattr(p, "batch_ratio", 0.0), getattr(p, "threshold", 0.0), *self.gains)

    def known(self) -> tuple[float, ...]:
        """The gains; ``ValueError`` before the rate is bound."""
        if not self.gains:
            raise ValueError(f"{self.name} needs the sizes of the blocks: call bound(direction, offsets) first, as Stepper does")
        return self.gains

    def watch(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``(state of the test after the sample loss, alarm)``."""
        p, rows = self.parameters, state["threshold"].shape[-1]
        threshold = np.repeat(p.threshold * seen.f, rows, axis=-1) if seen.t == 0 else state["threshold"]
        alarm, kept = page_hinkley(seen.f, tuple(state[name] for name in WATCH), p.batch_ratio, threshold)
        new = dict(zip(WATCH, kept, strict=True), threshold=threshold, alarms=state["alarms"] + alarm)
        if seen.t == 0:
            new["status"] = np.maximum(state["status"], start_code(seen.f))
        return {**state, **new}, alarm


@RATES.register("alera")
class ALERA(PathRate):
    """One rate per block, no change detection."""

    name = "alera"
    source = "Schoenauer-Sebag, Schoenauer, Sebag 2017, arXiv 1709.01427 (published; the default of C is that of ensmallen)"
    Parameters: ClassVar[type[Parameters]] = ALERAParameters
    vectors: tuple[str, ...] = ("path",)
    scalars: tuple[str, ...] = ("eta", "path_norm2", "mean")
    coefficients, sums = 7, 5
    blockwise = True
    terms = staticmethod(alera_terms)
    undecayed: ClassVar = {"terms": undecayed_terms}
    decide = staticmethod(alera_decide)
    move = staticmethod(alera_move)

    def rows(self, blocks: int) -> int:
        """One rate per block."""
        return blocks

    def bound(self, direction: Direction, offsets: Array) -> ALERA:
        """A copy that knows the gains C/s_k = C sqrt(D_k)/alpha."""
        made, p = copy.copy(self), self.parameters
        made.gains = tuple(p.C * math.sqrt(size) / p.alpha for size in np.diff(offsets).tolist())
        return made

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Path norms and rates, block by block."""
        p, gains = self.parameters, np.array(self.known(), like=seen.x)
        new, alarm = dict(state), np.zeros_like(state["eta"], dtype=bool)
        if "saved" in self.vectors:
            new, alarm = self.watch(new, seen)
        old = np.full_like(state["eta"], p.lr) if seen.t == 0 else state["eta"]
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        scale, root = norms(gradient, seen.offsets, True)
        dot, before = block_sums(product(state["path"], gradient), seen.offsets), block_sums(square(state["path"]), seen.offsets)
        take = weight_of(scale, root, p.alpha)
        norm2 = path_norm2(before, overlap_of(dot, scale, root), 1 - p.alpha, take)
        mean = mean_after(state["mean"], p.alpha)
        new["eta"] = where(alarm, old / 2, grown(old, gains, norm2, mean))
        new["path_norm2"], new["mean"] = where(alarm, state["path_norm2"], norm2), where(alarm, state["mean"], mean)
        code = np.max(stop_code(new["eta"], where(alarm, LEAST_RATE, 0)), axis=-1, keepdims=True)
        new["status"] = np.maximum(new["status"], code)
        return new, new["eta"], {name: new[name] for name in self.scalars} | {"alarm": alarm}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Path and step."""
        p = self.parameters
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        scale, root = norms(gradient, seen.offsets, True)
        u = unit(gradient, seen.widen(scale), seen.widen(root))
        path = average(state["path"], u, 1 - p.alpha, seen.widen(weight_of(scale, root, p.alpha)))
        return dict(state, path=path), descend(seen.x, seen.widen(eta), d)


@RATES.register("salera")
class SALERA(ALERA):
    """ALERA with change detection on the loss and backtracking."""

    name = "salera"
    source = ALERA.source
    Parameters = SALERAParameters
    vectors = ("path", "saved")
    scalars = (*ALERA.scalars, *WATCH, "threshold", "alarms")
    move = staticmethod(salera_move)

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Back to the saved point, or path and step."""
        alarm = state["ph_count"][..., :1] == 0
        new, x = super().follow(state, seen, d, eta)
        path = where(alarm, state["path"], new["path"])
        return dict(new, path=path, saved=where(alarm, state["saved"], seen.x)), where(alarm, state["saved"], x)
