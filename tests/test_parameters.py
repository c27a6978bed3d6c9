"""Hyper-parameters as data: constraints, messages, names that are nearly right."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lra_ref.parameters import REQUIRED, SWITCH, Choice, Optional_, Parameters, Range, Registry, Several, parameter, unknown


@dataclass(frozen=True, kw_only=True)
class Sample(Parameters):
    rate: float = parameter(0.5, Range(0, 1, "(]"), "a rate")
    size: int = parameter(3, Range(1, ends="[)", integer=True), "a size")
    mode: str = parameter("slow", Choice(("slow", "fast")), "a name")
    loud: bool = parameter(False, SWITCH, "a switch")
    limit: float | None = parameter(None, Optional_(Range(0, ends="()")), "a limit or none")
    spectrum: tuple[float, ...] = parameter((1.0, 2.0), Several(Range(0, ends="[)")), "a list")


@dataclass(frozen=True, kw_only=True)
class Needy(Parameters):
    count: int = parameter(REQUIRED, Range(1, integer=True), "must be given")


def test_defaults_and_conversion() -> None:
    made = Sample(rate=1, size=np.int64(4), limit=np.float32(0.5), spectrum=[1, 2, 3])
    assert made.as_dict() == {"rate": 1.0, "size": 4, "mode": "slow", "loud": False, "limit": 0.5, "spectrum": (1.0, 2.0, 3.0)}
    assert [type(made.rate), type(made.size), type(made.limit), type(made.spectrum[0])] == [float, int, float, float]
    assert Sample(**json.loads(json.dumps(made.as_dict()))) == made
    assert Sample(size=4.0).size == 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.rate = 0.1  # type: ignore[misc]


MESSAGES: list[tuple[dict[str, Any], str]] = [
    ({"rate": 0}, "rate must be in (0, 1], got 0"),
    ({"rate": 2}, "rate must be in (0, 1], got 2"),
    ({"rate": math.nan}, "rate must be in (0, 1], got nan"),
    ({"rate": True}, "rate must be in (0, 1], got True"),
    ({"rate": "0.5"}, "rate must be in (0, 1], got '0.5'"),
    ({"rate": None}, "rate must be in (0, 1], got None"),
    ({"rate": 1j}, "rate must be in (0, 1], got 1j"),
    ({"size": 0}, "size must be a whole number in [1, inf), got 0"),
    ({"size": 2.5}, "size must be a whole number in [1, inf), got 2.5"),
    ({"size": math.inf}, "size must be a whole number in [1, inf), got inf"),
    ({"mode": "fsat"}, "mode must be one of 'slow', 'fast', got 'fsat'"),
    ({"mode": 1}, "mode must be one of 'slow', 'fast', got 1"),
    ({"loud": 1}, "loud must be one of True, False, got 1"),
    ({"loud": "yes"}, "loud must be one of True, False, got 'yes'"),
    ({"limit": 0.0}, "limit must be None or in (0, inf), got 0.0"),
    ({"limit": math.inf}, "limit must be None or in (0, inf), got inf"),
    ({"spectrum": []}, "spectrum must be a list of numbers, each in [0, inf), got []"),
    ({"spectrum": [1, -1]}, "spectrum must be a list of numbers, each in [0, inf), got [1, -1]"),
    ({"spectrum": "12"}, "spectrum must be a list of numbers, each in [0, inf), got '12'"),
    ({"spectrum": 3}, "spectrum must be a list of numbers, each in [0, inf), got 3"),
]


@pytest.mark.parametrize(("values", "message"), MESSAGES, ids=[message[:45] for _, message in MESSAGES])
def test_bad_values_are_refused_in_one_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:  # the whole line is compared below
        Sample(**values)
    assert str(caught.value) == message


CONSTRAINTS = [
    Range(), Range(0, 1), Range(0, 1, "()"), Range(0, 1, "[)"), Range(0, 1, "(]"), Range(0, ends="()"), Range(-math.inf, 3, "(]"),
    Range(1, integer=True, ends="[)"), Range(2, 5, integer=True), Choice(("a", "b")), SWITCH,
    Optional_(Range(0, 1)), Optional_(Choice(("a",))),
    Several(Range(0, 1)), Optional_(Several(Range(0, 1))),
]  # fmt: skip


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=str)
def test_the_invalid_values_of_a_constraint_are_invalid(constraint: Any) -> None:
    assert len(constraint.invalid()) >= 2
    for value in constraint.invalid():
        assert not constraint.accepts(value), value


def test_ends_of_a_range() -> None:
    for ends, low, high in (("[]", True, True), ("[)", True, False), ("(]", False, True), ("()", False, False)):
        assert (Range(0, 1, ends).accepts(0), Range(0, 1, ends).accepts(1)) == (low, high)
        assert (Range(ends=ends).accepts(-math.inf), Range(ends=ends).accepts(math.inf)) == (low, high)
        assert Range(0, 1, ends).accepts(0.5)
    assert str(Range()) == "in (-inf, inf]"
    assert str(Range(ends="()")) == "in (-inf, inf)"


def test_unknown_and_missing_names() -> None:
    with pytest.raises(ValueError, match="unknown parameter of thing 'raet'; did you mean rate"):
        Sample.build("thing", {"raet": 1})
    with pytest.raises(ValueError, match="unknown parameter of thing 'xyz'; valid: limit, loud, mode, rate, size, spectrum"):
        Sample.build("thing", {"xyz": 1})
    with pytest.raises(ValueError, match="thing needs the parameter count"):
        Needy.build("thing", {})
    assert Needy.build("thing", {"count": 2}).count == 2
    assert unknown("part", "a", []) == "unknown part 'a'; valid: none"


def test_registry() -> None:
    registry: Registry[int] = Registry("part")

    @registry.register("beta")
    def beta() -> None:
        """An entry."""

    registry.register("alpha")(1)
    assert list(registry) == ["alpha", "beta"]
    assert registry["alpha"] == 1
    assert registry["beta"] is beta
    assert "alpha" in registry
    assert "gamma" not in registry
    assert len(registry) == 2
    with pytest.raises(ValueError, match="part 'alpha' is registered twice"):
        registry.register("alpha")(2)
    assert registry["alpha"] == 1
    with pytest.raises(ValueError, match="unknown part 'alhpa'; did you mean alpha"):
        registry["alhpa"]
    with pytest.raises(ValueError, match="unknown part 'zzz'; valid: alpha, beta"):
        registry["zzz"]
