"""Certified numbers: the formulas, kernels, learners and runs of the library over balls of high precision.

A :class:`Ball` is an interval that certainly holds the exact result of the operations on the exact inputs (Arb, through python-flint;
F. Johansson, "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", 2017). A comparison answers only where it is certain
and raises :class:`Undecided` where the balls overlap; whoever asks then doubles the precision.

    with precise(128):
        made = run(method, oracle, steps=20)        # the records are object arrays of balls

Inputs are float64 numbers, taken exactly; so are the draws of the noise. Needs ``pip install 'lra_ref[proofs]'``.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lra_ref.formulas import read
from lra_ref.typing import Array

_bits: contextvars.ContextVar[int | None] = contextvars.ContextVar("bits", default=None)


class Undecided(ArithmeticError):
    """A comparison of two balls that overlap, at the present precision."""


def available() -> bool:
    """Whether python-flint is installed."""
    return importlib.util.find_spec("flint") is not None


@functools.cache
def _flint() -> Any:
    if not available():
        raise ImportError("certified numbers need python-flint: pip install 'lra_ref[proofs]'")
    import flint

    return flint


def bits() -> int | None:
    """The precision in force, None for float64."""
    return _bits.get()


@contextlib.contextmanager
def precise(precision: int) -> Iterator[None]:
    """Within it, runs, learners and the sides of a claim compute with balls of so many bits."""
    if isinstance(precision, bool) or not isinstance(precision, int) or precision < 53:
        raise ValueError(f"precision must be a whole number of bits >= 53, got {precision!r}")
    context, token = _flint().ctx, _bits.set(precision)
    before, context.prec = context.prec, precision
    try:
        yield
    finally:
        context.prec = before
        _bits.reset(token)


class Ball:
    """A real number known to lie in an interval; arithmetic rounds outwards."""

    __slots__ = ("arb",)
    __array_ufunc__ = None  # NumPy scalars leave the arithmetic to us

    def __init__(self, value: Any) -> None:
        self.arb = value

    def __add__(self, other: Any) -> Any:
        return Ball(self.arb + inside(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return Ball(self.arb - inside(other))

    def __rsub__(self, other: Any) -> Any:
        return Ball(inside(other) - self.arb)

    def __mul__(self, other: Any) -> Any:
        return Ball(self.arb * inside(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return Ball(self.arb / inside(other))

    def __rtruediv__(self, other: Any) -> Any:
        return Ball(inside(other) / self.arb)

    def __pow__(self, other: Any) -> Any:
        # a whole power by multiplication, so that a square is known to be >= 0
        if isinstance(other, int | np.integer) or (isinstance(other, float) and other.is_integer()):
            return Ball(self.arb ** int(other))
        return Ball(self.arb ** inside(other))

    def __rpow__(self, other: Any) -> Any:
        return Ball(inside(other) ** self.arb)

    def __neg__(self) -> Any:
        return Ball(-self.arb)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return Ball(abs(self.arb))

    def __lt__(self, other: Any) -> Any:
        return _certain(self.arb < inside(other), self.arb >= inside(other), self, other)

    def __le__(self, other: Any) -> Any:
        return _certain(self.arb <= inside(other), self.arb > inside(other), self, other)

    def __gt__(self, other: Any) -> Any:
        return _certain(self.arb > inside(other), self.arb <= inside(other), self, other)

    def __ge__(self, other: Any) -> Any:
        return _certain(self.arb >= inside(other), self.arb < inside(other), self, other)

    def __eq__(self, other: Any) -> Any:
        two = inside(other)
        return _certain(self.arb == two, not self.arb.overlaps(two), self, other)

    def __ne__(self, other: Any) -> Any:
        return np.bool_(not self.__eq__(other))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __float__(self) -> float:
        # rounding to float64 behind the back of a certified computation would void it
        value = float(self.arb.mid())
        if not (self.arb.is_exact() and self.arb == _flint().arb(value)):
            raise TypeError(f"{self!r} would be rounded to float64; middle() does so on purpose")
        return value

    def __int__(self) -> int:
        whole = self.arb.unique_fmpz()
        if whole is None:
            raise Undecided(f"no whole number is certain in {self!r}")
        return int(whole)

    def __repr__(self) -> str:
        return f"Ball({self.arb.str(12)})"

    def isfinite(self) -> Any:
        """Whether the whole ball is finite."""
        return np.bool_(self.arb.is_finite())


def _certain(yes: bool, no: bool, one: Any, two: Any) -> Any:
    if yes or no:
        return np.bool_(yes)
    raise Undecided(f"{one!r} and {two!r} overlap at {bits()} bits")


def inside(value: Any) -> Any:
    """The Arb ball of a ball, or the exact one of a float64 or whole number."""
    if isinstance(value, Ball):
        return value.arb
    if isinstance(value, bool | int | np.integer | np.bool_):
        return _flint().arb(int(value))
    if isinstance(value, float | np.floating):
        return _flint().arb(float(value))
    raise TypeError(f"no ball for a {type(value).__name__}")


def _elementary(name: str) -> Callable[[Ball], Ball]:
    def function(self: Ball) -> Ball:
        return Ball(getattr(self.arb, name)())

    function.__name__, function.__doc__ = name, f"The elementary function ``{name}``; NumPy calls it on object arrays."
    return function


def _root(value: Any) -> Any:
    """The root of what is not negative of a ball: rounding alone makes a sum of squares reach below 0."""
    return (value.nonnegative_part() if value.contains(0) else value).sqrt()


for _name in ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "erfc"):
    setattr(Ball, _name, _elementary(_name))


def _sqrt(self: Ball) -> Ball:
    """The square root; NumPy calls it on object arrays."""
    return Ball(_root(self.arb))


setattr(Ball, "sqrt", _sqrt)  # noqa: B010  mypy does not know methods added to a class


class Balls:
    """Takes the place of ``np`` in a formula or kernel, see :func:`lra_ref.formulas.read`."""

    float64 = staticmethod(lambda value: value)

    def __getattr__(self, name: str) -> Any:
        if name not in ("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "erfc"):
            raise AttributeError(f"np.{name} has no reading over balls")
        return lambda value: Ball(getattr(inside(value), name)())

    @staticmethod
    def sqrt(value: Any) -> Ball:
        """The square root."""
        return Ball(_root(inside(value)))

    @property
    def pi(self) -> Ball:
        """The number pi."""
        return Ball(_flint().arb.pi())

    @property
    def inf(self) -> Ball:
        """Infinity."""
        return Ball(_flint().arb("inf"))

    @staticmethod
    def abs(value: Any) -> Ball:
        """|value|."""
        return Ball(abs(inside(value)))

    @staticmethod
    def sign(value: Any) -> Any:
        """-1, 0 or 1, where it is certain."""
        ball = Ball(inside(value))
        return 1 if ball > 0 else -1 if ball < 0 else 0

    @staticmethod
    def floor(value: Any) -> Ball:
        """The largest whole number below, a ball of several where it is not certain."""
        return Ball(inside(value).floor())

    @staticmethod
    def maximum(a: Any, b: Any) -> Ball:
        """The larger of two; continuous, so never undecided."""
        return Ball(inside(a).max(inside(b)))

    @staticmethod
    def minimum(a: Any, b: Any) -> Ball:
        """The smaller of two."""
        return Ball(inside(a).min(inside(b)))

    @staticmethod
    def isfinite(value: Any) -> Any:
        """Whether the whole ball is finite."""
        return np.bool_(inside(value).is_finite())

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """``a`` where the condition holds, else ``b``."""
        return a if condition else b

    @staticmethod
    def zeros(shape: Any) -> Array:
        """An array of zeros."""
        return np.full(shape, Ball(_flint().arb(0)), dtype=object)

    empty = zeros

    def zeros_like(self, array: Any) -> Array:
        """Zeros of the same shape."""
        return self.zeros(np.shape(array))


BALLS = Balls()
_readings: dict[Any, Any] = {}


def over_balls(function: Callable[..., Any], known: dict[Any, Any] | None = None) -> Callable[..., Any]:
    """The reading of a formula or kernel over balls; ``known``: functions that stay as they are."""
    if function not in _readings:
        _readings[function] = read(function, BALLS, dict(known or {}))
    return _readings[function]  # type: ignore[no-any-return]


def ball(value: Any) -> Ball:
    """A number as a ball, exactly; a ball stays as it is."""
    return value if isinstance(value, Ball) else Ball(inside(value))


def lifted(array: Any) -> Array:
    """A float64 array as an object array of balls, exactly; balls stay as they are."""
    values = np.asarray(array)
    out = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        out[index] = ball(values[index])
    return out


def middle(array: Any) -> Array:
    """The midpoints as float64."""
    values = np.asarray(array)
    return np.array([_middle(value) for value in values.ravel()], dtype=np.float64).reshape(values.shape)


def _middle(value: Any) -> float:
    return float(value.arb.mid()) if isinstance(value, Ball) else float(value)
