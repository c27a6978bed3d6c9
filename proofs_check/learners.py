"""Proof steps of the one-dimensional online learners; statements are on the theory page ``docs/theory/learners.md``.

O6 is proved here with its constant 24, which the page calls unconfirmed: see ``learners_steps/betting.py``.
"""

from proofs_check.learners_steps import betting, descent, entropic

STEPS = [*descent.STEPS, *entropic.STEPS, *betting.STEPS]

THEOREMS = {**descent.THEOREMS, **entropic.THEOREMS, **betting.THEOREMS}
