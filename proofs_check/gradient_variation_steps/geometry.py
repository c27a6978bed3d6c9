"""X1, X3, X4: the ordering of the curvature members, rotations, one dimension."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
import z3
from PEPit import PEP, Point
from PEPit.functions import SmoothStronglyConvexFunction

from experiments.gradient_variation_claims.geometry import SIGN_ROTATED
from lra_ref.arithmetic import quotient
from lra_ref.directions.momentum import averaged_begin, averaged_map
from lra_ref.directions.sign import sign_map
from lra_ref.formulas import average, descend, product, square
from lra_ref.parts import move_along
from lra_ref.rates import gradient_variation as gv
from proofs_check.algebra import identities, identity, reals
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, CO_COERCIVITY, GIVENS, STRONG_MONOTONICITY
from proofs_check.gradient_variation_steps.kernels import CODES, ETA_0, PAIRS, exact, machine, parabola, run, vector
from proofs_check.gradient_variation_steps.members import RATE_FORMULAS
from proofs_check.steps import Control, Outcome, Step, counted, opposite
from proofs_check.worst_case import at_most

P = "gradient_variation"
EXACT_GRADIENTS = ("exact gradients", "exact arithmetic")


# --- X1 ---------------------------------------------------------------------------------------------------------------
def ordered(claim: Callable[..., Any]) -> Outcome:
    """A claim about m, L, bb2, secant, bb1 and <s,y>, |y|^2 from the inequalities between the Gram variables of s and y."""
    real = Reals()
    sy, s2, y2, m, big = real("sy s2 y2 m L")
    low, middle, high = (real.reading(gv.short_step)(sy, y2), real.reading(gv.secant)(s2, y2), real.reading(gv.long_step)(s2, sy))
    given = [s2 > 0, m > 0, big > 0, y2 >= 0, y2 <= big * sy, sy >= m * s2, sy * sy <= s2 * y2]
    return real.always(claim(m, big, low, middle, high, sy, y2), given)


def gram(factor: int = 1) -> Outcome:
    """<s,y>^2 <= |s|^2 |y|^2 for the sums that the kernel of the pair makes, in the plane of s and y."""
    real = Reals()
    x = np.array(real("x0 x1"), dtype=object)
    before, g, q = (np.array(real(f"{n}0 {n}1"), dtype=object) for n in "bgq")
    at = machine("sgd", "secant", 2, namespace=real)
    at.vec[0] = before
    sy, s2, y2, _ = at.summands(x, g, g, q)[0]
    return real.always(factor * sy * sy <= s2 * y2)


def worst_pair(metric: str, factor: float, m: float = 0.25, big: float = 1.0) -> Outcome:
    """|y|^2 - factor L <s,y> <= 0, or factor m |s|^2 - <s,y> <= 0, over the class, |s| <= 1."""

    def build() -> PEP:
        problem = PEP()
        f = problem.declare_function(SmoothStronglyConvexFunction, mu=m, L=big)
        x, before = Point(), Point()
        s, y = x - before, f.gradient(x) - f.gradient(before)
        problem.add_constraint(s**2 <= 1)
        problem.set_performance_metric(y**2 - factor * big * (s * y) if metric == "L" else factor * m * s**2 - s * y)
        return problem

    return at_most(build, 0.0)


X1 = [
    Step(
        id=f"{P}.X1.1", says="<s,y>^2 <= |s|^2 |y|^2 for the sums of the kernel (in the plane that s and y span)", method="decision",
        check=gram, formulas=(gv.pair_summands, gv.same_terms, product, square), facts=(CAUCHY_SCHWARZ,),
        control=Control("2 <s,y>^2", lambda: gram(2)),
    ),
    Step(
        id=f"{P}.X1.2",
        says="|y|^2 <= L <s,y> over all m-strongly convex L-smooth functions and pairs of points (m = 1/4, L = 1, |s| <= 1)",
        method="worst case", check=lambda: worst_pair("L", 1.0), facts=(CO_COERCIVITY,), assumes=("batch loss convex and L-smooth",),
        control=Control("0.9 L in place of L", lambda: worst_pair("L", 0.9)),
    ),
    Step(
        id=f"{P}.X1.3", says="m |s|^2 <= <s,y> over the same class", method="worst case", check=lambda: worst_pair("m", 1.0),
        facts=(STRONG_MONOTONICITY,), assumes=("batch loss m-strongly convex",),
        control=Control("1.1 m in place of m", lambda: worst_pair("m", 1.1)),
    ),
    Step(
        id=f"{P}.X1.4", says="<s,y> > 0 and y is not 0: no division by 0, and no rate is kept", method="decision",
        check=lambda: ordered(lambda m, big, low, middle, high, sy, y2: z3.And(sy > 0, y2 > 0)), uses=(f"{P}.X1.3",),
        assumes=("s is not 0",), control=Control("<s,y> > 1", lambda: ordered(lambda m, big, low, middle, high, sy, y2: sy > 1)),
    ),
    Step(
        id=f"{P}.X1.5", says="1/L <= bb2", method="decision", check=lambda: ordered(lambda m, big, low, *_: big * low >= 1),
        formulas=(gv.short_step,), uses=(f"{P}.X1.2", f"{P}.X1.4"),
        control=Control("2/L <= bb2", lambda: ordered(lambda m, big, low, *_: big * low >= 2)),
    ),
    Step(
        id=f"{P}.X1.6", says="bb2 <= |s|/|y|", method="decision", check=lambda: ordered(lambda m, big, low, middle, *_: low <= middle),
        formulas=(gv.short_step, gv.secant), uses=(f"{P}.X1.1", f"{P}.X1.4"),
        control=Control("|s|/|y| <= bb2", lambda: ordered(lambda m, big, low, middle, *_: middle <= low)),
    ),
    Step(
        id=f"{P}.X1.7", says="|s|/|y| <= bb1", method="decision",
        check=lambda: ordered(lambda m, big, low, middle, high, *_: middle <= high), formulas=(gv.long_step, gv.secant),
        uses=(f"{P}.X1.1", f"{P}.X1.4"),
        control=Control("bb1 <= |s|/|y|", lambda: ordered(lambda m, big, low, middle, high, *_: high <= middle)),
    ),
    Step(
        id=f"{P}.X1.8", says="bb1 <= 1/m", method="decision", check=lambda: ordered(lambda m, big, low, middle, high, *_: m * high <= 1),
        formulas=(gv.long_step,), uses=(f"{P}.X1.3", f"{P}.X1.4"),
        control=Control("bb1 <= 1/(2m)", lambda: ordered(lambda m, big, low, middle, high, *_: 2 * m * high <= 1)),
    ),
]  # fmt: skip


# --- X3 ---------------------------------------------------------------------------------------------------------------
COS, SIN = reals("cos sin")


def orthogonal() -> list[Any]:
    """A rotation of two coordinates and a reflection of one; ``on_circle`` knows that cos^2 + sin^2 = 1."""
    return [np.array([[COS, -SIN], [SIN, COS]], dtype=object), np.array([[-1, 0], [0, 1]], dtype=object)]


def on_circle(polynomial: Any) -> Any:
    """The normal form modulo cos^2 + sin^2 - 1: of degree at most 1 in sin."""
    return sp.rem(sp.expand(polynomial), COS**2 + SIN**2 - 1, SIN)


def invariant_sums(stretch: int = 1) -> Outcome:
    """The sums of every kernel of summands are those of the vectors turned by Q."""
    x, before, g, q, d = (vector(f"{name}:2") for name in "xbgqd")
    out = []
    for turn in orthogonal():
        turn = stretch * turn
        for direction, member, pair in (
            ("sgd", "fisher", "same"),
            ("momentum", "fisher", "same"),
            ("sgd", "bb1", "same"),
            ("sgd", "bb1", "fresh"),
        ):
            found = []
            for y, b, gradient, other, along in ((x, before, g, q, d), (turn @ x, turn @ before, turn @ g, turn @ q, turn @ d)):
                at = machine(direction, member, 2, pair=pair, tidy=on_circle)
                at.vec[0], at.vec[-1] = (b, other) if pair == "fresh" else (b, b)
                found.append(at.summands(y, gradient, along, other)[0])
            out += [identity(a, b) for a, b in zip(*found, strict=True)]
    return counted(out)


def turned_step(shift: int = 0) -> Outcome:
    """Q (x - eta d) = Qx - eta Qd for the kernels of the move, and the buffer of Qg is Q times the buffer of g."""
    x, g, m, eta = vector("x:2"), vector("g:2"), vector("m:2"), reals("eta", positive=True)
    out = []
    for turn in orthogonal():
        for member, pair in (("fisher", "same"), ("bb1", "same"), ("bb1", "fresh")):
            one, two = machine("momentum", member, 2, pair=pair), machine("momentum", member, 2, pair=pair)
            one.t = two.t = 1
            one.buffer[0], two.buffer[0] = m, turn @ m + shift
            d, turned = one.aim(x, g), two.aim(turn @ x, turn @ g)
            after = one.move(x, g, d, eta)
            out += [identity(a, b) for a, b in zip(turn @ after, two.move(turn @ x, turn @ g, turned, eta), strict=True)]
            out += [identity(a, b) for mine, other in zip(one.vec, two.vec, strict=True) for a, b in zip(turn @ mine, other, strict=True)]
    return counted(out)


def turned_gradient(transposed: bool = True) -> Outcome:
    """The gradient of F(Q'z) in z is Q times the gradient of F at Q'z, for any differentiable F of two variables (chain rule)."""
    u, v, slope_u, slope_v = reals("u v F_1 F_2")
    turn = sp.Matrix([[COS, -SIN], [SIN, COS]])
    inner = (turn.T if transposed else turn) * sp.Matrix([u, v])
    found = [slope_u * inner[0].diff(z) + slope_v * inner[1].diff(z) for z in (u, v)]
    return identities(zip(found, turn * sp.Matrix([slope_u, slope_v]), strict=True))


def rotated_run(direction: str, members: tuple[str, ...] = tuple(CODES)) -> Outcome:
    """The stored case: x_t on F turned by the triangle 3, 4, 5 and turned back is x_t on F, for all members; exact numbers."""
    case = SIGN_ROTATED.parameters("quick") or {}
    # the stored decimals stand for the triangle 3, 4, 5, which no float64 is exactly
    turn = np.array([[sp.Rational(Fraction(str(value))) for value in row] for row in case["rotation"]], dtype=object)
    spectrum = [exact(value) for value in case["problem_parameters"]["spectrum"]]
    x0, gradient = np.array([exact(value) for value in case["x0"]], dtype=object), parabola(*spectrum)
    out = []
    for member in members:
        steps = 2 if member == "secant" else 3  # nested roots grow too long for a third step
        one = run(machine(direction, member, 2, tidy=sp.radsimp, **case["parameters"]), x0, gradient, steps)
        two = run(
            machine(direction, member, 2, tidy=sp.radsimp, **case["parameters"]), turn @ x0, lambda x: turn @ gradient(turn.T @ x), steps
        )
        out += [identity(a, b) for p, q in zip(one.x, two.x, strict=True) for a, b in zip(p, turn.T @ q, strict=True)]
    return counted(out)


X3 = [
    Step(
        id=f"{P}.X3.1",
        says="every sum that a member sees is the same for vectors turned by Q (the two coordinates that a factor of Q turns)",
        method="algebra", check=invariant_sums, facts=(GIVENS,),
        formulas=(gv.norm_terms, gv.along_terms, gv.same_terms, gv.fresh_terms, gv.pair_summands, product, square),
        control=Control("2 Q in place of Q", lambda: invariant_sums(2)),
    ),
    Step(
        id=f"{P}.X3.2", says="Q (x - eta d) = Qx - eta Qd, and the buffer and the stored vectors turn with Q", method="algebra",
        check=turned_step, formulas=(move_along, gv.same_move, gv.fresh_move, averaged_begin, averaged_map, average, descend),
        facts=(GIVENS,), control=Control("another buffer", lambda: turned_step(1)),
    ),
    Step(
        id=f"{P}.X3.3", says="the gradient of F(Q'x) is Q grad F(Q'x)", method="algebra", check=turned_gradient,
        assumes=("F differentiable", "two variables written out"), facts=(GIVENS,),
        control=Control("F(Qx)", lambda: turned_gradient(False)),
    ),
    Step(
        id=f"{P}.X3.4",
        says="so x_t turns with Q: every member with SGD and SGDM, exact numbers, F = 2x^2 + y^2/2 and the triangle 3, 4, 5",
        method="algebra", check=lambda: counted([rotated_run("sgd"), rotated_run("momentum")]),
        uses=(f"{P}.X3.1", f"{P}.X3.2", f"{P}.X3.3"), formulas=(gv.fisher_decide, gv.pair_decide), assumes=EXACT_GRADIENTS,
        control=Control("with SIGNSGD", lambda: rotated_run("sign")),
    ),
    Step(
        id=f"{P}.X3sign.1", says="REFUTED for every member: x_t turns with Q also with SIGNSGD (the stored counterexample)",
        method="algebra", check=lambda: counted(opposite(rotated_run("sign", (member,))) for member in CODES), formulas=(sign_map,),
        assumes=EXACT_GRADIENTS, control=Control("with SGD, for which it is true", lambda: opposite(rotated_run("sgd"))),
    ),
]  # fmt: skip


# --- X4 ---------------------------------------------------------------------------------------------------------------
def one_dimension(factor: Any = 1) -> Outcome:
    """y = h s: the raw rate of every curvature member is 1/h."""
    out = []
    for code in range(2, 7):
        real = Reals()
        s, h, slope = real("s h slope")
        raw, usable = real.reading(gv.pair_member)(code, h * s * s, s * s, h * h * s * s, slope, factor)
        out.append(real.always(z3.And(raw * h == 1, usable), given=[h > 0, s != 0, slope > 0]))
    return counted(out)


def newton(gamma: float = 1.0) -> Outcome:
    """The kernels on h (x - x*)^2/2: eta_1 = 1/h and x_2 = x*, for h eta_0 below, at and above 1."""
    h, c = reals("h c", positive=True)
    star, away = reals("star away", nonzero=True)
    out = []
    for share in (1 / (1 + c), 1 + c, sp.Integer(1)):
        for member in PAIRS:
            for pair in ("same", "fresh"):
                at = machine("sgd", member, pair=pair, tidy=sp.factor, hyp={ETA_0: share / h}, gamma=gamma)
                path = run(at, [star + away], lambda x: np.array([sp.factor(h * (x[0] - star))], dtype=object), 2)
                out += [identity(path.eta[1] * h, 1), identity(path.x[2][0], star)]
    return counted(out)


X4 = [
    Step(
        id=f"{P}.X4.1", says="y = h s, s not 0: every curvature member is 1/h and is used", method="decision", check=one_dimension,
        formulas=(*RATE_FORMULAS, quotient), assumes=("h > 0", "gamma/b = 1", "<g,d> > 0"),
        control=Control("gamma/b = 2", lambda: one_dimension(2)),
    ),
    Step(
        id=f"{P}.X4.2",
        says="the kernels on h (x - x*)^2/2 from x_0 not x*: eta_1 = 1/h, x_2 = x* (also for eta_0 = 1/h, where the rate is kept)",
        method="algebra", check=newton, uses=(f"{P}.X4.1",),
        assumes=(*EXACT_GRADIENTS, "SGD", "theta = 1", "gamma/b = 1", "no cap", "h > 0"),
        formulas=(gv.pair_decide, gv.same_move, gv.fresh_move, *RATE_FORMULAS, gv.applied_rate),
        control=Control("gamma/b = 1/2", lambda: newton(0.5)),
    ),
]  # fmt: skip

STEPS = [*X1, *X3, *X4]
THEOREMS = {
    f"{P}.X1": "same-batch pair, batch loss m-strongly convex and L-smooth, s not 0: 1/L <= bb2 <= |s|/|y| <= bb1 <= 1/m",
    f"{P}.X3": "F -> F(Q'.), x_0 -> Q x_0, noise n -> Qn: x_t -> Q x_t for every member with SGD and SGDM",
    f"{P}.X3sign": "refuted: the same with SIGNSGD",
    f"{P}.X4": "1-D quadratic, exact gradients, SGD, theta = 1, gamma/b = 1, no cap: eta_1 = 1/F'' and x_2 = x* for every curvature member",
}
