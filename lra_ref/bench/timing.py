"""Times of competing calls, taken in alternating blocks.

Machines are shared and drift, so a single time means little.  Contestants take turns in blocks of many calls (single calls would pay
for the other's caches and spinning threads), and ratios are taken within a turn and only then summarised: the median over the turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: a block that its contestant could not finish is tried again so often
ATTEMPTS = 4
#: the most calls of one block
MOST = 1_000_000


def nothing() -> None:
    """Do nothing."""


def always() -> bool:
    """True."""
    return True


@dataclass(frozen=True)
class Contestant:
    """A call to be timed.

    ``prepare`` runs before every block, untimed.  ``sound`` is asked after it: False says that the calls did not do their work (a method
    that stopped returns at once), and the block is repeated.  ``work`` is the number of units done by one call: times are per unit.
    """

    call: Callable[[], object]
    prepare: Callable[[], None] = nothing
    sound: Callable[[], bool] = always
    work: float = 1.0


@dataclass(frozen=True)
class Times:
    """Seconds per unit of work, one per turn."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the turns."""
        return statistics.median(self.samples)

    @property
    def best(self) -> float:
        """The least."""
        return min(self.samples)

    def over(self, other: Times) -> float:
        """Median of the ratios ``other / self`` of the same turn: how many times faster this one is."""
        return statistics.median(b / a for a, b in zip(self.samples, other.samples, strict=True))

    def best_over(self, other: Times) -> float:
        """Ratio of the least times."""
        return other.best / self.best


@dataclass(frozen=True)
class Effort:
    """How much to measure: ``turns`` blocks of at least ``seconds`` each, after ``warmup`` calls."""

    turns: int = 7
    seconds: float = 0.1
    warmup: int = 2

    def __post_init__(self) -> None:
        if self.turns < 1 or self.warmup < 1 or not self.seconds > 0:
            raise ValueError(f"an effort needs turns >= 1, warmup >= 1 and seconds > 0, got {self}")


def alternate(contestants: Mapping[str, Contestant], effort: Effort, clock: Callable[[], float] = time.perf_counter) -> dict[str, Times]:
    """Seconds per unit of every contestant, from ``effort.turns`` turns in which each has one block.

    Raises ``RuntimeError`` if a contestant stops doing its work again and again.
    """
    counts = {name: _calls(c, effort, clock) for name, c in contestants.items()}
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(effort.turns):
        # every other turn backwards, so that nobody always comes after the same one
        order = names if turn % 2 == 0 else names[::-1]
        for name in order:
            samples[name].append(_block(name, contestants[name], counts[name], clock) / contestants[name].work)
    return {name: Times(tuple(values)) for name, values in samples.items()}


def _calls(contestant: Contestant, effort: Effort, clock: Callable[[], float]) -> int:
    """Calls that fill a block, from a warm-up that doubles until it fills one."""
    contestant.prepare()
    for _ in range(effort.warmup):
        contestant.call()
    count = 1
    while count < MOST:
        contestant.prepare()
        seconds = _timed(contestant.call, count, clock)
        if seconds >= effort.seconds / 2:
            return max(1, min(MOST, round(count * effort.seconds / seconds)))
        count *= 2
    return MOST


def _block(name: str, contestant: Contestant, count: int, clock: Callable[[], float]) -> float:
    """Seconds per call of one sound block."""
    for _ in range(ATTEMPTS):
        contestant.prepare()
        seconds = _timed(contestant.call, count, clock)
        if contestant.sound():
            return seconds / count
        # it stopped within the block: a shorter one is over sooner
        count = max(1, count // 2)
    raise RuntimeError(f"{name} did not do its work in {ATTEMPTS} blocks")


def _timed(call: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(count):
        call()
    return clock() - start
