"""Proof steps of the online learners by topic, collected in ``proofs_check/learners.py``."""
