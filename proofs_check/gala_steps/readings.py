"""Readings that the steps of GALA share: array formulas over symbols, the feedback of a step, means of polynomials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp
from z3 import Q

from lra_ref.formulas import read
from lra_ref.rates.gala import pair_summands
from proofs_check.algebra import ArrayNamespace, identity, reals, symbolic
from proofs_check.steps import Outcome

#: for controls: a tight bound times 9/10 must be refuted
NINE_TENTHS = Q(9, 10)


class Arrays(ArrayNamespace):
    """Takes the place of ``np`` in a formula of object arrays, with running maxima and minima."""

    arange = staticmethod(np.arange)
    maximum, minimum = np.frompyfunc(sp.Max, 2, 1), np.frompyfunc(sp.Min, 2, 1)


def on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """The formula over arrays of SymPy expressions."""
    return read(function, Arrays())


def vector(name: str, size: int = 2, **assumptions: bool) -> Any:
    """A vector of real symbols."""
    return np.array([reals(f"{name}{i}", **assumptions) for i in range(size)])


def pair(gw: Any, gx: Any, w: Any, x: Any, partner: Any) -> Any:
    """a, |gw - gx|^2, |w - x|^2, |gw|^2, |gx|^2 as the kernel adds them up."""
    out = np.zeros((5, len(gw)), dtype=object)
    symbolic(pair_summands)(gw, gx, w, x, partner, out)
    return out.sum(axis=1)


def vanishes(polynomial: Any) -> Outcome:
    """A polynomial is 0: expanded first, which decides it at once where exact points would be costly."""
    return identity(sp.expand(polynomial), 0)


def mean(expression: Any, moments: Mapping[Any, Any]) -> Any:
    """Expectation of a polynomial, at most quadratic in each random symbol; these are independent with mean 0 and the given variances."""
    polynomial = sp.Poly(sp.expand(expression), *moments)
    total = sp.Integer(0)
    for powers, coefficient in polynomial.terms():
        if max(powers) > 2:
            raise ValueError(f"the variances do not give the mean of a power above 2, got {powers}")
        if all(power % 2 == 0 for power in powers):
            total += coefficient * sp.prod(variance for power, variance in zip(powers, moments.values(), strict=True) if power)
    return total
