"""Claims of Mechanic: ``lra-ref verify mechanic``.

Statements and proofs are on the theory page ``docs/theory/mechanic.md``; all are derived (proved there).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.checks import block_offsets
from lra_ref.engine.reference import Stepper
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Identity, Settings
from lra_ref.verify.falsify import Integer, OneOf, Real, Search, searched

PROBLEMS: dict[str, dict[str, Any]] = {
    "quadratic": {"dim": 6, "condition": 30.0, "rotated": True}, "rosenbrock": {"dim": 2},
    "ripple": {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 2.0},
}  # fmt: skip


def played(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Points, gradients, Delta before the step (n, T, D), scale before and after it and feedback (n, T) of the reference."""
    problem = make_problem(case["problem"], **PROBLEMS[case["problem"]])
    sigma = case.get("sigma", 0.0)
    oracle = make_oracle("gaussian", problem, sigma=sigma) if sigma else make_oracle("exact", problem)
    stepper = Stepper(make_method(case["method"], **case["parameters"]), block_offsets(problem.offsets, problem.dim))
    x = np.tile(problem.start, (len(seeds), 1))
    state = stepper.init(x)
    kept: dict[str, list[Any]] = {name: [] for name in ("x", "g", "delta", "before", "h", "scale", "v_1")}
    for t in range(case["T"]):
        f, g = oracle.evaluate(x, oracle.sample(settings.seed, seeds, t))
        seen = Seen(t=t, x=x, g=g, f=f[..., None], offsets=stepper.offsets)
        ahead, info = stepper.look(state, seen)
        delta = stepper.method.rate.displacement(state.rate, seen, info.scalars["before"])  # type: ignore[attr-defined]
        scalars = {name: ahead.rate[name][:, 0] for name in ("before", "h", "scale", "v_1")}
        for name, value in {"x": x, "g": g, "delta": delta, **scalars}.items():
            kept[name].append(np.array(value))
        state, x = stepper.move(ahead, seen, info)
    return {name: np.stack(values, axis=1) for name, values in kept.items()} | {"parameters": case["parameters"]}


def comparators(e: dict[str, Any]) -> list[tuple[float, Any]]:
    """(so, Delta_o): scales with the first, the last and an arbitrary displacement."""
    shape = e["x"][:, :1].shape
    arbitrary = np.broadcast_to(np.where(np.arange(shape[2]) % 2 == 0, 0.3, -1.7), shape)
    return [(so, delta) for so in (0.0, 0.5, 30.0) for delta in (e["delta"][:, -1:], e["delta"][:, 1:2], arbitrary)]


def split(e: dict[str, Any]) -> Identity:
    """Sides of M1 at every prefix, for every comparator."""
    x, g, delta, s, rows = e["x"], e["g"], e["delta"], e["before"], []
    h = np.sum(g * delta, axis=2)
    for so, other in comparators(e):
        point = x[:, :1] + so * other
        left, right = g * (x - point), g * (delta - other)
        lhs = np.cumsum(np.sum(left, axis=2), axis=1)
        rhs = np.cumsum(h * (s - so), axis=1) + so * np.cumsum(np.sum(right, axis=2), axis=1)
        # x and the point are rounded: |g| macheps (|x_1| + s |Delta| + so |Delta_o|) per step
        sizes = np.abs(g) * (np.abs(x[:, :1]) + np.abs(x) + s[:, :, None] * np.abs(delta) + np.abs(so * other))
        terms = sizes + np.abs(left) + so * np.abs(right) + np.abs(g * delta) * (s + so)[:, :, None]
        rows.append((lhs, rhs, np.cumsum(np.sum(terms, axis=2), axis=1)))
    lhs, rhs, scale = (np.stack(values, axis=-1) for values in zip(*rows, strict=True))
    return Identity(lhs=lhs, rhs=rhs, scale=scale, operations=(np.arange(1.0, lhs.shape[1] + 1) + x.shape[2] + 16)[None, :, None])


def start(factor: float = 1.0) -> Any:
    """|x_2 - x_1| = 0, and S after step 2 is s_init |h|/(|h| + eps): both as |lhs - rhs| <= 0 with the rounding of the second."""

    def sides(e: dict[str, Any]) -> Identity:
        h = np.abs(e["h"][:, 1])
        scale = factor * 1e-8 * h / (h + 1e-8)
        lhs = np.stack([np.max(np.abs(e["x"][:, 1] - e["x"][:, 0]), axis=1), e["scale"][:, 1]], axis=1)
        rhs = np.stack([0 * scale, scale], axis=1)
        return Identity(lhs=lhs, rhs=rhs, scale=np.stack([0 * scale, 2 * scale], axis=1), operations=16.0)

    return sides


def not_negative(shift: float = 0.0) -> Any:
    """0 <= S_t at every step."""

    def sides(e: dict[str, Any]) -> Bound:
        lhs = np.full_like(e["scale"], shift)
        return Bound(lhs=lhs, rhs=e["scale"], scale=lhs + e["scale"], operations=0.0)

    return sides


SIZES = {"smoke": {"T": 20, "seeds": 1}, "quick": {"T": 100, "seeds": 2}, "full": {"T": 600, "seeds": 16}}


def case(name: str, method: str, problem: str, parameters: dict[str, Any], **more: Any) -> Case:
    """One case in every preset."""
    return Case(name, **SIZES, common={"method": method, "problem": problem, "parameters": parameters, **more})  # type: ignore[arg-type]


FREE = {"s_decay": 0.0, "s_init": 1e-3}
CASES = (
    case("sgd, no decay", "mechanic_sgd", "quadratic", FREE),
    case("sgd, noise", "mechanic_sgd", "quadratic", {"lr": 0.1, "s_init": 1e-2}, sigma=0.3),
    case("adam", "mechanic_adam", "rosenbrock", {"s_init": 1e-4}),
    case("momentum, s_init as published", "mechanic_momentum", "ripple", {}),
    case("torch, Delta stored", "mechanic_sgd", "quadratic", {"form": "torch", "store_delta": True, "lr": 0.3}, sigma=0.1),
    case("optax, Delta stored", "mechanic_adam", "ripple", {"form": "optax", "store_delta": True}),
)
RECOMPUTED = case("torch, Delta recomputed", "mechanic_sgd", "quadratic", {"form": "torch", "lr": 0.3}, sigma=0.1)
REFERENCE = (
    case("sgd", "mechanic_sgd", "quadratic", {}),
    case("adam, noise", "mechanic_adam", "quadratic", {}, sigma=0.3),
    case("ripple", "mechanic_sgd", "ripple", {}),
)

CLAIMS = searched(
    [
        Claim(
            id="mechanic.M1", title="Scale and direction apart", kind="identity", label="tight", provenance="derived",
            statement=r"$\sum\langle g_t,x_t-x_o\rangle=\sum h_t(s_t-s_o)+s_o\sum\langle g_t,\Delta_t-\Delta_o\rangle$, "
            r"$h_t=\langle g_t,\Delta_t\rangle$, $x_o=x_1+s_o\Delta_o$, any $s_o$, $\Delta_o$; $\Delta$ stored",
            cases=CASES, run=played, sides=split, control=Control("Delta recomputed from x", cases=(RECOMPUTED,)),
        ),
        Claim(
            id="mechanic.M2", title="The first two steps", kind="identity", label="tight", provenance="derived",
            statement=r"$x_2=x_1$, and after step 2 $S=s_{init}|h|/(|h|+\varepsilon)$",
            cases=REFERENCE, run=played, sides=start(), control=Control("s_init times 1.000001", sides=start(1.000001)),
        ),
        Claim(
            id="mechanic.M3", title="The scale is never negative", kind="pathwise bound", label="lower", provenance="derived",
            statement=r"$0\leq S_t$, so $\max(S,0)$ in the move changes nothing",
            cases=(*REFERENCE, *CASES), run=played, sides=not_negative(), control=Control("at least 1e-3", sides=not_negative(1e-3)),
        ),
    ],
    {
        "mechanic.M1": Search(
            space={"parameters.lr": Real(1e-3, 1.0, log=True), "parameters.s_init": Real(1e-8, 1e-2, log=True), "T": Integer(3, 150)},
            derived=False, control=Search(space={"parameters.lr": Real(1e-3, 1.0, log=True)}, derived=False)),
        "mechanic.M2": Search(space={"parameters.lr": Real(1e-3, 10.0, log=True)}, derived=False),
        "mechanic.M3": Search(space={"parameters.lr": Real(1e-3, 1.0, log=True), "parameters.num_betas": OneOf([1, 3, 6])}, derived=False,
            slack="None: the first scale is 0."),
    },
)  # fmt: skip
