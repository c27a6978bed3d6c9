"""The benchmarks themselves, at sizes that take no time: they measure what they say."""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.bench import (
    adam,
    adaptive,
    first_result,
    gpu,
    imports,
    long_vector,
    memory,
    normals,
    numpy_loop,
    peers,
    scaling,
    threads,
    trajectories,
    verify,
)
from experiments.bench.processes import fresh
from experiments.bench.stepping import Stepping, gradients
from lra_ref.bench.plan import Plan
from lra_ref.bench.rows import NOT_ASKED, Curve, Row
from lra_ref.bench.timing import Effort
from lra_ref.bench.words import words
from lra_ref.engine.inplace import InPlace
from lra_ref.methods import make_method
from lra_ref.oracles import variates
from lra_ref.problems import make_problem

TINY = Effort(turns=1, seconds=1e-4, warmup=1)
PLAN = Plan("quick", effort=TINY)
PORTS = all(importlib.util.find_spec(name) for name in ("torch", "jax", "optax", "dadaptation", "prodigyopt"))


def test_every_method_has_a_name_of_its_own() -> None:
    names = [method.name for method in long_vector.methods()]
    assert len(names) == len(set(names))
    assert set(long_vector.QUICK) <= set(names)
    assert [m.name for m in long_vector.methods(("sgd",))] == ["sgd"]


def test_gradients_add_up_to_nothing_and_none_is_zero() -> None:
    given = gradients(1000, np.dtype("float32"))
    assert given.dtype == np.float32
    assert np.array_equal(given[2:], -given[:2])
    assert np.all(given != 0)
    assert np.allclose(np.linalg.norm(given, axis=1), 1, atol=0.1)


def test_a_method_that_stops_is_started_anew_and_its_block_is_not_sound() -> None:
    method = make_method("clara_sgd", d=1e6, mu_ref=1.0)
    stepping = Stepping(method, gradients(10, np.dtype("float64")), check=True)
    assert stepping.restarts == 0
    while stepping.sound():
        stepping()
    contestant = stepping.contestant()
    contestant.prepare()
    assert stepping.restarts == 1


def test_passes_are_timed_one_by_one() -> None:
    """CLARA along SGD: squares of g, then the move; a pass that waits is seen."""
    given, method = gradients(5000, np.dtype("float64")), make_method("clara_sgd", d=1e-3)
    step = long_vector.Passes(method, np.ones(5000), check=False)
    assert step.names() == ["terms", "move"]
    seconds = step.timed(given[0], np.zeros((0, 5000)))
    assert len(seconds) == 2
    assert min(seconds) > 0
    text = long_vector.by_pass(method, words(method), given, np.ones((4, 5000)), 2)
    assert re.fullmatch(r"terms \d+\.\d, move \d+\.\d", text)


def test_points_are_answered() -> None:
    stepping = Stepping(make_method("gala_sgd"), gradients(10, np.dtype("float64")), check=True)
    for _ in range(5):
        stepping()
    assert stepping._step.gradient_evaluations == 1 + 6 * 3


def test_the_loop_of_numpy_is_adam_on_rosenbrock() -> None:
    problem = make_problem("rosenbrock", dim=10)
    x = np.linspace(-1, 1, 20).reshape(2, 10)
    for row, mine in zip(x, numpy_loop.gradient(x), strict=True):
        assert np.allclose(problem.gradient(row), mine, rtol=1e-13, atol=1e-12)
    ours = trajectories.ours(10, False, 1, 60)().x[0]
    assert np.allclose(numpy_loop.loop(problem.start, 60), ours, rtol=1e-12)


def test_the_largest_error_notices_a_bad_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0.4 < normals.largest_error(50) <= 3

    def worse(a: Any, b: Any) -> Any:
        return tuple(z * (1 + 16 * np.finfo(float).eps) for z in variates.box_muller(a, b))

    monkeypatch.setattr(normals, "box_muller", worse)
    assert normals.largest_error(50) > 3


def test_what_is_not_measured_says_why() -> None:
    (row,) = gpu.measure(PLAN)
    assert row.note.startswith("not measured: ")
    (row,) = verify.measure(PLAN)
    assert row.note == "not measured: takes minutes, say --full"
    nobody = Plan("quick", peers=(), effort=TINY)
    for module in (adam, adaptive, trajectories, numpy_loop):
        rows = list(module.measure(nobody))
        assert rows
        assert {row.note for row in rows if row.peer} == {NOT_ASKED}
        assert {row.met for row in rows} == {None}


def test_processes_that_fail_say_how() -> None:
    assert fresh("print('talk'); print('[1, 2]')") == [1, 2]
    with pytest.raises(RuntimeError, match="a fresh process failed: ValueError: no"):
        fresh("raise ValueError('no')")


def test_the_import_is_caught_loading_something_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "STATEMENTS", {"import lra_ref": "import lra_ref, scipy"})
    (row,) = imports.measure(PLAN)
    assert row.met is False
    assert row.note == "loads scipy"


def test_exponents_of_powers() -> None:
    x = [10, 100, 1000, 10_000]
    samples = [[5 + 0.01 * value**1.5 for value in x] for _ in range(3)]
    curve = scaling.fitted("a", "D", "time", "s", x, [[0.01 * value**1.5 for value in x]], 10)
    assert curve.exponent == pytest.approx(1.5)
    late = scaling.fitted("a", "D", "time", "s", x, samples, 100)
    assert 1.4 < late.exponent < 1.5
    assert late.y[0] == pytest.approx(5 + 0.01 * 10**1.5)


def test_the_formula_that_is_edited_is_there() -> None:
    text = (first_result.ROOT / first_result.FILE).read_text(encoding="utf-8")
    assert text.count(first_result.FORMULA) == 1
    assert first_result.EDITED not in text


@pytest.mark.slow
@pytest.mark.skipif(not PORTS, reason="torch, jax, optax, dadaptation, prodigyopt not installed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pair", adaptive.pairs(), ids=lambda pair: f"{pair.method}-{pair.peer}")
def test_peers_compute_the_same_method(pair: adaptive.Pair) -> None:
    """Seven steps on 50 elements: the points agree to the rounding of sums in another order."""
    given, start = gradients(50, np.dtype("float64")), np.random.default_rng(3).normal(size=50)
    ours = InPlace(make_method(pair.method, **pair.parameters), start.copy())
    peer = pair.maker(start, given)
    for k in range(7):
        ours(given[k % 4], 1.0, [(1.0, given[0])] * len(ours.wanted()))
        peer()
    moved = np.abs(ours.x - start).max()
    assert moved > 0
    assert np.abs(point_of(peer) - ours.x).max() <= 7 * 50 * 64 * np.finfo(float).eps * (np.abs(start).max() + moved)


def point_of(peer: peers.Call) -> np.ndarray:
    """The point of a peer, out of its closure."""
    held = {name: cell.cell_contents for name, cell in zip(peer.__code__.co_freevars, peer.__closure__, strict=True)}  # type: ignore[attr-defined]
    if "parameter" in held:
        return np.asarray(held["parameter"].detach().numpy())
    state = held["box"][0]
    return np.asarray(state["x"] if isinstance(state, dict) else state[0])


@pytest.mark.slow
@pytest.mark.skipif(not PORTS, reason="torch, jax, optax, dadaptation, prodigyopt not installed")
@pytest.mark.filterwarnings("ignore")
def test_all_of_them_run_at_tiny_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_vector, "SIZE", {"quick": 5000})
    monkeypatch.setattr(adam, "SIZES", (50,))
    monkeypatch.setattr(adaptive, "SIZES", (50,))
    monkeypatch.setattr(trajectories, "STEPS", 10)
    monkeypatch.setattr(threads, "STEPS", 10)
    monkeypatch.setattr(scaling, "DECADES", {name: {"quick": (1, 3)} for name in ("D", "T", "seeds")})
    monkeypatch.setattr(scaling, "FITTED", {name: {"quick": 10.0} for name in ("D", "T", "seeds")})
    monkeypatch.setattr(scaling, "MEMORY", {name: {"quick": (1, 3)} for name in ("D", "seeds")})
    for module in (long_vector, adam, adaptive, trajectories, numpy_loop, threads, normals, memory, imports, scaling):
        for entry in module.measure(PLAN):
            if isinstance(entry, Curve):
                assert math.isfinite(entry.exponent)
            else:
                assert isinstance(entry, Row)
                assert entry.value is not None
                assert math.isfinite(entry.value)


@pytest.mark.slow
def test_only_the_edited_kernel_is_compiled_again(tmp_path: Path) -> None:
    cold, warm, edited = first_result.measure(Plan("quick", effort=TINY))
    assert "functions compiled; processor time: numpy " in cold.note
    assert warm.note.startswith("recompiled: nothing; processor time: numpy ")
    assert edited.met is True
