"""T5, T6, T9-T11, T15: what holds along every trajectory, whatever the directions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.clara_claims.null import THREADS, linear, null_run, stored, watched_run
from experiments.sequences import scripted
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.rates.clara_laws import corrected_log_rate, correction, discounted, drift, independent_mean, log_rate_of, path_norm2_of
from lra_ref.verify import Assumption, Bound, Case, CaseView, Claim, Control, Identity, Measured, Settings
from lra_ref.verify.kinds.base import MACHEPS


# --- T5, T6, T15: identities between path, rate and cosines --------------------------------------------------------------------------
def rounding(e: dict[str, Any]) -> Any:
    """Roundings up to step t: a few per coordinate and step; the path forgets, the rate multiplies up."""
    return 8.0 * e["dim"] + 16.0 * np.arange(1, e["Y"].shape[1] + 1)[None, :]


def sizes(e: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The sums of the absolute values of all terms of |p_t|, of <p_{t-1}, u_t>, and of the drift of T6: (1-c)^t and q^t count apart."""
    c, t = e["c"], np.arange(1, e["Y"].shape[1] + 1)[None, :]
    q = (1 - c) ** 2
    length = 1 - (1 - c) ** t
    return length, 1 - (1 - c) ** (t - 1), q * (1 + q**t) / (1 - q)


def cosines(e: dict[str, Any], q: float | None = None) -> Identity:
    """Y_t - mu (1-q^t) against 2 c (1-c) sum q^(t-s) <p_{s-1}, u_s>."""
    c = e["c"]
    t = np.arange(1, e["Y"].shape[1] + 1)
    q = (1 - c) ** 2 if q is None else q
    mean = independent_mean(c, t)
    rhs = path_norm2_of(c, discounted(e["overlap"], q), t) - mean
    length, overlap, _ = sizes(e)
    # mu and mu q^t stand in the mean on the left and twice on the right
    scale = length**2 + 2 * c * (1 - c) * discounted(overlap, q) + 3 * (c / (2 - c)) * (1 + (1 - c) ** (2 * t))
    return Identity(lhs=e["Y"] - mean, rhs=rhs, scale=scale, operations=rounding(e))


def hypergradient(e: dict[str, Any], constant: bool = True) -> Identity:
    """log(eta_T/eta_0) against d [(2(1-c)/c) sum (1-q^(T-s+1)) <p_{s-1}, u_s> - q (1-q^T)/(1-q)]."""
    c, d = e["c"], e["d"]
    q, t = (1 - c) ** 2, np.arange(1, e["Y"].shape[1] + 1)
    rhs = log_rate_of(c, d, np.cumsum(e["overlap"], axis=1), discounted(e["overlap"], q), t)
    rhs = rhs - (0.0 if constant else d * drift(c, t))
    _, overlap, apart = sizes(e)
    bulk = np.cumsum(overlap, axis=1) + q * discounted(overlap, q)
    # every multiplication of eta rounds once, which is an absolute error of its logarithm
    scale = np.abs(e["log_eta"]) + corrected_log_rate(c, d, bulk) + d * (t * (2 - c) / c + apart) + 1
    return Identity(lhs=e["log_eta"], rhs=rhs, scale=scale, operations=rounding(e))


def corrected(e: dict[str, Any], path: bool = True) -> Identity:
    """log(eta_T/eta_0) + (d q/(mu (1-q))) |p_T|^2 against (2 d (1-c)/c) sum <p_{s-1}, u_s>."""
    c, d = e["c"], e["d"]
    last = correction(c, d, e["Y"]) * (1.0 if path else 0.0)
    t = np.arange(1, e["Y"].shape[1] + 1)
    length, overlap, _ = sizes(e)
    bulk = corrected_log_rate(c, d, np.cumsum(overlap, axis=1)) + correction(c, d, length**2)
    return Identity(
        lhs=e["log_eta"] + last,
        rhs=corrected_log_rate(c, d, np.cumsum(e["overlap"], axis=1)),
        scale=np.abs(e["log_eta"]) + bulk + d * t * (2 - c) / c + 1,
        operations=rounding(e),
    )


def long_enough(e: dict[str, Any]) -> Measured:
    """Every direction is at least 1e-12 long."""
    return Measured(e["shortest"] >= 1e-12, e["shortest"], "shortest direction")


def own_reference(e: dict[str, Any]) -> Measured:
    """mu_ref of the run is mu = c/(2-c)."""
    mu = e["c"] / (2 - e["c"])
    return Measured(abs(e["reference"] - mu) <= 4 * MACHEPS * mu, e["reference"], f"mu_ref, mu = {mu:.6g}")


def identity_cases() -> tuple[Case, ...]:
    """Pure noise, a real function with noise, Adam's and momentum's directions."""
    rows: list[tuple[str, dict[str, Any]]] = [
        ("pure noise, SGD", {"D": 7, "parameters": {"c": 0.2, "d": 0.02}}),
        ("Rosenbrock with noise, SGD, c = 0.05",
            {"problem": "rosenbrock", "problem_parameters": {"dim": 4}, "parameters": {"c": 0.05, "d": 0.02, "lr": 0.01}}),
        ("ripple with noise, Adam",
            {"problem": "ripple", "problem_parameters": {"dim": 4}, "method": "clara_adam",
                "parameters": {"c": 0.2, "d": 0.02, "lr": 0.1, "mu_ref": 1 / 9}}),
        ("quadratic without noise, momentum",
            {"problem": "ellipsoid", "problem_parameters": {"dim": 5}, "sigma": 0.0, "method": "clara_momentum",
                "parameters": {"c": 0.5, "d": 0.01, "lr": 0.01, "mu_ref": 1 / 3}}),
    ]  # fmt: skip
    return tuple(Case(name, {"T": 40, "seeds": 2}, {"T": 120, "seeds": 4}, {"T": 2000, "seeds": 16}, common) for name, common in rows)


# --- T9: range of one multiplier --------------------------------------------------------------------------------------------------------
def engine_run(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """A compiled run on a named problem, every step recorded; ``slope``: on a linear function; ``gradients``: on those that it lists."""
    method = make_method(case["method"], **case["parameters"])
    problem = linear(case["slope"]) if "slope" in case else make_problem(case["problem"], **case.get("problem_parameters", {}))
    oracle = make_oracle("gaussian", problem, sigma=case["sigma"]) if "sigma" in case else problem
    oracle = scripted(case["gradients"]) if "gradients" in case else oracle
    made = run(
        method,
        oracle,
        steps=case["T"],
        trajectories=len(seeds),
        first=int(seeds[0]),
        seed=settings.seed,
        x0=case.get("x0"),
        threads=THREADS,
    )
    rate = method.bound(made.offsets).rate
    return {"case": case, "records": made.records, "rate": rate, "reference": rate.table()[-1] / (len(made.offsets) - 1)}


def multiplier_range(e: dict[str, Any], share: float = 1.0) -> Bound:
    """Each log multiplier within [-d, d (1/mu_ref - 1)]: both ends as lhs <= rhs."""
    logs, d = np.diff(np.log(e["records"]["rate"]), axis=1), e["rate"].d
    upper = np.full_like(logs, share * d * (1 / e["reference"] - 1))
    lower = np.full_like(logs, share * d)
    # a quotient of rates rounds a few times, an absolute error of its logarithm
    scale = np.stack([1 + np.abs(logs) + upper, 1 + np.abs(logs) + lower], axis=-1)
    return Bound(lhs=np.stack([logs, -logs], axis=-1), rhs=np.stack([upper, lower], axis=-1), scale=scale, operations=16.0)


def range_cases() -> tuple[Case, ...]:
    """Aligned, conflicting and noisy directions."""
    rows: list[tuple[str, dict[str, Any]]] = [
        ("SGD, linear function", {"method": "clara_sgd", "slope": [1.0, 2.0, -1.0], "parameters": {"d": 0.005}}),
        ("SGD, ill-conditioned quadratic",
            {"method": "clara_sgd", "problem": "ellipsoid", "problem_parameters": {"dim": 8}, "parameters": {"d": 0.3, "lr": 0.1}}),
        ("Adam, published table, D = 2",
            {"method": "clara_adam", "problem": "rosenbrock", "problem_parameters": {"dim": 2}, "sigma": 1.0,
                "parameters": {"d": 0.2, "lr": 0.01, "reference": "published"}}),
        ("Adam, logistic regression on iris",
            {"method": "clara_adam", "problem": "logistic", "problem_parameters": {"data": "iris"}, "parameters": {"d": 0.05, "lr": 0.01}}),
    ]  # fmt: skip
    return tuple(Case(name, {"T": 60, "seeds": 1}, {"T": 300, "seeds": 2}, {"T": 3000, "seeds": 8}, common) for name, common in rows)


# --- T10: aligned directions --------------------------------------------------------------------------------------------------------------
def aligned(e: dict[str, Any], wrong: bool = False) -> Identity:
    """Y_t against (1-(1-c)^t)^2, and the step of the first increase of eta against 2 (SGD) or 6, 7, 8 (Adam), ``first`` of the case."""
    c, Y = e["rate"].parameters.c, e["records"]["path_norm2"][:, 1:]
    t = np.arange(1, Y.shape[1] + 1)
    exact = (1 - (1 - c) ** (t + 1 if wrong else t)) ** 2
    eta = e["records"]["eta"]
    # record t holds eta after t steps: the first one that is larger than the one before
    first = np.argmax(np.diff(eta, axis=1) > 0, axis=1) + 1.0
    lhs = np.concatenate([Y, first[:, None]], axis=1)
    rhs = np.concatenate([np.broadcast_to(exact, Y.shape), np.full((len(Y), 1), float(e["case"]["first"]))], axis=1)
    return Identity(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=32.0 * (1 + np.arange(lhs.shape[1])))


def aligned_cases() -> tuple[Case, ...]:
    """Linear functions: the gradient, and Adam's direction, never change."""
    rows = [
        ("SGD, D = 3", "clara_sgd", 3, 2),
        ("Adam, D = 1", "clara_adam", 1, 6),
        ("Adam, D = 2", "clara_adam", 2, 7),
        ("Adam, D = 3", "clara_adam", 3, 8),
    ]
    rows.append(("Adam, D = 50", "clara_adam", 50, 8))
    return tuple(
        Case.everywhere(name, T=40, method=method, slope=[1.0 + k / 7 for k in range(dim)], parameters={"d": 0.01}, first=first)
        for name, method, dim, first in rows
    )


# --- T11: alternation ---------------------------------------------------------------------------------------------------------------------
def flipping(e: dict[str, Any], factor: float = 1.0) -> Bound:
    """u, -u, u, ...: |Y_T - mu^2| <= 2^-40 (T = 200 steps at c = 0.2), slope of log eta within 1e-9 d of -d (1-mu)."""
    rate = e["rate"]
    mu = rate.parameters.c / (2 - rate.parameters.c)
    Y, slope = e["Y"][:, -1], np.log(e["eta"][:, -1] / e["eta"][:, -2]) / rate.d / e["case"]["every"]
    lhs = np.stack([np.abs(Y - factor * mu**2), np.abs(slope + factor * (1 - mu))], axis=1)
    rhs = np.broadcast_to(np.array([2.0**-40, 1e-9]), lhs.shape)
    return Bound(lhs=lhs, rhs=rhs, scale=1.0, operations=0.0)


def settling(e: dict[str, Any], slope: float = -0.785) -> Bound:
    """|slope of log eta / d - slope| <= 0.001 from step 30/d on."""
    d = e["rate"].d
    start = math.ceil(30 / d)
    logs = np.log(e["records"]["rate"])
    found = (logs[:, -1] - logs[:, start]) / (logs.shape[1] - 1 - start) / d
    return Bound(lhs=np.abs(found - slope)[:, None], rhs=np.array([[0.001]]), scale=1.0, operations=0.0, at=[float(logs.shape[1] - 1)])


def growth(e: dict[str, Any]) -> Bound:
    """log(eta_T/eta_0) <= 0."""
    logs = np.log(e["records"]["rate"][:, -1:] / e["records"]["rate"][:, :1])
    return Bound(lhs=logs, rhs=np.zeros_like(logs), scale=np.abs(logs), operations=8.0, at=[float(e["case"]["T"])])


def settling_cases() -> tuple[Case, ...]:
    """d = 0.1, 0.01, 0.001; the curvature 1e150 keeps |g| above 1e-12 while x shrinks."""
    out = []
    for d in (0.1, 0.01, 0.001):
        common = {
            "method": "clara_sgd",
            "problem": "quadratic",
            "problem_parameters": {"spectrum": [1e150]},
            "x0": [1.0],
            "parameters": {"lr": 0.5, "d": d},
        }
        steps = {"T": math.ceil(30 / d) + max(3000, round(5 / d)), "seeds": 1}
        out.append(Case(f"d = {d:g}", steps if d == 0.1 else None, steps, steps, common))
    return tuple(out)


DIRECTIONS = Assumption("every direction is at least 1e-12 long", "measured along the run", long_enough)
REFERENCE = Assumption("mu_ref = mu", "the reference of the run", own_reference)
QUADRATIC = {"method": "clara_sgd", "problem": "quadratic", "problem_parameters": {"spectrum": [1.0]}, "x0": [1.0], "T": 400}

CLAIMS = [
    Claim(
        id="clara.T5", title="The path norm is a discounted sum of cosines", kind="identity", label="tight", provenance="derived",
        statement=r"any unit vectors: $Y_t-\mu(1-q^t)=2c(1-c)\sum_{s\leq t}q^{t-s}\langle p_{s-1},u_s\rangle$",
        cases=identity_cases(), run=watched_run, sides=cosines, assumptions=(DIRECTIONS,),
        control=Control("q = 1 - c", sides=lambda e: cosines(e, 1 - e["c"])),
    ),
    Claim(
        id="clara.T6", title="What CLARA does: a discounted hypergradient minus a constant", kind="identity", label="tight",
        provenance="derived",
        statement=r"$\log\frac{\eta_T}{\eta_0}=d[\frac{2(1-c)}{c}\sum_{s\leq T}(1-q^{T-s+1})\langle "
        r"p_{s-1},u_s\rangle-\frac{q(1-q^T)}{1-q}]$ with $\mu_{ref}=\mu$",
        cases=identity_cases(), run=watched_run, sides=hypergradient, assumptions=(DIRECTIONS, REFERENCE),
        control=Control("without the constant", sides=lambda e: hypergradient(e, constant=False)),
    ),
    Claim(
        id="clara.T9", title="Range of one multiplier", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$e^{-d}\leq\eta_{t+1}/\eta_t\leq e^{d(1/\mu_{ref}-1)}$",
        cases=range_cases(), run=engine_run, sides=multiplier_range,
        control=Control("half the range", sides=lambda e: multiplier_range(e, 0.5)),
        notes="upper ends: 8 d for SGD at c = 0.2, 0.465 d for Adam at large D, 0.678 d with the published 0.5958",
    ),
    Claim(
        id="clara.T10", title="Aligned directions", kind="identity", label="tight", provenance="derived",
        statement=r"$u_t=u$: $Y_t=(1-(1-c)^t)^2$; first increase of $\eta$ at step 2 (SGD), 8, 7, 6 (Adam, $D\geq 3$, 2, 1)",
        cases=aligned_cases(), run=engine_run, sides=aligned, control=Control("one step ahead", sides=lambda e: aligned(e, wrong=True)),
    ),
    Claim(
        id="clara.T11", title="Alternating directions", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$u,-u,u,...$: $Y\to\mu^2$, slope of $\log\eta\to-d(1-\mu)$",
        cases=(Case.everywhere("c = 0.2, D = 3", D=3, alternate=True, scales=[1.0, 1.0, 1.0], T=200, every=2, parameters={"d": 0.1}),),
        run=null_run, sides=flipping, control=Control("1% larger values", sides=lambda e: flipping(e, 1.01)),
    ),
    Claim(
        id="clara.T11slope", title="A noiseless parabola", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$F=hx^2/2$, unit steps, $0.001\leq d\leq 0.1$: after $30/d$ steps the slope of $\log\eta$ is $-0.785\,d\pm 0.001\,d$",
        cases=settling_cases(), run=engine_run, sides=settling,
        control=Control("the slope of strict alternation, -(1-mu)", sides=lambda e: settling(e, -8 / 9)),
        explain="A measurement, not a theorem: the signs are aperiodic, and only the three d of the cases are seen.",
    ),
    Claim(
        id="clara.T11grow", title="Large damping can diverge on a parabola", kind="refutation", provenance="derived",
        statement=r"NOT: on $F=x^2/2$ in unit-step mode $\eta$ falls for every $d$: $x_0=1$, $\eta_0=0.5$, $d=1$ gives "
        r"$|x_{400}|=4.5\cdot 10^{22}$",
        cases=(stored("T11grow"),), run=engine_run, sides=growth,
        control=Control("d = 0.1, where it falls", cases=(Case.everywhere("d = 0.1", **QUADRATIC, parameters={"lr": 0.5, "d": 0.1}),)),
    ),
    Claim(
        id="clara.T15", title="A martingale next to the rate", kind="identity", label="tight", provenance="derived",
        statement=r"$\log\frac{\eta_T}{\eta_0}+\frac{dq}{\mu(1-q)}|p_T|^2=\frac{2d(1-c)}{c}\sum_{s\leq T}\langle p_{s-1},u_s\rangle$",
        cases=identity_cases(), run=watched_run, sides=corrected, assumptions=(DIRECTIONS, REFERENCE),
        control=Control("without the path", sides=lambda e: corrected(e, path=False)),
    ),
]  # fmt: skip
