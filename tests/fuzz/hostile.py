"""Hostile values by pool: what users hand over by mistake, and what breaks code that does not look."""

from __future__ import annotations

import decimal
import fractions
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

#: elements of the vectors that the valid arguments hold
D = 3
Pool = Iterator[tuple[str, Any]]


class Tagged(np.ndarray):
    """A subclass with a state of its own."""


class Unreadable:
    """Refuses to be a number, to be compared and to be shown."""

    def __float__(self) -> float:
        raise TypeError("no number")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise ValueError("no array")

    def __repr__(self) -> str:
        return "Unreadable()"


def base() -> np.ndarray:
    """A plain vector."""
    return np.array([1.0, -2.0, 0.5])


def mapped(path: Path) -> np.ndarray:
    """A vector in a read-only file."""
    np.save(path, base())
    return np.load(path, mmap_mode="r")


_FOLDER = tempfile.TemporaryDirectory(prefix="lra_ref_fuzz_")


def scalars() -> Pool:
    """Everything that is no number, and the numbers at the edge."""
    yield from (("none", None), ("true", True), ("text", "text"), ("empty text", ""), ("bytes", b"\xff"), ("complex", 1 + 2j))
    yield from (("nan", float("nan")), ("inf", float("inf")), ("-inf", float("-inf")), ("negative", -1), ("zero", 0), ("-0.0", -0.0))
    yield from (("half", 0.5), ("huge", 1e300), ("subnormal", 5e-324), ("2^63", 2**63), ("2^64", 2**64), ("-2^63", -(2**63)))
    yield from (("10^400", 10**400), ("-10^400", -(10**400)), ("decimal", decimal.Decimal("0.1")), ("snan", decimal.Decimal("sNaN")))
    yield from (("fraction", fractions.Fraction(1, 3)), ("fraction of 10^400", fractions.Fraction(10**400, 3)))
    yield from (
        ("np.float16", np.float16(0.5)),
        ("np.float32 nan", np.float32("nan")),
        ("np.int8", np.int8(-3)),
        ("np.bool", np.bool_(True)),
    )
    yield from (("np.uint64", np.uint64(2**64 - 1)), ("np.longdouble", np.longdouble("1e4000")), ("np.complex", np.complex128(1)))
    yield from (("np.str", np.str_("3")), ("date", np.datetime64("2020-01-01")), ("span", np.timedelta64(3, "s")))
    yield from (("0-d", np.array(2.0)), ("one entry", np.array([2.0])), ("two entries", np.array([1.0, 2.0])), ("no entry", np.array([])))
    yield from (("0-d int", np.array(2)), ("0-d object", np.array(None)), ("masked", np.ma.masked), ("list", [1, 2]), ("empty list", []))
    yield from (
        ("tuple", ()),
        ("dict", {}),
        ("set", {1}),
        ("object", object()),
        ("type", float),
        ("function", len),
        ("no number", Unreadable()),
    )
    yield from (("iterator", iter(())), ("range", range(3)), ("slice", slice(3)), ("ellipsis", ...), ("not implemented", NotImplemented))
    yield "lines", "two\nlines"


def names() -> Pool:
    """Hostile names: everything but text, and texts that are no names."""
    yield from scalars()
    yield from (("nul", "a\0b"), ("long", "x" * 5000), ("path", "no such folder/name"), ("unicode", "gälä\u202e"), ("surrogate", "\udc80"))
    yield from (("braces", "{0.__class__}"), ("percent", "%s%n"))


def arrays() -> Pool:
    """Arrays that are nearly a vector of :data:`D` numbers."""
    x = base()
    yield from (
        ("none", None),
        ("text", "text"),
        ("dict", {}),
        ("set", {1.0}),
        ("object", object()),
        ("iterator", iter(x)),
        ("scalar", 1.0),
    )
    yield from (("list", x.tolist()), ("tuple", tuple(x)), ("ragged", [[1.0], [1.0, 2.0]]), ("range", range(D)), ("no array", Unreadable()))
    yield from (("list of text", ["a"] * D), ("list with none", [1.0, None, 2.0]), ("list with 10^400", [1.0, 10**400, 2.0]))
    yield from (
        ("0-d", np.array(1.0)),
        ("(D, 1)", x[:, None]),
        ("(1, D)", x[None]),
        ("(1, 1, D)", x[None, None]),
        ("longer", np.ones(D + 1)),
    )
    yield from (("empty", np.empty(0)), ("(0, D)", np.empty((0, D))), ("(D, 0)", np.empty((D, 0))), ("32 axes", np.ones((1,) * 31 + (D,))))
    for dtype in ("i1", "i8", "u8", "f2", "f4", "g", "?", "c16", "S3", "U3", "M8[s]", "m8[s]"):
        yield f"dtype {dtype}", np.ones(D).astype(dtype) if dtype[0] != "M" else np.zeros(D, "M8[s]")
    yield from (("object numbers", x.astype(object)), ("object mixed", np.array([1.0, "a", None], dtype=object)))
    yield from (("structured", np.zeros(D, dtype=[("a", "f8"), ("b", "i4")])), ("void", np.zeros(D, dtype="V8")))
    yield from (("longdouble 1e4000", np.full(D, np.longdouble("1e4000"))), ("uint64 max", np.full(D, 2**64 - 1, dtype=np.uint64)))
    for name, value in (("nan", np.nan), ("inf", np.inf), ("huge", 1e308), ("subnormal", 5e-324), ("zero", 0.0), ("-0.0", -0.0)):
        yield name, np.full(D, value)
    yield "one nan", np.array([1.0, np.nan, 2.0])
    frozen = base()
    frozen.flags.writeable = False
    padded = np.zeros(4 * D)
    yield from (("read-only", frozen), ("strided", padded[::4]), ("reversed", x[::-1]), ("broadcast", np.broadcast_to(1.0, (D,))))
    yield "overlapping", np.lib.stride_tricks.as_strided(np.arange(8.0), (D, D), (8, 8))
    yield "unaligned", np.frombuffer(b"\0" + x.tobytes(), dtype=np.uint8)[1:].view(np.float64)
    yield from (
        ("byte-swapped", x.astype(">f8")),
        ("fortran", np.asfortranarray(np.ones((2, D)))),
        ("memory-mapped", mapped(Path(_FOLDER.name) / "x.npy")),
    )
    yield from (("masked", np.ma.array(x, mask=[0, 1, 0])), ("not masked", np.ma.array(x)), ("subclass", x.view(Tagged)))
    yield "record", np.rec.array([(1.0,)] * D, dtype=[("a", "f8")])


def offsets() -> Pool:
    """Hostile offsets of blocks."""
    yield from arrays()
    yield from (
        (str(value), value)
        for value in ([0], [0, D + 1], [1, D], [D, 0], [0, 1, 1, D], [0.0, float(D)], [0, 2**63, D], [-1, D], [0, 2**70])
    )


def texts() -> Pool:
    """Hostile names of files and folders; none is there, and none has a line end (a message that names it would have two lines)."""
    yield from ((name, value) for name, value in names() if not (isinstance(value, str) and "\n" in value))


def functions() -> Pool:
    """What is no function, and functions that answer nonsense."""
    yield from ((name, value) for name, value in scalars() if not callable(value))
    for name, value in (*scalars(), *arrays()):
        yield f"answers {name}", lambda *_, value=value: value
        yield f"answers a pair of {name}", lambda *_, value=value: (value, value)


def mappings() -> Pool:
    """Hostile dictionaries."""
    yield from scalars()
    yield from (("unknown key", {"no such": 1}), ("number key", {1: 2}), ("nested", {"a": {"b": {}}}), ("pairs", [("a", 1)]))


def parameters() -> Pool:
    """Scalars and lists for the parameters of a problem; no size between the honest and the absurd: it would exhaust the memory."""
    yield from ((name, value) for name, value in scalars() if name not in ("2^63", "lines"))
    yield from (("list of nan", [float("nan")] * D), ("list of huge", [1e308] * D), ("list of text", ["a"]), ("nested", [[1.0], [2.0]]))
    yield from (
        ("array", base()),
        ("2-d array", np.ones((2, 2))),
        ("complex array", np.ones(D, complex)),
        ("masked array", np.ma.array(base(), mask=True)),
    )


def counts() -> Pool:
    """Scalars without the numbers of steps, of processes, ... that would be honest and endless."""
    yield from ((name, value) for name, value in scalars() if name not in ("2^63", "2^64", "10^400", "np.uint64"))


def lists() -> Pool:
    """What takes the place of a list of names."""
    yield from (
        (name, value)
        for name, value in scalars()
        if name not in ("none", "empty list", "tuple", "dict", "iterator", "no entry", "empty text")
    )
    yield from (("numbers", [1]), ("nones", [None]), ("lists", [[]]), ("unknown", ["no such name"]), ("lines", ["two\nlines"]))


POOLS: dict[str, Callable[[], Pool]] = {
    "scalar": scalars,
    "name": names,
    "array": arrays,
    "offsets": offsets,
    "path": texts,
    "function": functions,
    "mapping": mappings,
    "parameter": parameters,
    "listed": lists,
    "count": counts,
}
