"""The engine and the learners over balls: they enclose what is exact, agree with float64, and never round in silence."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lra_ref.backends.cpu import compiled
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.engine.run import run
from lra_ref.formulas import square
from lra_ref.learners import make_learner
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.readings import BALLS, Ball, Undecided, ball, bits, inside, lifted, middle, precise

flint = pytest.importorskip("flint")

METHODS = {
    "sgd": {"lr": 0.001}, "adam": {}, "clara_sgd": {"lr": 0.01}, "clara_adam": {"lr": 0.01}, "egdd_momentum": {"lr": 1e-4},
    "gala_sgd": {"eta_0": 1e-3, "eta_max": 2e-3}, "gala_nsgdm": {"alpha": 0.2}, "gradient_variation_sgd": {}, "salera_sgd": {},
    "armijo_sgd": {},
}  # fmt: skip


def noisy(dim: int = 3):
    return make_oracle("gaussian", make_problem("rosenbrock", dim=dim), sigma=0.1)


@pytest.mark.parametrize("name", METHODS)
def test_float64_runs_stay_close_to_the_certified_ones(name):
    method = make_method(name, **METHODS[name])
    plain = run(method, noisy(), steps=8, trajectories=2, first=3)
    with precise(192):
        certified = run(method, noisy(), steps=8, trajectories=2, first=3)
    assert certified.status == plain.status
    for record in ("loss", "gradient_norm", "rate", "direction_norm"):
        np.testing.assert_allclose(middle(certified.records[record]), plain.records[record], rtol=1e-10)
    assert all(value.arb.rad() < 1e-40 for value in certified.x.ravel())


def test_the_ball_holds_the_exact_result():
    """Gradient descent on x^2/2 from 3/8 at the rate 1/10 (the float64 number)."""
    problem, method = make_problem("quadratic", spectrum=[1.0]), make_method("sgd", lr=0.1)
    exact = Fraction(0.375) * (1 - Fraction(0.1)) ** 12
    with precise(256):
        (x,) = run(method, problem, steps=12, x0=[0.375]).x[0]
        assert x.arb.contains(flint.arb(flint.fmpq(exact.numerator, exact.denominator)))
        assert x.arb.rad() < 1e-70
    assert run(method, problem, steps=12, x0=[0.375]).x[0, 0] == pytest.approx(float(exact), rel=1e-14)


def test_the_noise_is_the_same_numbers():
    oracle, method = noisy(), make_method("sgd", lr=0.0)
    plain = run(method, oracle, steps=3, seed=5)
    with precise(128):
        certified = run(method, oracle, steps=3, seed=5)
    np.testing.assert_allclose(middle(certified.records["sample_loss"]), plain.records["sample_loss"], rtol=1e-14)


@pytest.mark.parametrize("name", ["clara_sgd", "gala_sgd", "gradient_variation_sgd"])
def test_the_reference_shows_the_vectors_of_the_run(name):
    method, plain, certified = make_method(name, **METHODS[name]), Vectors(), Vectors()
    made = reference_run(method, noisy(), steps=5, trajectories=2, observe=plain)
    with precise(128):
        again = reference_run(method, noisy(), steps=5, trajectories=2, observe=certified)
    for vector, values in plain.arrays().items():
        np.testing.assert_allclose(middle(certified.arrays()[vector]), values, rtol=1e-10, err_msg=vector)
    np.testing.assert_allclose(middle(again.records["loss"]), made.records["loss"], rtol=1e-11)
    np.testing.assert_allclose(middle(again.x), made.x, rtol=1e-11)


def test_the_reference_has_no_vectors_of_a_stopped_trajectory():
    method = make_method("gala_sgd", learner="kt", bound=1e-9)
    with precise(64), pytest.raises(ArithmeticError, match="a trajectory stopped"):
        reference_run(method, make_problem("rosenbrock", dim=2), steps=5, observe=Vectors())


def test_a_learner_plays_exactly():
    with precise(128):
        learner = make_learner("ftrl", eta_0=0.0, delta=1.0)
        learner.observe(1.0, 2.0)
        play = learner.play()
        assert isinstance(play, Ball)
        assert (3 * play - 1).arb.contains(0)
        assert (3 * play - 1).arb.rad() < 1e-37
        assert not (ball(1.0) / 3 - 1 / 3).arb.contains(0)
    plain = make_learner("ftrl", eta_0=0.0, delta=1.0)
    plain.observe(1.0, 2.0)
    assert plain.play() == 1 / 3


def test_comparisons_answer_only_where_they_are_certain():
    with precise(64):
        third = ball(1.0) / 3
        assert third < 0.34
        assert third > 1 / 4
        assert third != 1
        assert ball(2.0) == 2
        for question in (lambda: third * 3 < 1, lambda: third * 3 == 1, lambda: third * 3 >= 1, lambda: bool(third * 3 - 1)):
            with pytest.raises(Undecided, match="overlap at 64 bits"):
                question()


def test_a_ball_is_never_rounded_in_silence():
    with precise(64):
        third = ball(1.0) / 3
        with pytest.raises(TypeError, match="rounded"):
            float(third)
        with pytest.raises(TypeError, match="rounded"):
            np.zeros(1)[0:1] = [third]
        assert float(ball(0.1)) == 0.1
        with pytest.raises(Undecided):
            int(third)
        with pytest.raises(TypeError, match="no ball for a str"):
            inside("1")


def test_compiled_code_refuses_to_pass_for_certified():
    with precise(64), pytest.raises(TypeError, match="float64, not over balls"):
        compiled(square, "float64(float64)")
    with precise(64), pytest.raises(TypeError, match="float64, not over balls"):
        make_problem("quadratic").value(np.ones(10))


def test_problems_take_balls():
    problem, x, v = make_problem("rosenbrock", dim=2), np.array([0.3, -0.7]), np.array([1.0, 2.0])
    with precise(128):
        value, gradient = problem.value_and_gradient(lifted(x))
        product = problem.hvp(lifted(x), lifted(v))
    assert middle([value])[0] == pytest.approx(problem.value(x), rel=1e-14)
    np.testing.assert_allclose(middle(gradient), problem.gradient(x), rtol=1e-13)
    np.testing.assert_allclose(middle(product), problem.hvp(x, v), rtol=1e-13)


def test_the_root_of_a_rounded_square_is_a_number():
    with precise(64):
        nothing = ball(1.0) / 3 * 3 - 1
        assert np.sqrt(np.array([nothing * nothing], dtype=object))[0].isfinite()
        assert not BALLS.sqrt(-1.0).isfinite()


def test_the_precision_is_put_back():
    before = flint.ctx.prec
    with precise(300):
        assert (bits(), flint.ctx.prec) == (300, 300)
    assert (bits(), flint.ctx.prec) == (None, before)
    with pytest.raises(ValueError, match=r"precision must be a whole number of bits >= 53, got 52"), precise(52):
        pass


def test_without_the_library_one_line_says_what_to_install(monkeypatch):
    import lra_ref.readings as readings

    monkeypatch.setattr(readings, "available", lambda: False)
    readings._flint.cache_clear()
    try:
        with pytest.raises(ImportError, match=r"pip install 'lra_ref\[proofs\]'"), precise(64):
            pass
    finally:
        readings._flint.cache_clear()
