"""X9: where fisher without cap ends on a convex quadratic: at the minimiser, or on a cycle."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.gradient_variation_claims.runs import FINITE, Evidence, norm2, observed, smoothness
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Measured, Settings
from lra_ref.verify.kinds.base import MACHEPS


def eps_of(e: Evidence) -> float:
    """eps_f."""
    return float(e["method"].rate.parameters.eps_f)


def away(e: Evidence) -> Any:
    """|x_t - x*|, (seeds, T + 1)."""
    return np.sqrt(norm2(e["x"] - e["oracle"].problem.x_star))


def contraction_factor(big: Any, m: Any, eps: Any, moment: Any) -> Any:
    """rho = max(|1 - L/eps_f|, 1 - m / (eps_f + G^2)), G^2 the largest |g_t|^2: every factor |1 - lambda eta_t| is at most rho."""
    return np.maximum(np.abs(1 - big / eps), 1 - m / (eps + moment))


def repulsion_factor(big: Any, eps: Any) -> tuple[Any, Any]:
    """``(gamma, kappa)``: gamma = (L/2 - eps_f)/2, and kappa = L / (eps_f + gamma) - 1 > 1 the factor while |g_t|^2 <= gamma."""
    gamma = (big / 2 - eps) / 2
    return gamma, big / (eps + gamma) - 1


def cycle_point(big: Any, eps: Any) -> Any:
    """|x_c| = sqrt(L/2 - eps_f) / L: there a step of fisher leads from x to -x."""
    return np.sqrt(big / 2 - eps) / big


def cycle_multiplier(big: Any, eps: Any) -> Any:
    """|3 - 8 eps_f/L|, the factor by which a step changes a small distance to the two-cycle."""
    return np.abs(3 - 8 * eps / big)


def cycle_window(big: Any, eps: Any) -> Any:
    """|1 - |3 - 8 eps_f/L|| |x_c| / 6: so close to |x_c| a step changes the distance by more than half of what the multiplier says."""
    return np.abs(1 - cycle_multiplier(big, eps)) * cycle_point(big, eps) / 6


def contraction(e: Evidence) -> float:
    """:func:`contraction_factor` of a run."""
    return float(contraction_factor(smoothness(e), e["oracle"].problem.strong_convexity.value, eps_of(e), np.max(norm2(e["g"]))))


def attraction(e: Evidence, power: float = 1.0) -> Bound:
    """|x_t - x*| <= rho^t |x_0 - x*|."""
    distance, t = away(e), np.arange(e["x"].shape[1])
    lhs, rhs = distance[:, 1:], distance[:, :1] * contraction(e) ** (power * t[1:])
    size = np.max(np.abs(e["x"]), axis=(1, 2))[:, None]
    return Bound(lhs=lhs, rhs=rhs, scale=lhs + rhs + size * contraction(e) ** t[1:], operations=16.0 * e["x"].shape[-1] * t[1:])


def repulsion(e: Evidence, stronger: float = 1.0) -> Bound:
    """kappa |y_t| <= |y_{t+1}| for the component y along the top eigenvector while |g_t|^2 <= gamma; and |g|^2 comes to exceed gamma."""
    gamma, kappa = repulsion_factor(smoothness(e), eps_of(e))
    kappa *= stronger
    g2 = norm2(e["g"])
    y = np.abs((e["x"] - e["oracle"].problem.x_star)[..., -1])  # the spectrum is sorted, the last coordinate is the top
    near = g2[:, :-1] <= gamma
    # on the steps that are not near: 0 <= 1
    lhs, rhs = np.where(near, kappa * y[:, :-1], 0.0), np.where(near, y[:, 1:], 1.0)
    lhs = np.concatenate([lhs, np.full((len(g2), 1), gamma)], axis=1)
    rhs = np.concatenate([rhs, g2.max(axis=1, keepdims=True)], axis=1)
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=32.0)


# --- the two-cycle in one dimension ------------------------------------------------------------------------------------------------
def cycle_run(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Run from x_c + offset windows; x_c = sqrt(L/2 - eps_f) / L is the point of the cycle."""
    big, eps = case["L"], case["share"] * case["L"]
    point, window = cycle_point(big, eps), cycle_window(big, eps)
    view = CaseView(case.name, {
        "problem": "quadratic", "problem_parameters": {"spectrum": [big]}, "x0": float(point + case["offset"] * window), "T": case["T"],
        "parameters": {"member": "fisher", "eps_f": eps},
    })  # fmt: skip
    e = observed(view, seeds, settings)
    off = np.abs(np.abs(e["x"][..., 0]) - point)
    return {**e, "off": off, "point": point, "window": window, "multiplier": cycle_multiplier(big, eps)}


def off_scale(e: Evidence) -> Any:
    """Scale of | |x_t| - x_c |, which is a difference of two numbers of the size of x_c."""
    return 2 * e["point"] + e["off"][:, 1:]


def cycle_attraction(e: Evidence, power: float = 1.0) -> Bound:
    """| |x_t| - x_c | <= rho^t | |x_0| - x_c |, rho half-way between |3 - 8 eps_f/L| and 1."""
    rho = (1 + e["multiplier"]) / 2
    t = np.arange(1, e["off"].shape[1])
    lhs, rhs = e["off"][:, 1:], e["off"][:, :1] * rho ** (power * t)
    # a rounding of one step is carried on with a factor below rho < 1
    return Bound(lhs=lhs, rhs=rhs, scale=off_scale(e), operations=32.0 * t)


def cycle_repulsion(e: Evidence) -> Bound:
    """kappa | |x_t| - x_c | <= | |x_{t+1}| - x_c | while |x_t| is in the window, kappa half-way between 1 and |3 - 8 eps_f/L|."""
    kappa = (1 + e["multiplier"]) / 2
    near = e["off"][:, :-1] <= e["window"]
    lhs, rhs = np.where(near, kappa * e["off"][:, :-1], 0.0), np.where(near, e["off"][:, 1:], 1.0)  # elsewhere 0 <= 1
    return Bound(lhs=lhs, rhs=rhs, scale=off_scale(e), operations=32.0)


def in_window(e: Evidence) -> Measured:
    """The start is in the window, to the rounding of a point of the size of x_c."""
    share = float(e["off"][0, 0] / e["window"]) if e["window"] > 0 else np.inf
    return Measured(bool(e["off"][0, 0] <= e["window"] + 8 * MACHEPS * e["point"]), share, "distance in windows")


def between(low: float, high: float) -> Assumption:
    """eps_f / L in an interval."""

    def measure(e: Evidence) -> Measured:
        share = eps_of(e) / smoothness(e)
        return Measured(low < share < high, share, "eps_f / L")

    return Assumption(f"{low:g} < eps_f/L < {high:g}", "L of the problem", measure)


def _minimiser_cases(shares: tuple[float, ...], x0: tuple[float, ...]) -> tuple[Case, ...]:
    out = []
    for share in shares:
        for dim in (1, 6):
            for start in x0:
                problem = {"problem": "quadratic", "problem_parameters": {"dim": dim, "condition": 4.0, "largest": 2.0}}
                common = {**problem, "parameters": {"member": "fisher", "eps_f": share * 2.0}, "x0": start}
                out.append(Case(f"eps_f = {share:g} L, D = {dim}, x_0 = {start:g}", {"T": 50}, {"T": 50}, {"T": 300}, common))
    return tuple(out)


def _cycle_cases(shares: tuple[float, ...], steps: int) -> tuple[Case, ...]:
    out = []
    for share in shares:
        for big in (1.0, 40.0):
            common = {"L": big, "share": share, "offset": 0.25}
            out.append(Case(f"eps_f = {share:g} L, L = {big:g}", {"T": 10}, {"T": steps}, {"T": steps}, common))
    return tuple(out)


ATTRACTING = _cycle_cases((0.27, 0.3, 0.375, 0.45), 25)
REPELLING = _cycle_cases((0.02, 0.1, 0.2), 12)

CLAIMS = [
    Claim(
        id="gradient_variation.X9",
        title="The minimiser attracts if eps_f > L/2",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$|x_t-x^*|\leq\rho^t|x_0-x^*|$, $\rho=\max(|1-L/\epsilon_f|,1-m/(\epsilon_f+G^2))<1$, "
        r"for fisher on a convex quadratic, $\epsilon_f>L/2$",
        cases=_minimiser_cases((0.55, 0.75, 3.0), (0.01, 3.0)),
        run=observed,
        sides=attraction,
        assumptions=(FINITE, between(0.5, np.inf)),
        control=Control("rho squared", sides=lambda e: attraction(e, 2.0)),
    ),
    Claim(
        id="gradient_variation.X9repels",
        title="The minimiser repels if eps_f < L/2",
        kind="pathwise bound",
        label="lower",
        provenance="derived",
        statement=r"along the top eigenvector $|y_{t+1}|\geq\kappa|y_t|$, $\kappa=L/(\epsilon_f+\gamma)-1>1$, "
        r"while $|g_t|^2\leq\gamma=(L/2-\epsilon_f)/2$, and $|g_t|^2$ comes to exceed $\gamma$",
        cases=_minimiser_cases((0.1, 0.4, 0.45), (1e-3,)),
        run=observed,
        sides=repulsion,
        assumptions=(FINITE, between(0.0, 0.5)),
        control=Control("kappa times 2", sides=lambda e: repulsion(e, 2.0)),
    ),
    Claim(
        id="gradient_variation.X9cycle",
        title="The two-cycle attracts if L/4 < eps_f < L/2",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"1-D: $m=|3-8\epsilon_f/L|$; within $\frac{1}{6}|1-m||x_c|$ of $|x_c|=\sqrt{L/2-\epsilon_f}/L$ the distance "
        r"of $|x_t|$ to it shrinks by $\frac{1}{2}(1+m)$ per step",
        cases=ATTRACTING,
        run=cycle_run,
        sides=cycle_attraction,
        assumptions=(FINITE, between(0.25, 0.5), Assumption("the start is in the window", "distance to the cycle at t = 0", in_window)),
        control=Control("eps_f = L/5, where it repels", sides=lambda e: cycle_attraction({**e, "multiplier": 0.6}), cases=REPELLING[-1:]),
    ),
    Claim(
        id="gradient_variation.X9cycle_repels",
        title="The two-cycle repels if eps_f < L/4",
        kind="pathwise bound",
        label="lower",
        provenance="derived",
        statement=r"1-D: $m=|3-8\epsilon_f/L|$; within $\frac{1}{6}|1-m||x_c|$ of $|x_c|$ the distance of $|x_t|$ to it "
        r"grows by $\frac{1}{2}(1+m)$ per step",
        cases=REPELLING,
        run=cycle_run,
        sides=cycle_repulsion,
        assumptions=(FINITE, between(0.0, 0.25)),
        control=Control(
            "eps_f = 0.3 L, where it attracts", sides=lambda e: cycle_repulsion({**e, "multiplier": 1.4}), cases=ATTRACTING[2:3]
        ),
    ),
]
