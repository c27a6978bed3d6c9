"""How the steps of CLARA read kernels and special functions: exact elements of ordinary size, and one step of the engine on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from lra_ref.formulas import read
from proofs_check import algebra, graded, intervals
from proofs_check.steps import Outcome, Result

#: 1 - c, so that powers of it are powers of a symbol; 0 < KEEP < 1 where a limit is taken
KEEP = sp.Symbol("k", positive=True)
C = 1 - KEEP
Q = KEEP**2
#: the same with k = e^-m, for limits in t
DECAY = sp.exp(-sp.Symbol("m", positive=True))
D, GAIN = sp.symbols("D d", positive=True)
T, S = sp.symbols("T s", integer=True, nonnegative=True)


class _Ordinary:
    """The size of an element that is in the ordinary class of the scaled norms: neither too small nor too large."""

    def __lt__(self, other: Any) -> bool:
        return False

    def __gt__(self, other: Any) -> bool:
        return False


class Elements(algebra.Namespace):
    """SymPy, for kernels: sizes of elements are ordinary, roots of rational functions are brought to their simplest form."""

    @staticmethod
    def abs(x: Any) -> _Ordinary:
        """An ordinary size, whatever x is."""
        return _Ordinary()

    @staticmethod
    def sqrt(x: Any) -> Any:
        """The root of the cancelled argument."""
        return sp.sqrt(sp.factor(sp.cancel(x)))


class Grades(graded.Namespace):
    """Degrees of homogeneity, for kernels: elements are of ordinary size, and a direction is at least 1e-12 long."""

    @staticmethod
    def abs(x: Any) -> _Ordinary:
        """An ordinary size, whatever x is."""
        return _Ordinary()

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """The first: the length and not 1e-12, the rate and not its lower limit."""
        return a

    @staticmethod
    def exp(x: Any) -> Any:
        """Of a quantity that is the same in both runs."""
        return graded.Graded.lift(x).alike(graded.graded(0))


class SpecialSymbols(algebra.Namespace):
    """SymPy with Gamma ratios and Gauss's series."""

    @staticmethod
    def gamma_ratio(a: Any) -> Any:
        """Gamma(a + 1/2)/(sqrt(a) Gamma(a))."""
        return sp.gamma(a + sp.Rational(1, 2)) / (sp.sqrt(a) * sp.gamma(a))

    @staticmethod
    def gauss_series(b: Any, z: Any) -> Any:
        """2F1(1/2, 1/2; b; z), unevaluated."""
        half = sp.Rational(1, 2)
        return sp.hyper([half, half], [b], z)


class SpecialBalls(intervals.Namespace):
    """Balls with Gamma ratios and Gauss's series."""

    @staticmethod
    def square(x: Any) -> Any:
        """x^2."""
        return x**2

    @staticmethod
    def gamma_ratio(a: Any) -> Any:
        """Gamma(a + 1/2)/(sqrt(a) Gamma(a))."""
        a = intervals.ball(a)
        return (a + arb(0.5)).gamma() / (a.sqrt() * a.gamma())

    @staticmethod
    def gauss_series(b: Any, z: Any) -> Any:
        """2F1(1/2, 1/2; b; z), b >= 1 and 0 <= z < 1: its terms fall at least like z^k, which bounds the rest."""
        if not (z >= 0 and z < 1):
            raise ValueError(f"z must be in [0, 1), got {z}")
        b, term, total, k = intervals.ball(b), arb(1), arb(1), 0
        while not abs(term) < arb(2) ** (-intervals.PRECISION):
            term, k = term * z * (arb(k) + arb(0.5)) ** 2 / ((b + k) * (k + 1)), k + 1
            total += term
        return total + (abs(term) / (1 - z)).union(arb(0))


def elements(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel over exact elements of ordinary size."""
    return read(function, Elements())


def special(function: Callable[..., Any]) -> Callable[..., Any]:
    """A formula with special functions, over SymPy."""
    return read(function, SpecialSymbols())


def special_balls(function: Callable[..., Any]) -> Callable[..., Any]:
    """A formula with special functions, over balls."""
    return read(function, SpecialBalls())


def names(prefix: str, *shape: int) -> Any:
    """An array of real symbols, all different."""
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        out[index] = sp.Symbol(prefix + "_".join(map(str, index)), real=True)
    return out


def circle(name: str) -> Any:
    """A unit vector of the plane, (1-m^2, 2m)/(1+m^2) with m real: every one but (-1, 0)."""
    m = sp.Symbol(name, real=True)
    return np.array([(1 - m**2) / (1 + m**2), 2 * m / (1 + m**2)], dtype=object)


def polynomial(lhs: Any, rhs: Any) -> Outcome:
    """An identity of polynomials (denominators in few symbols): the difference is expanded before it is looked at."""
    return algebra.identity(sp.expand(lhs - rhs), 0)


def polynomials(pairs: Any) -> Outcome:
    """Identities of polynomials: the differences are expanded before they are looked at."""
    return algebra.identities([(sp.expand(lhs - rhs), 0) for lhs, rhs in pairs])


def equal(pairs: Any) -> Outcome:
    """Arrays that are equal entry by entry, as expressions."""
    count = 0
    for found, expected in pairs:
        found, expected = np.asarray(found, dtype=object), np.asarray(expected, dtype=object)
        assert found.shape == expected.shape, (found.shape, expected.shape)
        for index in np.ndindex(found.shape):
            count += 1
            a, b = sp.nsimplify(found[index], rational=True), sp.nsimplify(expected[index], rational=True)
            if a == b or sp.cancel(a - b) == 0 or (outcome := algebra.identity(a, b)).result is Result.PROVED:
                continue
            return outcome
    return Outcome(Result.PROVED, None, f"{count} entries")
