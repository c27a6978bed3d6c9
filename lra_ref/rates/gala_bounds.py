"""Right-hand sides of GALA's bounds on the gradients: G4c, G5, G5c and the factor of G6c on the theory page.

Pure formulas of numbers or arrays of one shape. ``total`` is Delta + R or Q0, ``smooth`` a smoothness constant, ``steps`` the horizon T,
``variance`` and ``sigma`` the trace of the noise and its root.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.formulas import where
from lra_ref.learners.formulas import ratio


def sgd_comparator(smooth: Any, total: Any, variance: Any, steps: Any) -> Any:
    """u of G4c: min{1/(2 Lbar), sqrt((Delta + R)/(Lbar sigma^2 T))}; 1/(2 Lbar) without noise."""
    largest = 1 / (2 * smooth)
    return where(variance > 0, np.minimum(largest, np.sqrt(ratio(total, smooth * variance * steps, 0))), largest)


def sgd_closed_bound(smooth: Any, total: Any, variance: Any, steps: Any) -> Any:
    """G4c: 4 Lbar (Delta + R)/T + 4 sigma sqrt(Lbar (Delta + R)/T)."""
    return 4 * smooth * total / steps + 4 * np.sqrt(variance * smooth * total / steps)


def momentum_noise_bound(sigma: Any, alpha: Any, steps: Any) -> Any:
    """Noise term of G5: 2 sigma (1/(alpha T) + sqrt(alpha))."""
    return 2 * sigma * (1 / (alpha * steps) + np.sqrt(alpha))


def linear_bound(total: Any, curvatures: Any, u: Any, steps: Any) -> Any:
    """Q0/(u T) + u S/T: G5 without its noise term, linear in the means Q0 and S."""
    return total / (u * steps) + u * curvatures / steps


def momentum_closed_bound(total: Any, curvatures: Any, eta_max: Any, steps: Any) -> Any:
    """G5c without its noise term: (2/T) max{sqrt(Q0 S), Q0/eta_max}."""
    return 2 / steps * np.maximum(np.sqrt(total * curvatures), total / eta_max)


def momentum_explicit_bound(total: Any, smooth: Any, momentum: Any, delta: Any, sigma: Any, steps: Any) -> Any:
    """G5c at alpha = min{1/(sigma sqrt T), 1}, for eta_max >= sqrt(Q0/S) and sigma sqrt T >= 1 or sigma = 0.

    2 sqrt(Q0 L_avg/T) + 2 sqrt(2 sigma Q0 Lt_avg)/T^(1/4) + sqrt(2 delta Q0)/T + 2 sqrt(sigma)/T^(1/4) + 2 sigma^2/sqrt T.
    """
    root = np.sqrt(steps)
    noise = 2 * np.sqrt(2 * sigma * total * momentum) / np.sqrt(root) + 2 * np.sqrt(sigma) / np.sqrt(root) + 2 * sigma**2 / root
    return 2 * np.sqrt(total * smooth / steps) + np.sqrt(2 * delta * total) / steps + noise


def endpoint_factor(beta: Any, c: Any) -> Any:
    """phi of G6c: beta/2 + 1/(2 (beta - c)), for c < beta."""
    return beta / 2 + 1 / (2 * (beta - c))
