"""Claims of exponentiated-gradient step sizes and hypergradients: ``lra-ref verify exponentiated``.

Statements and proofs are on the theory page ``docs/theory/exponentiated.md``; all are derived (our own), unless a row says otherwise.
"""

from experiments.exponentiated_claims import ancestors, bias, gains, invariance, multiplicative, scale, shift
from experiments.exponentiated_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

FILES = (scale, gains, invariance, bias, multiplicative, shift, ancestors)
CLAIMS = sorted(searched([claim for file in FILES for claim in file.CLAIMS], SEARCHES), key=lambda claim: claim.id)
