"""Constant rate: eta_t = lr.  Source: classical (published).

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``sgd`` 3/4, ``adam`` 7/8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State


@dataclass(frozen=True, kw_only=True)
class ConstantParameters(Parameters):
    """Hyper-parameters of ``constant``."""

    lr: float = parameter(1e-3, Range(ends="()"), "learning rate; any real number, a negative one ascends")


def constant_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """eta = lr (kernel)."""
    return hyp[0]  # type: ignore[no-any-return]


@RATES.register("constant")
class Constant(Rate):
    """The same rate at every step."""

    name = "constant"
    source = "classical (published)"
    Parameters = ConstantParameters
    decide = staticmethod(constant_decide)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """eta_t = lr."""
        return state, np.full_like(d, self.parameters.lr, shape=(*d.shape[:-1], 1)), {}
