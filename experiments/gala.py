"""Claims of GALA: ``lra-ref verify gala``.

Statements and proofs are on the theory page ``docs/theory/gala.md``; all are derived (our own), unless a row says otherwise.
"""

import re

from experiments.gala_claims import endpoint, excess, expectation, laws, rates, regret, scaling
from lra_ref.verify import Claim


def _order(claim: Claim) -> tuple[int, str]:
    """G1, G1clip, ..., G2a, ..., G11."""
    found = re.fullmatch(r"gala\.G(\d+)(\w*)", claim.id)
    assert found is not None, claim.id
    return int(found[1]), found[2]


CLAIMS = sorted(
    [*regret.CLAIMS, *excess.CLAIMS, *expectation.CLAIMS, *endpoint.CLAIMS, *scaling.CLAIMS, *laws.CLAIMS, *rates.CLAIMS], key=_order
)
