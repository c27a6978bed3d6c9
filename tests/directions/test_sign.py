"""Sign descent."""

from __future__ import annotations

import numpy as np

from lra_ref.directions import DIRECTIONS
from tests.stepping import walk


def test_sign() -> None:
    d, state = walk(DIRECTIONS["sign"](), [[-3.0, 2.0**-1074, 0.0, -0.0, 1e308]])
    assert d.tolist() == [[-1.0, 1.0, 0.0, 0.0, 1.0]]
    assert state == {}


def test_weight_decay_comes_before_the_sign() -> None:
    d, _ = walk(DIRECTIONS["sign"](weight_decay=0.5), [[1.0, 1.0, 1.0]], [[-4.0, -2.0, -1.0]])
    assert d.tolist() == [[-1.0, 0.0, 1.0]]


def test_what_is_not_a_number_stays_so() -> None:
    d, _ = walk(DIRECTIONS["sign"](), [[np.nan]])
    assert np.isnan(d).all()
