"""T9-T11: range of one multiplier, aligned and alternating directions."""

from __future__ import annotations

import math
from typing import Any

import sympy as sp
import z3
from flint import arb

from lra_ref.formulas import average, descend
from lra_ref.rates.clara import multiplier
from lra_ref.rates.clara_laws import independent_mean
from lra_ref.rates.clara_reference import PUBLISHED_ADAM
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic
from proofs_check.clara_steps.adam_mean import adam_mean
from proofs_check.clara_steps.null import FIFTH, mu
from proofs_check.clara_steps.rate import OWN, UNIT, log_step
from proofs_check.clara_steps.readings import GAIN, KEEP, C, T
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ
from proofs_check.intervals import ball, encloses, enclosing
from proofs_check.steps import Control, Outcome, Step, both, counted


def sgd_mean() -> arb:
    """mu = c/(2-c) at c = 1/5, exactly as the library's formula has it."""
    return ball(str(mu().subs(KEEP, 1 - FIFTH)))


# --- T9 ----------------------------------------------------------------------------------------------------------------------------------
def stays_inside(room: int = 1) -> Outcome:
    """|p|^2 <= 1 and |u|^2 <= 1 give 0 <= |p'|^2 <= 1; s = <p, u>, s^2 <= |p|^2 |u|^2."""
    real = Reals()
    c, y, v, s = real("c y v s")
    after = real.reading(path_norm2)(y, s, 1 - c, c) - c * c * (1 - v)
    given = [c > 0, c <= 1, y >= 0, y <= 1, v >= 0, v <= 1, s * s <= y * v]
    return real.always(z3.And(after >= 0, after <= room), given=given)


def exponent_range(share: Any = 1) -> Outcome:
    """-d <= d (Y/mu - 1) <= d (1/mu - 1), with the division by mu multiplied out."""
    real = Reals()
    d, y, m = real("d y m")
    return real.always(z3.And(-d * m <= d * (y - m), d * (y - m) <= share * d * (1 - m)), given=[d >= 0, m > 0, m <= 1, y >= 0, y <= 1])


def log_multiplier(one: int = 1) -> Outcome:
    """log multiplier(Y, mu, d) = d (Y/mu - 1)."""
    y, m = reals("y m", positive=True)
    return identity(sp.log(symbolic(multiplier)(y, m, GAIN)), GAIN * (y / m - one))


def upper_ends(shift: Any = 0) -> Outcome:
    """1/mu_ref - 1 at c = 1/5: SGD 8, Adam at large D 20/43 = 0.465, at D = 2 0.658, published 0.5958 for two parameters 0.678."""
    sgd = holds_at(sp.Eq(1 / mu().subs(KEEP, 1 - FIFTH) - 1, 8))
    ends = [(adam_mean(math.inf), "0.465"), (adam_mean(2), "0.658"), (ball(str(PUBLISHED_ADAM[2][0])), "0.678")]
    return both(
        sgd, counted(encloses(lambda m=m: 1 / m - 1 + shift, ball(text) - ball("0.0005"), ball(text) + ball("0.0005")) for m, text in ends)
    )


def first_step(power: int = 2) -> Outcome:
    """log multiplier(Y_1, mu, 1) for Y_1 = c^2."""
    c, out = ball("1/5"), []
    after = enclosing(path_norm2)(arb(0), arb(0), 1 - c, c) if power == 2 else c
    for center, text in ((sgd_mean(), "-0.64"), (adam_mean(math.inf), "-0.941")):
        out.append(
            encloses(
                lambda m=center: enclosing(multiplier)(after, m, arb(1)).log(), ball(text) - ball("0.0005"), ball(text) + ball("0.0005")
            )
        )
    return counted(out)


T9 = [
    Step(
        id="clara.T9.1", says="0 <= |p_t|^2 <= 1: it is 0 at t = 0, and |u| <= 1, <p,u>^2 <= |p|^2 |u|^2 keep it in [0, 1]",
        method="decision", check=stays_inside, formulas=(path_norm2,), uses=("clara.T1.1", "clara.U1.3"), facts=(CAUCHY_SCHWARZ,),
        assumes=("0 < c <= 1",), control=Control("below 0", lambda: stays_inside(0)),
    ),
    Step(
        id="clara.T9.2", says="log(eta_{t+1}/eta_t) = d (sum_k |p_k|^2/sum_k mu_k - 1)", method="algebra", check=log_multiplier,
        formulas=(multiplier,), uses=("clara.U1.1",), assumes=("no limits lr_min, lr_max",),
        control=Control("d (Y/mu - 2)", lambda: log_multiplier(2)),
    ),
    Step(
        id="clara.T9.3", says="-d <= d (Y/mu_ref - 1) <= d (1/mu_ref - 1) for 0 <= Y <= 1, with Y and mu_ref the means over the blocks",
        method="decision", check=exponent_range, uses=("clara.T9.1", "clara.T9.2"), assumes=("d >= 0", "0 < mu_ref <= 1"),
        control=Control("half the range", lambda: exponent_range(z3.RealVal(1) / 2)),
    ),
    Step(
        id="clara.T9.4", says="1/mu_ref - 1 at c = 0.2: SGD 8, Adam 0.465 at large D, 0.658 at D = 2, 0.678 with the published 0.5958",
        method="intervals", check=upper_ends, formulas=(independent_mean,), uses=("clara.T9.3", "clara.A1"),
        control=Control("0.01 more", lambda: upper_ends(ball("0.01"))),
    ),
    Step(
        id="clara.T9.5",
        says="first step, every block nonzero: |p_k|^2 = c^2, so log(eta_1/eta_0) = -d (1 - c^2/mu_ref): -0.64 d for SGD, -0.941 d for "
        "Adam at large D, c = 0.2",
        method="intervals", check=first_step, formulas=(path_norm2, multiplier), uses=("clara.T9.2", "clara.A1.3"),
        assumes=("|h_k| >= 1e-12",), control=Control("c for c^2", lambda: first_step(1)),
    ),
]  # fmt: skip


# --- T10 ---------------------------------------------------------------------------------------------------------------------------------
def aligned(start: int = 0) -> Outcome:
    """p_t = (1 - (1-c)^t) u: base and increment; Y_t is its square."""

    def along(t: Any) -> Any:
        return 1 - KEEP**t

    return identities([(along(start), 0), (symbolic(average)(along(T), 1, 1 - C, C), along(T + 1))])


def first_increase(step: int, low: Any, high: Any) -> Outcome:
    """Y_{step-1} <= mu_ref < Y_step for every mu_ref in [low, high], c = 1/5; Y increases with t."""

    def norm(t: int) -> Any:
        return (1 - ball("4/5") ** t) ** 2

    return both(encloses(lambda: low - norm(step - 1), 0, 1), encloses(lambda: norm(step) - high, "1/1000000", 1))


def increases(shift: int = 0) -> Outcome:
    """First increase at step 2 for SGD, 8 (D >= 3), 7 (D = 2), 6 (D = 1) for Adam."""
    rows = [
        (2, sgd_mean(), sgd_mean()),
        (8, adam_mean(3), adam_mean(math.inf)),
        (7, adam_mean(2), adam_mean(2)),
        (6, adam_mean(1), adam_mean(1)),
    ]
    return counted(first_increase(step + shift, low, high) for step, low, high in rows)


T10 = [
    Step(
        id="clara.T10.1", says="u_t = u gives p_t = (1-(1-c)^t) u, so Y_t = (1-(1-c)^t)^2, which increases with t", method="algebra",
        check=aligned, formulas=(average,), uses=("clara.U1.3",), assumes=(UNIT,), control=Control("from p_0 = c u", lambda: aligned(1)),
    ),
    Step(
        id="clara.T10.2",
        says="Y_{n-1} < mu_ref < Y_n at c = 0.2: n = 2 for SGD, 8 for Adam with 3 <= D <= inf (mu_A increases with D), 7 for D = 2, 6 "
        "for D = 1",
        method="intervals", check=increases, formulas=(independent_mean,), uses=("clara.T10.1", "clara.A1", "clara.U1.1"),
        assumes=("d > 0",), control=Control("one step earlier", lambda: increases(-1)),
    ),
]  # fmt: skip


# --- T11 ---------------------------------------------------------------------------------------------------------------------------------
def alternation(sign: int = -1) -> Outcome:
    """p_t = m_t u_t with u_{t+1} = -u_t: m_{t+1} - mu = -(1-c) (m_t - mu), so m_t -> mu."""
    m = sp.Symbol("m", real=True)
    after = symbolic(average)(sign * m, 1, 1 - C, C)
    return identities([(after - mu(), -KEEP * (m - mu())), (sp.limit((sp.Rational(4, 5)) ** T, T, sp.oo), 0)])


def slope(factor: int = 1) -> Outcome:
    """The log multiplier at Y = mu^2 is -d (1 - mu)."""
    return identity(log_step(mu() ** 2), -factor * GAIN * (1 - mu()))


def parabola(damping: Any) -> Outcome:
    """|x_400| = 4.5e22 to its digits and eta_400 > 2e22 on F = x^2/2 from x_0 = 1, eta_0 = 1/2 at c = 1/5: balls, every sign decided."""

    def run() -> tuple[arb, arb]:
        step, turn, grow = (enclosing(f) for f in (descend, average, multiplier))
        c = ball("1/5")
        x, eta, path, reference = arb(1), ball("1/2"), arb(0), sgd_mean()
        for _ in range(400):
            if not (x > 0 or x < 0):
                raise ArithmeticError(f"the sign of x is not decided: {x}")
            u = arb(1 if x > 0 else -1)
            x, path = step(x, eta, u), turn(path, u, 1 - c, c)
            eta = eta * grow(path * path, reference, ball(damping))
        return abs(x), eta

    return both(encloses(lambda: run()[0], 445 * 10**20, 455 * 10**20), encloses(lambda: run()[1], 2 * 10**22, 10**23))


T11 = [
    Step(
        id="clara.T11.1", says="u, -u, u, ...: p_t = m_t u_t with m_{t+1} - mu = -(1-c)(m_t - mu), so Y_t = m_t^2 tends to mu^2",
        method="algebra", check=alternation, formulas=(average,), uses=("clara.U1.3",), assumes=("0 < c <= 1", UNIT),
        control=Control("the same direction again", lambda: alternation(1)),
    ),
    Step(
        id="clara.T11.2", says="the slope of log eta tends to d (mu^2/mu - 1) = -d (1-mu)", method="algebra", check=slope,
        formulas=(multiplier,), uses=("clara.T11.1", "clara.T6.1"), assumes=(OWN,), control=Control("twice it", lambda: slope(2)),
    ),
    Step(
        id="clara.T11grow.1",
        says="NOT: eta falls for every d. F = x^2/2, x_0 = 1, eta_0 = 1/2, d = 1, c = 1/5: |x_400| = 4.5e22 and eta_400 > 2e22, in balls",
        method="intervals", check=lambda: parabola(1), formulas=(average, descend, multiplier), uses=("clara.U1",),
        assumes=(OWN, "exact arithmetic"), control=Control("d = 1/10, where both fall", lambda: parabola("1/10")),
    ),
]  # fmt: skip

STEPS = [*T9, *T10, *T11]
THEOREMS = {
    "clara.T9": "Every run, d >= 0: e^-d <= eta_{t+1}/eta_t <= e^(d(1/mu_ref - 1)); at c = 0.2: 8 d for SGD, 0.465 d for Adam at large D",
    "clara.T10": "u_t = u: Y_t = (1-(1-c)^t)^2; first increase of eta at step 2 (SGD), 8, 7, 6 (Adam, D >= 3, 2, 1), at c = 0.2",
    "clara.T11": "u, -u, u, ...: Y tends to mu^2, the slope of log eta to -d (1-mu)",
    "clara.T11grow": "NOT: eta falls on F = x^2/2 for every d: with d = 1, x_0 = 1, eta_0 = 1/2 |x_400| = 4.5e22 and eta_400 > 2e22",
}
