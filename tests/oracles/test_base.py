"""What holds for every oracle: samples are functions of their key, values and gradients belong together, variances are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from lra_ref.oracles import FRESH, ORACLES, PRESENT, as_oracle, make_oracle
from lra_ref.problems.base import Problem
from tests.oracles.cases import ALL, CASES, DIM, IDS, ROWS, build, draw, hvp, toy, value
from tests.oracles.test_philox import LEVEL

EPS = np.finfo(float).eps
every_oracle = pytest.mark.parametrize("case", ALL, ids=IDS)


def test_every_registered_oracle_is_listed() -> None:
    assert set(CASES) == set(ORACLES)


@every_oracle
def test_a_sample_is_a_function_of_its_key(case: Any) -> None:
    oracle = build(case)
    keys = [(2**64 - 1, 3, 2**34, PRESENT), (5, 0, 0, PRESENT), (5, 0, 0, FRESH), (5, 2**32 - 1, 17, FRESH), (5, 0, 1, PRESENT)]
    one_by_one = [oracle.sample(*key) for key in keys]
    backwards = [oracle.sample(*key) for key in keys[::-1]][::-1]
    together = oracle.sample(*np.array(keys, dtype=np.uint64).T)
    for key, a, b, c in zip(keys, one_by_one, backwards, together, strict=True):
        assert a.shape == (oracle.sample_size,)
        assert a.tobytes() == b.tobytes() == c.tobytes() == draw(oracle, key).tobytes()


@every_oracle
def test_noise_depends_on_every_part_of_the_key(case: Any) -> None:
    oracle = build(case)
    if oracle.exact:
        return
    x = np.linspace(1, 2, DIM)
    steps = np.arange(64)
    base = oracle.evaluate(x, oracle.sample(0, 0, steps, PRESENT))[1]
    keys = [(1, 0, 0, PRESENT), (2**32, 0, 0, PRESENT), (0, 1, 0, PRESENT), (0, 0, 2**32, PRESENT), (0, 0, 0, FRESH)]
    others = [(seed, trajectory, steps + high, stream) for seed, trajectory, high, stream in keys]
    still = case[1].get("sigma") == 0 or (case[0] == "minibatch" and oracle.batch == ROWS and case[1]["replacement"] != "with")
    for other in others:
        moved = oracle.evaluate(x, oracle.sample(*other))[1]
        # all 64 samples equal by chance: at most (1/7)^64
        assert still or not np.array_equal(base, moved)


@every_oracle
def test_compiled_and_interpreted_answers_are_equal(case: Any) -> None:
    oracle = build(case)
    z = oracle.sample(8, np.arange(4), 5)
    x = np.random.default_rng(0).normal(size=(4, DIM))
    f, g = oracle.evaluate(x, z)
    for i in range(4):
        gradient = np.zeros(DIM)
        plain = oracle.problem.value_kernel(0, DIM, x[i], z[i, : oracle.batch], oracle.problem.data, oracle.problem.par, gradient)
        plain = oracle.perturb_kernel(0, DIM, x[i], z[i], oracle.par, plain, gradient)
        assert float(plain) == f[i]
        assert gradient.tobytes() == g[i].tobytes()


@every_oracle
def test_leading_axes_broadcast(case: Any) -> None:
    oracle = build(case)
    x, z = np.random.default_rng(1).normal(size=(2, 1, DIM)), oracle.sample(8, np.arange(3), 5)
    f, g = oracle.evaluate(x, z)
    assert f.shape == (2, 3)
    assert g.shape == (2, 3, DIM)
    for i in range(2):
        for j in range(3):
            one = oracle.evaluate(x[i, 0], z[j])
            assert np.ndim(one[0]) == 0
            assert one[0] == f[i, j]
            assert one[1].tobytes() == g[i, j].tobytes()


@every_oracle
def test_inputs_are_not_modified_and_may_be_read_only(case: Any) -> None:
    oracle = build(case)
    x, z = np.ones(DIM), oracle.sample(1, 2, 3)
    before = z.copy()
    x.setflags(write=False)
    z.setflags(write=False)
    oracle.evaluate(x, z)
    oracle.variance(x) if oracle.row_variance else None
    assert np.array_equal(x, np.ones(DIM))
    assert np.array_equal(z, before)


@every_oracle
def test_a_sample_is_one_function_at_two_points(case: Any) -> None:
    if case[0] == "multiplicative":
        return  # has no such function, and says so
    oracle = build(case)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 20, DIM))
    z = oracle.sample(4, np.arange(20), 1)
    (f_x, g_x), (f_y, g_y) = oracle.evaluate(x, z), oracle.evaluate(y, z)
    # for a quadratic the mean of the two gradients times the step is the difference of the values, up to rounding: each value is
    # a sum of at most 3 ROWS DIM rounded terms plus the noise, each product a sum of DIM
    scale = np.abs(f_x) + np.abs(f_y) + np.sum((np.abs(g_x) + np.abs(g_y)) * (np.abs(x) + np.abs(y)), axis=-1)
    noise = np.sum(np.abs(g_x - oracle.problem.gradient(x)) * (np.abs(x) + np.abs(y)), axis=-1)
    assert np.all(np.abs(f_y - f_x - np.sum((g_x + g_y) / 2 * (y - x), axis=-1)) <= (3 * ROWS * DIM + 10) * EPS * (scale + noise))


@every_oracle
def test_mean_and_variance(case: Any) -> None:
    oracle = build(case)
    x, n = np.array([0.5, -1.0, 2.0]), 20000
    if oracle.row_variance is None:
        with pytest.raises(ValueError, match="no variance"):
            oracle.variance(x)
        return
    expected = oracle.variance(x)
    f, g = oracle.evaluate(x, oracle.sample(6, np.arange(n), 2))
    exact_f, exact_g = oracle.problem.value_and_gradient(x)
    square = np.sum((g - exact_g) ** 2, axis=-1)
    tiny = (3 * ROWS * DIM * EPS * (np.abs(exact_f) + np.sum(np.abs(exact_g)))) ** 2
    # DIM + 2 means, each a t score with the level shared out; t is an approximation for the squares, close at this n
    limit = stats.t.isf(LEVEL / (2 * (DIM + 2)), n - 1)
    for sample, mean in [(square, expected), (f, exact_f), *zip(g.T, exact_g, strict=True)]:
        assert abs(np.mean(sample) - mean) <= limit * np.std(sample, ddof=1) / np.sqrt(n) + np.sqrt(tiny)
    if oracle.sigma2 is not None:
        assert expected <= oracle.sigma2.value
    assert np.ndim(expected) == 0
    np.testing.assert_array_equal(oracle.variance(np.stack([x, x])), [expected, expected])


def test_a_problem_is_its_exact_oracle() -> None:
    problem = toy()
    oracle = as_oracle(problem)
    assert oracle.exact
    assert as_oracle(oracle) is oracle
    assert oracle.settings() == {"problem": "toy", "oracle": "exact"}
    x = np.ones((2, DIM))
    (f, g), want = oracle.evaluate(x, oracle.sample(0, 0, 0)), problem.value_and_gradient(x)
    assert np.array_equal(f, want[0])
    assert np.array_equal(g, want[1])
    assert not any(build(case).exact for case in ALL[1:])
    with pytest.raises(ValueError, match="expected a problem or an oracle, got str"):
        as_oracle("gaussian")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", list(ORACLES))
def test_values_out_of_range_are_refused(name: str) -> None:
    for field, constraint in [(f.name, f.metadata["constraint"]) for f in ORACLES[name].__dataclass_fields__.values()]:
        for wrong in constraint.invalid():
            with pytest.raises(ValueError, match=f"^{field} must be "):
                make_oracle(name, toy(), **{**CASES[name][0], field: wrong})


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"^unknown oracle 'gausian'; did you mean gaussian\?$"):
        make_oracle("gausian", toy())
    with pytest.raises(ValueError, match=r"^unknown parameter of gaussian 'sigm'; did you mean sigma\?$"):
        make_oracle("gaussian", toy(), sigm=1)


@pytest.mark.parametrize(
    ("x", "z", "message"),
    [
        (np.ones(DIM + 1), [0.0, 1.0], r"^x must have shape \(\.\.\., 3\)"),
        (np.ones((2, DIM)), np.zeros((3, 2)), "^x and z must broadcast"),
        (np.ones(DIM), [0.0], r"^z must have shape \(\.\.\., 2\)"),
        (np.ones(DIM), 1.0, "^z must have at least one axis"),
        (np.ones(DIM), ["a", "b"], "^z must be an array of real numbers"),
        (np.ones(DIM), [0.0, ROWS], r"^the first 2 entries of z must be row numbers in \[0, 7\)"),
        (np.ones(DIM), [0.0, -1.0], "row numbers"),
        (np.ones(DIM), [0.5, 1.0], "row numbers"),
        (np.ones(DIM), [np.nan, 1.0], "row numbers"),
    ],
)
def test_wrong_points_and_samples_are_refused(x: Any, z: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_oracle("minibatch", toy(), batch=2).evaluate(x, z)


def test_a_wrong_sample_of_the_exact_oracle_is_refused() -> None:
    with pytest.raises(ValueError, match="z must have shape"):
        as_oracle(toy()).evaluate(np.ones(DIM), np.ones(2))


def test_a_problem_that_is_no_finite_sum_has_no_minibatches() -> None:
    plain = Problem("plain", DIM, value, hvp, np.ones(DIM), data=toy().data)
    with pytest.raises(ValueError, match=r"minibatch needs a finite sum of .*; plain has 0"):
        make_oracle("minibatch", plain, batch=1)
    with pytest.raises(ValueError, match="minibatch needs the parameter batch"):
        make_oracle("minibatch", toy())
