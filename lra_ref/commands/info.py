"""Versions, machine, backends, compile cache and extras: what a bug report needs, and what to install for what."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from lra_ref.commands.output import emit, emit_json

CORE = ("numpy", "scipy", "numba")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``lra-ref info``."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def main(arguments: argparse.Namespace) -> int:
    """Run ``lra-ref info``."""
    found = info()
    if arguments.json:
        emit_json(found)
        return 0
    cache, threads = found["cache"], found["threads"]
    lines = [f"lra_ref {found['lra_ref']} in {found['folder']}", f"python {found['python']} ({found['executable']})"]
    lines.append(", ".join(f"{name} {found[name] or 'missing'}" for name in CORE))
    lines += [f"{found['platform']}, {found['processor']}, {threads['usable']} of {threads['processors']} processors usable"]
    lines += ["", "backends"]
    lines += [f"  {name.ljust(6)} {backend['text']}" for name, backend in found["backends"].items()]
    lines += [f"compile cache: {cache['folder']}, {cache['text']}", "", "extras"]
    column = max((len(name) for name in found["extras"]), default=0) + 2
    for name, extra in found["extras"].items():
        missing = ", ".join(extra["missing"])
        text = "installed" if not missing else f"missing {missing}: {extra['command']}"
        lines.append(f"  {name.ljust(column)}{text}")
    emit("\n".join(lines))
    return 0


def info() -> dict[str, Any]:
    """All of it, plain data."""
    import lra_ref

    return {
        "lra_ref": lra_ref.__version__,
        "folder": str(Path(lra_ref.__file__).parent),
        "python": platform.python_version(),
        "executable": sys.executable,
        **{name: version(name) for name in CORE},
        "platform": platform.platform(),
        "processor": processor(),
        "threads": {"processors": os.cpu_count(), "usable": usable(), "NUMBA_NUM_THREADS": os.environ.get("NUMBA_NUM_THREADS")},
        "backends": {"numpy": numpy_backend(), "numba": numba_backend(), "cupy": cupy_backend()},
        "cache": cache(),
        "extras": extras(),
    }


def version(library: str) -> str | None:
    """Version of an installed library, None if it is not installed."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def usable() -> int | None:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def numpy_backend() -> dict[str, Any]:
    """The references run on NumPy."""
    return {"available": True, "text": f"available ({version('numpy')}): the references"}


def numba_backend() -> dict[str, Any]:
    """The kernels run compiled by Numba."""
    from lra_ref.backends.cpu import interpreted

    if interpreted():
        return {"available": False, "text": "off: LRA_REF_INTERPRET is set, kernels run as plain Python"}
    try:
        numba = importlib.import_module("numba")
    except ImportError as problem:
        return {"available": False, "text": f"not available: {first_line(problem)}"}
    return {"available": True, "text": f"available ({numba.__version__}): the compiled kernels"}


def cupy_backend() -> dict[str, Any]:
    """The generated kernels and the references run on CuPy where there is a device."""
    from lra_ref.backends.gpu import NoDevice, cupy, device

    try:
        found = device()
    except (ImportError, NoDevice) as problem:
        return {"available": False, "text": f"not available: {first_line(problem)}"}
    return {"available": True, "text": f"available ({cupy().__version__}): generated kernels on {found.name}"}


def first_line(problem: Exception) -> str:
    """The first line of what an exception says."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


def cache() -> dict[str, Any]:
    """Where machine code is kept, and whether it can be."""
    from lra_ref.backends.cpu import cache_base

    folder = cache_base()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            writable, text = True, "writable"
    except OSError as problem:
        writable, text = False, f"not writable ({problem.strerror or problem}): every process compiles anew"
    return {"folder": str(folder), "writable": writable, "text": text}


def command(extra: str) -> str:
    """What installs an extra; quoted, because some shells read brackets as a pattern."""
    return f'pip install "lra_ref[{extra}]"'


def extras() -> dict[str, Any]:
    """Every extra: its libraries, those that are missing or too old, and how to install it."""
    try:
        requirements = importlib.metadata.requires("lra_ref") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    wanted: dict[str, list[tuple[str, str]]] = {}
    for requirement in requirements:
        found = re.fullmatch(r"""\s*([\w.-]+)\s*(?:\[[^\]]*\])?\s*([^;]*?)\s*;.*extra\s*==\s*["']([\w-]+)["'].*""", requirement)
        if found and found.group(1) != "lra_ref":
            wanted.setdefault(found.group(3), []).append((found.group(1), found.group(2).strip("() ")))
    return {
        extra: {
            "libraries": {name: version(name) for name, _ in libraries},
            "missing": [f"{name}{asked}" for name, asked in libraries if not satisfied(version(name), asked)],
            "command": command(extra),
        }
        for extra, libraries in sorted(wanted.items())
    }


def satisfied(installed: str | None, asked: str) -> bool:
    """Whether an installed version is at least the one asked for (``>=1.2``); other conditions are left to pip."""
    if installed is None:
        return False
    least = re.search(r">=\s*([\d.]+)", asked)
    return least is None or numbers(installed) >= numbers(least.group(1))


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: 1.10.0rc1 is (1, 10, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", re.match(r"[\d.]*", text)[0]))  # type: ignore[index]  # the pattern matches every text
