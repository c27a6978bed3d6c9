"""What a proof step is: a statement, the method that decides it, its control, and what it rests on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: method -> what an answer of it is worth, best first
METHODS = {
    "algebra": "exact algebra (SymPy): an identity of real expressions, or a finite number of cases run through exactly",
    "decision": "decision procedure for real closed fields (z3): a statement about polynomials",
    "intervals": "rigorous interval arithmetic (Arb balls) with subdivision",
    "worst case": "semidefinite program over a class of functions (PEPit): the dual value is the guarantee, to the solver's accuracy",
    "evidence": "exhaustive or randomized search: never a proof",
}
#: the method whose rows are never "proved"
EVIDENCE = "evidence"


class Result(StrEnum):
    """The answers of a step."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """The answer of a method: for ``refuted`` with a witness, and in ``detail`` what a reader wants to know (values, gap, cases)."""

    result: Result
    witness: dict[str, Any] | None = None
    detail: str = ""


@dataclass(frozen=True)
class Fact:
    """A textbook fact that steps may rest on without proof: its name, its exact statement, where it is proved."""

    name: str
    statement: str
    source: str


@dataclass(frozen=True)
class Control:
    """A broken version of the statement, which the same method must refute."""

    what: str
    check: Callable[[], Outcome]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a proof.

    id        ``part.theorem.number`` as in ``gala.G1.2``; the numbered outline on the theory page carries it
    says      the statement of the step, one line of plain text
    method    one of :data:`METHODS`
    check     decides the statement; everything symbolic is built inside, so that a changed formula changes the proof
    control   a broken version that must come out refuted
    formulas  the functions of ``lra_ref`` that the check reads: a test mutates each of them and the step must no longer be proved
    assumes   what is assumed, in words (signs, smoothness, exact arithmetic)
    uses      ids of steps or theorems that this step builds on
    facts     textbook facts that it rests on
    reason    why no method decides it, for a step that stays ``unknown``
    """

    id: str
    says: str
    method: str
    check: Callable[[], Outcome]
    control: Control
    formulas: tuple[Callable[..., Any], ...] = ()
    assumes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+\.\w+\.\d+", self.id):
            raise ValueError(f"id must look like part.theorem.number, got {self.id!r}")
        if self.method not in METHODS:
            raise ValueError(f"{self.id}: method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if self.method == EVIDENCE and not self.reason:
            raise ValueError(f"{self.id}: evidence needs the reason why nothing stronger is to be had")

    @property
    def theorem(self) -> str:
        """``part.theorem``."""
        return self.id.rpartition(".")[0]

    @property
    def part(self) -> str:
        """The part."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Row:
    """The answer to one step, plain data but for the step itself."""

    step: Step
    outcome: Outcome
    control: Outcome
    seconds: float = 0.0
    error: str = ""
    tags: dict[str, Any] = field(default_factory=dict)

    @property
    def fired(self) -> bool:
        """Whether the control was caught."""
        return self.control.result is Result.REFUTED

    @property
    def fine(self) -> bool:
        """Proved, or unknown with a stated reason; and the control was caught."""
        proved = self.outcome.result is Result.PROVED and self.step.method != EVIDENCE  # evidence may not call itself a proof
        decided = proved or (self.outcome.result is Result.UNKNOWN and bool(self.step.reason))
        return decided and self.fired and not self.error

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        step = self.step
        return {
            "id": step.id, "theorem": step.theorem, "part": step.part, "step": step.says, "method": step.method,
            "result": str(self.outcome.result), "witness": self.outcome.witness, "detail": self.outcome.detail,
            "assumed": list(step.assumes), "rests_on": [vars(fact) for fact in step.facts], "uses": list(step.uses),
            "formulas": [f"{f.__module__}.{f.__qualname__}" for f in step.formulas], "reason": step.reason,
            "control": {"what": step.control.what, "result": str(self.control.result), "fired": self.fired},
            "seconds": round(self.seconds, 3), "error": self.error,
        }  # fmt: skip


def both(*outcomes: Outcome) -> Outcome:
    """All of them: the first refuted one, else the first unknown one, else proved with the details joined; none at all: ``ValueError``."""
    if not outcomes:
        raise ValueError("no case: a statement about nothing proves nothing")
    for wanted in (Result.REFUTED, Result.UNKNOWN):
        for outcome in outcomes:
            if outcome.result is wanted:
                return outcome
    return Outcome(Result.PROVED, None, "; ".join(dict.fromkeys(outcome.detail for outcome in outcomes if outcome.detail)))


def opposite(outcome: Outcome) -> Outcome:
    """The negation of a statement that was decided: what was refuted is proved (its witness is the example)."""
    if outcome.result is Result.REFUTED:
        return Outcome(Result.PROVED, outcome.witness, f"example: {outcome.witness}")
    return Outcome(Result.REFUTED if outcome.result is Result.PROVED else Result.UNKNOWN, None, outcome.detail)


def counted(outcomes: Iterable[Outcome]) -> Outcome:
    """As :func:`both`, for many cases of one statement; the detail says how many there were."""
    found = list(outcomes)
    if not found:
        raise ValueError("no case: a statement about nothing proves nothing")
    whole = both(*found)
    return whole if whole.result is not Result.PROVED else Outcome(Result.PROVED, None, f"{len(found)} cases")
