"""Claims of hypergradient descent with guarantees: ``lra-ref verify hdm``.

Statements and proofs are on the theory page ``docs/theory/hdm.md``; all are derived (our own), unless a row says otherwise.
"""

from experiments.hdm_claims import descent, feedback, regret, scalar, table
from experiments.hdm_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

FILES = (feedback, regret, descent, scalar, table)
CLAIMS = searched([claim for file in FILES for claim in file.CLAIMS], SEARCHES)
