"""One evaluation: a case is run, judged by the claim's own rule, and scored."""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.verify.cells import look, seed_counts
from lra_ref.verify.claim import Case, Claim, Settings
from lra_ref.verify.discover import load
from lra_ref.verify.falsify.space import Place, Space
from lra_ref.verify.kinds import KINDS, Identity, Judgement, Rounded, Sides, Verdict

#: what a violation adds to its score, above every ratio of a bound that holds
FOUND = 1e6
#: margins are cut here
LIMIT = 1e5
#: the score of a point where the claim says nothing: an assumption failed, or the parameters are refused
WORST = -1e9
#: seeds of one evaluation of a statistical statement
FEW = 2048
#: the largest ratio of a bound that holds which is reported: above it both sides are within the allowance for rounding
READABLE = 1 + 1e-6
#: from so many trajectories on their mean is the statement
MANY = 64


@dataclass(frozen=True)
class Instance:
    """What a trial is of: the point, the case's name and parameters that it stands for, and the ranges of trajectories."""

    place: Place
    case: str
    parameters: dict[str, Any]
    looks: tuple[tuple[int, int], ...]

    @property
    def seed(self) -> int:
        """Seed of the noise."""
        return self.place.seed


@dataclass(frozen=True)
class Trial:
    """What came of an instance; ``score`` is what the search maximises, ``found`` whether it is what the search is after."""

    instance: Instance
    verdict: str
    score: float
    found: bool = False
    lhs: float = math.nan
    rhs: float = math.nan
    ratio: float | None = None
    margin: float = math.nan
    note: str = ""

    @property
    def usable(self) -> bool:
        """Whether the statement says something about the instance."""
        return self.score > WORST


@dataclass(frozen=True)
class Target:
    """What is searched: a claim or its control. ``wanted`` is the verdict of the statement's own check that counts as found."""

    claim: Claim
    role: str
    path: Path | None = None

    @property
    def wanted(self) -> Verdict:
        """VIOLATED; for the control of a refutation, which is an instance that refutes nothing, HOLDS."""
        return Verdict.HOLDS if self.claim.kind == "refutation" and self.role == "control" else Verdict.VIOLATED

    @property
    def sampled(self) -> bool | None:
        """Whether the verdict is statistical; None for a refutation, whose sides say it."""
        sides = KINDS[self.claim.kind]
        return None if sides is None else sides.sampled


def instance_of(target: Target, space: Space, place: Place) -> Instance:
    """The instance at a point of the space."""
    name, parameters = space.case(place)
    first, _ = seed_counts(target.claim, Case(name), parameters)
    if first > MANY:
        # where the mean over many trajectories is the statement, its noise is not searched
        place = dataclasses.replace(place, seed=0)
    return Instance(place, name, parameters, ((0, min(first, FEW)),))


def attempt(target: Target, space: Space, place: Place, alpha: float, count: int | None = None) -> Trial:
    """The trial of a point, on the first ``count`` trajectories; whatever the claim raises there makes it the worst."""
    instance = Instance(place, "", {}, ())
    try:
        instance = instance_of(target, space, place)
        if count is not None:
            instance = dataclasses.replace(instance, looks=((0, count),))
        return judge(target, instance, alpha)[0]
    except Exception as problem:
        return Trial(instance, str(Verdict.FAILED), WORST, note=_one_line(problem))


def _one_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:300]


def judge(target: Target, instance: Instance, alpha: float) -> tuple[Trial, Sides | None]:
    """Run and judge an instance; the sides are returned for drawing."""
    case = Case.everywhere(instance.case, **instance.parameters)
    settings = Settings("smoke", instance.seed)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        outcome = look(target.claim, target.role, case, settings, instance.looks, alpha)
    if outcome.judgement is None or outcome.sides is None:
        failed = [entry["text"] for entry in outcome.assumptions if not entry["ok"]]
        return Trial(instance, str(Verdict.NOT_APPLICABLE), WORST, note=f"assumption not met: {', '.join(failed)}"), None
    return scored(target, instance, outcome.judgement, outcome.sides), outcome.sides


def scored(target: Target, instance: Instance, judgement: Judgement, sides: Sides) -> Trial:
    """The trial of a judgement."""
    found = judgement.verdict is target.wanted and (judgement.finite or not sides.sampled)
    flipped = target.wanted is Verdict.HOLDS
    margin = min(max(judgement.margin, -LIMIT), LIMIT) if not math.isnan(judgement.margin) else LIMIT
    if not judgement.finite and not found:
        score = WORST
    elif flipped:
        score = (FOUND if found else 0.0) + margin
    elif found:
        score = FOUND - margin
    else:
        score = _unmet(judgement, sides, margin)
    note = next(iter(judgement.notes), "")
    return Trial(
        instance, str(judgement.verdict), float(score), found, float(judgement.lhs), float(judgement.rhs), ratio_of(judgement, sides),
        float(judgement.margin), note,
    )  # fmt: skip


def _unmet(judgement: Judgement, sides: Any, margin: float) -> float:
    """Of what holds: the ratio of a bound where it can be read, else the margin."""
    bound = isinstance(sides, Rounded) and not isinstance(sides, Identity)
    ratio = ratio_of(judgement, sides) if bound else judgement.tightness
    return min(ratio, LIMIT) if ratio is not None else _from_margin(sides, margin)


def _from_margin(sides: Any, margin: float) -> float:
    """Below every ratio for a bound without one (a side is not positive), else minus the margin."""
    return -1.0 - margin if isinstance(sides, Rounded) and not isinstance(sides, Identity) else -margin


def ratio_of(judgement: Judgement, sides: Any) -> float | None:
    """lhs/rhs, where the bound fails or else comes closest to it; of an equality 1 plus the largest difference as a share of its scale."""
    if isinstance(sides, Identity) and judgement.where is not None:
        off, scale = abs(judgement.lhs - judgement.rhs), float(sides.scale[judgement.where])
        return 1 + off / scale if scale > 0 and math.isfinite(off) else None
    if judgement.verdict is Verdict.VIOLATED and isinstance(sides, Rounded) and judgement.rhs > 0:
        return judgement.lhs / judgement.rhs
    # above 1 and yet no violation: where rounding may move the ratio by more than this it says nothing
    unreadable = not sides.sampled and judgement.tightness is not None and judgement.tightness > READABLE
    return None if unreadable else judgement.tightness


# --- in other processes -----------------------------------------------------------------------------------------------------------------
def evaluate_elsewhere(path: str, claim: str, role: str, units: list[list[float]], alpha: float) -> list[Trial]:
    """Trials of points in a worker process, which reads the claim from its file again."""
    from lra_ref.verify.falsify.derive import space_of

    known = next(entry for entry in load(path).claims if entry.id == claim)
    target = Target(known, role)
    space = space_of(known, role)
    return [attempt(target, space, space.place(np.asarray(unit)), alpha) for unit in units]
