"""Proof steps of AutoGD and AutoSGD, by topic."""
