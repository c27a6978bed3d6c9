"""One long vector in place: the bits of the reference, for any number of threads, and nothing changed by bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.bench.long_vector import methods
from lra_ref.backends.sums import LANES
from lra_ref.engine import inplace
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.vector_step import adds_only, chunks_of, sees, stages, stores
from lra_ref.methods import Method, compose, make_method
from lra_ref.parts import DIRECTIONS, RATES, WHOLES
from lra_ref.rates.clara import clara_terms
from lra_ref.rates.gala import terms_free_gradient
from lra_ref.status import Status

LARGE = 17 * 4096 + 77
CASES: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"weight_decay": 0.1}),
    ("adam", {}),
    ("normalized_momentum", {"norm": "block"}),
    ("clara_adam", {"d": 0.1}),
    ("salera_sgd", {"alpha": 0.1}),
    ("egdd_momentum", {"per_block": True}),
    ("gala_sgd", {"eta_0": 1e-3}),
    ("gala_sgd_practical", {"eta_0": 1e-3}),
    ("cosine_amsgrad", {"T_max": 3}),
]
#: every combination is compiled anew, so the quick tests take one of each kind: stored, chunked and no direction; points; blocks
QUICK = ("sgd", "clara_adam", "gala_sgd")


@pytest.fixture(autouse=True)
def threads_at_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads are to share these vectors although it does not pay."""
    monkeypatch.setattr(inplace, "WORTH", 1)


def table(names: tuple[str, ...] = ()) -> Any:
    rows = [pytest.param(name, p, id=name, marks=[] if name in names else pytest.mark.slow) for name, p in CASES]
    return pytest.mark.parametrize(("name", "parameters"), rows)


def offsets(dim: int) -> list[int]:
    return [0, 5, dim // 2, dim]


@table(QUICK)
@pytest.mark.parametrize("threads", [1, 3])
def test_the_bits_of_the_reference(name: str, parameters: dict[str, Any], threads: int) -> None:
    method, rng = make_method(name, **parameters), np.random.default_rng(0)
    start = rng.normal(size=LARGE)
    x = start.copy()
    step, reference = InPlace(method, x, offsets(LARGE), threads=threads, seed=3), Optimizer(method, start, offsets(LARGE), seed=3)
    for t in range(4):
        answers = [(float(rng.uniform(1, 2)), rng.normal(size=LARGE)) for _ in range(1 + len(step.wanted()))]
        asked = reference.ask()
        for (point, _), evaluation in zip(step.wanted(), asked[1:], strict=True):
            assert np.array_equal(point, evaluation.x)
        info = reference.tell(answers)
        assert info is not None
        assert step(answers[0][1], answers[0][0], answers[1:]) is Status.RUNNING
        assert np.array_equal(x, reference.x), t
        assert step.rate == info.rate
        assert step.scalars == {scalar: info.scalars[scalar] for scalar in step.scalars}
        assert step.gradient_evaluations == info.gradient_evaluations


@table(QUICK[1:2])
def test_float32_is_the_same_method_to_its_own_precision(name: str, parameters: dict[str, Any]) -> None:
    """Three steps on gradients without feedback: float32 rounds state, direction and point a few times per step."""
    if name == "egdd_momentum":
        parameters = {**parameters, "gamma_p": 1e-3}
    method, rng = make_method(name, **parameters), np.random.default_rng(1)
    wide = rng.uniform(1, 2, size=700)
    narrow = wide.astype(np.float32)
    wide[:] = narrow
    one, two = InPlace(method, wide, offsets(700), seed=3), InPlace(method, narrow, offsets(700), seed=3)
    for _ in range(3):
        answers = [(1.5, rng.choice([-1, 1], 700) * rng.uniform(1, 2, 700).astype(np.float32)) for _ in range(1 + len(one.wanted()))]
        wide_answers = [(f, g.astype(np.float64)) for f, g in answers]
        one(wide_answers[0][1], 1.5, wide_answers[1:])
        two(np.asarray(answers[0][1], np.float32), 1.5, [(f, np.asarray(g, np.float32)) for f, g in answers[1:]])
    assert narrow.dtype == np.float32
    moved = np.abs(wide).max() + 3 * abs(one.rate)
    assert np.all(np.abs(narrow - wide) <= 64 * np.finfo(np.float32).eps * moved)


def test_a_bad_gradient_changes_nothing() -> None:
    x = np.linspace(1, 2, LARGE)
    before = x.copy()
    for threads in (1, 2):
        step = InPlace(make_method("adam"), x, threads=threads)
        bad = np.ones(LARGE)
        bad[-1] = np.inf
        assert step(bad) is Status.NONFINITE_GRADIENT
        assert step(np.ones(LARGE)) is Status.NONFINITE_GRADIENT
        assert np.array_equal(x, before)
        assert step.t == 0
        assert np.isnan(step.rate)
        assert InPlace(make_method("adam"), x, threads=threads)(np.ones(LARGE), float("nan")) is Status.NONFINITE_GRADIENT


def test_a_rate_that_stops_keeps_the_point() -> None:
    for threads in (1, 2):
        x = np.ones(LARGE)
        step = InPlace(make_method("clara_sgd", d=1e6, mu_ref=1.0, lr=1e-3), x, threads=threads)
        g = np.ones(LARGE)
        assert step(g) is Status.RUNNING
        kept = x.copy()
        while not step(-g):
            kept = x.copy()
        assert step.status in (Status.RATE_VANISHED, Status.NONFINITE_RATE)
        assert np.array_equal(x, kept)


def read_only() -> np.ndarray:
    x = np.ones(3)
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([1.0, 2.0], "float64 or float32 array"),
        (np.ones(3, np.int64), "float64 or float32 array"),
        (np.ones((2, 2)), "float64 or float32 array"),
        (np.empty(0), "float64 or float32 array"),
        (np.ones(6)[::2], "C-contiguous and writable"),
        (read_only(), "C-contiguous and writable"),
        (np.array([1.0, np.nan]), "finite"),
    ],
)
def test_points_that_cannot_be_overwritten(x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InPlace(make_method("sgd"), x)


def test_other_bad_input() -> None:
    with pytest.raises(ValueError, match="armijo_sgd needs more than gradients"):
        InPlace(make_method("armijo_sgd"), np.ones(3))
    with pytest.raises(ValueError, match="method must be a Method"):
        InPlace("sgd", np.ones(3))  # type: ignore[arg-type]
    step = InPlace(make_method("gala_sgd_practical"), np.ones(3))
    for gradient in (np.ones(4), np.ones(3, np.float32), [1.0, 1.0, 1.0], np.ones(6)[::2]):
        with pytest.raises(ValueError, match="gradient must be"):
            step(gradient)  # type: ignore[arg-type]
    step(np.ones(3), 1.0)
    with pytest.raises(ValueError, match="answers must be 1 pairs"):
        step(np.ones(3), 1.0)
    with pytest.raises(ValueError, match="gradient of answer 0"):
        step(np.ones(3), 1.0, [(1.0, np.ones(2))])


def test_what_is_stored_is_what_the_summands_need() -> None:
    assert sees(clara_terms, "d")
    assert not sees(terms_free_gradient, "d")
    method: Method = compose("adam", "clara")
    assert InPlace(method, np.ones(10_000))._d.size == 10_000
    assert InPlace(make_method("adam"), np.ones(10_000))._d.size == LANES


def kernels() -> dict[str, Any]:
    """Every kernel with summands, of every form that is named or shown."""
    parts: list[Any] = [DIRECTIONS[name]() for name in DIRECTIONS]
    parts += [registry[name](**registry[name].shown) for registry in (RATES, WHOLES) for name in registry]
    parts += [method.rate for method in methods()]
    found = [getattr(part, name, None) for part in parts for name in ("gather", "terms", "move")]
    return {kernel.__qualname__: kernel for kernel in found if kernel is not None}


@pytest.mark.parametrize("kernel", kernels().values(), ids=kernels())
def test_kernels_add_their_summands(kernel: Any) -> None:
    assert adds_only(kernel)


def test_a_kernel_that_does_not_add_is_refused() -> None:
    def sets(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
        out[0, : hi - lo] = g[lo:hi]

    assert not adds_only(sets)
    method = make_method("gala_sgd_practical")
    method.rate.terms = sets
    with pytest.raises(ValueError, match=r"sets must add its summands, out\[j, i\] \+= s"):
        stages(method.direction, method.rate, np.float64)


def test_chunks_follow_the_blocks() -> None:
    assert chunks_of(np.array([0, 3, 5000])).tolist() == [[0, 3, 0], [3, 4099, 1], [4099, 5000, 1]]


def looking() -> list[Any]:
    """A method for every first pass that finds what is not finite along the way, of some on two threads too."""
    found, seen = [], set()
    for method in methods():
        try:
            step = InPlace(method, np.ones(40))
        except ValueError:
            continue
        first = step.method.direction.gather or step.method.rate.terms
        if step._stages.looks and (method.name == "clara_sgd" or first not in seen):
            seen.add(first)
            quick = method.name == "clara_sgd"
            for threads in (1, 2) if quick else (1,):
                found.append(pytest.param(method, threads, id=f"{method.name}-{threads}", marks=[] if quick else pytest.mark.slow))
    return found


@pytest.mark.parametrize(("method", "threads"), looking())
def test_a_look_along_the_way_changes_nothing(method: Method, threads: int) -> None:
    """The state before and after a bad gradient, of every method whose check is part of its first pass."""
    rng = np.random.default_rng(5)
    step = InPlace(method, rng.normal(size=LARGE), threads=threads)
    for _ in range(3):
        assert not step(rng.normal(size=LARGE) / 300, 1.5, [(1.5, rng.normal(size=LARGE) / 300) for _ in step.wanted()])
    before = [a.copy() for a in (step.x, *step._direction[:2], *step._rate[:2], step._late)]
    for bad in (np.nan, -np.inf):
        g = rng.normal(size=LARGE)
        g[-1] = bad
        answers = [(1.5, rng.normal(size=LARGE)) for _ in step.wanted()]
        assert step(g, 1.5, answers) is Status.NONFINITE_GRADIENT
        step.status = Status.RUNNING
        assert all(np.array_equal(a, b) for a, b in zip(before, (step.x, *step._direction[:2], *step._rate[:2], step._late), strict=True))


def test_what_may_look_along_the_way() -> None:
    assert stores(clara_terms) == {"out"}
    assert not InPlace(make_method("adam"), np.ones(3))._stages.looks
    assert not InPlace(make_method("clara_adam"), np.ones(3))._stages.looks
    assert not InPlace(make_method("normalized_momentum"), np.ones(3))._stages.looks

    def spoils(out: Any, vec: Any) -> None:
        vec[0] = out[0]

    assert stores(spoils) == {"vec"}
    assert stores(eval("lambda out: 0")) == {"?"}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gradients_that_are_read_only_or_given_once(dtype: Any) -> None:
    """A read-only gradient and an only answer are used where they are, and left as they were."""
    rng = np.random.default_rng(2)
    x, y = np.ones(300, dtype), np.ones(300, dtype)
    one, two = InPlace(make_method("gala_sgd_practical"), x), InPlace(make_method("gala_sgd_practical"), y)
    for _ in range(4):
        g, q = rng.normal(size=300).astype(dtype), rng.normal(size=300).astype(dtype)
        kept = g.copy(), q.copy()
        held = g.copy()
        held.flags.writeable = False
        assert not one(g, 1.0, [(1.0, q)] * len(one.wanted()))
        assert not two(held, 1, [(1.0, q.tolist())] * len(two.wanted()))
        assert np.array_equal(g, kept[0])
        assert np.array_equal(q, kept[1])
        assert np.array_equal(x, y)


def test_threads_share_only_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert InPlace(make_method("adam"), np.ones(1000), threads=2)._helpers is None
    assert InPlace(make_method("adam"), np.ones(400_000), threads=2)._helpers is not None
    assert InPlace(make_method("adam"), np.ones(400_000))._helpers is None
