"""The run directory: one line per finished cell, written so that an interruption at any moment leaves a directory that resumes.

``run.json``      ``{"schema", "kind", "started", "settings"}``: what the directory was made for, by what, and when
``cells.jsonl``   one finished cell per line, ``{"key": ..., "record": ..., "sum": "xxxxxxxx"}``

``sum`` is the CRC-32 of everything in the line before it: a flipped bit inside a number is still JSON, and would otherwise go unseen.
Every line is on disk before the next is begun, so a crash can tear the last line only; that one is cut off, and its cell computed again. A
bad line anywhere else is damage from outside: it is named and nothing is changed. Directories of schema 1 (no ``kind``, lines without
``sum``) are read and continued.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lra_ref.checks import path_of

try:
    import fcntl
except ImportError:  # not a POSIX system: two runs in one directory are then not noticed
    fcntl = None  # type: ignore[assignment]

SCHEMA = 2
#: schemas that are read and continued
READABLE = (1, SCHEMA)
KINDS = ("verify", "sweep")
RUN, CELLS = "run.json", "cells.jsonl"
TAIL = re.compile(rb', "sum": "([0-9a-f]{8})"\}\Z')


class RunDirectoryError(ValueError):
    """A run directory cannot be used; the message is one line."""


@dataclass(frozen=True)
class Contents:
    """What a run directory holds, read without changing it; ``whole`` is the length of ``cells.jsonl`` up to a torn last line."""

    path: Path
    kind: str
    schema: int
    started: str
    settings: dict[str, Any]
    cells: dict[str, dict[str, Any]]
    whole: int


@contextmanager
def one_line(action: str, path: Path) -> Iterator[None]:
    """Turn an operating-system error into one clear line."""
    try:
        yield
    except OSError as problem:
        raise RunDirectoryError(f"cannot {action} {path}: {problem.strerror or problem}") from None


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file (text as UTF-8) whole or not at all: to a temporary file in the same folder, synced, then renamed."""
    with one_line("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Make new names in a folder survive a power failure, where the system can."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def dumps(value: Any) -> str:
    """Strict JSON: numbers that are not finite are refused."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def line_of(key: str, record: Mapping[str, Any]) -> bytes:
    """The line of a finished cell."""
    body = dumps({"key": key, "record": record}).encode()[:-1]
    return body + f', "sum": "{zlib.crc32(body):08x}"}}\n'.encode()


def cell_of(line: bytes, schema: int) -> tuple[str, dict[str, Any]]:
    """Key and record of a line without its end; ``ValueError`` if it is not what was written."""
    tail = TAIL.search(line)
    if tail is None and schema > 1:
        raise ValueError("no checksum")
    if tail is not None and int(tail[1], 16) != zlib.crc32(line[: tail.start()]):
        raise ValueError("the checksum does not match")
    entry = json.loads(line)
    key, record = entry["key"], entry["record"]
    if not isinstance(key, str) or not isinstance(record, dict):
        raise ValueError("no key or no record")
    return key, record


def load(path: str | Path) -> Contents:
    """Read a run directory, also one that a run is writing to just now; nothing is changed.

    Raises :class:`RunDirectoryError` with one line naming the file, and the line in it, that cannot be understood.
    """
    folder = Path(path_of(path))
    if not folder.is_dir():
        raise RunDirectoryError(f"{folder} is not a folder")
    kind, schema, started, settings = _read_run(folder)
    cells, whole = _read_cells(folder / CELLS, schema) if (folder / CELLS).exists() else ({}, 0)
    return Contents(folder, kind, schema, started, settings, cells, whole)


def _read_run(folder: Path) -> tuple[str, int, str, dict[str, Any]]:
    record = folder / RUN
    if not record.exists():
        raise RunDirectoryError(f"{folder} is not a run directory: it has no {RUN}")
    with one_line("read", record):
        content = record.read_bytes()
    try:
        known = json.loads(content)
        schema = known["schema"]
        if schema not in READABLE:
            readable = " and ".join(map(str, READABLE))
            raise RunDirectoryError(
                f"{record} has schema {schema}, this version reads {readable}; use the version that wrote it, or another directory"
            )
        kind, settings, started = known["kind"] if schema > 1 else "verify", dict(known["settings"]), str(known["started"])
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    except RunDirectoryError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise RunDirectoryError(f"{record} is not a record of a run: {problem}") from None
    return kind, schema, started, settings


def _read_cells(path: Path, schema: int) -> tuple[dict[str, dict[str, Any]], int]:
    with one_line("read", path):
        content = path.read_bytes()
    return cells_in(content, schema, path)


def cells_in(content: bytes, schema: int, path: Path) -> tuple[dict[str, dict[str, Any]], int]:
    """The finished cells of the bytes of ``cells.jsonl``, and their length without a torn last line; ``path`` is for the message."""
    cells: dict[str, dict[str, Any]] = {}
    lines, whole = content.split(b"\n"), 0
    # what stands behind the last end of line was never finished
    torn = bool(lines.pop())
    for number, line in enumerate(lines, 1):
        try:
            key, record = cell_of(line, schema)
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            if number == len(lines) and not torn:
                break
            raise RunDirectoryError(
                f"{path}, line {number}: not a finished cell ({problem}); nothing was changed: "
                "delete that line to have its cell computed again, or use another directory"
            ) from None
        cells[key] = record
        whole += len(line) + 1
    return cells, whole


def refuse_other(path: Path, kind: str, settings: Mapping[str, Any]) -> str:
    """Refuse a directory made by another command or for other settings, by name; returns when it was begun."""
    made_by, _, started, before = _read_run(path)
    if made_by != kind:
        raise RunDirectoryError(f"{path} was made by lra-ref {made_by}, not by lra-ref {kind}; use another directory")
    for name in sorted(before.keys() | settings.keys()):
        if before.get(name) != settings.get(name):
            raise RunDirectoryError(
                f"{path} was made with {name} = {before.get(name)!r}, asked for {settings.get(name)!r}; use another directory"
            )
    return started


class RunDirectory:
    """A directory of finished cells, made for one setting and locked while it is open.

    path, settings, started, kind   the folder, what its cells were computed with, when (kept from the first run), and by which command

    Raises :class:`RunDirectoryError` with one line if it was made for other settings or by another command, is in use by another run,
    or cannot be read or written.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, Any], started: str, kind: str = "verify") -> None:
        self.path, self.kind = Path(path), kind
        with one_line("use the run directory", self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        if (self.path / RUN).exists():
            # looked at before anything is written, and again once nobody else can write
            refuse_other(self.path, kind, settings)
        self._file = self._open()
        try:
            self.started = self._settle(dict(settings), started)
            contents = load(self.path)
            self.cells = contents.cells
            with one_line("write", self.path / CELLS):
                self._file.truncate(contents.whole)
        except BaseException:
            self.close()
            raise

    def _settle(self, settings: dict[str, Any], started: str) -> str:
        """Compare with the settings that the directory was made for, or record them; returns when the run was started."""
        if (self.path / RUN).exists():
            return refuse_other(self.path, self.kind, settings)
        if os.fstat(self._file.fileno()).st_size:
            raise RunDirectoryError(f"{self.path} has a {CELLS} but no {RUN}: not a run directory that resumes")
        record = {"schema": SCHEMA, "kind": self.kind, "started": started, "settings": settings}
        write_atomically(self.path / RUN, dumps(record) + "\n")
        return started

    def _open(self) -> BinaryIO:
        with one_line("write", self.path / CELLS):
            file = open(self.path / CELLS, "a+b", buffering=0)  # held open until close()
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise RunDirectoryError(f"{self.path} is in use by another run") from None
            except OSError as problem:
                file.close()
                raise RunDirectoryError(f"cannot lock {self.path / CELLS}: {problem.strerror or problem}") from None
        return file

    def add(self, key: str, record: dict[str, Any]) -> None:
        """Append a finished cell; it is on disk when this returns. After an error the file ends as it did before."""
        line = line_of(key, record)
        with one_line("write", self.path / CELLS):
            before = os.fstat(self._file.fileno()).st_size
            try:
                view = memoryview(line)
                while view:
                    view = view[self._file.write(view) :]
                os.fsync(self._file.fileno())
            except BaseException as problem:
                # a line after a torn one would make the directory unreadable; one that an interrupt found whole may stay
                if isinstance(problem, OSError) or os.fstat(self._file.fileno()).st_size < before + len(line):
                    self._file.truncate(before)
                raise
        self.cells[key] = record

    def close(self) -> None:
        """Release the directory."""
        self._file.close()

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
