"""A vector is what the ask/tell optimizer does on the same answers, and the scenarios are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.status import Status
from lra_ref.vectors.catalogue import Configuration, configurations
from lra_ref.vectors.record import Vector, record
from lra_ref.vectors.scenarios import DIM, EDGES, OFFSETS, SCENARIOS, START


def replay(vector: Vector) -> None:
    """Feed the recorded answers to an optimizer and compare everything."""
    optimizer = Optimizer(vector.configuration.make(), START, OFFSETS)
    answers = iter(vector.evaluations)
    for t in range(vector.steps + bool(vector.status)):
        info = None
        while info is None:
            told = []
            for wanted in optimizer.ask():
                given = next(answers)
                assert given.step == t
                assert (given.asked.sample, given.asked.needs) == (wanted.sample, wanted.needs)
                assert np.array_equal(given.asked.x, wanted.x)
                assert given.present == np.array_equal(wanted.x, optimizer.x)
                told.append(given.told)
            info = optimizer.tell(told)
        if t == vector.steps:
            break
        row = {name: values[t] for name, values in vector.quantities.items()}
        assert np.array_equal(row["x"], optimizer.x)
        assert row["rate"] == info.rate
        state = optimizer.state_dict()
        named = {f"state.{name}": value for name, value in state.items() if "." in name and not name.endswith(".status")}
        assert set(row) == {"x", "rate", *named}
        for name, value in named.items():
            assert np.array_equal(row[name], value), name
        assert np.array_equal(row[vector.output], optimizer.answer)
    assert optimizer.status is vector.status
    assert next(answers, None) is None


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("configuration", configurations(), ids=lambda c: c.name)
def test_the_vector_is_the_reference(configuration: Configuration, scenario: str) -> None:
    vector = record(configuration, SCENARIOS[scenario])
    replay(vector)
    assert not any(np.isnan(values).any() for values in vector.quantities.values())
    assert (vector.steps == SCENARIOS[scenario].steps) == (vector.status is Status.RUNNING)
    # edges begins with a gradient of 0, and its Hessian is not positive
    early = (Status.STATIONARY, Status.CURVATURE_NOT_POSITIVE)
    assert vector.steps >= 5 or (vector.status in early and scenario == "edges")


def test_a_wrong_answer_is_noticed() -> None:
    vector = record(Configuration("gala_sgd", "default"), SCENARIOS["bowl"])
    wrong = vector.evaluations[4]
    assert wrong.vector is not None
    wrong.vector[2] = np.nextafter(wrong.vector[2], 9)
    with pytest.raises(AssertionError):
        replay(vector)


def test_edges_are_edges() -> None:
    table = np.array(EDGES)
    blocks = np.split(table, OFFSETS[1:-1], axis=1)
    assert [part.shape[1] for part in blocks] == [1, 3, 5]
    assert not table[0].any()
    assert not table[1:].any(axis=1).all()
    assert any(not b[t].any() and table[t].any() for b in blocks for t in range(len(table)))
    assert np.array_equal(table[2], -table[3])
    sizes = np.abs(table).max(axis=1)
    assert sizes[7] / sizes[6] == 2.0**20
    assert sizes[8] / sizes[7] == 2.0**-50


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_gradients_are_those_of_the_losses(scenario: str) -> None:
    # both losses are polynomials of degree 2: central differences have rounding errors only
    answer, rng = SCENARIOS[scenario].answer, np.random.default_rng(3)
    for sample in (("step", 2), ("fresh", 2), ("step", 4), ("full", 0)):
        x, v = rng.normal(size=DIM), rng.normal(size=DIM)
        up, down = answer(x + v, sample)[0], answer(x - v, sample)[0]
        slope = answer(x, sample)[1] @ v
        tolerance = 100 * np.finfo(float).eps * (abs(up) + abs(down) + abs(slope))
        assert abs((up - down) / 2 - slope) <= tolerance
        bend = SCENARIOS[scenario].product(v) @ v
        assert abs(up + down - 2 * answer(x, sample)[0] - bend) <= 2 * tolerance + 100 * np.finfo(float).eps * bend
    one, other = (answer(START, (name, 3))[1] for name in ("step", "fresh"))
    assert not np.array_equal(one, other)
