"""H11: gradient evaluations of HDM-Best against other methods, measured; the whole table is in experiments/reproductions/hdm_table.py."""

from __future__ import annotations

import numpy as np

from experiments.hdm_claims.runs import WITNESSES, Evidence
from experiments.reproductions.hdm_tasks import BUDGET, Count, Task, first_order, lbfgs, quasi_newton, tuned
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Settings

SOURCE = "readme of udellgroup/osgm-best-hypergrad"


def spent(count: Count) -> float:
    """Gradients, one more than the budget where it did not suffice."""
    return float(BUDGET + 1 if count[0] is None else count[0])


def task_of(case: CaseView) -> Task:
    """The task of a case."""
    return Task(case["problem"], case["data"], case["start"])


def against_first_order(case: CaseView, seeds: object, settings: Settings) -> Evidence:
    """Counts of HDM-Best and of every method of first order but Adam."""
    task = task_of(case)
    return {"ours": spent(tuned(task)), "others": {name: spent(count) for name, count in first_order(task) if name != "adam"}}


def against_bfgs(case: CaseView, seeds: object, settings: Settings) -> Evidence:
    """Counts of HDM-Best and BFGS."""
    task = task_of(case)
    return {"ours": spent(tuned(task)), "others": {"bfgs": spent((quasi_newton(task, "BFGS"), ""))}}


def against_lbfgs(case: CaseView, seeds: object, settings: Settings) -> Evidence:
    """Counts of HDM-Best and L-BFGS of the case's memory."""
    task = task_of(case)
    return {"ours": spent(tuned(task)), "others": {"lbfgs": spent(lbfgs(task, case["memory"]))}}


def fewer(e: Evidence) -> Bound:
    """Our count is at most each of the others; counts are exact."""
    others = np.array([list(e["others"].values())])
    ours = np.full_like(others, e["ours"])
    return Bound(lhs=ours, rhs=others, scale=ours + others, operations=0.0)


START = 20250128
WITNESS = (Case.from_witness(WITNESSES / "hdm.H11lbfgs.json"),)

CLAIMS = [
    Claim(
        id="hdm.H11", title="HDM-Best against methods of first order", kind="pathwise bound", label="upper", provenance="published",
        source=SOURCE,
        statement="squared-hinge SVM: tuned on its grid HDM-Best needs fewer gradients to $|g|_\\infty<10^{-4}$ than gradient descent, "
        "heavy ball, both accelerated methods and AdaGrad (measured on the data sets named)",
        cases=tuple(Case(data, quick={}, full={}, common={"problem": "svm", "data": data, "start": START}) for data in ("iris", "wine")),
        run=against_first_order, sides=fewer, control=Control("than BFGS", run=against_bfgs, cases=("iris",)),
        notes="fewest over a grid of 20 settings, for the others over their published grids",
    ),
    Claim(
        id="hdm.H11lbfgs", title="Not below L-BFGS everywhere", kind="refutation", provenance="published", source=SOURCE,
        statement="REFUTED as a general statement: tuned HDM-Best needs fewer gradients than L-BFGS with memory 5 (true on the readme's "
        "a1a)",
        cases=WITNESS, run=against_lbfgs, sides=fewer,
        control=Control("the wine data, where it is true", cases=(Case.everywhere("wine", problem="svm", data="wine", start=1, memory=5),)),
    ),
]  # fmt: skip
