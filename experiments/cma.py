"""Claims of the controlled minibatch algorithm: ``lra-ref verify cma``.

Statements and proofs are on the theory page ``docs/theory/cma.md``; all are derived (our own proofs).
"""

from experiments.cma_claims.runs import (
    CASES,
    PASSES,
    WITNESSES,
    below_start,
    corrected,
    decreases,
    known_value,
    never_grows,
    played,
    published,
)
from experiments.cma_claims.searches import SEARCHES
from lra_ref.verify import Case, Claim, Control, bound_times
from lra_ref.verify.falsify import searched

WITNESS = (Case.from_witness(WITNESSES / "cma.C1published.json"),)
CORRECTED = Case.everywhere("the wave", problem="wave", batches=1, parameters={"zeta": 0.15915494309189535}, steps=12)

CLAIMS = searched([
    Claim(
        id="cma.C1", title="Never above the start", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$F(w_k)\leq F(w_0)$ for every $k$, on any function",
        cases=(*CASES, CORRECTED), run=played, sides=below_start, assumptions=(PASSES,),
        control=Control("the published order of shrinking", run=published, cases=("the wave",)),
    ),
    Claim(
        id="cma.C1zeta", title="The step size never grows", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"$\zeta_{k+1}\leq\zeta_k$", cases=CASES, run=played, sides=never_grows, assumptions=(PASSES,),
        control=Control("it shrinks by a tenth every time", sides=bound_times(0.9, never_grows)),
    ),
    Claim(
        id="cma.C1value", title="The value kept is the value there", kind="identity", provenance="derived",
        statement=r"the number that the method keeps as $F(w_k)$ is $F$ at $w_k$, bit for bit",
        cases=(*CASES, CORRECTED), run=played, sides=known_value, assumptions=(PASSES,),
        control=Control("the published order of shrinking", run=published, cases=("the wave",)),
    ),
    Claim(
        id="cma.C1decrease", title="What an accepted pass and a search gain", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$F(w_{k+1})\leq F(w_k)-\gamma\zeta_k$ after an accepted pass, $\leq F(w_k)-\gamma\alpha|d|^2$ after a search",
        cases=CASES, run=played, sides=decreases, assumptions=(PASSES,),
        control=Control("a search gains twice of it, gamma = 1/2", sides=lambda e: decreases(e, 2.0), cases=("quadratic, search",)),
    ),
    Claim(
        id="cma.C1published", title="The published order of shrinking leaves the level set", kind="refutation", provenance="derived",
        statement=r"REFUTED: $F(w_k)\leq F(w_0)$ for the published code: $F=1-\sin 2\pi x-\cos 2\pi x-10^{-9}x$ goes from 0 to 2",
        cases=WITNESS, run=played, sides=below_start,
        control=Control("the order of the paper, for which it is true", run=corrected, cases=WITNESS),
    ),
], SEARCHES)  # fmt: skip
