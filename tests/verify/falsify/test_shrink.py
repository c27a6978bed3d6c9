"""The worst is shrunk to the smallest instance that shows it."""

from __future__ import annotations

import numpy as np

from lra_ref.verify.falsify import Integer, Real, Reals, Search, falsify
from tests.verify.falsify.toys import toy


def test_a_violation_is_shrunk_to_the_smallest_instance_that_shows_it():
    """Fails for T >= 7 and x > 0.31: the shortest instance has T = 7 and a short number."""
    search = Search(space={"T": Integer(1, 100), "x": Real(0.0, 1.0)})
    claim = toy(lambda e: np.where((e["T"] >= 7) & (e["x"] > 0.31), 2.0, 0.5), lambda e: np.ones_like(e["x"]), search)
    outcome = falsify(claim, budget=200)
    assert outcome.found
    assert not outcome.ok
    assert outcome.best.instance.parameters == {"x": 1.0, "T": 7}
    assert outcome.best.instance.seed == 0


def test_a_sequence_is_shrunk_entry_by_entry():
    """Fails where two entries of the list are above 1/2: two ones and nothing else are left."""
    search = Search(derived=False, space={"T": Integer(1, 20), "a": Reals(0.0, 1.0, size="T", most=20)})

    def listed(case, seeds, settings):
        return np.full((len(seeds), 1), float(sum(entry > 0.5 for entry in case["a"])))

    claim = toy(lambda e: e, lambda e: np.full_like(e, 1.5), search, run=listed)
    outcome = falsify(claim, budget=1000)
    assert outcome.best.instance.parameters["a"] == [1.0, 1.0]
    assert outcome.best.instance.parameters["T"] == 2
