"""The reference: the same protocol as the compiled loop, step by step on arrays, for reading, checking and observing.

``Stepper.step`` is a pure function of values. :func:`reference_run` loops over it for a batch of trajectories, one leading axis; its
records and states are bit for bit those of :func:`lra_ref.engine.run.run`, and it can show every vector to an observer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from lra_ref.backends.sums import block_sums
from lra_ref.checks import as_array, block_offsets, starts, whole
from lra_ref.formulas import descend
from lra_ref.methods.base import Method
from lra_ref.oracles.base import Oracle, as_oracle
from lra_ref.oracles.philox import LIMITS, RANDOM, lanes, uniforms
from lra_ref.parameters import shown
from lra_ref.parts import Seen
from lra_ref.problems.base import Problem
from lra_ref.readings import bits
from lra_ref.status import Status
from lra_ref.typing import Array, Info, State


class StepState(NamedTuple):
    """State of a method between two steps: that of the direction and that of the rate."""

    direction: State
    rate: State


class StepInfo(NamedTuple):
    """What was observed in one step: direction, rate, scalars of the rate, status (0: fine)."""

    d: Array
    eta: Any
    scalars: Info
    status: Any
    trials: Any


class Search(NamedTuple):
    """A search for an acceptable rate: state and info so far, slope <g, d>, which trajectories still search, number of the next trial."""

    state: StepState
    info: StepInfo
    slope: Any
    open: Array
    trial: int


def norm(v: Array) -> Array:
    """Euclidean norm over the last axis in the house order, shape (...)."""
    return np.sqrt(inner(v, v))


def inner(a: Array, b: Array) -> Array:
    """Inner product over the last axis in the house order (chunks of the whole vector), shape (...)."""
    return block_sums(a * b, np.array([0, a.shape[-1]]))[..., 0]


@dataclass(frozen=True)
class Stepper:
    """One method as pure functions of values."""

    method: Method
    offsets: Array

    def __post_init__(self) -> None:
        if bits() is not None:
            raise TypeError("the stepper computes in float64, not over balls")
        if not isinstance(self.method, Method):
            raise ValueError(f"method must be a Method, as from make_method(name), got {shown(self.method)}")
        ends = as_array("offsets", self.offsets)
        dim = int(ends[-1]) if ends.ndim == 1 and ends.size and ends.dtype.kind in "iu" else 1
        object.__setattr__(self, "offsets", block_offsets(ends, dim))
        object.__setattr__(self, "method", self.method.bound(self.offsets))

    def init(self, x: Array) -> StepState:
        """State before the first step at ``x`` (..., D)."""
        return StepState(self.method.direction.init(x, self.offsets), self.method.rate.init(x, self.offsets))

    def points(self, state: StepState) -> list[tuple[Array, str]]:
        """Points (vectors for "hvp") and the names of their samples: to be evaluated before the next step, or in this one after aiming."""
        rate = self.method.rate
        return [(state.rate[rate.vectors[row]], sample) for row, sample in rate.points]

    @property
    def aims(self) -> bool:
        """Whether the points are named after the direction is known, and evaluated in the same step (:meth:`aim`)."""
        return self.method.rate.aim is not None

    def asked(self, state: StepState) -> Any:
        """Which trajectories want their points evaluated, of shape (..., 1), or True."""
        rate = self.method.rate
        return state.rate[rate.asks] != 0 if rate.asks else True

    def sample_step(self, state: StepState, t: int) -> Any:
        """The step whose sample is the present one: a number, or one per trajectory (..., 1)."""
        rate = self.method.rate
        return state.rate[rate.clock].astype(np.int64) if rate.clock else t

    def aim(self, state: StepState, seen: Seen) -> tuple[StepState, Array]:
        """Direction, and the state with the points of this step: what comes before :meth:`look` if the rate aims."""
        with np.errstate(all="ignore"):
            d_state, d = self.method.direction.step(state.direction, seen)
            return StepState(d_state, self.method.rate.sight(state.rate, seen, d)), d

    def look(self, state: StepState, seen: Seen, d: Array | None = None) -> tuple[StepState, StepInfo]:
        """Direction and rate at the point: all of the step but the move (and the search, which needs the oracle).

        ``d``: the direction that :meth:`aim` returned with this state, if the rate aims.
        """
        with np.errstate(all="ignore"):
            d_state, d = self.method.direction.step(state.direction, seen) if d is None else (state.direction, d)
            r_state, eta, scalars = self.method.rate.choose(state.rate, seen, d)
            status = r_state["status"][..., 0]
            status = np.where((status == 0) & ~np.isfinite(eta[..., 0]), float(Status.NONFINITE_RATE), status)
        return StepState(d_state, r_state), StepInfo(d, eta, scalars, status, 0)

    def move(self, state: StepState, seen: Seen, info: StepInfo) -> tuple[StepState, Array]:
        """The new point."""
        with np.errstate(all="ignore"):
            r_state, x = self.method.rate.follow(state.rate, seen, info.d, info.eta)
        return StepState(state.direction, r_state), x

    def open_search(self, state: StepState, seen: Seen, info: StepInfo) -> Search:
        """The search of a rate that tries points before it moves; closed at once for any other rate, and where the status is not 0."""
        fine = info.status[..., None] == 0
        if self.method.rate.retry is None:
            return Search(state, info, None, np.zeros_like(fine), 0)
        return Search(state, info, inner(seen.g, info.d)[..., None], fine, 0)

    def trial_point(self, seen: Seen, search: Search) -> Array:
        """The point whose loss on the step's own sample :meth:`judge` needs."""
        with np.errstate(all="ignore"):
            return np.asarray(descend(seen.x, search.info.eta, search.info.d))

    def judge(self, seen: Seen, search: Search, loss: Any) -> Search:
        """One trial: the rate accepts the point, names another rate or gives up; ``loss`` is (..., 1)."""
        state, info, slope, open_, trial = search
        with np.errstate(all="ignore"):
            r_state, following = self.method.rate.again(trial, info.eta, state.rate, seen, loss, slope, open_)
        still = open_ & (following != info.eta) & (r_state["status"] == 0)
        status = np.where(info.status != 0, info.status, r_state["status"][..., 0])
        info = info._replace(eta=np.where(still, following, info.eta), status=status, trials=info.trials + open_[..., 0])
        return Search(StepState(state.direction, r_state), info, slope, still, trial + 1)

    def search(self, state: StepState, seen: Seen, info: StepInfo, loss: Callable[[Array], Any]) -> tuple[StepState, StepInfo]:
        """The whole search; ``loss`` evaluates F on the step's own sample, (..., 1)."""
        search = self.open_search(state, seen, info)
        while np.any(search.open):
            search = self.judge(seen, search, loss(self.trial_point(seen, search)))
        return search.state, search.info


@dataclass
class ReferenceRun:
    """Records and last state of a reference run; ``records[name]`` has shape (trajectories, T + 1)."""

    steps: Array
    records: dict[str, Array]
    x: Array
    state: StepState
    status: Array


Observer = Callable[[int, Array, Seen, StepInfo], None]


class Vectors:
    """An observer that keeps the vectors of a run: after ``reference_run(..., observe=kept)`` they are ``kept.arrays()``."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Array]] = {"x": [], "d": [], "g": [], "q": []}

    def __call__(self, t: int, x: Array, seen: Seen, info: StepInfo) -> None:
        """Keep the vectors of step t."""
        for name, value in (("x", x), ("d", info.d), ("g", seen.g)):
            self._rows[name].append(np.array(value))
        if seen.q:
            self._rows["q"].append(np.stack(seen.q, axis=1))

    def arrays(self) -> dict[str, Array]:
        """``x``, ``d``, ``g`` of shape (trajectories, T + 1, D); ``q``, the extra gradients of steps 1..T, (trajectories, T, points, D)."""
        return {name: np.stack(values, axis=1) for name, values in self._rows.items() if values}


@np.errstate(all="ignore")
def reference_run(
    method: Method,
    oracle: Oracle | Problem,
    *,
    steps: int,
    trajectories: int = 1,
    seed: int = 0,
    first: int = 0,
    x0: Any = None,
    offsets: Any = None,
    observe: Observer | None = None,
) -> ReferenceRun:
    """The reference over a batch of trajectories; arguments as in :func:`lra_ref.engine.run.run`.

    ``observe(t, x_t, seen_t, info_t)`` is called at every step with the full vectors, before the move; :class:`Vectors` keeps them.
    """
    source = as_oracle(oracle)
    if bits() is not None:
        from lra_ref.engine.precise import reference

        return reference(method, source, steps, trajectories, seed, first, x0, offsets, observe)
    problem = source.problem
    trajectories, steps, first = whole("trajectories", trajectories, 1, LIMITS["trajectory"]), whole("steps", steps), whole("first", first)
    for name, value in (("seed", whole("seed", seed)), ("trajectory", first + trajectories - 1), ("step", steps)):
        lanes(name, value)  # refuses what has no key of its own
    if observe is not None and not callable(observe):
        raise ValueError(f"observe must be a function of (t, x, seen, info), got {shown(observe)}")
    stepper = Stepper(method, block_offsets(problem.offsets if offsets is None else offsets, problem.dim))
    x = starts("x0", problem.start if x0 is None else x0, trajectories, problem.dim)
    state, rows = stepper.init(x), _Recorder(trajectories, steps)
    status = np.zeros(trajectories)
    spent, tried = np.zeros(trajectories, dtype=np.int64), np.zeros(trajectories, dtype=np.int64)
    for t in range(steps + 1):
        ask = _Asker(source, seed, first + np.arange(trajectories), t, stepper.sample_step(state, t), x)
        asked = np.broadcast_to(stepper.asked(state), (trajectories, 1))[:, 0] & bool(t > 0 or stepper.aims)
        seen, aimed, d = _evaluate(stepper, state, ask, x, t), state, None
        bad = (status == 0) & ~(np.isfinite(seen.f[..., 0]) & np.isfinite(seen.g).all(axis=-1))
        status[bad] = Status.NONFINITE_GRADIENT
        if stepper.aims:
            aimed, d = stepper.aim(state, seen)
            seen = _answered(stepper, aimed, seen, ask)
        after, info = stepper.look(aimed, seen, d)
        if t < steps:
            after, info = stepper.search(after, seen, info, ask.loss)
        rows.write(t, problem, source, x, seen, info, after, status == 0, spent, tried)
        status = np.where(status == 0, info.status, status)
        if observe is not None:
            observe(t, x, seen, info)
        if t == steps:
            break
        running = status == 0
        moved, x_new = stepper.move(after, seen, info)
        status[running & ~np.isfinite(x_new).all(axis=-1)] = Status.NONFINITE_POINT
        running = status == 0
        spent = spent + running * (1 + len(stepper.method.rate.points) * asked)
        tried = tried + running * np.asarray(info.trials, dtype=np.int64)
        x = np.where(running[:, None], x_new, x)
        state = StepState(*(_freeze(running, new, old) for new, old in zip(moved, state, strict=True)))
    rows.finish(status)
    return ReferenceRun(np.arange(steps + 1), rows.columns, x, state, status.astype(np.int64))


def _freeze(running: Array, new: State, old: State) -> State:
    return {name: np.where(running[:, None], new[name], old[name]) for name in new}


@dataclass
class _Asker:
    """Samples of one step, each drawn once; ``clock``: the step whose sample is the present one, ``x``: the present point."""

    oracle: Oracle
    seed: int
    labels: Array
    t: int
    clock: Any
    x: Array

    def present(self) -> Array:
        return self.oracle.sample(self.seed, self.labels, np.reshape(self.clock, -1) if np.ndim(self.clock) else self.clock, 0)

    def answer(self, point: Array, name: str, step: int) -> tuple[Any, Array]:
        """Loss and gradient at a point on the sample of this name; "last" and "fresh" are those of ``step``."""
        if name == "hvp":
            rows = self.present()[:, : self.oracle.batch]
            problem = self.oracle.problem
            products = [problem.hvp(x, v, z if z.size else None) for x, v, z in zip(self.x, point, rows, strict=True)]
            return np.zeros(len(point)), np.stack(products)
        if name == "full":
            return self.oracle.problem.value_and_gradient(point)
        z = self.present() if name == "present" else self.oracle.sample(self.seed, self.labels, step, 0 if name == "last" else 1)
        return self.oracle.evaluate(point, z)

    def loss(self, x: Array) -> Any:
        return self.oracle.evaluate(x, self.present())[0][..., None]

    def uniform(self) -> Array:
        return uniforms(self.seed, self.labels, self.t, RANDOM, 1)


def _evaluate(stepper: Stepper, state: StepState, ask: _Asker, x: Array, t: int) -> Seen:
    f, g = ask.oracle.evaluate(x, ask.present())
    uniform = ask.uniform() if stepper.method.rate.random else None
    seen = Seen(t=t, x=x, g=g, f=f[..., None], offsets=stepper.offsets, u=uniform)
    return seen if stepper.aims or t == 0 else _answered(stepper, state, seen, ask)


def _answered(stepper: Stepper, state: StepState, seen: Seen, ask: _Asker) -> Seen:
    """What is seen, with the answers at the rate's points; where they were not asked for, the rate does not look at them."""
    step = seen.t if stepper.aims else seen.t - 1
    answers = [ask.answer(point, name, step) for point, name in stepper.points(state)] if np.any(stepper.asked(state)) else []
    return replace(seen, q=tuple(answer[1] for answer in answers), fq=tuple(answer[0][..., None] for answer in answers))


class _Recorder:
    def __init__(self, n: int, steps: int) -> None:
        self.n, self.steps, self.columns = n, steps, dict[str, Array]()

    def write(
        self, t: int, problem: Problem, source: Oracle, x: Array, seen: Seen, info: StepInfo, after: StepState,
        running: Array, spent: Array, tried: Array,
    ) -> None:  # fmt: skip
        loss, gradient = (seen.f[..., 0], seen.g) if source.exact else problem.value_and_gradient(x)
        row: dict[str, Any] = {
            "loss": loss,
            "gradient_norm": norm(gradient),
            "slope": inner(gradient, info.d),
            "sample_loss": seen.f[..., 0],
            "rate": info.eta[..., 0],
            "direction_norm": norm(info.d),
            "gradient_evaluations": spent,
            "loss_evaluations": tried,
            "status": info.status,
        }
        row.update({name: value[..., 0] for name, value in after.rate.items() if name in info.scalars})
        for name, value in row.items():
            column = self.columns.setdefault(name, np.full((self.n, self.steps + 1), np.nan))
            column[:, t] = np.where(running, value, np.nan)

    def finish(self, status: Array) -> None:
        column = self.columns["status"]
        self.columns["status"] = np.where(np.isnan(column), status[:, None], column).astype(np.int64)
