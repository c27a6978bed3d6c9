"""What the engine asks of CuPy, checked with a module of its shape; and what is said without CuPy, without a GPU, without a compiler."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest

from lra_ref.backends import gpu
from lra_ref.backends.cuda.host import HostModule, build
from lra_ref.commands.info import cupy_backend
from lra_ref.engine.device import DeviceInPlace
from lra_ref.engine.device_run import device_run
from lra_ref.engine.inplace import InPlace
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from tests.backends.gpu_cases import needs_cxx


class ndarray(np.ndarray):
    """Has what CuPy's arrays have beyond NumPy's."""

    __module__ = "cupy"

    def get(self) -> np.ndarray:
        return np.array(self.view(np.ndarray))

    def set(self, values: np.ndarray) -> None:
        assert type(values) is np.ndarray
        assert (values.dtype, values.shape) == (self.dtype, self.shape)
        self[...] = values


class RawModule:
    def __init__(self, code: str, options: tuple[str, ...]) -> None:
        assert "--fmad=false" in options
        assert not any("fast" in option for option in options)
        self.module = HostModule(code)

    def get_function(self, name: str) -> Any:
        def kernel(grid: tuple[int, ...], block: tuple[int, ...], arguments: tuple[Any, ...]) -> None:
            assert block == (128,)
            assert all(isinstance(a, ndarray | np.int64) for a in arguments), arguments
            self.module.launch(name, grid[0], block[0], arguments)

        return kernel


def look_alike(devices: int = 1) -> types.ModuleType:
    module: Any = types.ModuleType("cupy")

    class Device:
        def __init__(self, number: int) -> None:
            assert 0 <= number < devices

        def __enter__(self) -> None: ...
        def __exit__(self, *_: Any) -> None: ...

    def count() -> int:
        if devices < 0:
            raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected\nmore")
        return devices

    runtime = types.SimpleNamespace(getDeviceCount=count, getDeviceProperties=lambda number: {"name": b"Pretended GPU"})
    module.cuda, module.ndarray, module.RawModule = types.SimpleNamespace(runtime=runtime, Device=Device), ndarray, RawModule
    module.__version__ = "13.0"
    module.zeros = lambda shape, dtype: np.zeros(shape, dtype).view(ndarray)
    module.array = lambda values: np.array(values).view(ndarray)
    module.isfinite = np.isfinite
    return module  # type: ignore[no-any-return]


@needs_cxx
def test_cupy_arrays_in_and_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = look_alike()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    start, rng = np.linspace(-1, 1, 300), np.random.default_rng(0)
    x, y = start.copy(), cupy.array(start)
    cpu, step = InPlace(make_method("sgd"), x), DeviceInPlace(make_method("sgd"), y)
    assert step.device.name == "Pretended GPU"
    for _ in range(3):
        g = rng.normal(size=300)
        assert cpu(g) is step(cupy.array(g))
    assert np.array_equal(x, y.get())
    assert all(isinstance(point, ndarray) for point, _ in step.wanted())
    with pytest.raises(ValueError, match=r"gradient must be a C-contiguous float64 cupy array of shape \(300,\), got ndarray"):
        step(np.ones(300))


def test_without_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    for call in (gpu.device, lambda: DeviceInPlace(make_method("sgd"), np.ones(3)), lambda: run_it()):
        with pytest.raises(ImportError, match=r"^the GPU backend needs CuPy: pip install 'lra_ref\[gpu\]'$"):
            call()


def test_a_cupy_that_does_not_load_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Any:
        raise ImportError("libnvrtc.so.12: cannot open shared object file\nmore")

    monkeypatch.setattr(gpu.importlib, "import_module", broken)
    with pytest.raises(ImportError, match=r"^the GPU backend needs CuPy: libnvrtc.so.12: cannot open shared object file$"):
        gpu.device()


def test_info_shows_the_backend_and_why_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert cupy_backend() == {"available": False, "text": "not available: the GPU backend needs CuPy: pip install 'lra_ref[gpu]'"}
    monkeypatch.setitem(sys.modules, "cupy", look_alike(0))
    assert cupy_backend() == {"available": False, "text": "not available: CuPy finds no GPU"}
    monkeypatch.setitem(sys.modules, "cupy", look_alike())
    assert cupy_backend() == {"available": True, "text": "available (13.0): generated kernels on Pretended GPU"}


def run_it() -> Any:
    return device_run(make_method("sgd"), make_problem("rosenbrock"), steps=1)


def test_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", look_alike(-1))
    with pytest.raises(gpu.NoDevice, match=r"^CuPy finds no GPU: cudaErrorNoDevice: no CUDA-capable device is detected$"):
        gpu.device()
    monkeypatch.setitem(sys.modules, "cupy", look_alike(0))
    with pytest.raises(gpu.NoDevice, match=r"^CuPy finds no GPU$"):
        gpu.device()
    monkeypatch.setitem(sys.modules, "cupy", look_alike(2))
    with pytest.raises(gpu.NoDevice, match=r"^device must be in \[0, 2\), got 2$"):
        gpu.device(2)


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRA_REF_CXX", "no-such-compiler")
    with pytest.raises(RuntimeError, match=r"^no C\+\+ compiler 'no-such-compiler' found$"):
        build("")


@needs_cxx
def test_what_the_compiler_refuses() -> None:
    with pytest.raises(RuntimeError, match=r"refuses generated code: .*error"):
        build("int f( {")
