"""The compiled loop: it drives any direction and any rate on any oracle.

The loop owns chunks, sums, blocks and noise; the parts only map elements and decide on scalars (signatures in ``docs/architecture.md``).
Like every kernel it is plain Python: compiled by :func:`loop`, or interpreted with the same bits. A trajectory that stops is
run again from its start to the failing step, so that what is kept is exactly its last finite state, at no cost to the others.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.cpu import apart, compiled_loop
from lra_ref.backends.sums import CHUNK, LANES, fold
from lra_ref.formulas import descend
from lra_ref.oracles.philox import uniform

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


def skip_element(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Stands in for an elementwise kernel that a part does not have."""


def skip_scalar(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> float:
    """Stands in for a scalar kernel that a part does not have."""
    return 0.0


def skip_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Stands in for the Hessian-vector product where no rate wants one."""


def sweep(
    kernel: Any, count: Any, offsets: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any, lanes: Any, sums: Any
) -> None:
    """Run an elementwise kernel over all blocks, chunk by chunk; its summands are added up in ``sums[block, j]``."""
    for s in range(offsets.size - 1):
        lo, high = offsets[s], offsets[s + 1]
        start = lo
        while lo < high:
            hi = min(lo + CHUNK, high)
            kernel(s, lo, hi, lo, x, g, d, q, vec, coef, out)
            for j in range(count):
                total = fold(out, j, hi - lo, lanes)
                sums[s, j] = total if lo == start else sums[s, j] + total
            lo = hi


def all_finite(values: Any) -> Any:
    """True if no entry is nan or infinite (kernel)."""
    for i in range(values.size):
        if not np.isfinite(values[i]):
            return False
    return True


@apart
def dot(a: Any, b: Any, out: Any, lanes: Any) -> Any:
    """Inner product over the whole vector in the house order (kernel); ``out`` and ``lanes`` are scratch."""
    total = 0.0
    lo = 0
    while lo < a.size:
        hi = min(lo + CHUNK, a.size)
        first, second = a[lo:hi], b[lo:hi]
        for i in range(first.size):
            out[0, i] = first[i] * second[i]
        part = fold(out, 0, hi - lo, lanes)
        total = part if lo == 0 else total + part
        lo = hi
    return total


def evaluate_points(
    draw: Any, value: Any, perturb: Any, hvp: Any, data: Any, par: Any, noise: Any, seed: Any, label: Any, step: Any,
    points: Any, samples: Any, batch: Any, x: Any, vec: Any, f: Any, q: Any,
) -> None:  # fmt: skip
    """Losses and gradients at the points, each on the sample it names (last, fresh: of ``step``), every sample drawn once (kernel)."""
    drawn_last, drawn_fresh = False, False
    for j in range(points.shape[0]):
        at, which = vec[points[j, 0]], points[j, 1]
        if which == 1 and not drawn_last:
            draw(seed, label, step, 0, noise, samples[1])
            drawn_last = True
        if which == 2 and not drawn_fresh:
            draw(seed, label, step, 1, noise, samples[2])
            drawn_fresh = True
        gradient = q[j]
        if which == 4:
            hvp(0, x.size, x, at, samples[0, :batch], data, par, gradient)
            f[1 + j] = 0
        elif which == 3:
            f[1 + j] = value(0, x.size, at, samples[0, :0], data, par, gradient)
        else:
            z = samples[which]
            loss = value(0, x.size, at, z[:batch], data, par, gradient)
            f[1 + j] = perturb(0, x.size, at, z, noise, loss, gradient)


@apart
def search(
    value: Any, perturb: Any, retry: Any, data: Any, par: Any, noise: Any, x: Any, z: Any, rows: Any, d: Any, eta: Any,
    f: Any, sums: Any, scal: Any, hyp: Any, coef: Any, trial_x: Any, trial_g: Any,
) -> Any:  # fmt: skip
    """Try x - eta d on the step's own sample until the rate accepts; returns (rate, number of losses evaluated) (kernel)."""
    trial = 0
    while True:
        for k in range(x.size):
            trial_x[k] = descend(x[k], eta, d[k])
        loss = value(0, x.size, trial_x, rows, data, par, trial_g)
        f[1] = perturb(0, x.size, trial_x, z, noise, loss, trial_g)
        coef[0, 0] = eta
        following = retry(0, coef.shape[0], trial, f, sums, scal, hyp, coef)
        trial += 1
        if following == eta or scal[0, 0] != 0:
            return eta, trial
        eta = following


def copy_matrix(source: Any, target: Any) -> None:
    """Copy entry by entry (kernel); a slice assignment is a hundred times the code."""
    for i in range(source.shape[0]):
        for k in range(source.shape[1]):
            target[i, k] = source[i, k]


@apart
def keep(dv: Any, ds: Any, rv: Any, rs: Any, dv_to: Any, ds_to: Any, rv_to: Any, rs_to: Any) -> None:
    """Copy the vectors and scalars of both parts (kernel)."""
    copy_matrix(dv, dv_to)
    copy_matrix(ds, ds_to)
    copy_matrix(rv, rv_to)
    copy_matrix(rs, rs_to)


@apart
def write_record(row: Any, loss: Any, gradient: Any, d: Any, f: Any, eta: Any, scal: Any, watched: Any, out: Any, lanes: Any) -> None:
    """One row of the record, but for step, counts and status (kernel); ``loss`` and ``gradient`` are those of F itself."""
    row[1] = loss
    row[2] = np.sqrt(dot(gradient, gradient, out, lanes))
    row[3] = dot(gradient, d, out, lanes)
    row[4] = f[0]
    row[5] = eta
    row[6] = np.sqrt(dot(d, d, out, lanes))
    for j in range(watched):
        row[10 + j] = scal[0, 1 + j]


def advance(
    draw: Any, value: Any, perturb: Any, hvp: Any, d_begin: Any, d_gather: Any, d_settle: Any, d_map: Any,
    r_aim: Any, r_begin: Any, r_terms: Any, r_decide: Any, r_move: Any, r_retry: Any,
    plan: Any, points: Any, offsets: Any, data: Any, par: Any, noise: Any, begin: Any, end: Any, t0: Any, t1: Any, every: Any,
    seeds: Any, labels: Any, d_hyp: Any, r_hyp: Any,
    x: Any, d_vec: Any, d_scal: Any, r_vec: Any, r_scal: Any, late: Any, counts: Any, status: Any, records: Any,
) -> None:  # fmt: skip
    """Trajectories ``begin..end`` from step ``t0`` to ``t1``; all arrays of the last lines have one leading axis over trajectories.

    The rows of ``records[i]`` describe the steps of [t0, t1] that are multiples of ``every``, then step ``t1`` (once). ``counts[i]``:
    gradients and extra losses evaluated so far; a record shows what was spent to REACH its point.
    """
    batch, z_size, exact, alias, gathers, terms, lates = plan[0], plan[1], plan[2], plan[3], plan[4], plan[5], plan[6]
    has_gather, has_terms, blockwise, random, searches, watched = plan[7], plan[8], plan[9], plan[10], plan[11], plan[12]
    aims, asked, clock = plan[15], plan[16], plan[17]
    dim, blocks, n_points, first_row = x.shape[1], offsets.size - 1, points.shape[0], -(-t0 // every)
    # every view is made here or once per trajectory: in the loop over steps each would cost as much as a kernel
    g, d_own, g_own, trial_x, trial_g, nothing = np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(0)
    d, true_g = g if alias else d_own, g if exact else g_own
    q, f = np.zeros((n_points, dim)), np.zeros(n_points + 3)
    samples = np.zeros((3, z_size))
    z, rows = samples[0], samples[0, :batch]
    sums, moved = np.zeros((blocks, max(gathers, terms + lates, 1))), np.zeros((blocks, max(lates, 1)))
    d_coef, r_coef = np.zeros((blocks, plan[13])), np.zeros((blocks, plan[14]))
    out, lanes = np.zeros((max(gathers, terms, lates, 1), CHUNK)), np.zeros(LANES)
    x_kept, late_kept = np.zeros(dim), np.zeros((blocks, lates))
    dv_kept, rv_kept = np.zeros((d_vec.shape[1], dim)), np.zeros((r_vec.shape[1], dim))
    ds_kept, rs_kept = np.zeros((blocks, d_scal.shape[2])), np.zeros((blocks, r_scal.shape[2]))
    dv_ahead, rv_ahead, ds_ahead, rs_ahead = np.zeros_like(dv_kept), np.zeros_like(rv_kept), np.zeros_like(ds_kept), np.zeros_like(rs_kept)
    for i in range(begin, end):
        if status[i] != 0:
            continue
        for k in range(z_size):
            samples[0, k], samples[1, k], samples[2, k] = 0, 0, 0
        xi, dv, ds, rv, rs, late_i, tally, rec = x[i], d_vec[i], d_scal[i], r_vec[i], r_scal[i], late[i], counts[i], records[i]
        dh, rh, seed, label = d_hyp[i], r_hyp[i], seeds[i], labels[i]
        for k in range(dim):
            x_kept[k] = xi[k]
        keep(dv, ds, rv, rs, dv_kept, ds_kept, rv_kept, rs_kept)
        copy_matrix(late_i, late_kept)
        gradients, losses = tally[0], tally[1]
        stop = t1
        code = 1
        while code != 0:
            code = 0
            t = t0
            while code == 0:
                final = t == stop
                if final and status[i] != 0:
                    break
                if final:
                    # the last record looks one evaluation ahead; what that changes is put back
                    keep(dv, ds, rv, rs, dv_ahead, ds_ahead, rv_ahead, rs_ahead)
                step = int(rs[0, clock]) if clock > 0 else t
                draw(seed, label, step, 0, noise, z)
                loss = value(0, dim, xi, rows, data, par, g)
                f[0] = perturb(0, dim, xi, z, noise, loss, g)
                if not (np.isfinite(f[0]) and all_finite(g)):
                    code = 1
                    break
                wanted = n_points > 0 and (aims or t > 0) and (asked == 0 or rs[0, asked] != 0)
                if wanted and not aims:
                    evaluate_points(draw, value, perturb, hvp, data, par, noise, seed, label, t - 1, points, samples, batch, xi, rv, f, q)
                if random:
                    f[1 + n_points] = uniform(seed, label, t, 2)
                d_begin(0, blocks, t, f, sums, ds, dh, d_coef)
                if has_gather:
                    sweep(d_gather, gathers, offsets, xi, g, d, q, dv, d_coef, out, lanes, sums)
                    d_settle(0, blocks, t, f, sums, ds, dh, d_coef)
                if not alias:
                    sweep(d_map, 0, offsets, xi, g, d, q, dv, d_coef, out, lanes, sums)
                if aims:
                    sweep(r_aim, 0, offsets, xi, g, d, q, rv, r_coef, out, lanes, sums)
                    evaluate_points(draw, value, perturb, hvp, data, par, noise, seed, label, t, points, samples, batch, xi, rv, f, q)
                r_begin(0, blocks, t, f, sums, rs, rh, r_coef)
                if has_terms:
                    sweep(r_terms, terms, offsets, xi, g, d, q, rv, r_coef, out, lanes, sums)
                for s in range(blocks):
                    for j in range(lates):
                        sums[s, terms + j] = late_i[s, j]
                eta = r_decide(0, blocks, t, f, sums, rs, rh, r_coef)
                trials = 0
                if searches and not final and rs[0, 0] == 0 and np.isfinite(eta):
                    f[2] = dot(g, d, out, lanes)
                    eta, trials = search(
                        value, perturb, r_retry, data, par, noise, xi, z, rows, d, eta, f, sums, rs, rh, r_coef, trial_x, trial_g
                    )
                code = int(rs[0, 0]) if rs[0, 0] != 0 else (0 if np.isfinite(eta) else 3)
                if status[i] == 0 and (final or t % every == 0):
                    row = rec[-(-t // every) - first_row]
                    loss = f[0] if exact else value(0, dim, xi, nothing, data, par, true_g)
                    write_record(row, loss, true_g, d, f, eta, rs, watched, out, lanes)
                    row[0], row[7], row[8], row[9] = t, tally[0], tally[1], code
                tally[1] += trials
                if final:
                    keep(dv_ahead, ds_ahead, rv_ahead, rs_ahead, dv, ds, rv, rs)
                    break
                if code != 0:
                    break
                tally[0] += 1 + (n_points if wanted else 0)
                if not blockwise:
                    for s in range(blocks):
                        r_coef[s, 0] = eta
                sweep(r_move, lates, offsets, xi, g, d, q, rv, r_coef, out, lanes, moved)
                if not all_finite(xi):
                    code = 4
                    break
                for s in range(blocks):
                    for j in range(lates):
                        late_i[s, j] = moved[s, j]
                t += 1
            if code != 0:
                for k in range(dim):
                    xi[k] = x_kept[k]
                keep(dv_kept, ds_kept, rv_kept, rs_kept, dv, ds, rv, rs)
                copy_matrix(late_kept, late_i)
                tally[0], tally[1] = gradients, losses
                status[i] = code
                stop = t


@cache
def loop() -> Any:
    """The loop, compiled at first use (or plain when interpreting)."""
    from lra_ref.oracles.base import DRAW, PERTURB
    from lra_ref.problems.base import HVP, VALUE

    cube, whole = "float64[:, :, ::1]", "int64[::1]"
    functions = (DRAW, VALUE, PERTURB, HVP, SCALAR, ELEMENT, SCALAR, ELEMENT, ELEMENT, SCALAR, ELEMENT, SCALAR, ELEMENT, SCALAR)
    sizes = (whole, "int64[:, ::1]", whole, M, V, V, *["int64"] * 5)
    state = ("uint64[::1]", whole, M, M, M, cube, cube, cube, cube, cube, "int64[:, ::1]", whole, cube)
    return compiled_loop(advance, functions, (*sizes, *state))
