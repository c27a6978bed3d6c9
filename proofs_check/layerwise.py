"""Proof steps of the layer-wise steps; the statements and their proofs in words are on the theory page ``docs/theory/layerwise.md``."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import sympy as sp

from experiments.layerwise import sum_hvp, sum_value
from lra_ref.arithmetic import quotient
from lra_ref.formulas import descend
from lra_ref.methods.layerwise import (
    damped,
    layer_rate,
    layerwise_aim,
    layerwise_decide,
    layerwise_terms,
    measured,
    stop_code,
    unusable,
)
from lra_ref.parts import move_along
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ
from proofs_check.steps import Control, Outcome, Step, both, counted, opposite

KERNELS = (layerwise_aim, layerwise_terms, layerwise_decide, layer_rate, damped, quotient, measured, unusable, stop_code, move_along)


# --- the kernels ----------------------------------------------------------------------------------------
def played(g: Any, H: Any, offsets: list[int], hyper: tuple[Any, ...]) -> tuple[Any, Any]:
    """(change of x, status) of the kernels for a gradient and a Hessian of exact numbers or symbols."""
    n, dim = len(offsets) - 1, len(g)
    x, g = np.array([sp.Integer(0)] * dim, dtype=object), np.array(g, dtype=object)
    vec, coef = np.array([[sp.Integer(9)] * dim] * n, dtype=object), np.array([[sp.Integer(0)]] * n, dtype=object)
    for s, (lo, hi) in enumerate(pairwise(offsets)):
        symbolic(layerwise_aim)(s, lo, hi, 0, x, g, g, None, vec, coef, None)
    q, sums = np.array([[sum(H[i][j] * row[j] for j in range(dim)) for i in range(dim)] for row in vec], dtype=object), []
    for s, (lo, hi) in enumerate(pairwise(offsets)):
        out = np.array([[sp.Integer(0)] * dim] * 2, dtype=object)
        symbolic(layerwise_terms)(s, lo, hi, 0, x, g, g, q, vec, coef, out)
        sums.append([sum(out[j, : hi - lo]) for j in range(2)])
    scal = np.array([[sp.Integer(0)] * 4] * n, dtype=object)
    symbolic(layerwise_decide)(0, n, 0, None, np.array(sums, dtype=object), scal, hyper, coef)
    for s, (lo, hi) in enumerate(pairwise(offsets)):
        symbolic(move_along)(s, lo, hi, 0, x, g, g[lo:hi], q, vec, coef, None)
    return x, scal


def kernels(factor: int = 0) -> Outcome:
    """x_l moves by -|g_l|^2/(n <g_l, H_ll g_l> + eps) g_l, and the scalars say so."""
    dim, offsets = 3, [0, 1, 3]
    g = reals("g1 g2 g3", positive=True)
    h = {(i, j): sp.Symbol(f"h{i}{j}", positive=True) for i in range(dim) for j in range(i, dim)}
    H = [[h[min(i, j), max(i, j)] for j in range(dim)] for i in range(dim)]
    n, eps = sp.Integer(2 + factor), reals("eps", positive=True)
    x, scal = played(g, H, offsets, (sp.Integer(2), eps, 0))
    pairs = []
    for s, (lo, hi) in enumerate(pairwise(offsets)):
        norm2 = sum(g[i] ** 2 for i in range(lo, hi))
        c = sum(g[i] * H[i][j] * g[j] for i in range(lo, hi) for j in range(lo, hi))
        rate = norm2 / (n * c + eps)
        pairs += [(x[i], -rate * g[i]) for i in range(lo, hi)]
        pairs += [(scal[s, 1], rate), (scal[s, 2], c), (scal[s, 3], norm2)]
    return identities([*pairs, (scal[0, 0], 0)])


def statuses(shift: int = 0) -> Outcome:
    """Negative and flat curvature, a gradient that is 0, absolute values: rate and status, in exact numbers."""
    one = sp.Integer(1)
    cases = [
        # gradient, curvature, (factor, eps, absolute) -> change of x, status
        (one, -one, (2, 0, 0), one / 2, 10), (one, -one, (2, 0, 1), -one / 2, 0), (one, 0 * one, (2, 0, 0), 0, 10),
        (one, 0 * one, (2, 4, 0), -one / 4, 0), (0 * one, one, (2, 0, 0), 0, 0), (0 * one, -one, (2, 0, 0), 0, 0),
        (one, -one, (2, 5, 0), -one / 3, 0), (2 * one, 3 * one, (2, 1, 1), -sp.Rational(8, 25), 0), (one, 0 * one, (2, 0, 1), 0, 10),
    ]  # fmt: skip
    found = []
    for g, c, hyper, move, status in cases:
        x, scal = played([g], [[c]], [0, 1], tuple(map(sp.Integer, hyper)))
        found.append(identities([(x[0], move), (scal[0, 0], status + shift), (scal[0, 2], g * c * g)]))
    return counted(found)


# --- L1 ---------------------------------------------------------------------------------------------------
def expansion(weight: int = 1) -> Outcome:
    """F+ - F on blocks of one and two coordinates: first for any change v of x, then for v_l = -eta_l g_l; F = x'Hx/2, g = Hx."""
    offsets = [0, 1, 3]
    dim, n = 3, len(offsets) - 1
    x, v, g, eta = (reals(" ".join(f"{name}{i}" for i in range(dim))) for name in "xvge")
    H = sp.Matrix(dim, dim, lambda i, j: sp.Symbol(f"h{min(i, j)}{max(i, j)}", real=True))
    point, change = sp.Matrix(x), sp.Matrix(v)

    def value(at: Any) -> Any:
        return (at.T * H * at)[0] / 2

    taylor = identity(value(point + change), value(point) + (H * point).dot(change) + value(change))
    block = [s for s, (lo, hi) in enumerate(pairwise(offsets)) for _ in range(lo, hi)]
    step = sp.Matrix([symbolic(descend)(sp.Integer(0), eta[block[i]], g[i]) for i in range(dim)])
    part = [sp.Matrix([g[i] if block[i] == s else 0 for i in range(dim)]) for s in range(n)]
    linear = sum(eta[s] * part[s].dot(part[s]) for s in range(n))
    quadratic = sum(eta[s] * eta[t] * (part[s].T * H * part[t])[0] for s in range(n) for t in range(n))
    return both(taylor, identity(sp.Matrix(g).dot(step) + value(step), -linear + weight * quadratic / 2))


def pairs_of_blocks(weight: int = 1) -> Outcome:
    """n sum q_ll - sum_{l,m} q_lm = sum_{l<m} (q_ll + q_mm - 2 q_lm), by induction on n, and written out for n = 1..5.

    S = sum_{l<=n} q_ll, T = sum_{l<m<=n} q_lm; block n+1 adds Q to S, R = sum_l q_{l,n+1} to T, and the pairs of n+1 to the right side.
    """
    S, T, Q, R, n = reals("S T Q R n")

    def left(n: Any, S: Any, T: Any) -> Any:
        return n * S - S - 2 * T

    step = identity(left(n + 1, S + Q, T + R) - left(n, S, T), S + weight * n * Q - 2 * R)
    out = [step]
    for size in range(1, 6):
        q = {(i, j): sp.Symbol(f"q{i}{j}", real=True) for i in range(size) for j in range(i, size)}
        whole = size * sum(q[i, i] for i in range(size)) - sum(q[min(i, j), max(i, j)] for i in range(size) for j in range(size))
        out.append(identity(whole, sum(((q[i, i] + q[j, j] - 2 * q[i, j]) for i, j in combinations(range(size), 2)), sp.Integer(0))))
    return both(*out)


def pair_not_negative(weight: int = 2) -> Outcome:
    """q_ll + q_mm - 2 q_lm >= 0 where q_lm^2 <= q_ll q_mm (H positive semidefinite)."""
    real = Reals()
    a, b, c = real("qll qmm qlm")
    return real.always(a + b - weight * c >= 0, given=[a >= 0, b >= 0, c * c <= a * b])


def one_block(share: int = 1) -> Outcome:
    """-eta |g|^2 + (n/2) eta^2 c <= -eta |g|^2/2 and eta |g|^2 = |g|^4/(n c + eps), eta from the formula."""
    real = Reals()
    norm2, c, n, eps, eta = real("N c n eps eta")
    given = [norm2 >= 0, c >= 0, n > 0, eps >= 0, n * c + eps > 0]
    formula = real.always(real.reading(layer_rate)(norm2, c, n, eps) * (n * c + eps) == norm2, given=given)
    bound = real.always(
        2 * (-eta * norm2) + n * eta * eta * c <= -share * eta * norm2, given=[*given, eta * real.reading(damped)(c, n, eps) == norm2]
    )
    return both(formula, bound)


def from_ones(factor: Any, dim: int = 3) -> tuple[Any, Any]:
    """F before and after one step on (x_1 + ... + x_D)^2/2 at (1, ..., 1), one coordinate per block, through the kernels."""
    x, g, offsets = np.array([sp.Integer(1)] * dim, dtype=object), np.array([sp.Integer(0)] * dim, dtype=object), list(range(dim + 1))
    before = symbolic(sum_value)(0, dim, x, None, None, None, g)
    H = []
    for k in range(dim):
        column = np.array([sp.Integer(0)] * dim, dtype=object)
        symbolic(sum_hvp)(0, dim, x, np.array([sp.Integer(j == k) for j in range(dim)], dtype=object), None, None, None, column)
        H.append(list(column))
    change, _ = played(list(g), H, offsets, (sp.sympify(factor), sp.Integer(0), 0))
    return sp.nsimplify(before), sp.nsimplify(symbolic(sum_value)(0, dim, x + change, None, None, None, g))


def attained(factor: Any = 1) -> Outcome:
    """H all ones, n = 3, x = (1, 1, 1): |g_l|^2 = c_l = 9, the decrease 1/2 sum 81/27 = 9/2 is that of L1."""
    before, after = from_ones(3)
    return identities([(before - after, factor * sp.Rational(3 * 81, 2 * 27)), (before, sp.Rational(9, 2))])


def half_factor(share: Any = 2) -> Outcome:
    """eta f c = |g|^2, f >= n/2: -eta |g|^2 + (n/2) eta^2 c <= 0, eta from the formula with eps = 0."""
    real = Reals()
    norm2, c, n, f, eta = real("N c n f eta")
    given = [norm2 >= 0, c > 0, n > 0, f > 0, share * f >= n, eta * real.reading(damped)(c, f, 0) == norm2]
    return real.always(2 * (-eta * norm2) + n * eta * eta * c <= 0, given=given)


def rises_below(tenths: int = 14) -> Outcome:
    """H all ones, three blocks: F does not fall with a factor below 3/2."""
    before, after = from_ones(sp.Rational(tenths, 10))
    return holds_at(after > before)


# --- L2, L3, the counterexample -----------------------------------------------------------------------------
def two_blocks(factor: int = 1) -> Outcome:
    """eta_l c_l = |g_l|^2, h^2 <= c_1 c_2: -sum eta_l |g_l|^2 + 1/2 sum eta_l^2 c_l + eta_1 eta_2 h <= 0."""
    real = Reals()
    n1, n2, c1, c2, e1, e2, h = real("N1 N2 c1 c2 e1 e2 h")
    given = [n1 >= 0, n2 >= 0, c1 > 0, c2 > 0, e1 * c1 == n1, e2 * c2 == n2, h * h <= c1 * c2]
    return real.always(-2 * e1 * n1 - 2 * e2 * n2 + e1 * e1 * c1 + e2 * e2 * c2 + 2 * factor * e1 * e2 * h <= 0, given=given)


def exact_search(factor: int = 1) -> Outcome:
    """n = 1, eps = 0: eta |g|^2 - eta^2 c/2 = |g|^4/(2c), the largest over eta."""
    norm2, c, eta = reals("N c eta", positive=True)
    rate = symbolic(layer_rate)(norm2, c, sp.Integer(1), sp.Integer(0))
    gain = eta * norm2 - eta**2 * c / 2
    return identities([(gain.subs(eta, rate), factor * norm2**2 / (2 * c)), (gain.subs(eta, rate) - gain, c / 2 * (eta - rate) ** 2)])


def never_rises(factor: int) -> Outcome:
    """F(x+) <= F(x) on the counterexample."""
    before, after = from_ones(factor)
    return both(holds_at(after <= before), identity(before, sp.Rational(9, 2)))


def to_eighteen() -> Outcome:
    """F goes from 9/2 to 18."""
    before, after = from_ones(1)
    return identities([(before, sp.Rational(9, 2)), (after, 18)])


QUADRATIC = "F a quadratic with a positive semidefinite Hessian H"
THEOREMS = {
    "layerwise.L1": "F a convex quadratic, eta_l = |g_l|^2/(n c_l + eps): F(x+) - F(x) <= -1/2 sum_l |g_l|^4/(n c_l + eps), attained",
    "layerwise.L2": "the same with a factor f >= n/2 in place of n (two blocks: none), eps = 0: F(x+) <= F(x); below n/2 it can rise "
    "(n = 3, f = 1.4)",
    "layerwise.L3": "one block, eps = 0: the exact line search along the gradient, F(x) - F(x+) = |g|^4/(2 <g, H g>)",
    "layerwise.L1undamped": "three blocks without the factor n: F can rise, from 4.5 to 18",
}
STEPS = [
    Step(
        id="layerwise.L1.1", method="algebra", check=lambda: both(kernels(), statuses()), formulas=KERNELS,
        says="the kernels move x_l by -|g_l|^2/(n <g_l, H_ll g_l> + eps) g_l; without positive curvature they stop, g_l = 0 stays "
        "(two blocks, of one and of two coordinates)",
        control=Control("n + 1 in place of n", lambda: kernels(1)),
    ),
    Step(
        id="layerwise.L1.2", method="algebra", check=expansion, formulas=(descend,), uses=("layerwise.L1.1",), assumes=("F a quadratic",),
        says="F(x+) - F(x) = -sum eta_l |g_l|^2 + 1/2 sum_{l,m} eta_l eta_m <g_l, H_lm g_m> (blocks of one and two "
        "coordinates written out)",
        control=Control("twice the second sum", lambda: expansion(2)),
    ),
    Step(
        id="layerwise.L1.3", method="algebra", check=pairs_of_blocks,
        says="n sum q_ll - sum_{l,m} q_lm = sum_{l<m} (q_ll + q_mm - 2 q_lm), q_lm = eta_l eta_m <g_l, H_lm g_m>, for every n",
        control=Control("the new block counted twice", lambda: pairs_of_blocks(2)),
    ),
    Step(
        id="layerwise.L1.4", method="decision", check=pair_not_negative, facts=(CAUCHY_SCHWARZ,), assumes=(QUADRATIC,),
        says="q_ll + q_mm - 2 q_lm >= 0, so sum_{l,m} q_lm <= n sum q_ll", control=Control("3 q_lm", lambda: pair_not_negative(3)),
    ),
    Step(
        id="layerwise.L1.5", method="decision", check=one_block, formulas=(layer_rate, damped, quotient),
        uses=("layerwise.L1.2", "layerwise.L1.3", "layerwise.L1.4"),
        says="-eta |g|^2 + (n/2) eta^2 c <= -eta |g|^2/2 = -1/2 |g|^4/(n c + eps) for every block; the sum over l is L1",
        control=Control("the whole of eta |g|^2", lambda: one_block(2)),
    ),
    Step(
        id="layerwise.L1.6", method="algebra", check=attained, formulas=(layer_rate, damped),
        says="H all ones, three blocks, x = (1,1,1): the decrease is 9/2, that of L1",
        control=Control("1.25 times", lambda: attained(sp.Rational(5, 4))),
    ),
    Step(
        id="layerwise.L2.1", method="decision", check=half_factor, formulas=(damped,), assumes=(QUADRATIC, "c_l > 0"),
        uses=("layerwise.L1.2", "layerwise.L1.3", "layerwise.L1.4"),
        says="-eta |g|^2 + (n/2) eta^2 c <= 0 for every block if eta = |g|^2/(f c), f >= n/2; the sum over l is L2",
        control=Control("f >= n/3", lambda: half_factor(3)),
    ),
    Step(
        id="layerwise.L2.2", method="algebra", check=rises_below, formulas=(layer_rate, damped),
        says="H all ones, three blocks, x = (1,1,1), factor 1.4 < 3/2: F rises",
        control=Control("factor 3/2", lambda: rises_below(15)),
    ),
    Step(
        id="layerwise.L2.3", method="decision", check=two_blocks, facts=(CAUCHY_SCHWARZ,), uses=("layerwise.L1.2",), assumes=(QUADRATIC,),
        says="two blocks by themselves: eta_l = |g_l|^2/c_l, <g_1, H_12 g_2>^2 <= c_1 c_2: F(x+) - F(x) <= 0",
        control=Control("twice the term between the blocks", lambda: two_blocks(2)),
    ),
    Step(
        id="layerwise.L3.1", method="algebra", check=exact_search, formulas=(layer_rate, damped, quotient), uses=("layerwise.L1.2",),
        says="n = 1, eps = 0: F(x) - F(x+) = |g|^4/(2c), and c (eta - |g|^2/c)^2/2 less for any other rate",
        control=Control("twice that", lambda: exact_search(2)), assumes=("F a quadratic, c > 0",),
    ),
    Step(
        id="layerwise.L1undamped.1", method="algebra", check=lambda: both(opposite(never_rises(1)), to_eighteen()),
        formulas=(layer_rate, damped),
        says="H all ones, three blocks, x = (1,1,1), no factor n: x+ = (-2,-2,-2), F from 4.5 to 18",
        control=Control("with the factor n", lambda: opposite(never_rises(3))),
    ),
]  # fmt: skip
