"""U2, U3: what one step of the kernels of ALERA, SALERA and SPALERA does to an arbitrary state."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import average, descend
from lra_ref.rates import clara, salera, spalera
from lra_ref.rates.page_hinkley import page_hinkley, smoothed
from proofs_check.algebra import identities, reals, symbolic
from proofs_check.clara_steps.kernels import ADDED, BLOCKS, ORDINARY, alpha, c, d, directions, eta, lr
from proofs_check.clara_steps.readings import circle, elements, equal, names
from proofs_check.steps import Control, Outcome, Step, counted


# --- SALERA ----------------------------------------------------------------------------------------------------------------------------
def alera(t: int, short: bool = False, decay: Any = 0, front: Any = 1) -> Outcome:
    """terms, decide and move of ALERA, any state: rates, means and path norms of the two blocks, then path and x."""
    gains, weight = names("gain", 3), sp.Symbol("wd", real=True) * decay
    hyp = [lr, alpha, weight, 0, sp.Symbol("threshold"), *gains]
    g, u, _ = directions(ADDED, short=short)
    x, path, coef, out, h = names("x", 6), names("p", 2, 6), names("coef", 4, 7), np.zeros((6, 4), dtype=object), names("h", 6)
    scal, sums, rows = names("scal", 4, 5), names("late", 4, 5), np.empty((4, 5), dtype=object)
    scal[1:3, 1] = reals("eta1 eta2", positive=True)
    old, want_x, want_path = scal.copy(), x.copy(), path.copy()
    whole = np.concatenate([names("free", 1), g - weight * x[1:5], names("after", 1)])
    elements(salera.salera_begin)(1, 3, t, None, sums, scal, hyp, coef)
    for block, (lo, hi) in enumerate(BLOCKS):
        part = slice(2 * block, 2 * block + 2)
        elements(salera.alera_terms)(1 + block, lo, hi, 1, x, whole, None, 1, path, coef, out[:, part])
        sums[1 + block] = out[:5, part].sum(axis=1)
    step = elements(salera.alera_decide)(1, 3, t, None, sums, scal, hyp, coef)
    rows[:] = old
    for block, (lo, hi) in enumerate(BLOCKS):
        s, part, take = 1 + block, slice(2 * block, 2 * block + 2), 0 if short else alpha
        want_path[0, lo:hi] = (1 - alpha) * want_path[0, lo:hi] + take * u[part]
        rows[s, 2] = (want_path[0, lo:hi] ** 2).sum()
        rows[s, 3] = (1 - alpha) ** 2 * old[s, 3] + alpha**2
        rows[s, 1] = (lr if t == 0 else old[s, 1]) * sp.exp(front * gains[s] * (rows[s, 2] - rows[s, 3]))
        elements(salera.alera_move)(s, lo, hi, lo, x, whole, h, 1, path, coef, out[:, part])
        want_x[lo:hi] = want_x[lo:hi] - rows[s, 1] * h[lo:hi]
    logs = [(sp.log(scal[s, 1]), sp.expand_log(sp.log(rows[s, 1]))) for s in (1, 2)]
    found = [(sp.expand_log(a), b) for a, b in logs]
    pairs = [(scal[:, 2:], rows[:, 2:]), (scal[[0, 3]], rows[[0, 3]]), (path, want_path), (coef[1:3, 5], [0, 0]), (scal[:, 0], old[:, 0])]
    # x moved by the rate that decide left, which is compared through its logarithm
    want_x = np.array([v.subs(rows[1, 1], scal[1, 1]).subs(rows[2, 1], scal[2, 1]) for v in want_x], dtype=object)
    return counted([equal(pairs), equal([([a for a, _ in found], [b for _, b in found])]), equal([(x, want_x), (step, scal[1, 1])])])


#: ph_loss, mean, U, ph_min of the test, its threshold, and losses: alarm, no alarm with a new minimum, no alarm without
NUMBERS, TAIL = (sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 5), sp.Rational(-1, 30)), sp.Rational(1, 10)
RISE, FALL, PAUSE = sp.Integer(5), sp.Integer(-1), sp.Rational(-13, 30)


def tested(loss: Any, n: int, start: bool) -> tuple[bool, list[Any]]:
    """(alarm, columns ph_loss .. alarms) of the Page-Hinkley test at r = 1/2, by hand, from NUMBERS and n losses or from the start."""
    ph, mean, total, low = (sp.S(0),) * 4 if start else NUMBERS
    threshold = loss / 10 if start else TAIL
    ph = (ph + loss) / 2 if n > 2 else (n * ph + loss) / (n + 1)
    mean = (n * mean + ph) / (n + 1)
    total = total + ph - mean
    low = min(low, total)
    alarm = bool(total - low > threshold)
    return alarm, [0, 0, 0, 0, 0, threshold, 4] if alarm else [ph, mean, total, low, n + 1, threshold, 3]


def watched(n: int, start: bool) -> list[Any]:
    """The columns of the test before a loss."""
    return [*((0, 0, 0, 0) if start else NUMBERS), n, 77 if start else TAIL, 3]


def salera_step(loss: Any, n: int = 1, t: int = 4, least: bool = False, halved: int = 2) -> Outcome:
    """decide and move of SALERA with the test, on exact numbers: an alarm restores x, halves the rates and keeps path and mean."""
    hyp = [lr, alpha, 0, sp.Rational(1, 2), sp.Rational(1, 10), *names("gain", 3)]
    g, u, _ = directions(ADDED)
    x, vec, coef, out, h = names("x", 6), names("p", 2, 6), names("coef", 4, 7), np.zeros((6, 4), dtype=object), names("h", 6)
    scal, sums = names("scal", 4, 11), names("late", 4, 5)
    for s in (1, 2):
        scal[s, 1] = sp.Rational(s, 7) if not least else sp.Rational(s, 10**15)
        scal[s, 4:11] = watched(n, t == 0)
    old, before_x, before = scal.copy(), x.copy(), vec.copy()
    whole = np.concatenate([names("free", 1), g, names("after", 1)])
    elements(salera.salera_begin)(1, 3, t, None, sums, scal, hyp, coef)
    for block, (lo, hi) in enumerate(BLOCKS):
        part = slice(2 * block, 2 * block + 2)
        elements(salera.alera_terms)(1 + block, lo, hi, 1, x, whole, None, 1, vec, coef, out[:, part])
        sums[1 + block] = out[:5, part].sum(axis=1)
    elements(salera.alera_decide)(1, 3, t, [loss, loss + 5], sums, scal, hyp, coef)
    for block, (lo, hi) in enumerate(BLOCKS):
        elements(salera.salera_move)(1 + block, lo, hi, lo, x, whole, h, 1, vec, coef, out[:, 2 * block : 2 * block + 2])
    alarm, want = tested(loss, n, t == 0)
    code = 8 if t == 0 and loss <= 0 else 7 if alarm and least else old[1, 0]
    pairs = [(scal[1:3, 4:], [want, want]), (coef[1:3, 5], [int(alarm)] * 2), (scal[:, 0], [old[0, 0], code, old[2, 0], old[3, 0]])]
    if alarm:
        restored, rates = before_x.copy(), [(lr if t == 0 else old[s, 1]) / halved for s in (1, 2)]
        restored[1:5] = before[1, 1:5]
        return equal([*pairs, (scal[1:3, 1], rates), (x, restored), (vec, before), (scal[1:3, 2:4], old[1:3, 2:4])])
    saved = before[1].copy()
    saved[1:5] = before_x[1:5]
    moved = [(1 - alpha) * p + alpha * v for p, v in zip(before[0, 1:5], u, strict=True)]
    steps = np.repeat(scal[1:3, 1], 2) * h[1:5]
    return equal([*pairs, (vec[1], saved), (vec[0, 1:5], moved), (x[1:5], before_x[1:5] - steps)])


def codes() -> Outcome:
    """Statuses: a first loss <= 0 is 8; a rate at most 1e-15 after a halving, or 0, is 7; a gradient of at most 1e-6 adds nothing."""
    stop, start, weight = (symbolic(f) for f in (salera.stop_code, salera.start_code, salera.weight_of))
    least, floor, three = sp.nsimplify(salera.LEAST_RATE, rational=True), sp.nsimplify(salera.FLOOR, rational=True), sp.Integer(3)
    return identities([
        (symbolic(salera.overlap_of)(c, eta, d), c * eta / d), (start(sp.Rational(1, 2)), 0), (start(sp.S(0)), 8),
        (start(-three), 8), (start(three), 0), (stop(least, least), 7), (stop(least / 2, least), 7),
        (stop(2 * least, least), 0), (stop(sp.S(0), 0), 7), (stop(least, 0), 0),
        (weight(sp.S(1), floor / 2, alpha), 0), (weight(sp.S(1), 2 * floor, alpha), alpha), (weight(2 * three, 9 * floor, alpha), alpha),
        (weight(three, 2 * floor, alpha), 0),
    ])  # fmt: skip


def first_loss(loss: Any) -> Outcome:
    """watch_loss at t = 0: the threshold is a tenth of the first loss; the state is that of one loss."""
    scal = names("scal", 3, 9)
    for s in (1, 2):
        scal[s, 1:6] = 0
        scal[s, 7] = 0
    alarm = symbolic(salera.watch_loss)(1, 3, 0, loss, scal, 1, [0, 0, 0, sp.Rational(1, 2), sp.Rational(1, 10)])
    want = [loss, loss, 0, 0, 1, loss / 10, 0]
    return equal([(scal[1:, 1:8], [want, want]), (int(bool(alarm)), 0)])


def same_gain(below: Any = None) -> Outcome:
    """log multiplier(y, mu, d) = log grown(1, C/s, y, mu)."""
    gain, size, y, center = reals("C D y mu", positive=True)
    damping = gain * sp.sqrt(size) / (2 - alpha if below is None else below)
    logs = [
        sp.expand_log(sp.log(symbolic(clara.multiplier)(y, center, damping)), force=True),
        sp.expand_log(sp.log(symbolic(salera.grown)(sp.S(1), gain * sp.sqrt(size) / alpha, y, center)), force=True),
    ]
    return identities([tuple(log.subs(center, alpha / (2 - alpha)) for log in logs)])


U2 = [
    Step(
        id="clara.U2.1",
        says="ALERA's kernels, any state, K = 2: p_k <- (1-alpha) p_k + alpha g_k/|g_k|, eta_k <- eta_k exp(gain_k (|p_k|^2 - mu_t)), "
        "x_k -= eta_k d_k with the new eta_k",
        method="algebra", check=lambda: counted([alera(0), alera(3), alera(3, decay=1), alera(3, short=True)]),
        formulas=(
            salera.salera_begin, salera.alera_terms, salera.alera_decide, salera.alera_move, salera.path_norm2, salera.overlap_of,
            salera.mean_after, salera.grown, average, descend,
        ),
        assumes=(ORDINARY, "|g_k| > 1e-6, or g_k = 0 where nothing is added", "exact arithmetic"),
        control=Control("the exponent with the other sign", lambda: alera(3, front=-1)),
    ),
    Step(
        id="clara.U2.2",
        says="SALERA's kernels: on an alarm x goes back to the saved point, the rates are halved, path and mu_t are kept, the test "
        "starts anew; else ALERA's step with x saved",
        method="algebra",
        check=lambda: counted([
            salera_step(RISE), salera_step(FALL), salera_step(PAUSE), salera_step(FALL, n=3), salera_step(RISE, least=True),
            salera_step(RISE, n=0, t=0), salera_step(FALL, n=0, t=0),
        ]),
        formulas=(
            salera.alera_decide, salera.salera_move, salera.watch_loss, salera.stop_code, salera.start_code, page_hinkley, smoothed,
        ),
        uses=("clara.U2.1",), assumes=(ORDINARY, "exact arithmetic"),
        control=Control("rates divided by 3", lambda: salera_step(RISE, halved=3)),
    ),
    Step(
        id="clara.U2.3",
        says="statuses: first loss <= 0, rate <= 1e-15 after a halving; nothing is added to the path where |g_k| <= 1e-6; threshold = "
        "a tenth of the first loss",
        method="algebra", check=lambda: counted([codes(), first_loss(sp.Integer(3)), first_loss(sp.Rational(1, 7))]),
        formulas=(salera.stop_code, salera.start_code, salera.weight_of, salera.watch_loss, salera.overlap_of),
        control=Control("a first loss of -1 accepted", lambda: identities([(symbolic(salera.start_code)(sp.Integer(-1)), 0)])),
    ),
    Step(
        id="clara.U2.4",
        says="CLARA with mu_ref = alpha/(2-alpha) and d = C sqrt(D)/(2-alpha) multiplies like SALERA with s = alpha/sqrt(D) and mu_t = "
        "mu",
        method="algebra", check=same_gain, formulas=(clara.multiplier, salera.grown),
        control=Control("d = C sqrt(D)/alpha", lambda: same_gain(alpha)),
    ),
]  # fmt: skip


# --- SPALERA ---------------------------------------------------------------------------------------------------------------------------
def spalera_step(t: int, loss: Any, front: Any = 1, short: bool = False) -> Outcome:
    """terms, decide and move of SPALERA: the norm of the whole vector, one rate per coordinate."""
    gain, size, weight = reals("gain size wd", positive=True)
    hyp = [lr, alpha, weight, sp.Rational(1, 2), TAIL, gain, size]
    length = ADDED / 4 if short else ADDED + reals("r", nonnegative=True)
    u = np.concatenate([circle("m0")[0] * circle("m1"), circle("m0")[1] * circle("m2")])
    g = length * u
    x, vec, coef, out, h = names("x", 6), names("p", 3, 6), names("coef", 4, 10), np.zeros((4, 4), dtype=object), names("h", 6)
    scal, sums = names("scal", 4, 10), names("late", 4, 5)
    rates = np.array(reals(" ".join(f"rate{i}" for i in range(6)), positive=True), dtype=object)
    vec[2] = 1 + rates if t > 0 else 0
    sums[1:3, 3] = 0
    for s in (1, 2):
        scal[s, 2:9] = watched(min(t, 1), t == 0)
        scal[s, 1] = sp.Symbol("mean", positive=True)
    old, before_x, before = scal.copy(), x.copy(), vec.copy()
    whole = np.concatenate([names("free", 1), g - weight * x[1:5], names("after", 1)])
    elements(salera.salera_begin)(1, 3, t, None, sums, scal, hyp, coef)
    for block, (lo, hi) in enumerate(BLOCKS):
        part = slice(2 * block, 2 * block + 2)
        elements(spalera.spalera_terms)(1 + block, lo, hi, 1, x, whole, None, 1, vec, coef, out[:, part])
        sums[1 + block, :3] = out[:3, part].sum(axis=1)
    untouched = coef.copy()
    step = elements(spalera.spalera_decide)(1, 3, t, [loss, loss + 5], sums, scal, hyp, coef)
    for s in (1, 2):
        coef[s, 0] = step
    marks = out.copy()
    for block, (lo, hi) in enumerate(BLOCKS):
        elements(spalera.spalera_move)(1 + block, lo, hi, lo, x, whole, h, 1, vec, coef, out[:, 2 * block : 2 * block + 2])
    alarm, want = tested(loss, min(t, 1), t == 0)
    mean = (1 - alpha) ** 2 * old[1, 1] + alpha**2
    marks[0] = 0
    pairs = [
        (step, lr),
        (coef[1:3, 5], [int(alarm)] * 2),
        (scal[1:3, 2:9], [want, want]),
        (scal[1:3, 1], [old[1, 1] if alarm else mean] * 2),
        (out[0], marks[0]),
        (coef[[0, 3]], untouched[[0, 3]]),
    ]
    pairs += [(scal[:, 0], [old[0, 0], 8 if loss <= 0 and t == 0 else old[1, 0], old[2, 0], old[3, 0]])]
    if alarm:
        pairs += [(vec[2, 1:5], before[2, 1:5] / 2), (x[1:5], before[1, 1:5]), (vec[:2], before[:2])]
        return equal(pairs)
    path = (1 - alpha) * before[0, 1:5] + (0 if short else alpha) * u
    logs = [sp.expand_log(sp.log(r)) for r in vec[2, 1:5]]
    want = [(sp.log(1 + r) if t > 0 else 0) + front * gain * (p**2 - mean / size) for r, p in zip(rates[1:5], path, strict=True)]
    pairs += [(vec[0, 1:5], path), (vec[1, 1:5], before_x[1:5]), (logs, want), (x[1:5], before_x[1:5] - lr * vec[2, 1:5] * h[1:5])]
    return equal(pairs)


def vanished_rates(status: int = 7) -> Outcome:
    """The late sum counts rates that are at most 1e-15 after a halving, or 0; a sum above 0 stops the trajectory with status 7."""
    kernel, small = symbolic(spalera.spalera_move), sp.Rational(1, 10**15)
    coef, vec, out, x = names("coef", 2, 10), names("v", 3, 2), np.zeros((1, 2), dtype=object), names("x", 2)
    coef[1, 5], vec[2] = 1, [2 * small, 3 * small]
    kernel(1, 0, 2, 0, x, names("g", 2), names("h", 2), 1, vec, coef, out)
    scal, sums, other = names("scal", 3, 9), names("late", 3, 4), names("coef", 3, 10)
    sums[1, :], sums[2, :] = [0, 1, 0, 0], [0, 1, 0, 1]
    for s in (1, 2):
        scal[s, 2:9] = watched(1, False)
    hyp = [lr, alpha, 0, sp.Rational(1, 2), sp.Rational(1, 10), *reals("gain size", positive=True)]
    elements(spalera.spalera_decide)(1, 3, 3, [FALL], sums, scal, hyp, other)
    stays = np.zeros((1, 2), dtype=object)
    coef[1], vec[2] = [1, 1, 1, 1, 0, 0, 0, 0, 1, 1], [0, 3]
    kernel(1, 0, 2, 0, x, np.array([1, 1]), np.array([1, 1]), 1, vec, coef, stays)
    return equal([(out[0], [1, 0]), (scal[1, 0], status), (stays[0], [1, 0])])


U3 = [
    Step(
        id="clara.U3.1",
        says="SPALERA's kernels: p <- (1-alpha) p + alpha g/|g| (whole norm), rate_i <- rate_i exp(gain (p_i^2 - mu_t/D)), x_i -= lr "
        "rate_i d_i; an alarm restores x and halves the rates",
        method="algebra",
        check=lambda: counted([
            spalera_step(0, RISE), spalera_step(0, sp.Integer(0)), spalera_step(2, FALL), spalera_step(2, RISE),
            spalera_step(2, FALL, short=True),
        ]),
        formulas=(spalera.spalera_terms, spalera.spalera_decide, spalera.spalera_move, salera.watch_loss),
        assumes=(ORDINARY, "|g| > 1e-6", "exact arithmetic"),
        control=Control("the exponent with the other sign", lambda: spalera_step(2, FALL, front=-1)),
    ),
    Step(
        id="clara.U3.2",
        says="the late sum counts the rates that are <= 1e-15 after a halving or 0, and a sum above 0 stops the trajectory (status 7)",
        method="algebra", check=vanished_rates, formulas=(spalera.spalera_decide, spalera.spalera_move),
        control=Control("status 8", lambda: vanished_rates(8)),
    ),
]  # fmt: skip

STEPS = [*U2, *U3]
THEOREMS = {
    "clara.U2": "The kernels of ALERA and SALERA do, from any state, exactly steps 1 to 3 of the family, and the backtracking of SALERA",
    "clara.U3": "The kernels of SPALERA do, from any state, exactly the update with one rate per coordinate",
}
