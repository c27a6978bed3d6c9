"""Additive noise: its scale, its law, and the two ways to give the scale of Student t."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from lra_ref.oracles import FRESH, PRESENT, make_oracle
from tests.oracles.cases import DIM, toy
from tests.oracles.test_philox import LEVEL

N = 20000


def noise(name: str, stream: int = PRESENT, **parameters: Any) -> Any:
    """Noise vectors (N, DIM), read off the gradients at the origin."""
    oracle = make_oracle(name, toy(), **parameters)
    x = np.zeros(DIM)
    return oracle.evaluate(x, oracle.sample(12, np.arange(N), 3, stream))[1] - oracle.problem.gradient(x)


def test_gaussian_noise_has_the_stated_trace_and_law() -> None:
    n = noise("gaussian", sigma=2.0)
    # |n|^2 is sigma^2 / D times chi-square with D degrees of freedom
    total = np.sum(n * n) / (4 / DIM)
    assert LEVEL / 2 < stats.chi2(N * DIM).cdf(total) < 1 - LEVEL / 2
    assert stats.kstest(n.ravel(), stats.norm(scale=2 / np.sqrt(DIM)).cdf).pvalue > LEVEL
    scores = [np.sum(n[:, i] * n[:, j]) / (4 / DIM) / np.sqrt(N) for i in range(DIM) for j in range(i)]
    assert np.max(np.abs(scores)) < stats.norm.isf(LEVEL / (2 * len(scores)))


def test_present_and_fresh_samples_are_independent() -> None:
    a, b = noise("gaussian", sigma=1.0), noise("gaussian", FRESH, sigma=1.0)
    assert abs(np.sum(a * b) * DIM / np.sqrt(N * DIM)) < stats.norm.isf(LEVEL / 2)


@pytest.mark.parametrize(("df", "sigma"), [(3.0, 1.5), (2.2, 1.0), (1e9, 1.0)])
def test_sigma_of_student_is_the_trace(df: float, sigma: float) -> None:
    oracle = make_oracle("student", toy(), df=df, sigma=sigma)
    scale = sigma * np.sqrt((df - 2) / df / DIM)
    assert stats.kstest(noise("student", df=df, sigma=sigma).ravel(), stats.t(df, scale=scale).cdf).pvalue > LEVEL
    # three products, a quotient, two roots: 8 roundings
    assert abs(oracle.sigma2.value - sigma**2) <= 8 * np.finfo(float).eps * sigma**2


def test_scale_of_student_multiplies_every_coordinate() -> None:
    n = noise("student", df=1.0, scale=0.25)
    assert stats.kstest(n.ravel(), stats.cauchy(scale=0.25).cdf).pvalue > LEVEL
    oracle = make_oracle("student", toy(), df=1.0, scale=0.25)
    assert oracle.sigma2 is None
    assert "no mean" in oracle.notes


def test_student_takes_one_scale() -> None:
    with pytest.raises(ValueError, match=r"^student takes sigma or scale, not both$"):
        make_oracle("student", toy(), sigma=1, scale=1)
    for df in (0.5, 2.0):
        with pytest.raises(ValueError, match=f"^df must be above 2 for a noise with variance sigma\\^2, got {df:g}; give scale"):
            make_oracle("student", toy(), df=df, sigma=1)
    assert make_oracle("student", toy()).parameters.as_dict() == {"df": 3.0, "sigma": None, "scale": None}
