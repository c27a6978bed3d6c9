"""U1: what one step of CLARA's kernels does to an arbitrary state; every later step about runs rests on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import average, clip, descend
from lra_ref.rates import clara
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.clara_steps.readings import circle, elements, equal, names
from proofs_check.steps import Control, Outcome, Step, counted

#: two blocks of two elements that start at element 1 of the model; directions are kept from element 2 on
BLOCKS, AT = ((1, 3), (3, 5)), 1
ORDINARY = "every element of a direction is 0 or of ordinary size (the scaled norms of directions/norms.py treat the others)"

LONG = "|h_k| >= 1e-12"


#: from this length on a direction is normalized; a gradient of this length is added to the path
SHORTEST, ADDED = sp.Rational(1, 10**12), sp.Rational(2, 10**6)
c, d, eta, lr, alpha = reals("c d eta lr alpha", positive=True)


def directions(least: Any = SHORTEST, zero: bool = False, short: bool = False) -> tuple[Any, Any, Any]:
    """(h, u, |h|) for the two blocks: arbitrary unit vectors; lengths from ``least`` on, or 0, or a quarter of ``least`` and 0."""
    units = np.concatenate([circle("m1"), circle("m2")])
    lengths = np.array(reals("r1 r2", nonnegative=True), dtype=object)
    lengths = np.array([least / 4, sp.S(0)]) if short else 0 * lengths if zero else least + lengths
    return np.repeat(lengths, 2) * units, units, lengths


# --- CLARA -----------------------------------------------------------------------------------------------------------------------------
def decide(t: int, per_block: bool = True, front: Any = 1, zero: bool = False, rate: Any = eta) -> Outcome:
    """clara_decide in an arbitrary state against step 4 of the method, coefficient by coefficient; table of three references."""
    mu, decay = names("mu", 3), sp.Symbol("decay", positive=True)
    low, high = reals("low high", positive=True)
    low = low if rate == eta else sp.S(0)
    hyp = [lr, c, d, low, high, sp.S(1), sp.S(int(per_block)), decay, sp.S(3), *mu]
    h, _, lengths = directions(zero=zero)
    scal, sums, coef = names("scal", 4, 3), names("late", 4, 4), names("coef", 4, 5)
    scal[1, 1] = rate
    out = np.zeros((3, 4), dtype=object)
    for block, (lo, hi) in enumerate(BLOCKS):
        elements(clara.clara_terms)(
            1 + block, lo, hi, lo + AT, None, None, np.concatenate([names("free", 2), h]), 1, None, coef, out[:, 2 * block : 2 * block + 2]
        )
        sums[1 + block, :3] = out[:, 2 * block : 2 * block + 2].sum(axis=1)
    before_scal, before_coef = scal.copy(), coef.copy()
    step = elements(clara.clara_decide)(1, 3, t, None, sums, scal, hyp, coef)
    length2 = sums[1, 3] + sums[2, 3]
    reference = mu[min(t, 3) - 1] * (1 - decay**t)
    grown = sp.Min(sp.Max(rate * sp.exp(front * d * (length2 / reference - 1)), low), high)
    expected = lr if t == 0 else grown
    rows, table = before_scal, before_coef
    rows[1, 1] = expected
    if t > 0:
        rows[1, 2], rows[1, 0] = length2, before_scal[1, 0] if rate == eta else 7
    roots = lengths if per_block else [sp.sqrt(sp.factor(sp.cancel(lengths @ lengths)))] * 2
    for block in range(2):
        # the norm 0 has a scale of its own; what counts is that 0 is not divided by 0
        norm = coef[1 + block, 1:3] if zero else [1, sp.Max(roots[block], sp.Rational(1, 10**12))]
        table[1 + block, 1:] = [*norm, 1 - c, c]
    return equal([(step, expected), (scal, rows), (coef, table), (int(all(coef[1:3, 2] > 0)), 1)])


def vanishing() -> Outcome:
    """A rate that is 0 after the update is reported with status 7, any other one leaves the status."""
    status, f = sp.Symbol("status"), symbolic(clara.vanished)
    return identities([(f(sp.S(0), status), 7), (f(sp.S(3), status), status)])


def move(unit_step: bool, short: bool = False, turned: int = 1) -> Outcome:
    """The move of CLARA in an arbitrary state: x, path, late sum, and nothing else."""
    kernel = elements(clara.clara_move_unit if unit_step else clara.clara_move_plain)
    h, u, lengths = directions()
    if short:  # |h| = 1e-13 and h = 0: divided by 1e-12, and u = 0
        lengths = np.array([sp.Rational(1, 10**13), sp.S(0)])
        h, u = np.repeat(lengths, 2) * u, np.repeat(lengths * 10**12, 2) * u
    x, path, coef, out = names("x", 6), names("p", 2, 6), names("coef", 4, 5), names("out", 2, 4)
    want_x, want_path, want_out = x.copy(), path.copy(), out.copy()
    for block, (lo, hi) in enumerate(BLOCKS):
        bottom = sp.Max(lengths[block], sp.Rational(1, 10**12))
        coef[1 + block] = [eta, 1, bottom, 1 - c, c]
        part = slice(2 * block, 2 * block + 2)
        kernel(1 + block, lo, hi, lo + AT, x, None, np.concatenate([names("free", 2), h]), 1, path, coef, out[:, part])
        want_x[lo:hi] = want_x[lo:hi] - turned * eta * (u if unit_step else h)[part]
        want_path[0, lo:hi] = (1 - c) * want_path[0, lo:hi] + c * u[part]
        want_out[0, part] = want_out[0, part] + want_path[0, lo:hi] ** 2
    return equal([(x, want_x), (path, want_path), (out, want_out)])


U1 = [
    Step(
        id="clara.U1.1",
        says="clara_decide, any state, K = 2: eta <- clip(eta exp(d (sum |p_k|^2/sum mu_k(t) - 1)), lr_min, lr_max), mu_k(t) from the "
        "table; eta = lr at t = 0",
        method="algebra",
        check=lambda: counted([
            *(decide(t, per_block) for t in (0, 1, 2, 5) for per_block in (True, False)), decide(2, zero=True), decide(2, rate=sp.S(0)),
        ]),
        formulas=(clara.clara_terms, clara.clara_decide, clara.multiplier, clara.reference_at, clara.bottom, clara.vanished, clip),
        assumes=(ORDINARY, "eta > 0, exact arithmetic", LONG),
        control=Control("the exponent with the other sign", lambda: decide(2, front=-1)),
    ),
    Step(
        id="clara.U1.2", says="an eta that is 0 after the update gets the status RATE_VANISHED, any other one leaves the status",
        method="algebra", check=vanishing, formulas=(clara.vanished,),
        control=Control("no status", lambda: identities([(symbolic(clara.vanished)(sp.S(0), sp.Symbol("s")), sp.Symbol("s"))])),
    ),
    Step(
        id="clara.U1.3",
        says="move, unit step: x_k <- x_k - eta u_k, p_k <- (1-c) p_k + c u_k, u_k = h_k/max(|h_k|, 1e-12), and returns |p_k|^2",
        method="algebra", check=lambda: counted([move(True), move(True, short=True)]), formulas=(clara.clara_move_unit, average, descend),
        uses=("clara.U1.1",), assumes=(ORDINARY, "exact arithmetic"),
        control=Control("a step up instead of down", lambda: move(True, turned=-1)),
    ),
    Step(
        id="clara.U1.4", says="move, plain: x_k <- x_k - eta h_k, the path and its norm as in the unit step", method="algebra",
        check=lambda: counted([move(False), move(False, short=True)]), formulas=(clara.clara_move_plain, average, descend),
        uses=("clara.U1.1",), assumes=(ORDINARY, "exact arithmetic"),
        control=Control("a step up instead of down", lambda: move(False, turned=-1)),
    ),
]  # fmt: skip

STEPS = U1
THEOREMS = {
    "clara.U1": "The kernels of CLARA do, from any state and for any directions, exactly steps 1 to 4 of the method",
}
