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
    "The passes with summands compute longer than they read (the notes of the float64 rows say how much): in the fixed order a summand is "
    "written to a tile of 1024 numbers and read again for its running sum: traffic within the first-level cache, at the rate of a vector "
    "per cycle, that the streams do not have; GALA has five summands per element, CLARA three, whose classes of size cost a dozen "
    "operations."
)
ONE_PASS = "One pass whose arithmetic takes about as long as its streams, the more so while other processes share the cores."
NARROW = (
    "Half the bytes, but not half the arithmetic: where a whole number meets a float32 compiled kernels go on in float64 (divisions of "
    "Adam and of norms, the classes of size, the running sums), with conversions both ways."
)
CALL = (
    "A step costs at least what its call costs (P2, the call itself), whatever D is: checks of the arguments, and at points of the rate "
    "those of the answers; the rest is the passes with summands, which the cache does not shorten."
)
DIVIDER = (
    "Both sides fit the caches, and the divider is the limit: a root and three divisions per element that can not be replaced by products "
    "with the same bits (two once the first bias correction has become 1); the second core halves that, less what waking it costs."
)
LOCKSTEP = (
    "Loss, gradient and rate of every trajectory are computed by calls of compiled functions, whose dozens of arguments cost more than the "
    "arithmetic of a few elements: about 20 ns per step and trajectory at D = 2, of which 8 are the call for the loss, where JAX compiles "
    "all of a step into one function."
)
IN_ORDER = (
    "Rosenbrock's kernel adds up the loss in the order of the elements, four cycles from one addition to the next: 0.9 ns per element, "
    "half of the step; the gradient beside it costs nothing. JAX adds in any order. (Sums of the engine itself run in 128 lanes.)"
)
NOISE = (
    "At this dimension the draw of the normals takes as long as the rest of the step, of which the loss, added up in the order of the "
    "elements, is half."
)
COLD = (
    "One core compiles all: the loop over trajectories takes four fifths of it, some 60 functions with dozens of array arguments each, "
    "about half of the time in LLVM and half in the compiler's own passes. No phase dominates: leaving one out saves at most a fifth."
)
WARM = "The note splits the processor time: most of it is imports, and the compiler learning what the cached functions reach."
SECOND = "Other processes take a share of the second core while this is measured."
SINGLE_PASS = (
    r"^(sign|sgd|rmsprop|adagrad|amsgrad|adamw?|adam_epsilon_hat|eg_\w+|(ema_)?momentum|nesterov|(cosine|inverse_\w+|step)_\w+) \|"
)
REASONS: list[Reason] = [
    Reason("P1", "float32", NARROW),
    Reason("P1", SINGLE_PASS, ONE_PASS),
    Reason("P1", "", SUMS),
    Reason("P2", "1e3", CALL),
    Reason("P2", "1e5", DIVIDER),
    Reason("P2", "1e7", "Both sides wait for memory."),
    Reason("P3", "1e3", CALL),
    Reason("P3", "1e7", SUMS),
    Reason("P4", "gaussian.*D = 100", NOISE),
    Reason("P4", "exact.*D = 100", IN_ORDER),
    Reason("P4", "", LOCKSTEP),
    Reason("P5", "", LOCKSTEP),
    Reason("P7", "cold", COLD),
    Reason("P7", "warm", WARM),
    Reason("P8", "", SECOND),
]


def reason_for(row: Row) -> str | None:
    """The first sentence about a row, None if there is none."""
    if row.note.startswith("failed: "):
        return row.note
    return next((reason.sentence for reason in REASONS if reason.explains(row)), None)
