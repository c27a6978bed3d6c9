"""The eight functions of two variables of the CLARA paper: Adam and Adam-CLARA, 20 steps, distance to the minimiser.

    python experiments/reproductions/clara_synthetic.py            print the table
    python experiments/reproductions/clara_synthetic.py --write    write it to clara_synthetic.csv
    python experiments/reproductions/clara_synthetic.py --check    compare with the committed file and with the printed figures

Source: arXiv 2508.05408 and the authors' code (published).  Adam is torch's at the constant rate 100; Adam-CLARA moves by unit steps, one
block, the published reference 0.5958 for two parameters, d = 2 * 0.2553, first rate 100.  Every step: the gradient is scaled by min(1,
5/(|g| + 1e-6)), the method moves, x is clamped to the box; the methods' own state is not.  Printed, to one decimal: sphere 1.0 and 0.4,
ellipsoid 5.0 and 0.4, Rosenbrock 3.2 and 2.8.  (The printed starts of the first two differ by a sign between the methods, which changes
nothing: both functions are even.)
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from lra_ref.engine.reference import Stepper  # noqa: E402
from lra_ref.methods import Method, make_method  # noqa: E402
from lra_ref.parts import Seen  # noqa: E402
from lra_ref.problems import make_problem  # noqa: E402

CSV = Path(__file__).with_suffix(".csv")
COLUMNS = ("function", "method", "steps", "final_distance")
STEPS = 20


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


def distance(function: str, method: Method, start: tuple[float, float]) -> float:
    """Distance to the optimum after 20 steps."""
    setting = SETTINGS[function]
    problem = make_problem(function, **dict(setting.parameters))
    stepper = Stepper(method, np.array([0, 2], dtype=np.int64))
    x = np.array(start)
    state = stepper.init(x)
    for t in range(STEPS):
        f, g = problem.value_and_gradient(x)
        seen = Seen(t=t, x=x, g=clipped(g), f=np.array([f]), offsets=stepper.offsets)
        after, info = stepper.look(state, seen)
        state, x = stepper.move(after, seen, info)
        x = np.clip(x, setting.low, setting.high)
    return float(np.sqrt(np.sum((x - np.array(setting.optimum)) ** 2)))


def table() -> list[dict[str, str]]:
    """All rows; distances with 12 digits."""
    rows = []
    for function, setting in SETTINGS.items():
        for (name, method), start in zip(methods().items(), setting.starts, strict=True):
            value = f"{distance(function, method, start):.12g}"
            rows.append(dict(zip(COLUMNS, (function, name, str(STEPS), value), strict=True)))
    return rows


def differences(rows: list[dict[str, str]]) -> list[str]:
    """What differs from the committed file and from the printed figures, one line each."""
    with open(CSV, encoding="utf-8", newline="") as file:
        stored = list(csv.DictReader(file))
    found = []
    if [list(row) for row in stored] != [list(COLUMNS)] * len(rows):
        found.append(f"{CSV.name} has other rows or columns")
    for row, old in zip(rows, stored, strict=False):
        same_case = all(row[name] == old.get(name) for name in COLUMNS[:3])
        # 12 digits are kept; 20 steps with a curvature of up to 1e3 leave at least 9 of them meaningful on another libm
        if not same_case or abs(float(row["final_distance"]) - float(old["final_distance"])) > 1e-9 * (1 + float(row["final_distance"])):
            found.append(f"{row} here, {old} in {CSV.name}")
    for row in rows:
        printed = PRINTED.get((row["function"], row["method"]))
        if printed is not None and f"{float(row['final_distance']):.1f}" != f"{printed:.1f}":
            found.append(f"{row['function']}, {row['method']}: {row['final_distance']} here, {printed} printed in the paper")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Print, write or check the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {CSV.name}")
    parser.add_argument("--check", action="store_true", help=f"compare with {CSV.name} and with the printed figures")
    options = parser.parse_args(arguments)
    rows = table()
    if options.write:
        with open(CSV, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    for row in rows:
        printed = PRINTED.get((row["function"], row["method"]))
        print(
            f"{row['function']:18}{row['method']:12}{float(row['final_distance']):10.4f}"
            + ("" if printed is None else f"   printed {printed}")
        )
    found = differences(rows) if options.check else []
    for line in found:
        print(line, file=sys.stderr)
    if options.check and not found:
        print(f"as in {CSV.name}, and as printed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
