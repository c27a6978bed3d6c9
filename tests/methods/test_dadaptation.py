"""D-Adaptation: steps by hand, the note transcribed, the official package and optax, edge cases, every switch bit for bit."""

from __future__ import annotations

import math
from dataclasses import replace
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

SGD = {"weight_decay": 0.01, "momentum": 0.9, "lr": 0.5, "growth_rate": 1.5}
ADAM = {"weight_decay": 0.1, "decoupled_weight_decay": True, "bias_correction": True, "beta1": 0.5, "beta2": 0.9}


def recorded(name: str, gradients: dict[str, list[float]], steps: int, **parameters: Any) -> Any:
    """A compiled run on given gradients from 0, the same as the reference."""
    method, oracle = make_method(name, **parameters), scripted(gradients)
    made = run(method, oracle, steps=steps)
    assert_same(method, made, reference_run(method, oracle, steps=steps))
    return made


# --- by hand -----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("option", ["I", "II"])
def test_two_steps_of_dual_averaging(option: str) -> None:
    # g_0 = (3, 4), g_1 = (0, 5), d_0 = 1/2: s = (1.5, 2), then (1.5, 4.5); G = 25, then 50; N = 0, then 0.2 * 0.5 * 10 = 1
    made = recorded("dadaptation", {"0": [3.0, 0.0, 0.0], "1": [4.0, 5.0, 0.0]}, 2, d_0=0.5, option=option)
    records = {name: column[0] for name, column in made.records.items()}
    assert records["gamma"][0] == 0.2
    assert records["d_hat"][0] == 0.0
    assert math.isclose(records["gamma"][1], 1 / math.sqrt(50), rel_tol=1e-15)
    expected = {"I": (22.5 / math.sqrt(50) - 2.5) / (2 * math.sqrt(22.5)), "II": 1 / math.sqrt(22.5)}[option]
    assert math.isclose(records["d_hat"][1], expected, rel_tol=1e-14)
    assert records["d"][1] == 0.5
    assert math.isclose(records["rate"][1], 0.5 / math.sqrt(50), rel_tol=1e-15)
    assert np.allclose(made.x[0], [-1.5 / math.sqrt(50), -4.5 / math.sqrt(50)], rtol=1e-15, atol=0)
    # the answer is the mean of x_0 = 0 and x_1 = -(0.3, 0.4), of equal weights
    assert np.allclose(made.answer[0], [-0.15, -0.2], rtol=1e-15, atol=0)


def test_three_steps_of_the_sgd_form() -> None:
    # the same gradient (3, 4) again and again, d_0 = 1/2: dl = 0.1, |s| = 0.5, 1, 1.5, numerator 0, 0.25, 0.75
    made = recorded("dadapt_sgd", {"0": [3.0], "1": [4.0]}, 4, d_0=0.5)
    records = {name: column[0] for name, column in made.records.items()}
    assert np.allclose(records["numerator"][:3], [0, 0.25, 0.75], rtol=1e-15, atol=0)
    assert np.allclose(records["d"][:3], [0.5, 0.5, 1.0], rtol=1e-15, atol=0)
    assert np.allclose(records["rate"][:4], [0.1, 0.1, 0.1, 0.2], rtol=1e-15, atol=0)
    assert np.allclose(made.x[0], [-1.5, -2.0], rtol=1e-15, atol=0)
    slower = recorded("dadapt_sgd", {"0": [3.0], "1": [4.0]}, 4, d_0=0.5, growth_rate=1.25)
    assert np.allclose(slower.records["d"][0, :4], [0.5, 0.5, 0.625, 0.78125], rtol=1e-15, atol=0)
    halved = recorded("dadapt_sgd", {"0": [3.0], "1": [4.0]}, 2, d_0=0.5, momentum=0.5)
    assert np.allclose(halved.x[0], [-0.15 * 0.5 - 0.3, -0.2 * 0.5 - 0.4], rtol=1e-15, atol=0)


def test_two_steps_of_the_adam_form() -> None:
    # beta1 = 1/2, beta2 = 1/4, g = 2, d_0 = 1: m = 1, 1.5; v = 3, 3.75; s = 1, 1.5; a = 0, 2/sqrt(3)
    made = recorded("dadapt_adam", {"0": [2.0]}, 2, d_0=1.0, beta1=0.5, beta2=0.25, eps=1e-300)
    assert np.allclose(made.records["s_norm1"][0, :2], [1.0, 1.5], rtol=1e-15, atol=0)
    assert np.allclose(made.records["d_hat"][0, :2], [0.0, 2 / math.sqrt(3) / 1.5], rtol=1e-14, atol=0)
    assert math.isclose(made.x[0, 0], -1 / math.sqrt(3) - 1.5 / math.sqrt(3.75), rel_tol=1e-15)
    # bias correction at n = 1: sqrt(3/4)/(1/2) = sqrt(3)
    made = recorded("dadapt_adam", {"0": [2.0]}, 2, d_0=1.0, beta1=0.5, beta2=0.25, bias_correction=True, weight_decay=0.1,
                    decoupled_weight_decay=True)  # fmt: skip
    assert np.allclose(made.records["rate"][0, 0], math.sqrt(3), rtol=1e-15, atol=0)


def test_the_answer_is_the_weighted_mean_of_the_points() -> None:
    path = walk("dadaptation", {"d_0": 1e-3})
    problem = make_problem("quadratic", spectrum=(1.0, 4.0))
    made = run(make_method("dadaptation", d_0=0.1), problem, steps=30, x0=[1.0, -1.0])
    xs = np.stack([run(make_method("dadaptation", d_0=0.1), problem, steps=t, x0=[1.0, -1.0]).x[0] for t in range(30)])
    d = made.records["d_used"][0, :30]
    # 30 roundings of a mean of numbers of size 1
    assert np.allclose(made.answer[0], d @ xs / d.sum(), rtol=0, atol=8 * 30 * 2.0**-53)
    assert path.d[-1] > 0.1


# --- the official package and optax ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("parameters", [{}, {**SGD}, {"lr": 0.5, "growth_rate": 1.02, "d_0": 1e-3}], ids=["defaults", "all", "growth"])
def test_sgd_form_agrees_with_the_package(parameters: dict[str, Any]) -> None:
    package = pytest.importorskip("dadaptation")
    path = walk("dadapt_sgd", parameters)
    theirs = {{"d_0": "d0"}.get(name, name): value for name, value in parameters.items()}
    assert_agrees(path, by_torch(lambda p: package.DAdaptSGD(p, **theirs), path))


@pytest.mark.parametrize(
    "parameters",
    [{}, {"weight_decay": 0.1, "bias_correction": True}, ADAM, {"growth_rate": 1.2, "lr": 0.5, "eps": 1e-3}],
    ids=["defaults", "coupled", "decoupled", "growth"],
)
def test_adam_form_agrees_with_the_package(parameters: dict[str, Any]) -> None:
    package = pytest.importorskip("dadaptation")
    path = walk("dadapt_adam", parameters)
    theirs = dict(parameters)
    if "beta1" in theirs:
        theirs["betas"] = (theirs.pop("beta1"), theirs.pop("beta2"))
    for ours, name in (("decoupled_weight_decay", "decouple"), ("bias_correction", "use_bias_correction")):
        if ours in theirs:
            theirs[name] = theirs.pop(ours)
    assert_agrees(path, by_torch(lambda p: package.DAdaptAdam(p, **theirs), path))


def test_adam_form_agrees_with_optax() -> None:
    path = walk("dadapt_adam", ADAM)
    assert_agrees(path, by_optax(lambda optax: optax.dadapt_adamw(betas=(0.5, 0.9), weight_decay=0.1), path))


def test_optax_divides_by_zero_where_the_package_waits() -> None:
    path = walk("dadapt_adam", ADAM)
    still = path._replace(g=np.zeros_like(path.g[:3]))
    assert np.isnan(by_optax(lambda optax: optax.dadapt_adamw(), still)[1]).all()
    package = pytest.importorskip("dadaptation")
    xs, ds = by_torch(package.DAdaptAdam, still)
    assert np.array_equal(xs, np.broadcast_to(path.x[0], xs.shape))
    assert np.array_equal(ds, [1e-6] * 3)


# --- edge cases --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["dadaptation", "dadapt_sgd"])
@pytest.mark.parametrize("first", [0.0, 1e-200])
def test_a_first_gradient_without_a_square_stops(name: str, first: float) -> None:
    made = recorded(name, {"0": [first, 1.0], "1": [0.0, 1.0]}, 3)
    assert made.status == [Status.STATIONARY]
    assert np.array_equal(made.x, [[0.0, 0.0]])
    assert np.array_equal(made.answer, [[0.0, 0.0]])


def test_the_package_divides_by_a_first_gradient_of_zero() -> None:
    package, path = pytest.importorskip("dadaptation"), walk("dadapt_sgd", {})
    with pytest.raises(ZeroDivisionError):
        by_torch(package.DAdaptSGD, path._replace(g=0 * path.g))


@pytest.mark.parametrize("name", ["dadaptation", "dadapt_sgd"])
def test_a_sum_that_returns_to_zero_changes_nothing(name: str) -> None:
    made = recorded(name, {"0": [1.0, -1.0, 1.0]}, 4, d_0=1.0)
    assert made.records["s_norm2"][0, 1] == 0.0
    assert made.records["d_hat"][0, 1] == 0.0
    assert made.records["d"][0, 1] == 1.0
    assert made.status == [Status.RUNNING]


def test_the_adam_form_waits_for_a_first_gradient() -> None:
    made = recorded("dadapt_adam", {"0": [0.0, 0.0, 1.0]}, 3, bias_correction=True)
    assert made.records["moved"][0].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert made.records["k"][0].tolist() == [0.0, 0.0, 1.0, 2.0]
    assert made.records["rate"][0, 0] == made.records["rate"][0, 2]
    # beta2 = 0: s is the last gradient alone, so that a gradient of 0 leaves x; m goes on
    made = recorded("dadapt_adam", {"0": [1.0, 0.0, 0.0]}, 3, beta2=0.0, d_0=0.1)
    assert made.records["moved"][0].tolist() == [1.0, 0.0, 0.0, 0.0]
    m = 0.1 * (1 - 0.9) * 0.9 * 0.9
    assert math.isclose(made.state.r_vec[0, 0, 0], m, rel_tol=1e-15)
    assert math.isclose(made.x[0, 0], -0.1 * (1 - 0.9) / (1 + 1e-8), rel_tol=1e-15)


def test_what_overflows_is_named() -> None:
    assert recorded("dadaptation", {"0": [1.0, 1e200]}, 3).status == [Status.NONFINITE_RATE]
    assert recorded("dadapt_sgd", {"0": [1.0, 1e200, 1.0]}, 4).status == [Status.NONFINITE_RATE]
    # |s|_1 = 1e310 while v stays finite
    assert recorded("dadapt_adam", {"0": [1.0, 1e150]}, 4, lr=1e163, d_0=1.0).status == [Status.NONFINITE_RATE]


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("dadaptation", {"option": "III"}, "option must be one of 'I', 'II', got 'III'"),
        ("dadaptation", {"d_0": 0.0}, r"d_0 must be in \(0, inf\), got 0"),
        ("dadapt_sgd", {"momentum": 1.0}, r"momentum must be in \[0, 1\), got 1"),
        ("dadapt_sgd", {"growth_rate": 0.5}, r"growth_rate must be None or in \[1, inf\), got 0.5"),
        ("dadapt_adam", {"eps": 0.0}, r"eps must be in \(0, inf\), got 0"),
        ("dadapt_adam", {"d0": 1.0}, "unknown parameter of dadapt_adam 'd0'; did you mean d_0"),
    ],
)
def test_invalid_input_is_refused(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_method(name, **parameters)


# --- bit for bit -------------------------------------------------------------------------------------------------------------------
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("dadaptation", {"option": "I", "d_0": 0.1}),
    ("dadapt_sgd", SGD),
    ("dadapt_sgd", {"d_0": 1.0, "lr": 2.0}),
    ("dadapt_adam", ADAM),
    ("dadapt_adam", {"weight_decay": 0.1, "growth_rate": 1.1}),
    ("dadapt_adam", {"beta1": 0.0, "beta2": 0.0, "d_0": 0.1}),
]


@pytest.mark.parametrize(("name", "parameters"), VARIANTS, ids=[f"{name}-{list(p.values())}" for name, p in VARIANTS])
@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
def test_options_agree(name: str, parameters: dict[str, Any], offsets: Any) -> None:
    problem, method = make_problem("ellipsoid", dim=9, condition=30.0), make_method(name, **parameters)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case: dict[str, Any] = {"steps": 40, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 15}).resume(25)
        assert np.array_equal(again.x, made.x)
        assert np.array_equal(again.answer, made.answer)


def one_stops(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """|x|^2/2."""
    value = 0.0
    for i in range(lo, hi):
        g[i] = x[i]
        value += x[i] * x[i] / 2
    return value


@pytest.mark.parametrize("name", ["dadaptation", "dadapt_sgd", "dadapt_adam", "prodigy"])
def test_a_trajectory_at_its_minimum_leaves_the_others_alone(name: str) -> None:
    problem = replace(make_problem("sphere", dim=3), value_kernel=one_stops)
    method, x0 = make_method(name), np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 0.5]])
    made = run(method, problem, steps=12, trajectories=3, x0=x0)
    assert_same(method, made, reference_run(method, problem, steps=12, trajectories=3, x0=x0))
    assert np.array_equal(made.x[1], x0[1])
    assert np.array_equal(made.x[2], run(method, problem, steps=12, x0=x0[2]).x[0])
