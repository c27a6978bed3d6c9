"""The step of one long vector, in place: passes over the vector, compiled for one combination of parts.

The passes are a template (``vector_passes``).  For a combination of direction, rate and number type :func:`stages` puts the parts' kernels
and the switches in the place of the capital names and compiles the result; a piece is read from memory once per pass:

    finite    (optional) whether every entry of the gradient is finite, before anything changes; part of the first pass where that one
              leaves the state alone
    gather    (directions with norms) summands of the direction
    terms     (rates with feedback) summands of the rate; computes the direction first if the summands need it, and then stores it
    move      the direction where it is not stored, and the move

Sums are those of ``backends/sums``: per chunk in lanes, chunks in order, blocks in order.  So float64 results are bit for bit those of
the reference, for any number of threads.
"""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
import types
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.cpu import allocates, apart, compiled, reached, stands_apart
from lra_ref.backends.sums import CHUNK
from lra_ref.engine import vector_passes as template
from lra_ref.engine import vector_whole as whole
from lra_ref.engine.loop import skip_element, skip_scalar
from lra_ref.parts import Direction, Rate


class Stages(NamedTuple):
    """The compiled stages of one combination.

    ``placed``: a whole step on one thread, ``team`` and ``serve``: on several, by the one that steps and by the others.
    ``stored``: the direction needs a vector of its own; ``looks``: the first pass finds what is not finite, no pass of its own does;
    ``raises``: an element kernel may raise, on which threads that share a pass would wait for ever.
    """

    placed: Any
    team: Any
    serve: Any
    finite: Any
    gather: Any
    terms: Any
    move: Any
    opening: Any
    settling: Any
    deciding: Any
    collect: Any
    stored: bool
    looks: bool
    raises: bool
    gathered: int
    summed: int
    late: int


def sees(kernel: Any, name: str) -> bool:
    """Whether a kernel uses the argument called ``name``."""
    return any(step.argval == name or (isinstance(step.argval, tuple) and name in step.argval) for step in dis.get_instructions(kernel))


@cache
def nodes(kernel: Any) -> tuple[ast.AST, ...] | None:
    """What a kernel and the functions that it calls are made of; None if that cannot be read."""
    try:
        trees = [ast.parse(textwrap.dedent(inspect.getsource(function))) for function in reached(kernel)]
    except (OSError, TypeError, SyntaxError):
        return None
    return tuple(node for tree in trees for node in ast.walk(tree))


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """Names of the arrays into which something is stored, "?" for what is no name."""
    places = [n for n in nodes if isinstance(n, ast.Subscript | ast.Attribute) and isinstance(n.ctx, ast.Store | ast.Del)]
    return {place.value.id if isinstance(place.value, ast.Name) else "?" for place in places}


def stores(kernel: Any) -> set[str]:
    """Names of what a kernel and the functions that it calls store into, "?" if that cannot be seen."""
    made_of = nodes(kernel)
    return {"?"} if made_of is None else stored(made_of)


def may_raise(kernel: Any) -> bool:
    """Whether a kernel says so, or takes memory, which may not be had; True if that cannot be seen."""
    made_of = nodes(kernel)
    return made_of is None or allocates(kernel) or any(isinstance(node, ast.Raise | ast.Assert) for node in made_of)


def adds_only(kernel: Any) -> bool:
    """Whether a kernel adds to ``out`` whatever it stores there; True if that cannot be seen."""
    changes = [node for node in nodes(kernel) or () if isinstance(node, ast.Assign | ast.AugAssign) and "out" in stored(ast.walk(node))]
    return all(isinstance(change, ast.AugAssign) and isinstance(change.op, ast.Add) for change in changes)


def specialised(function: Callable[..., Any], names: dict[str, Any], done: dict[Any, Any]) -> Callable[..., Any]:
    """A copy of a function of the template with other values for its capital names, down through the functions it calls."""
    if function in done:
        return done[function]  # type: ignore[no-any-return]
    assert isinstance(function, types.FunctionType)
    if function.__module__ not in (template.__name__, whole.__name__):
        return function
    scope = dict(function.__globals__)
    done[function] = copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    if stands_apart(function):
        apart(copy)
    scope.update({name: value for name, value in names.items() if name in scope})
    for name in function.__code__.co_names:
        value = scope.get(name)
        if name not in names and isinstance(value, types.FunctionType):
            scope[name] = specialised(value, names, done)
    return copy


def stages(direction: Direction, rate: Rate, dtype: Any) -> Stages:
    """The compiled stages for the parts (as bound to their blocks) and float32 or float64 vectors."""
    terms, alias = rate.terms, direction.map is None
    keeps = terms is not None and not alias and sees(terms, "d")
    gather = direction.gather
    kernels = (
        direction.begin or skip_scalar, direction.settle or skip_scalar, rate.begin or skip_scalar, rate.decide,
        gather or skip_element, direction.map or skip_element, terms or skip_element, rate.move,
    )  # fmt: skip
    for kernel in (gather, terms, rate.move):
        if kernel is not None and not adds_only(kernel):
            raise ValueError(f"{kernel.__name__} must add its summands, out[j, i] += s: pieces of a vector share their sums")
    sizes = (direction.sums, rate.sums if terms is not None else 0, len(rate.late))
    # what runs up to the end of the first pass; of the scalars it may only have changed coefficients, of the vectors nothing
    early: list[Any] = [direction.begin, gather] if gather is not None else [direction.begin, rate.begin, terms]
    first = gather is not None or (terms is not None and not keeps)
    looks = first and all(stores(kernel) <= {"out", "coef"} for kernel in early if kernel is not None)
    return _stages(kernels, sizes, (alias, keeps, rate.blockwise, looks), np.dtype(dtype).name)


NAMES = ("D_BEGIN", "D_SETTLE", "R_BEGIN", "R_DECIDE", "D_GATHER", "D_MAP", "R_TERMS", "R_MOVE")


@cache
def _stages(kernels: tuple[Any, ...], sizes: tuple[int, int, int], switches: tuple[bool, bool, bool, bool], dtype: str) -> Stages:
    names = dict(zip(NAMES, kernels, strict=True))
    names |= dict(zip(("GATHERED", "SUMMED", "LATE"), sizes, strict=True))
    names |= dict(zip(("ALIAS", "STORED", "BLOCKWISE", "LOOKS"), switches, strict=True))
    alone, several = {**names, "TEAM": False}, {**names, "TEAM": True}
    v, m, s, ss, c = f"{dtype}[::1]", f"{dtype}[:, ::1]", "float64[::1]", "float64[:, ::1]", "int64[:, ::1]"
    vectors, scratch = f"{v}, {v}, {v}, {m}", f"int64, {ss}"
    span, two = "int64, int64", f"{m}, {m}, {m}, {m}"
    step = f"int64({c}, boolean, int64, float64, float64, {v}, {m})"
    wanted: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
        (whole.placed_step, alone, step),
        (whole.placed_step, several, step),
        (whole.serve, several, f"void({c}, {c}, int64, int64, {v})"),
        (template.finite_pass, alone, f"void({span}, {c}, {v}, {ss})"),
        (template.gather_pass, alone, f"void({span}, boolean, {c}, {vectors}, {m}, {m}, {scratch})"),
        (template.terms_pass, alone, f"void({span}, boolean, {c}, {vectors}, {two}, {scratch})"),
        (template.move_pass, alone, f"void({span}, {c}, {vectors}, {two}, {scratch})"),
        (template.opening, alone, f"void(int64, int64, {s}, {ss}, {ss}, {s}, {ss}, {m})"),
        (template.settling, alone, f"void(int64, {s}, {c}, {ss}, {ss}, {ss}, {s}, {ss}, {m}, {ss}, {s}, {ss}, {m})"),
        (template.deciding, alone, f"float64(int64, {s}, {c}, {ss}, {ss}, {ss}, {ss}, {s}, {ss}, {m})"),
        (template.collect, alone, f"void(int64, int64, {c}, {ss}, {ss})"),
    ]
    done: dict[int, dict[Any, Any]] = {id(alone): {}, id(several): {}}
    made: list[Any] = [Lazy(specialised(function, switched, done[id(switched)]), signature) for function, switched, signature in wanted]
    _, stored, _, looks = switches
    raises = any(may_raise(kernel) for kernel in kernels[4:])
    return Stages._make([*made, stored, looks, raises, *sizes])


class Lazy:
    """A kernel that is compiled at its first call: one thread never needs the single passes."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self._wanted = (function, signature)
        self._made: Any = None

    def made(self) -> Any:
        """The compiled kernel."""
        if self._made is None:
            self._made = compiled(*self._wanted)
        return self._made

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        return self.made()(*arguments)


def chunks_of(offsets: Any) -> Any:
    """``(first, last, block)`` of every chunk, in order."""
    rows = [
        (lo, min(lo + CHUNK, int(high)), s) for s, (low, high) in enumerate(pairwise(offsets)) for lo in range(int(low), int(high), CHUNK)
    ]
    return np.array(rows, dtype=np.int64)
