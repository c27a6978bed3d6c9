"""Claims of GALA: ``lra-ref verify gala``.

Statements and proofs are on the theory page ``docs/theory/gala.md``; all are derived (our own), unless a row says otherwise.
"""

import re

from experiments.gala_claims import endpoint, excess, expectation, laws, rates, regret, scaling
from experiments.gala_claims.searches import SEARCHES
from lra_ref.verify import Claim
from lra_ref.verify.falsify import searched


def _order(claim: Claim) -> tuple[int, str]:
    """G1, G1clip, ..., G2a, ..., G11."""
    found = re.fullmatch(r"gala\.G(\d+)(\w*)", claim.id)
    assert found is not None, claim.id
    return int(found[1]), found[2]


FILES = (regret, excess, expectation, endpoint, scaling, laws, rates)
CLAIMS = sorted(searched([claim for file in FILES for claim in file.CLAIMS], SEARCHES), key=_order)
