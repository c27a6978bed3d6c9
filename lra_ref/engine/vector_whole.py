"""A whole step of one long vector as a template: the passes of ``vector_passes`` on one thread, or shared out over several.

Several threads (TEAM) share the passes without the interpreter: the one that steps posts a pass on a board, piece by piece, and the
others, which wait in :func:`serve`, take pieces as it does itself (``backends/board``). Which thread does a piece changes nothing: every
chunk has sums of its own, which are added up in order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.backends.board import DONE, PIECES, QUIT, TICKET, WORK, claim, count_up, peek, post, put, relax, wait
from lra_ref.backends.cpu import apart
from lra_ref.backends.memory import matrix_at, placed
from lra_ref.engine.vector_passes import any_broken, collect, deciding, finite_pass, gather_pass, move_pass, opening, settling, terms_pass

# --- what stands in the place of these is said by `specialised` --------------------------------------------------------------------------
GATHERED, SUMMED, LATE = 0, 0, 0
STORED, LOOKS, TEAM = False, False, False
#: the passes by number, and what is posted beside it: whether the gradient is to be looked at, where it is, where the answers are,
#: how many of these
FINITE, GATHER, TERMS, MOVE = 0, 1, 2, 3
PASS, CHECK, GRADIENT, ANSWERS, POINTS = WORK, WORK + 1, WORK + 2, WORK + 3, WORK + 4
#: rows of ``places`` that every thread has for itself
DIRECTION, SUMS = 3, 15


@apart
def one_pass(
    number: Any, a: Any, b: Any, check: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_low: Any, r_vec: Any, r_low: Any,
    place: Any, parts: Any,
) -> None:  # fmt: skip
    """One of the passes over the chunks ``a..b`` (kernel)."""
    if number == MOVE:
        move_pass(a, b, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
    elif number == TERMS:
        if SUMMED > 0 or STORED:
            terms_pass(a, b, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
    elif number == GATHER:
        if GATHERED > 0:
            gather_pass(a, b, check, chunks, x, g, d, q, d_vec, d_low, place, parts)
    else:
        finite_pass(a, b, chunks, g, parts)


@apart
def shared_pass(
    number: Any, board: Any, check: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_low: Any, r_vec: Any, r_low: Any,
    place: Any, parts: Any,
) -> None:  # fmt: skip
    """A pass by all threads: post it, take pieces of it in order, wait for the others (kernel)."""
    n, pieces = chunks.shape[0], board.shape[0] - PIECES
    put(board, PASS, number)
    put(board, CHECK, 1 if check else 0)
    post(board)
    for p in range(pieces):
        if claim(board, PIECES + p):
            one_pass(
                number, n * p // pieces, n * (p + 1) // pieces, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts
            )  # fmt: skip
            count_up(board, DONE)
    wait(board)


def assist(a: Any, b: Any, places: Any, board: Any, like: Any) -> None:
    """What has been posted, over the chunks ``a..b`` (kernel)."""
    x = placed(places, 2, like)[0]
    one_pass(
        peek(board, PASS), a, b, peek(board, CHECK) == 1,
        placed(places, 1, a),
        x,
        matrix_at(peek(board, GRADIENT), 1, x.size, like)[0],
        placed(places, 3, like)[0],
        matrix_at(peek(board, ANSWERS), peek(board, POINTS), x.size, like),
        placed(places, 4, like),
        placed(places, 8, like),
        placed(places, 9, like),
        placed(places, 13, like),
        places[15, 0],
        placed(places, 16, 1.0),
    )  # fmt: skip


def serve(places: Any, board: Any, share: Any, patience: Any, like: Any) -> None:
    """Help with whatever is posted, from piece ``share`` on, until nothing has been for ``patience`` looks at the board (kernel)."""
    pieces = board.shape[0] - PIECES
    n, seen, idle = places[1, 1], -1, 0
    while idle < patience and peek(board, QUIT) == 0:
        ticket = peek(board, TICKET)
        if ticket == seen:
            idle += 1
            relax()
        else:
            seen, idle = ticket, 0
            for k in range(pieces):
                p = (share + k) % pieces
                if peek(board, PIECES + p) == 0 and claim(board, PIECES + p):
                    assist(n * p // pieces, n * (p + 1) // pieces, places, board, like)
                    count_up(board, DONE)


def whole_step(
    check: Any, t: Any, f: Any, chunks: Any, x: Any, g: Any, d: Any, q: Any, d_vec: Any, d_scal: Any, d_hyp: Any, d_coef: Any, d_low: Any,
    r_vec: Any, r_scal: Any, r_hyp: Any, r_coef: Any, r_low: Any, late: Any, place: Any, parts: Any, sums: Any, played: Any,
    board: Any,
) -> Any:  # fmt: skip
    """All stages (kernel): the status, 0 if the point moved."""
    n, blocks = chunks.shape[0], late.shape[0]
    played[0] = np.nan
    if not np.isfinite(f[0]):
        return 1
    if check and not LOOKS:
        if TEAM:
            shared_pass(FINITE, board, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
        else:
            finite_pass(0, n, chunks, g, parts)
        if any_broken(parts):
            return 1
    opening(blocks, t, f, sums, d_scal, d_hyp, d_coef, d_low)
    if GATHERED > 0:
        if TEAM:
            shared_pass(GATHER, board, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
        else:
            gather_pass(0, n, check, chunks, x, g, d, q, d_vec, d_low, place, parts)
        if LOOKS and check and any_broken(parts):
            return 1
    settling(t, f, chunks, parts, sums, d_scal, d_hyp, d_coef, d_low, r_scal, r_hyp, r_coef, r_low)
    if SUMMED > 0 or STORED:
        if TEAM:
            shared_pass(TERMS, board, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
        else:
            terms_pass(0, n, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
        if LOOKS and GATHERED == 0 and check and any_broken(parts):
            return 1
    played[0] = deciding(t, f, chunks, parts, sums, late, r_scal, r_hyp, r_coef, r_low)
    if r_scal[0, 0] != 0:
        return int(r_scal[0, 0])
    if not np.isfinite(played[0]):
        return 3
    if TEAM:
        shared_pass(MOVE, board, check, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
    else:
        move_pass(0, n, chunks, x, g, d, q, d_vec, d_low, r_vec, r_low, place, parts)
    collect(LATE, 0, chunks, parts, late)
    return 0


def placed_step(places: Any, check: Any, t: Any, loss: Any, uniform: Any, g: Any, q: Any) -> Any:
    """:func:`whole_step` on arrays that lie at fixed places, rows (address, rows, columns) of ``places`` (kernel).

    Handing over two dozen arrays one by one takes longer than the step of a short vector.
    """
    f = placed(places, 0, loss)[0]
    f[0], f[f.size - 1] = loss, uniform
    board = placed(places, 19, t)
    if TEAM:
        put(board, GRADIENT, g.ctypes.data)
        put(board, ANSWERS, q.ctypes.data)
        put(board, POINTS, q.shape[0])
    return whole_step(
        check, t, f,
        placed(places, 1, t),
        placed(places, 2, g)[0],
        g,
        placed(places, 3, g)[0],
        q,
        placed(places, 4, g),
        placed(places, 5, loss),
        placed(places, 6, loss)[0],
        placed(places, 7, loss),
        placed(places, 8, g),
        placed(places, 9, g),
        placed(places, 10, loss),
        placed(places, 11, loss)[0],
        placed(places, 12, loss),
        placed(places, 13, g),
        placed(places, 14, loss),
        places[15, 0],
        placed(places, 16, loss),
        placed(places, 17, loss),
        placed(places, 18, loss)[0],
        board,
    )  # fmt: skip
