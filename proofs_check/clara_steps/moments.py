"""Expectations under the null model, as algebra: polynomials in a direction whose moments are given."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import average
from proofs_check.algebra import symbolic

#: named in the steps that rest on it
NULL = "null model: u_t independent of the past, E u_t = 0, |u_t| = 1, E u_t u_t' = I/D"


def expected(expression: Any, u: Sequence[Any], moment: Callable[[tuple[int, ...]], Any]) -> Any:
    """The expectation over u of a polynomial in its coordinates; ``moment(powers)`` is E prod u_i^power_i."""
    out = sp.S(0)
    for powers, coefficient in sp.Poly(sp.expand(expression), *u).terms():
        out += coefficient * moment(powers)
    return out


def second_moments(S: Any) -> Callable[[tuple[int, ...]], Any]:
    """E u = 0 and E u u' = S; a higher power is an error: nothing is known of it."""

    def moment(powers: tuple[int, ...]) -> Any:
        degree = sum(powers)
        if degree > 2:
            raise ValueError(f"the null model says nothing of the moment {powers}")
        if degree == 1:
            return sp.S(0)
        at = [k for k, power in enumerate(powers) for _ in range(power)]
        return S[at[0], at[1]] if degree else sp.S(1)

    return moment


def isotropic(dim: int, scale: Any = 1) -> Callable[[tuple[int, ...]], Any]:
    """S = I/D."""
    return second_moments(sp.eye(dim) * sp.Rational(scale, dim))


def walks(dim: int, steps: int, c: Any) -> list[list[Any]]:
    """Y_1 .. Y_steps for every sequence of directions +-e_i, all equally likely: a law that is exactly the null model."""
    axes = [sign * np.eye(dim, dtype=int)[k] for k in range(dim) for sign in (1, -1)]
    step = symbolic(average)
    out = []
    for sequence in itertools.product(axes, repeat=steps):
        path, norms = [sp.S(0)] * dim, []
        for u in sequence:
            path = [sp.expand(step(p, int(v), 1 - c, c)) for p, v in zip(path, u, strict=True)]
            norms.append(sp.expand(sum(p**2 for p in path)))
        out.append(norms)
    return out


def mean_and_variance(values: Sequence[Any]) -> tuple[Any, Any]:
    """Of equally likely values."""
    mean = sp.expand(sum(values)) / len(values)
    return mean, sp.expand(sum(sp.expand(v**2) for v in values)) / len(values) - sp.expand(mean**2)
