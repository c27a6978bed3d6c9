"""Which known deviation makes a port agree: every entry of the catalogue is tried, then pairs of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

# the catalogue is filed by importing these
from lra_ref.checks import chosen
from lra_ref.crosscheck import deviations_formulas, deviations_order, deviations_tensors  # noqa: F401
from lra_ref.crosscheck.deviations import DEVIATIONS as DEVIATIONS
from lra_ref.crosscheck.deviations import Facts, variants_of
from lra_ref.crosscheck.machine import Machine, Plan
from lra_ref.crosscheck.trace import Outcome, Trace, check
from lra_ref.crosscheck.ulp import digits
from lra_ref.parameters import shown, unknown

#: (name of the deviation, detail)
Key = tuple[str, str]
#: steps of the first look at a pair, and of the whole check if the port differs earlier
GLANCE, REACH = 25, 200


@dataclass(frozen=True)
class Finding:
    """Deviations that make the port agree together, to how many ulp, over how many steps of all runs."""

    deviations: tuple[Key, ...]
    ulps: float
    steps: int

    @property
    def text(self) -> str:
        """One sentence."""
        parts = [" ".join(filter(None, (DEVIATIONS[name].text, detail))) for name, detail in self.deviations]
        return f"the port agrees with the reference (to {self.ulps:.3g} ulp over {self.steps} steps) if " + ", AND ".join(parts)


@dataclass(frozen=True)
class Diagnosis:
    """``found``: everything that fits, each alone or in pairs; several mean that these runs cannot tell them apart.

    ``closest``: if nothing fits, the deviation with which the port agrees longest, if longer than without.  ``tried``: plans tried.
    """

    found: tuple[Finding, ...]
    closest: Finding | None
    tried: int

    @property
    def ambiguous(self) -> bool:
        """Whether several explanations fit."""
        return len(self.found) > 1

    def to_json(self) -> dict[str, Any]:
        """Plain data."""

        def plain(finding: Finding) -> dict[str, Any]:
            keys = [{"name": name, "detail": detail} for name, detail in finding.deviations]
            return {"deviations": keys, "ulps": finding.ulps, "steps": finding.steps, "text": finding.text}

        found = [plain(finding) for finding in self.found]
        closest = None if self.closest is None else plain(self.closest)
        return {"found": found, "closest": closest, "tried": self.tried, "ambiguous": self.ambiguous}


def deviating(plan: Plan, keys: Iterable[Key]) -> Plan:
    """The plan with known deviations; ``ValueError`` for one that the method does not have, with those that it has."""
    if not isinstance(keys, Iterable) or isinstance(keys, np.ndarray | Mapping):
        raise ValueError(f"deviations must be a list of pairs (name, detail), got {shown(keys)}")
    for key in keys:
        if not (isinstance(key, tuple | list) and len(key) == 2 and all(isinstance(part, str) for part in key)):
            raise ValueError(f"a deviation is a pair (name, detail), got {shown(key)}")
        name, detail = chosen("deviation", key[0], DEVIATIONS), key[1]
        # the sizes of a model play no part in what can be known without one
        found = dict(variants_of(DEVIATIONS[name], plan, Facts(2, 2, gaps=True)))
        if detail not in found:
            raise ValueError(unknown(f"detail of {name!r} for {plan.method.name}", detail, found))
        plan = found[detail]
    return plan


class Diagnostician:
    """Tries plans against all runs of a port; ``outcomes`` are those of the reference itself."""

    def __init__(self, traces: list[Trace], outcomes: list[Outcome], plan: Plan, limit: float, seed: int) -> None:
        self.plan, self.limit, self.seed, self.tried = plan, limit, seed, 0
        self._take(traces, outcomes)
        self.closest: Finding | None = None

    def _take(self, traces: list[Trace], outcomes: list[Outcome]) -> None:
        """Runs to explain; told apart by the points alone, since a reading may be of another time than the deviating method's."""
        runs = []
        for trace, outcome in zip(traces, outcomes, strict=True):
            if trace.failure is None:
                alone = check(trace, self._plan(trace), self.limit, only_x=True, seed=self.seed) if outcome.first else outcome
                runs.append((trace, alone))
        # the shortest failing runs rule out most
        self.runs = sorted(runs, key=lambda run: (run[1].agrees, run[1].steps))
        self.facts = {trace.layout.name: facts_of(trace, self._plan(trace), self.seed) for trace, _ in reversed(self.runs)}
        for name in {trace.layout.name for trace, _ in self.runs if trace.sequence.gaps}:
            self.facts[name] = replace(self.facts[name], gaps=True)

    def narrowed(self, diagnosis: Diagnosis, traces: list[Trace], outcomes: list[Outcome]) -> Diagnosis:
        """What is left of an ambiguous diagnosis on further runs; the diagnosis itself if nothing is."""
        self._take(traces, outcomes)
        left = [finding for finding in diagnosis.found if self._judge(finding.deviations) is not None]
        return Diagnosis(tuple(left), None, self.tried) if left else diagnosis

    def _plan(self, trace: Trace) -> Plan:
        return replace(self.plan, missing=trace.missing)

    def diagnose(self) -> Diagnosis:
        """Single deviations, and pairs if no single one fits."""
        if all(outcome.agrees for _, outcome in self.runs):
            return Diagnosis((), None, 0)
        singles = self._keys(())
        found = [finding for key in singles if (finding := self._judge((key,))) is not None]
        if not found:
            first = [key for key in singles if self._glance((key,)) is not None]
            for a, key in enumerate(first):
                later = set(first[a + 1 :])
                found += [f for other in self._keys((key,)) if other in later and (f := self._judge((key, other))) is not None]
        return Diagnosis(tuple(_simplest(found)), self.closest if not found else None, self.tried)

    def _keys(self, before: tuple[Key, ...]) -> list[Key]:
        """What can be tried on top of ``before``, over all models."""
        layouts = {trace.layout.name: trace for trace, _ in self.runs}
        if before:
            # pairs: the run that rules out most decides what is worth a look
            layouts = dict([next(iter(layouts.items()))])
        keys: dict[Key, None] = {}
        for trace in layouts.values():
            keys.update(dict.fromkeys(self._variants(trace, self._bent(trace, before))))
        return list(keys)

    def _variants(self, trace: Trace, plan: Plan) -> dict[Key, Plan]:
        facts = self.facts[trace.layout.name]
        return {(entry.name, detail): made for entry in DEVIATIONS.entries.values() for detail, made in variants_of(entry, plan, facts)}

    def _bent(self, trace: Trace, keys: tuple[Key, ...]) -> Plan:
        """The plan with these deviations; one that does not exist for this model changes nothing there."""
        plan, facts = self._plan(trace), self.facts[trace.layout.name]
        for name, detail in keys:
            plan = dict(variants_of(DEVIATIONS[name], plan, facts)).get(detail, plan)
        return plan

    def _glance(self, keys: tuple[Key, ...]) -> bool | None:
        """True: fits the first steps of the first run; None: cannot be made there."""
        trace, _ = self.runs[0]
        try:
            return check(trace, self._bent(trace, keys), self.limit, only_x=True, steps=GLANCE, seed=self.seed).agrees
        except ValueError:
            return None

    def _judge(self, keys: tuple[Key, ...]) -> Finding | None:
        """The finding, if the deviations make the port agree on every run."""
        self.tried += 1
        worst, steps = 0.0, 0
        if not self._glance(keys) and len(keys) > 1:
            return None
        for place, (trace, alone) in enumerate(self.runs):
            try:
                reach = max(REACH, alone.steps + GLANCE)
                outcome = check(trace, self._bent(trace, keys), self.limit, only_x=True, steps=reach, seed=self.seed)
            except ValueError:
                return None
            steps += outcome.steps
            worst = max(worst, outcome.ulps["x"])
            if not outcome.agrees or not _complete(outcome, alone):
                if place == 0 and outcome.steps > max(alone.steps, self.closest.steps if self.closest else 0):
                    self.closest = Finding(keys, self.limit, outcome.steps)
                return None
        return Finding(keys, worst, steps)


def _complete(outcome: Outcome, alone: Outcome) -> bool:
    """Whether an agreement explains anything: a plan that stops early must at least pass the step where the reference alone differs."""
    return not outcome.note or outcome.steps > alone.steps or alone.agrees


def _simplest(found: list[Finding]) -> list[Finding]:
    """Fewest deviations first, then the smallest difference."""
    return sorted(found, key=lambda finding: (len(finding.deviations), finding.ulps))


def facts_of(trace: Trace, plan: Plan, seed: int) -> Facts:
    """Sizes of the model, and the ratio of the first moves if it means something."""
    machine = Machine(plan, trace.layout, trace.sequence, trace.x[0], trace.precision, seed)
    tensors, dim = len(machine.active), int(machine.offsets[-1])
    if not machine.step() or trace.steps == 0:
        return Facts(tensors, dim)
    ours, theirs = machine.x - trace.x[0], trace.x[1] - trace.x[0]
    if not np.any(ours):
        return Facts(tensors, dim)
    with np.errstate(all="ignore"):
        ratio = float(np.abs(theirs @ ours) / (ours @ ours))
        # both moves are differences of rounded points
        doubt = 8 * 2.0 ** -digits(trace.precision) * float(np.linalg.norm(trace.x[0])) / float(np.linalg.norm(ours)) + 1e-12
    return Facts(tensors, dim, _simple(ratio, doubt))


def _simple(ratio: float, doubt: float) -> float | None:
    """The whole number, or the reciprocal of one, within ``doubt`` of the ratio; None for 1 and for everything else."""
    if not np.isfinite(ratio) or ratio <= 0 or not doubt < 0.01:
        return None
    value = float(round(ratio)) if ratio > 1 else 1 / round(1 / ratio)
    return value if value != 1 and abs(value / ratio - 1) <= doubt * (1 + 1 / ratio) else None
