"""What the table of ``eg_shift`` says: steps to recover, peaks, curves of losses, rates and gains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.reproductions.frame import Judgement, Row
from experiments.reproductions.page import markdown
from lra_ref.views import learning_curves, rate_traces
from lra_ref.views.curves import Band

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTILES = (0.1, 0.5, 0.9)
EG, DEFAULTS, GAINS = "EG scale and gains", "EG, code's defaults", "EG gains only"
SHOWN = ("constant", "1/sqrt(t) decay", "Adam", "multiplicative", EG, DEFAULTS)
CURVATURE, MINIMISER, HALF, STREAM = "curvature times 100", "minimiser moved", "half of the curvatures times 100", "stream"
#: what the figures show: scenario, quantity -> methods
CURVES = {
    (CURVATURE, "loss"): SHOWN, (MINIMISER, "loss"): SHOWN, (STREAM, "loss"): SHOWN, (STREAM, "rate"): SHOWN,
    (HALF, "gain_low"): (EG, GAINS), (HALF, "gain_high"): (EG, GAINS),
}  # fmt: skip
#: scenario -> what happens at the beginning of every phase but the first
CHANGES = {
    CURVATURE: ("curvature times 100",),
    MINIMISER: ("minimiser moved by 10",),
    HALF: ("half of the curvatures times 100, minimiser moved by 10",),
    STREAM: (
        "1: minimiser moved by 10", "2: curvature times 100", "3: curvature back, minimiser moved by -20", "4: minimiser moved by 20",
    ),
}  # fmt: skip
#: steps of the phases of the stream
FIRST, LATER = 500, 1000


def chosen(rows: Sequence[Row], scenario: str, method: str, what: str) -> list[Row]:
    """Rows of one quantity."""
    return [row for row in rows if (row["scenario"], row["method"], row["what"]) == (scenario, method, what)]


def methods_of(rows: Sequence[Row]) -> list[str]:
    """Methods in the order of the table."""
    return list(dict.fromkeys(row["method"] for row in rows))


def recovered(row: Row) -> str:
    """Median and middle 80%, and the seeds that did not recover."""
    lost = [f"{row[name]} {text}" for name, text in (("overflow", "overflow"), ("missed", "not in time")) if int(row[name])]
    shown = ["–" if math.isinf(float(row[name])) else row[name] for name in ("median", "low", "high")]
    times = "" if shown[0] == shown[1] == shown[2] == "–" else f"{shown[0]} ({shown[1]} to {shown[2]})"
    return "; ".join(text for text in (times, ", ".join(lost)) if text)


def all_shifts(rows: Sequence[Row], method: str) -> list[Row]:
    """Recovery of one method after every change."""
    return [row for row in rows if (row["method"], row["what"]) == (method, "recovery") and row["phase"] != "0"]


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """The published claim, with a learning rate for the scale that suits the stream and with the defaults of the code."""
    judged = []
    for method, settings in ((EG, "gamma_s = 0.05, wide clip"), (DEFAULTS, "defaults of the published code, gamma_s = 0.001")):
        shifts = all_shifts(rows, method)
        whole = [row for row in shifts if row["overflow"] == row["missed"] == "0"]
        medians = [float(row["median"]) for row in shifts]
        lost = sum(int(row["overflow"]) + int(row["missed"]) for row in shifts)
        judged.append(Judgement(
            f"scale and gains adapt to a shift of the distribution (in kind); {settings}",
            f"every seed recovers after {len(whole)} of {len(shifts)} changes, median {min(medians):.0f} to {max(medians):.0f} steps, "
            f"{lost} runs do not recover in time",
            "yes" if len(whole) == len(shifts) else "partly" if whole else "no",
        ))  # fmt: skip
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    failed = {
        name: {row["scenario"] for row in all_shifts(rows, name) if int(row["overflow"]) + int(row["missed"])}
        for name in ("constant", "1/sqrt(t) decay")
    }
    counts = (
        f"{name}: runs overflow or do not recover in time in {len(found)} of {len(scenarios)} scenarios" for name, found in failed.items()
    )
    agrees = "yes" if all(failed.values()) else "partly" if any(failed.values()) else "no"
    judged.append(Judgement("rates that do not learn from the gradients fail there (in kind)", "; ".join(counts), agrees))
    return judged


def tables(rows: Sequence[Row]) -> str:
    """Steps to recover and peaks, for every change."""
    parts = ["### Steps to recover\nMedian over the seeds (from the 10% to the 90% quantile)."]
    for what, format_row in (("recovery", recovered), ("peak", lambda row: f"{float(row['median']):.1e}")):
        if what == "peak":
            parts.append("### Largest loss after the change\nMedian over the seeds.")
        for group in ((CURVATURE, MINIMISER, HALF), (STREAM,)):
            present = [name for name in group if any(row["scenario"] == name for row in rows)]
            if not present:
                continue
            lines = []
            for method in methods_of(rows):
                found = [row for name in present for row in chosen(rows, name, method, what) if row["phase"] != "0"]
                lines.append([method, *(format_row(row) for row in found)])
            parts.append(markdown(["method", *(text for name in present for text in CHANGES[name])], lines))
    return "\n\n".join(parts)


def curve(rows: Sequence[Row], scenario: str, method: str, what: str, since: bool) -> Band:
    """A quantity against the step, or against the step since the only change."""
    found = [row for row in chosen(rows, scenario, method, what) if not since or (row["phase"] == "1" and row["step"] != "0")]
    starts = [0 if row["phase"] == "0" or since else FIRST + LATER * (int(row["phase"]) - 1) for row in found]
    x = np.array([start + int(row["step"]) for start, row in zip(starts, found, strict=True)], dtype=float)
    low, middle, high = (np.array([float(row[name]) for row in found]) for name in ("low", "median", "high"))
    return Band(x, low, middle, high)


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Losses after either change, losses and rates along the stream, gains where half of the curvatures change."""
    made = {}
    for scenario, file in ((CURVATURE, "curvature"), (MINIMISER, "minimiser")):
        curves = {name: curve(rows, scenario, name, "loss", since=True) for name in SHOWN}
        made[f"eg_shift_{file}.svg"] = learning_curves(curves, x_name="steps since the change", title=scenario, log_x=True, log_y=True)
    along = {what: {name: curve(rows, STREAM, name, what, since=False) for name in SHOWN} for what in ("loss", "rate")}
    made["eg_shift_stream_loss.svg"] = learning_curves(along["loss"], x_name="step", title="stream: loss", log_x=False, log_y=True)
    made["eg_shift_stream_rate.svg"] = rate_traces(along["rate"], x_name="step", title="stream: rate", log_x=False)
    gains = {
        f"{name}, {text}": curve(rows, HALF, name, what, since=True)
        for name in (EG, GAINS) for what, text in (("gain_low", "changed half"), ("gain_high", "other half"))
    }  # fmt: skip
    made["eg_shift_gains.svg"] = learning_curves(gains, x_name="steps since the change", y_name="gain", title=HALF, log_x=True, log_y=True)
    return made
