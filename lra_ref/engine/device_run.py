"""Batches of trajectories on a GPU: :func:`device_run` has the face of :func:`lra_ref.engine.run.run` and its results.

One thread per trajectory runs the loop of the CPU, translated; the same key gives the same noise. Where the kernels call no function of the
mathematical library (``Run.settings["library"]`` is empty) records, points and states are bit for bit those of the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lra_ref.backends.cuda.batches import THREADS, batch_source, flattened, room_for
from lra_ref.checks import whole
from lra_ref.engine.loop import FIELDS, SAMPLES, advance
from lra_ref.engine.run import Run, Trajectories, _kernels, make_plan, run
from lra_ref.methods import Method
from lra_ref.oracles import Oracle
from lra_ref.problems import Problem

#: most scratch memory of one launch, in bytes: a larger batch takes several launches
SCRATCH = 2**31
#: fewest numbers of scratch memory of a trajectory
LEAST = 2**14
#: arrays of the state in the order of the loop
CARRIED = ("x", "d_vec", "d_scal", "r_vec", "r_scal", "late", "counts", "status")


def device_run(
    method: Method | Sequence[Method],
    oracle: Oracle | Problem,
    *,
    steps: int,
    trajectories: int | None = None,
    seed: int = 0,
    first: int = 0,
    x0: Any = None,
    every: int = 1,
    offsets: Any = None,
    device: Any = None,
) -> Run:
    """:func:`lra_ref.engine.run.run` on a device; arguments and errors as there.

    ``device``: default the first GPU, through CuPy (``ImportError`` or ``NoDevice`` in one line without); ``HostDevice()`` shows on the CPU
    what the generated code computes.
    """
    opened = _opened(device)
    start = run(
        method, oracle, steps=0, trajectories=trajectories, seed=seed, first=first, x0=x0, every=every, offsets=offsets,
    )  # fmt: skip
    return device_resume(start, steps, device=opened)


def device_resume(start: Run, steps: int, *, device: Any = None) -> Run:
    """Go on with a run on a device for ``steps`` more steps: bit for bit ``start.resume(steps)`` under the same condition."""
    device, count, every = _opened(device), whole("steps", steps), start.every
    distinct = {id(m): m.bound(start.offsets) for m in {id(m): m for m in start.methods}.values()}
    methods = [distinct[id(m)] for m in start.methods]
    method, oracle, state = methods[0], start.oracle, start.state.copy()
    t0, t1, n = state.t, state.t + count, len(methods)
    names = [*FIELDS, *method.rate.columns[1:]]
    shown = np.union1d(np.arange(-(-t0 // every) * every, t1, every), [t1])
    points = np.array([(row, SAMPLES[sample]) for row, sample in method.rate.points], dtype=np.int64).reshape(-1, 2)
    kernels = tuple(kernel for kernel, _ in _kernels(method, oracle))
    source, library = batch_source(advance, kernels, room_for(oracle.problem.dim))
    numbers = [
        np.array(make_plan(method, oracle), dtype=np.int64), points, start.offsets, oracle.problem.data, oracle.problem.par, oracle.par,
        np.full(n, start.seed, dtype=np.uint64), start.labels, *(np.array([[*m.hyper(), 0.0] for m in part]) for part in parts_of(methods)),
        *(getattr(state, name) for name in CARRIED), np.full((n, len(shown), len(names)), np.nan),
    ]  # fmt: skip
    after = _launched(device, source, numbers, (t0, t1, every), first_room(method, oracle))
    for name, values in zip(CARRIED, after, strict=False):
        setattr(state, name, values)
    state.t = t1
    return _joined(start, state, shown, names, after[-1], library)


def first_room(method: Method, oracle: Oracle) -> int:
    """Numbers of scratch memory that a trajectory gets at first: more than any single array of the loop or of a kernel of the library."""
    direction, rate, problem = method.direction, method.rate, oracle.problem
    rows = 8 + direction.sums + rate.sums + len(rate.late) + len(direction.vectors) + len(rate.vectors) + len(rate.points)
    return max(
        LEAST, 2 * rows * (problem.dim + room_for(problem.dim)) + 4 * (problem.samples + oracle.sample_size + sum(problem.data.shape))
    )


def parts_of(methods: list[Method]) -> tuple[list[Any], list[Any]]:
    """Directions and rates of the methods."""
    return [m.direction for m in methods], [m.rate for m in methods]


def _opened(device: Any) -> Any:
    if device is not None:
        return device
    from lra_ref.backends.gpu import device as first_gpu

    return first_gpu()


def _launched(device: Any, source: str, numbers: list[Any], span: tuple[int, int, int], room: int) -> list[Any]:
    """State and records after the launches; with too little scratch memory all is done again with twice as much."""
    module, n = device.module(source), len(numbers[6])
    while True:
        arrays = [device.put(np.ascontiguousarray(array)) for array in numbers]
        many = max(1, min(n, SCRATCH // (8 * room)))
        scratch, too_short = device.zeros(many * room, np.float64), device.zeros(1, np.int64)
        for begin in range(0, n, many):
            end = min(begin + many, n)
            values = [*arrays[:6], begin, end, *span, *arrays[6:]]
            blocks = -(-(end - begin) // THREADS)
            module.launch("trajectories", blocks, THREADS, (scratch, room, too_short, *flattened(values)))
        if not device.get(too_short)[0]:
            return [device.get(array) for array in arrays[10:]]
        room *= 2


def _joined(start: Run, state: Trajectories, shown: Any, names: list[str], records: Any, library: tuple[str, ...]) -> Run:
    """The records of the run so far and of the device, as :meth:`lra_ref.engine.run.Run.resume` joins them."""
    columns = {name: np.ascontiguousarray(records[:, :, k]) for k, name in enumerate(names)}
    stopped = np.isnan(columns.pop("step"))
    columns["status"] = np.where(stopped, state.status[:, None], columns["status"]).astype(np.int64)
    kept = start.steps < start.state.t
    joined = {name: np.concatenate([start.records[name][:, kept], columns[name]], axis=1) for name in columns}
    steps = np.concatenate([start.steps[kept], shown])
    settings = {**start.settings, "library": library}
    return Run(start.methods, start.oracle, start.seed, start.labels, start.offsets, start.every, steps, joined, state, settings)
