"""How many words per element a step on a long vector must move between memory and the processor.

The step of :class:`~lra_ref.engine.inplace.InPlace` goes over the vector in passes (finite, gather, terms, move); within a pass a chunk is
read from memory once, whatever the kernels do with it, and between passes nothing stays in the caches.  So the words are counted by
running the kernels, as plain Python, on vectors that write down which rows are read before they are written, and which are written:

``moved``    all of them, with the look at the whole gradient (``check=True``) where that is a pass of its own, and the copies of the
             answers where the rate has more than one point
``fewest``   without those two, and only reads that matter: a row whose numbers can be exchanged without any effect on what
             the pass writes or sums (x where the weight decay is 0) need not be read

A vector that is only written counts once, although the processor reads its cache lines first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lra_ref.engine.inplace import InPlace
from lra_ref.engine.vector_step import Lazy, Stages, specialised
from lra_ref.engine.vector_whole import whole_step
from lra_ref.methods import Method
from lra_ref.typing import Array

#: elements of the vectors on which it is counted, and steps before: the first ones are special
SIZE, BEFORE = 40, 3


@dataclass(frozen=True)
class Streams:
    """What one pass moves: rows only read, rows read and written, rows only written."""

    read: int = 0
    updated: int = 0
    written: int = 0

    @property
    def words(self) -> int:
        """Words per element."""
        return self.read + 2 * self.updated + self.written


@dataclass(frozen=True)
class Words:
    """Words per element of a method, and the streams of its passes that the fewest words are made of."""

    fewest: int
    moved: int
    passes: tuple[Streams, ...]


class Watched:
    """A vector or the rows of a matrix that writes down which rows are read first and which are written."""

    def __init__(self, array: Array, name: str, log: dict[str, set[str]]) -> None:
        self.array, self.name, self.log = array, name, log

    @property
    def size(self) -> int:
        """As of the array."""
        return int(self.array.size)

    @property
    def itemsize(self) -> int:
        """As of the array."""
        return int(self.array.itemsize)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array."""
        return self.array.shape

    def _row(self, index: Any) -> str:
        return f"{self.name}[{index[0]}]" if isinstance(index, tuple) else self.name

    def __getitem__(self, index: Any) -> Any:
        value = self.array[index]
        if isinstance(value, np.ndarray):
            return Watched(value, self._row(index), self.log)
        row = self._row(index)
        if row not in self.log["written"]:
            self.log["read"].add(row)
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        self.log["written"].add(self._row(index))
        self.array[index] = value


class Stagewise(InPlace):
    """A step that can be taken pass by pass."""

    def stage_by_stage(self, check: bool, loss: float, uniform: float, g: Any, q: Any) -> int:
        """One step with loss, uniform number, gradient and answers: the whole step as plain Python, its passes through :meth:`over`."""
        made, d = self._stages, self.direction_vector()
        self._f[0], self._f[-1] = loss, uniform
        passes = {"finite_pass": made.finite, "gather_pass": made.gather, "terms_pass": made.terms, "move_pass": made.move}
        scalars = {"opening": made.opening, "settling": made.settling, "deciding": made.deciding, "collect": made.collect}
        switches = {"GATHERED": made.gathered, "SUMMED": made.summed, "LATE": made.late, "STORED": made.stored, "LOOKS": made.looks}
        names = {name: self._watching(one) for name, one in passes.items()} | scalars | switches | {"TEAM": False}
        step = specialised(whole_step, names, {})
        halves, sums = (*self._direction, *self._rate), (self._parts, self._sums, self._played, self._board)
        status: int = step(
            check, self.t, self._f, self._chunks, self.x, g, d, q, *halves, self._late, self._lanes.ctypes.data, *sums
        )  # fmt: skip
        return status

    def _watching(self, one: Any) -> Any:
        return lambda *arguments: self.over(partial(one, *arguments))

    def direction_vector(self) -> Any:
        """Where the direction goes."""
        return self._d

    def over(self, work: Callable[[], None]) -> None:
        """One pass over the vector."""
        work()


class Counting(Stagewise):
    """A step whose kernels run as plain Python on watched vectors."""

    def __init__(self, method: Method) -> None:
        self._rng = np.random.default_rng(0)
        super().__init__(method, self._rng.normal(size=SIZE), check=True)
        self.looks = self._stages.looks
        lazy = {name: stage._wanted[0] for name, stage in self._stages._asdict().items() if isinstance(stage, Lazy)}
        self._stages = Stages(**{**self._stages._asdict(), **lazy})
        self._log: dict[str, set[str]] = {"read": set(), "written": set()}
        self.arrays = {"x": self.x, "g": self._rng.normal(size=SIZE), "d": self._d, "q": self._none}
        self.arrays |= {"direction": self._direction[0], "rate": self._rate[0]}
        self.passes: list[tuple[Streams, Streams]] = []

    def watched(self, name: str) -> Any:
        """One of ``arrays``, watched."""
        return Watched(self.arrays[name], name, self._log)

    def count(self) -> list[tuple[Streams, Streams]]:
        """``(all streams, those that matter)`` of every pass of one step."""
        self.x, self._direction[0], self._rate[0] = self.watched("x"), self.watched("direction"), self.watched("rate")
        gradient, points = self.watched("g"), self.watched("q")
        with np.errstate(all="ignore"):
            for _ in range(BEFORE + 1):
                self.passes = []
                for name in ("g", "q"):
                    self.arrays[name][...] = self._rng.normal(size=self.arrays[name].shape)
                self._f[1:-1] = self._rng.uniform(1, 2, self._f.size - 2)
                loss, uniform = self._rng.uniform(1, 2, 2)
                status = self.stage_by_stage(True, loss, uniform, gradient, points)
                if status:
                    raise RuntimeError(f"{self.method.name} stopped with status {status} while its words were counted")
                self.t += 1
        return self.passes

    def direction_vector(self) -> Any:
        """Watched where it is a vector of its own."""
        return self.watched("d") if self._stages.stored else self._d

    def over(self, work: Callable[[], None]) -> None:
        """One pass, watched, and again with every row that it reads exchanged."""
        before = {name: array.copy() for name, array in self.arrays.items()}

        def result(change: str | None = None) -> list[Array]:
            for name, array in before.items():
                self.arrays[name][...] = array
            if change is not None:
                row = self._rows(change)
                row[...] = 1.7 * row + self._rng.normal(size=row.shape)
            self._log["read"], self._log["written"] = set(), set()
            self._parts[...] = 0
            work()
            return [self._parts.copy(), *(self._rows(name).copy() for name in sorted(self._log["written"]))]

        plain = result()
        read, written = set(self._log["read"]), set(self._log["written"])
        needed = {row for row in read if not _same(plain, result(row))}
        result()
        self.passes.append((_streams(read, written), _streams(needed, written)))

    def _rows(self, name: str) -> Array:
        base, _, row = name.partition("[")
        array: Array = self.arrays[base]
        return array[int(row[:-1])] if row else array


def _same(one: list[Array], two: list[Array]) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, two, strict=True))


def _streams(read: Iterable[str], written: Iterable[str]) -> Streams:
    both = set(read) & set(written)
    return Streams(len(set(read) - both), len(both), len(set(written) - both))


def words(method: Method) -> Words:
    """Words per element of one step; ``ValueError`` for a method that :class:`InPlace` refuses."""
    step = Counting(method)
    every = step.count()
    # a pass that only looks for what is not finite comes first, and the method itself does not need it
    own = every if step.looks else every[1:]
    needed = tuple(fewest for _, fewest in own if fewest.words)
    points = len(step.method.rate.points)
    copies = 2 * points if points > 1 else 0
    return Words(sum(p.words for p in needed), sum(p.words for p, _ in every) + copies, needed)
