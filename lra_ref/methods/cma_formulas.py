"""Formulas of the controlled minibatch algorithm: what a pass or a search decides. Written once; see ``cma`` for the method.

The *exit* of a pass is a number: 0 a search decides, 1 accepted, 2 and 3 search with zeta kept and shrunk, 4 near and 5 failed with w~
taken, 6 near and 7 failed with w kept. From 3 on zeta shrinks, from 6 on w stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.formulas import where

#: exits of a pass
SEARCHING, ACCEPTED, LONG, SHORT, NEAR_TAKEN, FAILED_TAKEN, NEAR_KEPT, FAILED_KEPT = range(8)


def displacement(x: Any, w: Any, zeta: Any) -> Any:
    """d = (x - w)/zeta."""
    return (x - w) / zeta


def along(w: Any, alpha: Any, d: Any) -> Any:
    """w + alpha d."""
    return w + alpha * d


def verdict(f_tilde: Any, value: Any, first_value: Any, zeta: Any, norm2: Any, gamma: Any, tau: Any) -> Any:
    """Exit of a pass, SEARCHING if a search decides; a value that is not a number is never taken."""
    inside = f_tilde <= first_value
    failed = where(f_tilde <= value - gamma * zeta * norm2, SEARCHING, where(inside, FAILED_TAKEN, FAILED_KEPT))
    controlled = where(np.sqrt(norm2) <= tau * zeta, where(inside, NEAR_TAKEN, NEAR_KEPT), failed)
    return where(f_tilde < value - gamma * zeta, ACCEPTED, controlled)


def extends(f_trial: Any, last_value: Any, value: Any, longer: Any, norm2: Any, gamma: Any) -> Any:
    """Whether the trial point at ``longer`` = alpha/delta is taken: F there <= min(F at alpha, F(w) - gamma (alpha/delta) |d|^2)."""
    return f_trial <= np.minimum(last_value, value - gamma * longer * norm2)


def longer(alpha: Any, delta: Any) -> Any:
    """alpha/delta."""
    return alpha / delta


def searched(alpha: Any, zeta: Any, norm2: Any, tau: Any) -> Any:
    """Exit of a search that ended at alpha."""
    return where(alpha * norm2 <= tau * zeta, SHORT, LONG)


def next_zeta(code: Any, zeta: Any, theta: Any) -> Any:
    """zeta after an exit."""
    return where(code >= SHORT, theta * zeta, zeta)


def next_value(code: Any, value: Any, last_value: Any) -> Any:
    """F(w) after an exit."""
    return where(code < NEAR_KEPT, last_value, value)
