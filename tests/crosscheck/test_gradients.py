from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck.gradients import COORDINATES, DENSE, Report, check_function, check_problem
from lra_ref.problems import PROBLEMS, Problem, make_problem

WEIGHTS = np.arange(1.0, 6.0)


def sound(x: Any) -> Any:
    return np.sum(WEIGHTS * x * x) / 2 + np.sum(np.sin(x)), WEIGHTS * x + np.cos(x)


def slightly_wrong(x: Any) -> Any:
    value, gradient = sound(x)
    gradient[3] *= 1 + 1e-8
    return value, gradient


def not_analytic(x: Any) -> Any:
    # abs takes complex numbers and gives the wrong derivative there
    return np.sum(np.abs(x) ** 3) + 0 * x[0], 3 * x * np.abs(x)


def real_only(x: Any) -> Any:
    return float(x @ x), 2 * x


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_every_problem_passes(name: str) -> None:
    reports = check_problem(make_problem(name), points=4)
    assert [report.what for report in reports] == ["gradient", "Hessian-vector product"]
    assert [report.verdict for report in reports] == ["ok", "ok"], reports


def wrong_gradient(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    total = 0.0
    for i in range(lo, hi):
        total += x[i] * x[i] * x[i]
        g[i] = 3 * x[i] * x[i] if i != 2 else 2.999999 * x[i] * x[i]
    return total


def right_product(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    for i in range(lo, hi):
        out[i] = 6 * x[i] * v[i]


def wrong_product(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    for i in range(lo, hi):
        out[i] = 6 * x[i] * v[i] + 1e-6 * v[lo]


def test_a_wrong_gradient_and_a_wrong_product_are_found() -> None:
    broken = Problem("broken", 4, wrong_gradient, right_product, np.ones(4))
    gradient, product = check_problem(broken)
    assert gradient.verdict == "wrong"
    assert gradient.worst is not None
    assert gradient.worst.along == "coordinate 2"
    # the gradient is differentiated for the product: entry 2 of it is off by the same ratio
    assert product.verdict == "wrong"
    gradient, product = check_problem(replace(make_problem("sphere", dim=4), hvp_kernel=wrong_product))
    assert (gradient.verdict, product.verdict) == ("ok", "wrong")


def only(reports: list[Report]) -> Report:
    (report,) = reports
    return report


def test_own_functions() -> None:
    report = only(check_function(sound, 5))
    assert (report.verdict, report.method, report.checks, report.failed) == ("ok", "complex steps", 50, 0)
    report = only(check_function(slightly_wrong, 5))
    assert (report.verdict, report.method) == ("wrong", "complex steps")
    assert report.worst is not None
    assert report.worst.along == "coordinate 3"
    assert report.failed == 10
    for function in (not_analytic, real_only):
        report = only(check_function(function, 5))
        assert (report.verdict, report.method) == ("ok", "extrapolated central differences")


def test_large_functions_are_sampled_and_a_single_wrong_entry_far_out_is_found() -> None:
    def one_wrong(x: Any) -> Any:
        gradient = 2 * x
        gradient[777] += 1.0
        return float(x @ x), gradient

    good, bad = only(check_function(real_only, 1000, points=3)), only(check_function(one_wrong, 1000, points=3))
    assert good.checks == bad.checks == 3 * (COORDINATES + DENSE)
    assert (good.verdict, bad.verdict) == ("ok", "wrong")


def test_a_gradient_that_is_not_finite_is_wrong_and_noise_is_unclear() -> None:
    assert only(check_function(lambda x: (float(x @ x), np.full(3, np.nan)), 3)).verdict == "wrong"
    rng = np.random.default_rng(0)
    report = only(check_function(lambda x: (float(x @ x) + rng.normal(), 2 * x), 3, points=4, scale=0.01))
    assert (report.verdict, report.blind, report.worst) == ("unclear", 12, None)


def test_points_where_the_function_is_not_finite_are_left_out() -> None:
    def domain(x: Any) -> Any:
        with np.errstate(invalid="ignore"):
            return np.sum(np.log(x)), 1 / x

    report = only(check_function(domain, 1, points=20))
    assert report.verdict == "ok"
    assert 0 < report.checks < 20


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: 1 / 0, "the function raised ZeroDivisionError: division by zero"),
        (lambda x: 1.0, r"must return \(value, gradient\), got float"),
        (lambda x: (x, x), "the value must be a real number"),
        (lambda x: (1j, x), "the value must be a real number"),
        (lambda x: (1.0, x[:1]), r"of shape \(3,\), got shape \(1,\)"),
        (lambda x: (1.0, 1j * x), "the gradient must be real"),
        (lambda x: (np.nan, x), "finite at none of the 10 points"),
    ],
)
def test_functions_that_cannot_be_checked(function: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_function(function, 3)


def test_the_user_cannot_change_the_points() -> None:
    def greedy(x: Any) -> Any:
        answer = (float(x @ x), 2 * x)
        x[:] = 0
        return answer

    assert only(check_function(greedy, 3)).verdict == "ok"
