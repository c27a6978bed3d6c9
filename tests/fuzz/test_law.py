"""The law catches what breaks it: every way of breaking it has a function that does."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.fuzz.law import Broken, Entry, obey


def entry(call: Callable[..., Any], **options: Any) -> Entry:
    return Entry("some.name", call, dict, {}, **options)


def refuses(text: str, kind: type[Exception] = ValueError) -> Callable[..., Any]:
    def call(x: Any) -> None:
        raise kind(text)

    return call


def overwrites(x: np.ndarray) -> None:
    x[0] += 1


def unlocks(x: np.ndarray) -> None:
    x.flags.writeable = False


def sleeps(x: Any) -> None:
    time.sleep(3)


def spins(x: Any) -> None:
    for _ in itertools.count():
        pass


def warns(x: Any) -> None:
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)


def check(answer: Any) -> None:
    assert np.isfinite(answer), "the answer is not finite"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (entry(refuses("x is bad", KeyError)), "raises KeyError"),
        (entry(refuses("x is bad", OverflowError)), "raises OverflowError"),
        (entry(refuses("x is bad\nreally")), "must be one line"),
        (entry(refuses("")), "must be one line"),
        (entry(refuses("something is bad")), "must name x"),
        (entry(refuses("bad y"), says={"x": ("the vector",)}), "must name the vector"),
        (entry(warns), "warns: RuntimeWarning: overflow"),
        (entry(sleeps), "still running after 1 s"),
        (entry(spins), "still running after 1 s"),
        (entry(overwrites), "changed the argument x"),
        (entry(unlocks), "changed the argument x"),
        (entry(lambda x: float("nan"), check=check), "raises AssertionError: the answer is not finite"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_the_law_is_caught(broken: Entry, said: str) -> None:
    with pytest.raises(Broken, match=said):
        obey(broken, {"x": np.ones(3)}, ("x",), seconds=1)


def test_what_obeys_the_law() -> None:
    assert obey(entry(lambda x: 1.0, check=check), {"x": np.ones(3)}, ("x",)) == "works"
    assert obey(entry(refuses("x must be finite, got nan")), {"x": np.ones(3)}, ("x",)) == "refused"
    assert obey(entry(refuses("no such file", OSError), refusals=(OSError,), says={"x": ("file",)}), {"x": 1}, ("x",)) == "refused"
    assert obey(entry(overwrites, modifies=("x",)), {"x": np.ones(3)}, ("x",)) == "works"
