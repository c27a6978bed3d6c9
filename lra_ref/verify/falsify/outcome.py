"""The face :func:`falsify`: search, confirm, shrink, and what is kept of it."""

from __future__ import annotations

import concurrent.futures
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lra_ref.checks import chosen
from lra_ref.parameters import shown
from lra_ref.verify.cells import SCHEMA, cases_of, forget, plain, share_of_alpha
from lra_ref.verify.claim import Claim, Settings
from lra_ref.verify.falsify.confirm import Confirmation, confirm
from lra_ref.verify.falsify.derive import search_of, space_of
from lra_ref.verify.falsify.search import Evaluator, described, search
from lra_ref.verify.falsify.shrink import shrink
from lra_ref.verify.falsify.space import Place
from lra_ref.verify.falsify.trial import Target, Trial, attempt, judge
from lra_ref.verify.kinds import Sides

#: share of the budget that is kept for shrinking
SHRINK = 0.2
QUIET: Callable[[str], None] = lambda text: None  # noqa: E731


@dataclass(frozen=True)
class Outcome:
    """What a search found: the worst instance, shrunk; what was spent; and how far the finding can be trusted."""

    target: Target
    seed: int
    budget: int
    spent: int
    best: Trial | None
    confirmation: Confirmation | None
    verdicts: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    sides: Sides | None = None
    interrupted: bool = False

    @property
    def found(self) -> bool:
        """Whether a confirmed violation was found."""
        return self.best is not None and self.best.found and self.confirmation is not None and self.confirmation.confirmed

    @property
    def expected(self) -> bool:
        """Whether a violation is what should be found: of a control, and of a statement that is refuted."""
        return self.target.role == "control" or self.target.claim.kind == "refutation"

    @property
    def ok(self) -> bool:
        """A claim that was not falsified (and met where it is said to be tight), a control or refutation that was."""
        if self.expected or self.found:
            return self.found == self.expected
        return not search_of(self.target.claim, self.target.role).tight or (self.ratio is not None and self.ratio >= 0.99)

    @property
    def ratio(self) -> float | None:
        """The worst lhs/rhs."""
        return None if self.best is None else self.best.ratio

    def sentence(self) -> str:
        """One line for people."""
        claim = self.target.claim
        what = f"{claim.id}{' (control)' if self.target.role == 'control' else ''}"
        cost = f"{self.spent} evaluations" + (", interrupted" if self.interrupted else "")
        if self.best is None:
            return f"{what}: no usable instance in {cost}; {next(iter(self.problems), 'nothing was evaluated')}"
        finding = {
            (True, True): "found", (True, False): "FALSIFIED", (False, True): "NOT FOUND", (False, False): "not falsified",
        }[self.found, self.expected]  # fmt: skip
        how = "" if self.confirmation is None else f"; {self.confirmation.how}"
        return f"{what}: {finding} in {cost}; {described(self.best)}{how}"

    def witness(self) -> dict[str, Any] | None:
        """What ``lra-ref verify --replay`` needs to see the worst instance again."""
        if self.best is None:
            return None
        best, claim = self.best, self.target.claim
        instance = best.instance
        return dict(plain({
            "schema": SCHEMA, "claim": claim.id, "kind": claim.kind, "role": self.target.role, "case": instance.case,
            "parameters": instance.parameters, "preset": "smoke", "seed": instance.seed, "looks": instance.looks,
            "alpha": level(claim, self.target.role), "expected": best.verdict,
            "lhs": best.lhs, "rhs": best.rhs, "lhs_hex": best.lhs.hex(), "rhs_hex": best.rhs.hex(), "ratio": best.ratio,
            "notes": [best.note, *([self.confirmation.how] if self.confirmation else [])],
        }))  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        claim, best = self.target.claim, self.best
        return dict(plain({
            "claim": claim.id, "kind": claim.kind, "label": claim.label, "role": self.target.role, "found": self.found, "ok": self.ok,
            "expected": self.expected, "seed": self.seed, "budget": self.budget, "spent": self.spent, "interrupted": self.interrupted,
            "verdict": None if best is None else best.verdict, "ratio": self.ratio, "margin": None if best is None else best.margin,
            "lhs": None if best is None else best.lhs, "rhs": None if best is None else best.rhs,
            "confirmation": None if self.confirmation is None else vars(self.confirmation),
            "verdicts": self.verdicts, "refused": self.problems, "witness": self.witness(),
        }))  # fmt: skip


def falsify(
    claim: Claim,
    *,
    role: str = "claim",
    budget: int = 1000,
    seed: int = 0,
    jobs: int = 1,
    path: str | Path | None = None,
    progress: Callable[[str], None] = QUIET,
) -> Outcome:
    """Search for the instance on which a claim, or its control, fails or comes closest to failing.

    claim, path   the claim and, for other processes, the file that defines it
    role          "claim" or "control"
    budget, seed  evaluations of both sides (shrinking included, confirming not), and the seed of the search: together they decide
                  the result, whatever ``jobs`` is
    jobs          number of processes

    An interrupt ends the search and keeps the best so far. Raises ``ValueError`` with one line for values out of range.
    """
    for name, value in (("budget", budget), ("jobs", jobs)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number >= 1, got {shown(value)}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
        raise ValueError(f"seed must be a whole number in [0, 2^64), got {shown(seed)}")
    chosen("role", role, ("claim", "control"))
    if role == "control" and claim.control is None:
        raise ValueError(f"{claim.id} has no control")
    if jobs > 1 and path is None:
        raise ValueError(f"{claim.id} was given as an object; only claims from a file run in other processes")
    target = Target(claim, role, None if path is None else Path(path))
    alpha = level(claim, role)
    with contextlib.ExitStack() as stack:
        stack.callback(forget)
        pool: concurrent.futures.Executor | None = None
        if jobs > 1:
            from lra_ref.runs.executors import workers

            pool = stack.enter_context(workers(jobs))
        evaluator = Evaluator(target, space_of(claim, role), alpha, max(1, int(budget * (1 - SHRINK))), pool, jobs, progress)
        interrupted = False
        try:
            search(evaluator, seed)
        except KeyboardInterrupt:
            interrupted = True
        return _finished(evaluator, target, seed, budget, interrupted)


def level(claim: Claim, role: str) -> float:
    """Error probability of one look: the claim's, split over the cases of the smallest preset, or whole where that runs none."""
    return share_of_alpha(claim, role, Settings("smoke")) if cases_of(claim, role, "smoke") else Settings().alpha


def _finished(evaluator: Evaluator, target: Target, seed: int, budget: int, interrupted: bool) -> Outcome:
    """Shrink and confirm the best of a search."""
    best, sides, confirmation = evaluator.best, None, None
    if best is not None:

        def again(place: Place, count: int | None) -> Trial:
            return attempt(target, evaluator.space, place, evaluator.alpha, count)

        cost = 0
        try:
            # a shrunk instance that does not stand up to confirmation gives way to the one that was found
            _, sides = judge(target, best.instance, evaluator.alpha)
            sampled = sides is not None and sides.sampled
            small, cost = (best, 0) if interrupted else shrink(best, evaluator.space, again, int(SHRINK * budget), sampled)
            for candidate in (small, best):
                _, sides = judge(target, candidate.instance, evaluator.alpha)
                made, confirmation = confirm(target, candidate, sides, evaluator.alpha)
                if not candidate.found or confirmation.confirmed or candidate is best:
                    best = made
                    break
        except KeyboardInterrupt:
            interrupted = True
        evaluator.spent += cost
    return Outcome(
        target, seed, budget, evaluator.spent, best, confirmation, dict(evaluator.verdicts), dict(evaluator.problems.most_common(5)),
        sides, interrupted,
    )  # fmt: skip
