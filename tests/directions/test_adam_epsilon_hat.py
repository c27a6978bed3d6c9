"""Adam with eps before the bias correction."""

from __future__ import annotations

import numpy as np

from lra_ref.methods import make_method
from tests.stepping import walk

EPS = np.finfo(float).eps
G = np.random.default_rng(3).normal(size=(30, 3))


def test_it_is_its_equation() -> None:
    d, _ = walk(make_method("adam_epsilon_hat", eps=0.1).direction, G)
    m, v = np.zeros(3), np.zeros(3)
    for n, g in enumerate(G, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        expected = m / (np.sqrt(v) + 0.1) * np.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        # 1 - 0.999^n loses up to 1000 of its digits' units, the rest are a few roundings per step
        assert np.all(np.abs(d[n - 1] - expected) <= (2000 + 8 * n) * EPS * (np.abs(expected) + np.abs(m)))


def test_it_differs_from_adam_in_the_place_of_eps_only() -> None:
    hat, plain = (walk(make_method(name, eps=0.0).direction, G)[0] for name in ("adam_epsilon_hat", "adam"))
    assert np.array_equal(hat, plain)
    assert not np.array_equal(walk(make_method("adam_epsilon_hat").direction, G)[0], walk(make_method("adam").direction, G)[0])
