"""One run of a port, and where it first leaves the reference."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from lra_ref.crosscheck.drivers import Driver, Objective
from lra_ref.crosscheck.layouts import Layout
from lra_ref.crosscheck.machine import Machine, Plan, quantities
from lra_ref.crosscheck.rounding import Ruler
from lra_ref.crosscheck.sequences import Gradients
from lra_ref.crosscheck.trees import Reading, find, numbers
from lra_ref.crosscheck.twins import Twins, learns
from lra_ref.crosscheck.ulp import rounded
from lra_ref.typing import Array


@dataclass
class Trace:
    """What a port did: ``x`` (steps + 1, D) and the quantities that were read, by our names, one list entry per step."""

    layout: Layout
    sequence: Gradients
    precision: str
    missing: str
    x: Array
    readings: dict[str, list[list[Array]]] = field(default_factory=dict)
    #: step and text of the exception that ended the run
    failure: tuple[int, str] | None = None

    @property
    def steps(self) -> int:
        """Number of steps that the port took."""
        return len(self.x) - 1

    @property
    def title(self) -> str:
        """Layout and sequence."""
        return f"{self.layout.name}, {self.sequence.name}"


class NoSuchState(Exception):
    """A reading whose path leads nowhere."""


def start_of(layout: Layout, precision: str, seed: int) -> Array:
    """Starting point of a layout, normal, in the precision of the port."""
    return rounded(np.random.default_rng([seed, *layout.name.encode()]).normal(size=layout.dim), precision)


def drive(
    driver: Driver, layout: Layout, sequence: Gradients, precision: str, parameters: dict[str, Any], readings: dict[str, Reading],
    seed: int = 0, x0: Array | None = None,
) -> Trace:  # fmt: skip
    """Run a port over the whole sequence; an exception of the port ends the run and is kept, a wrong path of a reading is ours to raise."""
    x = start_of(layout, precision, seed) if x0 is None else rounded(x0, precision)
    trace = Trace(layout, sequence, precision, driver.missing, x[None].copy(), {name: [] for name in readings})
    rows, objective, t = [x], Objective(layout, sequence, precision, seed), -1
    with np.errstate(all="ignore"):
        try:
            driver.start(layout, layout.split(x), precision, parameters)
            for t in range(len(sequence)):
                objective.t = t
                _, gradients = objective(layout.split(rows[-1])) if not sequence.feedback else objective(driver.x())
                before = {name: _read(driver, reading) for name, reading in readings.items() if reading.before}
                driver.step(gradients, objective)
                found = driver.x()
                shapes = [array.shape for array in found]
                if shapes != [tensor.shape for tensor in layout.tensors]:
                    raise ValueError(f"the port gives tensors of shapes {shapes}, expected {[tensor.shape for tensor in layout.tensors]}")
                rows.append(layout.join(found))
                for name, reading in readings.items():
                    trace.readings[name].append(before[name] if reading.before else _read(driver, reading))
        except NoSuchState as problem:
            raise ValueError(str(problem)) from None
        except Exception as problem:
            trace.failure = (t, f"{type(problem).__name__}: {problem}")
    trace.x = np.array(rows)
    return trace


def _read(driver: Driver, reading: Reading) -> list[Array]:
    try:
        return [reading.factor * array for array in numbers(find(driver.state(), reading.path))]
    except ValueError as problem:
        raise NoSuchState(str(problem)) from None


@dataclass(frozen=True)
class Difference:
    """Where port and reference differ first: ``tensor`` and ``index`` are None for a scalar of the method."""

    step: int
    quantity: str
    tensor: int | None
    index: tuple[int, ...] | None
    port: float
    reference: float
    ulps: float
    hint: str = ""


@dataclass
class Outcome:
    """A trace against a plan: the largest difference of every quantity, as ``ulps`` and as ``shares`` of what may be rounding; ``first``
    the first difference that is more than that.
    """

    steps: int
    ulps: dict[str, float]
    shares: dict[str, float]
    first: Difference | None
    states: dict[str, dict[str, Any]]
    note: str = ""
    #: what it may do with a tensor without gradient, where there are steps without
    gaps: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing was beyond the limit."""
        return self.first is None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "agrees": self.agrees}


def check(trace: Trace, plan: Plan, limit: float, *, only_x: bool = False, steps: int | None = None, seed: int = 0) -> Outcome:
    """Follow the reference along the trace up to the first difference beyond ``limit`` ulp.

    ``only_x``: leave the readings aside.  A reference that stops (a status) ends the check there: nothing is defined behind it.
    """
    machine = Machine(plan, trace.layout, trace.sequence, trace.x[0], trace.precision, seed)
    kinds, ruler = quantities(plan.method), Ruler(plan.method, trace.layout, trace.precision, trace.x[0], limit)
    names = [] if only_x else [name for name in kinds if name in trace.readings]
    # as a step computes them: state of the direction, rate, point, vectors that the rate keeps
    late = [name for name in names if name in plan.method.rate.vectors + plan.method.rate.late]
    order = [name for name in names if name not in late] + ["x"] + late
    outcome = Outcome(0, {"x": 0.0}, {"x": 0.0}, None, {})
    twins = None
    if learns(plan.method):
        twins = Twins(plan, trace.layout, trace.sequence, trace.x[0], trace.precision, seed, order)
    for t in range(trace.steps if steps is None else min(steps, trace.steps)):
        old = machine.x.copy()
        if not machine.step():
            # a frozen point is what the reference promises, so a port may do anything from here on
            outcome.note = f"at step {t} the reference {machine.status.message}"
            return outcome
        if machine.beyond():
            outcome.note = f"at step {t} a number of the reference is too large for {trace.precision}"
            return outcome
        found = machine.quantities() if len(order) > 1 else {}
        moves = (trace.x[t + 1] - trace.x[t], machine.x - old)
        ruler.moved(moves[1])
        for name in order:
            readings = trace.readings.get(name, [])
            port, reference = (
                (trace.x[t + 1], machine.x) if name == "x" else _aligned(trace, machine, name, kinds[name], readings[t], found)
            )
            vector = kinds.get(name) != "scalar"
            apart = ruler.measure(name, vector, port, reference)
            share = apart / ruler.limit(name)
            if twins is not None and np.max(share) > 1 and outcome.first is None:
                if twins.lost(t):
                    outcome.note = f"at step {t} rounding alone can change half of the digits: nothing can be told from there on"
                    return outcome
                share = apart / (ruler.limit(name) + twins.strayed(t, name))
            outcome.ulps[name] = max(outcome.ulps.get(name, 0.0), float(np.max(apart)))
            outcome.shares[name] = max(outcome.shares.get(name, 0.0), float(np.max(share)))
            if np.max(share) > 1 and outcome.first is None:
                hint = _hint(*moves) if name == "x" else ""
                outcome.first = replace(_worst(t, name, trace.layout, vector, share, apart, port, reference), hint=hint)
        if outcome.first is not None:
            outcome.states = _states(trace, t, machine.quantities(), machine)
            return outcome
        outcome.steps = t + 1
    if trace.failure is not None and steps is None:
        step, text = trace.failure
        where = "when it was made" if step < 0 else f"at step {step}"
        outcome.first = Difference(max(step, 0), "exception", None, None, np.nan, np.nan, np.inf, f"the port raised {text} {where}")
    return outcome


def _worst(t: int, name: str, layout: Layout, vector: bool, share: Array, apart: Array, port: Array, reference: Array) -> Difference:
    """The element that is furthest beyond its limit."""
    worst = int(np.argmax(share))
    tensor, index = (worst if apart.size > 1 else None), None
    if vector:
        tensor = next(k for k, part in enumerate(layout.slices()) if part.start <= worst < part.stop)
        index = tuple(int(i) for i in np.unravel_index(worst - layout.slices()[tensor].start, layout.tensors[tensor].shape))
    return Difference(t, name, tensor, index, float(port[worst]), float(reference[worst]), float(apart[worst]))


def _aligned(trace: Trace, machine: Machine, name: str, kind: str, values: list[Array], found: dict[str, Array]) -> tuple[Array, Array]:
    """The port's numbers and ours, in one shape; a tensor whose entry is not there yet has zeros."""
    reference = found[name]
    if kind == "scalar":
        port = np.concatenate([np.ravel(value) for value in values]) if values else np.zeros(1)
        if port.size not in (1, reference.size) and reference.size != 1:
            port = port[machine.active] if port.size == len(trace.layout.tensors) else port
        try:
            port, reference = np.broadcast_arrays(port, reference)
        except ValueError:
            raise ValueError(f"{name} has {reference.size} numbers, the port's has {port.size}") from None
        return port, reference
    full = machine.placed(reference)
    sizes = [tensor.size for tensor in trace.layout.tensors]
    if len(values) != len(sizes):
        shown = [k for k, tensor in enumerate(trace.layout.tensors) if tensor.trainable]
        if len(values) == 1 and values[0].size == len(full):
            return np.ravel(values[0]), full
        if len(values) != len(shown):
            raise ValueError(f"{name} has {len(sizes)} tensors, the port's has {len(values)}")
        placed = dict(zip(shown, values, strict=True))
        values = [placed.get(k, np.zeros(0)) for k in range(len(sizes))]
    parts = [np.zeros(size) if not value.size else np.ravel(value) for value, size in zip(values, sizes, strict=True)]
    if [part.size for part in parts] != sizes:
        raise ValueError(f"{name} has tensors of {sizes} elements, the port's of {[part.size for part in parts]}")
    # what belongs to no moving tensor is not the method's
    port = np.where(np.isin(np.arange(full.size), machine.index), np.concatenate(parts), 0.0)
    return port, full


def _hint(port: Array, reference: Array) -> str:
    """How the two moves compare: lengths and angle."""
    with np.errstate(all="ignore"):
        ours, theirs = np.linalg.norm(reference), np.linalg.norm(port)
        if not (np.isfinite([ours, theirs]).all() and ours > 0 and theirs > 0):
            return "" if ours == theirs else f"the port moved {theirs:.6g}, the reference {ours:.6g}"
        cosine = float(port @ reference / (ours * theirs))
    return (
        f"in this step the port moved {theirs / ours:.15g} times as far as the reference, the cosine between the two moves is {cosine:.12g}"
    )


def _states(trace: Trace, t: int, found: dict[str, Array], machine: Machine) -> dict[str, dict[str, Any]]:
    """State of both sides after the step, plain data."""
    port: dict[str, Any] = {name: [value.tolist() for value in rows[t]] for name, rows in trace.readings.items()}
    return {
        "port": {"x": trace.x[t + 1].tolist(), **port},
        "reference": {"x": machine.x.tolist(), **{name: value.tolist() for name, value in found.items()}},
    }
