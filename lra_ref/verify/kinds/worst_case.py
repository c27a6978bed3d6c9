"""The worst case over a class of functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from lra_ref.verify.kinds.base import Judgement, Sides, Verdict, fixed


@dataclass(frozen=True, eq=False, kw_only=True)
class WorstCase(Sides):
    """The worst value over a class is at most ``bound``.

    ``primal`` is a value that some instance attains (a lower bound of the worst case, None if unknown), ``dual`` a certified upper
    bound of it (None for a mere search). Only the dual is a guarantee: HOLDS needs it. ``tol`` is the solver's accuracy relative to
    the largest of the three absolute values; ``how`` says where the two numbers come from.
    """

    kind: ClassVar[str] = "worst case"
    primal: float | None
    dual: float | None
    bound: float
    tol: float
    how: str = ""

    def __post_init__(self) -> None:
        fixed(self, "bound", *(name for name in ("primal", "dual") if getattr(self, name) is not None))
        fixed(self, "tol", least=0)
        if self.primal is None and self.dual is None:
            raise ValueError("a worst case needs a primal or a dual value")

    @property
    def seeds(self) -> int | None:
        """A worst case has no seeds."""
        return None

    def judge(self, alpha: float) -> Judgement:
        """HOLDS if the dual is at most the bound, VIOLATED if the primal exceeds it, each up to the solver's accuracy."""
        known = [float(value) for value in (self.primal, self.dual, self.bound) if value is not None]
        finite = all(map(math.isfinite, known))
        scale = max(map(abs, known)) if finite else math.nan
        allowed = self.tol * scale
        gap = "primal " + ("not computed" if self.primal is None else f"{self.primal:.8g}")
        gap += ", dual " + ("not computed, so no guarantee" if self.dual is None else f"{self.dual:.8g} (the guarantee)")
        notes = [f"{gap}, solver accuracy {self.tol:.1g}"] + ([self.how] if self.how else [])
        verdict = Verdict.UNDECIDED
        if not finite:
            notes.append("a value is not finite")
        elif self.primal is not None and self.dual is not None and self.primal > self.dual + 2 * allowed:
            notes.append("the primal exceeds the dual: the solver's answer is inconsistent")
        elif self.primal is not None and self.primal > self.bound + allowed:
            verdict = Verdict.VIOLATED
        elif self.dual is not None and self.dual <= self.bound + allowed:
            verdict = Verdict.HOLDS
        lhs = float(self.primal if self.dual is None or verdict is Verdict.VIOLATED else self.dual)  # type: ignore[arg-type]
        tight = lhs / self.bound if finite and lhs > 0 and self.bound > 0 else None
        margin = (self.bound - lhs) / scale if finite and scale > 0 else 0.0 if finite else math.nan
        return Judgement(verdict, lhs, float(self.bound), tightness=tight, margin=margin, where=(0,), notes=tuple(notes), finite=finite)

    def series(self) -> dict[str, Any]:
        """The three numbers."""
        return {"plot": "worst case", "primal": self.primal, "dual": self.dual, "bound": self.bound}
