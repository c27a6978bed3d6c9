"""Rigorous interval arithmetic: inequalities between elementary and special functions on a box, by Arb balls and subdivision.

``ARB`` is the namespace over which formulas are read. A ball is an enclosure: whatever is shown for it holds for every point of it.
Comparisons, maxima and absolute values of balls are no enclosures, so the namespace refuses them;
write the branches out as steps of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from lra_ref.formulas import read
from proofs_check.steps import Outcome, Result

#: bits of the midpoints, largest number of boxes, and the deepest subdivision
PRECISION, BOXES, DEPTH = 128, 200_000, 60


class Namespace:
    """Takes the place of ``np`` in a formula; the arguments are balls or power series of balls."""

    @property
    def pi(self) -> Any:
        """A ball around pi."""
        return arb.pi()

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        if name in ("maximum", "minimum", "where", "abs", "sign", "floor", "isfinite"):
            raise TypeError(f"{name} of a ball is no enclosure: prove the branches apart")

        def elementary(x: Any) -> Any:
            x = x if isinstance(x, arb | arb_series) else ball(x)
            if name == "log1p" and isinstance(x, arb_series):
                return (1 + x).log()
            if name == "expm1" and isinstance(x, arb_series):
                return x.exp() - 1
            return getattr(x, name)()

        return elementary


ARB = Namespace()


class Decided(Namespace):
    """The same for a run with particular numbers: maxima, minima and signs are taken where the balls decide them, else refused."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """max(a, b) of balls that do not overlap, or touch in one point."""
        return a if certain(ball(a), ball(b)) else b

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        """min(a, b) of balls that do not overlap, or touch in one point."""
        return b if certain(ball(a), ball(b)) else a

    @staticmethod
    def sign(x: Any) -> Any:
        """-1, 0 or 1 of a ball that does not hold 0 or is 0."""
        x = ball(x)
        if x.is_zero():
            return 0
        return 1 if certain(x, arb(0)) else -1

    @staticmethod
    def isfinite(x: Any) -> bool:
        """Of a ball."""
        return bool(ball(x).is_finite())


DECIDED = Decided()


def certain(a: arb, b: arb) -> bool:
    """Whether a >= b, for balls of which this or a <= b is certain."""
    if a >= b:
        return True
    if a <= b:
        return False
    raise ValueError(f"not decided: {a.str(8)} against {b.str(8)}")


def enclosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The formula over balls."""
    return read(function, ARB)


def ball(x: Any) -> arb:
    """An exact number (int, fraction, float, text like ``"1/3"`` or ``"0.1"``) as the tightest ball."""
    if isinstance(x, arb):
        return x
    if isinstance(x, int | float):
        return arb(x)
    exact = Fraction(x)
    return arb(fmpq(exact.numerator, exact.denominator))


def interval(low: Any, high: Any) -> arb:
    """A ball that encloses ``[low, high]``."""
    return ball(low).union(ball(high))


def positive(f: Callable[..., Any], *box: tuple[Any, Any], strict: bool = True) -> Outcome:
    """``f > 0`` (``strict=False``: ``>= 0``) on a box, one ``(low, high)`` per argument, by bisection of the longest side.

    Refuted with an exact point where f is certainly not positive. A zero of f can not be decided by subdivision: use
    :func:`even_zero` around it.
    """
    with _precision():
        stack = [(0, tuple((Fraction(low), Fraction(high)) for low, high in box))]
        seen = 0
        while stack:
            depth, sides = stack.pop()
            seen += 1
            value = f(*(interval(low, high) for low, high in sides))
            if value > 0 or (not strict and value >= 0):
                continue
            middle = [(low + high) / 2 for low, high in sides]
            at = f(*map(ball, middle))
            if at < 0 or (strict and at <= 0):
                return Outcome(Result.REFUTED, {f"x{k}": str(x) for k, x in enumerate(middle)}, f"value {at.str(8)}")
            if depth >= DEPTH or seen > BOXES:
                return Outcome(Result.UNKNOWN, None, f"undecided on {[(float(a), float(b)) for a, b in sides]} after {seen} boxes")
            longest = max(range(len(sides)), key=lambda k: sides[k][1] - sides[k][0])
            low, high = sides[longest]
            for part in ((low, (low + high) / 2), ((low + high) / 2, high)):
                stack.append((depth + 1, (*sides[:longest], part, *sides[longest + 1 :])))
    return Outcome(Result.PROVED, None, f"{seen} boxes")


def taylor(f: Callable[[Any], Any], x: Any, order: int) -> list[arb]:
    """Enclosures of the Taylor coefficients 0..order of f at every point of the ball x; ``ValueError`` if f loses some of them."""
    before, ctx.cap = ctx.cap, max(ctx.cap, order + 1)  # beyond its cap a series reads 0
    try:
        series = f(arb_series([x, 1], order + 1))
    finally:
        ctx.cap = before
    if not isinstance(series, arb_series):  # f is a constant
        series = arb_series([series], order + 1)
    if series.prec <= order:
        raise ValueError(f"coefficients up to {order} are needed, only {series.prec} are known: divide by no series that is 0 there")
    return [series[k] for k in range(order + 1)]


def even_zero(f: Callable[[Any], Any], zero: Any, low: Any, high: Any, order: int = 2) -> Outcome:
    """``f >= 0`` on ``[low, high]`` around a zero of even order, by Taylor's theorem with Lagrange's remainder.

    f and its derivatives below ``order`` must vanish exactly at ``zero`` (a point where balls are exact, such as 0 for exp), and the
    derivative of that order must be positive on the whole interval.
    """
    if order % 2:
        raise ValueError(f"order must be even, got {order}")
    if not Fraction(low) <= Fraction(zero) <= Fraction(high):
        raise ValueError(f"the zero must lie in [{low}, {high}], got {zero}: the remainder needs the derivative in between")
    with _precision():
        at = taylor(f, ball(zero), order)
        if not all(c.is_exact() and c.is_zero() for c in at[:order]):
            return Outcome(Result.UNKNOWN, None, f"coefficients at {zero}: {[c.str(6) for c in at[:order]]}")
        pieces = positive(lambda x: taylor(f, x, order)[order], (low, high))
    return pieces if pieces.result is Result.PROVED else Outcome(Result.UNKNOWN, pieces.witness, f"derivative {order}: {pieces.detail}")


def increasing(f: Callable[[Any], Any], low: Any, high: Any) -> Outcome:
    """f' > 0 on the interval."""
    return positive(lambda x: taylor(f, x, 1)[1], (low, high))


def single_root(f: Callable[[Any], Any], low: Any, high: Any) -> Outcome:
    """Exactly one root in ``[low, high]``: f increases there and changes its sign; the detail says where the root is."""
    monotone = increasing(f, low, high)
    if monotone.result is not Result.PROVED:
        return monotone
    with _precision():
        a, b = Fraction(low), Fraction(high)
        ends = f(ball(a)), f(ball(b))
        if not (ends[0] < 0 and ends[1] > 0):
            return Outcome(
                Result.REFUTED if ends[0] > 0 or ends[1] < 0 else Result.UNKNOWN, {"low": ends[0].str(8), "high": ends[1].str(8)}
            )
        for _ in range(80):
            middle = (a + b) / 2
            value = f(ball(middle))
            if value < 0:
                a = middle
            elif value > 0:
                b = middle
            else:
                break
    return Outcome(Result.PROVED, None, f"root {interval(a, b).str(15)}")


def encloses(value: Callable[[], Any], low: Any, high: Any) -> Outcome:
    """A number, computed with an error bound, lies in ``[low, high]``."""
    with _precision():
        found, bottom, top = value(), ball(low), ball(high)
        if found >= bottom and found <= top:
            return Outcome(Result.PROVED, None, found.str(15))
        outside = found < bottom or found > top
    return Outcome(Result.REFUTED if outside else Result.UNKNOWN, {"value": found.str(15)} if outside else None, found.str(15))


class _precision:
    """Work with PRECISION bits, then put the old precision back."""

    def __enter__(self) -> None:
        self.before, ctx.prec = ctx.prec, PRECISION

    def __exit__(self, *_: object) -> None:
        ctx.prec = self.before
