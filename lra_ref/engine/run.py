"""Runs: batches of trajectories through the compiled loop, with records, threads, checkpoints."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from lra_ref.backends.cpu import compiled
from lra_ref.checks import INT64, block_offsets, starts, whole
from lra_ref.engine.loop import ELEMENT, FIELDS, SAMPLES, SCALAR, Plan, loop, skip_element, skip_hvp, skip_scalar
from lra_ref.methods.base import Method
from lra_ref.oracles.base import DRAW, DRAWS, PERTURB, Oracle, as_oracle, draw_rows_nothing
from lra_ref.oracles.philox import LIMITS, lanes
from lra_ref.parameters import shown
from lra_ref.parts import Part
from lra_ref.problems.base import HVP, VALUE, Problem
from lra_ref.readings import bits, lifted
from lra_ref.status import Status
from lra_ref.typing import Array

#: the most trajectories: as many as there are keys for
LANES = LIMITS["trajectory"]
#: arrays of the state that hold real numbers
REAL = ("x", "d_vec", "d_scal", "r_vec", "r_scal", "late")
#: places of arguments: f, sums and scal of a scalar kernel, coef of an element kernel
STATE, COEFFICIENTS = (3, 4, 5), 9


@dataclass
class Trajectories:
    """All that is carried from step to step, for a batch: one leading axis over trajectories; ``t`` is common."""

    t: int
    x: Array
    d_vec: Array
    d_scal: Array
    r_vec: Array
    r_scal: Array
    late: Array
    counts: Array
    status: Array

    @classmethod
    def start(cls, method: Method, x: Array, offsets: Array) -> Trajectories:
        """State before step 0 at the points ``x`` (n, D), in blocks."""
        n, dim, blocks = *x.shape, len(offsets) - 1
        # what a rate carries may depend on the blocks
        method = method.bound(offsets)
        direction, rate = method.direction, method.rate
        return cls(
            t=0,
            x=x,
            d_vec=np.zeros((n, len(direction.vectors), dim)),
            d_scal=np.zeros((n, blocks, max(len(direction.scalars), 1))),
            r_vec=np.zeros((n, len(rate.vectors), dim)),
            r_scal=np.zeros((n, blocks, len(rate.columns))),
            late=np.zeros((n, blocks, len(rate.late))),
            counts=np.zeros((n, 2), dtype=np.int64),
            status=np.zeros(n, dtype=np.int64),
        )

    def copy(self) -> Trajectories:
        """Independent copy."""
        arrays = {name: value.copy() for name, value in vars(self).items() if name != "t"}
        return Trajectories(self.t, **arrays)


@dataclass
class Run:
    """What a run leaves: the records, the last state, and all that is needed to go on.

    ``records[name]`` has shape (trajectories, rows); ``steps`` the step of every row. After a trajectory has stopped its later rows hold
    nan, its ``status`` the reason.
    """

    methods: list[Method]
    oracle: Oracle
    seed: int
    labels: Array
    offsets: Array
    every: int
    steps: Array
    records: dict[str, Array]
    state: Trajectories
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def x(self) -> Array:
        """Last points, (trajectories, D); the last finite ones where a trajectory stopped."""
        return self.state.x

    @property
    def answer(self) -> Array:
        """The points that the method answers with, (trajectories, D): ``x``, or the vector of the rate that it names as its output."""
        rate, state = self.methods[0].bound(self.offsets).rate, self.state
        if not rate.output:
            return state.x
        # before the first move the vector is not filled yet
        return np.where(state.counts[:, :1] > 0, state.r_vec[:, rate.vectors.index(rate.output)], state.x)

    @property
    def status(self) -> list[Status]:
        """Status of every trajectory."""
        return [Status(int(code)) for code in self.state.status]

    def resume(self, steps: int, *, threads: int = 1) -> Run:
        """Go on for ``steps`` more steps; the result is bit for bit that of one long run."""
        # refuses what has no key of its own
        lanes("step", self.state.t + whole("steps", steps, 0, INT64))
        state = self.state.copy()
        # the last row is written anew: a long run has it only at a multiple of ``every``, and there after the search of a line search
        kept = self.steps < state.t
        more = _drive(self.methods, self.oracle, self.seed, self.labels, self.offsets, state, whole("steps", steps), self.every, threads)
        records = {name: np.concatenate([self.records[name][:, kept], more[1][name]], axis=1) for name in self.records}
        rows = np.concatenate([self.steps[kept], more[0]])
        return Run(self.methods, self.oracle, self.seed, self.labels, self.offsets, self.every, rows, records, state, self.settings)


def run(
    method: Method | Sequence[Method],
    oracle: Oracle | Problem,
    *,
    steps: int,
    trajectories: int | None = None,
    seed: int = 0,
    first: int = 0,
    x0: Any = None,
    every: int = 1,
    threads: int = 1,
    offsets: Any = None,
) -> Run:
    """Run a batch of trajectories.

    Parameters
    ----------
    method : one method for all trajectories, or one per trajectory (same parts and switches, other numbers: a sweep).
    oracle : an oracle, or a problem (exact oracle).
    steps : number of steps T; T + 1 points are recorded.
    trajectories, first, seed : the noise of trajectory i is keyed by ``(seed, first + i)``; default one trajectory per method.
    x0 : (D,) or (trajectories, D); default the problem's start. Never modified.
    every : record the steps that are multiples of it, and the last one.
    threads : trajectories are shared out over so many threads; the results are the same bits.
    offsets : blocks, ``0 = o_0 < ... < o_K = D``; default the problem's own, else one block.

    Raises
    ------
    ValueError : for anything out of range, a wrong shape or a start that is not finite, in one line.
    """
    source = as_oracle(oracle)
    problem = source.problem
    methods = methods_in(method)
    n = whole("trajectories", len(methods) if trajectories is None else trajectories, 1, LANES)
    if len(methods) == 1:
        methods = methods * n
    if len(methods) != n:
        raise ValueError(f"method must be one method or one per trajectory, got {len(methods)} for {n} trajectories")
    points = starts("x0", problem.start if x0 is None else x0, n, problem.dim)
    blocks = block_offsets(problem.offsets if offsets is None else offsets, problem.dim)
    start_label, number, period = whole("first", first), whole("seed", seed), whole("every", every, 1, INT64)
    for name, value in (("seed", number), ("trajectory", start_label + n - 1), ("step", whole("steps", steps))):
        lanes(name, value)  # refuses what has no key of its own
    labels = np.arange(n, dtype=np.int64) + start_label
    state = Trajectories.start(methods[0], points, blocks)
    rows, records = _drive(methods, source, number, labels, blocks, state, whole("steps", steps), period, threads)
    settings = {**methods[0].settings(), **source.settings(), "seed": number, "trajectories": n}
    return Run(methods, source, number, labels, blocks, period, rows, records, state, settings)


def methods_in(method: Any) -> list[Method]:
    """One method or several as a list; ``ValueError`` for anything else."""
    several = isinstance(method, Iterable) and not isinstance(method, np.ndarray)
    methods = list(method) if several else [method]
    if not methods:
        raise ValueError("method must name at least one method, got an empty list")
    for one in methods:
        if not isinstance(one, Method):
            raise ValueError(f"method must be a Method, as from make_method(name), or a list of them, got {shown(one)}")
    return methods


def _structure(part: Part) -> tuple[Any, ...]:
    kernels = [getattr(part, name, None) for name in ("begin", "gather", "settle", "map", "aim", "terms", "decide", "move", "retry")]
    switches = [getattr(part, name, None) for name in ("points", "random", "blockwise", "asks", "clock")]
    return (type(part), part.vectors, part.scalars, part.late, part.sums, part.coefficients, tuple(kernels), tuple(switches))


def _alike(methods: list[Method]) -> bool:
    """Whether one loop can drive them all."""
    first = methods[0]
    return all(_structure(m.direction) == _structure(first.direction) and _structure(m.rate) == _structure(first.rate) for m in methods)


def _kernels(method: Method, oracle: Oracle) -> list[tuple[Any, str]]:
    """The kernels of this combination in the order of the loop, with their signatures."""
    direction, rate = method.direction, method.rate
    return [
        (oracle.draw_kernel, DRAW), (oracle.draw_rows_kernel or draw_rows_nothing, DRAWS),
        (oracle.problem.value_kernel, VALUE), (oracle.perturb_kernel, PERTURB),
        (oracle.problem.hvp_kernel if any(sample == "hvp" for _, sample in rate.points) else skip_hvp, HVP),
        (direction.begin or skip_scalar, SCALAR), (direction.gather or skip_element, ELEMENT),
        (direction.settle or skip_scalar, SCALAR), (direction.map or skip_element, ELEMENT),
        (rate.aim or skip_element, ELEMENT), (rate.begin or skip_scalar, SCALAR), (rate.terms or skip_element, ELEMENT),
        (rate.decide, SCALAR), (rate.move, ELEMENT), (rate.retry or skip_scalar, SCALAR),
    ]  # fmt: skip


def _machinery(method: Method, oracle: Oracle) -> tuple[list[Any], Any, Callable[[Any], Any]]:
    """Kernels, loop, and what turns an array of real numbers into one that they compute with."""
    wanted = _kernels(method, oracle)
    if bits() is None:
        return [compiled(kernel, signature) for kernel, signature in wanted], loop(), lambda array: array
    from lra_ref.engine.precise import machinery

    return (*machinery([kernel for kernel, _ in wanted], method.rate.move), lifted)


def make_plan(method: Method, oracle: Oracle) -> Plan:
    """Sizes and switches of the loop for this combination."""
    direction, rate = method.direction, method.rate
    return Plan(
        batch=oracle.batch,
        sample=oracle.sample_size,
        exact=oracle.exact,
        alias=direction.map is None,
        gather=direction.sums,
        terms=rate.sums,
        late=len(rate.late),
        has_gather=direction.gather is not None,
        has_terms=rate.terms is not None,
        blockwise=rate.blockwise,
        random=rate.random,
        search=rate.retry is not None,
        watched=len(rate.columns) - 1,
        d_coefficients=max(direction.coefficients, 1),
        r_coefficients=max(rate.coefficients, 1),
        aims=rate.aim is not None,
        asked=rate.columns.index(rate.asks) if rate.asks else 0,
        clock=rate.columns.index(rate.clock) if rate.clock else 0,
        together=direction.together and rate.together,
        steady=not _uses(direction.begin, *STATE),
        alike=not _uses(rate.terms, COEFFICIENTS),
        timed=rate.begin is None and rate.retry is None and not _uses(rate.decide, *STATE),
        opens=rate.begin is not None,
        jointly=oracle.draw_rows_kernel is not None and not rate.clock,
    )


@cache
def _uses(kernel: Callable[..., Any] | None, *positions: int) -> bool:
    """Whether a kernel mentions one of its arguments."""
    if kernel is None:
        return False
    code = kernel.__code__
    names = {code.co_varnames[k] for k in positions}
    mentioned = (step.argval for step in dis.get_instructions(code))
    return any(value in names or (isinstance(value, tuple) and names & set(value)) for value in mentioned if isinstance(value, str | tuple))


def _drive(
    methods: list[Method],
    oracle: Oracle,
    seed: int,
    labels: Array,
    offsets: Array,
    state: Trajectories,
    steps: int,
    every: int,
    threads: int,
) -> tuple[Array, dict[str, Array]]:
    """Advance ``state`` by ``steps`` in place; returns (steps of the rows, records)."""
    # mostly one method for all trajectories: everything about it is asked once
    which = {key: k for k, key in enumerate(dict.fromkeys(id(m) for m in methods))}
    distinct = [m.bound(offsets) for m in {id(m): m for m in methods}.values()]
    row_of = np.array([which[id(m)] for m in methods])
    method, problem = distinct[0], oracle.problem
    if not _alike(distinct):
        distinct = [replace(m, direction=m.direction.general(), rate=m.rate.general()) for m in distinct]
        method = distinct[0]
    if not _alike(distinct):
        raise ValueError("the methods of one run must be the same parts with the same switches; they may differ in numbers only")
    t0, t1, n = state.t, state.t + steps, len(labels)
    names = list(FIELDS) + [name for name in method.rate.columns[1:]]
    rows = np.union1d(np.arange(-(-t0 // every) * every, t1, every), [t1])
    records = np.full((n, len(rows), len(names)), np.nan)
    points = np.array([(row, SAMPLES[sample]) for row, sample in method.rate.points], dtype=np.int64).reshape(-1, 2)
    kernels, advance, number = _machinery(method, oracle)
    d_hyp = number(np.array([[*m.direction.hyper(), 0.0] for m in distinct])[row_of])
    r_hyp = number(np.array([[*m.rate.hyper(), 0.0] for m in distinct])[row_of])
    arguments = (
        np.array(make_plan(method, oracle), dtype=np.int64), points, offsets, number(problem.data), number(problem.par),
        number(oracle.par),
    )  # fmt: skip
    seeds = np.full(n, seed, dtype=np.uint64)
    for name in REAL:
        setattr(state, name, number(getattr(state, name)))
    records = records if bits() is None else records.astype(object)
    carried = (state.x, state.d_vec, state.d_scal, state.r_vec, state.r_scal, state.late, state.counts, state.status, records)

    def share(bounds: tuple[int, int]) -> None:
        with np.errstate(all="ignore"):
            advance(*kernels, *arguments, *bounds, t0, t1, every, seeds, labels, d_hyp, r_hyp, *carried)

    # the balls' library is not meant for threads, and who watches its moves wants one trajectory after another
    shares = min(whole("threads", threads, 1), n) if bits() is None else n
    edges = [n * k // shares for k in range(shares + 1)]
    spans = [(a, b) for a, b in pairwise(edges) if b > a]
    if len(spans) == 1 or bits() is not None:
        for span in spans:
            share(span)
    else:
        with ThreadPoolExecutor(len(spans)) as pool:
            list(pool.map(share, spans))
    state.t = t1
    columns = {name: np.ascontiguousarray(records[:, :, k]) for k, name in enumerate(names)}
    stopped = np.isnan(np.asarray(columns["step"], dtype=np.float64))
    columns["status"] = np.where(stopped, state.status[:, None], columns["status"]).astype(np.int64)
    del columns["step"]
    return rows, columns
