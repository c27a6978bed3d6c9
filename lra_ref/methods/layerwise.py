"""Layer-wise steps: every block takes its own step, from the curvature along its own gradient.

With the blocks (layers) l = 1, ..., n of the gradient and the blocks H_ll of the Hessian at x, on the step's own sample,

    c_l = <g_l, H_ll g_l>,     eta_l = |g_l|^2 / (n c_l + eps),     x_l <- x_l - eta_l g_l

The factor n is what makes simultaneous steps safe: on a convex quadratic F falls by at least 1/2 sum_l |g_l|^4/(n c_l + eps) (L1);
a factor n/2 still never raises F (L2), none (``factor=1``) can with three blocks.  One block is the exact line search along the gradient.

Source: after Bahamou and Goldfarb 2023, arXiv 2305.13664, which has one step size per layer from second-order information; its exact rule
is not known here.  The rule above is ours (derived).

``blocks`` is the number of products that are asked for in every step, by default one per block of the run; more change nothing.  The
engine hands over H times g_l padded with zeros, of which block l is kept.  The rate reported is that of the first block;
scalars, one per block: ``eta``, ``curvature`` c_l, ``norm2`` |g_l|^2.

Edge cases: g_l = 0: the block stays (eta_l = 0).  n c_l + eps <= 0 with g_l not 0 (F not convex along g_l, or flat with eps = 0): the
trajectory stops with CURVATURE_NOT_POSITIVE; ``curvature="absolute"`` takes |c_l| instead (ours), so that only a flat block with
eps = 0 stops it.  A product that is not finite gives a rate that is not finite and is named so.

Words per element beyond x and g: 2 ``blocks`` (vectors and products).

The step on a long vector alone (``InPlace``) refuses it: it asks for more than gradients at its points.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient
from lra_ref.backends.sums import block_sums
from lra_ref.formulas import product, square, where
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Direction, Seen, Whole
from lra_ref.typing import Array, Info, State

#: the statuses NONFINITE_RATE and CURVATURE_NOT_POSITIVE of lra_ref.status
NOT_FINITE, NOT_POSITIVE = 3.0, 10.0
#: columns of a row of scalars, 0 is the status
ETA, CURVATURE, NORM2 = range(1, 4)
#: places of the hyper-parameters
FACTOR, EPS, ABSOLUTE = range(3)


@dataclass(frozen=True, kw_only=True)
class LayerwiseParameters(Parameters):
    """Hyper-parameters of ``layerwise``."""

    blocks: int | None = parameter(
        None, Optional_(Range(1, 10**4, integer=True)), "number of Hessian-vector products, at least that of the blocks; None: as many"
    )
    eps: float = parameter(0.0, Range(0, ends="[)"), "added to the damped curvature")
    factor: float | None = parameter(None, Optional_(Range(0, ends="()")), "factor of the curvature; None: the number n of blocks")
    curvature: str = parameter("signed", Choice(("signed", "absolute")), "c_l as it is, or |c_l|")


def measured(c: Any, absolute: Any) -> Any:
    """The curvature as it is, or its absolute value."""
    return where(absolute > 0, np.abs(c), c)


def damped(c: Any, factor: Any, eps: Any) -> Any:
    """Denominator ``factor c + eps``."""
    return factor * c + eps


def layer_rate(norm2: Any, c: Any, factor: Any, eps: Any) -> Any:
    """``|g_l|^2 / (factor c_l + eps)``, 0 where the denominator is 0."""
    return quotient(norm2, damped(c, factor, eps))


def unusable(norm2: Any, c: Any, factor: Any, eps: Any) -> Any:
    """Whether a gradient that is not 0 has no positive damped curvature."""
    return (norm2 > 0) & (damped(c, factor, eps) <= 0)


def stop_code(eta: Any, norm2: Any, c: Any, factor: Any, eps: Any) -> Any:
    """0 if the rate can be played, else the status that says why not."""
    return where(unusable(norm2, c, factor, eps), NOT_POSITIVE, where(np.isfinite(eta), 0, NOT_FINITE))


def layerwise_aim(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The gradient of block l, padded with zeros, in row l (kernel)."""
    for k in range(vec.shape[0]):
        row, gs = vec[k, lo:hi], g[lo:hi]
        for i in range(gs.size):
            row[i] = where(k == seg, gs[i], 0)


def layerwise_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g_l|^2 and <g_l, H_ll g_l> (kernel)."""
    gs, curved = g[lo:hi], q[seg, lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])
        out[1, i] += product(gs[i], curved[i])


def layerwise_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """One rate per block (kernel); returns that of the first."""
    for s in range(first, last):
        c = measured(sums[s, 1], hyp[ABSOLUTE])
        scal[s, ETA], scal[s, CURVATURE], scal[s, NORM2] = layer_rate(sums[s, 0], c, hyp[FACTOR], hyp[EPS]), sums[s, 1], sums[s, 0]
        coef[s, 0] = scal[s, ETA]
        scal[first, 0] = max(scal[first, 0], stop_code(scal[s, ETA], sums[s, 0], c, hyp[FACTOR], hyp[EPS]))
    return scal[first, ETA]


@WHOLES.register("layerwise")
class Layerwise(Whole):
    """One step size per block from the curvature along its gradient, damped by the number of blocks."""

    together = False
    name = "layerwise"
    source = "ours (derived), after Bahamou and Goldfarb 2023, arXiv 2305.13664, whose exact rule is not known here"
    Parameters = LayerwiseParameters
    needs = ("Hessian-vector products",)
    cost = "1 gradient and one Hessian-vector product per block"
    scalars = ("eta", "curvature", "norm2")
    sums = 2
    blockwise = True
    aim = staticmethod(layerwise_aim)
    terms = staticmethod(layerwise_terms)
    decide = staticmethod(layerwise_decide)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self._ask(self.parameters.blocks or 1)

    def _ask(self, products: int) -> None:
        self.vectors = tuple(f"g_{k}" for k in range(products))
        self.points = tuple((k, "hvp") for k in range(products))
        self.n = products

    def bound(self, direction: Direction, offsets: Array) -> Layerwise:
        """A copy that knows the number of blocks; ValueError if it has fewer products than that."""
        made, n, products = copy.copy(self), len(offsets) - 1, self.parameters.blocks
        if products is not None and n > products:
            raise ValueError(f"blocks must be at least the number of blocks, {n}, got {products}")
        made._ask(products or n)
        made.n = n
        return made

    def rows(self, blocks: int) -> int:
        """One row of scalars per block."""
        return blocks

    def hyper(self) -> tuple[float, ...]:
        """Factor of the curvature, eps, absolute."""
        p = self.parameters
        return float(p.factor or self.n), p.eps, float(p.curvature == "absolute")

    def sight(self, state: State, seen: Seen, d: Array) -> State:
        """The gradient of every block, padded with zeros."""
        parts = [seen.g[..., lo:hi] for lo, hi in pairwise(seen.offsets)]

        def padded(k: int) -> Array:
            return np.concatenate([part if s == k else np.zeros_like(part) for s, part in enumerate(parts)], axis=-1)

        return dict(state, **{name: padded(k) for k, name in enumerate(self.vectors)})

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """One rate per block, (..., K)."""
        factor, eps, absolute = self.hyper()
        curved = np.concatenate([q[..., lo:hi] for q, (lo, hi) in zip(seen.q, pairwise(seen.offsets), strict=False)], axis=-1)
        norm2, c = block_sums(square(seen.g), seen.offsets), block_sums(product(seen.g, curved), seen.offsets)
        used = measured(c, absolute)
        eta = layer_rate(norm2, used, factor, eps)
        new = dict(state, eta=eta, curvature=c, norm2=norm2)
        code = np.max(stop_code(eta, norm2, used, factor, eps), axis=-1, keepdims=True)
        new["status"] = np.maximum(state["status"], code)
        return new, eta, {name: new[name] for name in self.scalars}
