"""Proof steps of DoG, LDoG and DoWG; statements are on the theory page ``docs/theory/dog.md``.

That the right-hand side of DG1 cannot be lowered by more than 6% is a certified run (``dog.DG1.8``); that it cannot be lowered at all has
no proof here.
"""

from proofs_check.dog_steps import cone, kernels, regret

STEPS = [*kernels.STEPS, *regret.STEPS, *cone.STEPS]

THEOREMS = {**kernels.THEOREMS, **regret.THEOREMS, **cone.THEOREMS}
