"""CLARA: the learning rate follows the length of the path of normalized directions.

Source: Atamna, Maus, Kievelitz, Glasmachers, "Cumulative Learning Rate Adaptation: Revisiting Path-Based Schedules for SGD and Adam",
arXiv 2508.05408 (2025); the update is that of the authors' code (published), what is ours (derived) is named below.

K blocks of sizes D_k with directions h_k, ONE rate eta.  Step t, in this order:

1. ``u_k = h_k / max(|h_k|, 1e-12)``
2. ``x_k -= eta u_k`` (``unit_step=True``) or ``x_k -= eta h_k``, with the present eta
3. ``p_k = (1-c) p_k + c u_k``, p_k = 0 before the first step (always the unit vector)
4. ``eta = clip(eta exp(d (sum_k |p_k|^2 / sum_k mu_k - 1)), lr_min, lr_max)``, used from the next step on

``norm="global"``: one norm over the whole vector, K = 1 (published for SGD only, where that class raises on its first step; ours for any
direction).

**Reference mu_k.** ``reference="auto"``: the expected squared path norm along this direction when gradients are pure noise, in closed form
(SGD c/(2-c), published; Adam and momentum at the size of every block, derived), else by Monte-Carlo with a stated standard error
(``rates/clara_reference.py``); ``"monte_carlo"``: always the latter; ``"published"``: c/(2-c) for SGD, for Adam the printed table,
which is indexed by the TOTAL size (any other size is an error, as in the published code, even when d is given).  ``mu_ref``: a number, for
every block.
``transient=True`` (ours): the mean of |p_t|^2 at this t in place of its limit.

**Damping d.** Default ``2 path_sd``, path_sd the standard deviation of sum_k |p_k|^2 / K under the same noise; ``damping="published"``
takes the published path_sd: for SGD too small by sqrt 2, for Adam that of the table.  The published benchmarks use d = 1e-3.

State: vector ``path``; scalars ``eta``, ``path_norm2`` = sum_k |p_k|^2 of the last step; late sum |p_k|^2.

Edge cases: a zero direction gives u = 0, the path decays and the block still counts, so that eta falls.  Norms are scaled, so a finite
gradient is never lost by overflow (published: u = 0).  eta = 0 stops the trajectory (RATE_VANISHED), an infinite eta too (NONFINITE_RATE).
Not ours: published parameter groups share one multiplier with the constants of the last group; a tensor without gradient still counts
there, as a zero direction does here.

Words per element of a step on a long vector, the fewest / those moved (``lra_ref.bench.words``): ``clara_sgd`` 6/6, ``clara_adam``
11/12.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.arithmetic import exponential, power, total
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.directions.normalized import NORM, settle_norms
from lra_ref.directions.norms import add_squares, norms, unit
from lra_ref.formulas import average, clip, descend, square, where
from lra_ref.parameters import SWITCH, Choice, Optional_, Parameters, Range, parameter
from lra_ref.parts import RATES, Direction, Rate, Seen
from lra_ref.rates.clara_laws import independent_mean, published_sd
from lra_ref.rates.clara_reference import PUBLISHED_ADAM, Reference, reference_of
from lra_ref.typing import Array, Info, State

POSITIVE = Range(0, ends="()")
#: shortest direction that is still normalized (published)
SHORTEST = 1e-12
#: the status RATE_VANISHED of lra_ref.status
VANISHED = 7.0
#: numbers of ``hyper`` before the table of references
FIXED = 9


@dataclass(frozen=True, kw_only=True)
class CLARAParameters(Parameters):
    """Hyper-parameters of ``clara``."""

    lr: float = parameter(1e-3, POSITIVE, "rate of the first step")
    c: float = parameter(0.2, Range(0, 1, "(]"), "weight of the new direction in the path")
    d: float | None = parameter(None, Optional_(Range(0, ends="[)")), "multiplies the exponent; None: 2 path_sd, see damping")
    damping: str = parameter("exact", Choice(("exact", "published")), "which path_sd the default of d takes")
    reference: str = parameter("auto", Choice(("auto", "monte_carlo", "published")), "where mu comes from")
    mu_ref: float | None = parameter(None, Optional_(POSITIVE), "reference value of |p_k|^2 for every block; None: see reference")
    transient: bool = parameter(False, SWITCH, "compare with the mean at step t instead of its limit")
    unit_step: bool = parameter(True, SWITCH, "move along the unit vector; False: along the direction itself")
    norm: str = parameter("block", NORM, "norm of every block by itself, or of the whole vector")
    lr_min: float = parameter(0.0, Range(0, ends="[)"), "smallest rate")
    lr_max: float | None = parameter(None, Optional_(POSITIVE), "largest rate; None: no limit")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lr_min <= self.lr <= (math.inf if self.lr_max is None else self.lr_max):
            raise ValueError(f"lr must be between lr_min = {self.lr_min:g} and lr_max = {self.lr_max}, got {self.lr:g}")
        if self.transient and (self.reference == "published" or self.mu_ref is not None):
            raise ValueError("transient needs a reference that is computed: no mu_ref, reference auto or monte_carlo")


# --- formulas ------------------------------------------------------------------------------------------------------------------------
def bottom(scale: Any, root: Any) -> Any:
    """``max(|h|, 1e-12)`` in the units of ``root``; |h| = root / scale."""
    return np.maximum(root, scale * SHORTEST)


def multiplier(norm2: Any, reference: Any, d: Any) -> Any:
    """``exp(d (sum |p_k|^2 / sum mu_k - 1))``."""
    return exponential(d * (norm2 / reference - 1))


def reference_at(t: Any, hyp: Any) -> Any:
    """sum_k mu_k after t >= 1 steps: a table whose last entry lasts for ever, times 1 - decay^t."""
    length = int(hyp[8])
    return hyp[FIXED - 1 + min(t, length)] * (1 - power(hyp[7], t))


def vanished(eta: Any, status: Any) -> Any:
    """Status after an update of eta."""
    return where(eta == 0, VANISHED, status)


# --- kernels: coefficients step, scale, bottom, keep, take -------------------------------------------------------------------------------
def clara_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Squares of the direction, in three classes (kernel)."""
    add_squares(d[at : at + hi - lo], out)


def clara_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    """eta of this step from the path of the step before, then the norms (kernel); hyp as in CLARA.hyper."""
    row = scal[first]
    if t == 0:
        row[1] = hyp[0]
    else:
        row[2] = total(sums, first, last, 3)
        row[1] = clip(row[1] * multiplier(row[2], reference_at(t, hyp), hyp[2]), hyp[3], hyp[4])
        row[0] = vanished(row[1], row[0])
    settle_norms(first, last, sums, coef, 1, hyp[6] > 0)
    for s in range(first, last):
        coef[s, 2] = bottom(coef[s, 1], coef[s, 2])
        coef[s, 3], coef[s, 4] = 1 - hyp[1], hyp[1]
    return row[1]


def clara_move_unit(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Step along the unit vector, then the path; late sum |p|^2 (kernel)."""
    xs, ds, p = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    step, scale, low, keep, take = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4]
    for i in range(xs.size):
        u = unit(ds[i], scale, low)
        xs[i] = descend(xs[i], step, u)
        p[i] = average(p[i], u, keep, take)
        out[0, i] += square(p[i])


def clara_move_plain(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    """Step along the direction itself, then the path; late sum |p|^2 (kernel)."""
    xs, ds, p = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    step, scale, low, keep, take = coef[seg, 0], coef[seg, 1], coef[seg, 2], coef[seg, 3], coef[seg, 4]
    for i in range(xs.size):
        xs[i] = descend(xs[i], step, ds[i])
        p[i] = average(p[i], unit(ds[i], scale, low), keep, take)
        out[0, i] += square(p[i])


@RATES.register("clara")
class CLARA(Rate):
    """Path-based adaptation of one rate; see the module docstring."""

    name = "clara"
    source = (
        "Atamna, Maus, Kievelitz, Glasmachers 2025, arXiv 2508.05408 (published; closed forms, exact damping, transient, limits derived)"
    )
    Parameters = CLARAParameters
    vectors = ("path",)
    scalars = ("eta", "path_norm2")
    late = ("norm2",)
    coefficients, sums = 5, 3
    terms = staticmethod(clara_terms)
    decide = staticmethod(clara_decide)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.move = clara_move_unit if self.parameters.unit_step else clara_move_plain
        #: one per block, known once the rate is bound to a direction and to blocks
        self.references: tuple[Reference, ...] = ()
        self.d = math.nan if self.parameters.d is None else self.parameters.d

    def bound(self, direction: Direction, offsets: Array) -> CLARA:
        """A copy that knows the references and d of this direction and these blocks."""
        p = self.parameters
        sizes = np.diff(offsets).tolist() if p.norm == "block" else [int(offsets[-1])]
        made, published = copy.copy(self), None
        try:
            made.references = tuple(self._references(direction, sizes))
        except ZeroDivisionError:
            raise ValueError(f"c must not be so small that 1 - c rounds to 1, got {p.c:g}") from None
        path_sd = math.sqrt(sum(r.sd**2 for r in made.references)) / len(sizes)
        if p.reference == "published" or (p.damping == "published" and p.d is None):
            published = _published(direction, p.c, sum(sizes))
        if p.reference == "published" and published is not None and p.mu_ref is None:
            made.references = (published,) * len(sizes)
        if p.d is None and p.damping == "published" and published is not None:
            made.d = 2 * published.sd
        elif p.d is None:
            made.d = 2 * path_sd
        return made

    def _references(self, direction: Direction, sizes: list[int]) -> list[Reference]:
        p = self.parameters
        if p.d is not None and (p.mu_ref is not None or p.reference == "published"):
            return [Reference(1.0 if p.mu_ref is None else p.mu_ref, math.nan, how="given") for _ in sizes]
        how = "monte_carlo" if p.reference == "monte_carlo" else "auto"
        known = {size: reference_of(direction, p.c, size, how, p.transient) for size in set(sizes)}
        found = [known[size] for size in sizes]
        if p.mu_ref is not None:
            found = [Reference(p.mu_ref, r.sd, how="given") for r in found]
        return found

    def hyper(self) -> tuple[float, ...]:
        """lr, c, d, lr_min, lr_max, unit step, norm per block, decay, length of the table, table of sum_k mu_k."""
        p = self.parameters
        limits = (p.lr_min, math.inf if p.lr_max is None else p.lr_max)
        decay = self.references[0].decay if self.references else 0.0
        table = self.table()
        return (p.lr, p.c, self.d, *limits, float(p.unit_step), float(p.norm == "block"), decay, float(len(table)), *table)

    def table(self) -> tuple[float, ...]:
        """sum_k mu_k for t = 1, 2, ...; the last entry lasts for ever."""
        length = max((len(r.means) for r in self.references), default=0)
        rows = [r.means + (r.mean,) * (length + 1 - len(r.means)) for r in self.references]
        return tuple(float(sum(column)) for column in zip(*rows, strict=True))

    def choose(self, state: State, seen: Seen, d: Array) -> tuple[State, Any, Info]:
        """eta of this step from the path of the step before."""
        if not self.references:
            raise ValueError("clara compares with what its direction would do: call bound(direction, offsets) first, as Stepper does")
        hyp, new = self.hyper(), dict(state)
        if seen.t == 0:
            new["eta"] = np.full_like(state["eta"], hyp[0])
        else:
            new["path_norm2"] = in_order(state["norm2"])
            factor = multiplier(new["path_norm2"], reference_at(seen.t, hyp), hyp[2])
            new["eta"] = clip(state["eta"] * factor, hyp[3], hyp[4])
            new["status"] = vanished(new["eta"], state["status"])
        return new, new["eta"], {name: new[name] for name in self.scalars}

    def follow(self, state: State, seen: Seen, d: Array, eta: Any) -> tuple[State, Array]:
        """Step, then the path."""
        p = self.parameters
        scale, root = norms(d, seen.offsets, p.norm == "block")
        u = unit(d, seen.widen(scale), seen.widen(bottom(scale, root)))
        x = descend(seen.x, seen.widen(eta), u if p.unit_step else d)
        path = average(state["path"], u, 1 - p.c, p.c)
        return dict(state, path=path, norm2=block_sums(square(path), seen.offsets)), x


def _published(direction: Direction, c: float, dim: int) -> Reference:
    """The published reference and standard deviation for a model of ``dim`` parameters in all."""
    if direction.name == "sgd":
        return Reference(float(independent_mean(c)), published_sd(c, dim), how="published closed form for SGD")
    if direction.name != "adam":
        raise ValueError(f"reference and damping are published for sgd and adam only, not for {direction.name}")
    if dim not in PUBLISHED_ADAM:
        sizes = ", ".join(map(str, PUBLISHED_ADAM))
        raise ValueError(f"the published reference for adam is a table of total sizes {sizes}, and has no entry for {dim}")
    mean, sd = PUBLISHED_ADAM[dim]
    return Reference(mean, sd, how="published Monte-Carlo table")
