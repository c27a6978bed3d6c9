"""C1: the decisions of a pass and of a search, over the reals."""

from __future__ import annotations

from typing import Any

import sympy as sp
import z3

from lra_ref.methods import cma_formulas as formulas
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, counted

EXACT = ("exact comparisons; F finite at the points that are compared",)
#: exits that take w~ or the point of a search, and those that keep w
TAKEN = (formulas.ACCEPTED, formulas.LONG, formulas.SHORT, formulas.NEAR_TAKEN, formulas.FAILED_TAKEN)
KEPT = (formulas.NEAR_KEPT, formulas.FAILED_KEPT)


class Case:
    """Real numbers of one epoch, with what is given about them, and the formulas over them."""

    def __init__(self) -> None:
        self.real = Reals()
        names = "f value first zeta length gamma tau theta alpha delta last"
        self.f, self.value, self.first, self.zeta, self.length, self.gamma, self.tau, self.theta, self.alpha, self.delta, self.last = (
            self.real(names)
        )
        self.norm2 = self.length * self.length
        self.given = [
            self.zeta > 0, self.length >= 0, self.gamma > 0, self.tau >= 0, self.theta > 0, self.theta < 1, self.alpha > 0, self.delta > 0,
            self.delta < 1, self.value <= self.first,
        ]  # fmt: skip

    def exit(self) -> Any:
        """The exit of a pass."""
        return self.real.reading(formulas.verdict)(self.f, self.value, self.first, self.zeta, self.norm2, self.gamma, self.tau)

    def extends(self) -> Any:
        """Whether a trial point is taken."""
        further = self.real.reading(formulas.longer)(self.alpha, self.delta)
        return self.real.reading(formulas.extends)(self.f, self.last, self.value, further, self.norm2, self.gamma)

    def always(self, claim: Any, *more: Any) -> Outcome:
        """Whether the claim follows."""
        return self.real.always(claim, [*self.given, *more])


def table(near: Any = 1) -> Outcome:
    """Each exit exactly under its conditions."""
    c = Case()
    code, inside = c.exit(), c.f <= c.first
    accepted = c.f < c.value - c.gamma * c.zeta
    close = z3.And(z3.Not(accepted), c.length <= near * c.tau * c.zeta)
    open_ = z3.And(z3.Not(accepted), z3.Not(close))
    gains = c.f <= c.value - c.gamma * c.zeta * c.norm2
    conditions = {
        formulas.ACCEPTED: accepted, formulas.NEAR_TAKEN: z3.And(close, inside), formulas.NEAR_KEPT: z3.And(close, z3.Not(inside)),
        formulas.SEARCHING: z3.And(open_, gains), formulas.FAILED_TAKEN: z3.And(open_, z3.Not(gains), inside),
        formulas.FAILED_KEPT: z3.And(open_, z3.Not(gains), z3.Not(inside)),
    }  # fmt: skip
    return counted(c.always((code == number) == condition) for number, condition in conditions.items())


def passes(factor: Any = 1) -> Outcome:
    """What is known of f~ after each exit."""
    c = Case()
    code = c.exit()
    taken = z3.Or(code == formulas.NEAR_TAKEN, code == formulas.FAILED_TAKEN)
    return both(
        c.always(z3.Implies(code == formulas.ACCEPTED, z3.And(c.f < c.value - factor * c.gamma * c.zeta, c.f < c.first))),
        c.always(z3.Implies(taken, c.f <= c.first)),
        c.always(z3.Implies(code == formulas.SEARCHING, z3.And(c.f <= c.value - c.gamma * c.zeta * c.norm2, c.f <= c.first))),
    )


def loop(factor: Any = 1) -> Outcome:
    """The invariant of the search: F at alpha <= F(w) - gamma alpha |d|^2 passes on to alpha/delta, exactly where F does not rise."""
    c = Case()
    further = c.real.reading(formulas.longer)(c.alpha, c.delta)
    bound = c.value - factor * c.gamma * further * c.norm2
    invariant = c.last <= c.value - c.gamma * c.alpha * c.norm2
    return both(
        c.always(c.extends() == z3.And(c.f <= c.last, c.f <= bound), invariant),
        c.always(z3.Implies(c.extends(), z3.And(c.f <= bound, c.f <= c.first)), invariant),
        c.always(z3.And(further > c.alpha, further * c.delta == c.alpha)),
    )


def ends(factor: Any = 1) -> Outcome:
    """A search that ends at alpha is short exactly if alpha |d|^2 <= tau zeta."""
    c = Case()
    code = c.real.reading(formulas.searched)(c.alpha, c.zeta, c.norm2, c.tau)
    short = c.alpha * c.norm2 <= factor * c.tau * c.zeta
    return both(c.always((code == formulas.SHORT) == short), c.always(z3.Or(code == formulas.SHORT, code == formulas.LONG)))


def induction(start: bool = True) -> Outcome:
    """F(w) after any exit is <= F(w_0), if the number that a taken point has is."""
    outcomes = []
    for code in (*TAKEN, *KEPT):
        c = Case()
        after = c.real.reading(formulas.next_value)(code, c.value, c.last)
        given = [c.last <= c.first] if start and code in TAKEN else []
        outcomes += [c.always(after <= c.first, *given), c.always(after == (c.last if code in TAKEN else c.value), *given)]
    return counted(outcomes)


def shrinks(least: Any = 0) -> Outcome:
    """0 < zeta' <= zeta, and zeta' = theta zeta at the exits that shrink."""
    outcomes = []
    for code in (*TAKEN, *KEPT):
        c = Case()
        after = c.real.reading(formulas.next_zeta)(code, c.zeta, c.theta)
        shrunk = code not in (formulas.ACCEPTED, formulas.LONG)
        outcomes.append(c.always(z3.And(after > least * c.zeta, after <= c.zeta, after == (c.theta * c.zeta if shrunk else c.zeta))))
    return counted(outcomes)


STEPS = [
    Step(
        id="cma.C1.1", method="decision", check=table, formulas=(formulas.verdict,), assumes=EXACT,
        says="the exits of a pass: accepted iff f~ < F(w) - gamma zeta; near iff not and |d| <= tau zeta; failed iff neither and "
        "f~ > F(w) - gamma zeta |d|^2; else a search; near and failed take w~ iff f~ <= F(w_0)",
        control=Control("near at twice the length", lambda: table(2)),
    ),
    Step(
        id="cma.C1.2", method="decision", check=passes, formulas=(formulas.verdict,), assumes=EXACT,
        says="F(w) <= F(w_0): a w~ that is taken, and one that opens a search, has f~ <= F(w_0); an accepted pass gains gamma zeta",
        control=Control("an accepted pass gains 2 gamma zeta", lambda: passes(2)), uses=("cma.C1.1",),
    ),
    Step(
        id="cma.C1.3", method="decision", check=loop, formulas=(formulas.extends, formulas.longer), assumes=EXACT, uses=("cma.C1.2",),
        says="search: F at alpha <= F(w) - gamma alpha |d|^2 at every alpha reached (it holds at alpha = zeta), and never above F(w_0)",
        control=Control("2 gamma", lambda: loop(2)),
    ),
    Step(
        id="cma.C1.4", method="decision", check=ends, formulas=(formulas.searched,), assumes=EXACT,
        says="a search that ends at alpha shrinks zeta iff alpha |d|^2 <= tau zeta", control=Control("2 tau", lambda: ends(2)),
    ),
    Step(
        id="cma.C1.5", method="decision", check=induction, formulas=(formulas.next_value,), assumes=EXACT, uses=("cma.C1.2", "cma.C1.3"),
        says="every exit: F(w_{k+1}) is the value of the point taken, or F(w_k) where w is kept; by induction F(w_{k+1}) <= F(w_0)",
        control=Control("without what is known of the point taken", lambda: induction(False)),
    ),
    Step(
        id="cma.C1.6", method="decision", check=shrinks, formulas=(formulas.next_zeta,), assumes=("0 < theta < 1", "zeta > 0"),
        says="every exit: 0 < zeta' <= zeta; zeta' = theta zeta but after an accepted pass and a long search",
        uses=("cma.C1.1", "cma.C1.4"),
        control=Control("zeta' > zeta/2", lambda: shrinks(sp.Rational(1, 2))),
    ),
]  # fmt: skip
