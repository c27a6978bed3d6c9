"""Claims of MLR-SNet: ``lra-ref verify mlr_snet``.

Statements and proofs are on the theory page ``docs/theory/mlr_snet.md``; all are derived (our own).
"""

from experiments.mlr_snet_claims.runs import by_hand, case, in_range, learned, looked, of_the_loss, off_the_kink, played, tame
from experiments.mlr_snet_claims.searches import SEARCHES
from lra_ref.verify import Assumption, Case, Claim, Control
from lra_ref.verify.falsify import searched

SMALL = (
    case("quadratic, H = 3", "quadratic", hidden=3, meta_lr=0.03),
    case("noisy quadratic, H = 8", "noisy quadratic", hidden=8, meta_lr=0.03),
    case("noisy quadratic, state once", "noisy quadratic", hidden=8, meta_lr=0.03, twice=False),
)
LOGISTIC = case("logistic, iris, H = 8", "logistic, iris", hidden=8, gamma=1.0)
LEARNED = Assumption("meta-steps were taken", "updates, statuses", learned)
KINK = Assumption("off the kinks", "pre-activations of the rectifiers", off_the_kink)
LARGE = Case.everywhere("large weights", hidden=6, looks=40, scale=30.0, loss=2.0, seeds=2)
WIDE = Case.everywhere("weights of the start", hidden=50, looks=40, scale=1.0, loss=2.0, seeds=2)

CLAIMS = searched([
    Claim(
        id="mlr_snet.M1", title="The gradient of the network", kind="identity", provenance="derived",
        statement=r"the hand-written $\partial s/\partial\theta$ is that of complex steps, at networks and states that runs end with",
        cases=(*SMALL, LOGISTIC), run=played, sides=by_hand, assumptions=(LEARNED, KINK),
        control=Control("one millionth more", sides=lambda e: by_hand(e, 1 + 1e-6)),
    ),
    Claim(
        id="mlr_snet.M1loss", title="The gradient of the held-out loss", kind="identity", provenance="derived",
        statement=r"$\frac{d}{d\theta}L(x-\Gamma sg)=-\Gamma\langle\nabla L(x-\Gamma sg),g\rangle\partial s/\partial\theta$, (h, c) fixed",
        cases=SMALL, run=played, sides=of_the_loss, assumptions=(LEARNED, KINK),
        control=Control("the other sign", sides=lambda e: of_the_loss(e, 1.0)),
    ),
    Claim(
        id="mlr_snet.M2", title="The learning rate stays in its range", kind="pathwise bound", label="upper", provenance="derived",
        statement=r"$0\leq\eta\leq\Gamma$", cases=(*SMALL, LOGISTIC), run=played, sides=in_range, assumptions=(LEARNED,),
        control=Control("at most a quarter of Gamma", sides=lambda e: in_range(e, 0.25)),
    ),
    Claim(
        id="mlr_snet.M3", title="The state grows at most by one a look", kind="pathwise bound", label="tight", provenance="derived",
        statement=r"after $n$ looks from the zero state $|c|\leq n$ and $|h|\leq 1$, whatever the losses and the weights",
        cases=(LARGE, WIDE), run=looked, sides=tame, control=Control("0.99 n", sides=lambda e: tame(e, 0.99), cases=("large weights",)),
    ),
], SEARCHES)  # fmt: skip
