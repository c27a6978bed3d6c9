"""Work handed out over a board: every piece is done once, by whoever is there, and nobody has to be."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.board import DONE, PIECES, QUIT, TICKET, WORK, board, claim, count_up, peek, post, put, relax, wait
from lra_ref.backends.cpu import compiled

B = "int64[:, ::1]"


def work_off(board: Any, tally: Any, me: Any) -> None:
    """Take what is free, and note who took it."""
    for p in range(board.shape[0] - PIECES):
        if claim(board, PIECES + p):
            tally[p, 0] += peek(board, WORK)
            tally[p, 1] = me
            count_up(board, DONE)


def hand_out(board: Any, tally: Any, rounds: Any) -> None:
    """Post the numbers 1, 2, ... and work on each until all of it is done."""
    for number in range(1, rounds + 1):
        put(board, WORK, number)
        post(board)
        work_off(board, tally, 0)
        wait(board)


def help_out(board: Any, tally: Any, me: Any) -> None:
    """Work on whatever is posted until the end."""
    seen = -1
    while peek(board, QUIT) == 0:
        ticket = peek(board, TICKET)
        if ticket == seen:
            relax()
        else:
            seen = ticket
            work_off(board, tally, me)


def test_a_new_board_has_nothing_to_do() -> None:
    made, tally = board(5), np.zeros((5, 2), dtype=np.int64)
    work_off(made, tally, 1)
    assert not tally.any()
    assert made.ctypes.data % 64 == 0


@pytest.mark.parametrize("make", [lambda function, signature: function, compiled], ids=["python", "compiled"])
@pytest.mark.parametrize("pieces", [1, 3, 8])
def test_one_alone_does_every_piece(make: Any, pieces: int) -> None:
    made, tally = board(pieces), np.zeros((pieces, 2), dtype=np.int64)
    make(hand_out, f"void({B}, {B}, int64)")(made, tally, 4)
    assert tally[:, 0].tolist() == [1 + 2 + 3 + 4] * pieces
    assert made[TICKET, 0] == 4


@pytest.mark.parametrize("others", [1, 3])
def test_every_piece_of_every_round_is_done_once(others: int) -> None:
    """Were a piece done twice, or with the number of another round, its sum would tell; ordinary loads could make the loops endless."""
    pieces, rounds = 12, 20_000
    made, tally = board(pieces), np.zeros((pieces, 2), dtype=np.int64)
    helping = compiled(help_out, f"void({B}, {B}, int64)")
    threads = [threading.Thread(target=helping, args=(made, tally, k + 1)) for k in range(others)]
    for thread in threads:
        thread.start()
    compiled(hand_out, f"void({B}, {B}, int64)")(made, tally, rounds)
    made[QUIT, 0] = 1
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert tally[:, 0].tolist() == [rounds * (rounds + 1) // 2] * pieces
