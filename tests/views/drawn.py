"""What a figure shows, read back from its axes."""

from __future__ import annotations

from typing import Any

import numpy as np


def lines(figure: Any, axes: int = 0) -> dict[str, np.ndarray]:
    """The named lines of a panel as points of shape (n, 2)."""
    return {str(line.get_label()): line.get_xydata() for line in figure.axes[axes].lines if not str(line.get_label()).startswith("_")}


def looks(figure: Any) -> list[tuple[Any, Any]]:
    """Line style and marker of the named lines: what is left of them in black and white."""
    named = [line for line in figure.axes[0].lines if not str(line.get_label()).startswith("_")]
    return [(str(line._dash_pattern), line.get_marker()) for line in named]


def marks(figure: Any, marker: str) -> list[tuple[float, float]]:
    """The points of the unnamed marks of one kind."""
    own = [line for line in figure.axes[0].lines if str(line.get_label()).startswith("_") and line.get_marker() == marker]
    return [tuple(point) for line in own for point in line.get_xydata()]


def legend(figure: Any) -> list[str]:
    """The texts of the legends."""
    every = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend() is not None)]
    return [text.get_text() for one in every for text in one.get_texts()]
