"""What follows from the table of gradient_variation_rates: conclusions, tables and figures of its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reproductions.frame import Judgement, Row
from experiments.reproductions.gala_robustness_page import finite, median, span
from experiments.reproductions.page import markdown
from lra_ref.typing import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: the bases of the paper by the name of the house's direction
BASES = {"SGD": "sgd", "SGDM": "momentum", "SIGNSGD": "sign"}
MEMBERS = ("fisher", "fisher_ema", "secant", "bb1", "bb2", "random_bb1", "random_bb2")
#: the budget is looked at after these shares of it
SHARES = {
    "loss_64th": 1 / 64,
    "loss_32nd": 1 / 32,
    "loss_16th": 1 / 16,
    "loss_8th": 1 / 8,
    "loss_4th": 1 / 4,
    "loss_half": 1 / 2,
    "loss": 1.0,
}
CAPS = ("none", "1/L")
#: "no tuning": at most this times the final loss of the tuned constant of the same base
CLOSE = 1.1
#: a property holds if it does on this share of the steps
MOST = 0.95

Key = tuple[str, str, str, str]


def grouped(rows: Sequence[Row], column: str = "loss") -> dict[Key, Array]:
    """(problem, base, rate, cap) -> values of the seeds."""
    found: dict[Key, list[float]] = {}
    for row in rows:
        found.setdefault((row["problem"], row["base"], row["rate"], row["cap"]), []).append(float(row[column]))
    return {key: np.array(values) for key, values in found.items()}


def best_constant(table: dict[Key, Array], problem: str, base: str) -> tuple[str, float]:
    """The tuned constant and its median final loss."""
    constants = {rate: median(v) for (p, b, rate, _), v in table.items() if (p, b) == (problem, base) and rate.startswith("constant")}
    name = min(constants, key=lambda rate: constants[rate])
    return name, constants[name]


def problems_of(rows: Sequence[Row]) -> list[str]:
    """Problems, in order."""
    return list(dict.fromkeys(row["problem"] for row in rows))


def ratios(rows: Sequence[Row], member: str, cap: str) -> list[float]:
    """Final loss over that of the tuned constant, on every problem and base."""
    table = grouped(rows)
    return [median(table[p, b, member, cap]) / best_constant(table, p, b)[1] for p in problems_of(rows) for b in BASES]


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """The statements of the abstract, member by member."""
    judged = []
    for cap, words in zip(CAPS, ("with its defaults", "capped at 1/L"), strict=True):
        for member in MEMBERS:
            found = ratios(rows, member, cap)
            close = sum(ratio <= CLOSE for ratio in found)
            text = f"final loss {span(found)} times that of the tuned constant; at most {CLOSE:g} times in {close} of {len(found)} cases"
            agrees: Any = "yes" if close == len(found) else "partly" if close else "no"
            judged.append(Judgement(f"needs no tuning (`{member}`, {words})", text, agrees))
    shares = {member: [float(row["obeys"]) for row in rows if row["rate"] == member and row["cap"] == "none"] for member in MEMBERS}
    for member, values in shares.items():
        agrees = "yes" if min(values) >= MOST else "partly" if max(values) >= MOST else "no"
        judged.append(
            Judgement(f"rises if and only if the norm of the gradient falls (`{member}`)", f"on {span(values)} of the steps", agrees)
        )
    costs = {member: {row["per_step"] for row in rows if row["rate"] == member} for member in MEMBERS}
    cheap = [member for member, spent in costs.items() if spent == {"1"}]
    agrees = "yes" if len(cheap) == len(MEMBERS) else "partly" if cheap else "no"
    text = f"one gradient a step: {', '.join(cheap)}; with a same-batch pair two: {', '.join(m for m in MEMBERS if m not in cheap)}"
    return [*judged, Judgement("costs as much as SGD", text, agrees)]


def shown(value: float, start: float) -> str:
    """A final loss; in words where the run has diverged."""
    return "failed" if np.isinf(value) else f"{value:.1e}" if value > 1e4 * start else f"{value:.3g}"


def tables(rows: Sequence[Row]) -> str:
    """Final losses per base, with the share of obeying steps."""
    table, problems, parts = grouped(rows), problems_of(rows), []
    starts = {row["problem"]: float(row["start"]) for row in rows}
    first = rows[0]
    parts.append(
        f"Final loss on all data after {first['evaluations']} gradient evaluations, median over {len({r['seed'] for r in rows})} seeds, "
        f"with the defaults / capped at 1/L; at the start it is " + ", ".join(f"{starts[p]:.3g} ({p})" for p in problems) + "."
    )
    for base in BASES:
        lines = []
        constant = [best_constant(table, p, base) for p in problems]
        lines.append(["tuned constant", *(f"{value:.3g} ({name.split()[1]})" for name, value in constant)])
        for member in MEMBERS:
            lines.append(
                [f"`{member}`", *(" / ".join(shown(median(table[p, base, member, cap]), starts[p]) for cap in CAPS) for p in problems)]
            )
        others = dict.fromkeys(r for (_, b, r, cap) in table if b == base and cap == "-" and not r.startswith("constant"))
        lines += [[name, *(shown(median(table[p, base, name, "-"]), starts[p]) for p in problems)] for name in others]
        parts.append(f"{base}:\n\n" + markdown(("rate", *problems), lines))
    lines = []
    for member in MEMBERS:
        chosen = {base: [float(r["obeys"]) for r in rows if (r["rate"], r["base"], r["cap"]) == (member, base, "none")] for base in BASES}
        lines.append([f"`{member}`", *(span(values, 2) for values in chosen.values())])
    parts.append(
        "Share of the steps on which the rate rises if and only if the norm of the stochastic gradient falls, with defaults, smallest to "
        "largest over the problems:\n\n" + markdown(("member", *BASES), lines)
    )
    return "\n\n".join(parts)


SHOWN = {"logistic, breast_cancer": "logistic", "SVM, digits": "svm"}
#: title -> (rate, cap) of the curves beside the tuned constant; a curve that ends above the start is left out
LINES = {
    "constant 1/L": ("rate 1/L", "-"), "fisher, cap 1/L": ("fisher", "1/L"), "fisher_ema, cap 1/L": ("fisher_ema", "1/L"),
    "secant, cap 1/L": ("secant", "1/L"), "random_bb2": ("random_bb2", "none"), "polyak": ("polyak", "-"), "gala": ("gala", "-"),
}  # fmt: skip


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Learning curves along SGD."""
    from lra_ref.views import Band, learning_curves

    made = {}
    budget = int(rows[0]["evaluations"])
    x = np.array([budget * share for share in SHARES.values()])
    starts = {row["problem"]: float(row["start"]) for row in rows}
    tables_ = {column: grouped(rows, column) for column in SHARES}
    for problem, short in SHOWN.items():
        if problem not in problems_of(rows):
            continue
        name, _ = best_constant(tables_["loss"], problem, "SGD")
        curves = {}
        for title, (rate, cap) in {f"{name}, tuned": (name, "-"), **LINES}.items():
            if median(tables_["loss"][problem, "SGD", rate, cap]) > starts[problem]:
                continue
            values = np.stack([tables_[column][problem, "SGD", rate, cap] for column in SHARES], axis=1)
            curves[title] = Band.of(x, finite(values))
        made[f"gradient_variation_rates_{short}.svg"] = learning_curves(curves, title=f"{problem}, SGD", log_x=True)
    return made
