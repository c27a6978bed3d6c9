"""The SciPy face: results, callbacks, options, warnings, and the very steps of the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, OptimizeWarning, approx_fprime, minimize, rosen, rosen_der

from lra_ref.engine.run import run
from lra_ref.engine.scipy_method import scipy_method
from lra_ref.methods import Method, compose
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array
from tests.engine.cases import methods

START = np.array([-1.2, 1.0])
ARMIJO = scipy_method("armijo_sgd")


def both(x: Array) -> tuple[Any, Array]:
    """Rosenbrock's function and gradient together."""
    return rosen(x), rosen_der(x)


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_the_steps_are_those_of_a_run(method: Method) -> None:
    problem = make_problem("ellipsoid", dim=4, condition=8.0)
    face: dict[str, Any] = {"jac": problem.gradient, "method": scipy_method(method), "options": {"maxiter": 9, "gtol": 0.0}}
    if any(sample == "hvp" for _, sample in method.rate.points):
        face["hessp"] = problem.hvp
    result = minimize(problem.value, problem.start, **face)
    done = run(method, problem, steps=9)
    assert np.array_equal(result.x, done.answer[0])
    assert result.fun == problem.value(done.answer[0])
    assert np.array_equal(result.jac, problem.gradient(done.answer[0]))
    assert result.trajectory_status is done.status[0]
    if result.success:
        # gtol = 0: the gradient is exactly 0, and the run stands still from then on
        assert (result.nit < 9, float(np.abs(result.jac).max())) == (True, 0.0)
    elif done.status[0] is Status.RUNNING:
        assert (result.nit, result.status, result.success) == (9, 1, False)
        assert result.message == "Maximum number of iterations has been exceeded."


def test_convergence() -> None:
    result = minimize(lambda x: x @ x / 2, np.ones(3), jac=lambda x: x, method=scipy_method("sgd", lr=0.5), options={"gtol": 1e-6})
    assert isinstance(result, OptimizeResult)
    # |x_t| = 2^-t in every coordinate: 2^-20 <= 1e-6 < 2^-19
    assert (result.nit, result.success, result.status) == (20, True, 0)
    assert np.array_equal(result.x, np.full(3, 2.0**-20))
    assert result.fun == 1.5 * 2.0**-40
    assert np.array_equal(result.jac, result.x)
    assert (result.nfev, result.njev) == (21, 21)
    assert result.message == "Optimization terminated successfully."
    assert result.trajectory_status is Status.RUNNING


def test_a_start_that_is_already_good() -> None:
    result = minimize(lambda x: x @ x / 2, np.zeros(3), jac=lambda x: x, method=ARMIJO)
    assert (result.nit, result.nfev, result.njev, result.success) == (0, 1, 1, True)


def test_the_three_ways_to_give_a_gradient() -> None:
    options = {"maxiter": 40}
    apart = minimize(rosen, START, jac=rosen_der, method=ARMIJO, options=options)
    together = minimize(both, START, jac=True, method=ARMIJO, options=options)
    assert np.array_equal(apart.x, together.x)
    assert (apart.nit, apart.nfev, apart.njev) == (together.nit, together.nfev, together.njev)
    eps = np.sqrt(np.finfo(float).eps)
    differences = minimize(rosen, START, jac=lambda x: approx_fprime(x, rosen, eps), method=ARMIJO, options=options)
    default = minimize(rosen, START, method=ARMIJO, options=options)
    assert np.array_equal(default.x, differences.x)
    # D more losses per gradient, the one at the point itself is shared
    assert default.nfev == differences.nfev + 2 * default.njev
    wider = minimize(rosen, START, method=ARMIJO, options={**options, "eps": 1e-6})
    assert not np.array_equal(wider.x, default.x)


def test_counts_are_the_calls_that_were_made() -> None:
    calls = {"fun": 0, "jac": 0}

    def fun(x: Array, scale: float) -> Any:
        calls["fun"] += 1
        return scale * rosen(x)

    def jac(x: Array, scale: float) -> Array:
        calls["jac"] += 1
        return np.asarray(scale * rosen_der(x))

    for method in (ARMIJO, scipy_method("gala_sgd", eta_0=1e-3)):
        calls.update(fun=0, jac=0)
        result = minimize(fun, START, args=(0.5,), jac=jac, method=method, options={"maxiter": 12})
        assert (result.nfev, result.njev) == (calls["fun"], calls["jac"])
    halved = minimize(lambda x: 0.5 * rosen(x), START, jac=lambda x: 0.5 * rosen_der(x), method=ARMIJO, options={"maxiter": 12})
    assert np.array_equal(minimize(fun, START, args=(0.5,), jac=jac, method=ARMIJO, options={"maxiter": 12}).x, halved.x)


def test_both_callback_styles_see_every_step() -> None:
    points: list[Array] = []
    results: list[OptimizeResult] = []
    options = {"maxiter": 6}
    minimize(rosen, START, jac=rosen_der, method=ARMIJO, options=options, callback=lambda xk: points.append(xk))
    minimize(
        rosen,
        START,
        jac=rosen_der,
        method=ARMIJO,
        options=options,
        callback=lambda intermediate_result: results.append(intermediate_result),
    )
    done = minimize(rosen, START, jac=rosen_der, method=ARMIJO, options=options)
    assert len(points) == len(results) == 6
    assert all(np.array_equal(point, result.x) for point, result in zip(points, results, strict=True))
    assert [result.fun for result in results] == [rosen(point) for point in points]
    assert np.array_equal(points[-1], done.x)
    # the callback costs no evaluation: the next step asks for the same point
    assert minimize(rosen, START, jac=rosen_der, method=ARMIJO, options=options, callback=lambda xk: None).nfev == done.nfev


def stop_by_keyword(intermediate_result: OptimizeResult) -> None:
    """Stop at the first step."""
    raise StopIteration


def stop_by_point(x: Array) -> None:
    """Stop at the first step."""
    x[:] = 0.0  # a copy
    raise StopIteration


@pytest.mark.parametrize("callback", [stop_by_keyword, stop_by_point])
def test_a_callback_may_stop(callback: Callable[..., None]) -> None:
    result = minimize(rosen, START, jac=rosen_der, method=ARMIJO, callback=callback)
    assert (result.nit, result.status, result.success) == (1, 99, False)
    assert result.message == "`callback` raised `StopIteration`."
    assert np.array_equal(result.x, minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 1}).x)
    assert result.fun == rosen(result.x)
    assert np.array_equal(result.jac, rosen_der(result.x))


def test_other_errors_of_a_callback_are_the_users() -> None:
    def broken(xk: Array) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        minimize(rosen, START, jac=rosen_der, method=ARMIJO, callback=broken)


def test_options() -> None:
    fine = minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 0})
    assert (fine.nit, fine.status) == (0, 1)
    assert np.array_equal(fine.x, START)
    with pytest.warns(OptimizeWarning, match="Unknown solver options: maxiters, foo") as caught:
        minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiters": 3, "foo": 1, "maxiter": 2})
    assert caught[0].filename == __file__
    # the gradient at the start is (-215.6, -88): its maximum norm and its Euclidean norm lie on both sides of 220
    assert minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"gtol": 220.0}).nit == 0
    assert minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"gtol": 220.0, "norm": 2}).nit > 0
    assert minimize(rosen, START, jac=rosen_der, method=ARMIJO, tol=220.0).nit == 0
    with pytest.raises(ValueError, match="maxiter must be a whole number of at least 0, got -1"):
        minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": -1})
    seeds = [
        minimize(both, START, jac=True, method=scipy_method("gala_sgd", eta_0=1e-3), options={"maxiter": 5, "seed": s}).x for s in (0, 0, 1)
    ]
    assert np.array_equal(seeds[0], seeds[1])
    assert not np.array_equal(seeds[0], seeds[2])


def test_disp_prints_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 1})
    assert capsys.readouterr().out == ""
    minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 1, "disp": True})
    assert capsys.readouterr().out == "Maximum number of iterations has been exceeded.\n"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bounds": [(0, 1), (0, 1)]}, "Method armijo_sgd cannot handle bounds"),
        ({"constraints": {"type": "eq", "fun": lambda x: x[0]}}, "Method armijo_sgd cannot handle constraints"),
        ({"hess": lambda x: np.eye(2)}, r"Method armijo_sgd does not use Hessian information \(hess\)"),
        ({"hessp": lambda x, p: p}, r"Method armijo_sgd does not use Hessian-vector product information \(hessp\)"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_not_used_warns(given: dict[str, Any], message: str) -> None:
    with pytest.warns(RuntimeWarning, match=message) as caught:
        result = minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 2}, **given)
    assert caught[0].filename == __file__
    assert np.array_equal(result.x, minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 2}).x)


def fourth_power(x: Array) -> Any:
    """sum x_i^4, infinite without a warning where it leaves the range."""
    with np.errstate(over="ignore"):
        return np.sum(x**4)


def cube(x: Array) -> Array:
    """Its gradient."""
    with np.errstate(over="ignore"):
        return np.asarray(4 * x**3)


@pytest.mark.parametrize("jac", [cube, None])
def test_a_stop_says_why(jac: Any) -> None:
    result = minimize(fourth_power, np.array([10.0, 1.0]), jac=jac, method=scipy_method("sgd", lr=1.0), options={"maxiter": 50})
    assert (result.success, result.status) == (False, 2)
    assert result.message == "The method stopped: the gradient or the loss at the point is not finite."
    assert result.trajectory_status is Status.NONFINITE_GRADIENT
    assert np.isfinite(result.x).all()
    assert result.fun == np.inf


def test_objectives_that_return_arrays_of_one_element_and_others() -> None:
    result = minimize(lambda x: np.array([[rosen(x)]]), START, jac=rosen_der, method=ARMIJO, options={"maxiter": 2})
    assert np.array_equal(result.x, minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 2}).x)
    with pytest.raises(ValueError, match=r"the objective must return a real number, got float64 of shape \(2,\)"):
        minimize(lambda x: x, START, jac=rosen_der, method=ARMIJO)
    with pytest.raises(ValueError, match=r"the gradient by jac must have shape \(\.\.\., 2\), got \(3,\)"):
        minimize(rosen, START, jac=lambda x: np.ones(3), method=ARMIJO)
    with pytest.raises(ValueError, match=r"x0 must be finite, got nan at index \(0,\)"):
        minimize(rosen, [np.nan, 1.0], jac=rosen_der, method=ARMIJO)


def test_the_users_arrays_are_not_modified() -> None:
    start = START.copy()
    start.flags.writeable = False

    def greedy(x: Array) -> Any:
        value = rosen(x)
        x[:] = np.nan  # a copy
        return value

    result = minimize(greedy, start, jac=rosen_der, method=ARMIJO, options={"maxiter": 3})
    assert np.array_equal(result.x, minimize(rosen, START, jac=rosen_der, method=ARMIJO, options={"maxiter": 3}).x)
    assert np.array_equal(start, START)


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="unknown method 'armijo_sdg'; did you mean armijo_sgd"):
        scipy_method("armijo_sdg")
    with pytest.raises(ValueError, match="unknown parameter of gala_sgd 'eta0'; did you mean eta_0"):
        scipy_method("gala_sgd", eta0=1.0)
    with pytest.raises(ValueError, match="a method that is already made takes no parameters, got lr"):
        scipy_method(compose("sgd"), lr=1.0)
    assert ARMIJO.__name__ == "armijo_sgd"
