"""The public names of a package, read from its source: nothing is imported, so optional libraries need not be installed.

A name is public if no part of its address begins with an underscore and it is in the module's ``__all__``, or, where there is none, defined
at the module's top level.  A name that packages pass on has several addresses; it is documented once, at the shortest one.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

#: decorators that make an attribute of a method
PROPERTIES = ("property", "cached_property", "functools.cached_property")


@dataclass
class Name:
    """A public name at the place of its definition."""

    kind: str
    name: str
    signature: str = ""
    doc: str = ""
    value: str = ""
    bases: tuple[str, ...] = ()
    members: list[Name] = field(default_factory=list)


@dataclass
class Module:
    """A module: its docstring, what it defines, what it passes on (name -> address of the module, name there)."""

    address: str
    package: bool
    doc: str
    defined: dict[str, Name]
    passed_on: dict[str, tuple[str, str]]
    public: list[str]


def read_package(folder: Path) -> dict[str, Module]:
    """Every public module below ``folder``, by address."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = [folder.name, *path.relative_to(folder).with_suffix("").parts]
        package = parts[-1] == "__init__"
        address = ".".join(parts[:-1] if package else parts)
        if not any(part.startswith("_") for part in address.split(".")):
            found[address] = read_module(path, address, package)
    return found


def read_module(path: Path, address: str, package: bool) -> Module:
    """One module."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    comments = _comments(text)
    defined: dict[str, Name] = {}
    passed_on: dict[str, tuple[str, str]] = {}
    listed = None
    for node in _statements(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            passed_on |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        for name in _names(node, comments):
            if name.name == "__all__" and isinstance(node, ast.Assign):
                listed = [word for word in ast.literal_eval(node.value) if not word.startswith("_")]
            defined.setdefault(name.name, name)
    public = listed if listed is not None else [name for name in defined if not name.startswith("_")]
    return Module(address, package, ast.get_docstring(tree) or "", defined, passed_on, public)


def _statements(tree: ast.Module | ast.If | ast.Try) -> list[ast.stmt]:
    """Top-level statements, those under ``if`` and ``try`` too."""
    found: list[ast.stmt] = []
    for node in tree.body:
        found += [node, *(_statements(node) if isinstance(node, ast.If | ast.Try) else [])]
    return found


def _comments(text: str) -> dict[int, str]:
    """Line -> the ``#:`` comment that ends just above it."""
    found: dict[int, str] = {}
    said: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith("#:"):
            said.append(line.strip()[2:].strip())
        else:
            if said:
                found[number] = " ".join(said)
            said = []
    return found


def _names(node: ast.stmt, comments: dict[int, str]) -> list[Name]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [Name("function", node.name, _signature(node), ast.get_docstring(node) or "")]
    if isinstance(node, ast.ClassDef):
        return [_class(node, comments)]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = getattr(node, "value", None)
    note = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
    shown = ast.unparse(value) if value is not None else ""
    single = [target for target in targets if isinstance(target, ast.Name)]
    made = [Name("data", target.id, note, comments.get(node.lineno, ""), shown) for target in single]
    for target in targets:
        if isinstance(target, ast.Tuple):
            values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts) else [None] * len(target.elts)
            pairs = [(word.id, found) for word, found in zip(target.elts, values, strict=True) if isinstance(word, ast.Name)]
            made += [Name("data", word, "", comments.get(node.lineno, ""), ast.unparse(found) if found else "") for word, found in pairs]
    return made


def _class(node: ast.ClassDef, comments: dict[int, str]) -> Name:
    """A class with its public methods, properties and attributes, in their order."""
    made = Name("class", node.name, "", ast.get_docstring(node) or "", bases=tuple(map(ast.unparse, node.bases)))
    fields = []
    for statement in node.body:
        for name in _names(statement, comments):
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                if name.name == "__init__":
                    made.signature = _without_first(statement)
                decorators = [ast.unparse(word) for word in statement.decorator_list]
                name.kind = "property" if set(decorators) & set(PROPERTIES) else "method"
                name.value = next((word for word in ("classmethod", "staticmethod") if word in decorators), "")
                if name.value != "staticmethod":
                    name.signature = _without_first(statement)
            else:
                name.kind = "attribute"
                if isinstance(statement, ast.AnnAssign) and "ClassVar" not in name.signature:
                    fields.append(f"{name.name}: {name.signature}" + (f" = {name.value}" if name.value else ""))
            if not name.name.startswith("_") and not (name.kind == "method" and any(".setter" in word for word in decorators)):
                made.members.append(name)
    decorated = " ".join(map(ast.unparse, node.decorator_list))
    if "dataclass" in decorated and not made.signature:
        made.signature = f"({'*, ' if 'kw_only' in decorated and fields else ''}{', '.join(map(_default, fields))})"
    elif "NamedTuple" in made.bases:
        made.signature = f"({', '.join(fields)})"
    return made


def _default(entry: str) -> str:
    """A field of a dataclass as an argument: the default that ``field(...)`` or ``parameter(...)`` stands for."""
    head, found, value = entry.partition(" = ")
    if not found:
        return head
    call = ast.parse(value, mode="eval").body
    if not isinstance(call, ast.Call) or ast.unparse(call.func).split(".")[-1] not in ("field", "parameter"):
        return entry
    if ast.unparse(call.func) == "parameter":
        shown = ast.unparse(call.args[0])
        return head if shown == "REQUIRED" else f"{head} = {shown}"
    for word in call.keywords:
        if word.arg in ("default", "default_factory"):
            return f"{head} = {ast.unparse(word.value)}{'()' if word.arg == 'default_factory' else ''}"
    return head


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"({ast.unparse(node.args)}){result}"


def _without_first(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The signature without ``self`` or ``cls``, and for a constructor without its result."""
    text = re.sub(r"^\((?:self|cls)(?:: [\w.\[\]]+)?(?:, /)?(?:, )?", "(", _signature(node))
    return text.removesuffix(" -> None") if node.name == "__init__" else text


def addresses(modules: dict[str, Module]) -> dict[str, list[str]]:
    """Address of a definition -> every public address of it, the one under which it is documented first."""
    found: dict[str, list[str]] = {}
    for module in modules.values():
        for name in module.public:
            origin = definition(modules, module.address, name)
            if origin is not None:
                found.setdefault(origin, []).append(f"{module.address}.{name}")
    return {origin: sorted(names, key=lambda address: (address.count("."), address)) for origin, names in found.items()}


def definition(modules: dict[str, Module], address: str, name: str) -> str | None:
    """Where a public name is defined; None for a module or something from another library."""
    while address in modules:
        module = modules[address]
        if f"{address}.{name}" in modules:
            return None
        if name in module.defined:
            return f"{address}.{name}"
        if name not in module.passed_on:
            return None
        address, name = module.passed_on[name]
    return None


def name_at(modules: dict[str, Module], origin: str) -> Name:
    """The name defined at an address."""
    address, _, name = origin.rpartition(".")
    return modules[address].defined[name]
