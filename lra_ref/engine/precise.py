"""The engine over balls: the very loop and kernels of :mod:`lra_ref.engine.run`, read over certified numbers of high precision.

Used by ``run`` and ``reference_run`` inside ``with lra_ref.readings.precise(bits)``; nothing else changes for the caller, but that
records and states are object arrays of :class:`lra_ref.readings.Ball`. Noise is drawn as the float64 numbers that it is and taken exactly.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.engine.loop import advance
from lra_ref.oracles.philox import uniform
from lra_ref.parts import DIRECTIONS, RATES, WHOLES, Seen
from lra_ref.readings import over_balls
from lra_ref.typing import Array

if TYPE_CHECKING:
    from lra_ref.engine.reference import Observer, ReferenceRun
    from lra_ref.methods.base import Method
    from lra_ref.oracles.base import Oracle

_watching: contextvars.ContextVar[list[tuple[Array, ...]] | None] = contextvars.ContextVar("watching", default=None)


def machinery(
    kernels: list[Callable[..., Any]], move: Callable[..., Any]
) -> tuple[list[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
    """Kernels and loop over balls; the first kernel, the draw of the noise, and the uniform numbers stay in float64.

    ``move`` is the one among them that moves the point, which :func:`watching` observes.
    """
    draw, draws, *others = kernels
    made = [drawing(draw), draws, *(watched(over_balls(kernel)) if kernel is move else over_balls(kernel) for kernel in others)]
    return made, over_balls(advance, {uniform: uniform})


def drawing(draw: Callable[..., Any]) -> Callable[..., Any]:
    """The draw into a float64 array, whose numbers are then handed on as they are."""

    def into(seed: Any, trajectory: Any, step: Any, stream: Any, par: Any, z: Any) -> None:
        numbers = np.array([float(value) for value in z], dtype=np.float64)
        parameters = np.array([float(value) for value in par], dtype=np.float64)
        draw(seed, trajectory, step, stream, parameters, numbers)
        z[:] = numbers

    return into


@contextmanager
def watching() -> Iterator[list[tuple[Array, ...]]]:
    """Within it the vectors x, g, d, q of every block are kept before every move, in the order of the moves."""
    kept: list[tuple[Array, ...]] = []
    token = _watching.set(kept)
    try:
        yield kept
    finally:
        _watching.reset(token)


def watched(move: Callable[..., Any]) -> Callable[..., Any]:
    """The move, which tells the present watcher what it sees."""
    kept = _watching.get()

    def kernel(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
        if kept is not None:
            kept.append((x[lo:hi].copy(), g[lo:hi].copy(), d[at : at + hi - lo].copy(), q[:, lo:hi].copy()))
        move(seg, lo, hi, at, x, g, d, q, vec, coef, out)

    return kernel


def reference(
    method: Method, oracle: Oracle, steps: int, trajectories: int, seed: int, first: int, x0: Any, offsets: Any, observe: Observer | None
) -> ReferenceRun:
    """What :func:`lra_ref.engine.reference.reference_run` answers, from the loop over balls run one step further.

    Raises ``ArithmeticError`` where a trajectory stops, for nothing is certain of its vectors then; the states of the parts are not kept.
    Raises ``TypeError`` for a part that is not registered: it may differ from its kernels, which are those of a class above it.
    """
    from lra_ref.engine.reference import ReferenceRun, StepInfo, StepState
    from lra_ref.engine.run import run

    registered = [known[name] for known in (DIRECTIONS, RATES, WHOLES) for name in known]
    for part in (method.direction, method.rate):
        if type(part) not in registered:
            raise TypeError(f"{type(part).__name__} is no registered part: only its reference is known, which computes in float64")
    with watching() as kept:
        made = run(
            method, oracle, steps=steps + 1, trajectories=trajectories, seed=seed, first=first, x0=x0, offsets=offsets,
        )  # fmt: skip
    if np.any(made.state.status):
        raise ArithmeticError("a trajectory stopped")
    chunks = len(kept) // (trajectories * (steps + 1))

    def at(t: int, k: int) -> Array:
        """Vector number k of step t, (trajectories, ..., D)."""
        rows = []
        for i in range(trajectories):
            begin = (i * (steps + 1) + t) * chunks
            rows.append(np.concatenate([entry[k] for entry in kept[begin : begin + chunks]], axis=-1))
        return np.stack(rows)

    records = {name: column[:, : steps + 1] for name, column in made.records.items()}
    for t in range(steps + 1) if observe is not None else ():
        x, g, d, q = (at(t, k) for k in range(4))
        points = tuple(q[:, j] for j in range(q.shape[1])) if t > 0 else ()
        f = records["sample_loss"][:, t : t + 1]
        seen = Seen(t=t, x=x, g=g, f=f, offsets=made.offsets, q=points)
        assert observe is not None
        observe(t, x, seen, StepInfo(d, records["rate"][:, t : t + 1], {}, np.zeros(trajectories), 0))
    state = StepState({}, {})
    return ReferenceRun(np.arange(steps + 1), records, at(steps, 0), state, made.state.status.copy())
