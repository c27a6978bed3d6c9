"""Functions written out into their callers: the same results, and what is left alone."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lra_ref.backends import flat, sums
from lra_ref.backends.flat import flattened
from lra_ref.formulas import names_used

SCALE = 3


def grow(x: Any, by: Any) -> None:
    """Changes an array; its own ``i`` is not that of the caller."""
    for i in range(x.size):
        x[i] += by * SCALE


def halved(n: Any) -> Any:
    """Assigns to its argument."""
    n = n // 2
    return n


def ends(x: Any) -> Any:
    """Two results."""
    last = x.size - 1
    return x[0], x[last]


def deeper(x: Any, n: Any) -> Any:
    """Calls what is written out in turn, last in its return."""
    grow(x, n)
    return halved(n + 1)


def early(n: Any) -> Any:
    """Returns from its midst."""
    if n > 2:
        return 1
    return 0


def nothing(x: Any) -> None:
    """Has no result."""
    x[0] = 7


def program(shift: Any, x: Any) -> Any:
    """Uses all of them."""
    i, n, last = 5, 9, 100
    grow(x, i)
    half = halved(n)
    for k in range(2):
        if k > 0:
            first, x[1] = ends(x)
        else:
            first = early(n)
    x[2] = deeper(x, shift(n))
    nothing(x)
    x[3] = 1 + halved(n)
    x[4] = sums.LANES
    return i + n + last + half + first


def other_scale(x: Any) -> None:
    """Its SCALE is another one."""
    x[0] = SCALE


def clashes(x: Any) -> None:
    """Calls it."""
    other_scale(x)
    x[1] = SCALE


def everything(function: Any) -> bool:
    """All are to be written out."""
    return True


def called(function: Callable[..., Any]) -> set[str]:
    """Functions of this file that it still calls."""
    return {name for name in names_used(function.__code__) if isinstance(function.__globals__.get(name), types.FunctionType)}


def test_the_results_are_those_of_the_calls() -> None:
    made = flattened(program, everything)
    first, second = np.arange(6.0), np.arange(6.0)
    assert made(lambda n: n + 2, first) == program(lambda n: n + 2, second)
    assert np.array_equal(first, second)
    # a return from the midst, and a call within an expression, stay calls
    assert called(made) == {"early", "halved"}
    assert called(program) == {"grow", "halved", "ends", "early", "deeper", "nothing"}


def test_only_what_is_chosen() -> None:
    made = flattened(program, lambda f: f is deeper)
    assert called(made) == {"grow", "halved", "ends", "early", "nothing"}
    first, second = np.arange(6.0), np.arange(6.0)
    assert made(lambda n: n, first) == program(lambda n: n, second)
    assert np.array_equal(first, second)


def test_leading_arguments_may_come_from_one() -> None:
    made = flattened(program, everything, "shift = table[1]", 1, "table")
    assert made.__code__.co_varnames[:2] == ("table", "x")
    first, second = np.arange(6.0), np.arange(6.0)
    assert made([None, lambda n: n - 4], first) == program(lambda n: n - 4, second)
    assert np.array_equal(first, second)


def test_a_name_of_two_meanings_is_refused() -> None:
    elsewhere = types.FunctionType(other_scale.__code__, {**globals(), "SCALE": 4}, "other_scale")
    caller = types.FunctionType(clashes.__code__, {**globals(), "other_scale": elsewhere}, "clashes")
    with pytest.raises(ValueError, match=r"^SCALE means one thing in"):
        flattened(caller, everything)


def test_a_file_that_has_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flat.inspect, "getsource", lambda function: "def another(x, by):\n    pass\n")
    with pytest.raises(RuntimeError, match=r"test_flat.py is not what this process began with: grow is not where it was"):
        flattened(grow, everything)


def bare(x: Any) -> None:
    x[0] = x[0] + 1


def hands_on(x: Any) -> Any:
    """Ends in a call, whose result may not be wanted."""
    return nothing(x)


def meant(x: Any) -> None:
    """Uses a builtin by its name."""
    x[0] = max(x[0], 5)


def calls_bare(x: Any) -> None:
    """Calls a function without a docstring."""
    bare(x)


def calls_hands_on(x: Any) -> None:
    """Calls a function that ends in a call."""
    hands_on(x)


@pytest.mark.parametrize(("caller", "expected"), [(calls_bare, 1), (calls_hands_on, 7)])
def test_no_statement_is_lost(caller: Any, expected: int) -> None:
    x = np.zeros(1)
    flattened(caller, lambda function: True)(x)
    assert x[0] == expected


def test_a_name_that_would_mean_a_variable_is_refused() -> None:
    def caller(x: Any) -> None:
        """Has a variable called as a builtin."""
        max = 3
        x[0] = max
        meant(x)

    with pytest.raises(ValueError, match="max, a name beyond meant, is a variable where it is written out"):
        flattened(caller, lambda function: True)


def test_a_source_that_has_changed_is_refused(tmp_path: Any) -> None:
    import importlib.util
    import linecache

    file = tmp_path / "changing.py"
    file.write_text("def f(x):\n    x[0] = 7\n")
    spec = importlib.util.spec_from_file_location("changing", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert flattened(module.f, lambda function: True)
    file.write_text("def f(x):\n    x[0] = 80\n")
    linecache.checkcache(str(file))
    with pytest.raises(RuntimeError, match="f has changed"):
        flattened(module.f, lambda function: True)
