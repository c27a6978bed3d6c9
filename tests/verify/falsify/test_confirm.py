"""A second opinion on fresh seeds: selection over noise is undone, a wrong law is confirmed."""

from __future__ import annotations

import numpy as np

from lra_ref.verify import Case, Claim, Distribution, Moment
from lra_ref.verify.falsify import Real, Search, falsify


def shifted(case, seeds, settings):
    made = np.array([np.random.default_rng([settings.seed, int(seed)]).normal(case["mean"]) for seed in seeds])
    starts.append((int(seeds[0]), case["mean"]))
    return made


starts: list[tuple[int, float]] = []


def noisy_mean(low, high):
    return Claim(
        id="toy.mean", kind="distribution", provenance="derived", statement="a toy", run=shifted,
        sides=lambda e: Distribution(moments=(Moment("mean", e, 0.0, 0.1),)),
        cases=(Case.everywhere("normal", mean=0.5, seeds=40, budget=320),), search=Search(space={"mean": Real(low, high)}),
    )  # fmt: skip


def test_selection_over_noise_is_undone_by_fresh_seeds():
    """The mean is 0: the best of many looks misses it by chance, which new trajectories do not confirm."""
    outcome = falsify(noisy_mean(0.0, 0.0), budget=250)
    assert not outcome.found
    assert outcome.ok


def test_a_wrong_mean_is_confirmed_on_seeds_that_the_search_did_not_see():
    starts.clear()
    outcome = falsify(noisy_mean(0.0, 2.0), budget=100)
    assert outcome.found
    # a search looks at the first few thousand trajectories
    assert all(start == 0 or start > 10**6 for start, _ in starts)
    assert all(start > 10**6 for start, _ in outcome.best.instance.looks)
    assert "fresh seeds" in outcome.sentence()
