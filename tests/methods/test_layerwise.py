"""Layer-wise steps by hand, one block against the exact line search, and the edge cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from experiments.layerwise import sum_hvp, sum_value
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, run
from lra_ref.engine.scipy_method import scipy_method
from lra_ref.methods import make_method
from lra_ref.methods.layerwise import NOT_FINITE, NOT_POSITIVE
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.status import Status
from tests.test_options import assert_same

ONES = Problem("sum", 3, sum_value, sum_hvp, start=np.ones(3), convex=True)
EACH = [0, 1, 2, 3]


def went(problem: Any, steps: int, offsets: Any = None, x0: Any = None, **parameters: Any) -> Run:
    """Compiled run, checked against the reference."""
    method = make_method("layerwise", **parameters)
    made = run(method, problem, steps=steps, offsets=offsets, x0=x0)
    assert_same(method, made, reference_run(method, problem, steps=steps, offsets=offsets, x0=x0))
    return made


def test_ones_by_hand() -> None:
    """Every g_l is 3 and every c_l is 9: damped by 3 the step is 1 in each coordinate, undamped it is 3."""
    damped = went(ONES, 1, EACH, blocks=3)
    assert damped.records["rate"][0, 0] == 1 / 3
    assert damped.x.tolist() == [[0.0, 0.0, 0.0]]
    undamped = went(ONES, 1, EACH, blocks=3, factor=1.0)
    assert undamped.x.tolist() == [[-2.0, -2.0, -2.0]]
    assert undamped.records["loss"][0].tolist() == [4.5, 18.0]


def test_two_blocks_by_hand() -> None:
    """H = diag(1, 2, 4), x = (1, 1, 1), blocks {1}, {2, 3}: |g|^2 = 1, 20, c = 1, 72, rates 1/2 and 20/144."""
    problem = make_problem("quadratic", spectrum=(1.0, 2.0, 4.0))
    made = went(problem, 1, [0, 1, 3], blocks=2)
    assert made.x[0].tolist() == [0.5, 1 - 20 / 144 * 2, 1 - 20 / 144 * 4]
    assert made.state.r_scal[0, :, 1].tolist() == [0.5, 20 / 144]
    assert made.state.r_scal[0, :, 2].tolist() == [1.0, 72.0]
    assert made.state.r_scal[0, :, 3].tolist() == [1.0, 20.0]
    damped = went(problem, 1, [0, 1, 3], blocks=2, eps=3.0)
    assert damped.state.r_scal[0, :, 1].tolist() == [1 / 5, 20 / 147]


def test_one_block_is_the_exact_line_search() -> None:
    problem = make_problem("quadratic", dim=6, condition=20.0, rotated=True)
    x = problem.start.copy()
    for _ in range(5):
        g = problem.gradient(x)
        x = x - (g @ g) / (g @ problem.hvp(x, g)) * g
    assert went(problem, 5).x[0] == pytest.approx(x, rel=1e-12, abs=1e-14)


def test_more_products_than_blocks_change_nothing() -> None:
    problem = make_problem("ellipsoid", dim=9, condition=30.0)
    few, many = (went(problem, 10, [0, 4, 9], blocks=k) for k in (2, 5))
    assert np.array_equal(few.x, many.x)


def test_too_few_products_are_refused() -> None:
    with pytest.raises(ValueError, match="blocks must be at least the number of blocks, 3, got 2"):
        run(make_method("layerwise", blocks=2), ONES, steps=1, offsets=EACH)


def test_a_block_without_gradient_stays() -> None:
    problem = make_problem("quadratic", spectrum=(1.0, 2.0))
    made = went(problem, 3, [0, 1, 2], x0=[0.0, 1.0], blocks=2)
    assert made.status == [Status.RUNNING]
    assert made.records["eta"][0].tolist() == [0.0] * 4
    assert made.x[0].tolist() == [0.0, (1 - 1 / 2) ** 3]


@pytest.mark.parametrize(("last", "eps"), [(-1.0, 0.0), (-1.0, 1e-3), (0.0, 0.0)], ids=["saddle", "saddle eps", "flat"])
def test_curvature_that_is_not_positive_stops_by_name(last: float, eps: float) -> None:
    """A flat block has no gradient in a quadratic; here its gradient is 1."""
    problem = make_problem("quadratic", spectrum=(1.0, last))
    problem = problem if last else replace(problem, value_kernel=tilted_value)
    made = went(problem, 2, [0, 1, 2], blocks=2, eps=eps)
    assert made.status == [Status.CURVATURE_NOT_POSITIVE]
    assert float(Status.CURVATURE_NOT_POSITIVE) == NOT_POSITIVE
    assert float(Status.NONFINITE_RATE) == NOT_FINITE
    assert made.x[0].tolist() == problem.start.tolist()


def tilted_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """x_1^2/2 + x_2 (kernel); its Hessian is diag(1, 0)."""
    g[0], g[1] = x[0], 1.0
    return x[0] * x[0] / 2 + x[1]


def test_absolute_curvature_leaves_a_saddle() -> None:
    problem = make_problem("quadratic", spectrum=(1.0, -1.0))
    made = went(problem, 4, [0, 1, 2], x0=[1.0, 0.1], blocks=2, curvature="absolute")
    assert made.status == [Status.RUNNING]
    assert made.x[0] == pytest.approx([0.5**4, 0.1 * 1.5**4])


def test_a_flat_block_with_eps_moves() -> None:
    problem = replace(make_problem("quadratic", spectrum=(1.0, 0.0)), value_kernel=tilted_value)
    made = went(problem, 1, [0, 1, 2], blocks=2, eps=4.0)
    assert made.x[0].tolist() == [1 - 1 / 6, 1 - 1 / 4]


def test_a_product_that_is_not_finite_is_named() -> None:
    def broken(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
        for i in range(lo, hi):
            out[i] = np.nan

    made = went(replace(ONES, hvp_kernel=broken), 2, EACH, blocks=3)
    assert made.status == [Status.NONFINITE_RATE]


def test_on_a_network_with_its_own_blocks() -> None:
    problem = make_problem("tanh_network", data="iris")
    assert problem.offsets is not None
    made = went(problem, 25, blocks=4, curvature="absolute", eps=1e-8)
    assert made.status == [Status.RUNNING]
    assert made.records["loss"][0, -1] < made.records["loss"][0, 0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 5), eps=st.sampled_from([0.0, 1e-3, 1.0]))
def test_F_falls_as_stated(seed: int, cut: int, eps: float) -> None:
    """L1 for a random rotated quadratic, two blocks cut anywhere."""
    problem = make_problem("quadratic", dim=6, condition=50.0, rotated=True, seed=seed % 50)
    x0 = np.random.default_rng(seed).normal(size=6)
    made = reference_run(make_method("layerwise", blocks=2, eps=eps), problem, steps=6, x0=x0, offsets=[0, cut, 6])
    assert np.all(np.diff(made.records["loss"][0]) <= 0)


def test_optimizer_and_scipy_ask_for_products() -> None:
    problem = make_problem("ellipsoid", dim=9, condition=30.0)
    method = make_method("layerwise", blocks=2)
    optimizer = Optimizer(method, problem.start, offsets=[0, 4, 9])

    def closure(x: Any, sample: Any, v: Any = None) -> Any:
        return problem.value_and_gradient(x) if v is None else problem.hvp(x, v)

    for _ in range(12):
        optimizer.step(closure)
    assert np.array_equal(optimizer.x, run(method, problem, steps=12, offsets=[0, 4, 9]).x[0])
    options = {"maxiter": 12, "gtol": 0.0}
    found = minimize(
        problem.value,
        problem.start,
        jac=problem.gradient,
        hessp=problem.hvp,
        method=scipy_method(make_method("layerwise")),
        options=options,
    )
    assert np.array_equal(found.x, run(make_method("layerwise"), problem, steps=12).x[0])


@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
@pytest.mark.parametrize(
    "parameters",
    [{"blocks": 3, "eps": 1.0}, {"blocks": 4, "curvature": "absolute"}, {"blocks": 3, "factor": 5.0}],
    ids=["eps", "absolute", "factor"],
)
def test_reference_and_kernels_agree(parameters: dict[str, Any], offsets: Any) -> None:
    problem, method = make_problem("ellipsoid", dim=9, condition=30.0), make_method("layerwise", **parameters)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case: dict[str, Any] = {"steps": 40, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 25}).resume(15)
        assert np.array_equal(again.x, made.x)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"blocks": 0}, r"blocks must be None or a whole number in \[1, 10000\], got 0"),
        ({"eps": -1.0}, r"eps must be in \[0, inf\), got -1.0"),
        ({"factor": 0.0}, r"factor must be None or in \(0, inf\), got 0.0"),
        ({"curvature": "abs"}, "curvature must be one of 'signed', 'absolute', got 'abs'"),
    ],
)
def test_what_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_method("layerwise", **parameters)
