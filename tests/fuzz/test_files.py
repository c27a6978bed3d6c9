"""Every reader of files against hostile bytes: truncated, flipped, foreign, nested, wrong types; a reader refuses in one line."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lra_ref
from lra_ref import sweep, verify
from lra_ref.crosscheck import fixed
from lra_ref.problems.libsvm import read_libsvm
from lra_ref.runs import store
from lra_ref.vectors import check, read_results
from lra_ref.verify.witness import read
from tests.fuzz import entries_engine, entries_theory, entries_verify
from tests.fuzz.law import REFUSALS, Entry, obey

FILE = (*REFUSALS, OSError)
NPZ = entries_engine.saved().read_bytes()
RESULTS = entries_theory.GOOD.encode()
WITNESS = entries_verify.witness().read_bytes()
RECORD = (entries_verify.swept() / "run.json").read_bytes()
CELLS = store.line_of("a", {"verdict": "HOLDS", "seconds": 1.0}) * 2
SVM = b"1 1:0.5 2:1\n-1 2:0.25 # comment\n"


def in_folder(name: str, **others: bytes) -> Callable[[Path], Path]:
    """The file beside others; what is read is their folder."""

    def make(path: Path) -> Path:
        folder = path.with_name("folder of the file")
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(path.read_bytes())
        for other, content in others.items():
            (folder / other.replace("_", ".")).write_bytes(content)
        return folder

    return make


def npy() -> bytes:
    """A file of gradients."""
    stream = io.BytesIO()
    np.save(stream, np.ones((2, 3)))
    return stream.getvalue()


def packed(**arrays: Any) -> bytes:
    """A file of results as arrays."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


class Reader:
    """A reader, bytes that it reads, and how it gets them."""

    def __init__(self, name: str, read: Callable[[Any], Any], good: bytes, suffix: str = "", place: Callable[[Path], Any] = Path) -> None:
        self.name, self.read, self.good, self.suffix, self.place = name, read, good, suffix, place

    def entry(self) -> Entry:
        """As an entry of the law; a refusal names the file or its folder."""
        return Entry(
            self.name,
            lambda path: self.read(self.place(path)),
            dict,
            {},
            {"path": (f"file{self.suffix}", "file", "unknown vector")},
            refusals=FILE,
        )

    def given(self, folder: Path, content: bytes) -> str:
        """What becomes of these bytes."""
        path = folder / f"file{self.suffix}"
        path.write_bytes(content)
        return obey(self.entry(), {"path": path}, ("path",))


READERS = [
    Reader("lra_ref.load", lra_ref.load, NPZ, ".npz"),
    Reader("read_results", read_results, RESULTS, ".json"),
    Reader("read_results.npz", read_results, packed(**{"sgd.default.bowl/x": np.ones((2, 2))}), ".npz"),
    Reader("vectors.check", lambda path: check(entries_theory.exported(), path), RESULTS, ".json"),
    Reader(
        "vectors.index",
        lambda folder: check(folder, entries_theory.results(entries_theory.GOOD)),
        (entries_theory.exported() / "index.json").read_bytes(),
        "",
        in_folder("index.json"),
    ),
    Reader("witness.read", read, WITNESS, ".json"),
    Reader("verify.replay", lambda path: verify.replay(path, entries_verify.claim()), WITNESS, ".json"),
    Reader("Case.from_witness", verify.Case.from_witness, WITNESS, ".json"),
    Reader("store.run", store.load, RECORD, "", in_folder("run.json")),
    Reader("store.cells", store.load, CELLS, "", in_folder("cells.jsonl", run_json=RECORD)),
    Reader("sweep.load", sweep.load, RECORD, "", in_folder("run.json")),
    Reader("crosscheck.fixed", lambda path: fixed(str(path)), npy(), ".npy"),
    Reader("read_libsvm", lambda path: read_libsvm(str(path)), SVM, ".svm"),
    Reader("read_libsvm.gz", lambda path: read_libsvm(str(path)), b"\x1f\x8b\x08\x00", ".gz"),
]


def bomb() -> bytes:
    """A member that would be a hundred times as long."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", b"\0" * 10_000_000)
    return stream.getvalue()


def members(**content: bytes) -> bytes:
    """An archive of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in content.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


def claims_to_be_huge() -> bytes:
    """An array whose header promises 2^60 numbers."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,), }"
    header += " " * (128 - 10 - 1 - len(header) % 128) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def foreign() -> Iterator[tuple[str, bytes]]:
    """Bytes that are something else."""
    yield from (
        ("empty", b""),
        ("nul", b"\0"),
        ("binary", bytes(range(256))),
        ("utf-16", "{}".encode("utf-16")),
        ("bom", b"\xef\xbb\xbf{}"),
    )
    yield from (("null", b"null"), ("number", b"1"), ("text", b'"text"'), ("list", b"[]"), ("object", b"{}"), ("nan", b'{"schema": NaN}'))
    yield from (("deep list", b"[" * 100_000), ("deep object", b'{"a":' * 50_000), ("long number", b'{"schema": 1' + b"0" * 5000 + b"}"))
    yield from (
        ("bomb", bomb()),
        ("promises", members(header=claims_to_be_huge())),
        ("pickle", members(header=pickled())),
        ("bad member", members(header=b"\x93NUMPY")),
    )
    yield from (("no header", packed(x=np.ones(2))), ("header of numbers", packed(header=np.ones(2))), ("empty archive", members()))
    yield "header of json", packed(header=np.array('{"format": "lra_ref run", "schema": 1}'))
    yield "twice", members(header=b"1") + members(header=b"2")


def pickled() -> bytes:
    """An array of objects."""
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    return stream.getvalue()


def mutated(value: Any) -> Iterator[Any]:
    """JSON with one entry of the wrong type, missing, or one too many."""
    odd = [None, True, -1, 1.5, 1e400, 10**30, "text", "", [], {}, [[]], {"a": {}}]
    if isinstance(value, dict):
        for key in value:
            yield {name: entry for name, entry in value.items() if name != key}
            yield from ({**value, key: other} for other in odd)
            yield from ({**value, key: inner} for inner in mutated(value[key]))
    elif isinstance(value, list):
        for k in range(min(len(value), 2)):
            yield from ([*value[:k], other, *value[k + 1 :]] for other in [*odd, *mutated(value[k])])


readers = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)


@readers
def test_the_good_bytes_are_read(reader: Reader, tmp_path: Path) -> None:
    if reader.name not in ("sweep.load", "read_libsvm.gz", "vectors.index"):  # no plan beside it, a torn file, an index without files
        assert reader.given(tmp_path, reader.good) == "works"


@readers
@pytest.mark.parametrize(("name", "content"), list(foreign()), ids=lambda value: value if isinstance(value, str) else "")
def test_foreign_bytes(reader: Reader, name: str, content: bytes, tmp_path: Path) -> None:
    reader.given(tmp_path, content)


@readers
def test_truncated_and_flipped_bytes(reader: Reader, tmp_path: Path) -> None:
    good = reader.good
    for at in sorted({k * len(good) // 24 for k in range(24)}):
        reader.given(tmp_path, good[:at])
        for bit in (0, 5, 7):
            reader.given(tmp_path, good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :])


@pytest.mark.parametrize(
    "reader", [reader for reader in READERS if reader.good[:1] == b"{" and reader.name != "store.cells"], ids=lambda reader: reader.name
)
def test_wrong_types_in_json(reader: Reader, tmp_path: Path) -> None:
    for value in mutated(json.loads(reader.good)):
        reader.given(tmp_path, json.dumps(value).encode())


def test_wrong_types_in_the_header_of_a_run(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(NPZ)) as archive:
        arrays = {name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    for value in mutated(json.loads(str(arrays["header"]))):
        READERS[0].given(tmp_path, packed(**{**arrays, "header": np.array(json.dumps(value))}))


@pytest.mark.slow
@readers
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes(reader: Reader, tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(reader.good)))
    stop = data.draw(st.integers(start, min(len(reader.good), start + 40)))
    reader.given(tmp_path, reader.good[:start] + data.draw(st.binary(max_size=40)) + reader.good[stop:])
