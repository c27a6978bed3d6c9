"""Prodigy: steps by hand, the official package and optax, edge cases, every switch bit for bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from experiments.sequences import scripted
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from tests.methods.distance_cases import assert_agrees, by_optax, by_torch, walk
from tests.test_options import assert_same

NAMES = {"decoupled_weight_decay": "decouple", "bias_correction": "use_bias_correction", "d_0": "d0"}


def recorded(gradients: list[float], steps: int, **parameters: Any) -> Any:
    """A compiled run on given gradients of one coordinate from 0, the same as the reference."""
    method, oracle = make_method("prodigy", **parameters), scripted({"0": gradients})
    made = run(method, oracle, steps=steps)
    assert_same(method, made, reference_run(method, oracle, steps=steps))
    return made


def test_two_steps_by_hand() -> None:
    # beta1 = beta3 = 1/2, beta2 = 3/4, g = 2, d_0 = 1: m = 1, v = 1, s = 2, x_1 = -1/(1 + eps); then
    # numerator = 2 * 1, s = 1 + 2 = 3, d_hat = 2/3 < d_0
    made = recorded([2.0], 3, beta1=0.5, beta2=0.75, beta3=0.5, d_0=1.0, eps=1e-300)
    assert made.records["numerator"][0, :2].tolist() == [0.0, 2.0]
    assert made.records["s_norm1"][0, :2].tolist() == [2.0, 3.0]
    assert math.isclose(made.records["d_hat"][0, 1], 2 / 3, rel_tol=1e-15)
    assert made.records["d"][0, 1] == 1.0
    # d_0 = 1/8: x_1 = -1/8, s = 1/4, numerator = 1/32, s = 3/8, d_hat = 1/12 < 1/8
    low = recorded([2.0], 3, beta1=0.5, beta2=0.75, beta3=0.5, d_0=0.125, eps=1e-300, d_coef=3.0)
    assert math.isclose(low.records["numerator"][0, 1], 1 / 32, rel_tol=1e-15)
    assert math.isclose(low.records["d_hat"][0, 1], 0.25, rel_tol=1e-15)
    assert math.isclose(low.records["d"][0, 1], 0.25, rel_tol=1e-15)
    slow = recorded([2.0], 3, beta1=0.5, beta2=0.75, beta3=0.5, d_0=0.125, eps=1e-300, d_coef=3.0, growth_rate=1.25)
    # while d is still d_0 it may jump to d_hat at once
    assert math.isclose(slow.records["d"][0, 1], 0.25, rel_tol=1e-15)


def test_eps_is_multiplied_by_the_new_d_and_the_step_by_the_old() -> None:
    made = recorded([2.0], 2, beta1=0.5, beta2=0.75, beta3=0.5, d_0=0.125, d_coef=3.0, eps=1.0)
    first = -0.125 * 0.125 / (0.125 + 0.125)
    numerator, s = 0.125 * 2 * -first, 0.125 + 0.25
    d = max(0.125, 3 * numerator / s)
    m, v = 0.125 / 2 + 0.125, 0.75 / 64 + 0.25 * 4 / 64
    assert math.isclose(made.x[0, 0], first - 0.125 * m / (math.sqrt(v) + d), rel_tol=1e-14)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"weight_decay": 0.1, "bias_correction": True, "beta1": 0.0, "beta2": 0.99, "safeguard_warmup": True, "lr": 0.5},
        {"weight_decay": 0.1, "decoupled_weight_decay": False, "growth_rate": 1.2, "d_coef": 2.0, "beta3": 0.9, "d_0": 1e-4},
    ],
    ids=["defaults", "safeguard", "coupled"],
)
def test_agrees_with_the_package(parameters: dict[str, Any]) -> None:
    package, path = pytest.importorskip("prodigyopt"), walk("prodigy", parameters)
    theirs = {NAMES.get(name, name): value for name, value in parameters.items()}
    if "beta1" in theirs:
        theirs["betas"] = (theirs.pop("beta1"), theirs.pop("beta2"))
    assert_agrees(path, by_torch(lambda p: package.Prodigy(p, **theirs), path))


@pytest.mark.parametrize("safeguard", [False, True])
def test_agrees_with_optax(safeguard: bool) -> None:
    """From 0: elsewhere x_0 - x, at first of size d_0, is known to |x_0| roundings only, and optax adds both parts of a step at once."""
    parameters = {"weight_decay": 0.1, "bias_correction": True, "beta2": 0.99, "beta3": 0.9, "lr": 0.5, "safeguard_warmup": safeguard}
    path = walk("prodigy", parameters, from_zero=True)
    assert_agrees(path, by_optax(lambda optax: optax.prodigy(
        learning_rate=0.5, betas=(0.9, 0.99), beta3=0.9, weight_decay=0.1, safeguard_warmup=safeguard), path))  # fmt: skip


def test_optax_without_first_moment_steps_by_the_old_d() -> None:
    """A difference between the packages: with beta1 = 0 prodigyopt steps along d_{k+1} g, optax along d_k g."""
    path = walk("prodigy", {"bias_correction": True, "beta1": 0.0, "beta2": 0.99})
    xs, ds = by_optax(lambda optax: optax.prodigy(betas=(0.0, 0.99)), path)
    grown = np.flatnonzero(path.d > 1e-6)[0]
    assert np.allclose(xs[:grown], path.x[1 : grown + 1], rtol=0, atol=1e-12)
    ours, theirs = path.x[grown + 1] - path.x[grown], xs[grown] - path.x[grown]
    # the eps of the denominator does not matter here: the quotient of the steps is d_{k+1}/d_k
    assert np.allclose(ours / theirs, path.d[grown] / path.d[grown - 1], rtol=1e-4)
    assert ds[grown] == pytest.approx(path.d[grown], rel=1e-12)


def test_a_sum_of_zero_makes_no_step() -> None:
    made = recorded([0.0, 0.0, 1.0], 3, bias_correction=True)
    assert made.records["moved"][0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert made.records["k"][0].tolist() == [0.0, 0.0, 1.0, 2.0]
    assert made.records["rate"][0, 0] == made.records["rate"][0, 2]
    # beta3 = 0: s is the last gradient alone; the numerator is not decayed in a step that is not made
    made = recorded([1.0, 1.0, 0.0, 0.0], 4, beta3=0.0, d_0=0.5)
    assert made.records["moved"][0].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert made.records["numerator"][0, 4] == made.records["numerator"][0, 1] != 0


def test_the_package_waits_too_and_optax_divides_by_zero() -> None:
    package, path = pytest.importorskip("prodigyopt"), walk("prodigy", {})
    still = path._replace(g=np.zeros_like(path.g[:3]))
    xs, ds = by_torch(package.Prodigy, still)
    assert np.array_equal(xs, np.broadcast_to(path.x[0], xs.shape))
    assert np.array_equal(ds, [1e-6] * 3)
    assert np.isnan(by_optax(lambda optax: optax.prodigy(), still)[1]).all()


def test_what_overflows_is_named() -> None:
    # |s|_1 = 1e310 while v stays finite
    assert recorded([1.0, 1e150, 1.0], 4, lr=1e160, d_0=1.0).status == [Status.NONFINITE_RATE]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"beta3": 1.0}, r"beta3 must be None or in \[0, 1\), got 1"),
        ({"d_coef": 0.0}, r"d_coef must be in \(0, inf\), got 0"),
        ({"safeguard_warmup": 1}, "safeguard_warmup must be one of True, False, got 1"),
        ({"growth_rate": math.inf}, r"growth_rate must be None or in \[1, inf\), got inf"),
        ({"d0": 1.0}, "unknown parameter of prodigy 'd0'; did you mean d_0"),
    ],
)
def test_invalid_input_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_method("prodigy", **parameters)


VARIANTS: list[dict[str, Any]] = [
    {"weight_decay": 0.1, "bias_correction": True, "safeguard_warmup": True, "lr": 0.5, "beta1": 0.0},
    {"weight_decay": 0.1, "decoupled_weight_decay": False, "growth_rate": 1.1, "d_coef": 2.0},
    {"beta2": 0.0, "d_0": 0.1},
    {"beta3": 0.0, "d_0": 0.1},
]


@pytest.mark.parametrize("parameters", VARIANTS, ids=lambda p: str(list(p.values())))
@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
def test_options_agree(parameters: dict[str, Any], offsets: Any) -> None:
    problem, method = make_problem("ellipsoid", dim=9, condition=30.0), make_method("prodigy", **parameters)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case: dict[str, Any] = {"steps": 40, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 15}).resume(25)
        assert np.array_equal(again.x, made.x)
