"""SPALERA: SALERA with one learning rate per coordinate.

Source: Schoenauer-Sebag, Schoenauer, Sebag, arXiv 1709.01427 (2017), and the authors' code (published); symbols as in ``rates/salera.py``.

1. Page-Hinkley test on the sample loss; on an alarm x goes back to the saved point, every rate_i is halved, the gradient is discarded
2. ``p = (1-alpha) p + alpha g/|g|`` with the norm of the whole vector (nothing is added where |g| <= 1e-6)
3. ``rate_i = rate_i exp((C D/alpha) (p_i^2 - mu_t/D))``, rate_i = 1 at first
4. ``x_i -= lr rate_i d_i``

State: vectors ``path``, ``saved``, ``rate``; scalars ``mean`` = mu_t and those of the test; late sum ``vanished``, the rates that are at
most 1e-15 after a halving, or 0.  The recorded rate is lr.

Edge cases as for ``salera``; a vanished rate stops the trajectory (RATE_VANISHED) one step after it has vanished, at the saved point.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``spalera_sgd`` 9/9, ``spalera_adam``
13/13.
"""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np

from lra_ref.backends.sums import block_sums
from lra_ref.directions.normalized import settle_norms, undecayed_gather
from lra_ref.directions.norms import norms, split_squares, unit
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, square, where
from lra_ref.parts import RATES, Direction, Seen
from lra_ref.rates.salera import (
    LEAST_RATE,
    VANISHED,
    WATCH,
    PathRate,
    SALERAParameters,
    grown,
    mean_after,
    start_code,
    watch_loss,
    weight_of,
)
from lra_ref.typing import Array, Info, State


class SPALERAParameters(SALERAParameters):
    """Hyper-parameters of ``spalera``."""


# --- kernels: coefficients as for salera, then start, gain, mean; hyp as for salera, 5: C D/alpha, 6: D
# ------------------------------------
def spalera_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Squares of the gradient in three classes (kernel)."""
    xs, gs = x[lo:hi], g[lo:hi]
    weight_decay = coef[seg, 6]
    for i in range(gs.size):
        split_squares(decayed(gs[i], xs[i], weight_decay), i, out)


def spalera_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """The test, then what every coordinate needs (kernel)."""
    alpha, row, code = hyp[1], scal[first], 0.0
    if t == 0:
        code = start_code(f[0])
    vanished = 0.0
    for s in range(first, last):
        vanished = vanished + sums[s, 3]
    if vanished > 0:
        code = VANISHED
    alarm = watch_loss(first, last, t, f[0], scal, 2, hyp)
    settle_norms(first, last, sums, coef, 1, False)
    if not alarm:
        for s in range(first, last):
            scal[s, 1] = mean_after(scal[s, 1], alpha)
    for s in range(first, last):
        coef[s, 3], coef[s, 4] = 1 - alpha, weight_of(coef[s, 1], coef[s, 2], alpha)
        coef[s, 5] = 1.0 if alarm else 0.0
        coef[s, 7] = 1.0 if t == 0 else 0.0
        coef[s, 8], coef[s, 9] = hyp[5], row[1] / hyp[6]
    if code > 0:
        scal[first, 0] = code
    return hyp[0]


def spalera_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Back to the saved point with halved rates, or path, rates and step; late sum: rates that vanished (kernel)."""
    xs, gs, ds, p, saved, rate = x[lo:hi], g[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    step, scale, root, keep, take, weight_decay = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4], coef[seg, 6]
    start, gain, mean = coef[seg, 7], coef[seg, 8], coef[seg, 9]
    if coef[seg, 5] > 0:
        for i in range(xs.size):
            rate[i] = rate[i] / 2
            xs[i] = saved[i]
            out[0, i] += where(rate[i] <= LEAST_RATE, 1, 0)
        return
    for i in range(xs.size):
        p[i] = average(p[i], unit(decayed(gs[i], xs[i], weight_decay), scale, root), keep, take)
        rate[i] = grown(rate[i] + start, gain, square(p[i]), mean)
        saved[i] = xs[i]
        xs[i] = descend(xs[i], step * rate[i], ds[i])
        out[0, i] += where(rate[i] == 0, 1, 0)


@RATES.register("spalera")
class SPALERA(PathRate):
    """One rate per coordinate, with change detection and backtracking."""

    name = "spalera"
    source = "Schoenauer-Sebag, Schoenauer, Sebag 2017, arXiv 1709.01427 (published; the default of C is that of ensmallen)"
    Parameters = SPALERAParameters
    vectors = ("path", "saved", "rate")
    scalars = ("mean", *WATCH, "threshold", "alarms")
    late = ("vanished",)
    coefficients, sums = 10, 3
    terms = staticmethod(spalera_terms)
    undecayed: ClassVar = {"terms": undecayed_gather}
    decide = staticmethod(spalera_decide)
    move = staticmethod(spalera_move)

    def bound(self, direction: Direction, offsets: Array) -> SPALERA:
        """A copy that knows C D/alpha and D."""
        made, p = copy.copy(self), self.parameters
        size = int(offsets[-1])
        made.gains = (p.C * size / p.alpha, float(size))
        return made

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """The test and mu_t; the rates of the coordinates follow with the move."""
        p = self.parameters
        self.known()
        new, alarm = self.watch(dict(state), seen)
        gone = np.sum(state["vanished"], axis=-1, keepdims=True) > 0
        new["status"] = where(gone, VANISHED, new["status"])
        new["mean"] = where(alarm, state["mean"], mean_after(state["mean"], p.alpha))
        return new, np.full_like(new["mean"], p.lr), {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Back to the saved point with halved rates, or path, rates and step."""
        p, (gain, size) = self.parameters, self.known()
        alarm = state["ph_count"] == 0
        gradient = decayed(seen.g, seen.x, p.weight_decay)
        scale, root = norms(gradient, seen.offsets, False)
        path = average(state["path"], unit(gradient, scale, root), 1 - p.alpha, weight_of(scale, root, p.alpha))
        rate = grown(state["rate"] + (1.0 if seen.t == 0 else 0.0), gain, square(path), state["mean"] / size)
        x = descend(seen.x, eta * rate, d)
        halved = state["rate"] / 2
        gone = where(alarm, where(halved <= LEAST_RATE, 1.0, 0.0), where(rate == 0, 1.0, 0.0))
        new = dict(
            state,
            path=where(alarm, state["path"], path),
            saved=where(alarm, state["saved"], seen.x),
            rate=where(alarm, halved, rate),
            vanished=block_sums(gone, seen.offsets),
        )
        return new, where(alarm, state["saved"], x)
