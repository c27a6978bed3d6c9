"""What a comparison found, for people and as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.crosscheck.diagnosis import Diagnosis
from lra_ref.crosscheck.trace import Difference, Outcome, Trace

#: numbers of a vector that the text shows
SHOWN = 6


@dataclass
class Report:
    """The outcome of a comparison over all its runs.

    ``first`` is the first difference of the run that differs earliest (None: all agree), ``states`` both sides after that step.
    """

    port: str
    framework: str
    method: str
    settings: dict[str, Any]
    precision: str
    limit: float
    traces: list[Trace]
    outcomes: list[Outcome]
    diagnosis: Diagnosis | None = None

    @property
    def agrees(self) -> bool:
        """Whether every run agrees, at least one step was compared in each model, and nothing was beyond the limit."""
        return all(outcome.agrees for outcome in self.outcomes) and self.steps > 0

    @property
    def steps(self) -> int:
        """Steps that were compared, of all runs together."""
        return sum(outcome.steps for outcome in self.outcomes)

    @property
    def ulps(self) -> dict[str, float]:
        """Largest difference of every quantity over all runs."""
        return _largest([outcome.ulps for outcome in self.outcomes])

    @property
    def shares(self) -> dict[str, float]:
        """The same as a share of what may be rounding: above 1 is a difference."""
        return _largest([outcome.shares for outcome in self.outcomes])

    @property
    def worst(self) -> int | None:
        """Number of the run that differs first; None if all agree."""
        failing = [k for k, outcome in enumerate(self.outcomes) if not outcome.agrees]
        return min(failing, key=lambda k: self.outcomes[k].steps, default=None)

    @property
    def first(self) -> Difference | None:
        """The earliest difference."""
        return None if self.worst is None else self.outcomes[self.worst].first

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """State of both sides after the step of the first difference."""
        return {} if self.worst is None else self.outcomes[self.worst].states

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        runs = [
            {"layout": t.layout.name, "sequence": t.sequence.name, "feedback": t.sequence.feedback, **o.to_json()}
            for t, o in zip(self.traces, self.outcomes, strict=True)
        ]
        return {
            "port": self.port,
            "framework": self.framework,
            "method": self.method,
            "settings": self.settings,
            "precision": self.precision,
            "limit": self.limit,
            "agrees": self.agrees,
            "steps": self.steps,
            "ulps": self.ulps,
            "shares": self.shares,
            "first": None if self.first is None else {**vars(self.first), "run": self.worst},
            "runs": runs,
            "diagnosis": None if self.diagnosis is None else self.diagnosis.to_json(),
        }

    def text(self) -> str:
        """The report for people."""
        lines = [f"{self.port} ({self.framework}, {self.precision}) against {self.method}"]
        for trace, outcome in zip(self.traces, self.outcomes, strict=True):
            lines.append("  " + _line(trace, outcome))
        if self.first is not None:
            lines += ["", *self._difference(self.first)]
        if self.diagnosis is not None:
            lines += ["", *_diagnosed(self.diagnosis, self.first)]
        if self.agrees:
            worst = ", ".join(f"{name} {value:.3g} ulp ({self.shares[name]:.0%})" for name, value in self.ulps.items())
            verdict = f"agrees over {self.steps} steps; largest difference, and its share of what may be rounding: {worst}"
        else:
            verdict = "differs" if self.steps or self.first else "nothing could be compared"
        return "\n".join([*lines, "", f"verdict: {verdict}"])

    def _difference(self, first: Difference) -> list[str]:
        assert self.worst is not None
        trace = self.traces[self.worst]
        if first.quantity == "exception":
            return [f"{first.hint} ({trace.title})"]
        place = "" if first.tensor is None else f" of tensor {first.tensor}"
        place += f" at index {first.index}" if first.index else ""
        lines = [
            f"first difference: step {first.step}, {first.quantity}{place} ({trace.title}), {first.ulps:.3g} ulp",
            f"  port      {first.port!r}",
            f"  reference {first.reference!r}",
        ]
        lines += [f"  {first.hint}"] if first.hint else []
        for side, values in self.states.items():
            lines.append(f"  after the step, {side}:")
            lines += [f"    {name:<14} {_shown(value)}" for name, value in values.items()]
        return lines


def _largest(found: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in found for name in one)
    return {name: max(one.get(name, 0.0) for one in found) for name in names}


def _line(trace: Trace, outcome: Outcome) -> str:
    """One run."""
    if outcome.agrees:
        found = f"agrees over {outcome.steps} steps, {max(outcome.ulps.values()):.3g} ulp"
    else:
        assert outcome.first is not None
        found = f"differs at step {outcome.first.step} in {outcome.first.quantity}"
    feedback = ", each side at its own point" if trace.sequence.feedback else ""
    return f"{trace.layout.name:<8} {trace.sequence.name:<16} {found}{feedback}" + (f"; {outcome.note}" if outcome.note else "")


def _diagnosed(diagnosis: Diagnosis, first: Difference | None) -> list[str]:
    if diagnosis.found:
        lines = [f"diagnosis: {diagnosis.found[0].text}"]
        if diagnosis.ambiguous:
            lines.append("  these runs cannot tell it apart from:")
            lines += [f"  - {finding.text}" for finding in diagnosis.found[1:]]
        return lines
    if first is not None and first.quantity == "exception":
        return ["diagnosis: none, the port raised"]
    if not diagnosis.tried:
        return ["diagnosis: none, the points agree where they can be compared; look at the map of the state"]
    lines = [f"diagnosis: none of the known deviations, alone or in pairs ({diagnosis.tried} tried), makes the port agree"]
    if diagnosis.closest is not None:
        kept = diagnosis.closest
        what = ", AND ".join(f"{name}: {detail}" if detail else name for name, detail in kept.deviations)
        lines.append(f"  closest: with {what} it agrees for {kept.steps} steps of the run that differs first")
    return lines


def _shown(value: Any) -> str:
    flat = np.concatenate([np.ravel(entry) for entry in value]) if isinstance(value, list) and value else np.ravel(value)
    numbers = ", ".join(f"{number:.9g}" for number in flat[:SHOWN])
    return numbers + (f", ... ({flat.size} numbers)" if flat.size > SHOWN else "")
