"""The one style of all plots, what every view is built from, and writing figures: the same bytes for the same data."""

from __future__ import annotations

import csv
import functools
import importlib.util
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from lra_ref.typing import Array, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
#: Okabe and Ito's colours, which colour-blind readers tell apart; INK and QUIET are text and what stands back
LEFT, RIGHT, THIRD, INK, QUIET, GRID = "#0072b2", "#d55e00", "#009e73", "#1f2937", "#6b7280", "#e5e7eb"
COLORS = (LEFT, RIGHT, THIRD, "#cc79a7", INK, "#e69f00", "#56b4e9")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (9, 2.5)), (0, (4, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\")
#: width of a figure in inches: two stand side by side on a page, one fills a telephone
WIDTH = 4.6
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "lra_ref", "font.family": "sans-serif", "font.size": 9, "text.color": INK,
    "axes.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": GRID,
    "axes.edgecolor": QUIET, "xtick.color": QUIET, "ytick.color": QUIET, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "axes.axisbelow": True, "axes.titlesize": 9, "legend.frameon": False, "legend.fontsize": 8, "figure.facecolor": "white",
    "axes.formatter.useoffset": False, "hatch.linewidth": 0.6, "lines.linewidth": 1.5, "lines.markersize": 4,
}  # fmt: skip
#: a logarithmic axis is used for data over at least this factor
SPAN = 10.0
#: a difference that ought to be positive may be as negative as this, as a share of the largest
ROUNDING = 1e-6
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: sizes beyond are drawn there, so that the margins of an axis stay finite
HUGE, TINY = 1e200, 1e-200
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Table:
    """The numbers that a figure shows: the names of the columns and the rows."""

    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]


_TABLES: WeakKeyDictionary[Any, Table] = WeakKeyDictionary()


def need_matplotlib() -> None:
    """``ValueError`` naming the extra if matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ValueError("plots need matplotlib: pip install 'lra_ref[report]'")


def styled(view: Callable[P, R]) -> Callable[P, R]:
    """Run a view with the style of the project in force."""

    @functools.wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        need_matplotlib()
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return view(*args, **kwargs)

    return wrapper


# --- what a figure shows


def shows(figure: Figure, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Attach the table of the numbers that a figure shows."""
    _TABLES[figure] = Table(tuple(header), [tuple(row) for row in rows])


def table_of(figure: Figure) -> Table:
    """The table of a figure made by a view; ``ValueError`` for another figure."""
    if figure not in _TABLES:
        raise ValueError("the figure carries no table: it was not made by a function of lra_ref.views")
    return _TABLES[figure]


def csv_of(figure: Figure) -> str:
    """The table of a figure as CSV (RFC 4180): numbers round-trip, an empty field is a number that is missing or not finite."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    table = table_of(figure)
    writer.writerow(table.header)
    writer.writerows([_plain(value) for value in row] for row in table.rows)
    return stream.getvalue()


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else value


# --- writing


def check_path(path: str | Path) -> Path:
    """The path of a plot that can be written: ``ValueError`` for a format or folder that does not exist, or without matplotlib."""
    path = Path(path)
    need_matplotlib()
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"a plot must end in {', '.join(FORMATS)}, got {path}")
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise ValueError(f"a plot must be a file in an existing folder, got {path}")
    return path


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as ``.png``, ``.svg`` or ``.pdf``, as a whole or not at all, the same bytes for the same data.

    Raises ``ValueError`` with one line for another format, a folder that does not exist, or a file that cannot be written.
    """
    from lra_ref.runs.store import write_atomically

    path = check_path(path)
    kind = path.suffix.lower()[1:]
    write_atomically(path, png(figure) if kind == "png" else svg(figure) if kind == "svg" else _rendered(figure, "pdf", CreationDate=None))


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _rendered(figure, "png", Software=None)


def svg(figure: Figure) -> str:
    """The figure as SVG."""
    return _rendered(figure, "svg", Date=None, Creator=None).decode()


def _rendered(figure: Figure, kind: str, **metadata: None) -> bytes:
    import matplotlib

    stream = io.BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(stream, format=kind, dpi=160, metadata=metadata)
    return stream.getvalue()


# --- what views are built from


def look(k: int) -> dict[str, Any]:
    """Colour, line style and marker of the k-th line: each alone tells the first six apart."""
    return {"color": COLORS[k % len(COLORS)], "linestyle": DASHES[k % len(DASHES)], "marker": MARKERS[k % len(MARKERS)]}


def panel(
    x_name: str = "", y_name: str = "", title: str = "", height: float = 2.9, left: float = 0.75, right: float = 0.14
) -> tuple[Figure, Axes]:
    """A figure with one panel; margins are fixed, in inches: an automatic layout doubles the time of a report."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    bottom, top = 0.46, 0.3 if title else 0.12
    axes = figure.add_axes((left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (bottom + top) / height))
    # few ticks: drawing them is most of the time of a report
    axes.locator_params(nbins=5)
    axes.set_xlabel(x_name)
    axes.set_ylabel(y_name)
    axes.set_title(title)
    return figure, axes


def grow(figure: Figure, below: float = 0.0, above: float = 0.0) -> None:
    """Make a figure higher by so many inches at the bottom and at the top; what is drawn keeps its size."""
    height = figure.get_figheight()
    whole = height + below + above
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((box.x0, (box.y0 * height + below) / whole, box.width, box.height * height / whole))
    figure.set_figheight(whole)


def legend_below(figure: Figure, axes: Axes, title: str = "") -> None:
    """The legend under the axes in as many columns as fit, so that it hides no data; none for a single line without a name."""
    handles, labels = axes.get_legend_handles_labels()
    if not any(labels):
        return
    letter, handle = 0.068, 0.62  # inches of a letter and of what stands before the text
    columns = max(1, min(len(labels), int((WIDTH - 0.3) / (handle + letter * max(map(len, labels))))))
    lines = -(-len(labels) // columns) + bool(title)
    grow(figure, 0.17 * lines + 0.06)
    figure.legend(
        handles, labels, loc="lower center", ncols=columns, title=title or None, title_fontsize=8, handlelength=2.8, borderaxespad=0.3,
        columnspacing=1.2, labelspacing=0.25,
    )  # fmt: skip


def floats(values: Any) -> Floats:
    """Numbers and None (missing) as floats; finite sizes beyond 1e+-200 are brought there."""
    array = np.asarray(values)
    if array.dtype == object:
        array = np.array([np.nan if value is None else value for value in array.ravel()], dtype=float).reshape(array.shape)
    array = array.astype(float)
    bounded = np.isfinite(array) & (array != 0)
    return np.where(bounded, np.copysign(np.clip(np.abs(array), TINY, HUGE), array), array)


def logarithmic(values: Array, vanishing: bool) -> bool:
    """Whether a logarithmic axis is right: positive values over at least a decade; ``vanishing`` ones may also be zero up to rounding."""
    positive = values[values > 0]
    if not positive.size or (positive.size < values.size and not vanishing):
        return False
    if np.min(values) < -ROUNDING * np.max(positive):
        return False
    return bool(np.max(positive) >= SPAN * np.min(positive))


def flat_margin(value: float) -> float:
    """What stands above and below data that are all one value: enough for short labels."""
    return 0.1 * abs(value) or 1.0


def log_axis(axes: Axes, direction: str) -> None:
    """A logarithmic axis with short labels, at powers of ten if it spans many."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    getattr(axes, f"set_{direction}scale")("log")
    axis = getattr(axes, f"{direction}axis")
    axis.set_minor_locator(NullLocator())
    low, high = getattr(axes, f"get_{direction}lim")()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high < 150 * low else LogLocator(numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def symlog_axis(axes: Axes, values: Floats, linear: float) -> None:
    """A vertical axis for finite values of both signs over decades: linear up to the size ``linear``, logarithmic beyond.

    matplotlib alone draws as many decades on the side that has no data, and labels zero and its neighbours over each other.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_yscale("symlog", linthresh=linear)
    to, back = axes.yaxis.get_transform(), axes.yaxis.get_transform().inverted()
    low, high = (float(to.transform([edge])[0]) for edge in (np.min(values), np.max(values)))
    margin = 0.05 * (high - low)
    axes.set_ylim(*(float(back.transform([edge])[0]) for edge in (low - margin, high + margin)))
    # decades between ticks, so that about seven stand on the axis
    decade = float(to.transform([10 * linear])[0] - to.transform([linear])[0])
    step = max(1, round((high - low) / decade / 7))
    powers = [10.0**m for m in range(int(np.ceil(np.log10(linear))), int(np.log10(HUGE)) + 1)][step - 1 :: step]
    ticks = [0.0, *powers, *(-power for power in powers)]
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if low - margin <= to.transform([tick])[0] <= high + margin]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def short(value: float) -> str:
    """A number in few letters: 0.01, 250, 2·10⁻⁶."""
    text = f"{value:g}"
    if ("e" not in text and 1e-3 <= abs(value) < 1e4) or value == 0 or not math.isfinite(value):
        return text.replace("-", "−")
    mantissa, exponent = f"{value:.2e}".split("e")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPT)
    factor = f"{float(mantissa):g}"
    return power if factor == "1" else f"−{power}" if factor == "-1" else f"{factor.replace('-', '−')}·{power}"


def few_marks(x: Array, logarithmic: bool = False, wanted: int = 8) -> list[int]:
    """Indices of the points that carry a marker: evenly spaced along the axis, whatever the grid."""
    if not len(x):
        return []
    at = np.log(np.where(x > 0, x, np.min(x[x > 0], initial=np.inf))) if logarithmic else x
    if not np.all(np.isfinite(at)):
        return list(range(0, len(x), max(1, len(x) // wanted)))
    places = np.linspace(at[0], at[-1], min(wanted, len(x)))
    return sorted({int(np.argmin(np.abs(at - place))) for place in places})
