"""Show what there is: names, what they are, where they come from, their parameters.

lra-ref list                   every name with one line about it
lra-ref list rates             all rates with their parameters
lra-ref list methods cosine_adam    one of them (composed methods too)
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from lra_ref.commands.catalog import KINDS, READERS, Entry, claims, method
from lra_ref.commands.output import emit, emit_json, say, wrapped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref list``."""
    parser.add_argument("kind", nargs="?", metavar="KIND", help=f"one of {', '.join(KINDS)} (default: all)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="show only these, in full (default: every name of the kind)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref list``."""
    if arguments.kind is not None and arguments.kind not in KINDS:
        from lra_ref.parameters import unknown

        raise ValueError(unknown("kind", arguments.kind, KINDS))
    shown = {kind: entries(kind, arguments.names) for kind in ([arguments.kind] if arguments.kind else KINDS)}
    if arguments.json:
        emit_json({kind: [entry.as_dict() for entry in found] for kind, found in shown.items()})
    elif arguments.kind:
        emit("\n\n".join(in_full(entry) for entry in shown[arguments.kind]) or f"no {arguments.kind}")
    else:
        emit("\n\n".join(overview(kind, found) for kind, found in shown.items()))
        say("\nlra-ref list KIND shows parameters and sources, lra-ref list KIND NAME one of them")
    return 0


def entries(kind: str, names: Sequence[str]) -> list[Entry]:
    """The entries of a kind, those named or all."""
    if kind == "methods":
        return [method(name) for name in names] or READERS[kind]()
    if kind == "claims":
        found, problems = claims()
        for problem in problems:
            say(f"lra-ref list: {problem}")
    else:
        found = READERS[kind]()
    known = {entry.name: entry for entry in found}
    for name in names:
        if name not in known:
            from lra_ref.parameters import unknown

            raise ValueError(unknown(kind.removesuffix("s"), name, known))
    return [known[name] for name in names] or found


def overview(kind: str, found: Sequence[Entry]) -> str:
    """A kind: a heading and one line per name."""
    column = max((len(entry.name) for entry in found), default=0) + 4
    lines = [wrapped(f"{kind.upper()}: {KINDS[kind]}", "", "    ")]
    if kind == "methods":
        # directions come next anyway
        found = [entry for entry in found if entry.name != entry.more.get("direction")]
    return "\n".join(lines + [wrapped(entry.text or "-", f"  {entry.name}".ljust(column), " " * column) for entry in found])


def in_full(entry: Entry) -> str:
    """An entry with its source, its parameters and what else is known."""
    lines = [entry.name, wrapped(entry.text or "-", "  ", "  ")]
    if entry.source:
        lines.append(wrapped(entry.source, "  source: ", "    "))
    facts = [
        (f"{name}, {key}", found) if key else (name, found)
        for name, value in entry.more.items()
        for key, found in (value.items() if isinstance(value, Mapping) else [("", value)])
    ]
    lines += [wrapped(f"{name}: {_text(value)}", "  ", "    ") for name, value in facts if value]
    heads = [p["name"] + (" (required)" if p["required"] else f" = {_value(p['default'])}") for p in entry.parameters]
    column = min(max(map(len, heads), default=0), 28) + 6
    for head, p in zip(heads, entry.parameters, strict=True):
        about = "; ".join(text for text in (p["doc"], p["constraint"]) if text)
        lines.append(wrapped(about, f"    {head}  ".ljust(column), " " * column))
    return "\n".join(lines)


def _value(value: Any) -> str:
    """A default as one would write it after ``--set name=``; those of several parts by name."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_value(of_part)} ({part})" for part, of_part in value.items())
    return {None: "none", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else str(value)


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
