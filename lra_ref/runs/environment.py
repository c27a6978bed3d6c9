"""What a result was computed with: versions, machine, and fingerprints of the code that determines it."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lra_ref

#: libraries whose version can change a number
LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn")
#: parts of the package that only show results
SHOWING = (
    "cli.py", "commands/", "views/", "report/", "new/", "runs/progress.py", "sweep/table.py", "verify/table.py", "verify/described.py",
)  # fmt: skip


@functools.cache
def version(library: str) -> str | None:
    """Version of an installed library, None if it is not installed."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def environment() -> dict[str, Any]:
    """Versions and machine, for the reports."""
    return {
        "lra_ref": version("lra_ref") or getattr(lra_ref, "__version__", None),
        "code": code_fingerprint()[:12],
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
    }


def determining() -> dict[str, Any]:
    """The part of the environment that goes into the key of a result."""
    found = environment()
    return {name: found[name] for name in ("code", "python", *LIBRARIES, "machine")}


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the contents of files, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode() + content)
    return total.hexdigest()


@functools.cache
def code_fingerprint() -> str:
    """Fingerprint of the package's own source, without what only shows results."""
    root = Path(lra_ref.__file__).resolve().parent
    files = sorted(path for path in root.rglob("*.py") if not str(path.relative_to(root).as_posix()).startswith(SHOWING))
    return digest(files)
