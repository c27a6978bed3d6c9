"""Rates from the variation of stochastic gradients on logistic regression and support vector machines, against constants and other rates.

Source: Zhuang Yang, arXiv 2508.13639, abstract (published): a rate updated only according to the intrinsic variation of stochastic
gradients, obtained from stochastic second-order algorithms, needs no tuning, costs as much as SGD, rises when the norm of the stochastic
gradient falls and falls when it rises; for SGD, SGDM and SIGNSGD; compared with Polyak and Barzilai-Borwein rates.  Its formula is not
public: here are the members of ``lra_ref.rates.gradient_variation``, each by its own formula, which are not the paper's.

Here: minibatches of 32 rows, weight 1e-3 of the l2 regularisation, equal numbers of minibatch gradients (a member with a same-batch pair
spends two a step).  Every member runs with its defaults and with the rate capped at 1/L; constants are tuned on a grid for every base.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.gradient_variation_claims.variation import obeys
from experiments.reproductions.budgeted import FIXED, columns, cost, measured
from experiments.reproductions.frame import Column, Reproduction
from experiments.reproductions.gradient_variation_rates_page import BASES, MEMBERS, SHARES, figures, judge, tables
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import Oracle
from lra_ref.problems import make_problem

BATCH = 32
PROBLEMS: dict[str, tuple[str, dict[str, Any]]] = {
    f"{title}, {data}": (family, {"data": data})
    for title, family in (("logistic", "logistic"), ("SVM", "squared_hinge_svm")) for data in ("breast_cancer", "digits")
}  # fmt: skip
#: constants are tuned over these
RATES = ("0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3")
#: rates of other families that need no tuning, all along SGD's direction (SALERA and such have initial rates of their own)
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "polyak": ("polyak_sgd", {"f_star": 0.0}),
    "sps_max": ("sps_max_sgd", {}),
    "dadaptation": ("dadapt_sgd", {}),
    "clara": ("clara_sgd", {"lr": 0.1}),
    "gala": ("gala_sgd", {"eta_0": 0.1}),
}
#: problems, gradient evaluations, seeds, steps on which the direction of the rate's change is compared with that of the gradient's norm
PRESETS: dict[str, tuple[tuple[str, ...], int, int, int]] = {
    "quick": (("logistic, breast_cancer", "SVM, digits"), 640, 2, 25),
    "full": (tuple(PROBLEMS), 6400, 5, 100),
}


@dataclass(frozen=True)
class Piece:
    """One base on one problem; ``data`` is the user's own file, if any."""

    problem: str
    base: str
    budget: int
    seeds: int
    compared: int
    data: str = ""


def tasks(preset: str) -> list[Piece]:
    """Every base on every problem of the preset."""
    problems, *sizes = PRESETS[preset]
    return [Piece(problem, base, *sizes) for problem in problems for base in BASES]


def files(paths: Any) -> list[Piece]:
    """Both problems on the user's own LIBSVM files."""
    _, *sizes = PRESETS["full"]
    kinds = ("logistic, breast_cancer", "SVM, breast_cancer")
    return [Piece(kind, base, *sizes, data=str(path)) for path in paths for kind in kinds for base in BASES]


def methods(base: str, smoothness: float) -> Iterator[tuple[str, str, Method]]:
    """(name, cap, method) of everything that runs along a base."""
    direction = BASES[base]
    for rate in RATES:
        yield f"constant {rate}", "-", make_method(direction, lr=float(rate))
    yield "rate 1/L", "-", make_method(direction, lr=1 / smoothness)
    for member in MEMBERS:
        extra = {"batch": BATCH} if member.startswith("random") else {}
        for cap in (None, 1 / smoothness):
            yield member, "none" if cap is None else "1/L", compose(direction, "gradient_variation", member=member, eta_max=cap, **extra)
    if base == "SGD":
        for name, (method, parameters) in OTHERS.items():
            yield name, "-", make_method(method, **parameters)


def obeying(method: Method, oracle: Oracle, seeds: int, steps: int) -> str:
    """Share of the steps on which the rate rises if and only if the norm of the stochastic gradient falls."""
    kept = Vectors()
    rates = reference_run(method, oracle, steps=steps, trajectories=seeds, observe=kept).records["rate"]
    with np.errstate(all="ignore"):
        # the first rate of a pair member is its parameter
        return f"{np.mean(obeys({'eta': rates[:, 1:], 'g': kept.arrays()['g'][:, 1:]})):.3f}"


def compute(piece: Piece) -> Iterator[dict[str, Any]]:
    """The rows of a piece, one per rate and seed."""
    family, parameters = PROBLEMS[piece.problem]
    problem = make_problem(family, **{**parameters, **({"data": piece.data} if piece.data else {})})
    assert problem.smoothness is not None
    oracle = make_oracle("minibatch", problem, batch=BATCH)
    title = f"{piece.problem.split(',')[0]}, {piece.data}" if piece.data else piece.problem
    for name, cap, method in methods(piece.base, problem.smoothness.value):
        found = measured(method, oracle, piece.budget, piece.seeds, SHARES)
        member = name in MEMBERS
        common = {
            "problem": title, "base": piece.base, "rate": name, "cap": cap, "evaluations": str(piece.budget),
            "start": float(problem.value(problem.start)), "per_step": str(cost(method, oracle)),
            "obeys": obeying(method, oracle, piece.seeds, piece.compared) if member else "",
        }  # fmt: skip
        for seed in range(piece.seeds):
            yield {**common, "seed": str(seed), **found.row(seed)}


def near(here: str, committed: str) -> bool:
    """A share within 0.05, which is what the claim ``gradient_variation.X5share`` allows."""
    return here == committed or (bool(here) and bool(committed) and abs(float(here) - float(committed)) <= 0.05)


REPRODUCTION = Reproduction(
    name="gradient_variation_rates",
    title="Rates from the variation of gradients on logistic regression and SVMs",
    source="Z. Yang, arXiv 2508.13639 (its formula is not public)",
    columns=(
        *(Column(name, "key") for name in ("problem", "base", "rate", "cap", "seed")),
        *FIXED,
        Column("per_step"),
        Column("obeys", same=near, why="on runs without a cap, which are chaotic, a rounding may turn single steps"),
        *columns(SHARES),
    ),
    tasks=tasks,
    compute=compute,
    judge=judge,
    tables=tables,
    figures=figures,
    needs=("sklearn",),
    files=files,
)
