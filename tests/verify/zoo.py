"""A claim file with one claim of every outcome; the tests of the runner, the report and the command line read it."""

import numpy as np

from lra_ref.verify import (
    Assumption,
    Bound,
    Case,
    Claim,
    Control,
    Distribution,
    Expectation,
    Identity,
    Invariance,
    Measured,
    Moment,
    Rate,
    WorstCase,
    bound_times,
)

STEPS = np.arange(1, 41)


def walk(case, seeds, settings):
    """Sums of uniform random numbers, (seeds, 40): x_T <= T always, E x_T = T/2."""
    if case.get("interrupt"):
        raise KeyboardInterrupt
    return np.stack([np.cumsum(np.random.default_rng([settings.seed, int(seed)]).random(40)) for seed in seeds])


def identity(x):
    # the difference of neighbours added up again: two roundings per step
    return Identity(lhs=x, rhs=np.cumsum(np.diff(x, axis=1, prepend=0.0), axis=1), scale=2 * x, operations=2 * STEPS)


def bound(x):
    return Bound(lhs=x, rhs=STEPS, scale=x + STEPS, operations=STEPS)


def half(x):
    return Bound(lhs=x, rhs=STEPS / 2, scale=x + STEPS, operations=STEPS)


def mean(x):
    at = np.array([5, 20, 40])
    return Expectation(lhs=x[:, at - 1], rhs=0.6 * at, scale=x[:, at - 1] + at, operations=at, at=at)


def exactly(x):
    at = np.array([5, 20, 40])
    return Expectation(lhs=x[:, at - 1], rhs=0.5 * at, scale=x[:, at - 1] + at, operations=at, at=at)


def law(x):
    return Distribution(moments=[Moment("step", x[:, 0], 0.5, 0.2), Moment("its variance", x[:, 0], 1 / 12, 0.05, "variance")])


def wrong_law(x):
    return Distribution(moments=[Moment("step", x[:, 0], 1.0, 0.01)])


def rate(exponent):
    at = np.array([5, 10, 20, 40])
    return lambda x: Rate(horizons=at, values=x[:, at - 1], exponent=exponent, tol=0.1, side="equal")


def sdp(dual):
    return lambda x: WorstCase(primal=0.9 * dual, dual=dual, bound=1.0, tol=1e-8)


def scaled(factor):
    return lambda x: Invariance(first=x, second=x * factor / factor)


def raises(x):
    raise RuntimeError("no sides today")


def smallest(x):
    step = float(np.diff(x).min())
    return Measured(step >= 0, step, "smallest step")


def largest(x):
    step = float(np.diff(x).max())
    return Measured(step <= 0.5, step, "largest step")


def make(name, kind, sides, what, control, seeds=4, **more):
    cases = more.pop("cases", (Case.everywhere("walk", seeds=seeds),))
    return Claim(
        id=f"zoo.{name}", kind=kind, provenance="derived", statement=r"$\sum_{s \leq T} \xi_s \leq T$", cases=cases, run=walk,
        sides=sides, control=Control(what, sides=control), **more,
    )  # fmt: skip


CLAIMS = [
    make("identity", "identity", identity, "times 1 + 1e-9", bound_times(1 + 1e-9, identity), title="Sums of differences"),
    make("bound", "pathwise bound", bound, "the bound times 0.4", bound_times(0.4, bound), label="upper",
         assumptions=(Assumption("steps are positive", "smallest step", smallest),),
         cases=(Case.everywhere("four", seeds=4), Case.everywhere("eight", seeds=8))),
    make("mean", "bound in expectation", mean, "the bound times 0.5", bound_times(0.5, mean), 64, label="upper"),
    make("law", "distribution", law, "mean 1", wrong_law, 256),
    make("rate", "rate", rate(1.0), "exponent 2", rate(2.0), 32),
    make("sdp", "worst case", sdp(0.9), "dual 2", sdp(2.0)),
    make("scale", "invariance", scaled(2.0), "not a power of two", scaled(3.0)),
    make("refuted", "refutation", half, "a statement that is true", bound),
    make("violated", "pathwise bound", half, "the bound times 0.4", bound_times(0.4, bound)),
    make("undecided", "bound in expectation", exactly, "the bound times 0.5", bound_times(0.5, exactly), 32,
         may_be_undecided="equality in the mean cannot be decided by a one-sided test"),
    make("inapplicable", "pathwise bound", bound, "the bound times 0.4", bound_times(0.4, bound),
         assumptions=(Assumption("no step above 0.5", "largest step", largest),)),
    make("raises", "pathwise bound", raises, "fires", bound_times(0.4, bound)),
    make("silent", "pathwise bound", bound, "a control that does not fire", bound),
]  # fmt: skip
AS_CLAIMED = {"identity", "bound", "mean", "law", "rate", "sdp", "scale", "refuted", "undecided", "inapplicable"}
