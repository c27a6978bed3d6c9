"""Evidence: a search that found no counterexample. It can refute, it never proves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from proofs_check.steps import Outcome, Result


def no_counterexample(cases: Iterable[tuple[dict[str, Any], bool]], what: str) -> Outcome:
    """Look at ``(description, holds)`` of every case; refuted by the first that fails."""
    count = 0
    for description, holds in cases:
        count += 1
        if not holds:
            return Outcome(Result.REFUTED, description)
    if count == 0:
        raise ValueError("no case was looked at")
    return Outcome(Result.UNKNOWN, None, f"evidence only: no counterexample among {count} {what}")


def sampled(holds: Callable[[np.random.Generator], tuple[dict[str, Any], bool]], count: int, what: str, seed: int = 0) -> Outcome:
    """The same for ``count`` random cases; ``holds(generator)`` makes one and says whether the statement holds."""
    generator = np.random.default_rng(seed)
    return no_counterexample((holds(generator) for _ in range(count)), what)
