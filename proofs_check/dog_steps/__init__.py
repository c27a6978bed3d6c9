"""Proof steps of DoG, LDoG and DoWG: ``kernels`` (what one step does), ``regret`` (DG1, DG2, DG3), ``cone`` (DG4)."""
