"""Proof steps of Mechanic; statements are on the theory page ``docs/theory/mechanic.md``."""

from proofs_check.mechanic_steps import kernels, statements

STEPS = [*kernels.STEPS, *statements.STEPS]

THEOREMS = {**kernels.THEOREMS, **statements.THEOREMS}
