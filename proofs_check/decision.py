"""Decision in real closed fields: statements about polynomials, by z3.

A :class:`Reals` takes the place of ``np`` in a formula: maxima, absolute values, ``where`` become case distinctions, a square root
a new variable ``r >= 0`` with ``r^2 = argument`` (where that is not negative). A statement is *proved* when its negation has no solution,
*refuted* with the solution, *unknown* when z3 gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import z3

from lra_ref.formulas import read
from proofs_check.steps import Outcome, Result

#: milliseconds that z3 may take for one statement
PATIENCE = 60_000


class Reals:
    """Real variables and a namespace over them; ``always(claim, given=...)`` decides."""

    def __init__(self) -> None:
        self.side: list[Any] = []
        self.names: dict[str, Any] = {}

    def __call__(self, names: str) -> Any:
        """Variables by name, as ``a, b = reals("a b")``."""
        made = [self.names.setdefault(name, z3.Real(name)) for name in names.replace(",", " ").split()]
        return made[0] if len(made) == 1 else made

    def reading(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The formula over these variables."""
        return read(function, self)

    # --- the namespace ---
    def sqrt(self, x: Any) -> Any:
        """A new variable with r >= 0, r^2 = x where x >= 0, and of any value elsewhere: nothing is given by taking a root."""
        root, x = z3.FreshReal("root"), _real(x)
        self.side.append(z3.Implies(x >= 0, z3.And(root >= 0, root * root == x)))
        return root

    @staticmethod
    def abs(x: Any) -> Any:
        """|x|."""
        x = _real(x)
        return z3.If(x >= 0, x, -x)

    @staticmethod
    def sign(x: Any) -> Any:
        """-1, 0 or 1."""
        x = _real(x)
        return z3.If(x > 0, z3.RealVal(1), z3.If(x < 0, z3.RealVal(-1), z3.RealVal(0)))

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """max(a, b)."""
        a, b = _real(a), _real(b)
        return z3.If(a >= b, a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        """min(a, b)."""
        a, b = _real(a), _real(b)
        return z3.If(a <= b, a, b)

    @staticmethod
    def where(condition: Any, a: Any, b: Any) -> Any:
        """A case distinction; a condition that Python decides is decided."""
        if isinstance(condition, bool):
            return a if condition else b
        return z3.If(condition, _real(a), _real(b))

    @staticmethod
    def square(x: Any) -> Any:
        """x^2 as a product."""
        return x * x

    @staticmethod
    def isfinite(x: Any) -> bool:
        """Real numbers are."""
        return z3.BoolVal(True)

    # --- decision ---
    def always(self, claim: Any, given: Sequence[Any] = ()) -> Outcome:
        """Whether ``claim`` holds for all real values that satisfy ``given``; what is given must be possible.

        Join conditions with ``z3.And``: Python's ``and`` takes an equation of variables for False and drops what follows. A quotient whose
        denominator is 0 may have any value, so what is proved holds whatever it is, but a witness with such a quotient is none: refute
        by exact evaluation (``algebra.holds_at``) instead.
        """
        known = [*given, *self.side]
        possible = _solve(known)[0]
        if possible == z3.unsat:
            raise ValueError("what is given contradicts itself: everything would follow")
        if possible == z3.unknown:
            return Outcome(Result.UNKNOWN, None, "z3: not shown that what is given is possible")
        answer, solver = _solve([*known, z3.Not(claim)])
        if answer == z3.unsat:
            return Outcome(Result.PROVED)
        if answer == z3.sat:
            model = solver.model()
            return Outcome(Result.REFUTED, {name: str(model.eval(symbol, model_completion=True)) for name, symbol in self.names.items()})
        return Outcome(Result.UNKNOWN, None, f"z3: {solver.reason_unknown()}")


def _real(x: Any) -> Any:
    """A number of Python's as a real of z3, whose whole numbers divide without remainder."""
    return x if isinstance(x, z3.ExprRef) else z3.RealVal(str(x))


def _solve(statements: Sequence[Any]) -> tuple[Any, Any]:
    """The complete procedure for polynomials first, z3's general one where it does not apply (division by a variable)."""
    answer, solver = z3.unknown, None
    for make in (lambda: z3.Tactic("qfnra-nlsat").solver(), z3.Solver):
        solver = make()
        solver.set("timeout", PATIENCE)
        solver.add(*statements)
        answer = solver.check()
        if answer != z3.unknown:
            break
    return answer, solver
