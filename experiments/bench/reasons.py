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
    "The passes with summands compute longer than they read (the notes of the float64 rows say how much). They work in pieces of 128 "
    "elements, one per running sum; every piece begins with some hundred instructions that cut it out of its vectors and see that these do "
    "not overlap, and every summand reads and writes its running sum in the first-level cache. Meanwhile little is asked of the memory."
)
COPIES = (
    "Gradients at two points or more are copied into one matrix, four words per element (six for three points) that the fewest words do "
    "not count; and the summands, as above."
)
EXPONENTIALS = "An exponential of every element: some forty operations, no part of which waits for memory."
ONE_PASS = "Passes whose arithmetic (signs, divisions, roots, limits) takes about as long as their streams."
NARROW = (
    "Half the bytes, but not half the arithmetic: where a whole number meets a float32 compiled kernels go on in float64 (divisions of "
    "Adam and of norms, the running sums), with conversions both ways."
)
FUSED = (
    "XLA fuses a method of few states into as few passes: both sides wait for memory (P1 says how close to its limit the step is), and no "
    "factor of 2 is left."
)
CALL = (
    "A step costs at least what its call costs (P2, the call itself), whatever D is: checks of the arguments, and at points of the rate "
    "those of the answers; the rest is the passes with summands, which the cache does not shorten."
)
DIVIDER = (
    "Both sides fit the caches, and the divider is the limit: a root and three divisions per element that can not be replaced by "
    "products with the same bits (two once the first bias correction has become 1). Two threads halve that, less a few "
    "microseconds in which they meet."
)
LOCKSTEP = (
    "Loss, gradient and rate of every trajectory are computed by calls of compiled functions, whose dozens of arguments cost more than the "
    "arithmetic of a few elements: about 18 ns per step and trajectory at D = 2, of which 8 are the call for the loss, where JAX compiles "
    "all of a step into one function."
)
ADAM = (
    "Adam's root and divisions are half of the step, at the rate of the divider; the loss is a fifth. (Its sum has a fixed order, in 32 "
    "running sums; JAX adds in any order.)"
)
COLD = "One core compiles all: the loop over trajectories is 60 % of it, the kernels of Rosenbrock's function and of Adam 20 %."
WARM = (
    "NumPy, Numba, its registries and SciPy's linear algebra, which Numba imports to look for BLAS, take 0.4 s of processor time before "
    "the first kernel is loaded, the modules of the package 0.17 s."
)
SECOND = "Other processes take a share of the second core while this is measured."
EXACT_EXP = r"^spalera_"
SINGLE_PASS = (
    r"^(sign|sgd|rmsprop|adagrad|amsgrad|adamw?|adam_epsilon_hat|eg_\w+|egdd_\w+|(ema_)?momentum|nesterov|(cosine|inverse_\w+|step)_\w+) \|"
)
REASONS: list[Reason] = [
    Reason("P1", EXACT_EXP, EXPONENTIALS),
    Reason("P1", r"^gala_(sgd|adam|nsgdm) \|", COPIES),
    Reason("P1", "float32", NARROW),
    Reason("P1", SINGLE_PASS, ONE_PASS),
    Reason("P1", "", SUMS),
    Reason("P2", "1e3", CALL),
    Reason("P2", "1e5", DIVIDER),
    Reason("P2", "1e7", "Both sides wait for memory."),
    Reason("P3", "1e3", CALL),
    Reason("P3", "1e7", FUSED),
    Reason("P4", "exact.*D = 1000 ", ADAM),
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
