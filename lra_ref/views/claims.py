"""Plots of the record of a claim: both sides of a statement, a small figure per panel so that a page can stack them on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.typing import Floats
from lra_ref.views.style import HATCHES, INK, LEFT, QUIET, RIGHT, THIRD, floats, log_axis, panel, shows, styled, symlog_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIMITS = ("mean", "low", "high")


def figures(record: dict[str, Any]) -> Iterator[tuple[str, Figure]]:
    """The panels of a cell's record, each with a title; none for a kind that has nothing to see (invariance)."""
    series = record.get("series") or {}
    kind = series.get("plot")
    if kind in ("identity", "bound", "expectation"):
        yield "both sides", both_sides(series)
        if kind == "identity":
            yield "difference", difference(series)
        elif kind == "bound":
            yield "slack", slack(series)
        else:
            yield "difference of the means", mean_difference(series)
    elif kind == "distribution":
        yield "estimates", estimates(record)
    elif kind == "rate":
        yield "rate", rate(series, record)
    elif kind == "worst case":
        yield "worst case", worst_case(series)


@styled
def both_sides(series: dict[str, Any]) -> Figure:
    """Left and right side over the prefixes."""
    figure, axes = panel(series["x_name"])
    x = floats(series["x"])
    _curve(axes, x, series["rhs"], RIGHT, "right side", "--")
    _curve(axes, x, series["lhs"], LEFT, "left side")
    _scales(axes, x, series["lhs"], series["rhs"])
    axes.legend(title="mean, band: all seeds", title_fontsize=8)
    _table(figure, series["x_name"], series["x"], lhs=series["lhs"], rhs=series["rhs"])
    return figure


@styled
def difference(series: dict[str, Any]) -> Figure:
    """Size of the difference of an identity, beside what rounding is allowed."""
    figure, axes = panel(series["x_name"], "|lhs - rhs| / scale")
    error, x = series["error"], floats(series["x"])
    high, allowed = floats(error["lhs"]["high"]), floats(error["rhs"]["mean"])
    every = floats(error["x"])
    axes.plot(every, np.where(allowed > 0, allowed, np.nan), "--", color=RIGHT, label="allowed for rounding")
    # exact agreement has no place on a logarithmic axis; it is drawn at the bottom
    floor = np.nanmin(np.where(high > 0, high, np.nan)) / 3 if np.any(high > 0) else 1e-17
    axes.plot(every, np.where(high > 0, high, floor), ".", color=LEFT, label="largest over the seeds")
    log_axis(axes, "y")
    if x.size > 1 and x[0] > 0 and x[-1] / x[0] > 30:
        log_axis(axes, "x")
    axes.legend()
    shows(figure, (series["x_name"], "largest", "allowed"), zip(error["x"], error["lhs"]["high"], error["rhs"]["mean"], strict=True))
    return figure


@styled
def slack(series: dict[str, Any]) -> Figure:
    """What a pathwise bound leaves, in units of the scale."""
    figure, axes = panel(series["x_name"], "(rhs - lhs) / scale")
    band, x = series["slack"], floats(series["slack"]["x"])
    _curve(axes, x, band["lhs"], THIRD, "slack")
    axes.axhline(0.0, color=RIGHT, linestyle="--", linewidth=1.2, label="violated below")
    _scales(axes, x, band["lhs"], zero=True)
    axes.legend()
    _table(figure, series["x_name"], band["x"], slack=band["lhs"])
    return figure


@styled
def mean_difference(series: dict[str, Any]) -> Figure:
    """Mean of the difference of both sides with its limits."""
    figure, axes = panel(series["x_name"], "mean of lhs - rhs")
    x = floats(series["x"])
    _curve(axes, x, series["difference"], LEFT, "mean, 95% limits")
    axes.axhline(0.0, color=RIGHT, linestyle="--", linewidth=1.2, label="violated above")
    _scales(axes, x, series["difference"], zero=True)
    axes.legend()
    _table(figure, series["x_name"], series["x"], difference=series["difference"])
    return figure


@styled
def estimates(record: dict[str, Any]) -> Figure:
    """Every estimate minus its value in units of the tolerance (of the half width of its interval where there is none)."""
    found, tols = record["estimates"], record["series"]["tol"]
    figure, axes = panel("(estimate - value) / tolerance", height=1.0 + 0.42 * len(found), left=0.15)
    for row, (estimate, tol) in enumerate(zip(found, tols, strict=True)):
        value, low, high = floats([estimate["value"], estimate["low"], estimate["high"]]) - estimate["expected"]
        unit = tol if tol > 0 else max((high - low) / 2, np.finfo(float).tiny)
        # an infinite limit is drawn as far as ten units
        left, right = np.clip([low / unit, high / unit], -10, 10)
        axes.plot([left, right], [row, row], color=LEFT, linewidth=2)
        axes.plot(np.clip(value / unit, -10, 10), row, "o", color=LEFT, markersize=5)
    axes.axvspan(-1, 1, color=THIRD, alpha=0.12, linewidth=0)
    axes.axvline(0.0, color=RIGHT, linestyle="--", linewidth=1.2)
    for row, estimate in enumerate(found):
        axes.text(0.01, row - 0.2, estimate["name"], transform=axes.get_yaxis_transform(), va="bottom", fontsize=8)
    axes.set_yticks([])
    axes.set_ylim(len(found) - 0.6, -0.9)
    names = ("name", "value", "low", "high", "expected")
    shows(figure, (*names, "tolerance"), [(*(entry[name] for name in names), tol) for entry, tol in zip(found, tols, strict=True)])
    return figure


@styled
def rate(series: dict[str, Any], record: dict[str, Any]) -> Figure:
    """Measured values over the horizons beside the claimed exponent."""
    figure, axes = panel(series["x_name"])
    x, exponent = floats(series["x"]), series["exponent"]
    mean = floats(series["lhs"]["mean"])
    _curve(axes, x, series["lhs"], LEFT, "measured")
    sides = {"measured": series["lhs"]}
    if "rhs" in series:
        _curve(axes, x, series["rhs"], RIGHT, "right side", "--")
        sides["rhs"] = series["rhs"]
    axes.plot(x, mean[0] * (x / x[0]) ** exponent, ":", color=QUIET, label=f"exponent {exponent:g} claimed")
    log_axis(axes, "x")
    if np.all(mean > 0):
        log_axis(axes, "y")
    if record["estimates"] and record["estimates"][0]["value"] is not None:
        axes.set_title(f"slope {record['estimates'][0]['value']:.3f}")
    axes.legend()
    _table(figure, series["x_name"], series["x"], **sides)
    return figure


@styled
def worst_case(series: dict[str, Any]) -> Figure:
    """Primal and dual value of a worst case and the bound."""
    figure, axes = panel("value", height=1.9)
    names = [name for name in ("primal", "dual", "bound") if series[name] is not None]
    for row, name in enumerate(names):
        color = {"primal": LEFT, "dual": THIRD, "bound": RIGHT}[name]
        axes.barh(row, series[name], facecolor=color, hatch=HATCHES[row], edgecolor="white", height=0.55)
        axes.annotate(
            f"{series[name]:.6g}", (0, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9},
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    shows(figure, ("name", "value"), [(name, series[name]) for name in names])
    return figure


def _curve(axes: Axes, x: Floats, band: dict[str, Any], color: str, label: str, style: str = "-") -> None:
    mean, low, high = (floats(band[name]) for name in LIMITS)
    if x.size == 1:
        marker = "o" if style == "-" else "s"
        axes.errorbar(x, mean, yerr=[np.maximum(mean - low, 0), np.maximum(high - mean, 0)], fmt=marker, color=color, label=label)
        return
    axes.plot(x, mean, style, color=color, label=label, linewidth=1.6, marker="o" if x.size <= 12 else None, markersize=3.5)
    if np.any(low < high):
        axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)


def _scales(axes: Axes, x: Floats, *bands: dict[str, Any], zero: bool = False) -> None:
    """Logarithmic axes where the data span decades; symmetric-logarithmic where they also change sign; ``zero`` must be seen if it can."""
    if x.size > 1 and x[0] > 0 and x[-1] / x[0] > 30:
        log_axis(axes, "x")
    values = np.concatenate([floats(band[name]) for band in bands for name in LIMITS])
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    decades = np.ptp(np.log10(size)) if size.size else 0.0
    if decades < 1.7:
        return
    if np.all(values[np.isfinite(values)] > 0):
        log_axis(axes, "y")
    elif decades > 4:
        # below the threshold linear: a thousandth of the typical size
        shown = np.append(values[np.isfinite(values)], 0.0) if zero else values[np.isfinite(values)]
        symlog_axis(axes, shown, max(float(np.median(size)) * 1e-3, float(size.max()) * 1e-12))


def _table(figure: Figure, x_name: str, x: Any, **bands: dict[str, Any]) -> None:
    header = [x_name, *(f"{name} {limit}" for name in bands for limit in LIMITS)]
    shows(figure, header, zip(x, *(band[limit] for band in bands.values() for limit in LIMITS), strict=True))
