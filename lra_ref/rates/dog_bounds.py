"""Right-hand sides of the statements about DoG and DoWG, written once for the claims and the proofs."""

from __future__ import annotations

from typing import Any

import numpy as np

#: the real root of q^3 = q^2 + q + 1: how DoWG grows on a cone
TRIBONACCI = 1.8392867552141611


def doubled_reach(r_bar: Any, farthest: Any) -> Any:
    """``rbar (2 dbar + rbar)``, which times sqrt(G) bounds the weighted regret (DG1)."""
    return r_bar * (2 * farthest + r_bar)


def ratio_of_sums(steps: Any, growth: Any) -> Any:
    """``(T/(1 + ln(rbar_T/r_eps)) - 1)/e``, below which the largest ratio does not fall (DG3)."""
    return (steps / (1 + np.log(growth)) - 1) / np.exp(1)


def growth_factor(j: Any) -> Any:
    """``1 + 1/sqrt(j)``, by which DoG's point on a cone moves away from its start in step j - 1, j = 2, 3, ... (DG4)."""
    return 1 + 1 / np.sqrt(j)


def near_limit(n: Any) -> Any:
    """``0.3 2^(1 - n)``, how far the ratio of DoWG's n-th step on a cone is from its limit at most (DG4)."""
    return 3 * 2 ** (1 - n) / 10
