"""Expressions of a kernel in C++, with their types; calls are in ``calls``, the statements around them in ``translate``."""

from __future__ import annotations

import ast
import types
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.cuda import library
from lra_ref.backends.cuda.types import BOOL, F64, I64, Array, Function, Scalar, Tuple, Untranslatable, literal, of_value, unify

#: names of Python that mean something else in C++, or in the prelude
TAKEN = set(
    """
    alignas alignof and asm auto bool break case catch char class const continue default delete do double else enum explicit export extern
    false float for friend goto if inline int long mutable namespace new not operator or private protected public register return short
    signed sizeof static struct switch template this throw true try typedef union unsigned using virtual void volatile while xor
    i64 u64 A1 A2 A3 Work zeros taken largest smallest sign_of whole_quotient whole_rest real_quotient real_rest copied halve bits_of
    float_of isfinite exp expm1 log log1p sin cos tanh erfc sqrt floor fabs j0 j1 jn y0 y1 yn gamma signal
    """.split()
)
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
BITWISE = {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>"}
COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def named(name: str) -> str:
    """A variable's name in C++."""
    return name + "_" if name in TAKEN or name.endswith("_") else name


class Value(NamedTuple):
    """An expression: C++, type, and its value where that is known now."""

    text: str
    kind: Any
    known: bool = False
    value: Any = None


def constant(value: Any) -> Value:
    """A constant; a kernel is one too."""
    kind = of_value(value)
    return Value("" if isinstance(kind, Function) else literal(value), kind, True, value)


class Expressions:
    """Expressions of one function; ``known``: types of its variables."""

    def __init__(self, program: Any, function: types.FunctionType) -> None:
        self.program, self.function = program, function
        self.known: dict[str, Any] = {}
        self.constants: dict[str, Any] = {}
        self.counters: list[str] = []
        self.allocates = False
        self.lines: list[str] = []
        self.depth, self.temporaries = 1, 0

    def expression(self, node: ast.expr) -> Value:
        """An expression."""
        made = getattr(self, f"_{type(node).__name__.lower()}_of", None)
        if made is None:
            raise Untranslatable(f"an expression of kind {type(node).__name__}")
        return made(node)  # type: ignore[no-any-return]

    def truth(self, value: Value) -> str:
        """As a condition."""
        return library.truth(value.text, value.kind)

    def converted(self, value: Value, kind: Any) -> str:
        """As a value of another type."""
        if isinstance(kind, Tuple) and value.kind != kind:
            items = self.items(value)
            return f"{kind.c}{{{', '.join(self.converted(item, k) for item, k in zip(items, kind.items, strict=True))}}}"
        return library.cast(value.text, value.kind, kind)

    def items(self, value: Value) -> list[Value]:
        """The parts of a tuple."""
        if not isinstance(value.kind, Tuple):
            raise Untranslatable("several names for one value")
        if value.known:
            return [constant(item) for item in value.value]
        return [Value(f"{value.text}.a{k}", kind) for k, kind in enumerate(value.kind.items)]

    # --- names and constants ---------------------------------------------------------------------------------------------------
    def _constant_of(self, node: ast.Constant) -> Value:
        return constant(node.value)

    def _name_of(self, node: ast.Name) -> Value:
        name = node.id
        if name in self.counters:
            return Value(named(name), I64)
        if name in self.constants:
            return constant(self.constants[name])
        if name in self.known:
            kind = self.known[name]
            return constant(kind.python) if isinstance(kind, Function) else Value(named(name), kind)
        if name in self.function.__code__.co_varnames:
            raise Untranslatable(f"{name} is read before it is assigned")
        return constant(self._global(name))

    def _global(self, name: str) -> Any:
        if name in self.program.replaced:
            return self.program.replaced[name]
        if name in self.function.__globals__:
            return self.function.__globals__[name]
        raise Untranslatable(f"the name {name}")

    def _attribute_of(self, node: ast.Attribute) -> Value:
        if self._is_numpy(node.value):
            if node.attr not in library.CONSTANTS:
                raise Untranslatable(f"np.{node.attr}")
            return constant(float(getattr(np, node.attr)))
        array = self.expression(node.value)
        if not isinstance(array.kind, Array) or node.attr not in ("size", "shape"):
            raise Untranslatable(f"the attribute {node.attr}")
        lengths = [f"{array.text}.{letter}" for letter in "nml"[: array.kind.axes]]
        if node.attr == "size":
            return Value(f"({' * '.join(lengths)})", I64)
        kind = self.program.declare(Tuple((I64,) * len(lengths)))
        return Value(f"{kind.c}{{{', '.join(lengths)}}}", kind)

    def _is_numpy(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self.function.__globals__.get(node.id) is np

    def _tuple_of(self, node: ast.Tuple) -> Value:
        values = [self.expression(item) for item in node.elts]
        if values and all(value.known for value in values):
            self.program.declare(of_value(tuple(value.value for value in values)))
            return constant(tuple(value.value for value in values))
        kind = self.program.declare(Tuple(tuple(value.kind for value in values)))
        return Value(f"{kind.c}{{{', '.join(value.text for value in values)}}}", kind)

    # --- operations ------------------------------------------------------------------------------------------------------------
    def _binop_of(self, node: ast.BinOp) -> Value:
        return self.binary(node.op, self.expression(node.left), self.expression(node.right))

    def binary(self, op: ast.operator, a: Value, b: Value) -> Value:
        """``a op b``."""
        if not (isinstance(a.kind, Scalar) and isinstance(b.kind, Scalar)):
            raise Untranslatable(f"{type(op).__name__} of something that is not a number")
        kind = unify(a.kind, b.kind)
        if type(op) in BITWISE:
            if kind.real or (a.kind == BOOL) != (b.kind == BOOL):
                raise Untranslatable("a bitwise operation on numbers of these types")
            return Value(f"({a.text} {BITWISE[type(op)]} {b.text})", kind)
        if kind == BOOL:
            kind = I64
        if isinstance(op, ast.Div):
            kind = kind if kind.real else F64
            return Value(f"({self.converted(a, kind)} / {self.converted(b, kind)})", kind)
        if isinstance(op, ast.FloorDiv | ast.Mod):
            if kind not in (I64, F64):
                raise Untranslatable("// or % of float32 or unsigned numbers")
            name = f"{'whole' if kind == I64 else 'real'}_{'quotient' if isinstance(op, ast.FloorDiv) else 'rest'}"
            return Value(f"{name}({self.converted(a, kind)}, {self.converted(b, kind)})", kind)
        if type(op) not in ARITHMETIC:
            raise Untranslatable(f"the operation {type(op).__name__}")
        return Value(f"({self.converted(a, kind)} {ARITHMETIC[type(op)]} {self.converted(b, kind)})", kind)

    def _unaryop_of(self, node: ast.UnaryOp) -> Value:
        value = self.expression(node.operand)
        if isinstance(node.op, ast.Not):
            return constant(not value.value) if value.known else Value(f"(!{self.truth(value)})", BOOL)
        if not isinstance(value.kind, Scalar):
            raise Untranslatable("the sign of something that is not a number")
        if value.known and isinstance(node.op, ast.USub) and isinstance(value.value, int | float):
            return constant(-value.value)
        sign = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "!" if value.kind == BOOL else "~"}[type(node.op)]
        return Value(f"({sign}{value.text})", value.kind)

    def _compare_of(self, node: ast.Compare) -> Value:
        values = [self.expression(part) for part in (node.left, *node.comparators)]
        parts = []
        for op, a, b in zip(node.ops, values, values[1:], strict=False):
            if type(op) not in COMPARISONS:
                raise Untranslatable(f"the comparison {type(op).__name__}")
            kind = unify(a.kind, b.kind)
            if not isinstance(kind, Scalar):
                raise Untranslatable("a comparison of something that is not a number")
            parts.append(f"({self.converted(a, kind)} {COMPARISONS[type(op)]} {self.converted(b, kind)})")
        return Value(parts[0] if len(parts) == 1 else f"({' && '.join(parts)})", BOOL)

    def _boolop_of(self, node: ast.BoolOp) -> Value:
        sign = " && " if isinstance(node.op, ast.And) else " || "
        return Value(f"({sign.join(self.truth(self.expression(value)) for value in node.values)})", BOOL)

    def _ifexp_of(self, node: ast.IfExp) -> Value:
        condition = self.expression(node.test)
        if condition.known:
            return self.expression(node.body if condition.value else node.orelse)
        a, b = self.expression(node.body), self.expression(node.orelse)
        if isinstance(a.kind, Scalar):
            return Value(*library.select(condition[:2], a[:2], b[:2]))
        if a.kind != b.kind:
            raise Untranslatable("two branches of different types")
        return Value(f"({self.truth(condition)} ? {a.text} : {b.text})", a.kind)

    # --- elements and slices ---------------------------------------------------------------------------------------------------
    def _subscript_of(self, node: ast.Subscript) -> Value:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            shape, index = self._attribute_of(node.value), self.expression(node.slice)
            array = self.expression(node.value.value)
            assert isinstance(shape.kind, Tuple)
            return Value(f"{array.text}.{'nml'[range(len(shape.kind.items))[index.value]]}", I64)
        array = self.expression(node.value)
        if isinstance(array.kind, Tuple):
            index = self.expression(node.slice)
            items = self.items(array)
            return items[index.value] if index.known else self._chosen(items, index)
        if not isinstance(array.kind, Array):
            raise Untranslatable("an element of something that is not an array")
        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self._element(array, places)

    @staticmethod
    def _chosen(items: list[Value], index: Value) -> Value:
        """The entry of a tuple of numbers at a place that is known only when the program runs."""
        kind = items[0].kind
        if index.kind != I64 or not isinstance(kind, Scalar) or any(item.kind != kind for item in items):
            raise Untranslatable("an entry of a tuple that holds more than numbers of one type")
        text = items[-1].text
        for k in range(len(items) - 2, -1, -1):
            text = f"({index.text} == {k}ll ? {items[k].text} : {text})"
        return Value(text, kind)

    def _element(self, array: Value, places: list[ast.expr]) -> Value:
        kind: Array = array.kind
        lengths = [f"{array.text}.{letter}" for letter in "nml"[: kind.axes]]
        at: list[str] = []
        for axis, place in enumerate(places):
            if isinstance(place, ast.Slice):
                if axis != len(places) - 1 or place.step is not None:
                    raise Untranslatable("a slice that is not the last index, or has a step")
                return self._slice(array, at, place, lengths[axis:])
            at.append(self._place(self.expression(place), lengths[axis]))
        if len(at) > kind.axes:
            raise Untranslatable("too many indices")
        offset, rest = self._offset(at, lengths), lengths[len(at) :]
        if not rest:
            return Value(f"{array.text}.p[{offset}]", kind.of)
        made = Array(kind.of, len(rest))
        return Value(f"{made.c}{{{array.text}.p + {offset}, {', '.join(rest)}}}", made)

    def _slice(self, array: Value, at: list[str], place: ast.Slice, lengths: list[str]) -> Value:
        made = Array(array.kind.of, len(lengths))
        low = "0ll" if place.lower is None else self._place(self.expression(place.lower), lengths[0])
        high = lengths[0] if place.upper is None else self._place(self.expression(place.upper), lengths[0])
        every = [f"{array.text}.{letter}" for letter in "nml"[: array.kind.axes]]
        offset = self._offset([*at, low], every)
        sizes = ", ".join([f"{high} - {low}" if low != "0ll" else high, *lengths[1:]])
        return Value(f"{made.c}{{{array.text}.p + {offset}, {sizes}}}", made)

    @staticmethod
    def _place(index: Value, length: str) -> str:
        if index.kind != I64:
            raise Untranslatable("an index that is not a whole number")
        return f"({length} - {-index.value}ll)" if index.known and index.value < 0 else index.text

    @staticmethod
    def _offset(at: list[str], lengths: list[str]) -> str:
        terms = ["(" + " * ".join([place, *lengths[axis + 1 :]]) + ")" for axis, place in enumerate(at)]
        return " + ".join(terms)
