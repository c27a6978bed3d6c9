"""Loading: synthetic data and what they promise, the bundled sets, labels, standardisation, refusals."""

from __future__ import annotations

import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.problems import make_problem
from lra_ref.problems.data import (
    BUNDLED,
    BinaryParameters,
    DataParameters,
    load_binary,
    load_classes,
    load_regression,
    standardized,
)

EPS = float(np.finfo(float).eps)
# seed 5, in units of 2^-10
GOLDEN_FEATURES = [[-351, -2150], [-171, 1126], [-783, -314], [-421, -562]]
GOLDEN_MODEL = [1085, -157]
GOLDEN_LABELS = [1, -1, -1, -1]


def test_synthetic_data_are_the_same_for_ever() -> None:
    """The first numbers of the frozen streams (NumPy's RandomState over MT19937), so that a seed keeps its meaning."""
    first = load_regression(DataParameters(n=4, dim=2, seed=5))
    np.testing.assert_array_equal(first.features * 1024, GOLDEN_FEATURES)
    assert first.planted is not None
    np.testing.assert_array_equal(first.planted * 1024, GOLDEN_MODEL)
    np.testing.assert_array_equal(load_binary(BinaryParameters(n=4, dim=2, seed=5)).target, GOLDEN_LABELS)


def test_seeds_and_sizes_matter() -> None:
    one, other = (make_problem("logistic", n=30, dim=4, seed=seed).data for seed in (0, 2**64 - 1))
    assert one.shape == (30, 6)
    assert not np.any(one[:, :4] == other[:, :4])
    assert make_problem("logistic").data.shape == (200, 22)
    assert make_problem("logistic", bias=False).dim == 20


def test_targets_without_noise_are_exact() -> None:
    """On the grid of 2^-10 the products and their squares need no rounding: equal to rational arithmetic."""
    loaded = load_regression(DataParameters(n=20, dim=7, noise=0))
    assert loaded.planted is not None
    for row, target in zip(loaded.features, loaded.target, strict=True):
        assert sum(Fraction(a) * Fraction(x) for a, x in zip(row, loaded.planted, strict=True)) == Fraction(target)
    phase = make_problem("phase_retrieval", n=20, dim=7)
    np.testing.assert_array_equal(phase.data[:, -1], loaded.target**2)
    assert phase.value(phase.x_star) == 0
    assert not np.any(phase.gradient(phase.x_star))


def test_noise_has_its_standard_deviation() -> None:
    """Sum of squares over sigma^2 is chi-squared with n = 4000 degrees, standard deviation sqrt(8000); 6 of them: 2e-9 false alarms."""
    quiet, loud = (load_regression(DataParameters(n=4000, dim=3, noise=noise)).target for noise in (0, 2.5))
    assert abs(np.sum((loud - quiet) ** 2) / 2.5**2 - 4000) <= 6 * np.sqrt(8000)


def test_synthetic_classes() -> None:
    loaded = load_classes(DataParameters(n=500, dim=5, noise=0), 4)
    assert loaded.planted is not None
    assert loaded.classes == 4
    np.testing.assert_array_equal(loaded.target, np.argmax(loaded.features @ loaded.planted.T, axis=1))
    assert set(loaded.target) == {0, 1, 2, 3}
    plus, minus = (load_binary(BinaryParameters(n=50, dim=5, positive=k)).target for k in (1, 0))
    assert set(plus) == {-1.0, 1.0}
    assert np.array_equal(plus, -minus)


@pytest.mark.parametrize(("name", "shape", "classes", "plus"), [
    ("breast_cancer", (569, 30), 2, 357),
    ("iris", (150, 4), 3, 50),
    ("wine", (178, 13), 3, 71),
    ("digits", (1797, 64), 10, 182),
])  # fmt: skip
def test_bundled_sets(name: str, shape: tuple[int, int], classes: int, plus: int) -> None:
    loaded = load_classes(DataParameters(data=name))
    assert loaded.features.shape == shape
    assert loaded.classes == classes
    assert loaded.planted is None
    assert np.sum(load_binary(BinaryParameters(data=name)).target == 1) == plus  # the published class counts
    # mean and variance of n standardised numbers below sqrt(n): n roundings of summands below sqrt(n) and n
    spread = np.var(loaded.features, axis=0)
    varied = spread > 0
    assert np.max(np.abs(np.mean(loaded.features, axis=0))) <= shape[0] ** 1.5 * EPS
    assert np.max(np.abs(spread[varied] - 1)) <= 4 * shape[0] * EPS
    assert np.sum(~varied) == (3 if name == "digits" else 0)
    regression = load_regression(DataParameters(data=name, standardize=False))
    assert len(set(regression.target)) == classes
    assert np.any(np.abs(np.mean(regression.features, axis=0)) > 1)


def test_one_class_against_the_rest() -> None:
    numbers = load_classes(DataParameters(data="wine")).target
    for k in range(3):
        np.testing.assert_array_equal(load_binary(BinaryParameters(data="wine", positive=k)).target, np.where(numbers == k, 1, -1))


def test_labels_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_text("7 1:1\n-2 1:2\n7 1:4\n3 2:1\n")
    np.testing.assert_array_equal(load_classes(DataParameters(data=str(path))).target, [2, 0, 2, 1])
    np.testing.assert_array_equal(load_binary(BinaryParameters(data=str(path))).target, [-1, -1, -1, 1])
    np.testing.assert_array_equal(load_regression(DataParameters(data=str(path), standardize=False)).target, [7, -2, 7, 3])
    np.testing.assert_array_equal(make_problem("logistic", data=path, standardize=False).data, [
        [1, 0, 1, -1], [2, 0, 1, -1], [4, 0, 1, -1], [0, 1, 1, 1],
    ])  # fmt: skip


def test_standardisation_at_the_extremes() -> None:
    columns = np.column_stack([
        [1e308, -1e308, 1e308, -1e308],
        [1e-308, 3e-308, 1e-308, 3e-308],
        [0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2],
        [0, 0, 0, 0],
        [1e8 + 1, 1e8 - 1, 1e8 + 1, 1e8 - 1],
    ])  # fmt: skip
    signs = np.array([1.0, -1, 1, -1])
    scaled = standardized(columns)
    np.testing.assert_array_equal(scaled[:, 2:4], 0)
    # column 4: the deviations 1 of numbers near 1e8 carry 1e8 eps; the subnormal column has few bits: 2^-1074 / 1e-308
    for column, sign, error in ((0, 1, 4 * EPS), (1, -1, 2.0**-1074 / 1e-308 + 8 * EPS), (4, 1, 4e8 * EPS)):
        assert np.max(np.abs(scaled[:, column] - sign * signs)) <= error
    assert not np.any(standardized(np.array([[3.0, -2.0]])))


@pytest.mark.parametrize(("name", "parameters", "message"), [
    ("logistic", {"data": "brest_cancer"}, "data names neither a bundled set nor a file, got 'brest_cancer'; did you mean breast_cancer?"),
    ("logistic", {"data": "q"}, "data names neither a bundled set nor a file, got 'q'; bundled sets: breast_cancer, iris, wine, digits"),
    ("logistic", {"data": "iris", "n": 10}, "n is a parameter of synthetic data, iris has its own"),
    ("phase_retrieval", {"data": "iris", "dim": 10}, "dim is a parameter of synthetic data, iris has its own"),
    ("welsch", {"data": "iris", "noise": 0}, "noise is a parameter of planted targets, iris has its own"),
    ("factorization", {"data": "iris", "noise": 0}, "noise is a parameter of planted targets, iris has its own"),
    ("welsch", {"data": "iris", "outliers": 0}, "outliers is a parameter of synthetic data, iris has its own"),
    ("multinomial", {"data": "iris", "classes": 3}, "classes is a parameter of synthetic data, iris has its own"),
    ("logistic", {"data": "iris", "positive": 3}, "positive must be a class number in [0, 2] of iris, got 3"),
    ("tanh_network", {"positive": 2}, "positive must be 0 or 1 with synthetic data, got 2"),
    ("factorization", {"data": "iris", "rank": 5}, "rank must be at most 4 for a matrix of shape (150, 4), got 5"),
    ("logistic", {"seed": 2**64}, "seed must be a whole number in [0, 1.84467e+19], got 18446744073709551616"),
])  # fmt: skip
def test_refusals(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make_problem(name, **parameters)


def test_a_missing_scikit_learn_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert make_problem("logistic").samples == 200
    for name in BUNDLED:
        with pytest.raises(ImportError, match=r"^real data needs scikit-learn: pip install 'lra_ref\[data\]'$"):
            make_problem("logistic", data=name)
