"""Slopes in log-log coordinates with their confidence limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.views.style import QUIET, floats, legend_below, log_axis, look, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def slope_fits(
    data: Mapping[str, tuple[Any, Any]], *, x_name: str = "T", y_name: str = "", title: str = "", claimed: float | None = None,
    alpha: float = 1e-3,
) -> Figure:  # fmt: skip
    """Means over seeds against x in log-log coordinates, with the fitted line and the limits of its slope in the legend.

    data       name -> (x of shape ``(n,)``, n >= 3, values of shape ``(seeds, n)`` or ``(n,)``, with positive means)
    claimed    an exponent to compare with, a dotted line through the middle of the first data
    alpha      each limit is wrong with this probability; they also cover the misfit of a line (:func:`lra_ref.verify.fits.loglog_slope`)

    The shaded wedge is the line turned about the middle of the data through the limits of the slope.
    Table: series, x, mean, slope, slope low, slope high. Raises ``ValueError`` for shapes that do not match or means that are not positive.
    """
    from lra_ref.verify.fits import loglog_slope

    if not data:
        raise ValueError("slope fits need at least one set of points, got none")
    figure, axes = panel(x_name, y_name, title)
    rows: list[tuple[Any, ...]] = []
    for k, (name, (grid, values)) in enumerate(data.items()):
        x, samples = floats(grid), np.atleast_2d(floats(values))
        if x.ndim != 1 or x.size < 3 or samples.shape[1:] != x.shape:
            raise ValueError(f"{name}: x must have at least 3 points and values as many columns, got {x.shape} and {samples.shape}")
        mean = np.mean(samples, axis=0)
        if not (np.all(mean > 0) and np.all(x > 0) and np.all(np.isfinite(mean))):
            raise ValueError(f"{name}: x and the means of the values must be positive and finite")
        slope = loglog_slope(x, samples, alpha)
        middle = np.exp(np.mean(np.log(x)))
        height = np.exp(slope.intercept + slope.value * np.log(middle))
        style = look(k)
        label = f"{name + ': ' if name else ''}slope {slope.value:.3f} [{slope.low:.3f}, {slope.high:.3f}]"
        axes.plot(x, mean, style["marker"], color=style["color"])
        axes.plot(x, height * (x / middle) ** slope.value, color=style["color"], linestyle=style["linestyle"], label=label, linewidth=1.2)
        edges = [height * (x / middle) ** value for value in (slope.low, slope.high)]
        axes.fill_between(x, np.minimum(*edges), np.maximum(*edges), color=style["color"], alpha=0.15, linewidth=0)
        if claimed is not None and k == 0:
            axes.plot(x, height * (x / middle) ** claimed, ":", color=QUIET, label=f"slope {claimed:g} claimed", linewidth=1.2)
        rows += [(name, at, value, slope.value, slope.low, slope.high) for at, value in zip(x, mean, strict=True)]
    log_axis(axes, "x")
    log_axis(axes, "y")
    legend_below(figure, axes)
    shows(figure, ("series", x_name, "mean", "slope", "slope low", "slope high"), rows)
    return figure
