"""Calls within a kernel: other plain functions, the functions of NumPy and Python that there are, scratch arrays."""

from __future__ import annotations

import ast
import builtins
import inspect
import types
from collections.abc import Callable
from typing import Any

from lra_ref.backends.cuda import library
from lra_ref.backends.cuda.expressions import Expressions, Value, constant
from lra_ref.backends.cuda.types import F64, U64, Array, Function, Untranslatable
from lra_ref.formulas import SHORTCUTS, bits_of, erfc, float_of, where

#: functions about bits: (name in the prelude, type of the argument, type of the result)
PRIMITIVES: dict[Any, tuple[str, Any, Any]] = {bits_of: ("bits_of", F64, U64), float_of: ("float_of", U64, F64)}


class Calls(Expressions):
    """Expressions, calls included."""

    def _call_of(self, node: ast.Call) -> Value:
        target = node.func
        if isinstance(target, ast.Attribute) and self._is_numpy(target.value):
            return self._numpy(target.attr, node)
        if isinstance(target, ast.Attribute) and target.attr == "reshape":
            return self._reshaped(self.expression(target.value), node.args)
        if not isinstance(target, ast.Name):
            raise Untranslatable(f"a call of {ast.unparse(target)}")
        hidden = target.id in self.known or target.id in self.function.__globals__
        if not hidden and hasattr(builtins, target.id):
            values = [self.expression(argument) for argument in node.args]
            if all(v.known for v in values) and target.id in ("int", "float", "min", "max", "abs"):
                return constant(getattr(builtins, target.id)(*(v.value for v in values)))
            return Value(*library.python_call(target.id, [v[:2] for v in values]))
        function = self.expression(target)
        if not isinstance(function.kind, Function):
            raise Untranslatable(f"a call of {target.id}, which is not a plain function")
        return self._house(function.kind.python, node)

    def _house(self, function: types.FunctionType, node: ast.Call) -> Value:
        if function in SHORTCUTS:
            return constant(False)
        values = [self.expression(value) for value in arguments(function, node)]
        if function is where:
            return Value(*library.select(*(value[:2] for value in values)))
        if function is erfc:
            self.program.library.add("erfc")
            return Value(f"erfc({self.converted(values[0], F64)})", F64)
        if function in PRIMITIVES:
            name, takes, gives = PRIMITIVES[function]
            return Value(f"{name}({self.converted(values[0], takes)})", gives)
        for value in values:
            self.program.declare(value.kind)
        name, kind, allocates = self.program.add(function, tuple(value.kind for value in values))
        self.allocates = self.allocates or allocates
        passed = [value.text for value in values if not isinstance(value.kind, Function)]
        return Value(f"{name}({', '.join((['work_'] if allocates else []) + passed)})", kind)

    def _numpy(self, name: str, node: ast.Call) -> Value:
        if name in ("zeros", "empty", "zeros_like") and len(node.args) == 1 and not node.keywords:
            self.allocates = True
            wanted = self.expression(node.args[0])
            if name == "zeros_like":
                if not isinstance(wanted.kind, Array) or wanted.kind.of != F64:
                    raise Untranslatable("zeros_like of something that is not an array of float64")
                sizes = [f"{wanted.text}.{letter}" for letter in "nml"[: wanted.kind.axes]]
            else:
                several = isinstance(node.args[0], ast.Tuple)
                sizes = [self.expression(size).text for size in node.args[0].elts] if several else [wanted.text]  # type: ignore[attr-defined]
            if len(sizes) > 2:
                raise Untranslatable("an array of three axes is allocated")
            return Value(f"zeros(work_, {', '.join(sizes)})", Array(F64, len(sizes)))
        values = [self.expression(argument) for argument in node.args]
        text, kind, used = library.numpy_call(name, [value[:2] for value in values])
        if used:
            self.program.library.add(used)
        return Value(text, kind)

    def _reshaped(self, array: Value, shape: list[ast.expr]) -> Value:
        wanted = shape[0].elts if len(shape) == 1 and isinstance(shape[0], ast.Tuple) else shape
        if not isinstance(array.kind, Array) or len(wanted) > 3:
            raise Untranslatable("this reshape")
        sizes, made = [self.expression(size).text for size in wanted], Array(array.kind.of, len(wanted))
        return Value(f"{made.c}{{{array.text}.p, {', '.join(sizes)}}}", made)


def arguments(function: Callable[..., Any], node: ast.Call) -> list[ast.expr]:
    """The arguments of a call in the order of the function's own, its defaults filled in."""
    if node.args and any(isinstance(argument, ast.Starred) for argument in node.args):
        raise Untranslatable("a starred argument")
    given = {keyword.arg or "**": keyword.value for keyword in node.keywords}
    made = list(node.args)
    for parameter in list(inspect.signature(function).parameters.values())[len(made) :]:
        if parameter.name in given:
            made.append(given[parameter.name])
        elif parameter.default is inspect.Parameter.empty:
            raise Untranslatable(f"a call of {function.__name__} without {parameter.name}")
        else:
            made.append(ast.Constant(parameter.default))
    return made
