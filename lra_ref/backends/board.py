"""A board in memory on which compiled threads hand out pieces of work and take them, without the interpreter.

One thread posts a piece of work: it writes what there is to do, then marks every piece as free, then turns the ticket. Whoever finds a
free piece claims it, does it, and counts it as done; the one who posted does the same until none is left, and waits for those that others
have claimed. So nobody is needed but the one who posts: helpers that sleep, or are gone, cost nothing but their help. What there is to do
must be read after a piece has been claimed: before that, the next work may have been posted in the place of the last.

The rows of a board are cache lines; the first number of each is what counts. Loads and stores are ordered as C++'s acquire and release.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.backends.memory import aligned
from lra_ref.typing import Array

#: rows: number of what was posted last, what there is to do (see who posts), pieces done, whether to stop; the first piece
TICKET, WORK, DONE, QUIT, PIECES = 0, 1, 8, 9, 10


def board(pieces: int) -> Array:
    """A board for work in so many pieces, none posted."""
    made = aligned(PIECES + pieces, 8, np.int64)
    made[PIECES:, 0] = 1
    return made


def peek(board: Any, row: Any) -> Any:
    """The number in a row; what was written before it was put there is seen after this."""
    return board[row, 0]


def put(board: Any, row: Any, value: Any) -> None:
    """Write a number, after everything before."""
    board[row, 0] = value


def claim(board: Any, row: Any) -> Any:
    """Whether it was this call that turned a 0 into a 1."""
    if board[row, 0] != 0:
        return False
    board[row, 0] = 1
    return True


def count_up(board: Any, row: Any) -> None:
    """Add 1, after everything before."""
    board[row, 0] += 1


def relax() -> None:
    """Let a little time pass."""


def post(board: Any) -> None:
    """Hand out the work that has been described in the rows from WORK on (kernel)."""
    put(board, DONE, 0)
    for row in range(PIECES, board.shape[0]):
        put(board, row, 0)
    put(board, TICKET, peek(board, TICKET) + 1)


def wait(board: Any) -> None:
    """Until every piece is done (kernel)."""
    while peek(board, DONE) < board.shape[0] - PIECES:
        relax()


#: what :func:`teach` makes known to the compiler
TAUGHT = (peek, put, claim, count_up, relax)


def teach(numba: Any) -> None:
    """Make the functions of TAUGHT known to the compiler, as atomic operations."""
    import platform

    from llvmlite import ir  # type: ignore[import-untyped]

    extending, types, cgutils = numba.extending, numba.core.types, numba.core.cgutils
    word, relaxes = ir.IntType(64), platform.machine() in ("x86_64", "AMD64")

    def place(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        return cgutils.get_item_pointer(context, builder, kind, array, [arguments[1], context.get_constant(types.intp, 0)])

    def loads(typing_context, board, row):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.load_atomic(place(context, builder, signature, arguments), "acquire", 8)

        return types.int64(board, types.intp), made

    def stores(typing_context, board, row, value):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            builder.store_atomic(arguments[2], place(context, builder, signature, arguments), "release", 8)
            return context.get_dummy_value()

        return types.void(board, types.intp, types.int64), made

    def swaps(typing_context, board, row):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            swapped = builder.cmpxchg(place(context, builder, signature, arguments), word(0), word(1), "acq_rel", "acquire")
            return builder.extract_value(swapped, 1)

        return types.boolean(board, types.intp), made

    def increases(typing_context, board, row):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            builder.atomic_rmw("add", place(context, builder, signature, arguments), word(1), "acq_rel")
            return context.get_dummy_value()

        return types.void(board, types.intp), made

    def pauses(typing_context):  # type: ignore[no-untyped-def]
        def made(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            if relaxes:
                kind = ir.FunctionType(ir.VoidType(), [])
                builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
            return context.get_dummy_value()

        return types.void(), made

    load, store, swap, increase, pause = map(extending.intrinsic, (loads, stores, swaps, increases, pauses))
    inline = {"forceinline": True}
    extending.overload(peek, jit_options=inline)(lambda board, row: lambda board, row: load(board, row))
    extending.overload(put, jit_options=inline)(lambda board, row, value: lambda board, row, value: store(board, row, value))
    extending.overload(claim, jit_options=inline)(lambda board, row: lambda board, row: swap(board, row))
    extending.overload(count_up, jit_options=inline)(lambda board, row: lambda board, row: increase(board, row))
    extending.overload(relax, jit_options=inline)(lambda: lambda: pause())
