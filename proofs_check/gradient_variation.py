"""Proof steps of the gradient-variation rates; the numbered outline is on the theory page ``docs/theory/gradient_variation.md``.

No proof exists: X5share (measured shares of steps that obey on noisy runs).
"""

from __future__ import annotations

from proofs_check.gradient_variation_steps import edges, fixed_points, geometry, lengths, members, noise, scaling, variation

PARTS = (members, edges, geometry, scaling, variation, noise, lengths, fixed_points)
STEPS = [step for part in PARTS for step in part.STEPS]
THEOREMS = {name: text for part in PARTS for name, text in part.THEOREMS.items()}
