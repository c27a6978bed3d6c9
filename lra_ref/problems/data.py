"""Data for the finite-sum problems: drawn from a seed, bundled with scikit-learn, or read from a LIBSVM file.

Every data problem takes the parameters of :class:`DataParameters`:

- ``data="synthetic"`` draws n rows of independent standard normal features, rounded to multiples of 2^-10, and plants a model on
  the same grid, from which the targets follow.  Without noise the planted products and their squares are exact in float64 (as
  long as ``|a_i' x| < 64``), so the planted model solves the problem exactly.  Draws come from NumPy's ``RandomState``, the
  generator whose streams NumPy keeps frozen, so a seed means the same data under every NumPy version.
- ``"breast_cancer"``, ``"iris"``, ``"wine"``, ``"digits"``: the sets bundled with scikit-learn (extra ``data``).
- any other text is the path of a LIBSVM file (extra ``data``).

Labels: the different labels of a set, sorted, are the classes 0, 1, ....  A binary problem gives +1 to class ``positive`` and -1
to the rest; the default ``positive=1`` is benign in breast_cancer, versicolor in iris, the middle cultivar of wine, the digit 1,
and the larger label of a file with two.  A regression takes the label itself as its target.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import SWITCH, Choice, Optional_, Parameters, Range, parameter
from lra_ref.problems.libsvm import datasets, read_libsvm
from lra_ref.typing import Array

BUNDLED = ("breast_cancer", "iris", "wine", "digits")
#: a file with more different labels than this is not a classification set
LARGEST_CLASSES = 100
GRID = 2.0**-10
SIZE = Range(1, ends="[)", integer=True)
WEIGHT = Range(0, ends="[)")
POSITIVE = Range(0, ends="()")


@dataclass(frozen=True)
class Source(Choice):
    """A name of a data set or the path of a file."""

    def __str__(self) -> str:
        return f"{super().__str__()}, or the path of a LIBSVM file"

    def accepts(self, value: Any) -> bool:
        """Any text that is not empty, and any path."""
        return isinstance(value, str | os.PathLike) and os.fspath(value) not in ("", b"")

    def convert(self, value: Any) -> Any:
        """As text."""
        return os.fsdecode(value)

    def invalid(self) -> list[Any]:
        """Values that must be refused, for the tests."""
        return [17, None, ""]


@dataclass(frozen=True, kw_only=True)
class DataParameters(Parameters):
    """What every data problem takes."""

    data: str = parameter("synthetic", Source(("synthetic", *BUNDLED)), "the data set")
    n: int | None = parameter(None, Optional_(SIZE), "number of rows, synthetic data only (default 200)")
    dim: int | None = parameter(None, Optional_(SIZE), "number of features, synthetic data only (default 20)")
    noise: float | None = parameter(None, Optional_(WEIGHT), "standard deviation of the noise in planted targets (default 0.1)")
    seed: int = parameter(0, Range(0, 2**64 - 1, integer=True), "seed of everything that is drawn, a whole number below 2^64")
    standardize: bool = parameter(True, SWITCH, "features of a real set to mean 0 and variance 1 (synthetic ones are so by their law)")


@dataclass(frozen=True, kw_only=True)
class LinearParameters(DataParameters):
    """What every linear model takes."""

    bias: bool = parameter(True, SWITCH, "append a feature that is always 1")


@dataclass(frozen=True, kw_only=True)
class BinaryParameters(DataParameters):
    """What every problem with labels -1 and +1 takes."""

    positive: int = parameter(1, Range(0, LARGEST_CLASSES - 1, integer=True), "class of a multiclass set that is +1 against the rest")


@dataclass(frozen=True)
class Dataset:
    """Features ``(n, d)``, targets ``(n,)``, number of classes (0: the targets are numbers), and the planted model or None."""

    name: str
    features: Array
    target: Array
    classes: int = 0
    planted: Array | None = None

    @property
    def size(self) -> int:
        """Number n of rows."""
        return int(self.features.shape[0])

    def rows(self, bias: bool) -> Array:
        """The matrix that the kernels read: features, a column of ones if ``bias``, targets."""
        ones = np.ones((self.size, int(bias)))
        return np.ascontiguousarray(np.hstack([self.features, ones, self.target[:, None]]))


def generator(seed: int, purpose: int) -> Any:
    """Frozen random stream number ``purpose`` of a seed: 0 features, 1 planted model, 2 noise, 3 starting point, 4 outliers, 5 split."""
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence([seed, purpose])))


def on_grid(values: Array) -> Array:
    """Rounded to multiples of 2^-10."""
    return np.round(values / GRID) * GRID


def planted(seed: int, *shape: int) -> Array:
    """A model on the grid, expected squared norm of every row 1."""
    return on_grid(generator(seed, 1).normal(size=shape) / np.sqrt(shape[-1]))


def noise_of(p: DataParameters) -> float:
    """The noise level, its default 0.1 filled in."""
    return 0.1 if p.noise is None else p.noise


def features_of(p: DataParameters) -> Array:
    """Features only, for problems that plant their own targets on any data set."""
    if p.data == "synthetic":
        shape = (p.n or 200, p.dim or 20)
        return on_grid(generator(p.seed, 0).normal(size=shape))
    return _features(p, _raw(p)[0])


def _features(p: DataParameters, features: Array) -> Array:
    return standardized(features) if p.standardize else features


def load_regression(p: DataParameters) -> Dataset:
    """Rows and real targets; synthetic: ``t_i = a_i' x + noise``.  Targets of a real set are standardised with its features."""
    if p.data == "synthetic":
        features = features_of(p)
        model = planted(p.seed, features.shape[1])
        return Dataset(p.data, features, features @ model + _disturbance(p, len(features)), planted=model)
    features, target = _only_real(p)
    return Dataset(p.data, _features(p, features), standardized(target[:, None])[:, 0] if p.standardize else target)


def load_classes(p: DataParameters, classes: int = 3) -> Dataset:
    """Rows and class numbers 0, 1, ...; synthetic: the largest of ``classes`` planted scores with noise."""
    if p.data == "synthetic":
        features = features_of(p)
        model = planted(p.seed, classes, features.shape[1])
        scores = features @ model.T + _disturbance(p, len(features), classes)
        return Dataset(p.data, features, np.argmax(scores, axis=1).astype(float), classes, model)
    features, target = _only_real(p)
    names, numbers = np.unique(target, return_inverse=True)
    if not 2 <= names.size <= LARGEST_CLASSES:
        raise ValueError(f"classification needs 2 to {LARGEST_CLASSES} different labels, {p.data} has {names.size}")
    return Dataset(p.data, _features(p, features), numbers.astype(float), int(names.size))


def load_binary(p: Any) -> Dataset:
    """Rows and labels -1, +1 (class ``positive`` of a set against the rest); synthetic: the sign of ``a_i' x + noise``."""
    if p.data == "synthetic":
        if p.positive > 1:
            raise ValueError(f"positive must be 0 or 1 with synthetic data, got {p.positive}")
        features = features_of(p)
        model = planted(p.seed, features.shape[1])
        scores = features @ model + _disturbance(p, len(features))
        return Dataset(p.data, features, np.where((scores >= 0) == (p.positive == 1), 1.0, -1.0), 2, model)
    whole = load_classes(p)
    if p.positive >= whole.classes:
        raise ValueError(f"positive must be a class number in [0, {whole.classes - 1}] of {p.data}, got {p.positive}")
    return Dataset(p.data, whole.features, np.where(whole.target == p.positive, 1.0, -1.0), 2)


def standardized(features: Array) -> Array:
    """Columns to mean 0 and variance 1 (of the n values); a column that is constant to rounding becomes exactly 0."""
    largest = np.max(np.abs(features), axis=0)
    scaled = features / np.where(largest > 0, largest, 1.0)  # no overflow in the squares
    centered = scaled - np.mean(scaled, axis=0)
    spread = np.sqrt(np.mean(centered * centered, axis=0))
    # the mean of n numbers in [-1, 1] carries a rounding error of up to n * eps
    constant = spread <= len(features) * np.finfo(float).eps
    return np.ascontiguousarray(np.where(constant, 0.0, centered / np.where(constant, 1.0, spread)))


def _disturbance(p: DataParameters, *shape: int) -> Array:
    draws: Array = generator(p.seed, 2).normal(size=shape)
    return noise_of(p) * draws


def _only_real(p: DataParameters) -> tuple[Array, Array]:
    """Features and labels of a real set, whose targets are not planted."""
    if p.noise is not None:
        raise ValueError(f"noise is a parameter of planted targets, {p.data} has its own")
    return _raw(p)


def _raw(p: DataParameters) -> tuple[Array, Array]:
    """Features and labels of a real set as they are."""
    for name in ("n", "dim"):
        if getattr(p, name) is not None:
            raise ValueError(f"{name} is a parameter of synthetic data, {p.data} has its own")
    if p.data in BUNDLED:
        features, labels = getattr(datasets(), f"load_{p.data}")(return_X_y=True)
        return np.ascontiguousarray(features, dtype=float), np.ascontiguousarray(labels, dtype=float)
    if not os.path.exists(p.data):
        near = difflib.get_close_matches(p.data, ("synthetic", *BUNDLED), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"bundled sets: {', '.join(BUNDLED)}"
        raise ValueError(f"data names neither a bundled set nor a file, got {p.data!r}; {hint}")
    return read_libsvm(p.data)
