"""What the gradients are: recorded ones, adversarial ones, Gaussian ones, and those of a function.

A sequence answers ``evaluate(sample, x) -> (loss, gradient)``; the name of a sample is ``("step", t)``, ``("fresh", t)`` or
``("full", 0)``, as in :class:`lra_ref.engine.optimizer.Evaluation`; ``product(sample, x, v)`` is the Hessian times v.

- *Without feedback* the gradient of step t is fixed: :class:`Fixed`, whose loss is the linear function <g_t, x>.  A difference between the
  two sides then cannot change what they are fed with.
- *With feedback* each side evaluates at its OWN point: :class:`Function`.  A difference then acts back, and so does every rounding error.
  Methods that look at other points, or at the loss, can only be driven this way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.checks import DAMAGED, as_array, block_offsets, path_of, vector, whole
from lra_ref.oracles.base import Oracle, as_oracle
from lra_ref.parameters import shown, unknown
from lra_ref.typing import Array

Sample = tuple[str, int]


@dataclass(frozen=True)
class Fixed:
    """Gradients that do not depend on x, shape (T, D)."""

    name: str
    gradients: Array
    #: which elements have a gradient, of the same shape, constant over a tensor; None: all of them always
    given: Array | None = None
    feedback = False

    def __len__(self) -> int:
        return len(self.gradients)

    @property
    def gaps(self) -> bool:
        """Whether there are tensors without gradient in some steps."""
        return self.given is not None

    def present(self, t: int, dim: int) -> Array:
        """Which elements have a gradient at step t, (D,) of bool."""
        return np.ones(dim, dtype=bool) if self.given is None else self.given[t]

    def evaluate(self, sample: Sample, x: Array) -> tuple[float, Array]:
        """``(<g, x>, g)``; a fresh sample of step t is the gradient of step T - 1 - t, the full one the mean of all."""
        stream, t = sample
        g = self.gradients.mean(axis=0) if stream == "full" else self.gradients[t if stream == "step" else len(self.gradients) - 1 - t]
        with np.errstate(all="ignore"):
            return float(g @ x), g

    def product(self, sample: Sample, x: Array, v: Array) -> Array:
        """Hessian times v: 0."""
        return np.zeros_like(v)


@dataclass(frozen=True)
class Function:
    """A function evaluated at the point of whoever asks, for ``steps`` steps."""

    name: str
    steps: int
    answer: Callable[[Sample, Array], tuple[float, Array]]
    curvature: Callable[[Sample, Array, Array], Array]
    feedback = True
    gaps = False

    def present(self, t: int, dim: int) -> Array:
        """Every element has a gradient."""
        return np.ones(dim, dtype=bool)

    def __len__(self) -> int:
        return self.steps

    def evaluate(self, sample: Sample, x: Array) -> tuple[float, Array]:
        """Loss and gradient of the sample at x."""
        return self.answer(sample, x)

    def product(self, sample: Sample, x: Array, v: Array) -> Array:
        """Hessian of the sample at x, times v."""
        return self.curvature(sample, x, v)


Gradients = Fixed | Function


def fixed(gradients: Any, name: str = "recorded") -> Fixed:
    """Gradients of your own: an array (T, D), or the path of a ``.npy`` or ``.npz`` file with one (``gradients``, or the only array)."""
    what = "gradients"
    if isinstance(gradients, str):
        what, gradients = f"the gradients of {gradients}", _from_file(gradients)
    array = vector(what, gradients)
    if array.ndim != 2:
        raise ValueError(f"{what} must have shape (T, D), got {array.shape}")
    return Fixed(name, array)


def _from_file(path: str) -> Any:
    try:
        found = np.load(path_of(path))
        if isinstance(found, np.ndarray):
            return found
        with found:
            name = "gradients" if "gradients" in found.files else found.files[0] if len(found.files) == 1 else None
            if name is None:
                raise ValueError(f"it must hold one array or one called gradients, got {', '.join(found.files) or 'none'}")
            return found[name]
    except UNREADABLE as problem:
        raise ValueError(f"cannot read gradients from {path}: {' '.join(str(problem).split())}") from None


def noisy_quadratic(name: str, dim: int, steps: int, seed: int, noise: float) -> Function:
    """``sum h_i x_i^2 / 2 + <xi, x> + D``, h from 0.1 to 1, xi normal of size ``noise``: convex, so that errors die out at small rates."""
    rng = np.random.default_rng(seed)
    h, xi = np.linspace(0.1, 1.0, dim), noise * rng.normal(size=(steps + 1, 2, dim))

    def answer(sample: Sample, x: Array) -> tuple[float, Array]:
        stream, t = sample
        shift = 0 * h if stream == "full" else xi[t, 0 if stream == "step" else 1]
        with np.errstate(all="ignore"):
            return float(h @ (x * x) / 2 + shift @ x + dim), h * x + shift

    return Function(name, steps, answer, lambda sample, x, v: h * v)


def of_oracle(oracle: Oracle, steps: int, seed: int = 0) -> Function:
    """A problem of ours behind its oracle, trajectory 0; samples are keyed, so both sides see the same noise."""
    streams = {"step": 0, "fresh": 1}
    oracle, seed = as_oracle(oracle), whole("seed", seed)

    def answer(sample: Sample, x: Array) -> tuple[float, Array]:
        if sample[0] == "full":
            loss, gradient = oracle.problem.value_and_gradient(x)
        else:
            loss, gradient = oracle.evaluate(x, oracle.sample(seed, 0, sample[1], streams[sample[0]]))
        return float(loss), gradient

    def curvature(sample: Sample, x: Array, v: Array) -> Array:
        rows = None
        if sample[0] != "full" and oracle.batch:
            rows = oracle.sample(seed, 0, sample[1], streams[sample[0]])[: oracle.batch]
        return oracle.problem.hvp(x, v, rows)

    return Function(oracle.problem.name, whole("steps", steps, 1), answer, curvature)


# --- gradients that do not depend on x: (rng, steps, offsets) -> (T, D) --------------------------------------------------------------
def _normal(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    return rng.normal(size=(steps, int(offsets[-1])))


def _flips(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """One vector, its sign in turn: + - + - ..."""
    return np.where(np.arange(steps)[:, None] % 2, -1.0, 1.0) * _normal(rng, 1, offsets)


def _repeated(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """The same vector at every step."""
    return np.repeat(_normal(rng, 1, offsets), steps, axis=0)


def _zeros(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """Every third step no gradient at all, and in between one tensor after another without one; the first step is full."""
    g = _normal(rng, steps, offsets)
    for t in range(1, steps):
        k = t % (len(offsets) - 1)
        g[t, offsets[k] : offsets[k + 1]] = 0
        g[t] *= t % 3 > 0
    return g


def _sparse(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """Nine in ten elements are 0."""
    g = _normal(rng, steps, offsets)
    return np.where(rng.random(g.shape) < 0.9, 0.0, g)


def _one_coordinate(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """One element after another."""
    g = np.zeros((steps, int(offsets[-1])))
    g[np.arange(steps), np.arange(steps) % g.shape[1]] = rng.normal(size=steps)
    return g


def _jump(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """From the middle on a million times as large."""
    return np.where(np.arange(steps)[:, None] < steps // 2, 1.0, 1e6) * _normal(rng, steps, offsets)


def _scales(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """A size drawn for every step from 1e-12 to 1e12."""
    return 10.0 ** rng.integers(-12, 13, size=(steps, 1)) * _normal(rng, steps, offsets)


def _denormal(rng: np.random.Generator, steps: int, offsets: Array) -> Array:
    """Every other step below the smallest normal number."""
    return np.where(np.arange(steps)[:, None] % 2, 1e-310, 1.0) * _normal(rng, steps, offsets)


PATTERNS: dict[str, Callable[[np.random.Generator, int, Array], Array]] = {
    "normal": _normal,
    "flips": _flips,
    "repeated": _repeated,
    "zeros": _zeros,
    "sparse": _sparse,
    "one_coordinate": _one_coordinate,
    "jump": _jump,
    "scales": _scales,
    "denormal": _denormal,
}
#: what a file that is no array, or damaged, makes NumPy raise
UNREADABLE = (OSError, *DAMAGED)
#: normal gradients, every tensor without one in some steps
GAPS = "gaps"
#: size of the noise of the functions that go by a name
FUNCTIONS = {"quadratic": 0.0, "noisy_quadratic": 0.5}


def make_sequence(name: str, offsets: Array, steps: int, seed: int = 0) -> Gradients:
    """A sequence by name, for a flat vector with these blocks: a pattern, or a quadratic (with feedback).

    Raises ``ValueError`` for an unknown name and for numbers of steps below 1.
    """
    steps, seed = whole("steps", steps, 1), whole("seed", seed)
    ends = as_array("offsets", offsets)
    whole_ends = ends.ndim == 1 and ends.size > 1 and ends.dtype.kind in "iu"
    offsets = block_offsets(ends, int(ends[-1]) if whole_ends else 1)
    if not isinstance(name, str):
        raise ValueError(f"the name of a sequence must be a text, got {shown(name)}")
    if name in FUNCTIONS:
        return noisy_quadratic(name, int(offsets[-1]), steps, seed, FUNCTIONS[name])
    if name == GAPS:
        return _with_gaps(np.random.default_rng([seed, *name.encode()]), steps, offsets)
    if name not in PATTERNS:
        raise ValueError(unknown("sequence", name, [*PATTERNS, GAPS, *FUNCTIONS]))
    return Fixed(name, PATTERNS[name](np.random.default_rng([seed, *name.encode()]), steps, offsets))


def _with_gaps(rng: np.random.Generator, steps: int, offsets: Array) -> Fixed:
    """From step 1 on about a third of the tensors have no gradient, two have one at least; the first step is full."""
    count = len(offsets) - 1
    if count < 3:
        raise ValueError(f"a sequence with gaps needs at least 3 tensors with elements, got {count}")
    given = rng.random((steps, count)) < 2 / 3
    given[0] = True
    for t in range(steps):
        while given[t].sum() < 2:
            given[t, rng.integers(count)] = True
    return Fixed(GAPS, _normal(rng, steps, offsets), np.repeat(given, np.diff(offsets), axis=1))
