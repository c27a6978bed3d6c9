"""What every kind of statement shares: verdicts, judgements, and the allowance for rounding.

A claim's function returns *both sides* of its statement as one of the classes of this package. Arrays always have the seeds on
their first axis and, where there are any, the prefixes (the number of steps after which the statement is read) on their second.
"""

from __future__ import annotations

import abc
import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

import numpy as np

from lra_ref.checks import as_array
from lra_ref.checks import real as real_number
from lra_ref.readings import bits
from lra_ref.typing import Array, Floats

#: machine precision of float64: the distance from 1 to the next number
MACHEPS = float(np.finfo(np.float64).eps)
#: what an operation may lose, whatever its size, where its result falls below the normal numbers
UNDERFLOW = float(np.finfo(np.float64).smallest_subnormal)


class Verdict(StrEnum):
    """The answers of a check. ``FAILED`` means that the check itself raised."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    UNDECIDED = "UNDECIDED"
    NOT_APPLICABLE = "NOT APPLICABLE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Estimate:
    """A number estimated from seeds: its value, its confidence limits and what the statement says it is."""

    name: str
    value: float
    low: float
    high: float
    expected: float


@dataclass(frozen=True)
class Judgement:
    """The outcome of one look at both sides.

    ``lhs`` and ``rhs`` are the sides where the statement is closest to failing, ``where`` the index of that place (seed first),
    ``margin`` how far it is from failing in units that compare the cases of one claim (negative: failed), ``finite`` whether
    every number was finite: if not, the verdict is never HOLDS.
    """

    verdict: Verdict
    lhs: float
    rhs: float
    tightness: float | None = None
    margin: float = 0.0
    where: tuple[int, ...] | None = None
    estimates: tuple[Estimate, ...] = ()
    notes: tuple[str, ...] = ()
    finite: bool = True


class Sides(abc.ABC):
    """Both sides of a statement, judged by the rule of its kind."""

    #: the kind of statement as written in a claim and in the reports
    kind: ClassVar[str]
    #: True where the verdict is statistical, so that more seeds can settle it
    sampled: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def seeds(self) -> int | None:
        """Number of seeds on the first axis; None where the kind has no seeds."""

    @abc.abstractmethod
    def judge(self, alpha: float) -> Judgement:
        """The verdict; a wrong HOLDS and a wrong VIOLATED have probability at most ``alpha`` each (0 if not sampled)."""

    @abc.abstractmethod
    def series(self) -> dict[str, Any]:
        """What the report plots, as plain lists."""

    def merged(self, more: Self) -> Self:
        """The same sides with the seeds of ``more`` added."""
        raise TypeError(f"the kind {self.kind!r} does not grow with seeds")


def real(name: str, value: Any) -> Floats:
    """``value`` as a float64 array; complex, text and object arrays are refused, but for the balls of a certified computation."""
    array = as_array(name, value)
    if array.dtype == object and bits() is not None:
        return array
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):  # a long double may be an infinity as a float
        return np.asarray(array, dtype=np.float64)


def fixed(owner: Any, *names: str, least: float | None = None) -> None:
    """Replace fields of a frozen dataclass by floats; what is no number, or less than ``least``, is refused by name."""
    for name in names:
        number = real_number(name, getattr(owner, name))
        if least is not None and not number >= least:
            raise ValueError(f"{name} must be >= {least:g}, got {number!r}")
        object.__setattr__(owner, name, number)


def together(arrays: dict[str, Any]) -> dict[str, Floats]:
    """The arrays brought to one shape ``(seeds, ...)``; an empty one is refused, for it would hold vacuously."""
    values = {name: real(name, value) for name, value in arrays.items()}
    try:
        shape = np.broadcast_shapes(*(value.shape for value in values.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {value.shape}" for name, value in values.items())
        raise ValueError(f"both sides must have shapes that broadcast, got {shapes}") from None
    if not shape:
        raise ValueError("both sides are scalars; the first axis must be the seeds")
    if 0 in shape:
        raise ValueError(f"both sides are empty, shape {shape}: nothing was checked")
    return {name: np.broadcast_to(value, shape) for name, value in values.items()}


def seeds_first(owner: str, name: str, array: Floats, ndim: int) -> None:
    """Refuse an array that is not (seeds, ...) with ``ndim`` axes."""
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{owner}: {name} must have {ndim} axes, the first one the seeds, got shape {array.shape}")


def labels(at: Any, count: int) -> Floats:
    """Abscissae of the prefixes: ``at`` or 1, 2, ..., count."""
    if at is None:
        return np.arange(1.0, count + 1.0)
    values = real("at", at)
    if values.shape != (count,):
        raise ValueError(f"at must name the {count} prefixes, got shape {values.shape}")
    return values


def ratio(lhs: Any, rhs: Any) -> Array:
    """lhs / rhs with 0/0 = 0 and x/0 = inf, for numbers >= 0."""
    lhs, rhs = np.broadcast_arrays(np.asarray(lhs, dtype=float), np.asarray(rhs, dtype=float))
    safe = np.where(rhs > 0, rhs, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(rhs > 0, lhs / safe, np.where(lhs > 0, np.inf, 0.0))


def relative(value: float, allowed: float) -> float:
    """value / allowed for a margin; the sign of value times infinity if nothing is allowed."""
    return value / allowed if allowed > 0 else float(np.copysign(np.inf, value)) if value else 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Rounded:
    """Both sides of shape ``(seeds, prefixes, ...)`` and the allowance for rounding ``factor * operations * macheps * scale``.

    ``scale`` is the sum of the absolute values of ALL terms on both sides, ``operations`` the number n of rounded operations that
    reach the sides (a number or one per prefix), ``factor`` the constant c, which the claim states.
    """

    lhs: Any
    rhs: Any
    scale: Any
    operations: Any
    factor: float = 1.0
    at: Any = None
    at_name: str = "T"

    def __post_init__(self) -> None:
        fixed(self, "factor")
        if not self.factor > 0:
            raise ValueError(f"factor must be > 0, got {self.factor!r}")
        given = {name: getattr(self, name) for name in ("lhs", "rhs", "scale", "operations")}
        for name, value in together(given).items():
            object.__setattr__(self, name, value)
        for name in ("scale", "operations"):
            if getattr(self, name).dtype != object and np.any(getattr(self, name) < 0):
                raise ValueError(f"{name} must be >= 0, got {np.min(getattr(self, name)):g}")
        object.__setattr__(self, "at", labels(self.at, self.lhs.shape[1] if self.lhs.ndim > 1 else 1))

    @property
    def seeds(self) -> int | None:
        """Number of seeds on the first axis."""
        return int(self.lhs.shape[0])

    def allowance(self) -> Floats:
        """The tolerance at every place, ``factor * operations * macheps * scale``; an underflow more per operation (5e-324)."""
        with np.errstate(all="ignore"):
            return np.asarray(self.factor * self.operations * (MACHEPS * self.scale + UNDERFLOW))

    def finite(self) -> Array:
        """Where both sides and the scale are finite numbers."""
        return np.asarray(np.isfinite(self.lhs) & np.isfinite(self.rhs) & np.isfinite(self.scale))

    def allowance_note(self) -> str:
        """The largest tolerance in units of the scale, as a sentence."""
        with np.errstate(all="ignore"):
            return f"rounding allowance up to {float(np.max(self.factor * MACHEPS * self.operations)):.2g} of the scale"

    def with_rhs(self, rhs: Any) -> Self:
        """The same sides with another right-hand side."""
        return dataclasses.replace(self, rhs=rhs)

    def curves(self) -> dict[str, Any]:
        """Both sides over the prefixes: over seeds and further axes their mean, smallest and largest value."""
        shape = (self.lhs.shape[0], self.at.size, -1)
        keep = thinned(self.at.size)
        out: dict[str, Any] = {"x": self.at[keep].tolist(), "x_name": self.at_name}
        for name in ("lhs", "rhs"):
            out[name] = band(getattr(self, name).reshape(shape)[:, keep])
        return out


def thinned(count: int, most: int = 160) -> Array:
    """Indices of at most ``most`` of ``count`` prefixes, first and last included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def band(values: Floats) -> dict[str, list[float]]:
    """Mean, minimum and maximum over seeds and further axes of ``(seeds, prefixes, further)``."""
    axes = (0, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        return {
            "mean": values.mean(axis=axes).tolist(),
            "low": values.min(axis=axes).tolist(),
            "high": values.max(axis=axes).tolist(),
        }


def nonfinite_note(finite: Array) -> str:
    """Name the first place that is not finite."""
    where = tuple(int(i) for i in np.argwhere(~finite)[0])
    return f"{int(np.sum(~finite))} non-finite values, the first at (seed, prefix, ...) index {where}"
