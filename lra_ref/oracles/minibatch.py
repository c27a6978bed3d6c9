"""Minibatches of a finite sum: with replacement, without, and by random reshuffling.

- ``"with"``: ``batch`` independent rows;
- ``"without"``: the first ``batch`` rows of a fresh random order in every step (any ``batch <= n``);
- ``"reshuffle"``: an epoch is ``m = floor(n / batch)`` steps that walk through one random order of the rows, keyed by (seed,
  trajectory, epoch); the ``n mod batch`` rows left over are dropped in that epoch.  Every stream but ``PRESENT`` draws a
  batch without replacement, independent of the epoch;
- ``"reshuffle_all"``: the same with ``m = ceil(n / batch)``; the rows left over are a last, smaller batch, whose loss is the mean over
  them.  The noise of the steps then has no common variance, unless ``batch`` divides n.

Orders come from the Fisher-Yates shuffle with exact whole numbers (each within 2^-64 of uniform), so the variances at a fixed point are
the textbook ones, with ``S^2 = (1/n) sum_i |grad f_i - grad F|^2``: ``S^2 / B`` with replacement,
``S^2 / B * (n - B) / (n - 1)`` without.  For reshuffling the latter is the variance at a point that does not depend on the epoch's order;
given the epoch's earlier batches a gradient is not unbiased.

The row numbers of a batch are floats in ``z[:batch]``.  A sample of reshuffling also carries its epoch's order,
``z = [rows | order | epoch + 1, trajectory, low and high half of the seed]``: a pure cache that spares the next draw the shuffle.
A smaller batch repeats its first row in the places that are left; the problem of the oracle evaluates the rows before them.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from lra_ref.backends.cpu import compiled, compiled_loop
from lra_ref.oracles.base import MATRIX, ORACLES, VECTOR, Oracle
from lra_ref.oracles.philox import EPOCH, HALF_LANE, MASK, PRESENT, below, block, label
from lra_ref.parameters import REQUIRED, Choice, Parameters, Range, parameter
from lra_ref.problems.base import VALUE, Problem
from lra_ref.typing import Array

KEY_SIZE = 4


def fill_choices(n: Any, taken: Any, seed: Any, trajectory: Any, step: Any, stream: Any, z: Any) -> None:
    """``z[i]`` = uniform whole number in ``[taken i, n)`` (kernel): independent rows (taken = 0) or targets of a shuffle (1)."""
    key = label(np.uint64(seed), np.uint64(trajectory), np.uint64(step), np.uint64(stream))
    for j in range(z.size // 2):
        a, b, c, d = block(np.uint64(j), key)
        low = taken * 2 * j
        z[2 * j] = low + np.int64(below(np.uint64(n - low), a, b))
        low = taken * (2 * j + 1)
        z[2 * j + 1] = low + np.int64(below(np.uint64(n - low), c, d))
    if z.size % 2:
        last = z.size - 1
        low = taken * last
        a, b, _, _ = block(np.uint64(last // 2), key)
        z[last] = low + np.int64(below(np.uint64(n - low), a, b))


def shuffle(targets: Any, order: Any) -> None:
    """Fisher-Yates (kernel): the first ``targets.size`` entries of a random order of ``0 .. n - 1`` end at the front of ``order``."""
    for i in range(order.size):
        order[i] = i
    for i in range(targets.size):
        j = int(targets[i])
        order[i], order[j] = order[j], order[i]


def shuffle_few(targets: Any, rows: Any) -> None:
    """The same entries as :func:`shuffle`, without the array of n (kernel): only the displaced entries are kept."""
    displaced = np.empty(targets.size)
    for i in range(targets.size):
        here, there = np.float64(i), targets[i]
        for k in range(i):
            if targets[k] == targets[i]:
                there = displaced[k]
            if targets[k] == i:
                here = displaced[k]
        displaced[i] = here
        rows[i] = there


def draw_with(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """Independent rows."""
    fill_choices(int(par[0]), 0, seed, trajectory, step, stream, z)


def draw_without(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """Distinct rows."""
    n, rows = int(par[0]), z[: int(par[1])]
    targets = np.empty(rows.size)
    fill_choices(n, 1, seed, trajectory, step, stream, targets)
    if rows.size * rows.size < n:
        shuffle_few(targets, rows)
    else:
        order = np.empty(n)
        shuffle(targets, order)
        rows[:] = order[: rows.size]


def draw_reshuffled(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """The epoch's next rows."""
    if stream != PRESENT:
        draw_without(seed, trajectory, step, stream, par, z)
    else:
        walk(int(par[0]) // int(par[1]), seed, trajectory, step, par, z)


def draw_reshuffled_all(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """The epoch's next rows, the last ones included."""
    if stream != PRESENT:
        draw_without(seed, trajectory, step, stream, par, z)
    else:
        n, batch = int(par[0]), int(par[1])
        walk((n + batch - 1) // batch, seed, trajectory, step, par, z)


def walk(count: Any, seed: Any, trajectory: Any, step: Any, par: Any, z: Any) -> None:
    """Batch number ``step`` of epochs of ``count`` batches (kernel); a smaller last one repeats its first row."""
    n, batch = int(par[0]), int(par[1])
    rows, order, key = z[:batch], z[batch : batch + n], z[batch + n :]
    epoch, position = step // count, step % count
    low, high = np.float64(np.uint64(seed) & MASK), np.float64(np.uint64(seed) >> HALF_LANE)
    if not (key[0] == epoch + 1 and key[1] == trajectory and key[2] == low and key[3] == high):
        targets = np.empty(n)
        fill_choices(n, 1, seed, trajectory, epoch, EPOCH, targets)
        shuffle(targets, order)
        key[0], key[1], key[2], key[3] = epoch + 1, trajectory, low, high
    first = position * batch
    for i in range(batch):
        rows[i] = order[first + i] if first + i < n else order[first]


def before_repeats(z: Any) -> Any:
    """Number of rows before the first one comes again."""
    count = z.size
    for i in range(1, z.size):
        if z[z.size - i] == z[0]:
            count = z.size - i
    return count


#: the kernel of a problem, in the two functions below; :func:`without_repeats` gives them theirs
kernel: Any = None


def value_without_repeats(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Value and gradient on the rows before the first one comes again (kernel)."""
    return kernel(lo, hi, x, z[: before_repeats(z)], data, par, g)


def hvp_without_repeats(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessian-vector product on the same rows (kernel)."""
    kernel(lo, hi, x, v, z[: before_repeats(z)], data, par, out)


@cache
def without_repeats(function: types.FunctionType, inside: Callable[..., Any]) -> types.FunctionType:
    """``function`` with the kernel of a problem inside."""
    return types.FunctionType(function.__code__, {**globals(), "kernel": inside}, function.__name__)


def spread(value: Any, x: Any, n: Any, data: Any, par: Any, out: Any) -> None:
    """``out[k]`` = mean over the rows of ``|grad f_i - grad F|^2`` at ``x[k]`` (kernel)."""
    mean, one, row = np.empty(x.shape[1]), np.empty(x.shape[1]), np.empty(1)
    for k in range(x.shape[0]):
        value(0, x.shape[1], x[k], row[:0], data, par, mean)
        total = 0.0
        for i in range(n):
            row[0] = i
            value(0, x.shape[1], x[k], row, data, par, one)
            part = 0.0
            for j in range(one.size):
                part += (one[j] - mean[j]) * (one[j] - mean[j])
            total += part
        out[k] = total / n


def batch_variance(oracle: Oracle, x: Array) -> Array:
    """The textbook variance, from all rows."""
    problem, batch, n = oracle.problem, oracle.batch, oracle.problem.samples
    out = np.empty(len(x))
    loop = compiled_loop(spread, (VALUE,), (MATRIX, "int64", MATRIX, VECTOR, VECTOR))
    with np.errstate(all="ignore"):
        loop(compiled(problem.value_kernel, VALUE), np.require(x, requirements=["C", "W"]), n, problem.data, problem.par, out)
    return out / batch * (1.0 if oracle.par[2] else (n - batch) / max(n - 1, 1))


DRAWS = {"with": draw_with, "without": draw_without, "reshuffle": draw_reshuffled, "reshuffle_all": draw_reshuffled_all}


@ORACLES.register("minibatch")
@dataclass(frozen=True, kw_only=True)
class Minibatch(Parameters):
    """Gradients of ``batch`` rows of a finite sum."""

    batch: int = parameter(REQUIRED, Range(1, 2**32, "[)", integer=True), "rows of a minibatch")
    replacement: str = parameter("with", Choice(tuple(DRAWS)), "how rows are drawn")

    def oracle(self, problem: Problem) -> Oracle:
        """The oracle over ``problem``, which must be a finite sum."""
        n, again = problem.samples, self.replacement == "with"
        if not 0 < n < 2**32:
            raise ValueError(f"minibatch needs a finite sum of 1 to 2^32 - 1 samples; {problem.name} has {n}")
        if not again and self.batch > n:
            raise ValueError(f"batch must be in [1, {n}] for replacement={self.replacement!r}, got {self.batch}")
        kept = n + KEY_SIZE if self.replacement.startswith("reshuffle") else 0
        uneven = self.replacement == "reshuffle_all" and n % self.batch > 0
        if uneven:
            value, product = problem.value_kernel, problem.hvp_kernel
            problem = replace(
                problem,
                value_kernel=without_repeats(value_without_repeats, value),
                hvp_kernel=without_repeats(hvp_without_repeats, product),
            )
        return Oracle(
            "minibatch", problem, DRAWS[self.replacement], par=np.array([n, self.batch, again], dtype=float), parameters=self,
            sample_size=self.batch + kept, batch=self.batch, row_variance=None if uneven else batch_variance,
        )  # fmt: skip
