"""One step of the kernels in an arbitrary state, and whole runs of them on one coordinate: what every theorem here rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import read
from lra_ref.parts import Whole
from lra_ref.readings import BALLS, lifted, precise
from proofs_check.algebra import SYMPY, identity, reals
from proofs_check.steps import Outcome, Result

#: two blocks, of elements 1 and 2 and of element 3, in rows 1 and 2 of the scalars; the rest belongs to others
BLOCKS, FIRST, LAST, SIZE = ((1, 3), (3, 4)), 1, 3, 5
INSIDE = slice(1, 4)
#: bits of the runs over balls
BITS = 400


def names(prefix: str, *shape: int) -> Any:
    """An array of real symbols, all different."""
    out = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        out[index] = sp.Symbol(prefix + "_".join(map(str, index)), real=True)
    return out


class After:
    """The arrays before and after one step of a method's kernels."""

    def __init__(self, kind: type[Whole], hyp: Sequence[Any], t: int, row: Sequence[Any], g: Any = None, vec: Any = None) -> None:
        count = max(kind.coefficients, 1)
        self.x, self.vec = names("x", SIZE), names("v", len(kind.vectors), SIZE) if vec is None else vec
        self.g = names("g", SIZE) if g is None else g
        self.scal = names("free", 4, 1 + len(kind.scalars))
        self.scal[FIRST] = [sp.Symbol("status"), *row]
        self.start = {name: value.copy() for name, value in vars(self).items()}
        coef, sums, out = (
            names("c", 4, count),
            np.zeros((4, max(kind.sums, 1)), dtype=object),
            np.zeros((max(kind.sums, 1), SIZE), dtype=object),
        )
        begin, terms, decide, move = (read(f, SYMPY) for f in (kind.begin, kind.terms, kind.decide, kind.move))
        begin(FIRST, LAST, t, None, sums, self.scal, hyp, coef)
        for block, (lo, hi) in enumerate(BLOCKS):
            terms(FIRST + block, lo, hi, lo, self.x, self.g, None, None, self.vec, coef, out[:, lo:hi])
            sums[FIRST + block] = out[:, lo:hi].sum(axis=1)
        self.rate = decide(FIRST, LAST, t, None, sums, self.scal, hyp, coef)
        for s in range(FIRST, LAST):
            coef[s, 0] = self.rate
        for block, (lo, hi) in enumerate(BLOCKS):
            move(FIRST + block, lo, hi, lo, self.x, self.g, None, None, self.vec, coef, None)
        self.now = {name: self.scal[FIRST, 1 + k] for k, name in enumerate(kind.scalars)}
        self.status = self.scal[FIRST, 0]

    def vector(self, row: int, before: bool = False) -> Any:
        """The elements of the blocks of one vector."""
        return (self.start["vec"] if before else self.vec)[row, INSIDE]

    def outside(self) -> list[tuple[Any, Any]]:
        """What the kernels must leave alone: other rows of scalars, other elements of vectors and of x."""
        others = [0, *range(LAST, 4)]
        pairs = [(self.scal[others], self.start["scal"][others])]
        for k in (0, 4):
            pairs += [(self.x[k], self.start["x"][k]), (self.vec[:, k], self.start["vec"][:, k])]
        return pairs


def equal(pairs: Any) -> Outcome:
    """Arrays that are equal entry by entry, as expressions."""
    count = 0
    for found, expected in pairs:
        one, two = np.asarray(found, dtype=object), np.asarray(expected, dtype=object)
        if one.shape != two.shape:
            return Outcome(Result.REFUTED, {"shapes": f"{one.shape} {two.shape}"}, "other shapes")
        for index in np.ndindex(one.shape):
            count += 1
            a, b = sp.sympify(one[index]), sp.sympify(two[index])
            if a == b:
                continue
            outcome = identity(a, b)
            if outcome.result is not Result.PROVED:
                return outcome
    if count == 0:
        raise ValueError("no case: a statement about nothing proves nothing")
    return Outcome(Result.PROVED, None, f"{count} entries")


def exact_run(
    kind: type[Whole], hyp: Sequence[Any], slope: Callable[[Any], Any], x0: Any, steps: int, space: Any = SYMPY
) -> list[dict[str, Any]]:
    """``steps`` steps of the kernels on exact numbers; ``slope`` is the gradient. The scalars after every step, and x before it."""
    begin, terms, decide, move = (read(f, space) for f in (kind.begin, kind.terms, kind.decide, kind.move))
    x = np.array(x0, dtype=object)
    dim, rows = len(x), []
    vec, scal = np.zeros((len(kind.vectors), dim), dtype=object), np.zeros((1, 1 + len(kind.scalars)), dtype=object)
    coef, out = np.zeros((1, kind.coefficients), dtype=object), np.zeros((kind.sums, dim), dtype=object)
    if space is BALLS:
        vec, scal, coef, x, hyp = (
            lifted(vec.astype(float)),
            lifted(scal.astype(float)),
            lifted(coef.astype(float)),
            lifted(x),
            lifted(list(hyp)),
        )
    for t in range(steps):
        g = np.array(slope(x), dtype=object)
        begin(0, 1, t, None, None, scal, hyp, coef)
        out[...] = 0
        terms(0, 0, dim, 0, x, g, None, None, vec, coef, out)
        sums = out.sum(axis=1).reshape(1, -1)
        coef[0, 0] = decide(0, 1, t, None, sums, scal, hyp, coef)
        rows.append({"x": x.copy(), "rate": coef[0, 0], **{name: scal[0, 1 + k] for k, name in enumerate(kind.scalars)}})
        move(0, 0, dim, 0, x, g, None, None, vec, coef, None)
    return rows


def ball_run(
    kind: type[Whole], hyp: Sequence[float], slope: Callable[[Any], Any], x0: Sequence[float], steps: int, claim: Callable[[Any], Any]
) -> Outcome:
    """Whether ``claim(rows)`` holds of the run over balls from float64 numbers, as a comparison of balls that they decide."""
    with precise(BITS):
        rows = exact_run(kind, hyp, slope, x0, steps, BALLS)
        found = bool(claim(rows))
        last = rows[-1]["d"]
    witness = {"d": repr(last), "x": repr(rows[-1]["x"])}
    return (
        Outcome(Result.PROVED, None, f"d = {last!r} after {steps} gradients")
        if found
        else Outcome(Result.REFUTED, witness, "balls decide against it")
    )


def positive(text: str) -> Any:
    """Symbols > 0."""
    return reals(text, positive=True)
