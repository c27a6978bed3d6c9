"""The comparators at which the regret bounds of GALA are checked."""

from __future__ import annotations

import numpy as np

from experiments.gala_claims.regret import BOXED, by_delta, by_gamma, cases, g2a, g2d, worst
from experiments.gala_claims.runs import recorded
from lra_ref.verify import Settings
from lra_ref.verify.claim import CaseView


def _evidence(learner):
    case = cases({**BOXED, "learner": learner})[3]
    return recorded(CaseView(case.name, case.parameters("smoke")), np.arange(2), Settings(preset="smoke"))


def test_no_comparator_of_the_interval_is_closer_than_the_worst():
    for learner, bound, weight in (("ftrl", g2a, by_delta), ("ogd_constant", g2d, by_gamma)):
        e = _evidence(learner)
        closest = np.min([bound(e, u) - e.regret(u) for u in worst(e, weight(e.parameters))], axis=0)
        # the gap is a convex parabola in u: rounding apart it is nowhere smaller; sums of 100 terms on both sides
        for u in np.linspace(0, e.parameters["eta_max"], 41):
            gap = bound(e, u) - e.regret(u)
            allowance = 500 * np.finfo(float).eps * (e.regret_scale(u) + np.abs(bound(e, u)))
            assert np.all(closest <= gap + allowance)


def test_the_ends_alone_would_miss_the_worst():
    e = _evidence("ogd_constant")
    *ends, inner = worst(e, by_gamma(e.parameters))
    at_ends = np.min([g2d(e, u) - e.regret(u) for u in ends], axis=0)
    assert np.all((g2d(e, inner) - e.regret(inner))[:, -1] < at_ends[:, -1] / 2)


def test_regret_takes_one_comparator_per_prefix():
    e = _evidence("ftrl")
    u = np.broadcast_to(np.linspace(0.1, 1.0, e.steps), e.a.shape)
    for n in (1, e.steps):
        alone = e.regret(float(u[0, n - 1]))[:, n - 1]
        assert np.array_equal(e.regret(u)[:, n - 1], alone)
