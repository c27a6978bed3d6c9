"""Proof steps of hypergradient descent with guarantees; the numbered outline is on the theory page ``docs/theory/hdm.md``.

No proof exists: H11 (counts of gradients that were measured).
"""

from __future__ import annotations

from proofs_check.hdm_steps import adagrad, descent, feedback, regret

PARTS = (feedback, regret, adagrad, descent)
STEPS = [step for part in PARTS for step in part.STEPS]
THEOREMS = {name: text for part in PARTS for name, text in part.THEOREMS.items()}
