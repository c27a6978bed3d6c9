"""DG4: DoG and DoWG on F = G|x - D| from x_0 = 0, before the center is reached; DoWG grows like the tribonacci numbers."""

from __future__ import annotations

from typing import Any

import sympy as sp
from z3 import And

from lra_ref.formulas import descend
from lra_ref.rates.dog import farthest, first_distance, over_root, seen_after
from lra_ref.rates.dog_bounds import TRIBONACCI, growth_factor, near_limit
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import TAYLOR, TRIANGLE
from proofs_check.intervals import ball, encloses, single_root
from proofs_check.steps import Control, Outcome, Step, both

P, Q, SLOPE, FIRST = reals("p q G r", positive=True)
N = sp.Symbol("n", integer=True, positive=True)


# --- DoG -----------------------------------------------------------------------------------------------------------------------------
def next_point(place: Any, reach: Any, before: Any, weighted: bool = False) -> tuple[Any, Any, Any]:
    """(|x_{n+1}|, rbar or its square, sum) from |x_n|, rbar (square) and the sum: the gradient is -G along the line to the center."""
    far = symbolic(farthest)(reach, place**2 if weighted else place)
    total = symbolic(seen_after)(before, SLOPE**2, far if weighted else 1)
    return symbolic(descend)(place, symbolic(over_root)(far, total, 0), -SLOPE), far, total


def steps_of_dog(shift: int = 0) -> Outcome:
    """The first point, the second, and x_{n+1} = x_n (1 + 1/sqrt(n+1)) from rbar_{n-1} = |x_{n-1}| < |x_n| and the sum n G^2."""
    factor = symbolic(growth_factor)
    first = next_point(sp.S(0), FIRST, sp.S(0))
    second = next_point(FIRST, FIRST, SLOPE**2)
    later = next_point(P + Q, P, N * SLOPE**2)
    return identities(
        [
            (first[0], FIRST), (first[2], SLOPE**2),
            (second[0], FIRST * factor(sp.S(2))), (second[2], 2 * SLOPE**2),
            (later[0], (P + Q) * factor(N + 1 + shift)), (later[1], P + Q), (later[2], (N + 1) * SLOPE**2),
        ]
    )  # fmt: skip


def start(power: int = 1) -> Outcome:
    """r_eps = reps_rel at x_0 = 0, and every factor is above 1, so that |x_n| is rbar_n from n = 1 on."""
    real = Reals()
    j = real("j")
    return both(identity(symbolic(first_distance)(sp.S(0), P), P**power), real.always(real.reading(growth_factor)(j) > 1, [j >= 1]))


# --- DoWG ----------------------------------------------------------------------------------------------------------------------------
def recursion(shift: int = 0) -> Outcome:
    """x_{n+1} = q x_n, q = 1 + 1/sqrt(a), a = v_n/(G^2 |x_n|^2), and a_{n+1} = 1 + a_n/q^2; the first two points; a = b^2."""
    b, step = reals("b s", positive=True)
    # v before the step is (b^2 - 1) G^2 p^2: after it b^2 G^2 p^2; the point before was nearer
    place = P
    after, far, total = next_point(place, P**2 / (1 + step), (b**2 - 1) * SLOPE**2 * place**2, True)
    _, _, later = next_point((1 + 1 / b) * place, place**2, total, True)
    first = next_point(sp.S(0), FIRST**2, sp.S(0), True)
    second = next_point(FIRST, FIRST**2, first[2], True)
    return identities(
        [
            (after, (1 + 1 / b) * place), (far, place**2), (total, b**2 * SLOPE**2 * place**2),
            (later / (SLOPE**2 * ((1 + 1 / b) * place) ** 2), 1 + shift + b**2 / (1 + 1 / b) ** 2),
            (first[0], FIRST), (second[2] / (SLOPE**2 * FIRST**2), 2), (second[0], FIRST * (1 + 1 / sp.sqrt(2))),
        ]
    )  # fmt: skip


def stays(top: int = 2) -> Outcome:
    """a = b^2 in [1, 2] gives a' = 1 + b^4/(b+1)^2 in [1, 2]."""
    real = Reals()
    b, y = real("b y")
    return real.always(And(1 + y * y >= 1, 1 + y * y <= top), [b >= 1, b * b <= 2, y * (b + 1) == b * b])


def contracts(half: int = 2) -> Outcome:
    """The derivative of a' by a = b^2 is b^2 (b+2)/(b+1)^3, which is not negative and at most 1/2 on [1, 2]."""
    c = reals("b", positive=True)
    slope = sp.diff(1 + c**4 / (c + 1) ** 2, c) / (2 * c)
    real = Reals()
    b = real("b")
    small = real.always(And(b * b * (b + 2) >= 0, half * b * b * (b + 2) <= (b + 1) * (b + 1) * (b + 1)), [b >= 1, b * b <= 2])
    return both(identity(slope, c**2 * (c + 2) / (c + 1) ** 3), small)


def fixed_point(shift: int = 0) -> Outcome:
    """a = 1 + a^2/(b+1)^2 with a = b^2 is q^3 = q^2 + q + 1 for q = 1 + 1/b."""
    b = reals("b", positive=True)
    q = 1 + 1 / b
    return identity((b**2 - 1) * (b + 1) ** 2 - b**4, -(b**3) * (q**3 - q**2 - q - 1 - shift))


def cubic(q: Any) -> Any:
    """q^3 - q^2 - q - 1."""
    return q * q * q - q * q - q - 1


def limit(digits: int = 15, value: float = TRIBONACCI) -> Outcome:
    """Exactly one root in [1.7, 2], where 1 + 1/sqrt(a) is for a in [1, 2], and within 1e-15 of the constant of the library."""
    near = ball(1) / 10**digits
    return both(
        single_root(cubic, "1.7", 2),
        encloses(lambda: cubic(ball(value) - near), -1, 0),
        encloses(lambda: cubic(ball(value) + near), 0, 1),
    )


def ratio_distance(half: Any = 2) -> Outcome:
    """|1/b - 1/d| <= |b^2 - d^2|/2 for b, d >= 1."""
    real = Reals()
    b, d = real("b d")
    return real.always(half * (b - d) <= (b * b - d * d) * b * d, [b >= d, d >= 1])


def pace(first: Any = "0.6") -> Outcome:
    """|q_n - q| <= 0.3 2^(1-n): half of 2 - a at n = 1, a = 1/(q-1)^2, and half as much with every n."""
    start = encloses(lambda: 2 - 1 / (ball(TRIBONACCI) - 1) ** 2, 0, first)
    bound = symbolic(near_limit)
    return both(start, identities([(bound(sp.Integer(1)), sp.Rational(3, 10)), (bound(N + 1), bound(N) / 2)]))


CONE = ("F = G|x-D|, x_0 = 0, square_eps = 0", "|x_n| < |D|", "exact arithmetic")
DG4 = [
    Step(
        id="dog.DG4.1", says="rbar_0 = r_eps = reps_rel; every factor 1 + 1/sqrt(j) is above 1, so rbar_n = |x_n| for n >= 1",
        method="decision",
        check=start, formulas=(first_distance, growth_factor), uses=("dog.step.1",), assumes=CONE,
        control=Control("its square", lambda: start(2)),
    ),
    Step(
        id="dog.DG4.2", says="|x_1| = r_eps, |x_2| = r_eps (1 + 1/sqrt 2), |x_{n+1}| = |x_n| (1 + 1/sqrt(n+1)): the product, by induction",
        method="algebra", check=steps_of_dog, formulas=(farthest, seen_after, over_root, descend, growth_factor),
        uses=("dog.step.1", "dog.step.4", "dog.DG4.1"), assumes=CONE, control=Control("n + 2", lambda: steps_of_dog(1)),
    ),
]  # fmt: skip
DG4W = [
    Step(
        id="dog.DG4w.1", says="|x_{n+1}| = q_n |x_n|, q_n = 1 + 1/sqrt(a_n), a_n = v_n/(G^2 |x_n|^2), a_1 = 2, a_{n+1} = 1 + a_n/q_n^2",
        method="algebra", check=recursion, formulas=(farthest, seen_after, over_root, descend), uses=("dog.step.3", "dog.step.4"),
        assumes=CONE,
        control=Control("2 + a/q^2", lambda: recursion(1)),
    ),
    Step(
        id="dog.DG4w.2", says="a in [1, 2] stays in [1, 2]", method="decision", check=stays, uses=("dog.DG4w.1",),
        control=Control("in [1, 1]", lambda: stays(1)),
    ),
    Step(
        id="dog.DG4w.3", says="the map of a contracts by 1/2 on [1, 2]: its derivative is b^2 (b+2)/(b+1)^3, a = b^2", method="decision",
        check=contracts, uses=("dog.DG4w.1",), facts=(TAYLOR,),
        control=Control("by 1/4", lambda: contracts(4)),
    ),
    Step(
        id="dog.DG4w.4", says="its fixed point a = b^2 gives q = 1 + 1/b with q^3 = q^2 + q + 1", method="algebra", check=fixed_point,
        uses=("dog.DG4w.1",), control=Control("q^3 = q^2 + q + 2", lambda: fixed_point(1)),
    ),
    Step(
        id="dog.DG4w.5", says="q^3 = q^2 + q + 1 has one root in [1.7, 2]: 1.8392867552141611 within 1e-15", method="intervals",
        check=limit,
        uses=("dog.DG4w.4",), control=Control("1.8392867552", lambda: limit(15, 1.8392867552)),
    ),
    Step(
        id="dog.DG4w.6", says="|q_n - q| <= |a_n - a|/2", method="decision", check=ratio_distance, uses=("dog.DG4w.2",), facts=(TRIANGLE,),
        control=Control("a quarter", lambda: ratio_distance(4)),
    ),
    Step(
        id="dog.DG4w.7", says="|q_n - q| <= 0.3 2^(1-n): |a_1 - a| = 2 - 1/(q-1)^2 <= 0.6, halved in every step", method="intervals",
        check=pace,
        formulas=(near_limit,), uses=("dog.DG4w.3", "dog.DG4w.5", "dog.DG4w.6"), control=Control("0.5", lambda: pace("0.5")),
    ),
]  # fmt: skip

STEPS = [*DG4, *DG4W]
THEOREMS = {
    "dog.DG4": "F = G|x-D| from 0: |x_n| = r_eps prod_{j=2..n} (1 + 1/sqrt(j)) before the center is reached",
    "dog.DG4w": "the same F, dowg: |x_{n+1}|/|x_n| is within 0.3 2^(1-n) of 1.8392867552..., the real root of q^3 = q^2 + q + 1",
}
