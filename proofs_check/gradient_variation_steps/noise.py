"""X6: what independent noise in the two gradients does to the secant rate. Expectations are linear in the second moments of the noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp

from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import GAUSSIAN_SUM
from proofs_check.gradient_variation_steps.kernels import ETA_0, machine, vector
from proofs_check.intervals import ball, encloses
from proofs_check.steps import Control, Outcome, Result, Step, both, counted

P = "gradient_variation"
DIM, HALF = 2, sp.Rational(1, 2)
Q, H, S2, Y2, M = reals("q h s2 y2 M", positive=True)


def covariance() -> Any:
    """A symmetric matrix of symbols C_ij."""
    return np.array([[sp.Symbol(f"C{min(i, j)}{max(i, j)}", real=True) for j in range(DIM)] for i in range(DIM)], dtype=object)


def expected(polynomial: Any, noises: Sequence[Any], moments: Sequence[Any]) -> Any:
    """E of a polynomial of degree at most 2 in independent centred vectors with these second moments; ``ValueError`` for a higher one."""
    place = {symbol: (k, i) for k, noise in enumerate(noises) for i, symbol in enumerate(noise)}
    symbols = list(place)
    out = sp.Integer(0)
    for powers, coefficient in sp.Poly(sp.expand(polynomial), *symbols).terms():
        factors = [place[symbol] for symbol, power in zip(symbols, powers, strict=True) for _ in range(power)]
        if len(factors) > 2:
            raise ValueError(f"a moment of order {len(factors)} is not known")
        if not factors:
            out += coefficient
        elif len(factors) == 2 and factors[0][0] == factors[1][0]:
            (k, i), (_, j) = factors
            out += coefficient * moments[k][i][j]
    return out


def trace(c: Any) -> Any:
    """V."""
    return sum(c[i][i] for i in range(DIM))


# --- X6 ---------------------------------------------------------------------------------------------------------------
def inverse_square(power: int = 2) -> Outcome:
    """secant^-2 = |y|^2 / |s|^2."""
    return identity(symbolic(gv.secant)(S2, Y2) ** -power, Y2 / S2)


def change_and_noise(weight: int = 2) -> Outcome:
    """E|y|^2 = |Delta|^2 + 2V for the sum of the kernel of a fresh pair, noises of any covariances of trace V."""
    x, before, now, past, n, m = (vector(f"{name}:{DIM}") for name in ("x", "b", "u", "v", "n", "m"))
    at = machine("sgd", "secant", DIM, pair="fresh")
    at.vec[0], at.vec[1] = before, past + m
    y2 = at.summands(x, now + n, now + n, n)[0, 2]
    c = covariance()
    return identity(expected(y2, (n, m), (c, c)), sum((now - past) ** 2) + weight * trace(c))


def lower(weight: int = 2) -> Outcome:
    """(|Delta|^2 + 2V)/|s|^2 >= 2V/|s|^2, with equality for Delta = 0."""
    real = Reals()
    change2, v, s2 = real("change2 v s2")
    given = [change2 >= 0, v >= 0, s2 > 0]
    return real.always((change2 + 2 * v) / s2 >= weight * v / s2, given)


X6 = [
    Step(
        id=f"{P}.X6.1", says="secant^-2 = |y|^2/|s|^2", method="algebra", check=inverse_square, formulas=(gv.secant,),
        assumes=("s and y are not 0",), control=Control("secant^-1", lambda: inverse_square(1)),
    ),
    Step(
        id=f"{P}.X6.2", says="E|y|^2 = |grad F(x_t) - grad F(x_{t-1})|^2 + 2V for the kernel's sum (D = 2, any covariance of trace V)",
        method="algebra", check=change_and_noise, formulas=(gv.fresh_terms, gv.pair_summands),
        assumes=("x_t, x_{t-1} fixed", "both noises centred, independent of each other, each of covariance trace V"),
        control=Control("|Delta|^2 + V", lambda: change_and_noise(1)),
    ),
    Step(
        id=f"{P}.X6.3", says="so E[secant^-2 | s] = (|Delta|^2 + 2V)/|s|^2 >= 2V/|s|^2", method="decision", check=lower,
        uses=(f"{P}.X6.1", f"{P}.X6.2"), control=Control("3V/|s|^2", lambda: lower(3)),
    ),
]  # fmt: skip


# --- X6mean -----------------------------------------------------------------------------------------------------------
def tangent(weight: int = 2) -> Outcome:
    """secant lies above its tangent in |y|^2 at M = k^2: 2 k^3 secant >= |s| (2 k^2 - (|y|^2 - k^2))."""
    real = Reals()
    s, y2, k = real("s y2 k")
    rate = real.reading(gv.secant)(s * s, y2)
    return real.always(weight * k**3 * rate >= s * (2 * k * k - (y2 - k * k)), [s > 0, y2 > 0, k > 0])


def mean_of_tangent(shift: int = 0) -> Outcome:
    """The tangent is linear in |y|^2, so its mean is its value at E|y|^2 = M: the rate of the mean."""
    line = sp.sqrt(S2) * (1 / sp.sqrt(M) - (Y2 - M) / (2 * M ** sp.Rational(3, 2)))
    mean = sum(coefficient * (M + shift) ** power for (power,), coefficient in sp.Poly(line, Y2).terms())
    return both(identity(sp.diff(line, Y2, 2), 0), identity(mean, symbolic(gv.secant)(S2, M)))


def without_zero(spread: int = 1, zero: bool = True) -> Outcome:
    """E secant for 1-D noises of +-1 with no change of the gradient, by the four outcomes: |y| in {0, 2}; at least 1/sqrt(E|y|^2)?"""
    rate = symbolic(gv.secant)
    outcomes = [(n - m) ** 2 for n in (1, -1) for m in (1, -1)] if zero else [sp.Integer(4), sp.Integer(1)]
    values = [rate(sp.Integer(spread), sp.Integer(value)) for value in outcomes]
    mean, moment = sum(values) / len(values), sp.Rational(sum(outcomes), len(outcomes))
    bound = rate(sp.Integer(spread), moment)
    witness = {"E secant": str(mean), "|s|/sqrt(E|y|^2)": str(bound)}
    below = Outcome(Result.REFUTED if mean >= bound else Result.PROVED, witness)
    exact = identity(mean, rate(sp.Integer(spread), sp.Integer(16))) if zero else below
    return below if exact.result is Result.PROVED else exact


X6MEAN = [
    Step(
        id=f"{P}.X6mean.1", says="secant >= |s| (1/sqrt(M) - (|y|^2 - M)/(2 M^(3/2))) for every M > 0: 1/sqrt is convex", method="decision",
        check=tangent, formulas=(gv.secant,), assumes=("y is not 0",), control=Control("half of secant", lambda: tangent(1)),
    ),
    Step(
        id=f"{P}.X6mean.2", says="mean of both sides at M = E|y|^2: E secant >= |s|/sqrt(E|y|^2), and E|y|^2 = |Delta|^2 + 2V",
        method="algebra", check=mean_of_tangent, formulas=(gv.secant,), uses=(f"{P}.X6mean.1", f"{P}.X6.2"),
        assumes=("x_t, x_{t-1} fixed", "y is not 0 with probability 1 (Gaussian noise, for example)"),
        control=Control("E|y|^2 = M + 1", lambda: mean_of_tangent(1)),
    ),
    Step(
        id=f"{P}.X6mean.3",
        says="the assumption is needed: noises +-1 with Delta = 0, where the formula is 0 at y = 0, have E secant = |s|/4 < "
        "|s|/sqrt(E|y|^2)",
        method="algebra", check=without_zero, formulas=(gv.secant,),
        control=Control("|y| in {1, 2}, for which the bound holds", lambda: without_zero(1, False)),
    ),
]  # fmt: skip


# --- X6sgd ------------------------------------------------------------------------------------------------------------
def along_sgd() -> tuple[Any, Any, Any, Any]:
    """``(n, n', sums, eta_t)`` of the kernels after one step of SGD from the minimiser of h|x|^2/2 with eta_{t-1} = q/h."""
    n, m = vector(f"n:{DIM}"), vector(f"m:{DIM}")
    at = machine("sgd", "secant", DIM, pair="fresh", hyp={ETA_0: Q / H})
    noise = [n, m]
    x, _, _ = at.step(np.full(DIM, sp.Integer(0), dtype=object), lambda x: H * x + noise[0])
    g = H * x + noise[1]
    sums = at.summands(x, g, g, g)
    return n, m, sums, at


def shared_gradient(weight: Any = None) -> Outcome:
    """s = -eta n, y = n' - (1+q) n: the sums of the kernels."""
    n, m, sums, _ = along_sgd()
    y = m - (1 + Q if weight is None else weight) * n
    return identities([(sums[0, 0], sum(-Q / H * n * y)), (sums[0, 1], (Q / H) ** 2 * sum(n**2)), (sums[0, 2], sum(y**2))])


def moments_of_y(growth: Callable[[Any], Any] = lambda q: 1 + (1 + q) ** 2) -> Outcome:
    """E y y' = (1 + (1+q)^2) C, so E|y|^2 = (1 + (1+q)^2) V for the kernel's sum."""
    n, m, sums, _ = along_sgd()
    c, y = covariance(), m - (1 + Q) * n
    whole = identity(expected(sums[0, 2], (n, m), (c, c)), growth(Q) * trace(c))
    entries = [identity(expected(y[i] * y[j], (n, m), (c, c)), growth(Q) * c[i][j]) for i in range(DIM) for j in range(i, DIM)]
    return counted([whole, *entries])


def logarithm(share: Any = HALF) -> Outcome:
    """log(eta_t/eta_{t-1}) = (log|n|^2 - log|y|^2)/2 for the rate of the kernel."""
    at = machine("sgd", "secant", 1, pair="fresh", hyp={ETA_0: Q / H})
    at.t = 1
    n2, y2 = reals("n2 y2", positive=True)
    sy, slope = reals("sy slope", positive=True)
    eta = at.decide(np.array([[sy, (Q / H) ** 2 * n2, y2, slope]], dtype=object))
    return identity(sp.expand_log(sp.log(eta / (Q / H))), share * (sp.log(n2) - sp.log(y2)))


def drift(power: Any = HALF) -> Outcome:
    """With |y|^2 of the law of (1 + (1+q)^2) |n|^2 the terms E log|n|^2 cancel: -(1/2) log(1 + (1+q)^2)."""
    mean = reals("mean_of_log")
    growth = 1 + (1 + Q) ** 2
    return identity((mean - (sp.log(growth) + mean)) / 2, -power * sp.log(growth))


def at_one_half(growth: Callable[[Any], Any] = lambda q: 1 + (1 + q) ** 2) -> Outcome:
    """The factor 0.555 and the logarithm -0.5893 at q = 1/2."""
    log = lambda: -growth(ball("1/2")).log() / 2  # noqa: E731
    return both(encloses(lambda: log().exp(), "0.5545", "0.5555"), encloses(log, "-0.58935", "-0.58925"))


X6SGD = [
    Step(
        id=f"{P}.X6sgd.1", says="from x_{t-1} = x*: s = -eta_{t-1} n and y = n' - (1+q) n for the sums of the kernels, q = eta_{t-1} h",
        method="algebra", check=shared_gradient, formulas=(gv.fresh_terms, gv.fresh_move, gv.pair_summands, gv.pair_decide),
        assumes=("quadratic hI", "SGD", "x_{t-1} = x*"),
        control=Control("y = n' - n: as if nothing were shared", lambda: shared_gradient(1)),
    ),
    Step(
        id=f"{P}.X6sgd.2", says="E y y' = (1 + (1+q)^2) C and E|y|^2 = (1 + (1+q)^2) V (D = 2, any covariance C)", method="algebra",
        check=moments_of_y, formulas=(gv.fresh_terms, gv.pair_summands), uses=(f"{P}.X6sgd.1",),
        assumes=("n and n' centred, independent, of the same covariance",),
        control=Control("2 + q^2", lambda: moments_of_y(lambda q: 2 + q**2)),
    ),
    Step(
        id=f"{P}.X6sgd.3", says="log(eta_t/eta_{t-1}) = log|n| - log|y| for the rate of the kernel", method="algebra", check=logarithm,
        formulas=(gv.pair_decide, gv.pair_member, gv.secant), uses=(f"{P}.X6sgd.1",), assumes=("the rate is not kept",),
        control=Control("twice that", lambda: logarithm(sp.Integer(1))),
    ),
    Step(
        id=f"{P}.X6sgd.4", says="y has the law of sqrt(1 + (1+q)^2) n, so E log(eta_t/eta_{t-1}) = -log(1 + (1+q)^2)/2 in any dimension",
        method="algebra", check=drift, uses=(f"{P}.X6sgd.2", f"{P}.X6sgd.3"), facts=(GAUSSIAN_SUM,),
        assumes=("n and n' Gaussian, not 0 (then E|log|n|| is finite)", "the rate is not kept"),
        control=Control("-log(1 + (1+q)^2)", lambda: drift(sp.Integer(1))),
    ),
    Step(
        id=f"{P}.X6sgd.5", says="q = 1/2: E log = -0.5893, the rate shrinks by the factor 0.555 in the geometric mean", method="intervals",
        check=at_one_half, uses=(f"{P}.X6sgd.4",),
        control=Control("2 + q^2, as if nothing were shared", lambda: at_one_half(lambda q: 2 + q * q)),
    ),
]  # fmt: skip

STEPS = [*X6, *X6MEAN, *X6SGD]
THEOREMS = {
    f"{P}.X6": "x_t, x_{t-1} fixed, independent noises of covariance trace V: E[secant^-2 | s] = (|Delta|^2 + 2V)/|s|^2 >= 2V/|s|^2",
    f"{P}.X6mean": "E secant >= |s|/sqrt(E|y|^2), E|y|^2 = |Delta|^2 + 2V, if y is not 0 with probability 1",
    f"{P}.X6sgd": "quadratic hI from the minimiser, Gaussian noise, rate not kept: E log(eta_t/eta_{t-1}) = -log(1 + (1+q)^2)/2, any D",
}
