"""One function instead of many: statements that call a plain function become what that function does.

The compiler takes every function through all its stages before it inlines it, and what it calls once more in every caller; where the
functions have dozens of arrays that is most of its time. Written out, the phases of a loop give the same machine code in half of it.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
import types
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from lra_ref.formulas import code_text

#: which functions are to be written out
Chooses = Callable[[types.FunctionType], bool]


def flattened(function: types.FunctionType, chooses: Chooses, opening: str = "", count: int = 0, name: str = "") -> types.FunctionType:
    """``function`` with the statements that call a function written out, where ``chooses`` says so, at any depth.

    Its first ``count`` arguments are replaced by one called ``name``, from which the statements ``opening`` make them. A function that
    returns from its midst is not written out. Raises ``OSError`` where the source is not to be had, ``RuntimeError`` where it is no longer
    that of the function, and ``ValueError`` where a global name has two meanings.
    """
    tree = _parsed(function)
    writer = Writer(dict(function.__globals__), chooses, function, {}, [0], frozenset(function.__code__.co_varnames))
    tree.args.args = [ast.arg(one) for one in ([name] if name else []) + [one.arg for one in tree.args.args[count:]]]
    tree.returns = None
    tree.body = ast.parse(opening).body + writer.all(tree.body)
    made: dict[str, Any] = {}
    module = ast.fix_missing_locations(ast.Module([tree], []))
    exec(compile(module, function.__code__.co_filename, "exec"), writer.scope, made)
    flat: types.FunctionType = made[function.__name__]
    flat.__module__ = function.__module__
    return flat


def _parsed(function: types.FunctionType) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    code = function.__code__
    named = isinstance(tree, ast.FunctionDef) and (tree.name, *(one.arg for one in tree.args.args))
    if not isinstance(tree, ast.FunctionDef) or named != (function.__name__, *code.co_varnames[: code.co_argcount]):
        raise RuntimeError(f"{code.co_filename} is not what this process began with: {function.__name__} is not where it was")
    tree.decorator_list = []
    now = _codes(code.co_filename, "".join(linecache.getlines(code.co_filename))).get((code.co_name, code.co_firstlineno))
    if now is None or code_text(now) != code_text(code):
        raise RuntimeError(f"{code.co_filename} is not what this process began with: {function.__name__} has changed")
    return tree


@cache
def _codes(file: str, text: str) -> dict[tuple[str, int], types.CodeType]:
    """The code of every function of a file, by name and first line."""
    found, left = {}, [compile(text, file, "exec", dont_inherit=True)]
    while left:
        code = left.pop()
        found[code.co_name, code.co_firstlineno] = code
        left += [value for value in code.co_consts if isinstance(value, types.CodeType)]
    return found


class Writer(ast.NodeTransformer):
    """Statements of one function in the scope of another: ``names`` says what its arguments and variables are called there."""

    def __init__(
        self, scope: dict[str, Any], chooses: Chooses, function: types.FunctionType, names: dict[str, ast.expr], made: list[int],
        taken: frozenset[str],
    ) -> None:  # fmt: skip
        self.scope, self.chooses, self.function, self.names, self.made = scope, chooses, function, names, made
        #: variables of the function into which all is written, which what is written out must not mean
        self.taken = taken

    def all(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """What the statements become."""
        found: list[ast.stmt] = []
        for statement in statements:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A variable under its other name; a global as what it is in its own module."""
        if node.id in self.names:
            other = deepcopy(self.names[node.id])
            if isinstance(other, ast.Name):
                other.ctx = node.ctx
            return other
        if self.names and node.id in self.taken:
            raise ValueError(f"{node.id}, a name beyond {self.function.__name__}, is a variable where it is written out")
        if node.id in self.function.__globals__:
            value = self.function.__globals__[node.id]
            if self.scope.setdefault(node.id, value) is not value:
                raise ValueError(f"{node.id} means one thing in {self.function.__module__} and another where it is written out")
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        """A call whose result is not wanted."""
        return self._written_out(node.value, None) or self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        """A call whose result gets a name."""
        return (self._written_out(node.value, node.targets[0]) if len(node.targets) == 1 else None) or self.generic_visit(node)

    def result(self, target: ast.expr, value: ast.expr) -> list[ast.stmt]:
        """A value under a name of the scope."""
        name = f"result__{self.made[0]}"
        self.names[name] = target
        made = self.visit(ast.Assign([ast.Name(name, ast.Store())], value))
        return made if isinstance(made, list) else [made]

    def _written_out(self, call: ast.expr, target: ast.expr | None) -> list[ast.stmt] | None:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id in self.names:
            return None
        function = self.function.__globals__.get(call.func.id)
        if not isinstance(function, types.FunctionType) or not self.chooses(function):
            return None
        tree = _parsed(function)
        parameters = [one.arg for one in tree.args.args]
        returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
        last = tree.body[-1] if isinstance(tree.body[-1], ast.Return) else None
        if len(call.args) != len(parameters) or call.keywords or returns != [last] * (last is not None) or (target and not last):
            return None
        self.made[0] += 1
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        names: dict[str, ast.expr] = {name: ast.Name(f"{name}__{self.made[0]}", ast.Load()) for name in [*parameters, *stored]}
        written: list[ast.stmt] = []
        for name, argument in zip(parameters, call.args, strict=True):
            given = self.visit(argument)
            if isinstance(given, ast.Name | ast.Constant) and name not in stored:
                names[name] = given
            else:
                written.append(ast.Assign([ast.Name(f"{name}__{self.made[0]}", ast.Store())], given))
        inner = Writer(self.scope, self.chooses, function, names, self.made, self.taken)
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        written += inner.all(body[:-1] if last else body)
        if target is not None and last is not None:
            assert last.value is not None
            written += inner.result(self.visit(target), last.value)
        elif last is not None and last.value is not None:
            # nobody wants the result, but what makes it may do more
            written += inner.all([ast.Expr(last.value)])
        return written
