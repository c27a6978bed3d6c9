"""The folder of an export: ``index.json``, and for every vector ``NAME.json`` and ``NAME.npz``.

The index holds the SHA-256 of every file and is written last, so that a folder is either the whole export or refused.  Everything is
first written under temporary names: a full disk leaves an earlier export as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lra_ref import __version__
from lra_ref.checks import path_of
from lra_ref.typing import Array
from lra_ref.vectors.catalogue import configurations
from lra_ref.vectors.encoding import FORMAT, SCHEMA, as_json, as_npz
from lra_ref.vectors.numbers import table
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import SCENARIOS

INDEX, INDEX_FORMAT = "index.json", "lra_ref vectors"


def export(folder: str | os.PathLike[str], methods: Sequence[str] | None = None) -> dict[str, Any]:
    """Write the vectors of these methods (default: the whole set) to ``folder`` and return the index.

    The bytes are the same on every run.  Files of an earlier export that are not part of this one are removed, other files left alone.

    Raises
    ------
    ValueError : an unknown method, with the nearest valid ones. OSError : the folder cannot be written, in one line; an earlier export is
    then as it was.
    """
    place = Path(path_of(folder))
    chosen = configurations(methods)
    earlier = _listed(place)
    new = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with _staging(place) as stage:
            index = _write_all(stage, chosen)
            for name in [*index["files"], INDEX]:
                os.replace(stage / name, place / name)
    except OSError as problem:
        if new:
            shutil.rmtree(place, ignore_errors=True)
        raise OSError(problem.errno, f"could not write the vectors, {problem.strerror or problem}", os.fspath(place)) from None
    for name in earlier - set(index["files"]):
        (place / name).unlink(missing_ok=True)
    return index


def _write_all(stage: Path, chosen: Sequence[Any]) -> dict[str, Any]:
    """All files into ``stage``; returns the index."""
    vectors, files = [], {}
    for configuration in chosen:
        for scenario in SCENARIOS:
            vector = record(configuration, SCENARIOS[scenario])
            vectors.append({"name": vector.name, "method": configuration.method, "steps": vector.steps})
            for suffix, data in ((".json", as_json(vector)), (".npz", as_npz(vector))):
                (stage / f"{vector.name}{suffix}").write_bytes(data)
                files[f"{vector.name}{suffix}"] = hashlib.sha256(data).hexdigest()
    index = {"format": INDEX_FORMAT, "schema": SCHEMA, "version": __version__, "vectors": vectors, "files": files}
    (stage / INDEX).write_text(json.dumps(index, indent=0) + "\n", encoding="utf-8", newline="\n")
    return index


@contextlib.contextmanager
def _staging(place: Path) -> Iterator[Path]:
    """A folder of its own within ``place``, removed in any case."""
    stage = place / f".export-{secrets.token_hex(4)}"
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _listed(place: Path) -> set[str]:
    """Names of the files of an earlier export in this folder; none if there is no readable one."""
    try:
        listed = set(read_index(place)["files"])
    except (ValueError, OSError):
        return set()
    return {name for name in listed if Path(name).name == name}


def read_index(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The index of an export.

    Raises ``ValueError`` or ``OSError`` in one line: no folder, no export, damaged, or of another schema.
    """
    place = Path(path_of(folder))
    if not place.is_dir():
        raise ValueError(f"{place}: not a folder" if place.exists() else f"{place}: no such folder")
    if not (place / INDEX).is_file():
        raise ValueError(f"{place}: not an export of lra-ref vectors, it has no {INDEX}")
    index = parsed(place / INDEX, INDEX_FORMAT)
    whole = isinstance(index.get("files"), dict) and isinstance(index.get("vectors"), list)
    if not whole or not all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in index["vectors"]):
        raise ValueError(f"{place / INDEX}: damaged, vectors or files are missing")
    return index


def parsed(path: Path, form: str) -> dict[str, Any]:
    """A JSON object of this ``format`` and of our schema."""
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"{path}: damaged, not JSON: {str(problem).splitlines()[0]}") from None
    if not isinstance(value, dict) or value.get("format") != form:
        found = value.get("format") if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"{path}: its format must be {form!r}, got {found!r}")
    schema = value.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        what = "newer than this lra_ref reads" if isinstance(schema, int) and schema > SCHEMA else "unknown"
        raise ValueError(f"{path}: its schema {schema!r} is {what} (this one is {SCHEMA})")
    return value


def read_vector(folder: str | os.PathLike[str], name: str, index: dict[str, Any]) -> dict[str, Array]:
    """The quantities of one vector, each of shape (steps, ...); its files must be those that were exported.

    Raises ``ValueError`` in one line if one is damaged or missing.
    """
    for path in (Path(folder) / f"{name}.npz", Path(folder) / f"{name}.json"):
        if path.name not in index["files"] or not path.is_file():
            raise ValueError(f"{path}: missing; export the vectors again")
        if hashlib.sha256(path.read_bytes()).hexdigest() != index["files"][path.name]:
            raise ValueError(f"{path}: not the file that was exported; export the vectors again")
    vector = parsed(path, FORMAT)
    return {quantity: table(rows, f"{path}: {quantity}") for quantity, rows in vector["quantities"].items()}
