"""Verification of claims: what a claim file needs, and :func:`verify`."""

from lra_ref.verify.claim import Assumption, Case, CaseView, Claim, Control, Measured, Settings, bound_times
from lra_ref.verify.kinds import (
    MACHEPS,
    Bound,
    Distribution,
    Expectation,
    Fit,
    Identity,
    Invariance,
    Moment,
    Rate,
    Verdict,
    WorstCase,
)
from lra_ref.verify.runner import Result, verify
from lra_ref.verify.witness import Replay, replay

__all__ = [
    "MACHEPS", "Assumption", "Bound", "Case", "CaseView", "Claim", "Control", "Distribution", "Expectation", "Fit", "Identity",
    "Invariance", "Measured", "Moment", "Rate", "Replay", "Result", "Settings", "Verdict", "WorstCase", "bound_times", "replay", "verify",
]  # fmt: skip
