"""Claims of the layer-wise steps: ``lra-ref verify layerwise``.

Statements and proofs are on the theory page ``docs/theory/layerwise.md``; all are derived (our own).  Gradients, curvatures and losses of
both sides are computed from the recorded points, apart from the method.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from experiments.searches_layerwise import SEARCHES
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import make_method
from lra_ref.problems import Problem, make_problem
from lra_ref.problems.base import Known
from lra_ref.verify import MACHEPS, Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings
from lra_ref.verify.falsify import searched

WITNESSES = Path(__file__).parent / "witnesses"
Evidence = dict[str, Any]


# --- problems and runs ------------------------------------------------------------------------------
def sum_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """(x_1 + ... + x_D)^2/2, whose Hessian is all ones (kernel)."""
    total = 0.0
    for i in range(lo, hi):
        total += x[i]
    for i in range(lo, hi):
        g[i] = total
    return total * total / 2


def sum_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """The sum of v, in every entry (kernel)."""
    total = 0.0
    for i in range(lo, hi):
        total += v[i]
    for i in range(lo, hi):
        out[i] = total


@lru_cache(maxsize=32)
def _problem(name: str, parameters: str) -> Problem:
    given = json.loads(parameters)
    if name == "sum":
        dim = given["dim"]
        return Problem(
            "sum",
            dim,
            sum_value,
            sum_hvp,
            start=np.ones(dim),
            smoothness=Known(float(dim)),
            f_star=Known(0.0),
            x_star=np.zeros(dim),
            convex=True,
        )
    return make_problem(name, **given)


def problem_of(case: CaseView) -> Problem:
    """The problem of a case."""
    return _problem(case["problem"], json.dumps(case.get("problem_parameters", {})))


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """T steps from a start per seed: points (S, T + 1, D), loss, and per block |g_l|^2 and <g_l, H_ll g_l> (S, T + 1, n)."""
    problem, offsets = problem_of(case), np.array(case["offsets"])
    if "x0" in case:
        x0 = np.broadcast_to(np.asarray(case["x0"], float), (len(seeds), problem.dim)).copy()
    else:
        x0 = np.stack([np.random.default_rng([settings.seed, int(seed)]).normal(size=problem.dim) for seed in seeds])
    kept, method = Vectors(), make_method("layerwise", **case["parameters"])
    reference_run(method, problem, steps=case["T"], trajectories=len(seeds), x0=x0, offsets=offsets, observe=kept)
    x = kept.arrays()["x"]
    loss, g = problem.value_and_gradient(x)
    norm2, curvature, size = [], [], []
    for lo, hi in pairwise(offsets):
        padded = np.zeros_like(g)
        padded[..., lo:hi] = g[..., lo:hi]
        curved = problem.hvp(x, padded)[..., lo:hi]
        norm2.append(np.sum(g[..., lo:hi] ** 2, axis=-1))
        curvature.append(np.sum(g[..., lo:hi] * curved, axis=-1))
        size.append(np.sum(np.abs(g[..., lo:hi] * curved), axis=-1))
    p = method.rate.parameters
    e = {"problem": problem, "x": x, "loss": loss, "g": g, "n": len(offsets) - 1, "eps": p.eps, "case": case, "p": p}
    return {**e, "norm2": np.stack(norm2, -1), "curvature": np.stack(curvature, -1), "size": np.stack(size, -1)}


def operations(problem: Problem) -> float:
    """Roundings of one evaluation of F or of a product: a few per coordinate and row, and those of a row's inner product."""
    return 8.0 * (problem.dim + problem.samples) + 16


# --- sides ------------------------------------------------------------------------------------------
def decrease(e: Evidence, factor: float) -> tuple[Any, Any]:
    """1/2 sum_l |g_l|^4/(factor c_l + eps), (S, T), and the same with the rounding of c_l; 0 for a gradient that vanishes."""
    norm2, c, size = e["norm2"][:, :-1], e["curvature"][:, :-1], e["size"][:, :-1]
    bottom = factor * c + e["eps"]
    usable = (norm2 > 0) & (bottom > 0)
    each = np.where(usable, norm2**2 / np.where(usable, bottom, 1.0) / 2, 0.0)
    # a curvature of cancelling terms: its relative error grows by their size over it
    lost = np.where(usable, (factor * size + e["eps"]) / np.where(usable, bottom, 1.0), 1.0)
    return np.sum(each, axis=-1), np.sum(each * lost, axis=-1)


def error(e: Evidence) -> Any:
    """Terms of F and of the step in F: |F| at both points, and |x|_1 |g|_inf, by which a rounded point moves F."""
    loss = np.abs(e["loss"])
    moved = np.sum(np.abs(e["x"]), axis=-1) * np.max(np.abs(e["g"]), axis=-1)
    return loss[:, :-1] + loss[:, 1:] + moved[:, :-1] + moved[:, 1:]


def descent(factor: float = 1.0) -> Callable[[Evidence], Bound]:
    """L1: F(x+) + 1/2 sum_l |g_l|^4/(n c_l + eps) <= F(x)."""

    def sides(e: Evidence) -> Bound:
        drop, size = decrease(e, e["n"])
        lhs, rhs = e["loss"][:, 1:] + factor * drop, e["loss"][:, :-1]
        return Bound(lhs=lhs, rhs=rhs, scale=error(e) + size, operations=2 * operations(e["problem"]))

    return sides


def no_rise(e: Evidence) -> Bound:
    """L2: F(x+) <= F(x); the terms of its proof are those of the undamped decrease."""
    return Bound(lhs=e["loss"][:, 1:], rhs=e["loss"][:, :-1], scale=error(e) + decrease(e, 1.0)[1], operations=2 * operations(e["problem"]))


def exact_search(factor: float = 1.0) -> Callable[[Evidence], Identity]:
    """L3: one block, eps = 0: F(x) - F(x+) = |g|^4/(2 <g, H g>)."""

    def sides(e: Evidence) -> Identity:
        drop, size = decrease(e, 1.0)
        return Identity(
            lhs=e["loss"][:, :-1] - e["loss"][:, 1:], rhs=factor * drop, scale=error(e) + size, operations=2 * operations(e["problem"])
        )

    return sides


def convex_quadratic(e: Evidence) -> Measured:
    """Measured: F is convex, and its Hessian is the same at all points of the run."""
    problem, x = e["problem"], e["x"]
    v = np.random.default_rng(5).normal(size=problem.dim)
    products = problem.hvp(x, np.broadcast_to(v, x.shape))
    spread = float(np.max(np.abs(products - products[:1, :1])))
    allowed = operations(problem) * MACHEPS * float(np.max(np.abs(products)))
    return Measured(bool(problem.convex) and spread <= allowed, spread, "largest change of H v over the run")


def damped(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same run with the factor n."""
    given = {**case.parameters, "parameters": {**case["parameters"], "factor": None}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


def undamped(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """The same run without the factor n."""
    given = {**case.parameters, "parameters": {**case["parameters"], "factor": 1.0}}
    return played(CaseView(case.name, given, case.pilot), seeds, settings)


# --- cases ------------------------------------------------------------------------------------------
SIZES: dict[str, Any] = {"smoke": {"T": 8, "seeds": 2}, "quick": {"T": 30, "seeds": 10}, "full": {"T": 200, "seeds": 200}}
ROTATED = {"problem": "quadratic", "problem_parameters": {"dim": 6, "condition": 100.0, "largest": 3.0, "rotated": True}}
SINGULAR = {"problem": "quadratic", "problem_parameters": {"spectrum": [4.0, 1.0, 0.5, 0.0, 0.0], "rotated": True}}
SUM: dict[str, Any] = {"problem": "sum", "problem_parameters": {"dim": 3}, "x0": [1.0, 1.0, 1.0]}


def case(name: str, problem: dict[str, Any], offsets: list[int], **parameters: Any) -> Case:
    """A case with as many products as blocks."""
    given = {"blocks": len(offsets) - 1, **parameters}
    return Case(f"{name}, {len(offsets) - 1} blocks", **SIZES, common={**problem, "offsets": offsets, "parameters": given})


DAMPED = (
    case("rotated quadratic", ROTATED, [0, 1, 3, 6]),
    case("rotated quadratic, eps = .1", ROTATED, [0, 2, 4, 6], eps=0.1),
    case("rotated quadratic, one coordinate each", ROTATED, [0, 1, 2, 3, 4, 5, 6]),
    case("singular quadratic", SINGULAR, [0, 2, 5]),
    case("singular quadratic, eps = 1e-3", SINGULAR, [0, 1, 2, 5], eps=1e-3),
)
HALF = (
    case("rotated quadratic", ROTATED, [0, 2, 6], factor=1.0),
    case("singular quadratic", SINGULAR, [0, 2, 5], factor=1.0),
    case("rotated quadratic", ROTATED, [0, 1, 3, 6], factor=1.5),
    case("rotated quadratic", ROTATED, [0, 1, 2, 3, 4, 5, 6], factor=3.0),
)
ONE = (case("rotated quadratic", ROTATED, [0, 6]), case("singular quadratic", SINGULAR, [0, 5]))
TIGHT = Case.everywhere("H = ones(3, 3)", **SUM, offsets=[0, 1, 2, 3], parameters={"blocks": 3}, T=1)
PAIR = Case.everywhere(
    "H = ones(2, 2)",
    problem="sum",
    problem_parameters={"dim": 2},
    x0=[1.0, 1.0],
    offsets=[0, 1, 2],
    parameters={"blocks": 2, "factor": 1.0},
    T=1,
)
BELOW = Case.everywhere("H = ones(3, 3), factor 1.4", **SUM, offsets=[0, 1, 2, 3], parameters={"blocks": 3, "factor": 1.4}, T=1)
WITNESS = Case.from_witness(WITNESSES / "layerwise.L1undamped.json")
QUADRATIC = Assumption("F is a convex quadratic", "the problem, H v at all points of the run", convex_quadratic)

CLAIMS = searched([
    Claim(
        id="layerwise.L1", title="Decrease of damped steps", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"convex quadratic, $c_l=\langle g_l,H_{ll}g_l\rangle$: $F(x_+)-F(x)\leq-\frac{1}{2}\sum_l|g_l|^4/(nc_l+\epsilon)$",
        cases=(*DAMPED, TIGHT), run=played, sides=descent(), assumptions=(QUADRATIC,),
        control=Control("1.01 times the decrease where it is attained", sides=descent(1.01), cases=(TIGHT,)),
    ),
    Claim(
        id="layerwise.L2", title="Half the factor never raises F", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"convex quadratic, factor $f\geq n/2$ in place of $n$ (two blocks: none), $\epsilon=0$: $F(x_+)\leq F(x)$",
        cases=(*HALF, PAIR), run=played, sides=no_rise, assumptions=(QUADRATIC,),
        control=Control("three blocks with the factor 1.4 < 3/2, H = ones(3, 3)", cases=(BELOW,)),
    ),
    Claim(
        id="layerwise.L3", title="One block is the exact line search", kind="identity", provenance="derived",
        statement=r"quadratic, one block, $\epsilon=0$: $F(x)-F(x_+)=|g|^4/(2\langle g,Hg\rangle)$",
        cases=ONE, run=played, sides=exact_search(), assumptions=(QUADRATIC,),
        control=Control("1.001 times the decrease", sides=exact_search(1.001)),
    ),
    Claim(
        id="layerwise.L1undamped", title="Three undamped blocks can raise F", kind="refutation", provenance="derived",
        statement=r"REFUTED: without the factor $n$, $F(x_+)\leq F(x)$: $H$ all ones, $x=(1,1,1)$, three blocks: $F$ from 4.5 to 18",
        cases=(WITNESS,), run=undamped, sides=no_rise, assumptions=(QUADRATIC,),
        control=Control("the same with the factor n, for which it is true", run=damped, cases=(WITNESS,)),
    ),
], SEARCHES)  # fmt: skip
