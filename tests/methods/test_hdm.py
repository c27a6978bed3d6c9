"""HDM step by step: by hand, against plain transcriptions of the five forms, at its edges, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.arithmetic import exponential
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.status import Status

A = np.array([[3.0, 1.0], [1.0, 2.0]])


def value_and_gradient(x: Any) -> tuple[Any, Any]:
    """x'Ax/2 with every product and sum in one fixed order."""
    g = np.array([A[0, 0] * x[0] + A[0, 1] * x[1], A[1, 0] * x[0] + A[1, 1] * x[1]])
    return (x[0] * g[0] + x[1] * g[1]) / 2, g


def accepted_points(parameters: dict[str, Any], x0: Any, steps: int) -> Any:
    """Answers after every step of the optimizer face."""
    optimizer = Optimizer(make_method("hdm", **parameters), x0)
    out = []
    for _ in range(steps):
        optimizer.step(lambda x, sample: value_and_gradient(x))
        out.append(optimizer.answer)
    return np.array(out)


def inner(u: Any, v: Any) -> Any:
    return u[0] * v[0] + u[1] * v[1]


class Plain:
    """The forms as the papers print them, for two dimensions; sums of two terms have one order, so the bits must agree."""

    def __init__(self, form: str, shape: str, x: Any, **p: Any) -> None:
        self.form, self.shape, self.p = form, shape, p
        self.x, self.old, self.beta, self.Gm, self.updates = x, x, 0.0, 0.0, 0
        self.f, self.g = value_and_gradient(x)
        unit = {"scalar": 1.0, "diagonal": np.ones(2), "full": np.eye(2)}[shape]
        self.P: Any = p.get("p_0", 0.0) * unit if form != "eg" else np.full(2, p["delta"] / 2)
        self.G: Any = 0.0 * unit

    def moved(self, g: Any) -> Any:
        if self.shape == "full":
            return np.array([self.P[0, 0] * g[0] + self.P[0, 1] * g[1], self.P[1, 0] * g[0] + self.P[1, 1] * g[1]])
        return self.P * g

    def learn(self, gp: Any) -> None:
        n2, p = inner(self.g, self.g), self.p
        r: Any = {
            "scalar": lambda: -(inner(gp, self.g) / n2),
            "diagonal": lambda: -(gp * self.g / n2),
            "full": lambda: -(np.outer(gp, self.g) / n2),
        }[self.shape]()
        self.updates += 1
        if self.form in ("null_step", "heavy_ball"):
            self.G = self.G + r * r
            self.P = self.P - p["a"] * r / np.sqrt(self.G + 1e-20)
        elif self.form == "eg":
            self.P = self.P * np.array([exponential(v) for v in -(p["eta"] * r) / np.sqrt(self.updates)])
            total = self.P[0] + self.P[1]
            self.P = (p["delta"] / total if total > p["delta"] else 1.0) * self.P
        else:
            free, radius = self.P - p["eta"] * r, p["radius"]
            if self.shape == "full":
                size2 = (free[0, 0] ** 2 + free[0, 1] ** 2) + (free[1, 0] ** 2 + free[1, 1] ** 2)
                self.P = (radius / np.sqrt(size2) if size2 > radius * radius else 1.0) * free
            else:
                self.P = np.minimum(np.maximum(free, 0.0), radius)
        if self.form == "heavy_ball":
            rm = inner(gp, self.x - self.old) / n2
            self.Gm = self.Gm + rm * rm
            self.beta = min(max(self.beta - 100.0 * rm / np.sqrt(self.Gm + 1e-20), -1.0), 1.0)

    def iterate(self) -> None:
        y = self.x - self.moved(self.g) + self.beta * (self.x - self.old)
        f, gp = value_and_gradient(y)
        self.learn(gp)
        if self.form == "lookahead":
            y = self.x - self.moved(self.g)
            f, gp = value_and_gradient(y)
        self.old = self.x
        if f < self.f:
            self.x, self.f, self.g = y, f, gp


CASES: list[tuple[str, str, dict[str, Any]]] = [
    *(("null_step", shape, {"a": 0.2}) for shape in ("scalar", "diagonal", "full")),
    *(("ogd", shape, {"eta": 0.1, "radius": 0.4}) for shape in ("scalar", "diagonal", "full")),
    *(("lookahead", shape, {"eta": 0.2, "radius": 0.5, "p_0": 0.05}) for shape in ("scalar", "diagonal", "full")),
    *(("heavy_ball", shape, {"a": 0.2}) for shape in ("scalar", "diagonal", "full")),
    ("eg", "diagonal", {"delta": 0.7, "eta": 0.5}),
]


@pytest.mark.parametrize(("form", "shape", "parameters"), CASES, ids=[f"{form}-{shape}" for form, shape, _ in CASES])
def test_forms_are_the_published_ones(form: str, shape: str, parameters: dict[str, Any]) -> None:
    x0, iterations = np.array([1.0, -0.7]), 20
    plain, expected = Plain(form, shape, x0, **parameters), []
    for _ in range(iterations):
        plain.iterate()
        expected.append(plain.x)
    stride = 2 if form == "lookahead" else 1
    given = {"form": form, "shape": shape, **parameters, **({"dim": 2} if shape == "full" else {})}
    actual = accepted_points(given, x0, 1 + stride * iterations)
    assert np.array_equal(actual[0], x0)
    assert np.array_equal(actual[stride::stride], np.array(expected))
    assert not np.array_equal(expected[-1], x0), "nothing was tested"


def test_first_steps_by_hand() -> None:
    # F = x^2 from 1: g = 2. y_1 = 1 (P = 0): r = -1, alpha = 1/2, refused. y_2 = 0: accepted, and there the gradient vanishes
    problem = make_problem("quadratic", spectrum=[2.0])
    made = run(make_method("hdm", shape="scalar", a=0.5, eps=0.0), problem, steps=4, x0=[1.0])
    rows = {name: made.records[name][0, :3].tolist() for name in ("value", "accepted", "alpha", "h", "rate", "updates")}
    assert rows == {
        "value": [1.0, 1.0, 0.0],
        "accepted": [1.0, 0.0, 1.0],
        "alpha": [0.0, 0.5, 0.5],
        "h": [0.0, 0.0, -0.25],
        "rate": [0.0, 0.0, 0.5],
        "updates": [0.0, 1.0, 2.0],
    }
    assert made.status == [Status.STATIONARY]
    assert made.answer.tolist() == [[0.0]]
    assert made.state.counts.tolist() == [[3, 0]]


def test_a_start_at_the_minimum_stops_before_a_test() -> None:
    made = run(make_method("hdm"), make_problem("sphere", dim=3), steps=5, x0=np.zeros(3))
    assert made.status == [Status.STATIONARY]
    assert made.answer.tolist() == [[0.0] * 3]
    assert made.state.counts.tolist() == [[1, 0]]


@pytest.mark.parametrize(("tol", "stops"), [(0.3, True), (0.299, False)])
def test_tol_is_strict_and_about_the_largest_entry(tol: float, stops: bool) -> None:
    optimizer = Optimizer(make_method("hdm", tol=tol), np.zeros(2))
    for _ in range(2):
        optimizer.tell([(1.0, np.array([0.29999, -0.1]))]) if not optimizer.status else None
    assert (optimizer.status == Status.STATIONARY) == stops
    exactly = Optimizer(make_method("hdm", tol=0.25), np.zeros(1))
    for _ in range(2):
        exactly.tell([(1.0, np.array([0.25]))])
    assert exactly.status == Status.RUNNING


def test_equal_values_are_refused_and_accept_tol_takes_them() -> None:
    for accept_tol, taken in ((0.0, 0.0), (1e-3, 1.0)):
        optimizer = Optimizer(make_method("hdm", accept_tol=accept_tol), np.zeros(1))
        for _ in range(2):
            info = optimizer.tell([(1.0, np.array([1.0]))])
        assert info is not None
        assert info.scalars["accepted"] == taken


def cliff(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """x, and not finite below 1."""
    g[lo] = 1.0
    return x[lo] if x[lo] >= 1 else np.inf


def test_a_tested_point_that_is_not_finite_stops_and_the_accepted_one_is_kept() -> None:
    problem = replace(make_problem("sphere", dim=1), value_kernel=cliff)
    made = run(make_method("hdm", a=1.0), problem, steps=20, x0=[4.5])
    assert made.status == [Status.NONFINITE_GRADIENT]
    assert made.answer[0, 0] >= 1
    assert made.state.x[0, 0] < 1


def test_p_learns_from_refused_points() -> None:
    # the first tested point is x itself (P = 0), always refused, and yet alpha moves by a
    made = run(make_method("hdm", shape="scalar", a=1e-3), make_problem("sphere", dim=4), steps=1, x0=np.ones(4))
    assert made.records["accepted"][0].tolist() == [1.0, 0.0]
    assert made.records["alpha"][0].tolist() == [0.0, 1e-3]


REFUSED = [
    ({"form": "ogd"}, 'form="ogd" needs radius and eta, or L'),
    ({"form": "ogd", "radius": 1.0}, 'form="ogd" needs radius and eta, or L'),
    ({"form": "lookahead"}, 'form="lookahead" needs eta, or L'),
    ({"form": "eg", "delta": 1.0}, 'form="eg" needs delta and eta'),
    ({"form": "eg", "delta": 1.0, "eta": 1.0, "shape": "scalar"}, 'form="eg" needs shape="diagonal", got \'scalar\''),
    ({"form": "eg", "delta": 1.0, "eta": 1.0, "p_0": 0.5}, 'form="eg" starts at delta/D, got p_0 = 0.5'),
    ({"shape": "full"}, 'shape="full" needs dim, the number of parameters, at most 32'),
    ({"shape": "full", "dim": 33}, r"dim must be None or a whole number in \[1, 32\], got 33"),
    ({"shape": "full", "dim": 3, "radius": 1.0}, 'radius of form="null_step" needs shape="scalar" or "diagonal", got "full"'),
    ({"a": 1.0, "form": "ogd", "L": 1.0}, "a belongs to the form null_step or heavy_ball, got form='ogd'"),
    ({"delta": 1.0}, "delta belongs to the form eg, got form='null_step'"),
    ({"form": "ogd", "radius": 0.5, "eta": 1.0, "p_0": 0.6}, "P must start in its set of radius 0.5, got p_0 = 0.6"),
    (
        {"form": "ogd", "shape": "full", "dim": 4, "radius": 1.0, "eta": 1.0, "p_0": 0.6},
        "P must start in its set of radius 1, got p_0 = 0.6",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED, ids=[str(p) for p, _ in REFUSED])
def test_what_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("(", r"\(")):
        make_method("hdm", **parameters)


def test_a_full_matrix_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="dim must be the number of parameters, 5, got 4"):
        run(make_method("hdm", shape="full", dim=4), make_problem("sphere", dim=5), steps=1)


def test_defaults_from_L() -> None:
    assert make_method("hdm").rate.parameters.step() == 0.1
    assert make_method("hdm", L=4.0).rate.parameters.step() == 0.25
    ogd = make_method("hdm", form="ogd", L=4.0).rate.parameters
    assert (ogd.limit(), ogd.step()) == (0.25, 0.125)
    assert make_method("hdm", form="ogd", L=4.0, shape="full", dim=4).rate.parameters.limit() == 0.5
    ahead = make_method("hdm", form="lookahead", L=4.0).rate.parameters
    assert (ahead.limit(), ahead.step()) == (np.inf, 0.25)
