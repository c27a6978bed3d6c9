"""Training on some rows of a classification problem, and how often it is right on the others.

The class that a model predicts for a row is the label under which the loss of that row is smallest.  For a loss that falls with the
score of its own label (logistic, multinomial, squared hinge, a network with one of them) that is the label of the largest score, so
the prediction is read from the very kernel that is minimised.  Losses that are equal go to the smaller label; where a loss is not a
number there is no prediction (nan), which is never right.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from lra_ref.backends.cpu import compiled, compiled_loop
from lra_ref.checks import vector, whole
from lra_ref.problems.base import VALUE, Problem
from lra_ref.problems.data import generator
from lra_ref.typing import Array

#: problems whose targets are labels
CLASSIFIERS = ("logistic", "logistic_nonconvex", "multinomial", "squared_hinge_svm", "tanh_network")
#: number of the random stream that deals out rows, see ``lra_ref.problems.data.generator``
SPLIT = 5
MATRIX, VECTOR = "float64[:, ::1]", "float64[::1]"


def split(rows: int, share: float, seed: int) -> tuple[Array, Array]:
    """Row numbers of a training set and of a held-out set of ``ceil(share rows)``, both in increasing order, dealt out by ``seed``.

    Raises ``ValueError`` unless both sets have at least one row.
    """
    count = whole("rows", rows, 2)
    if not 0 < share < 1:
        raise ValueError(f"share must be in (0, 1), got {share}")
    held = math.ceil(share * count)
    if held == count:
        raise ValueError(f"share must leave a row for training, got {share} of {count} rows")
    order = generator(whole("seed", seed), SPLIT).permutation(count)
    return np.sort(order[held:]), np.sort(order[:held])


def on_rows(problem: Problem, rows: Any) -> Problem:
    """The finite sum over these rows only.  What was known about the whole sum (L, F*, ...) is dropped, but for ``sample_smoothness``."""
    chosen = problem._rows(rows).astype(np.int64)
    data = np.ascontiguousarray(problem.data[chosen])
    notes = f"{chosen.size} of the rows of: {problem.notes}"
    return replace(problem, data=data, samples=chosen.size, smoothness=None, f_star=None, x_star=None, l0_l1=None, notes=notes)


def labels(problem: Problem) -> Array:
    """The labels of a classification problem, sorted.  Raises ``ValueError`` for any other problem."""
    if problem.name not in CLASSIFIERS or getattr(problem.parameters, "loss", "logistic") != "logistic":
        raise ValueError(f"predictions need a problem with labels ({', '.join(CLASSIFIERS)} with its logistic loss), got {problem.name}")
    return np.unique(problem.data[:, -1])


def row_losses(value: Any, x: Any, par: Any, labels: Any, data: Any, out: Any) -> None:
    """``out[i, k]`` = loss of row i if its label were number k (kernel); the last column of ``data`` is written to."""
    one, g = np.zeros(1), np.empty(x.size)
    for i in range(data.shape[0]):
        one[0] = i
        for k in range(labels.size):
            data[i, data.shape[1] - 1] = labels[k]
            out[i, k] = value(0, x.size, x, one, data, par, g)


def predict(problem: Problem, x: Any, rows: Any = None) -> Array:
    """Predicted labels, shape ``(..., rows)``, of these rows of ``problem`` (default all) for parameters ``x`` of shape ``(..., D)``."""
    known, points = labels(problem), vector("x", x, problem.dim)
    data = problem.data if rows is None else problem.data[problem._rows(rows).astype(np.int64)]
    data, losses = np.array(data, order="C"), np.empty((len(data), known.size))
    loop = compiled_loop(row_losses, (VALUE,), (VECTOR, VECTOR, VECTOR, MATRIX, MATRIX))
    found = []
    for point in points.reshape(-1, problem.dim):
        with np.errstate(all="ignore"):
            loop(compiled(problem.value_kernel, VALUE), np.array(point), problem.par, known, data, losses)
        found.append(np.where(np.isnan(losses).any(axis=1), np.nan, known[np.argmin(losses, axis=1)]))
    return np.reshape(found, (*points.shape[:-1], len(data)))


def accuracy(problem: Problem, x: Any, rows: Any = None) -> Any:
    """Share of these rows of ``problem`` (default all) whose label is predicted, shape ``(...)`` for ``x`` of shape ``(..., D)``."""
    wanted = problem.data[:, -1] if rows is None else problem.data[problem._rows(rows).astype(np.int64), -1]
    return np.mean(predict(problem, x, rows) == wanted, axis=-1)[()]
