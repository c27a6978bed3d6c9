"""Statements typeset without network or TeX: matplotlib's mathtext as inline SVG, cut at relations and signs so that lines can wrap.

A formula that mathtext does not understand is shown as its source.
"""

from __future__ import annotations

import functools
import html
import re

#: units of a formula's drawing per em of the surrounding text; matplotlib's text paths come in this size
SIZE = 100.0
#: formulas wider than this, in em, are cut into pieces between which a line may wrap
WIDE = 16.0
DOLLARS = re.compile(r"(?:\$\$(.+?)\$\$|\$(.+?)\$)([,.;:!?)]*)", re.DOTALL)
BREAKS = re.compile(r"\\(?:leq?|geq?|lesssim|approx|quad|Rightarrow|to)(?![a-zA-Z])|[=<>+,;]|(?<![\^_{(\[|,=])-(?=\s)")
OPENING, CLOSING = re.compile(r"[({\[]|\\left"), re.compile(r"[)}\]]|\\right")


def typeset(statement: str) -> str:
    """HTML of a statement: text with ``$...$``, or a formula if it has no dollar sign."""
    if "$" not in statement:
        return f'<div class="display">{formula(statement)}</div>'
    out, last = [], 0
    for found in DOLLARS.finditer(statement):
        out.append(html.escape(statement[last : found.start()]))
        display, inline, after = found.groups()
        if display:
            out.append(f'<div class="display">{formula(display)}{after}</div>')
        else:
            # punctuation stays on the line of the formula's last piece
            *front, end = formula(inline).split("<wbr>")
            out.append("<wbr>".join([*front, f'<span class="keep">{end}{after}</span>']))
        last = found.end()
    return "".join(out) + html.escape(statement[last:])


@functools.lru_cache(maxsize=1024)
def formula(source: str) -> str:
    """HTML of one formula."""
    source = " ".join(source.split())
    try:
        whole, width = _svg(tall(source), source)
        if width <= WIDE:
            return whole
        # an empty group before a piece keeps the space around the sign that it begins with
        return "<wbr>".join(_svg(f"{{}}{tall(piece)}", piece)[0] for piece in pieces(source))
    except ValueError:
        return f'<code class="tex">{html.escape(source)}</code>'


def pieces(source: str) -> list[str]:
    """The formula cut before relations and signs outside every bracket."""
    cuts, depth, position = [0], 0, 0
    while position < len(source):
        opening, closing = OPENING.match(source, position), CLOSING.match(source, position)
        found = BREAKS.match(source, position) if depth == 0 else None
        if opening:
            # a bracket after \left is part of it
            depth += 1
            position = opening.end() + (opening.group() == r"\left")
        elif closing:
            depth = max(0, depth - 1)
            position = closing.end() + (closing.group() == r"\right")
        elif found:
            # a comma or semicolon stays with what stands before it
            cuts.append(found.end() if found.group() in ",;" else position)
            position = found.end()
        else:
            position += 2 if source[position] == "\\" else 1
    parts = [source[start:stop].strip() for start, stop in zip(cuts, [*cuts[1:], len(source)], strict=True)]
    return [part for part in parts if part]


def tall(source: str) -> str:
    """Fractions that are in no group at their full size."""
    out, depth = [], 0
    for piece in re.split(r"(\\frac(?![a-zA-Z])|\\.|[{}])", source):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        out.append(r"\dfrac" if piece == r"\frac" and depth == 0 else piece)
    return "".join(out)


def _svg(source: str, label: str) -> tuple[str, float]:
    """Inline SVG of a formula and its width in em; ``ValueError`` if mathtext does not understand it."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextToPath

    with matplotlib.rc_context({"mathtext.fontset": "stix"}):
        text = TextToPath()
        font = FontProperties(size=SIZE)
        width, height, descent = text.get_text_width_height_descent(f"${source}$", font, ismath=True)
        vertices, codes = text.get_text_path(font, f"${source}$", ismath=True)
    draw = _path(Path(vertices, codes)) if len(vertices) else ""
    pad = SIZE / 20
    box = f"{-pad:g} {-(height - descent) - pad:.1f} {width + 2 * pad:.1f} {height + 2 * pad:.1f}"
    size = f"width:{(width + 2 * pad) / SIZE:.3f}em;height:{(height + 2 * pad) / SIZE:.3f}em;vertical-align:{-(descent + pad) / SIZE:.3f}em"
    shown = html.escape(label, quote=True)
    image = f'<svg class="math" role="img" aria-label="{shown}" viewBox="{box}" style="{size}"><path d="{draw}"/></svg>'
    return image, (width + 2 * pad) / SIZE


def _path(path: object) -> str:
    """The path in SVG's language, y downwards."""
    words = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
    out = []
    for points, code in path.iter_segments(curves=True, simplify=False):  # type: ignore[attr-defined]
        pairs = [] if code == 79 else [f"{points[i]:.1f} {-points[i + 1]:.1f}" for i in range(0, len(points), 2)]
        out.append(words[int(code)] + " ".join(pairs))
    return "".join(out)
