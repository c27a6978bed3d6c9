"""Homogeneity, operation by operation: what becomes of a kernel when F is multiplied by a.

A :class:`Graded` number stands for a quantity that is multiplied by a^degree when F is. Sums, comparisons, maxima and selections
are only defined between equal degrees, so a kernel that runs over graded numbers is homogeneous in every single operation. Then, by
induction over the operations, every quantity of the run on aF is a^degree times that of the run on F, in exact arithmetic for every
a > 0; and in floating point, bit for bit, for a a power of 2, since rounding commutes with such a factor. Comparisons have the same answer
for both runs; the kernel is run once for every combination of answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from proofs_check.steps import Outcome, Result


class NotHomogeneous(Exception):
    """Quantities of different degrees meet."""


class _Answers:
    """The answers to comparisons, in the order in which they are asked: given ones first, then True."""

    def __init__(self) -> None:
        self.given: list[bool] = []
        self.taken: list[bool] = []

    def next(self) -> bool:
        """The answer to the next comparison."""
        k = len(self.taken)
        self.taken.append(self.given[k] if k < len(self.given) else True)
        return self.taken[-1]


ANSWERS = _Answers()
ZERO = object()  # the degree of an exact 0, which is homogeneous of every degree


@dataclass(frozen=True, eq=False)
class Graded:
    """A quantity of a degree; arithmetic and comparisons check it."""

    degree: Any

    __array_ufunc__ = None

    @staticmethod
    def lift(x: Any) -> Graded:
        """A number is the same in both runs: degree 0; an exact 0 has every degree."""
        return x if isinstance(x, Graded) else Graded(ZERO if x == 0 else Fraction(0))

    def alike(self, other: Any) -> Graded:
        """The common degree of both."""
        b = Graded.lift(other)
        if ZERO in (self.degree, b.degree):
            return b if self.degree is ZERO else self
        if self.degree != b.degree:
            raise NotHomogeneous(f"degrees {self.degree} and {b.degree} meet")
        return self

    def times(self, other: Any, sign: int = 1) -> Graded:
        """Product, or quotient for sign -1."""
        b = Graded.lift(other)
        if ZERO in (self.degree, b.degree):
            return Graded(ZERO)
        return Graded(self.degree + sign * b.degree)

    __add__ = __radd__ = __sub__ = __rsub__ = alike
    __mul__ = __rmul__ = times

    def __truediv__(self, other: Any) -> Graded:
        return self.times(other, -1)

    def __rtruediv__(self, other: Any) -> Graded:
        return Graded.lift(other).times(self, -1)

    def __neg__(self) -> Graded:
        return self

    def asked(self, other: Any) -> bool:
        """A comparison: of like quantities only; both runs answer alike."""
        self.alike(other)
        return ANSWERS.next()

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = asked  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Namespace:
    """Takes the place of ``np`` in a kernel."""

    @staticmethod
    def sqrt(x: Any) -> Graded:
        """Half of the degree, which must be a whole number: the root of an odd power of 2 is no power of 2."""
        a = Graded.lift(x)
        half = a.degree if a.degree is ZERO else a.degree / 2
        if half is not ZERO and half.denominator != 1:
            raise NotHomogeneous(f"the root of degree {a.degree} is no whole power")
        return Graded(half)

    @staticmethod
    def sign(x: Any) -> Graded:
        """Degree 0."""
        return Graded(Fraction(0))

    @staticmethod
    def isfinite(x: Any) -> bool:
        """Neither overflow nor underflow is assumed."""
        return True

    @staticmethod
    def where(condition: bool, a: Any, b: Any) -> Any:
        """The answer that was given decides."""
        return a if condition else b

    @staticmethod
    def maximum(a: Any, b: Any) -> Graded:
        """One of two like quantities."""
        return Graded.lift(a).alike(b)

    minimum = maximum


GRADED = Namespace()


def graded(degree: int, *shape: int) -> Any:
    """A quantity, or an object array of quantities, of this degree."""
    if not shape:
        return Graded(Fraction(degree))
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        out[index] = Graded(Fraction(degree))
    return out


def homogeneous(run: Callable[[], list[tuple[str, Any, int]]], most: int = 5000) -> Outcome:
    """Whether ``run``, which returns ``(name, quantity, expected degree)``, is homogeneous on every path and ends with those degrees."""
    pending: list[list[bool]] = [[]]
    paths = 0
    while pending:
        ANSWERS.given, ANSWERS.taken = pending.pop(), []
        paths += 1
        if paths > most:
            return Outcome(Result.UNKNOWN, None, f"more than {most} paths")
        try:
            found = run()
        except NotHomogeneous as problem:
            return Outcome(Result.REFUTED, {"answers": str(ANSWERS.taken)}, str(problem))
        for name, quantity, expected in found:
            degree = Graded.lift(quantity).degree
            if degree is not ZERO and degree != expected:
                return Outcome(Result.REFUTED, {"answers": str(ANSWERS.taken)}, f"{name} has degree {degree}, not {expected}")
        first = len(ANSWERS.given)
        pending += [[*ANSWERS.taken[:k], not ANSWERS.taken[k]] for k in range(first, len(ANSWERS.taken))]
    return Outcome(Result.PROVED, None, f"every operation homogeneous on {paths} paths")
