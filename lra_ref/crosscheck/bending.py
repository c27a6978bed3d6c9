"""The reference, bent: the same part with a method wrapped or with a formula replaced, no formula written twice.

``bent(part, choose=f)`` is a copy of the part whose ``choose`` is ``f(base, self, ...)``, where ``base(self, ...)`` is the original.
``substituted(part, name=f)`` is a copy in whose code every call of the formula ``name`` goes to ``f(original, ...)``, also where
another formula of the package calls it.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Callable
from typing import Any, TypeVar

from lra_ref.formulas import names_used
from lra_ref.parts import Part

P = TypeVar("P", bound=Part)
#: the methods that are the reference of a part
REFERENCE = ("step", "update", "grow", "choose", "follow", "again", "watch", "updated", "_fisher", "_pair")


def bent(part: P, **methods: Callable[..., Any]) -> P:
    """A copy of the part with some of its methods wrapped, each a function ``(base, self, ...)``."""
    base = type(part)
    return _of_class(part, {name: _wrapped(function, getattr(base, name)) for name, function in methods.items()})


def _wrapped(function: Callable[..., Any], base: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *values: Any, **named: Any) -> Any:
        return function(base, self, *values, **named)

    # the name by which substituted() knows that the base in the closure is part of the reference
    method.__name__ = base.__name__
    return method


def substituted(part: P, **formulas: Callable[..., Any]) -> P:
    """A copy of the part that calls ``f(original, ...)`` in place of each formula named.

    Raises ``ValueError`` if the part uses none of that name: a substitution without effect would look like an agreement.
    """
    found: dict[str, int] = dict.fromkeys(formulas, 0)
    done: dict[Any, Any] = {}
    made = {}
    for name in REFERENCE:
        method = getattr(type(part), name, None)
        if isinstance(method, types.FunctionType):
            made[name] = _rebuilt(method, formulas, found, done)
    missing = [name for name, count in found.items() if not count]
    if missing:
        raise ValueError(f"{part.name} uses no formula {missing[0]}")
    return _of_class(part, made)


def uses(part: Part, formula: str) -> bool:
    """Whether the reference of the part calls a formula of this name."""
    try:
        substituted(part, **{formula: lambda original, *values: original(*values)})
    except ValueError:
        return False
    return True


def _of_class(part: P, methods: dict[str, Any]) -> P:
    made = copy.copy(part)
    base = type(part)
    made.__class__ = type(base.__name__, (base,), methods)
    return made


def _rebuilt(function: types.FunctionType, formulas: dict[str, Any], found: dict[str, int], done: dict[Any, Any]) -> Any:
    """The function over globals in which the formulas are replaced, those of the package that it calls rebuilt too."""
    if function in done:
        return done[function]
    scope = dict(function.__globals__)
    # a method wrapped by bent() holds what it wraps in its closure
    cells = tuple(_cell(cell, formulas, found, done) for cell in function.__closure__ or ())
    copied = types.FunctionType(function.__code__, scope, function.__name__, function.__defaults__, cells or None)
    copied.__kwdefaults__ = function.__kwdefaults__
    done[function] = copied
    for name in names_used(function.__code__):
        value = scope.get(name)
        if not isinstance(value, types.FunctionType):
            continue
        if name in formulas:
            found[name] += 1
            scope[name] = _calling(formulas[name], value)
        elif value.__module__.startswith("lra_ref."):
            scope[name] = _rebuilt(value, formulas, found, done)
    return copied


def _cell(cell: Any, formulas: dict[str, Any], found: dict[str, int], done: dict[Any, Any]) -> Any:
    value = cell.cell_contents
    if isinstance(value, types.FunctionType) and value.__name__ in REFERENCE and value.__module__.startswith("lra_ref."):
        return types.CellType(_rebuilt(value, formulas, found, done))
    return cell


def _calling(replacement: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    def formula(*values: Any) -> Any:
        return replacement(original, *values)

    return formula
