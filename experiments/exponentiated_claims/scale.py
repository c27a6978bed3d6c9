"""E1 to E4 of the scale: identity, regret, clipping, the walk of its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.exponentiated_claims.runs import finished, recorded, statuses_of
from lra_ref.learners.formulas import relative_entropy
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings

WIDE = {"s_min": 1e-6, "s_max": 1e6}
#: comparators fixed in advance; the bounds hold for every u, so the last scale itself is tried as well
COMPARATORS = (0.0, 0.1, 1.0, 3.0)


def rounds(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Losses c_t, scale s_t before and s_{t+1} after each, (seeds, T + 1)."""
    made = recorded(case, seeds, settings)
    after, p = made.records["scale"], made.methods[0].rate.parameters
    before = np.concatenate([0 * after[:, :1] + 1, after[:, :-1]], axis=1)
    return {"c": -made.records["signal"], "before": before, "after": after, "p": p, "statuses": statuses_of(made)}


def terms_of(e: dict[str, Any], u: Any) -> dict[str, Any]:
    """Running sums of the statements for one u; ``size`` adds the absolute values of all terms, and s_t + u, which every update rounds."""
    c, s, gamma = e["c"], e["before"], e["p"].gamma_s
    curved = s * (np.expm1(-gamma * c) + gamma * c)
    size = gamma * np.abs(c) * (s + u) + s * gamma * np.abs(c) + np.abs(curved) + s + u
    ends = 1 + u + np.abs(u * np.log(np.where(u > 0, u, 1.0))) + np.abs(u * np.log(e["after"])) + e["after"]
    return {
        "played": np.cumsum(c * s, axis=1) - u * np.cumsum(c, axis=1),
        "first": relative_entropy(u, 0 * s + 1),
        "last": relative_entropy(u, e["after"]),
        "curved": np.cumsum(curved, axis=1),
        "square": np.cumsum(s * c * c, axis=1),
        "size": np.cumsum(size, axis=1) + ends,
    }


def _operations(e: dict[str, Any]) -> Any:
    return (np.arange(1.0, e["c"].shape[1] + 1) + 16)[None, :, None]


def identity(e: dict[str, Any]) -> Identity:
    """E1 for every comparator, both sides as running sums."""
    parts = [terms_of(e, u) for u in COMPARATORS]
    return Identity(
        lhs=np.stack([e["p"].gamma_s * t["played"] for t in parts], -1),
        rhs=np.stack([t["first"] - t["last"] + t["curved"] for t in parts], -1),
        scale=np.stack([t["size"] for t in parts], -1), operations=_operations(e),
    )  # fmt: skip


def identity_without_curvature(e: dict[str, Any]) -> Identity:
    """Broken: the last sum dropped."""
    parts = [terms_of(e, u) for u in COMPARATORS]
    return identity(e).with_rhs(np.stack([t["first"] - t["last"] for t in parts], -1))


def regret(weight: float, inside: bool = False) -> Any:
    """Sides of E2 (E3 with ``inside``: only u in [s_min, s_max]), the sum of squares times ``weight``."""

    def sides(e: dict[str, Any]) -> Bound:
        p = e["p"]
        fixed = [u for u in COMPARATORS if not inside or p.s_min <= u <= p.s_max]
        parts = [terms_of(e, u) for u in [*fixed, e["after"]]]
        return Bound(
            lhs=np.stack([t["played"] for t in parts], -1),
            rhs=np.stack([t["first"] / p.gamma_s + weight * p.gamma_s * t["square"] for t in parts], -1),
            scale=np.stack([t["size"] / p.gamma_s for t in parts], -1), operations=_operations(e),
        )  # fmt: skip

    return sides


def outside(e: dict[str, Any]) -> Bound:
    """Broken: E3 for u = 100, which the clip keeps out of reach."""
    t, p = terms_of(e, 100.0), e["p"]
    rhs = t["first"] / p.gamma_s + p.gamma_s * t["square"]
    return Bound(lhs=t["played"], rhs=rhs, scale=t["size"] / p.gamma_s, operations=_operations(e)[..., 0])


def walk(e: dict[str, Any], late: int = 0) -> Bound:
    """|ln s_t| against gamma_s (t - 1); the first signal is 0. ``late`` > 0 is a bound that is too small."""
    gamma, log = e["p"].gamma_s, np.abs(np.log(e["after"]))
    count = np.arange(log.shape[1], dtype=float)
    rhs = np.broadcast_to(gamma * (count - late), log.shape)
    return Bound(lhs=log, rhs=rhs, scale=1 + log + gamma * count, operations=4 * (count + 1))


def log_sum(e: dict[str, Any], factor: float = 1.0) -> Identity:
    """ln s_{T+1} against gamma_s sum cos_t."""
    gamma, log = e["p"].gamma_s, np.log(e["after"])
    rhs = factor * gamma * np.cumsum(-e["c"], axis=1)
    count = np.arange(1.0, log.shape[1] + 1)
    return Identity(lhs=log, rhs=rhs, scale=1 + np.abs(log) + gamma * np.cumsum(np.abs(e["c"]), axis=1), operations=4 * count + 8)


def fewest(e: dict[str, Any], expected: float = 2304.0) -> Identity:
    """Steps until the scale reaches s_max (0: never), against 2304."""
    top = e["after"] >= e["p"].s_max
    steps = np.where(top.any(axis=1), top.argmax(axis=1) + 1.0, 0.0)
    return Identity(lhs=steps, rhs=np.full_like(steps, expected), scale=1.0, operations=0.0)


def is_finite(e: dict[str, Any]) -> Measured:
    """Measured assumption."""
    return finished(e["statuses"])


def unclipped(e: dict[str, Any]) -> Measured:
    """Measured assumption: the scale never touched its bounds."""
    p, low, high = e["p"], float(np.min(e["after"])), float(np.max(e["after"]))
    return Measured(p.s_min < low and high < p.s_max, high, f"scale in [{low:.3g}, {high:.3g}]")


def small(e: dict[str, Any]) -> Measured:
    """Measured assumption: |gamma c_t| <= 1."""
    largest = float(np.max(np.abs(e["p"].gamma_s * e["c"])))
    return Measured(largest <= 1, largest, "largest |gamma c|")


def clipped(e: dict[str, Any]) -> Measured:
    """Reported, never failing: how often the clip was active."""
    p = e["p"]
    share = float(np.mean((e["after"] == p.s_min) | (e["after"] == p.s_max)))
    return Measured(True, share, "share of the steps at a bound")


def cases(parameters: dict[str, Any], label: str = "") -> tuple[Case, ...]:
    """The grid of E1 to E4; ``label`` is added to the names."""
    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "noisy quadratic",
            {"problem": "quadratic", "noise": "gaussian", "level": 0.5, "method": "egdd_momentum", "parameters": {"lr": 0.1}},
        ),
        (
            "noisy quadratic, Adam",
            {"problem": "quadratic", "noise": "gaussian", "level": 0.5, "method": "egdd_adam", "parameters": {"lr": 0.05}},
        ),
        ("Rosenbrock", {"problem": "rosenbrock", "method": "egdd_momentum", "parameters": {"lr": 1e-4, "gamma_p": 0.001}}),
        (
            "ripple, plain gradient",
            {"problem": "ripple", "noise": "gaussian", "level": 0.3, "method": "exponentiated_sgd", "parameters": {"lr": 0.2}},
        ),
        (
            "logistic regression, iris",
            {"problem": "logistic", "noise": "minibatch", "level": 8, "method": "egdd_adagrad", "parameters": {"lr": 0.1}},
        ),
    ]
    out = []
    for name, common in rows:
        common = {**common, "parameters": {**common["parameters"], **parameters}}
        out.append(
            Case(name + label, smoke={"T": 60, "seeds": 2}, quick={"T": 400, "seeds": 4}, full={"T": 4000, "seeds": 16}, common=common)
        )
    return tuple(out)


FINITE = Assumption("the run stays finite", "status of every trajectory", is_finite)
FREE = Assumption("no clip", "range of the scale", unclipped)
SMALL = Assumption("$|\\gamma c_t|\\leq 1$", "largest value on the run", small)
STEADY = Case.everywhere("aligned gradients", problem="parabola", x0=1e6, T=2320, method="egdd_momentum", parameters={"lr": 1e-9})
RISING = Case.everywhere(
    "aligned gradients, gamma 0.05", problem="parabola", x0=1e6, T=300, method="egdd_momentum",
    parameters={"lr": 1e-9, "gamma_s": 0.05, "s_min": 0.5, "s_max": 2.0},
)  # fmt: skip
SUM = r"$\sum c_t(s_t-u)$"

CLAIMS = [
    Claim(
        id="exponentiated.E1", title="EG identity", kind="identity", label="tight", provenance="derived",
        statement=r"$\gamma\sum c_t(s_t-u)=D(u,s_1)-D(u,s_{T+1})+\sum s_t(e^{-\gamma c_t}-1+\gamma c_t)$, $c_t=-\cos(g_t,m_{t-1})$, "
        r"unclipped, $u\geq 0$",
        cases=cases({**WIDE, "gamma_s": 0.05}), run=rounds, sides=identity, assumptions=(FINITE, FREE),
        control=Control("the last sum dropped", sides=identity_without_curvature),
    ),
    Claim(
        id="exponentiated.E2", title="EG regret", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq D(u,s_1)/\gamma+\gamma\sum s_tc_t^2$ if $|\gamma c_t|\leq 1$, every $u\geq 0$",
        cases=(
            *cases({**WIDE, "gamma_s": 0.2})[:4],
            *cases({**WIDE, "gamma_s": 0.005, "use_directions": False}, ", inner products")[:1],
        ),
        run=rounds, sides=regret(1.0), assumptions=(FINITE, FREE, SMALL), control=Control("the sum of squares dropped", sides=regret(0.0)),
        explain="Among the comparators is the last scale itself, for which the first-order terms cancel and the sum of squares is what "
        "is left.",
    ),
    Claim(
        id="exponentiated.E3", title="EG regret with clipping", kind="pathwise bound", label="upper", provenance="derived",
        statement=SUM + r" $\leq D(u,s_1)/\gamma+\gamma\sum s_tc_t^2$ with the clip on $[s_{min},s_{max}]$, every $u$ inside",
        cases=(*cases({"gamma_s": 0.2, "s_min": 0.8, "s_max": 1.25})[:4], RISING), run=rounds, sides=regret(1.0, inside=True),
        assumptions=(FINITE, SMALL, Assumption("clip active", "reported", clipped)),
        control=Control("u = 100, outside the interval", sides=outside, cases=(RISING.name,)),
    ),
    Claim(
        id="exponentiated.E4", title="Walk of the log scale", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$|\ln(s_t/s_1)|\leq\gamma_s(t-1)$",
        cases=(*cases({})[:4], RISING), run=rounds, sides=walk, assumptions=(FINITE,),
        control=Control("one step fewer, on aligned gradients", sides=lambda e: walk(e, 2), cases=(RISING.name,)),
    ),
    Claim(
        id="exponentiated.E4i", title="The log scale adds up the cosines", kind="identity", label="tight", provenance="derived",
        statement=r"$\ln s_{T+1}=\ln s_1+\gamma_s\sum\cos_t$, unclipped",
        cases=cases(WIDE), run=rounds, sides=log_sum, assumptions=(FINITE, FREE),
        control=Control("half the sum", sides=lambda e: log_sum(e, 0.5)),
    ),
    Claim(
        id="exponentiated.E4s", title="Fewest steps of the scale", kind="identity", label="tight", provenance="derived",
        statement=r"with the defaults $s$ goes from 1 to 10 in 2304 steps at the earliest (the first signal is 0, then $\cos\leq 1$)",
        cases=(STEADY,), run=rounds, sides=fewest, assumptions=(FINITE,),
        control=Control("2303 steps", sides=lambda e: fewest(e, 2303.0)),
        explain="Attained on aligned gradients; that it cannot be less is E4.",
    ),
]  # fmt: skip
