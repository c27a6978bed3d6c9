"""House rules of a formula, and the other readings of it.

A *formula* is a small pure function of scalars or arrays.  It uses arithmetic, ``np.sqrt exp log abs sign maximum minimum`` and
the :func:`where` of this module (on scalars also :func:`erfc`); it has no branch and no float literal other than small whole
numbers written as integers, and it is imported BY NAME.  Parts take exponentials from ``lra_ref.arithmetic.exponential``, which
has the same bits everywhere.  Under these rules one and the same function is

- the reference, on NumPy (and CuPy) arrays of shape ``(..., D)``;
- the inside of a compiled kernel, element by element (``backends/cpu.py``);
- through :func:`read`, a function over any other namespace: SymPy expressions, mpmath numbers, interval balls, a tracer.
"""

from __future__ import annotations

import builtins
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np


def where(condition: Any, a: Any, b: Any) -> Any:
    """``a`` where the condition holds, else ``b``; a select instruction in compiled code, ``np.where`` on arrays."""
    return np.where(condition, a, b)


def erfc(x: Any) -> Any:
    """Complementary error function of a scalar (NumPy has none); the C library's ``erfc`` in compiled and interpreted code alike."""
    return math.erfc(x)


def bits_of(x: Any) -> Any:
    """The 64 bits of a float64 as an unsigned whole number; arrays (NumPy, CuPy) and scalars."""
    return x.view(np.uint64)


def float_of(bits: Any) -> Any:
    """The float64 with these 64 bits, inverse of :func:`bits_of`."""
    return bits.view(np.float64)


def average(old: Any, new: Any, keep: Any, take: Any) -> Any:
    """Moving average ``keep * old + take * new``."""
    return keep * old + take * new


def descend(x: Any, step: Any, direction: Any) -> Any:
    """One step ``x - step * direction``."""
    return x - step * direction


def product(a: Any, b: Any) -> Any:
    """Summand ``a * b`` of an inner product."""
    return a * b


def square(a: Any) -> Any:
    """Summand ``a * a`` of a squared norm."""
    return a * a


def clip(value: Any, low: Any, high: Any) -> Any:
    """``min(max(value, low), high)``: the projection on ``[low, high]``."""
    return np.minimum(np.maximum(value, low), high)


#: functions whose inside is about bits or a library and not mathematics -> the name under which a namespace offers them
PRIMITIVES: dict[Callable[..., Any], str] = {where: "where", erfc: "erfc"}
#: functions that say whether a kernel may go a shorter way to the same numbers; on the CPU alone, in every other reading the answer is no
SHORTCUTS: set[Callable[..., Any]] = set()


def shortcut(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the answers of this function only save time (see ``SHORTCUTS``)."""
    SHORTCUTS.add(function)
    return function


@shortcut
def short() -> Any:
    """Yes: for a shorter way that is open to every argument."""
    return True


def _no(*arguments: Any) -> bool:
    return False


def read(function: Callable[..., Any], namespace: Any, _done: dict[Any, Any] | None = None) -> Callable[..., Any]:
    """The same function over another namespace.

    ``namespace`` takes the place of ``np`` in ``function`` and in every plain function that it calls by name; its
    attributes named in ``PRIMITIVES`` take the place of :func:`where`, :func:`erfc` and the other primitives.  Nothing else changes:
    the reading IS the formula.

    Parameters
    ----------
    function : a plain Python function that follows the house rules.
    namespace : an object with the attributes that the function uses (``sqrt``, ``exp``, ``where``, ...).
    """
    done: dict[Any, Any] = {} if _done is None else _done
    if function in PRIMITIVES:
        return getattr(namespace, PRIMITIVES[function])  # type: ignore[no-any-return]
    if function in SHORTCUTS:
        return _no
    if function in done:
        return done[function]  # type: ignore[no-any-return]
    scope: dict[str, Any] = {"__builtins__": builtins, "__name__": function.__module__}
    copy = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__, function.__closure__)
    done[function] = copy
    for name in names_used(function.__code__):
        value = function.__globals__.get(name)
        if value is np:
            scope[name] = namespace
        elif isinstance(value, types.FunctionType):
            scope[name] = read(value, namespace, done)
        elif name in function.__globals__:
            scope[name] = value
    return copy


def code_text(code: types.CodeType) -> str:
    """All that two functions have in common if they do the same in the same way."""
    constants = [code_text(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return repr((code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars))


def names_used(code: types.CodeType) -> set[str]:
    """Every global or attribute name that the code, or a function nested in it, mentions."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= names_used(constant)
    return names
