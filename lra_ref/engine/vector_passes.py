"""The step of one long vector as a template: the parts' kernels piece by piece, so that composing them costs no memory traffic.

``vector_step`` puts the parts' kernels and the switches in the place of the capital names and compiles the result; ``vector_whole``
makes a step of the passes.  A pass goes over the
vector once, chunk by chunk as the sums want it, and over a chunk in pieces of LANES elements, one per running sum, to which
the kernels add.  The direction of a piece stays in the first-level cache, and while a piece is computed the next one is on its way from
memory, which longer pieces would have to wait for.  So a part's kernel is called with any piece of a chunk, and only the piece with
``lo == 0`` is the first.
"""

from __future__ import annotations

from typing import Any

from lra_ref.backends.memory import matrix_at
from lra_ref.backends.sums import CHUNK, LANES, clear, halved
from lra_ref.engine.loop import skip_element, skip_scalar

# --- what stands in the place of the parts; every name is replaced by `specialised` ------------------------------------------------------
D_BEGIN, D_SETTLE, R_BEGIN, R_DECIDE = skip_scalar, skip_scalar, skip_scalar, skip_scalar
D_GATHER, D_MAP, R_TERMS, R_MOVE = skip_element, skip_element, skip_element, skip_element
#: numbers of summands
GATHERED, SUMMED, LATE = 0, 0, 0
#: whether the direction is the gradient itself (ALIAS), stored as a whole before the rate is known (STORED), and whether the first pass
#: leaves the state alone, so that it can look for what is not finite along the way (LOOKS)
ALIAS, STORED, BLOCKWISE, LOOKS = True, False, False, False


def broken(values: Any) -> Any:
    """How many entries are not finite (kernel)."""
    count = 0
    for i in range(values.size):
        count += 0 if values[i] - values[i] == 0 else 1
    return count


def finite_pass(a: Any, b: Any, chunks: Any, g: Any, parts: Any) -> None:
    """The last column of ``parts``: how many entries of the chunk are not finite (kernel)."""
    last = parts.shape[1] - 1
    for c in range(a, b):
        parts[c, last] = broken(g[chunks[c, 0] : chunks[c, 1]])


def gather_pass(
    a: Any, b: Any, check: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, place: Any, parts: Any
) -> None:
    """Summands of the direction (kernel)."""
    lanes = matrix_at(place, max(GATHERED, 1), LANES, 1.0)
    for c in range(a, b):
        lo, high, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        bad = 0
        clear(lanes, GATHERED)
        while lo < high:
            hi = min(lo + LANES, high)
            if LOOKS and check:
                bad += broken(g[lo:hi])
            D_GATHER(s, lo, hi, 0, x, g, d, q, vec, coef, lanes)
            lo = hi
        for j in range(GATHERED):
            parts[c, j] = halved(lanes, j)
        if LOOKS:
            parts[c, parts.shape[1] - 1] = bad


def terms_pass(
    a: Any, b: Any, check: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_coef: Any, r_vec: Any, r_coef: Any,
    place: Any, parts: Any,
) -> None:  # fmt: skip
    """Summands of the rate, after the direction if it is to be stored (kernel)."""
    lanes = matrix_at(place, max(SUMMED, 1), LANES, 1.0)
    for c in range(a, b):
        lo, high, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        bad = 0
        clear(lanes, SUMMED)
        while lo < high:
            hi = min(lo + LANES, high)
            if LOOKS and GATHERED == 0 and check:
                bad += broken(g[lo:hi])
            if STORED:
                D_MAP(s, lo, hi, lo, x, g, d, q, d_vec, d_coef, lanes)
            if ALIAS:
                R_TERMS(s, lo, hi, lo, x, g, g, q, r_vec, r_coef, lanes)
            else:
                R_TERMS(s, lo, hi, lo if STORED else 0, x, g, d, q, r_vec, r_coef, lanes)
            lo = hi
        for j in range(SUMMED):
            parts[c, j] = halved(lanes, j)
        if LOOKS and GATHERED == 0:
            parts[c, parts.shape[1] - 1] = bad


def move_pass(
    a: Any, b: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_coef: Any, r_vec: Any, r_coef: Any,
    place: Any, parts: Any,
) -> None:  # fmt: skip
    """The direction where it is not stored, and the move (kernel)."""
    lanes = matrix_at(place, max(LATE, 1), LANES, 1.0)
    for c in range(a, b):
        lo, high, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        clear(lanes, LATE)
        while lo < high:
            hi = min(lo + (LANES if LATE > 0 or not (ALIAS or STORED) else CHUNK), high)
            if ALIAS:
                R_MOVE(s, lo, hi, lo, x, g, g, q, r_vec, r_coef, lanes)
            elif STORED:
                R_MOVE(s, lo, hi, lo, x, g, d, q, r_vec, r_coef, lanes)
            else:
                D_MAP(s, lo, hi, 0, x, g, d, q, d_vec, d_coef, lanes)
                R_MOVE(s, lo, hi, 0, x, g, d, q, r_vec, r_coef, lanes)
            lo = hi
        for j in range(LATE):
            parts[c, j] = halved(lanes, j)


def collect(count: Any, at: Any, chunks: Any, parts: Any, sums: Any) -> None:
    """``sums[s, at + j]``: the parts of block s in the order of its chunks (kernel)."""
    for c in range(chunks.shape[0]):
        s = chunks[c, 2]
        for j in range(count):
            sums[s, at + j] = parts[c, j] if c == 0 or chunks[c - 1, 2] != s else sums[s, at + j] + parts[c, j]


def lowered(coef: Any, low: Any) -> None:
    """The coefficients in the number type of the vector (kernel)."""
    for s in range(coef.shape[0]):
        for j in range(coef.shape[1]):
            low[s, j] = coef[s, j]


def opening(blocks: Any, t: Any, f: Any, sums: Any, d_scal: Any, d_hyp: Any, d_coef: Any, d_low: Any) -> None:
    """Coefficients of the direction that do not depend on its sums (kernel)."""
    D_BEGIN(0, blocks, t, f, sums, d_scal, d_hyp, d_coef)
    lowered(d_coef, d_low)


def settling(
    t: Any, f: Any, chunks: Any, parts: Any, sums: Any, d_scal: Any, d_hyp: Any, d_coef: Any, d_low: Any,
    r_scal: Any, r_hyp: Any, r_coef: Any, r_low: Any,
) -> None:  # fmt: skip
    """Coefficients of the direction from its sums, and what the summands of the rate need (kernel)."""
    if GATHERED > 0:
        collect(GATHERED, 0, chunks, parts, sums)
        D_SETTLE(0, d_coef.shape[0], t, f, sums, d_scal, d_hyp, d_coef)
        lowered(d_coef, d_low)
    R_BEGIN(0, r_coef.shape[0], t, f, sums, r_scal, r_hyp, r_coef)
    lowered(r_coef, r_low)


def deciding(
    t: Any, f: Any, chunks: Any, parts: Any, sums: Any, late: Any, r_scal: Any, r_hyp: Any, r_coef: Any, r_low: Any,
) -> Any:  # fmt: skip
    """The rate of this step (kernel)."""
    collect(SUMMED, 0, chunks, parts, sums)
    for s in range(late.shape[0]):
        for j in range(LATE):
            sums[s, SUMMED + j] = late[s, j]
    eta = R_DECIDE(0, r_coef.shape[0], t, f, sums, r_scal, r_hyp, r_coef)
    if not BLOCKWISE:
        for s in range(r_coef.shape[0]):
            r_coef[s, 0] = eta
    lowered(r_coef, r_low)
    return eta


def any_broken(parts: Any) -> Any:
    """Whether the last column says that an entry is not finite (kernel)."""
    last = parts.shape[1] - 1
    for c in range(parts.shape[0]):
        if parts[c, last] != 0:
            return True
    return False
