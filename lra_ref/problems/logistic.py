"""Logistic regression: with l2, with the nonconvex regulariser x^2/(1 + x^2), and multinomial.

Rows a_i (with a last entry 1 if ``bias``), labels t_i = +-1; the regulariser acts on every coordinate, the bias included, so that l2 is
the modulus of strong convexity:

    logistic            F(x) = (1/n) sum_i log(1 + exp(-t_i a_i' x)) + l2 |x|^2/2
    logistic_nonconvex  F(x) = (1/n) sum_i log(1 + exp(-t_i a_i' x)) + lam sum_j x_j^2/(1 + x_j^2)
    multinomial         F(W, b) = (1/n) sum_i [log sum_k exp(w_k' a_i + b_k) - w_y' a_i - b_y] + l2 (|W|^2 + |b|^2)/2,  y = y_i

Smoothness (derived).  The second derivative of log(1 + exp(-m)) is at most 1/4, with equality at m = 0; that of x^2/(1 + x^2)
lies in [-1/2, 2], with 2 at 0.  Both suprema are met at x = 0, so ``L = lambda_max(A'A)/(4n) + l2`` (or ``+ 2 lam``) is exact.
The Hessian ``diag(p) - p p'`` of log-sum-exp has the row sums of absolute values ``2 p_k (1 - p_k) <= 1/2``, so its norm is at
most 1/2: ``L = lambda_max(A'A)/(2n) + l2``.  For two classes p = (1/2, 1/2) at x = 0 meets it; for more it is the supremum,
approached as the biases of all but two classes fall to -infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.formulas import where
from lra_ref.parameters import Optional_, Range, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import (
    LARGEST_CLASSES,
    WEIGHT,
    BinaryParameters,
    DataParameters,
    LinearParameters,
    load_binary,
    load_classes,
)
from lra_ref.problems.linear import (
    add_multiple,
    clear,
    largest_gram,
    largest_row,
    linear_hvp,
    linear_value,
    products,
    regularised,
    regularised_product,
    row_at,
    row_count,
)
from lra_ref.problems.losses import (
    logistic_curvature,
    logistic_loss,
    ridge,
    ridge_curvature,
    saturating_penalty,
    saturating_penalty_curvature,
)


@dataclass(frozen=True, kw_only=True)
class LogisticParameters(LinearParameters, BinaryParameters):
    """Parameters of logistic regression with l2."""

    l2: float = parameter(1e-3, WEIGHT, "weight of |x|^2/2, bias included")


@dataclass(frozen=True, kw_only=True)
class NonconvexParameters(LinearParameters, BinaryParameters):
    """Parameters of logistic regression with the nonconvex regulariser."""

    lam: float = parameter(1e-2, WEIGHT, "weight of sum_j x_j^2/(1 + x_j^2), bias included")


@dataclass(frozen=True, kw_only=True)
class MultinomialParameters(DataParameters):
    """Parameters of multinomial logistic regression."""

    l2: float = parameter(1e-3, WEIGHT, "weight of (|W|^2 + |b|^2)/2")
    classes: int | None = parameter(
        None, Optional_(Range(2, LARGEST_CLASSES, integer=True)), "number of classes, synthetic data only (default 3)"
    )


def logistic_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,)."""
    return linear_value(logistic_loss, ridge, lo, hi, x, z, data, par, g)


def logistic_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    linear_hvp(logistic_curvature, ridge_curvature, lo, hi, x, v, z, data, par, out)


def nonconvex_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (lam,)."""
    return linear_value(logistic_loss, saturating_penalty, lo, hi, x, z, data, par, g)


def nonconvex_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product; par as above."""
    linear_hvp(logistic_curvature, saturating_penalty_curvature, lo, hi, x, v, z, data, par, out)


def softmax(label: Any, scores: Any, p: Any) -> Any:
    """``log sum_k exp(s_k) - s_label``; ``p[k]`` becomes the probability of class k, but minus that of all others at the label.

    The largest score is taken out, and it is not summed up, so that a loss and a probability near 0 keep their relative accuracy.
    """
    top = 0
    own = 0.0
    for k in range(scores.size):
        if scores[k] > scores[top]:
            top = k
        own += where(label == k, scores[k], 0)
    rest = 0.0
    for k in range(scores.size):
        p[k] = np.exp(scores[k] - scores[top])
        if k != top:
            rest += p[k]
    others = 0.0
    for k in range(scores.size):
        p[k] /= 1 + rest
        others += where(label == k, 0, p[k])
    for k in range(scores.size):
        p[k] = where(label == k, -others, p[k])
    return (scores[top] - own) + np.log1p(rest)


def class_scores(weights: Any, biases: Any, row: Any, scores: Any) -> None:
    """``scores_k = w_k' a + b_k``; the columns of ``weights`` are the features."""
    products(0, biases.size, biases[:0], weights, row[: weights.shape[1]], scores)
    for k in range(biases.size):
        scores[k] += biases[k]


def multinomial_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,); x = (w_1, ..., w_K, b), a row of ``data`` = (features, class number)."""
    xs, gs = x[lo:hi], g[lo:hi]
    dim, n = data.shape[1] - 1, row_count(z, data)
    classes = xs.size // (dim + 1)
    cut = classes * dim
    weights, slopes = xs[:cut].reshape((classes, dim)), gs[:cut].reshape((classes, dim))
    biases, shifts = xs[cut:], gs[cut:]
    scores, p = np.empty(classes), np.empty(classes)
    total = 0.0
    clear(gs)
    for i in range(n):
        row = data[row_at(z, i)]
        class_scores(weights, biases, row, scores)
        total += softmax(row[dim], scores, p)
        for k in range(classes):
            add_multiple(p[k], row, slopes[k])
            shifts[k] += p[k]
    return regularised(ridge, n, xs, par, total, gs)


def multinomial_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Per row ``(diag(p) - p p') u`` with the derivative u of the scores."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    dim, n = data.shape[1] - 1, row_count(z, data)
    classes = xs.size // (dim + 1)
    cut = classes * dim
    weights, along, slopes = xs[:cut].reshape((classes, dim)), vs[:cut].reshape((classes, dim)), outs[:cut].reshape((classes, dim))
    biases, turns, shifts = xs[cut:], vs[cut:], outs[cut:]
    scores, p, u = np.empty(classes), np.empty(classes), np.empty(classes)
    clear(outs)
    for i in range(n):
        row = data[row_at(z, i)]
        class_scores(weights, biases, row, scores)
        class_scores(along, turns, row, u)
        softmax(-1, scores, p)
        mean = 0.0
        for k in range(classes):
            mean += p[k] * u[k]
        for k in range(classes):
            change = p[k] * (u[k] - mean)
            add_multiple(change, row, slopes[k])
            shifts[k] += change
    regularised_product(ridge_curvature, n, xs, vs, par, outs)


@family("logistic", LogisticParameters)
def logistic(p: LogisticParameters) -> Problem:
    """Logistic regression with l2: convex, exact L, strong convexity l2 (none if l2 = 0).  See the module for formulas."""
    rows = load_binary(p).rows(p.bias)
    gram, exact = largest_gram(rows[:, :-1])
    return Problem(
        name="logistic",
        dim=rows.shape[1] - 1,
        value_kernel=logistic_value,
        hvp_kernel=logistic_hvp,
        start=np.zeros(rows.shape[1] - 1),
        par=np.array([p.l2]),
        data=rows,
        samples=len(rows),
        smoothness=Known(gram / 4 + p.l2, exact, source="lambda_max(A'A)/(4n) + l2, met at 0"),
        sample_smoothness=Known(largest_row(rows[:, :-1]) / 4 + p.l2, source="max |a_i|^2/4 + l2"),
        f_star=Known(0.0, exact=False, source="every loss is positive"),
        convex=True,
        strong_convexity=Known(p.l2, exact=False, source="the regulariser") if p.l2 > 0 else None,
        notes=f"data {p.data}, {len(rows)} rows",
    )


@family("logistic_nonconvex", NonconvexParameters)
def logistic_nonconvex(p: NonconvexParameters) -> Problem:
    """Logistic regression with the bounded regulariser x^2/(1 + x^2): nonconvex, exact L.  See the module for formulas."""
    rows = load_binary(p).rows(p.bias)
    gram, exact = largest_gram(rows[:, :-1])
    return Problem(
        name="logistic_nonconvex",
        dim=rows.shape[1] - 1,
        value_kernel=nonconvex_value,
        hvp_kernel=nonconvex_hvp,
        start=np.zeros(rows.shape[1] - 1),
        par=np.array([p.lam]),
        data=rows,
        samples=len(rows),
        smoothness=Known(gram / 4 + 2 * p.lam, exact, source="lambda_max(A'A)/(4n) + 2 lam, met at 0"),
        sample_smoothness=Known(largest_row(rows[:, :-1]) / 4 + 2 * p.lam, source="max |a_i|^2/4 + 2 lam"),
        f_star=Known(0.0, exact=False, source="every term is positive"),
        notes=f"data {p.data}, {len(rows)} rows",
    )


@family("multinomial", MultinomialParameters)
def multinomial(p: MultinomialParameters) -> Problem:
    """Multinomial logistic regression, x = (W, b) with the blocks W (K x d, row by row) and b (K): convex, strong convexity l2."""
    if p.classes is not None and p.data != "synthetic":
        raise ValueError(f"classes is a parameter of synthetic data, {p.data} has its own")
    loaded = load_classes(p, 3 if p.classes is None else p.classes)
    rows, dim = loaded.rows(False), loaded.features.shape[1]
    extended = np.hstack([loaded.features, np.ones((loaded.size, 1))])
    gram, exact = largest_gram(extended)
    size = loaded.classes * (dim + 1)
    return Problem(
        name="multinomial",
        dim=size,
        value_kernel=multinomial_value,
        hvp_kernel=multinomial_hvp,
        start=np.zeros(size),
        par=np.array([p.l2]),
        data=rows,
        samples=loaded.size,
        smoothness=Known(gram / 2 + p.l2, exact, source="lambda_max((A,1)'(A,1))/(2n) + l2, a supremum"),
        sample_smoothness=Known(largest_row(extended) / 2 + p.l2, source="max (|a_i|^2 + 1)/2 + l2"),
        f_star=Known(0.0, exact=False, source="every loss is positive"),
        convex=True,
        strong_convexity=Known(p.l2, exact=False, source="the regulariser") if p.l2 > 0 else None,
        offsets=np.array([0, loaded.classes * dim, size]),
        notes=f"data {p.data}, {loaded.size} rows, {loaded.classes} classes; without l2 F is constant along shifts of all scores",
    )
