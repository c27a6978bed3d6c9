"""Problems: smooth functions with gradient, Hessian-vector product, and what is known about them; one file per family.

``PROBLEMS`` maps names to factories; :func:`make_problem` is the face.
"""

from __future__ import annotations

from typing import Any

# importing a family registers its problems
from lra_ref.problems import (  # noqa: F401
    ackley,
    classic_2d,
    eggholder,
    exponential,
    factorization,
    hard_instance,
    logistic,
    network,
    phase_retrieval,
    quadratic,
    quartic,
    ripple,
    robust_regression,
    rosenbrock,
    styblinski_tang,
    svm,
)
from lra_ref.problems.base import PROBLEMS, Known, Problem

__all__ = ["PROBLEMS", "Known", "Problem", "make_problem"]


def make_problem(name: str, **parameters: Any) -> Problem:
    """The problem registered under ``name``; raises ``ValueError`` for an unknown name or parameter, or a value out of range."""
    return PROBLEMS[name](**parameters)
