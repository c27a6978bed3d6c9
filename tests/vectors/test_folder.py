"""Exports: the same bytes everywhere, narrowed, replaced whole or not at all; damaged and foreign folders are refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lra_ref.vectors.catalogue import configurations
from lra_ref.vectors.encoding import as_json
from lra_ref.vectors.folder import INDEX, export, read_index, read_vector
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import SCENARIOS
from tests.vectors.conftest import METHODS

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_bytes_do_not_depend_on_the_process(exported: Path, tmp_path: Path) -> None:
    code = f"from lra_ref.vectors import export; export('set', {METHODS})"
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "LRA_REF_INTERPRET": "1"}
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    # NumPy without its wide vector instructions, as on an older processor
    older = {"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX512_ICL AVX2 FMA3"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env=os.environ | environment | threads | older, check=True)
    assert contents(tmp_path / "set") == contents(exported)


def test_what_is_written(exported: Path) -> None:
    index = read_index(exported)
    names = [f"{configuration.name}.{scenario}" for configuration in configurations(METHODS) for scenario in SCENARIOS]
    assert [entry["name"] for entry in index["vectors"]] == names
    assert set(contents(exported)) == {INDEX, *(f"{name}{suffix}" for name in names for suffix in (".json", ".npz"))}
    for name, digest in index["files"].items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest
    vector = record(configurations(["adam"])[0], SCENARIOS["bowl"])
    assert (exported / "adam.default.bowl.json").read_bytes() == as_json(vector)
    read = read_vector(exported, vector.name, index)
    assert list(read) == list(vector.quantities)
    assert all((read[name] == values).all() for name, values in vector.quantities.items())


def test_a_second_export_takes_the_place_of_the_first(tmp_path: Path) -> None:
    export(tmp_path, ["sgd", "sign"])
    (tmp_path / "mine.txt").write_text("kept")
    index = export(tmp_path, ["sign"])
    assert {entry["method"] for entry in index["vectors"]} == {"sign"}
    assert set(contents(tmp_path)) == {INDEX, "mine.txt", *index["files"]}


def test_an_index_cannot_have_other_files_removed(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "precious").write_text("kept")
    index = export(tmp_path / "inside", ["sgd"])
    index["files"]["../precious"] = "0"
    (tmp_path / "inside" / INDEX).write_text(json.dumps(index))
    export(tmp_path / "inside", ["sign"])
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("new", [True, False])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bool) -> None:
    folder = tmp_path / "set"
    if not new:
        export(folder, ["sgd"])
    before = contents(folder) if not new else None
    write, written = Path.write_bytes, []

    def full(path: Path, data: Any) -> int:
        written.append(path)
        if len(written) > 3:
            write(path, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"could not write the vectors, No space left on device.*set"):
        export(folder, ["adam", "sign"])
    assert len(written) == 4
    assert contents(folder) == before if before else not folder.exists()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below", Path("/dev/null/x")):
        with pytest.raises(OSError, match="could not write the vectors"):
            export(place, ["sgd"])
    assert (tmp_path / "file").read_text() == ""
    with pytest.raises(ValueError, match="unknown method 'sgdd'"):
        export(tmp_path / "new", ["sgdd"])
    assert not (tmp_path / "new").exists()


DAMAGE: list[tuple[str, bytes | None, str]] = [
    (INDEX, None, "not an export of lra-ref vectors, it has no index.json"),
    (INDEX, b'{"format": "lra_ref vec', "damaged, not JSON"),
    (INDEX, b"\xff\xfe\x00", "damaged, not JSON"),
    (INDEX, b"[" * 200_000, "damaged, not JSON"),
    (INDEX, b"[1]", "its format must be 'lra_ref vectors', got 'list'"),
    (INDEX, b'{"format": "other"}', "its format must be 'lra_ref vectors', got 'other'"),
    (INDEX, b'{"format": "lra_ref vectors", "schema": 2}', "its schema 2 is newer than this lra_ref reads"),
    (INDEX, b'{"format": "lra_ref vectors", "schema": true}', "its schema True is"),
    (INDEX, b'{"format": "lra_ref vectors", "schema": 1}', "damaged, vectors or files are missing"),
    (INDEX, b'{"format": "lra_ref vectors", "schema": 1, "vectors": [1], "files": {}}', "damaged, vectors or files are missing"),
    ("adam.default.bowl.json", None, "missing; export the vectors again"),
    ("adam.default.bowl.npz", None, "missing; export the vectors again"),
    ("adam.default.bowl.json", b"{", "not the file that was exported"),
    ("adam.default.bowl.npz", b"PK", "not the file that was exported"),
]


@pytest.mark.parametrize(("name", "data", "message"), DAMAGE, ids=[f"{name}-{message[:30]}" for name, _, message in DAMAGE])
def test_damaged_folders(exported: Path, tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    folder = tmp_path / "set"
    shutil.copytree(exported, folder)
    read_vector(folder, "adam.default.bowl", read_index(folder))
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        read_vector(folder, "adam.default.bowl", read_index(folder))
    assert "\n" not in str(caught.value)


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="no such folder"):
        read_index(tmp_path / "none")
    with pytest.raises(ValueError, match="not a folder"):
        read_index(tmp_path / "file")
