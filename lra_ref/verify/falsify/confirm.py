"""A second opinion on a violation: fresh seeds for a statistical statement, certified arithmetic for one about every trajectory."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from lra_ref.verify.cells import look, seed_counts
from lra_ref.verify.claim import Case, Settings
from lra_ref.verify.falsify.trial import Target, Trial, scored
from lra_ref.verify.kinds import Rounded, Verdict
from lra_ref.verify.statistics import share

#: trajectories of a confirmation start here, far from those of a search; runs that share a trajectory out over many stay below 2^32
FRESH = 2**24


@dataclass(frozen=True)
class Confirmation:
    """``confirmed``: whether the finding stands; ``how``: the guarantee that it has, in words; ``bits``: of the certified arithmetic."""

    confirmed: bool
    how: str
    bits: int | None = None
    ratio: float | None = None


def confirm(target: Target, trial: Trial, sides: Any, alpha: float) -> tuple[Trial, Confirmation]:
    """The trial as confirmed, and how. Of a statistical statement the confirming seeds are new, and the trial becomes that of them."""
    if sides is not None and sides.sampled:
        return _fresh(target, trial, alpha)
    if isinstance(sides, Rounded):
        return trial, _certified(target, trial)
    return trial, Confirmation(trial.found, "the check's own rule; this kind has no reading in higher precision")


def _fresh(target: Target, trial: Trial, alpha: float) -> tuple[Trial, Confirmation]:
    """Judge on new seeds, doubled while undecided, with the claim's own split of the error probability."""
    instance = trial.instance
    case, settings = Case.everywhere(instance.case, **instance.parameters), Settings("smoke", instance.seed)
    total, budget = seed_counts(target.claim, case, instance.parameters)
    outcome = look(target.claim, target.role, case, settings, [(FRESH, FRESH + total)], share(alpha, 0))
    number, known = 0, share(alpha, 0)
    while outcome.judgement is not None and outcome.judgement.verdict is Verdict.UNDECIDED and outcome.judgement.finite and total < budget:
        start, total, number = total, min(2 * total, budget), number + 1
        known = share(alpha, number)
        outcome = look(target.claim, target.role, case, settings, [(FRESH + start, FRESH + total)], known, outcome)
    if outcome.judgement is None or outcome.sides is None:
        return trial, Confirmation(False, "not applicable on fresh seeds")
    fresh = scored(target, dataclasses.replace(instance, looks=tuple((a, b) for a, b in outcome.looks)), outcome.judgement, outcome.sides)
    how = f"{total} fresh seeds, the claim's own rule, error probability {alpha:.2g}: {fresh.verdict}"
    # the trial of the search was the best of many: what the new trajectories say is what is reported
    return (fresh if fresh.usable else trial), Confirmation(fresh.found, how)


def _certified(target: Target, trial: Trial) -> Confirmation:
    """Run the instance over balls: certain or not."""
    from lra_ref.verify.falsify.certify import certify

    found: Any = certify(target, trial.instance)
    own = f"the check's own rule with its allowance for rounding: {trial.verdict}"
    if found.bits is None:
        return Confirmation(trial.found, f"{own}; not confirmed in higher precision: {found.why}")
    if found.violated is None:
        return Confirmation(trial.found, f"{own}; undecided at {found.bits} bits", found.bits, found.ratio)
    wanted = target.wanted is Verdict.VIOLATED
    artefact = wanted and trial.verdict == Verdict.VIOLATED
    nowhere = "certainly NOT violated, the difference was rounding" if artefact else "certainly holds there"
    answer = "certainly VIOLATED" if found.violated else nowhere
    return Confirmation(found.violated is wanted, f"{answer}, ball arithmetic at {found.bits} bits", found.bits, found.ratio)
