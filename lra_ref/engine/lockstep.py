"""What the loop does to several trajectories at once, phase by phase (kernels of ``engine/loop``).

Trajectories ``at .. at + n`` are laid out end to end: trajectory ``at + i`` has the elements ``i dim .. (i + 1) dim`` of every vector and
the rows ``i blocks .. (i + 1) blocks`` of every table of scalars, sums and coefficients. One that has stopped (``status``) is passed over;
``again``: a trajectory that stopped is run once more to the step at which it did.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.backends.cpu import apart
from lra_ref.backends.sums import CHUNK, fold, fold_from
from lra_ref.engine.bookkeeping import CODE, ETA, GRADIENTS, LOSSES, STOPPED, TRIALS, WANTED, spread
from lra_ref.formulas import descend
from lra_ref.oracles.philox import uniform

#: a number of which there should be a multiple in lockstep, so that they fill vector registers
LANE = 8


@apart
def sweep(
    kernel: Any, count: Any, whole: Any, again: Any, at: Any, n: Any, offsets: Any, status: Any,
    x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any, lanes: Any, sums: Any,
) -> None:  # fmt: skip
    """Run an element kernel over ``n`` trajectories end to end, block by block and chunk by chunk; ``sums[block, j]``: its summands.

    ``whole``: one call for all of them, with the coefficients of the first; they are then short and have one block each.
    """
    blocks = offsets.size - 1
    dim = offsets[blocks]
    if whole:
        clear_rows(out, count, n * dim)
        kernel(0, 0, n * dim, 0, x, g, d, q, vec, coef, out)
        for j in range(count):
            for i in range(n):
                sums[i, j] = fold_from(out, j, i * dim, dim, lanes)
        return
    for i in range(n):
        if again or status[at + i] == 0:
            for s in range(blocks):
                seg, lo, high = i * blocks + s, i * dim + offsets[s], i * dim + offsets[s + 1]
                start = lo
                while lo < high:
                    hi = min(lo + CHUNK, high)
                    clear_rows(out, count, hi - lo)
                    kernel(seg, lo, hi, lo, x, g, d, q, vec, coef, out)
                    for j in range(count):
                        total = fold(out, j, hi - lo, lanes)
                        sums[seg, j] = total if lo == start else sums[seg, j] + total
                    lo = hi


@apart
def apply(
    kernel: Any, whole: Any, again: Any, at: Any, n: Any, offsets: Any, status: Any,
    x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any,
) -> None:  # fmt: skip
    """:func:`sweep` for a kernel without summands."""
    blocks = offsets.size - 1
    dim = offsets[blocks]
    for i in range(1 if whole else n):
        if whole or again or status[at + i] == 0:
            for s in range(blocks):
                seg, lo, high = i * blocks + s, i * dim + offsets[s], n * dim if whole else i * dim + offsets[s + 1]
                while lo < high:
                    hi = min(lo + CHUNK, high)
                    kernel(seg, lo, hi, lo, x, g, d, q, vec, coef, out)
                    lo = hi


def clear_rows(out: Any, count: Any, n: Any) -> None:
    """Zeros in ``out[j, :n]``, j < count, to which a kernel adds its summands (kernel)."""
    for j in range(count):
        row = out[j, 0:n]
        for i in range(row.size):
            row[i] = 0


def all_finite(values: Any, lo: Any, hi: Any) -> Any:
    """True if no entry of ``values[lo:hi]`` is nan or infinite (kernel); no early end, so that it vectorises."""
    part, bad = values[lo:hi], 0
    for i in range(part.size):
        if not np.isfinite(part[i]):
            bad += 1
    return bad == 0


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


@apart
def search(
    value: Any, perturb: Any, retry: Any, data: Any, par: Any, noise: Any, x: Any, z: Any, batch: Any, d: Any, eta: Any, f: Any,
    sums: Any, scal: Any, hyp: Any, coef: Any, trial_x: Any, trial_g: Any,
) -> Any:  # fmt: skip
    """Try x - eta d on the step's own sample until the rate accepts; returns (rate, number of losses evaluated) (kernel)."""
    trial, rows = 0, z[0:batch]
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


def write_record(record: Any, loss: Any, gradient: Any, d: Any, f: Any, eta: Any, scal: Any, out: Any, lanes: Any) -> None:
    """One row of the record, but for step, counts and status (kernel); ``loss`` and ``gradient`` are those of F itself."""
    record[1] = loss
    record[2] = np.sqrt(dot(gradient, gradient, out, lanes))
    record[3] = dot(gradient, d, out, lanes)
    record[4] = f[0]
    record[5] = eta
    record[6] = np.sqrt(dot(d, d, out, lanes))
    for j in range(1, scal.size):
        record[9 + j] = scal[j]


def draw_samples(
    draw: Any, draws: Any, plan: Any, noise: Any, again: Any, at: Any, n: Any, t: Any, blocks: Any, seeds: Any, labels: Any, status: Any,
    rs: Any, samples: Any, work: Any,
) -> None:  # fmt: skip
    """The sample of this step of every trajectory (kernel)."""
    z_size, clock = plan[1], plan[17]
    if plan[23] != 0 and n >= LANE:
        draws(seeds, labels, at, n, t, 0, noise, work, samples)
    else:
        for i in range(n):
            if again or status[at + i] == 0:
                step = int(rs[i * blocks, clock]) if clock > 0 else t
                draw(seeds[at + i], labels[at + i], step, 0, noise, samples[i, :z_size])


def look(
    value: Any, perturb: Any, plan: Any, data: Any, par: Any, noise: Any, again: Any, at: Any, n: Any, t: Any, dim: Any, status: Any,
    x: Any, g: Any, f: Any, samples: Any, notes: Any,
) -> None:  # fmt: skip
    """Loss and gradient of every trajectory on the sample of this step; one that is not finite stops its trajectory (kernel)."""
    batch, z_size, exact = plan[0], plan[1], plan[2]
    for i in range(n):
        if again or status[at + i] == 0:
            lo, z = i * dim, samples[i, :z_size]
            point, gradient = x[lo : lo + dim], g[lo : lo + dim]
            loss = value(0, dim, point, z[0:batch], data, par, gradient)
            f[i, 0] = loss if exact else perturb(0, dim, point, z, noise, loss, gradient)
    stop_where_not_finite(1, again, at, n, t, dim, status, g, f, notes)


def draw_uniforms(at: Any, n: Any, t: Any, seeds: Any, labels: Any, f: Any) -> None:
    """The uniform number of this step for every rate (kernel)."""
    last = f.shape[1] - 2
    for i in range(n):
        f[i, last] = uniform(seeds[at + i], labels[at + i], t, 2)


@apart
def stop_where_not_finite(code: Any, again: Any, at: Any, n: Any, t: Any, dim: Any, status: Any, vectors: Any, f: Any, notes: Any) -> None:
    """Stop with this code where a vector, or for code 1 a loss, is not finite (kernel)."""
    fine = all_finite(vectors, 0, n * dim)
    if code == 1:
        bad = 0
        for i in range(n):
            bad += 0 if np.isfinite(f[i, 0]) else 1
        fine = fine and bad == 0
    if not fine and not again:
        for i in range(n):
            good = all_finite(vectors, i * dim, (i + 1) * dim) and (code != 1 or np.isfinite(f[i, 0]))
            if status[at + i] == 0 and not good:
                status[at + i], notes[STOPPED, i] = code, t


def evaluate_points(
    draw: Any, value: Any, perturb: Any, hvp: Any, plan: Any, points: Any, data: Any, par: Any, noise: Any, again: Any, at: Any, n: Any,
    t: Any, dim: Any, blocks: Any, seeds: Any, labels: Any, status: Any, x: Any, rv: Any, rs: Any, f: Any, q: Any, samples: Any, most: Any,
    notes: Any,
) -> None:  # fmt: skip
    """Losses and gradients at the points that are wanted, each on the sample it names, every sample drawn once (kernel)."""
    batch, z_size, aims, asked = plan[0], plan[1], plan[15], plan[16]
    step = t if aims else t - 1
    for i in range(n):
        notes[WANTED, i] = 0
        if step >= 0 and (again or status[at + i] == 0) and (asked == 0 or rs[i * blocks, asked] != 0):
            notes[WANTED, i] = 1
            lo, hi, seed, label = i * dim, (i + 1) * dim, seeds[at + i], labels[at + i]
            drawn_last, drawn_fresh, present = False, False, samples[i, :z_size]
            for j in range(points.shape[0]):
                which = points[j, 1]
                point, gradient = rv[points[j, 0]][lo:hi], q[j][lo:hi]
                if which == 4:
                    hvp(0, dim, x[lo:hi], point, present[0:batch], data, par, gradient)
                    f[i, 1 + j] = 0
                elif which == 3:
                    f[i, 1 + j] = value(0, dim, point, present[0:0], data, par, gradient)
                else:
                    z = samples[which * most + i, :z_size]
                    if (which == 1 and not drawn_last) or (which == 2 and not drawn_fresh):
                        draw(seed, label, step, which - 1, noise, z)
                        drawn_last, drawn_fresh = drawn_last or which == 1, drawn_fresh or which == 2
                    loss = value(0, dim, point, z[0:batch], data, par, gradient)
                    f[i, 1 + j] = perturb(0, dim, point, z, noise, loss, gradient)


@apart
def each(
    kernel: Any, again: Any, at: Any, n: Any, t: Any, blocks: Any, status: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any,
) -> None:  # fmt: skip
    """A scalar kernel for every trajectory (kernel)."""
    for i in range(n):
        if again or status[at + i] == 0:
            a, b = i * blocks, (i + 1) * blocks
            kernel(0, blocks, t, f[i], sums[a:b], scal[a:b], hyp[at + i], coef[a:b])


def aim_direction(
    d_begin: Any, d_gather: Any, d_settle: Any, d_map: Any, plan: Any, steady: Any, single: Any, again: Any, at: Any, n: Any, t: Any,
    blocks: Any, offsets: Any,
    status: Any, d_hyp: Any, x: Any, g: Any, d: Any, q: Any, f: Any, dv: Any, ds: Any, d_coef: Any, out: Any, lanes: Any, sums: Any,
) -> None:  # fmt: skip
    """Directions of all trajectories (kernel)."""
    alias, gathers, has_gather = plan[3], plan[4], plan[7]
    each(d_begin, 1 if steady or again else 0, at, 1 if steady else n, t, blocks, status, f, sums, ds, d_hyp, d_coef)
    if has_gather:
        sweep(d_gather, gathers, steady, again, at, n, offsets, status, x, g, d, q, dv, d_coef, out, lanes, sums)
        if steady:
            spread(n, d_coef)
        each(d_settle, again, at, n, t, blocks, status, f, sums, ds, d_hyp, d_coef)
    if not alias:
        apply(d_map, 1 if single or (steady and not has_gather) else 0, again, at, n, offsets, status, x, g, d, q, dv, d_coef, out)


def decide_together(
    r_decide: Any, at: Any, t: Any, r_hyp: Any, f: Any, sums: Any, rs: Any, r_coef: Any, notes: Any,
) -> None:  # fmt: skip
    """The rate of all trajectories, which follows from the step alone and is the same for all (kernel)."""
    eta = r_decide(0, 1, t, f[0], sums, rs, r_hyp[at], r_coef)
    # a move of all at once looks at the coefficients of the first alone
    r_coef[0, 0] = eta
    code = 0 if np.isfinite(eta) else 3
    etas, codes, trials = notes[ETA], notes[CODE], notes[TRIALS]
    for i in range(etas.size):
        etas[i], codes[i], trials[i] = eta, code, 0


def decide_each(
    value: Any, perturb: Any, r_decide: Any, r_retry: Any, plan: Any, data: Any, par: Any, noise: Any, final: Any, again: Any,
    at: Any, n: Any, t: Any, blocks: Any, status: Any, r_hyp: Any, x: Any, g: Any, d: Any, f: Any, samples: Any, sums: Any, lates: Any,
    rs: Any, r_coef: Any, spare: Any, out: Any, lanes: Any, notes: Any,
) -> None:  # fmt: skip
    """The rate of every trajectory, after its search if it has one; notes the rate, and stops where there is none (kernel)."""
    batch, terms, late, searches, dim = plan[0], plan[5], plan[6], plan[11], spare.shape[1]
    for i in range(n):
        if again or status[at + i] == 0:
            first, last, losses = i * blocks, (i + 1) * blocks, f[i]
            for s in range(first, last):
                for j in range(late):
                    sums[s, terms + j] = lates[s, j]
            own_sums, own_rs, own_coef = sums[first:last], rs[first:last], r_coef[first:last]
            eta = r_decide(0, blocks, t, losses, own_sums, own_rs, r_hyp[at + i], own_coef)
            code, notes[TRIALS, i] = rs[first, 0], 0
            if searches and not final and code == 0 and np.isfinite(eta):
                xi, di = x[i * dim : (i + 1) * dim], d[i * dim : (i + 1) * dim]
                losses[2] = dot(g[i * dim : (i + 1) * dim], di, out, lanes)
                eta, notes[TRIALS, i] = search(
                    value, perturb, r_retry, data, par, noise, xi, samples[i, : plan[1]], batch, di, eta, losses, own_sums, own_rs,
                    r_hyp[at + i], own_coef, spare[1], spare[2],
                )  # fmt: skip
                code = rs[first, 0]
            if not plan[9]:
                for s in range(first, last):
                    r_coef[s, 0] = eta
            notes[ETA, i], notes[CODE, i] = eta, code if code != 0 or np.isfinite(eta) else 3


def record(
    value: Any, exact: Any, data: Any, par: Any, at: Any, n: Any, t: Any, place: Any, dim: Any, blocks: Any, status: Any, records: Any,
    x: Any, g: Any, d: Any, f: Any,
    rs: Any, spare: Any, out: Any, lanes: Any, notes: Any,
) -> None:  # fmt: skip
    """A row of the record of every trajectory that has not stopped (kernel)."""
    for i in range(n):
        if status[at + i] == 0:
            lo, hi, gradient, loss = i * dim, (i + 1) * dim, spare[0], f[i, 0]
            if exact:
                gradient = g[lo:hi]
            else:
                loss = value(0, dim, x[lo:hi], gradient[0:0], data, par, gradient)
            written = records[at + i, place]
            write_record(written, loss, gradient, d[lo:hi], f[i], notes[ETA, i], rs[i * blocks], out, lanes)
            written[0], written[7], written[8], written[9] = t, notes[GRADIENTS, i], notes[LOSSES, i], notes[CODE, i]
