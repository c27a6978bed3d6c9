"""The page of a sweep: how far from its best initial rate every method still works, and how it runs at the best one."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lra_ref.report.elements import Cell, Column, Plots, badge, code, entries, esc, number, page, slug, table, text
from lra_ref.runs.progress import counted
from lra_ref.sweep import Result
from lra_ref.sweep.summary import best_of, by_method
from lra_ref.sweep.table import interval
from lra_ref.views import Band, data_profile, first_solved, learning_curves, rate_traces, robustness

Record = dict[str, Any]
#: how much of the way from the start to the lowest loss a method may lack to have solved a problem
TOLERANCES = (0.1, 1e-3)
SUMMARY = (
    Column("problem", filter=True), Column("method"), Column("best rate", number=True), Column("loss", number=True),
    Column("10 % .. 90 %", number=True, wide=True), Column("gradient norm", number=True, wide=True), Column("good rates", number=True),
    Column("failed", number=True), Column("outcome", filter=True),
)  # fmt: skip
CELLS = (
    Column("method", filter=True), Column("rate", number=True), Column("outcome", filter=True), Column("loss", number=True),
    Column("best loss", number=True, wide=True), Column("gradient norm", number=True, wide=True),
    Column("gradients", number=True, wide=True), Column("seconds", number=True, wide=True), Column("ended as", wide=True),
)  # fmt: skip
#: what a status says of a run that is over
ENDED = {"running": "all steps"}
DEFAULT_ORACLE = "minibatches of 32 rows where the problem is a finite sum, exact elsewhere"
EXPLAIN = (
    "A rate is good where the median of the final losses has come nine tenths of the way from the start to the lowest median that any "
    "method reached on the problem; the range is the unbroken run of good rates around the best. A seed that stopped without coming to "
    "rest has failed and counts as infinitely bad."
)


def render(found: Result, drawn: Plots | None = None) -> str:
    """The report of a sweep as text; the plots that it holds are added to ``drawn``."""
    drawn = Plots() if drawn is None else drawn
    problems = list(dict.fromkeys(record["problem"] for record in found.records))
    own = {problem: [record for record in found.records if record["problem"] == problem] for problem in problems}
    body = [_summary(found)]
    if len(problems) > 1:
        body.append(_profiles(own, drawn))
    body += [_problem(problem, records, drawn) for problem, records in own.items()]
    body.append(f'<section class="card" id="reproduce"><h3>Reproduce</h3>{code([command(found)])}</section>')
    links = [(f"problem-{slug(problem)}", problem) for problem in problems]
    if len(problems) > 1:
        links.insert(0, ("profiles", "data profiles"))
    links += [("reproduce", "reproduce"), ("environment", "environment")]
    grid = found.grid
    methods = list(dict.fromkeys(record["method"] for record in found.records))
    title = f"Sweep of {_listed(methods, 'methods')} on {_listed(problems, 'problems')}"
    seeds = max((len(record["seeds"]) for record in found.records), default=0)
    counts = ((len(grid["lr"]), "initial rate"), (grid["steps"], "step"), (seeds, "seed"))
    heading = " · ".join((found.started, *(counted(*count) for count in counts), f"seed of the noise {grid['seed']}"))
    values = {**found.environment, **{name: _shown(value) for name, value in grid.items()}, "started": found.started}
    values["oracle"] = grid["oracle"] or DEFAULT_ORACLE
    footer = f'<h2 id="environment">Environment and settings</h2>{entries(values, "environment and settings")}'
    return page(title, heading, "".join(body), footer, links, _banner(found))


def command(found: Result) -> str:
    """The command that makes the sweep again."""
    grid = found.grid
    words = ["lra-ref", "sweep", ",".join(grid["methods"]), ",".join(grid["problems"])]
    words += ["--lr", ",".join(map(_option, grid["lr"]))] if grid["lr"] else []
    words += ["--steps", str(grid["steps"]), "--seeds", str(grid["seeds"]), "--seed", str(grid["seed"])]
    words += ["--oracle", grid["oracle"]] if grid["oracle"] else []
    for option in ("set", "problem_set", "oracle_set"):
        for name, value in grid[option].items():
            words += [f"--{option.replace('_', '-')}", f"{name}={_option(value)}"]
    return shlex.join(words)


def _option(value: Any) -> str:
    """A value as the command line reads it back."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_option, value))}]"
    return str(value)


def _banner(found: Result) -> str:
    if not found.missing:
        return ""
    total = found.missing + len(found.records)
    return f"Unfinished: {len(found.records)} of {total} cells are finished. The command below goes on when it is given --out {found.out}"


def _listed(names: Sequence[str], kind: str) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} {kind}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        value = [f"{name} = {_shown(entry)}" for name, entry in value.items()]
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _summary(found: Result) -> str:
    rows = []
    for row in found.rows:
        loss = row["loss"] or {}
        rows.append((
            Cell(f'<a href="#problem-{slug(row["problem"])}">{esc(row["problem"])}</a>'), text(row["method"]), number(row["best_lr"]),
            number(loss.get("median")), _spread(loss), number(row["gradient_norm"]), _good(row),
            Cell(f"{row['failed_seeds']} of {row['seeds']}", row["failed_seeds"]), _outcome(_of(found.records, row)),
        ))  # fmt: skip
    failed, seeds = (sum(row[name] for row in found.rows) for name in ("failed_seeds", "seeds"))
    told = f"{counted(len(found.records), 'cell')}, {len(found.failures)} raised; {failed} of {counted(seeds, 'run')} failed"
    shown = table(SUMMARY, rows, "best rates and how far from them the methods work", "summary")
    return f'<section class="card"><p><strong>{esc(told)}</strong></p><p class="small quiet">{esc(EXPLAIN)}</p>{shown}</section>'


def _spread(loss: Mapping[str, float | None]) -> Cell:
    """The band over the seeds, sorted by its upper end."""
    if not loss:
        return Cell("-")
    low, high = loss["low"], loss["high"]
    return Cell(f"{_short(low)} .. {_short(high)}", np.inf if high is None else high)


def _short(value: float | None) -> str:
    return "∞" if value is None else f"{value:.3g}"


def _good(row: Mapping[str, Any]) -> Cell:
    """The range of good rates, sorted by how many times the smallest the largest is."""
    count = f"{row['good_rates']} of {row['rates']}"
    if row["good"] is None:
        return Cell(count, 0.0)
    low, high = row["good"]
    return Cell(f"{interval(low, high)} ({count})", high / low)


def _of(records: Sequence[Record], row: Mapping[str, Any]) -> list[Record]:
    return [record for record in records if (record["problem"], record["method"]) == (row["problem"], row["method"])]


def _outcome(records: Sequence[Record]) -> Cell:
    """What became of the seeds of some cells, in one word or two."""
    if any(record["error"] is not None for record in records):
        return Cell(badge("raised", "bad"))
    losses = [loss for record in records for loss in record["final"]["loss"]]
    failed = sum(loss is None for loss in losses)
    if not failed:
        return Cell(badge("all ran", "good"))
    return Cell(badge("all failed", "bad") if failed == len(losses) else badge("some failed", "open"))


# --- one problem


def _problem(problem: str, records: Sequence[Record], drawn: Plots) -> str:
    floor = next((record["f_star"] for record in records if record["f_star"] is not None), None)
    dim = next((record["dim"] for record in records if record["dim"] is not None), None)
    # a cell that raised does not know the dimension
    about = [] if dim is None else [f"dimension {dim}"]
    about += [f"oracle {records[0]['oracle']}", *([f"F* = {floor:g}"] if floor is not None else [])]
    figures = "".join(
        drawn.figure(figure, f"{problem}--{name}", f"{problem}: {caption}") for name, caption, figure in _figures(records, floor)
    )
    return (
        f'<section class="card" id="problem-{slug(problem)}"><h3>{esc(problem)}</h3><p class="quiet small">{esc(" · ".join(about))}</p>'
        f'<div class="figures">{figures}</div><h4>All cells</h4>{_cells(problem, records)}{_errors(records)}</section>'
    )


def _figures(records: Sequence[Record], floor: float | None) -> Iterator[tuple[str, str, Any]]:
    """The plots of a problem: name, caption, figure; ``floor`` is F* if it is known."""
    loss = "loss" if floor is None else "loss − F*"
    if any(record["lr"] is not None for record in records):
        yield "robustness", "final loss against the initial rate", _robustness(records, floor or 0.0, f"final {loss}")
    best, x_name = _best(records), "gradient evaluations"
    if not best:
        return

    def curves(quantity: str, above: float = 0.0) -> dict[str, Band]:
        return {_named(record): _band(record, quantity, above) for record in best.values()}

    yield "loss", "loss at the best rate", learning_curves(curves("loss", floor or 0.0), y_name=loss, x_name=x_name)
    yield "norm", "gradient norm at the best rate", learning_curves(curves("gradient_norm"), y_name="gradient norm", x_name=x_name)
    yield "rate", "the rate along the run, begun at the best", rate_traces(curves("rate"), x_name=x_name)


def _named(record: Record) -> str:
    """Method and initial rate."""
    return record["method"] if record["lr"] is None else f"{record['method']}, {record['lr']:g}"


def _best(records: Sequence[Record]) -> dict[str, Record]:
    """Method -> its best cell, of those that have a curve."""
    return {name: best_of(own) for name, own in by_method([record for record in records if record["curve"] is not None]).items()}


def _robustness(records: Sequence[Record], floor: float, y_name: str) -> Any:
    results: dict[str, tuple[Any, Any]] = {}
    for name, own in by_method(records).items():
        values = [_final(record, floor) for record in own]
        rates = [record["lr"] for record in own]
        results[name] = (None, values[0]) if rates == [None] else (rates, values)
    starts = [record["curve"]["loss"]["median"][0] for record in records if record["curve"] is not None]
    start = next((value - floor for value in starts if value is not None), None)
    # the median of the table
    return robustness(results, y_name=y_name, start=start, method="inverted_cdf")


def _final(record: Record, floor: float) -> list[float | None]:
    losses = [None] * len(record["seeds"]) if record["final"] is None else record["final"]["loss"]
    return [None if loss is None else loss - floor for loss in losses]


def _band(record: Record, quantity: str, floor: float = 0.0) -> Band:
    band = Band.record(record["curve"]["gradient_evaluations"], record["curve"][quantity])
    return Band(band.x, band.low - floor, band.middle - floor, band.high - floor)


def _cells(problem: str, records: Sequence[Record]) -> str:
    rows = []
    for record in records:
        final = record["final"] or {}
        middle = [_median(final.get(name)) for name in ("loss", "best_loss", "gradient_norm", "gradient_evaluations")]
        counts: Counter[str] = Counter(record["status"])
        ended = ", ".join(f"{ENDED.get(word, word).replace('_', ' ')} {count}" for word, count in counts.items())
        rows.append((
            text(record["method"]), number(record["lr"]), _outcome([record]), *map(number, middle), number(record["seconds"]), text(ended),
        ))  # fmt: skip
    return table(CELLS, rows, f"cells of {problem}: medians over the seeds", f"cells-{slug(problem)}")


def _median(values: Sequence[float | None] | None) -> float | None:
    """The lower median, a seed that failed counting as infinity."""
    if not values:
        return None
    found = np.sort([np.inf if value is None else value for value in values])[(len(values) - 1) // 2]
    return float(found)


def _errors(records: Sequence[Record]) -> str:
    lines = [f"{_named(record)}: {record['error']}" for record in records if record["error"] is not None]
    return f"<h4>Raised</h4>{code(lines)}" if lines else ""


# --- all problems


def _profiles(own: Mapping[str, Sequence[Record]], drawn: Plots) -> str:
    """Share of the problems solved against gradient evaluations, every method at the rate that is best on the problem."""
    figures = []
    for tolerance in TOLERANCES:
        costs = _costs(own, tolerance)
        if any(np.isfinite(cost).any() for cost in costs.values()):
            caption = f"problems on which the median loss has come {1 - tolerance:.4g} of the way from the start to the lowest, best rates"
            figures.append(drawn.figure(data_profile(costs), f"profile-{tolerance:g}", caption))
    shown = f'<div class="figures">{"".join(figures)}</div>' if figures else "<p>No method made progress on any problem.</p>"
    return f'<section class="card" id="profiles"><h3>Data profiles</h3>{shown}</section>'


def _costs(own: Mapping[str, Sequence[Record]], tolerance: float) -> dict[str, list[float]]:
    """Method -> gradient evaluations to solve every problem, infinity where it did not."""
    methods = list(dict.fromkeys(record["method"] for records in own.values() for record in records))
    costs: dict[str, list[float]] = {name: [] for name in methods}
    for records in own.values():
        losses = {name: _band(record, "loss") for name, record in _best(records).items()}
        low = min((float(np.nanmin(band.middle)) for band in losses.values() if np.isfinite(band.middle).any()), default=np.nan)
        for name in methods:
            band = losses.get(name)
            solved = band is not None and bool(np.isfinite(band.middle[0])) and band.middle[0] > low
            cost = (
                first_solved(band.x, band.middle, start=float(band.middle[0]), best=low, tolerance=tolerance) if band and solved else np.inf
            )
            costs[name].append(cost)
    return costs
