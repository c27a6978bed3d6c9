"""G3, G3m, G3q, G3c, G3e: the master identity and the excess rho_t = F(x_{t+1}) - F(x_t) + eta_t a_t."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from PEPit import PEP, Point
from PEPit.functions import SmoothConvexFunction, SmoothFunction

from experiments.gala_claims.runs import Recorded
from lra_ref.formulas import descend
from lra_ref.learners.formulas import loss
from lra_ref.rates.gala import pair_summands, segment_point
from proofs_check.algebra import holds_at, identities, identity, reals, symbolic, telescopes
from proofs_check.decision import Reals
from proofs_check.facts import CAUCHY_SCHWARZ, CONVEX_GRADIENT, DESCENT_LEMMA, MEAN_VALUE, TAYLOR, TOWER
from proofs_check.gala_steps.readings import NINE_TENTHS, mean, pair, vanishes, vector
from proofs_check.steps import Control, Outcome, Step, both, counted
from proofs_check.worst_case import at_most

HALF = sp.Rational(1, 2)


# --- G3 --------------------------------------------------------------------------------------------------------------------------------
def master_step(keep: int = 1) -> Outcome:
    """u a_t against what step t adds to the right-hand side."""
    u, eta, a, b, before, after = reals("u eta a b F F1")
    f = symbolic(loss)
    rho = after - before + eta * a
    added = before - after + f(eta, a, b) - f(u, a, b) + rho - b * eta**2 / 2 + keep * b * u**2 / 2
    return telescopes((0, before - before), (u * a, added))


def recorded_run(steps: int) -> Recorded:
    """A run of symbols."""
    a, b, eta, f = (np.array([reals(f"{name}{t}") for t in range(steps + 1)])[None] for name in ("a", "b", "eta", "F"))
    return Recorded(a[:, :-1], b[:, :-1], eta, f, *[None] * 10)  # type: ignore[arg-type]


def claimed_identity(keep: int = 1) -> Outcome:
    """The functions of the claim for T = 1, 2, 3."""
    u, out = reals("u"), []
    for steps in (1, 2, 3):
        e = recorded_run(steps)
        terms = e.excess() - e.b * e.eta[:, :-1] ** 2 / 2 + keep * e.b * u**2 / 2
        out.append(identity(u * e.a.sum(), e.f[0, 0] - e.f[0, -1] + e.regret(u)[0, -1] + terms.sum()))
    return counted(out)


G3 = [
    Step(
        id="gala.G3.1",
        says="u a_t = F(x_t) - F(x_{t+1}) + l_t(eta_t) - l_t(u) + rho_t - b_t eta_t^2/2 + b_t u^2/2; the sum over t < T is G3",
        method="algebra", check=master_step, formulas=(loss,), assumes=("any direction, any a_t and b_t",),
        control=Control("without b_t u^2/2", lambda: master_step(0)),
    ),
    Step(
        id="gala.G3.2", says="rho_t and Reg_T(u) as the claims record them satisfy G3 (T = 1, 2, 3 written out)", method="algebra",
        check=claimed_identity, formulas=(Recorded.excess, Recorded.regret, loss), uses=("gala.G3.1",),
        control=Control("without b_t u^2/2", lambda: claimed_identity(0)),
    ),
]  # fmt: skip


# --- G3m -------------------------------------------------------------------------------------------------------------------------------
def on_the_segment(part: Any = 1) -> Outcome:
    """w_t = x_t - lambda eta_t d_t, and the kernel's a_t is <g'(w_t), d_t>."""
    x, d, gw, gx = (vector(name, 3) for name in ("x", "d", "gw", "gx"))
    eta, lam = reals("eta lam")
    w = symbolic(segment_point)(x, symbolic(descend)(x, eta, d), lam)
    points = [(w[i], x[i] - part * lam * eta * d[i]) for i in range(3)]
    squared = [(gw - gx) @ (gw - gx), (w - x) @ (w - x), gw @ gw, gx @ gx]
    return identities([*points, *zip(pair(gw, gx, w, x, d), [gw @ d, *squared], strict=True)])


def cubic() -> tuple[Any, Any, Any, Any]:
    """A general polynomial of degree 3 in two variables, the variables, its values on the segment x - lambda eta d, and d."""
    x, d, z = vector("x"), vector("d"), reals("z0 z1")
    eta, lam = reals("eta lam")
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    f = sum(reals(f"c{i}{j}") * z[0] ** i * z[1] ** j for i, j in powers)
    w = symbolic(segment_point)(x, symbolic(descend)(x, eta, d), lam)
    return f, z, dict(zip(z, w, strict=True)), d


def chain_rule(sign: int = -1) -> Outcome:
    """d/dlambda F(x - lambda eta d) = -eta <grad F(w), d>."""
    f, z, segment, d = cubic()
    eta, lam = reals("eta lam")
    slope = sum(f.diff(z[i]).subs(segment, simultaneous=True) * d[i] for i in range(2))
    return vanishes(f.subs(segment, simultaneous=True).diff(lam) - sign * eta * slope)


def conditional_mean(reused: bool = False) -> Outcome:
    """E <g'(w), d> = <sum p_i g_i(w), d> for a fresh sample with probabilities p_i, whatever d; a reused one has d = g_i(x)."""
    p = [*reals("p0 p1", positive=True)]
    p.append(1 - p[0] - p[1])
    samples = [vector(f"g{i}") for i in range(3)]
    whole = sum(p[i] * samples[i] for i in range(3))
    d = vector("d")
    directions = [samples[i] if reused else d for i in range(3)]
    average = sum(p[i] * directions[i] for i in range(3))
    return identity(sum(p[i] * (samples[i] @ directions[i]) for i in range(3)), whole @ average)


def mean_excess(shift: Any = 0) -> Outcome:
    """rho_t = -eta (average of <grad F, d>) + eta a_t; its mean, with m the mean of a_t."""
    eta, average, noise = reals("eta average noise")
    return identity(mean(-eta * average + eta * (average + noise) + shift * eta, {noise: reals("v", positive=True)}), 0)


def reused_sample(bias: int = 1) -> Outcome:
    """F = x^2/2 with noise n of variance s^2: a_t = (w + n)(x + n) on the step's own sample gives E rho_t = eta s^2."""
    x, n, eta, lam = reals("x n eta lam")
    s = reals("s", positive=True)
    d = x + n
    after = symbolic(descend)(x, eta, d)
    w = symbolic(segment_point)(x, after, lam)
    a = pair(np.array([w + n]), np.array([x + n]), np.array([w]), np.array([x]), np.array([d]))[0]
    rho = sp.expand(after**2 / 2 - x**2 / 2 + eta * a)
    # lambda is uniform on [0, 1]
    return identity(mean(sp.integrate(rho, (lam, 0, 1)), {n: s**2}), bias * eta * s**2)


UNIFORM = "lambda_t uniform on [0, 1] and xi'_t fresh: both independent of (x_t, d_t, eta_t)"
G3M = [
    Step(
        id="gala.G3m.1", says="the rate measures a_t = <g'(w_t), d_t> at w_t = x_t - lambda_t eta_t d_t, a point of the segment",
        method="algebra",
        check=on_the_segment, formulas=(segment_point, descend, pair_summands),
        control=Control("half as far", lambda: on_the_segment(sp.Rational(1, 2))),
    ),
    Step(
        id="gala.G3m.2", says="d/dlambda F(x - lambda eta d) = -eta <grad F(w), d>, so F(x_{t+1}) - F(x_t) = -eta_t E_lambda <grad F(w_t), "
        "d_t>",
        method="algebra", check=chain_rule, facts=(MEAN_VALUE,), uses=("gala.G3m.1",),
        assumes=("F continuously differentiable: then the fact is the statement",
                 "signs and factors checked for the general cubic of two variables"),
        control=Control("the opposite sign", lambda: chain_rule(1)),
    ),
    Step(
        id="gala.G3m.3", says="E[<g'(w), d> | w, d] = <grad F(w), d> for a fresh sample (three sample values with any probabilities; "
        "linear in g')",
        method="algebra", check=conditional_mean, facts=(TOWER,), assumes=(UNIFORM, "E g'(w) = grad F(w)"),
        control=Control("the step's own sample, d = g'", lambda: conditional_mean(reused=True)),
    ),
    Step(
        id="gala.G3m.4", says="E[rho_t | past] = -eta_t E<grad F(w), d> + eta_t E a_t = 0", method="algebra", check=mean_excess,
        uses=("gala.G3m.2", "gala.G3m.3"), facts=(TOWER,), assumes=(UNIFORM,), control=Control("a_t off by 1", lambda: mean_excess(1)),
    ),
    Step(
        id="gala.G3m.5", says="the step's own sample breaks it: F = x^2/2 with noise of variance s^2 has E rho_t = eta s^2",
        method="algebra",
        check=reused_sample, formulas=(segment_point, descend, pair_summands), control=Control("no bias", lambda: reused_sample(0)),
    ),
]  # fmt: skip


# --- G3q, G3c, G3e ----------------------------------------------------------------------------------------------------------------------
def quadratic(sign: int = -1) -> Outcome:
    """rho_t on F = x'Hx/2 + c'x with the full gradient at the end point."""
    x, d, c, eta = vector("x", 3), vector("d", 3), vector("c", 3), reals("eta")
    entries = reals("h00 h01 h02 h11 h12 h22")
    h = np.array([[entries[0], entries[1], entries[2]], [entries[1], entries[3], entries[4]], [entries[2], entries[4], entries[5]]])
    after = symbolic(descend)(x, eta, d)
    a = pair(h @ after + c, h @ x + c, after, x, d)[0]
    rho = after @ h @ after / 2 + c @ after - x @ h @ x / 2 - c @ x + eta * a
    return vanishes(rho - sign * eta**2 * (d @ h @ d) / 2)


def gradient_gap(sign: int = 1) -> Outcome:
    """rho_t is minus what the gradient inequality at x_{t+1} leaves: F(x_t) - F(x_{t+1}) - <grad F(x_{t+1}), x_t - x_{t+1}>."""
    x, d, g, eta, before, after = vector("x", 3), vector("d", 3), vector("g", 3), *reals("eta F F1")
    new = symbolic(descend)(x, eta, d)
    a = pair(g, g, new, x, d)[0]
    return identity(after - before + eta * a, -(before - after - sign * (g @ (x - new))))


def excess_problem(kind: Any, eta: float, sign: int, along: str) -> Any:
    """The program: largest sign * rho over functions of the class with L = 1, |d|^2 <= 1, d any vector or the gradient."""

    def build() -> Any:
        problem = PEP()
        f = problem.declare_function(kind, L=1)
        x = problem.set_initial_point()
        g, value = f.oracle(x)
        d = g if along == "gradient" else Point()
        problem.set_initial_condition(d**2 <= 1)
        new_g, new_value = f.oracle(descend(x, eta, d))
        problem.set_performance_metric(sign * (new_value - value + eta * (new_g * d)))
        return problem

    return build


def worst_excess(kind: Any, sign: int, bound: Any) -> Outcome:
    """At the rates 1/4, 1 and 3, along any d and along the gradient."""
    cases = [(eta, along) for eta in (0.25, 1.0, 3.0) for along in ("any", "gradient")]
    return both(*(at_most(excess_problem(kind, eta, sign, along), bound(eta)) for eta, along in cases))


def second_derivative(sign: int = 1) -> Outcome:
    """phi(lambda) = F(x - lambda eta d): phi'' = eta^2 <d, H(w) d>."""
    f, z, segment, d = cubic()
    eta, lam = reals("eta lam")
    form = sum(d[i] * d[j] * f.diff(z[i], z[j]).subs(segment, simultaneous=True) for i in range(2) for j in range(2))
    return vanishes(f.subs(segment, simultaneous=True).diff(lam, 2) - sign * eta**2 * form)


def remainder(half: Any = HALF) -> Outcome:
    """phi(0) = phi(1) - phi'(1) + phi''(s)/2 turns rho = phi(1) - phi(0) + eta a, eta a = -phi'(1), into -phi''(s)/2."""
    first, slope, curved = reals("phi1 dphi ddphi")
    return identity(first - (first - slope + curved / 2) - slope, -half * curved)


def bounded_form(power: Any = 1) -> Outcome:
    """(eta^2 d'Hd/2)^2 <= ((Lambda/2) eta^2 |d|^2)^2 if |Hd| <= Lambda |d|; f = d'Hd, n = |d|^2, v = |Hd|^2."""
    real = Reals()
    f, n, v, eta, big = real("f n v eta big")
    known = [n >= 0, v >= 0, big >= 0, f * f <= v * n, v <= big * big * n]
    rho = real("rho")
    return real.always(4 * rho * rho <= power * big * big * eta * eta * eta * eta * n * n, [*known, 2 * rho == -eta * eta * f])


def two_point(smooth: Any = 0) -> Outcome:
    """F = 11x/10 + sin x from 0 to -2 pi: L_t = 0 but rho_t = 2 pi, so |rho_t| <= (L_t/2) eta^2 d^2 fails."""
    z = sp.symbols("z")
    f = sp.Rational(11, 10) * z + sp.sin(z)
    start, length = sp.Integer(0), 2 * sp.pi
    end = symbolic(descend)(start, length, sp.Integer(1))
    slopes = f.diff(z).subs(z, start), f.diff(z).subs(z, end)
    a, change, distance, *_ = pair(*(np.array([v]) for v in (slopes[1], slopes[0], end, start, sp.Integer(1))))
    rho = f.subs(z, end) - f.subs(z, start) + length * a
    return both(identities([(rho, 2 * sp.pi), (change, smooth), (distance, length**2)]), holds_at(rho > 0))


FULL = "full gradient at the end point"
SHAPES = [
    Step(
        id="gala.G3q.1", says="F = x'Hx/2 + c'x: rho_t = -eta_t^2 d'Hd/2 (three dimensions, any symmetric H)", method="algebra",
        check=quadratic,
        formulas=(descend, pair_summands), assumes=(FULL,), control=Control("the opposite sign", lambda: quadratic(1)),
    ),
    Step(
        id="gala.G3c.1", says="rho_t = -[F(x_t) - F(x_{t+1}) - <grad F(x_{t+1}), x_t - x_{t+1}>], so rho_t <= 0 for convex F",
        method="algebra",
        check=gradient_gap, formulas=(descend, pair_summands), facts=(CONVEX_GRADIENT,), assumes=(FULL, "F convex"),
        control=Control("the opposite sign", lambda: gradient_gap(-1)),
    ),
    Step(
        id="gala.G3c.2", says="largest rho_t over 1-smooth convex F, |d| <= 1, eta in {1/4, 1, 3}: 0", method="worst case",
        check=lambda: worst_excess(SmoothConvexFunction, 1, lambda eta: 0.0), formulas=(descend,), uses=("gala.G3c.1",), assumes=(FULL,),
        control=Control("over nonconvex smooth F", lambda: worst_excess(SmoothFunction, 1, lambda eta: 0.0)),
    ),
    Step(
        id="gala.G3e.1", says="phi(lambda) = F(x_t - lambda eta_t d_t) has phi' = -eta_t <grad F(w), d_t> and phi'' = eta_t^2 <d_t, H(w) "
        "d_t>",
        method="algebra", check=second_derivative, uses=("gala.G3m.2",),
        assumes=("F twice differentiable on the segment (chain rule)", "signs and factors checked for the general cubic of two variables"),
        control=Control("the opposite sign", lambda: second_derivative(-1)),
    ),
    Step(
        id="gala.G3e.2", says="rho_t = phi(1) - phi(0) - phi'(1) = -phi''(s)/2 for some s in [0, 1]", method="algebra", check=remainder,
        facts=(TAYLOR,), uses=("gala.G3e.1",), assumes=(FULL,), control=Control("without the 1/2", lambda: remainder(sp.Integer(1))),
    ),
    Step(
        id="gala.G3e.3", says="|Hd| <= Lambda |d| on the segment implies |rho_t| <= (Lambda/2) eta_t^2 |d_t|^2", method="decision",
        check=bounded_form, facts=(CAUCHY_SCHWARZ,), uses=("gala.G3e.2",), assumes=("Lambda = largest |H(z) d|/|d| on the segment",),
        control=Control("nine tenths of its square", lambda: bounded_form(NINE_TENTHS)),
    ),
    Step(
        id="gala.G3e.4", says="descent lemma at the new point: rho_t <= (L/2) eta^2 |d|^2 over L-smooth F (L = 1, |d| <= 1, eta in {1/4, "
        "1, 3})",
        method="worst case", check=lambda: worst_excess(SmoothFunction, 1, lambda eta: eta**2 / 2), formulas=(descend,),
        facts=(DESCENT_LEMMA,),
        assumes=(FULL,), control=Control("nine tenths of it", lambda: worst_excess(SmoothFunction, 1, lambda eta: 0.45 * eta**2)),
    ),
    Step(
        id="gala.G3e.5", says="and -rho_t <= (L/2) eta^2 |d|^2 in the same class", method="worst case",
        check=lambda: worst_excess(SmoothFunction, -1, lambda eta: eta**2 / 2), formulas=(descend,), facts=(DESCENT_LEMMA,),
        assumes=(FULL,),
        control=Control("nine tenths of it", lambda: worst_excess(SmoothFunction, -1, lambda eta: 0.45 * eta**2)),
    ),
    Step(
        id="gala.G3e.6", says="the two-point L_t does not do: F = 1.1 x + sin x from 0 to -2 pi has L_t = 0 and rho_t = 2 pi",
        method="algebra",
        check=two_point, formulas=(descend, pair_summands), control=Control("L_t = 1 there", lambda: two_point(1)),
    ),
]  # fmt: skip

STEPS = [*G3, *G3M, *SHAPES]
