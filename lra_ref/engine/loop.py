"""The compiled loop: it drives any direction and any rate on any oracle.

The loop owns chunks, sums, blocks and noise; the parts only map elements and decide on scalars (signatures in ``docs/architecture.md``).
Like every kernel it is plain Python: compiled by :func:`loop`, or interpreted with the same bits.

Short trajectories go in lockstep, several laid out end to end: an element kernel whose coefficients are the same for all of them is called
once for all. A trajectory that stops is run again by itself from its start to the failing step, so that what is kept is exactly its last
finite state, at no cost to the others.
"""

from __future__ import annotations

from functools import cache
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.cpu import Code, compiled_loop, interpreted, stand_in
from lra_ref.backends.sums import CHUNK, LANES
from lra_ref.engine.bookkeeping import NOTES, STOPPED, clear, conclude, copy_state, count, next_stopped, same_rows
from lra_ref.engine.lockstep import (
    LANE,
    aim_direction,
    apply,
    decide_each,
    decide_together,
    draw_samples,
    draw_uniforms,
    each,
    evaluate_points,
    look,
    record,
    stop_where_not_finite,
    sweep,
)  # fmt: skip

V, M = "float64[::1]", "float64[:, ::1]"
ELEMENT = f"void(int64, int64, int64, int64, {V}, {V}, {V}, {M}, {M}, {M}, {M})"
SCALAR = f"float64(int64, int64, int64, {V}, {M}, {M}, {V}, {M})"

#: what the loop records, before the scalars of the rate; losses, norms and the slope <grad F, d> are those of F itself, not of the sample
FIELDS = (
    "step",
    "loss",
    "gradient_norm",
    "slope",
    "sample_loss",
    "rate",
    "direction_norm",
    "gradient_evaluations",
    "loss_evaluations",
    "status",
)
#: most trajectories in lockstep, and most elements of theirs together
LOCKSTEP, ROOM = 32, 2048
#: codes of the samples on which a rate may want its points evaluated; "full" is F itself, "hvp" the Hessian at x_t, on the present
#: sample, times the vector that stands in the point's place
SAMPLES = {"present": 0, "last": 1, "fresh": 2, "full": 3, "hvp": 4}


class Plan(NamedTuple):
    """Sizes and switches of a run; all whole numbers, so that one compiled loop serves every combination."""

    batch: int  # leading entries of a sample that are row numbers
    sample: int  # length of a sample
    exact: int  # 1: the oracle is exact, its answers are recorded instead of a second evaluation
    alias: int  # 1: the direction is the gradient itself
    gather: int  # summands of the direction
    terms: int  # summands of the rate
    late: int  # late summands of the rate
    has_gather: int
    has_terms: int
    blockwise: int  # 1: the rate writes one step size per block
    random: int  # 1: the rate wants a uniform number
    search: int  # 1: the rate tries points before it moves
    watched: int  # scalars of the rate to be recorded
    d_coefficients: int
    r_coefficients: int
    aims: int  # 1: the rate names its points after the direction is known, and they are evaluated in the same step
    asked: int  # column of the scalar that says whether the points are wanted (0: always)
    clock: int  # column of the scalar that says which step's sample is the present one (0: the step itself)
    together: int  # 1: element kernels may work on several trajectories laid out end to end
    steady: int  # 1: the coefficients of the direction follow from step and hyper-parameters
    alike: int  # 1: the summands of the rate need no coefficients
    timed: int  # 1: the rate follows from step and hyper-parameters
    opens: int  # 1: the rate has a kernel that writes coefficients before its summands
    jointly: int  # 1: the samples of several trajectories can be drawn together


@stand_in
def skip_element(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Stands in for an elementwise kernel that a part does not have; never called."""


def skip_scalar(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Stands in for a scalar kernel that a part does not have."""
    return 0.0


@stand_in
def skip_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Stands in for the Hessian-vector product where no rate wants one; never called."""


def scratch(plan: Any, points: Any, blocks: Any, n: Any, x: Any, d_vec: Any, d_scal: Any, r_vec: Any, r_scal: Any) -> Any:
    """How many of ``n`` trajectories go in lockstep, and the arrays in which they do (kernel)."""
    dim, n_points = x.shape[1], points.shape[0]
    most = min(LOCKSTEP, max(1, ROOM // dim), n) if plan[18] != 0 else 1
    if most > LANE:
        most -= most % LANE
    width, lines, chunk = most * dim, most * blocks, min(CHUNK, most * dim)
    joint_x, g, d_own, lanes = np.zeros((1, width)), np.zeros(width), np.zeros(width), np.zeros(LANES)
    d, xs = g if plan[3] else d_own, joint_x.reshape(width)
    dv, rv, q = np.zeros((d_vec.shape[1], width)), np.zeros((r_vec.shape[1], width)), np.zeros((n_points, width))
    ds, rs = np.zeros((lines, d_scal.shape[2])), np.zeros((lines, r_scal.shape[2]))
    lates, moved = np.zeros((lines, plan[6])), np.zeros((lines, plan[6]))
    f, samples, notes = np.zeros((most, n_points + 3)), np.zeros((3 * most, -(-plan[1] // 4) * 4)), np.zeros((NOTES, most))
    sums, out = np.zeros((lines, max(plan[4], plan[5] + plan[6], 1))), np.zeros((max(plan[4], plan[5], plan[6], 1), chunk))
    d_coef, r_coef, spare = np.zeros((lines, plan[13])), np.zeros((lines, plan[14])), np.zeros((3, dim))
    work = np.zeros((4, most))
    return (
        most, joint_x, xs, dv, ds, rv, rs, lates, g, d, q, f, samples, work, sums, moved, d_coef, r_coef, spare, out, lanes, notes,
    )  # fmt: skip


def through(
    draw: Any, draws: Any, value: Any, perturb: Any, hvp: Any, d_begin: Any, d_gather: Any, d_settle: Any, d_map: Any,
    r_aim: Any, r_begin: Any, r_terms: Any, r_decide: Any, r_move: Any, r_retry: Any,
    plan: Any, points: Any, offsets: Any, data: Any, par: Any, noise: Any, begin: Any, end: Any, t0: Any, t1: Any, every: Any,
    seeds: Any, labels: Any, d_hyp: Any, r_hyp: Any,
    x: Any, d_vec: Any, d_scal: Any, r_vec: Any, r_scal: Any, late: Any, counts: Any, status: Any, records: Any,
    most: Any, joint_x: Any, xs: Any, dv: Any, ds: Any, rv: Any, rs: Any, lates: Any, g: Any, d: Any, q: Any, f: Any, samples: Any,
    work: Any,
    sums: Any, moved: Any, d_coef: Any, r_coef: Any, spare: Any, out: Any, lanes: Any, notes: Any,
) -> None:  # fmt: skip
    """:func:`advance`, given its scratch arrays (kernel)."""
    has_terms, random, aims, opens = plan[8], plan[10], plan[15], plan[22]
    dim, blocks, n_points, first_row = x.shape[2], offsets.size - 1, points.shape[0], -(-t0 // every)
    at, first, after, again, stop = begin, begin, begin, 0, t1
    while at < end:
        if not again:
            after = min(at + most, end)
        n = 1 if again else after - at
        single = 1 if n == 1 and blocks == 1 and dim <= CHUNK else 0
        joint = 1 if blocks == 1 and n * dim <= CHUNK and plan[18] != 0 else 0
        steady = 1 if single or (joint and plan[19] and same_rows(d_hyp, at, n)) else 0
        alike = 1 if single or (joint and plan[20]) else 0
        timed = 1 if joint and plan[21] and same_rows(r_hyp, at, n) else 0
        copy_state(
            0, at, n, dim, blocks, again, status, x, d_vec, d_scal, r_vec, r_scal, late, counts, joint_x, dv, ds, rv, rs, lates, notes
        )
        clear(samples)
        t, left = t0, 1
        while left:
            final = 1 if t == stop else 0
            if final:
                # what the last record looks at beyond its point is not kept
                copy_state(
                    1, at, n, dim, blocks, again, status, x, d_vec, d_scal, r_vec, r_scal, late, counts,
                    joint_x, dv, ds, rv, rs, lates, notes,
                )  # fmt: skip
                if again:
                    break
            if plan[1] > 0:
                draw_samples(draw, draws, plan, noise, again, at, n, t, blocks, seeds, labels, status, rs, samples, work)
            look(value, perturb, plan, data, par, noise, again, at, n, t, dim, status, xs, g, f, samples, notes)
            if random:
                draw_uniforms(at, n, t, seeds, labels, f)
            if n_points > 0 and not aims:
                evaluate_points(
                    draw, value, perturb, hvp, plan, points, data, par, noise, again, at, n, t, dim, blocks, seeds, labels, status,
                    xs, rv, rs, f, q, samples, most, notes,
                )  # fmt: skip
            aim_direction(
                d_begin, d_gather, d_settle, d_map, plan, steady, single, again, at, n, t, blocks, offsets, status, d_hyp,
                xs, g, d, q, f, dv, ds, d_coef, out, lanes, sums,
            )  # fmt: skip
            if aims:
                sweep(r_aim, 0, single, again, at, n, offsets, status, xs, g, d, q, rv, r_coef, out, lanes, sums)
                evaluate_points(
                    draw, value, perturb, hvp, plan, points, data, par, noise, again, at, n, t, dim, blocks, seeds, labels, status,
                    xs, rv, rs, f, q, samples, most, notes,
                )  # fmt: skip
            if opens:
                each(r_begin, again, at, n, t, blocks, status, f, sums, rs, r_hyp, r_coef)
            if has_terms:
                sweep(r_terms, plan[5], alike, again, at, n, offsets, status, xs, g, d, q, rv, r_coef, out, lanes, sums)
            if timed:
                decide_together(r_decide, at, t, r_hyp, f, sums, rs, r_coef, notes)
            else:
                decide_each(
                    value, perturb, r_decide, r_retry, plan, data, par, noise, final, again, at, n, t, blocks, status, r_hyp,
                    xs, g, d, f, samples, sums, lates, rs, r_coef, spare, out, lanes, notes,
                )  # fmt: skip
            if (final or t % every == 0) and not again:
                place = -(-t // every) - first_row
                record(value, plan[2], data, par, at, n, t, place, dim, blocks, status, records, xs, g, d, f, rs, spare, out, lanes, notes)
            left = conclude(final, again, at, n, t, status, notes)
            if final or not left:
                break
            whole = 1 if single or timed else 0
            if plan[6] > 0:
                sweep(r_move, plan[6], whole, again, at, n, offsets, status, xs, g, d, q, rv, r_coef, out, lanes, moved)
            else:
                apply(r_move, whole, again, at, n, offsets, status, xs, g, d, q, rv, r_coef, out)
            stop_where_not_finite(4, again, at, n, t, dim, status, xs, f, notes)
            count(n, n_points, lates, moved, notes)
            t += 1
        k = next_stopped(at - first + 1 if again else 0, after - first, t1, notes)
        again = 1 if k < after - first else 0
        if again:
            at, stop = first + k, int(notes[STOPPED, k])
        else:
            at, first, stop = after, after, t1


def advance(
    draw: Any, draws: Any, value: Any, perturb: Any, hvp: Any, d_begin: Any, d_gather: Any, d_settle: Any, d_map: Any,
    r_aim: Any, r_begin: Any, r_terms: Any, r_decide: Any, r_move: Any, r_retry: Any,
    plan: Any, points: Any, offsets: Any, data: Any, par: Any, noise: Any, begin: Any, end: Any, t0: Any, t1: Any, every: Any,
    seeds: Any, labels: Any, d_hyp: Any, r_hyp: Any,
    x: Any, d_vec: Any, d_scal: Any, r_vec: Any, r_scal: Any, late: Any, counts: Any, status: Any, records: Any,
) -> None:  # fmt: skip
    """Trajectories ``begin..end`` from step ``t0`` to ``t1``; all arrays of the last lines have one leading axis over trajectories.

    The rows of ``records[i]`` describe the steps of [t0, t1] that are multiples of ``every``, then step ``t1`` (once). ``counts[i]``:
    gradients and extra losses evaluated so far; a record shows what was spent to REACH its point.
    """
    made = scratch(plan, points, offsets.size - 1, end - begin, x, d_vec, d_scal, r_vec, r_scal)
    most, joint_x, xs, dv, ds, rv, rs, lates, g, d, q, f, samples, work, sums, moved, d_coef, r_coef, spare, out, lanes, notes = made
    through(
        draw, draws, value, perturb, hvp, d_begin, d_gather, d_settle, d_map, r_aim, r_begin, r_terms, r_decide, r_move, r_retry,
        plan, points, offsets, data, par, noise, begin, end, t0, t1, every, seeds, labels, d_hyp, r_hyp,
        x.reshape(x.shape[0], 1, x.shape[1]), d_vec, d_scal, r_vec, r_scal, late, counts, status, records,
        most, joint_x, xs, dv, ds, rv, rs, lates, g, d, q, f, samples, work, sums, moved, d_coef, r_coef, spare, out, lanes, notes,
    )  # fmt: skip


@cache
def loop() -> Any:
    """The loop, compiled at first use (or plain when interpreting)."""
    from lra_ref.oracles.base import DRAW, DRAWS, PERTURB
    from lra_ref.problems.base import HVP, VALUE

    cube, whole, table, seed = "float64[:, :, ::1]", "int64[::1]", "int64[:, ::1]", "uint64[::1]"
    functions = (DRAW, DRAWS, VALUE, PERTURB, HVP, SCALAR, ELEMENT, SCALAR, ELEMENT, ELEMENT, SCALAR, ELEMENT, SCALAR, ELEMENT, SCALAR)
    sizes = (whole, table, whole, M, V, V, *["int64"] * 5)
    state = (seed, whole, M, M, cube, cube, cube, cube, cube, cube, table, whole, cube)
    arrays = ("int64", M, V, M, M, M, M, M, V, V, M, M, M, M, M, M, M, M, M, M, V, M)
    kinds: dict[str, str | Code] = {
        "kernel": Code(ELEMENT), "draw": Code(DRAW), "draws": Code(DRAWS), "value": Code(VALUE), "perturb": Code(PERTURB), "hvp": Code(HVP),
        "r_decide": Code(SCALAR), "r_retry": Code(SCALAR), "seeds": seed, "points": table,
        **dict.fromkeys(("plan", "offsets", "status", "labels"), whole),
        **dict.fromkeys(("par", "noise", "x", "g", "d", "lanes"), V),
        **dict.fromkeys(("count", "whole", "again", "final", "at", "n", "t", "dim", "blocks", "most"), "int64"),
    }  # fmt: skip
    called = (draw_samples, draw_uniforms, sweep, evaluate_points, decide_each)
    # an argument of a phase that is not named here is a matrix
    phases = tuple((phase, tuple(kinds.get(name, M) for name in signature(phase).parameters)) for phase in called)
    made = compiled_loop(through, functions, (*sizes, *state, *arrays), phases)

    def compiled_advance(*arguments: Any) -> None:
        plan, points, offsets, begin, end = (arguments[len(functions) + k] for k in (0, 1, 2, 6, 7))
        last = len(functions) + len(sizes) + 3
        hyp, x, *carried = arguments[last:]
        own = scratch(plan, points, offsets.size - 1, end - begin, x, *carried[:4])
        made(*arguments[: last + 1], x.reshape(len(x), 1, -1), *carried, *own, needed=needed(plan, points, offsets, hyp, own[0]))

    return advance if interpreted() else compiled_advance


def needed(plan: Any, points: Any, offsets: Any, hyp: Any, most: int) -> tuple[Any, ...]:
    """The phases to which :func:`through` can come, ``most`` trajectories at a time."""
    joint = plan[18] and offsets.size == 2 and most * offsets[1] <= CHUNK
    return (
        *([draw_samples] if plan[1] > 0 else []),
        *([draw_uniforms] if plan[10] else []),
        *([sweep] if plan[6] > 0 or plan[7] or plan[8] or plan[15] else []),
        *([evaluate_points] if len(points) or plan[15] else []),
        *([] if joint and plan[21] and (hyp == hyp[0]).all() else [decide_each]),
    )
