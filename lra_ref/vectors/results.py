"""What a port computed, from a file that any language can write: JSON or ``.npz``.

JSON::

    {"format": "lra_ref results", "schema": 1, "precision": "float64",
     "results": {"adam.default.bowl": {"x": [[0.5, "0x1.8p-1", ...], ...], "rate": [...]}, ...}}

``.npz``: one array per member ``VECTOR/QUANTITY``, all float64 or all float32.
"""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.checks import DAMAGED, path_of
from lra_ref.typing import Array
from lra_ref.vectors.folder import parsed
from lra_ref.vectors.numbers import PRECISIONS, table

FORMAT = "lra_ref results"
MAGIC = b"PK"


@dataclass(frozen=True)
class Results:
    """Vector -> quantity -> array of shape (steps, ...), and the precision they were computed in."""

    precision: str
    vectors: dict[str, dict[str, Array]]


def read_results(path: str | os.PathLike[str]) -> Results:
    """The results of a file.

    Raises ``ValueError`` or ``OSError`` in one line that names the file: not there, damaged, of another format or schema, or a value that
    is no number.
    """
    place = Path(path_of(path))
    with open(place, "rb") as file:
        packed = file.read(2) == MAGIC
    found = _from_npz(place) if packed else _from_json(place)
    if not found.vectors:
        raise ValueError(f"{place}: it holds no results")
    return found


def _from_json(path: Path) -> Results:
    value = parsed(path, FORMAT)
    precision, results = value.get("precision", "float64"), value.get("results")
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise ValueError(f"{path}: precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    if not isinstance(results, dict) or not all(isinstance(entry, dict) for entry in results.values()):
        raise ValueError(f"{path}: results must be an object of vectors, each an object of quantities")
    vectors = {name: {q: _rows(rows, f"{path}: {name}: {q}") for q, rows in entry.items()} for name, entry in results.items()}
    return Results(precision, vectors)


def _rows(value: Any, where: str) -> Array:
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where}: expected a list with an entry per step")
    return table(value, where)


def _from_npz(path: Path) -> Results:
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            members = {member.removesuffix(".npy"): io.BytesIO(archive.read(member)) for member in archive.namelist()}
        arrays = {member: np.lib.format.read_array(content, allow_pickle=False) for member, content in members.items()}
    except DAMAGED as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise ValueError(f"{path}: not a .npz file, or damaged: {reason}") from None
    kinds = {array.dtype.name for array in arrays.values()}
    if len(kinds) != 1 or not kinds <= set(PRECISIONS):
        raise ValueError(f"{path}: its arrays must be all float64 or all float32, got {', '.join(sorted(kinds)) or 'none'}")
    vectors: dict[str, dict[str, Array]] = {}
    for member, array in arrays.items():
        name, slash, quantity = member.partition("/")
        if not slash:
            raise ValueError(f"{path}: members must be called VECTOR/QUANTITY, got {member!r}")
        if array.ndim == 0:
            raise ValueError(f"{path}: {member} must have an entry per step, got a scalar")
        vectors.setdefault(name, {})[quantity] = array.astype(np.float64)
    return Results(kinds.pop(), vectors)
