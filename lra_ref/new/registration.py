"""The line that registers a part: its module among the imports and in ``__all__`` of its package, in the order that ruff asks for."""

from __future__ import annotations

import ast
import re

LINE = 140


def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Key of a name that puts numbers in their order."""
    return tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in re.findall(r"\d+|\D+", name))


def registered(source: str, package: str, name: str) -> str:
    """``source`` of the package's ``__init__`` with the module ``name`` imported and listed.

    Raises ``ValueError`` if it does not import its modules in one statement ``from package import ...`` and list them in ``__all__``.
    """
    tree = ast.parse(source)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == package]
    lists = [node for node in tree.body if isinstance(node, ast.Assign) and _is_all(node)]
    if len(imports) != 1 or len(lists) != 1 or not isinstance(lists[0].value, ast.List):
        raise ValueError(f"{package} must import its modules in one statement and list them in __all__")
    modules = sorted({*(alias.name for alias in imports[0].names), name}, key=natural)
    exported = [str(ast.literal_eval(entry)) for entry in lists[0].value.elts]
    # upper-case names first, then classes, then the modules
    upper = [entry for entry in exported if not entry.islower()]
    lower = sorted({*(entry for entry in exported if entry.islower()), name}, key=natural)
    lines = source.splitlines()
    for node, text in sorted([(imports[0], _import(package, modules)), (lists[0], _all([*upper, *lower]))], key=lambda p: -p[0].lineno):
        lines[node.lineno - 1 : node.end_lineno] = text
    return "\n".join(lines) + "\n"


def _is_all(node: ast.Assign) -> bool:
    return [ast.unparse(target) for target in node.targets] == ["__all__"]


def _import(package: str, modules: list[str]) -> list[str]:
    line = f"from {package} import {', '.join(modules)}"
    return [line] if len(line) <= LINE else [f"from {package} import (", *(f"    {module}," for module in modules), ")"]


def _all(names: list[str]) -> list[str]:
    return ["__all__ = [", *(f'    "{name}",' for name in names), "]"]
