"""Checks of user input: what is accepted, and the one line for what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.checks import block_offsets, chosen, names_in, path_of, real, settings_in, starts, vector, whole


def test_vectors_come_back_contiguous_and_in_float64() -> None:
    for value in (
        [1, 2, 3],
        (1.0, 2.0, 3.0),
        np.array([1, 2, 3], dtype=np.uint8),
        np.array([1, 2, 3], dtype=np.float32),
        np.arange(1.0, 7.0)[::2] / 2 + 0.5,
    ):
        result = vector("x", value, 3)
        assert result.dtype == np.float64
        assert result.flags.c_contiguous
        assert result.shape == (3,)
        assert result[0] == 1.0
    assert vector("x", np.ones((4, 3)).T, 4).flags.c_contiguous


def test_the_users_array_is_not_modified() -> None:
    value = np.arange(6.0).reshape(2, 3).T
    value.flags.writeable = False
    kept = value.copy()
    vector("x", value, 2)
    assert np.array_equal(value, kept)


BAD_VECTORS: list[tuple[Any, str]] = [
    (1.0, "x must have at least one axis, got a scalar"),
    ([], r"x must have shape \(\.\.\., 3\), got \(0,\)"),
    (np.ones((0, 3)), r"x must not be empty, got shape \(0, 3\)"),
    ([1.0, 2.0], r"x must have shape \(\.\.\., 3\), got \(2,\)"),
    (["a", "b", "c"], "x must be an array of real numbers, got dtype <U1"),
    ([1j, 2, 3], "x must be an array of real numbers, got dtype complex128"),
    ([True, False, True], "x must be an array of real numbers, got dtype bool"),
    ([None, 1, 2], "x must be an array of real numbers, got dtype object"),
    ([[1, 2], [3]], "x must be an array of real numbers: "),
    ([1.0, np.nan, 3.0], r"x must be finite, got nan at index \(1,\)"),
    ([[1.0, 2.0, 3.0], [4.0, 5.0, -np.inf]], r"x must be finite, got -inf at index \(1, 2\)"),
]


@pytest.mark.parametrize(("value", "message"), BAD_VECTORS, ids=[message[:45] for _, message in BAD_VECTORS])
def test_bad_vectors_are_refused_in_one_line(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        vector("x", value, 3, finite=True)
    assert "\n" not in str(caught.value)


def test_what_is_not_finite_passes_unless_asked() -> None:
    assert np.isnan(vector("x", [np.nan], 1)[0])


def test_offsets() -> None:
    assert block_offsets(None, 4).tolist() == [0, 4]
    for good in ([0, 1, 4], (0, 4), np.array([0, 3, 4], dtype=np.uint8)):
        result = block_offsets(good, 4)
        assert result.dtype == np.int64
        assert result.tolist() == list(good)


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [0],
        [4],
        [1, 4],
        [0, 3],
        [0, 5],
        [0, 2, 2, 4],
        [0, 3, 2, 4],
        [0.0, 4.0],
        [[0, 4]],
        "04",
        np.array([0, 200, 100, 4], dtype=np.uint8),
    ],
    ids=str,
)
def test_bad_offsets(bad: Any) -> None:
    with pytest.raises(ValueError, match="offsets must be whole numbers rising from 0 to 4, got"):
        block_offsets(bad, 4)


def test_whole_numbers() -> None:
    assert whole("n", 3) == 3
    assert type(whole("n", np.int32(3))) is int
    assert whole("n", 10**30) == 10**30
    for bad in (-1, 2.0, True, "3", None, np.nan):
        with pytest.raises(ValueError, match="n must be a whole number of at least 0, got "):
            whole("n", bad)
    with pytest.raises(ValueError, match="n must be a whole number of at least 2, got 1"):
        whole("n", 1, 2)


def test_masked_entries_are_refused_and_none_masked_is_fine() -> None:
    with pytest.raises(ValueError, match=r"^x must be an array of real numbers, got one with masked entries$"):
        vector("x", np.ma.array([1.0, 2.0], mask=[False, True]))
    assert vector("x", np.ma.array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_a_long_double_that_is_no_float_is_an_infinity() -> None:
    huge = np.array([np.longdouble("1e4000")])
    assert np.isinf(vector("x", huge)[0])
    with pytest.raises(ValueError, match="x must be finite, got inf"):
        vector("x", huge, finite=True)


def test_whole_numbers_have_a_largest_where_asked_and_spans_of_time_are_none() -> None:
    assert whole("n", 2**70) == 2**70
    with pytest.raises(ValueError, match=r"^n must be a whole number of at most 5, got 6$"):
        whole("n", 6, high=5)
    with pytest.raises(ValueError, match=r"^n must be a whole number of at least 0, got np.timedelta64"):
        whole("n", np.timedelta64(3, "s"))


def test_one_line_however_long_the_value() -> None:
    with pytest.raises(ValueError, match="got ") as caught:
        block_offsets(np.ones((40, 40)), 3)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [3, np.float32(3), np.array([3]), np.longdouble(3)])
def test_real_numbers(value: Any) -> None:
    assert real("r", value) == 3.0


@pytest.mark.parametrize("value", [None, "3", True, 1j, [1, 2], np.ma.masked, 10**400])
def test_what_is_no_real_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^r must be "):
        real("r", value)


def test_starting_points() -> None:
    x = np.ones(3)
    made = starts("x0", x, 2, 3)
    made[0] = 5
    assert x.tolist() == [1.0] * 3
    assert made.tolist() == [[5.0] * 3, [1.0] * 3]
    with pytest.raises(ValueError, match=r"^x0 must have shape \(3,\) or \(2, 3\), got \(1, 1, 3\)$"):
        starts("x0", x[None, None], 2, 3)


def test_names_settings_and_choices() -> None:
    assert names_in("methods", "a") == ["a"]
    assert names_in("methods", ("a", "b")) == ["a", "b"]
    assert settings_in("set", None) == {}
    assert settings_in("set", {"a": 1}) == {"a": 1}
    assert chosen("role", "claim", ("claim", "control")) == "claim"
    assert chosen("label", None, (None, "upper")) is None
    for broken in (lambda: names_in("methods", [1]), lambda: names_in("methods", b"ab"), lambda: names_in("methods", {"a": 1})):
        with pytest.raises(ValueError, match=r"^methods must be a name or a list of names, got "):
            broken()
    with pytest.raises(ValueError, match=r"^set must be a dictionary of names and values, got "):
        settings_in("set", {1: 2})
    with pytest.raises(ValueError, match=r"^unknown role 'clam'; did you mean claim"):
        chosen("role", "clam", ("claim", "control"))
    with pytest.raises(ValueError, match=r"^unknown role '.1.'; valid: claim, control$"):
        chosen("role", [1], ("claim", "control"))


@pytest.mark.parametrize("value", ["", "a\0b", 3, None, b"bytes"])
def test_what_is_no_path(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^path must be the name of a file or folder, got "):
        path_of(value)
