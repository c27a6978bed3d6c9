"""Claims of AutoGD and AutoSGD: ``lra-ref verify autogd``.

A1 to A4 are about AutoGD, B1 to B3 about the test of AutoSGD.  Statements and proofs are on the theory page ``docs/theory/autogd.md``; all
are derived (our own).
"""

from experiments.autogd_claims import descent, noise
from experiments.autogd_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

CLAIMS = searched([*descent.CLAIMS, *noise.CLAIMS], SEARCHES)
