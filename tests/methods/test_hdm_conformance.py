"""Every form and shape of ``hdm`` and every switch of ``hdm_best``: reference and kernels bit for bit, blocks or not, noise or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from tests.test_options import assert_same

D = 9
FORMS: list[dict[str, Any]] = [
    *(
        {"form": form, "shape": shape, "L": 30.0}
        for form in ("null_step", "ogd", "lookahead", "heavy_ball")
        for shape in ("scalar", "diagonal", "full")
    ),
    {"form": "eg", "delta": 0.5, "eta": 0.3},
    {"form": "eg", "delta": 1e-4, "eta": 2.0},
    *({"form": "ogd", "shape": shape, "radius": 0.02, "eta": 0.5} for shape in ("scalar", "diagonal", "full")),
    *({"form": "lookahead", "shape": shape, "radius": 0.02, "eta": 0.5, "p_0": 0.005} for shape in ("scalar", "diagonal", "full")),
    *({"form": "null_step", "shape": shape, "radius": 0.03, "a": 0.02} for shape in ("scalar", "diagonal")),
    {"form": "null_step", "a": 10.0, "accept_tol": 1e30},
    {"form": "heavy_ball", "shape": "full", "a": 0.01, "p_0": 0.01, "beta_step": 0.1},
    {"form": "null_step", "shape": "scalar", "L": 30.0, "tol": 3.0},
]
BEST: list[dict[str, Any]] = [
    {"convex": True, "L_est": 30.0},
    {"convex": True, "L_est": 1e11, "lr": 1.0},
    {"L_est": 30.0, "max_iter": 1, "beta_lr": 0.1},
    {"lr": 1e-3, "beta_lr": 1e-2, "max_iter": 1},
    {"lr": 0.01, "tol": 3.0},
]
CASES = [("hdm", p if p.get("shape") != "full" else {**p, "dim": D}) for p in FORMS] + [("hdm_best", p) for p in BEST]


@pytest.mark.parametrize("offsets", [None, [0, 1, 4, D]], ids=["one", "three"])
@pytest.mark.parametrize(("name", "parameters"), CASES, ids=[f"{name}-{list(p.values())}" for name, p in CASES])
def test_reference_and_kernels_agree(name: str, parameters: dict[str, Any], offsets: Any) -> None:
    problem, method = make_problem("ellipsoid", dim=D, condition=30.0), make_method(name, **parameters)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case: dict[str, Any] = {"steps": 60, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 25}).resume(35)
        assert np.array_equal(again.x, made.x)
        assert np.array_equal(again.answer, made.answer)
