"""Generated kernels on the CPU: built by a C++ compiler without contraction, blocks and threads as loops, arrays of NumPy.

It shows, without a GPU, that the generated source computes the bits of the CPU; it is no fast way to run anything. ``LRA_REF_CXX`` names
the compiler (default ``g++``).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.backends.cpu import cache_folder
from lra_ref.typing import Array

OPTIONS = ("-std=c++17", "-O1", "-ffp-contract=off", "-fno-fast-math", "-DLRA_REF_HOST", "-shared", "-fPIC", "-w")


def compiler() -> str | None:
    """Path of the C++ compiler, None if there is none."""
    return shutil.which(os.environ.get("LRA_REF_CXX", "g++"))


def build(source: str) -> Path:
    """The shared library of a source, built once per source and options and kept beside the compiled kernels.

    Raises ``RuntimeError`` if there is no compiler, or with its first complaint.
    """
    command = compiler()
    if command is None:
        raise RuntimeError(f"no C++ compiler {os.environ.get('LRA_REF_CXX', 'g++')!r} found")
    name = hashlib.sha256(f"{command}{OPTIONS}{source}".encode()).hexdigest()[:24]
    base = cache_folder()
    folder = (base if base is not None else Path(tempfile.mkdtemp(prefix="lra_ref"))) / "host"
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / f"{name}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            file, made = Path(scratch) / "source.cpp", Path(scratch) / "made.so"
            file.write_text(source, encoding="utf-8")
            done = subprocess.run([command, *OPTIONS, str(file), "-o", str(made)], capture_output=True, text=True, check=False)
            if done.returncode:
                complaint = [line for line in done.stderr.splitlines() if "error" in line] or [f"exit code {done.returncode}"]
                raise RuntimeError(f"the C++ compiler refuses generated code: {complaint[0]}")
            os.replace(made, library)
    return library


class HostModule:
    """Kernels of one source."""

    def __init__(self, source: str) -> None:
        self._library = ctypes.CDLL(str(build(source)))

    def launch(self, name: str, grid: int, threads: int, arguments: tuple[Any, ...]) -> None:
        """Run ``grid`` blocks of a kernel; arrays are handed over by address, numbers as 64-bit whole ones."""
        passed: list[Any] = [ctypes.c_int64(grid)]
        for argument in arguments:
            array = isinstance(argument, np.ndarray)
            passed.append(ctypes.c_void_p(argument.ctypes.data) if array else ctypes.c_int64(int(argument)))
        getattr(self._library, name)(*passed)


class HostDevice:
    """A device of the shape of :class:`lra_ref.backends.gpu.CupyDevice` that is the CPU."""

    name = "host"
    array_type: Any = np.ndarray

    def module(self, source: str) -> HostModule:
        """The kernels of a source."""
        return HostModule(source)

    def zeros(self, shape: Any, dtype: Any) -> Array:
        """A new array."""
        return np.zeros(shape, dtype)

    def put(self, array: Array) -> Array:
        """A copy on the device."""
        return np.array(array)

    def refill(self, target: Array, values: Array) -> None:
        """Overwrite an array of the device."""
        target[...] = values

    def get(self, array: Array) -> Array:
        """A copy in the memory of the host; waits for what was launched before."""
        return np.array(array)

    def finite(self, array: Array) -> bool:
        """Whether every entry is finite."""
        return bool(np.all(np.isfinite(array)))
