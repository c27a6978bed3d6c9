"""G1r, G1h, G3m: the recursion of the rate and the hull of its plays, and the kernels: read over symbols they are this recursion."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from z3 import And

from lra_ref.formulas import descend
from lra_ref.learners.formulas import CODES, ftrl, learn, loss_slope, ogd, ratio
from lra_ref.rates import gala
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.gala_steps.readings import vector
from proofs_check.gala_steps.regret import DELTA, INFINITE, A, B, a, b, played
from proofs_check.steps import Control, Outcome, Result, Step, both, counted


# --- G1r, G1h ---------------------------------------------------------------------------------------------------------------------------
def recursion(old: bool = False) -> Outcome:
    """eta_{t+1} - eta_t = (a_t - b_t eta_t)/B_{t+1}."""
    before = played(A, B)
    return identity(played(A + a, B + b) - before, (a - b * before) / (DELTA + B + (0 if old else b)))


def same_as_ogd(sign: int = 1) -> Outcome:
    """Unclipped OGD with step 1/B_{t+1} plays the same."""
    before = played(A, B)
    slope = symbolic(loss_slope)(before, a, b)
    return identity(symbolic(ogd)(before, sign * slope, DELTA + B + b, -INFINITE, INFINITE), played(A + a, B + b))


def average_form(flip: bool = False) -> Outcome:
    """eta_{t+1} as a convex combination of eta_t and a_t / b_t."""
    before, total = played(A, B), DELTA + B + b
    old, new = ((DELTA + B) / total, b / total) if not flip else (b / total, (DELTA + B) / total)
    return identities([(played(A + a, B + b), old * before + new * a / b), (old + new, 1)])


def hull(stretch: int = 1) -> Outcome:
    """A convex combination stays in an interval that holds both points."""
    real = Reals()
    e, target, low, high, w, b_, new = real("e target low high w b new")
    known = [low <= e, e <= high, low <= target, target <= high, w >= 0, b_ > 0, new * (w + b_) == stretch * (w * e + b_ * target)]
    return real.always(And(low <= new, new <= high), known)


G1R = [
    Step(
        id="gala.G1r.1", says="unclipped: eta_{t+1} - eta_t = (a_t - b_t eta_t)/B_{t+1}", method="algebra", check=recursion,
        formulas=(ftrl,),
        assumes=("B_t > 0", "no clip active"), control=Control("B_t in place of B_{t+1}", lambda: recursion(old=True)),
    ),
    Step(
        id="gala.G1r.2", says="unclipped OGD with step 1/B_{t+1} is FTRL", method="algebra", check=same_as_ogd,
        formulas=(ftrl, ogd, ratio, loss_slope),
        uses=("gala.G1r.1",), assumes=("B_t > 0", "no clip active"), control=Control("an ascent step", lambda: same_as_ogd(-1)),
    ),
]  # fmt: skip
G1H = [
    Step(
        id="gala.G1h.1", says="eta_{t+1} = (B_t/B_{t+1}) eta_t + (b_t/B_{t+1})(a_t/b_t), two weights that add up to 1", method="algebra",
        check=average_form, formulas=(ftrl,), assumes=("b_t > 0", "B_t > 0", "no clip active"),
        control=Control("the weights exchanged", lambda: average_form(flip=True)),
    ),
    Step(
        id="gala.G1h.2", says="low <= eta_t, a_t/b_t <= high implies low <= eta_{t+1} <= high; by induction the hull of eta_0 and the "
        "a_s/b_s",
        method="decision", check=hull, uses=("gala.G1h.1",), assumes=("B_t >= 0", "b_t > 0"),
        control=Control("with twice the combination", lambda: hull(2)),
    ),
]  # fmt: skip


# --- the scalar kernel ---
#: columns of the scalars of the rate, and a fill that shows whether an entry was left alone
COLUMNS, LEFT = 11, sp.Symbol("left")


def hyper(code: int, terms: int, random: int, bound: Any = 1) -> list[Any]:
    """delta, anchor, low, high, gamma, bound, eta_0 | learner, beta, kappa, flag level | terms, random, wealth, points."""
    delta, beta, kappa = reals("delta beta kappa", positive=True)
    anchor, start, wealth = reals("anchor eta_0 w_0")
    level = sp.Rational(1, 10)
    return [delta, anchor, -sp.oo, sp.oo, sp.Rational(1, 3), bound, start, code, beta, kappa, level, terms, random, wealth, 2]


def decided(code: int, terms: int, t: int, random: int, flag: int, old: int = 0) -> Outcome:
    """Two blocks: what ``gala_decide`` writes, against the formulas on the sums over the blocks."""
    hyp = hyper(code, terms, random)
    scal = np.full((3, COLUMNS), LEFT, dtype=object)
    names = ("a0", "b0", "L0", "M0", "F0", "eta", "A", "B", "mem", "w")
    row = [sp.Integer(0), *(reals(name, positive=name in ("eta", "B")) for name in names)]
    scal[1] = row
    sums = np.array([[LEFT] * (terms + 1), *exact_sums(terms, flag)], dtype=object)
    coef, f = np.full((3, 2), LEFT, dtype=object), np.array([reals(f"f{k}") for k in range(5)])
    eta = symbolic(gala.gala_decide)(1, 3, t, f, sums, scal, hyp, coef)
    wanted = list(row)
    if t == 0:
        wanted[6], wanted[10] = hyp[6], hyp[13]
    else:
        total = sums[1:].sum(axis=0)
        smooth = symbolic(gala.secant)(total[1], total[2])
        along = symbolic(gala.secant)(total[5], total[6]) if terms == 7 else 0
        b = symbolic(gala.curvature)(smooth, along, total[terms], hyp[8], hyp[9])
        after_a, after_b = row[7] + total[0], row[8] + b
        if code == CODES["ftrl"]:
            new = symbolic(ftrl)(row[6], hyp[1], hyp[0], after_a, after_b - old * b, -sp.oo, sp.oo)
        else:
            new = symbolic(ogd)(row[6], symbolic(loss_slope)(row[6], total[0], b), hyp[0] + after_b - old * b, -sp.oo, sp.oo)
        wanted[1:9] = [total[0], b, smooth, along, row[5] + min(flag, 1), new, after_a, after_b]
        if code == CODES["ogd_adagrad"]:
            # on the whole line its steps are those of OGD, and it adds up a^2
            wanted[9] = row[9] + total[0] ** 2
    lam = f[3] if random else 1
    points = [(coef[1, 1], lam), (coef[2, 1], lam), (coef[0, 1], LEFT), (coef[1, 0], LEFT), (coef[2, 0], LEFT)]
    return identities([(eta, wanted[6]), *zip(scal[1], wanted, strict=True), *points, *[(v, LEFT) for v in (*scal[0], *scal[2])]])


def exact_sums(terms: int, flag: int) -> Any:
    """Sums of two blocks in exact numbers: |g|^2 16 and 9, distance 4, momentum change 25, momentum distance 16.

    ``flag``: a gradient difference just above (0) or just below (1) a tenth of the sum of the two norms, or 0 (2).
    """
    half = sp.Rational((71, 69, 0)[flag], 100) ** 2 / 2
    rows = [[sp.Rational(7, 3), half, 1, 10, 4], [sp.Rational(-5, 2), half, 3, 6, 5]]
    if terms == 7:
        rows = [[*rows[0], 9, 7], [*rows[1], 16, 9]]
    return [[*rows[0], 11], [*rows[1], sp.Rational(2, 3)]]


def decides(old: int = 0) -> Outcome:
    """FTRL, OGD and its AdaGrad form; with and without momentum curvature, first and later steps, random and end point, flagged and not."""
    cases = [(CODES[learner], *case) for learner in ("ftrl", "ogd", "ogd_adagrad") for case in
             ((5, 0, 1, 0), (7, 0, 0, 0), (5, 1, 0, 1), (5, 3, 1, 0), (5, 2, 0, 2), (7, 2, 1, 1), (7, 1, 0, 0))]  # fmt: skip
    return counted(decided(*case, old=old) for case in cases)


def stops(status: int = 2) -> Outcome:
    """A feedback that is not finite sets the status 2 and nothing else; a coin above 1 sets 5 (Fractions, NumPy itself)."""
    out = []
    for terms, spoiled in ((5, (1, 0)), (5, (2, 1)), (7, (1, 5)), (5, (2, 5))):
        hyp = [Fraction(1, 2), 0, -np.inf, np.inf, 1, 1, 0, 0, 1, 1, 0.1, terms, 0, 1, 2]
        scal = np.arange(3.0 * COLUMNS).reshape(3, COLUMNS)
        sums = np.ones((3, terms + 1))
        sums[spoiled] = np.nan
        before = scal.copy()
        gala.gala_decide(1, 3, 4, np.ones(5), sums, scal, hyp, np.zeros((3, 2)))
        before[1, 0] = status
        out.append(Outcome(Result.PROVED if np.array_equal(scal, before) else Result.REFUTED, {"spoiled": str(spoiled)}))
    for bound, wanted in ((4, 0), (Fraction(1, 4), 5), (Fraction(5, 1), 0), (Fraction(3, 2), 5)):
        hyp = [0, 0, -np.inf, np.inf, 1, bound, 0, CODES["kt"], 1, 1, 0.1, 5, 0, 1, 2]
        scal = np.zeros((1, COLUMNS))
        # the coin is (b eta - a)/bound = -2/bound at eta = 0
        gala.gala_decide(0, 1, 4, np.ones(5), np.array([[2.0, 1.0, 1.0, 1.0, 1.0, 1.0]]), scal, hyp, np.zeros((1, 2)))
        out.append(Outcome(Result.PROVED if scal[0, 0] == wanted else Result.REFUTED, {"bound": str(bound)}))
    return counted(out)


def rests(weight: int = 0) -> Outcome:
    """delta + sum b = 0: FTRL and OGD leave the rate as it is, outside of the interval too."""
    out = []
    for learner in (ftrl, ogd):
        real = Reals()
        e, anchor, delta, sum_a, sum_b, low, high = real("e anchor delta sum_a sum_b low high")
        f = real.reading(learner)
        new = f(e, anchor, delta, sum_a, sum_b, low, high) if learner is ftrl else f(e, sum_a, delta + sum_b, low, high)
        out.append(real.always(new == e, [low < high, delta + sum_b == weight]))
    return counted(out)


# --- elementwise kernels ------------------------------------------------------------------------------------------------------------------
SIZE, LO, HI, AT = 5, 1, 4, 2


def arena() -> dict[str, Any]:
    """The arguments of an elementwise kernel on elements 1..3 of 5, with the chunk at position 2."""
    rows = {name: np.array([vector(f"{name}{k}_", SIZE) for k in range(3)]) for name in ("q", "vec")}
    coef = np.array([reals("c00 c01"), reals("eta lam")])
    return {
        "x": vector("x", SIZE),
        "g": vector("g", SIZE),
        "d": vector("d", AT + SIZE),
        **rows,
        "coef": coef,
        "out": np.full((7, HI - LO), LEFT),
    }


def run(kernel: Callable[..., Any], a: dict[str, Any]) -> None:
    """The kernel on them."""
    symbolic(kernel)(1, LO, HI, AT, a["x"], a["g"], a["d"], a["q"], a["vec"], a["coef"], a["out"])


def summed(kernel: Callable[..., Any], places: tuple[Any, ...], extra: int = 0) -> Outcome:
    """The summands of a ``terms`` kernel: gw, gx, w, x and the partner are at the places."""
    a = arena()
    run(kernel, a)
    gw, gx, w, x, partner = (a[name][LO:HI] if k is None else a[name][k, LO:HI] for name, k in places)
    rows = [gw * partner, (gw - gx) ** 2, (w - x) ** 2, gw**2, gx**2 + extra]
    rest = [np.zeros(HI - LO, dtype=object)] * 2
    if kernel is gala.terms_momentum:
        rest = [(a["g"][LO:HI] - a["q"][2, LO:HI]) ** 2, (a["x"][LO:HI] - a["vec"][0, LO:HI]) ** 2]
    # added to what is there
    wanted = [LEFT + row for row in [*rows, *rest]]
    return identities([pair for row, sums in zip(a["out"], wanted, strict=True) for pair in zip(row, sums, strict=True)])


TERMS = {
    gala.terms_pair_direction: (("q", 0), ("q", 1), ("vec", 1), ("vec", 0), ("vec", 2)),
    gala.terms_pair_gradient: (("q", 0), ("q", 1), ("vec", 1), ("vec", 0), ("q", 1)),
    gala.terms_free_direction: (("g", None), ("q", 0), ("x", None), ("vec", 0), ("vec", 1)),
    gala.terms_free_gradient: (("g", None), ("q", 0), ("x", None), ("vec", 0), ("q", 0)),
    gala.terms_momentum: (("q", 0), ("q", 1), ("vec", 1), ("vec", 0), ("vec", 2)),
}


def moved(kernel: Callable[..., Any], kept: dict[int, str], sign: int = 1) -> Outcome:
    """x moves by -eta d; ``kept`` says which row of vec takes x_t, w_t, d_t; the late summand is |d|^2 if d is kept, else |g|^2."""
    a, before = arena(), arena()
    run(kernel, a)
    eta, lam = a["coef"][1]
    x, g, d = before["x"][LO:HI], before["g"][LO:HI], before["d"][AT : AT + HI - LO]
    new = symbolic(descend)(x, sign * eta, d)
    values = {"x": x, "w": x - lam * eta * d, "d": d}
    wanted = {k: before["vec"][k].copy() for k in range(3)}
    for k, name in kept.items():
        wanted[k][LO:HI] = values[name]
    late = d**2 if "d" in kept.values() else g**2
    whole = before["x"].copy()
    whole[LO:HI] = new
    pairs = [*zip(a["x"], whole, strict=True), *zip(a["out"][0], LEFT + late, strict=True)]
    return identities([*pairs, *[p for k in range(3) for p in zip(a["vec"][k], wanted[k], strict=True)]])


MOVES = {
    gala.move_free: {0: "x"},
    gala.move_free_direction: {0: "x", 1: "d"},
    gala.move_pair: {0: "x", 1: "w"},
    gala.move_pair_direction: {0: "x", 1: "w", 2: "d"},
}

STEPS = [
    *G1R,
    *G1H,
    Step(
        id="gala.G1r.3", says="the kernel gala_decide plays this recursion: feedback summed over the blocks, L_t, Lt_t, b_t, flags, then "
        "FTRL or OGD",
        method="algebra", check=decides, formulas=(gala.gala_decide, gala.secant, gala.curvature, gala.cancelled, learn, ftrl, ogd),
        uses=("gala.G1r.1", "gala.G1r.2"),
        assumes=("unclipped", "sums in exact numbers, rates and past sums symbolic"), control=Control("with B_t", lambda: decides(old=1)),
    ),
    Step(
        id="gala.G1r.4", says="it stops with status 2 and its state unchanged on a feedback that is not finite (nan in four "
        "sums), with status 5 on a coin above 1 (bounds below and above it)",
        method="algebra", check=stops, formulas=(gala.gala_decide,), control=Control("status 3", lambda: stops(3)),
    ),
    Step(
        id="gala.G1r.5", says="delta + sum b = 0: the rate stays", method="decision", check=rests, formulas=(ftrl, ogd),
        control=Control("delta + sum b = 1", lambda: rests(1)),
    ),
    Step(
        id="gala.G3m.6", says="the terms kernels add up <g'(w), partner>, |g'(w) - g'(x)|^2, |w - x|^2, |g'(w)|^2, |g'(x)|^2 (and the pair "
        "of Lt_t)",
        method="algebra", check=lambda: both(*(summed(kernel, places) for kernel, places in TERMS.items())),
        formulas=(*TERMS, gala.pair_summands),
        control=Control("|g'(x)|^2 + 1", lambda: summed(gala.terms_pair_direction, TERMS[gala.terms_pair_direction], 1)),
    ),
    Step(
        id="gala.G3m.7", says="the move kernels set x_{t+1} = x_t - eta_t d_t and w_t = x_t - lambda_t eta_t d_t and keep x_t and d_t",
        method="algebra",
        check=lambda: both(*(moved(kernel, kept) for kernel, kept in MOVES.items())), formulas=(*MOVES, gala.segment_point, descend),
        uses=("gala.G3m.1",), control=Control("x_t + eta_t d_t", lambda: moved(gala.move_pair, MOVES[gala.move_pair], -1)),
    ),
]  # fmt: skip
