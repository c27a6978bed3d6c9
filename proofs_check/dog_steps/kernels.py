"""What one step of the kernels does to an arbitrary state: the recursions of the theory page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.arithmetic import finite_or_nan, quotient, total
from lra_ref.formulas import average, descend, square
from lra_ref.rates import dog
from lra_ref.status import Status
from proofs_check.algebra import reals, symbolic
from proofs_check.clara_steps.readings import equal, names
from proofs_check.steps import Control, Outcome, Step, counted

#: two blocks of two elements that start at element 1 of the model; directions are kept from element 2 on
BLOCKS, AT = ((1, 3), (3, 5)), 1
reps_rel, start, eps, gamma, first_square = reals("reps_rel start eps gamma first_square", positive=True)
HYP = [reps_rel, start, eps, gamma, sp.S(0)]


def decided(decide: Callable[..., Any], t: int, hyp: Any = HYP, blocks: tuple[int, int] = (1, 3)) -> dict[str, Any]:
    """terms and decide in an arbitrary state: squared distances and norms of the blocks, scalars before and after, coefficients, rate."""
    x, vec, d = names("x", 6), names("vec", 2, 6), names("d", 6)
    scal = np.array([[sp.Symbol(f"scal{i}{j}", positive=True) for j in range(3)] for i in range(4)], dtype=object)
    sums, coef, out = names("sum", 4, 2), names("coef", 4, 3), np.zeros((2, 4), dtype=object)
    for block, (lo, hi) in enumerate(BLOCKS):
        part = out[:, 2 * block : 2 * block + 2]
        symbolic(dog.dog_terms)(1 + block, lo, hi, lo + AT, x, None, np.concatenate([names("free", 1), d]), 1, vec, coef, part)
        sums[1 + block] = part.sum(axis=1)
    before = scal.copy()
    eta = symbolic(decide)(*blocks, t, None, sums, scal, hyp, coef)
    # element k of the model is direction k - 1 of the buffer behind its one free place and the shift AT
    far = [sum((x[k] - vec[0, k]) ** 2 for k in range(lo, hi)) for lo, hi in BLOCKS]
    long = [sum(d[k + AT - 1] ** 2 for k in range(lo, hi)) for lo, hi in BLOCKS]
    return {"far": far, "long": long, "before": before, "scal": scal, "coef": coef, "eta": eta}


def row(squared: bool, t: int, far: Any, long: Any, before: Any, growth: Any = 1) -> tuple[Any, Any, Any]:
    """(distance, sum, rate) as the theory page says, of dog or (``squared``) dowg."""
    first = reps_rel * (1 + sp.sqrt(far))
    if squared:
        distance = first**2 if t == 0 else sp.Max(before[1], far)
        sum_ = (start if t == 0 else before[2]) + distance * long
    else:
        distance = first if t == 0 else sp.Max(before[1], sp.sqrt(far))
        sum_ = (start if t == 0 else before[2]) + long
    return distance, sum_, growth * distance / (sp.sqrt(sum_) + eps)


def weight(t: int) -> list[Any]:
    """Weight of the average and the mark of the first step."""
    return [(1 + gamma) / (t + 1 + gamma), 1 if t == 0 else 0]


def whole(decide: Callable[..., Any], squared: bool, growth: Any = 1) -> Outcome:
    """One rate for all blocks, at the first step and at a later one."""
    outcomes = []
    for t in (0, 3):
        e = decided(decide, t)
        distance, sum_, rate = row(squared, t, sum(e["far"]), sum(e["long"]), e["before"][1], growth)
        expected = e["before"].copy()
        expected[1, 1:] = [distance, sum_]
        outcomes.append(equal([(e["scal"], expected), ([e["eta"]], [rate]), (e["coef"][1:3, 1:], [weight(t)] * 2)]))
    return counted(outcomes)


def blockwise(growth: Any = 1) -> Outcome:
    """A rate per block, each from its own sums."""
    outcomes = []
    for t in (0, 3):
        e = decided(dog.ldog_decide, t)
        expected, rates = e["before"].copy(), []
        for k in range(2):
            distance, sum_, rate = row(False, t, e["far"][k], e["long"][k], e["before"][1 + k], growth)
            expected[1 + k, 1:] = [distance, sum_]
            rates.append([rate, *weight(t)])
        outcomes.append(equal([(e["scal"], expected), (e["coef"][1:3], rates), ([e["eta"]], [rates[0][0]])]))
    return counted(outcomes)


def given_square(factor: int = 1) -> Outcome:
    """dowg with its first square given, as in optax's form: at step 0 only."""
    e = decided(dog.dowg_decide, 0, [*HYP[:4], first_square])
    sum_ = start + first_square * sum(e["long"])
    expected = e["before"].copy()
    expected[1, 1:] = [factor * first_square, sum_]
    return equal([(e["scal"], expected), ([e["eta"]], [first_square / (sp.sqrt(sum_) + eps)])])


def move(turned: int = 1) -> Outcome:
    """x_0 kept at the first step, the step, the average; nothing else."""
    outcomes = []
    for mark in (0, 1):
        x, vec, d = names("x", 6), names("vec", 2, 6), names("d", 6)
        coef = names("coef", 4, 3)
        coef[:, 2] = sp.S(mark)
        want_x, want_vec = x.copy(), vec.copy()
        for block, (lo, hi) in enumerate(BLOCKS):
            symbolic(dog.dog_move)(1 + block, lo, hi, lo + AT, x, None, np.concatenate([names("free", 1), d]), 1, vec, coef, None)
            eta, share, _ = coef[1 + block]
            for k in range(lo, hi):
                want_vec[0, k] = want_x[k] if mark else want_vec[0, k]
                want_x[k] = want_x[k] - turned * eta * d[k + AT - 1]
                want_vec[1, k] = (1 - share) * want_vec[1, k] + share * want_x[k]
        outcomes.append(equal([(x, want_x), (vec, want_vec)]))
    return counted(outcomes)


def broken(code: int = 3) -> Outcome:
    """The status of a run of ldog: 0 if both rates are finite, NONFINITE_RATE if one of them is not."""
    pairs = [([int(Status.NONFINITE_RATE)], [code])]
    for norms in ((1.0, 1.0), (np.inf, 1.0), (1.0, np.inf)):
        scal, coef = np.zeros((2, 3)), np.zeros((2, 3))
        with np.errstate(invalid="ignore"):
            dog.ldog_decide(0, 2, 0, None, np.array([[1.0, norms[0]], [1.0, norms[1]]]), scal, np.array([1e-6, 1e-8, 0.0, 8.0, 0.0]), coef)
        pairs.append((scal[:, 0], [0 if norms == (1.0, 1.0) else code, 0]))
    return equal([(np.array([sp.Integer(int(v)) for v in found]), expected) for found, expected in pairs])


def alone(factor: int = 1) -> Outcome:
    """ldog on two blocks and dog on either of them alone: the same rows of scalars and the same rate."""
    both_blocks = decided(dog.ldog_decide, 3)
    pairs = []
    for block in (1, 2):
        e = decided(dog.dog_decide, 3, blocks=(block, block + 1))
        pairs += [(both_blocks["scal"][block], e["scal"][block]), ([both_blocks["coef"][block, 0]], [factor * e["eta"]])]
    return equal(pairs)


ANY = ("any state, two blocks of two elements", "finite numbers", "the sum plus eps is not 0")
SHARED = (
    dog.dog_terms, dog.mark, dog.moved, dog.first_distance, dog.farthest, dog.seen_after, dog.over_root, dog.average_weight, square, total,
    quotient, finite_or_nan,
)  # fmt: skip
STEPS = [
    Step(
        id="dog.step.1", says="dog: rbar <- max(rbar, |x-x_0|), G <- G + |d|^2, eta = rbar/(sqrt(G) + eps); at step 0 rbar = reps_rel "
        "(1 + |x_0|), G = start + |d|^2", method="algebra", check=lambda: whole(dog.dog_decide, False),
        formulas=(*SHARED, dog.dog_decide, dog.dog_row), assumes=ANY,
        control=Control("twice the rate", lambda: whole(dog.dog_decide, False, 2)),
    ),
    Step(
        id="dog.step.2", says="ldog: the same for every block with its own sums; a rate that is not finite gives status 3",
        method="algebra",
        check=lambda: counted([blockwise(), broken()]), formulas=(*SHARED, dog.ldog_decide, dog.dog_row, dog.stop_code), assumes=ANY,
        control=Control("twice the rates", lambda: blockwise(2)),
    ),
    Step(
        id="dog.step.3", says="dowg: rbar^2 <- max(rbar^2, |x-x_0|^2), v <- v + rbar^2 |d|^2, eta = rbar^2/(sqrt(v) + eps); the first "
        "square "
        "from |x_0|, or given", method="algebra", check=lambda: counted([whole(dog.dowg_decide, True), given_square()]),
        formulas=(*SHARED, dog.dowg_decide, dog.dowg_row), assumes=ANY,
        control=Control("twice the rate", lambda: whole(dog.dowg_decide, True, 2)),
    ),
    Step(
        id="dog.step.4", says="the move: x_0 kept at step 0, x <- x - eta d, average <- (1 - w) average + w x, w = (1+gamma)/(t+1+gamma)",
        method="algebra", check=move, formulas=(dog.dog_move, descend, average), uses=("dog.step.1",), assumes=ANY[:1],
        control=Control("the step turned around", lambda: move(-1)),
    ),
]  # fmt: skip

THEOREMS = {"dog.step": "the kernels of dog, ldog and dowg compute the recursions of the theory page, in any state"}
