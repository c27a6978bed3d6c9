"""Docstrings of the house, plain text with aligned equations and tables, as nodes: what is aligned stays aligned.

A block between empty lines is a paragraph; a numbered or dashed list; a section of parameters (title underlined with
dashes, ``name : text`` below); a session that starts with ``>>>``; or, where it is indented or holds columns, it is kept letter by letter.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from docutils import nodes

INLINE = re.compile(
    r"``(.+?)``|:(?:py:)?(class|func|meth|mod|data|attr|exc|ref):`([^`]+)`|(?<![\w`*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w`*])|`([^`\n]+)`"
)
ITEM = re.compile(r"(?:\d+[.)]|[-*]) +")
#: runs of spaces that align columns; two after the end of a sentence do not
COLUMNS = re.compile(r"[^\s.:;?!)`]\s{2,}\S|[^\s]\s{3,}\S")
FIELD = re.compile(r"^(\*{0,2}\w[\w*, .\"|\[\]()=-]*?) : (.*)$")

Linker = Callable[[str, str], nodes.Node]


def body(text: str, link: Linker) -> list[nodes.Node]:
    """The nodes of a docstring; ``link(address, title)`` makes a cross-reference."""
    made: list[nodes.Node] = []
    literal_next = False
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        lines = block.split("\n")
        if lines[0].startswith(" "):
            made.append(_literal(_dedent(lines), "python" if literal_next and _is_python(_dedent(lines)) else "text"))
        elif lines[0].startswith(">>>"):
            made.append(_literal(block, "pycon"))
        elif len(lines) > 1 and re.fullmatch(r"-{3,}", lines[1].strip()):
            made += [nodes.rubric("", lines[0]), *_fields(lines[2:], link)]
        else:
            made += _prose(lines, link)
        literal_next = block.rstrip().endswith("::")
    return made


def _prose(lines: list[str], link: Linker) -> list[nodes.Node]:
    """A block that starts at the margin: text, a list, or text with indented lines after it."""
    if any(COLUMNS.search(line) for line in lines):
        first = next(i for i, line in enumerate(lines) if COLUMNS.search(line) or ITEM.match(line) or line.startswith(" "))
        # what introduces the columns is text
        return [*(_prose(lines[:first], link) if first else []), _literal("\n".join(_flush(lines[first:])), "text")]
    starts = [i for i, line in enumerate(lines) if ITEM.match(line)]
    if starts:
        head = _prose(lines[: starts[0]], link) if starts[0] else []
        numbered = lines[starts[0]][0].isdigit()
        listing: nodes.Element = nodes.enumerated_list(enumtype="arabic", suffix=".") if numbered else nodes.bullet_list()
        for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
            words = [ITEM.sub("", lines[start], count=1), *lines[start + 1 : stop]]
            listing += nodes.list_item("", nodes.paragraph("", "", *inline(" ".join(map(str.strip, words)), link)))
        return [*head, listing]
    inner = [i for i, line in enumerate(lines) if line.startswith("    ")]
    if inner and inner == list(range(inner[0], len(lines))) and lines[inner[0] - 1].rstrip().endswith(":"):
        return [*_prose(lines[: inner[0]], link), _literal(_dedent(lines[inner[0] :]), "text")]
    return [nodes.paragraph("", "", *inline(re.sub(r"::$", ":", " ".join(map(str.strip, lines))), link))]


def _fields(lines: list[str], link: Linker) -> list[nodes.Node]:
    """The entries of a section of parameters."""
    entries: list[list[str]] = []
    for line in lines:
        if entries and line.startswith(" "):
            entries[-1].append(line.strip())
        else:
            entries.append([line])
    listing = nodes.definition_list()
    for entry in entries:
        found = FIELD.match(entry[0])
        term, first = (found[1], [found[2]]) if found else (entry[0], [])
        about = nodes.paragraph("", "", *inline(" ".join([*first, *entry[1:]]), link))
        listing += nodes.definition_list_item("", nodes.term("", "", nodes.literal("", term)), nodes.definition("", about))
    return [listing]


def inline(text: str, link: Linker) -> list[nodes.Node]:
    """Text with ``literals``, roles and *emphasis*."""
    out: list[nodes.Node] = []
    last = 0
    for found in INLINE.finditer(text):
        out.append(nodes.Text(text[last : found.start()]))
        literal, role, target, emphasis, title = found.groups()
        if literal:
            out.append(link(literal, literal))
        elif role:
            given = re.fullmatch(r"(.*?)\s*<(.+)>", target)
            address = given[2] if given else target
            shown = given[1] if given else address.rsplit(".", 1)[-1] if address.startswith("~") else address
            out.append(link(address.lstrip("~"), shown))
        elif emphasis:
            out.append(nodes.emphasis("", emphasis))
        else:
            out.append(nodes.literal("", title))
        last = found.end()
    return [*out, nodes.Text(text[last:])]


def _literal(text: str, language: str) -> nodes.Node:
    return nodes.literal_block(text, text, language=language)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _flush(lines: list[str]) -> list[str]:
    return _dedent(lines).split("\n")


def _dedent(lines: list[str]) -> str:
    """The lines without their common margin."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)
