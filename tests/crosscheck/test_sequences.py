from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck.sequences import FUNCTIONS, PATTERNS, Fixed, Function, fixed, make_sequence, of_oracle
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem

OFFSETS = np.array([0, 4, 5, 9])


def pattern(name: str, steps: int = 40, seed: int = 0) -> Any:
    found = make_sequence(name, OFFSETS, steps, seed)
    assert isinstance(found, Fixed)
    return found.gradients


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_are_finite_repeat_and_depend_on_the_seed(name: str) -> None:
    g = pattern(name)
    assert g.shape == (40, 9)
    assert np.isfinite(g).all()
    np.testing.assert_array_equal(g, pattern(name))
    assert not np.array_equal(g, pattern(name, seed=1))


def test_patterns_are_what_their_names_say() -> None:
    np.testing.assert_array_equal(pattern("flips")[1:], -pattern("flips")[:-1])
    np.testing.assert_array_equal(pattern("repeated")[1:], pattern("repeated")[:-1])
    zeros = pattern("zeros")
    assert np.all(zeros[0] != 0)
    assert np.all(zeros[3] == 0)
    assert np.all(zeros[4][OFFSETS[1] : OFFSETS[2]] == 0)
    assert np.any(zeros[4] != 0)
    assert 0.8 < np.mean(pattern("sparse", 400) == 0) < 0.97
    assert np.all(np.count_nonzero(pattern("one_coordinate"), axis=1) == 1)
    jump = np.abs(pattern("jump")).mean(axis=1)
    assert jump[20:].min() > 1e4 * jump[:20].max()
    sizes = np.log10(np.abs(pattern("scales", 400)).max(axis=1))
    assert sizes.min() < -11
    assert sizes.max() > 11
    assert 0 < np.abs(pattern("denormal")[1]).max() < np.finfo(float).tiny


def test_the_loss_of_fixed_gradients_is_their_linear_function() -> None:
    sequence, x = make_sequence("normal", OFFSETS, 5), np.arange(9.0)
    loss, g = sequence.evaluate(("step", 3), x)
    assert loss == g @ x
    np.testing.assert_array_equal(sequence.evaluate(("fresh", 3), x)[1], sequence.evaluate(("step", 1), x)[1])
    np.testing.assert_array_equal(sequence.evaluate(("full", 0), x)[1], sequence.gradients.mean(axis=0))
    assert not np.any(sequence.product(("step", 0), x, x))
    assert not sequence.feedback


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_their_gradient_and_two_streams(name: str) -> None:
    sequence, x = make_sequence(name, OFFSETS, 5), np.random.default_rng(1).normal(size=9)
    assert isinstance(sequence, Function)
    assert sequence.feedback
    assert len(sequence) == 5
    for sample in (("step", 2), ("fresh", 2)):
        loss, g = sequence.evaluate(sample, x)
        for i in range(9):
            h = np.zeros(9)
            h[i] = 1e-3
            slope = (sequence.evaluate(sample, x + h)[0] - sequence.evaluate(sample, x - h)[0]) / 2e-3
            # central differences of a quadratic are exact but for rounding of F / h
            assert abs(slope - g[i]) <= 8 * 2.0**-52 * abs(loss) / 1e-3
    v = np.arange(9.0)
    difference = sequence.evaluate(("full", 0), x + v)[1] - sequence.evaluate(("full", 0), x)[1]
    np.testing.assert_allclose(sequence.product(("step", 2), x, v), difference, rtol=0, atol=64 * 2.0**-52)
    same = np.array_equal(sequence.evaluate(("step", 2), x)[1], sequence.evaluate(("fresh", 2), x)[1])
    assert same == (FUNCTIONS[name] == 0)


@pytest.mark.parametrize("name", ["normal", "one_coordinate", "flips", "repeated", "zeros", "denormal", "noisy_quadratic"])
def test_a_longer_run_goes_on_where_a_shorter_one_ends(name: str) -> None:
    short, long = (make_sequence(name, OFFSETS, steps) for steps in (5, 50))
    for t in range(5):
        np.testing.assert_array_equal(short.evaluate(("step", t), np.ones(9))[1], long.evaluate(("step", t), np.ones(9))[1])


def test_an_oracle_gives_the_same_sample_at_every_point() -> None:
    problem = make_problem("sphere", dim=3)
    sequence = of_oracle(make_oracle("gaussian", problem, sigma=1.0), 4, seed=3)
    zero, one = (sequence.evaluate(("step", 1), x)[1] for x in (np.zeros(3), np.ones(3)))
    np.testing.assert_allclose(one - zero, 2.0, rtol=0, atol=8 * 2.0**-52)
    assert not np.array_equal(zero, sequence.evaluate(("fresh", 1), np.zeros(3))[1])
    np.testing.assert_array_equal(sequence.evaluate(("full", 0), np.ones(3))[1], problem.gradient(np.ones(3)))
    np.testing.assert_array_equal(sequence.product(("step", 1), np.ones(3), np.ones(3)), problem.hvp(np.ones(3), np.ones(3)))


def test_hessian_products_are_those_of_the_minibatch() -> None:
    problem = make_problem("logistic", data="iris")
    oracle = make_oracle("minibatch", problem, batch=4)
    sequence, x, v = of_oracle(oracle, 4, seed=3), np.full(problem.dim, 0.1), np.ones(problem.dim)
    rows = oracle.sample(3, 0, 2, 0)[:4]
    np.testing.assert_array_equal(sequence.product(("step", 2), x, v), problem.hvp(x, v, rows))
    np.testing.assert_array_equal(sequence.product(("full", 0), x, v), problem.hvp(x, v))
    assert not np.array_equal(problem.hvp(x, v, rows), problem.hvp(x, v))


def test_recorded_gradients_come_from_arrays_and_files(tmp_path: Path) -> None:
    g = np.random.default_rng(0).normal(size=(3, 2))
    np.save(tmp_path / "one.npy", g)
    np.savez(tmp_path / "named.npz", gradients=g, other=g + 1)
    np.savez(tmp_path / "only.npz", g)
    for source in (g, str(tmp_path / "one.npy"), str(tmp_path / "named.npz"), str(tmp_path / "only.npz")):
        np.testing.assert_array_equal(fixed(source).gradients, g)
    np.savez(tmp_path / "two.npz", a=g, b=g)
    (tmp_path / "text.npy").write_text("no numbers")
    for source, message in (
        (np.ones(3), r"gradients must have shape \(T, D\), got \(3,\)"),
        (str(tmp_path / "two.npz"), "must hold one array or one called gradients, got a, b"),
        (str(tmp_path / "none.npy"), "cannot read gradients from"),
        (str(tmp_path / "text.npy"), "cannot read gradients from"),
    ):
        with pytest.raises(ValueError, match=message):
            fixed(source)


def test_bad_names_and_numbers() -> None:
    with pytest.raises(ValueError, match="unknown sequence 'jmup'; did you mean jump"):
        make_sequence("jmup", OFFSETS, 5)
    with pytest.raises(ValueError, match="steps must be a whole number of at least 1, got 0"):
        make_sequence("jump", OFFSETS, 0)


def test_gaps_leave_the_first_step_and_two_tensors() -> None:
    offsets = np.array([0, 2, 5, 6, 9])
    sequence = make_sequence("gaps", offsets, 200)
    given = sequence.given[:, offsets[:-1]]
    assert given[0].all()
    assert given.sum(axis=1).min() == 2
    assert 0.55 < given[1:].mean() < 0.8
    assert np.array_equal(sequence.present(7, 9), np.repeat(given[7], np.diff(offsets)))
