"""Claims of CLARA, SALERA and the Page-Hinkley test: ``lra-ref verify clara``.

Statements and proofs are on the theory page ``docs/theory/clara.md``; what they are about is published or derived as each row says.
"""

from experiments.clara_claims import adam, detection, laws, paths, runs_of_x
from experiments.clara_claims.searches import SEARCHES
from lra_ref.verify.falsify import searched

CLAIMS = searched([*laws.CLAIMS, *paths.CLAIMS, *runs_of_x.CLAIMS, *adam.CLAIMS, *detection.CLAIMS], SEARCHES)
