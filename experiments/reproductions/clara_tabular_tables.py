"""What the table of ``clara_tabular`` says: accuracy by initial rate, best, median and worst rate, paired comparisons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from experiments.reproductions.frame import Judgement, Row
from experiments.reproductions.page import markdown
from lra_ref.rates.clara_laws import independent_mean
from lra_ref.rates.clara_reference import PUBLISHED_ADAM

RATES = tuple(10.0**-k for k in range(6, -1, -1))
MARK = "~"
SHOWN = {
    "sgd": "SGD", "sgd_unit": "SGD, unit step, d = 0", "sgd_clara_unit": "SGD-CLARA, unit", "sgd_clara_plain": "SGD-CLARA, plain",
    "adam": "Adam", "adam_unit": "Adam, unit step, d = 0", "adam_clara_unit": "Adam-CLARA, unit",
    "adam_clara_plain": "Adam-CLARA, plain", "dadapt_adam": "D-Adaptation (Adam)",
}  # fmt: skip
SGD_FAMILY = ("sgd", "sgd_unit", "sgd_clara_unit", "sgd_clara_plain")
ADAM_FAMILY = ("adam", "adam_unit", "adam_clara_unit", "adam_clara_plain", "dadapt_adam")
#: algorithm -> the algorithm that it is compared with
STATIC = {"sgd_clara_unit": "sgd", "sgd_clara_plain": "sgd", "adam_clara_unit": "adam", "adam_clara_plain": "adam"}
#: CLARA with unit steps against unit steps at a constant rate: the adaptation by itself
ALONE = {"sgd_clara_unit": "sgd_unit", "adam_clara_unit": "adam_unit"}
LEVEL = 0.05
D = 1e-3
#: data set -> number of parameters, steps in 100 epochs
SIZES = {"iris": (15, 100), "wine": (42, 200), "breast_cancer": (62, 400), "digits": (650, 1200)}


def accuracy_column(rate: float) -> str:
    """Name of the column with the accuracy at this initial rate."""
    return f"at_{rate:g}"


def shown_name(algorithm: str) -> str:
    """The name on the page and in figures."""
    return SHOWN[algorithm]


def number(text: str) -> float:
    """An entry without its mark."""
    return float(text.rstrip(MARK))


def accuracies(rows: Sequence[Row], data: str, algorithm: str) -> Any:
    """Accuracies, (seeds, rates)."""
    chosen = sorted((row for row in rows if (row["data"], row["algorithm"]) == (data, algorithm)), key=lambda row: int(row["seed"]))
    return np.array([[number(row[accuracy_column(rate)]) for rate in RATES] for row in chosen])


def sets_of(rows: Sequence[Row]) -> list[str]:
    """Data sets in the order of the table."""
    return list(dict.fromkeys(row["data"] for row in rows))


@dataclass(frozen=True)
class Comparison:
    """Mean accuracy over the initial rates, seed by seed: ``first`` minus ``second``."""

    data: str
    first: str
    second: str
    difference: float
    p: float

    @property
    def outcome(self) -> str:
        """better, worse or open, for the first one."""
        return "open" if self.p >= LEVEL else "better" if self.difference > 0 else "worse"


def compared(rows: Sequence[Row], pairs: dict[str, str]) -> list[Comparison]:
    """Two-sided paired t tests over the seeds, p adjusted after Holm over all data sets and pairs."""
    found = []
    for data in sets_of(rows):
        for first, second in pairs.items():
            gaps = np.mean(accuracies(rows, data, first) - accuracies(rows, data, second), axis=1)
            p = 1.0 if np.ptp(gaps) == 0 else float(stats.ttest_1samp(gaps, 0.0).pvalue)
            found.append((data, first, second, float(np.mean(gaps)), p))
    order = np.argsort([entry[4] for entry in found], kind="stable")
    adjusted, largest = [0.0] * len(found), 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, (len(found) - place) * found[k][4]))
        adjusted[k] = largest
    return [Comparison(*entry[:4], p) for entry, p in zip(found, adjusted, strict=True)]


def counted(comparisons: Iterable[Comparison]) -> str:
    """``better 3, worse 1, open 4`` and the extreme differences."""
    entries = list(comparisons)
    outcomes = [entry.outcome for entry in entries]
    gaps = [entry.difference for entry in entries]
    counts = ", ".join(f"{word} {outcomes.count(word)}" for word in ("better", "worse", "open"))
    return f"{counts} of {len(entries)} comparisons; mean difference {min(gaps):+.3f} to {max(gaps):+.3f}"


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """The published conclusions."""
    every = compared(rows, STATIC)
    sgd = [entry for entry in every if entry.second == "sgd"]
    adam = [entry for entry in every if entry.second == "adam"]
    better = [entry.outcome == "better" for entry in sgd]
    kinds = {entry.outcome for entry in adam}
    return [
        Judgement(
            "SGD-CLARA is more robust to the initial rate than SGD",
            f"mean accuracy over the seven rates against SGD: {counted(sgd)}",
            "yes" if all(better) else "partly" if any(better) else "no",
        ),
        Judgement(
            "for Adam it depends on the context",
            f"mean accuracy over the seven rates against Adam: {counted(adam)}",
            "yes" if len(kinds) > 1 else "no",
        ),
    ]


def spread(values: Any) -> str:
    """Mean and standard deviation over the seeds."""
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def by_rate(rows: Sequence[Row], data: str) -> str:
    """The published table: accuracy by initial rate."""
    lines = []
    for name, title in SHOWN.items():
        found = accuracies(rows, data, name)
        lines.append([title, *(spread(found[:, k]) for k in range(len(RATES)))])
    return markdown([data, *(f"{rate:g}" for rate in RATES)], lines)


def summary(rows: Sequence[Row]) -> str:
    """Best, median and worst over the initial rates."""
    lines = []
    for data in sets_of(rows):
        for name, title in SHOWN.items():
            found = accuracies(rows, data, name)
            best = int(np.argmax(found.mean(axis=0)))
            lines.append([
                data, title, f"{spread(found[:, best])} at {RATES[best]:g}", spread(np.median(found, axis=1)), spread(found.min(axis=1)),
                spread(found.mean(axis=1)),
            ])  # fmt: skip
    return markdown(("data", "algorithm", "best rate", "median over rates", "worst rate", "mean over rates"), lines)


def tests(rows: Sequence[Row], pairs: dict[str, str]) -> str:
    """Paired comparisons."""
    lines = [
        [entry.data, SHOWN[entry.first], SHOWN[entry.second], f"{entry.difference:+.3f}", f"{entry.p:.2g}", entry.outcome]
        for entry in compared(rows, pairs)
    ]
    return markdown(("data", "algorithm", "against", "difference of the mean over rates", "p (Holm)", "outcome"), lines)


def largest_growth(data: str, algorithm: str) -> float:
    """Largest possible last rate over the first one (T9): every path as long as it can be."""
    dim, steps = SIZES[data]
    reference = PUBLISHED_ADAM[dim][0] if algorithm.startswith("adam") else float(independent_mean(0.2))
    return math.exp(D * steps * (1 / reference - 1))


def growth(rows: Sequence[Row]) -> str:
    """Last rate over the first one."""
    lines = []
    for data in sets_of(rows):
        for name in STATIC:
            chosen = [row for row in rows if (row["data"], row["algorithm"]) == (data, name)]
            low, high = (choose(number(row[f"factor_{side}"]) for row in chosen) for choose, side in ((min, "low"), (max, "high")))
            lines.append([data, SHOWN[name], f"{low:.3g}", f"{high:.3g}", f"{largest_growth(data, name):.3g}"])
    return markdown(("data", "algorithm", "smallest", "largest", "largest possible (T9, T17)"), lines)


def chaotic(rows: Sequence[Row]) -> str:
    """How many runs are chaotic, by initial rate."""
    lines = []
    for data in sets_of(rows):
        chosen = [row for row in rows if row["data"] == data]
        shares = [np.mean([MARK in row[accuracy_column(rate)] for row in chosen]) for rate in RATES]
        lines.append([data, *(f"{math.floor(100 * share + 0.5):d}%" for share in shares)])
    return markdown(["data", *(f"{rate:g}" for rate in RATES)], lines)


def tables(rows: Sequence[Row]) -> str:
    """All tables of the page."""
    seeds = len({row["seed"] for row in rows})
    return "\n\n".join([
        f"### Over the initial rates\nMean ± standard deviation over {seeds} seeds; the best rate is that of the best mean on the held-out "
        "rows.",
        summary(rows),
        f"### Paired comparisons\nTwo-sided t tests over {seeds} seeds, p adjusted after Holm over each table; level {LEVEL}.",
        tests(rows, STATIC),
        "What the adaptation adds to unit steps at a constant rate:",
        tests(rows, ALONE),
        "### The last rate over the first\nSmallest and largest over seeds and initial rates.",
        growth(rows),
        "### Accuracy by initial rate",
        *(by_rate(rows, data) for data in sets_of(rows)),
        "### Chaotic runs\nShare of the runs whose end changes when the start changes in its last bits, by initial rate.",
        chaotic(rows),
    ])  # fmt: skip
