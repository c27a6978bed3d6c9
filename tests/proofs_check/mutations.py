"""Mutants of a formula: the same function with one operator, constant, index or comparison changed, put in place of its code."""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
COMPARISONS = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE, ast.Eq: ast.NotEq}
NAMES = {"minimum": "maximum", "maximum": "minimum", "exp": "sqrt", "sqrt": "exp", "log1p": "expm1", "cumsum": "cumprod", "log": "sqrt"}


@dataclass(frozen=True)
class Mutant:
    """A changed function: what was changed, and the code."""

    what: str
    code: types.CodeType


def mutants(function: Callable[..., Any]) -> list[Mutant]:
    """Every mutant of a function, one change each."""
    plain = inspect.unwrap(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(plain)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    out = []
    for number, node in enumerate(_changeable(definition)):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            target = _changeable(changed.body[0])[number]
            what = change(target)
            scope: dict[str, Any] = dict(plain.__globals__)
            exec(compile(ast.fix_missing_locations(changed), plain.__code__.co_filename, "exec"), scope)
            out.append(Mutant(f"{plain.__name__}, line {getattr(node, 'lineno', 0)}: {what}", scope[plain.__name__].__code__))
    return out


@contextlib.contextmanager
def planted(function: Callable[..., Any], mutant: Mutant) -> Iterator[None]:
    """The mutant in place of the function, everywhere: every reading of the formula sees it."""
    plain = inspect.unwrap(function)
    before = plain.__code__
    plain.__code__ = mutant.code
    try:
        yield
    finally:
        plain.__code__ = before


def _changeable(definition: ast.AST) -> list[ast.AST]:
    """Nodes of the body that can be changed, without annotations, defaults and the docstring."""
    body = definition.body  # type: ignore[attr-defined]
    first = body[0]
    statements = body[1:] if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else body
    return [node for statement in statements for node in ast.walk(statement) if _changes(node)]


def _changes(node: ast.AST) -> list[Callable[[Any], str]]:
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return [_operator]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [_sign]
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        return [_comparison]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return [_constant]
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        return [_name]
    return []


def _operator(node: ast.BinOp) -> str:
    before = type(node.op).__name__
    node.op = OPERATORS[type(node.op)]()
    return f"{before} -> {type(node.op).__name__}"


def _sign(node: ast.UnaryOp) -> str:
    node.op = ast.UAdd()
    return "- -> +"


def _comparison(node: ast.Compare) -> str:
    before = type(node.ops[0]).__name__
    node.ops[0] = COMPARISONS[type(node.ops[0])]()
    return f"{before} -> {type(node.ops[0]).__name__}"


def _constant(node: ast.Constant) -> str:
    before = node.value
    node.value = before + 1 if isinstance(before, int) else 2 * before  # type: ignore[operator]
    return f"{before} -> {node.value}"


def _name(node: ast.Attribute) -> str:
    before = node.attr
    node.attr = NAMES[before]
    return f"{before} -> {node.attr}"
