"""MLR-SNet: a small recurrent network looks at the loss of every batch and answers with the learning rate; it learns from a held-out loss.

    x_{k+1} = x_k - Gamma s(theta; l_k, h, c) g_k,    l_k, g_k: loss and gradient of batch k; the network is in ``mlr_snet_cell``

Before batch k = period, 2 period, ... (1-based) it takes one step of Adam (with L2 decay) on L(x_k - Gamma s(theta) g_k), L the loss of a
held-out sample, with the state (h, c) held fixed: grad_theta = -Gamma <grad L, g_k> grad_theta s. Then batch k is walked with the new
theta.

Source: Shu et al., arXiv 2007.14546, and the authors' code xjtushujun/MLR-SNet (published): the network, its initial weights, Adam 1e-3
with decay 1e-4, period 300, hidden 50. There the state also advances in the look of the meta-step, so twice at such a batch (``twice``).
Ours (derived): the batches are counted through the whole run (the code: within every epoch); the held-out loss is an independent sample
of the same oracle, because an oracle has no other data; no momentum and no weight decay of x. Gamma is a number to be given; the code's
for C classes and the first mean loss l is sqrt(l) ln(C l)/C^(1/4)/4 (:func:`image_gamma`).

theta, Adam's moments and the state lie in rows of the rate's vectors, end to end: ceil(P/dim) rows each, P = 9 H^2 + 12 H + 1, so ``dim``,
the number of parameters or less, must be given. All work on them is done with the first chunk of the vector. A batch with a meta-step
takes three engine steps on the same sample (look and name the point; learn; walk), the others one. The rate reported is Gamma s in a step
that walks, else 0. Scalars: ``stage`` (0 walk, 1 learn next, 2 walk with the new theta), ``batch`` (batches walked), ``wanted``, ``lr`` =
Gamma s of the last look, ``updates`` of theta, ``held_out`` loss L, ``slope`` <grad L, g>, ``action`` (0 walk, 1 look, 2 learn).

Edge cases: a held-out loss or slope that is not finite stops with NONFINITE_FEEDBACK.

The step on a long vector alone (``InPlace``) refuses it: it asks for more than gradients at its points.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lra_ref.arithmetic import total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.directions.adam import adam_direction, bias_corrections
from lra_ref.directions.sgd import decayed
from lra_ref.formulas import average, descend, product, square, where
from lra_ref.methods.mlr_snet_cell import backward, forward, initial, look, rate, size, slopes
from lra_ref.parameters import REQUIRED, SWITCH, Optional_, Parameters, Range, Several, parameter
from lra_ref.parts import WHOLES, Direction, Seen, Whole
from lra_ref.status import Status
from lra_ref.typing import Array, Info, State

BROKEN = int(Status.NONFINITE_FEEDBACK)
BETA, NOT_NEGATIVE = Range(0, 1, "[)"), Range(0, ends="[)")
SCALARS = ("stage", "batch", "wanted", "lr", "updates", "held_out", "held_out_slope", "action")
#: places of the scalars in a row, 0 is the status; of the hyper-parameters and of the coefficients, after both of which theta follows
STAGE, BATCH, WANTED, RATE, UPDATES, HELD_OUT, SLOPE, ACTION = range(1, 9)
GAMMA, PERIOD, META_LR, BETA1, BETA2, EPS, DECAY, TWICE, HIDDEN, ROWS = range(10)
NUMBERS = 10
LOSS, NEW, C_HIDDEN, C_ROWS, C_ACTION, C_RATE, FACTOR, C_LR, KEEP1, KEEP2, ROOM1, ROOM2, C_EPS, C_DECAY, C_TWICE = range(1, 16)
ROOM = 16
#: actions
WALK, LOOK, LEARN = range(3)
#: largest network
LARGEST = 256


@dataclass(frozen=True, kw_only=True)
class MLRSNetParameters(Parameters):
    """Hyper-parameters of ``mlr_snet``."""

    dim: int = parameter(REQUIRED, Range(1, ends="[)", integer=True), "D, the number of parameters of the problem, or less")
    gamma: float = parameter(1.0, Range(0, ends="()"), "Gamma, the largest learning rate")
    hidden: int = parameter(50, Range(1, LARGEST, integer=True), "H, hidden units")
    period: int = parameter(300, Range(1, ends="[)", integer=True), "batches from one meta-step to the next")
    meta_lr: float = parameter(1e-3, NOT_NEGATIVE, "Adam's learning rate")
    beta1: float = parameter(0.9, BETA, "Adam's decay of the first moment")
    beta2: float = parameter(0.999, BETA, "Adam's decay of the second moment")
    eps: float = parameter(1e-8, Range(0, ends="()"), "Adam's eps")
    meta_decay: float = parameter(1e-4, NOT_NEGATIVE, "L2 decay of theta")
    twice: bool = parameter(True, SWITCH, "the state advances in the look of a meta-step too, as in the published code")
    init_seed: int = parameter(0, Range(0, 2**53, integer=True), "seed of theta at the start")
    theta: tuple[float, ...] | None = parameter(None, Optional_(Several(Range(ends="()"))), "theta at the start (a learned network)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.theta is not None and len(self.theta) != size(self.hidden):
            wanted = size(self.hidden)
            raise ValueError(f"theta must have 9 H^2 + 12 H + 1 = {wanted} numbers for hidden = {self.hidden}, got {len(self.theta)}")


def image_gamma(loss: Any, classes: Any) -> Any:
    """Gamma of the published image experiments: sqrt(l) ln(C l)/C^(1/4)/4 for the first mean loss l and C classes."""
    return np.sqrt(loss) * np.log(classes * loss) / np.sqrt(np.sqrt(classes)) / 4


def meta_slope(factor: Any, slope: Any) -> Any:
    """Derivative of the held-out loss in one entry of theta: factor = -Gamma <grad L, g> times that of s."""
    return factor * slope


@lru_cache(maxsize=8)
def drawn(hidden: int, seed: int) -> tuple[float, ...]:
    """theta at the start, as numbers."""
    return tuple(float(value) for value in initial(hidden, seed))


# --- kernels: rows of vec are the trial point, theta, m, v, then h, c, h+, c+ of the last look ------------------------------------------
def snet_begin(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Loss, sizes and at t = 0 theta, for the terms (kernel)."""
    for s in range(first, last):
        coef[s, LOSS], coef[s, NEW], coef[s, C_HIDDEN], coef[s, C_ROWS] = f[0], 1 if t == 0 else 0, hyp[HIDDEN], hyp[ROWS]
    if t == 0:
        for k in range(size(int(hyp[HIDDEN]))):
            coef[first, ROOM + k] = hyp[NUMBERS + k]
    return 0.0


def snet_look(vec: Any, coef: Any) -> Any:
    """One look of the network, the next state kept beside the present one (kernel); returns s."""
    H, rows, flat = int(coef[0, C_HIDDEN]), int(coef[0, C_ROWS]), vec.reshape(-1)
    dim = vec.shape[1]
    theta, cell = flat[dim : dim + size(H)], flat[(1 + 3 * rows) * dim :]
    if coef[0, NEW] > 0:
        for k in range(theta.size):
            theta[k] = coef[0, ROOM + k]
    work = np.zeros(9 * H)
    s = forward(theta, cell[:H], cell[H : 2 * H], coef[0, LOSS], H, work)
    for j in range(2 * H):
        cell[2 * H + j] = work[6 * H + j]
    return s


def snet_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """s as the only summand that is not 0, and those of <grad L, g> (kernel)."""
    gs, qs = g[lo:hi], q[0, lo:hi]
    for i in range(gs.size):
        out[1, i] += product(qs[i], gs[i])
    if lo == 0:
        out[0, 0] += snet_look(vec, coef)


def snet_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """Walk, look or learn (kernel); returns the learning rate in a step that walks."""
    row = scal[first]
    s, slope = total(sums, first, last, 0), total(sums, first, last, 1)
    learns = row[STAGE] == 1
    if learns and not (np.isfinite(slope) and np.isfinite(f[1])):
        row[0] = BROKEN
        return 0.0
    due = row[STAGE] == 0 and row[BATCH] + 1 == (row[UPDATES] + 1) * hyp[PERIOD]
    row[RATE] = rate(hyp[GAMMA], s)
    if learns:
        row[HELD_OUT], row[SLOPE] = f[1], slope
        row[UPDATES] += 1
    row[ACTION] = LEARN if learns else LOOK if due else WALK
    row[STAGE] = 2 if learns else 1 if due else 0
    row[WANTED] = 1 if due else 0
    if row[ACTION] == WALK:
        row[BATCH] += 1
    correction1, correction2 = bias_corrections(hyp[BETA1], hyp[BETA2], int(np.maximum(row[UPDATES] - 1, 0)))
    for b in range(first, last):
        coef[b, C_ACTION], coef[b, C_RATE], coef[b, FACTOR] = row[ACTION], row[RATE], -rate(hyp[GAMMA], slope)
        coef[b, C_LR], coef[b, KEEP1], coef[b, KEEP2], coef[b, ROOM1], coef[b, ROOM2] = (
            hyp[META_LR], hyp[BETA1], hyp[BETA2], correction1, correction2
        )  # fmt: skip
        coef[b, C_EPS], coef[b, C_DECAY], coef[b, C_TWICE] = hyp[EPS], hyp[DECAY], hyp[TWICE]
    return row[RATE] if row[ACTION] == WALK else 0.0


def snet_learn(vec: Any, coef: Any) -> None:
    """One step of Adam on theta (kernel)."""
    H, rows, dim, flat = int(coef[0, C_HIDDEN]), int(coef[0, C_ROWS]), vec.shape[1], vec.reshape(-1)
    P = size(H)
    theta, cell = flat[dim : dim + P], flat[(1 + 3 * rows) * dim :]
    m, v = flat[(1 + rows) * dim : (1 + rows) * dim + P], flat[(1 + 2 * rows) * dim : (1 + 2 * rows) * dim + P]
    work, gradient, loss = np.zeros(9 * H), np.zeros(P), coef[0, LOSS]
    s = forward(theta, cell[:H], cell[H : 2 * H], loss, H, work)
    backward(theta, cell[:H], cell[H : 2 * H], loss, H, work, s, gradient)
    for k in range(P):
        slope = decayed(meta_slope(coef[0, FACTOR], gradient[k]), theta[k], coef[0, C_DECAY])
        m[k] = average(m[k], slope, coef[0, KEEP1], 1 - coef[0, KEEP1])
        v[k] = average(v[k], square(slope), coef[0, KEEP2], 1 - coef[0, KEEP2])
        theta[k] = descend(theta[k], coef[0, C_LR], adam_direction(m[k], v[k], coef[0, ROOM1], coef[0, ROOM2], coef[0, C_EPS]))


def snet_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """x, the trial point; with the first chunk theta and the state (kernel)."""
    action, H = coef[seg, C_ACTION], int(coef[seg, C_HIDDEN])
    if lo == 0:
        if action == LEARN:
            snet_learn(vec, coef)
        if action == WALK or (action == LEARN and coef[0, C_TWICE] > 0):
            cell = vec.reshape(-1)[(1 + 3 * int(coef[0, C_ROWS])) * vec.shape[1] :]
            for j in range(2 * H):
                cell[j] = cell[2 * H + j]
    xs, gs, trial = x[lo:hi], g[lo:hi], vec[0, lo:hi]
    for i in range(xs.size):
        trial[i] = descend(xs[i], coef[seg, C_RATE], gs[i])
        xs[i] = descend(xs[i], coef[seg, 0], gs[i])


@WHOLES.register("mlr_snet")
class MLRSNet(Whole):
    """A recurrent network that reads the loss and answers with the learning rate, and learns from a held-out loss."""

    together = False
    name = "mlr_snet"
    source = "Shu et al., arXiv 2007.14546, and the authors' code (published; counting of batches and held-out sample derived)"
    Parameters = MLRSNetParameters
    needs = ("losses", "a held-out sample")
    cost = "1 gradient; a meta-step 3 more"
    shown = {"dim": 2, "hidden": 2, "period": 5}
    points, scalars, asks, clock = ((0, "fresh"),), SCALARS, "wanted", "batch"
    sums = 2
    begin, terms, decide, move = staticmethod(snet_begin), staticmethod(snet_terms), staticmethod(snet_decide), staticmethod(snet_move)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        p = self.parameters
        self.theta = p.theta if p.theta is not None else drawn(p.hidden, p.init_seed)
        self.coefficients = ROOM + len(self.theta)
        self.rows_of_theta = -(-len(self.theta) // p.dim)
        counts = {"theta": self.rows_of_theta, "m": self.rows_of_theta, "v": self.rows_of_theta, "cell": -(-4 * p.hidden // p.dim)}
        self.places = {name: tuple(f"{name}_{k}" for k in range(count)) for name, count in counts.items()}
        self.vectors = ("trial", *(row for rows in self.places.values() for row in rows))

    def bound(self, direction: Direction, offsets: Array) -> MLRSNet:
        """The rate itself; ValueError if the vector is shorter than ``dim``."""
        if offsets[-1] < self.parameters.dim:
            raise ValueError(f"dim must be at most the number of parameters, {int(offsets[-1])}, got {self.parameters.dim}")
        return copy.copy(self)

    def hyper(self) -> tuple[float, ...]:
        """Gamma, period, Adam's five numbers, twice, H, rows of theta, then theta itself."""
        p = self.parameters
        adam = (p.meta_lr, p.beta1, p.beta2, p.eps, p.meta_decay)
        return (p.gamma, float(p.period), *adam, float(p.twice), float(p.hidden), float(self.rows_of_theta), *self.theta)

    def laid_out(self, state: State, name: str, count: int) -> Array:
        """The first ``count`` numbers of the rows called ``name``, (..., count)."""
        return np.concatenate([state[row] for row in self.places[name]], axis=-1)[..., :count]

    def lay_out(self, state: State, name: str, values: Array, dim: int) -> None:
        """The other way round, the rest is 0; changes ``state``."""
        rows = self.places[name]
        padded = np.zeros_like(values, shape=(*values.shape[:-1], len(rows) * dim))
        padded[..., : values.shape[-1]] = values
        for k, row in enumerate(rows):
            state[row] = padded[..., k * dim : (k + 1) * dim]

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """One look, then walk, look or learn."""
        p, H, new, dim = self.parameters, self.parameters.hidden, dict(state), seen.x.shape[-1]
        if seen.t == 0:
            self.lay_out(new, "theta", np.broadcast_to(np.array(self.theta, like=seen.x), (*seen.x.shape[:-1], len(self.theta))), dim)
        theta, cell = self.laid_out(new, "theta", len(self.theta)), self.laid_out(state, "cell", 4 * H)
        view = look(theta, cell[..., :H], cell[..., H : 2 * H], seen.f, H)
        self.lay_out(new, "cell", np.concatenate([cell[..., : 2 * H], view.h, view.c], axis=-1), dim)
        learns, zero = state["stage"] == 1, np.zeros_like(state["stage"])
        due = (state["stage"] == 0) & (state["batch"] + 1 == (state["updates"] + 1) * p.period)
        slope = in_order(block_sums(product(seen.q[0], seen.g), seen.offsets)) if seen.q else zero
        held_out = seen.fq[0] if seen.fq else zero
        new["lr"] = rate(p.gamma, view.s)
        new["held_out"], new["held_out_slope"] = where(learns, held_out, state["held_out"]), where(learns, slope, state["held_out_slope"])
        new["updates"] = state["updates"] + where(learns, 1.0, 0.0)
        new["action"] = zero + where(learns, LEARN, where(due, LOOK, WALK))
        new["stage"], new["wanted"] = zero + where(learns, 2, where(due, 1, 0)), where(due, 1.0, 0.0)
        new["batch"] = state["batch"] + where(new["action"] == WALK, 1.0, 0.0)
        broken = learns & ~(np.isfinite(slope) & np.isfinite(held_out))
        new = {name: where(broken, state[name], new[name]) if name in SCALARS else new[name] for name in new}
        new["status"] = where(broken, BROKEN, state["status"])
        eta = where((new["action"] == WALK) & ~broken, new["lr"], 0.0)
        return new, eta, {name: new[name] for name in SCALARS}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """x, the trial point, theta and the state."""
        p, H, new, dim = self.parameters, self.parameters.hidden, dict(state), seen.x.shape[-1]
        learns, cell = state["action"] == LEARN, self.laid_out(state, "cell", 4 * H)
        if np.any(learns):
            for name, value in self.learned(state, seen, cell).items():
                self.lay_out(new, name, where(learns, value, self.laid_out(state, name, len(self.theta))), dim)
        advances = (state["action"] == WALK) | (learns & p.twice)
        kept = where(advances, cell[..., 2 * H :], cell[..., : 2 * H])
        self.lay_out(new, "cell", np.concatenate([kept, cell[..., 2 * H :]], axis=-1), dim)
        new["trial"] = descend(seen.x, state["lr"], seen.g)
        return new, descend(seen.x, eta, seen.g)

    def learned(self, state: State, seen: Seen, cell: Array) -> dict[str, Array]:
        """theta, m and v after one step of Adam."""
        p, H, P = self.parameters, self.parameters.hidden, len(self.theta)
        theta, m, v = (self.laid_out(state, name, P) for name in ("theta", "m", "v"))
        h, c = cell[..., :H], cell[..., H : 2 * H]
        gradient = slopes(theta, h, c, seen.f, H, look(theta, h, c, seen.f, H))
        slope = decayed(meta_slope(-rate(p.gamma, state["held_out_slope"]), gradient), theta, p.meta_decay)
        m, v = average(m, slope, p.beta1, 1 - p.beta1), average(v, square(slope), p.beta2, 1 - p.beta2)
        counts = np.maximum(state["updates"] - 1, 0)
        found = [bias_corrections(p.beta1, p.beta2, int(count)) for count in counts.reshape(-1)]
        correction1, correction2 = (np.array(column, like=counts).reshape(counts.shape) for column in zip(*found, strict=True))
        return {"theta": descend(theta, p.meta_lr, adam_direction(m, v, correction1, correction2, p.eps)), "m": m, "v": v}
