"""Proof steps of D-Adaptation; the statements and their proofs in words are on the theory page ``docs/theory/dadaptation.md``.

No proof exists: D4start (convergence of the SGD form from (1, 1), observed for kappa up to 100).
"""

from __future__ import annotations

from proofs_check.dadaptation_steps import averaging, forms, universal

PARTS = (universal, averaging, forms)
STEPS = [step for part in PARTS for step in part.STEPS]
THEOREMS = {name: text for part in PARTS for name, text in part.THEOREMS.items()}
