"""The GPU, through CuPy: generated source compiled by NVRTC without contraction, arrays of CuPy in and out.

Nothing here is imported unless it is asked for; without CuPy or without a device :func:`device` says in one line what to do.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from lra_ref.typing import Array

#: IEEE 754 operations only: no contraction, no flushing of subnormal numbers, divisions and roots rounded correctly
OPTIONS = ("--std=c++17", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true")
INSTALL = "pip install 'lra_ref[gpu]'"


class NoDevice(RuntimeError):
    """There is no GPU that could be used; the message is one line."""


def cupy() -> Any:
    """The CuPy module; ``ImportError`` with what to install if it is missing, or with why it does not load."""
    try:
        return importlib.import_module("cupy")
    except ImportError as problem:
        missing = isinstance(problem, ModuleNotFoundError) and problem.name == "cupy"
        raise ImportError(f"the GPU backend needs CuPy: {INSTALL if missing else _first_line(problem)}") from problem


def device(number: int = 0) -> CupyDevice:
    """The GPU of this number.

    Raises ``ImportError`` without CuPy (naming what to install), :class:`NoDevice` where it finds no such GPU.
    """
    module = cupy()
    try:
        count = int(module.cuda.runtime.getDeviceCount())
    except Exception as problem:  # CuPy's own errors cannot be imported without a driver
        raise NoDevice(f"CuPy finds no GPU: {_first_line(problem)}") from problem
    if not 0 <= number < count:
        raise NoDevice(f"device must be in [0, {count}), got {number}" if count else "CuPy finds no GPU")
    return CupyDevice(module, number)


def _first_line(problem: Exception) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]


class CupyModule:
    """Kernels of one source."""

    def __init__(self, module: Any, source: str) -> None:
        self._module = module.RawModule(code=source, options=OPTIONS)
        self._kernels: dict[str, Any] = {}

    def launch(self, name: str, grid: int, threads: int, arguments: tuple[Any, ...]) -> None:
        """Run ``grid`` blocks of ``threads`` threads on the current stream; numbers are passed as 64-bit whole ones."""
        if name not in self._kernels:
            self._kernels[name] = self._module.get_function(name)
        passed = tuple(np.int64(a) if isinstance(a, int | np.integer) else a for a in arguments)
        self._kernels[name]((grid,), (threads,), passed)


class CupyDevice:
    """What the engine asks of a device."""

    def __init__(self, module: Any, number: int = 0) -> None:
        self._cupy, self.number = module, number
        self.array_type: Any = module.ndarray
        properties = module.cuda.runtime.getDeviceProperties(number)
        name = properties["name"]
        self.name = name.decode() if isinstance(name, bytes) else str(name)

    def module(self, source: str) -> CupyModule:
        """The kernels of a source."""
        with self._cupy.cuda.Device(self.number):
            return CupyModule(self._cupy, source)

    def zeros(self, shape: Any, dtype: Any) -> Any:
        """A new array."""
        with self._cupy.cuda.Device(self.number):
            return self._cupy.zeros(shape, dtype)

    def put(self, array: Array) -> Any:
        """A copy on the device."""
        with self._cupy.cuda.Device(self.number):
            return self._cupy.array(array)

    def refill(self, target: Any, values: Array) -> None:
        """Overwrite an array of the device."""
        target.set(np.ascontiguousarray(values, dtype=target.dtype))

    def get(self, array: Any) -> Array:
        """A copy in the memory of the host; waits for what was launched before."""
        return np.asarray(array.get())

    def finite(self, array: Any) -> bool:
        """Whether every entry is finite."""
        return bool(self._cupy.isfinite(array).all())
