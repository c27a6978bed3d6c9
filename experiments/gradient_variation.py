"""Claims of the gradient-variation rates: ``lra-ref verify gradient_variation``.

Statements and proofs are on the theory page ``docs/theory/gradient_variation.md``; all are derived (our own).  The formula of the paper
that gave the family its name is not public: the rows X5 check its stated property for every member, and none is presented as that formula.
"""

from experiments.gradient_variation_claims import fixed_points, geometry, noise, scaling, steps, variation

CLAIMS = sorted(
    [*geometry.CLAIMS, *scaling.CLAIMS, *variation.CLAIMS, *noise.CLAIMS, *steps.CLAIMS, *fixed_points.CLAIMS],
    key=lambda claim: claim.id.split(".")[1][:2],
)
