"""G6, G10: the deterministic end-point rule, and alignment over curvature."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.gala_claims.excess import CONVEX, END, FINITE, FLAGGED, NONCONVEX, OBSERVED, norm2, observed, table, value_operations
from experiments.gala_claims.runs import Recorded, recorded
from lra_ref.learners.bounds import weights
from lra_ref.rates.gala_bounds import endpoint_factor
from lra_ref.verify import Assumption, Bound, Claim, Control, Identity, Measured, bound_times


# --- G6: the deterministic endpoint rule ---------------------------------------------------------------------------------------------
def curvatures(e: Recorded) -> Any:
    """L_t |d_t|^2 at the steps taken."""
    return e.smoothness * e.direction_norm[:, :-1] ** 2


def endpoint_rule(e: Recorded) -> Bound:
    """u sum <g_t, d_t> against F(x_0) - F(x_T) + Reg_T(u) + sum |d|^2 [(C - beta L) eta^2/2 + u L |eta| + beta L u^2/2]."""
    return _endpoint(e, cross=1.0)


def endpoint_rule_half_cross(e: Recorded) -> Bound:
    """Broken: with half of u L_t |eta_t|."""
    return _endpoint(e, cross=0.5)


def endpoint_measured(e: Recorded) -> Bound:
    """u sum <g_t, d_t> against F(x_0) - F(x_T) + Reg_T(u) + phi u^2 sum L_t |d_t|^2, phi from the measured c."""
    return _endpoint_phi(e, endpoint_factor(e.parameters["beta"], largest_c(e)))


def endpoint_measured_low(e: Recorded) -> Bound:
    """Broken: three quarters of phi."""
    return _endpoint_phi(e, 0.75 * endpoint_factor(e.parameters["beta"], largest_c(e)))


def largest_c(e: Recorded) -> float:
    """c = max C_t / L_t, C_t = 2 rho_t / (eta_t^2 |d_t|^2), 0 where eta_t d_t = 0 or rho_t is below its rounding; negative if convex."""
    smooth = curvatures(e)
    rho = e.excess()
    rounding = (
        value_operations(e.oracle.problem) * np.finfo(float).eps * (np.abs(e.f[:, 1:]) + np.abs(e.f[:, :-1]) + np.abs(e.eta[:, :-1] * e.a))
    )
    weight = smooth * e.eta[:, :-1] ** 2
    clear = (np.abs(rho) > rounding) & (weight > 0)
    if np.any((rho > rounding) & (weight <= 0)):
        return float("inf")
    return float(np.max(np.where(clear, 2 * rho / np.where(weight > 0, weight, 1.0), 0.0)))


def measured_c(e: Recorded) -> Measured:
    """Measured assumption of the second form of G6."""
    c, beta = largest_c(e), e.parameters["beta"]
    return Measured(c < beta, c, f"c = max C_t/L_t against beta = {beta:g}")


COMPARATORS = (0.001, 0.1, 1.0)


def _endpoint(e: Recorded, cross: float) -> Bound:
    smooth, played = curvatures(e), np.abs(e.eta[:, :-1])
    # the term in C_t is rho_t itself: C_t cancels
    excess = e.excess() - e.b * played**2 / 2
    brackets = [excess + cross * u * smooth * played + e.b * u**2 / 2 for u in COMPARATORS]
    extra = [
        np.abs(e.f[:, 1:]) + np.abs(e.f[:, :-1]) + np.abs(e.a) * played + e.b * (played**2 + u**2) + u * smooth * played
        for u in COMPARATORS
    ]
    return _assembled(e, brackets, extra)


def _endpoint_phi(e: Recorded, factor: float) -> Bound:
    smooth = curvatures(e)
    terms = [factor * u**2 * smooth for u in COMPARATORS]
    return _assembled(e, terms, [np.abs(term) for term in terms])


def _assembled(e: Recorded, terms: list[Any], sizes: list[Any]) -> Bound:
    lhs, rhs, scale = [], [], []
    for u, term, size in zip(COMPARATORS, terms, sizes, strict=True):
        lhs.append(u * np.cumsum(e.slope[:, :-1], axis=1))
        rhs.append(e.f[:, :1] - e.f[:, 1:] + e.regret(u) + np.cumsum(term, axis=1))
        scale.append(
            np.abs(e.f[:, :1])
            + np.abs(e.f[:, 1:])
            + e.regret_scale(u)
            + np.cumsum(size, axis=1)
            + u * np.cumsum(np.abs(e.slope[:, :-1]), axis=1)
        )
    operations = (4.0 * np.arange(1, e.steps + 1) + value_operations(e.oracle.problem))[None, :, None]
    return Bound(lhs=np.stack(lhs, -1), rhs=np.stack(rhs, -1), scale=np.stack(scale, -1), operations=operations)


# --- G10: alignment over curvature, and the balance point ----------------------------------------------------------------------------
def balance(e: dict[str, Any]) -> Bound:
    """|a_t - |g_t|^2| against lambda_t |eta_t| b_t: G10 multiplied by b_t."""
    g2 = norm2(e["d"][:, :-1])
    rhs = e["lam"] * np.abs(e["eta"][:, :-1]) * e["b"]
    used = e["b"] > 0
    lhs = np.where(used, np.abs(e["a"] - g2), 0.0)
    return Bound(
        lhs=lhs,
        rhs=np.where(used, rhs, 0.0),
        scale=np.abs(e["a"]) + g2 + rhs,
        operations=4.0 * e["x"].shape[-1] + value_operations(e["problem"]),
    )


def contraction(e: Recorded) -> Identity:
    """e_{t+1} against e_t (1 - (1 + 1/beta) b_t / B_{t+1}), e_t = eta_t - 1/((1 + beta) L), on F = L x^2 / 2."""
    return _contraction(e, 1 + 1 / e.parameters["beta"])


def contraction_wrong(e: Recorded) -> Identity:
    """Broken: the factor without the 1/beta."""
    return _contraction(e, 1.0)


def _contraction(e: Recorded, factor: float) -> Identity:
    p = e.parameters
    smooth = e.oracle.problem.smoothness
    assert smooth is not None
    target = 1 / ((1 + p["beta"]) * smooth.value)
    total = weights(e.b, p["delta"])
    before, after = e.eta[:, :-1] - target, e.eta[:, 1:] - target
    scale = np.abs(e.eta[:, :-1]) + np.abs(e.eta[:, 1:]) + target * (1 + factor * e.b / total)
    return Identity(
        lhs=after, rhs=before * (1 - factor * e.b / total), scale=scale, operations=(2.0 * np.arange(1, e.steps + 1) + 32.0)[None, :]
    )


CLAIMS = [
    Claim(
        id="gala.G6", title="Deterministic end-point rule", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$u\sum\langle g_t,d_t\rangle\leq F(x_0)-F(x_T)+\mathrm{Reg}_T(u)+\sum|d_t|^2[(C_t-\beta "
        r"L_t)\frac{1}{2}\eta_t^2+uL_t|\eta_t|+\frac{1}{2}\beta L_tu^2]$",
        cases=table(CONVEX + NONCONVEX + [("Rosenbrock", "rosenbrock", {**END, "eta_0": 0.001, "eta_max": 0.02})]),
        run=recorded, sides=endpoint_rule, assumptions=(FINITE, FLAGGED),
        control=Control("half of the cross term", sides=endpoint_rule_half_cross),
    ),
    Claim(
        id="gala.G6c", title="End-point rule with the measured c", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$u\sum\langle g_t,d_t\rangle\leq F(x_0)-F(x_T)+\mathrm{Reg}_T(u)+\varphi u^2\sum L_t|d_t|^2$, "
        r"$\varphi=\frac{\beta}{2}+\frac{1}{2(\beta-c)}$, if $c=\max C_t/L_t<\beta$",
        cases=(
            *table([(f"{n}, beta 1", p, {**o, "beta": 1.0}) for n, p, o in CONVEX]),
            *table([(f"{n}, beta 2", p, {**o, "beta": 2.0}) for n, p, o in CONVEX + NONCONVEX]),
            *table([("tanh network, iris, beta 1", "tanh_network", {**END, "eta_0": 5.0, "beta": 1.0})]),
            *table([("steep ripple, beta 1", "steep_ripple", {**END, "eta_0": 0.3, "eta_max": 3.0, "beta": 1.0})], x0=2.0),
            *table([("Rosenbrock, beta 1", "rosenbrock", {**END, "eta_0": 0.001, "eta_max": 0.02, "beta": 1.0})]),
        ),
        run=recorded, sides=endpoint_measured, assumptions=(FINITE, Assumption("c < beta", "largest C_t / L_t of the run", measured_c)),
        control=Control("three quarters of phi", sides=endpoint_measured_low),
        explain="c is measured on the run: at most 0 for convex F, at most 1 for quadratics, no bound from smoothness alone.",
    ),
    Claim(
        id="gala.G10", title="Alignment over curvature", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$|a_t/b_t-1/L_t|\leq\lambda_t|\eta_t|$ with the full gradient, $d_t=g_t$, $b_t>0$",
        cases=(
            *table(CONVEX + NONCONVEX, steps=100),
            *table([(f"{n}, random point", p, {**o, "point": "random"}) for n, p, o in CONVEX[1:] + NONCONVEX], steps=100),
        ),
        run=observed, sides=balance, assumptions=(OBSERVED,),
        control=Control("the interval times 0.9", sides=bound_times(0.9, balance)),
    ),
    Claim(
        id="gala.G10r", title="Contraction to the balance point", kind="identity", label="tight", provenance="derived",
        statement=r"$e_{t+1}=e_t(1-(1+\frac{1}{\beta})b_t/B_{t+1})$, $e_t=\eta_t-\frac{1}{(1+\beta)L}$, on $F=Lx^2/2$, end point, "
        r"unclipped",
        cases=table(
            [(f"beta {beta:g}", "parabola", {**END, "clip": False, "eta_0": 0.1, "beta": beta}) for beta in (0.5, 1.0, 2.0)],
            steps=40, x0=1.0
        ),
        run=recorded, sides=contraction, assumptions=(FINITE,),
        control=Control("the factor without 1/beta", sides=contraction_wrong),
    ),
]  # fmt: skip
