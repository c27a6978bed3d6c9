"""G4, G4c: SGD with GALA in expectation."""

from __future__ import annotations

from typing import Any

import sympy as sp
from z3 import And, Implies

from lra_ref.formulas import descend
from lra_ref.learners.formulas import loss, ratio
from lra_ref.rates.gala import curvature, pair_summands, secant, segment_point
from lra_ref.rates.gala_bounds import linear_bound, sgd_closed_bound, sgd_comparator
from proofs_check.algebra import identities, identity, reals, symbolic
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, TOWER
from proofs_check.gala_steps.excess import UNIFORM
from proofs_check.gala_steps.readings import NINE_TENTHS, pair, vector
from proofs_check.steps import Control, Outcome, Step


# --- G4 --------------------------------------------------------------------------------------------------------------------------------
def distance(power: int = 2) -> Outcome:
    """a - <g'(x), d> = <g'(w) - g'(x), d> and |w - x|^2 = lambda^2 eta^2 |d|^2."""
    x, d, gw, gx = (vector(name, 3) for name in ("x", "d", "gw", "gx"))
    eta, lam = reals("eta lam")
    w = symbolic(segment_point)(x, symbolic(descend)(x, eta, d), lam)
    a, _, moved, *_ = pair(gw, gx, w, x, d)
    return identities([(a - gx @ d, (gw - gx) @ d), (moved, (lam * eta) ** power * (d @ d))])


def secant_is_slope(power: int = 1) -> Outcome:
    """L >= 0 and L^2 |w - x|^2 = |g'(w) - g'(x)|^2; both are 0 where w = x."""
    real = Reals()
    change, moved = real("change moved")
    smooth = real.reading(secant)(change, moved)
    claim = And(smooth >= 0, smooth * smooth * moved == power * change, Implies(moved == 0, smooth == 0))
    return real.always(claim, [change >= 0, moved >= 0, Implies(moved == 0, change == 0)])


def misalignment(share: Any = 1) -> Outcome:
    """|<g'(w) - g'(x), d>| <= L lambda |eta| |d|^2; change, n: squared norms of the gradient difference and of d."""
    real = Reals()
    q, change, smooth, step, n = real("q change smooth step n")
    known = [n >= 0, smooth >= 0, step >= 0, q * q <= change * n, change == smooth * smooth * step * step * n]
    return real.always(And(q <= share * smooth * step * n, -q <= share * smooth * step * n), known)


def two_samples(same: bool = False) -> Outcome:
    """E <g'(x), g(x)> = |grad F(x)|^2 for two independent samples of the same law."""
    p = [*reals("p0 p1", positive=True)]
    p.append(1 - p[0] - p[1])
    samples = [vector(f"g{i}") for i in range(3)]
    whole = sum(p[i] * samples[i] for i in range(3))
    pairs = [(p[i], i, i) for i in range(3)] if same else [(p[i] * p[j], i, j) for i in range(3) for j in range(3)]
    return identity(sum(weight * (samples[i] @ samples[j]) for weight, i, j in pairs), whole @ whole)


def bracket(share: Any = 1) -> Outcome:
    """u L lambda |eta| - L eta^2/2 + L u^2/2 <= L u^2."""
    real = Reals()
    u, smooth, lam, e = real("u smooth lam e")
    claim = u * smooth * lam * real.abs(e) - smooth * e * e / 2 + smooth * u * u / 2 <= share * smooth * u * u
    return real.always(claim, [u >= 0, smooth >= 0, 0 <= lam, lam <= 1])


def sgd_step(share: Any = 1) -> Outcome:
    """u h <= F_t - F_{t+1} + l(eta) - l(u) + rho + u N + u^2 b, h = |grad F|^2, N = h - <g'(x), g>, a = <g'(x), g> + q."""
    real = Reals()
    u, e, h, noise, q, before, after, smooth, n, cross = real("u e h noise q before after smooth n cross")
    f, b = real.reading(loss), real.reading(curvature)(smooth, 0, n, 1, 0)
    a = h - noise + q
    rho = after - before + e * a
    # cross = lambda |eta| L |g|^2, so that u cross - b eta^2/2 + b u^2/2 <= b u^2 is the previous step
    known = [u > 0, q <= cross, -q <= cross, u * cross - b * e * e / 2 + b * u * u / 2 <= b * u * u]
    return real.always(u * h <= before - after + f(e, a, b) - f(u, a, b) + rho + u * noise + share * b * u * u, known)


def divided(power: int = 1) -> Outcome:
    """(total + u^2 S)/(u T) is what ``linear_bound`` computes."""
    total, curved, u, steps = reals("total S u T", positive=True)
    return identity(symbolic(linear_bound)(total, curved, u, steps) * u * steps, total + power * u**2 * curved)


FRESH = "xi'_t fresh and independent of (x_t, xi_t, eta_t); E[g_t | x_t] = E[g'_t(x_t) | x_t] = grad F(x_t); second moments finite"
G4 = [
    Step(
        id="gala.G4.1", says="a_t = <g'(x_t), d_t> + <g'(w_t) - g'(x_t), d_t>, |w_t - x_t|^2 = lambda_t^2 eta_t^2 |d_t|^2",
        method="algebra",
        check=distance, formulas=(pair_summands, segment_point, descend), control=Control("|lambda eta|^3", lambda: distance(3)),
    ),
    Step(
        id="gala.G4.2", says="L_t >= 0, L_t^2 |w_t - x_t|^2 = |g'(w_t) - g'(x_t)|^2, and L_t = 0 if w_t = x_t", method="decision",
        check=secant_is_slope, formulas=(secant, ratio), assumes=("the same sample at both points",),
        control=Control("twice the change", lambda: secant_is_slope(2)),
    ),
    Step(
        id="gala.G4.3", says="|<g'(w_t) - g'(x_t), d_t>| <= L_t lambda_t |eta_t| |d_t|^2", method="decision", check=misalignment,
        facts=(CAUCHY_SCHWARZ,), uses=("gala.G4.1", "gala.G4.2"), control=Control("nine tenths of it", lambda: misalignment(NINE_TENTHS)),
    ),
    Step(
        id="gala.G4.4", says="E[<g'(x_t), g_t> | x_t] = |grad F(x_t)|^2 (three sample values with any probabilities; bilinear)",
        method="algebra",
        check=two_samples, facts=(TOWER,), assumes=(FRESH,), control=Control("the same sample twice", lambda: two_samples(same=True)),
    ),
    Step(
        id="gala.G4.5", says="u L lambda |eta| - L eta^2/2 + L u^2/2 <= L u^2 for lambda in [0, 1]", method="decision", check=bracket,
        assumes=("u >= 0", "L >= 0", "beta = 1"), control=Control("nine tenths of it", lambda: bracket(NINE_TENTHS)),
    ),
    Step(
        id="gala.G4.6",
        says="u |grad F(x_t)|^2 <= F(x_t) - F(x_{t+1}) + l_t(eta_t) - l_t(u) + rho_t + u (|grad F(x_t)|^2 - <g'(x_t), g_t>) + u^2 L_t "
        "|g_t|^2",
        method="decision", check=sgd_step, formulas=(loss, curvature), uses=("gala.G3.1", "gala.G4.3", "gala.G4.5"),
        assumes=("d_t = g_t", "beta = 1", "u > 0"), control=Control("nine tenths of the last term", lambda: sgd_step(NINE_TENTHS)),
    ),
    Step(
        id="gala.G4.7",
        says="sum over t in expectation (E rho_t = 0, G4.4, F(x_T) >= F*), divided by u T: (Delta + E Reg_T(u))/(u T) + (u/T) sum E[L_t "
        "|g_t|^2]",
        method="algebra", check=divided, formulas=(linear_bound,), uses=("gala.G4.6", "gala.G4.4", "gala.G3m"), facts=(TOWER,),
        assumes=("u deterministic", UNIFORM, FRESH), control=Control("twice the curvature", lambda: divided(2)),
    ),
]  # fmt: skip


# --- G4c -------------------------------------------------------------------------------------------------------------------------------
def second_moment(extra: int = 1) -> Outcome:
    """E|g|^2 = |grad F|^2 + E|g - grad F|^2."""
    p = [*reals("p0 p1", positive=True)]
    p.append(1 - p[0] - p[1])
    samples = [vector(f"g{i}") for i in range(3)]
    whole = sum(p[i] * samples[i] for i in range(3))
    spread = sum(p[i] * ((samples[i] - whole) @ (samples[i] - whole)) for i in range(3))
    return identity(sum(p[i] * (samples[i] @ samples[i]) for i in range(3)), whole @ whole + extra * spread)


def smooth_secant(factor: int = 1) -> Outcome:
    """|g'(w) - g'(x)|^2 <= Lbar^2 |w - x|^2 implies L_t <= Lbar."""
    real = Reals()
    change, moved, bar = real("change moved bar")
    smooth = real.reading(secant)(change, moved)
    return real.always(factor * smooth <= bar, [change >= 0, moved >= 0, bar >= 0, change <= bar * bar * moved])


def absorbed(factor: int = 2) -> Outcome:
    """X <= Q/(u T) + u Lbar (X + v) and u <= 1/(2 Lbar) imply X <= 2 Q/(u T) + 2 u Lbar v; r = Q/(u T)."""
    real = Reals()
    x, r, u, bar, v = real("x r u bar v")
    known = [x >= 0, r >= 0, u > 0, bar > 0, v >= 0, 2 * bar * u <= 1, x <= r + u * bar * (x + v)]
    return real.always(x <= factor * r + factor * u * bar * v, known)


def balanced(factor: Any = 1) -> Outcome:
    """2 Q/(u T) + 2 u Lbar v at the comparator is at most the closed form, written with y = Q/T and T = 1 (both depend on Q/T alone)."""
    real = Reals()
    bar, y, v, u, root, known = _comparator(real)
    right = 4 * bar * y + 4 * root
    return real.always(2 * y + 2 * u * u * bar * v <= factor * right * u, known)


def _comparator(real: Reals) -> tuple[Any, ...]:
    bar, y, v, z = real("bar y v z")
    # z = sqrt(Q/(Lbar v T)); sqrt(v Lbar Q/T) = Lbar v z; the comparator min{1/(2 Lbar), z} is proved to be this in the next step
    u = real.minimum(real("largest"), z)
    known = [bar > 0, y > 0, v > 0, z > 0, bar * v * z * z == y, 2 * bar * real("largest") == 1]
    return bar, y, v, u, bar * v * z, known


def closed_formula(factor: Any = 1) -> Outcome:
    """The two library formulas in the variables of the previous step, in both cases of the minimum, and without noise."""
    bar, v, z, steps = reals("Lbar v z T", positive=True)
    total = bar * v * z**2 * steps
    found = symbolic(sgd_comparator)(bar, total, v, steps)
    pairs = [
        (sp.simplify(found), sp.Min(1 / (2 * bar), z)),
        (symbolic(sgd_closed_bound)(bar, total, v, steps), factor * (4 * bar * total / steps + 4 * bar * v * z)),
        (symbolic(sgd_comparator)(bar, total, sp.Integer(0), steps), 1 / (2 * bar)),
        (symbolic(sgd_closed_bound)(bar, total, sp.Integer(0), steps), 4 * bar * total / steps),
    ]
    return identities(pairs)


def noiseless(factor: int = 2) -> Outcome:
    """v = 0: u = 1/(2 Lbar) and 2 Q/(u T) = 4 Lbar Q/T."""
    bar, total, steps = reals("Lbar Q T", positive=True)
    u = symbolic(sgd_comparator)(bar, total, sp.Integer(0), steps)
    return identity(factor * total / (u * steps), symbolic(sgd_closed_bound)(bar, total, sp.Integer(0), steps))


CLOSED = ("every f(.; xi) is Lbar-smooth", "R >= 0 bounds E Reg_T(u) for 0 < u <= 1/(2 Lbar)", "E|g_t - grad F(x_t)|^2 <= sigma^2 = v")
G4C = [
    Step(
        id="gala.G4c.1", says="E|g|^2 = |grad F|^2 + E|g - grad F|^2 <= |grad F|^2 + sigma^2 (three sample values with any probabilities)",
        method="algebra", check=second_moment, assumes=(CLOSED[2],), control=Control("without the spread", lambda: second_moment(0)),
    ),
    Step(
        id="gala.G4c.2", says="L_t <= Lbar", method="decision", check=smooth_secant, formulas=(secant, ratio), assumes=(CLOSED[0],),
        control=Control("2 L_t <= Lbar", lambda: smooth_secant(2)),
    ),
    Step(
        id="gala.G4c.3", says="X = (1/T) sum E|grad F|^2 <= (Delta + R)/(u T) + u Lbar (X + sigma^2) and u <= 1/(2 Lbar) give "
        "X <= 2 (Delta + R)/(u T) + 2 u Lbar sigma^2",
        method="decision", check=absorbed, uses=("gala.G4", "gala.G4c.1", "gala.G4c.2"), assumes=CLOSED,
        control=Control("with the factor 1", lambda: absorbed(1)),
    ),
    Step(
        id="gala.G4c.4", says="at u = min{1/(2 Lbar), z}, z = sqrt((Delta + R)/(Lbar sigma^2 T)), this is at most 4 Lbar (Delta + R)/T + 4 "
        "Lbar sigma^2 z",
        method="decision", check=balanced, uses=("gala.G4c.3",), assumes=("sigma > 0", "Delta + R > 0", "u in K"),
        control=Control("nine tenths of it", lambda: balanced(NINE_TENTHS)),
    ),
    Step(
        id="gala.G4c.5", says="sgd_comparator is that u and sgd_closed_bound that right-hand side: sigma sqrt(Lbar (Delta + R)/T) = Lbar "
        "sigma^2 z",
        method="algebra", check=closed_formula, formulas=(sgd_comparator, sgd_closed_bound, ratio), uses=("gala.G4c.4",),
        assumes=("Delta + R > 0",), control=Control("twice the bound", lambda: closed_formula(2)),
    ),
    Step(
        id="gala.G4c.6", says="sigma = 0: u = 1/(2 Lbar) gives 4 Lbar (Delta + R)/T", method="algebra", check=noiseless,
        formulas=(sgd_comparator, sgd_closed_bound), uses=("gala.G4c.3",), control=Control("with the factor 1", lambda: noiseless(1)),
    ),
]  # fmt: skip

STEPS = [*G4, *G4C]
