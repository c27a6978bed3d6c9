"""What is repeated while the memory is watched; the leaking ones are the control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import lra_ref
from lra_ref.parts import Seen
from lra_ref.verify import Bound, Case, Claim, verify

SHARES = 20
DIM = 2
#: steps of the long run, as many records as shares of 1e5 steps
LONG, EVERY = 10_000_000, 100_000
SHORT = 100_000
#: what a leaking job keeps per share: enough to be seen, far less than a machine has
LEAK = 500_000


def noisy() -> Any:
    """A quadratic of two variables with noise."""
    return lra_ref.make_oracle("gaussian", lra_ref.make_problem("ellipsoid", dim=DIM, condition=10.0), sigma=0.1)


def long_run() -> Iterator[None]:
    """Ten million steps of one compiled run, resumed share by share."""
    steps = LONG // SHARES
    found = lra_ref.run(lra_ref.make_method("gala_sgd", eta_0=0.01), noisy(), steps=steps, every=EVERY)
    yield
    for _ in range(SHARES - 1):
        found = found.resume(steps)
        yield
    assert found.state.t == LONG
    assert found.records["loss"].shape == (1, LONG // EVERY + 1)
    assert np.isfinite(found.x).all()


def runs() -> Iterator[None]:
    """Many short runs, of several trajectories and threads."""
    method, oracle = lra_ref.make_method("adam", lr=0.01), noisy()
    for _ in range(SHARES):
        for _ in range(25):
            lra_ref.run(method, oracle, steps=100, trajectories=4, threads=2)
        yield


def problems() -> Iterator[None]:
    """Problems, oracles and methods made and thrown away, with a run of each."""
    for share in range(SHARES):
        for k in range(20):
            problem = lra_ref.make_problem("logistic", dim=5, n=50, seed=20 * share + k)
            lra_ref.run(lra_ref.make_method("momentum", lr=0.01), lra_ref.make_oracle("minibatch", problem, batch=4), steps=10)
        yield


def optimizer() -> Iterator[None]:
    """The ask/tell optimizer."""
    made = lra_ref.Optimizer(lra_ref.make_method("adam", lr=1e-3), np.ones(DIM))
    for _ in range(SHARES):
        for _ in range(SHORT // SHARES):
            made.tell([(1.0, evaluation.x) for evaluation in made.ask()])
        yield
    assert made.t == SHORT


def in_place() -> Iterator[None]:
    """The step on a vector that is overwritten."""
    x = np.ones(DIM)
    step = lra_ref.InPlace(lra_ref.make_method("adam", lr=1e-3), x)
    for _ in range(SHARES):
        for _ in range(SHORT // SHARES):
            step(x.copy())
        yield
    assert step.t == SHORT


def stepper() -> Iterator[None]:
    """The reference, step by step."""
    offsets = np.array([0, DIM])
    made = lra_ref.Stepper(lra_ref.make_method("adam", lr=1e-3), offsets)
    x = np.ones(DIM)
    state = made.init(x)
    for share in range(SHARES):
        for k in range(SHORT // SHARES):
            seen = Seen(t=share * SHORT // SHARES + k, x=x, g=x, f=np.ones(1), offsets=offsets)
            after, info = made.look(state, seen)
            state, x = made.move(after, seen, info)
        yield
    assert np.isfinite(x).all()


def verifications() -> Iterator[None]:
    """The same small claim checked again and again."""

    def run(case: Any, seeds: Any, settings: Any) -> Any:
        return np.full((len(seeds), 1000), 0.5)

    def sides(evidence: Any) -> Any:
        return Bound(lhs=evidence, rhs=np.ones_like(evidence), scale=evidence + 1, operations=4.0)

    claim = Claim(
        id="soak.A",
        kind="pathwise bound",
        provenance="derived",
        statement="1/2 <= 1",
        cases=(Case.everywhere("one", seeds=4),),
        run=run,
        sides=sides,
    )
    for _ in range(SHARES):
        for _ in range(5):
            verify([claim], preset="smoke")
        yield


def leaking_runs() -> Iterator[None]:
    """Short runs of which every one is kept, as by a cache without limit."""
    kept = []
    method, oracle = lra_ref.make_method("adam", lr=0.01), noisy()
    for _ in range(SHARES):
        for _ in range(25):
            found = lra_ref.run(method, oracle, steps=100, trajectories=4)
            kept.append((found, np.ones(LEAK // 25 // 8)))
        yield


def leaking_optimizer() -> Iterator[None]:
    """An optimizer whose infos are all kept."""
    made, kept = lra_ref.Optimizer(lra_ref.make_method("adam", lr=1e-3), np.ones(DIM)), []
    for _ in range(SHARES):
        for _ in range(1000):
            kept.append((made.tell([(1.0, evaluation.x) for evaluation in made.ask()]), made.state_dict()))
        yield


JOBS = ("long_run", "runs", "problems", "optimizer", "in_place", "stepper", "verifications")
LEAKS = ("leaking_runs", "leaking_optimizer")
