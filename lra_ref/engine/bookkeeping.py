"""What is noted of trajectories in lockstep, and their states on the way in and out (kernels of ``engine/loop``).

Trajectories are laid out as in ``engine/lockstep``.
"""

from __future__ import annotations

from typing import Any

from lra_ref.backends.cpu import apart

#: what is noted of a trajectory in lockstep: gradients and losses evaluated, the step at which it stopped (-1: none), whether its points
#: are wanted; of this step: losses of its search, its rate, why there is none (0: there is)
GRADIENTS, LOSSES, STOPPED, WANTED, TRIALS, ETA, CODE, NOTES = 0, 1, 2, 3, 4, 5, 6, 7


def copy_state(
    outward: Any, at: Any, n: Any, dim: Any, blocks: Any, again: Any, status: Any,
    x: Any, d_vec: Any, d_scal: Any, r_vec: Any, r_scal: Any, late: Any, counts: Any,
    joint_x: Any, dv: Any, ds: Any, rv: Any, rs: Any, lates: Any, notes: Any,
) -> None:  # fmt: skip
    """States of trajectories into lockstep, or (``outward``) back where they have not stopped (kernel); points are tables of one row."""
    for i in range(n):
        if not outward or again or status[at + i] == 0:
            copy_table(outward, at + i, x, joint_x, 0, i * dim)
            copy_table(outward, at + i, d_vec, dv, 0, i * dim)
            copy_table(outward, at + i, r_vec, rv, 0, i * dim)
            copy_table(outward, at + i, d_scal, ds, i * blocks, 0)
            copy_table(outward, at + i, r_scal, rs, i * blocks, 0)
            copy_table(outward, at + i, late, lates, i * blocks, 0)
            if outward:
                counts[at + i, 0], counts[at + i, 1] = int(notes[GRADIENTS, i]), int(notes[LOSSES, i])
            else:
                notes[GRADIENTS, i], notes[LOSSES, i], notes[STOPPED, i], notes[WANTED, i] = counts[at + i, 0], counts[at + i, 1], -1, 0


@apart
def copy_table(outward: Any, i: Any, own: Any, joint: Any, first: Any, lo: Any) -> None:
    """The table ``own[i]`` from or to its place in a joint one (kernel); a slice assignment is a hundred times the code."""
    for j in range(own.shape[1]):
        for k in range(own.shape[2]):
            if outward:
                own[i, j, k] = joint[first + j, lo + k]
            else:
                joint[first + j, lo + k] = own[i, j, k]


def same_rows(matrix: Any, at: Any, n: Any) -> Any:
    """True if the rows ``at .. at + n`` are equal (kernel)."""
    for i in range(1, n):
        for j in range(matrix.shape[1]):
            if matrix[at + i, j] != matrix[at, j]:
                return False
    return True


def spread(n: Any, coef: Any) -> None:
    """The first row in all ``n`` (kernel)."""
    for i in range(1, n):
        for j in range(coef.shape[1]):
            coef[i, j] = coef[0, j]


def conclude(final: Any, again: Any, at: Any, n: Any, t: Any, status: Any, notes: Any) -> Any:
    """Stop the trajectories without a rate (kernel); 1 if any is left. At the last step nothing has to be done again."""
    losses, trials, codes, going = notes[LOSSES], notes[TRIALS], notes[CODE], status[at : at + n]
    left, stops = 0, 0
    for i in range(going.size):
        losses[i] += trials[i]
        left += 1 if going[i] == 0 else 0
        stops += 1 if codes[i] != 0 else 0
    if stops > 0:
        for i in range(n):
            if going[i] == 0 and codes[i] != 0:
                going[i] = int(codes[i])
                if not final:
                    notes[STOPPED, i] = t
    return 1 if again or left > 0 else 0


def count(n: Any, n_points: Any, lates: Any, moved: Any, notes: Any) -> None:
    """What the step has cost, and its late sums for the next (kernel)."""
    gradients, wanted = notes[GRADIENTS], notes[WANTED]
    for i in range(gradients.size):
        gradients[i] += 1 + n_points * wanted[i]
    if lates.shape[1] > 0:
        for s in range(lates.shape[0]):
            for j in range(lates.shape[1]):
                lates[s, j] = moved[s, j]


def next_stopped(k: Any, n: Any, t1: Any, notes: Any) -> Any:
    """The first trajectory from number ``k`` on that stopped before step ``t1``; ``n`` if there is none (kernel)."""
    while k < n and not (0 <= notes[STOPPED, k] and notes[STOPPED, k] < t1):
        k += 1
    return k


def clear(matrix: Any) -> None:
    """Zeros (kernel)."""
    for i in range(matrix.shape[0]):
        for k in range(matrix.shape[1]):
            matrix[i, k] = 0
