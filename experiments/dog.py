"""Claims of DoG, LDoG and DoWG: ``lra-ref verify dog``.

Statements and proofs are on the theory page ``docs/theory/dog.md``; all are derived (proved there), whatever the papers state.
"""

from experiments.dog_claims.distance import CLAIMS as DISTANCE
from experiments.dog_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

CLAIMS = searched(list(DISTANCE), SEARCHES)
