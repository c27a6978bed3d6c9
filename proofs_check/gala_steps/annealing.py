"""G9s, G9: the stationary feedback on noisy quadratics, and why the practical rule does not anneal."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import descend
from lra_ref.rates.gala import curvature, pair_summands, secant, segment_point
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.facts import TOWER
from proofs_check.gala_steps.readings import mean, pair, vector
from proofs_check.intervals import ball, single_root
from proofs_check.steps import Control, Outcome, Step, both, counted

# --- G9s, G9 -----------------------------------------------------------------------------------------------------------------------------
H, S, Q = reals("h s q", positive=True)
PLACE, NOISE, FRESH = vector("x"), vector("n"), vector("m")
#: E|x|^2 in the stationary law
SPREAD = Q * S**2 / (H**2 * (2 - Q))


def moments(spread: Any = SPREAD) -> dict[Any, Any]:
    """Uncorrelated coordinates with mean 0, in two dimensions: E|x|^2 = spread, E|n|^2 = E|m|^2 = s^2."""
    return {v: total / 2 for vectors, total in ((PLACE, spread), (NOISE, S**2), (FRESH, S**2)) for v in vectors}


def after() -> Any:
    """x_{t+1} for F = h|x|^2/2, noise n, rate q/h."""
    return symbolic(descend)(PLACE, Q / H, H * PLACE + NOISE)


def stationary(power: int = 2) -> Outcome:
    """E|x_{t+1}|^2 = E|x_t|^2 at the spread, and the spread solves V = (1-q)^2 V + q^2 s^2/h^2."""
    new = after()
    return both(
        identity(mean(new @ new, moments()), SPREAD),
        identity((1 - Q) ** power * SPREAD + Q**2 * S**2 / H**2, SPREAD),
        identities([(new[i], (1 - Q) * PLACE[i] - Q / H * NOISE[i]) for i in range(2)]),
    )


def feedback(rule: str) -> tuple[Any, Any]:
    """E a, E b at the stationary law: ``practical`` (same new sample m at both points), ``end`` and ``theory`` (independent sample)."""
    lam = reals("lam")
    d, new = H * PLACE + NOISE, after()
    w = symbolic(segment_point)(PLACE, new, lam) if rule == "theory" else new
    gw, gx = H * w + FRESH, H * PLACE + FRESH
    a, change, moved, *_ = pair(gw, gx, w, PLACE, gx if rule == "practical" else d)
    if rule == "theory":
        a = sp.integrate(sp.expand(a), (lam, 0, 1))
    smooth = symbolic(secant)(H**2 * reals("moved", positive=True), reals("moved", positive=True))
    if sp.expand(change - H**2 * moved) != 0:
        raise ValueError("the gradient difference is not h times the distance")
    b = symbolic(curvature)(smooth, 0, d @ d, 1, 0)
    return mean(a, moments()), mean(b, moments())


def stationary_feedback(rule: str, a: Any, b: Any) -> Outcome:
    """Both means against their closed forms."""
    found = feedback(rule)
    return identities([(found[0], a), (found[1], b)])


PRACTICAL_A, PRACTICAL_B = S**2 * (2 - Q**2) / (2 - Q), 2 * H * S**2 / (2 - Q)
END_A = -(S**2) * Q / (2 - Q)
ADDITIVE = (
    "F = h|x|^2/2",
    "additive noise of mean 0, uncorrelated over time, total variance s^2",
    "eta = q/h constant, 0 < q < 2",
    "stationary law of x",
    "two uncorrelated coordinates written out",
)
G9S = [
    Step(
        id="gala.G9s.1", says="x_{t+1} = (1-q) x_t - (q/h) n_t; stationary: E|x|^2 = q s^2/(h^2 (2-q))", method="algebra", check=stationary,
        formulas=(descend,), assumes=ADDITIVE, control=Control("(1-q)^3 in place of (1-q)^2", lambda: stationary(3)),
    ),
    Step(
        id="gala.G9s.2", says="practical rule: E a = s^2 (2-q^2)/(2-q), E b = 2 h s^2/(2-q)", method="algebra",
        check=lambda: stationary_feedback("practical", PRACTICAL_A, PRACTICAL_B), formulas=(descend, pair_summands, secant, curvature),
        uses=("gala.G9s.1",), assumes=(*ADDITIVE, "m of the next batch uncorrelated with x_t, n_t"),
        control=Control("the mean of the other rule", lambda: stationary_feedback("practical", END_A, PRACTICAL_B)),
    ),
    Step(
        id="gala.G9s.3", says="independent samples at the end point: E a = -s^2 q/(2-q)", method="algebra",
        check=lambda: stationary_feedback("end", END_A, PRACTICAL_B), formulas=(descend, pair_summands, secant, curvature),
        uses=("gala.G9s.1",),
        assumes=ADDITIVE, control=Control("the opposite sign", lambda: stationary_feedback("end", -END_A, PRACTICAL_B)),
    ),
    Step(
        id="gala.G9s.4", says="theory form (random point, independent sample): E a = 0, no upward drift", method="algebra",
        check=lambda: stationary_feedback("theory", 0, PRACTICAL_B), formulas=(descend, segment_point, pair_summands, secant, curvature),
        uses=("gala.G9s.1",), assumes=ADDITIVE, control=Control("the mean at the end "
        "point", lambda: stationary_feedback("theory", END_A, PRACTICAL_B)),
    ),
]  # fmt: skip


def balance_at(value: Any) -> Outcome:
    """E a - eta E b of the practical rule is s^2 (2 - 2q - q^2)/(2-q), and 0 at the value, whatever s and h."""
    a, b = feedback("practical")
    return identities(
        [(a - Q / H * b, S**2 * (2 - 2 * Q - Q**2) / (2 - Q)), (sp.expand(sp.numer(sp.cancel(a - Q / H * b)).subs(Q, value)), 0)]
    )


def only_root(shift: int = 0) -> Outcome:
    """q -> (eta E b - E a)(2-q)/s^2 increases on [0, 2] and changes its sign once there; the root in an interval."""
    a, b = feedback("practical")
    polynomial = sp.Poly(sp.cancel((Q / H * b - a) * (2 - Q) / S**2) + shift, Q).all_coeffs()

    def f(q: Any) -> Any:
        total = ball(0)
        for coefficient in polynomial:
            total = total * q + ball(int(coefficient))
        return total

    return single_root(f, 0, 2)


def variance_at_rest(power: int = 1) -> Outcome:
    """a = <m, n> at x = w = 0: E a = 0, E a^2 = s^4/D in D = 1, 2, 3 dimensions, covariances s^2/D times the identity."""
    out = []
    for size in (1, 2, 3):
        n, m = vector("n", size), vector("m", size)
        nothing = np.zeros(size, dtype=int)
        a = pair(m, m, nothing, nothing, n)[0]
        second = {v: S**2 / size for v in (*n, *m)}
        out.append(identities([(mean(a, second), 0), (mean(a**2, second), S**4 / sp.Integer(size) ** power)]))
    return counted(out)


def random_walk(power: int = 1) -> Outcome:
    """Standard deviation of sum a over the mean of sum b after t steps at rest: sqrt(t s^4/D)/(t h s^2) = 1/(h sqrt(D t))."""
    dim, t = reals("D t", positive=True)
    return identity(sp.sqrt(t * S**4 / dim) / (t * H * S**2), 1 / (H * sp.sqrt(dim * t) ** power))


G9 = [
    Step(
        id="gala.G9.1", says="practical rule: E a - eta E b = s^2 (2 - 2q - q^2)/(2-q), 0 at q = sqrt(3) - 1 whatever the noise",
        method="algebra",
        check=lambda: balance_at(sp.sqrt(3) - 1), formulas=(descend, pair_summands, secant, curvature), uses=("gala.G9s.2",),
        assumes=ADDITIVE,
        control=Control("3/4", lambda: balance_at(sp.Rational(3, 4))),
    ),
    Step(
        id="gala.G9.2", says="the balance has exactly one root in (0, 2)", method="intervals", check=only_root,
        formulas=(descend, pair_summands, secant, curvature), uses=("gala.G9.1",),
        control=Control("the polynomial + 3", lambda: only_root(3)),
    ),
    Step(
        id="gala.G9.3", says="theory form near x = 0: E a = 0 and Var a = s^4/D (D = 1, 2, 3)", method="algebra", check=variance_at_rest,
        formulas=(pair_summands,), assumes=("x_t = w_t = 0 (the rate has become small)", "noise of covariance (s^2/D) I, fresh sample "
        "independent"),
        control=Control("s^4/D^2", lambda: variance_at_rest(2)),
    ),
    Step(
        id="gala.G9.4", says="sd(sum a)/E(sum b) = 1/(h sqrt(D t)): the scale on which eta_t falls while x stays near 0", method="algebra",
        check=random_walk, uses=("gala.G9.3",), facts=(TOWER,), assumes=("a_t martingale differences of variance s^4/D", "E b_t = h s^2"),
        control=Control("1/(h D t)", lambda: random_walk(2)),
    ),
]  # fmt: skip

STEPS = [*G9S, *G9]
