"""Types of generated code and how they mix: the promotion rules of the CPU's compiler, so that float32 has the same bits too.

A whole number with a float32 makes a float64, as in compiled kernels (other than in NumPy, where a literal takes the type of the array);
the larger or smaller of the two stays float32.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Scalar:
    """A number: C name, a letter for names of functions, and whether it is real."""

    c: str
    letter: str
    real: bool = False


BOOL, I64, U64 = Scalar("bool", "b"), Scalar("i64", "i"), Scalar("u64", "u")
F32, F64 = Scalar("float", "f", True), Scalar("double", "d", True)
REALS = {"float32": F32, "float64": F64}


@dataclass(frozen=True)
class Array:
    """A view of contiguous rows: one to three axes."""

    of: Scalar
    axes: int

    @property
    def c(self) -> str:
        """Name in C++."""
        return f"A{self.axes}<{self.of.c}>"

    @property
    def letter(self) -> str:
        """For names of functions."""
        return f"{self.of.letter.upper()}{self.axes}"


@dataclass(frozen=True)
class Tuple:
    """Several values."""

    items: tuple[Any, ...]

    @property
    def c(self) -> str:
        """Name in C++."""
        return f"T{self.letter}"

    @property
    def letter(self) -> str:
        """For names of functions."""
        return "_" + "".join(item.letter for item in self.items) + "_"


@dataclass(frozen=True)
class Function:
    """A kernel handed over as an argument: known while translating, not there in the program."""

    python: types.FunctionType
    letter: str = ""


@dataclass(frozen=True)
class Void:
    """Nothing."""

    c: str = "void"
    letter: str = "v"


VOID = Void()


class Untranslatable(TypeError):
    """A kernel uses something that has no counterpart; says what and where."""


def unify(a: Any, b: Any) -> Any:
    """The type that holds both (operands, branches, assignments of one variable); ``Untranslatable`` if there is none."""
    if a == b or b is None:
        return a
    if a is None:
        return b
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items):
        return Tuple(tuple(unify(x, y) for x, y in zip(a.items, b.items, strict=True)))
    if not (isinstance(a, Scalar) and isinstance(b, Scalar)):
        raise Untranslatable(f"{getattr(a, 'c', 'a function')} and {getattr(b, 'c', 'a function')} do not mix")
    if a.real and b.real:
        return F64
    if a.real or b.real:
        real, whole = (a, b) if a.real else (b, a)
        return real if whole == BOOL else F64
    if BOOL in (a, b):
        return b if a == BOOL else a
    raise Untranslatable("signed and unsigned whole numbers do not mix")


def of_value(value: Any) -> Any:
    """Type of a constant of the program."""
    if isinstance(value, bool | np.bool_):
        return BOOL
    if isinstance(value, np.uint64):
        return U64
    if isinstance(value, int | np.integer):
        return I64
    if isinstance(value, np.float32):
        return F32
    if isinstance(value, float | np.floating):
        return F64
    if isinstance(value, tuple):
        return Tuple(tuple(of_value(item) for item in value))
    if isinstance(value, types.FunctionType):
        return Function(value)
    raise Untranslatable(f"a constant of type {type(value).__name__}")


def literal(value: Any) -> str:
    """A constant in C++, every bit of it."""
    kind = of_value(value)
    if kind == BOOL:
        return "true" if value else "false"
    if kind == U64:
        return f"{int(value)}ull"
    if kind == I64:
        return f"{int(value)}ll" if value >= 0 else f"(-{-int(value)}ll)"
    if isinstance(kind, Tuple):
        return f"{kind.c}{{{', '.join(literal(item) for item in value)}}}"
    suffix = "f" if kind == F32 else ""
    if np.isnan(value):
        return f"{kind.c}(NAN)"
    if np.isinf(value):
        return f"{kind.c}({'-' if value < 0 else ''}INFINITY)"
    text = repr(float(value))
    return f"({text}{suffix})" if value < 0 or text.startswith("-") else text + suffix
