"""What one step of Mechanic's kernels does to an arbitrary state, against the equations of the theory page."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.arithmetic import finite_or_nan, quotient, total
from lra_ref.formulas import clip, descend, product, square
from lra_ref.rates import mechanic
from lra_ref.status import Status
from proofs_check.algebra import identities, reals, same, symbolic
from proofs_check.clara_steps.readings import equal, names
from proofs_check.steps import Control, Outcome, Step, both, counted

#: two blocks, of one element and of two, that start at element 1 of the model; directions are kept from element 2 on; two discounts
BLOCKS, AT, COUNT = ((1, 2), (2, 4)), 1, 2
FORMS = ("reference", "torch", "optax")
lr, decay, eps, s_init = reals("lr lam eps s_init", positive=True)
SAME = (total, quotient, finite_or_nan, clip, descend, product, square)


def hyper(form: str) -> list[Any]:
    """The numbers of a form as symbols, in the order and from the places of ``Mechanic.hyper``."""
    given = {"lr": 0.5, "s_decay": 0.25, "scale_eps": 0.125, "s_init": 0.0625, "num_betas": COUNT}
    named = {0.5: lr, 0.25: decay, 0.125: eps, 0.0625: s_init, float(COUNT): sp.Integer(COUNT), 0.0: sp.S(0), 1.0: sp.S(1), 1e-6: FLOOR}
    numbers = mechanic.Mechanic(form=form, **given).hyper()
    return [*(named[number] for number in numbers[: mechanic.BETAS]), *BETA]


FLOOR = sp.Symbol("m_first", positive=True)
BETA = list(reals("beta1 beta2", positive=True))


def state() -> dict[str, Any]:
    """Arbitrary points, vectors, scalars and buffers; one column more than there are, so that no column has two numbers from the end."""
    scal = np.array([[sp.Symbol(f"scal{i}_{j}", positive=True) for j in range(5 + 4 * COUNT)] for i in range(4)], dtype=object)
    return {
        "x": names("x", 5), "g": names("g", 5), "d": names("d", 6), "vec": names("vec", 2, 5), "scal": scal, "sums": names("sum", 4, 4),
        "coef": names("coef", 4, 6), "out": np.zeros((4, 3), dtype=object),
    }  # fmt: skip


def run(kernel: Any, e: dict[str, Any]) -> None:
    """An elementwise kernel over both blocks; its summands are added up."""
    first, e["out"][...] = 0, 0
    for block, (lo, hi) in enumerate(BLOCKS, 1):
        part = e["out"][:, first : first + hi - lo]
        symbolic(kernel)(block, lo, hi, lo + AT, e["x"], e["g"], e["d"], 1, e["vec"], e["coef"], part)
        e["sums"][block] = part.sum(axis=1)
        first += hi - lo


def elements(form: str, stored: bool, t: int) -> tuple[dict[str, Any], list[tuple[Any, Any]]]:
    """begin and terms, and what they should have made of the first numbers, the coefficients and the sums."""
    e, hyp = state(), hyper(form)
    want = e["scal"].copy()
    symbolic(mechanic.mechanic_begin)(1, 3, t, None, e["sums"], e["scal"], hyp, e["coef"])
    if t == 0:
        first_s, first_m = (s_init if form == "optax" else 0), (FLOOR if form == "torch" else 0)
        want[1, 2], want[1, 4 : 4 + COUNT], want[1, 4 + COUNT : 4 + 2 * COUNT] = COUNT * first_s, first_s, first_m
    run(mechanic.stored_terms if stored else mechanic.recomputed_terms, e)
    shift, scale = (lr if form == "torch" else 0), want[1, 2]
    sums = []
    for lo, hi in BLOCKS:
        row = [sp.S(0)] * 4
        for k in range(lo, hi):
            x, g, y = e["x"][k], e["g"][k], e["x"][k] - shift * e["d"][k + AT]
            delta = e["vec"][1, k] if stored else 0 if t == 0 else (x - e["vec"][0, k]) / (scale + eps)
            row = [a + b for a, b in zip(row, (delta * g, delta * y, g**2, y**2), strict=True)]
        sums.append(row)
    coefficients = [[scale + eps, 1 if t == 0 else 0, shift, lr]] * 2
    return e, [(e["scal"], want), (e["coef"][1:3, 1:5], coefficients), (e["sums"][1:3], sums)]


def begun() -> Outcome:
    """begin and terms in every form, Delta stored or recomputed, at the first step and at a later one."""
    cases = [(form, stored, t) for form in FORMS for stored in (True, False) for t in (0, 2)]
    return counted([equal(elements(*case)[1]) for case in cases])


def begun_wrongly() -> Outcome:
    """The sums of the reference form for those of torch's."""
    return equal([(elements("reference", True, 2)[0]["sums"], elements("torch", True, 2)[0]["sums"])])


def decided(form: str, doubled: int = 1) -> Outcome:
    """decide in an arbitrary state of positive numbers: feedback, bets, scale, rate."""
    e, hyp = state(), hyper(form)
    old = e["scal"].copy()
    rate = symbolic(mechanic.mechanic_decide)(1, 3, 2, None, e["sums"], e["scal"], hyp, e["coef"])
    inner, along, g2, y2 = (e["sums"][1, j] + e["sums"][2, j] for j in range(4))
    before = old[1, 2]
    h = inner + decay * before * sp.sqrt(g2) / (sp.sqrt(y2) + eps) * along
    want, scales = old.copy(), []
    want[1, 1], want[1, 3] = h, before
    for i in range(COUNT):
        s, m, v, r = (old[1, 4 + j * COUNT + i] for j in range(4))
        beta = BETA[i]
        seen = sp.Min(sp.Max(h, -m), m) if form == "optax" else h
        reward = beta * r - doubled * s * seen
        reward = reward if form == "optax" else sp.Max(0, reward)
        largest = sp.Max(beta * m, sp.Abs(h) + (eps if form == "optax" else 0))
        squares = beta**2 * v + h**2
        scales.append((s_init * largest / COUNT + sp.Max(0, reward)) / (sp.sqrt(squares) + eps))
        for j, value in enumerate((scales[i], largest, squares, reward)):
            want[1, 4 + j * COUNT + i] = value
    want[1, 2] = sum(scales)
    return entries([(e["scal"], want), ([rate], [lr * sum(scales)]), (e["coef"][1:3, 5], [sum(scales)] * 2)])


def entries(pairs: Any) -> Outcome:
    """Arrays that hold the same expressions: minima and maxima need no rewriting."""
    arrays = [(np.asarray(found, dtype=object).ravel(), np.asarray(expected, dtype=object).ravel()) for found, expected in pairs]
    return same([pair for found, expected in arrays for pair in zip(found, expected, strict=True)])


def moved(turned: int = 1) -> Outcome:
    """The moves: x_ref kept at the first step, Delta - lr d, x_ref + max(S, 0) Delta; nothing else."""
    outcomes = []
    for stored in (True, False):
        for first in (0, 1):
            e = state()
            scale, divisor = sp.Symbol("S", positive=True), sp.Symbol("divisor", positive=True)
            e["coef"][:, 1], e["coef"][:, 2], e["coef"][:, 4], e["coef"][:, 5] = divisor, sp.S(first), lr, scale
            want_x, want = e["x"].copy(), e["vec"].copy()
            run(mechanic.stored_move if stored else mechanic.recomputed_move, e)
            for k in range(BLOCKS[0][0], BLOCKS[-1][1]):
                want[0, k] = want_x[k] if first else want[0, k]
                old = want[1, k] if stored else (want_x[k] - want[0, k]) / divisor
                delta = old - lr * e["d"][k + AT]
                want[1, k] = delta if stored else want[1, k]
                want_x[k] = want[0, k] + turned * scale * delta
            outcomes.append(equal([(e["x"], want_x), (e["vec"], want)]))
    return counted(outcomes)


def below() -> Outcome:
    """A scale below 0 moves as 0 does, a divisor 0 gives 0, and a feedback that is not finite is reported with status 2."""
    place, other = reals("p q")
    scal, sums = np.zeros((1, 4 + 4 * COUNT)), np.full((1, 4), np.nan)
    mechanic.mechanic_decide(0, 1, 1, None, sums, scal, np.array([float(v) for v in numbers()]), np.zeros((1, 6)))
    fine = np.zeros((1, 4 + 4 * COUNT))
    mechanic.mechanic_decide(0, 1, 1, None, np.ones((1, 4)), fine, np.array([float(v) for v in numbers()]), np.zeros((1, 6)))
    return both(
        identities([(symbolic(mechanic.placed)(place, -1, other), place), (symbolic(mechanic.recomputed)(place, other, sp.S(0)), 0)]),
        equal([([sp.Integer(int(scal[0, 0])), sp.Integer(int(fine[0, 0]))], [int(Status.NONFINITE_FEEDBACK), 0])]),
    )


def numbers() -> tuple[float, ...]:
    """The hyper-parameters of the reference form."""
    return tuple(mechanic.Mechanic(num_betas=COUNT).hyper())


ANY = ("any state of positive scalars, blocks of one and two elements, two discounts", "finite numbers")
STEPS = [
    Step(
        id="mechanic.step.1", says="begin and terms, every form: first s, m and S; <Delta, g>, <Delta, y>, |g|^2, |y|^2 with y = x, or "
        "x + u "
        "in torch's form; Delta stored or (x-x_ref)/(S+eps), 0 at step 0", method="algebra", check=begun,
        formulas=(mechanic.mechanic_begin, mechanic.summands, mechanic.stored_terms, mechanic.recomputed_terms, mechanic.recomputed, *SAME),
        assumes=ANY, control=Control("the sums of another form", begun_wrongly),
    ),
    Step(
        id="mechanic.step.2", says="decide, every form: h, m, v, r, s, S as in the equations; the rate is lr S", method="algebra",
        check=lambda: counted([decided(form) for form in FORMS]),
        formulas=(mechanic.mechanic_decide, mechanic.feedback, mechanic.largest_after, mechanic.squares_after, mechanic.reward_after,
        mechanic.bet, *SAME), assumes=ANY, control=Control("twice the reward", lambda: decided("reference", 2)),
    ),
    Step(
        id="mechanic.step.3", says="the moves: x_ref = x at step 0, Delta <- Delta - lr d, x <- x_ref + max(S, 0) Delta", method="algebra",
        check=lambda: both(moved(), below()),
        formulas=(mechanic.stored_move, mechanic.recomputed_move, mechanic.placed, mechanic.recomputed,
        mechanic.mechanic_decide, *SAME), assumes=ANY, control=Control("x_ref - S Delta", lambda: moved(-1)),
    ),
]  # fmt: skip
THEOREMS = {"mechanic.step": "the kernels compute the equations of the theory page in all three forms, in any state"}
