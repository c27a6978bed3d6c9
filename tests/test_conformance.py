"""One test for every registered part: the reference and the compiled kernels agree bit for bit.

Every direction is run under a constant rate and under GALA, every rate along SGD and along momentum, every named and whole method as it is;
noisy and exact, one block and three.  Compared are all records, the last point and every vector and scalar of the state.
"""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.engine.reference import ReferenceRun, reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import METHODS, Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.problems import make_problem

STEPS, TRAJECTORIES = 40, 3
GALA_VARIANTS = [
    {"point": point, "samples": samples, "feedback": feedback, "clip": clip, "center": center}
    for point in ("random", "end")
    for samples in ("independent", "same", "reused")
    for feedback in ("direction", "gradient")
    for clip, center in ((True, "eta_0"), (False, "zero"))
]
LEARNERS = ["ftrl", "ogd", "ogd_adagrad", "ogd_constant", "eg", "kt"]
#: rates that follow a path: every switch, gains at which the rate moves, thresholds at which the change test alarms, a rate that vanishes
PATHS = [
    ("clara", "sgd", {"lr": 0.1, "unit_step": False, "norm": "global", "transient": True}),
    ("clara", "adam", {"lr": 1.0, "transient": True, "lr_min": 0.5, "lr_max": 1.5, "d": 0.5}),
    ("clara", "sgd", {"lr": 1e-3, "d": 300.0, "mu_ref": 1.0}),
    ("alera", "sgd", {"lr": 0.01, "C": 0.01, "alpha": 0.1, "weight_decay": 0.1}),
    ("salera", "sgd", {"lr": 0.05, "C": 0.1, "alpha": 0.1, "batch_ratio": 0.5, "weight_decay": 0.1}),
    ("salera", "momentum", {"lr": 0.05, "C": 0.1, "alpha": 0.1, "threshold": 0.01}),
    ("spalera", "sgd", {"lr": 0.05, "C": 0.1, "alpha": 0.1, "batch_ratio": 0.1, "threshold": 0.01, "weight_decay": 0.1}),
]


def _methods() -> list[Method]:
    made = [compose(direction, rate) for direction in DIRECTIONS for rate in ("constant", "gala")]
    made += [compose(direction, rate, **RATES[rate].shown) for rate in RATES for direction in ("sgd", "momentum")]
    made += [make_method(name) for name in METHODS]
    made += [make_method(name, **WHOLES[name].shown) for name in WHOLES]
    made += [compose("sgd", "gala", eta_0=0.01, **variant) for variant in GALA_VARIANTS]
    made += [
        compose("sgd", "gala", eta_0=0.01, learner=learner, bound=1e9, **v)
        for learner in LEARNERS
        for v in GALA_VARIANTS[: 1 if learner == "ogd_adagrad" else 2]
    ]
    made += [compose(direction, rate, **variant) for rate, direction, variant in PATHS]
    return made


def _assert_same(method: Method, compiled: Run, reference: ReferenceRun) -> None:
    method = method.bound(compiled.offsets)
    for name, column in reference.records.items():
        assert np.array_equal(compiled.records[name], column, equal_nan=True), f"{method}: record {name}"
    assert set(compiled.records) == set(reference.records)
    assert np.array_equal(compiled.x, reference.x), method
    assert np.array_equal(compiled.state.status, reference.status), method
    halves = (
        (method.direction, reference.state.direction, compiled.state.d_vec, compiled.state.d_scal, method.direction.scalars),
        (method.rate, reference.state.rate, compiled.state.r_vec, compiled.state.r_scal, method.rate.columns),
    )
    for part, state, vec, scal, columns in halves:
        for row, name in enumerate(part.vectors):
            assert np.array_equal(vec[:, row], state[name]), f"{method}: vector {name}"
        for column, name in enumerate(columns):
            rows = state[name].shape[-1]
            assert np.array_equal(scal[:, :rows, column], state[name]), f"{method}: scalar {name}"
    for column, name in enumerate(method.rate.late):
        assert np.array_equal(compiled.state.late[:, :, column], reference.state.rate[name]), f"{method}: late sum {name}"


@pytest.mark.parametrize("method", _methods(), ids=lambda m: f"{m.name}-{m.direction}-{m.rate}"[:150])
@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
def test_reference_and_kernels_agree(method: Method, offsets: list[int] | None) -> None:
    problem = make_problem("ellipsoid", dim=9, condition=30.0)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case = {"steps": STEPS, "trajectories": TRAJECTORIES, "seed": 5, "offsets": offsets}
        _assert_same(method, run(method, oracle, **case), reference_run(method, oracle, **case))
