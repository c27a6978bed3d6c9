"""Entries of a point: the values that they may take, as coordinates in the unit interval, and simpler values of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from lra_ref.checks import real, whole
from lra_ref.parameters import shown
from lra_ref.typing import Floats

#: share of the unit interval that maps to an end of ``Reals``, and to zero in its middle: extreme sequences are built from these
SNAP = 0.15
#: significant digits that shrinking tries
DIGITS = (1, 2, 3, 4, 6)
N = TypeVar("N", int, float)


class Dimension(Protocol):
    """One entry of a point: ``count`` coordinates in [0, 1] and the value that they stand for."""

    @property
    def count(self) -> int:
        """Coordinates used at most."""

    def value(self, unit: Floats, point: Mapping[str, Any]) -> Any:
        """The value; ``point`` holds the entries decided before."""

    def simpler(self, value: Any) -> Iterator[Any]:
        """Simpler values of the dimension than this one, the simplest first."""


def _between(low: float, high: float, log: bool, unit: float) -> float:
    if not log:
        return low + (high - low) * unit
    return float(min(max(low * (high / low) ** unit, low), high))


class _Single:
    """A dimension of one coordinate."""

    @property
    def count(self) -> int:
        """One coordinate."""
        return 1


@dataclass(frozen=True)
class _Range(_Single, Generic[N]):
    """low, high, and whether the scale is logarithmic."""

    low: N
    high: N
    log: bool = False

    def __post_init__(self) -> None:
        _ordered(self.low, self.high, self.log)


class Real(_Range[float]):
    """A number in [low, high]; ``log``: uniform in its logarithm, low > 0."""

    def value(self, unit: Floats, point: Mapping[str, Any]) -> float:
        """The number."""
        return float(_between(self.low, self.high, self.log, float(unit[0])))

    def simpler(self, value: Any) -> Iterator[float]:
        """Zero, one and short decimals."""
        yield from _rounder(value, self.low, self.high)


class Integer(_Range[int]):
    """A whole number in [low, high]; ``log``: uniform in its logarithm, low > 0."""

    def value(self, unit: Floats, point: Mapping[str, Any]) -> int:
        """The number; every one of the range has its share of the unit interval."""
        span = _between(self.low, self.high + 1, self.log, float(unit[0]))
        return min(max(math.floor(span), self.low), self.high)

    def simpler(self, value: Any) -> Iterator[int]:
        """Smaller ones."""
        yield from (number for number in sorted({self.low, 1, 2, value // 4, value // 2, value - 1}) if self.low <= number < value)


@dataclass(frozen=True)
class OneOf(_Single):
    """One of a few values of plain data."""

    values: Sequence[Any]

    def __post_init__(self) -> None:
        if not isinstance(self.values, Sequence) or not self.values:
            raise ValueError(f"OneOf needs at least one value, in a list, got {shown(self.values)}")

    def value(self, unit: Floats, point: Mapping[str, Any]) -> Any:
        """The value."""
        return self.values[min(int(unit[0] * len(self.values)), len(self.values) - 1)]

    def simpler(self, value: Any) -> Iterator[Any]:
        """Those named before."""
        yield from self.values[: list(self.values).index(value)]


@dataclass(frozen=True)
class Reals:
    """A list of numbers in [low, high], of a fixed size or as many as an ``Integer`` of the same space says (its name, at most ``most``).

    The ends, and 0 where it lies inside, are taken with positive probability: the worst sequences are often made of them.
    """

    low: float
    high: float
    size: int | str
    most: int = 0
    log: bool = False

    def __post_init__(self) -> None:
        _ordered(self.low, self.high, self.log)
        whole("most", self.most)
        if isinstance(self.size, str) and self.most < 1:
            raise ValueError(f"most must be >= 1 for a list as long as {self.size!r}, got {self.most}")
        if not isinstance(self.size, str):
            whole("size", self.size)

    @property
    def count(self) -> int:
        """One coordinate per entry of the longest list."""
        return self.most if isinstance(self.size, str) else self.size

    def value(self, unit: Floats, point: Mapping[str, Any]) -> list[float]:
        """The list."""
        size = int(point[self.size]) if isinstance(self.size, str) else self.size
        return [self._entry(float(u)) for u in unit[:size]]

    def _entry(self, unit: float) -> float:
        if unit <= SNAP:
            return float(self.low)
        if unit >= 1 - SNAP:
            return float(self.high)
        if not self.log and self.low < 0 < self.high and abs(unit - 0.5) < SNAP / 2:
            return 0.0
        return float(_between(self.low, self.high, self.log, (unit - SNAP) / (1 - 2 * SNAP)))

    def simpler(self, value: Any) -> Iterator[list[float]]:
        """Runs of zeros, then one entry after the other rounded."""
        if self.low <= 0 <= self.high:
            for size in halves(len(value)):
                for begin in range(0, len(value), size):
                    if any(value[begin : begin + size]):
                        yield [*value[:begin], *([0.0] * len(value[begin : begin + size])), *value[begin + size :]]
        for k, entry in enumerate(value):
            for rounder in _rounder(entry, self.low, self.high):
                yield [*value[:k], rounder, *value[k + 1 :]]


def halves(length: int) -> list[int]:
    """length, length/2, ..., 1."""
    sizes = []
    while length >= 1:
        sizes.append(length)
        length //= 2
    return sizes


def _rounder(value: float, low: float, high: float) -> Iterator[float]:
    if value in (0.0, 1.0, -1.0) or not math.isfinite(value):
        return
    for rounder in (0.0, math.copysign(1.0, value), *(float(f"{value:.{digits}g}") for digits in DIGITS)):
        if low <= rounder <= high and complexity(rounder) < complexity(value):
            yield rounder


def complexity(value: float) -> int:
    """Number of significant digits that the number needs."""
    digits = f"{value!r}".lower().split("e")[0].replace(".", "").replace("-", "").strip("0")
    return len(digits) if value else 0


def _ordered(low: float, high: float, log: bool) -> None:
    for name, value in (("low", low), ("high", high)):
        if not np.isfinite(real(name, value)):
            raise ValueError(f"{name} must be finite, got {shown(value)}")
    if not low <= high:
        raise ValueError(f"low must be at most high, got {shown(low)} and {shown(high)}")
    if log and not low > 0:
        raise ValueError(f"low must be > 0 on a logarithmic scale, got {low!r}")
