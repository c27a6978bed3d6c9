"""Two readings of the house formulas and kernels with mpmath numbers: exact derivatives, and certified rounding errors.

``lra_ref.formulas.read(kernel, DUAL)`` computes with :class:`Dual` numbers ``a + b e``, ``e*e = 0``: the ``slope`` of a result is the exact
derivative of the code that was run, to the working precision of mpmath, at any scale of the argument and without a step size.

``read(kernel, ROUNDED)`` computes with :class:`Rounded` numbers: the exact value (to the working precision) and a bound of the
error that float64 arithmetic makes in the same operations (running error analysis: N. J. Higham, "Accuracy and Stability of
Numerical Algorithms", section 3.3; second-order terms are kept, so the bound is rigorous as long as comparisons come out the same).
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from mpmath import mp, mpf

UNIT = mpf(2) ** -53  # unit roundoff of float64
TINY = mpf(2) ** -1074  # spacing of the subnormal numbers: absolute error of a result that underflows
LARGEST = mpf(np.finfo(float).max)
# Largest errors of the elementary functions in ulp: documented bounds of glibc (manual, "Known Maximum Errors") are 1 to 2,
# of NumPy's vector code 4; erfc of the C library has 5.  One ulp is at most 2 unit roundoffs.
LIBRARY_ULP = {"erfc": 5}
OTHER_ULP = 4


class Number:
    """Arithmetic by ``combine`` of a subclass; comparisons look at the values."""

    __slots__ = ("value",)
    __array_ufunc__ = None  # NumPy scalars leave the arithmetic to us
    value: Any

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < plain(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= plain(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > plain(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= plain(other))

    def __eq__(self, other: Any) -> bool:
        return bool(self.value == plain(other))

    __hash__ = None  # type: ignore[assignment]

    def __pos__(self) -> Any:
        return self

    def __add__(self, other: Any) -> Any:
        return self.add(self, self.lift(other))

    def __radd__(self, other: Any) -> Any:
        return self.add(self.lift(other), self)

    def __sub__(self, other: Any) -> Any:
        return self.add(self, -self.lift(other))

    def __rsub__(self, other: Any) -> Any:
        return self.add(self.lift(other), -self)

    def __mul__(self, other: Any) -> Any:
        return self.multiply(self, self.lift(other))

    def __rmul__(self, other: Any) -> Any:
        return self.multiply(self.lift(other), self)

    def __truediv__(self, other: Any) -> Any:
        return self.divide(self, self.lift(other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.divide(self.lift(other), self)

    # what a subclass says
    add: Any
    multiply: Any
    divide: Any
    lift: Any

    def __neg__(self) -> Any:
        raise TypeError("a subclass says how to negate")


def plain(x: Any) -> Any:
    """The value of a number of any kind as an mpmath number; float64 and whole numbers convert exactly."""
    if isinstance(x, Number):
        return x.value
    return x if isinstance(x, mpf) else mpf(float(x) if isinstance(x, np.floating) else int(x) if isinstance(x, np.integer) else x)


class Dual(Number):
    """``value + slope * e``: forward differentiation in high precision."""

    __slots__ = ("slope",)

    def __init__(self, value: Any, slope: Any = 0) -> None:
        self.value, self.slope = plain(value), plain(slope)

    @staticmethod
    def lift(x: Any) -> Dual:
        return x if isinstance(x, Dual) else Dual(x)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __abs__(self) -> Dual:
        return Dual(abs(self.value), mpmath.sign(self.value) * self.slope)

    @staticmethod
    def add(a: Dual, b: Dual) -> Dual:
        return Dual(a.value + b.value, a.slope + b.slope)

    @staticmethod
    def multiply(a: Dual, b: Dual) -> Dual:
        return Dual(a.value * b.value, a.slope * b.value + a.value * b.slope)

    @staticmethod
    def divide(a: Dual, b: Dual) -> Dual:
        quotient = a.value / b.value
        return Dual(quotient, (a.slope - quotient * b.slope) / b.value)

    @staticmethod
    def elementary(name: str, a: Dual) -> Dual:
        value = getattr(mpmath, name)(a.value)
        return Dual(value, DERIVATIVE[name](a.value, value) * a.slope if a.slope else 0)


def _erfc_slope(x: Any) -> Any:
    return -2 / mpmath.sqrt(mp.pi) * mpmath.exp(-x * x)


#: derivative of an elementary function from its argument and its value
DERIVATIVE: dict[str, Any] = {
    "sqrt": lambda x, y: 1 / (2 * y),
    "exp": lambda x, y: y,
    "expm1": lambda x, y: mpmath.exp(x),  # not y + 1: it cancels far out
    "log": lambda x, y: 1 / x,
    "log1p": lambda x, y: 1 / (1 + x),
    "sin": lambda x, y: mpmath.cos(x),
    "cos": lambda x, y: -mpmath.sin(x),
    "tanh": lambda x, y: mpmath.sech(x) ** 2,
    "erfc": lambda x, y: _erfc_slope(x),
}


class Rounded(Number):
    """An exact ``value`` and a bound ``error`` of what float64 arithmetic makes of it."""

    __slots__ = ("error",)

    def __init__(self, value: Any, error: Any = 0) -> None:
        self.value, self.error = plain(value), plain(error)

    @staticmethod
    def lift(x: Any) -> Rounded:
        return x if isinstance(x, Rounded) else Rounded(x)

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.error)

    def __abs__(self) -> Rounded:
        return Rounded(abs(self.value), self.error)

    @staticmethod
    def after(value: Any, error: Any, units: int = 1) -> Rounded:
        """A result whose operands bring in ``error``, rounded with at most ``units`` unit roundoffs."""
        return Rounded(value, error + units * (UNIT * (abs(value) + error) + TINY))

    @staticmethod
    def add(a: Rounded, b: Rounded) -> Rounded:
        return Rounded.after(a.value + b.value, a.error + b.error)

    @staticmethod
    def multiply(a: Rounded, b: Rounded) -> Rounded:
        parts = ((abs(a.value), b.error), (a.error, abs(b.value)), (a.error, b.error))
        return Rounded.after(a.value * b.value, sum(p * q for p, q in parts if p and q))  # zero times an unbounded error is zero

    @staticmethod
    def divide(a: Rounded, b: Rounded) -> Rounded:
        quotient, room = a.value / b.value, abs(b.value) - b.error
        return Rounded.after(quotient, (a.error + abs(quotient) * b.error) / room if room > 0 else mp.inf)

    @staticmethod
    def elementary(name: str, a: Rounded) -> Rounded:
        value = getattr(mpmath, name)(a.value)
        propagated = PROPAGATED[name](a.value, value, a.error) if a.error else 0
        return Rounded.after(value, propagated, 1 if name == "sqrt" else 2 * LIBRARY_ULP.get(name, OTHER_ULP))


def _log_error(x: Any, error: Any) -> Any:
    return -mpmath.log1p(-error / x) if error < x else mp.inf


def _sqrt_error(x: Any, error: Any) -> Any:
    return min(error / (mpmath.sqrt(x) + mpmath.sqrt(max(x - error, 0))), mpmath.sqrt(error)) if x else mpmath.sqrt(error)


#: bound of |f(x + d) - f(x)| over |d| <= error, from x, f(x) and error; second derivatives of sin, cos, tanh are at most 1
PROPAGATED: dict[str, Any] = {
    "sqrt": lambda x, y, e: _sqrt_error(x, e),
    "exp": lambda x, y, e: y * mpmath.expm1(e),
    "expm1": lambda x, y, e: mpmath.exp(x) * mpmath.expm1(e),
    "log": lambda x, y, e: _log_error(x, e),
    "log1p": lambda x, y, e: _log_error(1 + x, e),
    "sin": lambda x, y, e: abs(mpmath.cos(x)) * e + e * e,
    "cos": lambda x, y, e: abs(mpmath.sin(x)) * e + e * e,
    "tanh": lambda x, y, e: mpmath.sech(x) ** 2 * e + e * e,
    "erfc": lambda x, y, e: e * abs(_erfc_slope(max(abs(x) - e, 0))),
}


class Namespace:
    """Takes the place of ``np`` in a formula or kernel; ``kind`` is :class:`Dual` or :class:`Rounded`.

    ``called`` collects the names of the elementary functions that were called.
    """

    def __init__(self, kind: type[Dual] | type[Rounded]) -> None:
        self.kind = kind
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name not in DERIVATIVE:
            raise AttributeError(f"kernels may not use np.{name}: it has no high-precision reading")

        def elementary(x: Any) -> Any:
            self.called.add(name)
            return self.kind.elementary(name, self.kind.lift(x))

        return elementary

    @property
    def pi(self) -> Any:
        return self.kind(+mp.pi, UNIT * mp.pi if self.kind is Rounded else 0)

    def abs(self, x: Any) -> Any:
        return abs(self.kind.lift(x))

    def sign(self, x: Any) -> Any:
        return self.kind(mpmath.sign(plain(x)))

    def floor(self, x: Any) -> Any:
        return self.kind(mpmath.floor(plain(x)))

    def maximum(self, a: Any, b: Any) -> Any:
        return self._extreme(a, b, plain(a) >= plain(b))

    def minimum(self, a: Any, b: Any) -> Any:
        return self._extreme(a, b, plain(a) <= plain(b))

    def _extreme(self, a: Any, b: Any, first: bool) -> Any:
        one, two = self.kind.lift(a), self.kind.lift(b)
        chosen = one if first else two
        if isinstance(one, Rounded):
            return Rounded(chosen.value, max(one.error, two.error))
        return chosen

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return self.kind.lift(a if condition else b)

    @staticmethod
    def empty(shape: Any) -> Any:
        return np.full(shape, None, dtype=object)

    def zeros(self, shape: Any) -> Any:
        return np.full(shape, self.kind(0), dtype=object)


DUAL = Namespace(Dual)
ROUNDED = Namespace(Rounded)


def numbers(kind: type[Dual] | type[Rounded], array: Any, slopes: Any = None) -> Any:
    """Array of numbers of a kind from a float or mpmath array, exactly; ``slopes``: the direction of a :class:`Dual` derivative."""
    values = np.asarray(array)
    out = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        out[index] = kind(values[index]) if slopes is None else kind(values[index], np.asarray(slopes)[index])
    return out
