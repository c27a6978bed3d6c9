"""Proof steps of Mechanic: ``kernels`` (what one step does, in its three forms), ``statements`` (M1, M2, M3)."""
