"""The functions of NumPy and of Python that kernels use, in C++.

``EXACT`` ones are rounded the same everywhere (IEEE 754 operations, and what is made of selects); ``LIBRARY`` ones come from the
mathematical library of the device, whose last bits are its own: a program lists those that it uses.
"""

from __future__ import annotations

from typing import Any

from lra_ref.backends.cuda.types import BOOL, F32, F64, I64, U64, Scalar, Untranslatable, unify

#: functions of the library, with the largest error in ulp that NVIDIA's manual states for float64 (unconfirmed: not measured here)
LIBRARY = {"exp": 1, "expm1": 1, "log": 1, "log1p": 1, "sin": 2, "cos": 2, "tanh": 1, "erfc": 5}
CASTS = {"float64": F64, "float32": F32, "int64": I64, "uint64": U64}
CONSTANTS = {"inf", "pi", "nan", "e"}


def cast(text: str, have: Any, want: Any) -> str:
    """The expression as a value of another type."""
    return text if have == want else f"({want.c})({text})"


def in_reals(text: str, kind: Scalar) -> tuple[str, Scalar]:
    """A number as a real one: whole numbers become float64, as in compiled kernels."""
    return (text, kind) if kind.real else (cast(text, kind, F64), F64)


def numpy_call(name: str, arguments: list[tuple[str, Any]]) -> tuple[str, Any, str]:
    """``(expression, type, name of the library's function or "")`` of ``np.name(...)``."""
    if any(not isinstance(kind, Scalar) for _, kind in arguments):
        raise Untranslatable(f"np.{name} of something that is not a number")
    if name in CASTS and len(arguments) == 1:
        return cast(*arguments[0], CASTS[name]), CASTS[name], ""
    if name in ("maximum", "minimum") and len(arguments) == 2:
        kinds = [kind for _, kind in arguments]
        # of a float32 and a whole number the compiled kernels take the larger one in float32, unlike their sum
        kind = F32 if F32 in kinds and not all(k.real for k in kinds) else unify(*kinds)
        first, second = (cast(*argument, kind) for argument in arguments)
        return f"{'largest' if name == 'maximum' else 'smallest'}<{kind.c}>({first}, {second})", kind, ""
    if name == "where" and len(arguments) == 3:
        return (*select(*arguments), "")
    if len(arguments) != 1:
        raise Untranslatable(f"np.{name} with {len(arguments)} arguments")
    text, kind = in_reals(*arguments[0])
    single = "f" if kind == F32 else ""
    if name == "isfinite":
        return f"(bool)isfinite({text})", BOOL, ""
    if name == "sign":
        return f"sign_of<{kind.c}>({text})", kind, ""
    if name in ("abs", "fabs", "absolute"):
        return f"fabs{single}({text})", kind, ""
    if name in ("sqrt", "floor", "ceil"):
        return f"{name}{single}({text})", kind, ""
    if name in LIBRARY:
        return f"{name}{single}({text})", kind, name
    raise Untranslatable(f"np.{name}")


def select(condition: tuple[str, Any], a: tuple[str, Any], b: tuple[str, Any]) -> tuple[str, Any]:
    """``a`` where the condition holds, else ``b``."""
    kind = unify(a[1], b[1])
    return f"({truth(*condition)} ? {cast(*a, kind)} : {cast(*b, kind)})", kind


def truth(text: str, kind: Any) -> str:
    """The expression as a condition."""
    if not isinstance(kind, Scalar):
        raise Untranslatable("a condition that is not a number")
    return text if kind == BOOL else f"({text} != 0)"


def python_call(name: str, arguments: list[tuple[str, Any]]) -> tuple[str, Any]:
    """``int``, ``float``, ``abs``, ``min`` and ``max`` of numbers."""
    if any(not isinstance(kind, Scalar) for _, kind in arguments):
        raise Untranslatable(f"{name} of something that is not a number")
    if name == "int" and len(arguments) == 1:
        return cast(*arguments[0], I64), I64
    if name == "float" and len(arguments) == 1:
        return cast(*arguments[0], F64), F64
    if name == "bool" and len(arguments) == 1:
        return truth(*arguments[0]), BOOL
    if name == "abs" and len(arguments) == 1:
        text, kind = arguments[0]
        if kind == I64:
            return f"({text} < 0 ? -({text}) : ({text}))", kind
        return numpy_call("abs", arguments)[:2]
    if name in ("min", "max") and len(arguments) >= 2:
        (text, kind), sign = arguments[0], "<" if name == "min" else ">"
        for other, its in arguments[1:]:
            common = unify(kind, its)
            one, two = cast(text, kind, common), cast(other, its, common)
            text, kind = f"({two} {sign} {one} ? {two} : {one})", common
        return text, kind
    raise Untranslatable(f"{name} with {len(arguments)} arguments")
