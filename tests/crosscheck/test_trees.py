from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from lra_ref.crosscheck.trees import Reading, find, numbers


class Inner(NamedTuple):
    mu: list[float]
    count: int


class Holder:
    def __init__(self) -> None:
        self.state = {"0": 1.0, 2: "two", "path": (Inner([1.0, 2.0], 3), None)}


def test_paths_lead_through_every_kind_of_node() -> None:
    tree = Holder()
    assert find(tree, "state.path.0.mu.1") == 2.0
    assert find(tree, "state.path.0.count") == 3
    assert find(tree, "state.0") == 1.0
    assert find(tree, "state.2") == "two"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("stat", "state 'stat': entry 'stat'; did you mean state"),
        ("state.paht", "entry 'paht'; did you mean path"),
        ("state.path.0.nu", "entry 'nu'; valid: count, mu"),
        ("state.path.7", "entry '7'; valid: 0, 1"),
        ("state.0.x", "entry 'x'; valid: none"),
    ],
)
def test_a_wrong_path_is_named(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        find(Holder(), path)


def test_leaves_become_lists_of_arrays() -> None:
    found = numbers({"a": [np.ones(2, dtype=np.float32), None], "b": 3})
    assert [array.tolist() for array in found] == [[1.0, 1.0], [], 3.0]
    assert all(array.dtype == float for array in found)


def test_readings_as_text() -> None:
    assert Reading.parse("lr") == Reading("lr")
    assert Reading.parse("0.mu*-2e-1@before") == Reading("0.mu", before=True, factor=-0.2)
    assert Reading.parse(Reading("m", factor=3.0)).factor == 3.0
    for text, message in (
        ("lr@after", "ends in @before or nothing"),
        ("m*x", "factor of a reading must be a number"),
        ("*2", "needs a path"),
    ):
        with pytest.raises(ValueError, match=message):
            Reading.parse(text)
