"""Proof steps of exponentiated-gradient step sizes by topic, collected in ``proofs_check/exponentiated.py``."""
