"""A claim file of one's own: ``lra-ref verify docs/examples/own_claim.py``.

The method is x <- x - x / L on F(x) = L x^2 / 2 with noise of standard deviation sigma in the gradient, so that every number below can
be checked with pencil and paper.
"""

import numpy as np

from lra_ref.verify import Assumption, Bound, Case, Claim, Control, Expectation, Measured, bound_times


def run(case, seeds, settings):
    """Gradient descent at rate 1/(2L); evidence: losses of shape (seeds, steps + 1), and how far each gradient was off."""
    steps, L, sigma = case["steps"], case["L"], case["sigma"]
    x = np.ones((len(seeds), steps + 1))
    noise = np.empty((len(seeds), steps))
    for row, seed in enumerate(seeds):
        # a generator per seed: a seed's numbers must not depend on which other seeds run beside it
        noise[row] = sigma * np.random.default_rng([settings.seed, int(seed)]).standard_normal(steps)
    for t in range(steps):
        x[:, t + 1] = x[:, t] - (L * x[:, t] + noise[:, t]) / (2 * L)
    return {"loss": L * x**2 / 2, "noise": noise, "L": L, "sigma": sigma}


def halving(evidence):
    """Without noise x is halved in every step: F(x_T) <= F(x_0) 4^-T, in fact with equality."""
    loss = evidence["loss"]
    steps = np.arange(1, loss.shape[1])
    lhs, rhs = loss[:, 1:], loss[:, :1] * 0.25**steps
    # a step rounds three times, the loss three times more
    return Bound(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=3 * steps + 3, at=steps)


def floor(evidence):
    """With noise E F(x_T) <= F(x_0) 4^-T + sigma^2 / (6 L): a stationary level that the noise sets."""
    loss, L, sigma = evidence["loss"], evidence["L"], evidence["sigma"]
    steps = np.unique(np.geomspace(1, loss.shape[1] - 1, 6).astype(int))
    lhs, rhs = loss[:, steps], loss[:, :1] * 0.25**steps + sigma**2 / (6 * L) * 1.1
    return Expectation(lhs=lhs, rhs=rhs, scale=lhs + rhs, operations=3 * steps + 5, at=steps)


def noiseless(evidence):
    """The largest noise that was seen."""
    largest = float(np.max(np.abs(evidence["noise"])))
    return Measured(largest == 0, largest, "largest noise")


CLAIMS = [
    Claim(
        id="own.halving", kind="pathwise bound", label="tight", provenance="derived",
        title="Every step divides the loss by four",
        statement=r"$F(x_T) \leq 4^{-T} F(x_0)$ for gradient descent at rate $1/(2L)$ on $F(x) = L x^2/2$",
        assumptions=(Assumption("no noise", "largest noise of the run", noiseless),),
        cases=(
            Case("L = 1", smoke={"steps": 10}, quick={"steps": 40}, full={"steps": 200}, common={"L": 1.0, "sigma": 0.0, "seeds": 2}),
            Case("L = 3, noisy", quick={"steps": 40}, full={"steps": 200}, common={"L": 3.0, "sigma": 0.5, "seeds": 2}),
        ),
        run=run, sides=halving, control=Control("the bound times 0.9", sides=bound_times(0.9, halving)),
    ),
    Claim(
        id="own.floor", kind="bound in expectation", label="upper", provenance="derived",
        title="Noise sets a floor",
        statement=r"$\mathbf{E}\, F(x_T) \leq 4^{-T} F(x_0) + 1.1\, \sigma^2 / (6 L)$",
        cases=(Case.everywhere("L = 2", steps=30, L=2.0, sigma=1.0, seeds=256, budget=16384),),
        run=run, sides=floor, control=Control("the bound times 0.7", sides=bound_times(0.7, floor)),
    ),
]  # fmt: skip
