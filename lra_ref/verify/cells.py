"""One cell of a verification: one case of one claim, or of its control, from running it to its record."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.verify.claim import Case, CaseView, Claim, Run, Settings, SidesOf
from lra_ref.verify.kinds import KINDS, Judgement, Sides, Verdict
from lra_ref.verify.statistics import share

SCHEMA = 1
#: pilot seeds start here, far from the seeds of a check
PILOT = 2**31
DECIDED = (Verdict.HOLDS, Verdict.VIOLATED)
INVERTED = {Verdict.HOLDS: Verdict.VIOLATED, Verdict.VIOLATED: Verdict.HOLDS}


#: the last evidence and the last pilot: a control usually reads the very run that its claim has just made
_memo: dict[str, tuple[Any, Any]] = {}


def _once(slot: str, key: Any, compute: Callable[[], Any]) -> Any:
    # what is returned never comes out of the slot again: another thread may have filled it
    known = _memo.get(slot)
    if known is None or known[0] != key:
        _memo.pop(slot, None)
        known = _memo[slot] = (key, compute())
    return known[1]


def forget() -> None:
    """Drop the remembered evidence."""
    _memo.clear()


@dataclass(frozen=True)
class Look:
    """What the looks at a case have gathered: both sides, the judgement, assumptions as measured, and the seed ranges."""

    sides: Sides | None
    judgement: Judgement | None
    assumptions: list[dict[str, Any]]
    looks: list[list[int]]


def cases_of(claim: Claim, role: str, preset: str) -> tuple[Case, ...]:
    """The cases of the claim or of its control that run in the preset."""
    if role == "control":
        return claim.control_cases(preset)
    return tuple(case for case in claim.cases if case.parameters(preset) is not None)


def share_of_alpha(claim: Claim, role: str, settings: Settings) -> float:
    """Error probability of one case: the claim's, split over the cases of the preset."""
    return settings.alpha / len(cases_of(claim, role, settings.preset))


def seed_counts(claim: Claim, case: Case, parameters: dict[str, Any]) -> tuple[int, int]:
    """Seeds of the first look and the most that may be drawn."""
    sides = KINDS[claim.kind]
    sampled = sides is not None and sides.sampled
    first = parameters.get("seeds", 32 if sampled else 1)
    budget = parameters.get("budget", 8 * first if sampled and isinstance(first, int) else first)
    for name, value in (("seeds", first), ("budget", budget)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < PILOT:
            raise ValueError(f"{name} of case {case.name!r} must be a whole number in [1, 2^31), got {value!r}")
    if budget < first:
        raise ValueError(f"budget of case {case.name!r} must be at least seeds = {first}, got {budget}")
    return first, budget


def view_of(claim: Claim, case: Case, settings: Settings) -> CaseView:
    """The case as ``run`` sees it, with the pilot's answer if the claim has one."""
    view = CaseView(case.name, case.parameters(settings.preset) or {})
    if claim.pilot is None:
        return view
    pilot, seeds = claim.pilot, PILOT + np.arange(claim.pilot_seeds, dtype=np.int64)
    key = (pilot, claim.pilot_seeds, case.name, json.dumps(dict(view), sort_keys=True), settings)
    return CaseView(view.name, view.parameters, _once("pilot", key, lambda: pilot(view, seeds, settings)))


def evidence_of(claim: Claim, role: str) -> tuple[Run, SidesOf]:
    """``run`` and ``sides`` of the claim or of its control."""
    control = claim.control if role == "control" else None
    run = control.run if control is not None and control.run is not None else claim.run
    return run, control.sides if control is not None and control.sides is not None else claim.sides


def look(
    claim: Claim, role: str, case: Case, settings: Settings, ranges: Iterable[tuple[int, int]], alpha: float, known: Look | None = None
) -> Look:
    """Run ranges of seeds, add them to what is known and judge at error probability ``alpha``."""
    run, sides_of = evidence_of(claim, role)
    view = view_of(claim, case, settings)
    sides, ranged = (known.sides, known.looks) if known is not None else (None, [])
    measured: list[dict[str, Any]] = list(known.assumptions) if known is not None else []
    for start, stop in ranges:
        seeds = np.arange(start, stop, dtype=np.int64)
        key = (run, claim.pilot, case.name, json.dumps(dict(view), sort_keys=True), settings, start, stop)
        evidence = _once("run", key, lambda seeds=seeds: run(view, seeds, settings))  # type: ignore[misc]
        ranged = [*ranged, [start, stop]]
        if role == "claim":
            measured = _measured(claim, evidence, measured)
            if not all(entry["ok"] for entry in measured):
                return Look(None, None, measured, ranged)
        more = _checked(claim, sides_of(evidence), stop - start)
        sides = more if sides is None else sides.merged(more)
    return Look(sides, None if sides is None else sides.judge(alpha), measured, ranged)


def _measured(claim: Claim, evidence: Any, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Measure the assumptions; of several looks the one that failed is kept, else the latest."""
    out = []
    for index, assumption in enumerate(claim.assumptions):
        found = assumption.check(evidence)
        entry = {"text": assumption.text, "how": assumption.how, "ok": bool(found.ok), "value": found.value, "found": found.text}
        out.append(known[index] if known and not known[index]["ok"] else entry)
    return out


def _checked(claim: Claim, sides: Any, count: int) -> Sides:
    """Refuse sides that are not of the claim's kind or do not hold one row per seed."""
    wanted = KINDS[claim.kind] or Sides
    if not isinstance(sides, wanted):
        raise TypeError(f"sides of a claim of kind {claim.kind!r} must return {wanted.__name__}, got {type(sides).__name__}")
    if sides.seeds is not None and sides.seeds != count:
        raise ValueError(f"both sides must have one row for each of the {count} seeds, got {sides.seeds} rows")
    return sides


def check_cell(claim: Claim, role: str, case: Case, settings: Settings) -> dict[str, Any]:
    """Check one case and return its record, plain data. More seeds are drawn while the verdict is UNDECIDED and the budget lasts."""
    started = time.perf_counter()
    alpha = share_of_alpha(claim, role, settings)
    parameters = dict(case.parameters(settings.preset) or {})
    total, budget = seed_counts(claim, case, parameters)
    outcome = look(claim, role, case, settings, [(0, total)], share(alpha, 0))
    number = 0
    while _wants_more(outcome) and total < budget:
        number, start, total = number + 1, total, min(2 * total, budget)
        outcome = look(claim, role, case, settings, [(start, total)], share(alpha, number), outcome)
    record = {"claim": claim.id, "role": role, "case": case.name, "parameters": parameters, "looks": outcome.looks, "seeds": total}
    record |= {"assumptions": outcome.assumptions, "seconds": round(time.perf_counter() - started, 4)}
    if outcome.judgement is None or outcome.sides is None:
        return record | _not_applicable(outcome)
    verdict = outcome.judgement.verdict
    record |= described(outcome.judgement, claim) | {"series": outcome.sides.series()}
    if claim.kind != "refutation" and role == "claim" and verdict is Verdict.VIOLATED:
        record["witness"] = _witness(claim, settings, record, outcome.sides, outcome.judgement, share(alpha, number))
    return dict(plain(record))


def _wants_more(outcome: Look) -> bool:
    judgement = outcome.judgement
    if judgement is None or outcome.sides is None or not outcome.sides.sampled:
        return False
    return judgement.finite and judgement.verdict not in DECIDED


def described(judgement: Judgement, claim: Claim) -> dict[str, Any]:
    """The judgement as plain data; a refutation HOLDS where the statement that it refutes is VIOLATED."""
    verdict = INVERTED.get(judgement.verdict, judgement.verdict) if claim.kind == "refutation" else judgement.verdict
    return {
        "verdict": str(verdict), "lhs": judgement.lhs, "rhs": judgement.rhs, "tightness": judgement.tightness,
        "margin": judgement.margin, "finite": judgement.finite, "notes": list(judgement.notes),
        "estimates": [dict(vars(estimate)) for estimate in judgement.estimates],
    }  # fmt: skip


def _not_applicable(outcome: Look) -> dict[str, Any]:
    failed = [entry for entry in outcome.assumptions if not entry["ok"]]
    notes = [f"assumption not met: {entry['text']}" + (f" ({finding(entry)})" if finding(entry) else "") for entry in failed]
    empty: dict[str, Any] = {"lhs": None, "rhs": None, "tightness": None, "margin": None, "finite": True, "estimates": [], "series": {}}
    return {"verdict": str(Verdict.NOT_APPLICABLE), "notes": notes, **empty, "assumptions": plain(outcome.assumptions)}


def finding(entry: dict[str, Any]) -> str:
    """What was measured for an assumption, in words."""
    value = entry["value"]
    words = [entry["found"], "" if value is None else f"measured {value:.6g}"]
    return ", ".join(word for word in words if word)


def _witness(claim: Claim, settings: Settings, record: dict[str, Any], sides: Sides, judgement: Judgement, alpha: float) -> dict[str, Any]:
    """What it takes to see the violation again: of a statement that holds on every trajectory just the one seed."""
    where = judgement.where or ()
    exact = not sides.sampled
    looks = [[where[0], where[0] + 1]] if exact and where and sides.seeds is not None else record["looks"]
    at = getattr(sides, "at", None)
    return {
        "schema": SCHEMA, "claim": claim.id, "kind": claim.kind, "case": record["case"], "parameters": record["parameters"],
        "preset": settings.preset, "seed": settings.seed, "looks": looks, "alpha": alpha,
        "trajectory": where[0] if exact and where else None, "index": list(where[1:]),
        "prefix": float(at[where[1]]) if at is not None and len(where) > 1 else None,
        "lhs": judgement.lhs, "rhs": judgement.rhs,
        "lhs_hex": float(judgement.lhs).hex(), "rhs_hex": float(judgement.rhs).hex(), "notes": record["notes"],
    }  # fmt: skip


def plain(value: Any) -> Any:
    """Plain data for JSON: NumPy scalars and arrays converted, a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
