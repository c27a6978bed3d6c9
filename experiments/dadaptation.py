"""Claims of D-Adaptation: ``lra-ref verify dadaptation``.

Statements and proofs are on the theory page ``docs/theory/dadaptation.md``; all are derived (our own), unless a row says otherwise.
"""

from experiments.dadaptation_claims import certificates, refuted
from experiments.dadaptation_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

CLAIMS = searched([*certificates.CLAIMS, *refuted.CLAIMS], SEARCHES)
