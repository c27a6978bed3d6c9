"""Recording a conformance vector: one configuration driven through one scenario, everything that goes in and everything that comes out.

What runs is :class:`~lra_ref.engine.optimizer.Optimizer`; no formula and no protocol is repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lra_ref.engine.optimizer import LOSS, PRODUCT, Evaluation, Optimizer
from lra_ref.engine.reference import Stepper
from lra_ref.oracles.philox import RANDOM, uniforms
from lra_ref.status import Status
from lra_ref.typing import Array
from lra_ref.vectors.catalogue import Configuration
from lra_ref.vectors.scenarios import OFFSETS, START, Scenario


@dataclass(frozen=True)
class Answered:
    """What the method asked for in step ``step``, and what it was told.

    ``present``: it was asked at the present point.  ``loss`` is None for a Hessian-vector product; ``vector`` is the gradient or the
    product, None where only the loss was asked for.
    """

    step: int
    asked: Evaluation
    present: bool
    loss: float | None
    vector: Array | None

    @property
    def told(self) -> Any:
        """The answer in the form of :meth:`Optimizer.tell`."""
        if self.loss is None:
            return self.vector
        return self.loss if self.vector is None else (self.loss, self.vector)


@dataclass
class Vector:
    """A vector: what it is, the inputs, and per quantity an array with one row per step."""

    name: str
    configuration: Configuration
    scenario: Scenario
    settings: dict[str, Any]
    sources: dict[str, str]
    constants: dict[str, tuple[float, ...]]
    output: str
    uniforms: Array | None
    evaluations: list[Answered] = field(default_factory=list)
    status: Status = Status.RUNNING
    quantities: dict[str, Array] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps taken."""
        return len(self.quantities["x"])


def record(configuration: Configuration, scenario: Scenario) -> Vector:
    """The vector of a configuration on a scenario; it ends early where the method stops, with the status that says why."""
    method = configuration.make()
    optimizer = Optimizer(method, START, OFFSETS)
    bound = Stepper(method, np.array(OFFSETS, dtype=np.int64)).method
    vector = Vector(
        name=f"{configuration.name}.{scenario.name}",
        configuration=configuration,
        scenario=scenario,
        settings=method.settings(),
        sources={"direction": method.direction.source, "rate": method.rate.source},
        constants={"direction": bound.direction.hyper(), "rate": bound.rate.hyper()},
        output=f"state.rate.{method.rate.output}" if method.rate.output else "x",
        uniforms=uniforms(0, 0, np.arange(scenario.steps), RANDOM, 1)[:, 0] if method.rate.random else None,
    )
    # a method may stop before its first step: its quantities then have no rows
    shapes = {name: np.shape(value) for name, value in _observed(optimizer, np.nan).items()}
    rows: dict[str, list[Array]] = {name: [] for name in shapes}
    while optimizer.t < scenario.steps and (asked := optimizer.ask()):
        answers = [_answered(optimizer, evaluation, scenario) for evaluation in asked]
        vector.evaluations += answers
        info = optimizer.tell([answer.told for answer in answers])
        if info is not None and not info.status:
            for name, value in _observed(optimizer, info.rate).items():
                rows[name].append(np.array(value, dtype=float))
    vector.status = optimizer.status
    vector.quantities = {name: np.array(values, dtype=float).reshape(len(values), *shapes[name]) for name, values in rows.items()}
    return vector


def _answered(optimizer: Optimizer, asked: Evaluation, scenario: Scenario) -> Answered:
    present = np.array_equal(asked.x, optimizer.x)
    if asked.needs == PRODUCT:
        assert asked.v is not None
        return Answered(optimizer.t, asked, present, None, scenario.product(asked.v))
    loss, gradient = scenario.answer(asked.x, asked.sample)
    return Answered(optimizer.t, asked, present, loss, None if asked.needs == LOSS else gradient)


def _observed(optimizer: Optimizer, rate: float) -> dict[str, Any]:
    """The quantities of a step: the rate played, the point and the state after it."""
    state = {name: value for name, value in optimizer.state_dict().items() if "." in name and not name.endswith(".status")}
    return {"x": optimizer.x, "rate": rate, **{f"state.{name}": value for name, value in state.items()}}
