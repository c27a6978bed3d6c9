"""HDM-Best: the authors' practical method, diagonal P and scalar momentum beta, both by AdaGrad, with a guess of the smoothness.

Iteration n = 1, 2, ...: stop if |g|_inf < tol; test y = x - P*g + beta (x - x_old), g+ = grad F(y); with e = |x - x_old|^2 L_est^2 / 4
once L is guessed, else 1e-12 (x_old of before this iteration),

    r  = -(g+ * g)/(|g|^2 + e),          G  += r^2,   P    -= lr r / (sqrt G + 1e-12),      convex: P clipped to [0, 1e10/L_est]
    rm = <g+, x - x_old>/(|g|^2 + e),    Gm += rm^2,  beta -= beta_lr rm / (sqrt Gm + 1e-12), clipped to [0, 0.9995]
    n = 49, 99, 149, ... and L not guessed:  lr = max(.8 lr, 1e-3 lr_0) (convex), max(.05 lr, 1e-2 lr_0) (else)
    x_old = x;  F(y) < F(x): the secant |g+ - g|/|y - x| is recorded if |y - x| > 1e-3, y accepted, count += 1
                else: count = max(0, count - 2)
    count > max(min(max_iter/4, 200), 20) and not guessed: L_est = mean of the records, lr = lr_0 = 1/L_est, G = 0, guessed

Start: P = 0, beta = 0.95, G = Gm = 0, x_old = x.  lr = 10/L_est (convex) or 2/L_est, 0.1 without L_est.  Norms are global over blocks.

Source: the authors' code udellgroup/osgm-best-hypergrad, which this follows operation by operation up to the order of sums (published).
Its configuration file has a diagonal beta with Gm = 1e-4 as default, its experiments the scalar one with Gm = 0: that one is here.

Traps of the code that are errors here: convex without L_est clips P to [0, 0] (L_est is required); a count that triggers without any
record (or with records of 0) averages nothing, after which everything is nan: here L stays unguessed and the scalar ``no_record`` is 1.

In the engine x is the tested point, one loss and one gradient a step; the method answers with the accepted point, the vector
``point``.  The rate reported is <g, P g>/|g|^2 of the point just tested, 0 at the start.  Scalars: ``value`` F at the accepted
point, ``norm2`` |g|^2 there, ``h`` = (F(y) - F(x))/|g|^2, ``accepted``, ``iteration`` n, ``beta``, ``beta_G``, ``lr``, ``lr_0``, ``L_est``
(0: none), ``guessed``, ``count``, ``records``, ``record_sum``, ``no_record``, ``small``, ``denominator`` |g|^2 + e, ``lr_used``
and ``P_max`` of the last update, ``wiped`` (1 in the step of the guess, after which G starts anew).

Edge cases: see ``hdm``.  Words per element beyond x and g: 5.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``hdm_best`` 17/18.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import clip, product, square, where
from lra_ref.methods.hdm_formulas import (
    accepts,
    accumulated,
    adagrad_step_best,
    damping,
    decayed,
    feedback,
    hypergradient,
    momentum_hypergradient,
    reaches,
    tested_point,
)
from lra_ref.methods.hdm_kernels import STATIONARY
from lra_ref.parameters import SWITCH, Optional_, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE = Range(0, ends="()"), Range(0, ends="[)")
SCALARS = (
    "value", "norm2", "h", "accepted", "iteration", "beta", "beta_G", "lr", "lr_0", "L_est", "guessed", "count", "records", "record_sum",
    "no_record", "small", "denominator", "lr_used", "P_max", "wiped",
)  # fmt: skip
#: places of the scalars in a row, 0 is the status
(
    VALUE, NORM2, H, ACCEPTED, ITERATION, BETA, BETA_G, LR, LR_0, L_EST, GUESSED, COUNT, RECORDS, RECORD_SUM, NO_RECORD, SMALL, DENOMINATOR,
    LR_USED, P_MAX, WIPED,
) = range(1, 21)  # fmt: skip
#: places of the hyper-parameters
LR_GIVEN, BETA_LR, L_GIVEN, CONVEX, TOL, ENOUGH, BETA_START, BETA_MAX, EPS, FACTOR, FLOOR, CEILING, FAR = range(13)
#: published constants: beta at the start and at most, eps, ceiling of P times L_est, smallest distance of a record
BETA_0, BETA_HIGHEST, EPSILON, HIGHEST_P, DISTANCE = 0.95, 0.9995, 1e-12, 1e10, 1e-3
#: factor and floor of lr at the iterations 49, 99, ...
DECAY = {True: (0.8, 1e-3), False: (0.05, 1e-2)}


@dataclass(frozen=True, kw_only=True)
class HDMBestParameters(Parameters):
    """Hyper-parameters of ``hdm_best``."""

    L_est: float | None = parameter(None, Optional_(POSITIVE), "estimate of the smoothness constant, required if convex")
    convex: bool = parameter(False, SWITCH, "P is kept in [0, 1e10/L_est]; lr decays slowly")
    lr: float | None = parameter(None, Optional_(POSITIVE), "AdaGrad's step of P; default 10/L_est (convex), 2/L_est, or 0.1 without L_est")
    beta_lr: float = parameter(10.0, POSITIVE, "AdaGrad's step of the momentum")
    tol: float = parameter(1e-6, NOT_NEGATIVE, "stop when no entry of the gradient reaches it")
    max_iter: int = parameter(1000, Range(1, ends="[)", integer=True), "budget that the guess of L refers to; it stops nothing")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.convex and self.L_est is None:
            raise ValueError("convex=True needs L_est, an estimate of the smoothness constant")


def secant(change2: Any, distance2: Any) -> Any:
    """|g+ - g| / |y - x| from their squares."""
    return quotient(np.sqrt(change2), np.sqrt(distance2))


def denominator(norm2: Any, e: Any) -> Any:
    """|g|^2 + e."""
    return norm2 + e


def highest(L_est: Any, ceiling: Any, convex: Any) -> Any:
    """Upper end of P, infinite if not convex."""
    return where(convex > 0, quotient(ceiling, L_est), np.inf)


# --- kernels: rows of vec are the accepted point, its gradient, P, G, x_old --------------------------------------------------------
def best_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Tolerance for the terms (kernel)."""
    for s in range(first, last):
        coef[s, 1] = hyp[TOL]
    return 0.0


def best_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |g+|^2, entries that reach tol, <g+, z - x_old>, |z - x_old|^2, |g+ - g|^2, |y - z|^2, <g, P g> (kernel)."""
    xs, gs, z, base, P, old = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[4, lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])
        out[1, i] += reaches(gs[i], coef[seg, 1])
        out[2, i] += product(gs[i], z[i] - old[i])
        out[3, i] += square(z[i] - old[i])
        out[4, i] += square(gs[i] - base[i])
        out[5, i] += square(xs[i] - z[i])
        out[6, i] += product(base[i], product(P[i], base[i]))


def best_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Momentum, learning rate, null step and guess (kernel); returns <g, P g>/|g|^2 of the point tested."""
    row = scal[first]
    if t == 0:
        row[BETA], row[LR], row[LR_0], row[L_EST] = hyp[BETA_START], hyp[LR_GIVEN], hyp[LR_GIVEN], hyp[L_GIVEN]
    rate = 0.0 if t == 0 else quotient(total(sums, first, last, 6), row[NORM2])
    if row[SMALL] > 0:
        row[0] = STATIONARY
        return rate
    row[LR_USED], row[P_MAX] = row[LR], highest(row[L_EST], hyp[CEILING], hyp[CONVEX])
    if t > 0:
        e = damping(total(sums, first, last, 3), row[L_EST], row[GUESSED], hyp[EPS])
        row[ITERATION] += 1
        row[DENOMINATOR] = denominator(row[NORM2], e)
        learn_momentum(total(sums, first, last, 2), row, hyp)
        row[H] = feedback(f[0], row[VALUE], row[NORM2])
    before = row[GUESSED]
    taken = t == 0 or accepts(f[0], row[VALUE], 0)
    if t > 0:
        judge(taken, total(sums, first, last, 4), total(sums, first, last, 5), row, hyp)
    row[WIPED] = row[GUESSED] - before
    row[ACCEPTED] = 1 if taken else 0
    if taken:
        row[VALUE], row[NORM2] = f[0], total(sums, first, last, 0)
        row[SMALL] = 1 if total(sums, first, last, 1) == 0 or row[NORM2] == 0 else 0
    for s in range(first, last):
        coef[s, 2], coef[s, 3], coef[s, 4], coef[s, 5] = row[ACCEPTED], row[DENOMINATOR], row[LR_USED], row[BETA]
        coef[s, 6], coef[s, 7], coef[s, 8], coef[s, 9] = row[WIPED], 1 if t == 0 else 0, row[P_MAX], hyp[EPS]
        coef[s, 10] = 0 if hyp[CONVEX] > 0 else -np.inf
    return rate


def learn_momentum(along: Any, row: Any, hyp: Any) -> None:
    """beta, and lr where it decays (kernel)."""
    r = momentum_hypergradient(along, row[DENOMINATOR])
    row[BETA_G] = accumulated(row[BETA_G], r)
    row[BETA] = clip(adagrad_step_best(row[BETA], r, row[BETA_G], hyp[BETA_LR], hyp[EPS]), 0, hyp[BETA_MAX])
    if row[ITERATION] % 50 == 49 and row[GUESSED] == 0:
        row[LR] = decayed(row[LR], row[LR_0], hyp[FACTOR], hyp[FLOOR])


def judge(taken: Any, change2: Any, distance2: Any, row: Any, hyp: Any) -> None:
    """Record of the secant, count, and the guess of L (kernel)."""
    if taken:
        if np.sqrt(distance2) > hyp[FAR]:
            row[RECORD_SUM] += secant(change2, distance2)
            row[RECORDS] += 1
        row[COUNT] += 1
    else:
        row[COUNT] = max(0.0, row[COUNT] - 2)
    if row[COUNT] > hyp[ENOUGH] and row[GUESSED] == 0:
        if row[RECORD_SUM] > 0:
            row[L_EST] = row[RECORD_SUM] / row[RECORDS]
            row[LR] = 1 / row[L_EST]
            row[LR_0], row[GUESSED], row[NO_RECORD] = row[LR], 1, 0
        else:
            row[NO_RECORD] = 1


def best_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Update of P, null step, next point (kernel)."""
    taken, norm2, lr, beta, wipe = coef[seg, 2], coef[seg, 3], coef[seg, 4], coef[seg, 5], coef[seg, 6]
    start, high, eps, low = coef[seg, 7], coef[seg, 8], coef[seg, 9], coef[seg, 10]
    xs, gs, z, base, P, G, old = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi], vec[3, lo:hi], vec[4, lo:hi]
    for i in range(xs.size):
        r = hypergradient(product(gs[i], base[i]), norm2)
        grown = where(start > 0, 0, accumulated(G[i], r))
        P[i] = where(start > 0, 0, clip(adagrad_step_best(P[i], r, grown, lr, eps), low, high))
        G[i] = where(wipe > 0, 0, grown)
        before = where(start > 0, xs[i], z[i])
        old[i] = before
        z[i] = where(taken > 0, xs[i], before)
        base[i] = where(taken > 0, gs[i], base[i])
        xs[i] = tested_point(z[i], product(P[i], base[i]), beta, before)


@WHOLES.register("hdm_best")
class HDMBest(Whole):
    """HDM-Best, the authors' practical hypergradient descent: diagonal P, learned momentum, guess of the smoothness."""

    name = "hdm_best"
    source = "code udellgroup/osgm-best-hypergrad of Chu, Gao, Ye, Udell 2025 (published)"
    Parameters = HDMBestParameters
    needs = ("losses", "L_est if convex")
    cost = "1 gradient and 1 loss"
    vectors = ("point", "gradient", "P", "G", "x_old")
    scalars = SCALARS
    coefficients, sums = 11, 7
    output = "point"
    begin, terms, decide, move = staticmethod(best_begin), staticmethod(best_terms), staticmethod(best_decide), staticmethod(best_move)

    def hyper(self) -> tuple[float, ...]:
        """lr, beta_lr, L_est (0: none), convex, tol, count of the guess | published constants."""
        p = self.parameters
        lr = p.lr if p.lr is not None else 0.1 if p.L_est is None else (10.0 if p.convex else 2.0) / p.L_est
        enough = max(min(p.max_iter / 4, 200.0), 20.0)
        given = (lr, p.beta_lr, p.L_est or 0.0, float(p.convex), p.tol, enough)
        return (*given, BETA_0, BETA_HIGHEST, EPSILON, *DECAY[p.convex], HIGHEST_P, DISTANCE)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Momentum, learning rate, null step and guess."""
        hyp, first, new, zero = self.hyper(), seen.t == 0, dict(state), np.zeros_like(state["status"])

        def whole(summands: Array) -> Array:
            added: Array = in_order(block_sums(summands, seen.offsets))
            return added

        if first:
            new.update(beta=zero + hyp[BETA_START], lr=zero + hyp[LR_GIVEN], lr_0=zero + hyp[LR_GIVEN], L_est=zero + hyp[L_GIVEN])
        base, moved = state["gradient"], state["point"] - state["x_old"]
        rate = zero if first else quotient(whole(product(base, product(state["P"], base))), state["norm2"])
        new["lr_used"], new["P_max"] = new["lr"], zero + highest(new["L_est"], hyp[CEILING], hyp[CONVEX])
        if not first:
            e = damping(whole(square(moved)), new["L_est"], new["guessed"], hyp[EPS])
            new["iteration"] = state["iteration"] + 1
            new["denominator"] = denominator(state["norm2"], e)
            self.learn_momentum(whole(product(seen.g, moved)), new, hyp)
            new["h"] = feedback(seen.f, state["value"], state["norm2"])
        taken = accepts(seen.f, state["value"], 0) | first
        if not first:
            self.judge(taken, whole(square(seen.g - base)), whole(square(seen.x - state["point"])), new, hyp)
        new["wiped"] = new["guessed"] - state["guessed"]
        new["accepted"] = where(taken, 1.0, 0.0)
        new["value"], new["norm2"] = where(taken, seen.f, state["value"]), where(taken, whole(square(seen.g)), state["norm2"])
        vanished = (whole(reaches(seen.g, hyp[TOL])) == 0) | (new["norm2"] == 0)
        new["small"] = where(taken, where(vanished, 1.0, 0.0), state["small"])
        stopped = state["small"] > 0
        new = {name: where(stopped, state[name], new[name]) if name in self.scalars else new[name] for name in new}
        new["status"] = where(stopped, STATIONARY, state["status"])
        return new, rate, {name: new[name] for name in self.scalars}

    def learn_momentum(self, along: Any, new: State, hyp: tuple[float, ...]) -> None:
        """beta, and lr where it decays; changes ``new``."""
        r = momentum_hypergradient(along, new["denominator"])
        new["beta_G"] = accumulated(new["beta_G"], r)
        new["beta"] = clip(adagrad_step_best(new["beta"], r, new["beta_G"], hyp[BETA_LR], hyp[EPS]), 0, hyp[BETA_MAX])
        due = (new["iteration"] % 50 == 49) & (new["guessed"] == 0)
        new["lr"] = where(due, decayed(new["lr"], new["lr_0"], hyp[FACTOR], hyp[FLOOR]), new["lr"])

    def judge(self, taken: Any, change2: Any, distance2: Any, new: State, hyp: tuple[float, ...]) -> None:
        """Record of the secant, count, and the guess of L; changes ``new``."""
        recorded = taken & (np.sqrt(distance2) > hyp[FAR])
        new["record_sum"] = where(recorded, new["record_sum"] + secant(change2, distance2), new["record_sum"])
        new["records"] = where(recorded, new["records"] + 1, new["records"])
        new["count"] = where(taken, new["count"] + 1, np.maximum(0.0, new["count"] - 2))
        due = (new["count"] > hyp[ENOUGH]) & (new["guessed"] == 0)
        known = due & (new["record_sum"] > 0)
        new["L_est"] = where(known, quotient(new["record_sum"], new["records"]), new["L_est"])
        new["lr"] = where(known, quotient(1.0, new["L_est"]), new["lr"])
        new["lr_0"], new["guessed"] = where(known, new["lr"], new["lr_0"]), where(known, 1.0, new["guessed"])
        new["no_record"] = where(known, 0.0, where(due, 1.0, new["no_record"]))

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Learn P, accept or not, and propose the next point."""
        p, first = self.parameters, seen.t == 0
        before, taken = seen.x if first else state["point"], state["accepted"] > 0
        r = hypergradient(product(seen.g, state["gradient"]), state["denominator"])
        G = state["G"] if first else accumulated(state["G"], r)
        stepped = adagrad_step_best(state["P"], r, G, state["lr_used"], EPSILON)
        P = state["P"] if first else clip(stepped, 0.0 if p.convex else -math.inf, state["P_max"])
        point, gradient = where(taken, seen.x, before), where(taken, seen.g, state["gradient"])
        new = dict(state, P=P, G=where(state["wiped"] > 0, 0.0, G), x_old=before, point=point, gradient=gradient)
        return new, tested_point(point, product(P, gradient), state["beta"], before)
