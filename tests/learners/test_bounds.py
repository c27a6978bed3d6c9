"""Bounds over whole histories: every prefix at once, leading axes, and hand-made numbers."""

from __future__ import annotations

import numpy as np

from lra_ref.learners import bounds, make_learner

EPS = float(np.finfo(float).eps)
RANDOM = np.random.default_rng(3)
A, B = RANDOM.normal(size=12), RANDOM.uniform(0.1, 2, size=12)


def test_prefixes_are_the_bounds_of_shorter_histories() -> None:
    learner = make_learner("ftrl", eta_0=0.5, low=0.0, high=2.0)
    ends = []
    for a, b in zip(A, B, strict=True):
        learner.observe(float(a), float(b))
        ends.append(learner.bound(0.7))
    h = learner.history()
    whole = bounds.quadratic_bound(h.a, h.b, h.plays, 1.0, 0.5, 0.7)
    assert whole.shape == (12,)
    assert np.array_equal(whole, ends)


def test_leading_axes() -> None:
    eta = RANDOM.uniform(0, 2, size=(2, 13))
    pair = bounds.quadratic_bound(np.stack([A, -A]), np.stack([B, B]), eta, 1.0, 0.5, 0.7)
    for i, sign in enumerate((1, -1)):
        assert np.array_equal(pair[i], bounds.quadratic_bound(sign * A, B, eta[i], 1.0, 0.5, 0.7))
        assert np.array_equal(
            bounds.adagrad_bound(np.stack([A, -A]), np.stack([B, B]), 1.0, 0.5, 2.0, 0.7)[i],
            bounds.adagrad_bound(sign * A, B, 1.0, 0.5, 2.0, 0.7),
        )


def test_numbers_by_hand() -> None:
    a, b, eta = np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([0.5, 1.0, 0.25])
    assert bounds.weights(b, 1.0).tolist() == [3.0, 7.0]
    # slopes 2 * 0.5 - 1 = 0 and 4 * 1 - 2 = 2: 2^2 / (2 * 7)
    assert bounds.slope_terms(a, b, eta, 1.0).tolist() == [0.0, 4 / 14]
    # at u = 1: 1/2 * 0.25 - 3/2 * 0 and 1/2 * 0.25 - 7/2 * 0.5625 + 4/14
    assert np.array_equal(bounds.quadratic_bound(a, b, eta, 1.0, 0.5, 1.0), [0.125, 0.125 - 7 / 2 * 0.5625 + 4 / 14])
    # (1 - 0.5)^2 / (2 * 0.5) + 0.25 * (0, 4)
    assert bounds.constant_bound(a, b, eta, 0.5, 1.0).tolist() == [0.25, 1.25]
    log = bounds.logarithmic_bound(a, b, 1.0, 0.5, 2.0, 1.0)
    # G = 2, mu = min(2, 3), T = 2, sum b = 6, max b = 4, eta_max = 2; fewer than 8 roundings
    exact = 0.125 + 4 / 2 * np.log1p(4.0) + 16 * np.log1p(6.0)
    assert abs(log[1] - exact) <= 8 * EPS * exact
    assert np.isnan(bounds.logarithmic_bound(a, np.array([0.0, 1.0]), 1.0, 0.5, 2.0, 1.0)).all()


def test_weights_of_zero() -> None:
    nothing = np.zeros(2)
    eta = np.array([0.5, 0.5, 0.5])
    assert bounds.slope_terms(nothing, nothing, eta, 0.0).tolist() == [0.0, 0.0]
    assert bounds.slope_terms(np.array([1.0, 0.0]), nothing, eta, 0.0).tolist() == [np.inf, 0.0]
    assert bounds.quadratic_bound_zero(np.array([1.0, 0.0]), nothing, eta, 0.0, 0.5, 1.0).tolist() == [np.inf, np.inf]


def test_bounds_of_g2_hold_for_the_plays_of_g1() -> None:
    learner = make_learner("ftrl", eta_0=0.5, low=0.0, high=2.0)
    for a, b in zip(A, B, strict=True):
        learner.observe(float(a), float(b))
    for u in (0.0, 0.4, 2.0):
        assert learner.regret(u) <= bounds.logarithmic_bound(A, B, 1.0, 0.5, 2.0, u)[-1]
