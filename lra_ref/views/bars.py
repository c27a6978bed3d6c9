"""How tight bounds are: a bar per bound, full where the bound is attained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.views.style import COLORS, HATCHES, QUIET, RIGHT, WIDTH, grow, log_axis, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: inches of a bar, of a letter of a name, and the room of names at most
BAR, LETTER, NAMES = 0.19, 0.07, 2.0
#: the shortest bar: a ratio below is written beside it
FLOOR = 1e-6


@styled
def tightness_bars(
    ratios: Mapping[str, float | None], *, groups: Mapping[str, str] | None = None, title: str = "", x_name: str = "largest lhs / rhs found"
) -> Figure:
    """Bars of the largest ratio lhs / rhs that was found for every bound, on a logarithmic axis that ends at 1.

    ratios    bound -> ratio, None where there is none (a side is not positive); one above 1 is a violation and reaches beyond the line
    groups    bound -> a word (how the ratio is known, of what kind the bound is); a colour and a hatching per word

    Table: bound, ratio, group. Raises ``ValueError`` if there is no bound or a ratio is negative.
    """
    if not ratios:
        raise ValueError("tightness bars need at least one bound, got none")
    for name, ratio in ratios.items():
        if ratio is not None and not ratio >= 0:
            raise ValueError(f"a ratio must be >= 0, got {ratio!r} for {name}")
    words = list(dict.fromkeys((groups or {}).get(name, "") for name in ratios))
    room = min(NAMES, LETTER * max(map(len, ratios)) + 0.25)
    figure, axes = panel(x_name, title=title, height=0.95 + BAR * len(ratios), left=room)
    shown = [value for value in ratios.values() if value]
    low = max(FLOOR, min(0.1, 0.5 * min(shown, default=0.1)))
    high = max(1.0, *shown) if shown else 1.0
    for row, (name, ratio) in enumerate(ratios.items()):
        word = words.index((groups or {}).get(name, ""))
        style: dict[str, Any] = {"facecolor": COLORS[word % len(COLORS)], "hatch": HATCHES[word % len(HATCHES)], "edgecolor": "white"}
        first = name == next(other for other in ratios if (groups or {}).get(other, "") == words[word])
        axes.barh(row, max(ratio or low, low) - low, left=low, height=0.68, label=words[word] if first else None, **style)
        text = "no ratio" if ratio is None else f"{ratio:.3g}"
        inside = ratio is not None and ratio > low * (high / low) ** 0.8
        axes.annotate(
            text, (max(ratio or low, low), row), xytext=(-3 if inside else 3, 0), textcoords="offset points", fontsize=7, va="center",
            ha="right" if inside else "left", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip
    axes.axvline(1.0, color=RIGHT, linestyle="--", linewidth=1.2)
    axes.set_yticks(np.arange(len(ratios)), list(ratios), fontsize=7)
    axes.set_ylim(len(ratios) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(low, high * (1.6 if high > 1 else 1.15))
    log_axis(axes, "x")
    axes.tick_params(axis="y", length=0)
    if any(words):
        grow(figure, above=0.0 if title else 0.2)
        figure.legend(loc="upper right", ncols=len(words), fontsize=7, borderaxespad=0.2, bbox_to_anchor=(1 - 0.1 / WIDTH, 1.0))
        axes.set_title(title, loc="left")
    axes.spines["left"].set_color(QUIET)
    shows(figure, ("bound", "ratio", "group"), [(name, ratio, (groups or {}).get(name, "")) for name, ratio in ratios.items()])
    return figure
