"""Formulas as MathML, written into the page when it is built: no script and no network is needed to read them."""

from __future__ import annotations

import html
import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

from lra_ref.report.typeset import pieces

#: letters of TeX above which a formula in a line is cut into pieces
LONG = 40


def mathml(source: str, display: bool = False) -> str:
    """A formula as MathML; ``ValueError`` with the formula if it is not understood."""
    try:
        made = convert(" ".join(source.split()), display="block" if display else "inline")
    except Exception as problem:
        raise ValueError(f"cannot typeset {source!r}: {problem or type(problem).__name__}") from problem
    if "\\" in html.unescape(made):
        raise ValueError(f"cannot typeset {source!r}: a command is not understood")
    # letters of a word belong together, and bars are no relations
    made = re.sub(r"(?:<mi mathvariant=\"normal\">[A-Za-z]</mi>){2,}", lambda word: _word(word[0]), made)
    return re.sub(r"<mo stretchy=\"false\">(&#x0007C;|\|)</mo>", r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', made)


def _word(letters: str) -> str:
    return f'<mi mathvariant="normal">{re.sub("<[^>]*>", "", letters)}</mi>'


def breakable(source: str) -> str:
    """A formula in a line of text; a long one in pieces, cut before relations and signs, between which the line may end."""
    source = " ".join(source.split())
    parts = pieces(source) if len(source) > LONG else [source]
    try:
        made = [mathml(part if i == 0 else f"{{}}{part}") for i, part in enumerate(parts)]
    except ValueError:
        made = [mathml(source)]
    return "<wbr>".join(made)


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(f'<span class="formula">{breakable(node.astext())}</span>')
    raise nodes.SkipNode


def _display(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{mathml(node.astext(), display=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))  # type: ignore[arg-type]
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
