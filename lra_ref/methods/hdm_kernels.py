"""Kernels of ``hdm``: one ``terms`` and one ``move`` per shape of P and rule by which it learns, one ``decide``.

Rows of ``vec``: the accepted point z, its gradient, then P (diagonal: one row; full: row i of the matrix is one row), then G in the same
way where the rule is AdaGrad's, then x_old for ``heavy_ball``. ``x`` is the tested point, ``g`` its gradient.
"""

from __future__ import annotations

from typing import Any

from lra_ref.arithmetic import quotient, total
from lra_ref.formulas import clip, descend, product, square, where
from lra_ref.methods.hdm_formulas import (
    accepts,
    accumulated,
    adagrad_step,
    ball_share,
    exponentiated_step,
    feedback,
    hypergradient,
    momentum_hypergradient,
    projected_step,
    reaches,
    simplex_share,
    tested_point,
)

#: what ``hyp`` holds: form, shape, step (a or eta), eps, low, high, p_0, delta or radius, beta_step, accept_tol, tol, row of x_old
FORM, SHAPE, STEP, EPS, LOW, HIGH, START, SIZE, BETA_STEP, ACCEPT_TOL, TOL, OLD_ROW = range(12)
FORMS = {"null_step": 0, "ogd": 1, "lookahead": 2, "heavy_ball": 3, "eg": 4}
SHAPES = {"scalar": 0, "diagonal": 1, "full": 2}
SCALARS = (
    "value", "norm2", "h", "accepted", "updates", "alpha", "alpha_G", "beta", "beta_G", "lookahead", "small", "tested_norm2", "share",
)  # fmt: skip
#: places of the scalars in a row, 0 is the status
VALUE, NORM2, H, ACCEPTED, UPDATES, ALPHA, ALPHA_G, BETA, BETA_G, LOOKAHEAD, SMALL, TESTED_NORM2, SHARE = range(1, 14)
#: what ``coef`` holds: rate, accepted, learns, |g|^2 of the test, alpha, share, beta, first step, number of the update, hyper-parameters
TAKE, LEARN, BASE, STEPSIZE, FACTOR, INERTIA, FIRST, NUMBER, C_STEP, C_EPS, C_LOW, C_HIGH, C_OLD, C_START, C_TOL = range(1, 16)
COEFFICIENTS, SUMS = 16, 6
STATIONARY = 9.0


def hdm_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """What the elementwise kernels need to know (kernel)."""
    for s in range(first, last):
        coef[s, BASE], coef[s, NUMBER] = scal[first, NORM2], scal[first, UPDATES] + 1
        coef[s, C_STEP], coef[s, C_EPS], coef[s, C_LOW], coef[s, C_HIGH] = hyp[STEP], hyp[EPS], hyp[LOW], hyp[HIGH]
        coef[s, C_OLD], coef[s, C_START], coef[s, C_TOL] = hyp[OLD_ROW], hyp[START], hyp[TOL]
    return 0.0


def scalar_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g+|^2, <g+, g>, (none), entries that reach tol, (none), <g+, z - x_old> (kernel)."""
    old = int(coef[seg, C_OLD])
    gs, z, base, olds = g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[old, lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])
        out[1, i] += product(gs[i], base[i])
        out[3, i] += reaches(gs[i], coef[seg, C_TOL])
        out[5, i] += product(gs[i], z[i] - olds[i])


def diagonal_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same, and the summands of <g, P g> (kernel)."""
    scalar_terms(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    base, P = vec[1, lo:hi], vec[2, lo:hi]
    for i in range(base.size):
        out[2, i] += product(base[i], product(P[i], base[i]))


def eg_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same, and the entries of P after the update, for their sum (kernel)."""
    diagonal_terms(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    gs, base, P = g[lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(gs.size):
        r = hypergradient(product(gs[i], base[i]), coef[seg, BASE])
        out[4, i] += exponentiated_step(P[i], r, coef[seg, C_STEP], coef[seg, NUMBER])


def full_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The same for a matrix, and the squared norms of its rows after a gradient step (kernel)."""
    scalar_terms(seg, lo, hi, at, x, g, d, q, vec, coef, out)
    for i in range(hi - lo):
        moved, size = 0.0, 0.0
        for j in range(x.size):
            r = hypergradient(product(g[lo + i], vec[1, j]), coef[seg, BASE])
            moved = moved + product(vec[2 + lo + i, j], vec[1, j])
            size = size + square(descend(vec[2 + lo + i, j], coef[seg, C_STEP], r))
        out[2, i] += product(vec[1, lo + i], moved)
        out[4, i] += size


def hdm_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Feedback, update of a scalar P and of beta, null step (kernel); returns <g, P g>/|g|^2 of the point tested."""
    row = scal[first]
    form, norm2, value = int(hyp[FORM]), row[NORM2], row[VALUE]
    if t == 0:
        row[ALPHA] = hyp[START] if hyp[SHAPE] == 0 else 0
    rate = 0.0 if t == 0 else row[ALPHA] if hyp[SHAPE] == 0 else quotient(total(sums, first, last, 2), norm2)
    if row[SMALL] > 0:
        row[0] = STATIONARY
        return rate
    learns = t > 0 and (form != 2 or row[LOOKAHEAD] > 0)
    judges = t == 0 or form != 2 or row[LOOKAHEAD] == 0
    row[TESTED_NORM2], row[SHARE], row[ACCEPTED] = norm2, 1, 0
    if learns:
        row[UPDATES] += 1
        learn_scalar(form, total(sums, first, last, 1), total(sums, first, last, 5), row, hyp)
        size = total(sums, first, last, 4)
        if form == 4:
            row[SHARE] = simplex_share(size, hyp[SIZE])
        elif hyp[SHAPE] == 2 and (form == 1 or form == 2):
            row[SHARE] = ball_share(size, hyp[SIZE])
    if judges:
        row[H] = 0 if t == 0 else feedback(f[0], value, norm2)
        if t == 0 or accepts(f[0], value, hyp[ACCEPT_TOL]):
            row[ACCEPTED], row[VALUE], row[NORM2] = 1, f[0], total(sums, first, last, 0)
            row[SMALL] = 1 if total(sums, first, last, 3) == 0 or row[NORM2] == 0 else 0
    row[LOOKAHEAD] = 1 if form == 2 and judges else 0
    for s in range(first, last):
        coef[s, TAKE], coef[s, LEARN], coef[s, FIRST] = row[ACCEPTED], 1 if learns else 0, 1 if t == 0 else 0
        coef[s, STEPSIZE], coef[s, FACTOR], coef[s, INERTIA] = row[ALPHA], row[SHARE], row[BETA]
    return rate


def learn_scalar(form: Any, inner: Any, along: Any, row: Any, hyp: Any) -> None:
    """Update alpha where P is scalar, and beta where the form has one (kernel)."""
    if hyp[SHAPE] == 0:
        r = hypergradient(inner, row[NORM2])
        if form == 0 or form == 3:
            row[ALPHA_G] = accumulated(row[ALPHA_G], r)
            row[ALPHA] = clip(adagrad_step(row[ALPHA], r, row[ALPHA_G], hyp[STEP], hyp[EPS]), hyp[LOW], hyp[HIGH])
        else:
            row[ALPHA] = projected_step(row[ALPHA], r, hyp[STEP], hyp[LOW], hyp[HIGH])
    if form == 3:
        r = momentum_hypergradient(along, row[NORM2])
        row[BETA_G] = accumulated(row[BETA_G], r)
        row[BETA] = clip(adagrad_step(row[BETA], r, row[BETA_G], hyp[BETA_STEP], hyp[EPS]), -1, 1)


def scalar_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Accept or not, then x - alpha g + beta (x - x_old) (kernel)."""
    old = int(coef[seg, C_OLD])
    xs, gs, z, base, olds = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[old, lo:hi]
    for i in range(xs.size):
        before = where(coef[seg, FIRST] > 0, xs[i], z[i])
        olds[i] = before
        z[i] = where(coef[seg, TAKE] > 0, xs[i], before)
        base[i] = where(coef[seg, TAKE] > 0, gs[i], base[i])
        xs[i] = tested_point(z[i], product(coef[seg, STEPSIZE], base[i]), coef[seg, INERTIA], before)


def diagonal_point(seg: Any, lo: Any, hi: Any, x: Any, g: Any, vec: Any, coef: Any) -> None:
    """Accept or not, then x - P*g + beta (x - x_old), P after its update (kernel)."""
    old = int(coef[seg, C_OLD])
    xs, gs, z, base, P, olds = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[old, lo:hi]
    for i in range(xs.size):
        before = where(coef[seg, FIRST] > 0, xs[i], z[i])
        olds[i] = before
        z[i] = where(coef[seg, TAKE] > 0, xs[i], before)
        base[i] = where(coef[seg, TAKE] > 0, gs[i], base[i])
        xs[i] = tested_point(z[i], product(P[i], base[i]), coef[seg, INERTIA], before)


def adagrad_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Diagonal P by AdaGrad, then the next point (kernel)."""
    gs, base, P, G = g[lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[3, lo:hi]
    for i in range(gs.size):
        r = hypergradient(product(gs[i], base[i]), coef[seg, BASE])
        G[i] = where(coef[seg, LEARN] > 0, accumulated(G[i], r), G[i])
        step = clip(adagrad_step(P[i], r, G[i], coef[seg, C_STEP], coef[seg, C_EPS]), coef[seg, C_LOW], coef[seg, C_HIGH])
        P[i] = where(coef[seg, LEARN] > 0, step, where(coef[seg, FIRST] > 0, coef[seg, C_START], P[i]))
    diagonal_point(seg, lo, hi, x, g, vec, coef)


def ogd_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Diagonal P by a projected gradient step, then the next point (kernel)."""
    gs, base, P = g[lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(gs.size):
        r = hypergradient(product(gs[i], base[i]), coef[seg, BASE])
        step = projected_step(P[i], r, coef[seg, C_STEP], coef[seg, C_LOW], coef[seg, C_HIGH])
        P[i] = where(coef[seg, LEARN] > 0, step, where(coef[seg, FIRST] > 0, coef[seg, C_START], P[i]))
    diagonal_point(seg, lo, hi, x, g, vec, coef)


def eg_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Diagonal P by exponentiated gradient, brought back to the simplex, then the next point (kernel)."""
    gs, base, P = g[lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(gs.size):
        r = hypergradient(product(gs[i], base[i]), coef[seg, BASE])
        step = coef[seg, FACTOR] * exponentiated_step(P[i], r, coef[seg, C_STEP], coef[seg, NUMBER])
        P[i] = where(coef[seg, LEARN] > 0, step, where(coef[seg, FIRST] > 0, coef[seg, C_START], P[i]))
    diagonal_point(seg, lo, hi, x, g, vec, coef)


def full_point(x: Any, g: Any, vec: Any, coef: Any) -> None:
    """Accept or not, then x - P g + beta (x - x_old) with a matrix P (kernel)."""
    old = int(coef[0, C_OLD])
    z, base, olds = vec[0], vec[1], vec[old]
    for i in range(x.size):
        base[i] = where(coef[0, TAKE] > 0, g[i], base[i])
    for i in range(x.size):
        moved = 0.0
        for j in range(x.size):
            moved = moved + product(vec[2 + i, j], base[j])
        before = where(coef[0, FIRST] > 0, x[i], z[i])
        olds[i] = before
        z[i] = where(coef[0, TAKE] > 0, x[i], before)
        x[i] = tested_point(z[i], moved, coef[0, INERTIA], before)


def full_adagrad_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Full P by AdaGrad, entry by entry; every row needs every entry of g, so the first block does all of them (kernel)."""
    if seg == 0:
        dim = x.size
        for i in range(dim):
            P, G = vec[2 + i], vec[2 + dim + i]
            for j in range(dim):
                r = hypergradient(product(g[i], vec[1, j]), coef[0, BASE])
                G[j] = where(coef[0, LEARN] > 0, accumulated(G[j], r), G[j])
                step = adagrad_step(P[j], r, G[j], coef[0, C_STEP], coef[0, C_EPS])
                start = where(i == j, coef[0, C_START], 0)
                P[j] = where(coef[0, LEARN] > 0, step, where(coef[0, FIRST] > 0, start, P[j]))
        full_point(x, g, vec, coef)


def full_ogd_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Full P by a gradient step, brought back to the Frobenius ball; the first block does all (kernel)."""
    if seg == 0:
        for i in range(x.size):
            P = vec[2 + i]
            for j in range(x.size):
                r = hypergradient(product(g[i], vec[1, j]), coef[0, BASE])
                step = coef[0, FACTOR] * descend(P[j], coef[0, C_STEP], r)
                start = where(i == j, coef[0, C_START], 0)
                P[j] = where(coef[0, LEARN] > 0, step, where(coef[0, FIRST] > 0, start, P[j]))
        full_point(x, g, vec, coef)
