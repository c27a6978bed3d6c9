"""Normalized gradients, with and without momentum.

Equations (``g_t`` with ``weight_decay * x_t`` added first):

- ``normalized``            ``d_t = g_t / |g_t|``
- ``normalized_momentum``   ``m_0 = g_0``, ``m_t = (1 - alpha) m_{t-1} + alpha g_t``, ``d_t = m_t / |m_t|``

``norm="global"`` divides by the norm of the whole vector, ``"block"`` every block by its own.

Source: Nesterov (1984) and Hazan, Levy, Shalev-Shwartz (2015); with momentum Cutkosky and Mehta (2020), arXiv 2002.03305 (published).
The norm per block and the defaults are ours (derived).

State: ``exp_avg`` (``normalized_momentum`` only), zero before the first step.

Edge cases: |v| = 0 gives d = 0.  The norm is exact in range: squares that overflow or underflow are scaled (``directions/norms.py``),
so d is right for any finite g, from subnormal to largest.  A buffer that is not finite gives nan, and the next point is not finite.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``normalized`` 4/4,
``normalized_momentum`` 6/7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lra_ref.arithmetic import total
from lra_ref.directions.momentum import Averaged, averaged_begin
from lra_ref.directions.norms import add_squares, norm_root, norm_scale, norms, split_squares, unit
from lra_ref.directions.sgd import decayed, sgd_begin
from lra_ref.formulas import average
from lra_ref.parameters import Choice, Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State

NORM = Choice(("global", "block"))


@dataclass(frozen=True, kw_only=True)
class NormalizedParameters(Parameters):
    """Hyper-parameters of ``normalized``."""

    norm: str = parameter("global", NORM, "norm of the whole vector, or of every block by itself")
    weight_decay: float = parameter(0.0, Range(0, ends="[)"), "L2 penalty, added to the gradient")


@dataclass(frozen=True, kw_only=True)
class NormalizedMomentumParameters(NormalizedParameters):
    """Hyper-parameters of ``normalized_momentum``."""

    alpha: float = parameter(0.1, Range(0, 1, "(]"), "weight of the new gradient in the average")


def normalized_gather(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Squares of the gradient, in three classes (kernel)."""
    xs, gs = x[lo:hi], g[lo:hi]
    weight_decay = coef[seg, 0]
    for i in range(gs.size):
        split_squares(decayed(gs[i], xs[i], weight_decay), i, out)


def undecayed_gather(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same without decay (kernel)."""
    add_squares(g[lo:hi], out)


def averaged_gather(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update the average; its squares, in three classes (kernel)."""
    xs, gs, m = x[lo:hi], g[lo:hi], vec[0, lo:hi]
    weight_decay, keep, take = coef[seg, 0], coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        m[i] = average(m[i], decayed(gs[i], xs[i], weight_decay), keep, take)
    add_squares(m, out)


def undecayed_averaged_gather(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same without decay (kernel)."""
    gs, m = g[lo:hi], vec[0, lo:hi]
    keep, take = coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        m[i] = average(m[i], gs[i], keep, take)
    add_squares(m, out)


def settle_norms(first: Any, last: Any, sums: Any, coef: Any, column: Any, per_block: Any) -> None:
    """Write (scale, root) of every block, or of all together, from ``column`` on (kernel)."""
    if not per_block:
        small, ordinary, large = total(sums, first, last, 0), total(sums, first, last, 1), total(sums, first, last, 2)
        scale, root = norm_scale(ordinary, large), norm_root(small, ordinary, large)
        for s in range(first, last):
            coef[s, column], coef[s, column + 1] = scale, root
        return
    for s in range(first, last):
        coef[s, column] = norm_scale(sums[s, 1], sums[s, 2])
        coef[s, column + 1] = norm_root(sums[s, 0], sums[s, 1], sums[s, 2])


def normalized_settle(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients 1, 2: scale and root of the norm."""
    settle_norms(first, last, sums, coef, 1, hyp[1] > 0)
    return 0.0


def averaged_settle(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficients 3, 4: scale and root of the norm."""
    settle_norms(first, last, sums, coef, 3, hyp[3] > 0)
    return 0.0


def normalized_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """d = g / |g| (kernel)."""
    xs, gs, ds = x[lo:hi], g[lo:hi], d[at : at + hi - lo]
    weight_decay, scale, root = coef[seg, 0], coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        ds[i] = unit(decayed(gs[i], xs[i], weight_decay), scale, root)


def undecayed_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same without decay (kernel)."""
    gs, ds = g[lo:hi], d[at : at + hi - lo]
    scale, root = coef[seg, 1], coef[seg, 2]
    for i in range(gs.size):
        ds[i] = unit(gs[i], scale, root)


def averaged_unit_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """d = m / |m|, m already updated (kernel)."""
    ds, m = d[at : at + hi - lo], vec[0, lo:hi]
    scale, root = coef[seg, 3], coef[seg, 4]
    for i in range(ds.size):
        ds[i] = unit(m[i], scale, root)


def unit_vector(v: Array, seen: Seen, per_block: bool) -> Array:
    """``v / |v|`` over the last axis or block by block (reference)."""
    scale, root = norms(v, seen.offsets, per_block)
    return unit(v, seen.widen(scale), seen.widen(root))  # type: ignore[no-any-return]


@DIRECTIONS.register("normalized")
class Normalized(Direction):
    """The gradient divided by its norm."""

    name = "normalized"
    source = "Nesterov 1984; Hazan, Levy, Shalev-Shwartz 2015, arXiv 1507.02030 (published; the norm per block derived)"
    Parameters = NormalizedParameters
    coefficients, sums = 3, 3
    begin = staticmethod(sgd_begin)
    gather = staticmethod(normalized_gather)
    settle = staticmethod(normalized_settle)
    map = staticmethod(normalized_map)
    undecayed: ClassVar = {"gather": undecayed_gather, "map": undecayed_map}

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, 1 for a norm per block."""
        return self.parameters.weight_decay, float(self.parameters.norm == "block")

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = g_t / |g_t|``."""
        gradient = decayed(seen.g, seen.x, self.parameters.weight_decay)
        return state, unit_vector(gradient, seen, self.parameters.norm == "block")


@DIRECTIONS.register("normalized_momentum")
class NormalizedMomentum(Averaged):
    """The moving average of the gradients divided by its norm."""

    name = "normalized_momentum"
    source = "Cutkosky and Mehta 2020, arXiv 2002.03305 (published; the norm per block and the default alpha derived)"
    Parameters = NormalizedMomentumParameters
    vectors = ("exp_avg",)
    coefficients, sums = 5, 3
    begin = staticmethod(averaged_begin)
    gather = staticmethod(averaged_gather)
    settle = staticmethod(averaged_settle)
    map = staticmethod(averaged_unit_map)
    undecayed: ClassVar = {"gather": undecayed_averaged_gather}

    def hyper(self) -> tuple[float, ...]:
        """weight_decay, keep, take, 1 for a norm per block."""
        p = self.parameters
        return p.weight_decay, 1 - p.alpha, p.alpha, float(p.norm == "block")

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = m_t / |m_t|``."""
        _, m = self.update(state, seen)
        return {**state, "exp_avg": m}, unit_vector(m, seen, self.parameters.norm == "block")
