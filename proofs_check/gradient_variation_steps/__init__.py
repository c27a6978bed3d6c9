"""Proof steps of the gradient-variation rates, one file per topic."""
