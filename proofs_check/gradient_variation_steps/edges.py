"""Edge cases: which steps keep the rate that was applied last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import z3

from lra_ref.arithmetic import quotient
from lra_ref.formulas import clip
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identity, reals
from proofs_check.decision import Reals
from proofs_check.gradient_variation_steps.kernels import EPS_F, ETA_0, FACTOR, PAIRS, THETA, machine
from proofs_check.steps import Control, Outcome, Step, both, counted

P = "gradient_variation"
EPS, ETA, THETA_, PREVIOUS, GAMMA = reals("eps_f eta theta previous gamma", positive=True)
SY, S2, Y2, SLOPE, NORM2, MOMENT = reals("sy s2 y2 slope norm2 moment", positive=True)


def ratio(at_zero: int = 0) -> Outcome:
    """quotient is the quotient, and 0 where the denominator is 0."""
    real = Reals()
    top, bottom = real("top bottom")
    value = real.reading(quotient)(top, bottom)
    return real.always(z3.And(z3.Implies(bottom != 0, value * bottom == top), z3.Implies(bottom == 0, value == at_zero)))


def pair_usable(needs: Callable[..., Any] = lambda sy, slope: z3.And(sy > 0, slope > 0)) -> Outcome:
    """A pair member may be used iff <s,y> > 0 and <g,d> > 0: then y is not 0 either."""
    out = []
    for code in range(2, 7):
        real = Reals()
        sy, s2, y2, slope, factor = real("sy s2 y2 slope factor")
        usable = real.reading(gv.pair_member)(code, sy, s2, y2, slope, factor)[1]
        out.append(real.always(usable == needs(sy, slope), given=[s2 >= 0, y2 >= 0, sy * sy <= s2 * y2]))
    return counted(out)


def applied(high_first: bool = False) -> Outcome:
    """A usable positive rate is theta times the raw one within the caps and counts 0; any other keeps the one before and counts 1."""
    real = Reals()
    raw, theta, low, high, previous, is_usable = real("raw theta low high previous is_usable")
    usable = is_usable > 0
    eta, more = real.reading(gv.applied_rate)(raw, usable, theta, low, high, previous)
    value, fine = theta * raw, z3.And(usable, theta * raw > 0)
    capped = z3.If(value < low, low, z3.If(value > high, high, value))
    kept = z3.And(eta == (high if high_first else previous), more == 1)
    return real.always(z3.If(fine, z3.And(eta == capped, more == 0), kept), given=[0 <= low, low <= high])


def fisher_usable(strict: bool = False) -> Outcome:
    """Along g always, with 1/eps_f at g = 0; along another direction iff <g,d> > 0."""
    real = Reals()
    slope, norm2, moment, eps = real("slope norm2 moment eps")
    member = real.reading(gv.fisher_member)
    rate, usable = member(0, True, slope, slope, slope, eps)
    at_zero = member(0, True, 0 * slope, 0 * slope, 0 * slope, eps)
    smooth = member(1, True, slope, slope, moment, eps)
    given = [slope >= 0, eps > 0, moment >= 0]
    good = usable if not strict else slope > 0
    plain = real.always(z3.And(good, smooth[1], at_zero[1], rate * (eps + slope) == 1, smooth[0] * (eps + moment) == 1), given=given)
    zero = real.always(at_zero[0] * eps == 1, given=given)
    along = [real.always(member(code, False, slope, norm2, moment, eps)[1] == (slope > 0)) for code in (0, 1)]
    return both(plain, zero, *along)


def fisher_first(start: Any = PREVIOUS) -> Outcome:
    """Along another direction with <g,d> <= 0: at t = 0 eta_0 is kept, later the rate applied last; one kept step is counted."""
    out = []
    for t, wanted in ((0, start), (2, ETA)):
        at = machine("momentum", "fisher", hyp={ETA_0: PREVIOUS, EPS_F: EPS})
        at.t, at.scal[0, 1] = t, ETA
        eta = at.decide(np.array([[-SLOPE, NORM2, MOMENT]], dtype=object))
        out += [identity(eta, wanted), identity(at.scal[0, 2], 1)]
    return counted(out)


def pair_kept(counts: int = 1) -> Outcome:
    """A pair member with <s,y> <= 0 keeps the rate applied last and counts the step."""
    out = []
    for member in PAIRS:
        at = machine("sgd", member, hyp={THETA: THETA_, FACTOR: GAMMA})
        at.t, at.scal[0, 1] = 1, PREVIOUS
        eta = at.decide(np.array([[-SY, S2, Y2, SLOPE]], dtype=object))
        out += [identity(eta, PREVIOUS), identity(at.scal[0, 2], counts)]
    return counted(out)


EDGES = [
    Step(
        id=f"{P}.edges.1", says="a quotient is 0 where its denominator is 0", method="decision", check=ratio, formulas=(quotient,),
        control=Control("1 there", lambda: ratio(1)),
    ),
    Step(
        id=f"{P}.edges.2", says="a pair member is used iff <s,y> > 0 and <g,d> > 0", method="decision", check=pair_usable,
        formulas=(gv.pair_member,), assumes=("Cauchy-Schwarz for s, y",),
        control=Control("iff <s,y> > 0", lambda: pair_usable(lambda sy, slope: sy > 0)),
    ),
    Step(
        id=f"{P}.edges.3", says="fisher and fisher_ema along g are always used, 1/eps_f at g = 0; along another direction iff <g,d> > 0",
        method="decision", check=fisher_usable, formulas=(gv.fisher_member, gv.fisher_gradient), assumes=("eps_f > 0",),
        control=Control("along g only where g is not 0", lambda: fisher_usable(True)),
    ),
    Step(
        id=f"{P}.edges.4",
        says="a usable positive rate is applied within the caps, any other step keeps the rate applied last and is counted",
        method="decision", check=applied, formulas=(gv.applied_rate, clip), assumes=("0 <= eta_min <= eta_max", "exact arithmetic"),
        control=Control("eta_max in its place", lambda: applied(True)),
    ),
    Step(
        id=f"{P}.edges.5", says="the kernel of fisher keeps eta_0 at t = 0, later the rate applied last, and counts the step",
        method="algebra", check=fisher_first, formulas=(gv.fisher_decide, gv.applied_rate), uses=(f"{P}.edges.3", f"{P}.edges.4"),
        assumes=("<g,d> < 0",), control=Control("eta_t in place of eta_0", lambda: fisher_first(ETA)),
    ),
    Step(
        id=f"{P}.edges.6", says="the kernel of a pair member with <s,y> < 0 keeps the rate applied last and counts the step",
        method="algebra", check=pair_kept, formulas=(gv.pair_decide, gv.applied_rate), uses=(f"{P}.edges.2", f"{P}.edges.4"),
        control=Control("not counted", lambda: pair_kept(0)),
    ),
]  # fmt: skip

STEPS = EDGES
THEOREMS = {f"{P}.edges": "which steps keep the rate that was applied last, and what is applied otherwise"}
