"""Claims of exponentiated-gradient step sizes and hypergradients: ``lra-ref verify exponentiated``.

Statements and proofs are on the theory page ``docs/theory/exponentiated.md``; all are derived (our own), unless a row says otherwise.
"""

from experiments.exponentiated_claims import ancestors, bias, gains, invariance, multiplicative, scale, shift

FILES = (scale, gains, invariance, bias, multiplicative, shift, ancestors)
CLAIMS = sorted((claim for file in FILES for claim in file.CLAIMS), key=lambda claim: claim.id)
