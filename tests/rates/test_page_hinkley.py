"""The change test, by hand and against a plain transcription of its definition."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.rates.page_hinkley import alarm_times, page_hinkley, smoothed


def plain(losses: list[float], r: float) -> list[int]:
    """The definition, in plain Python."""
    ph, mean, total, low, n, times = 0.0, 0.0, 0.0, 0.0, 0, []
    for k, loss in enumerate(losses):
        ph = (1 - r) * ph + r * loss if n > 1 / r else (n * ph + loss) / (n + 1)
        mean = (n * mean + ph) / (n + 1)
        total += ph - mean
        low = min(low, total)
        if total - low > 0.1 * losses[0]:
            times.append(k + 1)
            ph, mean, total, low, n = 0.0, 0.0, 0.0, 0.0, 0
        else:
            n += 1
    return times


@pytest.mark.parametrize("r", [1.0, 0.3, 0.1, 0.01])
def test_against_the_definition(r: float) -> None:
    rng = np.random.default_rng(3)
    for level in (0.0, 0.05, 0.3, 2.0):
        losses = (1 + level * rng.normal(size=300)).tolist()
        assert alarm_times(losses, r) == plain(losses, r)


def test_by_hand() -> None:
    """Losses 1, 2: the mean of both is 1.5 and that of ph_loss 1.25, so U = 0.25 > 0.1; after 11, 12 it is 0.25 < 1.1."""
    assert alarm_times([1.0, 2.0], 1.0) == [2]
    assert alarm_times([11.0, 12.0], 1.0) == []
    assert alarm_times([-1.0], 1.0) == [1]
    assert alarm_times([3.0, 2.0, 2.0, 1.0, 0.0], 0.5) == []


def test_the_state_is_reset_by_an_alarm() -> None:
    alarm, state = page_hinkley(2.0, (1.0, 1.0, 0.0, 0.0, 1.0), 1.0, 0.1)
    assert alarm
    assert tuple(map(float, state)) == (0.0,) * 5


def test_the_mean_gives_way_to_the_average_after_one_over_r() -> None:
    assert smoothed(5.0, 1.0, 4.0, 0.25) == (4 * 1 + 5) / 5
    assert smoothed(5.0, 1.0, 5.0, 0.25) == 0.75 * 1 + 0.25 * 5
