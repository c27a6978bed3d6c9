"""G4 and G5: bounds on the gradients in expectation, at comparators u fixed by pilot seeds."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from experiments.gala_claims.runs import Recorded, finished, recorded, starred, stated
from lra_ref.learners.bounds import slope_terms
from lra_ref.rates.gala_bounds import linear_bound, momentum_noise_bound, sgd_closed_bound, sgd_comparator
from lra_ref.verify import Assumption, Case, CaseView, Claim, Control, Expectation, Measured, Settings

FINITE = Assumption("the run stays finite", "status of every trajectory", finished)
BELOW = Assumption("F* bounds F from below", "the problem's certified lower bound", starred)
GRID = np.geomspace(1e-4, 1.0, 81)


def prefixes(e: Recorded) -> Any:
    """T/8, T/4, T/2, T: fixed in advance."""
    return np.array([max(e.steps // k, 1) for k in (8, 4, 2, 1)])


def at(values: Any, lengths: Any) -> Any:
    """Running sums over steps read at the prefixes."""
    return np.cumsum(values, axis=1)[:, lengths - 1]


def chosen_u(case: CaseView, settings: Settings, rhs: Any, e: Recorded) -> float:
    """The comparator in (0, eta_max] with the smallest pilot mean of the right-hand side at T."""
    grid = GRID * e.parameters["eta_max"]
    return float(grid[int(np.argmin([np.mean(rhs(e, u)[:, -1]) for u in grid]))])


def sided(lhs: Any, rhs: Any, scale: Any, lengths: Any) -> Expectation:
    """Both sides at the prefixes with the allowance of sums of T terms."""
    return Expectation(lhs=lhs, rhs=rhs, scale=scale, operations=(8.0 * lengths + 64.0)[None, :], at=lengths)


# --- G4 ---------------------------------------------------------------------------------------------------------------------------
def g4_rhs(e: Recorded, u: float) -> Any:
    """(Delta + Reg_T(u)) / (u T) + (u / T) sum L_t |g_t|^2 at the prefixes; for SGD and beta = 1 the last summand is b_t."""
    n = prefixes(e)
    return (e.gap() + e.regret(u)[:, n - 1]) / (u * n) + u / n * at(e.b, n)


def squared_gradients(e: Recorded) -> Any:
    """(1/T) sum |grad F(x_t)|^2 at the prefixes."""
    n = prefixes(e)
    return at(e.gradient_norm[:, :-1] ** 2, n) / n


def scale_of(e: Recorded, u: float, *others: Any) -> Any:
    """Absolute values of all terms at the prefixes."""
    n = prefixes(e)
    return (e.gap() + e.regret_scale(u)[:, n - 1]) / (u * n) + u / n * at(e.b, n) + sum(np.abs(other) for other in others)


def g4(e: Recorded) -> Expectation:
    """Sides of G4 at the pilot's u (or the case's)."""
    u = float(e.case.pilot if e.case.pilot is not None else e.case["u"])
    lhs = squared_gradients(e)
    return sided(lhs, g4_rhs(e, u), scale_of(e, u, lhs), prefixes(e))


def g4_without_curvature(e: Recorded) -> Expectation:
    """Broken: without (u/T) sum L_t |g_t|^2."""
    u, n = float(e.case["u"]), prefixes(e)
    whole = g4(e)
    return whole.with_rhs(whole.rhs - u / n * at(e.b, n))


def g4_pilot(case: CaseView, seeds: Any, settings: Settings) -> float:
    """u from pilot seeds."""
    return chosen_u(case, settings, g4_rhs, recorded(case, seeds, settings))


# --- G4, second form ---------------------------------------------------------------------------------------------------------------
def g4_closed_pilot(case: CaseView, seeds: Any, settings: Settings) -> dict[str, float]:
    """R with a margin: the largest pilot mean of Reg_T(u) over (0, 1/(2 Lbar)] plus six standard errors, at least 0."""
    e = recorded(case, seeds, settings)
    tops = [regret_at(e, u) for u in comparators(e)]
    return {"R": max(0.0, *(float(r.mean() + 6 * r.std(ddof=1) / np.sqrt(len(r))) for r in tops))}


def comparators(e: Recorded) -> Any:
    """A grid of (0, 1/(2 Lbar)]; Reg_T(u) is a concave parabola in u, so a fine grid finds its top."""
    return np.linspace(0.02, 1.0, 50) / (2 * sample_smoothness(e))


def sample_smoothness(e: Recorded) -> float:
    """Lbar: every f(.; xi) is Lbar-smooth. Additive noise does not change the curvature."""
    problem = e.oracle.problem
    known = problem.sample_smoothness if e.oracle.batch else problem.smoothness
    assert known is not None
    return float(known.value)


def regret_at(e: Recorded, u: float) -> Any:
    """Reg_T(u) at T, per seed."""
    return e.regret(u)[:, -1]


def measured_regret(e: Recorded) -> Measured:
    """Measured assumption: the mean of Reg_T(u) stays below R on the grid."""
    r = e.case.pilot["R"]
    largest = max(float(np.mean(regret_at(e, u))) for u in comparators(e))
    return Measured(largest <= r, largest, f"largest mean regret, R = {r:.4g}")


def inside(e: Recorded) -> Measured:
    """Measured assumption: the comparator lies in K."""
    u = closed_u(e)
    return Measured(u <= e.parameters["eta_max"], u, "the comparator of the closed form")


def closed_u(e: Recorded) -> float:
    """min{1/(2 Lbar), sqrt((Delta + R) / (Lbar sigma^2 T))}."""
    return float(sgd_comparator(sample_smoothness(e), e.gap() + e.case.pilot["R"], noise_variance(e), e.steps))


def noise_variance(e: Recorded) -> float:
    """sigma^2: a bound of E|g - grad F|^2 at every point (the trace)."""
    known = e.oracle.sigma2
    assert known is not None
    return float(known.value)


def g4_closed(e: Recorded, factor: float = 1.0) -> Expectation:
    """(1/T) sum |grad F|^2 at T against 4 Lbar (Delta + R)/T + 4 sigma sqrt(Lbar (Delta + R)/T)."""
    smooth, total, steps = sample_smoothness(e), e.gap() + e.case.pilot["R"], e.steps
    rhs = sgd_closed_bound(smooth, total, noise_variance(e), steps)
    lhs = np.mean(e.gradient_norm[:, :-1] ** 2, axis=1, keepdims=True)
    right = np.full_like(lhs, factor * rhs)
    return Expectation(lhs=lhs, rhs=right, scale=lhs + right, operations=8.0 * steps + 64.0, at=[steps])


# --- G5 ---------------------------------------------------------------------------------------------------------------------------
def momentum_noise(e: Recorded, n: Any) -> Any:
    """2 sigma (1 / (alpha T) + sqrt(alpha))."""
    return momentum_noise_bound(np.sqrt(noise_variance(e)), e.settings["direction"]["alpha"], n)


def effective(e: Recorded) -> Any:
    """L_t + 2 kappa Lt_t."""
    return e.smoothness + 2 * e.parameters["kappa"] * e.momentum_smoothness


def g5_rhs(e: Recorded, u: float, noise: bool = True) -> Any:
    """(Delta + Reg_T(u))/(u T) + u (L_avg + 2 kappa Lt_avg) + 2 sigma (1/(alpha T) + sqrt(alpha)) at the prefixes."""
    n = prefixes(e)
    return (e.gap() + e.regret(u)[:, n - 1]) / (u * n) + u * at(effective(e), n) / n + (momentum_noise(e, n) if noise else 0.0)


def gradients(e: Recorded) -> Any:
    """(1/T) sum |grad F(x_t)| at the prefixes."""
    n = prefixes(e)
    return at(e.gradient_norm[:, :-1], n) / n


def g5_pilot(case: CaseView, seeds: Any, settings: Settings) -> float:
    """u from pilot seeds."""
    return chosen_u(case, settings, g5_rhs, recorded(case, seeds, settings))


def g5(e: Recorded, noise: bool = True) -> Expectation:
    """Sides of G5 at the pilot's u (or the case's)."""
    u, lhs = float(e.case.pilot if e.case.pilot is not None else e.case["u"]), gradients(e)
    return sided(lhs, g5_rhs(e, u, noise), scale_of(e, u, lhs, momentum_noise(e, prefixes(e))), prefixes(e))


def learner_sum(e: Recorded) -> Any:
    """sum (b_t eta_t - a_t)^2 / (2 B_{t+1}) at the prefixes, per seed."""
    return at(slope_terms(e.a, e.b, e.eta, e.parameters["delta"]), prefixes(e))


def q0(e: Recorded) -> Any:
    """Delta + delta eta_0^2 / 2 + the learner's sum at the prefixes, per seed."""
    p = e.parameters
    return e.gap() + p["delta"] * p["eta_0"] ** 2 / 2 + learner_sum(e)


def s_sum(e: Recorded) -> Any:
    """delta / 2 + sum (L_t + 2 kappa Lt_t) at the prefixes, per seed."""
    return e.parameters["delta"] / 2 + at(effective(e), prefixes(e))


def g5_closed_pilot(case: CaseView, seeds: Any, settings: Settings) -> list[float]:
    """u = min{sqrt(Q0 / S), eta_max} at every prefix from pilot means: at these u the linear form is the closed form."""
    e = recorded(case, seeds, settings)
    return [float(v) for v in np.minimum(np.sqrt(q0(e).mean(axis=0) / s_sum(e).mean(axis=0)), e.parameters["eta_max"])]


def g5_closed(e: Recorded, factor: float = 1.0) -> Expectation:
    """(1/T) sum |grad F| against Q0/(u T) + u S/T + 2 sigma (...), linear in the means Q0 and S."""
    u, n = np.array(e.case.pilot), prefixes(e)
    lhs = gradients(e)
    rhs = linear_bound(q0(e), s_sum(e), u, n) + momentum_noise(e, n)
    return sided(lhs, factor * rhs, lhs + rhs, n)


# --- cases -------------------------------------------------------------------------------------------------------------------------
def statistical(
    name: str, problem: str, noise: str, level: float, method: str, parameters: dict[str, Any], *, steps: int = 256, seeds: int = 32
) -> Case:
    """A case in expectation."""
    common = {"problem": problem, "noise": noise, "level": level, "method": method}
    common["parameters"] = stated(method, parameters)
    return Case(
        name, smoke={"T": 64, "seeds": seeds}, quick={"T": steps, "seeds": seeds}, full={"T": 8 * steps, "seeds": 4 * seeds}, common=common
    )


SGD = {"eta_0": 0.1, "eta_max": 1.0}
G4_CASES = (
    statistical("quadratic, Gaussian noise", "quadratic", "gaussian", 1.0, "gala_sgd", SGD),
    statistical("ripple, Gaussian noise", "ripple", "gaussian", 1.0, "gala_sgd", SGD),
    statistical("logistic regression, breast cancer, batch 8", "logistic", "minibatch", 8, "gala_sgd", SGD),
    statistical("nonconvex logistic, breast cancer, batch 8", "logistic_nonconvex", "minibatch", 8, "gala_sgd", SGD),
    statistical("tanh network, iris, batch 8", "tanh_network", "minibatch", 8, "gala_sgd", SGD),
)
SIGMA = 0.5


def nsgdm(steps: int, sigma: float) -> dict[str, Any]:
    """Hyper-parameters of the analysed method for a horizon."""
    return stated("gala_nsgdm", {"eta_0": 0.01, "eta_max": 1.0, "sigma": sigma, "steps": steps})


G5_CASES = tuple(
    dataclasses.replace(
        statistical(f"{label}, Gaussian noise", problem, "gaussian", SIGMA, "gala_nsgdm", {}, steps=256),
        smoke={"T": 64, "seeds": 32, "parameters": nsgdm(64, SIGMA)},
        quick={"T": 128, "seeds": 32, "parameters": nsgdm(128, SIGMA)},
        full={"T": 2048, "seeds": 128, "parameters": nsgdm(2048, SIGMA)},
    )
    for label, problem in (
        ("quadratic", "quadratic"),
        ("ripple", "ripple"),
        ("logistic regression, iris", "logistic_iris"),
        ("tanh network, iris", "tanh_network"),
    )
)
PARABOLA = {"problem": "parabola", "noise": "gaussian", "x0": 1.0}
G4_CONTROL = Case.everywhere(
    "F = x^2/2, sigma 1", **PARABOLA, level=1.0, method="gala_sgd",
    parameters={"eta_0": 0.01, "delta": 1.0, "eta_max": 0.5}, u=0.5, T=160, seeds=256,
)  # fmt: skip
G5_CONTROL = Case.everywhere(
    "F = x^2/2, alpha 1", **PARABOLA, level=1.0, method="gala_nsgdm",
    parameters={"eta_0": 1e-9, "delta": 1e8, "alpha": 1.0}, u=0.1, T=100, seeds=64,
)  # fmt: skip

CLAIMS = [
    Claim(
        id="gala.G4", title="SGD-GALA in expectation", kind="bound in expectation", label="upper", provenance="derived",
        statement=r"$\frac{1}{T}\sum E|\nabla F(x_t)|^2\leq\frac{\Delta+E\,\mathrm{Reg}_T(u)}{uT}+\frac{u}{T}\sum E[L_t|g_t|^2]$ for "
        r"every fixed $u\in(0,\eta_{max}]$",
        cases=G4_CASES, run=recorded, sides=g4, pilot=g4_pilot, assumptions=(FINITE, BELOW),
        control=Control("without the curvature term, F = x^2/2, u = eta_max = 0.5", sides=g4_without_curvature, cases=(G4_CONTROL,)),
        explain="The comparator u is fixed by pilot seeds of its own; the statement is linear in the means of both sides.",
    ),
    Claim(
        id="gala.G4c", title="SGD-GALA, closed form", kind="bound in expectation", label="upper", provenance="derived",
        statement=r"$\frac{1}{T}\sum E|\nabla F(x_t)|^2\leq\frac{4\bar L(\Delta+R)}{T}+4\sigma\sqrt{\bar L(\Delta+R)/T}$ if $R\geq 0$ "
        r"bounds $E\,\mathrm{Reg}_T(u)$ on $(0,1/(2\bar L)]$",
        cases=(*G4_CASES[:2], statistical("logistic regression, iris, Gaussian noise", "logistic_iris", "gaussian", 1.0, "gala_sgd", SGD)),
        run=recorded, sides=g4_closed, pilot=g4_closed_pilot,
        assumptions=(
            FINITE, BELOW, Assumption("u in K", "value", inside),
            Assumption("E Reg_T(u) <= R", "means over the seeds on a grid of u", measured_regret),
        ),
        control=Control("the bound times 0.02", sides=lambda e: g4_closed(e, 0.02)),
    ),
    Claim(
        id="gala.G5", title="Normalized SGD with momentum", kind="bound in expectation", label="upper", provenance="derived",
        statement=r"$\frac{1}{T}\sum E|\nabla F(x_t)|\leq\frac{\Delta+E\,\mathrm{Reg}_T(u)}{uT}+u(L_{avg}+2\kappa\tilde "
        r"L_{avg})+2\sigma(\frac{1}{\alpha T}+\sqrt{\alpha})$",
        cases=G5_CASES, run=recorded, sides=g5, pilot=g5_pilot, assumptions=(FINITE, BELOW),
        control=Control("without the noise term, F = x^2/2, alpha 1, u = 0.1", sides=lambda e: g5(e, noise=False), cases=(G5_CONTROL,)),
    ),
    Claim(
        id="gala.G5c", title="Normalized SGD with momentum, closed form", kind="bound in expectation", label="upper", provenance="derived",
        statement=r"$\frac{1}{T}\sum E|\nabla F(x_t)|\leq\frac{2}{T}\max\{\sqrt{Q_0S},Q_0/\eta_{max}\}+2\sigma(\frac{1}{\alpha "
        r"T}+\sqrt{\alpha})$",
        cases=G5_CASES, run=recorded, sides=g5_closed, pilot=g5_closed_pilot, assumptions=(FINITE, BELOW),
        control=Control("the bound times 0.02", sides=lambda e: g5_closed(e, 0.02), cases=(G5_CASES[0].name,)),
        explain="Tested through its linear form Q0/(uT) + uS/T at u = min{sqrt(Q0/S), eta_max} from pilot seeds, which equals the "
        "closed form there.",
    ),
]  # fmt: skip
