"""What the subcommands share: data to stdout, messages to stderr, ``name=value`` options."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SCHEMA = 1
WORDS = {"true": True, "false": False, "none": None}


def emit(text: str) -> None:
    """Data to stdout, at once, so that a reader who has gone is noticed here and not at the end of the process."""
    print(text, flush=True)


def emit_json(value: Mapping[str, Any]) -> None:
    """One JSON object to stdout; a number that is not finite becomes null."""
    emit(json.dumps(finite({"schema": SCHEMA, **value}), allow_nan=False, ensure_ascii=False))


def say(text: str) -> None:
    """A message to stderr."""
    print(text, file=sys.stderr, flush=True)


def finite(value: Any) -> Any:
    """Plain data with NumPy's numbers and arrays converted and None for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    if hasattr(value, "tolist"):
        return finite(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def number(value: float | None) -> str:
    """A number in at most six significant digits, a dash for none."""
    return "-" if value is None or math.isnan(value) else f"{value:.6g}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns: the first to the left, the others to the right."""
    lines = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.rjust(width) if column else text.ljust(width) for column, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in lines
    )


def width() -> int:
    """Columns to write in: those of the terminal, at most 110."""
    return min(shutil.get_terminal_size((100, 24)).columns, 110)


def wrapped(text: str, first: str, rest: str) -> str:
    """The text in lines of :func:`width` columns, indented; words (addresses, names) are never cut."""
    room = max(width(), len(rest) + 30)
    return textwrap.fill(text, room, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def literal(text: str) -> Any:
    """What a value on the command line means: true, false, none, a number, a list (commas, brackets optional), else the text itself."""
    inner = text.strip()
    if inner.lower() in WORDS:
        return WORDS[inner.lower()]
    bracketed = re.fullmatch(r"\[(.*)\]|\((.*)\)", inner)
    if bracketed or "," in inner:
        items = (bracketed.group(1) or bracketed.group(2) or "") if bracketed else inner
        return [literal(item) for item in items.split(",") if item.strip()]
    for kind in (int, float):
        # int and float also read "1_000", which is more likely a name
        if "_" not in inner:
            try:
                return kind(inner)
            except ValueError:
                continue
    return text


def assignments(texts: Iterable[str], option: str, constraints: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values of ``name=value`` options.

    ``constraints`` maps known names to their constraint: where it accepts the text but not the number that the text spells (the path
    of a file called 17), the text is meant. Raises ``ValueError`` for a text without ``=`` and for a name given twice.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (equals and name):
            raise ValueError(f"{option} must look like name=value, got {text!r}")
        if name in values:
            raise ValueError(f"{option} gives {name} twice")
        meant, constraint = literal(value), constraints.get(name)
        if constraint is not None and not constraint.accepts(meant) and constraint.accepts(value):
            meant = value
        values[name] = meant
    return values
