"""Reference and kernels bit for bit also where a part leaves its defaults: switches, blocks, chunks, weight decay, extreme gradients.

The defaults are the business of test_conformance.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.reference import ReferenceRun, reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import Method, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status

METHODS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"weight_decay": 0.1}),
    ("momentum", {"dampening": 0.3, "weight_decay": 0.1}),
    ("nesterov", {"weight_decay": 0.1}),
    ("ema_momentum", {"alpha": 1.0, "weight_decay": 0.1}),
    ("normalized", {"norm": "block", "weight_decay": 0.1}),
    ("normalized_momentum", {"norm": "block", "alpha": 0.3, "weight_decay": 0.01}),
    ("normalized_momentum", {"weight_decay": 0.01}),
    ("sign", {"weight_decay": 0.1}),
    ("adam", {"weight_decay": 0.1, "eps": 0.0}),
    ("adamw", {"weight_decay": 0.1, "beta1": 0.0}),
    ("amsgrad", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("rmsprop", {"weight_decay": 0.1}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"momentum": 0.5}),
    ("rmsprop", {"centered": True, "momentum": 0.9, "eps": 0.0}),
    ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1}),
    ("adagrad_norm", {"norm": "block", "b_0": 2.0, "weight_decay": 0.1}),
    ("adagrad_norm", {"b_0": 2.0}),
    ("inverse_time_sgd", {"decay": 0.3}),
    ("cosine_sgd", {"T_max": 3, "eta_min": 1e-4}),
    ("step_sgd", {"step_size": 2, "gamma": 0.7}),
    ("polyak_adagrad_norm", {"eta_max": 0.5}),
    ("sps_max_momentum", {"c": 0.2, "gamma_b": None}),
    ("armijo_sgd", {"growth": 2.0}),
    ("armijo_adagrad_norm", {"c": 0.3, "factor": 0.9}),
    ("egdd_momentum", {"form": "paper", "lr": 1e-4, "gamma_s": 1e-6, "gamma_p": 1e-6}),
    ("egdd_momentum", {"use_signs": False, "gamma_p": 1e-6, "per_block": True, "weight_decay": 0.1, "lr": 1e-4}),
    ("egdd_momentum", {"use_directions": False, "gamma_s": 1e-6, "lr": 1e-4, "norm_eps": 0.0}),
    ("egdd_momentum", {"use_directions": False, "gamma_s": 10.0, "per_block": True}),
    ("egdd_adam", {"use_signs": False, "gamma_p": 1e-6}),
    ("egdd_adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5, "s_min": 0.99, "s_max": 1.01, "gamma_s": 0.1}),
    ("adam_epsilon_hat", {"weight_decay": 0.1, "eps": 0.1}),
    ("hypergradient_adam", {"in_turn": True, "weight_decay": 0.1, "gamma": 1e-3}),
    ("hypergradient_nesterov", {"weight_decay": 0.1, "lr": 1e-5, "gamma": 1e-14}),
    ("multiplicative_hypergradient_momentum", {"beta": 0.9, "lr": 1e-5}),
    ("almeida_sgd", {"form": "thesis", "lr": 1e-5, "rho": 0.5}),
    ("delta_bar_delta_momentum", {"kappa": 1e-6, "lr": 1e-5, "phi": 1.0, "a_max": 3e-5}),
]
each = pytest.mark.parametrize(("name", "parameters"), METHODS, ids=[f"{name}-{list(p.values())}" for name, p in METHODS])


def assert_same(method: Method, compiled: Run, reference: ReferenceRun) -> None:
    method = method.bound(compiled.offsets)
    for name, column in reference.records.items():
        assert np.array_equal(compiled.records[name], column, equal_nan=True), f"record {name}"
    assert np.array_equal(compiled.x, reference.x)
    halves = (
        (method.direction, reference.state.direction, compiled.state.d_vec, compiled.state.d_scal, method.direction.scalars),
        (method.rate, reference.state.rate, compiled.state.r_vec, compiled.state.r_scal, method.rate.columns),
    )
    for part, state, vec, scal, columns in halves:
        for row, name in enumerate(part.vectors):
            assert np.array_equal(vec[:, row], state[name]), f"vector {name}"
        for column, name in enumerate(columns):
            assert np.array_equal(scal[:, : state[name].shape[-1], column], state[name]), f"scalar {name}"


@each
@pytest.mark.parametrize(("dim", "offsets"), [(5, [0, 1, 3, 5]), (9001, [0, 5, 4200, 9001])], ids=["small", "chunks"])
def test_options_agree(name: str, parameters: dict[str, Any], dim: int, offsets: list[int]) -> None:
    oracle = make_oracle("gaussian", make_problem("rosenbrock", dim=dim), sigma=2.0)
    method = make_method(name, **parameters)
    case: dict[str, Any] = {"steps": 12, "trajectories": 2, "seed": 5, "offsets": offsets}
    assert_same(method, run(method, oracle, **case), reference_run(method, oracle, **case))


def pull_to_zero(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Gradient x, as of |x|^2/2, but a value that does not overflow."""
    g[lo:hi] = x[lo:hi]
    return 0.0


@pytest.mark.parametrize("norm", ["block", "global"])
@pytest.mark.parametrize("name", ["normalized", "normalized_momentum", "adagrad_norm"])
@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-700, 1.0, 2.0**700, 2.0**1020])
def test_gradients_whose_squares_are_out_of_range(name: str, scale: float, norm: str) -> None:
    """Steps are those of the scale 1, up to the spacing of the subnormal numbers: three steps of two roundings, and those of d."""
    problem = replace(make_problem("sphere", dim=6), value_kernel=pull_to_zero)
    x0 = np.array([1.0, -2.0, 3.0, 0.0, 0.5, -4.0])
    case: dict[str, Any] = {"steps": 3, "offsets": [0, 1, 3, 6]}
    plain = run(make_method(name, lr=1 / 8, norm=norm), problem, x0=x0, **case)
    method = make_method(name, lr=scale / 8, norm=norm)
    compiled = run(method, problem, x0=x0 * scale, **case)
    assert_same(method, compiled, reference_run(method, problem, x0=x0 * scale, **case))
    assert compiled.status == [Status.RUNNING]
    assert np.all(np.abs(compiled.x / scale - plain.x) <= 40 * 2.0**-53 * np.abs(x0) + 12 * 2.0**-1074 / scale)
