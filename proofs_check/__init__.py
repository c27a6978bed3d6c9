"""Machine-checked proof steps of the statements in ``docs/theory/``: ``python -m proofs_check``.

One file per part (``gala.py``, ``clara.py``, ...) defines ``STEPS``, a list of :class:`~proofs_check.steps.Step`. The methods of proof
have one file each: ``algebra`` (SymPy), ``decision`` (z3), ``intervals`` (Arb balls of python-flint), ``worst_case`` (PEPit), ``evidence``.
The formulas under proof are imported from ``lra_ref`` and read over another namespace: what is proved is the function that runs.
"""
