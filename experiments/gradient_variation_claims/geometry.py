"""X1, X3, X4: what the members of the curvature are, whatever the noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.gradient_variation_claims.runs import (
    BASES,
    FINITE,
    WITNESSES,
    Evidence,
    dots,
    finished,
    norm2,
    observed,
    play,
)
from lra_ref.methods import compose
from lra_ref.oracles import PRESENT
from lra_ref.oracles.variates import normals
from lra_ref.problems import make_problem
from lra_ref.problems.quadratic import rotation
from lra_ref.rates.gradient_variation import CODES, PAIRS, long_step, secant, short_step
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Invariance, Measured, Settings


# --- X1: the ordering -----------------------------------------------------------------------------------------------------------
def modulus(e: Evidence) -> tuple[float, float]:
    """(m, L) of every batch loss."""
    problem = e["oracle"].problem
    known = problem.sample_smoothness if e["oracle"].batch else problem.smoothness
    assert known is not None
    assert problem.strong_convexity is not None
    return float(problem.strong_convexity.value), float(known.value)


def strongly_convex(e: Evidence) -> Measured:
    """Measured assumption: <s,y> >= m |s|^2 and |y|^2 <= L <s,y> would fail first where a batch loss were not what its problem says."""
    m, big = modulus(e)
    return Measured(e["oracle"].problem.convex and 0 < m <= big, m, f"m of the regulariser or the spectrum, L = {big:.4g} of a batch")


def ordering(e: Evidence, exchanged: bool = False) -> Bound:
    """1/L <= bb2 <= secant <= bb1 <= 1/m on every pair of the run.

    The scale is that of the rates times the condition of y = g_t - g_{t-1}: the gradients cancel to y with an error of the size of
    their own rounding, which <s,y> in a denominator enlarges by |s||y| / <s,y>.
    """
    m, big = modulus(e)
    x, before = e["x"][:, 1:], e["x"][:, :-1]
    s, y = x - before, e["g"][:, 1:] - e["q"][:, :, 0]
    sy, s2, y2 = dots(s, y), norm2(s), norm2(y)
    low, middle, high = short_step(sy, y2), secant(s2, y2), long_step(s2, sy)
    if exchanged:
        low, high = high, low
    size = (
        np.sqrt(norm2(e["g"][:, 1:]))
        + np.sqrt(norm2(e["q"][:, :, 0]))
        + big * (np.sqrt(norm2(x)) + np.sqrt(norm2(before)))
        + 2 * np.sqrt(big)
    )
    condition = np.sqrt(s2 * y2) / sy * (1 + size / np.sqrt(y2))
    chain = [np.full_like(low, 1 / big), low, middle, high, np.full_like(low, 1 / m)]
    lhs, rhs = np.stack(chain[:-1], -1), np.stack(chain[1:], -1)
    rows = e["oracle"].batch or 1
    return Bound(lhs=lhs, rhs=rhs, scale=(lhs + rhs) * condition[..., None], operations=16.0 * (x.shape[-1] + rows))


def _ordering_cases() -> tuple[Case, ...]:
    quadratic = {
        "problem": "quadratic",
        "problem_parameters": {"dim": 10, "condition": 30.0, "rotated": True},
        "noise": "gaussian",
        "level": 0.5,
    }
    logistic = {"problem": "logistic", "problem_parameters": {"data": "iris"}, "noise": "minibatch", "level": 8}
    svm = {"problem": "squared_hinge_svm", "problem_parameters": {"data": "breast_cancer"}, "noise": "minibatch", "level": 16}
    rows = [
        ("quadratic, Gaussian noise, secant", quadratic, "secant", "sgd"),
        ("quadratic, Gaussian noise, bb2, SGDM", quadratic, "bb2", "momentum"),
        ("logistic regression, iris, batch 8, bb2", logistic, "bb2", "sgd"),
        ("squared-hinge SVM, breast cancer, batch 16, secant", svm, "secant", "sgd"),
    ]
    out = []
    for name, problem, member, direction in rows:
        common = {**problem, "direction": direction, "parameters": {"member": member, "eta_0": 0.01, "eta_max": 0.5}}
        out.append(Case(name, {"T": 15, "seeds": 2}, {"T": 30, "seeds": 4}, {"T": 400, "seeds": 32}, common))
    return tuple(out)


# --- X3: rotations --------------------------------------------------------------------------------------------------------------
def rotated_pair(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Points and rates of all members on F and, turned back, on F(Q' .) with the noise Q n; and how far a twin of the first run drifts."""
    problem = make_problem(case["problem"], **case["problem_parameters"])
    dim, steps = problem.dim, case["T"]
    q = np.array(case["rotation"]) if "rotation" in case else rotation(dim, case["seed_of_rotation"])
    noise = case["sigma"] / np.sqrt(dim) * np.stack([normals(settings.seed, seeds, t, PRESENT, dim) for t in range(steps)], axis=1)
    x0 = np.asarray(case["x0"]) if "x0" in case else problem.start
    out: dict[str, list[Any]] = {"first": [], "second": [], "scale": []}
    for member in case["members"]:
        pair = "same" if member.startswith("random") else case.get("pair", "same")
        method = compose(case["direction"], "gradient_variation", member=member, pair=pair, **case["parameters"])
        one = play(method, problem.gradient, noise, x0, steps)
        two = play(method, lambda v: problem.gradient(v @ q) @ q.T, noise @ q.T, x0 @ q.T, steps)
        twin = play(method, problem.gradient, noise, x0 * (1 + 2.0**-26), steps)
        drift = np.sqrt(norm2(twin["x"] - one["x"]))
        least = np.minimum.accumulate(drift, axis=1)
        growth = np.maximum.accumulate(drift / np.where(least > 0, least, 1.0), axis=1)
        size = np.maximum.accumulate(np.sqrt(norm2(one["x"])), axis=1)
        out["first"].append(one["x"])
        out["second"].append(two["x"] @ q)
        out["scale"].append(np.broadcast_to((growth * size)[..., None], one["x"].shape))
    # the errors of every step so far (a few dozen roundings per coordinate), each enlarged as the twin says
    return {name: np.stack(values, axis=2) for name, values in out.items()} | {"units": 64.0 * dim * steps}


def rotation_invariance(e: Evidence) -> Invariance:
    """Every point, within the roundings of T steps times the growth that the twin shows."""
    return Invariance(first=e["first"], second=e["second"], ulps=e["units"], scale=e["scale"])


def _rotation_cases() -> tuple[Case, ...]:
    quadratic = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0, 0.6, 0.3, 0.1]}}
    ripple = {"problem": "ripple", "problem_parameters": {"dim": 4, "curvature": 1.0, "amplitude": 0.5, "frequency": 2.0}}
    out = []
    for base in ("SGD", "SGDM"):
        for pair, name, problem in (("same", "quadratic", quadratic), ("fresh", "ripple", ripple)):
            common = {
                **problem, "direction": BASES[base], "pair": pair, "members": list(CODES), "sigma": 0.3, "seed_of_rotation": 3,
                "parameters": {"eta_0": 0.05, "eta_max": 0.2, "eps_f": 1e-8},
            }  # fmt: skip
            out.append(Case(f"{base}, {pair} pair, {name}", {"T": 6, "seeds": 1}, {"T": 16, "seeds": 4}, {"T": 20, "seeds": 64}, common))
    return tuple(out)


SIGN_ROTATED = Case.from_witness(WITNESSES / "gradient_variation.X3sign.json")
TURNED_SGD = Case.everywhere(
    "the same with SGD", **{**dict(SIGN_ROTATED.common), **(SIGN_ROTATED.parameters("quick") or {}), "direction": "sgd"}
)


# --- X4: one dimension -------------------------------------------------------------------------------------------------------------
def secant_method(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Two steps of every curvature member on F = h (x - x*)^2 / 2."""
    runs = []
    for member in case["members"]:
        for pair in ("same", "fresh"):
            if pair == "same" or not member.startswith("random"):
                runs.append(observed(case, seeds, settings, member=member, pair=pair))
    statuses = tuple(sorted({status for run in runs for status in run["statuses"]}))
    return {
        "x": np.stack([r["x"][..., 0] for r in runs], 1),
        "eta": np.stack([r["eta"] for r in runs], 1),
        "case": case,
        "statuses": statuses,
    }


def newton(e: Evidence) -> Identity:
    """(h eta_1, x_2) against (1, x*), for all members.

    Scales: y = g_1 - g_0 carries the rounding of both gradients, a share h (|x_0 - x*| + |x_1 - x*|) / |y|; in x_2 it meets |x_1 - x*|.
    """
    h, star = e["case"]["problem_parameters"]["spectrum"][0], e["case"]["problem_parameters"]["x_star"][0]
    x0, x1, x2 = e["x"][..., 0], e["x"][..., 1], e["x"][..., 2]
    condition = 1 + (np.abs(x0 - star) + np.abs(x1 - star)) / np.abs(x1 - x0)
    lhs = np.stack([h * e["eta"][..., 1], x2], -1)
    rhs = np.stack([np.ones_like(x2), np.full_like(x2, star)], -1)
    scale = np.stack([2 * condition, np.abs(x1) + np.abs(star) + condition * np.abs(x1 - star)], -1)
    return Identity(lhs=lhs, rhs=rhs, scale=scale, operations=16.0)


def away_from_the_minimiser(e: Evidence) -> Measured:
    """Measured assumption: x_0 is not the minimiser, and the first step moved."""
    least = float(np.min(np.abs(e["x"][..., 1] - e["x"][..., 0])))
    return Measured(least > 0, least, "smallest |x_1 - x_0|")


def _parabolas() -> tuple[Case, ...]:
    out = []
    for h, star, x0, eta in ((1.0, 0.0, 1.0, 0.1), (3.7, -2.0, 5.0, 0.01), (0.02, 100.0, -3.0, 7.0), (250.0, 0.3, 1.0, 0.1)):
        common = {
            "problem": "quadratic", "problem_parameters": {"spectrum": [h], "x_star": [star]}, "x0": x0, "members": list(PAIRS), "T": 2,
            "parameters": {"eta_0": eta},
        }  # fmt: skip
        out.append(Case.everywhere(f"h = {h:g}, x* = {star:g}", **common))
    return tuple(out)


def half_gamma(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Broken: gamma / b = 1/2."""
    parameters = {**case["parameters"], "gamma": 0.5}
    return secant_method(
        CaseView(case.name, {**dict(case), "parameters": parameters, "members": ["random_bb1", "random_bb2"]}), seeds, settings
    )


CLAIMS = [
    Claim(
        id="gradient_variation.X1",
        title="Ordering of the members",
        kind="pathwise bound",
        label="upper",
        provenance="derived",
        statement=r"$1/L\leq\mathrm{bb2}\leq|s|/|y|\leq\mathrm{bb1}\leq 1/m$, same-batch pair, "
        r"batch loss $m$-strongly convex and $L$-smooth",
        cases=_ordering_cases(),
        run=observed,
        sides=ordering,
        assumptions=(FINITE, Assumption("every batch loss m-strongly convex, L-smooth", "constants of the problem", strongly_convex)),
        control=Control("bb1 and bb2 exchanged", sides=lambda e: ordering(e, exchanged=True)),
        explain="The rates are recomputed from the points and gradients of the run. "
        "The allowance carries the condition of the difference of gradients.",
    ),
    Claim(
        id="gradient_variation.X3",
        title="Rotation invariance",
        kind="invariance",
        provenance="derived",
        statement=r"$F\to F(Q^\top\cdot)$, $x_0\to Qx_0$, noise $n\to Qn$: $x_t\to Qx_t$ for all members with SGD and SGDM",
        cases=_rotation_cases(),
        run=rotated_pair,
        sides=rotation_invariance,
        control=Control("SIGNSGD on the stored counterexample", cases=(SIGN_ROTATED,)),
        explain="A rotation rounds, so the runs are compared within the roundings of T steps; "
        "how much a step enlarges those of the steps before is read off a twin started 2^-26 further out.",
    ),
    Claim(
        id="gradient_variation.X3sign",
        title="SIGNSGD depends on the axes",
        kind="refutation",
        provenance="derived",
        statement=r"REFUTED: $x_t\to Qx_t$ under rotations also with SIGNSGD",
        cases=(SIGN_ROTATED,),
        run=rotated_pair,
        sides=rotation_invariance,
        control=Control("SGD on the same function, for which it is true", cases=(TURNED_SGD,)),
    ),
    Claim(
        id="gradient_variation.X4",
        title="One dimension",
        kind="identity",
        label="tight",
        provenance="derived",
        statement=r"$\eta_1=1/F''$ and $x_2=x^*$ on a 1-D quadratic, SGD, $\theta=1$, $\gamma/b=1$, no cap, for every curvature member",
        cases=_parabolas(),
        run=secant_method,
        sides=newton,
        assumptions=(
            Assumption("the runs stay finite", "status", finished),
            Assumption("x_0 is not the minimiser", "the first move", away_from_the_minimiser),
        ),
        control=Control("gamma / b = 1/2", run=half_gamma),
    ),
]
