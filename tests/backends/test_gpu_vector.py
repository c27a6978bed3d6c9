"""The generated passes over one long vector, built for the CPU: the bits of ``InPlace``, state and scalars included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cuda import passes
from lra_ref.backends.cuda.host import HostDevice
from lra_ref.backends.cuda.passes import source_for
from lra_ref.engine import vector_step
from lra_ref.engine.device import DeviceInPlace
from lra_ref.engine.inplace import InPlace
from lra_ref.methods import Method, make_method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.status import Status
from tests.backends.gpu_cases import compile_with_nvcc, methods, needs_cxx, needs_nvcc, pairs

LARGE = 3 * 4096 + 77
#: one of each kind: no direction, a norm, a stored direction with feedback, points, a whole method
QUICK = ("sgd", "normalized_momentum", "clara_adam", "gala_sgd")
pytestmark = needs_cxx


@pytest.fixture
def interpreted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The kernels of the CPU as plain Python: the same bits in float64, and nothing to compile."""
    vector_step._stages.cache_clear()
    monkeypatch.setenv("LRA_REF_INTERPRET", "1")
    yield
    vector_step._stages.cache_clear()


def cases() -> list[Any]:
    return [pytest.param(m, id=m.name, marks=[] if m.name in QUICK else pytest.mark.slow) for m in methods()]


def same(a: Any, b: Any) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def assert_same_steps(method: Method, dtype: Any, size: int, offsets: list[int], steps: int) -> None:
    """Step both; compare status, rate, point, vectors and scalars of both parts after every step."""
    x = np.random.default_rng(7).normal(size=size).astype(dtype)
    y = x.copy()
    try:
        cpu = InPlace(method, x, offsets, seed=3)
    except ValueError as refusal:
        with pytest.raises(ValueError, match=str(refusal)):
            DeviceInPlace(method, y, offsets, device=HostDevice())
        return
    gpu = DeviceInPlace(method, y, offsets, seed=3, device=HostDevice())
    assert gpu.library == ()
    answers = pairs(1 + len(method.bound(cpu.offsets).rate.points), size, dtype)
    for t in range(steps):
        (loss, gradient), *rest = next(answers)
        rest = rest[: len(cpu.wanted())]
        for (a, name), (b, other) in zip(cpu.wanted(), gpu.wanted(), strict=True):
            assert (name, same(a, b)) == (other, True)
        assert cpu(gradient, loss, rest) is gpu(gradient, loss, rest)
        assert same(cpu.rate, gpu.rate), t
        assert same(x, y), t
        assert same(cpu._rate[0], gpu._r_vec), t
        assert same(cpu._direction[0], gpu._d_vec), t
        assert same(cpu._rate[1], gpu._rate[0]), t
        assert same(cpu._direction[1], gpu._direction[0]), t
        assert cpu.scalars == gpu.scalars or cpu.status
        assert (cpu.t, cpu.gradient_evaluations) == (gpu.t, gpu.gradient_evaluations)


@pytest.mark.usefixtures("interpreted")
@pytest.mark.parametrize("method", cases())
def test_the_bits_of_the_cpu(method: Method) -> None:
    assert_same_steps(method, np.float64, 700, [0, 5, 300, 700], 6)


def test_the_sweep_covers_every_part() -> None:
    made = methods()
    assert {m.direction.name for m in made} == set(DIRECTIONS)
    assert {m.rate.name for m in made} >= set(RATES) | set(WHOLES)


@pytest.mark.slow
@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_the_bits_of_the_cpu_in_float32(method: Method) -> None:
    assert_same_steps(method, np.float32, 700, [0, 5, 300, 700], 6)


def test_many_chunks_and_blocks() -> None:
    """Against the compiled step: chunks that end early, blocks shorter than a row of lanes."""
    assert_same_steps(make_method("clara_adam"), np.float64, LARGE, [0, 5, LARGE // 2, LARGE], 3)


@pytest.mark.usefixtures("interpreted")
def test_a_sum_in_another_order_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes added one after the other instead of by halving: a sum as good, of other bits."""
    serial = "ALL_THREADS(k) if (k < {count}) {{ for (i64 l = 1; l < top; ++l) lanes[k * 128] += lanes[k * 128 + l];"
    monkeypatch.setattr(passes, "FOLD", serial + " parts[block_ * width + k] = lanes[k * 128]; }}")
    passes.vector_source.cache_clear()
    try:
        with pytest.raises(AssertionError):
            assert_same_steps(make_method("clara_adam"), np.float64, 700, [0, 700], 6)
    finally:
        passes.vector_source.cache_clear()


class Reversed(HostDevice):
    """Blocks and threads in descending order."""

    def module(self, source: str) -> Any:
        return super().module("#define LRA_REF_REVERSED\n" + source)


def moved(method: Method, device: HostDevice) -> np.ndarray:
    x = np.random.default_rng(1).normal(size=LARGE)
    step, gradients = DeviceInPlace(method, x, [0, 5, LARGE], device=device), pairs(1, LARGE, np.float64)
    for _ in range(3):
        (loss, gradient), *_ = next(gradients)
        step(gradient, loss)
    return x


@pytest.mark.usefixtures("interpreted")
def test_the_order_of_blocks_and_threads_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a phase they are independent; a missing barrier, as the control, makes them depend on the order."""
    method = make_method("clara_normalized_momentum")
    assert np.array_equal(moved(method, HostDevice()), moved(method, Reversed()))
    phases, _, rest = passes.FOLD.partition("ALL_THREADS(k)")
    monkeypatch.setattr(passes, "FOLD", f"ALL_THREADS(k) {phases}{rest}")
    passes.vector_source.cache_clear()
    try:
        assert not np.array_equal(moved(method, HostDevice()), moved(method, Reversed()))
    finally:
        passes.vector_source.cache_clear()


def test_a_bad_gradient_changes_nothing() -> None:
    x = np.linspace(1, 2, 500)
    before, step = x.copy(), DeviceInPlace(make_method("adam"), x, device=HostDevice())
    bad = np.ones(500)
    bad[-1] = np.inf
    assert step(bad) is Status.NONFINITE_GRADIENT
    assert step(np.ones(500)) is Status.NONFINITE_GRADIENT
    assert np.array_equal(x, before)
    assert (step.t, np.isnan(step.rate)) == (0, True)
    assert DeviceInPlace(make_method("adam"), x, device=HostDevice())(np.ones(500), float("nan")) is Status.NONFINITE_GRADIENT


@pytest.mark.usefixtures("interpreted")
def test_what_is_copied_to_the_host() -> None:
    """Nothing for a constant rate and a schedule without the look at the gradient; the sums once where there is feedback."""
    for name, most in (("adam", 0), ("cosine_sgd", 0), ("clara_sgd", 1), ("normalized", 1), ("gala_sgd_practical", 1)):
        parameters = {"T_max": 9} if name == "cosine_sgd" else {}
        device = Counting()
        step = DeviceInPlace(make_method(name, **parameters), np.ones(50), check=False, device=device)
        for t in range(3):
            device.copies = 0
            step(np.full(50, 0.1), 1.0, [(1.0, np.full(50, 0.2)) for _ in step.wanted()])
            assert device.copies == most, (name, t)


class Counting(HostDevice):
    copies = 0

    def get(self, array: Any) -> Any:
        self.copies += 1
        return super().get(array)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0], "x must be a float64 or float32 numpy array of shape .D,., got list"),
        (np.ones(3, np.int64), "got int64 of shape"),
        (np.ones((2, 2)), "got float64 of shape .2, 2."),
        (np.empty(0), "of shape .0,."),
        (np.ones(6)[::2], "C-contiguous"),
        (np.array([1.0, np.nan]), "x must be finite"),
    ],
)
def test_points_that_cannot_be_overwritten(x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeviceInPlace(make_method("sgd"), x, device=HostDevice())


def test_other_bad_input() -> None:
    with pytest.raises(ValueError, match="armijo_sgd needs more than gradients"):
        DeviceInPlace(make_method("armijo_sgd"), np.ones(3), device=HostDevice())
    with pytest.raises(ValueError, match="method must be a Method"):
        DeviceInPlace("sgd", np.ones(3), device=HostDevice())  # type: ignore[arg-type]
    step = DeviceInPlace(make_method("sgd"), np.ones(3), device=HostDevice())
    for gradient in (np.ones(4), np.ones(3, np.float32), [1.0, 1.0, 1.0], np.ones(6)[::2]):
        with pytest.raises(ValueError, match="gradient must be"):
            step(gradient)
    with pytest.raises(ValueError, match="answers must be 0 pairs"):
        step(np.ones(3), 1.0, [(1.0, np.ones(3))])


@needs_nvcc
def test_nvcc_takes_the_passes(tmp_path: Path) -> None:
    """Every pass there is: a norm, a stored direction, feedback and a late sum; no contraction in either number type."""
    method = make_method("clara_normalized_momentum").bound(np.array([0, 5, 40]))
    for dtype in (np.float64, np.float32):
        direction, rate = method.direction, method.rate
        source, _ = source_for(direction, rate, (direction.sums, rate.sums, len(rate.late)), True, dtype)
        ptx = compile_with_nvcc(source, tmp_path)
        assert "fma." not in ptx
        for name in ("finite_pass", "gather_pass", "terms_pass", "move_pass", "collect_pass"):
            assert f".entry {name}(" in ptx
