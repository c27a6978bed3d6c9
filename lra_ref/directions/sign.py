"""Sign descent: the sign of every element of the gradient.

Equation: ``d_t = sign(g_t + weight_decay * x_t)``, with sign(0) = 0.  Source: Bernstein, Wang, Azizzadenesheli, Anandkumar (2018),
"signSGD", arXiv 1802.04434 (published).  State: none.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``sign`` 3/4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.directions.sgd import decayed, sgd_begin
from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import DIRECTIONS, Direction, Seen
from lra_ref.typing import Array, State


@dataclass(frozen=True, kw_only=True)
class SignParameters(Parameters):
    """Hyper-parameters of ``sign``."""

    weight_decay: float = parameter(0.0, Range(0, ends="[)"), "L2 penalty, added to the gradient")


def sign_map(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """d = sign(g) (kernel)."""
    xs, gs, ds = x[lo:hi], g[lo:hi], d[at : at + hi - lo]
    weight_decay = coef[seg, 0]
    for i in range(gs.size):
        ds[i] = np.sign(decayed(gs[i], xs[i], weight_decay))


@DIRECTIONS.register("sign")
class Sign(Direction):
    """Sign of the gradient, element by element."""

    name = "sign"
    source = "Bernstein et al. 2018, arXiv 1802.04434 (published)"
    Parameters = SignParameters
    begin = staticmethod(sgd_begin)
    map = staticmethod(sign_map)

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = sign(g_t)``."""
        return state, np.sign(decayed(seen.g, seen.x, self.parameters.weight_decay))
