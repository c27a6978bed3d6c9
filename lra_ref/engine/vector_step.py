"""The step of one long vector, in place: the parts' kernels chunk by chunk, so that composing them costs no memory traffic.

The functions below are a template.  For a combination of direction, rate and number type :func:`stages` puts the parts' kernels and
the switches in the place of the capital names and compiles the result; a chunk is read from memory once per pass:

    finite    (optional) whether every entry of the gradient is finite, before anything changes
    gather    (directions with norms) summands of the direction
    terms     (rates with feedback) summands of the rate; computes the direction first if the summands need it, and then stores it
    move      the direction where it is not stored, and the move

Sums are those of ``backends/sums``: per chunk in lanes, chunks in order, blocks in order.  So float64 results are bit for bit those of
the reference, for any number of threads.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.cpu import compiled
from lra_ref.backends.sums import CHUNK, fold
from lra_ref.engine.loop import skip_element, skip_scalar
from lra_ref.parts import Direction, Rate

# --- what stands in the place of the parts; every name is replaced by `specialised` ------------------------------------------------------
D_BEGIN, D_SETTLE, R_BEGIN, R_DECIDE = skip_scalar, skip_scalar, skip_scalar, skip_scalar
D_GATHER, D_MAP, R_TERMS, R_MOVE = skip_element, skip_element, skip_element, skip_element
#: numbers of summands; whether the direction is the gradient itself (ALIAS), stored as a whole before the rate is known (STORED)
GATHERED, SUMMED, LATE = 0, 0, 0
ALIAS, STORED, BLOCKWISE = True, False, False


def finite_pass(a: Any, b: Any, chunks: Any, g: Any, out: Any, lanes: Any, parts: Any) -> None:
    """``parts[c, 0]`` is 0 where every entry of chunk c is finite, else nan (kernel)."""
    for c in range(a, b):
        gs = g[chunks[c, 0] : chunks[c, 1]]
        for i in range(gs.size):
            out[0, i] = gs[i] * 0
        parts[c, 0] = fold(out, 0, gs.size, lanes)


def gather_pass(a: Any, b: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any, lanes: Any, parts: Any) -> None:
    """Summands of the direction (kernel)."""
    for c in range(a, b):
        lo, hi, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        D_GATHER(s, lo, hi, 0, x, g, d, q, vec, coef, out)
        for j in range(GATHERED):
            parts[c, j] = fold(out, j, hi - lo, lanes)


def terms_pass(
    a: Any, b: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_coef: Any, r_vec: Any, r_coef: Any,
    out: Any, lanes: Any, parts: Any,
) -> None:  # fmt: skip
    """Summands of the rate, after the direction if it is to be stored (kernel)."""
    for c in range(a, b):
        lo, hi, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        if STORED:
            D_MAP(s, lo, hi, lo, x, g, d, q, d_vec, d_coef, out)
        if ALIAS:
            R_TERMS(s, lo, hi, lo, x, g, g, q, r_vec, r_coef, out)
        else:
            R_TERMS(s, lo, hi, lo if STORED else 0, x, g, d, q, r_vec, r_coef, out)
        for j in range(SUMMED):
            parts[c, j] = fold(out, j, hi - lo, lanes)


def move_pass(
    a: Any, b: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_coef: Any, r_vec: Any, r_coef: Any,
    out: Any, lanes: Any, parts: Any,
) -> None:  # fmt: skip
    """The direction where it is not stored, and the move (kernel)."""
    for c in range(a, b):
        lo, hi, s = chunks[c, 0], chunks[c, 1], chunks[c, 2]
        if ALIAS:
            R_MOVE(s, lo, hi, lo, x, g, g, q, r_vec, r_coef, out)
        elif STORED:
            R_MOVE(s, lo, hi, lo, x, g, d, q, r_vec, r_coef, out)
        else:
            D_MAP(s, lo, hi, 0, x, g, d, q, d_vec, d_coef, out)
            R_MOVE(s, lo, hi, 0, x, g, d, q, r_vec, r_coef, out)
        for j in range(LATE):
            parts[c, j] = fold(out, j, hi - lo, lanes)


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


def whole_step(
    check: Any, t: Any, f: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_scal: Any, d_hyp: Any, d_coef: Any, d_low: Any,
    r_vec: Any, r_scal: Any, r_hyp: Any, r_coef: Any, r_low: Any, late: Any, out: Any, lanes: Any, parts: Any, sums: Any, played: Any,
) -> Any:  # fmt: skip
    """All stages on one thread (kernel): the status, 0 if the point moved."""
    n, blocks = chunks.shape[0], late.shape[0]
    if not np.isfinite(f[0]):
        return 1
    if check:
        finite_pass(0, n, chunks, g, out, lanes, parts)
        for c in range(n):
            if not np.isfinite(parts[c, 0]):
                return 1
    opening(blocks, t, f, sums, d_scal, d_hyp, d_coef, d_low)
    if GATHERED > 0:
        gather_pass(0, n, chunks, x, g, d, q, d_vec, d_low, out, lanes, parts)
    settling(t, f, chunks, parts, sums, d_scal, d_hyp, d_coef, d_low, r_scal, r_hyp, r_coef, r_low)
    if SUMMED > 0 or STORED:
        terms_pass(0, n, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, out, lanes, parts)
    played[0] = deciding(t, f, chunks, parts, sums, late, r_scal, r_hyp, r_coef, r_low)
    if r_scal[0, 0] != 0:
        return int(r_scal[0, 0])
    if not np.isfinite(played[0]):
        return 3
    move_pass(0, n, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, out, lanes, parts)
    collect(LATE, 0, chunks, parts, late)
    return 0


class Stages(NamedTuple):
    """The compiled stages of one combination; ``stored``: the direction needs a vector of its own."""

    whole: Any
    finite: Any
    gather: Any
    terms: Any
    move: Any
    opening: Any
    settling: Any
    deciding: Any
    collect: Any
    stored: bool
    gathered: int
    summed: int
    late: int


def sees(kernel: Any, name: str) -> bool:
    """Whether a kernel uses the argument called ``name``."""
    return any(step.argval == name or (isinstance(step.argval, tuple) and name in step.argval) for step in dis.get_instructions(kernel))


def specialised(function: Callable[..., Any], names: dict[str, Any], done: dict[Any, Any]) -> Callable[..., Any]:
    """A copy of a function of this module with other values for its capital names, down through the functions it calls."""
    if function in done:
        return done[function]  # type: ignore[no-any-return]
    assert isinstance(function, types.FunctionType)
    if function.__module__ != __name__:
        return function
    scope = dict(function.__globals__)
    done[function] = copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    for name in function.__code__.co_names:
        value = scope.get(name)
        if name in names:
            scope[name] = names[name]
        elif isinstance(value, types.FunctionType):
            scope[name] = specialised(value, names, done)
    return copy


def stages(direction: Direction, rate: Rate, dtype: Any) -> Stages:
    """The compiled stages for the parts (as bound to their blocks) and float32 or float64 vectors."""
    terms, alias = rate.terms, direction.map is None
    stored = terms is not None and not alias and sees(terms, "d")
    kernels = (
        direction.begin or skip_scalar, direction.settle or skip_scalar, rate.begin or skip_scalar, rate.decide,
        direction.gather or skip_element, direction.map or skip_element, terms or skip_element, rate.move,
    )  # fmt: skip
    sizes = (direction.sums, rate.sums if terms is not None else 0, len(rate.late))
    return _stages(kernels, sizes, (alias, stored, rate.blockwise), np.dtype(dtype).name)


NAMES = ("D_BEGIN", "D_SETTLE", "R_BEGIN", "R_DECIDE", "D_GATHER", "D_MAP", "R_TERMS", "R_MOVE")


@cache
def _stages(kernels: tuple[Any, ...], sizes: tuple[int, int, int], switches: tuple[bool, bool, bool], dtype: str) -> Stages:
    names = dict(zip(NAMES, kernels, strict=True))
    names |= dict(zip(("GATHERED", "SUMMED", "LATE"), sizes, strict=True)) | dict(
        zip(("ALIAS", "STORED", "BLOCKWISE"), switches, strict=True)
    )
    done: dict[Any, Any] = {}
    v, m, s, ss, c = f"{dtype}[::1]", f"{dtype}[:, ::1]", "float64[::1]", "float64[:, ::1]", "int64[:, ::1]"
    vectors, scratch = f"{v}, {v}, {v}, {m}", f"{m}, {s}, {ss}"
    span, two = "int64, int64", f"{m}, {m}, {m}, {m}"
    half = f"{m}, {ss}, {s}, {ss}, {m}"
    signatures: dict[Callable[..., Any], str] = {
        whole_step: f"int64(boolean, int64, {s}, {c}, {vectors}, {half}, {half}, {ss}, {scratch}, {ss}, {s})",
        finite_pass: f"void({span}, {c}, {v}, {scratch})",
        gather_pass: f"void({span}, {c}, {vectors}, {m}, {m}, {scratch})",
        terms_pass: f"void({span}, {c}, {vectors}, {two}, {scratch})",
        move_pass: f"void({span}, {c}, {vectors}, {two}, {scratch})",
        opening: f"void(int64, int64, {s}, {ss}, {ss}, {s}, {ss}, {m})",
        settling: f"void(int64, {s}, {c}, {ss}, {ss}, {ss}, {s}, {ss}, {m}, {ss}, {s}, {ss}, {m})",
        deciding: f"float64(int64, {s}, {c}, {ss}, {ss}, {ss}, {ss}, {s}, {ss}, {m})",
        collect: f"void(int64, int64, {c}, {ss}, {ss})",
    }
    whole, finite, gather, terms, move, opened, settled, decided, collected = (
        Lazy(specialised(function, names, done), signature) for function, signature in signatures.items()
    )
    return Stages(whole, finite, gather, terms, move, opened, settled, decided, collected, switches[1], *sizes)


class Lazy:
    """A kernel that is compiled at its first call: one thread never needs the single passes."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self._wanted = (function, signature)
        self._made: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        if self._made is None:
            self._made = compiled(*self._wanted)
        return self._made(*arguments)


def chunks_of(offsets: Any) -> Any:
    """``(first, last, block)`` of every chunk, in order."""
    rows = [
        (lo, min(lo + CHUNK, int(high)), s) for s, (low, high) in enumerate(pairwise(offsets)) for lo in range(int(low), int(high), CHUNK)
    ]
    return np.array(rows, dtype=np.int64)
