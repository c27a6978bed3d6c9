"""Learning curves and traces of rates: a line per method with a band over the seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from lra_ref.typing import Array, Floats
from lra_ref.views.style import QUIET, few_marks, flat_margin, floats, legend_below, log_axis, logarithmic, look, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Method = Literal["linear", "inverted_cdf"]
#: the band over the seeds, as quantiles
QUANTILES = (0.1, 0.9)
#: decades that are shown above where the curves begin and usually are
EXPLODED = 6.0
#: bands are shown this factor beyond the medians
REACH = 30.0


@dataclass(frozen=True)
class Band:
    """A quantity along a run: ``x`` and ``low <= middle <= high``, each of shape ``(n,)``; not finite where it is missing or infinite."""

    x: Array
    low: Array
    middle: Array
    high: Array

    @classmethod
    def of(cls, x: Any, values: Any, quantiles: tuple[float, float] = QUANTILES, method: Method = "linear") -> Band:
        """Median and quantiles over seeds of ``values`` of shape ``(seeds, n)``, or ``(n,)`` for a single run.

        method    of :func:`numpy.quantile`: "linear" interpolates (the median of an even number is the mean of the middle two, infinite if
                  half of them failed), "inverted_cdf" gives values that some seed has, as the records of a sweep

        A value that is not finite counts as +infinity: a seed that failed is worse than every other one.
        """
        table = np.atleast_2d(floats(values))
        worst = np.where(np.isfinite(table), table, np.inf)
        share = [quantiles[0], 0.5, quantiles[1]]
        with np.errstate(invalid="ignore"):
            found = np.quantile(worst, share, axis=0, method=method)
        # numpy has no number for what lies between infinities, or between a value and infinity with weight 0
        found = np.where(np.isnan(found), np.quantile(worst, share, axis=0, method="higher"), found)
        return cls(floats(x), *found)

    @classmethod
    def record(cls, x: Any, quantity: Mapping[str, Any]) -> Band:
        """From lists ``low``, ``median`` (or ``middle``) and ``high``, in which None stands for what is infinite or missing."""
        middle = quantity["median"] if "median" in quantity else quantity["middle"]
        return cls(*(floats(values) for values in (x, quantity["low"], middle, quantity["high"])))


@styled
def learning_curves(
    curves: Mapping[str, Band], *, x_name: str = "gradient evaluations", y_name: str = "loss", title: str = "",
    log_x: bool | None = None, log_y: bool | None = None, marks: Mapping[str, float] | None = None,
) -> Figure:  # fmt: skip
    """Learning curves: one line per method (the median over seeds) with its band.

    curves        method -> :class:`Band` (``Band.of(x, values)`` for values of shape ``(seeds, n)``)
    log_x, log_y  logarithmic axes; None: where the data are positive and span a decade (x: three decades)
    marks         horizontal lines with a name, for instance a bound or F*

    A line ends where its median is no longer finite, with a cross. Table: series, x, low, middle, high.
    Raises ``ValueError`` if there is no curve.
    """
    if not curves:
        raise ValueError("learning curves need at least one curve, got none")
    figure, axes = panel(x_name, y_name, title)
    medians = np.concatenate([band.middle for band in curves.values()] + [np.array(list((marks or {}).values()))])
    medians = medians[np.isfinite(medians)]
    vertical = logarithmic(medians, True) if log_y is None else log_y
    horizontal = _spans([band.x for band in curves.values()]) if log_x is None else log_x
    limits = _limits(list(curves.values()), medians, vertical)
    for k, (name, band) in enumerate(curves.items()):
        _draw(axes, band, look(k), name, limits, horizontal)
    for level, (name, value) in enumerate((marks or {}).items()):
        axes.axhline(value, color=QUIET, linestyle=((0, (2, 2)), (0, (6, 2)))[level % 2], linewidth=1.1, label=name)
    if limits is not None:
        axes.set_ylim(*limits)
    if vertical:
        log_axis(axes, "y")
    if horizontal:
        log_axis(axes, "x")
    legend_below(figure, axes)
    rows = [(name, *row) for name, b in curves.items() for row in zip(b.x, b.low, b.middle, b.high, strict=True)]
    shows(figure, ("series", x_name, "low", "middle", "high"), rows)
    return figure


def rate_traces(curves: Mapping[str, Band], *, x_name: str = "gradient evaluations", title: str = "", log_x: bool | None = None) -> Figure:
    """The rate that every method chose along its run; arguments as in :func:`learning_curves`."""
    return learning_curves(curves, x_name=x_name, y_name="rate η", title=title, log_x=log_x)


def _limits(bands: Sequence[Band], medians: Floats, vertical: bool) -> tuple[float, float] | None:
    """Limits around the medians, up to ``EXPLODED`` decades above the usual and the first, and the bands within ``REACH`` of them."""
    if vertical:
        medians = medians[medians > 0]
    if not medians.size:
        return None
    starts = [band.middle[0] for band in bands if band.middle.size and np.isfinite(band.middle[0])]
    usual = max(float(np.median(medians)), *starts) if starts else float(np.median(medians))
    top = min(float(medians.max()), usual * 10.0**EXPLODED) if vertical else float(medians.max())
    bottom, size = float(medians.min()), float(np.ptp(medians))
    edges = np.concatenate([values[np.isfinite(values)] for band in bands for values in (band.low, band.high)])
    near = edges[(edges >= bottom / REACH) & (edges <= top * REACH)] if vertical else edges[np.abs(edges - bottom) <= 2 * size]
    bottom, top = min(bottom, near.min(initial=np.inf)), max(top, near.max(initial=-np.inf))
    if vertical:
        factor = max((top / bottom) ** 0.05, 1.02)
        return bottom / factor, top * factor
    margin = 0.05 * (top - bottom) or flat_margin(top)
    return bottom - margin, top + margin


def _draw(axes: Axes, band: Band, style: Mapping[str, Any], name: str, limits: tuple[float, float] | None, log_x: bool) -> None:
    """One line and its band; what is beyond the limits is drawn at the edge."""
    bottom, top = limits or (-np.inf, np.inf)
    finite = np.isfinite(band.middle)
    middle = np.where(finite, np.clip(band.middle, bottom, top), np.nan)
    # a missing limit of a band whose median is there: it reaches beyond the axis
    low = np.where(np.isfinite(band.low), np.clip(band.low, bottom, top), middle)
    high = np.where(np.isfinite(band.high), np.clip(band.high, bottom, top), top if np.isfinite(top) else middle)
    axes.plot(band.x, middle, label=name, markevery=few_marks(band.x, log_x), **style)
    if np.any(finite & (low < high)):
        axes.fill_between(band.x, low, high, where=finite, color=style["color"], alpha=0.16, linewidth=0)
    if finite.any() and not finite[-1]:
        last = int(np.flatnonzero(finite)[-1])
        axes.plot(band.x[last], middle[last], "x", color=style["color"], markersize=7, markeredgewidth=2, clip_on=False)


def _spans(grids: Sequence[Array]) -> bool:
    """Whether the grids are spaced over decades: then most points lie in the first hundredth of the axis."""
    x = np.concatenate(grids)
    positive = x[x > 0]
    return bool(positive.size > 4 and np.max(positive) > 1000 * np.min(positive) and np.median(positive) < 0.1 * np.max(positive))
