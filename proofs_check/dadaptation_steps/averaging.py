"""D1, D1order, D2, D2mean: dual averaging."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
import z3

from lra_ref.formulas import average, descend, product, square
from lra_ref.methods import dadaptation as form
from lra_ref.methods.dadaptation_formulas import accumulated, inverse_root, option_one, option_two, squared_weight, while_finite
from proofs_check.algebra import identity, reals, symbolic
from proofs_check.dadaptation_steps.kernels import INSIDE, After, equal, positive
from proofs_check.dadaptation_steps.universal import CONVEX
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, CONVEX_GRADIENT, JENSEN
from proofs_check.steps import Control, Outcome, Step, both, counted

THEOREMS = {
    "dadaptation.D1order": "any gradients: option I <= option II in every step of dual averaging",
    "dadaptation.D1": "F convex, exact subgradients, options I and II: d_k <= max(d_0, D), D = |x_0 - x*|",
    "dadaptation.D2": "d_0 <= D: sum_{k<=n} d_k (F(x_k) - F*) <= 2 D d_{n+1} sqrt(sum |g_k|^2) + D d_{n+1} sum gamma_k |g_k|^2 for all n",
    "dadaptation.D2mean": "under D2: F(sum d_k x_k/sum d_k) - F* <= (bound of D2)/sum_{k<=n} d_k",
}


# --- the kernels ------------------------------------------------------------
def state() -> list[Any]:
    """The scalars before a step: d, d_used, d_hat, gamma, G, weighted, numerator, s_norm2, total."""
    d, gamma, G, total = positive("d gamma G total")
    weighted, numerator = reals("A N")
    return [d, sp.Symbol("u"), sp.Symbol("h"), gamma, G, weighted, numerator, sp.Symbol("r"), total]


def kernel_step(t: int, option: int, turned: int = 1) -> Outcome:
    """averaging_begin, terms, decide and move in an arbitrary state (t = 0: in the first one) against the recursion."""
    d_0 = positive("d_0")
    row = state() if t else [0] * 9
    vec = None if t else np.zeros((3, 5), dtype=object)
    made = After(form.DAdaptation, [d_0, option], t, row, vec=vec)
    g, x, norm2 = made.g[INSIDE], made.start["x"][INSIDE], sum(made.g[INSIDE] ** 2)
    d, gamma = (row[0], row[3]) if t else (d_0, 1 / sp.sqrt(norm2))
    s = made.vector(1, before=True)
    after = s + d * g
    s2, G, A, N = sum(after**2), row[4] + norm2, row[5] + gamma * d**2 * norm2, row[6] + gamma * d * (g @ s)
    new = 1 / sp.sqrt(G)
    hat = (new * s2 - A) / (2 * sp.sqrt(s2)) if option == 1 else N / sp.sqrt(s2)
    share, origin = d / (row[8] + d), made.vector(0, before=True) if t else x
    now = made.now
    return equal([
        *made.outside(), (made.rate, d * new), (made.status, sp.Symbol("status")),
        ([now[k] for k in ("d_used", "gamma", "G", "weighted", "numerator", "s_norm2", "total")], [d, new, G, A, N, s2, row[8] + d]),
        (now["d_hat"], hat), (now["d"], sp.Max(d, now["d_hat"])), (made.vector(0), origin), (made.vector(1), after),
        (made.vector(2), (1 - share) * made.vector(2, before=True) + share * x), (made.x[INSIDE], origin - turned * new * after),
    ])  # fmt: skip


def kernel_stop() -> Outcome:
    """A first gradient of 0 gives status 9 and the rate 0, and leaves the scalars."""
    made = After(form.DAdaptation, [positive("d_0"), 2], 0, [0] * 9, g=np.zeros(5, dtype=object), vec=np.zeros((3, 5), dtype=object))
    later = After(form.DAdaptation, [positive("d_0"), 2], 1, state(), g=np.zeros(5, dtype=object))
    return equal([(made.status, 9), (made.rate, 0), (list(made.now.values()), [0] * 9), (later.status, sp.Symbol("status"))])


KERNELS = (form.averaging_begin, form.averaging_terms, form.averaging_decide, form.averaging_move)
READ = (accumulated, inverse_root, option_one, option_two, squared_weight, while_finite, average, descend, product, square)
STEP = Step(
    id="dadaptation.D1.1",
    says="the kernels, any state and the first: s += d_k g_k, x_{k+1} = x_0 - gamma_{k+1} s_{k+1}, gamma_{k+1} = 1/sqrt(sum "
    "|g|^2), d_hat of options"
    "I and II, d_{k+1} = max(d_k, d_hat), mean sum d_i x_i/sum d_i; status 9 only for g_0 = 0",
    method="algebra",
    check=lambda: both(counted([kernel_step(t, option) for t in (0, 3) for option in (1, 2)]), kernel_stop()),
    formulas=(*KERNELS, *READ), assumes=("exact arithmetic", "s_{k+1} != 0"),
    control=Control("a step up", lambda: kernel_step(3, 2, turned=-1)),
)  # fmt: skip


# --- D1order ------------------------------------------------------------
def gap(share: Any = 1) -> Outcome:
    """Q = N - (gamma |s|^2 - A)/2 grows by (gamma_k - gamma_{k+1})|s_{k+1}|^2/2 in step k; N, A and s of the kernels."""
    add, weigh = symbolic(accumulated), symbolic(squared_weight)
    g, s = (np.array(reals(f"{n}1 {n}2"), dtype=object) for n in ("g", "s"))
    N, A = reals("N A")
    gamma, new, d = positive("gamma new d")
    after = np.array([add(a, d, b) for a, b in zip(s, g, strict=True)])
    later = add(N, gamma * d, g @ s) - (new * (after @ after) - (A + weigh(gamma, d, g @ g))) / 2
    before = N - (gamma * (s @ s) - A) / 2
    return identity(later - before, share * (gamma - new) * (after @ after) / 2)


def falling(sign: int = 1) -> Outcome:
    """1/sqrt(G + |g|^2) <= 1/sqrt(G)."""
    real = Reals()
    G, n = real("G n")
    root = real.reading(inverse_root)
    return real.always(sign * (root(G) - root(G + n)) >= 0, given=[G > 0, n >= 0])


def first_gap() -> Outcome:
    """In the first step gamma_0 = gamma_1, so that Q_1 = 0."""
    norm2, d = positive("n d")
    weigh, gamma = symbolic(squared_weight), symbolic(inverse_root)(positive("n"))
    return identity(symbolic(option_one)(gamma, d**2 * norm2, weigh(gamma, d, norm2)), 0)


def options(factor: int = 1) -> Outcome:
    """Q >= 0 gives option_one <= option_two."""
    real = Reals()
    gamma, s2, A, N = real("gamma s2 A N")
    one, two = real.reading(option_one), real.reading(option_two)
    return real.always(factor * one(gamma, s2, A) <= two(N, s2), given=[s2 >= 0, gamma > 0, 2 * N >= gamma * s2 - A])


ORDER = [
    Step(
        id="dadaptation.D1order.1",
        says="Q_k = N_k - (gamma_k |s_k|^2 - A_k)/2, N and A the sums of options II and I: Q_{k+1} - Q_k = (gamma_k - "
        "gamma_{k+1})|s_{k+1}|^2/2",
        method="algebra", check=gap, formulas=(accumulated, squared_weight), uses=("dadaptation.D1.1",),
        assumes=("two dimensions stand for any number",), control=Control("twice as much", lambda: gap(2)),
    ),
    Step(
        id="dadaptation.D1order.2", says="Q_1 = 0, as gamma_0 = gamma_1 = 1/|g_0| and s_0 = 0", method="algebra", check=first_gap,
        formulas=(option_one, squared_weight, inverse_root), assumes=("g_0 != 0",),
        control=Control("with gamma_0 twice as large", lambda: identity(
            symbolic(option_one)(1, 1, symbolic(squared_weight)(2, 1, 1)), 0)),
    ),
    Step(
        id="dadaptation.D1order.3",
        says="gamma falls: 1/sqrt(G + |g|^2) <= 1/sqrt(G), so Q_k >= 0 for all k >= 1",
        method="decision", check=falling,
        formulas=(inverse_root,), uses=("dadaptation.D1order.1", "dadaptation.D1order.2"),
        control=Control("gamma rises", lambda: falling(-1)),
    ),
    Step(
        id="dadaptation.D1order.4", says="Q_k >= 0 means option I <= option II (both 0 where s = 0)", method="decision", check=options,
        formulas=(option_one, option_two), uses=("dadaptation.D1order.3",), control=Control("twice option I", lambda: options(2)),
    ),
]  # fmt: skip


# --- D1 ------------------------------------------------------------
def displacement(sign: int = 1) -> Outcome:
    """gamma_i d_i <g_i, s_i> = d_i <g_i, x_0 - x_i> with x_i = x_0 - gamma_i s_i."""
    gamma, d = positive("gamma d")
    g, s, origin = (np.array(reals(f"{n}1 {n}2"), dtype=object) for n in ("g", "s", "o"))
    point = np.array([symbolic(descend)(o, sign * gamma, a) for o, a in zip(origin, s, strict=True)])
    N, add = reals("N"), symbolic(accumulated)
    return identity(add(N, gamma * d, g @ s), add(N, d, g @ (origin - point)))


def largest(extra: int = 0) -> Outcome:
    """d <= max(d_0, D) and d_hat <= D give max(d, d_hat) <= max(d_0, D)."""
    real = Reals()
    d, hat, start, D = real("d hat start D")
    top = real.maximum(start, D)
    return real.always(real.maximum(d, hat) + extra <= top, given=[d <= top, hat <= D, start > 0, D >= 0])


D1 = [
    STEP,
    Step(
        id="dadaptation.D1.2",
        says="the numerator of option II is sum d_i <g_i, x_0 - x_i>, since x_0 - x_i = gamma_i s_i (x_0 for i = 0: s_0 = 0)",
        method="algebra", check=displacement, formulas=(accumulated, descend), uses=("dadaptation.D1.1",),
        assumes=("two dimensions stand for any number",), control=Control("x_i = x_0 + gamma_i s_i", lambda: displacement(-1)),
    ),
    Step(
        id="dadaptation.D1.3",
        says="so d_hat <= D for option II by U1 with lambda_i = d_i, and for option I by D1order; then d_{k+1} <= max(d_0, D)",
        method="decision", check=largest, assumes=(CONVEX,),
        uses=("dadaptation.U1", "dadaptation.D1order", "dadaptation.D1.1", "dadaptation.D1.2"),
        control=Control("below by 1", lambda: largest(1)),
    ),
]  # fmt: skip


# --- D2 ------------------------------------------------------------
def linearised(share: Any = 1) -> Outcome:
    """d (F - F*) <= d <g, x - x*> for d >= 0."""
    real = Reals()
    d, value, low, inner = real("d value low inner")
    return real.always(d * (value - low) <= share * d * inner, given=[d >= 0, low >= value - inner, value >= low])


def length(share: Any = 1) -> Outcome:
    """option_one(gamma, |s|^2, A) <= d gives |s| <= 2d/gamma + A/(2d)."""
    real = Reals()
    gamma, s, s2, A, d, p, q = real("gamma s s2 A d p q")
    given = [
        gamma > 0, s >= 0, s2 == s * s, A >= 0, d > 0, p * gamma == 2 * d, 2 * d * q == A,
        real.reading(option_one)(gamma, s2, A) <= d,
    ]  # fmt: skip
    return real.always(s <= share * (p + q), given=given)


def weighted_sum(factor: Any = 1) -> Outcome:
    """A <= d^2 S, S = sum gamma |g|^2, is kept by a step with d_k <= d: A + gamma d_k^2 |g|^2 <= d^2 (S + gamma |g|^2)."""
    real = Reals()
    gamma, used, d, n, A, S = real("gamma used d n A S")
    given = [gamma >= 0, n >= 0, used > 0, used <= d, A <= d * d * S]
    return real.always(A + real.reading(squared_weight)(gamma, used, n) <= factor * d * d * (S + gamma * n), given=given)


def growing() -> Outcome:
    """A larger d keeps A <= d^2 S."""
    real = Reals()
    d, more, A, S = real("d more A S")
    return real.always(A <= more * more * S, given=[d > 0, more >= d, S >= 0, A <= d * d * S])


def half(factor: Any = 1) -> Outcome:
    """A <= d^2 S gives A/(2d) <= d S/2, and A/2 <= D d S/2 for d <= D."""
    real = Reals()
    d, D, A, S, q = real("d D A S q")
    given = [d > 0, D >= d, S >= 0, A >= 0, A <= d * d * S, 2 * d * q == A]
    return real.always(z3.And(q <= factor * d * S / 2, A <= D * d * S), given=given)


def together(factor: Any = 2) -> Outcome:
    """X <= s D - N, N >= (gamma s^2 - A)/2 and the two bounds above give X <= 2 D d/gamma + D d S (p = d/gamma)."""
    real = Reals()
    X, s, D, N, gamma, A, d, S, p, q = real("X s D N gamma A d S p q")
    given = [
        s >= 0, D >= d, d > 0, gamma > 0, S >= 0, A >= 0, X <= s * D - N, 2 * N >= gamma * s * s - A, s <= 2 * p + q, q <= d * S / 2,
        A <= D * d * S, p > 0,
    ]  # fmt: skip
    return real.always(X <= factor * D * p + D * d * S, given=given)


def root_of_sum(power: int = 1) -> Outcome:
    """d/gamma_{n+1} = d sqrt(sum |g|^2)."""
    d, G = positive("d G")
    return identity(d / symbolic(inverse_root)(G) ** power, d * sp.sqrt(G))


D2 = [
    Step(
        id="dadaptation.D2.1",
        says="d_k (F(x_k) - F*) <= d_k <g_k, x_k - x*>; summed, X := sum d_k (F(x_k) - F*) <= <s, x_0 - x*> - N <= |s| D - N",
        method="decision", check=linearised, assumes=(CONVEX,), facts=(CONVEX_GRADIENT, CAUCHY_SCHWARZ),
        uses=("dadaptation.U1.2", "dadaptation.D1.2"), control=Control("half of it", lambda: linearised(z3.RealVal("1/2"))),
    ),
    Step(
        id="dadaptation.D2.2",
        says="option I <= d_{n+1} gives |s| <= 2 d_{n+1}/gamma_{n+1} + A/(2 d_{n+1}); with option II it is below d_{n+1} too",
        method="decision", check=length, formulas=(option_one,), uses=("dadaptation.D1order", "dadaptation.D1.1"),
        control=Control("0.9 of it", lambda: length(z3.RealVal("9/10"))),
    ),
    Step(
        id="dadaptation.D2.3",
        says="A = sum gamma_k d_k^2 |g_k|^2 <= d_{n+1}^2 S, S = sum gamma_k |g_k|^2: 0 <= 0, kept by every step and every growth of "
        "d",
        method="decision", check=lambda: both(weighted_sum(), growing()), formulas=(squared_weight,), uses=("dadaptation.D1.1",),
        control=Control("0.9 of it", lambda: weighted_sum(z3.RealVal("9/10"))),
    ),
    Step(
        id="dadaptation.D2.4", says="so A/(2d) <= d S/2 and A <= D d S, d = d_{n+1} <= D", method="decision", check=half,
        uses=("dadaptation.D2.3", "dadaptation.D1"), assumes=("d_0 <= D",), control=Control("0.9 of it", lambda: half(z3.RealVal("9/10"))),
    ),
    Step(
        id="dadaptation.D2.5",
        says="X <= |s| D - N with N >= (gamma |s|^2 - A)/2: X <= 2 D d/gamma_{n+1} + D d S",
        method="decision", check=together,
        uses=("dadaptation.D2.1", "dadaptation.D2.2", "dadaptation.D2.4", "dadaptation.D1order.3"), assumes=("d_0 <= D",),
        control=Control("D d/gamma in place of 2 D d/gamma", lambda: together(1)),
    ),
    Step(
        id="dadaptation.D2.6", says="d/gamma_{n+1} = d sqrt(sum |g_k|^2)", method="algebra", check=root_of_sum, formulas=(inverse_root,),
        control=Control("gamma squared", lambda: root_of_sum(2)),
    ),
]  # fmt: skip


def averaged(factor: int = 1) -> Outcome:
    """w (F(mean) - F*) <= X <= R gives F(mean) - F* <= R/w."""
    real = Reals()
    value, low, X, R, w, q = real("value low X R w q")
    given = [w > 0, w * (value - low) <= X, X <= R, q * w == R, R > 0]
    return real.always(factor * (value - low) <= q, given=given)


MEAN = [
    Step(
        id="dadaptation.D2mean.1",
        says="F(mean) <= sum d_k F(x_k)/w, w = sum d_k, so w (F(mean) - F*) <= X <= R, R the bound of D2, and F(mean) - F* <= R/w",
        method="decision", check=averaged, uses=("dadaptation.D2", "dadaptation.D1.1"), facts=(JENSEN,), assumes=(CONVEX, "d_0 <= D"),
        control=Control("half of R/w", lambda: averaged(2)),
    ),
]  # fmt: skip
STEPS = [*ORDER, *D1, *D2, *MEAN]
