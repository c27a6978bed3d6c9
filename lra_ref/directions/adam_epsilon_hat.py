"""Adam with eps added before the bias correction, "epsilon hat" in Adam's own paper.

Equations, n = t + 1: m and v as in Adam, then

``d_t = (m_t / (sqrt(v_t) + eps)) sqrt(1 - beta2^n) / (1 - beta1^n)``

computed as Adam's direction with ``eps / sqrt(1 - beta2^n)`` in place of eps, the same number but for rounding.

Source: Kingma and Ba (2015), arXiv 1412.6980, end of section 2; the published code of hypergradient descent (Baydin et al. 2018) uses it
(published).
State and edge cases: as Adam.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``adam_epsilon_hat`` 7/8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lra_ref.directions.adam import Adam, AdamParameters, adam_begin, adam_direction, bias_corrections
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, square
from lra_ref.parts import DIRECTIONS, Seen
from lra_ref.typing import Array, State


@dataclass(frozen=True, kw_only=True)
class AdamEpsilonHatParameters(AdamParameters):
    """Hyper-parameters of ``adam_epsilon_hat``."""


def adam_epsilon_hat_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Adam's coefficients with eps divided by the root of the second correction."""
    adam_begin(first, last, t, f, sums, scal, hyp, coef)
    for s in range(first, last):
        coef[s, 6] = hyp[2] / coef[s, 5]
    return 0.0


@DIRECTIONS.register("adam_epsilon_hat")
class AdamEpsilonHat(Adam):
    """Adam with eps inside the bias correction."""

    name = "adam_epsilon_hat"
    source = "Kingma and Ba 2015, arXiv 1412.6980, section 2 (published)"
    Parameters = AdamEpsilonHatParameters
    begin = staticmethod(adam_epsilon_hat_begin)

    def step(self, state: State, seen: Seen) -> tuple[State, Array]:
        """``d_t = (m/(sqrt(v) + eps)) sqrt(1 - beta2^n)/(1 - beta1^n)``."""
        beta1, beta2, eps, inside, _ = self.hyper()
        gradient = decayed(seen.g, seen.x, inside)
        m = average(state["exp_avg"], gradient, beta1, 1 - beta1)
        v = average(state["exp_avg_sq"], square(gradient), beta2, 1 - beta2)
        correction1, correction2 = bias_corrections(beta1, beta2, seen.t)
        d = adam_direction(m, v, correction1, correction2, eps / correction2)
        return {**state, "exp_avg": m, "exp_avg_sq": v}, decayed(d, seen.x, 0.0)
