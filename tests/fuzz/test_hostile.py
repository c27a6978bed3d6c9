"""Every argument of every public entry, one after the other, against every hostile value of its pool."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import entries
from tests.fuzz.hostile import POOLS, D
from tests.fuzz.law import Broken, Entry, obey

pytestmark = pytest.mark.usefixtures("elsewhere")
CASES = [pytest.param(entry, argument) for entry in entries.ENTRIES for argument in entry.pools]


@pytest.mark.parametrize(("entry", "argument"), CASES, ids=lambda value: str(value))
def test_hostile_values(entry: Entry, argument: str) -> None:
    broken = []
    for name, value in POOLS[entry.pools[argument]]():
        try:
            obey(entry, {**entry.valid(), argument: value}, (argument,))
        except Broken as problem:
            broken.append(f"{argument} = {name}: {problem}")
    assert not broken, "\n".join(["", *broken])


@pytest.mark.parametrize("entry", entries.ENTRIES, ids=str)
def test_valid_arguments_work(entry: Entry) -> None:
    assert obey(entry, entry.valid(), ()) == "works"


def random_arrays() -> st.SearchStrategy[np.ndarray]:
    """Arrays of any type and shape, any bits in them, as views that are not contiguous too."""
    dtypes = hnp.scalar_dtypes() | hnp.array_dtypes(max_size=2)
    made = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=D))
    return made | made.map(lambda array: array.T) | made.filter(lambda array: array.ndim > 0).map(lambda array: array[::-1])


def value_of(data: st.DataObject, pool: str) -> Any:
    """A hostile value: one of the pool, or an array that nobody thought of."""
    if pool in ("array", "offsets") and data.draw(st.booleans()):
        return data.draw(random_arrays())
    return data.draw(st.sampled_from([value for _, value in POOLS[pool]()]))


def several(data: st.DataObject) -> None:
    """One entry with up to three hostile arguments."""
    entry = data.draw(st.sampled_from([entry for entry in entries.ENTRIES if entry.pools]))
    names = data.draw(st.lists(st.sampled_from(sorted(entry.pools)), min_size=1, max_size=3, unique=True))
    obey(entry, {**entry.valid(), **{name: value_of(data, entry.pools[name]) for name in names}}, tuple(names))


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(data=st.data())
def test_several_hostile_values_at_once(data: st.DataObject) -> None:
    several(data)


@pytest.mark.slow
@settings(max_examples=4000, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(data=st.data())
def test_very_many_hostile_values(data: st.DataObject) -> None:
    several(data)
