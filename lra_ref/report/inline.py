"""Plots inside a page: SVG in the page's own colours, without the names and the head that a file of its own needs."""

from __future__ import annotations

import html
import re

from lra_ref.views import style

#: colours of the plots -> variables of the style sheet, so that dark pages have dark plots
VARIABLES = {
    "#ffffff": "paper", style.INK: "ink", style.QUIET: "quiet", style.GRID: "line",
    **{color: f"plot{k}" for k, color in enumerate(style.COLORS) if color != style.INK},
}  # fmt: skip
HEAD = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>\s*|<defs>\s*<style.*?</style>\s*</defs>\s*", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
LONG = re.compile(r"-?\d+\.\d{2,}")
FONT = re.compile(r"font-family: [^;\"]*;? ?")
STILL = re.compile(r' transform="rotate\(-?0 [^)]*\)"')


def inline(svg: str, name: str, label: str) -> str:
    """An SVG file of matplotlib's as an element of a page.

    name     prefix of the ids that the drawing refers to, which are unique in a page only with it; others are dropped
    label    what readers of the screen hear

    Coordinates are rounded to a hundredth of a point, fonts left to the page, and the house colours become ``var(--...)``.
    """
    body = HEAD.sub("", svg).strip()
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', body))

    def tag(found: re.Match[str]) -> str:
        text = " ".join(found.group().split())
        text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
        text = re.sub(r"url\(#", f"url(#{name}-", text).replace('xlink:href="#', f'href="#{name}-')
        text = STILL.sub("", FONT.sub("", text))
        text = LONG.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), text)
        return re.sub("|".join(VARIABLES), lambda m: f"var(--{VARIABLES[m[0]]})", text)

    body = TAG.sub(tag, body)
    body = re.sub(r">\s+<", "><", body)
    body = re.sub(r"<g>(?=<g>)", "<g>", body)
    box = re.search(r'viewBox="([^"]+)"', body)
    assert box is not None
    shown = html.escape(label, quote=True)
    return re.sub(r"^<svg[^>]*>", f'<svg class="plot" role="img" aria-label="{shown}" viewBox="{box[1]}">', body)
