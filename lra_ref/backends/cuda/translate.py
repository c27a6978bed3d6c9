"""A kernel, with every function that it reaches, as C++ for given types of its arguments.

Kernels keep to a small subset of Python: arithmetic and comparisons, ``if``, ``while``, ``for`` over ``range``, slices, tuples, calls of
other plain functions by name, and the functions of ``library``. Every operation becomes the same operation on the same operands in the same
order; so where only exactly rounded ones occur (``Program.library`` is empty) the results are the same bits, provided that the C++ compiler
neither contracts nor reorders (``-fmad=false``, ``-ffp-contract=off``). Constants and kernels handed over as arguments are known while
translating. A slice must lie within its array, as in every kernel of the library.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any

from lra_ref.backends.cuda.calls import Calls
from lra_ref.backends.cuda.expressions import named
from lra_ref.backends.cuda.prelude import PRELUDE
from lra_ref.backends.cuda.types import I64, VOID, Array, Function, Tuple, Untranslatable, unify


class Program:
    """C++ functions made so far, callees first.

    ``library``: functions of the mathematical library that the program calls, whose last bits differ between machines.
    ``replaced``: other values for global numbers of the kernels, by name.
    """

    def __init__(self, replaced: dict[str, Any] | None = None) -> None:
        self.replaced = dict(replaced or {})
        self.text: list[str] = []
        self.library: set[str] = set()
        self._made: dict[Any, tuple[str, Any, bool]] = {}
        self._names: set[str] = set()
        self._open: list[Any] = []
        self._tuples: set[str] = set()

    def add(self, function: Callable[..., Any], kinds: tuple[Any, ...]) -> tuple[str, Any, bool]:
        """``(name, type of the result, whether it needs scratch memory)`` of a function for these types of its arguments.

        Raises :class:`~lra_ref.backends.cuda.types.Untranslatable` for what has no counterpart in C++, naming function and line.
        """
        key = (function, kinds)
        if key in self._open:
            raise Untranslatable(f"{function.__name__} calls itself")
        if key not in self._made:
            assert isinstance(function, types.FunctionType)
            self._open.append(key)
            try:
                self._made[key] = Translation(self, function, kinds).result
            finally:
                self._open.pop()
        return self._made[key]

    def name_for(self, function: types.FunctionType, kinds: tuple[Any, ...]) -> str:
        """A name of its own for one function at one choice of types."""
        letters = "".join(kind.letter for kind in kinds)
        name, k = f"{function.__name__}__{letters}", 2
        while name in self._names:
            name, k = f"{function.__name__}__{letters}{k}", k + 1
        self._names.add(name)
        return name

    def declare(self, kind: Any) -> Any:
        """The type, after the structures that it needs."""
        if isinstance(kind, Tuple) and kind.c not in self._tuples:
            for item in kind.items:
                self.declare(item)
            self._tuples.add(kind.c)
            fields = " ".join(f"{item.c} a{k};" for k, item in enumerate(kind.items))
            self.text.append(f"struct {kind.c} {{ {fields} }};")
        return kind

    def source(self) -> str:
        """The whole program so far."""
        return PRELUDE + "\n".join(self.text) + "\n"


class Translation(Calls):
    """One function for one choice of types."""

    def __init__(self, program: Program, function: types.FunctionType, kinds: tuple[Any, ...]) -> None:
        super().__init__(program, function)
        tree = definition(function)
        self.arguments = [argument.arg for argument in tree.args.args]
        if len(kinds) != len(self.arguments) or tree.args.vararg or tree.args.kwonlyargs:
            raise Untranslatable(f"{function.__name__} takes {len(self.arguments)} arguments, got {len(kinds)}")
        self.kinds = dict(zip(self.arguments, kinds, strict=True))
        self.known = dict(self.kinds)
        returned = self._settled(tree.body)
        name = program.name_for(function, kinds)
        program.text.append(self._function(name, returned))
        self.result = (name, returned, self.allocates)

    def _settled(self, body: list[ast.stmt]) -> Any:
        """Translate until the types of all variables stay: an assignment further down may widen one."""
        self.returned: Any = None
        for _ in range(6):
            before, result = dict(self.known), self.returned
            self.lines, self.depth, self.temporaries = [], 1, 0
            for statement in body:
                self.statement(statement)
            if self.known == before and self.returned == result:
                return VOID if self.returned is None else self.program.declare(self.returned)
        raise Untranslatable(f"the types of {self.function.__name__} do not settle")

    def _function(self, name: str, returned: Any) -> str:
        passed = [(a, k) for a, k in self.kinds.items() if not isinstance(k, Function)]
        changed = {a for a, kind in passed if self.known[a] != kind}
        head = [f"{kind.c} {named(a)}{'0_' if a in changed else ''}" for a, kind in passed]
        first = ["Work &work_"] if self.allocates else []
        lines = [
            f"/* {self.function.__module__}.{self.function.__qualname__} */",
            f"DEVICE {returned.c} {name}({', '.join(first + head)}) {{",
        ]
        lines += [f"    {self.known[a].c} {named(a)} = {named(a)}0_;" for a in sorted(changed)]
        own = [a for a in self.known if a not in self.kinds and not isinstance(self.known[a], Function)]
        lines += [f"    {self.known[a].c} {named(a)} = {{}};" for a in own]
        if self.allocates:
            lines.append("    double *const mark_ = work_.top;")
        lines += self.lines
        if self.allocates and returned == VOID:
            lines.append("    work_.top = mark_;")
        return "\n".join([*lines, "}"])

    # --- statements ------------------------------------------------------------------------------------------------------------
    def emit(self, text: str) -> None:
        """A line of C++."""
        self.lines.append("    " * self.depth + text)

    def block(self, statements: list[ast.stmt]) -> None:
        """Lines one level further in."""
        self.depth += 1
        for statement in statements:
            self.statement(statement)
        self.depth -= 1

    def statement(self, node: ast.stmt) -> None:
        """One statement; what is wrong with it is said with its place."""
        made = getattr(self, f"_{type(node).__name__.lower()}", None)
        try:
            if made is None:
                raise Untranslatable(f"a statement of kind {type(node).__name__}")
            made(node)
        except Untranslatable as problem:
            if " in line " in str(problem):
                raise
            line = self.function.__code__.co_firstlineno + node.lineno - 1
            raise Untranslatable(f"{self.function.__module__}.{self.function.__name__}: {problem}, in line {line}") from None

    def _expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.emit(f"{self.expression(node.value).text};")

    def _pass(self, node: ast.Pass) -> None:
        pass

    def _break(self, node: ast.Break) -> None:
        self.emit("break;")

    def _continue(self, node: ast.Continue) -> None:
        self.emit("continue;")

    def _return(self, node: ast.Return) -> None:
        if node.value is None:
            self.emit("{ work_.top = mark_; return; }" if self.allocates else "return;")
            return
        value = self.expression(node.value)
        self.returned = self.program.declare(unify(self.returned, value.kind) if self.returned else value.kind)
        text = self.converted(value, self.returned)
        if self.allocates and not holds_arrays(self.returned):
            self.emit(f"{{ {self.returned.c} result_ = {text}; work_.top = mark_; return result_; }}")
        else:
            self.emit(f"return {text};")

    def _assign(self, node: ast.Assign) -> None:
        if len(node.targets) != 1:
            raise Untranslatable("a chain of assignments")
        target = node.targets[0]
        if not isinstance(target, ast.Tuple):
            self.store(target, self.expression(node.value))
            return
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(target.elts):
            values = [self.expression(value) for value in node.value.elts]
            if overlap(target.elts, node.value.elts):
                values = [self.temporary(value) for value in values]
        else:
            values = self.items(self.temporary(self.expression(node.value)))
        for each, value in zip(target.elts, values, strict=True):
            self.store(each, value)

    def _augassign(self, node: ast.AugAssign) -> None:
        read: Any = ast.copy_location(ast.parse(ast.unparse(node.target), mode="eval").body, node)
        self.store(node.target, self.binary(node.op, self.expression(read), self.expression(node.value)))

    def _if(self, node: ast.If) -> None:
        condition = self.expression(node.test)
        if condition.known:
            for statement in node.body if condition.value else node.orelse:
                self.statement(statement)
            return
        self.emit(f"if ({self.truth(condition)}) {{")
        self.block(node.body)
        if node.orelse:
            self.emit("} else {")
            self.block(node.orelse)
        self.emit("}")

    def _while(self, node: ast.While) -> None:
        self.emit(f"while ({self.truth(self.expression(node.test))}) {{")
        self.block(node.body)
        self.emit("}")

    def _for(self, node: ast.For) -> None:
        source = node.iter
        if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id == "range":
            self._counted(node, [self.expression(argument) for argument in source.args])
            return
        values = self.expression(source)
        if not (values.known and isinstance(values.value, tuple)):
            raise Untranslatable("a loop over something that is neither a range nor a constant tuple")
        for item in values.value:
            names = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            parts = item if isinstance(node.target, ast.Tuple) else (item,)
            for name, part in zip(names, parts, strict=True):
                assert isinstance(name, ast.Name)
                self.constants[name.id] = part
            for statement in node.body:
                self.statement(statement)

    def _counted(self, node: ast.For, ends: list[Any]) -> None:
        if any(end.kind != I64 for end in ends) or not isinstance(node.target, ast.Name):
            raise Untranslatable("a range of something that is not a whole number")
        low, high = ("0ll", ends[0].text) if len(ends) == 1 else (ends[0].text, ends[1].text)
        step, sign = (ends[2].text, "<") if len(ends) == 3 else ("1ll", "<")
        if len(ends) == 3:
            if not (ends[2].known and ends[2].value != 0):
                raise Untranslatable("a range with a step that is not a constant")
            sign = "<" if ends[2].value > 0 else ">"
        name = node.target.id
        self.counters.append(name)
        c, self.temporaries = named(name), self.temporaries + 1
        self.emit(f"for (i64 {c} = {low}, end{self.temporaries}_ = {high}; {c} {sign} end{self.temporaries}_; {c} += {step}) {{")
        self.block(node.body)
        self.emit("}")
        self.counters.pop()

    def store(self, target: ast.expr, value: Any) -> None:
        """Assign to a name or to an element."""
        if isinstance(target, ast.Name):
            if target.id == "_":
                return
            if target.id in self.counters:
                raise Untranslatable(f"the counter {target.id} of a loop is changed")
            kind = value.kind
            self.known[target.id] = self.program.declare(unify(self.known.get(target.id), kind))
            self.emit(f"{named(target.id)} = {self.converted(value, self.known[target.id])};")
            return
        if not isinstance(target, ast.Subscript):
            raise Untranslatable(f"an assignment to {ast.unparse(target)}")
        place = self.expression(target)
        if isinstance(place.kind, Array):
            if not (place.kind == value.kind and place.kind.axes == 1):
                raise Untranslatable("a slice is assigned something else than a slice of its type")
            self.emit(f"copied({place.text}, {value.text});")
            return
        self.emit(f"{place.text} = {self.converted(value, place.kind)};")

    def temporary(self, value: Any) -> Any:
        """The value kept under a name, so that it is computed once and before what follows."""
        if value.known:
            return value
        self.temporaries += 1
        self.program.declare(value.kind)
        self.emit(f"const {value.kind.c} t{self.temporaries}_ = {value.text};")
        return value._replace(text=f"t{self.temporaries}_")


def definition(function: types.FunctionType) -> ast.FunctionDef:
    """The text of a function, parsed."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError) as problem:
        raise Untranslatable(f"{function.__name__} has no source text to translate") from problem
    if not isinstance(tree, ast.FunctionDef):
        raise Untranslatable(f"{function.__name__} is not a function made by def")
    return tree


def overlap(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    """Whether assigning one after the other could differ from assigning all at once."""
    if any(not isinstance(target, ast.Name) for target in targets):
        return True
    written = {target.id for target in targets if isinstance(target, ast.Name)}
    read = {node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name)}
    return bool(written & read)


def holds_arrays(kind: Any) -> bool:
    """Whether a type is or holds a view of an array."""
    return isinstance(kind, Array) or (isinstance(kind, Tuple) and any(holds_arrays(item) for item in kind.items))


def entry(program: Program, function: Callable[..., Any], kinds: tuple[Any, ...], what: str) -> str:
    """Name of a function that needs no scratch memory; ``Untranslatable`` if it does."""
    name, _, allocates = program.add(function, kinds)
    if allocates:
        raise Untranslatable(f"{what} {function.__name__} allocates memory")
    return name
