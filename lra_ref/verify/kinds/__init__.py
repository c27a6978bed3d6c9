"""Kinds of statement, one class each: both sides, and the rule that turns them into a verdict."""

from lra_ref.verify.kinds.base import MACHEPS, Estimate, Judgement, Rounded, Sides, Verdict
from lra_ref.verify.kinds.distribution import Distribution, Fit, Moment
from lra_ref.verify.kinds.exact import Bound, Identity, Invariance
from lra_ref.verify.kinds.expectation import Expectation
from lra_ref.verify.kinds.rate import Rate
from lra_ref.verify.kinds.worst_case import WorstCase

#: kind of statement -> the class of its sides; a refutation uses the class of the statement it refutes
KINDS: dict[str, type[Sides] | None] = {
    **{sides.kind: sides for sides in (Identity, Bound, Expectation, Distribution, Rate, WorstCase, Invariance)},
    "refutation": None,
}

__all__ = [
    "KINDS", "MACHEPS", "Bound", "Distribution", "Estimate", "Expectation", "Fit", "Identity", "Invariance", "Judgement", "Moment",
    "Rate", "Rounded", "Sides", "Verdict", "WorstCase",
]  # fmt: skip
