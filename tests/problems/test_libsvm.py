"""LIBSVM files: what is read, and the one line that a broken file gets."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.problems import libsvm, make_problem
from lra_ref.problems.libsvm import read_libsvm

GOOD = b"+1 1:0.5 3:-2e0 # a comment\n\n# only a comment\n-1 2:.25 3:1.\r\n+1\n"


@pytest.mark.parametrize(("name", "pack"), [("plain", bytes), ("packed.gz", gzip.compress), ("packed.bz2", bz2.compress)])
def test_a_good_file_is_read(tmp_path: Path, name: str, pack: Any) -> None:
    path = tmp_path / name
    path.write_bytes(pack(GOOD))
    features, labels = read_libsvm(str(path))
    np.testing.assert_array_equal(features, [[0.5, 0, -2], [0, 0.25, 1], [0, 0, 0]])
    np.testing.assert_array_equal(labels, [1, -1, 1])
    assert features.flags.c_contiguous
    assert features.dtype == labels.dtype == float


def test_indices_may_start_at_zero_and_queries_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "zero"
    path.write_bytes(b"2 qid:1 0:7 2:8\n1 qid:2 1:9\n")
    np.testing.assert_array_equal(read_libsvm(str(path))[0], [[7, 0, 8], [0, 9, 0]])


BROKEN = {
    b"x 1:2": "the label must be a finite number, got 'x'",
    b"1,2 1:2": "the label must be a finite number, got '1,2'",
    b"nan 1:2": "the label must be a finite number, got 'nan'",
    b"1e999 1:2": "the label must be a finite number, got '1e999'",
    b"1 1:2 word": "expected index:value with a whole number and a finite number, got 'word'",
    b"1 1:": "expected index:value with a whole number and a finite number, got '1:'",
    b"1 :2": "expected index:value with a whole number and a finite number, got ':2'",
    b"1 1:1:2": "expected index:value with a whole number and a finite number, got '1:1:2'",
    b"1 1.5:2": "expected index:value with a whole number and a finite number, got '1.5:2'",
    b"1 -1:2": "expected index:value with a whole number and a finite number, got '-1:2'",
    b"1 1:nan": "expected index:value with a whole number and a finite number, got '1:nan'",
    b"1 1:1e999": "expected index:value with a whole number and a finite number, got '1:1e999'",
    b"1 1:2_0": "expected index:value with a whole number and a finite number, got '1:2_0'",
    b"1 1:0x10": "expected index:value with a whole number and a finite number, got '1:0x10'",
    b"1 1:2\x00": r"expected index:value with a whole number and a finite number, got '1:2\x00'",
    b"1 3:2 2:3": "the indices must rise, got '2:3' after index 3",
    b"1 3:2 3:3": "the indices must rise, got '3:3' after index 3",
    b"1 999999999:1": "the index is too large for a dense matrix, got '999999999:1'",
    b"1 " + b"9" * 99 + b":1": "the index is too large for a dense matrix, got '" + "9" * 40 + "'...",
    b"\x00\xff\x12": r"the label must be a finite number, got '\x00\xff\x12'",
}


@pytest.mark.parametrize("line", BROKEN, ids=repr)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "broken.txt"
    path.write_bytes(b"# heading\n1 1:2\n" + line + b"\n1 1:3\n")
    with pytest.raises(ValueError, match="line 3") as caught:
        make_problem("logistic", data=path)
    assert str(caught.value) == f"{path}, line 3: {BROKEN[line]}"


def test_the_first_of_several_broken_lines_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_bytes(b"1 1:nan\n1 1:2\nx 1:2\n")
    assert one_line(path).startswith(f"{path}, line 1: ")


def one_line(path: Path, name: str = "logistic", **parameters: Any) -> str:
    with pytest.raises(ValueError, match=path.name) as caught:
        make_problem(name, data=path, **parameters)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_file_of_samples_is_refused(tmp_path: Path) -> None:
    assert one_line(tmp_path) == f"{tmp_path} is a directory, not a LIBSVM file"
    assert "names neither a bundled set nor a file" in one_line(tmp_path / "missing")
    for content in (b"", b"\n# nothing\n"):
        (tmp_path / "empty").write_bytes(content)
        assert one_line(tmp_path / "empty") == f"{tmp_path / 'empty'} holds no samples"
    for name in ("junk.gz", "junk.bz2"):
        (tmp_path / name).write_bytes(b"not compressed")
        assert one_line(tmp_path / name).startswith(f"cannot read {tmp_path / name}: ")
    (tmp_path / "torn.gz").write_bytes(gzip.compress(GOOD * 100)[:40])
    assert one_line(tmp_path / "torn.gz").startswith(f"cannot read {tmp_path / 'torn.gz'}: ")
    with pytest.raises(ValueError, match=r"^cannot read .*: No such file or directory$"):
        read_libsvm(str(tmp_path / "gone"))


def test_the_number_of_classes_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_text("".join(f"{i / 7} 1:{i}\n" for i in range(101)))
    for name in ("logistic", "multinomial"):
        assert one_line(path, name).startswith("classification needs 2 to 100 different labels")
    assert make_problem("welsch", data=path).samples == 101
    path.write_text("1 1:2\n1 1:3\n")
    assert one_line(path) == f"classification needs 2 to 100 different labels, {path} has 1"


def test_a_matrix_that_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wide"
    path.write_text("1 1:2\n0 50:3\n")
    monkeypatch.setattr(libsvm, "LARGEST_MATRIX", 99)
    assert one_line(path) == f"{path} is too large for a dense matrix: 2 samples of 50 features"
