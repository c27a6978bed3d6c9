"""Arrays at given addresses, for compiled code that must not be handed over many arrays in every call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from lra_ref.typing import Array


def aligned(rows: int, columns: int, dtype: Any) -> Array:
    """A matrix of zeros that begins with a line of the cache."""
    size, line = rows * columns * np.dtype(dtype).itemsize, 64
    room = np.zeros(size + line, np.uint8)
    first = -room.ctypes.data % line
    matrix: Array = room[first : first + size].view(dtype).reshape(rows, columns)
    return matrix


def places(arrays: Sequence[Array]) -> Array:
    """``(address, rows, columns)`` of every array, shape (n, 3); a vector is one row.  The arrays must be C-contiguous and must live on."""
    rows = [(a.ctypes.data, 1 if a.ndim == 1 else a.shape[0], a.shape[-1]) for a in arrays]
    return np.array(rows, dtype=np.int64)


def matrix_at(address: Any, rows: Any, columns: Any, like: Any) -> Any:
    """The C-contiguous matrix at ``address``, of the number type of ``like`` (an array or a number)."""
    kind = np.asarray(like).dtype
    size = int(rows) * int(columns) * kind.itemsize
    if size == 0:
        return np.zeros((rows, columns), kind)
    memory = (ctypes.c_char * size).from_address(int(address))
    return np.frombuffer(memoryview(memory), dtype=kind).reshape(rows, columns)


def placed(table: Any, row: Any, like: Any) -> Any:
    """The matrix at one of the :func:`places`, of the number type of ``like``."""
    return matrix_at(table[row, 0], table[row, 1], table[row, 2], like)


def teach(numba: Any) -> None:
    """Make :func:`matrix_at` known to the compiler."""
    from numba.core import cgutils, types
    from numba.extending import intrinsic, overload

    @intrinsic
    def pointer(typing_context, address):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.inttoptr(arguments[0], cgutils.voidptr_t)

        return types.voidptr(types.int64), made

    @overload(matrix_at, jit_options={"forceinline": True})
    def _matrix_at(address, rows, columns, like):  # type: ignore[no-untyped-def]
        kind = numba.np.numpy_support.as_dtype(like.dtype if isinstance(like, types.Array) else like)
        carray = numba.carray
        return lambda address, rows, columns, like: carray(pointer(address), (rows, columns), kind)  # type: ignore[call-arg]
