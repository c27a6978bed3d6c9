"""X2: what becomes of the members when F is multiplied by a."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.gradient_variation_claims.runs import BASES, WITNESSES, Evidence
from lra_ref.engine.run import run
from lra_ref.methods import compose
from lra_ref.oracles import START, make_oracle
from lra_ref.oracles.variates import normals
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.rates.gradient_variation import PAIRS, GradientVariation
from lra_ref.verify import Case, CaseView, Claim, Control, Identity, Invariance, Settings

QUADRATIC = {"problem": "quadratic", "problem_parameters": {"spectrum": [1.0, 0.7, 0.3, 0.1, 0.05]}, "scales": ["spectrum"]}
RIPPLE = {"problem": "ripple", "problem_parameters": {"dim": 3, "curvature": 1.0, "amplitude": 0.5}, "scales": ["curvature", "amplitude"]}
#: how the hyper-parameters of the curvature members and of fisher go with a: name -> power
CURVATURE_POWERS = {"eta_0": -1, "eta_max": -1, "eta_min": -1}
FISHER_POWERS = {**CURVATURE_POWERS, "eps_f": 2, "theta": 1}
SIGN_POWERS = {"eps_f": 2, "theta": 1}


def scaled(case: CaseView, seeds: Any, settings: Settings, member: str, a: float, powers: dict[str, int]) -> dict[str, Any]:
    """Last points, F/a along the run and the counts of kept rates on a F."""
    shape = case["problem_parameters"]
    shape = {name: (np.multiply(value, a).tolist() if name in case["scales"] else value) for name, value in shape.items()}
    options = {name: value * a ** powers.get(name, 0) if name in powers else value for name, value in case["parameters"].items()}
    oracle = make_oracle("gaussian", make_problem(case["problem"], **shape), sigma=case["sigma"] * a)
    pair = "same" if member.startswith("random") else case.get("pair", "same")
    method = compose(case["direction"], "gradient_variation", member=member, pair=pair, **options)
    made = run(method, oracle, steps=case["T"], trajectories=len(seeds), first=int(seeds[0]), seed=settings.seed, x0=case.get("x0"))
    return {"x": made.x, "f": made.records["loss"] / a, "kept": made.records["kept"]}


def both(powers: dict[str, int] | None) -> Callable[[CaseView, Any, Settings], Evidence]:
    """Runs of all members on F and on a F with the hyper-parameters scaled; None: not scaled at all."""

    def runs(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
        found = [scaled(case, seeds, settings, m, a, powers or {}) for a in (1.0, case["a"]) for m in case["members"]]
        rows = [np.concatenate([r["x"], r["f"], r["kept"]], axis=1) for r in found]
        half = len(case["members"])
        return {"first": np.concatenate(rows[:half], axis=1), "second": np.concatenate(rows[half:], axis=1)}

    return runs


def bitwise(e: Evidence) -> Invariance:
    """Last points, losses and counts, bit for bit."""
    return Invariance(first=e["first"], second=e["second"])


def _cases(bases: tuple[str, ...], members: list[str], parameters: dict[str, Any], pairs: tuple[str, ...]) -> tuple[Case, ...]:
    out = []
    for a in (0.25, 1024.0):
        for base in bases:
            for pair in pairs:
                for name, problem in (("quadratic", QUADRATIC), ("ripple", RIPPLE)):
                    common = {**problem, "direction": BASES[base], "pair": pair, "members": members, "a": a, "sigma": 0.5}
                    common["parameters"] = parameters
                    label = f"{base}, {pair} pair, {name}, a = {a:g}" if len(pairs) > 1 else f"{base}, {name}, a = {a:g}"
                    out.append(Case(label, {"T": 50, "seeds": 2}, {"T": 200, "seeds": 4}, {"T": 2000, "seeds": 32}, common))
    return tuple(out)


# --- the rate at given points ---------------------------------------------------------------------------------------------------
def at_given_points(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Rates of the curvature members at fixed pairs of points, on F and a times on a F, along sign(g)."""
    a, problem = case["a"], make_problem(case["problem"], **case["problem_parameters"])
    before, now = np.moveaxis(normals(settings.seed, seeds, 0, START, 2 * problem.dim).reshape(len(seeds), 2, problem.dim), 1, 0)
    offsets = np.array([0, problem.dim])
    rows: list[list[Any]] = [[], []]
    for member in case["members"]:
        for row, factor in zip(rows, (1.0, a), strict=True):
            rate = GradientVariation(member=member, eta_0=0.1 / factor)
            g, q = factor * problem.gradient(now), factor * problem.gradient(before)
            state = {**rate.init(now, offsets), "x_prev": before, "applied": np.full((len(seeds), 1), 0.1 / factor)}
            seen = Seen(t=1, x=now, g=g, f=np.zeros((len(seeds), 1)), offsets=offsets, q=(q,))
            row.append(factor * rate.choose(state, seen, np.sign(g))[1])
    return {"first": np.concatenate(rows[0], axis=1), "second": np.concatenate(rows[1], axis=1)}


def not_multiplied(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """Broken: the rates on a F are not multiplied by a."""
    e = at_given_points(case, seeds, settings)
    return {"first": e["first"], "second": e["second"] / case["a"]}


# --- the refutation for fisher ----------------------------------------------------------------------------------------------------
def over_a(powers: dict[str, int], whole_powers: bool) -> Callable[[CaseView, Any, Settings], Evidence]:
    """F(x_T) / a after T steps on a F, for every a of the case; ``whole_powers`` rounds a to a power of 2."""

    def runs(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
        factors = [2.0 ** round(np.log2(a)) if whole_powers else a for a in case["factors"]]
        rows = [scaled(case, seeds, settings, case["member"], a, powers)["f"][:, -1] for a in [1.0, *factors]]
        return {"f": np.stack(rows, axis=1), "a": factors}

    return runs


def end_loss(e: Evidence) -> Identity:
    """F(x_T) of the run on a F against that of the run on F."""
    lhs, rhs = e["f"][:, 1:], np.repeat(e["f"][:, :1], len(e["a"]), axis=1)
    return Identity(lhs=lhs, rhs=rhs, scale=np.abs(lhs) + np.abs(rhs), operations=64.0, at=np.array(e["a"]), at_name="a")


FISHER_SCALED = Case.from_witness(WITNESSES / "gradient_variation.X2fisher.json")
SIGN_SCALED = Case.from_witness(WITNESSES / "gradient_variation.X2sign.json")
CURVATURE = {"eta_0": 0.1, "eta_max": 4.0, "eta_min": 2.0**-10}
DAMPED = {"eps_f": 0.25, "theta": 0.5, "eta_0": 0.1, "eta_max": 2.0}

CLAIMS = [
    Claim(
        id="gradient_variation.X2",
        title="Scale invariance of the curvature members",
        kind="invariance",
        provenance="derived",
        statement=r"$F\to aF$ with $\eta_0$ and the caps divided by $a$: the same $x_t$ with SGD and SGDM, "
        r"bit for bit for $a$ a power of 2",
        cases=_cases(("SGD", "SGDM"), list(PAIRS), CURVATURE, ("same", "fresh")),
        run=both(CURVATURE_POWERS),
        sides=bitwise,
        control=Control("eta_0 and the caps left as they are", run=both(None)),
    ),
    Claim(
        id="gradient_variation.X2points",
        title="Scaling of the rate at given points",
        kind="invariance",
        provenance="derived",
        statement=r"$F\to aF$: the rate of every curvature member at given points is divided by $a$, also along $\mathrm{sign}(g)$",
        cases=tuple(Case.everywhere(f"a = {a:g}", **RIPPLE, members=list(PAIRS), a=a, seeds=64) for a in (0.25, 1024.0)),
        run=at_given_points,
        sides=bitwise,
        control=Control("the rate itself, not multiplied by a", run=not_multiplied),
    ),
    Claim(
        id="gradient_variation.X2sign",
        title="SIGNSGD is not scale invariant",
        kind="refutation",
        provenance="derived",
        statement=r"REFUTED: $F\to aF$ with $\eta_0$ divided by $a$ gives the same $x_t$ also with SIGNSGD",
        cases=(SIGN_SCALED,),
        run=both(CURVATURE_POWERS),
        sides=bitwise,
        control=Control(
            "SGD on the same function, for which it is true",
            cases=(Case.everywhere("the same with SGD", **{**dict(SIGN_SCALED.parameters("quick") or {}), "direction": "sgd"}),),
        ),
    ),
    Claim(
        id="gradient_variation.X2eps",
        title="Scaling of fisher with its constants",
        kind="invariance",
        provenance="derived",
        statement=r"fisher and fisher_ema, $F\to aF$ with $a^2\epsilon_f$, $a\theta$, caps divided by $a$: "
        r"the same $x_t$ with SGD and SGDM, bit for bit for $a$ a power of 2",
        cases=_cases(("SGD", "SGDM"), ["fisher", "fisher_ema"], DAMPED, ("same",)),
        run=both(FISHER_POWERS),
        sides=bitwise,
        control=Control("eps_f left as it is", run=both({name: power for name, power in FISHER_POWERS.items() if name != "eps_f"})),
    ),
    Claim(
        id="gradient_variation.X2epssign",
        title="Scaling of fisher with SIGNSGD",
        kind="invariance",
        provenance="derived",
        statement=r"fisher and fisher_ema with SIGNSGD, $F\to aF$ with $a^2\epsilon_f$, $a\theta$, caps as they are: "
        r"the same $x_t$, bit for bit for $a$ a power of 2",
        cases=_cases(("SIGNSGD",), ["fisher", "fisher_ema"], DAMPED, ("same",)),
        run=both(SIGN_POWERS),
        sides=bitwise,
        control=Control("eps_f left as it is", run=both({"theta": 1})),
    ),
    Claim(
        id="gradient_variation.X2fisher",
        title="fisher needs tuning to the scale of F",
        kind="refutation",
        provenance="derived",
        statement=r"REFUTED: fisher (SGD, default constants) needs no tuning: $F\to aF$ leaves $F(x_T)$ as it is",
        cases=(FISHER_SCALED,),
        run=over_a({}, whole_powers=False),
        sides=end_loss,
        control=Control("eps_f and theta scaled with a, for which it is true", run=over_a(FISHER_POWERS, whole_powers=True)),
        explain="The abscissa is a; the curve shows F(x_T) of the unscaled function after T steps on a F, the flat one that of a = 1.",
        notes="the row shows the worst of a = 0.001, 0.01, ..., 1000; the curve in the report shows all",
    ),
]
