"""Proof steps of the controlled minibatch algorithm; the numbered outline is on the theory page ``docs/theory/cma.md``.

No proof exists: that the values the engine hands over are those of F (``cma.C1value`` checks it bit for bit on every run).
"""

from __future__ import annotations

from proofs_check.cma_steps import decision, kernels

STEPS = [*decision.STEPS, *kernels.STEPS]
THEOREMS = {
    "cma.C1": "for every F, oracle and order of batches: F(w_k) <= F(w_0) for every k, and zeta_{k+1} <= zeta_k",
    "cma.C1published": "with the published order of shrinking F(w_k) <= F(w_0) is false",
}
