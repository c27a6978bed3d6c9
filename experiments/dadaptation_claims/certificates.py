"""D1, D2, D3, U1: lower estimates of the distance, and what dual averaging guarantees."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.dadaptation_claims.runs import (
    CONVEX,
    PROBLEMS,
    QUICKEST,
    SIZES,
    Evidence,
    certificate,
    minimiser,
    operations,
    played,
    problem_of,
    sizes,
    starts,
)
from lra_ref.methods.dadaptation_formulas import accumulated, option_one, option_two
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Measured, Settings, bound_times

OPTIONS = ("I", "II")


def averaging_cases(**more: Any) -> tuple[Case, ...]:
    """Every problem, both options, a small and a larger d_0."""
    return tuple(
        Case(f"{name}, option {option}, d_0 = {d_0:g}", **sizes(d_0 == 0.01 and name in QUICKEST), common={
            **problem, **more, "method": "dadaptation", "parameters": {"option": option, "d_0": d_0}})
        for name, problem in PROBLEMS.items() for option, d_0 in (("I", 1e-6), ("II", 1e-6), ("I", 0.01), ("II", 0.01))
    )  # fmt: skip


# --- D2 ----------------------------------------------------------------------------------------------------------------------------
def started_low(e: Evidence) -> Measured:
    """Measured: d_0 <= D."""
    smallest = float(np.min(e["D"]))
    return Measured(e["p"].d_0 <= smallest, smallest, "smallest D")


def weighted_excess(e: Evidence, factor: float = 1.0) -> Bound:
    """sum d_k (F(x_k) - F*) <= 2 D d_{n+1} sqrt(sum |g|^2) + D d_{n+1} sum gamma_k |g_k|^2."""
    f_star = e["problem"].f_star.value
    norm2 = np.sum(e["g"] ** 2, axis=-1)
    gamma = np.concatenate([e["gamma"][:, :1], e["gamma"][:, :-1]], axis=1)
    lhs = np.cumsum(e["d_used"] * (e["loss"] - f_star), axis=-1)
    rhs = factor * e["D"] * e["d"] * (2 * np.sqrt(np.cumsum(norm2, axis=-1)) + np.cumsum(gamma * norm2, axis=-1))
    scale = np.cumsum(e["d_used"] * (np.abs(e["loss"]) + abs(f_star)), axis=-1) + rhs
    return Bound(lhs=lhs, rhs=rhs, scale=scale, operations=operations(e), at=np.arange(lhs.shape[1]))


def answered(e: Evidence) -> Bound:
    """F at the mean of the points so far, weighted by d, and the bound of D2 over the sum of the weights."""
    whole, used = weighted_excess(e), np.cumsum(e["d_used"], axis=-1)
    mean = np.cumsum(e["d_used"][..., None] * e["x"], axis=1) / used[..., None]
    f_star, value = e["problem"].f_star.value, e["problem"].value(mean)
    # the rounding of the mean moves F by <grad F, error>, at most the largest |grad F| so far times the sizes averaged
    steep = np.maximum.accumulate(np.sqrt(np.sum(e["g"] ** 2, axis=-1)), axis=-1)
    sizes = np.cumsum(e["d_used"] * np.sqrt(np.sum(e["x"] ** 2, axis=-1)), axis=-1) / used
    scale = whole.scale / used + np.abs(value) + abs(f_star) + steep * sizes
    return Bound(lhs=value - f_star, rhs=whole.rhs / used, scale=scale, operations=operations(e), at=whole.at)


# --- options -----------------------------------------------------------------------------------------------------------------------
def ordered(e: Evidence, share: float = 1.0) -> Bound:
    """Option I <= option II, both from the sums of one run, whatever the gradients are."""
    size = np.sqrt(e["s_norm2"])
    lhs, rhs = option_one(e["gamma"], e["s_norm2"], share * e["weighted"]), option_two(e["numerator"], e["s_norm2"])
    before = np.concatenate([np.zeros_like(size[:, :1]), size[:, :-1]], axis=1)
    gamma = np.concatenate([e["gamma"][:, :1], e["gamma"][:, :-1]], axis=1)
    length = np.sqrt(np.sum(e["g"] ** 2, axis=-1))
    bottom = np.where(size > 0, size, 1.0)
    inner = np.cumsum(gamma * e["d_used"] * length * before, axis=-1) / bottom
    scale = (e["gamma"] * e["s_norm2"] + e["weighted"]) / bottom + inner
    return Bound(lhs=lhs, rhs=rhs, scale=scale, operations=operations(e), at=np.arange(lhs.shape[1]))


# --- U1 ----------------------------------------------------------------------------------------------------------------------------
def anywhere(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """A start, n points anywhere, weights lambda_i >= 0 of very different sizes, and the gradients there."""
    problem, n = problem_of(case), case["n"]
    start, points, sizes = starts(case, problem, seeds, settings), [], []
    for seed in seeds:
        generator = np.random.default_rng([settings.seed, int(seed), 1])
        points.append(case.get("spread", 1.0) * generator.normal(size=(n, problem.dim)))
        sizes.append(np.exp(generator.uniform(-5, 5, size=n)))
    x = minimiser(problem) + np.stack(points)
    f, g = problem.value_and_gradient(x)
    away = start - minimiser(problem)
    return {"x0": start, "x": x, "g": g, "loss": f, "lambda": np.stack(sizes), "problem": problem, "case": case,
            "D": np.sqrt(np.sum(away * away, axis=-1))}  # fmt: skip


def universal(e: Evidence, factor: float = 1.0) -> Bound:
    """sum lambda_i <g_i, x_0 - x_i>/|sum lambda_i g_i| <= D."""
    weight, s, top = e["lambda"], np.zeros_like(e["x0"]), np.zeros(len(e["x0"]))
    terms, share = np.zeros_like(top), np.zeros_like(top)
    for i in range(weight.shape[1]):
        g, length = e["g"][:, i], np.sqrt(np.sum(e["g"][:, i] ** 2, axis=-1))
        s = accumulated(s, weight[:, i : i + 1], g)
        top = accumulated(top, weight[:, i], np.sum(g * (e["x0"] - e["x"][:, i]), axis=-1))
        size = np.sqrt(np.sum(e["x0"] ** 2, axis=-1)) + np.sqrt(np.sum(e["x"][:, i] ** 2, axis=-1))
        terms, share = terms + weight[:, i] * length * size, share + weight[:, i] * length
    s2 = np.sum(s * s, axis=-1)
    lhs, rhs = option_two(top, s2), factor * e["D"]
    scale = np.abs(lhs) + rhs + terms / np.sqrt(s2) * (1 + share / np.sqrt(s2))
    count = 8.0 * (2 * e["problem"].dim + weight.shape[1] + 8)
    return Bound(lhs=lhs[:, None], rhs=rhs[:, None], scale=scale[:, None], operations=count)


def plain(e: Evidence) -> Measured:
    """Measured: momentum 0 and no decay."""
    p = e["p"]
    return Measured(p.momentum == 0 and p.weight_decay == 0, p.momentum, "momentum")


def weighted_forwards(e: Evidence) -> Measured:
    """Measured: no weight is negative."""
    smallest = float(np.min(e["lambda"]))
    return Measured(smallest >= 0, smallest, "smallest weight")


POINTS = {"smoke": {"seeds": 50}, "quick": {"seeds": 400}, "full": {"seeds": 20000}}
LOW = Assumption("d_0 <= D", "distance of the start to x*", started_low)
SGD_CASES = tuple(
    Case(f"{name}{', growth 1.5' if 'growth_rate' in extra else ''}", **SIZES, common={
        **PROBLEMS[name], "method": "dadapt_sgd", "parameters": extra})
    for name in ("sphere", "absolute values") for extra in ({}, {"lr": 0.5, "growth_rate": 1.5})
)  # fmt: skip
NOISY = tuple(
    Case(f"{name}, noise, option {option}", **SIZES, common={**PROBLEMS[name], "method": "dadaptation", "sigma": 1.0, "parameters": {
        "option": option}})
    for name in ("quadratic", "absolute values") for option in OPTIONS
)  # fmt: skip

CLAIMS = [
    Claim(
        id="dadaptation.D1", title="d never exceeds the distance", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"dual averaging, convex $F$, exact subgradients, options I and II: $d_k\leq\max(d_0,D)$, $D=|x_0-x_*|$",
        cases=averaging_cases(), run=played, sides=certificate, assumptions=(CONVEX,),
        control=Control("0.3 D on the sphere", sides=lambda e: certificate(e, 0.3), cases=("sphere, option II, d_0 = 0.01",)),
    ),
    Claim(
        id="dadaptation.D1order", title="Option II is never below option I", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"any gradients: $(\gamma_{k+1}|s_{k+1}|^2-\sum\gamma_id_i^2|g_i|^2)/(2|s_{k+1}|)"
        r"\leq\sum\gamma_id_i\langle g_i,s_i\rangle/|s_{k+1}|$",
        cases=(*averaging_cases(), *NOISY), run=played, sides=ordered,
        control=Control("option I without its subtrahend", sides=lambda e: ordered(e, 0.0), cases=("sphere, option II, d_0 = 0.01",)),
    ),
    Claim(
        id="dadaptation.D2", title="What the weighted losses add up to", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$d_0\leq D$: $\sum_{k\leq n}d_k(F(x_k)-F_*)\leq 2Dd_{n+1}\sqrt{\sum|g_k|^2}+Dd_{n+1}\sum\gamma_k|g_k|^2$ for all $n$",
        cases=averaging_cases(), run=played, sides=weighted_excess, assumptions=(CONVEX, LOW),
        control=Control("a tenth of the bound", sides=bound_times(0.1, weighted_excess), cases=("sphere, option II, d_0 = 0.01",)),
    ),
    Claim(
        id="dadaptation.D2mean", title="The point that is answered", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"so $F(\hat x_n)-F_*$, $\hat x_n=\sum d_kx_k/\sum d_k$, is at most the bound of D2 over $\sum_{k\leq n}d_k$",
        cases=averaging_cases(), run=played, sides=answered, assumptions=(CONVEX, LOW),
        control=Control("a tenth of the bound", sides=bound_times(0.1, answered), cases=("sphere, option II, d_0 = 0.01",)),
    ),
    Claim(
        id="dadaptation.D3", title="The SGD form: twice the distance", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"SGD form, momentum 0, no decay, convex $F$: $d\leq\max(d_0,2D)$",
        cases=SGD_CASES, run=played, sides=lambda e: certificate(e, 2.0),
        assumptions=(CONVEX, Assumption("momentum 0, no decay", "the parameters", plain)),
        control=Control("0.8 D on the sphere", sides=lambda e: certificate(e, 0.8), cases=("sphere",)),
    ),
    Claim(
        id="dadaptation.U1", title="Universal certificate", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"convex $F$, any points, any $\lambda_i\geq 0$: "
        r"$\sum\lambda_i\langle g_i,x_0-x_i\rangle/|\sum\lambda_ig_i|\leq|x_0-x_*|$",
        cases=tuple(
            Case(f"{name}, {n} points, spread {spread:g}", **POINTS, common={**problem, "n": n, "spread": spread})
            for name, problem in PROBLEMS.items() for n, spread in ((1, 1e-4), (1, 1.0), (7, 1.0), (7, 10.0))
        ),
        run=anywhere, sides=universal,
        assumptions=(CONVEX, Assumption("lambda >= 0", "smallest weight", weighted_forwards)),
        control=Control("0.99 D, one point near x*", sides=lambda e: universal(e, 0.99), cases=("sphere, 1 points, spread 0.0001",)),
    ),
]  # fmt: skip
