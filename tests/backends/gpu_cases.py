"""What the tests of the generated code share: methods, types, and every registered kernel behind a function of C."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cuda.host import build, compiler
from lra_ref.backends.cuda.translate import Program
from lra_ref.backends.cuda.types import F64, I64, REALS, Array
from lra_ref.methods import METHODS, Method, compose, make_method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES, Part

NVCC = shutil.which("nvcc")
needs_nvcc = pytest.mark.skipif(NVCC is None, reason="nvcc is not installed")
needs_cxx = pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
ELEMENTS, SCALARS = ("gather", "map", "aim", "terms", "move"), ("begin", "settle", "decide", "retry")
NUMBERS: dict[str, Any] = {
    "i64": ctypes.c_int64, "u64": ctypes.c_uint64, "double": ctypes.c_double, "float": ctypes.c_float, "bool": ctypes.c_bool,
}  # fmt: skip
V, M = Array(F64, 1), Array(F64, 2)
SCALAR = (I64, I64, I64, V, M, M, V, M)


def methods() -> list[Method]:
    """Every direction, every rate along a direction, every whole method and named configuration."""
    made = [make_method(name) for name in DIRECTIONS]
    made += [compose(("sgd", "momentum")[k % 2], name, **RATES[name].shown) for k, name in enumerate(RATES) if name != "constant"]
    made += [make_method(name, **WHOLES[name].shown) for name in WHOLES]
    return made + [METHODS[name]() for name in METHODS]


def kernels(which: tuple[str, ...]) -> list[tuple[types.FunctionType, Part]]:
    """Every registered kernel under these names once, with a part that has it; bound, as the engine uses it."""
    found: dict[types.FunctionType, Part] = {}
    for method in methods():
        bound = method.bound(np.array([0, 5, 40]))
        for part in (bound.direction, bound.rate):
            for name in which:
                kernel = getattr(part, name, None)
                if kernel is not None:
                    found.setdefault(kernel, part)
    return list(found.items())


def compile_with_nvcc(source: str, folder: Path, *options: str) -> str:
    """PTX of a source; fails with what nvcc says."""
    file, made = folder / "source.cu", folder / "source.ptx"
    file.write_text(source)
    command = [str(NVCC), "-std=c++17", "-arch=sm_90", "-ptx", *(options or ("-fmad=false",)), str(file), "-o", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return made.read_text()


class Callable_:
    """Translated kernels as functions of NumPy arrays and whole numbers, all in one library."""

    def __init__(self, wanted: list[tuple[types.FunctionType, tuple[Any, ...]]]) -> None:
        program = Program()
        self._names: dict[Any, tuple[str, tuple[Any, ...], Any]] = {}
        wrappers = []
        for kernel, kinds in wanted:
            name, result, allocates = program.add(kernel, kinds)
            head, passed = [], []
            for k, kind in enumerate(kinds):
                if isinstance(kind, Array):
                    sizes = [f"i64 a{k}{letter}" for letter in "nml"[: kind.axes]]
                    head += [f"{kind.of.c} *a{k}", *sizes]
                    passed.append(f"{kind.c}{{a{k}, {', '.join(size.split()[1] for size in sizes)}}}")
                else:
                    head.append(f"{kind.c} a{k}")
                    passed.append(f"a{k}")
            work = (
                "static double memory_[1 << 16]; i64 short_ = 0; Work work_{memory_, memory_, memory_ + (1 << 16), &short_};"
                if allocates
                else ""
            )
            call = f"{name}({', '.join((['work_'] if allocates else []) + passed)})"
            body = f"{work} {call};" if result.c == "void" else f"{work} *result_ = {call};"
            wrappers.append(f'extern "C" void c_{name}({", ".join([*head, f"{result.c} *result_".replace("void", "i64")])}) {{ {body} }}')
            self._names[kernel, kinds] = f"c_{name}", kinds, result
        self.program = program
        self.source = program.source() + "\n".join(wrappers)
        self._library = ctypes.CDLL(str(build(self.source)))

    def __call__(self, kernel: Any, kinds: tuple[Any, ...], arguments: tuple[Any, ...]) -> Any:
        """Call one."""
        name, _, result = self._names[kernel, kinds]
        passed: list[Any] = []
        for kind, argument in zip(kinds, arguments, strict=True):
            if isinstance(kind, Array):
                passed += [ctypes.c_void_p(argument.ctypes.data), *map(ctypes.c_int64, argument.shape)]
            else:
                passed.append(NUMBERS[kind.c](argument))
        numbers = {"double": np.float64, "float": np.float32, "u64": np.uint64, "bool": np.bool_}
        out = np.zeros(1, numbers.get(result.c, np.int64))
        getattr(self._library, name)(*passed, ctypes.c_void_p(out.ctypes.data))
        return out[0]


def element_arguments(part: Any, dtype: Any, seed: int, blocks: int = 2, size: int = 40) -> tuple[Any, ...]:
    """Arrays for an element kernel: numbers of every sign and size, zeros, and what is not finite."""
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, size=shape)
        odd = rng.random(shape)
        values = np.where(odd < 0.05, 0.0, np.where(odd < 0.08, np.inf, np.where(odd < 0.1, np.nan, values)))
        return values.astype(dtype)

    rows = max(len(part.vectors), 1)
    points = max(len(getattr(part, "points", ())), 1)
    out = np.zeros((max(part.sums, len(part.late), 1), 64))
    # some kernels read the number of a row from a coefficient: below 1 it is row 0
    coef = rng.uniform(0.01, 1, size=(blocks, max(part.coefficients, 1))).astype(dtype)
    return (1, 5, size, 3, some(size), some(size), some(64), some(points, size), np.abs(some(rows, size)), coef, out)


def element_kinds(dtype: Any) -> tuple[Any, ...]:
    v, m = Array(REALS[np.dtype(dtype).name], 1), Array(REALS[np.dtype(dtype).name], 2)
    return (I64, I64, I64, I64, v, v, v, m, m, m, Array(REALS["float64"], 2))


def copies(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in arguments)


def same(one: tuple[Any, ...], two: tuple[Any, ...]) -> bool:
    """Equal bits but for the payload of what is not a number."""
    return all(
        np.array_equal(a, b, equal_nan=True) and np.array_equal(np.signbit(finite(a)), np.signbit(finite(b)))
        for a, b in zip(one, two, strict=True)
    )


def finite(a: Any) -> np.ndarray:
    return np.nan_to_num(np.asarray(a, dtype=np.float64))


def pairs(count: int, size: int, dtype: Any, seed: int = 0) -> Iterator[list[tuple[float, np.ndarray]]]:
    """Losses and gradients of noise, ``count`` per step."""
    rng = np.random.default_rng(seed)
    while True:
        yield [(float(rng.uniform(1, 2)), rng.normal(size=size).astype(dtype)) for _ in range(count)]
