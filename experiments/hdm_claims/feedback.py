"""H1, H10: h_x is convex and smooth in P, at most -1/(2L) at I/L, and jointly convex with the momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.hdm_claims.runs import CONVEX, SMOOTH, Evidence, apply, operations, problem_of, smoothness
from lra_ref.methods.hdm_formulas import feedback, hypergradient, momentum_hypergradient
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Settings, bound_times


def points(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Random x and pairs of full matrices P, Q of a random size per seed; F at x, x - P g, x - Q g and both gradients."""
    problem = problem_of(case)
    dim, L = problem.dim, smoothness(problem)
    x, P, Q = [], [], []
    for seed in seeds:
        generator = np.random.default_rng([settings.seed, int(seed)])
        x.append(case.get("scale", 1.0) * generator.normal(size=dim))
        sizes = np.exp(generator.uniform(-3, 2, size=2)) / L
        P.append(sizes[0] * generator.normal(size=(dim, dim)))
        Q.append(sizes[1] * generator.normal(size=(dim, dim)))
    x, P, Q = np.stack(x), np.stack(P), np.stack(Q)
    f, g = problem.value_and_gradient(x)
    norm2 = np.sum(g * g, axis=-1)
    out = {"problem": problem, "x": x, "f": f, "g": g, "norm2": norm2, "P": P, "Q": Q, "L": L, "case": case}
    for name, matrix in (("P", P), ("Q", Q)):
        value, gradient = problem.value_and_gradient(x - np.einsum("sij,sj->si", matrix, g))
        out["h" + name], out["f" + name] = feedback(value, f, norm2), value
        out["r" + name] = hypergradient(gradient[:, :, None] * g[:, None, :], norm2[:, None, None])
    out["h1"] = feedback(problem.value(x - apply(1 / L, g)), f, norm2)
    return out


def error(e: Evidence) -> Any:
    """Sum of the absolute values of the losses that h is made of, over |g|^2."""
    return (2 * np.abs(e["f"]) + np.abs(e["fP"]) + np.abs(e["fQ"])) / e["norm2"]


def bound(e: Evidence, lhs: Any, rhs: Any, extra: Any = 0.0) -> Bound:
    """Sides of shape (seeds, 1), with the losses and the terms of both sides in the scale."""
    scale = np.abs(lhs) + np.abs(rhs) + error(e) + extra
    return Bound(lhs=lhs[:, None], rhs=rhs[:, None], scale=scale[:, None], operations=2 * operations(e["problem"]) * e["problem"].dim)


def inner(a: Any, b: Any) -> Any:
    """Frobenius inner product."""
    return np.sum(a * b, axis=(-2, -1))


def descent(e: Evidence) -> Bound:
    """h_x(I/L) <= -1/(2L)."""
    return bound(e, e["h1"], np.full_like(e["h1"], -1 / (2 * e["L"])))


def below(e: Evidence) -> Bound:
    """h(P) + <grad h(P), Q - P> <= h(Q)."""
    step = inner(e["rP"], e["Q"] - e["P"])
    return bound(e, e["hP"] + step, e["hQ"], np.abs(step))


def above(e: Evidence, weight: float = 1.0) -> Bound:
    """h(Q) <= h(P) + <grad h(P), Q - P> + (L/2)|Q - P|^2."""
    step, square = inner(e["rP"], e["Q"] - e["P"]), e["L"] / 2 * inner(e["Q"] - e["P"], e["Q"] - e["P"])
    return bound(e, e["hQ"], e["hP"] + step + weight * square, np.abs(step) + square)


def slope(e: Evidence, factor: float = 1.0) -> Bound:
    """|grad h(P)|_F <= 1 + L |P|_op."""
    return bound(e, np.sqrt(inner(e["rP"], e["rP"])), factor * (1 + e["L"] * np.linalg.norm(e["P"], ord=2, axis=(-2, -1))))


def along_top(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same at x along the top eigenvector, with P and Q multiples of the identity: where every inequality is an equality."""
    e = points(case, seeds, settings)
    problem, dim = e["problem"], e["problem"].dim
    x = np.zeros_like(e["x"])
    x[:, np.argmax(np.diag(problem.hvp(np.zeros((dim, dim)), np.eye(dim))))] = e["x"][:, 0]
    f, g = problem.value_and_gradient(x)
    norm2, out = np.sum(g * g, axis=-1), {**e, "x": x, "f": f, "g": g}
    for name, sign in (("P", -1.0), ("Q", 1.0)):
        matrix = sign * np.abs(e[name][:, :1, :1]) * np.eye(dim)
        value, gradient = problem.value_and_gradient(x - np.einsum("sij,sj->si", matrix, g))
        out.update({name: matrix, "h" + name: feedback(value, f, norm2), "f" + name: value})
        out["r" + name] = hypergradient(gradient[:, :, None] * g[:, None, :], norm2[:, None, None])
    return {**out, "norm2": norm2, "h1": feedback(problem.value(x - g / e["L"]), f, norm2)}


# --- H10 ---------------------------------------------------------------------------------------------------------------------------
def pairs(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """h(P, beta) = [F(x - P*g + beta m) - F(x)]/(|g|^2 + (tau/2)|m|^2) at two random (P, beta), with its gradient at the first."""
    problem = problem_of(case)
    dim, L = problem.dim, smoothness(problem)
    generators = [np.random.default_rng([settings.seed, int(seed)]) for seed in seeds]
    x = case.get("scale", 1.0) * np.stack([generator.normal(size=dim) for generator in generators])
    m = np.stack([generator.normal(size=dim) * np.exp(generator.uniform(-2, 2)) for generator in generators])
    f, g = problem.value_and_gradient(x)
    bottom = np.sum(g * g, axis=-1) + case["tau"] * L * L / 2 * np.sum(m * m, axis=-1)
    shape = dim if case["shape"] == "diagonal" else 1
    P = np.stack([generator.normal(size=(2, shape)) * np.exp(generator.uniform(-2, 2)) / L for generator in generators])
    beta = np.stack([generator.uniform(-1, 1, size=2) for generator in generators])
    values, gradients = problem.value_and_gradient(x[:, None] - P * g[:, None] + beta[..., None] * m[:, None])
    gp = gradients[:, 0]
    r = hypergradient(gp * g, bottom[:, None]) if shape == dim else hypergradient(np.sum(gp * g, axis=-1), bottom)[:, None]
    rm = momentum_hypergradient(np.sum(gp * m, axis=-1), bottom)
    h = feedback(values, f[:, None], bottom[:, None])
    step = np.sum(r * (P[:, 1] - P[:, 0]), axis=-1) + rm * (beta[:, 1] - beta[:, 0])
    # the parts of the step, for the scale
    size = np.sum(np.abs(r * (P[:, 1] - P[:, 0])), axis=-1) + np.abs(rm * (beta[:, 1] - beta[:, 0]))
    return {"h": h, "step": step, "size": size + (np.abs(f) + np.abs(values).sum(axis=-1)) / bottom, "problem": problem, "case": case}


def jointly(e: Evidence) -> Bound:
    """h(p) + <grad h(p), q - p> <= h(q)."""
    lhs, rhs = e["h"][:, 0] + e["step"], e["h"][:, 1]
    scale = np.abs(lhs) + np.abs(rhs) + e["size"]
    return Bound(lhs=lhs[:, None], rhs=rhs[:, None], scale=scale[:, None], operations=2 * operations(e["problem"]))


QUADRATIC = {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 30.0, "largest": 4.0}}
PROBLEMS: dict[str, dict[str, Any]] = {
    "quadratic": QUADRATIC,
    "logistic regression, iris": {"problem": "logistic", "problem_parameters": {"data": "iris"}, "scale": 3.0},
    "squared-hinge SVM, iris": {"problem": "squared_hinge_svm", "problem_parameters": {"data": "iris"}},
}
RIPPLE = {"problem": "ripple", "problem_parameters": {"dim": 4, "curvature": 1.0, "amplitude": 1.0, "frequency": 3.0}}
SIZES: dict[str, Any] = {"smoke": {"seeds": 20}, "quick": {"seeds": 200}, "full": {"seeds": 5000}}
CASES = tuple(Case(name, **SIZES, common=problem) for name, problem in PROBLEMS.items())
TOP = (Case("quadratic, along the top eigenvector", **SIZES, common=QUADRATIC),)
RIPPLES = (Case.everywhere("ripple (not convex)", seeds=200, **RIPPLE),)


def claim(name: str, title: str, statement: str, sides: Any, control: Control, assumptions: Any) -> Claim:
    """A row of H1."""
    return Claim(
        id=f"hdm.{name}", title=title, kind="pathwise bound", label="tight", provenance="derived", statement=statement, cases=CASES,
        run=points, sides=sides, control=control, assumptions=assumptions,
    )  # fmt: skip


CLAIMS = [
    claim(
        "H1", "Feedback at 1/L", r"$h_x(I/L)\leq-1/(2L)$", descent,
        Control("-1.01/(2L) on the top eigenvector", run=along_top, sides=bound_times(1.01, descent), cases=TOP),
        (SMOOTH,),
    ),
    claim(
        "H1convex", "Feedback is convex", r"$h_x(P)+\langle\nabla h_x(P),Q-P\rangle\leq h_x(Q)$, full $P$, $Q$", below,
        Control("a function that is not convex", cases=RIPPLES), (CONVEX,),
    ),
    claim(
        "H1smooth", "Feedback is L-smooth", r"$h_x(Q)\leq h_x(P)+\langle\nabla h_x(P),Q-P\rangle+\frac{L}{2}|Q-P|_F^2$", above,
        # along the top eigenvector only the part of Q - P that acts on g counts: 1/D of the square of a multiple of the identity
        Control("0.9/D of the curvature term on the top eigenvector", run=along_top, sides=lambda e: above(e, 0.9 / e["problem"].dim),
        cases=TOP),
        (SMOOTH,),
    ),
    claim(
        "H1slope", "Size of the hypergradient", r"$|\nabla h_x(P)|_F\leq 1+L|P|_{op}$", slope,
        Control("0.99 of the bound, P a negative multiple of I, on the top eigenvector", run=along_top, sides=lambda e: slope(e, 0.99),
        cases=TOP),
        (SMOOTH,),
    ),
    Claim(
        id="hdm.H10", title="Joint convexity with momentum", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$h(P,\beta)=[F(x-Pg+\beta m)-F(x)]/(|g|^2+\frac{\tau}{2}|m|^2)$ is jointly convex in $(P,\beta)$, any $\tau\geq 0$",
        cases=tuple(
            Case(f"{name}, {shape}, tau = {tau:g} L^2", **SIZES, common={**problem, "tau": tau, "shape": shape})
            for name, problem in PROBLEMS.items() for shape, tau in (("scalar", 0.0), ("diagonal", 0.5))
        ),
        run=pairs, sides=jointly, assumptions=(CONVEX,),
        control=Control("a function that is not convex", cases=(Case("ripple", **SIZES, common={**RIPPLE, "tau": 0.5,
        "shape": "scalar"}),)),
    ),
]  # fmt: skip
