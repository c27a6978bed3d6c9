"""D3, D3momentum, D4, D5: the SGD and the Adam form; counterexamples run through the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, product, square
from lra_ref.methods import dadaptation_adam as adam
from lra_ref.methods import dadaptation_sgd as sgd
from lra_ref.methods.dadaptation_formulas import (
    accumulated,
    adam_estimate,
    bias_correction,
    enlarged,
    normalized_rate,
    option_two,
    preconditioned,
    scaled_rate,
    sgd_estimate,
    while_finite,
)
from proofs_check.algebra import holds_at, identity, reals, symbolic
from proofs_check.dadaptation_steps.kernels import INSIDE, After, ball_run, equal, exact_run, positive
from proofs_check.dadaptation_steps.universal import CONVEX
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, counted

THEOREMS = {
    "dadaptation.D3": "SGD form, momentum 0, no decay, F convex: d <= max(d_0, 2D)",
    "dadaptation.D3momentum": "NOT: D3 with momentum 0.9: F = x^2/2, x_0 = 1",
    "dadaptation.D4": "NOT: |x_t| <= 999 |x_0 - x*| for the SGD form on smooth convex quadratics: diag(1, kappa), x_0 = (1, 0.01), "
    "kappa = 5, 10, 30 (that it overflows is measured)",
    "dadaptation.D5": "NOT: d <= max(d_0, |x_0 - x*|_inf) for the Adam form: F = x^2/2, x_0 = 1, all defaults",
}
FREE = sp.Symbol("status")
#: the momentum of the counterexample, symbols of the hyper-parameters
HEAVY = sp.Rational(9, 10)
LR, D_0, GROWTH = positive("lr d_0 growth")


# --- the SGD form ------------------------------------------------------------
def sgd_step(t: int, turned: int = 1) -> Outcome:
    """The kernels in an arbitrary state (t = 0: in the first one) against the recursion, with momentum and decay."""
    momentum, decay = reals("mu wd")
    d, norm = positive("d norm")
    row = [d, sp.Symbol("u"), sp.Symbol("h"), norm, sp.Symbol("N", real=True), sp.Symbol("r")] if t else [0] * 6
    vec = None if t else np.zeros((2, 5), dtype=object)
    made = After(sgd.DAdaptSGD, [LR, momentum, decay, D_0, GROWTH], t, row, vec=vec)
    x, g = made.start["x"][INSIDE], made.g[INSIDE]
    gradient, s = g + decay * x, made.vector(1, before=True)
    used, size = (d, norm) if t else (D_0, sp.sqrt(sum(g**2)))
    rate = used * LR / size
    after = s + rate * gradient
    N, s2 = (row[4] if t else 0) + rate * (gradient @ s), sum(after**2)
    origin, now = made.vector(0, before=True) if t else x, made.now
    return equal([
        *made.outside(), (made.rate, rate), (made.status, FREE), (now["d_used"], used), (now["g0_norm"], size), (now["numerator"], N),
        (now["s_norm2"], s2), (now["d_hat"], 2 * (now["numerator"] / sp.sqrt(s2))),
        (now["d"], sp.Max(used, sp.Min(now["d_hat"], GROWTH * used))),
        (made.vector(0), origin), (made.vector(1), after), (made.x[INSIDE], momentum * x + (1 - momentum) * (origin - turned * after)),
    ])  # fmt: skip


def sgd_stop() -> Outcome:
    """A first gradient of 0 gives status 9 and the rate 0, a later one does not."""
    nothing = np.zeros(5, dtype=object)
    hyp = [LR, sp.S(0), sp.S(0), D_0, GROWTH]
    made = After(sgd.DAdaptSGD, hyp, 0, [0] * 6, g=nothing, vec=np.zeros((2, 5), dtype=object))
    later = After(sgd.DAdaptSGD, hyp, 1, [*positive("d u h norm"), sp.Symbol("N"), sp.Symbol("r")], g=nothing)
    return equal([(made.status, 9), (made.rate, 0), (list(made.now.values()), [0] * 6), (later.status, FREE)])


def sgd_displacement(momentum: Any = 0) -> Outcome:
    """x_{k+1} = x_0 - s_{k+1} for momentum 0."""
    x, origin, s = reals("x o s")
    return identity(symbolic(average)(x, origin - s, momentum, 1 - momentum), origin - s)


def doubled(factor: int = 2) -> Outcome:
    """N/|s| <= D gives sgd_estimate <= 2 D, and the estimate stays below max(d_0, 2D)."""
    real = Reals()
    N, s2, D, d, start, growth = real("N s2 D d start growth")
    hat = real.reading(sgd_estimate)(N, s2)
    top = real.maximum(start, factor * D)
    given = [s2 >= 0, D >= 0, real.reading(option_two)(N, s2) <= D, d > 0, start > 0, growth >= 1, d <= top]
    return real.always(real.reading(enlarged)(d, hat, growth) <= top, given=given)


def never_falls() -> Outcome:
    """enlarged is between d and growth d for growth >= 1, and d_hat where that allows it."""
    real = Reals()
    d, hat, growth = real("d hat growth")
    found = real.reading(enlarged)(d, hat, growth)
    given = [d > 0, growth >= 1]
    return both(
        real.always(d <= found, given=given), real.always(found <= growth * d, given=given),
        real.always(found == hat, given=[*given, hat >= d, hat <= growth * d]),
    )  # fmt: skip


SGD_READ = (accumulated, normalized_rate, option_two, sgd_estimate, enlarged, while_finite, average, decayed, product, square)
SGD_KERNELS = (sgd.dsgd_begin, sgd.dsgd_terms, sgd.dsgd_decide, sgd.dsgd_move)
D3 = [
    Step(
        id="dadaptation.D3.1",
        says="the kernels, any state and the first: g = g_k + wd x, dl = d lr/|g_0|, N += dl <g, s>, s += dl g, d_hat = 2N/|s|, "
        "d = max(d, min(d_hat, growth d)), x = mu x + (1-mu)(x_0 - s); status 9 only for g_0 = 0",
        method="algebra", check=lambda: both(counted([sgd_step(0), sgd_step(3)]), sgd_stop()), formulas=(*SGD_KERNELS, *SGD_READ),
        assumes=("exact arithmetic", "s_{k+1} != 0"), control=Control("a step up", lambda: sgd_step(3, turned=-1)),
    ),
    Step(
        id="dadaptation.D3.2",
        says="momentum 0: x_k = x_0 - s_k, so N = sum dl_i <g_i, x_0 - x_i> and U1 with lambda_i = dl_i gives N/|s| <= D",
        method="algebra", check=sgd_displacement, formulas=(average,), uses=("dadaptation.D3.1", "dadaptation.U1"), assumes=(CONVEX,),
        control=Control("momentum 1/2", lambda: sgd_displacement(sp.Rational(1, 2))),
    ),
    Step(
        id="dadaptation.D3.3", says="N/|s| <= D gives d_hat <= 2D, and d <= max(d_0, 2D) is kept by d = max(d, min(d_hat, growth d))",
        method="decision", check=doubled, formulas=(sgd_estimate, option_two, enlarged), uses=("dadaptation.D3.2",),
        control=Control("max(d_0, D)", lambda: doubled(1)),
    ),
    Step(
        id="dadaptation.D3.4", says="d <= max(d, min(d_hat, growth d)) <= growth d, and it is d_hat where that lies between",
        method="decision",
        check=never_falls, formulas=(enlarged,), assumes=("growth >= 1",),
        control=Control("growth d is never reached", lambda: never_reached()),
    ),
]  # fmt: skip


def never_reached() -> Outcome:
    """Broken: enlarged stays below growth d."""
    real = Reals()
    d, hat, growth = real("d hat growth")
    return real.always(real.reading(enlarged)(d, hat, growth) < growth * d, given=[d > 0, growth > 1])


# --- counterexamples ------------------------------------------------------------
def with_momentum(momentum: Any = HEAVY) -> Outcome:
    """The SGD form on x^2/2 from 1, d_0 = 1/2, five gradients in rational arithmetic: d > 2."""
    hyp = [sp.S(1), momentum, sp.S(0), sp.Rational(1, 2), sp.oo]
    rows = exact_run(sgd.DAdaptSGD, hyp, lambda x: x, [sp.S(1)], 5)
    return holds_at(sp.sympify(rows[-1]["d"]) > 2)


def defaults_with_momentum(least: float = 3.0) -> Outcome:
    """All else by default: d > 3."""
    return ball_run(sgd.DAdaptSGD, [1.0, 0.9, 0.0, 1e-6, float("inf")], lambda x: x, [1.0], 40, lambda rows: rows[-1]["d"] > least)


def diverging(kappa: float, start: float = 0.01, steps: int = 50) -> Outcome:
    """The SGD form on diag(1, kappa) from (1, start): |x_2| > 1000."""
    hyp = [1.0, 0.0, 0.0, 1e-6, float("inf")]
    return ball_run(sgd.DAdaptSGD, hyp, lambda x: [x[0], kappa * x[1]], [1.0, start], steps, lambda rows: abs(rows[-1]["x"][1]) > 1000)


def adam_defaults(least: float = 2.8) -> Outcome:
    """The Adam form on x^2/2 from 1, all defaults."""
    return ball_run(adam.DAdaptAdam, list(adam.DAdaptAdam().hyper()), lambda x: x, [1.0], 20, lambda rows: rows[-1]["d"] > least)


BALLS = "float64 inputs taken exactly, every comparison decided by the balls"
REFUTED = [
    Step(
        id="dadaptation.D3momentum.1",
        says="F = x^2/2, x_0 = 1, momentum 9/10, d_0 = 1/2: after five gradients d > 2 = 2D, in rational numbers",
        method="algebra", check=with_momentum, formulas=(*SGD_KERNELS, accumulated, normalized_rate, sgd_estimate, option_two, enlarged),
        uses=("dadaptation.D3.1",), control=Control("momentum 0", lambda: with_momentum(sp.S(0))),
    ),
    Step(
        id="dadaptation.D3momentum.2", says="the same with d_0 = 1e-6: d > 3 after 40 gradients", method="intervals",
        check=defaults_with_momentum,
        formulas=(sgd_estimate, enlarged), assumes=(BALLS,), control=Control("d > 3.1", lambda: defaults_with_momentum(3.1)),
    ),
    Step(
        id="dadaptation.D4.1", says="diag(1, kappa), x_0 = (1, 0.01), defaults, kappa = 5, 10, 30: |x_2| > 1000 > 999 |x_0 - x*| after 50 "
        "gradients",
        method="intervals", check=lambda: counted([diverging(kappa) for kappa in (5.0, 10.0, 30.0)]),
        formulas=(normalized_rate, sgd_estimate),
        assumes=(BALLS,), uses=("dadaptation.D3.1",), control=Control("from (1, 1)", lambda: diverging(5.0, 1.0)),
    ),
]  # fmt: skip


# --- the Adam form ------------------------------------------------------------
def adam_step(t: int, correct: int, turned: int = 1) -> Outcome:
    """The kernels in an arbitrary state (t = 0: in the first one) against the recursion, with both decays."""
    b1, b2, b3, eps = positive("b1 b2 b3 eps")
    inside, outside = reals("inside outside")
    d, k, p1, p2 = positive("d k p1 p2")
    row = [d, sp.Symbol("u"), sp.Symbol("h"), sp.Symbol("N", real=True), sp.Symbol("r"), k, p1, p2, sp.Symbol("w")] if t else [0] * 9
    vec = None if t else np.zeros((3, 5), dtype=object)
    made = After(adam.DAdaptAdam, [LR, b1, b2, b3, eps, inside, outside, correct, D_0, GROWTH], t, row, vec=vec)
    x, g = made.start["x"][INSIDE], made.g[INSIDE]
    m, v, s = (made.vector(j, before=True) for j in range(3))
    used, k, p1, p2, N = (d, k, b1 * p1, b2 * p2, row[3]) if t else (D_0, 0, b1, b2, 0)
    rate = used * LR * (sp.sqrt(1 - p2) / (1 - p1) if correct else 1)
    gradient = g + inside * x
    m, s, before, v = b1 * m + (1 - b1) * rate * gradient, b3 * s + (1 - b3) * rate * gradient, (s, v), b2 * v + (1 - b2) * gradient**2
    root = np.frompyfunc(sp.sqrt, 1, 1)
    along = rate * sum(gradient * before[0] / (root(before[1]) + eps))
    N, s1, now = b3 * N + (1 - b3) * along, sum(np.frompyfunc(sp.Abs, 1, 1)(s)), made.now
    return equal([
        *made.outside(), (made.rate, rate), (made.status, FREE), (now["d_used"], used), (now["numerator"], N), (now["s_norm1"], s1),
        (now["d_hat"], now["numerator"] / ((1 - b3) * now["s_norm1"])), (now["d"], sp.Max(used, sp.Min(now["d_hat"], GROWTH * used))),
        ([now["k"], now["power1"], now["power2"], now["moved"]], [k + 1, p1, p2, 1]), (made.vector(0), m), (made.vector(1), v),
        (made.vector(2), s), (made.x[INSIDE], x - outside * rate * x - turned * m / (root(v) + eps)),
    ])  # fmt: skip


def adam_still() -> Outcome:
    """s = 0 after the step: x, d, k, numerator and powers stay; m and v take their new values."""
    nothing, vec = np.zeros(5, dtype=object), np.zeros((3, 5), dtype=object)
    vec[0], vec[1] = 1, 4
    half = sp.Rational(1, 2)
    d, k, N, p1, p2 = positive("d k N p1 p2")
    row = [d, sp.Symbol("u"), sp.Symbol("h"), N, sp.Symbol("r"), k, p1, p2, sp.Symbol("w")]
    made = After(adam.DAdaptAdam, [LR, half, half, half, positive("eps"), 0, 1, 0, D_0, GROWTH], 2, row, g=nothing, vec=vec)
    now = made.now
    return equal([
        ([now[name] for name in ("d", "d_hat", "numerator", "k", "power1", "power2")], [d, sp.Symbol("h"), N, k, p1, p2]),
        ([now["moved"], now["s_norm1"]], [0, 0]), (made.x, made.start["x"]), (made.vector(0), [half] * 3), (made.vector(1), [2] * 3),
    ])  # fmt: skip


ADAM_READ = (
    adam_estimate, bias_correction, enlarged, preconditioned, scaled_rate, while_finite, average, decayed, descend, product, square,
)  # fmt: skip
ADAM_KERNELS = (adam.dadam_begin, adam.dadam_terms, adam.dadam_decide, adam.dadam_move)
D5 = [
    Step(
        id="dadaptation.D5.1",
        says="the kernels, any state and the first: dl, a = dl <g, s/(sqrt v + eps)>, m, v, s, N = b3 N + (1-b3) a, "
        "d_hat = N/((1-b3)|s|_1), d = max(d, min(d_hat, growth d)), x -= wd dl x, x -= m/(sqrt v + eps); s = 0: no step",
        method="algebra", check=lambda: both(counted([adam_step(t, on) for t in (0, 3) for on in (0, 1)]), adam_still()),
        formulas=(*ADAM_KERNELS, *ADAM_READ), assumes=("exact arithmetic", "s_{k+1} != 0, or all of the step 0"),
        control=Control("a step up", lambda: adam_step(3, 0, turned=-1)),
    ),
    Step(
        id="dadaptation.D5.2", says="F = x^2/2, x_0 = 1, all defaults: d > 2.8 after 20 gradients, |x_0 - x*|_inf = 1", method="intervals",
        check=adam_defaults, formulas=(adam_estimate, preconditioned), uses=("dadaptation.D5.1",), assumes=(BALLS,),
        control=Control("d > 2.9", lambda: adam_defaults(2.9)),
    ),
]  # fmt: skip
STEPS = [*D3, *REFUTED, *D5]
