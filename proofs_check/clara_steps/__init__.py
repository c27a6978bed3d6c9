"""Proof steps of CLARA and SALERA, by topic; ``proofs_check/clara.py`` collects them."""
