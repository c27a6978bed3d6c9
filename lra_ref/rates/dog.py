"""DoG, LDoG and DoWG: the rate is the distance travelled over the gradients seen.

Equations, r_t = |x_t - x_0|, along a direction d_t (sgd: the gradient g_t), in this order:

``dog``    rbar_t = max(rbar_{t-1}, r_t), G_t = G_{t-1} + |d_t|^2, eta_t = rbar_t / sqrt(G_t); rbar_{-1} = r_eps = reps_rel (1 + |x_0|),
           G_{-1} = square_eps
``ldog``   the same block by block: distance, sum, |x_0| and rate of every block are its own
``dowg``   rbar as above, v_t = v_{t-1} + rbar_t^2 |d_t|^2, eta_t = rbar_t^2 / sqrt(v_t), v_{-1} = square_eps

and, all three, the polynomial average, which is the method's answer (``Run.answer``), after the step:

``xbar_{t+1} = (1 - w) xbar_t + w x_{t+1}``,  ``w = (1 + gamma) / (t + 1 + gamma)``, so that xbar_1 = x_1.

``dowg`` with ``form="optax"`` has the constants of ``optax.contrib.dowg``: the square of rbar starts at eps = ``square_eps``, v at 0,
eta_t = rbar_t^2 / (sqrt(v_t) + eps); ``reps_rel`` is not used and eps is 1e-4 unless given.

Source: Ivgi, Hinder, Carmon (2023), "DoG is SGD's Best Friend", arXiv 2302.12022, and its code (published: dog, ldog, averaging, the
constants); Khaled, Mishchenko, Jin (2023), "DoWG Unleashed", arXiv 2305.16284 (published: the rate of dowg); the constants of dowg's
default form are those of dog (derived); any direction but the gradient is derived: what is proved for arbitrary g holds for d.

State: vectors ``x_0``, ``average``; scalars ``r_bar`` (dowg: its square ``r2``) and ``sum`` (G or v) of the step that follows, one row, or
with ``ldog`` one per block. r_0 = 0: the record of step 0 shows r_eps.

Edge cases: a sum that is 0 (square_eps = 0 and no gradient yet) gives the rate 0: x stays. A distance or a sum that overflows stops
the trajectory with status NONFINITE_RATE. Squares below 1e-308 count as 0: with square_eps = 0 gradients below 1e-154 are not seen.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``dog_sgd`` 8/8, ``dog_adam`` 13/14,
``dowg_sgd`` 8/8, ``dowg_adam`` 13/14, ``ldog_sgd`` 8/8, ``ldog_adam`` 13/14.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lra_ref.arithmetic import finite_or_nan, quotient, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import average, descend, square, where
from lra_ref.parameters import Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Rate, Seen
from lra_ref.typing import Array, Info, State

POSITIVE, NOT_NEGATIVE = Range(0, ends="()"), Range(0, ends="[)")
FORMS = ("reference", "optax")
#: the status NONFINITE_RATE of lra_ref.status
NOT_FINITE = 3.0


@dataclass(frozen=True, kw_only=True)
class DoGParameters(Parameters):
    """Hyper-parameters of ``dog`` and ``ldog``."""

    reps_rel: float = parameter(1e-6, POSITIVE, "r_eps, the first distance, over 1 + |x_0|")
    square_eps: float = parameter(1e-8, NOT_NEGATIVE, "what the sum of squares starts with")
    gamma: float = parameter(8.0, NOT_NEGATIVE, "exponent of the polynomial average; 0: the plain mean of x_1, x_2, ...")


@dataclass(frozen=True, kw_only=True)
class DoWGParameters(Parameters):
    """Hyper-parameters of ``dowg``."""

    reps_rel: float = parameter(1e-6, POSITIVE, 'r_eps, the first distance, over 1 + |x_0|; not used with form="optax"')
    square_eps: float | None = parameter(
        None, Optional_(NOT_NEGATIVE), 'what the weighted sum starts with, None: 1e-8; form="optax": see there, None: 1e-4'
    )
    gamma: float = parameter(8.0, NOT_NEGATIVE, "exponent of the polynomial average; 0: the plain mean of x_1, x_2, ...")
    form: str = parameter("reference", Choice(FORMS), "constants of dog, or those of optax.contrib.dowg")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form == "optax" and self.square_eps == 0:
            raise ValueError('square_eps must be in (0, inf) with form="optax", where it is the first squared distance, got 0')


# --- formulas ------------------------------------------------------------------------------------------------------------------------
def moved(x: Any, x_0: Any) -> Any:
    """Summand of |x - x_0|^2."""
    return square(x - x_0)


def first_distance(norm2: Any, reps_rel: Any) -> Any:
    """``r_eps = reps_rel (1 + |x_0|)``."""
    return reps_rel * (1 + np.sqrt(norm2))


def farthest(r_bar: Any, r: Any) -> Any:
    """``rbar_t`` (or its square) from ``rbar_{t-1}`` and |x_t - x_0|; a distance that is not finite gives nan."""
    return np.maximum(r_bar, finite_or_nan(r))


def seen_after(before: Any, norm2: Any, weight: Any) -> Any:
    """The sum of (weighted) squared gradients, with this one; nan once it is not finite."""
    return finite_or_nan(before + weight * norm2)


def over_root(distance: Any, sum_: Any, eps: Any) -> Any:
    """``distance / (sqrt(sum) + eps)``, 0 where the denominator is 0."""
    return quotient(distance, np.sqrt(sum_) + eps)


def stop_code(rate: Any) -> Any:
    """Status of a block's rate: 0, or NONFINITE_RATE."""
    return where(np.isfinite(rate), 0, NOT_FINITE)


def average_weight(count: Any, gamma: Any) -> Any:
    """Weight of x_count in the polynomial average."""
    return (1 + gamma) / (count + gamma)


# --- kernels -------------------------------------------------------------------------------------------------------------------------
# rows of vec: x_0, average; coefficients: step, weight of the average, 1 at the first step
# scalars: status, distance, sum; hyp: reps_rel, start of the sum, eps of the denominator, gamma, first square (0: from |x_0|)
def dog_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Summands of |x - x_0|^2, which is |x_0|^2 at the first step, when x_0 is still 0, and of |d|^2 (kernel)."""
    xs, ds, start = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    for i in range(xs.size):
        out[0, i] += moved(xs[i], start[i])
        out[1, i] += square(ds[i])


def dog_row(t: Any, distance2: Any, norm2: Any, row: Any, hyp: Any) -> Any:
    """Distance, sum and rate of one row of scalars (kernel)."""
    if t == 0:
        row[1], row[2] = first_distance(distance2, hyp[0]), hyp[1]
    else:
        row[1] = farthest(row[1], np.sqrt(distance2))
    row[2] = seen_after(row[2], norm2, 1)
    return over_root(row[1], row[2], hyp[2])


def dowg_row(t: Any, distance2: Any, norm2: Any, row: Any, hyp: Any) -> Any:
    """Squared distance, weighted sum and rate (kernel)."""
    if t == 0:
        row[1], row[2] = hyp[4] if hyp[4] > 0 else square(first_distance(distance2, hyp[0])), hyp[1]
    else:
        row[1] = farthest(row[1], distance2)
    row[2] = seen_after(row[2], norm2, row[1])
    return over_root(row[1], row[2], hyp[2])


def mark(first: Any, last: Any, t: Any, hyp: Any, coef: Any) -> None:
    """Coefficients of the move: weight of the average, whether this is the first step (kernel)."""
    for s in range(first, last):
        coef[s, 1] = average_weight(t + 1, hyp[3])
        coef[s, 2] = 1.0 if t == 0 else 0.0


def dog_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """One rate for all blocks (kernel)."""
    mark(first, last, t, hyp, coef)
    return dog_row(t, total(sums, first, last, 0), total(sums, first, last, 1), scal[first], hyp)


def ldog_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """A rate per block (kernel)."""
    mark(first, last, t, hyp, coef)
    worst = 0.0
    for s in range(first, last):
        coef[s, 0] = dog_row(t, sums[s, 0], sums[s, 1], scal[s], hyp)
        worst = np.maximum(worst, stop_code(coef[s, 0]))
    if worst > 0:
        scal[first, 0] = worst
    return coef[first, 0]


def dowg_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """One rate for all blocks (kernel)."""
    mark(first, last, t, hyp, coef)
    return dowg_row(t, total(sums, first, last, 0), total(sums, first, last, 1), scal[first], hyp)


def dog_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Keep x_0, step, average (kernel)."""
    xs, ds, start, mean = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi], vec[1, lo:hi]
    eta, weight, first = coef[seg, 0], coef[seg, 1], coef[seg, 2]
    for i in range(xs.size):
        if first > 0:
            start[i] = xs[i]
        xs[i] = descend(xs[i], eta, ds[i])
        mean[i] = average(mean[i], xs[i], 1 - weight, weight)


# --- the rates -----------------------------------------------------------------------------------------------------------------------
@RATES.register("dog")
class DoG(Rate):
    """Distance over gradients, one rate."""

    name = "dog"
    source = "Ivgi, Hinder, Carmon 2023, arXiv 2302.12022, and its code (published; along other directions derived)"
    Parameters: ClassVar[type[Parameters]] = DoGParameters
    vectors = ("x_0", "average")
    scalars: tuple[str, ...] = ("r_bar", "sum")
    coefficients, sums = 3, 2
    output = "average"
    terms, decide, move = staticmethod(dog_terms), staticmethod(dog_decide), staticmethod(dog_move)

    def hyper(self) -> tuple[float, ...]:
        """reps_rel, start of the sum, eps of the denominator, gamma, first square (0: from |x_0|)."""
        p = self.parameters
        return p.reps_rel, p.square_eps, 0.0, p.gamma, 0.0

    def sums_of(self, state: State, seen: Seen, d: Array) -> tuple[Array, Array]:
        """|x - x_0|^2, at the first step |x_0|^2, and |d|^2."""
        distance2, norm2 = (block_sums(summands, seen.offsets) for summands in (moved(seen.x, state["x_0"]), square(d)))
        return in_order(distance2), in_order(norm2)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Distance, sum and rate."""
        hyp = self.hyper()
        distance2, norm2 = self.sums_of(state, seen, d)
        if seen.t == 0:
            r_bar, before = first_distance(distance2, hyp[0]), np.full_like(state["sum"], hyp[1])
        else:
            r_bar, before = farthest(state["r_bar"], np.sqrt(distance2)), state["sum"]
        new = dict(state, r_bar=r_bar, sum=seen_after(before, norm2, 1))
        eta = over_root(new["r_bar"], new["sum"], hyp[2])
        return new, eta, {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Step and average."""
        weight = average_weight(seen.t + 1, self.parameters.gamma)
        x = descend(seen.x, seen.widen(eta), d)
        start = seen.x if seen.t == 0 else state["x_0"]
        return dict(state, x_0=start, average=average(state["average"], x, 1 - weight, weight)), x


@RATES.register("ldog")
class LDoG(DoG):
    """DoG block by block: every block has its own distance, sum and rate."""

    name = "ldog"
    blockwise = True
    decide = staticmethod(ldog_decide)

    def rows(self, blocks: int) -> int:
        """One rate per block."""
        return blocks

    def sums_of(self, state: State, seen: Seen, d: Array) -> tuple[Array, Array]:
        """|x_l - x_0l|^2, at the first step |x_0l|^2, and |d_l|^2 of every block l."""
        return block_sums(moved(seen.x, state["x_0"]), seen.offsets), block_sums(square(d), seen.offsets)

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Distances, sums and rates of the blocks."""
        new, eta, info = super().choose(state, seen, d)
        new["status"] = np.maximum(state["status"], np.max(stop_code(eta), axis=-1, keepdims=True))
        return new, eta, info


@RATES.register("dowg")
class DoWG(DoG):
    """Distance over weighted gradients."""

    name = "dowg"
    source = "Khaled, Mishchenko, Jin 2023, arXiv 2305.16284 (published; constants of the default form and other directions derived)"
    Parameters = DoWGParameters
    scalars = ("r2", "sum")
    decide = staticmethod(dowg_decide)

    def hyper(self) -> tuple[float, ...]:
        """reps_rel, start of the sum, eps of the denominator, gamma, first square (0: from |x_0|)."""
        p = self.parameters
        if p.form == "optax":
            eps = 1e-4 if p.square_eps is None else p.square_eps
            return p.reps_rel, 0.0, eps, p.gamma, eps
        return p.reps_rel, 1e-8 if p.square_eps is None else p.square_eps, 0.0, p.gamma, 0.0

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """Squared distance, weighted sum and rate."""
        hyp = self.hyper()
        distance2, norm2 = self.sums_of(state, seen, d)
        if seen.t == 0:
            r2 = np.full_like(state["r2"], hyp[4]) if hyp[4] > 0 else square(first_distance(distance2, hyp[0]))
            before = np.full_like(state["sum"], hyp[1])
        else:
            r2, before = farthest(state["r2"], distance2), state["sum"]
        new = dict(state, r2=r2, sum=seen_after(before, norm2, r2))
        eta = over_root(r2, new["sum"], hyp[2])
        return new, eta, {name: new[name] for name in self.scalars}
