"""Sums in a fixed order, the same bits in NumPy and in compiled code, whatever the threads.

Element i of a block goes to running sum ``i mod LANES`` within its chunk of ``CHUNK`` elements; the lanes are added by halving;
the chunks of a block are added in order.  The error grows like ``CHUNK / LANES + log2(LANES) + D / CHUNK`` roundings, not like D.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.backends.cpu import apart
from lra_ref.typing import Array

LANES = 128
CHUNK = 4096


def fold(rows: Any, j: Any, n: Any, lanes: Any) -> Any:
    """Sum of ``rows[j, :n]``, n <= CHUNK (kernel); ``lanes`` is scratch of LANES numbers."""
    return fold_from(rows, j, 0, n, lanes)


def fold_from(rows: Any, j: Any, start: Any, n: Any, lanes: Any) -> Any:
    """Sum of ``rows[j, start : start + n]``, as :func:`fold` (kernel)."""
    top = min(n, LANES)
    for k in range(top):
        lanes[k] = 0 + rows[j, start + k]
    base = LANES
    while base < n:
        part = rows[j, start + base : start + min(base + LANES, n)]
        for k in range(part.size):
            lanes[k] += part[k]
        base += LANES
    width = 1
    while 2 * width < top:
        width *= 2
    while width > 0:
        for k in range(min(width, top - width)):
            lanes[k] += lanes[k + width]
        width //= 2
    return lanes[0]


def clear(lanes: Any, count: Any) -> None:
    """Set the running sums of ``count`` summands to 0 (kernel); ``lanes`` has shape (at least count, LANES)."""
    for j in range(count):
        sums = lanes[j]
        for k in range(sums.size):
            sums[k] = 0


@apart
def halved(lanes: Any, j: Any) -> Any:
    """The sum of ``lanes[j]`` by halving, which overwrites it (kernel): of a cleared row with pieces added, the bits of :func:`fold`."""
    sums = lanes[j]
    width = LANES // 2
    while width > 0:
        low, high = sums[:width], sums[width : 2 * width]
        for k in range(high.size):
            low[k] += high[k]
        width //= 2
    return sums[0]


def block_sums(summands: Array, offsets: Array) -> Array:
    """Sums over the blocks of the last axis in the same order: ``(..., D)`` -> ``(..., K)``, always float64 (or wider)."""
    return np.stack([_ordered(summands[..., lo:hi]) for lo, hi in pairwise(offsets)], axis=-1)


def _ordered(block: Array) -> Array:
    size = block.shape[-1]
    chunks = -(-size // CHUNK)
    rows = CHUNK // LANES if chunks > 1 else -(-size // LANES)
    padded = np.zeros_like(block, shape=(*block.shape[:-1], chunks * rows * LANES), dtype=np.float64)
    padded[..., :size] = block
    grid = padded.reshape(*block.shape[:-1], chunks, rows, LANES)
    lanes = np.zeros_like(grid[..., 0, :])
    for row in range(rows):
        lanes = lanes + grid[..., row, :]
    width = LANES // 2
    while width:
        lanes = lanes[..., :width] + lanes[..., width : 2 * width]
        width //= 2
    total = lanes[..., 0, 0]
    for chunk in range(1, chunks):
        total = total + lanes[..., chunk, 0]
    return total


def in_order(parts: Array) -> Array:
    """Sum over the blocks, in order: ``(..., K)`` -> ``(..., 1)``."""
    total = parts[..., :1]
    for k in range(1, parts.shape[-1]):
        total = total + parts[..., k : k + 1]
    return total
