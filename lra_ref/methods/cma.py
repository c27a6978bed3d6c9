"""CMA, the controlled minibatch algorithm: reshuffled minibatch passes, each one accepted or not by the whole objective.

F is the mean loss. Epoch k starts at w with step size zeta and known F(w):

    pass       w~: ``batches`` steps x <- x - zeta g_p from w, one per batch of a reshuffled pass;  d = (w~ - w)/zeta,  f~ = F(w~)
    accepted   f~ < F(w) - gamma zeta:  w <- w~
    near       else |d| <= tau zeta:  zeta <- theta zeta;  w <- w~ if f~ <= F(w_0), else w stays
    failed     else f~ > F(w) - gamma zeta |d|^2:  the same (alpha = 0 of the line search)
    search     else alpha = zeta, and while F(w + (alpha/delta) d) <= min(F at alpha, F(w) - gamma (alpha/delta) |d|^2), at most 101 times:
               alpha <- alpha/delta;  w <- w + alpha d;  zeta <- theta zeta if alpha |d|^2 <= tau zeta

Stop at zeta <= ``zeta_min`` (status RATE_VANISHED). Hence F(w_k) <= F(w_0) for every k, and zeta never grows (C1).

Source: Seccia, Coppola, Liuzzi, Palagi, arXiv 2212.01848, and the authors' code corradocoppola97/ControlledMinibatchAlgorithm
(published). ``published=True`` is that code to the letter in the case *failed*: zeta is shrunk first, the point moves to
w + (theta zeta) d, and f~ is taken for its value. Then C1 is false. Elsewhere the code recomputes w + zeta d where here w~ is kept.

The batches of an epoch are those of the oracle "minibatch" with ``replacement="reshuffle"``: ``batches`` must be floor(n/batch), the
n mod batch rows left over are dropped in that epoch (the authors' code takes them as a smaller last batch). The rate cannot see the
oracle, so ``batches`` is a required parameter; 1 for the exact oracle.

In the engine x is the point that is evaluated; the method answers with w, the vector ``point``. One gradient a step: a step walks, or
waits for F (at the start, for every trial point of a search), or goes back to w; only steps that walk use up a batch (``clock``). The
rate reported is zeta in a step that walks, else 0. Scalars:

    stage       what the next step brings: 1 F(w_0), 2 a gradient, 3 f~, 4 F of a trial point, 5 a new epoch
    batch       steps walked;  inner: those of this pass (1: x was w_k);  epoch: passes judged;  wanted: 1 where F is asked for
    zeta, alpha, norm2 = |d|^2, extrapolations (accepted, this epoch)
    value       F(w);  first_value: F(w_0);  last_value: f~, then F at alpha
    exit        of the last pass, see ``cma_formulas``;  action: of the step

Edge cases: F(w_0) not finite stops with NONFINITE_FEEDBACK; a trial value that is not a number is never accepted; a gradient at w~
that is not finite stops with NONFINITE_GRADIENT, w kept. Words per element beyond x and g: 3.

The step on a long vector alone (``InPlace``) refuses it: it asks for more than gradients at its points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import descend, square, where
from lra_ref.methods.cma_formulas import (
    FAILED_TAKEN,
    NEAR_KEPT,
    SEARCHING,
    along,
    displacement,
    extends,
    longer,
    next_value,
    next_zeta,
    searched,
    verdict,
)
from lra_ref.parameters import REQUIRED, SWITCH, Parameters, Range, parameter
from lra_ref.parts import WHOLES, Seen, Whole
from lra_ref.status import Status
from lra_ref.typing import Array, Info, State

VANISHED, BROKEN = int(Status.RATE_VANISHED), int(Status.NONFINITE_FEEDBACK)
SCALARS = (
    "stage", "batch", "wanted", "inner", "epoch", "zeta", "value", "first_value", "last_value", "alpha", "norm2", "extrapolations", "exit",
    "action",
)  # fmt: skip
#: places of the scalars in a row, 0 is the status
STAGE, BATCH, WANTED, INNER, EPOCH, ZETA, VALUE, FIRST_VALUE, LAST_VALUE, ALPHA, NORM2, EXTRAPOLATIONS, EXIT, ACTION = range(1, 15)
#: places of the hyper-parameters
BATCHES, ZETA_0, THETA, DELTA, GAMMA, TAU, LIMIT, ZETA_MIN, PUBLISHED = range(9)
#: stages: what the next step brings
FIRST, WALKING, TILDE, TRYING, BEGIN = 1, 2, 3, 4, 5
#: actions: wait; walk from a new w; walk on; name the first trial point; take it and name the next; take it; back to w; w is here; shorten
WAIT, DEPART, WALK, TRY, EXTEND, TAKE, BACK, STAND, SHORTEN = range(9)


@dataclass(frozen=True, kw_only=True)
class CMAParameters(Parameters):
    """Hyper-parameters of ``cma``."""

    batches: int = parameter(REQUIRED, Range(1, ends="[)", integer=True), "batches of a pass: floor(n/batch), 1 if exact")
    zeta: float = parameter(0.05, Range(0, ends="()"), "step size at the start")
    theta: float = parameter(0.5, Range(0, 1, "()"), "factor that shrinks zeta")
    delta: float = parameter(0.9, Range(0, 1, "()"), "an extrapolation divides alpha by it")
    gamma: float = parameter(1e-6, Range(0, ends="()"), "decrease that is asked for")
    tau: float = parameter(1e-2, Range(0, ends="[)"), "a pass or search that moves less than it, relative to zeta, shrinks zeta")
    extrapolations: int = parameter(101, Range(0, ends="[)", integer=True), "most extrapolations of a search")
    zeta_min: float = parameter(1e-15, Range(0, ends="[)"), "stop when zeta is not above it")
    published: bool = parameter(False, SWITCH, "the published code's order of shrinking in the case failed, with which F may rise")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.zeta > self.zeta_min:
            raise ValueError(f"zeta must be above zeta_min = {self.zeta_min:g}, got {self.zeta:g}")


# --- kernels: rows of vec are w, d, the trial point ----------------------------------------------------------------------------------
def cma_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """zeta for the terms (kernel)."""
    for s in range(first, last):
        coef[s, 1] = hyp[ZETA_0] if t == 0 else scal[first, ZETA]
    return 0.0


def cma_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |(x - w)/zeta|^2 (kernel)."""
    xs, w = x[lo:hi], vec[0, lo:hi]
    for i in range(xs.size):
        out[0, i] += square(displacement(xs[i], w[i], coef[seg, 1]))


def judge(f_tilde: Any, norm2: Any, row: Any, hyp: Any) -> Any:
    """After a pass (kernel): the action."""
    row[NORM2], row[LAST_VALUE], row[ALPHA], row[EXTRAPOLATIONS], row[INNER] = norm2, f_tilde, row[ZETA], 0, 0
    code = verdict(f_tilde, row[VALUE], row[FIRST_VALUE], row[ZETA], norm2, hyp[GAMMA], hyp[TAU])
    row[EXIT] = code
    if code == SEARCHING and hyp[LIMIT] > 0:
        return TRY
    if code == SEARCHING:
        return settle(searched(row[ALPHA], row[ZETA], norm2, hyp[TAU]), DEPART, row, hyp)
    action = BACK if code >= NEAR_KEPT else DEPART
    return settle(code, SHORTEN if code == FAILED_TAKEN and hyp[PUBLISHED] > 0 else action, row, hyp)


def extrapolate(f_trial: Any, row: Any, hyp: Any) -> Any:
    """After a trial point (kernel): the action."""
    next_alpha, code = longer(row[ALPHA], hyp[DELTA]), searched(row[ALPHA], row[ZETA], row[NORM2], hyp[TAU])
    if not extends(f_trial, row[LAST_VALUE], row[VALUE], next_alpha, row[NORM2], hyp[GAMMA]):
        return settle(code, DEPART, row, hyp)
    row[ALPHA], row[LAST_VALUE], row[EXTRAPOLATIONS] = next_alpha, f_trial, row[EXTRAPOLATIONS] + 1
    if row[EXTRAPOLATIONS] < hyp[LIMIT]:
        return EXTEND
    return settle(searched(next_alpha, row[ZETA], row[NORM2], hyp[TAU]), TAKE, row, hyp)


def settle(code: Any, action: Any, row: Any, hyp: Any) -> Any:
    """The pass is over (kernel): zeta, F(w), and the action, which stands still first where zeta has vanished."""
    row[EXIT], row[EPOCH] = code, row[EPOCH] + 1
    row[ZETA], row[VALUE] = next_zeta(code, row[ZETA], hyp[THETA]), next_value(code, row[VALUE], row[LAST_VALUE])
    return STAND if action == DEPART and row[ZETA] <= hyp[ZETA_MIN] else action


def advance_stage(action: Any, row: Any, batches: Any) -> None:
    """Counters and the next stage (kernel)."""
    row[ACTION] = action
    if action == DEPART or action == WALK:
        row[INNER] = 1 if action == DEPART else row[INNER] + 1
        row[BATCH] += 1
        row[STAGE] = TILDE if row[INNER] == batches else WALKING
    else:
        row[STAGE] = FIRST if action == WAIT else TRYING if action == TRY or action == EXTEND else BEGIN
    row[WANTED] = 1 if row[STAGE] == FIRST or row[STAGE] == TILDE or row[STAGE] == TRYING else 0


def cma_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Stage by stage (kernel); returns zeta in a step that walks."""
    row = scal[first]
    stage = row[STAGE]
    action = WALK
    if t == 0:
        row[ZETA], action = hyp[ZETA_0], WAIT
    elif stage == BEGIN and row[ZETA] <= hyp[ZETA_MIN]:
        row[0] = VANISHED
        return 0.0
    elif stage == FIRST and not np.isfinite(f[1]):
        row[0] = BROKEN
        return 0.0
    elif stage == FIRST:
        row[VALUE], row[FIRST_VALUE], action = f[1], f[1], DEPART
    elif stage == TILDE:
        action = judge(f[1], total(sums, first, last, 0), row, hyp)
    elif stage == TRYING:
        action = extrapolate(f[1], row, hyp)
    elif stage == BEGIN:
        action = DEPART
    advance_stage(action, row, hyp[BATCHES])
    rate = row[ZETA] if action == DEPART or action == WALK else 0.0
    for s in range(first, last):
        coef[s, 1], coef[s, 2], coef[s, 3], coef[s, 4] = action, row[ALPHA], longer(row[ALPHA], hyp[DELTA]), row[ZETA]
    return rate


def cma_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """The action of the step (kernel)."""
    action, alpha = coef[seg, 1], coef[seg, 2]
    xs, gs, w, ds, trial = x[lo:hi], g[lo:hi], vec[0, lo:hi], vec[1, lo:hi], vec[2, lo:hi]
    for i in range(xs.size):
        if action == WAIT or action == DEPART or action == STAND:
            w[i] = xs[i]
        if action == TRY or action == SHORTEN:
            ds[i] = displacement(xs[i], w[i], alpha)
        if action == EXTEND or action == TAKE:
            xs[i] = trial[i]
        if action == TAKE:
            w[i] = xs[i]
        if action == SHORTEN:
            w[i] = along(w[i], coef[seg, 4], ds[i])
        if action == BACK or action == SHORTEN:
            xs[i] = w[i]
        if action == DEPART or action == WALK:
            xs[i] = descend(xs[i], coef[seg, 0], gs[i])
        trial[i] = along(w[i], coef[seg, 3], ds[i]) if action == TRY or action == EXTEND else xs[i]


@WHOLES.register("cma")
class CMA(Whole):
    """The controlled minibatch algorithm: reshuffled passes that the whole objective accepts, shortens or extends."""

    name = "cma"
    source = "Seccia, Coppola, Liuzzi, Palagi, arXiv 2212.01848, and the authors' code (published)"
    Parameters = CMAParameters
    needs = ("losses of the whole objective", "batches of a pass")
    cost = "1 gradient; once a pass, at the start and per extrapolation F itself and a gradient more"
    shown = {"batches": 4}
    vectors, points = ("point", "d", "trial"), ((2, "full"),)
    scalars, asks, clock, output = SCALARS, "wanted", "batch", "point"
    coefficients, sums = 5, 1
    begin, terms, decide, move = staticmethod(cma_begin), staticmethod(cma_terms), staticmethod(cma_decide), staticmethod(cma_move)

    def hyper(self) -> tuple[float, ...]:
        """In the order of the declaration."""
        p = self.parameters
        return (p.batches, p.zeta, p.theta, p.delta, p.gamma, p.tau, p.extrapolations, p.zeta_min, float(p.published))

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Stage by stage."""
        p, new, stage = self.parameters, dict(state), state["stage"]
        if seen.t == 0:
            new["zeta"], action = np.full_like(stage, p.zeta), np.full_like(stage, WAIT)
        else:
            answer = seen.fq[0] if seen.fq else np.full_like(stage, np.nan)
            action = where(stage == WALKING, WALK, where((stage == FIRST) | (stage == BEGIN), DEPART, self.decided(new, seen, answer)))
            for name in ("value", "first_value"):
                new[name] = where(stage == FIRST, answer, new[name])
        self.advance(new, action)
        stops = where((stage == BEGIN) & (state["zeta"] <= p.zeta_min), VANISHED, 0)
        if seen.t > 0:
            stops = where((stage == FIRST) & ~np.isfinite(answer), BROKEN, stops)
        new = {name: where(stops > 0, state[name], new[name]) if name in SCALARS else new[name] for name in new}
        new["status"] = where(stops > 0, stops, state["status"])
        rate = where((stops == 0) & ((action == DEPART) | (action == WALK)), new["zeta"], 0.0)
        return new, rate, {name: new[name] for name in SCALARS}

    def decided(self, new: State, seen: Seen, answer: Any) -> Any:
        """Action after a pass or a trial point; changes ``new`` where there is one."""
        p, stage, zeta, value = self.parameters, new["stage"], new["zeta"], new["value"]
        passed, trying = stage == TILDE, stage == TRYING
        norm2 = in_order(block_sums(square(displacement(seen.x, new["point"], zeta)), seen.offsets))
        norm2 = where(passed, norm2, new["norm2"])
        further = longer(new["alpha"], p.delta)
        taken = trying & extends(answer, new["last_value"], value, further, norm2, p.gamma)
        alpha = where(passed, zeta, where(taken, further, new["alpha"]))
        last_value = where(passed | taken, answer, new["last_value"])
        count = where(passed, 0.0, where(taken, new["extrapolations"] + 1, new["extrapolations"]))
        found = verdict(answer, value, new["first_value"], zeta, norm2, p.gamma, p.tau)
        opens = passed & (found == SEARCHING) & (p.extrapolations > 0)
        goes_on = opens | (taken & (count < p.extrapolations))
        code = where(passed & (found != SEARCHING), found, searched(alpha, zeta, norm2, p.tau))
        over = (passed | trying) & ~goes_on
        new["norm2"], new["alpha"], new["last_value"], new["extrapolations"] = norm2, alpha, last_value, count
        new["inner"] = where(passed, 0.0, new["inner"])
        new["exit"] = where(over, code, where(passed, SEARCHING, new["exit"]))
        new["epoch"] = new["epoch"] + where(over, 1.0, 0.0)
        new["zeta"] = where(over, next_zeta(code, zeta, p.theta), zeta)
        new["value"] = where(over, next_value(code, value, last_value), value)
        ends = where(code >= NEAR_KEPT, BACK, where(taken, TAKE, where(new["zeta"] <= p.zeta_min, STAND, DEPART)))
        ends = where((code == FAILED_TAKEN) & p.published, SHORTEN, ends)
        return where(over, ends, where(taken, EXTEND, TRY))

    def advance(self, new: State, action: Any) -> None:
        """Counters and the next stage; changes ``new``."""
        walks = (action == DEPART) | (action == WALK)
        new["action"] = action + np.zeros_like(new["stage"])
        new["inner"] = where(action == DEPART, 1.0, where(action == WALK, new["inner"] + 1, new["inner"]))
        new["batch"] = new["batch"] + where(walks, 1.0, 0.0)
        walked = where(new["inner"] == self.parameters.batches, TILDE, WALKING)
        waits = where(action == WAIT, FIRST, where((action == TRY) | (action == EXTEND), TRYING, BEGIN))
        new["stage"] = where(walks, walked, waits) + np.zeros_like(new["status"])
        asks = (new["stage"] == FIRST) | (new["stage"] == TILDE) | (new["stage"] == TRYING)
        new["wanted"] = where(asks, 1.0, 0.0)

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """The action of the step."""
        action, alpha, w, p = state["action"], state["alpha"], state["point"], self.parameters
        ds = where((action == TRY) | (action == SHORTEN), displacement(seen.x, w, alpha), state["d"])
        x = where((action == EXTEND) | (action == TAKE), state["trial"], seen.x)
        w = where((action == WAIT) | (action == DEPART) | (action == STAND) | (action == TAKE), x, w)
        w = where(action == SHORTEN, along(w, state["zeta"], ds), w)
        x = where((action == BACK) | (action == SHORTEN), w, x)
        x = where((action == DEPART) | (action == WALK), descend(x, eta, seen.g), x)
        trial = where((action == TRY) | (action == EXTEND), along(w, longer(alpha, p.delta), ds), x)
        return dict(state, point=w, d=ds, trial=trial), x
