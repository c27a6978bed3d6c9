"""Robustness to the initial rate: what a run ends with against the rate that it was started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.typing import Floats
from lra_ref.views.curves import EXPLODED, QUANTILES, Band, Method
from lra_ref.views.style import QUIET, SPAN, flat_margin, floats, grow, legend_below, log_axis, logarithmic, look, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: inches of a row of marks above the axes and of a letter of its name
ROW, LETTER = 0.12, 0.052
#: marks above the axes: marker, size, meaning; the median has failed with half of the seeds, or with more, as it is taken
MARKS = (("x", 6.0, "{}"), ("x", 3.2, "fewer failed"), ("^", 4.5, "above the axis"))
MOST = {"linear": "half failed or more", "inverted_cdf": "more than half failed"}


@styled
def robustness(
    results: Mapping[str, tuple[Any, Any]], *, x_name: str = "initial rate", y_name: str = "final loss", title: str = "",
    start: float | None = None, log_y: bool | None = None, quantiles: tuple[float, float] = QUANTILES,
    method: Method = "linear",
) -> Figure:  # fmt: skip
    """Final value against the initial rate: one line per method, the median over seeds with the band between two quantiles.

    results    method -> (rates of shape ``(n,)``, values of shape ``(n, seeds)`` or ``(n,)``). A method without an initial rate has
               ``rates`` None (or one None) and values of shape ``(seeds,)``: it is a horizontal line
    start      the value before the first step, a horizontal line
    log_y      logarithmic values; None: where they are positive (or 0) and span a decade
    method     how median and quantiles are taken, see :meth:`Band.of`

    Values that are not finite (or None) are seeds that failed: they count as +infinity. Rates at which seeds failed have a cross in
    the method's row at the top: large where so many did that the median is infinite (the line is broken there), small where fewer did.
    A triangle in the row: the median lies above the axis, which reaches ``EXPLODED`` decades above the usual median and the start.
    A median of 0 on a logarithmic axis stands at its lower edge. Table: method, rate, seed, value. Raises ``ValueError`` for shapes
    that do not match.
    """
    if not results:
        raise ValueError("a robustness plot needs at least one method, got none")
    clean = {name: _clean(name, *pair) for name, pair in results.items()}
    troubled = [name for name, (_, values) in clean.items() if not np.all(np.isfinite(values))]
    figure, axes = panel(x_name, y_name, title, left=max(0.75, 0.2 + LETTER * max(map(len, troubled), default=0)))
    bands = {name: Band.of(range(len(values)), values.T, quantiles, method) for name, (_, values) in clean.items()}
    medians = np.concatenate([band.middle for band in bands.values()] + ([] if start is None else [np.array([start])]))
    finite = medians[np.isfinite(medians)]
    vertical = logarithmic(finite, True) if log_y is None else log_y
    top = _ceiling(finite, vertical, start)
    grid = np.concatenate([rates for rates, _ in clean.values() if rates is not None] or [np.array([0.1, 1.0])])
    edges = float(grid.min()), float(grid.max())
    limits = _limits(finite[finite <= top], vertical)
    for k, (name, (rates, _)) in enumerate(clean.items()):
        _draw(axes, edges if rates is None else rates, bands[name], look(k), name, top, limits[0] if vertical and limits else -np.inf)
    if start is not None and np.isfinite(start):
        axes.axhline(start, color=QUIET, linestyle=(0, (2, 2)), linewidth=1.1, label="at the start")
    _axes(axes, edges, limits, vertical)
    _failures(figure, axes, clean, bands, top, MOST[method])
    legend_below(figure, axes)
    rows = [
        (name, None if rates is None else rates[i], seed, value)
        for name, (rates, values) in clean.items() for i, line in enumerate(values) for seed, value in enumerate(line)
    ]  # fmt: skip
    shows(figure, ("method", "rate", "seed", "value"), rows)
    return figure


def _clean(name: str, rates: Any, values: Any) -> tuple[Floats | None, Floats]:
    """Rates of shape (n,), or None, and values of shape (n, seeds), sorted by rate."""
    table = floats(values)
    if rates is None or (np.size(rates) == 1 and np.ravel(rates).tolist() == [None]):
        return None, table.reshape(1, -1)
    grid = floats(rates)
    table = table[:, None] if table.ndim == 1 else table
    if grid.ndim != 1 or table.ndim != 2 or len(table) != grid.size or not table.size:
        raise ValueError(f"{name}: values must have shape (rates, seeds) with {grid.size} rates, got {table.shape}")
    if np.any(~(grid > 0)):
        raise ValueError(f"{name}: rates must be > 0, got {grid[~(grid > 0)][0]:g}")
    order = np.argsort(grid, kind="stable")
    return grid[order], table[order]


def _ceiling(medians: Floats, vertical: bool, start: float | None) -> float:
    """The largest value that is shown: a run that exploded without an overflow must not squeeze the others into a line.

    Where most runs end far below the start, those that hardly left it are no explosions.
    """
    positive = medians[medians > 0]
    if not positive.size:
        return np.inf
    if vertical:
        usual = float(np.median(positive))
        return (max(usual, start) if start is not None and np.isfinite(start) else usual) * float(10.0**EXPLODED)
    return float(np.max(positive))


def _draw(axes: Axes, rates: Any, band: Band, style: Mapping[str, Any], name: str, top: float, bottom: float) -> None:
    # a loss of 0, the best there is, has no place on a logarithmic axis: it stands at the edge
    low, middle, high = (
        np.where(np.isfinite(values) & (values <= top), np.maximum(values, bottom), np.nan) for values in (band.low, band.middle, band.high)
    )
    if len(rates) != middle.size:
        # without an initial rate: the same from edge to edge
        low, middle, high = (np.repeat(values, len(rates)) for values in (low, middle, high))
        style = {**style, "marker": ""}
    axes.plot(rates, middle, label=name, **style)
    shown = np.isfinite(middle)
    if np.any(shown & (band.low < band.high)):
        # a band whose upper limit failed goes up to the edge
        edge = top if np.isfinite(top) else np.nanmax(middle)
        axes.fill_between(rates, low, np.where(np.isfinite(high), high, edge), where=shown, color=style["color"], alpha=0.16, linewidth=0)


def _limits(values: Floats, vertical: bool) -> tuple[float, float] | None:
    """Limits of the axis around the medians: bands that reach far do not decide."""
    if vertical:
        values = values[values > 0]
    if not values.size:
        return None
    if vertical:
        exponents = np.log10(values)
        margin = max(0.06 * float(np.ptp(exponents)), 0.05)
        return 10.0 ** float(exponents.min() - margin), 10.0 ** float(exponents.max() + margin)
    margin = 0.06 * float(np.ptp(values)) or flat_margin(float(values[0]))
    return float(values.min()) - margin, float(values.max()) + margin


def _axes(axes: Axes, edges: tuple[float, float], limits: tuple[float, float] | None, vertical: bool) -> None:
    """Limits and scales; one rate alone stands in the middle of a decade."""
    axes.margins(x=0.04)
    if limits:
        axes.set_ylim(*limits)
    if vertical:
        log_axis(axes, "y")
    if edges[0] == edges[1]:
        axes.set_xlim(edges[0] / SPAN**0.5, edges[0] * SPAN**0.5)
    log_axis(axes, "x")


def _failures(
    figure: Figure, axes: Axes, clean: Mapping[str, tuple[Floats | None, Floats]], bands: Mapping[str, Band], top: float, most: str
) -> None:
    """A row of marks above the axes for every method of which a seed failed or the median lies off the axis."""
    troubled = [k for k, name in enumerate(clean) if not np.all(np.isfinite(clean[name][1])) or np.any(bands[name].middle > top)]
    if not troubled:
        return
    names, (left, right) = list(clean), axes.get_xlim()
    room = ROW * (len(troubled) + 0.6)
    inch = 1 / (axes.get_position().height * figure.get_figheight())
    grow(figure, above=room)
    axes.set_title(axes.get_title(), pad=6 + 72 * room)
    for row, k in enumerate(troubled):
        rates, values = clean[names[k]]
        at = np.array([np.sqrt(left * right)]) if rates is None else rates
        y = 1 + inch * ROW * (len(troubled) - row - 0.3)
        failed, broken = np.any(~np.isfinite(values), axis=1), ~np.isfinite(bands[names[k]].middle)
        off = ~broken & (bands[names[k]].middle > top)
        for chosen, (marker, size, _) in zip((broken, failed & ~broken, off), MARKS, strict=True):
            axes.plot(
                at[chosen], np.full(int(chosen.sum()), y), marker, color=look(k)["color"], markersize=size, markeredgewidth=size / 4,
                transform=axes.get_xaxis_transform(), clip_on=False,
            )  # fmt: skip
        axes.text(-0.02, y, names[k], transform=axes.transAxes, fontsize=6, color=QUIET, ha="right", va="center")
    for marker, size, label in MARKS[: 3 if any(np.any(np.isfinite(b.middle) & (b.middle > top)) for b in bands.values()) else 2]:
        axes.plot([], [], marker, color=QUIET, markersize=size, markeredgewidth=size / 4, label=label.format(most))
