"""Where a difference is seen, in which unit, and what is said about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import Reading, battery, compare, fixed, own_case
from lra_ref.methods import make_method
from tests.crosscheck.ports.clara_plain import Clara
from tests.crosscheck.ports.rates_plain import ALERA

CLARA = {"lr": 0.05, "c": 0.2, "d": 0.01}


class Disturbed:
    """SGD, one element of one tensor moved at one step by a multiple of its ulp."""

    def __init__(self, tensors: Any, lr: float, at: int = 3, by: float = 0.0) -> None:
        self.x, self.lr, self.at, self.by, self.t = tensors, lr, at, by, 0

    def step(self, gradients: Any) -> Any:
        self.x = [x - self.lr * g if g is not None else x for x, g in zip(self.x, gradients, strict=True)]
        if self.t == self.at:
            size = np.max(np.abs(self.x[1]))
            self.x[1].flat[2] += self.by * 2.0 ** (np.floor(np.log2(size)) - 52)
        self.t += 1
        return self.x


def disturbed(by: float, **options: Any) -> Any:
    # gradients of 0: nothing is rounded, the scale never changes
    case = own_case(fixed(np.zeros((6, 5))), 5, [0, 2, 5], np.array([1.0, 1.0, 3.0, 0.0, 0.5]))
    return compare(Disturbed, "sgd", parameters={"lr": 0.1}, port_parameters={"by": by}, cases=[case], **options)


def test_the_limit_is_met_and_passed_at_the_right_step_and_element() -> None:
    assert disturbed(64).agrees
    assert disturbed(64).ulps == {"x": 64.0}
    report = disturbed(65)
    first = report.first
    assert (first.step, first.quantity, first.tensor, first.index, first.ulps) == (3, "x", 1, (2,), 65.0)
    assert first.port - first.reference == 65 * 2.0**-51
    assert first.hint == f"the port moved {65 * 2.0**-51:.6g}, the reference 0"
    assert report.outcomes[0].steps == 3
    assert disturbed(65, ulps=65).agrees


def test_the_state_of_both_sides_is_reported() -> None:
    report = compare(Clara, "clara_sgd", parameters=CLARA, port_parameters={"bug": "sign"}, state={"path": "p"}, steps=5)
    assert set(report.states) == {"port", "reference"}
    assert set(report.states["port"]) == {"x", "path"}
    assert {"x", "path", "eta", "rate"} <= set(report.states["reference"])
    assert "in this step the port moved 1.0" in report.text()


@pytest.mark.parametrize(("text", "agrees"), [("lr@before", True), ("lr", False), ("lr*1.0@before", True), ("lr*2@before", False)])
def test_readings_before_the_step_and_with_a_factor(text: str, agrees: bool) -> None:
    report = compare(Clara, "clara_sgd", parameters=CLARA, state={"eta": text, "path": Reading("p")}, steps=10)
    assert report.agrees == agrees
    if not agrees:
        assert report.first.quantity == "eta"
        assert "the points agree where they can be compared; look at the map of the state" in report.text()


def test_a_rate_per_tensor_is_compared_tensor_by_tensor() -> None:
    parameters = {"lr": 0.01, "alpha": 0.1, "C": 0.01}
    state = {"eta": "rates", "path": "p"}
    cases = battery(make_method("alera_sgd"), 10, layouts=["model"])
    assert compare(ALERA, "alera_sgd", parameters=parameters, state=state, cases=cases).agrees
    report = compare(ALERA, "alera_sgd", parameters=parameters, port_parameters={"bug": "sign"}, state=state, cases=cases)
    assert (report.first.quantity, report.first.index) == ("eta", None)
    assert report.first.tensor in range(5)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"pth": "p"}, "unknown quantity of clara_sgd 'pth'; did you mean path"),
        ({"path": "q"}, "state 'q': entry 'q'"),
        ({"path": "c"}, "path has 5 tensors, the port's has 1"),
        ({"eta": "p@before"}, "eta has 1 numbers|path"),
    ],
)
def test_a_reading_that_cannot_be_compared_is_an_error_of_the_caller(state: dict[str, str], message: str) -> None:
    cases = battery(make_method("clara_sgd"), 3, layouts=["model"])
    if "eta" in state:
        # a single rate may be kept per tensor: every copy must be it
        assert not compare(Clara, "clara_sgd", parameters=CLARA, state=state, cases=cases).agrees
        return
    with pytest.raises(ValueError, match=message):
        compare(Clara, "clara_sgd", parameters=CLARA, state=state, cases=cases)


def test_a_reference_that_stops_ends_the_comparison_with_a_note() -> None:
    case = own_case(fixed([[1.0], [np.inf], [1.0]]), 1)
    report = compare(Disturbed, "sgd", parameters={"lr": 0.1}, cases=[case])
    assert report.agrees
    assert report.steps == 1
    assert "at step 1 the reference stopped: the gradient or the loss at the point is not finite" in report.text()
    nothing = compare(Disturbed, "sgd", parameters={"lr": 0.1}, cases=[own_case(fixed([[np.inf]]), 1)])
    assert not nothing.agrees
    assert "verdict: nothing could be compared" in nothing.text()
