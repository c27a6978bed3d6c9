"""Exact algebra: identities between expressions, decided by SymPy.

``SYMPY`` is the namespace over which the formulas of ``lra_ref`` are read (``read(f, SYMPY)``). An identity is *proved* when the
difference of the two sides simplifies to 0, *refuted* when it is not 0 at an exact rational point that respects the assumptions of the
symbols, *unknown* otherwise. For rational functions the simplification is a decision procedure.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.evalf import PrecisionExhausted

from lra_ref.formulas import read
from proofs_check.steps import Outcome, Result, both

#: exact points that are tried before an identity is given up as undecided, and the digits with which roots and exponentials are compared
POINTS, DIGITS = 24, 60
#: digits that may cancel in such a comparison
CANCELLED = 400


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": sp.sqrt, "exp": sp.exp, "log": sp.log, "abs": sp.Abs, "sign": sp.sign, "maximum": sp.Max, "minimum": sp.Min,
    "sin": sp.sin, "cos": sp.cos, "tanh": sp.tanh, "erfc": sp.erfc, "floor": sp.floor,
    "log1p": lambda x: sp.log(1 + x), "expm1": lambda x: sp.exp(x) - 1, "square": lambda x: x**2, "isfinite": lambda x: sp.true,
}  # fmt: skip


class Namespace:
    """Takes the place of ``np`` in a formula."""

    inf, pi = sp.oo, sp.pi

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The SymPy function of this name of NumPy's."""
        return FUNCTIONS[name]

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """A condition that the assumptions of the symbols decide is decided, any other one stays a case distinction."""
        if condition in (True, sp.true):
            return a
        if condition in (False, sp.false):
            return b
        return sp.Piecewise((a, condition), (b, True))


SYMPY = Namespace()


class ArrayNamespace:
    """Takes the place of ``np`` in a function of arrays: object arrays of SymPy expressions, element by element."""

    nan = sp.nan
    cumsum, asarray = staticmethod(np.cumsum), staticmethod(np.asarray)
    #: for conditions that are decided, as comparisons of exact numbers are
    logical_and = np.logical_and

    @staticmethod
    def errstate(**_: str) -> Any:
        """Exact numbers raise no floating-point flags."""
        return contextlib.nullcontext()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The SymPy function of this name, for every element; a single number stays one."""
        scalar = getattr(SYMPY, name)

        def elementwise(*arguments: Any) -> Any:
            return np.frompyfunc(scalar, len(arguments), 1)(*arguments)

        return elementwise


ARRAYS = ArrayNamespace()


def symbolic(function: Callable[..., Any]) -> Callable[..., Any]:
    """The formula over SymPy expressions."""
    return read(function, SYMPY)


def reals(names: str, **assumptions: bool) -> Any:
    """Real symbols; ``positive=True``, ``nonnegative=True``, ``integer=True`` narrow them."""
    return sp.symbols(names, real=True, **assumptions)


def identity(lhs: Any, rhs: Any, *, among: Iterable[Any] = ()) -> Outcome:
    """``lhs = rhs`` for all values of the symbols; ``among``: exact points (dictionaries) to look at first.

    Equal as analytic expressions: where a denominator vanishes nothing is said, so name what must not be 0 in ``assumes``. (``x == 0`` is
    False for a symbol: ``quotient(x, x)`` reads 1.) A float counts as the number that it is; only small dyadic ones are taken.
    """
    difference = _exact(lhs) - _exact(rhs)
    found = _counterexample(difference, list(among))
    if found is not None:
        return found
    for simplified in _attempts(difference):
        if simplified == 0:
            return Outcome(Result.PROVED)
    return Outcome(Result.UNKNOWN, None, f"the difference was not brought to 0: {sp.simplify(difference)}")


def identities(pairs: Iterable[tuple[Any, Any]]) -> Outcome:
    """All of several identities; none at all: ``ValueError``."""
    outcomes: list[Outcome] = []
    for lhs, rhs in pairs:
        outcomes.append(identity(lhs, rhs))
        if outcomes[-1].result is not Result.PROVED:
            return outcomes[-1]
    return both(*outcomes)


def telescopes(base: tuple[Any, Any], increment: tuple[Any, Any]) -> Outcome:
    """An identity of running sums by induction: both sides agree before the first term, and each term adds the same to both."""
    return identities([base, increment])


def _attempts(difference: Any) -> Iterable[Any]:
    # piecewise and absolute values are resolved before rational simplification
    yield sp.expand(difference)
    yield sp.cancel(sp.together(difference))
    yield sp.radsimp(sp.cancel(sp.together(sp.expand_log(sp.powdenest(difference, force=False)))))
    yield sp.simplify(difference)
    yield sp.gammasimp(sp.simplify(difference))
    yield sp.simplify(sp.expand(sp.powsimp(sp.expand(difference))))


def point(symbols: Iterable[Any], generator: random.Random) -> dict[Any, Any]:
    """An exact rational point that respects the assumptions of the symbols."""
    out = {}
    for symbol in sorted(symbols, key=str):
        for _ in range(POINTS):
            value = _number(symbol, generator)
            if all(getattr(value, f"is_{name}", holds) is holds for name, holds in symbol.assumptions0.items()):
                out[symbol] = value
                break
    return out


def _number(symbol: Any, generator: random.Random) -> Any:
    if symbol.is_integer:
        value = sp.Integer(generator.randint(1, 6))
    else:
        value = sp.Rational(generator.randint(1, 40), generator.randint(1, 12))
    signed = not (symbol.is_nonnegative or symbol.is_positive)
    return -value if (signed and generator.random() < 0.5) or symbol.is_nonpositive else value


def _counterexample(difference: Any, among: list[dict[Any, Any]]) -> Outcome | None:
    generator = random.Random(7)
    symbols = difference.free_symbols
    points = [*among, *(point(symbols, generator) for _ in range(POINTS if symbols else 1))]
    for at in points:
        value = difference.subs(at)
        if value.has(sp.nan, sp.zoo, sp.oo) or not value.is_number:
            continue
        if value.is_zero:  # first: a zero need not look like one
            different = False
        elif value.is_Rational:
            different = True
        else:
            # far above the error of an evaluation with so many digits, so that a root or an exponential cannot fake a difference
            try:
                different = bool(abs(sp.N(value, DIGITS, maxn=CANCELLED, strict=True)) > sp.Float(10) ** (-DIGITS // 2))
            except PrecisionExhausted:  # all digits cancel: 0, as far as can be seen
                different = False
        if different:
            return Outcome(Result.REFUTED, {str(k): str(v) for k, v in at.items()}, f"difference {sp.N(value, 8)}")
    return None


def holds_at(statement: Any, at: dict[Any, Any] | None = None) -> Outcome:
    """A relation between exact numbers (after substituting ``at``): proved or refuted by exact evaluation."""
    value = sp.sympify(statement).subs(at or {})
    answer = sp.simplify(value) if value not in (sp.true, sp.false) else value
    witness = {str(k): str(v) for k, v in (at or {}).items()}
    if answer == sp.true:
        return Outcome(Result.PROVED, None, "exact evaluation")
    return Outcome(Result.REFUTED, witness, str(value)) if answer == sp.false else Outcome(Result.UNKNOWN, witness, str(answer))


def same(pairs: Iterable[tuple[Any, Any]]) -> Outcome:
    """Equal as they stand: for expressions with minima and maxima, which need no rewriting; a float 1.0 counts as the number 1."""
    found = [(whole(a), whole(b)) for a, b in pairs]
    if not found:
        raise ValueError("no case: a statement about nothing proves nothing")
    for left, right in found:
        if left != right or left.has(sp.nan):
            return Outcome(Result.REFUTED, {"left": str(left), "right": str(right)}, "not the same expression")
    return Outcome(Result.PROVED)


def _exact(expression: Any) -> Any:
    """Floats as the rational numbers that they are; ``ValueError`` for one that looks rounded, since sums of such hide what was lost."""
    whole = sp.sympify(expression)
    for number in whole.atoms(sp.Float):
        value = sp.Rational(float(number))
        if value.q > 2**20 or abs(value.p) > 2**30:
            raise ValueError(f"an exact statement needs exact numbers, got {number}")
        whole = whole.xreplace({number: value})
    return whole


def whole(expression: Any) -> Any:
    """The expression with every float that is a whole number (1.0 in a kernel) as that number, so that fractions stay exact."""
    floats = {number: sp.Integer(int(number)) for number in sp.sympify(expression).atoms(sp.Float) if float(number).is_integer()}
    return sp.sympify(expression).xreplace(floats)


def clipped(found: Any, value: Any, low: Any, high: Any) -> Outcome:
    """``found`` is min(max(value, low), high): the ends are compared as they stand, the value as an identity."""
    if isinstance(found, sp.Min) and high in found.args and len(found.args) == 2:
        (inner,) = set(found.args) - {high}
        if isinstance(inner, sp.Max) and low in inner.args and len(inner.args) == 2:
            return identity(*(set(inner.args) - {low}), value)
    return Outcome(Result.REFUTED, {"found": str(found)}, "another clip")
