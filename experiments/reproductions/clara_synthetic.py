"""The eight functions of two variables of the CLARA paper: Adam and Adam-CLARA, 20 steps, distance to the minimiser.

Source: arXiv 2508.05408 and the authors' code (published).  Adam is torch's at the constant rate 100; Adam-CLARA moves by unit steps, one
block, the published reference 0.5958 for two parameters, d = 2 * 0.2553, first rate 100.  Every step: the gradient is scaled by min(1,
5/(|g| + 1e-6)), the method moves, x is clamped to the box; the methods' own state is not.  Printed, to one decimal: sphere 1.0 and 0.4,
ellipsoid 5.0 and 0.4, Rosenbrock 3.2 and 2.8.  (The printed starts of the first two differ by a sign between the methods, which changes
nothing: both functions are even.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reproductions.frame import Column, Judgement, Reproduction, Row
from experiments.reproductions.page import markdown
from lra_ref.engine.reference import Stepper
from lra_ref.methods import Method, make_method
from lra_ref.parts import Seen
from lra_ref.problems import Problem, make_problem
from lra_ref.views import trajectories

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 20
#: what a figure shows around the box, as a share of its side
ROOM = 0.04
TOLERANCE = 1e-4
WHY = (
    "the last bit of every gradient, where exp and cos may differ, moves a point by up to 9e-6 of 1 + |x| (Adam on Ackley; by 3e-9 at most "
    "on the others), measured; ten times that"
)
SHOWN = {"adam": "Adam", "clara_adam": "Adam-CLARA"}


@dataclass(frozen=True)
class Setting:
    """A function with its starts (Adam, Adam-CLARA), its box and the point from which the distance is measured."""

    starts: tuple[tuple[float, float], tuple[float, float]]
    low: float
    high: float
    optimum: tuple[float, float]
    parameters: tuple[tuple[str, Any], ...] = ()


def same(x: float, y: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both methods from one start."""
    return (x, y), (x, y)


SETTINGS = {
    "sphere": Setting(((1.0, 1.0), (-1.0, -1.0)), -5.0, 5.0, (0.0, 0.0), (("dim", 2),)),
    "ellipsoid": Setting(((1.0, 1.0), (-1.0, -1.0)), -5.0, 5.0, (0.0, 0.0), (("dim", 2), ("condition", 1e3))),
    "rosenbrock": Setting(same(-1.0, 1.0), -2.0, 2.0, (1.0, 1.0), (("dim", 2),)),
    "himmelblau": Setting(same(-4.0, 4.0), -6.0, 6.0, (3.0, 2.0)),
    "beale": Setting(same(1.0, 1.0), -4.5, 4.5, (3.0, 0.5)),
    "eggholder": Setting(same(500.0, 300.0), 0.0, 600.0, (512.0, 404.2319)),
    "three_hump_camel": Setting(same(1.0, 1.0), -3.0, 3.0, (0.0, 0.0)),
    "ackley": Setting(same(2.0, 2.0), -5.0, 5.0, (0.0, 0.0), (("dim", 2),)),
}
#: the figures of the paper
PRINTED = {
    ("sphere", "adam"): 1.0,
    ("sphere", "clara_adam"): 0.4,
    ("ellipsoid", "adam"): 5.0,
    ("ellipsoid", "clara_adam"): 0.4,
    ("rosenbrock", "adam"): 3.2,
    ("rosenbrock", "clara_adam"): 2.8,
}


def methods() -> dict[str, Method]:
    """The two methods, in the order of the starts."""
    return {
        "adam": make_method("adam", lr=100.0),
        "clara_adam": make_method("clara_adam", lr=100.0, reference="published", damping="published"),
    }


def clipped(g: Any) -> Any:
    """The gradient scaled to a norm of at most 5, as torch's clip_grad_norm_ does."""
    return g * np.minimum(1.0, 5.0 / (np.sqrt(np.sum(g * g)) + 1e-6))


def problem_of(function: str) -> Problem:
    """The function."""
    return make_problem(function, **dict(SETTINGS[function].parameters))


def path(function: str, method: Method, start: tuple[float, float]) -> Iterator[Any]:
    """The start and the 20 points after it."""
    setting, problem = SETTINGS[function], problem_of(function)
    stepper = Stepper(method, np.array([0, 2], dtype=np.int64))
    x = np.array(start)
    state = stepper.init(x)
    yield x
    for t in range(STEPS):
        f, g = problem.value_and_gradient(x)
        seen = Seen(t=t, x=x, g=clipped(g), f=np.array([f]), offsets=stepper.offsets)
        after, info = stepper.look(state, seen)
        state, x = stepper.move(after, seen, info)
        x = np.clip(x, setting.low, setting.high)
        yield x


def compute(function: str) -> Iterator[dict[str, Any]]:
    """One row per point."""
    setting = SETTINGS[function]
    for (name, method), start in zip(methods().items(), setting.starts, strict=True):
        for step, x in enumerate(path(function, method, start)):
            distance = float(np.sqrt(np.sum((x - np.array(setting.optimum)) ** 2)))
            yield {"function": function, "method": name, "step": str(step), "x1": float(x[0]), "x2": float(x[1]), "distance": distance}


def final(rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    """(function, method) -> distance after the last step."""
    return {(row["function"], row["method"]): float(row["distance"]) for row in rows if row["step"] == str(STEPS)}


def judge(rows: Sequence[Row]) -> list[Judgement]:
    """The printed distances."""
    found, judged = final(rows), []
    for function in dict.fromkeys(function for function, _ in PRINTED):
        printed = [PRINTED[function, name] for name in SHOWN]
        ours = [found[function, name] for name in SHOWN]
        same = [f"{a:.1f}" == f"{b:.1f}" for a, b in zip(ours, printed, strict=True)]
        judged.append(Judgement(
            f"{function}: {printed[0]} (Adam), {printed[1]} (Adam-CLARA)", f"{ours[0]:.4f}, {ours[1]:.4f}",
            "yes" if all(same) else "partly" if any(same) else "no",
        ))  # fmt: skip
    return judged


def tables(rows: Sequence[Row]) -> str:
    """All distances after 20 steps."""
    found = final(rows)
    lines = []
    for function in SETTINGS:
        printed = " and ".join(f"{PRINTED[function, name]:.1f}" for name in SHOWN if (function, name) in PRINTED)
        lines.append([function, *(f"{found[function, name]:.4f}" for name in SHOWN), printed or "not known to us"])
    return markdown(("function", *SHOWN.values(), "printed"), lines)


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """The paths over the contours, one figure for each function."""
    made = {}
    for function, setting in SETTINGS.items():
        paths = {
            title: [(float(row["x1"]), float(row["x2"])) for row in rows if (row["function"], row["method"]) == (function, name)]
            for name, title in SHOWN.items()
        }
        room = ROOM * (setting.high - setting.low)
        made[f"clara_synthetic_{function}.svg"] = trajectories(
            problem_of(function).value, paths, minimisers=[setting.optimum], title=function.replace("_", " "),
            window=(setting.low - room, setting.high + room) * 2,
        )  # fmt: skip
    return made


REPRODUCTION = Reproduction(
    name="clara_synthetic",
    title="Adam and Adam-CLARA on eight functions of two variables",
    source="arXiv 2508.05408 and the authors' code (published)",
    columns=(
        *(Column(name, "key") for name in ("function", "method", "step")),
        *(Column(name, "number", rtol=TOLERANCE, atol=TOLERANCE, why=WHY) for name in ("x1", "x2", "distance")),
    ),
    tasks=lambda preset: list(SETTINGS),
    compute=compute,
    judge=judge,
    tables=tables,
    figures=figures,
    quick=lambda row: True,
)
