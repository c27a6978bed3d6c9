"""The data problems among the problems of the contract (``cases.py``): small, drawn from a seed, with their special points.

Features and planted models are multiples of 2^-10, so products with points on that grid are exact and the kinks are met exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.problems.data import planted
from tests.problems.harness import Case, ball

SMALL: dict[str, Any] = {"n": 5, "dim": 2}
ONES = np.ones(3)
# only the bias is 1: every row labelled +1 lies exactly at the kink t a'x = 1 of the squared hinge
KINK = np.array([0.0, 0, 1])
# two classes compete evenly and the third is out of the running: the supremum of |Hessian|, to exp(-80)
DUEL = np.array([0.0, 0, 0, 0, 0, -80])
FAR = 1e160 * np.array([1.0, -2, 0.5])


def off_kink(x: Any) -> bool:
    """No row of the squared hinge lies exactly at its kink."""
    return not np.array_equal(np.abs(x), KINK)


DATA_CASES: list[Case] = [
    Case("logistic", SMALL, attained=(np.zeros(3),), points=(300 * ONES, -40 * ONES, 1e100 * ONES)),
    Case("logistic", {"n": 4, "dim": 2, "bias": False, "l2": 0, "positive": 0}, attained=(np.zeros(2),), points=([1e160, -1e160],)),
    Case("logistic_nonconvex", SMALL, attained=(np.zeros(3),), points=(ONES, -40 * ONES, np.sqrt(3) * ONES, FAR)),
    Case("multinomial", {"n": 4, "dim": 1}, attained=(DUEL,), points=(np.arange(6) * 100.0 - 300, np.arange(6) * 1e10)),
    Case("multinomial", {"n": 3, "dim": 1, "classes": 2, "l2": 0.25, "noise": 0}, attained=(np.zeros(4),)),
    Case("squared_hinge_svm", SMALL, attained=(np.zeros(3),), points=(KINK, -KINK, KINK * (1 - 2.0**-52)), differentiable=off_kink),
    Case("welsch", SMALL, points=(FAR,)),
    Case("welsch", {**SMALL, "noise": 0, "outliers": 0, "c": 0.25}, points=(8 * ONES,)),
    Case("welsch", {"n": 5, "dim": 1, "bias": False, "l2": 0.5}),
    Case("geman_mcclure", SMALL, points=(FAR,)),
    Case("geman_mcclure", {**SMALL, "noise": 0, "outliers": 0, "bias": False, "c": 3}, points=(8 * np.ones(2),)),
    Case("phase_retrieval", SMALL, region=ball(2 * float(np.linalg.norm(planted(0, 2)))), points=(-planted(0, 2),)),
    Case("phase_retrieval", {**SMALL, "noise": 3, "l2": 0.1, "radius": 0.5}, region=ball(0.5)),
    Case("factorization", {"n": 3, "dim": 2, "rank": 1, "noise": 0, "radius": 3}, region=ball(3)),
    Case("factorization", {"n": 3, "dim": 2, "noise": 1, "radius": 2}, region=ball(2)),
    Case("tanh_network", {"n": 4, "dim": 1, "hidden": 2, "radius": 3}, region=ball(3), points=(30 * np.ones(7), 400 * np.ones(7))),
    Case("tanh_network", {"n": 3, "dim": 2, "hidden": 1, "loss": "squares", "l2": 0.1, "radius": 2}, region=ball(2)),
    Case("tanh_network", {"n": 3, "dim": 1, "hidden": 2, "loss": "squares", "radius": 0.1}, region=ball(0.1)),
]
