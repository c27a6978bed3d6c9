"""PH1-PH3: the Page-Hinkley test of SALERA."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.clara_claims.null import stored
from lra_ref.oracles.philox import uniforms
from lra_ref.oracles.variates import normals
from lra_ref.rates.page_hinkley import page_hinkley
from lra_ref.verify import Bound, Case, CaseView, Claim, Control, Distribution, Invariance, Moment, Settings


def alarms(losses: Any, r: float) -> Any:
    """True where the test alarms, for losses (seeds, T)."""
    zero = np.zeros(len(losses))
    state, out = (zero, zero, zero, zero, zero), np.zeros(losses.shape, dtype=bool)
    for t in range(losses.shape[1]):
        out[:, t], state = page_hinkley(losses[:, t], state, r, 0.1 * losses[:, 0])
    return out


def first_alarm(losses: Any, r: float) -> Any:
    """Number of the first alarm from 1, infinite if there is none."""
    zero = np.zeros(len(losses))
    state, first = (zero, zero, zero, zero, zero), np.full(len(losses), np.inf)
    for t in range(losses.shape[1]):
        alarm, state = page_hinkley(losses[:, t], state, r, 0.1 * losses[:, 0])
        first[alarm & np.isinf(first)] = t + 1
    return first


def falling(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Losses that never rise, of several shapes (steps, a power law, long plateaus), or those of the case."""
    if "losses" in case:
        return {"losses": np.tile(np.array(case["losses"]), (1, len(seeds), 1)), "r": case["r"]}
    u = uniforms(settings.seed, seeds, 0, 0, case["T"])
    drops = np.where(u < 0.2, u, 0.0)
    steps = 10 + np.sum(drops, axis=1, keepdims=True) - np.cumsum(drops, axis=1)
    power = (1 + np.arange(case["T"])) ** -(3 * u[:, :1])
    plateau = np.where(np.arange(case["T"]) < case["T"] * u[:, :1], 1.0, 0.0)
    return {"losses": np.stack([steps, power, plateau]), "r": case["r"]}


def no_alarm(e: dict[str, Any], backwards: bool = False) -> Bound:
    """Number of alarms <= 0, at every prefix."""
    shapes = 1 + e["losses"][..., ::-1] if backwards else e["losses"]
    count = np.stack([np.cumsum(alarms(losses, e["r"]), axis=1) for losses in shapes], axis=-1)
    return Bound(lhs=count, rhs=np.zeros(count.shape), scale=count, operations=0.0)


def noisy(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """Losses 1 + 0.3 N(0, 1)."""
    return {"losses": 1 + 0.3 * normals(settings.seed, seeds, 0, 0, case["T"]), "r": case["r"], "case": case}


def scaled(e: dict[str, Any], shift: float = 0.0) -> Invariance:
    """Alarms for the losses and for the losses times powers of 2 (or, for the control, shifted)."""
    once = alarms(e["losses"], e["r"])
    others = [alarms(e["losses"] * s + shift, e["r"]) for s in (0.25, 2.0, 1024.0)]
    return Invariance(first=np.stack([once] * 3, axis=1).astype(float), second=np.stack(others, axis=1).astype(float))


def given(case: CaseView, seeds: Any, settings: Settings) -> dict[str, Any]:
    """The losses of the stored counterexample, and the same ones shifted."""
    return {"losses": np.array([case["losses"]]), "shift": case["shift"], "r": case["r"]}


def shifted(e: dict[str, Any], none: bool = False) -> Invariance:
    """Alarms for the losses and for the losses plus a constant."""
    other = e["losses"] if none else e["losses"] + e["shift"]
    return Invariance(first=alarms(e["losses"], e["r"]).astype(float), second=alarms(other, e["r"]).astype(float))


def false_alarms(e: dict[str, Any], late: float = 1.0) -> Distribution:
    """Median of the first false alarm between 4 and 9; at least 95% come by the step given, up to 3% of the seeds."""
    first, quantile = first_alarm(e["losses"], e["r"]), e["case"]["quantile"]
    finite = np.where(np.isinf(first), e["losses"].shape[1] + 1.0, first)
    return Distribution(moments=(
        Moment("median of the first alarm, from above", finite, 9.0 / late, 0.5, "median", "at most"),
        Moment("median of the first alarm, from below", finite, 4.0, 0.5, "median", "at least"),
        Moment(f"share of alarms by step {quantile}", (first <= quantile).astype(float), 0.95, 0.03, side="at least"),
    ))  # fmt: skip


RATIOS = ((1.0, 12), (0.1, 82), (0.01, 480), (0.001, 2450))


def ratio_cases(quick: int, T: int | None = None) -> tuple[Case, ...]:
    """One case per batch ratio; T steps, or a little more than the quantile."""
    out = []
    for k, (r, quantile) in enumerate(RATIOS):
        common = {"r": r, "quantile": quantile, "T": quantile + 20 if T is None else T}
        looks = {"seeds": quick, "budget": 64 * quick}
        out.append(Case(f"r = {r:g}", looks if k == 0 else None, looks, {"seeds": 4 * quick, "budget": 256 * quick}, common))
    return tuple(out)


def exact_cases(T: int) -> tuple[Case, ...]:
    """One case per batch ratio, for statements that hold on every sequence."""
    return tuple(Case(f"r = {r:g}", {"seeds": 8}, {"seeds": 32}, {"seeds": 512}, {"r": r, "T": T}) for r, _ in RATIOS)


CLAIMS = [
    Claim(
        id="clara.PH1", title="Falling losses never alarm", kind="pathwise bound", label="upper", provenance="derived",
        statement="losses that never rise give no alarm if the first one is not negative",
        cases=exact_cases(300), run=falling, sides=no_alarm,
        control=Control("the same losses backwards", sides=lambda e: no_alarm(e, backwards=True)),
    ),
    Claim(
        id="clara.PH2", title="Alarms do not depend on the unit of the loss", kind="invariance", provenance="derived",
        statement=r"the alarm times of a fixed sequence are the same for $s\,f$, $s>0$ (bit for bit for powers of 2)",
        cases=exact_cases(300), run=noisy, sides=scaled, control=Control("the losses shifted by 10", sides=lambda e: scaled(e, 10.0)),
    ),
    Claim(
        id="clara.PH3", title="Alarms depend on the zero of the loss", kind="refutation", provenance="published",
        source="arXiv 1709.01427 and its code: the threshold is a tenth of the first loss",
        statement=r"NOT: the alarm times are the same for $f+const$: the losses 1, 2 alarm at the second, 11, 12 never",
        cases=(stored("PH3"),), run=given, sides=shifted, control=Control("no shift", sides=lambda e: shifted(e, none=True)),
    ),
    Claim(
        id="clara.PH3false", title="False alarms are early", kind="distribution", provenance="derived",
        statement=r"i.i.d. losses $1+0.3N(0,1)$: median first alarm after 4 to 9 steps, 95% by step 12, 82, 480, 2450 for "
        r"$r=1,0.1,0.01,0.001$",
        cases=ratio_cases(1024), run=noisy, sides=false_alarms,
        control=Control("a median of at most 3", sides=lambda e: false_alarms(e, late=3.0)),
        notes="at r = 1 the 95% quantile is 10 steps, not 12",
    ),
]  # fmt: skip
