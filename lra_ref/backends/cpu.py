"""The compiler: plain Python kernels become machine code at first use, cached per function and never stale.

A kernel is a plain function that calls formulas by name; nothing is decorated.  :func:`compiled` compiles it for explicit signatures, after
registering every plain function that it reaches.  The cache folder of a function is named by a fingerprint of everything
that determines its code (its own code, that of all functions it reaches, global numbers, options), because the compiler's
own key misses code in other files.  With ``LRA_REF_INTERPRET=1`` kernels run as plain Python, with the same bits.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends import board, flat, memory
from lra_ref.backends.flat import flattened
from lra_ref.formulas import bits_of, code_text, float_of, names_used, where
from lra_ref.readings import bits

#: one thread compiles at a time: Numba's cache folder is one setting of the whole process
_ONE_AT_A_TIME = threading.RLock()
#: functions that the compiler is taught
HOUSE = (where, bits_of, float_of, memory.matrix_at, *board.TAUGHT)
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


def fingerprint(function: types.FunctionType, signature: str = "", options: dict[str, Any] | None = None) -> str:
    """Hash of all that determines the machine code of ``function``."""
    parts = [signature, repr(sorted((options or OPTIONS).items())), sys.version, np.__version__, _taught()]
    for f in reached(function):
        parts.append(f"{f.__module__}.{f.__qualname__} {code_text(f.__code__)} {f.__defaults__!r} {f in _APART}")
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
    taught = (_numba.__wrapped__, memory.teach, board.teach, *vars(flat).values(), *vars(flat.Writer).values())
    # not imported here, for it imports the compiler
    calls = Path(__file__).with_name("code.py").read_text(encoding="utf-8")
    return calls + "".join(code_text(f.__code__) for f in taught if isinstance(f, types.FunctionType))


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
    board.teach(numba)
    return numba


def apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: do not force this kernel into its callers.  For what is large and off the hot path: it would be compiled once per call."""
    _APART.add(function)
    return function


def stands_apart(function: Callable[..., Any]) -> bool:
    """Whether this kernel is marked as :func:`apart`."""
    return function in _APART


def stand_in(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: this kernel is handed over where a loop never calls one, and is not compiled."""
    _STAND_INS.add(function)
    return function


_STAND_INS: set[Callable[..., Any]] = set()
_APART: set[Callable[..., Any]] = set()


@cache
def _known(function: types.FunctionType) -> None:
    """Tell Numba to inline a plain function into whatever calls it; one that stands apart holds what it calls."""
    from numba.extending import overload

    if function not in HOUSE:
        options: Any = {"forceinline": function not in _APART, "no_cfunc_wrapper": True}
        overload(function, jit_options=options, strict=False)(lambda *arguments, **named: _inside(function))


@cache
def _inside(function: types.FunctionType) -> types.FunctionType:
    """What is compiled for a plain function: the same either way, where its source can not be had or written out as it is."""
    if function not in _APART:
        return function
    try:
        return flattened(function, _belongs)
    except (OSError, RuntimeError, SyntaxError, TypeError, ValueError):
        return function


def compiled(function: Callable[..., Any], signature: str) -> Any:
    """``function`` compiled for ``signature`` (text, in Numba's notation), or itself when interpreting.

    The result is a dispatcher that can be called, and handed over to a :func:`compiled_loop`. Raises ``TypeError``
    within :func:`lra_ref.readings.precise`: what it computes in float64 must not pass for certified.
    """
    if bits() is not None:
        raise TypeError(f"{function.__name__} would be computed in float64, not over balls")
    with _ONE_AT_A_TIME:
        return _compiled(function, signature)


@cache
def _compiled(function: Callable[..., Any], signature: str) -> Any:
    if interpreted() or function in _STAND_INS:
        return function
    assert isinstance(function, types.FunctionType)
    return _compile(function, signature, signature)


def allocates(function: types.FunctionType) -> bool:
    """Whether a kernel, or a function that it reaches, makes an array."""
    return any(names_used(f.__code__) & {"zeros", "empty", "zeros_like", "empty_like"} for f in reached(function))


def _compile(function: types.FunctionType, signature: Any, text: str, **others: Any) -> Any:
    """Without counting references where nothing is allocated: it would cost a small kernel more than its work."""
    with _uncollected():
        # code is called by way of the interpreter or by its address, never as C would
        numba, options = _numba(), {**OPTIONS, **others, "no_cfunc_wrapper": True}
        for f in reached(function)[:-1]:
            _known(f)
        if not allocates(function):
            try:
                return _jitted(function, signature, text, {**options, "_nrt": False})
            except numba.core.errors.NumbaRuntimeError:
                pass  # it assigns to a slice, which may need memory
        return _jitted(function, signature, text, options)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within it the interpreter does not look for garbage: what a compiler makes mostly lives on, and looking takes a tenth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


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


class Code(NamedTuple):
    """An argument that is compiled code of this signature."""

    signature: str


#: functions that a loop calls and that are compiled when they are needed, each with the types of its arguments
Phases = tuple[tuple[Callable[..., Any], tuple[str | Code, ...]], ...]


def compiled_loop(function: Callable[..., Any], functions: tuple[str, ...], others: tuple[str, ...], phases: Phases = ()) -> Any:
    """Like :func:`compiled`, for a function whose first arguments are compiled functions of the given signatures.

    The functions that it calls become part of it, but for its ``phases``: these are compiled by themselves and only when a call names them
    as ``needed``. A call that gets to a phase that it has not named ends the process.
    """
    with _ONE_AT_A_TIME:
        return _compiled_loop(function, functions, others, phases)


@cache
def _compiled_loop(function: Callable[..., Any], functions: tuple[str, ...], others: tuple[str, ...], phases: Phases) -> Any:
    if interpreted():
        return lambda *arguments, needed=(): function(*arguments)
    kinds = [_kind(Code(text)) for text in functions]
    made = _entry(function, functions, others, phases)

    @cache
    def table(kernels: tuple[Any, ...], needed: tuple[Any, ...]) -> Any:
        with _ONE_AT_A_TIME:
            own = [_address(kernel, kind.signature) for kernel, kind in zip(kernels, kinds, strict=True)]
            return np.array(own + [_phase(*phase)[0] if phase[0] in needed else 0 for phase in phases], dtype=np.int64)

    count = len(kinds)
    return lambda *arguments, needed=(): made(table(arguments[:count], needed), *arguments[count:])


def _kind(text: str | Code) -> Any:
    """Numba's type of an argument."""
    from numba.core.sigutils import normalize_signature

    if isinstance(text, Code):
        arguments, result = normalize_signature(text.signature)  # type: ignore[no-untyped-call]
        from lra_ref.backends.code import CodeAt

        return CodeAt(result(*arguments))
    (kind,), _ = normalize_signature(f"({text},)")  # type: ignore[no-untyped-call]
    return kind


def _entry(function: Callable[..., Any], functions: tuple[str, ...], others: tuple[str, ...], phases: Phases) -> Any:
    """``function``, given the addresses of its functions: to hand a compiled function over takes 20 us, numbers next to nothing."""
    from lra_ref.backends.code import function_at

    assert isinstance(function, types.FunctionType)
    numba, count = _numba(), len(functions)
    names = [*function.__code__.co_varnames[:count], *(phase.__name__ for phase, _ in phases)]
    signatures = [*(_kind(Code(text)).signature for text in functions), *(numba.void(*map(_kind, kinds)) for _, kinds in phases)]
    opening = "\n".join(f"{name} = at{k}(places[{k}])" for k, name in enumerate(names))
    later = {phase for phase, _ in phases}
    entry = flattened(function, lambda f: f not in later and _belongs(f), opening, count, "places")
    entry.__globals__.update({f"at{k}": function_at(signature) for k, signature in enumerate(signatures)})
    signature = numba.void(numba.types.int64[::1], *map(_kind, others))
    return _compile(entry, signature, f"at addresses {functions}{others}{[kinds for _, kinds in phases]}")


@cache
def _phase(function: types.FunctionType, kinds: tuple[str | Code, ...]) -> tuple[int, Any]:
    """Where the code of a phase is, and what keeps it there."""
    numba = _numba()
    signature = numba.void(*map(_kind, kinds))
    made = _compile(flattened(function, _belongs), signature, f"phase {kinds}", no_cpython_wrapper=True)
    return _address(made, signature), made


def _belongs(function: types.FunctionType) -> bool:
    """Whether a function is written out where it is called."""
    return function not in _APART and function not in HOUSE


def _address(kernel: Any, signature: Any) -> int:
    """Where the code of a compiled kernel is; 0 for what stands in."""
    if kernel in _STAND_INS:
        return 0
    made = kernel.get_compile_result(signature)
    place: int = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)
    return place
