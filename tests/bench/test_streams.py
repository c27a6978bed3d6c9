"""The loop that only moves streams: it touches every row as it should."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.bench.streams import TILE, Limit, filled, kernel, source
from lra_ref.bench.words import Streams


@pytest.mark.parametrize("streams", [Streams(1, 1, 0), Streams(2, 1, 2), Streams(3, 0, 0), Streams(0, 1, 0), Streams(1, 0, 1)], ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_are_read_updated_and_written(streams: Streams, dtype: type) -> None:
    rows = filled(6, 2 * TILE + 37, dtype)
    before, total = rows.copy(), np.full(TILE, 2, dtype)
    scope: dict[str, object] = {}
    exec(source(streams), scope)
    scope["move"](rows, total)  # type: ignore[operator]
    read, updated, written = streams.read, streams.updated, streams.written
    value = np.full(rows.shape[1], 2, dtype)
    if read:
        value = before[0].copy()
        for row in before[1:read]:
            value = value + row
    assert np.array_equal(rows[:read], before[:read])
    assert np.array_equal(rows[read : read + updated], value - before[read : read + updated])
    assert np.array_equal(rows[read + updated : read + updated + written], np.tile(value, (written, 1)))
    assert np.array_equal(rows[read + updated + written :], before[read + updated + written :])
    if not updated and not written:
        assert np.array_equal(total[:37], value[2 * TILE :])


def test_compiled_and_plain_are_the_same() -> None:
    streams, one, two = Streams(2, 1, 1), filled(4, TILE + 5, np.float64), filled(4, TILE + 5, np.float64)
    kernel(streams, "float64")(one, np.ones(TILE))
    scope: dict[str, object] = {}
    exec(source(streams), scope)
    scope["move"](two, np.ones(TILE))  # type: ignore[operator]
    assert np.array_equal(one, two)


def test_the_limit_goes_through_all_passes() -> None:
    pool = filled(2, 50, np.float64)
    before = pool.copy()
    Limit(pool, [Streams(1, 1, 0), Streams(1, 1, 0)])()
    # u -> r - u twice
    assert np.array_equal(pool[1], before[0] - (before[0] - before[1]))
    with pytest.raises(ValueError, match="pool must have at least 3 rows"):
        Limit(pool, [Streams(1, 1, 1)])


def test_filled_means_every_element() -> None:
    made = filled(3, 100, np.float32)
    assert made.dtype == np.float32
    assert np.all(made != 0)
    assert not np.array_equal(made[0], made[1])
