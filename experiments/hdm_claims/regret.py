"""H2, H3, H7: regret of the feedback h against a fixed P, for projected gradient steps, AdaGrad and the lookahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.hdm_claims.runs import (
    CONVEX,
    RESOLUTION,
    SMOOTH,
    WITNESSES,
    Evidence,
    comparators,
    h_of,
    on,
    operations,
    played,
    running_sum,
    size2,
    smoothness,
)
from lra_ref.verify import MACHEPS, Assumption, Bound, Case, CaseView, Claim, Control, Measured, Settings


def axes_of(e: Evidence) -> int:
    """0 for a scalar P, 1 for a diagonal, 2 for a full one."""
    return int(e["P"].ndim - 2)


def parameters(e: Evidence) -> Any:
    """Hyper-parameters of the method as it ran, ``step`` included."""
    from experiments.hdm_claims.runs import method_of

    return method_of(e["case"]).rate.parameters


def against(e: Evidence, right: Any) -> Bound:
    """sum (h_k - h_{x_k}(P)) <= right(e, P) for every comparator, last axis; ``right`` returns (rhs, sum of its absolute terms)."""
    lhs, rhs, scale = [], [], []
    used = e["used"]
    for P in comparators(e):
        other = h_of(e, P)
        regret, (bound, extra) = running_sum(e["h"] - other), right(e, P)
        # every play is rounded once in each step, which moves h by |r| times that; and each h carries the rounding of its losses
        noise = running_sum(2 * e["noise"] / operations(e["problem"]) + np.abs(e["h"]) + np.abs(other)) + extra
        lhs.append(on(used, regret, 0.0))
        rhs.append(on(used, np.broadcast_to(bound, used.shape), 1.0))
        scale.append(on(used, noise, 1.0))
    steps = np.arange(1.0, used.shape[1] + 1)[None, :, None]
    return Bound(
        lhs=np.stack(lhs, -1), rhs=np.stack(rhs, -1), scale=np.stack(scale, -1), operations=operations(e["problem"]) + 8 * steps
    )  # fmt: skip


def gradient_steps(weight: float = 1.0) -> Any:
    """H2: |P_1 - P|^2/(2 eta) + (eta/2) sum |r|^2."""

    def right(e: Evidence, P: Any) -> tuple[Any, Any]:
        axes, eta = axes_of(e), parameters(e).step()
        first = size2(e["P"][:, :1] - P, axes) / (2 * eta)
        rhs = first + weight * eta / 2 * running_sum(size2(e["r"], axes))
        path = running_sum(np.sqrt(size2(e["P"][:, 1:], axes) * size2(e["P"][:, 1:] - P, axes))) / eta
        return rhs, first + np.abs(rhs) + path

    return right


def square_root(factor: float = 1.0) -> Any:
    """H2 with eta = Dp/((1 + L Dp) sqrt K): Dp (1 + L Dp) sqrt K; read at K only."""

    def sides(e: Evidence) -> Bound:
        edge, L, K = e["case"]["edge"], smoothness(e["problem"]), e["h"].shape[1]
        whole = against(e, lambda e, P: (factor * edge * (1 + L * edge) * np.sqrt(K), edge * (1 + L * edge) * np.sqrt(K)))
        last = (slice(None), slice(-1, None))
        return Bound(lhs=whole.lhs[last], rhs=whole.rhs[last], scale=whole.scale[last], operations=whole.operations[last])

    return sides


def adagrad(factor: float = 1.0) -> Any:
    """H3: sqrt2 Dp sqrt(sum r^2), added up over the coordinates."""

    def right(e: Evidence, P: Any) -> tuple[Any, Any]:
        roots = np.sqrt(running_sum(e["r"] ** 2))
        whole = np.sqrt(2) * e["case"]["edge"] * (np.sum(roots, axis=-1) if axes_of(e) else roots)
        slopes = running_sum(size2(e["r"], axes_of(e)) ** 0.5 * e["case"]["edge"])
        return factor * whole, whole + slopes

    return right


def lookahead(factor: float = 1.0) -> Any:
    """H7: (L/2)(|P_1 - P|^2 - |P_{K+1} - P|^2)."""

    def right(e: Evidence, P: Any) -> tuple[Any, Any]:
        axes, L = axes_of(e), smoothness(e["problem"])
        first, last = size2(e["P"][:, :1] - P, axes), size2(e["P"][:, 1:] - P, axes)
        path = L * running_sum(np.sqrt(size2(e["P"][:, 1:], axes) * last))
        return factor * L / 2 * (first - last), L / 2 * (first + last) + path

    return right


def whole_run(e: Evidence) -> Measured:
    """Measured: h is resolved to the end."""
    return Measured(bool(np.all(e["used"])), float(np.sum(e["used"])), f"iterations of {e['used'].size}")


def inside(e: Evidence) -> Measured:
    """Measured: the comparators and P_1 are between 0 and the radius, of a full P in the ball."""
    radius, axes = parameters(e).radius, axes_of(e)
    if radius is None:
        return Measured(True, None, "no set")
    points = [*comparators(e), *e["P"][:, 0]]
    if axes == 2:
        least, most = 0.0, max(float(np.sqrt(size2(P, 2))) for P in points)
    else:
        least, most = min(float(np.min(P)) for P in points), max(float(np.max(P)) for P in points)
    return Measured(least >= 0 and most <= radius * (1 + 4 * MACHEPS), most, f"largest, radius {radius:.6g}")


def tied(e: Evidence) -> Measured:
    """Measured: AdaGrad's step is Dp/sqrt 2 and the set [0, Dp]."""
    p, edge = parameters(e), e["case"]["edge"]
    return Measured(p.radius == edge and abs(p.a - edge * 2.0**-0.5) <= 4 * MACHEPS * edge, p.a, f"a, Dp = {edge:.6g}")


QUADRATIC = {"problem": "quadratic", "problem_parameters": {"dim": 5, "condition": 30.0, "largest": 4.0}}
ROTATED = {"problem": "quadratic", "problem_parameters": {"dim": 4, "condition": 30.0, "largest": 4.0, "rotated": True}}
LOGISTIC = {"problem": "logistic", "problem_parameters": {"data": "iris"}, "scale": 3.0}
SVM = {"problem": "squared_hinge_svm", "problem_parameters": {"data": "iris"}}
HUBER = {"problem": "huber", "problem_parameters": {}, "scale": 1000.0}
#: the linear part of Huber's function: r = -1 in every step
FAR = {"problem": "huber", "problem_parameters": {}, "x0": [1000.0]}
PROBLEMS = {"quadratic": QUADRATIC, "logistic regression, iris": LOGISTIC, "squared-hinge SVM, iris": SVM, "Huber": HUBER}
SIZES: dict[str, Any] = {"smoke": {"K": 15, "seeds": 1}, "quick": {"K": 60, "seeds": 3}, "full": {"K": 1000, "seeds": 16}}


def cases(
    form: dict[str, Any], problems: tuple[str, ...] = tuple(PROBLEMS), shapes: tuple[str, ...] = ("scalar", "diagonal"), **more: Any
) -> Any:
    """One case per problem and shape."""
    return tuple(
        Case(f"{name}, {shape}", **SIZES, common={**PROBLEMS[name], "parameters": {**form, "shape": shape}, **more})
        for name in problems for shape in shapes
    )  # fmt: skip


def tuned(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The run with eta = Dp/((1 + L Dp) sqrt K)."""
    from experiments.hdm_claims.runs import problem_of

    L, edge = smoothness(problem_of(case)), case["edge"]
    eta = edge / ((1 + L * edge) * np.sqrt(case["K"]))
    given = {**case.parameters, "parameters": {**case["parameters"], "radius": edge, "eta": float(eta)}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


WITNESS = (Case.from_witness(WITNESSES / "hdm.H3v1.json"),)


def projected(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same with P projected on [0, Dp], for which the bound holds."""
    given = {**case.parameters, "parameters": {**case["parameters"], "radius": case["edge"]}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


SUM = r"$\sum h_k-\sum h_{x_k}(P)$"
ADAGRAD = {"form": "null_step", "a": 2.0**-0.5, "radius": 1.0}
INSIDE = Assumption("P and P_1 in the set", "comparators and start of the run against the radius", inside)
TIED = Assumption("the set is [0, Dp], a = Dp/sqrt 2", "parameters of the run", tied)

CLAIMS = [
    Claim(
        id="hdm.H2", title="Regret of projected gradient steps", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq|P_1-P|_F^2/(2\eta)+\frac{\eta}{2}\sum|r_k|_F^2$ for every $P$ in the set (V2)",
        cases=(
            *cases({"form": "ogd", "radius": 1.0, "eta": 0.1}),
            Case("rotated quadratic, full", **SIZES, common={**ROTATED, "parameters": {"form": "ogd", "shape": "full", "radius": 2.0,
            "eta": 0.1}}),
        ),
        run=played, sides=lambda e: against(e, gradient_steps()), assumptions=(CONVEX, INSIDE, RESOLUTION),
        control=Control("without the sum of squares", sides=lambda e: against(e, gradient_steps(0.0)), cases=(
            Case.everywhere("Huber, x_1 = 1000", **FAR, parameters={"form": "ogd", "radius": 1.0, "eta": 0.1, "shape": "scalar"},
            edge=1.0, K=60),)),
    ),
    Claim(
        id="hdm.H2rate", title="Regret of order sqrt K", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq D_p(1+LD_p)\sqrt{K}$ for $\eta=D_p/((1+LD_p)\sqrt{K})$, scalar set $[0,D_p]$ (V2)",
        cases=cases({"form": "ogd"}, shapes=("scalar",), edge=1.0), run=tuned, sides=square_root(),
        assumptions=(CONVEX, SMOOTH, INSIDE, Assumption("h is resolved to the end", "rounding error of h", whole_run)),
        control=Control("a tenth of the bound, far out on the linear part of Huber's function", sides=square_root(0.1), cases=(
            Case.everywhere("Huber, x_1 = 1000", **FAR, parameters={"form": "ogd", "shape": "scalar"}, edge=1.0, K=60),)),
    ),
    Claim(
        id="hdm.H3", title="Regret of projected AdaGrad", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq\sqrt{2}D_p\sum_i\sqrt{\sum_k r_{k,i}^2}$ for AdaGrad projected on $[0,D_p]$ with $a=D_p/\sqrt{2}$",
        cases=cases(ADAGRAD, edge=1.0), run=played, sides=lambda e: against(e, adagrad()), assumptions=(CONVEX, INSIDE, TIED, RESOLUTION),
        control=Control("a fifth of the bound, far out on the linear part of Huber's function", sides=lambda e: against(e, adagrad(0.2)),
        cases=(
            Case.everywhere("Huber, x_1 = 1000", **FAR, parameters={**ADAGRAD, "shape": "scalar"}, edge=1.0, K=60),)),
    ),
    Claim(
        id="hdm.H3v1", title="Without the projection AdaGrad has no such bound", kind="refutation", provenance="derived",
        statement=r"REFUTED: the same for V1, which does not project: Huber's function, $L=1$, $x_1=1000.3$, $D_p=1$, $K=501$",
        cases=WITNESS, run=played, sides=lambda e: against(e, adagrad()),
        control=Control("the same with the projection, for which it is true", run=projected, cases=WITNESS),
    ),
    Claim(
        id="hdm.H7", title="Constant regret of the lookahead", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$\sum h_{x_k}(P_{k+1})-\sum h_{x_k}(P)\leq\frac{L}{2}(|P_1-P|_F^2-|P_{K+1}-P|_F^2)$ for $\eta=1/L$ (V3)",
        cases=(
            *cases({"form": "lookahead", "L": "L"}),
            *(
                Case(f"quadratic, {shape}, projected", **SIZES, common={**QUADRATIC, "edge": 0.17, "parameters": {
                    "form": "lookahead", "L": "L", "radius": 0.17, "shape": shape}}) for shape in ("scalar", "diagonal")
            ),
            Case("rotated quadratic, full", **SIZES, common={**ROTATED, "parameters": {"form": "lookahead", "shape": "full", "L": "L"}}),
        ),
        run=played, sides=lambda e: against(e, lookahead()), assumptions=(CONVEX, SMOOTH, INSIDE, RESOLUTION),
        control=Control("a quarter of the bound", sides=lambda e: against(e, lookahead(0.25)), cases=(
            Case.everywhere("Huber, x_1 = 1000", **FAR, parameters={"form": "lookahead", "L": "L", "shape": "scalar"}, edge=20.0, K=60),)),
    ),
]  # fmt: skip
