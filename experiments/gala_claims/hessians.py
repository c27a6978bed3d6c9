"""How fast the Hessian of a problem changes: rigorous bounds of its Lipschitz constant on a box, for the families that GALA's claims run.

M bounds |H(y) - H(z)| <= M |y - z| (operator norm) for y, z in the box |x_i| <= r_i. With k = 1/(6 sqrt 3), the largest |third
derivative| of the logistic loss:

    quadratic         0
    ripple            a w^3, from the diagonal h + a w^2 cos(w x)
    sum_of_quartics   24 max w_i r_i, from the diagonal 12 w x^2
    logistic          k mean |a_i|^3, since the Hessian of a row is loss'' a a^T
    tanh_network      below, logistic loss

M is also the largest third derivative along a unit direction (Banach, 1938: a symmetric trilinear form attains its norm on the
diagonal). For a row of the network, with the notation of ``lra_ref.problems.network`` (s^2 = |a|^2 + 1, R = |r|, o', o'', e(s) there),

    F''' = loss''' o'^3 + 3 loss'' o' o'' + loss' o''',      |loss'''| <= k, |loss''| <= 1/4, |loss'| <= 1,
    |o'''| = |sum w2 tanh''' y^3 + 3 sum q tanh'' y^2| <= 2 R s^3 + (8/9) s^2,

for |tanh'''| <= 2, |tanh''| <= 4/(3 sqrt 3), |q| |P|^2 <= 2/(3 sqrt 3), and (4/sqrt 3) (2/(3 sqrt 3)) = 8/9.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lra_ref.problems.base import Problem
from lra_ref.problems.network import LARGEST_BEND, LOGISTIC
from lra_ref.readings import middle

#: the largest |third derivative| of the logistic loss
BEND = 1 / (6 * np.sqrt(3))
#: points of a segment at first and at most, and the share of the largest sample that the change between samples should not exceed
FEWEST, MOST, SHARE = 9, 129, 0.02


def row_lengths(problem: Problem) -> Any:
    """|a_i| of every row, the constant column included."""
    return np.sqrt(np.sum(problem.data[:, :-1] ** 2, axis=1))


def of_network(problem: Problem, box: Any) -> Any:
    """The bound of the module's text, mean over the rows; the box as the ball around it."""
    if problem.parameters.as_dict()["loss"] != LOGISTIC:
        raise ValueError("the bound of tanh_network is that of the logistic loss")
    radius = np.sqrt(np.sum(box * box, axis=-1))[..., np.newaxis]
    s2 = row_lengths(problem) ** 2 + 1
    first = np.sqrt(1 + s2 * radius**2)
    bend = LARGEST_BEND * radius * s2
    second = (bend + np.sqrt(bend**2 + 4 * s2)) / 2
    third = 2 * radius * s2 * np.sqrt(s2) + 8 / 9 * s2
    return np.mean(BEND * first**3 + 3 / 4 * first * second + third, axis=-1)


#: by the name of the family: ``M(problem, box)``, the box of shape (..., D) and M of shape (...)
LIPSCHITZ: dict[str, Callable[[Problem, Any], Any]] = {
    "quadratic": lambda problem, box: 0 * box[..., 0],
    "ripple": lambda problem, box: 0 * box[..., 0] + problem.par[1] * problem.par[2] ** 3,
    "sum_of_quartics": lambda problem, box: 24 * np.max(problem.par * box, axis=-1),
    "logistic": lambda problem, box: 0 * box[..., 0] + BEND * np.mean(row_lengths(problem) ** 3),
    "tanh_network": of_network,
}


def largest_along(problem: Problem, x: Any, y: Any, d: Any) -> tuple[Any, Any]:
    """Upper and lower bound of max |H(z) d| over the segment from x to y, of shape (...) for points and directions (..., D).

    The lower bound is the largest of n samples at even distances, the upper one adds M |d| times half of a distance. n is
    doubled from 9 until that is at most 2% of the samples, at most to 129.
    """
    length, size = np.sqrt(np.sum((y - x) ** 2, axis=-1)), np.sqrt(np.sum(d * d, axis=-1))
    # over balls too, box, place and number of the samples are chosen by their middles: any choice gives a valid bound
    change = LIPSCHITZ[problem.name](problem, np.maximum(np.abs(middle(x)), np.abs(middle(y)))) * length * size
    count = FEWEST
    while True:
        shares = np.linspace(0.0, 1.0, count).reshape(-1, *(1,) * x.ndim)
        products = problem.hvp(x + shares * (y - x), np.broadcast_to(d, (count, *d.shape)))
        squares = np.sum(products * products, axis=-1)
        where = np.argmax(middle(squares), axis=0)[np.newaxis]
        samples = np.sqrt(np.take_along_axis(squares, where, axis=0)[0])
        between = change / (2 * (count - 1))
        if count >= MOST or not np.any(middle(between) > SHARE * middle(samples)):
            return samples + between, samples
        count = 2 * count - 1
