"""Plots of runs: loss, gradient norm and rate against gradient evaluations, with bands over the seeds.

The median is a dark line, the band from the 10% to the 90% quantile light, so that the plot survives a black-and-white printer.
Needs matplotlib (extra ``report``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lra_ref.engine.run import Run
from lra_ref.typing import Array
from lra_ref.views.curves import EXPLODED, QUANTILES
from lra_ref.views.style import INK, LEFT, RIGHT, logarithmic, save, shows, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: with so few decades the minor ticks are labelled too
FEW = 2.5
#: exponents that a logarithmic axis can reach: matplotlib's own margins would overflow beyond
EXPONENTS = (-300.0, 300.0)


def plot_run(run: Run, path: str | Path) -> None:
    """Draw a run into a file, ``.png``, ``.svg`` or ``.pdf``.

    Shown are the loss (minus F* where that is known exactly), the norm of the gradient of F and the rate, each as the median and the band
    of the middle 80% of the trajectories that are still running. A cross marks where a trajectory stopped. The file appears as a
    whole or not at all.
    """
    save(run_figure(run), path)


@styled
def run_figure(run: Run) -> Figure:
    """The figure of :func:`plot_run`."""
    from matplotlib.figure import Figure

    known = run.oracle.problem.f_star
    gap = known.value if known is not None and known.exact else 0.0
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    panels = figure.subplots(3, sharex=True)
    # with F* the gap, else the loss, the norm of the gradient: what is zero or below is lost in rounding or has no logarithm
    shown = (
        (run.records["loss"] - gap, "loss − F*" if gap or (known and known.exact) else "loss F(x)", bool(known and known.exact)),
        (run.records["gradient_norm"], "gradient norm |∇F(x)|", True),
        (run.records["rate"], "rate η", False),
    )
    x = _evaluations(run)
    for axes, (values, name, vanishing) in zip(panels, shown, strict=True):
        _panel(axes, x, values, vanishing)
        axes.set_ylabel(name)
    seeds = len(run.labels)
    if seeds > 1:
        handles, labels = panels[0].get_legend_handles_labels()
        panels[0].legend(handles, labels, title=f"{seeds} seeds", loc="best")
    panels[-1].set_xlabel(_unit(run))
    reach = max(float(x[-1]), 1.0)
    # room on both sides: what happens first happens fast, and must not hide behind the axis
    panels[-1].set_xlim(-0.015 * reach, 1.015 * reach)
    figure.align_ylabels()
    figure.suptitle(_title(run), fontsize=10)
    shows(figure, ("seed", _unit(run), "loss", "gradient norm", "rate"), _rows(run))
    return figure


def _rows(run: Run) -> Iterator[tuple[float, ...]]:
    """A row per record of every trajectory, up to where it stopped."""
    names = ("gradient_evaluations", "loss", "gradient_norm", "rate")
    for seed, columns in enumerate(zip(*(run.records[name] for name in names), strict=True)):
        yield from ((seed, *row) for row in zip(*columns, strict=True) if np.isfinite(row[0]))


def _evaluations(run: Run) -> Array:
    """Gradient evaluations spent to reach each row: those of the trajectories that still run, which all spend the same."""
    spent = run.records["gradient_evaluations"]
    alive = np.any(np.isfinite(spent), axis=0)
    most = np.where(alive, np.max(np.where(np.isfinite(spent), spent, -np.inf), axis=0), -np.inf)
    return np.asarray(np.maximum.accumulate(most))


def _panel(axes: Axes, x: Array, values: Array, vanishing: bool) -> None:
    """Median, band, and a cross where a trajectory stopped."""
    finite = np.isfinite(values)
    alive = np.any(finite, axis=0)
    low, median, high = np.nanquantile(np.where(finite, values, np.nan)[:, alive], [QUANTILES[0], 0.5, QUANTILES[1]], axis=0)
    if logarithmic(high, vanishing) or logarithmic(median, vanishing):
        bottom, top = _decades(axes, low, median, high)
        low, median, high = (np.where(curve > 0, np.minimum(curve, top), np.nan) for curve in (low, median, high))
        # a band that reaches zero goes down to the edge
        low = np.where(np.isnan(low) & np.isfinite(high), bottom, low)
        values = np.clip(values, bottom, top)
    at = x[alive]
    if len(values) > 1:
        axes.fill_between(at, low, high, color=LEFT, alpha=0.25, linewidth=0, label="10% to 90%")
    axes.plot(at, median, color=INK, linewidth=1.5, label="median")
    ends = [(x[row.nonzero()[0][-1]], values[i][row][-1]) for i, row in enumerate(finite) if row.any() and not row[-1]]
    if ends:
        axes.plot(*zip(*ends, strict=True), "x", color=RIGHT, markersize=6, label="stopped", linestyle="none", clip_on=False)


def _decades(axes: Axes, low: Array, median: Array, high: Array) -> tuple[float, float]:
    """Make the axis logarithmic, with limits that show the curves but not how high a few trajectories explode; returns the limits."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    # logarithms: the values may fill the whole range of floats
    curves = [np.log10(curve[curve > 0]) for curve in (low, median, high)]
    together = np.concatenate(curves)
    bottom, top = np.min(together), np.max(together)
    if curves[1].size:
        top = min(top, np.max(curves[1]) + EXPLODED)
    margin = max(0.04 * (top - bottom), 0.01)
    limits = 10.0 ** np.clip([bottom - margin, top + margin], *EXPONENTS)
    axes.set_yscale("log", nonpositive="mask")
    axes.set_ylim(*limits)
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_major_formatter(plain)
    if top - bottom <= FEW:
        axes.yaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axes.yaxis.set_minor_formatter(plain if top - bottom <= FEW else NullFormatter())
    return float(limits[0]), float(limits[1])


def _unit(run: Run) -> str:
    batch = run.oracle.batch
    return f"gradient evaluations, each a minibatch of {batch}" if batch else "gradient evaluations"


def _title(run: Run) -> str:
    names = list(dict.fromkeys(method.name for method in run.methods))
    distinct = len({repr((m.direction, m.rate)) for m in run.methods})
    sweep = f" ({distinct} settings)" if distinct > 1 else ""
    data = run.oracle.problem.notes.split(",")[0].removeprefix("data ") if run.oracle.problem.samples else ""
    return f"{', '.join(names)}{sweep} on {run.oracle.problem.name}{f', {data}' if data else ''}, oracle {run.oracle.name}"
