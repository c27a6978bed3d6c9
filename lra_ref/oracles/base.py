"""What every oracle carries, and its NumPy face over the compiled kernels.

An oracle is a problem plus noise.  A *sample* is all that is random about one stochastic gradient; it is a pure function of
(seed, trajectory, step, stream) and can be evaluated at any number of points: "the same sample at two points" and "an
independent sample of the same step" are exact, whatever the threads, the order of the draws or the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lra_ref.backends.cpu import compiled, compiled_loop
from lra_ref.checks import as_array, vector
from lra_ref.oracles.philox import PRESENT, lanes
from lra_ref.parameters import Parameters, Registry, shown
from lra_ref.problems.base import NOTHING, VALUE, Known, Problem, given
from lra_ref.typing import Array

DRAW = "void(uint64, int64, int64, int64, float64[::1], float64[::1])"
DRAWS = "void(uint64[::1], int64[::1], int64, int64, int64, int64, float64[::1], float64[:, ::1], float64[:, ::1])"
PERTURB = "float64(int64, int64, float64[::1], float64[::1], float64[::1], float64, float64[::1])"
WHOLE, VECTOR, MATRIX = "int64[::1]", "float64[::1]", "float64[:, ::1]"
DRAW_ROWS = ("uint64[::1]", WHOLE, WHOLE, WHOLE, VECTOR, MATRIX)
EVALUATE_ROWS = (WHOLE, WHOLE, MATRIX, MATRIX, "int64", MATRIX, VECTOR, VECTOR, VECTOR, MATRIX)


def draw_nothing(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
    """The draw of an oracle without noise."""


def draw_rows_nothing(
    seeds: Any, trajectories: Any, first: Any, count: Any, step: Any, stream: Any, par: Any, work: Any, z: Any
) -> None:  # fmt: skip
    """Stands in where samples are drawn one by one."""


def perturb_nothing(lo: Any, hi: Any, x: Any, z: Any, par: Any, f: Any, g: Any) -> Any:
    """The answer of the problem on the rows of the sample is the answer of the oracle."""
    return f


@dataclass(frozen=True)
class Oracle:
    """A stochastic first-order oracle: samples of F and its gradient.

    ``draw_kernel(seed, trajectory, step, stream, par, z)`` fills ``z`` (``sample_size`` numbers; it must hold zeros, or what an
    earlier draw of the same oracle left there).  ``perturb_kernel(lo, hi, x, z, par, f, g) -> f`` turns value and
    gradient of the problem at ``x[lo:hi]``, computed on the rows ``z[:batch]`` (``batch = 0``: all rows), into those of the sample.

    ``draw_rows_kernel(seeds, trajectories, first, count, step, stream, par, work, z)``, optional: the samples of the trajectories
    ``first .. first + count`` together, bit for bit those of ``draw_kernel``, one per row of ``z``, whose length is ``sample_size``
    rounded up to a multiple of 4 (what is beyond is not used); ``work`` is scratch, 4 rows of at least ``count`` numbers.

    ``sigma2``: an upper bound of the noise variance ``E |g - grad F|^2`` (the trace) that holds at every point, None if there is none;
    :meth:`variance` gives the variance point by point where it is computable.
    """

    name: str
    problem: Problem
    draw_kernel: Callable[..., Any] = draw_nothing
    perturb_kernel: Callable[..., Any] = perturb_nothing
    par: Array = field(default_factory=lambda: NOTHING)
    sample_size: int = 0
    batch: int = 0
    sigma2: Known | None = None
    #: E|g - grad F|^2 at every row of a matrix of points, or None if it is infinite or not computable
    row_variance: Callable[[Oracle, Array], Array] | None = None
    parameters: Parameters = field(default_factory=Parameters)
    notes: str = ""
    draw_rows_kernel: Callable[..., Any] | None = None

    @property
    def exact(self) -> bool:
        """True if there is no noise at all."""
        return self.draw_kernel is draw_nothing and self.perturb_kernel is perturb_nothing

    def settings(self) -> dict[str, Any]:
        """Names and numbers that say which oracle this is, ready for JSON."""
        return {"problem": self.problem.name, "oracle": self.name, **{f"oracle_{k}": v for k, v in self.parameters.as_dict().items()}}

    def sample(self, seed: Any, trajectory: Any, step: Any, stream: Any = PRESENT) -> Array:
        """The sample of this key: shape ``(..., sample_size)`` for whole numbers or arrays of them that broadcast to ``(...)``.

        Seeds lie in ``[0, 2^64)``, trajectories in ``[0, 2^32)``, steps in ``[0, 2^48)``, streams in ``[0, 2^16)``; else ``ValueError``.
        """
        values = {"seed": seed, "trajectory": trajectory, "step": step, "stream": stream}
        keys = np.broadcast_arrays(*(lanes(name, value) for name, value in values.items()))
        z = np.zeros((keys[0].size, self.sample_size))
        seeds, others = keys[0].flatten(), [key.flatten().astype(np.int64) for key in keys[1:]]
        loop = compiled_loop(draw_rows, (DRAW,), DRAW_ROWS)
        with np.errstate(all="ignore"):
            loop(compiled(self.draw_kernel, DRAW), seeds, *others, self.par, z)
        return z.reshape(*keys[0].shape, self.sample_size)

    def evaluate(self, x: Any, z: Any) -> tuple[Any, Array]:
        """Value of shape ``(...)`` and gradient of shape ``(..., D)`` of samples ``z`` (..., sample_size) at points ``x`` (..., D).

        The leading axes broadcast: one sample at many points, many samples at one point, or pairs.
        """
        points, samples = vector("x", x, self.problem.dim), self._samples(z)
        try:
            shape = np.broadcast_shapes(points.shape[:-1], samples.shape[:-1])
        except ValueError:
            raise ValueError(f"x and z must broadcast, got shapes {points.shape} and {samples.shape}") from None
        pairs = [np.broadcast_to(np.arange(int(np.prod(a.shape[:-1]))).reshape(a.shape[:-1]), shape).flatten() for a in (points, samples)]
        f, g = np.empty(pairs[0].size), np.empty((pairs[0].size, self.problem.dim))
        kernels = (compiled(self.problem.value_kernel, VALUE), compiled(self.perturb_kernel, PERTURB))
        loop = compiled_loop(evaluate_rows, (VALUE, PERTURB), EVALUATE_ROWS)
        with np.errstate(all="ignore"):
            loop(
                *kernels, *pairs, rows_of(points), rows_of(samples), self.batch, self.problem.data, self.problem.par, self.par, f, g,
            )  # fmt: skip
        return f.reshape(shape)[()], g.reshape(*shape, self.problem.dim)

    def variance(self, x: Any) -> Any:
        """``E |g - grad F|^2`` (the trace) at points ``x`` of shape ``(..., D)``: shape ``(...)``.

        Raises ``ValueError`` where the variance is infinite or not computable.
        """
        points = vector("x", x, self.problem.dim)
        if self.row_variance is None:
            raise ValueError(f"the noise of the oracle {self.name} has no variance that could be computed")
        return self.row_variance(self, points.reshape(-1, self.problem.dim)).reshape(points.shape[:-1])[()]

    def _samples(self, z: Any) -> Array:
        samples = np.zeros(as_array("z", z).shape) if self.sample_size == 0 else vector("z", z, self.sample_size)
        if samples.ndim == 0 or samples.shape[-1] != self.sample_size:
            raise ValueError(f"z must have shape (..., {self.sample_size}), got {samples.shape}")
        rows = samples[..., : self.batch]
        if np.any(~((rows >= 0) & (rows < max(self.problem.samples, 1)) & (rows == np.floor(rows)))):
            raise ValueError(f"the first {self.batch} entries of z must be row numbers in [0, {self.problem.samples})")
        return samples


def rows_of(array: Array) -> Array:
    """A matrix with one row per point or sample, writable, as the compiled signatures ask."""
    return np.require(array.reshape(int(np.prod(array.shape[:-1])), array.shape[-1]), requirements=["C", "W"])


def draw_rows(draw: Any, seeds: Any, trajectories: Any, steps: Any, streams: Any, par: Any, z: Any) -> None:
    """One sample per row of ``z`` (kernel)."""
    for i in range(z.shape[0]):
        draw(seeds[i], trajectories[i], steps[i], streams[i], par, z[i])


def evaluate_rows(
    value: Any, perturb: Any, at: Any, of: Any, x: Any, z: Any, batch: Any, data: Any, par: Any, noise: Any, f: Any, g: Any
) -> None:
    """Value and gradient of sample ``of[i]`` at point ``at[i]``, for all i (kernel)."""
    for i in range(f.size):
        point, sample, gradient = x[at[i]], z[of[i]], g[i]
        exact = value(0, point.size, point, sample[:batch], data, par, gradient)
        f[i] = perturb(0, point.size, point, sample, noise, exact, gradient)


#: name -> class of parameters with a method ``oracle(problem) -> Oracle``
ORACLES: Registry[type[Any]] = Registry("oracle")


def make_oracle(name: str, problem: Problem, **parameters: Any) -> Oracle:
    """The oracle called ``name`` over a problem; unknown names and values out of range raise ``ValueError`` in one line."""
    if not isinstance(problem, Problem):
        raise ValueError(f"problem must be a Problem, as from make_problem(name), got {shown(problem)}")
    checked = ORACLES[name].build(name, parameters)
    try:
        with np.errstate(all="ignore"):
            oracle: Oracle = checked.oracle(problem)
    except (OverflowError, ZeroDivisionError) as fault:
        raise ValueError(f"{name} cannot be made with {given(checked)}: {fault}") from None
    if not np.all(np.isfinite(oracle.par)):
        raise ValueError(f"{name} cannot be made with {given(checked)}: its numbers are not finite")
    return oracle


def as_oracle(source: Oracle | Problem) -> Oracle:
    """An oracle as it is; a problem as its exact oracle."""
    if isinstance(source, Oracle):
        return source
    if isinstance(source, Problem):
        return make_oracle("exact", source)
    raise ValueError(f"expected a problem or an oracle, got {type(source).__name__}")
