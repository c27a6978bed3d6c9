"""Trajectories in the plane over the contours of the function that they descend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.typing import Array, Floats
from lra_ref.views.style import QUIET, WIDTH, floats, legend_below, look, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: points of the grid per side and contours
GRID, LEVELS = 140, 14
#: room around the paths as a share of their extent
MARGIN = 0.12
#: points farther from the start than this many times the median extent of the paths do not widen the window
FAR = 3.0


@styled
def trajectories(
    value: Callable[[Array], Any], paths: Mapping[str, Any], *, minimisers: Sequence[Any] = (), names: tuple[str, str] = ("x₁", "x₂"),
    title: str = "", window: tuple[float, float, float, float] | None = None,
) -> Figure:  # fmt: skip
    """Paths of several methods over the contours of a function of two variables.

    value        F of points of shape ``(n, 2)``, an answer of shape ``(n,)`` (``problem.value``); what is not finite has no contour
    paths        method -> points of shape ``(n, 2)``; a path ends at its first point that is not finite, with a cross
    minimisers   points of shape ``(2,)``, drawn as stars
    window       (left, right, bottom, top); None: around the paths, but for those that run away

    Contours are spaced evenly in log(F - least F). Table: method, step, x1, x2.
    Raises ``ValueError`` for points that are not in the plane.
    """
    if not paths:
        raise ValueError("a plot of trajectories needs at least one path, got none")
    clean = {name: _finite(name, path) for name, path in paths.items()}
    stars = [floats(point) for point in minimisers]
    box = window or _window([*(path for path, _ in clean.values()), *(star[None] for star in stars)])
    figure, axes = panel(*names, title, height=WIDTH * 0.82)
    _contours(axes, value, box)
    for k, (name, (path, whole)) in enumerate(clean.items()):
        style = look(k)
        axes.plot(path[:, 0], path[:, 1], label=name, markevery=max(1, len(path) // 12), markersize=3.5, linewidth=1.3, **style)
        end = {"marker": style["marker"] if whole else "x", "color": style["color"], "markersize": 8, "markeredgecolor": "white"}
        if not whole:
            end |= {"markeredgecolor": style["color"], "markeredgewidth": 2}
        axes.plot(path[-1, 0], path[-1, 1], linestyle="none", **end)
    start = next(iter(clean.values()))[0][0]
    axes.plot(*start, "o", color="white", markeredgecolor=QUIET, markersize=7, markeredgewidth=1.4, linestyle="none", label="start")
    for number, star in enumerate(stars):
        axes.plot(*star, "*", color="white", markeredgecolor=QUIET, markersize=11, linestyle="none", label=None if number else "minimiser")
    axes.set_xlim(box[0], box[1])
    axes.set_ylim(box[2], box[3])
    axes.grid(visible=False)
    legend_below(figure, axes)
    shows(figure, ("method", "step", "x1", "x2"), [(name, t, *point) for name in paths for t, point in enumerate(floats(paths[name]))])
    return figure


def _finite(name: str, path: Any) -> tuple[Floats, bool]:
    """The path up to its first point that is not finite, and whether that is all of it."""
    points = floats(path)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"{name}: a path must have shape (steps, 2), got {points.shape}")
    sound = np.all(np.isfinite(points), axis=1)
    if not sound[0]:
        raise ValueError(f"{name}: the first point must be finite, got {points[0]}")
    length = len(points) if sound.all() else int(np.argmin(sound))
    return points[:length], bool(sound.all())


def _window(paths: Sequence[Floats]) -> tuple[float, float, float, float]:
    # a path that runs away must not shrink the others to a dot
    reach = FAR * float(np.median([np.max(np.linalg.norm(path - paths[0][0], axis=1)) for path in paths]))
    points = np.concatenate(paths)
    near = points[np.linalg.norm(points - paths[0][0], axis=1) <= reach]
    low, high = near.min(axis=0), near.max(axis=0)
    extent = np.maximum(high - low, 0.25 * np.max(high - low))
    extent = np.where(extent > 0, extent, 1.0)
    middle = (low + high) / 2
    (left, bottom), (right, top) = middle - (0.5 + MARGIN) * extent, middle + (0.5 + MARGIN) * extent
    return float(left), float(right), float(bottom), float(top)


def _contours(axes: Axes, value: Callable[[Array], Any], box: tuple[float, float, float, float]) -> None:
    x, y = np.linspace(box[0], box[1], GRID), np.linspace(box[2], box[3], GRID)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        heights = np.asarray(value(points), dtype=float).reshape(GRID, GRID)
    heights = np.where(np.isfinite(heights), heights, np.nan)
    if not np.isfinite(heights).any() or np.nanmin(heights) == np.nanmax(heights):
        return
    rise = heights - np.nanmin(heights)
    # the least value of the grid has logarithm -infinity: it is put one grid step of the next one below
    level = np.log(rise + 1e-4 * float(np.nanmedian(rise)) + np.finfo(float).tiny)
    axes.contour(x, y, level, levels=LEVELS, colors=QUIET, linewidths=0.55, alpha=0.6, linestyles="solid")
