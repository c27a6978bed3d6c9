"""E8 a, b, d: the multiplicative rule with the full gradient; and how far it is from exponentiated gradient."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
import z3

from experiments.exponentiated_claims.runs import witness
from lra_ref.formulas import descend
from lra_ref.problems.quartic import quartic_value
from lra_ref.rates.exponentiated import cosine
from lra_ref.rates.hypergradient import keep_gradient, multiplicative_decide, multiplied
from proofs_check.algebra import holds_at, identities, reals, same, symbolic
from proofs_check.decision import Reals
from proofs_check.exponentiated_steps.bias import cosine_of
from proofs_check.facts import CAUCHY_SCHWARZ, STRONG_MONOTONICITY
from proofs_check.steps import Control, Outcome, Step, both, counted
from proofs_check.worst_case import at_most

ETA, BETA, a = reals("eta beta a", positive=True)
c, x = reals("c x")


# --- E8a ---------------------------------------------------------------------------------------------------------------------------
def kernel(power: int = 1) -> Outcome:
    """The kernels: eta (1 + beta cos(g, g_prev)), from lr in the first step, whose cosine is 0; x - eta d; g is kept with its square."""
    lr, g2, d2 = reals("lr g2 d2", positive=True)
    inner = reals("i")
    pairs = []
    for t, before in ((0, lr), (1, ETA)):
        scal = np.array([[0, ETA, 0]], dtype=object)
        found = symbolic(multiplicative_decide)(0, 1, t, 0, np.array([[inner, g2, d2]], dtype=object), scal, (lr, BETA), None)
        signal = sp.Min(1, sp.Max(-1, inner / (sp.sqrt(g2) * sp.sqrt(d2))))
        pairs += [(found, before * (1 + power * BETA * signal)), (scal[0, 1], found), (scal[0, 2], signal)]
    scal = np.array([[0, 0, 0]], dtype=object)
    pairs.append((symbolic(multiplicative_decide)(0, 1, 0, 0, np.array([[0, g2, 0]], dtype=object), scal, (lr, BETA), None), lr))
    xs, g, d = (np.array(reals(f"{name}0 {name}1")) for name in "xgd")
    kept, late, before_move = np.zeros((1, 2), dtype=object), np.zeros((1, 2), dtype=object), xs.copy()
    symbolic(keep_gradient)(0, 0, 2, 0, xs, g, d, None, kept, np.array([[ETA]], dtype=object), late)
    pairs += [*zip(xs, before_move - ETA * d, strict=True), *zip(kept[0], g, strict=True), *zip(late[0], g * g, strict=True)]
    return same(pairs)


def overflow(square: float = np.inf) -> Outcome:
    """The kernel in double: squares that overflow give status 2 and leave rate and signal as they were."""
    scal = np.array([[0.0, 3.0, 0.5]])
    with np.errstate(all="ignore"):
        rate = multiplicative_decide(0, 1, 1, 0.0, np.array([[1.0, square, 1.0]]), scal, (0.25, 0.5), None)
    return identities(zip(map(sp.Rational, (*scal[0], rate)), map(sp.Rational, (2, 3, 0.5, 3)), strict=True))


def split(sign: int = 1) -> Outcome:
    """<g', g> = |g|^2 - <g - g', g> and g = (x - x')/eta, in two coordinates."""
    g, after, at = (sp.Matrix(reals(f"{name}0 {name}1")) for name in ("g", "h", "x"))
    moved = sp.Matrix([symbolic(descend)(p, ETA, q) for p, q in zip(at, g, strict=True)])
    return identities([((after.T * g)[0], (g.T * g)[0] - sign * ((g - after).T * g)[0]), *zip((at - moved) / ETA, g, strict=True)])


def turning(low: bool) -> Outcome:
    """Sign of <g', g> from eta m |g|^2 <= <g - g', g> <= eta L |g|^2, eta < 1/L or eta > 1/m."""
    real = Reals()
    eta, m, smooth, g2, bend = real("eta m L g2 bend")
    given = [eta > 0, m > 0, smooth >= m, g2 > 0, bend >= eta * m * g2, bend <= eta * smooth * g2]
    if low:
        return real.always(g2 - bend > 0, [*given, eta * smooth < 1])
    return real.always(g2 - bend < 0, [*given, eta * m > 1])


def threshold(smooth: int = 1) -> Outcome:
    """Both directions; the control asks for a rise up to eta = 4/L."""
    if smooth == 1:
        return both(turning(True), turning(False))
    real = Reals()
    eta, m, top, g2, bend = real("eta m L g2 bend")
    given = [eta > 0, m > 0, top >= m, g2 > 0, bend >= eta * m * g2, bend <= eta * top * g2, eta * top < smooth]
    return real.always(g2 - bend > 0, given)


def follows_sign(sign: int = 1) -> Outcome:
    """eta' > eta where <g', g> > 0, eta' < eta where it is < 0, eta' = eta where it is 0."""
    outcomes = []
    for compare in (lambda i, after, eta: z3.Implies(i > 0, after > eta), lambda i, after, eta: z3.Implies(i < 0, after < eta),
                    lambda i, after, eta: z3.Implies(i == 0, after == eta)):  # fmt: skip
        real = Reals()
        i, r, q, eta, beta = real("i r q eta beta")
        roots = iter((r, q))
        real.sqrt = lambda argument, roots=roots: next(roots)  # type: ignore[method-assign, misc]
        signal = real.reading(cosine)(i, r * r, q * q, 1, 0)
        after = real.reading(multiplied)(eta, beta, sign * signal)
        outcomes.append(real.always(compare(i, after, eta), given=[r > 0, q > 0, eta > 0, beta > 0, beta < 1]))
    return both(*outcomes)


def worst_turn(eta: float, low: bool, scale: float = 1.0) -> Outcome:
    """Over all m = 1/4-strongly convex functions with L = 1 and |g| = 1: <g', g> >= 1 - eta L, <g', g> <= 1 - eta m."""

    def build() -> Any:
        from PEPit import PEP
        from PEPit.functions import SmoothStronglyConvexFunction

        problem = PEP()
        f = problem.declare_function(SmoothStronglyConvexFunction, mu=0.25, L=1.0)
        start = problem.set_initial_point()
        g = f.gradient(start)
        problem.set_initial_condition(g**2 == 1)
        after = f.gradient(symbolic(descend)(start, eta, g))
        problem.set_performance_metric(-(after * g) if low else after * g)
        return problem

    return at_most(build, -(1 - eta) * scale if low else (1 - 0.25 * eta) * scale)


# --- E8d ---------------------------------------------------------------------------------------------------------------------------
def quartic(point: Any) -> tuple[Any, Any]:
    """F = x^4 and its gradient through the kernel of the problem."""
    out = np.zeros(1, dtype=object)
    value = symbolic(quartic_value)(0, 1, np.array([point], dtype=object), None, None, np.array([1], dtype=object), out)
    return value, out[0]


def quartic_step(factor: int = 4) -> Outcome:
    """x' = x (1 - 4y), y = eta x^2, on F = x^4."""
    value, g = quartic(x)
    moved = symbolic(descend)(x, ETA, g)
    return identities([(moved, x * (1 - factor * ETA * x**2)), (value, x**4), (g, (x**4).diff(x))])


def escapes(limit: Any = Fraction(8, 9)) -> Outcome:
    """y >= 1: the factor 1 - 4y is at most -3, the cosine -1, y' = y (1 - beta)(1 - 4y)^2 >= 9 (1 - beta) y > y."""
    real = Reals()
    y, beta, g, p, r, q = real("y beta g p r q")
    factor = 1 - 4 * y
    # gradients 4 x^3 and 4 x'^3: opposite signs, |.| as variables
    signal = cosine_of(real, g, p, r, q, 0)
    given = [y >= 1, 0 < beta, beta < z3.Q(limit.numerator, limit.denominator), r == real.abs(g), q == real.abs(p), p != 0, g * p < 0]
    after = real.reading(multiplied)(y, beta, signal) * factor * factor
    return both(real.always(factor <= -3, given), real.always(signal == -1, given), real.always(after >= 9 * (1 - beta) * y, given),
                real.always(after > y, given))  # fmt: skip


def quartic_run(start: Any = None) -> Outcome:
    """The stored counterexample in exact fractions: the distance at least triples in every step."""
    case = witness("exponentiated.E8d").parameters("quick")
    assert case is not None
    point, eta, before, sizes = sp.Rational(case["x0"] if start is None else start), sp.Rational(case["lr"]), sp.Integer(0), []
    for _ in range(case["T"]):
        _, g = quartic(point)
        eta = symbolic(multiplied)(eta, sp.Rational(case["beta"]), symbolic(cosine)(g * before, g**2, before**2, 1, 0))
        sizes.append(abs(point))
        point, before = symbolic(descend)(point, eta, g), g
    return counted(holds_at(sp.sympify(later >= 3 * earlier)) for earlier, later in zip(sizes, [*sizes[1:], abs(point)], strict=True))


THEOREMS = {
    "exponentiated.E8a": "m-strongly convex, L-smooth, full gradient, x_t no minimiser: after a step with eta < 1/L the rate rises, "
    "after one with eta > 1/m it falls",
    "exponentiated.E8d": "refutation: on F = x^4 with beta < 8/9 and |x_0| >= eta_0^(-1/2) the rule diverges",
}

CONVEX = ("F m-strongly convex and L-smooth", "full gradient", "exact arithmetic", "0 < beta < 1")

STEPS = [
    Step(
        id="exponentiated.E8a.1",
        says="the kernels are eta (1 + beta cos(g_t, g_{t-1})), eta = lr and cosine 0 in the first step, x - eta d", method="algebra",
        check=kernel, formulas=(multiplicative_decide, multiplied, keep_gradient, descend),
        control=Control("1 - beta cos", lambda: kernel(-1)),
    ),
    Step(
        id="exponentiated.E8a.2", says="<g', g> = |g|^2 - <g - g', g>, g = (x - x')/eta", method="algebra", check=split,
        formulas=(descend,), control=Control("the other sign", lambda: split(-1)),
    ),
    Step(
        id="exponentiated.E8a.3", says="eta m |g|^2 <= <g - g', g> <= eta L |g|^2, so <g', g> > 0 for eta < 1/L and < 0 for eta > 1/m",
        method="decision", check=threshold, facts=(STRONG_MONOTONICITY, CAUCHY_SCHWARZ), uses=("exponentiated.E8a.2",), assumes=CONVEX[:3],
        control=Control("up to 4/L", lambda: threshold(4)),
    ),
    Step(
        id="exponentiated.E8a.4", says="eta' > eta, = eta, < eta as <g', g> > 0, = 0, < 0", method="decision", check=follows_sign,
        formulas=(multiplied, cosine), assumes=(*CONVEX[3:], "g and g' not 0"), control=Control("the other sign", lambda: follows_sign(-1)),
    ),
    Step(
        id="exponentiated.E8a.5", says="worst case over the class, m = 1/4, L = 1, |g| = 1: <g', g> >= 1 - eta L at eta = 1/2",
        method="worst case", check=lambda: worst_turn(0.5, True), formulas=(descend,), uses=("exponentiated.E8a.3",),
        control=Control("1.2 of it", lambda: worst_turn(0.5, True, 1.2)),
    ),
    Step(
        id="exponentiated.E8a.6", says="worst case over the class: <g', g> <= 1 - eta m < 0 at eta = 6", method="worst case",
        check=lambda: worst_turn(6.0, False), formulas=(descend,), uses=("exponentiated.E8a.3",),
        control=Control("1.2 of it", lambda: worst_turn(6.0, False, 1.2)),
    ),
    Step(
        id="exponentiated.E8a.7",
        says="squares that overflow: status 2, rate and signal as before (the kernel in double, exact comparison)", method="algebra",
        check=overflow, formulas=(multiplicative_decide,), control=Control("finite squares", lambda: overflow(1.0)),
    ),
    Step(
        id="exponentiated.E8d.1", says="on F = x^4: x' = x (1 - 4y), y = eta x^2", method="algebra", check=quartic_step,
        formulas=(descend, quartic_value), control=Control("1 - 3y", lambda: quartic_step(3)),
    ),
    Step(
        id="exponentiated.E8d.2",
        says="y >= 1: 1 - 4y <= -3, the cosine is -1, y' = y (1 - beta)(1 - 4y)^2 >= 9 (1 - beta) y > y: |x| triples for ever",
        method="decision", check=escapes, formulas=(multiplied, cosine), uses=("exponentiated.E8d.1",),
        assumes=("0 < beta < 8/9", "exact arithmetic"), control=Control("beta up to 9/10", lambda: escapes(Fraction(9, 10))),
    ),
    Step(
        id="exponentiated.E8d.3",
        says="stored counterexample (beta 1/2, eta_0 1/4, x_0 2) in exact fractions: |x| at least triples in every step", method="algebra",
        check=quartic_run, formulas=(multiplied, cosine, quartic_value), uses=("exponentiated.E8d.2",),
        control=Control("from 1/2", lambda: quartic_run(0.5)),
    ),
]  # fmt: skip
