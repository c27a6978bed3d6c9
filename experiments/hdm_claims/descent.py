"""H4 to H6, H8: what the feedback says about F."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.hdm_claims.regret import HUBER, QUADRATIC, ROTATED, SVM
from experiments.hdm_claims.runs import CONVEX, RESOLUTION, SMOOTH, Evidence, h_of, on, operations, played, running_sum, size2, smoothness
from lra_ref.verify import MACHEPS, Assumption, Bound, Case, CaseView, Claim, Control, Measured, Settings

SIZES: dict[str, Any] = {"smoke": {"K": 15, "seeds": 1}, "quick": {"K": 40, "seeds": 3}, "full": {"K": 400, "seeds": 16}}
FORMS: dict[str, dict[str, Any]] = {
    "V1 diagonal": {"form": "null_step", "L": "L"},
    "V1 scalar": {"form": "null_step", "shape": "scalar", "a": 1.0},
    "V2 diagonal": {"form": "ogd", "radius": 5.0, "eta": 0.3},
    "V3 scalar": {"form": "lookahead", "shape": "scalar", "L": "L"},
    "V4 diagonal": {"form": "heavy_ball", "L": "L"},
    "V5": {"form": "eg", "delta": 5.0, "eta": 1.0},
}
FULL: dict[str, dict[str, Any]] = {
    "V1 full": {"form": "null_step", "shape": "full", "L": "L"},
    "V2 full": {"form": "ogd", "shape": "full", "radius": 5.0, "eta": 0.3},
    "V3 full": {"form": "lookahead", "shape": "full", "L": "L"},
    "V4 full": {"form": "heavy_ball", "shape": "full", "L": "L"},
}
RIPPLE = {"problem": "ripple", "problem_parameters": {"dim": 4, "curvature": 1.0, "amplitude": 1.0, "frequency": 3.0}}
ALIKE = {"problem": "quadratic", "problem_parameters": {"spectrum": [2.0, 2.0, 2.0]}}


def cases(problems: dict[str, dict[str, Any]], forms: dict[str, dict[str, Any]], **more: Any) -> list[Case]:
    """One case per problem and form."""
    return [
        Case(f"{name}, {form}", **SIZES, common={**problem, "parameters": parameters, **more})
        for name, problem in problems.items() for form, parameters in forms.items()
    ]  # fmt: skip


def best(problems: dict[str, dict[str, Any]]) -> list[Case]:
    """HDM-Best on problems of known L."""
    given = {"method": "hdm_best", "parameters": {"convex": True, "L_est": "L", "tol": 0.0}}
    return [Case(f"{name}, HDM-Best", **SIZES, common={**problem, **given}) for name, problem in problems.items()]


# --- H4 ------------------------------------------------------------------------------------------------------------------------------
def monotone(e: Evidence) -> Bound:
    """F(x_{k+1}) <= F(x_k), exactly: both are the same evaluations that the method compared."""
    lhs, rhs = e["value"][:, 1:], e["value"][:, :-1]
    return Bound(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=0.0)


def unguarded(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Broken: every tested point is accepted."""
    given = {**case.parameters, "parameters": {**case["parameters"], "accept_tol": 1e300}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


# --- H5, H6 ---------------------------------------------------------------------------------------------------------------------------
def gaps(e: Evidence) -> Any:
    """delta_k = F(x_k) - F*, (S, K + 1)."""
    return e["value"] - e["problem"].f_star.value


def gains(e: Evidence) -> Any:
    """[-h_k]_+."""
    return np.maximum(-e["h"], 0.0)


def alive(e: Evidence) -> Any:
    """Iterations that are resolved and end with a positive gap."""
    return e["used"] & (gaps(e)[:, 1:] > 0)


def harmonic(e: Evidence, shrink: float = 1.0, first_only: bool = False) -> Bound:
    """1/delta_1 + (1/R^2) sum [-h]_+ <= 1/delta_{K+1}, R = max |x_k - x*| over the run so far."""
    delta, used = gaps(e), alive(e)
    far2 = size2(e["x"] - e["problem"].x_star, 1)
    radius2 = np.broadcast_to(far2[:, :1], used.shape) if first_only else np.maximum.accumulate(far2, axis=1)[:, :-1]
    inverse = 1 / np.where(delta > 0, delta, 1.0)
    lhs = inverse[:, :1] + running_sum(gains(e)) / (shrink * radius2)
    rhs = inverse[:, 1:]
    noise = running_sum(np.abs(e["h"]) + e["noise"] / operations(e["problem"])) / radius2
    scale = on(used, lhs + rhs + noise, 1.0)
    steps = np.arange(1.0, used.shape[1] + 1)[None, :]
    return Bound(lhs=on(used, lhs, 0.0), rhs=on(used, rhs, 1.0), scale=scale, operations=2 * operations(e["problem"]) + steps)


def contraction(e: Evidence, factor: float = 1.0) -> Bound:
    """delta_{K+1} <= delta_1 prod (1 - 2 mu [-h]_+), in units of delta_{K} of the product before."""
    delta, used, mu = gaps(e), alive(e), e["problem"].strong_convexity.value
    shrink = np.maximum(1 - 2 * factor * mu * gains(e), 0.0)
    rhs = delta[:, :1] * np.cumprod(shrink, axis=1)
    # a factor near 0 is the difference of 1 and 2 mu h: its relative error is that of h over the factor
    lost = running_sum((1 + 2 * mu * (np.abs(e["h"]) + e["noise"] / operations(e["problem"]))) / np.where(shrink > 0, shrink, 1e-300))
    scale = np.abs(delta[:, 1:]) + rhs * (1 + lost)
    fine = used & (rhs > 0)
    steps = np.arange(1.0, used.shape[1] + 1)[None, :]
    return Bound(
        lhs=on(fine, delta[:, 1:], 0.0), rhs=on(fine, rhs, 1.0), scale=on(fine, scale, 1.0), operations=operations(e["problem"]) + steps
    )  # fmt: skip


def pl(e: Evidence) -> Measured:
    """Measured: |g_k|^2 >= 2 mu delta_k on the run."""
    mu, delta, used = e["problem"].strong_convexity.value, gaps(e)[:, :-1], e["used"]
    ratio = np.where(used & (delta > 0), e["norm2"] / (2 * mu * np.where(delta > 0, delta, 1.0)), np.inf)
    return Measured(bool(np.min(ratio) >= 1 - 100 * MACHEPS), float(np.min(ratio)), "smallest |g|^2/(2 mu delta)")


def known_minimum(e: Evidence) -> Measured:
    """Measured: F* and x* of the problem are known exactly."""
    problem = e["problem"]
    return Measured(problem.x_star is not None and problem.f_star is not None and problem.f_star.exact, None, problem.name)


# --- H8 ------------------------------------------------------------------------------------------------------------------------------
def inverse(e: Evidence) -> Any:
    """A^-1 in the shape of P."""
    problem = e["problem"]
    dim, axes = problem.dim, e["P"].ndim - 2
    A = problem.hvp(np.zeros((dim, dim)), np.eye(dim))
    full = np.linalg.inv(A)
    return full if axes == 2 else np.diag(full) if axes == 1 else full[0, 0]


def superlinear(e: Evidence, log_right: Any, extra: Any) -> Bound:
    """log delta_{K+1} <= log delta_1 + K log(right_K)."""
    delta, used = gaps(e), alive(e) & np.isfinite(log_right)
    K = np.arange(1.0, used.shape[1] + 1)[None, :]
    lhs, first = np.log(np.where(delta > 0, delta, 1.0)[:, 1:]), np.log(delta[:, :1])
    rhs = first + K * np.where(used, log_right, 0.0)
    scale = np.abs(lhs) + np.abs(first) + K * (np.abs(np.where(used, log_right, 0.0)) + 1 + extra)
    return Bound(
        lhs=on(used, lhs, 0.0), rhs=on(used, rhs, 1.0), scale=on(used, scale, 1.0), operations=2 * operations(e["problem"]) + 2 * K
    )  # fmt: skip


def by_regret(e: Evidence, factor: float = 1.0) -> Bound:
    """delta_{K+1} <= delta_1 (2 L Regret_K/K)^K against A^-1."""
    other = h_of(e, inverse(e))
    regret = running_sum(e["h"] - other)
    K = np.arange(1.0, regret.shape[1] + 1)[None, :]
    size = running_sum(np.abs(e["h"]) + np.abs(other) + e["noise"] / operations(e["problem"]))
    positive = regret > 0
    ratio = np.where(positive, regret, 1.0)
    return superlinear(e, np.where(positive, np.log(factor * 2 * smoothness(e["problem"]) * ratio / K), -np.inf), size / ratio)


def by_distance(e: Evidence, factor: float = 1.0) -> Bound:
    """V3: delta_{K+1} <= delta_1 (L^2 |P_1 - A^-1|^2/K)^K."""
    first = size2(e["P"][:, :1] - inverse(e), e["P"].ndim - 2) * smoothness(e["problem"]) ** 2
    K = np.arange(1.0, e["h"].shape[1] + 1)[None, :]
    return superlinear(e, np.log(factor * first / K), 0.0)


def positive_definite(e: Evidence) -> Measured:
    """Measured: the problem is a quadratic with a positive spectrum, and P has a shape that holds A^-1."""
    problem, axes = e["problem"], e["P"].ndim - 2
    A = problem.hvp(np.zeros((problem.dim, problem.dim)), np.eye(problem.dim))
    off, even = np.max(np.abs(A - np.diag(np.diag(A)))), np.ptp(np.diag(A))
    held = axes == 2 or (off == 0 and (axes == 1 or even == 0))
    return Measured(
        problem.name == "quadratic" and bool(held) and float(np.linalg.eigvalsh(A)[0]) > 0, float(off), "largest off-diagonal of A"
    )


EXACT = Assumption("F* and x* known", "the problem", known_minimum)
SPECTRUM = Assumption("quadratic, A^-1 in the set", "the Hessian", positive_definite)
EIGHT = {"spectrum": [4.0, 2.0, 1.0, 0.5]}
DIAGONAL = {"problem": "quadratic", "problem_parameters": EIGHT}
TURNED = {"problem": "quadratic", "problem_parameters": {**EIGHT, "rotated": True}}
HALF = {"problem": "quadratic", "problem_parameters": {"spectrum": [2.0]}}

CLAIMS = [
    Claim(
        id="hdm.H4", title="The null step never climbs", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$F(x_{k+1})\leq F(x_k)$ for every form and HDM-Best, on any function",
        cases=(
            *cases({"quadratic": QUADRATIC, "ripple": RIPPLE, "squared-hinge SVM, iris": SVM}, FORMS),
            *cases({"rotated quadratic": ROTATED}, FULL),
            *best({"quadratic": QUADRATIC, "squared-hinge SVM, iris": SVM}),
        ),
        run=played, sides=monotone, control=Control("V1 without the null step", run=unguarded, cases=("quadratic, V1 scalar",)),
    ),
    Claim(
        id="hdm.H5", title="Harmonic decrease", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$1/\delta_{K+1}\geq 1/\delta_1+\frac{1}{R^2}\sum[-h_k]_+$, $R=\max_k|x_k-x_*|$, so $\delta_{K+1}\leq R^2/(-\sum h_k)$",
        cases=(*cases({"quadratic": QUADRATIC, "Huber": HUBER}, FORMS), *cases({"rotated quadratic": ROTATED}, FULL),
        *best({"quadratic": QUADRATIC})),
        run=played, sides=harmonic, assumptions=(CONVEX, EXACT, RESOLUTION),
        control=Control("R replaced by |x_1 - x*|/2", sides=lambda e: harmonic(e, 0.25, True), cases=(
            Case.everywhere("Huber, x_1 = 1000", **{**HUBER, "x0": [1000.0]}, parameters={"form": "lookahead", "shape": "scalar",
            "L": "L"}, K=40),)),
    ),
    Claim(
        id="hdm.H6", title="Linear decrease", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"PL($\mu$): $\delta_{K+1}\leq\delta_1\prod(1-2\mu[-h_k]_+)$",
        cases=(*cases({"quadratic": QUADRATIC, "sphere": ALIKE}, FORMS), *cases({"rotated quadratic": ROTATED}, FULL),
        *best({"quadratic": QUADRATIC})),
        run=played, sides=contraction, assumptions=(EXACT, Assumption("PL(mu)", "|g|^2/(2 mu delta)", pl), RESOLUTION),
        control=Control("1.01 mu where every eigenvalue is mu", sides=lambda e: contraction(e, 1.01), cases=("sphere, V1 scalar",)),
    ),
    Claim(
        id="hdm.H8", title="Superlinear decrease from regret", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$F=(x-x_*)^TA(x-x_*)/2$: $\delta_{K+1}\leq\delta_1(2L\,\mathrm{Regret}_K/K)^K$, regret against $A^{-1}$ in the set",
        cases=(
            *cases({"sphere": ALIKE}, {name: FORMS[name] for name in ("V1 scalar", "V3 scalar")}),
            *cases({"diagonal quadratic": DIAGONAL}, {name: FORMS[name] for name in ("V1 diagonal", "V2 diagonal", "V4 diagonal", "V5")}),
            *cases({"rotated quadratic": TURNED}, FULL),
        ),
        run=played, sides=by_regret, assumptions=(SMOOTH, EXACT, SPECTRUM, RESOLUTION),
        control=Control("half of the regret", sides=lambda e: by_regret(e, 0.5), cases=("sphere, V1 scalar",)),
    ),
    Claim(
        id="hdm.H8v3", title="Superlinear decrease of the lookahead", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"the same: $\delta_{K+1}\leq\delta_1(L^2|P_1-A^{-1}|_F^2/K)^K$ for V3 with $\eta=1/L$",
        cases=(
            *cases({"sphere": ALIKE}, {"V3 scalar": FORMS["V3 scalar"]}),
            *cases({"diagonal quadratic": DIAGONAL}, {"V3 diagonal": {"form": "lookahead", "L": "L"}}),
            *cases({"rotated quadratic": TURNED}, {"V3 full": FULL["V3 full"]}),
        ),
        run=played, sides=by_distance, assumptions=(SMOOTH, EXACT, SPECTRUM, RESOLUTION),
        control=Control("a twentieth of the squared distance, one dimension, eta = 1/(2a)", sides=lambda e: by_distance(e, 0.05), cases=(
            Case.everywhere("a = 2", **HALF, parameters={"form": "lookahead", "shape": "scalar", "eta": 0.25}, K=3),)),
    ),
]  # fmt: skip
