"""Writing several files: all of them or none, and nothing overwritten."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_all(files: Mapping[Path, str], changed: Mapping[Path, str]) -> None:
    """Create ``files``, then replace the files ``changed``, each in one move.

    If anything goes wrong, what was created is removed and what was changed is put back; ``ValueError`` names a file that exists.
    """
    for path in files:
        if path.exists() or path.is_symlink():
            raise ValueError(f"{path} exists; nothing was written")
    created: list[Path] = []
    before = {path: path.read_text(encoding="utf-8") for path in changed}
    try:
        for path, text in files.items():
            # "x": what came into being since the look above is not overwritten either
            with path.open("x", encoding="utf-8") as stream:
                created.append(path)
                stream.write(text)
        for path, text in changed.items():
            replace(path, text)
    except BaseException:
        for path in created:
            path.unlink(missing_ok=True)
        for path, text in before.items():
            if path.read_text(encoding="utf-8") != text:
                replace(path, text)
        raise


def replace(path: Path, text: str) -> None:
    """Put a text in the place of a file in one move."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
