"""Proof steps of Prodigy; the statements and their proofs in words are on the theory page ``docs/theory/prodigy.md``."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
import z3

from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, product, square
from lra_ref.methods import prodigy as form
from lra_ref.methods.dadaptation_formulas import (
    bias_correction,
    preconditioned,
    prodigy_estimate,
    prodigy_next,
    prodigy_weight,
    scaled_rate,
    while_finite,
)
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.dadaptation_steps.kernels import INSIDE, After, ball_run, equal, positive
from proofs_check.dadaptation_steps.universal import CONVEX
from proofs_check.decision import Reals
from proofs_check.steps import Control, Outcome, Step, both, counted

THEOREMS = {
    "prodigy.P1": "F convex, exact gradients, constant lr, d_coef <= 1, no coupled decay, and no safeguard, or the safeguard with lr <= 1 "
    "and without bias correction: d <= max(d_0, |x_0 - x*|_inf)",
    "prodigy.P1coef": "NOT: P1 with d_coef 2: F = x^2/2, x_0 = 1, d_0 = 1/4, beta3 = 0",
    "prodigy.P1safeguard": "NOT: P1 with the safeguard and lr 2: F = x^2/2, x_0 = 1, d_0 = 0.1, beta3 = 0",
    "prodigy.P1bias": "NOT: P1 with the safeguard and bias correction: F = x^2/2, x_0 = 1, d_0 = 0.1, beta2 = 1/2",
    "prodigy.P1coupled": "NOT: P1 with coupled decay 10: F = (x-1)^2/2, x_0 = 2",
}
FREE = sp.Symbol("status")
LR, D_0, GROWTH, COEF = positive("lr d_0 growth coef")
B1, B2, B3, EPS = positive("b1 b2 b3 eps")


# --- the kernels ------------------------------------------------------------
def kernel_step(t: int, correct: int, safe: int, beta1: Any = B1, turned: int = 1) -> Outcome:
    """The kernels in an arbitrary state (t = 0: in the first one) against the recursion, with both decays."""
    inside, outside = reals("inside outside")
    d, k, p1, p2, top = positive("d k p1 p2 top")
    row = [d, sp.Symbol("u"), top, sp.Symbol("h"), sp.Symbol("N", real=True), sp.Symbol("r"), k, p1, p2, sp.Symbol("w")] if t else [0] * 10
    vec = None if t else np.zeros((4, 5), dtype=object)
    hyp = [LR, beta1, B2, B3, EPS, inside, outside, correct, safe, D_0, COEF, GROWTH]
    made = After(form.Prodigy, hyp, t, row, vec=vec)
    x, g = made.start["x"][INSIDE], made.g[INSIDE]
    origin, m, v, s = (made.vector(j, before=True) for j in range(4))
    used, top, k, p1, p2, N = (d, top, k, beta1 * p1, B2 * p2, row[4]) if t else (D_0, D_0, 0, beta1, B2, 0)
    origin = origin if t else x
    rate = used * LR * (sp.sqrt(1 - p2) / (1 - p1) if correct else 1)
    gradient = g + inside * x
    N = B3 * N + used / D_0 * rate * (gradient @ (origin - x))
    m, v = beta1 * m + (1 - beta1) * used * gradient, B2 * v + (1 - B2) * used**2 * gradient**2
    s = B3 * s + used / D_0 * (used if safe else rate) * gradient
    s1, now = sum(np.frompyfunc(sp.Abs, 1, 1)(s)), made.now
    along = m if beta1 != 0 else now["d"] * gradient
    step = rate * along / (np.frompyfunc(sp.sqrt, 1, 1)(v) + now["d"] * EPS)
    first = sp.Max(used, now["d_hat"]) if not t else used
    return equal([
        *made.outside(), (made.rate, rate), (made.status, FREE), (now["d_used"], used), (now["numerator"], N), (now["s_norm1"], s1),
        (now["d_hat"], COEF * now["numerator"] / now["s_norm1"]), (now["d_max"], sp.Max(top, now["d_hat"])),
        (now["d"], sp.Min(now["d_max"], GROWTH * first)), ([now["k"], now["power1"], now["power2"], now["moved"]], [k + 1, p1, p2, 1]),
        (made.vector(0), origin), (made.vector(1), m), (made.vector(2), v), (made.vector(3), s),
        (made.x[INSIDE], x - outside * rate * x - turned * step),
    ])  # fmt: skip


def still() -> Outcome:
    """s = 0 after the step: x, d, d_max, k, numerator and powers stay; m and v take their new values."""
    nothing, vec = np.zeros(5, dtype=object), np.zeros((4, 5), dtype=object)
    vec[0], vec[1], vec[2] = names_of_start(), 1, 4
    half = sp.Rational(1, 2)
    d, top, k, N, p1, p2 = positive("d top k N p1 p2")
    row = [d, sp.Symbol("u"), top, sp.Symbol("h"), N, sp.Symbol("r"), k, p1, p2, sp.Symbol("w")]
    made = After(form.Prodigy, [LR, half, half, half, EPS, 0, 1, 0, 0, D_0, COEF, GROWTH], 2, row, g=nothing, vec=vec)
    now = made.now
    return equal([
        ([now[name] for name in ("d", "d_max", "d_hat", "numerator", "k", "power1", "power2")], [d, top, sp.Symbol("h"), N, k, p1, p2]),
        ([now["moved"], now["s_norm1"]], [0, 0]), (made.x, made.start["x"]), (made.vector(0), made.vector(0, before=True)),
        (made.vector(1), [half] * 3), (made.vector(2), [2] * 3),
    ])  # fmt: skip


def names_of_start() -> Any:
    """Any start."""
    return np.array(reals("o0 o1 o2 o3 o4"), dtype=object)


# --- the certificate ------------------------------------------------------------
def split(extra: int = 0) -> Outcome:
    """With weights w_i b3^(k-i): N = <s, x_0 - x*> - B, B' = b3 B + w <g, x - x*>; kept by every step, both 0 at the start."""
    add = symbolic(average)
    g, x, origin, target, s = (np.array(reals(f"{n}1 {n}2"), dtype=object) for n in ("g", "x", "o", "t", "s"))
    weight, rest = reals("w B")
    after = np.array([add(a, b, B3, weight) for a, b in zip(s, g, strict=True)])
    N = s @ (origin - target) - rest
    later = after @ (origin - target) - add(rest, g @ (x - target), B3, (1 + extra) * weight)
    return identities([(add(N, g @ (origin - x), B3, weight), later), (add(0, 0, B3, weight), 0)])


def rest_stays(sign: int = 1) -> Outcome:
    """B >= 0 is kept: b3, w, <g, x - x*> >= 0."""
    real = Reals()
    rest, keep, weight, inner = real("B keep w inner")
    given = [rest >= 0, keep >= 0, weight >= 0, inner >= 0]
    return real.always(sign * real.reading(average)(rest, inner, keep, weight) >= 0, given=given)


def weights_positive(sign: int = 1) -> Outcome:
    """(d/d_0) d lr >= 0."""
    real = Reals()
    d, start, lr, correction = real("d start lr correction")
    rate = real.reading(scaled_rate)(d, lr, correction)
    return real.always(sign * real.reading(prodigy_weight)(d, start, rate) > 0, given=[d > 0, start > 0, lr > 0, correction > 0])


def largest_coordinate(factor: Any = 1) -> Outcome:
    """T <= S M is kept by one more coordinate: T + s_i a_i <= (S + |s_i|) M for |a_i| <= M."""
    real = Reals()
    T, S, M, s, a = real("T S M s a")
    given = [M >= 0, S >= 0, T <= S * M, real.abs(a) <= M]
    return real.always(T + s * a <= (S + factor * real.abs(s)) * M, given=given)


def below(most: Any = 1) -> Outcome:
    """N <= c |s|_1 M with c d_coef <= 1 gives d_hat <= M, also where s = 0."""
    real = Reals()
    N, size, M, coef, c = real("N size M coef c")
    estimate = real.reading(prodigy_estimate)(N, size, coef)
    given = [size >= 0, M >= 0, coef > 0, c > 0, c * coef <= most, N <= c * size * M]
    return real.always(estimate <= M, given=given)


def kept(extra: int = 0) -> Outcome:
    """d, d_max <= max(d_0, M) and d_hat <= M give the same for the next d and d_max."""
    real = Reals()
    d, start, hat, top, growth, M = real("d start hat top growth M")
    roof = real.maximum(start, M)
    after = real.maximum(top, hat)
    given = [d > 0, start > 0, growth >= 1, hat <= M, top <= roof, d <= roof]
    found = real.reading(prodigy_next)(d, start, hat, after, growth)
    return real.always(z3.And(found + extra <= roof, after <= roof), given=given)


def safeguard(lr: Any = LR) -> Outcome:
    """Without bias correction the weights of N are lr times those of s: N = lr N', N' with the weights (d/d_0) d."""
    weigh, rate = symbolic(prodigy_weight), symbolic(scaled_rate)
    d = positive("d")
    return identities([(weigh(d, D_0, rate(d, LR, symbolic(bias_correction)(B1, B2, 0))), lr * weigh(d, D_0, d))])


KERNELS = (form.prodigy_begin, form.prodigy_terms, form.prodigy_decide, form.prodigy_move)
READ = (
    bias_correction, preconditioned, prodigy_estimate, prodigy_next, prodigy_weight, scaled_rate, while_finite, average, decayed, descend,
    product, square,
)  # fmt: skip
ALL_STEPS = ((0, 0, 0, B1), (0, 1, 1, B1), (3, 0, 1, B1), (3, 1, 0, B1), (3, 0, 0, sp.S(0)))
P1 = [
    Step(
        id="prodigy.P1.1",
        says="the kernels, any state and the first: dl, N = b3 N + (d/d_0) dl <g, x_0 - x>, m, v, s, d_hat = d_coef N/|s|_1, d_max, "
        "d = min(d_max, growth d) after the jump at d = d_0, x -= wd dl x, x -= dl m/(sqrt v + d eps); s = 0: no step",
        method="algebra", check=lambda: both(counted([kernel_step(*case) for case in ALL_STEPS]), still()),
        formulas=(*KERNELS, *READ), assumes=("exact arithmetic", "s_{k+1} != 0, or all of the step 0"),
        control=Control("a step up", lambda: kernel_step(3, 0, 0, turned=-1)),
    ),
    Step(
        id="prodigy.P1.2",
        says="N = <s, x_0 - x*> - B with B' = b3 B + w <g, x - x*>, w = (d/d_0) dl: 0 = 0 at the start, kept by every step",
        method="algebra", check=split, formulas=(average,), uses=("prodigy.P1.1",), assumes=("two dimensions stand for any number",),
        control=Control("twice the weight in B", lambda: split(1)),
    ),
    Step(
        id="prodigy.P1.3", says="w > 0", method="decision", check=weights_positive, formulas=(prodigy_weight, scaled_rate),
        assumes=("d, d_0, lr and the bias correction are positive",), control=Control("w < 0", lambda: weights_positive(-1)),
    ),
    Step(
        id="prodigy.P1.4", says="B >= 0 stays, since <g, x - x*> >= 0: so N <= <s, x_0 - x*>", method="decision", check=rest_stays,
        formulas=(average,), uses=("prodigy.P1.2", "prodigy.P1.3", "dadaptation.U1.1"), assumes=(CONVEX,),
        control=Control("B <= 0", lambda: rest_stays(-1)),
    ),
    Step(
        id="prodigy.P1.5", says="<s, x_0 - x*> <= |s|_1 M, M = |x_0 - x*|_inf: 0 <= 0, and every coordinate keeps it", method="decision",
        check=largest_coordinate, control=Control("half of |s_i|", lambda: largest_coordinate(z3.RealVal("1/2"))),
    ),
    Step(
        id="prodigy.P1.6", says="the safeguard without bias correction: N is lr times the same sum with the weights of s", method="algebra",
        check=safeguard, formulas=(prodigy_weight, scaled_rate, bias_correction), assumes=("lr is constant",),
        control=Control("lr^2 times", lambda: safeguard(LR**2)),
    ),
    Step(
        id="prodigy.P1.7", says="N <= c |s|_1 M, c = 1 (safeguard: lr), gives d_hat = d_coef N/|s|_1 <= M if c d_coef <= 1",
        method="decision",
        check=below, formulas=(prodigy_estimate,), uses=("prodigy.P1.4", "prodigy.P1.5", "prodigy.P1.6"),
        assumes=("d_coef <= 1, with the safeguard lr <= 1",), control=Control("c d_coef <= 2", lambda: below(2)),
    ),
    Step(
        id="prodigy.P1.8", says="d, d_max <= max(d_0, M) and d_hat <= M give the same for d_{k+1}, d_max", method="decision", check=kept,
        formulas=(prodigy_next,), uses=("prodigy.P1.1", "prodigy.P1.7"), control=Control("below by 1", lambda: kept(1)),
    ),
]  # fmt: skip


# --- counterexamples ------------------------------------------------------------
def exceeded(least: float, steps: int, x0: float = 1.0, target: float = 0.0, **parameters: Any) -> Outcome:
    """d > least on (x - target)^2/2 from x0, over balls."""
    hyp = list(form.Prodigy(**parameters).hyper())
    return ball_run(form.Prodigy, hyp, lambda x: x - target, [x0], steps, lambda rows: rows[-1]["d"] > least)


def outside(name: str, says: str, steps: int, control: str, restored: dict[str, Any], **parameters: Any) -> Step:
    """P1 outside one of its conditions; with the condition the same run stays below."""
    place = {name: parameters.pop(name) for name in ("x0", "target") if name in parameters}
    return Step(
        id=f"prodigy.{name}.1", says=f"{says}: d > 1 = |x_0 - x*| after {steps} gradients", method="intervals",
        check=lambda: exceeded(1.0, steps, **place, **parameters), formulas=(prodigy_estimate, prodigy_next), uses=("prodigy.P1.1",),
        assumes=("float64 inputs taken exactly, every comparison decided by the balls",),
        control=Control(control, lambda: exceeded(1.0, steps, **place, **{**parameters, **restored})),
    )  # fmt: skip


REFUTED = [
    outside("P1coef", "F = x^2/2, x_0 = 1, d_coef 2, beta3 0, d_0 1/4", 4, "d_coef 1", {"d_coef": 1.0}, d_coef=2.0, beta3=0.0, d_0=0.25),
    outside(
        "P1safeguard", "F = x^2/2, x_0 = 1, safeguard, lr 2, beta3 0, d_0 0.1", 4, "lr 1", {"lr": 1.0}, safeguard_warmup=True, lr=2.0,
        beta3=0.0, d_0=0.1,
    ),
    outside(
        "P1bias", "F = x^2/2, x_0 = 1, safeguard and bias correction, beta2 1/2, d_0 0.1", 6, "no bias correction",
        {"bias_correction": False}, safeguard_warmup=True, bias_correction=True, beta2=0.5, d_0=0.1,
    ),
    outside(
        "P1coupled", "F = (x-1)^2/2, x_0 = 2, coupled decay 10", 25, "decoupled decay", {"decoupled_weight_decay": True}, weight_decay=10.0,
        decoupled_weight_decay=False, x0=2.0, target=1.0,
    ),
]  # fmt: skip
STEPS = [*P1, *REFUTED]
