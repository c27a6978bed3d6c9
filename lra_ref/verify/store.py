"""The run directory: one line per finished cell, written so that an interruption at any moment leaves a directory that resumes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # not a POSIX system: two runs in one directory are then not noticed
    fcntl = None  # type: ignore[assignment]

SCHEMA = 1
RUN, CELLS = "run.json", "cells.jsonl"


class RunDirectoryError(ValueError):
    """A run directory cannot be used; the message is one line."""


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


def dumps(value: Any) -> str:
    """Strict JSON: numbers that are not finite are refused."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


class RunDirectory:
    """A directory of finished cells, made for one setting.

    ``run.json`` holds schema, settings and the start time; ``cells.jsonl`` one JSON object per line, ``{"key": ..., "record": ...}``.
    A line is appended in one write and synced. A torn last line, left by a crash, is cut off. A second run at the same time is refused.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, Any], started: str) -> None:
        self.path = Path(path)
        self.cells: dict[str, dict[str, Any]] = {}
        with one_line("use the run directory", self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self.started = self._settle(dict(settings), started)
        self._file = self._open()
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def _settle(self, settings: dict[str, Any], started: str) -> str:
        """Compare with the settings that the directory was made for, or record them; returns when the run was started."""
        record = self.path / RUN
        if not record.exists():
            if any(entry for entry in self._contents() if entry.name == CELLS):
                raise RunDirectoryError(f"{self.path} has a {CELLS} but no {RUN}: not a run directory that resumes")
            write_atomically(record, dumps({"schema": SCHEMA, "started": started, "settings": settings}) + "\n")
            return started
        try:
            with one_line("read", record):
                known = json.loads(record.read_text(encoding="utf-8"))
            schema, before, started = known["schema"], dict(known["settings"]), str(known["started"])
        except (ValueError, KeyError, TypeError) as problem:
            if isinstance(problem, RunDirectoryError):
                raise
            raise RunDirectoryError(f"{record} is not a record of a run: {problem}") from None
        if schema != SCHEMA:
            raise RunDirectoryError(f"{record} has schema {schema}, this version writes {SCHEMA}; use another directory")
        for name in sorted(before.keys() | settings.keys()):
            if before.get(name) != settings.get(name):
                raise RunDirectoryError(
                    f"{self.path} was made with {name} = {before.get(name)!r}, asked for {settings.get(name)!r}; use another directory"
                )
        return started

    def _contents(self) -> list[Path]:
        with one_line("read", self.path):
            return list(self.path.iterdir())

    def _open(self) -> BinaryIO:
        with one_line("write", self.path / CELLS):
            file = open(self.path / CELLS, "a+b", buffering=0)  # held open until close()
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                raise RunDirectoryError(f"{self.path} is in use by another run") from None
        return file

    def _read(self) -> None:
        """Read the finished cells; cut off a torn last line; refuse a directory with other rubbish in it."""
        with one_line("read", self.path / CELLS):
            self._file.seek(0)
            lines = self._file.read().splitlines(keepends=True)
        sound = 0
        for number, line in enumerate(lines, 1):
            try:
                if not line.endswith(b"\n"):
                    raise ValueError("no end of line")
                entry = json.loads(line)
                self.cells[entry["key"]] = entry["record"]
            except (ValueError, KeyError, TypeError):
                if number < len(lines):
                    raise RunDirectoryError(f"{self.path / CELLS}, line {number}: not a finished cell") from None
                break
            sound += len(line)
        with one_line("write", self.path / CELLS):
            self._file.truncate(sound)

    def add(self, key: str, record: dict[str, Any]) -> None:
        """Append a finished cell; it is on disk when this returns."""
        line = (dumps({"key": key, "record": record}) + "\n").encode()
        with one_line("write", self.path / CELLS):
            view = memoryview(line)
            while view:
                view = view[self._file.write(view) :]
            os.fsync(self._file.fileno())
        self.cells[key] = record

    def close(self) -> None:
        """Release the directory."""
        self._file.close()

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
