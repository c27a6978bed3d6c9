"""Claims of the gradient-variation rates: ``lra-ref verify gradient_variation``.

Statements and proofs are on the theory page ``docs/theory/gradient_variation.md``; all are derived (our own).  The formula of the paper
that gave the family its name is not public: the rows X5 check its stated property for every member, and none is presented as that formula.
"""

from experiments.gradient_variation_claims import fixed_points, geometry, noise, scaling, steps, variation
from experiments.gradient_variation_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

FILES = (geometry, scaling, variation, noise, steps, fixed_points)
CLAIMS = sorted(
    searched([claim for file in FILES for claim in file.CLAIMS], SEARCHES),
    key=lambda claim: claim.id.split(".")[1][:2],
)
