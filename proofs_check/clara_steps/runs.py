"""T12, T16, T17: what CLARA does to the iterates: invariances, stability in one dimension, how far Adam-CLARA can go."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import arb

from lra_ref.directions.norms import unit
from lra_ref.formulas import average, descend, read
from lra_ref.rates.clara import clara_decide, clara_move_plain, clara_move_unit, clara_terms, multiplier
from lra_ref.rates.clara_laws import independent_mean
from lra_ref.rates.clara_reference import PUBLISHED_ADAM
from proofs_check.algebra import holds_at, identities, reals, symbolic
from proofs_check.clara_steps.null import inner
from proofs_check.clara_steps.rate import UNIT
from proofs_check.clara_steps.readings import GAIN, C, Grades, elements, names, polynomials
from proofs_check.decision import Reals
from proofs_check.facts import SCALED_ROUNDING
from proofs_check.graded import graded, homogeneous
from proofs_check.intervals import ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, counted


# --- T12 ---------------------------------------------------------------------------------------------------------------------------------
def scaled_unit(power: int = 1) -> Outcome:
    """unit(s h, |s h|) = unit(h, |h|) for s > 0."""
    s, root = reals("s root", positive=True)
    h = sp.Symbol("h", real=True)
    scale, f = sp.Symbol("scale", positive=True), elements(unit)
    return identities([(f(s * h, scale, s**power * scale * root), h / root), (f(h, scale, scale * root), h / root)])


def same_bits(move: Any = clara_move_unit) -> Outcome:
    """One step of the kernels from a state that does not scale, along directions of degree 1, K = 2 blocks of one element."""

    def run() -> list[tuple[str, Any, int]]:
        x, path, h = graded(0, 2), graded(0, 1, 2), graded(1, 2)
        scal, sums, coef, out = np.zeros((2, 3), dtype=object), graded(0, 2, 4), graded(0, 2, 5), np.zeros((3, 2), dtype=object)
        scal[0, 1] = graded(0)
        hyp = [graded(0), graded(0), graded(0), 0, graded(0), 1, 1, 0, 1, graded(0)]
        for k in (0, 1):
            read(clara_terms, Grades())(k, k, k + 1, k, x, None, h, 1, path, coef, out[:, k : k + 1])
            sums[k, :3] = out[:, k]
        coef[:, 0] = read(clara_decide, Grades())(0, 2, 1, None, sums, scal, hyp, coef)
        for k in (0, 1):
            read(move, Grades())(k, k, k + 1, k, x, None, h, 1, path, coef, out[:, k : k + 1])
        return [("eta", scal[0, 1], 0), *(("x", v, 0) for v in x), *(("p", v, 0) for v in path[0])]

    return homogeneous(run)


def turned(scale: int = 1) -> Outcome:
    """Step and path of Q a are Q times those of a, and <Qa, Qb> = a' (Q'Q) b, for any matrix Q; Q'Q = I if Q is orthogonal."""
    out = []
    for dim in (2,):
        turn = sp.Matrix(names("q", dim, dim))
        p, u, x = (list(names(n, dim)) for n in "pux")

        def moved(a: Any, b: Any) -> list[Any]:
            return [symbolic(average)(i, j, 1 - C, C) for i, j in zip(a, b, strict=True)]

        def stepped(a: Any, b: Any) -> list[Any]:
            return [symbolic(descend)(i, GAIN, j) for i, j in zip(a, b, strict=True)]

        pairs = []
        for f, a, b in ((moved, p, u), (stepped, x, u)):
            pairs += list(zip(turn * sp.Matrix(f(a, b)), f(turn * sp.Matrix(a), turn * sp.Matrix(b)), strict=True))
        gram = (sp.Matrix(p).T * (turn.T * turn) * sp.Matrix(u))[0]
        out.append(polynomials([*pairs, (inner(turn * sp.Matrix(p), turn * sp.Matrix(u)), scale * gram)]))
    return counted(out)


def only_the_last(c: Any = 1) -> Outcome:
    """c = 1: p = u, |p|^2 = 1 = mu, and the multiplier is 1."""
    p, u = reals("p u")
    one = sp.Integer(c) if isinstance(c, int) else c
    mean = symbolic(independent_mean)(one, 3)
    return identities([(symbolic(average)(p, u, 1 - one, one), u), (mean, 1), (symbolic(multiplier)(sp.S(1), mean, GAIN), 1)])


T12 = [
    Step(
        id="clara.T12.1",
        says="u(s h) = u(h) for s > 0; x, p and eta of a step depend on h through u alone (U1), so a run is unchanged under F -> s F "
        "and F + const",
        method="algebra", check=scaled_unit, formulas=(unit,), uses=("clara.U1",),
        assumes=("unit step, direction of SGD", "|h_k| >= 1e-12 on both runs", "exact arithmetic"),
        control=Control("|s h| = s^2 |h|", lambda: scaled_unit(2)),
    ),
    Step(
        id="clara.T12.2",
        says="s a power of 2: in every operation of a step sums and comparisons take numbers that scale alike, roots even powers, and "
        "x, p, eta do not scale: the same bits",
        method="algebra", check=same_bits, formulas=(clara_terms, clara_decide, clara_move_unit, average, descend, multiplier),
        uses=("clara.T12.1",), facts=(SCALED_ROUNDING,),
        assumes=(
            "unit step, direction of SGD", "elements of ordinary size and |h_k| >= 1e-12 on both runs", "no overflow or underflow",
            "lr_min = 0",
        ),
        control=Control("plain steps, whose length scales", lambda: same_bits(clara_move_plain)),
    ),
    Step(
        id="clara.T12rot.1",
        says="global norm: step and path commute with every matrix Q, and |Qp|^2 = p' (Q'Q) p = |p|^2 for Q orthogonal, so x_t -> Q "
        "x_t, eta_t unchanged (D = 2 written out)",
        method="algebra", check=turned, formulas=(average, descend), uses=("clara.U1",),
        assumes=("unit step, direction of SGD: the gradient of F(Q'x) at Qx is Q times that of F at x", "exact arithmetic"),
        control=Control("<Qa, Qb> = 2 a' (Q'Q) b", lambda: turned(2)),
    ),
    Step(
        id="clara.T12c.1", says="c = 1: p_t = u_t, |p_t|^2 = 1 = mu, every multiplier is 1", method="algebra", check=only_the_last,
        formulas=(average, multiplier, independent_mean), uses=("clara.U1",), assumes=(UNIT,),
        control=Control("c = 1/2", lambda: only_the_last(sp.Rational(1, 2))),
    ),
]  # fmt: skip


# --- T16, T17 ----------------------------------------------------------------------------------------------------------------------------
def one_dimension(largest: Any = 2) -> Outcome:
    """|x| <= E eta, 1 <= E <= 2, and a multiplier m >= 1/E give |x'| <= E m eta; x* = 0, u = sign x."""
    real = Reals()
    x, eta, e, m = real("x eta E m")
    after = real.reading(descend)(x, eta, real.sign(x))
    return real.always(real.abs(after) <= e * m * eta, given=[eta > 0, e >= 1, e <= largest, m * e >= 1, real.abs(x) <= e * eta])


def batches(rest: int = 0) -> Outcome:
    """Rows and steps of the data sets: n - ceil(n/5) training rows, ceil(rows/128) batches, 100 epochs; sizes of W and b."""
    from experiments.clara_claims.adam import BLOCKS
    from experiments.clara_claims.runs_of_x import TABULAR

    known = {"iris": (150, 4, 3), "wine": (178, 13, 3), "breast_cancer": (569, 30, 2), "digits": (1797, 64, 10)}
    out = []
    for name, (samples, features, classes) in known.items():
        size, rows, _ = TABULAR[name]
        steps = {"iris": 100, "wine": 200, "breast_cancer": 400, "digits": 1200}[name]
        out.append(holds_at(sp.And(
            sp.Eq(rows, samples - sp.ceiling(sp.Rational(samples, 5))), sp.Eq(size, (features + 1) * classes),
            sp.Eq(sum(BLOCKS[name]), size), sp.Eq(100 * sp.ceiling(sp.Rational(rows, 128)) + rest, steps),
        )))  # fmt: skip
    return counted(out)


def reach(shift: Any = 0) -> Outcome:
    """multiplier(1, mu, d)^steps lies within half a unit of the last digit of the printed factor."""
    from experiments.clara_claims.runs_of_x import TABULAR

    grow, half = enclosing(multiplier), ball("0.005")
    out = []
    for size, rows, printed in TABULAR.values():
        steps, mean = 100 * -(-rows // 128), ball(str(PUBLISHED_ADAM[size][0]))
        middle = ball(str(printed)) + shift
        out.append(encloses(lambda m=mean, n=steps: grow(arb(1), m, ball("1/1000")) ** n, middle - half, middle + half))
    return counted(out)


T16 = [
    Step(
        id="clara.T16.1",
        says="|x - x*| <= E eta, E = e^d <= 2, m >= 1/E (T9) give |x - eta sign(x - x*) - x*| <= E m eta; induction on t",
        method="decision", check=one_dimension, formulas=(descend,), uses=("clara.T9.3", "clara.U1.3"),
        assumes=("one dimension, sign F' = sign(x - x*), unit step", "d <= ln 2", "|F'| >= 1e-12 or x = x*, where u = 0"),
        control=Control("e^d up to 3", lambda: one_dimension(3)),
    ),
    Step(
        id="clara.T17.1",
        says="100 epochs of batch 128 on 120, 142, 455, 1437 training rows, last partial batch kept, are 100, 200, 400, 1200 steps; "
        "sizes 15, 42, 62, 650",
        method="algebra", check=batches, assumes=("the test set has ceil(n/5) rows",),
        control=Control("one more step", lambda: batches(1)),
    ),
    Step(
        id="clara.T17.2",
        says="e^(d(1/mu-1)T), d = 1/1000, published mu: 1.05 (iris), 1.10 (wine), 1.20 (breast cancer), 1.75 (digits), each within 0.005",
        method="intervals", check=reach, formulas=(multiplier,), uses=("clara.T9.3", "clara.T17.1"),
        assumes=("the factors as printed to two decimals: wine is 1.1001 and breast cancer 1.2017 to four",),
        control=Control("0.01 more", lambda: reach(ball("0.01"))),
    ),
]  # fmt: skip

STEPS = [*T12, *T16]
THEOREMS = {
    "clara.T12": "Unit steps, SGD: x_t and eta_t do not change under F -> s F, s > 0, and F + const",
    "clara.T12rot": "Global norm, unit steps, SGD: x_t -> Q x_t under orthogonal maps, eta_t unchanged",
    "clara.T12c": "c = 1: eta is constant",
    "clara.T16": "One dimension, sign F' = sign(x - x*), unit step, d <= ln 2: |x_0 - x*| <= e^d eta_0 implies |x_t - x*| <= e^d eta_t",
    "clara.T17": "Published table, d = 1/1000, 100 epochs of batch 128: eta grows at most by 1.05, 1.10, 1.20, 1.75 (to two decimals)",
}
