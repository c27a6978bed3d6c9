"""Nothing grows: the memory of long runs and of many short ones stays flat, and a leak is seen by the same check."""

from __future__ import annotations

import pytest

from tests.soak.jobs import JOBS, LEAKS, SHARES
from tests.soak.memory import ALLOWED, measured, rise

pytest.importorskip("psutil")
MEGABYTE = 2**20


def test_the_rise_of_a_line() -> None:
    warm = [50 * MEGABYTE] * 4 + [100 * MEGABYTE] * 6
    assert rise(warm) == pytest.approx(0, abs=1)
    assert rise([k * MEGABYTE for k in range(10)]) == pytest.approx(4 * MEGABYTE)
    with pytest.raises(ValueError, match="at least 8 samples"):
        rise([1] * 7)


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_memory_stays_flat(name: str) -> None:
    found = measured(name)
    assert len(found["samples"]) == SHARES
    assert found["rise"] <= ALLOWED, f"{name}: {found['rise'] / MEGABYTE:.2f} MiB more, {[s // 1024 for s in found['samples']]} KiB"


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_seen(name: str) -> None:
    assert measured(name)["rise"] > ALLOWED
