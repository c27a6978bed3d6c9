"""The compiler: plain Python kernels become machine code at first use, cached per function and never stale.

A kernel is a plain function that calls formulas by name; nothing is decorated.  :func:`compiled` compiles it for explicit signatures, after
registering every plain function that it reaches.  The cache folder of a function is named by a fingerprint of everything
that determines its code (its own code, that of all functions it reaches, global numbers, options), because the compiler's
own key misses code in other files.  With ``LRA_REF_INTERPRET=1`` kernels run as plain Python, with the same bits.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.backends import memory
from lra_ref.formulas import bits_of, float_of, names_used, where
from lra_ref.readings import bits

#: one thread compiles at a time: Numba's cache folder is one setting of the whole process
_ONE_AT_A_TIME = threading.RLock()
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def interpreted() -> bool:
    """True when kernels are to run as plain Python (environment variable ``LRA_REF_INTERPRET=1``)."""
    return os.environ.get("LRA_REF_INTERPRET", "0") not in ("", "0")


def reached(function: types.FunctionType) -> list[types.FunctionType]:
    """The function and every plain function that it calls by name, directly or not, each once, callees first."""
    order: list[types.FunctionType] = []
    seen: set[types.FunctionType] = set()

    def visit(f: types.FunctionType) -> None:
        if f in seen:
            return
        seen.add(f)
        for name in sorted(names_used(f.__code__)):
            value = f.__globals__.get(name)
            if isinstance(value, types.FunctionType):
                visit(value)
        order.append(f)

    visit(function)
    return order


def _code_text(code: types.CodeType) -> str:
    constants = [_code_text(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return repr((code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars))


def fingerprint(function: types.FunctionType, signature: str = "", options: dict[str, Any] | None = None) -> str:
    """Hash of all that determines the machine code of ``function``."""
    parts = [signature, repr(sorted((options or OPTIONS).items())), sys.version, np.__version__, _taught()]
    for f in reached(function):
        parts.append(f"{f.__module__}.{f.__qualname__} {_code_text(f.__code__)} {f.__defaults__!r} {f in _APART}")
        for name in sorted(names_used(f.__code__)):
            value = f.__globals__.get(name)
            if isinstance(value, int | float | str | tuple | np.generic):
                parts.append(f"{name}={value!r}")
            elif isinstance(value, np.ndarray):
                parts.append(f"{name}={value.dtype}{value.shape}{hashlib.sha256(value.tobytes()).hexdigest()}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


@cache
def _taught() -> str:
    """The code of what the compiler is taught, which no kernel reaches."""
    return "".join(_code_text(f.__code__) for f in (_numba.__wrapped__, memory.teach, memory.functions_at))


def cache_base() -> Path:
    """Where machine code is to be kept: ``$LRA_REF_CACHE``, else ``lra_ref`` in the user's cache folder."""
    base = os.environ.get("LRA_REF_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "lra_ref"
    )
    return Path(base)


@cache
def cache_folder() -> Path | None:
    """Where machine code is kept, or None (said once on stderr) if no folder can be written."""
    folder = cache_base()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        print(f"lra_ref: no compile cache ({problem}); every process compiles anew", file=sys.stderr)
        return None
    return folder


@cache
def _numba() -> types.ModuleType:
    """Numba, imported at the first compilation only, with the functions of the house that it can not read made known to it."""
    import numba
    from numba.extending import overload

    @overload(where, jit_options={"forceinline": True})
    def _where(condition, a, b):  # type: ignore[no-untyped-def]  # Numba compares the two argument lists, annotations included
        return lambda condition, a, b: a if condition else b

    @overload(bits_of, jit_options={"forceinline": True})
    def _bits_of(x):  # type: ignore[no-untyped-def]
        return lambda x: np.float64(x).view(np.uint64)

    @overload(float_of, jit_options={"forceinline": True})
    def _float_of(bits):  # type: ignore[no-untyped-def]
        return lambda bits: np.uint64(bits).view(np.float64)

    memory.teach(numba)
    return numba


def apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: do not force this kernel into its callers.  For what is large and off the hot path: it would be compiled once per call."""
    _APART.add(function)
    return function


_APART: set[Callable[..., Any]] = set()


@cache
def _known(function: types.FunctionType) -> None:
    """Tell Numba to inline a plain function into whatever calls it."""
    from numba.extending import register_jitable

    if function not in (where, bits_of, float_of, memory.matrix_at):
        register_jitable(forceinline=function not in _APART)(function)


def compiled(function: Callable[..., Any], signature: str) -> Any:
    """``function`` compiled for ``signature`` (text, in Numba's notation), or itself when interpreting.

    The result is a dispatcher that can be called, and passed as a first-class function to other compiled code. Raises ``TypeError``
    within :func:`lra_ref.readings.precise`: what it computes in float64 must not pass for certified.
    """
    if bits() is not None:
        raise TypeError(f"{function.__name__} would be computed in float64, not over balls")
    with _ONE_AT_A_TIME:
        return _compiled(function, signature)


@cache
def _compiled(function: Callable[..., Any], signature: str) -> Any:
    if interpreted():
        return function
    assert isinstance(function, types.FunctionType)
    return _compile(function, signature, signature)


def _allocates(function: types.FunctionType) -> bool:
    """Whether a kernel, or a function that it reaches, makes an array."""
    return any(names_used(f.__code__) & {"zeros", "empty", "zeros_like", "empty_like"} for f in reached(function))


def _compile(function: types.FunctionType, signature: Any, text: str, **others: Any) -> Any:
    """Without counting references where nothing is allocated: it would cost a small kernel more than its work."""
    numba = _numba()
    for f in reached(function)[:-1]:
        _known(f)
    if not _allocates(function):
        try:
            return _jitted(function, signature, text, {**OPTIONS, **others, "_nrt": False})
        except numba.core.errors.NumbaRuntimeError:
            pass  # it assigns to a slice, which may need memory
    return _jitted(function, signature, text, {**OPTIONS, **others})


def _jitted(function: types.FunctionType, signature: Any, text: str, options: dict[str, Any]) -> Any:
    numba, folder = _numba(), cache_folder()
    if folder is None:
        return numba.njit(signature, cache=False, **options)(function)
    kept = numba.config.CACHE_DIR
    try:
        numba.config.CACHE_DIR = str(folder / f"{function.__name__}-{fingerprint(function, text, options)}")
        return numba.njit(signature, cache=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = kept


def compiled_loop(function: Callable[..., Any], functions: tuple[str, ...], others: tuple[str, ...]) -> Any:
    """Like :func:`compiled`, for a function whose first arguments are compiled functions of the given signatures."""
    with _ONE_AT_A_TIME:
        return _compiled_loop(function, functions, others)


@cache
def _compiled_loop(function: Callable[..., Any], functions: tuple[str, ...], others: tuple[str, ...]) -> Any:
    if interpreted():
        return function
    assert isinstance(function, types.FunctionType)
    numba = _numba()
    from numba.core.sigutils import normalize_signature

    def function_type(signature: str) -> Any:
        arguments, result = normalize_signature(signature)  # type: ignore[no-untyped-call]
        return numba.types.FunctionType(result(*arguments))

    kinds = [function_type(text) for text in functions]
    plain, _ = normalize_signature(f"({''.join(text + ', ' for text in others)})")  # type: ignore[no-untyped-call]
    entry = _entry(function, [memory.functions_at(kind) for kind in kinds], len(plain))
    signature = numba.void(numba.types.int64[:, ::1], *plain)
    with warnings.catch_warnings():
        # a call with more than 30 arguments goes through a tuple, of whose functions Numba says that they are an experiment
        warnings.simplefilter("ignore", numba.core.errors.NumbaExperimentalFeatureWarning)
        # nobody passes a loop on to other compiled code
        made = _compile(entry, signature, f"at addresses {functions}{others}", no_cfunc_wrapper=True)
    count = len(kinds)

    @cache
    def table(*kernels: Any) -> Any:
        return np.array([_addresses(kernel, kind) for kernel, kind in zip(kernels, kinds, strict=True)], dtype=np.int64)

    return lambda *arguments: made(table(*arguments[:count]), *arguments[count:])


def _entry(function: types.FunctionType, at: list[Any], others: int) -> types.FunctionType:
    """``function``, given the addresses of its functions: to hand a compiled function over takes 20 us, numbers next to nothing."""
    names = [f"a{k}" for k in range(others)]
    called = [f"at{k}(places[{k}, 0], places[{k}, 1])" for k in range(len(at))]
    text = f"def {function.__name__}(places, {', '.join(names)}):\n    function({', '.join(called + names)})\n"
    made: dict[str, Any] = {}
    exec(text, {"function": function, **{f"at{k}": one for k, one in enumerate(at)}}, made)
    entry: types.FunctionType = made[function.__name__]
    # the compiler keeps the code of functions that have a file
    entry.__code__ = entry.__code__.replace(co_filename=function.__code__.co_filename)
    entry.__module__ = function.__module__
    return entry


def _addresses(kernel: Any, kind: Any) -> tuple[int, int]:
    """Where the code of a compiled kernel is, as C calls it and as Numba does."""
    made = kernel.get_compile_result(kind.signature)
    at = made.library.get_pointer_to_function
    return at(made.fndesc.llvm_cfunc_wrapper_name), at(made.fndesc.llvm_func_name)
