"""Plots of both sides of a statement, one small figure per panel so that a page can stack them on a narrow screen."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.typing import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours, which colour-blind readers tell apart
LEFT, RIGHT, THIRD, QUIET = "#0072b2", "#d55e00", "#009e73", "#6b7280"
WIDTH = 4.6
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "lra_ref", "font.family": "sans-serif", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e5e7eb", "axes.edgecolor": QUIET, "xtick.color": "#374151",
    "ytick.color": "#374151", "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white",
}  # fmt: skip


def figures(record: dict[str, Any]) -> Iterator[tuple[str, Figure]]:
    """The panels of a cell's record, each with a title."""
    series = record.get("series") or {}
    kind = series.get("plot")
    if kind in ("identity", "bound", "expectation"):
        yield "both sides", _both_sides(series)
        if kind == "identity":
            yield "difference", _difference(series)
        elif kind == "bound":
            yield "slack", _slack(series)
        else:
            yield "difference of the means", _mean_difference(series)
    elif kind == "distribution":
        yield "estimates", _estimates(record)
    elif kind == "rate":
        yield "rate", _rate(series, record)
    elif kind == "worst case":
        yield "worst case", _worst_case(series)


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    import matplotlib

    stream = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(stream, format="png", dpi=160, metadata={"Software": None})
    return stream.getvalue()


def svg(figure: Figure) -> str:
    """The figure as SVG, the same bytes for the same data."""
    import matplotlib

    stream = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _axes(x_name: str = "", y_name: str = "", height: float = 2.9, left: float = 0.75) -> tuple[Figure, Axes]:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height))
        # fixed margins in inches: an automatic layout doubles the time of a report
        bottom = 0.5
        axes = figure.add_axes((left / WIDTH, bottom / height, 1 - (left + 0.12) / WIDTH, 1 - (bottom + 0.24) / height))
    # few ticks: drawing them is most of the time of a report
    axes.locator_params(nbins=4)
    axes.set_xlabel(x_name)
    axes.set_ylabel(y_name)
    return figure, axes


def _log(axes: Axes, direction: str, **linear: float) -> None:
    """A logarithmic (or, with ``linthresh``, symmetric-logarithmic) axis with plain labels, at powers of ten if it spans many."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    getattr(axes, f"set_{direction}scale")("symlog" if linear else "log", **linear)
    axis = getattr(axes, f"{direction}axis")
    axis.set_minor_locator(NullLocator())
    low, high = getattr(axes, f"get_{direction}lim")()
    if not linear and high < 150 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _floats(values: Any) -> Floats:
    """A list of numbers and None as floats; sizes beyond 1e+-200 are drawn there, so that the margins of an axis stay finite."""
    array = np.array([np.nan if value is None else value for value in values], dtype=float)
    return np.where(array == 0, 0.0, np.copysign(np.clip(np.abs(array), 1e-200, 1e200), array))


def _curve(axes: Axes, x: Floats, band: dict[str, Any], color: str, label: str, style: str = "-") -> None:
    mean, low, high = (_floats(band[name]) for name in ("mean", "low", "high"))
    if x.size == 1:
        axes.errorbar(x, mean, yerr=[np.maximum(mean - low, 0), np.maximum(high - mean, 0)], fmt="o", color=color, label=label)
        return
    axes.plot(x, mean, style, color=color, label=label, linewidth=1.6, marker="o" if x.size <= 12 else None, markersize=3.5)
    if np.any(low < high):
        axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)


def _scales(axes: Axes, x: Floats, *bands: dict[str, Any]) -> None:
    """Logarithmic axes where the data span decades; symmetric-logarithmic where they also change sign."""
    if x.size > 1 and x[0] > 0 and x[-1] / x[0] > 30:
        _log(axes, "x")
    values = np.concatenate([_floats(band[name]) for band in bands for name in ("low", "high", "mean")])
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    decades = np.ptp(np.log10(size)) if size.size else 0.0
    if decades < 1.7:
        return
    if np.all(values[np.isfinite(values)] > 0):
        _log(axes, "y")
    elif decades > 4:
        # below the threshold linear: a thousandth of the typical size
        _log(axes, "y", linthresh=max(float(np.median(size)) * 1e-3, float(size.max()) * 1e-12))


def _both_sides(series: dict[str, Any]) -> Figure:
    figure, axes = _axes(series["x_name"])
    x = _floats(series["x"])
    _curve(axes, x, series["rhs"], RIGHT, "right side", "--")
    _curve(axes, x, series["lhs"], LEFT, "left side")
    _scales(axes, x, series["lhs"], series["rhs"])
    axes.legend(title="mean, band: all seeds", title_fontsize=8)
    return figure


def _difference(series: dict[str, Any]) -> Figure:
    figure, axes = _axes(series["x_name"], "|lhs - rhs| / scale")
    error, x = series["error"], _floats(series["x"])
    high, allowed = _floats(error["lhs"]["high"]), _floats(error["rhs"]["mean"])
    every = _floats(error["x"])
    axes.plot(every, np.where(allowed > 0, allowed, np.nan), "--", color=RIGHT, label="allowed for rounding")
    # exact agreement has no place on a logarithmic axis; it is drawn at the bottom
    floor = np.nanmin(np.where(high > 0, high, np.nan)) / 3 if np.any(high > 0) else 1e-17
    axes.plot(every, np.where(high > 0, high, floor), ".", color=LEFT, markersize=4, label="largest over the seeds")
    _log(axes, "y")
    if x.size > 1 and x[0] > 0 and x[-1] / x[0] > 30:
        _log(axes, "x")
    axes.legend()
    return figure


def _slack(series: dict[str, Any]) -> Figure:
    figure, axes = _axes(series["x_name"], "(rhs - lhs) / scale")
    slack, x = series["slack"], _floats(series["slack"]["x"])
    _curve(axes, x, slack["lhs"], THIRD, "slack")
    axes.axhline(0.0, color=RIGHT, linestyle="--", linewidth=1.2, label="violated below")
    _scales(axes, x, slack["lhs"])
    axes.legend()
    return figure


def _mean_difference(series: dict[str, Any]) -> Figure:
    figure, axes = _axes(series["x_name"], "mean of lhs - rhs")
    x = _floats(series["x"])
    _curve(axes, x, series["difference"], LEFT, "mean, 95% limits")
    axes.axhline(0.0, color=RIGHT, linestyle="--", linewidth=1.2, label="violated above")
    _scales(axes, x, series["difference"])
    axes.legend()
    return figure


def _estimates(record: dict[str, Any]) -> Figure:
    """Every estimate minus its value in units of the tolerance (of the half width of its interval where there is none)."""
    estimates, tols = record["estimates"], record["series"]["tol"]
    figure, axes = _axes("(estimate - value) / tolerance", height=1.0 + 0.42 * len(estimates), left=0.15)
    for row, (estimate, tol) in enumerate(zip(estimates, tols, strict=True)):
        value, low, high = _floats([estimate["value"], estimate["low"], estimate["high"]]) - estimate["expected"]
        unit = tol if tol > 0 else max((high - low) / 2, np.finfo(float).tiny)
        # an infinite limit is drawn as far as ten units
        left, right = np.clip([low / unit, high / unit], -10, 10)
        axes.plot([left, right], [row, row], color=LEFT, linewidth=2)
        axes.plot(np.clip(value / unit, -10, 10), row, "o", color=LEFT, markersize=5)
    axes.axvspan(-1, 1, color=THIRD, alpha=0.12, linewidth=0)
    axes.axvline(0.0, color=RIGHT, linestyle="--", linewidth=1.2)
    for row, estimate in enumerate(estimates):
        axes.text(0.01, row - 0.2, estimate["name"], transform=axes.get_yaxis_transform(), va="bottom", fontsize=8)
    axes.set_yticks([])
    axes.set_ylim(len(estimates) - 0.6, -0.9)
    return figure


def _rate(series: dict[str, Any], record: dict[str, Any]) -> Figure:
    figure, axes = _axes(series["x_name"])
    x, exponent = _floats(series["x"]), series["exponent"]
    mean = _floats(series["lhs"]["mean"])
    _curve(axes, x, series["lhs"], LEFT, "measured")
    if "rhs" in series:
        _curve(axes, x, series["rhs"], RIGHT, "right side", "--")
    axes.plot(x, mean[0] * (x / x[0]) ** exponent, ":", color=QUIET, label=f"exponent {exponent:g} claimed")
    _log(axes, "x")
    if np.all(mean > 0):
        _log(axes, "y")
    if record["estimates"] and record["estimates"][0]["value"] is not None:
        axes.set_title(f"slope {record['estimates'][0]['value']:.3f}", fontsize=9)
    axes.legend()
    return figure


def _worst_case(series: dict[str, Any]) -> Figure:
    figure, axes = _axes("value", height=1.9)
    names = [name for name in ("primal", "dual", "bound") if series[name] is not None]
    colors = {"primal": LEFT, "dual": THIRD, "bound": RIGHT}
    axes.barh(names, [series[name] for name in names], color=[colors[name] for name in names], height=0.5)
    axes.invert_yaxis()
    return figure
