"""The worst case over a class of functions, by performance estimation (PEPit) with an open solver (Clarabel).

The program maximises a performance measure over all functions of the class and all starting points. Its dual value is an upper bound of
every case, to the accuracy of the solver: the guarantee. Its primal value is attained by some function: a witness if it exceeds the claim.
Both are printed, with their gap.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from typing import Any

from proofs_check.steps import Outcome, Result

#: what the solver's answers are good for, absolutely and relative to the larger of the two numbers compared; its own tolerances are 1e-8
ACCURACY = 2e-6


def solve(build: Callable[[], Any]) -> tuple[float, float]:
    """(primal, dual) of the problem that ``build`` returns (a ``PEPit.PEP`` with its performance metric set)."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("default")
        problem = build()
        dual = float(problem.solve(verbose=0, wrapper="cvxpy", solver="CLARABEL"))
        return float(problem.objective.eval()), dual


def at_most(build: Callable[[], Any], bound: float) -> Outcome:
    """The worst value over the class is at most ``bound``; refuted when a function of the class exceeds it."""
    try:
        primal, dual = solve(build)
    except Exception as problem:  # an unbounded program has no optimum to return: PEPit raises its own error
        return Outcome(Result.UNKNOWN, None, f"the solver gave no answer: {type(problem).__name__}: {problem}")
    room = ACCURACY * max(1.0, abs(primal), abs(dual), abs(bound))
    detail = f"primal {primal:.8g}, dual {dual:.8g} (the guarantee), gap {dual - primal:.1e}, bound {bound:.8g}"
    if primal > bound + room:
        return Outcome(Result.REFUTED, {"worst value": f"{primal:.10g}", "bound": f"{bound:.10g}"}, detail)
    if dual <= bound + room and abs(dual - primal) <= 2 * room:
        return Outcome(Result.PROVED, None, detail)
    return Outcome(Result.UNKNOWN, None, detail)
