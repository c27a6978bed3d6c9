"""Without the packages of the extra ``proofs`` there is nothing to test here."""

import importlib.util

collect_ignore_glob = [] if all(map(importlib.util.find_spec, ("sympy", "z3", "flint", "PEPit", "clarabel"))) else ["test_*.py"]
