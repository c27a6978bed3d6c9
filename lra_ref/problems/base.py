"""What every problem carries, and its NumPy face over the compiled kernels.

A problem is a pair of plain kernels (``value``: F and gradient, ``hvp``: Hessian-vector product), the arrays that they read, and what
is known about the function.  The kernels follow the house rules (formulas by name, no float literals that are not whole
numbers where a constant can come from ``par``), so that the tests read the very same code in high precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

import numpy as np

from lra_ref.backends.cpu import compiled
from lra_ref.checks import as_array, vector
from lra_ref.parameters import Parameters, Registry, shown
from lra_ref.readings import lifted, over_balls
from lra_ref.typing import Array

VALUE = "float64(int64, int64, float64[::1], float64[::1], float64[:, ::1], float64[::1], float64[::1])"
HVP = "void(int64, int64, float64[::1], float64[::1], float64[::1], float64[:, ::1], float64[::1], float64[::1])"
NOTHING: Array = np.empty(0)
NO_DATA: Array = np.empty((0, 0))


@dataclass(frozen=True)
class Known:
    """A number that is known about a problem.

    ``exact`` tells an equality from a certified one-sided bound (L: an upper bound, F*: a lower bound); ``where`` names the
    set on which it holds ("everywhere", "the box |x_i| <= 2", ...), ``source`` how it was obtained.
    """

    value: float
    exact: bool = True
    where: str = "everywhere"
    source: str = ""


@dataclass(frozen=True)
class Problem:
    """A smooth function of a flat vector, with its derivatives and what is known about it.

    ``value_kernel(lo, hi, x, z, data, par, g) -> F`` writes the gradient at ``x[lo:hi]`` into ``g[lo:hi]``; ``z`` holds the row
    indices of a minibatch (as floats; empty: all rows; F and gradient are then MEANS over those rows, plus the regulariser in
    full), ``data`` a matrix, ``par`` scalars.  ``hvp_kernel(lo, hi, x, v, z, data, par, out)`` writes the
    Hessian-vector product.  ``l0_l1 = (L0, L1)`` states ``|Hessian(x)| <= L0 + L1 |gradient(x)|`` for every x.
    """

    name: str
    dim: int
    value_kernel: Callable[..., Any]
    hvp_kernel: Callable[..., Any]
    start: Array
    par: Array = field(default_factory=lambda: NOTHING)
    data: Array = field(default_factory=lambda: NO_DATA)
    samples: int = 0
    smoothness: Known | None = None
    sample_smoothness: Known | None = None
    f_star: Known | None = None
    x_star: Array | None = None
    convex: bool = False
    strong_convexity: Known | None = None
    offsets: Array | None = None
    l0_l1: tuple[float, float] | None = None
    notes: str = ""
    #: what the registered factory was given; ``PROBLEMS[name](**parameters.as_dict())`` builds the problem again
    parameters: Parameters = field(default_factory=Parameters)

    def value_and_gradient(self, x: Any, rows: Any = None) -> tuple[Any, Array]:
        """``F(x)`` of shape ``(...)`` and the gradient of shape ``(..., D)``, for ``x`` of shape ``(..., D)``.

        ``rows``: indices of a minibatch (finite sums only); default all.  Raises ``ValueError`` for a wrong shape or dtype.
        """
        points = vector("x", x, self.dim)
        z = self._rows(rows)
        flat = np.require(points, requirements=["C", "W"]).reshape(-1, self.dim)  # the compiled signature refuses read-only arrays
        gradients = np.empty_like(flat)
        kernel, data, par = self._reading(self.value_kernel, VALUE, flat)
        values = np.empty(len(flat), dtype=flat.dtype)
        with np.errstate(all="ignore"):
            for i, point in enumerate(flat):
                values[i] = kernel(0, self.dim, point, z, data, par, gradients[i])
        return values.reshape(points.shape[:-1])[()], gradients.reshape(points.shape)

    def value(self, x: Any, rows: Any = None) -> Any:
        """``F(x)``, shape ``(...)`` for ``x`` of shape ``(..., D)``."""
        return self.value_and_gradient(x, rows)[0]

    def gradient(self, x: Any, rows: Any = None) -> Array:
        """Gradient, shape ``(..., D)``."""
        return self.value_and_gradient(x, rows)[1]

    def hvp(self, x: Any, v: Any, rows: Any = None) -> Array:
        """Hessian at ``x`` times ``v``, both of shape ``(..., D)``."""
        points, directions = vector("x", x, self.dim), vector("v", v, self.dim)
        try:
            shape = np.broadcast_shapes(points.shape, directions.shape)
        except ValueError:
            raise ValueError(f"x and v must have shapes that broadcast, got {points.shape} and {directions.shape}") from None
        if points.shape != directions.shape:
            points, directions = np.broadcast_to(points, shape), np.broadcast_to(directions, shape)
        flat = np.require(points, requirements=["C", "W"]).reshape(-1, self.dim)
        along = np.require(directions, requirements=["C", "W"]).reshape(-1, self.dim)
        z, out = self._rows(rows), np.empty_like(flat)
        kernel, data, par = self._reading(self.hvp_kernel, HVP, flat)
        with np.errstate(all="ignore"):
            for point, direction, row in zip(flat, along, out, strict=True):
                kernel(0, self.dim, point, direction, z, data, par, row)
        return out.reshape(points.shape)

    def _reading(self, kernel: Callable[..., Any], signature: str, points: Array) -> tuple[Callable[..., Any], Array, Array]:
        """A kernel and what it reads: compiled, or over balls where the points are balls."""
        if points.dtype != object:
            return compiled(kernel, signature), self.data, self.par
        return over_balls(kernel), lifted(self.data), lifted(self.par)

    def _rows(self, rows: Any) -> Array:
        if rows is None:
            return NOTHING
        if not self.samples:
            raise ValueError(f"{self.name} is not a finite sum: it takes no rows")
        indices = vector("rows", np.atleast_1d(as_array("rows", rows))).reshape(-1)
        if indices.size == 0 or np.any((indices < 0) | (indices >= self.samples) | (indices != np.floor(indices))):
            raise ValueError(f"rows must be indices in [0, {self.samples}), got {shown(rows)}")
        return indices


def given(parameters: Parameters) -> str:
    """Parameters for a message: ``name = value, ...``."""
    return ", ".join(f"{name} = {shown(value)}" for name, value in parameters.as_dict().items())


#: name -> factory of problems; a factory takes keyword parameters and returns a :class:`Problem`
PROBLEMS: Registry[Callable[..., Problem]] = Registry("problem")


def family(name: str, declared: type[Parameters]) -> Callable[[Callable[[Any], Problem]], Callable[..., Problem]]:
    """Decorator: register ``make(parameters) -> Problem`` under ``name`` as a factory that takes keywords and validates them.

    ``declared`` is the class of the parameters; the factory carries it as its attribute ``parameters``.
    """

    def add(make: Callable[[Any], Problem]) -> Callable[..., Problem]:
        @wraps(make, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def factory(**values: Any) -> Problem:
            checked = declared.build(name, values)
            try:
                with np.errstate(all="ignore"):
                    problem = replace(make(checked), parameters=checked)
            except (OverflowError, ZeroDivisionError, MemoryError, ValueError) as fault:
                # NumPy's way of saying that an array is too large for any machine
                if type(fault) is ValueError and not str(fault).startswith("Maximum allowed"):
                    raise
                raise ValueError(f"{name} cannot be made with {given(checked)}: {fault or 'out of memory'}") from None
            if not all(np.all(np.isfinite(array)) for array in (problem.start, problem.data, problem.par)):
                raise ValueError(f"{name} cannot be made with {given(checked)}: its numbers are not finite")
            return problem

        vars(factory)["parameters"] = declared
        return PROBLEMS.register(name)(factory)

    return add
