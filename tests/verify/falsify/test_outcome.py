"""What is found replays bit for bit from its witness."""

from __future__ import annotations

import pytest

from lra_ref.verify import replay
from lra_ref.verify.falsify import falsify
from lra_ref.verify.witness import save
from tests.verify.falsify.toys import HUMP


@pytest.mark.parametrize("role", ["claim", "control"])
def test_the_witness_replays_bit_for_bit(tmp_path, role):
    outcome = falsify(HUMP, role=role, budget=60)
    again = replay(save(tmp_path, outcome.witness(), None), HUMP)
    assert again.reproduced
    assert again.exact
    assert again.verdict == ("VIOLATED" if role == "control" else "HOLDS")
