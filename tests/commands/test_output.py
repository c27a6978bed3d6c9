from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from lra_ref.commands.output import assignments, emit_json, finite, literal, number, table
from lra_ref.parameters import Choice, Range
from lra_ref.problems.data import Source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-2", -2), ("0.5", 0.5), ("1e-3", 1e-3), ("true", True), ("False", False), ("none", None), ("block", "block"),
        ("1,2.5", [1, 2.5]), ("[1, 2]", [1, 2]), ("(3)", [3]), ("[]", []), ("1,", [1]), ("data/a.txt", "data/a.txt"), ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_a_value_means_what_it_looks_like(text: str, value: Any) -> None:
    found = literal(text)
    assert found == value
    assert type(found) is type(value)


def test_infinities_are_numbers() -> None:
    assert literal("-inf") == -math.inf


def test_assignments_take_the_text_where_only_it_is_accepted() -> None:
    constraints = {"data": Source(("synthetic",)), "l2": Range(0), "norm": Choice(("none", "all"))}
    assert assignments(["data=17", "l2=17", "norm=none", "other=17"], "--set", constraints) == {
        "data": "17", "l2": 17, "norm": "none", "other": 17,
    }  # fmt: skip
    assert assignments(["path=a=b"], "--set", {}) == {"path": "a=b"}


@pytest.mark.parametrize(
    ("texts", "message"),
    [(["eta"], "--set must look like name=value, got 'eta'"), (["=1"], "name=value"), (["a=1", "a=2"], "--set gives a twice")],
)
def test_broken_assignments_are_refused(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assignments(texts, "--set", {})


def test_json_is_strict_and_has_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({"a": np.array([1.0, np.nan]), "b": (np.int64(3), math.inf), "c": {"d": None}})
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "a": [1.0, None], "b": [3, None], "c": {"d": None}}
    assert finite(np.float32(2)) == 2.0


def test_table_and_numbers() -> None:
    assert table([("a", "b"), ("cc", "100")]) == "a     b\ncc  100"
    assert [number(value) for value in (None, math.nan, 1 / 3, 1e100)] == ["-", "-", "0.333333", "1e+100"]
