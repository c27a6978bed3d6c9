"""CLARA on tabular data: accuracy of multinomial logistic regression against the initial rate, for seven algorithms and two controls.

Source: arXiv 2508.05408 (published): breast_cancer, iris, wine, digits with raw features and an unseeded 80/20 split, blocks W and b
started from U(+-1/sqrt(features)), minibatches of 128 reshuffled in every epoch with the last partial batch kept, mean cross-entropy,
100 epochs, 5 seeds, initial rates 1e-6, ..., 1, d = 1e-3; accuracy after the last epoch.

Here: split, start and order of the rows follow from the seed and are those of every algorithm, so that seeds are pairs; 10 seeds.  Two
controls that are not published, ``sgd_unit`` and ``adam_unit``, move by unit steps at a constant rate (CLARA with d = 0): what they do,
unit steps do, and not the adaptation.

Large rates make the path chaotic: a start that is moved in its last bits ends somewhere else, and so would another exp or log.  Every
run is therefore made twice, and the entries of a run whose two ends differ are marked with ``~``; between machines only the mark is
compared there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reproductions import clara_tabular_tables as tables
from experiments.reproductions.clara_tabular_tables import ADAM_FAMILY, MARK, RATES, SGD_FAMILY, D, accuracy_column, number, shown_name
from experiments.reproductions.frame import Column, Reproduction, Row
from lra_ref.engine.run import run
from lra_ref.methods import Method, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.problems.classification import accuracy, on_rows, split
from lra_ref.problems.data import generator
from lra_ref.views import robustness

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SETS = ("iris", "wine", "breast_cancer", "digits")
QUICK = ("iris", "wine")
SEEDS = range(10)
EPOCHS, BATCH, SHARE = 100, 128, 0.2
ADAM_CLARA = {"d": D, "reference": "published"}
#: algorithm -> (method, parameters, name of the parameter that takes the initial rate)
ALGORITHMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "sgd": ("sgd", {}, "lr"),
    "sgd_unit": ("clara_sgd", {"d": 0.0}, "lr"),
    "sgd_clara_unit": ("clara_sgd", {"d": D}, "lr"),
    "sgd_clara_plain": ("clara_sgd", {"d": D, "unit_step": False}, "lr"),
    "adam": ("adam", {}, "lr"),
    "adam_unit": ("clara_adam", {**ADAM_CLARA, "d": 0.0}, "lr"),
    "adam_clara_unit": ("clara_adam", ADAM_CLARA, "lr"),
    "adam_clara_plain": ("clara_adam", {**ADAM_CLARA, "unit_step": False}, "lr"),
    "dadapt_adam": ("dadapt_adam", {"lr": 1.0}, "d_0"),
}
#: two ends that differ by more than this share of the largest parameter: 1e8 times what moved the start
CHAOTIC = 1e8 * np.finfo(float).eps


def start(problem: Problem, seed: int) -> Any:
    """U(+-1/sqrt(features)) for W and b, as torch's linear layer."""
    features = problem.data.shape[1] - 1
    return generator(seed, 3).uniform(-1, 1, size=problem.dim) / np.sqrt(features)


def ends(training: Problem, methods: Sequence[Method], seed: int, x0: Any) -> tuple[Any, Any]:
    """Parameters after the last epoch, (rates, D), and the last rate over the first one, (rates,)."""
    batch = min(BATCH, training.samples)
    oracle = make_oracle("minibatch", training, batch=batch, replacement="reshuffle_all")
    steps = EPOCHS * -(-training.samples // batch)
    made = run(methods, oracle, steps=steps, seed=seed, x0=x0, every=steps)
    return made.x, made.records["rate"][:, -1] / made.records["rate"][:, 0]


def trained(data: str, algorithm: str, seed: int) -> dict[str, str | int]:
    """The row of one algorithm and one seed."""
    problem = make_problem("multinomial", data=data, standardize=False, l2=0.0)
    train, held = split(problem.samples, SHARE, seed)
    training, x0 = on_rows(problem, train), start(problem, seed)
    name, parameters, initial = ALGORITHMS[algorithm]
    methods = [make_method(name, **parameters, **{initial: rate}) for rate in RATES]
    x, factors = ends(training, methods, seed, x0)
    signs = generator(seed, 2).choice([-1.0, 1.0], size=x0.size)
    twin, _ = ends(training, methods, seed, x0 * (1 + np.finfo(float).eps * signs))
    chaotic = ~(np.max(np.abs(x - twin), axis=1) <= CHAOTIC * np.max(np.abs(x), axis=1))
    right = accuracy(problem, x, held)
    row: dict[str, str | int] = {"data": data, "algorithm": algorithm, "seed": seed}
    row |= {accuracy_column(rate): f"{value:.6f}{MARK if wild else ''}" for rate, value, wild in zip(RATES, right, chaotic, strict=True)}
    mark = MARK if chaotic.any() else ""
    return row | {f"factor_{side}": f"{value:.6g}{mark}" for side, value in (("low", factors.min()), ("high", factors.max()))}


def compute(task: tuple[str, str, Sequence[int]]) -> Iterator[dict[str, Any]]:
    """Rows of one algorithm on one data set."""
    data, algorithm, seeds = task
    for seed in seeds:
        yield trained(data, algorithm, seed)


def tasks(preset: str) -> list[tuple[str, str, Sequence[int]]]:
    """Pieces of the table."""
    return [(data, algorithm, SEEDS) for data in (QUICK if preset == "quick" else SETS) for algorithm in ALGORITHMS]


def same(here: str, committed: str) -> bool:
    """Entries agree, or both are of chaotic runs."""
    if MARK in here and MARK in committed:
        return True
    a, b = number(here), number(committed)
    return abs(a - b) <= 1e-5 * abs(b)


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Accuracy against the initial rate, one figure for each data set and family."""
    made = {}
    for data in dict.fromkeys(row["data"] for row in rows):
        for family, names in (("sgd", SGD_FAMILY), ("adam", ADAM_FAMILY)):
            found = {shown_name(name): (RATES, tables.accuracies(rows, data, name).T) for name in names}
            made[f"clara_tabular_{data}_{family}.svg"] = robustness(
                found, y_name="test accuracy", title=data, log_y=False, quantiles=(0.25, 0.75)
            )
    return made


WHY = (
    "a run that is not chaotic keeps its end within 1e8 times the rounding of its start, far less than what changes a prediction; of a "
    "chaotic run (marked ~) only the mark is compared"
)
REPRODUCTION = Reproduction(
    name="clara_tabular",
    title="CLARA on tabular data: accuracy against the initial rate",
    source="arXiv 2508.05408, tabular benchmark (published: protocol and conclusion)",
    columns=(
        *(Column(name, role="key") for name in ("data", "algorithm", "seed")),
        *(Column(accuracy_column(rate), same=same, why=WHY) for rate in RATES),
        *(Column(f"factor_{side}", same=same, why=WHY) for side in ("low", "high")),
    ),
    tasks=tasks,
    compute=compute,
    judge=tables.judge,
    tables=tables.tables,
    figures=figures,
    quick=lambda row: row["data"] in QUICK,
    needs=("sklearn",),
)
