"""What follows from the table of gala_robustness: conclusions, tables and figures of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reproductions.frame import Judgement, Row
from experiments.reproductions.page import markdown
from lra_ref.typing import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: the published initial rates
INITIAL = ("1e-05", "0.0001", "0.001", "0.01", "0.1", "1")
#: form -> the method that it augments
AUGMENTS = {
    "gala_sgd": "sgd", "gala_sgd_practical": "sgd", "gala_sgd_practical_momentum": "sgd_momentum",
    "gala_sgd_practical_dampened": "sgd_momentum", "gala_adam": "adam", "gala_adam_practical": "adam",
}  # fmt: skip
#: the initial rate for which the last rates are shown
MIDDLE = "0.01"
ALONE = ("dadapt_sgd", "dadapt_adam", "prodigy")
#: what is known about a form
FORMS = {
    "gala_sgd": "SGD, theory form",
    "gala_sgd_practical": "SGD, eq. 11",
    "gala_sgd_practical_momentum": "SGD with momentum 0.9, eq. 11, as in the published runs",
    "gala_sgd_practical_dampened": "SGD with momentum 0.9 and dampening 0.9, eq. 11",
    "gala_adam": "Adam, theory form; the published formula is not known to us",
    "gala_adam_practical": "Adam, end point and next batch, unclipped; the published formula is not known to us",
}
#: a rate is good if the run keeps this share of the decrease that the tuned constant brings
GOOD = 0.9
#: "competitive": at most this times the loss of the tuned constant
CLOSE = 1.1

Table = dict[str, dict[str, dict[str, Array]]]


def grouped(rows: Sequence[Row], column: str = "loss") -> Table:
    """problem -> method -> initial rate -> values of the seeds."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        rates = found.setdefault(row["problem"], {}).setdefault(row["method"], {})
        rates.setdefault(row["rate"], []).append(float(row[column]))
    return {p: {m: {r: np.array(v) for r, v in rates.items()} for m, rates in methods.items()} for p, methods in found.items()}


def median(values: Array) -> float:
    """Median over the seeds; infinite if half of them or more failed."""
    return float(np.quantile(values, 0.5, method="higher" if np.isinf(values).any() else "linear"))


def over_rates(rates: Mapping[str, Array]) -> Array:
    """Median final loss at each of the published initial rates."""
    return np.array([median(rates[rate]) for rate in INITIAL])


def tuned(rates: Mapping[str, Array]) -> float:
    """The smallest median over all rates that were tried."""
    return min(map(median, rates.values()))


def good(losses: Array, start: float, best: float) -> int:
    """How many of the losses keep the share GOOD of the decrease from start to best."""
    return int(np.sum(losses <= start - GOOD * (start - best)))


def span(values: Sequence[float], digits: int = 3) -> str:
    """Smallest to largest."""
    low, high = (f"{value:.{digits}g}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def counts(table: Table, starts: Mapping[str, float], method: str, base: str) -> list[int]:
    """Good initial rates of a method on every problem, measured by the tuned constant of its base."""
    return [good(over_rates(methods[method]), starts[problem], tuned(methods[base])) for problem, methods in table.items()]


def starts_of(rows: Sequence[Row]) -> dict[str, float]:
    """F at the start of every problem."""
    return {row["problem"]: float(row["start"]) for row in rows}


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """The two conclusions of the abstract, for every form."""
    table, starts = grouped(rows), starts_of(rows)
    return [_robust(table, starts, form) for form in AUGMENTS] + [_competitive(table, form) for form in AUGMENTS]


def _robust(table: Table, starts: Mapping[str, float], form: str) -> Judgement:
    base = AUGMENTS[form]
    ours, constant = counts(table, starts, form, base), counts(table, starts, base, base)
    losses = [over_rates(methods[form]) for methods in table.values()]
    spread = [float(np.max(values) / np.min(values)) if np.isfinite(values).any() else np.inf for values in losses]
    text = (
        f"good initial rates of {len(INITIAL)}: {span(ours)}, a constant {span(constant)}; all are good on {ours.count(len(INITIAL))} of "
        f"{len(table)} problems; more than for the constant on {sum(a > b for a, b in zip(ours, constant, strict=True))}; "
        f"largest over smallest final loss {span(spread)}"
    )
    better = any(a > b for a, b in zip(ours, constant, strict=True))
    agrees: Any = "yes" if min(ours) == len(INITIAL) else "partly" if better else "no"
    return Judgement(f"robust over initial rates 1e-5 to 1 ({FORMS[form]})", text, agrees)


def _competitive(table: Table, form: str) -> Judgement:
    base = AUGMENTS[form]
    ratios = [float(np.median(over_rates(methods[form])) / tuned(methods[base])) for methods in table.values()]
    near = sum(ratio <= CLOSE for ratio in ratios)
    text = (
        f"final loss, median over the initial rates, {span(ratios)} times that of the tuned constant of {base}; "
        f"at most {CLOSE:g} times on {near} of {len(ratios)} problems"
    )
    agrees: Any = "yes" if near == len(ratios) else "partly" if near else "no"
    return Judgement(f"competitive without tuning ({FORMS[form]})", text, agrees)


def cell(losses: Array) -> str:
    """Best and worst over the initial rates."""
    return " / ".join("failed" if np.isinf(v) else f"{v:.3g}" for v in (np.min(losses), np.max(losses)))


def last_rate(values: Array) -> str:
    """Median over the seeds that ran to the end."""
    left = values[np.isfinite(values)]
    return f"{np.median(left):.3g}" if left.size else "failed"


def tables(rows: Sequence[Row]) -> str:
    """Good rates, final losses, and what needs no rate."""
    table, starts = grouped(rows), starts_of(rows)
    problems = list(table)
    bases = list(dict.fromkeys(AUGMENTS.values()))
    order = [name for base in bases for name in (base, *(form for form, b in AUGMENTS.items() if b == base))]
    spent = next(iter(rows))["evaluations"]
    seeds = len({row["seed"] for row in rows})
    good_lines = [[name, *map(str, counts(table, starts, name, AUGMENTS.get(name, name)))] for name in order]
    loss_lines = [["at the start", *(f"{starts[problem]:.3g}" for problem in problems)]]
    loss_lines += [[f"{base}, tuned", *(f"{tuned(table[p][base]):.3g}" for p in problems)] for base in bases]
    loss_lines += [[name, *(cell(over_rates(table[p][name])) for p in problems)] for name in order]
    loss_lines += [[name, *(f"{median(table[p][name]['-']):.3g}" for p in problems)] for name in ALONE]
    ends = grouped(rows, "final_rate")
    rate_lines = [[name, *(last_rate(ends[p][name][MIDDLE]) for p in problems)] for name in AUGMENTS]
    return (
        f"Good initial rates, of the {len(INITIAL)} from 1e-5 to 1 ({spent} gradient evaluations, {seeds} seeds, one where gradients are "
        "exact):\n\n"
        + markdown(("method", *problems), good_lines)
        + "\n\nFinal loss on all data, median over the seeds, at the best / at the worst of the initial rates:\n\n"
        + markdown(("method", *problems), loss_lines)
        + f"\n\nRate at the end, median over the seeds, from the initial rate {MIDDLE}:\n\n"
        + markdown(("method", *problems), rate_lines)
    )


# --- figures -----------------------------------------------------------------------------------------------------------------------------
SHOWN = {"logistic, digits": "digits", "tanh network, breast_cancer": "network", "phase retrieval": "phase"}
FAMILIES = {
    "sgd": ("sgd", "gala_sgd", "gala_sgd_practical", "gala_sgd_practical_momentum", "gala_sgd_practical_dampened", "dadapt_sgd"),
    "adam": ("adam", "gala_adam", "gala_adam_practical", "dadapt_adam", "prodigy"),
}


def finite(values: Array) -> Array:
    """Failed seeds as missing values."""
    return np.where(np.isinf(values), np.nan, values)


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Final loss against the initial rate, and the spread over the initial rates along the runs."""
    from lra_ref.views import robustness

    table, starts, made = grouped(rows), starts_of(rows), {}
    for problem, short in SHOWN.items():
        if problem not in table:
            continue
        for family, methods in FAMILIES.items():
            lines: dict[str, tuple[Any, Any]] = {}
            for name in methods:
                values = table[problem][name]
                stacked = finite(np.stack([values[rate] for rate in sorted(values, key=_rate)]))
                lines[name] = (None, stacked[0]) if name in ALONE else ([float(rate) for rate in sorted(values, key=_rate)], stacked)
            made[f"gala_robustness_{short}_{family}.svg"] = robustness(lines, title=problem, start=starts[problem])
        made[f"gala_robustness_{short}_curves.svg"] = _curves(rows, problem)
    return made


def _rate(text: str) -> float:
    return 0.0 if text == "-" else float(text)


def _curves(rows: Sequence[Row], problem: str) -> Figure:
    """Median loss against gradient evaluations: the median over the initial rates, and the band from the best to the worst of them."""
    from experiments.reproductions.budgeted import SHARES
    from lra_ref.views import Band, learning_curves

    budget = int(next(iter(rows))["evaluations"])
    x = np.array([budget * share for share in SHARES.values()])
    chosen = [row for row in rows if row["problem"] == problem]
    curves = {}
    for name in ("sgd", "gala_sgd", "gala_sgd_practical", "adam", "gala_adam"):
        points = np.stack([over_rates(grouped(chosen, column)[problem][name]) for column in SHARES], axis=1)
        curves[name] = Band.of(x, finite(points), (0.0, 1.0))
    return learning_curves(curves, title=problem, log_x=True)
