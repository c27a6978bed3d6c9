"""How fast this machine moves given numbers of streams: the limit of a step on a long vector.

For every number of rows read, updated in place and written there is a loop over all of them at once, with hardly any arithmetic; what
it reaches is the bandwidth that is left for a step with the same streams, on this machine, now.  (Going through the rows one after
another, tile by tile, reaches only two thirds of that: several streams at once keep more lines in flight.)  Rows must be filled:
untouched zeros are one page of memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from lra_ref.backends.cpu import OPTIONS, interpreted
from lra_ref.bench.words import Streams
from lra_ref.typing import Array

#: elements after which the sum of the rows that are only read goes to the same place in the cache again
TILE = 4096


def source(streams: Streams) -> str:
    """The loop as Python: ``move(a, rows, total)`` over the rows from row ``a`` on."""
    names = [f"r{j}" for j in range(streams.read)], [f"u{j}" for j in range(streams.updated)], [f"w{j}" for j in range(streams.written)]
    flat = [name for group in names for name in group]
    views = [f"        {name} = rows[{j}, at:stop]" for j, name in enumerate(flat)]
    lines = [f"            value = {' + '.join(f'{name}[i]' for name in names[0]) or 'total[i]'}"]
    lines += [f"            {name}[i] = value - {name}[i]" for name in names[1]] + [f"            {name}[i] = value" for name in names[2]]
    if not names[1] and not names[2]:
        lines.append("            total[i] = value")
    head = ["def move(rows, total):", "    at = 0", "    while at < rows.shape[1]:", f"        stop = min(at + {TILE}, rows.shape[1])"]
    return "\n".join([*head, *views, "        for i in range(stop - at):", *lines, "        at = stop", ""])


@cache
def kernel(streams: Streams, kind: str) -> Callable[[Array, Array], None]:
    """The compiled loop for ``float64`` or ``float32`` rows."""
    scope: dict[str, Any] = {"min": min}
    exec(source(streams), scope)
    if interpreted():
        return scope["move"]  # type: ignore[no-any-return]
    import numba

    return numba.njit(f"void({kind}[:, ::1], {kind}[::1])", **OPTIONS)(scope["move"])


class Limit:
    """The streams of given passes over vectors: calling it moves them once.

    ``pool`` is a filled matrix with at least as many rows as the widest pass has streams; its numbers are overwritten.
    """

    def __init__(self, pool: Array, passes: Iterable[Streams]) -> None:
        self.passes = tuple(passes)
        widest = max((p.read + p.updated + p.written for p in self.passes), default=0)
        if pool.ndim != 2 or pool.shape[0] < widest:
            raise ValueError(f"pool must have at least {widest} rows, got shape {pool.shape}")
        self._kernels = [kernel(p, pool.dtype.name) for p in self.passes]
        self._pool, self._total = pool, np.ones(TILE, pool.dtype)

    def __call__(self) -> None:
        """Move all streams of all passes."""
        for move in self._kernels:
            move(self._pool, self._total)


def filled(rows: int, size: int, dtype: Any) -> Array:
    """A matrix of normal numbers: every page of it is there."""
    made = np.empty((rows, size), dtype)
    for j, row in enumerate(made):
        np.random.default_rng(j).standard_normal(out=row, dtype=made.dtype.type)
    return made
