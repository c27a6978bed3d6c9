"""The loop as plain Python: the same bits as compiled, and the small kernels it is made of."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cpu import interpreted
from lra_ref.backends.sums import CHUNK, LANES, block_sums
from lra_ref.engine import lockstep
from lra_ref.engine.loop import needed
from lra_ref.engine.run import Run, make_plan, run
from lra_ref.methods import METHODS, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from tests.engine.cases import assert_same_state, edge, named, noisy


def runs() -> dict[str, Run]:
    """Runs that reach every branch of the loop; without exp and log, whose last bit is that of the library in use."""
    sphere = make_problem("sphere", dim=3)
    rows = make_oracle("minibatch", make_problem("geman_mcclure", n=12, dim=2), batch=5, replacement="reshuffle")
    case: dict[str, Any] = {"steps": 7, "trajectories": 2, "seed": 3, "every": 3}
    made = {name: run(named(name), noisy(), **case) for name in METHODS if name.startswith("gala_")}
    made["rows"] = run(compose("sgd", "gala"), rows, **case)
    made["blocks"] = run(compose("normalized", "gala", norm="block", eta_0=0.01), noisy(), offsets=[0, 2, 5], **case)
    made["search"] = run(compose("adam", "armijo", growth=2.0), noisy(), **case)
    made["edge"] = run(compose("sgd", lr=2.5), edge(), x0=[[0.0, 0, 0], [1, 1, 1]], **case)
    made["exhausted"] = run(compose("sgd", "armijo", eta_0=64.0, max_trials=3), sphere, **case)
    made["overflow"] = run(compose("sgd", lr=1e300), sphere, x0=np.full(3, 1e10), **case)
    made["chunks"] = run(compose("momentum", "gala", eta_0=0.01), make_problem("sphere", dim=CHUNK + 3), steps=1, offsets=[0, 2, CHUNK + 3])
    made["resumed"] = made["search"].resume(4)
    return made


SCRIPT = """
import pathlib, pickle, sys
from tests.engine.test_loop import runs
found = {name: (done.records, vars(done.state)) for name, done in runs().items()}
assert "numba" not in sys.modules
pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(found))
"""


def test_the_interpreted_loop_gives_the_same_bits(tmp_path: Path) -> None:
    environment = {**os.environ, "LRA_REF_INTERPRET": "1"}
    subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT, tmp_path / "runs"], check=True, env=environment)
    plain = pickle.loads((tmp_path / "runs").read_bytes())
    assert not interpreted()
    for name, done in runs().items():
        records, state = plain[name]
        assert_same_state(state, vars(done.state))
        assert_same_state(records, done.records)


def test_interpreting_is_switched_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("1", True), ("yes", True), ("0", False), ("", False)):
        monkeypatch.setenv("LRA_REF_INTERPRET", value)
        assert interpreted() is expected
    monkeypatch.delenv("LRA_REF_INTERPRET")
    assert interpreted() is False


def test_sweep_cuts_blocks_into_chunks_and_adds_in_order() -> None:
    offsets = np.array([0, 3, CHUNK + 10, 3 * CHUNK])
    x = np.random.default_rng(1).normal(size=offsets[-1])
    calls: list[tuple[int, int, int, int]] = []

    def kernel(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
        calls.append((int(seg), int(lo), int(hi), int(at)))
        out[0, : hi - lo] += x[lo:hi]
        out[1, : hi - lo] += x[lo:hi] ** 2

    sums, none = np.full((3, 2), np.nan), np.zeros((0, 0))
    state = (0, 0, 0, 1, offsets, np.zeros(1, dtype=np.int64))
    lockstep.sweep(kernel, 2, *state, x, x, x, none, none, none, np.full((2, CHUNK), 7.0), np.zeros(LANES), sums)
    assert calls == [
        (0, 0, 3, 0), (1, 3, CHUNK + 3, 3), (1, CHUNK + 3, CHUNK + 10, CHUNK + 3),
        (2, CHUNK + 10, 2 * CHUNK + 10, CHUNK + 10), (2, 2 * CHUNK + 10, 3 * CHUNK, 2 * CHUNK + 10),
    ]  # fmt: skip
    assert np.array_equal(sums[:, 0], block_sums(x, offsets))
    assert np.array_equal(sums[:, 1], block_sums(x**2, offsets))


@pytest.mark.parametrize("size", [1, 2, 127, 128, 129, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_dot_is_the_sum_in_the_house_order(size: int) -> None:
    a, b = np.random.default_rng(2).normal(size=(2, size))
    found = lockstep.dot(a, b, np.zeros((1, CHUNK)), np.zeros(LANES))
    assert found == block_sums(a * b, np.array([0, size]))[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_all_finite(bad: float) -> None:
    assert lockstep.all_finite(np.zeros(0), 0, 0)
    assert lockstep.all_finite(np.array([1e308, -1e308, 5e-324]), 0, 3)
    for at in range(3):
        values = np.ones(5)
        values[1 + at] = bad
        assert not lockstep.all_finite(values, 1, 4)
        assert lockstep.all_finite(values, 4, 5)
        assert lockstep.all_finite(values, 0, 1)


def test_the_plan_says_what_the_parts_need() -> None:
    plan = make_plan(make_method("gala_nsgdm"), noisy())
    assert (plan.sample, plan.batch, plan.exact, plan.alias, plan.random, plan.search) == (5, 0, False, False, True, False)
    assert (plan.terms, plan.late, plan.has_gather) == (7, 1, True)
    plain = make_plan(compose("sgd"), make_oracle("exact", make_problem("sphere", dim=2)))
    assert (plain.exact, plain.alias, plain.has_terms, plain.late, plain.sample) == (True, True, False, 0, 0)


def phases_of(method: Any, oracle: Any, rows: Any = ((1.0,),), blocks: int = 1, dim: int = 3) -> set[str]:
    """Names of the phases that a run of two trajectories is said to need."""
    plan, points = np.array(make_plan(method, oracle), dtype=np.int64), np.zeros((len(method.rate.points), 2))
    offsets = np.linspace(0, dim, blocks + 1).astype(np.int64)
    return {phase.__name__ for phase in needed(plan, points, offsets, np.array(rows), 2)}


def test_only_the_phases_of_the_combination_are_compiled() -> None:
    sphere = make_oracle("exact", make_problem("sphere", dim=3))
    assert phases_of(make_method("adam"), sphere) == set()
    assert phases_of(make_method("adam"), noisy()) == {"draw_samples"}
    # a rate that is not the same for all is decided for each
    assert phases_of(make_method("adam"), sphere, rows=((1.0,), (2.0,))) == {"decide_each"}
    assert phases_of(make_method("adam"), sphere, blocks=3) == {"decide_each"}
    assert phases_of(make_method("adam"), sphere, dim=CHUNK // 2) == set()
    assert phases_of(make_method("adam"), sphere, dim=CHUNK // 2 + 1) == {"decide_each"}
    assert phases_of(compose("normalized"), sphere) == {"sweep"}
    assert phases_of(compose("adam", "armijo"), sphere) == {"decide_each"}
    everything = {"draw_samples", "draw_uniforms", "sweep", "evaluate_points", "decide_each"}
    assert phases_of(make_method("gala_nsgdm"), noisy()) == everything
