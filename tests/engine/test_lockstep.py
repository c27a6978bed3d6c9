"""Trajectories in lockstep are those that run alone: bits, stops, noise; and the parts keep to what lets them run together."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cpu import compiled, reached
from lra_ref.engine.bookkeeping import next_stopped, same_rows
from lra_ref.engine.lockstep import LANE, fold_from
from lra_ref.engine.loop import LOCKSTEP, ROOM
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, make_plan, run
from lra_ref.methods import METHODS, Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.oracles.base import DRAWS
from lra_ref.oracles.philox import FRESH
from lra_ref.parts import DIRECTIONS, RATES, WHOLES, Part
from lra_ref.status import Status
from tests.engine.cases import assert_same_state, edge, named, noisy

ELEMENT = ["seg", "lo", "hi", "at", "x", "g", "d", "q", "vec", "coef", "out"]
MANY = LOCKSTEP + 3


def one_of(done: Run, i: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Records and state of one trajectory of a run."""
    state = {name: value if name == "t" else value[i : i + 1] for name, value in vars(done.state).items()}
    return {name: column[i : i + 1] for name, column in done.records.items()}, state


def assert_alone(methods: list[Method], oracle: Any, together: Run, **case: Any) -> None:
    """Every trajectory of the run has the bits of its own run."""
    for i, method in enumerate(methods):
        alone = one_of(run(method, oracle, first=i, **case), 0)
        for mine, its in zip(one_of(together, i), alone, strict=True):
            assert_same_state(mine, its)


@pytest.mark.parametrize("name", ["adam", "clara_adam", "gala_sgd_practical", "gala_nsgdm", "armijo_sgd", "normalized_momentum", "hdm"])
@pytest.mark.parametrize("noise", ["exact", "gaussian"])
def test_together_as_alone(name: str, noise: str) -> None:
    """More than one block, the last one short; records in between."""
    method = named(name) if name in METHODS else make_method(name)
    oracle = noisy() if noise == "gaussian" else make_oracle("exact", noisy().problem)
    case: dict[str, Any] = {"steps": 7, "seed": 3, "every": 3}
    assert_alone([method] * MANY, oracle, run(method, oracle, trajectories=MANY, **case), **case)


@pytest.mark.parametrize("dim", [1, 3, ROOM // LANE, ROOM // 3, ROOM])
def test_any_dimension(dim: int) -> None:
    """Blocks of several sizes, down to one trajectory."""
    method, oracle = make_method("clara_adam"), noisy(dim)
    case: dict[str, Any] = {"steps": 3, "seed": 1, "every": 2}
    assert_alone([method] * 11, oracle, run(method, oracle, trajectories=11, **case), **case)


def test_other_numbers_per_trajectory() -> None:
    """A sweep: neither the coefficients of the direction nor the rates are common."""
    methods = [compose("adam", "inverse_sqrt", lr=0.01 * (i + 1), beta1=0.5 + 0.01 * i) for i in range(MANY)]
    case: dict[str, Any] = {"steps": 6, "seed": 3}
    assert_alone(methods, noisy(), run(methods, noisy(), **case), **case)


@pytest.mark.parametrize("stopped", [0, 2, LOCKSTEP])
def test_a_trajectory_that_stops_freezes_alone(stopped: int) -> None:
    """The first of a block, one inside, one in the next block; at a gradient that is not finite, after some steps."""
    rates = np.full(MANY, 0.1)
    rates[stopped] = 5.0
    methods = [compose("momentum", lr=lr) for lr in rates]
    case: dict[str, Any] = {"steps": 20, "every": 4, "seed": 0}
    together = run(methods, edge(), **case)
    assert [k for k, status in enumerate(together.status) if status] == [stopped]
    assert together.status[stopped] == Status.NONFINITE_GRADIENT
    assert_alone(methods, edge(), together, **case)
    # the reference freezes it in its own way
    assert np.array_equal(together.x[stopped], reference_run(methods[stopped], edge(), steps=20).x[0])
    assert 0 < together.state.counts[stopped, 0] < 20
    assert_alone(methods, edge(), together.resume(0), **case)


def test_all_of_a_block_stop() -> None:
    methods = [compose("sgd", lr=2.5 + 0.1 * i) for i in range(MANY)]
    case: dict[str, Any] = {"steps": 20, "seed": 0}
    together = run(methods, edge(), **case)
    assert all(together.status)
    assert_alone(methods, edge(), together, **case)


def test_gaussian_samples_are_drawn_together() -> None:
    for dim in (1, 4, 7):
        oracle, count = noisy(dim), 5
        seeds, labels = np.array([2**63 + 5] * 9, dtype=np.uint64), np.arange(9) + 2
        z, work = np.full((count + 1, -(-dim // 4) * 4), 7.0), np.zeros((4, count))
        assert oracle.draw_rows_kernel is not None
        compiled(oracle.draw_rows_kernel, DRAWS)(seeds, labels, 3, count, 2**33, FRESH, oracle.par, work, z)
        assert np.array_equal(z[:count, :dim], oracle.sample(2**63 + 5, labels[3 : 3 + count], 2**33, FRESH))
        assert np.all(z[count] == 7)


def test_what_follows_from_the_step_alone() -> None:
    """Constant rates and schedules are decided once for all; a rate that looks at anything is not."""
    for name, timed in (("adam", True), ("inverse_sqrt_sgd", True), ("clara_sgd", False), ("gala_sgd", False), ("armijo_sgd", False)):
        assert bool(make_plan(make_method(name), noisy()).timed) is timed, name
    for name, steady in (("adam", True), ("normalized_momentum", True), ("adagrad_norm", True)):
        assert bool(make_plan(make_method(name), noisy()).steady) is steady, name
    assert make_plan(make_method("clara_sgd"), noisy()).alike
    assert make_plan(make_method("alera_sgd"), noisy()).alike
    assert not make_plan(make_method("alera_sgd", weight_decay=0.1), noisy()).alike


def looks_elsewhere(kernel: Any) -> list[str]:
    """Places where an element kernel uses its vectors other than through the slices of its chunk, or ``seg`` other than for ``coef``."""
    found = []
    for function in reached(kernel):
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        if [a.arg for a in tree.args.args] != ELEMENT:
            continue
        above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        found += [ast.unparse(above[node]) for node in ast.walk(tree) if isinstance(node, ast.Name) and not allowed(node, above)]
    return found


def allowed(node: ast.Name, above: dict[Any, Any]) -> bool:
    """Whether the use of an argument is one that lets trajectories run together."""
    name, place = node.id, above[node]
    if name not in ELEMENT or name == "out":
        return True
    if isinstance(place, ast.Call) and [getattr(a, "id", None) for a in place.args] == ELEMENT:
        return True
    text = ast.unparse(place)
    if name in ("x", "g", "d"):
        return text == (f"{name}[lo:hi]" if name != "d" else "d[at:at + hi - lo]")
    if name in ("q", "vec") and isinstance(place, ast.Subscript) and isinstance(place.slice, ast.Tuple):
        return ast.unparse(place.slice.elts[-1]) == "lo:hi"
    if name == "vec":
        return ast.unparse(above[place]) == "vec.shape[0]"
    if name == "coef":
        return isinstance(place, ast.Subscript) and ast.unparse(place.slice).strip("(").split(",")[0] == "seg"
    while not isinstance(place, ast.Slice | ast.Subscript | ast.stmt):
        place = above[place]
    if name == "seg":
        return isinstance(place, ast.Subscript) and ast.unparse(place.value) == "coef"
    return isinstance(place, ast.Slice) and ast.unparse(place) in ("lo:hi", "at:at + hi - lo")


def parts() -> list[Part]:
    """Every registered part, with its defaults, and the parts of every named method."""
    made: list[Part] = [cls() for cls in (DIRECTIONS[name] for name in DIRECTIONS)]
    made += [RATES[name].example() for name in RATES] + [WHOLES[name].example() for name in WHOLES]
    for name in METHODS:
        made += [named(name).direction, named(name).rate]
    return made


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.name)
def test_element_kernels_look_at_their_chunk_only(part: Part) -> None:
    kernels = [getattr(part, name, None) for name in ("gather", "map", "aim", "terms", "move")]
    found = [place for kernel in kernels if kernel is not None for place in looks_elsewhere(kernel)]
    assert part.together is (not found), found


def test_helpers() -> None:
    assert same_rows(np.array([[9.0, 9], [1, 2], [1, 2]]), 1, 2)
    assert not same_rows(np.array([[1.0, 2], [1, 3]]), 0, 2)
    notes = np.zeros((7, 4))
    notes[2] = [-1, 9, 4, -1]
    assert next_stopped(0, 4, 9, notes) == 2
    assert next_stopped(3, 4, 9, notes) == 4
    rows = np.array([[5.0, 1, 2, 3, 7]])
    assert fold_from(rows, 0, 1, 3, np.zeros(128)) == 6
