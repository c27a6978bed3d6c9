"""SGD: the gradient itself, with torch's L2 weight decay.

Equation: ``d_t = g_t + weight_decay * x_t``.  Source: Robbins and Monro (1951); names and defaults of ``torch.optim.SGD`` (published).

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``sgd`` 3/4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Kernel, Seen
from lra_ref.typing import Array, State


def decayed(g: Any, x: Any, weight_decay: Any) -> Any:
    """Gradient of the loss plus ``weight_decay * |x|^2 / 2``."""
    return g + weight_decay * x


@dataclass(frozen=True, kw_only=True)
class SGDParameters(Parameters):
    """Hyper-parameters of ``sgd``."""

    weight_decay: float = parameter(0.0, Range(0, ends="[)"), "L2 penalty, added to the gradient")


def sgd_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """d = g + weight_decay x (kernel)."""
    xs, gs, ds = x[lo:hi], g[lo:hi], d[at : at + hi - lo]
    weight_decay = coef[seg, 0]
    for i in range(gs.size):
        ds[i] = decayed(gs[i], xs[i], weight_decay)


def sgd_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Coefficient: weight_decay."""
    for s in range(last - first):
        coef[first + s, 0] = hyp[0]
    return 0.0


@DIRECTIONS.register("sgd")
class SGD(Direction):
    """Gradient direction; d is g itself without weight decay."""

    name = "sgd"
    source = "Robbins and Monro 1951; torch.optim.SGD (published)"
    Parameters = SGDParameters
    begin = staticmethod(sgd_begin)
    map: Kernel | None = staticmethod(sgd_map)
    # the engine uses g itself: no copy
    undecayed: ClassVar = {"map": None}

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = g_t + weight_decay x_t``."""
        if self.map is None:
            return state, seen.g
        return state, decayed(seen.g, seen.x, self.parameters.weight_decay)
