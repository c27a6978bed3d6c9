"""Arrays at given addresses, for compiled code that must not be handed over many arrays in every call."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
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


def function_at(signature: Any) -> Any:
    """For compiled code: what makes the address of compiled code of this signature a function.

    Not Numba's own kind of function, each call of which says what is to be done if it is a function of the interpreter after all.
    """
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    kind = code_at()(signature)

    @intrinsic
    def function_at(typing_context, address):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.inttoptr(arguments[0], cgutils.voidptr_t)

        return kind(types.int64), made

    return function_at


@cache
def code_at() -> Any:
    """Numba's type of compiled code at an address, made known to the compiler."""
    from numba.core import cgutils, types
    from numba.extending import lower_builtin, models, register_model

    class CodeAt(types.Callable):
        def __init__(self, signature: Any) -> None:
            self.signature = signature
            super().__init__(f"code of {signature} at an address")

        def get_call_type(self, context, arguments, keywords):  # type: ignore[no-untyped-def]
            wanted = self.signature
            fits = len(arguments) == len(wanted.args) and not keywords
            if fits and all(context.can_convert(one, other) is not None for one, other in zip(arguments, wanted.args, strict=True)):
                return wanted.replace(recvr=self)
            return None

        def get_call_signatures(self) -> Any:
            return [self.signature], False

        def get_impl_key(self, signature: Any) -> Any:
            return CodeAt

    register_model(CodeAt)(models.OpaqueModel)

    @lower_builtin(CodeAt, CodeAt, types.VarArg(types.Any))  # type: ignore[no-untyped-call]
    def call(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        result, wanted = signature.return_type, signature.args[1:]
        place = builder.bitcast(arguments[0], context.call_conv.get_function_type(result, wanted).as_pointer())
        status, value = context.call_conv.call_function(builder, place, result, wanted, arguments[1:])
        with cgutils.if_unlikely(builder, status.is_error):  # type: ignore[no-untyped-call]
            context.call_conv.return_status_propagate(builder, status)
        return value

    return CodeAt
