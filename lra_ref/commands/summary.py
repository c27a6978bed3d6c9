"""What a run ended with, over its seeds: as data and as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.commands.output import number, table
from lra_ref.engine.run import Run
from lra_ref.status import Status
from lra_ref.typing import Array

#: record -> its name in the table; the scalars of the rate follow
ROWS = {"loss": "loss", "gradient_norm": "gradient norm", "rate": "rate", "gradient_evaluations": "gradient evaluations"}


def first_and_last(values: Array) -> tuple[Array, Array]:
    """The first and the last recorded value of every trajectory; where one stopped, the last before it did (nan if there is none)."""
    finite = np.isfinite(values)
    last = values.shape[1] - 1 - np.argmax(finite[:, ::-1], axis=1)
    return values[:, 0], values[np.arange(len(values)), last]


def spread(values: Array) -> dict[str, float | None]:
    """Median, smallest and largest of the finite values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {"median": None, "low": None, "high": None}
    return {"median": float(np.median(finite)), "low": float(np.min(finite)), "high": float(np.max(finite))}


def summary(run: Run) -> dict[str, Any]:
    """The run in numbers, plain data."""
    problem = run.oracle.problem
    records = dict(run.records)
    if problem.f_star is not None and problem.f_star.exact:
        records["gap"] = records["loss"] - problem.f_star.value
    names = [name for name in records if name != "status"]
    ends = {name: first_and_last(records[name]) for name in names}
    return {
        "method": run.methods[0].name,
        "settings": run.settings,
        "problem": {"name": problem.name, "dim": problem.dim, "samples": problem.samples, "notes": problem.notes},
        "oracle": {"name": run.oracle.name, **run.oracle.parameters.as_dict()},
        "steps": int(run.steps[-1]),
        "every": run.every,
        "seed": run.seed,
        "first": int(run.labels[0]),
        "seeds": len(run.labels),
        "start": {name: spread(start) for name, (start, _) in ends.items()},
        "final": {name: spread(end) for name, (_, end) in ends.items()},
        "status": {status.name.lower(): run.status.count(status) for status in Status if status in run.status},
        "trajectories": [
            {"trajectory": int(label), "status": status.name.lower(), **{name: float(end[i]) for name, (_, end) in ends.items()}}
            for i, (label, status) in enumerate(zip(run.labels, run.status, strict=True))
        ],
    }


def summary_table(run: Run, found: dict[str, Any]) -> str:
    """The summary for people."""
    problem, oracle = found["problem"], found["oracle"]
    size = f"D = {problem['dim']}" + (f", n = {problem['samples']}" if problem["samples"] else "")
    noise = ", ".join(f"{key} {value}" for key, value in oracle.items() if key != "name" and value is not None)
    last = found["first"] + found["seeds"] - 1
    many = f"{found['seeds']} trajectories ({found['first']} to {last})"
    seeds = f"{many} of seed {found['seed']}" if found["seeds"] > 1 else f"seed {found['seed']}"
    lines = [
        f"{found['method']} on {problem['name']} ({size}), oracle {oracle['name']}{f' ({noise})' if noise else ''}",
        f"{found['steps']} steps, {seeds}",
        *(f"{part} {described(found['settings'][part])}" for part in ("direction", "rate")),
        "",
    ]
    shown = {"gap": "loss - F*", **ROWS} if "gap" in found["final"] else dict(ROWS)
    if any(found["final"]["loss_evaluations"].values()):
        shown["loss_evaluations"] = "loss evaluations"
    shown.update({name: name.replace("_", " ") for name in run.methods[0].rate.columns[1:]})
    rows: list[tuple[str, ...]] = [("", "start", "median", "lowest", "highest")]
    for name, text in shown.items():
        end, start = found["final"][name], found["start"][name]
        rows.append((text, *map(number, (start["median"], end["median"], end["low"], end["high"]))))
    lines.append(table(rows))
    lines += ["", *status_lines(run)]
    return "\n".join(lines)


def described(part: dict[str, Any]) -> str:
    """Name and hyper-parameters of a direction or a rate, defaults included."""
    values = ", ".join(f"{name} = {value}" for name, value in part.items() if name != "name")
    return f"{part['name']}" + (f": {values}" if values else "")


def status_lines(run: Run) -> list[str]:
    """How many trajectories ran to the end, and why the others stopped."""
    if all(status == Status.RUNNING for status in run.status):
        return ["every trajectory ran to the end"]
    lines = []
    for status in Status:
        which = [int(label) for label, found in zip(run.labels, run.status, strict=True) if found == status]
        if which:
            text = "ran to the end" if status == Status.RUNNING else status.message
            listed = ", ".join(map(str, which[:8])) + (", ..." if len(which) > 8 else "")
            lines.append(f"{len(which)} of {len(run.labels)} {text} (trajectories {listed})")
    return lines
