"""The translated loop, built for the CPU: records, points and states of ``lra_ref.run``, bit for bit; every problem and every oracle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cuda import batches
from lra_ref.backends.cuda.host import HostDevice
from lra_ref.backends.cuda.translate import Program
from lra_ref.backends.cuda.types import F64, I64, U64, Array
from lra_ref.engine import device_run as device_module
from lra_ref.engine.device_run import device_resume, device_run
from lra_ref.engine.loop import advance
from lra_ref.engine.run import Run, _kernels, run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.oracles.base import draw_nothing, perturb_nothing
from lra_ref.problems import PROBLEMS, make_problem
from lra_ref.status import Status
from tests.backends.gpu_cases import Callable_, compile_with_nvcc, methods, needs_cxx, needs_nvcc, same
from tests.engine.cases import assert_same_run, edge
from tests.oracles.cases import ALL, IDS, build
from tests.problems.cases import CASES

V, M = Array(F64, 1), Array(F64, 2)
VALUE = (I64, I64, V, V, M, V, V)
HVP = (I64, I64, V, V, V, M, V, V)
DRAW = (U64, I64, I64, I64, V, V)
PERTURB = (I64, I64, V, V, V, F64, V)
pytestmark = needs_cxx


def noisy() -> Oracle:
    return make_oracle("gaussian", make_problem("ellipsoid", dim=9, condition=30.0), sigma=0.5)


def assert_same(method: Method, oracle: Any, **case: Any) -> Run:
    """One run on both; returns that of the device."""
    here = run(method, oracle, **case)
    there = device_run(method, oracle, device=HostDevice(), **case)
    assert there.settings.pop("library") == ()
    assert here.settings == there.settings
    assert_same_run(here, there)
    return there


@pytest.mark.parametrize("name", ["adam", "gala_sgd", "autogd"])
def test_the_bits_of_the_cpu(name: str) -> None:
    assert_same(make_method(name), noisy(), steps=30, trajectories=5, seed=3, first=2)


@pytest.mark.slow
@pytest.mark.parametrize("method", [m for m in methods()], ids=lambda m: m.name)
@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
def test_every_method(method: Method, offsets: list[int] | None) -> None:
    assert_same(method, noisy(), steps=30, trajectories=3, seed=5, offsets=offsets)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "parameters"), ALL, ids=IDS)
def test_every_oracle(name: str, parameters: dict[str, Any]) -> None:
    assert_same(make_method("adam"), build((name, parameters)), steps=12, trajectories=3, seed=2**40 + 1)


def test_long_vectors_are_summed_in_chunks() -> None:
    """More than one chunk, and not a multiple of the lanes."""
    case: dict[str, Any] = {"steps": 2, "trajectories": 2}
    assert_same(make_method("clara_sgd"), make_problem("sphere", dim=4096 + 200), **case)
    assert batches.room_for(9) == 128
    assert batches.room_for(4296) == 4096


def test_a_trajectory_that_stops_freezes_alone() -> None:
    """A start beyond the edge, where the gradient is nan; a rate at which another one leaves after some steps."""
    x0 = np.array([[1.0, 1, 1], [11.0, 1, 1], [2.0, 1, 1]])
    made = device_run([make_method("sgd", lr=lr) for lr in (0.1, 0.1, 2.5)], edge(), steps=20, x0=x0, device=HostDevice())
    here = run([make_method("sgd", lr=lr) for lr in (0.1, 0.1, 2.5)], edge(), steps=20, x0=x0)
    made.settings.pop("library")
    assert_same_run(here, made)
    assert made.status == [Status.RUNNING, Status.NONFINITE_GRADIENT, Status.NONFINITE_GRADIENT]


def test_scratch_memory_grows_and_batches_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    here = run(make_method("adam"), noisy(), steps=5, trajectories=300)
    device = Counting()
    monkeypatch.setattr(device_module, "SCRATCH", 8 * 100 * 280)
    monkeypatch.setattr(device_module, "first_room", lambda method, oracle: 140)
    made = device_run(make_method("adam"), noisy(), steps=5, trajectories=300, device=device)
    made.settings.pop("library")
    assert_same_run(here, made)
    assert device.rooms == [140, 280]
    # 200 and 100 trajectories fit in one launch
    assert device.launches == 2 + 3


class Counting(HostDevice):
    """Notes how much scratch memory a trajectory gets, and how many launches there are."""

    def __init__(self) -> None:
        self.rooms: list[int] = []
        self.launches = 0

    def module(self, source: str) -> Any:
        module, device = super().module(source), self

        class Noted:
            def launch(self, name: str, grid: int, threads: int, arguments: tuple[Any, ...]) -> None:
                device.launches += 1
                if arguments[1] not in device.rooms:
                    device.rooms.append(arguments[1])
                module.launch(name, grid, threads, arguments)

        return Noted()


def test_a_run_goes_on_where_it_was() -> None:
    whole = run(make_method("gala_sgd"), noisy(), steps=12, trajectories=3, every=5)
    half = run(make_method("gala_sgd"), noisy(), steps=7, trajectories=3, every=5)
    made = device_resume(half, 5, device=HostDevice())
    made.settings.pop("library")
    assert_same_run(whole, made)
    assert_same_run(half.resume(5), made)


def test_another_key_is_another_run() -> None:
    """The comparison can fail: noise of another seed, and an update that is not the method's."""
    here = run(make_method("adam"), noisy(), steps=3, trajectories=2, seed=3)
    with pytest.raises(AssertionError):
        assert_same_run(here, device_run(make_method("adam"), noisy(), steps=3, trajectories=2, seed=4, device=HostDevice()))


def test_bad_input_is_refused_as_by_run() -> None:
    with pytest.raises(ValueError, match="steps"):
        device_run(make_method("adam"), noisy(), steps=-1, device=HostDevice())
    with pytest.raises(ValueError, match="x0 must"):
        device_run(make_method("adam"), noisy(), steps=1, x0=np.ones(3), device=HostDevice())
    with pytest.raises(ValueError, match="same parts"):
        device_run([make_method("adam"), make_method("sgd")], noisy(), steps=1, device=HostDevice())


def test_every_problem_and_oracle_kernel() -> None:
    """Values, gradients and products of every registered family, draws and noise of every kind, against the compiled kernels."""
    problems = {problem.value_kernel: problem for problem in (case.problem() for case in CASES)}
    oracles = [build(case) for case in ALL]
    wanted = {(kernel, VALUE): None for kernel in problems} | {(p.hvp_kernel, HVP): None for p in problems.values()}
    wanted |= {(o.draw_kernel, DRAW): None for o in oracles} | {(o.perturb_kernel, PERTURB): None for o in oracles}
    made, rng = Callable_(list(wanted)), np.random.default_rng(0)
    for kernel, problem in problems.items():
        x, v = problem.start + 0.1 * rng.normal(size=problem.dim), rng.normal(size=problem.dim)
        for z in [np.empty(0), *([np.array([0.0, 2.0])] if problem.samples else [])]:
            g, products, chosen = np.zeros(problem.dim), np.zeros(problem.dim), z if z.size else None
            f = made(kernel, VALUE, (0, problem.dim, x, z, problem.data, problem.par, g))
            made(problem.hvp_kernel, HVP, (0, problem.dim, x, v, z, problem.data, problem.par, products))
            value, gradient = problem.value_and_gradient(x, chosen)
            assert close((f, g, products), (value, gradient, problem.hvp(x, v, chosen)), made.program.library), problem.name
    for oracle in oracles:
        if oracle.draw_kernel is draw_nothing and oracle.perturb_kernel is perturb_nothing:
            continue
        x = np.array([0.5, -1.0, 2.0])
        for trajectory, step, stream in ((0, 0, 0), (3, 5, 1), (1, 2**33, 0)):
            z, g = np.zeros(oracle.sample_size), np.zeros(3)
            made(oracle.draw_kernel, DRAW, (2**63 + 5, trajectory, step, stream, oracle.par, z))
            expected = oracle.sample(2**63 + 5, trajectory, step, stream)
            assert same((z,), (expected,)), oracle.name
            f, g = oracle.problem.value_and_gradient(x, expected[: oracle.batch] if oracle.batch else None)
            answer = made(oracle.perturb_kernel, PERTURB, (0, 3, x, z, oracle.par, float(f), g))
            assert same((answer, g), oracle.evaluate(x, expected)), oracle.name


def test_which_problems_call_the_mathematical_library() -> None:
    """The list of docs/gpu.md: what differs from the CPU in its last bits, and what does not; oracles never do."""
    found: dict[bool, set[str]] = {False: set(), True: set()}
    for name in {case.name for case in CASES}:
        program = Program()
        for problem in (case.problem() for case in CASES if case.name == name):
            program.add(problem.value_kernel, VALUE)
            program.add(problem.hvp_kernel, HVP)
        found[bool(program.library)].add(name)
    assert found[False] | found[True] == set(PROBLEMS)
    page = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text(encoding="utf-8")
    exact, inexact = page[page.index("0 ulp per step") :].split("It is not empty", 1)
    for names, text in ((found[False], exact), (found[True], inexact[: inexact.index("## ")])):
        listed = set(re.findall(r"\b[a-z0-9_]+\b", text)) & set(PROBLEMS)
        assert listed == names
    program = Program()
    for oracle in (build(case) for case in ALL):
        program.add(oracle.draw_kernel, DRAW)
        program.add(oracle.perturb_kernel, PERTURB)
    assert program.library == set()


def close(ours: tuple[Any, ...], theirs: tuple[Any, ...], library: set[str]) -> bool:
    """Equal bits; problems that use the mathematical library (the C library here, and another build of it there) agree to its rounding."""
    if same(ours, theirs):
        return True
    scale = [float(np.max(np.abs(b), initial=0.0)) for b in theirs]
    bounds = [64 * np.finfo(float).eps * s for s in scale]
    return bool(library) and all(np.max(np.abs(a - b), initial=0.0) <= bound for a, b, bound in zip(ours, theirs, bounds, strict=True))


@needs_nvcc
@pytest.mark.slow
def test_nvcc_takes_the_loop(tmp_path: Path) -> None:
    kernels = tuple(kernel for kernel, _ in _kernels(compose("adam", "gala"), noisy()))
    source, library = batches.batch_source(advance, kernels, batches.room_for(9))
    assert library == ()
    ptx = compile_with_nvcc(source, tmp_path)
    assert ".entry trajectories(" in ptx
    assert "fma." not in ptx
