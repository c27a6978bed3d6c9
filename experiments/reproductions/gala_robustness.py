"""GALA over initial rates from 1e-5 to 1, for SGD and Adam, at equal numbers of gradient evaluations.

Source: Jiang, Kavis, Mokhtari, arXiv 2506.08419, abstract and experiments (published): SGD and Adam, when augmented with GALA, demonstrate
robust performance across a wide range of initial learning rates (1, 0.1, ..., 1e-5) and perform competitively without tuning.

Here: minibatches of nonconvex finite sums; every method has the same number of minibatch gradients, of which GALA spends two or three a
step.  The constants of SGD, SGD with momentum and Adam are also tuned on a finer grid, for comparison; D-Adaptation and Prodigy run with
their defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from experiments.reproductions.budgeted import FIXED, SHARES, columns, measured
from experiments.reproductions.frame import Column, Reproduction
from experiments.reproductions.gala_robustness_page import figures, judge, tables
from lra_ref.methods import Method, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem

#: the published initial rates
RATES = ("1e-05", "0.0001", "0.001", "0.01", "0.1", "1")
#: the finer grid on which constants are tuned
TUNED = ("3e-05", "0.0003", "0.003", "0.03", "0.3", "3", "10")
#: name -> family, parameters, rows of a minibatch; 0: exact gradients, for which one seed is all there is
PROBLEMS: dict[str, tuple[str, dict[str, Any], int]] = {
    "logistic, breast_cancer": ("logistic_nonconvex", {"data": "breast_cancer"}, 16),
    "logistic, breast_cancer, batch 128": ("logistic_nonconvex", {"data": "breast_cancer"}, 128),
    "logistic, breast_cancer, exact": ("logistic_nonconvex", {"data": "breast_cancer"}, 0),
    "logistic, digits": ("logistic_nonconvex", {"data": "digits"}, 16),
    "logistic, digits, batch 128": ("logistic_nonconvex", {"data": "digits"}, 128),
    "tanh network, breast_cancer": ("tanh_network", {"data": "breast_cancer"}, 16),
    "phase retrieval": ("phase_retrieval", {"noise": 0.1}, 16),
    "welsch regression": ("welsch", {}, 16),
}
END = {"point": "end", "samples": "same", "clip": False, "delta": 0.0}
#: name -> (method, parameters, what the initial rate is called; None: it has none)
METHODS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "sgd": ("sgd", {}, "lr"),
    "sgd_momentum": ("momentum", {"momentum": 0.9}, "lr"),
    "gala_sgd": ("gala_sgd", {}, "eta_0"),
    "gala_sgd_practical": ("gala_sgd_practical", {}, "eta_0"),
    "gala_sgd_practical_momentum": ("gala_sgd_practical", {"momentum": 0.9}, "eta_0"),
    "gala_sgd_practical_dampened": ("gala_sgd_practical", {"momentum": 0.9, "dampening": 0.9}, "eta_0"),
    "adam": ("adam", {}, "lr"),
    "gala_adam": ("gala_adam", {}, "eta_0"),
    "gala_adam_practical": ("gala_adam", END, "eta_0"),
    "dadapt_sgd": ("dadapt_sgd", {}, None),
    "dadapt_adam": ("dadapt_adam", {}, None),
    "prodigy": ("prodigy", {}, None),
}
#: problems, gradient evaluations, seeds
PRESETS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "quick": (("logistic, breast_cancer", "phase retrieval"), 1200, 2),
    "full": (tuple(PROBLEMS), 6000, 5),
}


@dataclass(frozen=True)
class Piece:
    """One method on one problem, over all initial rates."""

    problem: str
    method: str
    budget: int
    seeds: int


def tasks(preset: str) -> list[Piece]:
    """Every method on every problem of the preset."""
    problems, budget, seeds = PRESETS[preset]
    return [Piece(problem, method, budget, seeds if PROBLEMS[problem][2] else 1) for problem in problems for method in METHODS]


def made(method: str, rate: str) -> Method:
    """The method with that initial rate."""
    name, parameters, called = METHODS[method]
    return make_method(name, **parameters, **({called: float(rate)} if called else {}))


def rates_of(method: str) -> tuple[str, ...]:
    """The initial rates of a method: constants also on the finer grid, none for those that have no initial rate."""
    called = METHODS[method][2]
    return (*RATES, *TUNED) if called == "lr" else RATES if called else ("-",)


def compute(piece: Piece) -> Iterator[dict[str, Any]]:
    """The rows of a piece, one per initial rate and seed."""
    family, parameters, batch = PROBLEMS[piece.problem]
    problem = make_problem(family, **parameters)
    oracle = make_oracle("minibatch", problem, batch=batch) if batch else make_oracle("exact", problem)
    for rate in rates_of(piece.method):
        found = measured(made(piece.method, rate), oracle, piece.budget, piece.seeds)
        for seed in range(piece.seeds):
            yield {
                "problem": piece.problem, "method": piece.method, "rate": rate, "seed": str(seed), "evaluations": str(piece.budget),
                "start": float(problem.value(problem.start)), **found.row(seed),
            }  # fmt: skip


REPRODUCTION = Reproduction(
    name="gala_robustness",
    title="GALA over initial rates from 1e-5 to 1, for SGD and Adam",
    source="Jiang, Kavis, Mokhtari, arXiv 2506.08419",
    columns=(
        *(Column(name, "key") for name in ("problem", "method", "rate", "seed")),
        *FIXED,
        *columns(SHARES),
    ),
    tasks=tasks,
    compute=compute,
    judge=judge,
    tables=tables,
    figures=figures,
    needs=("sklearn",),
)
