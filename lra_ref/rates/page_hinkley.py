"""The Page-Hinkley test for a rise of the loss, as in SALERA's code.

State ph_loss, mean, U, ph_min, n, all 0 at the start and after an alarm; threshold lambda = 0.1 * first loss; r = batch size / data size.
For every loss, in this order:

1. ``ph_loss = (1-r) ph_loss + r loss`` if ``n > 1/r``, else ``(n ph_loss + loss)/(n+1)``
2. ``mean = (n mean + ph_loss)/(n+1)``,  ``U = U + ph_loss - mean``,  ``ph_min = min(ph_min, U)``
3. alarm iff ``U - ph_min > lambda``; without alarm ``n = n + 1``

Source: Page (1954), Hinkley (1970); this form: Schoenauer-Sebag, Schoenauer, Sebag, arXiv 1709.01427 (2017) and its code (published).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.formulas import average, where


def smoothed(loss: Any, previous: Any, n: Any, r: Any) -> Any:
    """ph_loss: the mean of the first 1/r losses, then an exponential average."""
    return where(n > 1 / r, average(previous, loss, 1 - r, r), (n * previous + loss) / (n + 1))


def page_hinkley(loss: Any, state: Any, r: Any, threshold: Any) -> Any:
    """``(alarm, new state)`` after one loss; ``state`` is (ph_loss, mean, U, ph_min, n), after an alarm all zeros."""
    n = state[4]
    ph_loss = smoothed(loss, state[0], n, r)
    mean = (n * state[1] + ph_loss) / (n + 1)
    total = state[2] + ph_loss - mean
    lowest = np.minimum(state[3], total)
    alarm = total - lowest > threshold
    kept = (
        where(alarm, 0 * ph_loss, ph_loss), where(alarm, 0 * mean, mean), where(alarm, 0 * total, total),
        where(alarm, 0 * lowest, lowest), where(alarm, 0 * n, n + 1),
    )  # fmt: skip
    return alarm, kept


def alarm_times(losses: Any, r: float, factor: float = 0.1) -> list[int]:
    """Numbers (from 1) of the losses of a fixed sequence that give an alarm; the threshold is factor * first loss."""
    values = np.asarray(losses, dtype=float)
    state: Any = (0.0, 0.0, 0.0, 0.0, 0.0)
    times = []
    for k, loss in enumerate(values):
        alarm, state = page_hinkley(loss, state, r, factor * values[0])
        if alarm:
            times.append(k + 1)
    return times
