"""Plots of the benchmarks as SVG: the roofline of P1, and how time and memory grow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.bench.rows import Curve, Results, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: rows whose point is labelled: the extremes of every group would overlap
LABELLED = ("sgd", "adam", "clara_sgd", "clara_adam", "gala_sgd_practical", "prodigy", "hdm")


def draw(kind: str, results: Results, description: str) -> str:
    """The plot ``roofline``, ``time`` or ``memory`` as SVG, with ``description`` in its metadata; the same bytes for the same numbers."""
    import matplotlib

    from lra_ref.views.style import STYLE

    with matplotlib.rc_context(STYLE):
        figure = roofline(results.rows) if kind == "roofline" else growth([c for c in results.curves if c.quantity == kind], kind)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Description": description})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def roofline(rows: Sequence[Row]) -> Figure:
    """Elements per second against the fewest bytes per element, one point per method, with the line of the bandwidth measured beside it."""
    from matplotlib.figure import Figure

    from lra_ref.views.style import LEFT, QUIET, RIGHT

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    shown = [row for row in rows if row.id == "P1" and row.words and row.value and row.bytes_per_second and row.share_of_limit]
    for dtype, width, colour in (("float64", 8, LEFT), ("float32", 4, RIGHT)):
        some = [row for row in shown if row.dtype == dtype]
        if not some:
            continue
        bytes_each = np.array([width * (row.words or 0) for row in some], dtype=float)
        rate = np.array([row.bytes_per_second or 0.0 for row in some]) / bytes_each
        axes.plot(bytes_each, rate, "o", color=colour, markersize=4, label=dtype)
        if dtype == "float64":
            points = sorted((x, y, row.what) for row, x, y in zip(some, bytes_each, rate, strict=True) if row.what in LABELLED)
            # neighbours are named on different sides
            for k, (x, y, name) in enumerate(points):
                place: Any = {"xytext": (8, 10), "ha": "left"} if k % 2 == 0 else {"xytext": (-8, -14), "ha": "right"}
                line = {"arrowstyle": "-", "color": QUIET, "linewidth": 0.5}
                axes.annotate(name, (x, y), textcoords="offset points", fontsize=7, arrowprops=line, **place)
    if shown:
        limits = [row.bytes_per_second / row.share_of_limit for row in shown if row.bytes_per_second and row.share_of_limit]
        edges: Any = np.array([8.0, 200.0])
        axes.plot(edges, np.median(limits) / edges, "-", color=QUIET, label=f"bandwidth {np.median(limits) / 1e9:.0f} GB/s (median)")
        axes.legend()
    axes.set(xscale="log", yscale="log", xlabel="fewest bytes per element", ylabel="elements per second")
    return figure


def growth(curves: Sequence[Curve], kind: str) -> Figure:
    """A panel per curve, with the fitted line."""
    from matplotlib.figure import Figure

    from lra_ref.views.style import LEFT, RIGHT

    count = max(1, len(curves))
    figure = Figure(figsize=(6.4, 2.6 * ((count + 1) // 2)), layout="constrained")
    panels = np.ravel(figure.subplots((count + 1) // 2, 2, squeeze=False))
    for axes in panels[len(curves) :]:
        axes.set_visible(False)
    for axes, curve in zip(panels, curves, strict=False):
        x, y = np.array(curve.x), np.array(curve.y)
        axes.plot(x, y, "o", color=LEFT, markersize=4)
        upper = x >= curve.fitted_from
        if np.all(y[upper] > 0):
            middle = np.exp(np.mean(np.log(y[upper]) - curve.exponent * np.log(x[upper])))
            axes.plot(x[upper], middle * x[upper] ** curve.exponent, "-", color=RIGHT, label=f"{curve.x_name}^{curve.exponent:.2f}")
            axes.legend()
        axes.set(xscale="log", yscale="log", xlabel=curve.x_name, ylabel=f"{kind}, {curve.unit}")
        axes.set_title(curve.what, fontsize=8)
    return figure
