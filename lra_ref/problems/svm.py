"""Support vector machine with the squared hinge loss,

    F(x) = (1/n) sum_i max(0, 1 - t_i a_i' x)^2/2 + l2 |x|^2/2,       t_i = +-1.

F is once continuously differentiable, its gradient Lipschitz, but there is no second derivative where ``t_i a_i' x = 1``: the
Hessian-vector product is that of the generalised Hessian ``(1/n) sum_{t_i a_i' x < 1} a_i a_i' + l2 I``, which counts a row
exactly at the kink as inactive (the convention of O. L. Mangasarian, "A finite Newton method for classification", Optim. Methods
Softw. 17, 2002, unconfirmed).  At x = 0 every row is active, so ``L = lambda_max(A'A)/n + l2`` is exact (derived).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.problems.data import WEIGHT, BinaryParameters, LinearParameters, load_binary
from lra_ref.problems.linear import largest_gram, largest_row, linear_hvp, linear_value
from lra_ref.problems.losses import ridge, ridge_curvature, squared_hinge_curvature, squared_hinge_loss


@dataclass(frozen=True, kw_only=True)
class SquaredHingeParameters(LinearParameters, BinaryParameters):
    """Parameters of the squared-hinge support vector machine."""

    l2: float = parameter(1e-3, WEIGHT, "weight of |x|^2/2, bias included")


def squared_hinge_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (l2,)."""
    return linear_value(squared_hinge_loss, ridge, lo, hi, x, z, data, par, g)


def squared_hinge_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Product with the generalised Hessian."""
    linear_hvp(squared_hinge_curvature, ridge_curvature, lo, hi, x, v, z, data, par, out)


@family("squared_hinge_svm", SquaredHingeParameters)
def squared_hinge_svm(p: SquaredHingeParameters) -> Problem:
    """Squared-hinge support vector machine: convex, C^{1,1}, exact L, strong convexity l2.  See the module for formulas."""
    rows = load_binary(p).rows(p.bias)
    gram, exact = largest_gram(rows[:, :-1])
    return Problem(
        name="squared_hinge_svm",
        dim=rows.shape[1] - 1,
        value_kernel=squared_hinge_value,
        hvp_kernel=squared_hinge_hvp,
        start=np.zeros(rows.shape[1] - 1),
        par=np.array([p.l2]),
        data=rows,
        samples=len(rows),
        smoothness=Known(gram + p.l2, exact, source="lambda_max(A'A)/n + l2, met at 0"),
        sample_smoothness=Known(largest_row(rows[:, :-1]) + p.l2, source="max |a_i|^2 + l2"),
        f_star=Known(0.0, exact=False, source="no term is negative"),
        convex=True,
        strong_convexity=Known(p.l2, exact=False, source="the regulariser") if p.l2 > 0 else None,
        notes=f"data {p.data}, {len(rows)} rows; the Hessian-vector product is that of the generalised Hessian",
    )
