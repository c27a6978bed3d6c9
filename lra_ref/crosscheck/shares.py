"""Running the reference on some of its blocks, or from a state that was changed: what an optimizer of ours does not do by itself.

**A tensor without gradient in a step** is *left out*: its part of the point and of the state stays as it is, and the step is that of the
method on the other tensors alone (norms, sums and counts of tensors are over those).  The number of the step goes on for all.  In the
first step, where methods set what they start from, all have one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.crosscheck.bending import bent
from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import Method
from lra_ref.typing import Array

State = dict[str, Array]
KEPT = ("direction.", "rate.")
#: of every number that a step computes: unit roundoffs that a chain of so many operations can move it by, and those of a point, which is
#: the sum of the last point and a move
CHAIN, SUM = 16.0, 2.0


def resumed(method: Method, x: Array, offsets: Array | None, state: State, t: int, seed: int) -> Optimizer:
    """An optimizer at step ``t`` with this state, whose keys are ``direction.NAME`` and ``rate.NAME``."""
    kept = {kind: {name.partition(".")[2]: v for name, v in state.items() if name.startswith(f"{kind}.")} for kind in ("direction", "rate")}

    def init(kind: str) -> Any:
        return lambda base, self, x, offsets: dict(kept[kind])

    starting = replace(method, direction=bent(method.direction, init=init("direction")), rate=bent(method.rate, init=init("rate")))
    made = Optimizer(starting, x, offsets, seed=seed)
    made.load_state_dict({**made.state_dict(), "t": t})
    return made


def state_of(optimizer: Optimizer) -> State:
    """The state of direction and rate."""
    return {name: value for name, value in optimizer.state_dict().items() if name.startswith(KEPT)}


@dataclass(eq=False)
class Share:
    """The tensors lo:hi of a vector that one optimizer moves; ``ends`` are the ends of the tensors within, ``merged``: as one block."""

    method: Method
    ends: Array
    merged: bool
    optimizer: Optimizer
    seed: int
    #: the optimizer of the step under way, if it is not that of all tensors, and its elements and tensors
    partial: tuple[Optimizer, Array, Array] | None = None
    #: the state that a twin had before the step
    known: State = field(default_factory=dict)

    @classmethod
    def made(cls, method: Method, x: Array, ends: Array, merged: bool, seed: int) -> Share:
        """At the start ``x``."""
        return cls(method, ends, merged, Optimizer(method, x, None if merged else ends, seed=seed), seed)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.ends[-1])

    def open(self, live: Array) -> None:
        """Begin a step in which only these tensors (a mask) have a gradient."""
        if live.all():
            return
        sizes, full = np.diff(self.ends), state_of(self.optimizer)
        elements, tensors = np.flatnonzero(np.repeat(live, sizes)), np.flatnonzero(live)
        ends = np.concatenate([[0], np.cumsum(sizes[live])]).astype(np.int64)
        taken = {name: self._taken(value, elements, tensors) for name, value in full.items()}
        offsets = None if self.merged else ends
        made = resumed(self.method, self.optimizer.x[elements], offsets, taken, self.optimizer.t, self.seed)
        self.partial = (made, elements, tensors)

    @property
    def active(self) -> Optimizer:
        """The optimizer of the step under way."""
        return self.optimizer if self.partial is None else self.partial[0]

    @property
    def elements(self) -> Array:
        """The elements that it moves."""
        return np.arange(self.size) if self.partial is None else self.partial[1]

    def close(self) -> None:
        """End the step: what the optimizer of some tensors found goes back into the whole."""
        if self.partial is None:
            return
        made, elements, tensors = self.partial
        x, full = self.optimizer.x, state_of(self.optimizer)
        x[elements] = made.x
        for name, value in state_of(made).items():
            full[name] = self._put(full.get(name), value, elements, tensors)
        self.optimizer, self.partial = self._resumed(x, full, made.t), None

    def jittered(self, x_before: Array, unit: float, rng: np.random.Generator) -> None:
        """Move every number that the step computed by as much as rounding can: not copies, and not whole numbers, which are exact."""
        state = self.optimizer.state_dict()
        x = state["x"]
        state["x"] = x * (1 + SUM * unit * rng.uniform(-1, 1, x.shape) * (x != x_before))
        for name in [name for name in state if name.startswith(KEPT)]:
            value = state[name]
            fresh = (value != self.known.get(name, 0.0)) & (value != np.rint(value))
            if value.shape == x_before.shape:
                fresh &= value != x_before
            state[name] = self.known[name] = value * (1 + CHAIN * unit * rng.uniform(-1, 1, value.shape) * fresh)
        self.optimizer.load_state_dict(state)

    def _resumed(self, x: Array, state: State, t: int) -> Optimizer:
        return resumed(self.method, x, None if self.merged else self.ends, state, t, self.seed)

    @property
    def blocks(self) -> int:
        """Number of blocks of the optimizer of all tensors."""
        return 1 if self.merged else len(self.ends) - 1

    def _taken(self, value: Array, elements: Array, tensors: Array) -> Array:
        """The part of a state entry: by elements, by blocks, or whole."""
        if value.shape[-1] == self.size:
            return value[..., elements]
        return value[..., tensors] if value.shape[-1] == self.blocks > 1 else value

    def _put(self, old: Array | None, value: Array, elements: Array, tensors: Array) -> Array:
        where = elements if value.shape[-1] == len(elements) else tensors
        if old is None:
            # a deviating part may begin to keep something in a step of some tensors
            if value.shape[-1] not in (len(elements), len(tensors)) or self.blocks == 1 or value.shape[-1] == 1:
                return value
            old = np.zeros(self.size if where is elements else self.blocks)
        if old.shape[-1] == self.size or old.shape[-1] == self.blocks > 1:
            made = old.copy()
            made[..., elements if old.shape[-1] == self.size else tensors] = value
            return made
        return value


def ends_of(offsets: Array, cuts: list[int]) -> list[Array]:
    """Ends of the tensors of every share, each counted from its own beginning; ``cuts``: the ends of the shares."""
    return [offsets[(offsets >= lo) & (offsets <= hi)] - lo for lo, hi in pairwise(cuts)]
