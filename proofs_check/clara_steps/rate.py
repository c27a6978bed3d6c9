"""T5, T6, T15: what the path does to the rate, along every run."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from lra_ref.formulas import average, descend
from lra_ref.rates import clara_laws as laws
from lra_ref.rates.clara import clara_decide, clara_move_unit, clara_terms, multiplier
from lra_ref.rates.clara_laws import drift, independent_mean
from lra_ref.rates.salera import path_norm2
from proofs_check.algebra import identities, identity, reals, symbolic, telescopes
from proofs_check.clara_steps.moments import NULL
from proofs_check.clara_steps.null import mean, mu
from proofs_check.clara_steps.readings import GAIN, KEEP, C, Q, T, circle, elements, names
from proofs_check.steps import Control, Outcome, Step

#: a = <p_T, u_{T+1}>; A = sum_{s<=T} q^(T-s) <p_{s-1}, u_s>, B = sum_{s<=T} <p_{s-1}, u_s>: A <- q A + a, B <- B + a
a, A, B, Y = reals("a A B Y")
UNIT = "|u_t| = 1, which needs |h_k| >= 1e-12"

OWN = "mu_ref = mu = c/(2-c), no limits lr_min, lr_max"


def log_step(norm2: Any, gain: Any = GAIN) -> Any:
    """log of the multiplier of eta for this |p|^2."""
    reference, y = sp.Symbol("reference", positive=True), sp.Symbol("y", positive=True)
    return sp.log(symbolic(multiplier)(y, reference, gain)).subs(y, norm2).subs(reference, mu())


# --- T5, T6, T15 -------------------------------------------------------------------------------------------------------------------------
def path_identity(root: Any = Q) -> Outcome:
    """T5: at t = 0 both sides are 0, and Y_{t+1} of T5 follows from Y_t of T5 by (*)."""
    side = symbolic(laws.path_norm2_of)
    after = symbolic(path_norm2)(side(C, A, T), a, 1 - C, C)
    return identities([(side(C, 0, 0), 0), (after, side(C, root * A + a, T + 1))])


def log_rate(weight: int = 1) -> Outcome:
    """T6: 0 at T = 0, and the increment is the log of the multiplier at Y_{T+1} of T5."""
    side, norm = symbolic(laws.log_rate_of), symbolic(laws.path_norm2_of)
    return telescopes(
        (side(C, GAIN, 0, 0, 0), 0),
        (weight * log_step(norm(C, Q * A + a, T + 1)), side(C, GAIN, B + a, Q * A + a, T + 1) - side(C, GAIN, B, A, T)),
    )


def martingale_identity(weight: int = 1) -> Outcome:
    """T15: 0 at T = 0, and log eta + correction grows by what the right-hand side does."""
    after, add, side = symbolic(path_norm2)(Y, a, 1 - C, C), symbolic(laws.correction), symbolic(laws.corrected_log_rate)
    increment = log_step(after) + weight * (add(C, GAIN, after) - add(C, GAIN, Y))
    constant = GAIN * Q / (mu() * (1 - Q)) * Y
    return identities([(side(C, GAIN, 0), 0), (add(C, GAIN, Y), constant), (increment, side(C, GAIN, B + a) - side(C, GAIN, B))])


def sums(root: Any = Q) -> Outcome:
    """``discounted`` is sum_{s<=t} q^(t-s) a_s, t = 1, 2, 3 written out."""
    terms = names("a", 3)
    found = laws.discounted(terms, root)
    return identities([(found[t], sum(Q ** (t - s) * terms[s] for s in range(t + 1))) for t in range(3)])


def engine_steps(steps: int) -> dict[str, Any]:
    """CLARA's kernels on one block of the plane along arbitrary unit vectors: what the claims of T5, T6 and T15 look at."""
    c, d, eta = reals("c d eta", positive=True)
    hyp = [eta, c, d, sp.S(0), sp.oo, 1, 1, 0, 1, c / (2 - c)]
    x, vec, coef = np.array(reals("x0 x1"), dtype=object), np.array([[sp.S(0), sp.S(0)]], dtype=object), np.zeros((1, 5), dtype=object)
    scal, sums, late = np.zeros((1, 3), dtype=object), np.zeros((1, 4), dtype=object), np.zeros((1, 2), dtype=object)
    norms, logs, overlaps = [], [], []
    for t in range(steps + 1):
        u, out = circle(f"m{t}") if t > 0 else np.array([sp.S(1), sp.S(0)], dtype=object), np.zeros((3, 2), dtype=object)
        elements(clara_terms)(0, 0, 2, 0, x, None, 3 * u, 1, vec, coef, out)
        sums[0, :3] = out.sum(axis=1)
        coef[0, 0] = elements(clara_decide)(0, 1, t, None, sums, scal, hyp, coef)
        if t > 0:
            norms.append(sp.nsimplify(scal[0, 2], rational=True))
            logs.append(sp.expand_log(sp.log(sp.nsimplify(coef[0, 0], rational=True) / eta)))
        if t < steps:
            overlaps.append(sp.nsimplify(vec[0] @ u, rational=True))
            late[...] = 0
            elements(clara_move_unit)(0, 0, 2, 0, x, None, 3 * u, 1, vec, coef, late)
            sums[0, 3] = late.sum()
    rows = {name: np.array([row], dtype=object) for name, row in (("Y", norms), ("log_eta", logs), ("overlap", overlaps))}
    return {**rows, "c": c, "d": d, "dim": 2}


def along_the_kernels(which: str, steps: int = 2, shift: int = 0) -> Outcome:
    """One of the three identities at t = 1 .. steps of the run above."""
    e = engine_steps(steps)
    c, d, overlap = e["c"], e["d"], e["overlap"][0]
    plain, discount = np.cumsum(overlap), laws.discounted(overlap, (1 - c) ** 2)
    pairs = []
    for t in range(1, steps + 1):
        y, log, now = e["Y"][0, t - 1], e["log_eta"][0, t - 1], (plain[t - 1], discount[t - 1])
        pairs.append({
            "T5": (y, symbolic(laws.path_norm2_of)(c, now[1], t + shift)),
            "T6": (log, symbolic(laws.log_rate_of)(c, d, *now, t + shift)),
            "T15": (log + symbolic(laws.correction)(c, d, y), symbolic(laws.corrected_log_rate)(c, d, now[0] + shift)),
        }[which])  # fmt: skip
    return identities(pairs)


RUN = (clara_terms, clara_decide, clara_move_unit, average, descend, multiplier)
KERNELS = "two steps of the kernels along arbitrary unit vectors of the plane satisfy it"

IDENTITIES = [
    Step(
        id="clara.T5.1",
        says="Y_t - mu (1-q^t) = 2c(1-c) A_t, A_t = sum_{s<=t} q^(t-s) <p_{s-1}, u_s>: true at t = 0, kept by (*), A_{t+1} = q A_t + "
        "<p_t, u_{t+1}>",
        method="algebra", check=path_identity, formulas=(path_norm2, independent_mean, laws.path_norm2_of), uses=("clara.T1.1",),
        assumes=(UNIT,), control=Control("q = 1 - c", lambda: path_identity(KEEP)),
    ),
    Step(
        id="clara.T5.2", says="the library's discounted sum is A_t (t = 1, 2, 3 written out)", method="algebra", check=sums,
        formulas=(laws.discounted,), control=Control("q = 1 - c", lambda: sums(KEEP)),
    ),
    Step(
        id="clara.T5.3", says=KERNELS, method="algebra", check=lambda: along_the_kernels("T5"), formulas=RUN,
        uses=("clara.U1.1", "clara.U1.3"), assumes=(UNIT, "K = 1, D = 2"),
        control=Control("one step ahead", lambda: along_the_kernels("T5", shift=1)),
    ),
    Step(
        id="clara.T6.1", says="log(eta_{t+1}/eta_t) = d (Y/mu - 1) for Y = |p|^2 of the step before", method="algebra",
        check=lambda: identity(log_step(Y), GAIN * (Y / mu() - 1)), formulas=(multiplier,), uses=("clara.U1.1",), assumes=(OWN,),
        control=Control("without the 1", lambda: identity(log_step(Y), GAIN * Y / mu())),
    ),
    Step(
        id="clara.T6.2",
        says="log(eta_T/eta_0) = d [(2(1-c)/c) (B_T - q A_T) - q(1-q^T)/(1-q)], B_T = sum <p_{s-1}, u_s>: 0 at T = 0, same increments; "
        "B_T - q A_T = sum (1-q^(T-s+1)) <p_{s-1}, u_s>",
        method="algebra", check=log_rate, formulas=(multiplier, drift, laws.path_norm2_of, laws.log_rate_of),
        uses=("clara.T6.1", "clara.T5.1"), assumes=(UNIT, OWN), control=Control("increments twice as large", lambda: log_rate(2)),
    ),
    Step(
        id="clara.T6.3", says=KERNELS, method="algebra", check=lambda: along_the_kernels("T6"), formulas=RUN,
        uses=("clara.U1.1", "clara.U1.3"), assumes=(UNIT, OWN, "K = 1, D = 2"),
        control=Control("one step ahead", lambda: along_the_kernels("T6", shift=1)),
    ),
    Step(
        id="clara.T15.1",
        says="log(eta_T/eta_0) + (d q/(mu(1-q))) |p_T|^2 grows by (2d(1-c)/c) <p_{T-1}, u_T> per step, and is 0 at T = 0",
        method="algebra", check=martingale_identity, formulas=(multiplier, path_norm2, laws.correction, laws.corrected_log_rate),
        uses=("clara.T1.1", "clara.T6.1"), assumes=(UNIT, OWN), control=Control("twice the path", lambda: martingale_identity(2)),
    ),
    Step(
        id="clara.T15.2", says=KERNELS, method="algebra", check=lambda: along_the_kernels("T15"), formulas=RUN,
        uses=("clara.U1.1", "clara.U1.3"), assumes=(UNIT, OWN, "K = 1, D = 2"),
        control=Control("1 more in the sum", lambda: along_the_kernels("T15", shift=1)),
    ),
    Step(
        id="clara.T15.3",
        says="under the null model the right-hand side is a martingale: E[<p_{t-1}, u_t> | past] = 0, so T7 follows from T1",
        method="algebra", check=lambda: identity(-GAIN * Q / (mu() * (1 - Q)) * mean(C, T), GAIN * symbolic(drift)(C, T)),
        formulas=(drift, independent_mean), uses=("clara.T15.1", "clara.T1.2", "clara.T1.3"), assumes=(NULL,),
        control=Control("half the drift", lambda: identity(-GAIN * Q / (2 * mu() * (1 - Q)) * mean(C, T), GAIN * symbolic(drift)(C, T))),
    ),
]  # fmt: skip

STEPS = IDENTITIES
THEOREMS = {
    "clara.T5": "Any unit vectors: |p_t|^2 - mu (1-q^t) = 2c(1-c) sum_{s<=t} q^(t-s) <p_{s-1}, u_s>",
    "clara.T6": "log(eta_T/eta_0) = d [(2(1-c)/c) sum_{s<=T} (1-q^(T-s+1)) <p_{s-1}, u_s> - q(1-q^T)/(1-q)] if mu_ref = mu",
    "clara.T15": "log(eta_T/eta_0) + (d q/(mu(1-q))) |p_T|^2 = (2d(1-c)/c) sum <p_{s-1}, u_s>, a martingale under the null model",
}
