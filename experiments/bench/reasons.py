"""Why a goal of the benchmarks is not met: sentences for docs/performance.md, found by the id and the name of a row.

A row that misses its goal and has no reason here fails ``python -m experiments.bench.report --check``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lra_ref.bench.rows import Row


class Reason(NamedTuple):
    """A sentence for the rows of ``id`` whose name, peer and size match the pattern."""

    id: str
    pattern: str
    sentence: str

    def explains(self, row: Row) -> bool:
        """Whether it is about this row."""
        return row.id == self.id and re.search(self.pattern, f"{row.what} | {row.peer} | {row.size} | {row.dtype}") is not None


SUMS = (
    "The passes with summands compute longer than they read (the notes of the float64 rows say how much): every summand is written to a "
    "row of 4096 numbers, 32 KiB in float64, before it is added up in the fixed order, several rows leave the first-level cache, and "
    "CLARA's norm takes three summands per element."
)
ONE_PASS = "One pass whose arithmetic takes about as long as its streams, the more so while other processes share the cores."
CALL = (
    "A step costs at least what its call costs (P2, the call itself), whatever D is: argument checks and the hand-over of "
    "25 arguments to compiled code; the peer's call is cheap here."
)
SWEEP = (
    "Every kernel is called through a helper that cuts chunks: in P4 the row of momentum has one such call more than that of sgd, with "
    "hardly any arithmetic. And trajectories run one by one instead of in blocks, so that small dimensions do not fill vector registers, "
    "which JAX's vmap does."
)
COLD = "All functions are compiled by one core, of which other processes take a share."
WARM = "The note splits the processor time: most of it is imports, and the compiler learning what the cached functions reach."
SECOND = "Other processes take a share of the second core while this is measured."
SINGLE_PASS = (
    r"^(sign|sgd|rmsprop|adagrad|amsgrad|adamw?|adam_epsilon_hat|eg_\w+|(ema_)?momentum|nesterov|(cosine|inverse_\w+|step)_\w+) \|"
)
REASONS: list[Reason] = [
    Reason("P1", SINGLE_PASS, ONE_PASS),
    Reason("P1", "", SUMS),
    Reason("P2", "1e3", CALL),
    Reason("P2", "1e5", "Both sides fit the caches; sharing out 25 chunks over threads costs as much as it saves at this size."),
    Reason("P2", "1e7", "Both sides wait for memory."),
    Reason("P3", "1e3", CALL),
    Reason("P3", "1e7", SUMS),
    Reason("P4", "", SWEEP),
    Reason("P5", "", SWEEP),
    Reason("P7", "cold", COLD),
    Reason("P7", "warm", WARM),
    Reason("P8", "", SECOND),
]


def reason_for(row: Row) -> str | None:
    """The first sentence about a row, None if there is none."""
    if row.note.startswith("failed: "):
        return row.note
    return next((reason.sentence for reason in REASONS if reason.explains(row)), None)
