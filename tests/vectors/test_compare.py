"""The comparator: every rule, with the control that a difference is found and named."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.vectors.compare import Report, check, compare
from lra_ref.vectors.encoding import rows
from lra_ref.vectors.folder import read_index, read_vector

NAME = "adam.default.bowl"


@pytest.fixture
def reference(exported: Path) -> dict[str, Any]:
    return {name: values.copy() for name, values in read_vector(exported, NAME, read_index(exported)).items()}


def write(path: Path, results: Any, **header: Any) -> Path:
    path.write_text(json.dumps({"format": "lra_ref results", "schema": 1, "results": results} | header))
    return path


def judged(exported: Path, tmp_path: Path, quantities: dict[str, Any], **options: Any) -> Report:
    return check(exported, write(tmp_path / "r.json", {NAME: {q: rows(a) for q, a in quantities.items()}}), **options)


def test_the_reference_agrees_with_itself(exported: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    report = judged(exported, tmp_path, reference)
    assert report.same
    assert report.first is None
    assert report.largest() == dict.fromkeys(reference, 0.0)
    assert report.rows[0].not_compared == []
    assert len(report.missing) == len(read_index(exported)["vectors"]) - 1
    np.savez(tmp_path / "r.npz", **{f"{NAME}/{q}": a for q, a in reference.items()})
    assert check(exported, tmp_path / "r.npz").same


@pytest.mark.parametrize("steps", [1, 3])
def test_one_element_off_is_found_and_named(exported: Path, tmp_path: Path, reference: dict[str, Any], steps: int) -> None:
    expected = float(reference["x"][2, 5])
    for _ in range(steps):
        reference["x"][2, 5] = np.nextafter(reference["x"][2, 5], np.inf)
    reference["x"][4, 0] += 1
    report = judged(exported, tmp_path, {"x": reference["x"]})
    first = report.first
    assert not report.same
    assert first is not None
    assert (first.vector, first.step, first.quantity, first.index) == (NAME, 2, "x", (5,))
    assert (first.expected, first.got, first.ulps) == (expected, reference["x"][2, 5], steps)
    assert f"{NAME}, step 2, x[5]: expected {expected!r} ({expected.hex()})" in str(first)
    entry = report.rows[0].compared["x"]
    assert (entry.elements, entry.differing) == (54, 2)
    assert entry.max_absolute == pytest.approx(1.0)
    assert sorted(report.rows[0].not_compared) == sorted(set(reference) - {"x"})


def test_tolerances(exported: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    reference["x"][1, 1] = np.nextafter(np.nextafter(reference["x"][1, 1], np.inf), np.inf)
    assert not judged(exported, tmp_path, reference, ulps=1).same
    assert judged(exported, tmp_path, reference, ulps=2).same
    assert judged(exported, tmp_path, reference, absolute=1e-12).same
    assert not judged(exported, tmp_path, reference, absolute=1e-18).same
    for options in ({"ulps": -1}, {"ulps": math.nan}, {"absolute": math.inf}):
        with pytest.raises(ValueError, match=r"must be in \[0, inf\)"):
            judged(exported, tmp_path, reference, **options)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_within_a_tolerance(exported: Path, tmp_path: Path, reference: dict[str, Any], value: float) -> None:
    reference["x"][3, 3] = value
    report = judged(exported, tmp_path, reference, ulps=1e300, absolute=1e300)
    assert report.first is not None
    assert report.first.ulps == math.inf
    assert (report.first.step, report.first.index) == (3, (3,))


def test_equal_specials_agree_and_signs_of_zero_do_not_matter() -> None:
    values = np.array([[math.nan, math.inf, -math.inf, 0.0, -0.0]])
    assert compare("v", {"x": values}, {"x": values.copy()}, "float64", 0, 0.0).same
    other = np.array([[math.nan, math.inf, -math.inf, -0.0, 0.0]])
    assert compare("v", {"x": values}, {"x": other}, "float64", 0, 0.0).same
    swapped = compare("v", {"x": values}, {"x": -other}, "float64", 9, 9.0)
    assert swapped.compared["x"].differing == 2
    assert swapped.compared["x"].max_absolute == math.inf


def test_the_first_difference_is_the_earliest_then_by_quantity(exported: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    for quantity, step in (("x", 2), ("rate", 2), ("state.direction.exp_avg", 2)):
        reference[quantity][step:] += 1
    first = judged(exported, tmp_path, reference).first
    assert first is not None
    assert (first.step, first.quantity) == (2, "rate")
    reference["state.direction.exp_avg"][1] += 1
    first = judged(exported, tmp_path, reference).first
    assert first is not None
    assert (first.step, first.quantity) == (1, "state.direction.exp_avg")


def test_shapes(exported: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    assert judged(exported, tmp_path, {**reference, "rate": reference["rate"][:, None]}).same
    scalar = read_vector(exported, "clara_sgd.default.bowl", read_index(exported))
    assert scalar["state.rate.eta"].shape == (6, 1)
    given = {name: rows(values[:, 0] if name == "state.rate.eta" else values) for name, values in scalar.items()}
    assert check(exported, write(tmp_path / "r.json", {"clara_sgd.default.bowl": given})).same
    report = judged(exported, tmp_path, {**reference, "x": reference["x"][:4]})
    assert not report.same
    assert report.rows[0].compared["x"].shapes == ((4, 9), (6, 9))
    assert report.first is None
    assert json.loads(json.dumps(report.as_dict()))["rows"][0]["compared"]["x"]["shapes"] == [[4, 9], [6, 9]]


def test_float32(exported: Path, tmp_path: Path, reference: dict[str, Any]) -> None:
    small = {q: a.astype(np.float32) for q, a in reference.items()}
    np.savez(tmp_path / "r.npz", **{f"{NAME}/{q}": a for q, a in small.items()})
    assert check(exported, tmp_path / "r.npz").same
    path = write(tmp_path / "r.json", {NAME: {"x": small["x"].tolist()}}, precision="float32")
    assert check(exported, path).same
    assert not check(exported, write(path, {NAME: {"x": small["x"].tolist()}})).same
    small["x"][1, 1] = np.nextafter(small["x"][1, 1], np.float32(9))
    report = check(exported, write(path, {NAME: {"x": small["x"].tolist()}}, precision="float32"))
    assert report.first is not None
    assert report.first.ulps == 1


GOOD = [[0.0] * 9] * 6
BAD: list[tuple[Any, str]] = [
    ({}, "it holds no results"),
    ([], "results must be an object of vectors"),
    ({NAME: []}, "results must be an object of vectors"),
    ({"adam.default.bowls": {"x": GOOD}}, "unknown vector 'adam.default.bowls'; did you mean adam.default.bowl"),
    ({NAME: {"y": GOOD}}, "unknown quantity of adam.default.bowl 'y'; "),
    ({NAME: {"x": GOOD, "state.direction.exp_av": GOOD}}, "did you mean state.direction.exp_avg"),
    ({NAME: {}}, "the results of adam.default.bowl lack x, the point after every step"),
    ({NAME: {"rate": [1.0]}}, "the results of adam.default.bowl lack x, the point after every step"),
    ({NAME: {"x": 1.0}}, "x: expected a list with an entry per step"),
    ({NAME: {"x": []}}, "x: expected a list with an entry per step"),
    ({NAME: {"x": [[1.0, "one"]]}}, r"x\[0\]\[1\]: 'one' is no number"),
    ({NAME: {"x": [[1.0, None]]}}, r"x\[0\]\[1\]: expected a number, got 'None'"),
    ({NAME: {"x": [[1.0], [1.0, 2.0]]}}, r"x\[1\] has shape \(2,\)"),
]


@pytest.mark.parametrize(("results", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_results_that_cannot_be_used(exported: Path, tmp_path: Path, results: Any, message: str) -> None:
    path = write(tmp_path / "r.json", results)
    with pytest.raises(ValueError, match=message) as caught:
        check(exported, path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_used(exported: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "r.json", {NAME: {"x": GOOD}}, precision="float16")
    with pytest.raises(ValueError, match="precision must be one of float64, float32, got 'float16'"):
        check(exported, path)
    for header, message in (({"schema": 2}, "its schema 2 is newer"), ({"format": "x"}, "its format must be 'lra_ref results', got 'x'")):
        with pytest.raises(ValueError, match=message):
            check(exported, write(path, {NAME: {"x": GOOD}}, **header))
    path.write_text('{"format": "lra_ref res')
    with pytest.raises(ValueError, match="damaged, not JSON"):
        check(exported, path)
    with pytest.raises(OSError, match="No such file"):
        check(exported, tmp_path / "none.json")
    np.savez(tmp_path / "r.npz", **{f"{NAME}/x": np.zeros((6, 9))})
    whole = (tmp_path / "r.npz").read_bytes()
    for arrays, message in (
        ({"x": np.zeros((6, 9))}, "members must be called VECTOR/QUANTITY, got 'x'"),
        ({f"{NAME}/x": np.zeros((6, 9), dtype=int)}, "its arrays must be all float64 or all float32, got int64"),
        ({f"{NAME}/x": np.zeros((6, 9)), f"{NAME}/rate": np.zeros(6, np.float32)}, "got float32, float64"),
        ({f"{NAME}/x": np.array(1.0)}, "must have an entry per step, got a scalar"),
        ({f"{NAME}/x": np.array([{}])}, "not a .npz file, or damaged"),
    ):
        np.savez(tmp_path / "r.npz", **arrays)
        with pytest.raises(ValueError, match=message):
            check(exported, tmp_path / "r.npz")
    for data in (whole[: len(whole) // 2], whole[:100] + b"\xff" * 20 + whole[120:], b"PK"):
        (tmp_path / "r.npz").write_bytes(data)
        with pytest.raises(ValueError, match=r"not a \.npz file, or damaged"):
            check(exported, tmp_path / "r.npz")
