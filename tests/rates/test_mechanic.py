"""Mechanic: its three forms against exact arithmetic and optax, steps by hand, edge cases, options bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.sequences import scripted
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.readings import precise
from lra_ref.status import Status
from tests.test_options import assert_same

EPS = float(np.finfo(float).eps)
FORMS = ("reference", "torch", "optax")


def steps_of(method: Any, x0: Any, gradients: Any) -> Any:
    """(x, g, scalars and Delta after the step) of every step of a run on given gradients."""
    optimizer = Optimizer(method, x0)
    for g in gradients:
        before = optimizer.x
        optimizer.tell([(0.0, np.asarray(g, dtype=float))])
        yield before, optimizer


def test_the_first_steps_by_hand() -> None:
    """d = g = 1, x_0 = 0, no decay: step 1 does not move; h = -1 from then on falls by 1 a step."""
    scales = []
    for _, optimizer in steps_of(make_method("mechanic_sgd", s_decay=0.0), [0.0], [[1.0]] * 3):
        scales.append(optimizer._info.scalars["scale"])  # type: ignore[union-attr]
        last = optimizer
    assert scales[0] == 0.0
    # step 2: h = -1, m = v = 1, r = 0: S = s_init/(1 + eps)
    assert scales[1] == pytest.approx(1e-8 / (1 + 1e-8), rel=1e-14)
    # step 3: h = -2, m = 2, v_i = beta_i^2 + 4, r_i = 2 s_init/6 nearly
    betas = np.array([0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999])
    s = 1e-8 / 6 / (1 + 1e-8)
    third = np.sum((1e-8 * 2 / 6 + 2 * s) / (np.sqrt(betas**2 + 4) + 1e-8))
    assert scales[2] == pytest.approx(third, rel=1e-14)
    assert last.x == pytest.approx([-3 * third], rel=1e-14)


def test_a_negative_reward_is_kept_but_bets_nothing() -> None:
    """optax's form: h = 100 after h = -1 takes the reward below 0; the scale is then that of s_init m alone."""
    method = make_method("mechanic_sgd", form="optax", s_decay=0.0)
    *_, (_, optimizer) = steps_of(method, [0.0], [[1.0], [1.0], [-50.0]])
    found = optimizer._info.scalars  # type: ignore[union-attr]
    s, m, v, r = (np.array([found[f"{name}_{i}"] for i in range(1, 7)]) for name in "smvr")
    assert np.all(r < 0)
    assert s == pytest.approx(1e-6 * m / 6 / (np.sqrt(v) + 1e-8), rel=8 * EPS)
    # the other forms start anew from 0
    *_, (_, optimizer) = steps_of(make_method("mechanic_sgd", form="torch", s_decay=0.0), [0.0], [[1.0], [1.0], [-50.0]])
    assert [optimizer._info.scalars[f"r_{i}"] for i in range(1, 7)] == [0.0] * 6  # type: ignore[union-attr]


def exact_steps(form: str, stored: bool, x0: Any, spectrum: Any, lr: float, steps: int) -> Any:
    """The points on F = sum lambda_i x_i^2/2 in arithmetic of 90 digits, written down from the equations."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(90):
        mpf = mpmath.mpf
        x, curved, dim = [mpf(v) for v in x0], [mpf(v) for v in spectrum], len(x0)
        eps, decay, s_init = mpf(1e-8), mpf(0.01), mpf(1e-6 if form == "optax" else 1e-8)
        betas = [mpf(b) for b in (0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)]
        s = [s_init if form == "optax" else mpf(0)] * 6
        m, v, r = [mpf(1e-6 if form == "torch" else 0)] * 6, [mpf(0)] * 6, [mpf(0)] * 6
        start, delta, points = list(x), [mpf(0)] * dim, [list(x)]
        for _ in range(steps):
            g = [a * b for a, b in zip(curved, x, strict=True)]
            total = sum(s)
            if not stored:
                delta = [(a - b) / (total + eps) for a, b in zip(x, start, strict=True)]
            u = [-mpf(lr) * a for a in g]
            y = [a + b for a, b in zip(x, u, strict=True)] if form == "torch" else x
            share = decay * total * mpmath.norm(g) / (mpmath.norm(y) + eps)
            h = sum(a * (b + share * c) for a, b, c in zip(delta, g, y, strict=True))
            delta = [a + b for a, b in zip(delta, u, strict=True)]
            for i, beta in enumerate(betas):
                seen = max(-m[i], min(m[i], h)) if form == "optax" else h
                r[i] = beta * r[i] - s[i] * seen
                r[i] = r[i] if form == "optax" else max(mpf(0), r[i])
                m[i] = max(beta * m[i], abs(h) + (eps if form == "optax" else 0))
                v[i] = beta**2 * v[i] + h**2
                s[i] = (s_init * m[i] / 6 + max(mpf(0), r[i])) / (mpmath.sqrt(v[i]) + eps)
            x = [a + sum(s) * b for a, b in zip(start, delta, strict=True)]
            points.append(list(x))
        return points


@pytest.mark.parametrize(("form", "stored"), [("reference", True), *((form, stored) for form in FORMS[1:] for stored in (True, False))])
def test_the_kernels_compute_the_equations(form: str, stored: bool) -> None:
    """The same trajectory in certified arithmetic: the ball of every coordinate holds the exact one."""
    flint, mpmath = pytest.importorskip("flint"), pytest.importorskip("mpmath")
    spectrum, x0, lr = [1.0, 0.3, 0.02], [1.0, -2.0, 0.5], 0.25
    method = make_method("mechanic_sgd", form=form, store_delta=stored, lr=lr)
    exact = exact_steps(form, stored, x0, spectrum, lr, 60)
    problem = make_problem("quadratic", spectrum=spectrum)
    with precise(400):
        certified = run(method, problem, steps=60, x0=x0).x[0]
        for ball, value in zip(certified, exact[-1], strict=True):
            assert ball.arb.rad() < 1e-60
            assert abs(ball.arb - flint.arb(mpmath.nstr(value, 85))) < 1e-58
    moved = np.array([[float(v) for v in x] for x in exact])
    assert np.linalg.norm(moved[-1] - moved[0]) > 0.1
    # in float64 the first steps, before roundings grow: those of x are divided by S + eps when Delta is recomputed
    early = run(method, problem, steps=3, x0=x0).x[0]
    assert early == pytest.approx(moved[3], abs=8 * EPS)


def test_around_any_direction() -> None:
    """Around Adam, u = -lr d: the points are x_0 + S Delta."""
    method = make_method("mechanic_adam", lr=0.5)
    problem = make_problem("quadratic", dim=5, condition=10.0)
    total, last = np.zeros(5), 0.0

    def watch(t: int, x: Any, seen: Any, info: Any) -> None:
        nonlocal total, last
        assert x[0] == pytest.approx(problem.start + last * total, abs=4 * EPS * (1 + t * np.max(np.abs(last * total)) + 1))
        total, last = total - 0.5 * info.d[0], float(info.scalars["scale"][0, 0])

    made = reference_run(method, problem, steps=80, observe=watch)
    assert np.linalg.norm(made.x[0] - problem.start) > 0.1
    assert np.array_equal(made.records["rate"], 0.5 * made.records["scale"])


def test_edges() -> None:
    # no gradient: nothing moves, with or without eps
    for parameters in ({}, {"scale_eps": 0.0}, {"scale_eps": 0.0, "form": "torch"}):
        *_, (_, optimizer) = steps_of(make_method("mechanic_sgd", **parameters), [0.0, 0.0], [[0.0, 0.0]] * 3)
        assert np.array_equal(optimizer.x, [0.0, 0.0])
        assert optimizer.status == Status.RUNNING
    # <Delta, g> out of range; then only its square
    for large, status in ((1e160, Status.NONFINITE_FEEDBACK), (1e100, Status.NONFINITE_RATE)):
        made = run(make_method("mechanic_sgd"), scripted({"0": [large, large]}), steps=3)
        assert made.status == [status]
        assert made.x.tolist() == [[0.0]]


def test_invalid_parameters() -> None:
    with pytest.raises(ValueError, match="num_betas must be a whole number in \\[1, 15\\], got 16"):
        make_method("mechanic_sgd", num_betas=16)
    with pytest.raises(ValueError, match='form="reference" needs store_delta=True: it starts with scale 0 and would never move'):
        make_method("mechanic_sgd", store_delta=False)
    with pytest.raises(ValueError, match="form must be one of 'reference', 'torch', 'optax', got 'jax'"):
        make_method("mechanic_sgd", form="jax")


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"form": "torch", "weight_decay": 0.1}),
    ("adam", {"form": "torch", "store_delta": True, "lr": 0.3}),
    ("momentum", {"form": "optax"}),
    ("adam", {"form": "optax", "store_delta": True, "num_betas": 2, "s_init": 1e-3}),
    ("sgd", {"store_delta": False, "form": "torch", "s_decay": 0.0, "num_betas": 1, "s_init": 0.1}),
    ("normalized", {"scale_eps": 0.0, "s_init": 0.1}),
    ("normalized", {"scale_eps": 0.0, "form": "torch", "num_betas": 15}),
]


@pytest.mark.parametrize(("direction", "parameters"), VARIANTS, ids=[f"{d}-{list(p.values())}" for d, p in VARIANTS])
@pytest.mark.parametrize(("dim", "offsets"), [(5, [0, 1, 3, 5]), (9001, [0, 5, 4200, 9001])], ids=["small", "chunks"])
def test_options_agree(direction: str, parameters: dict[str, Any], dim: int, offsets: list[int]) -> None:
    oracle = make_oracle("gaussian", make_problem("rosenbrock", dim=dim), sigma=2.0)
    method = compose(direction, "mechanic", **parameters)
    case: dict[str, Any] = {"steps": 15, "trajectories": 2, "seed": 5, "offsets": offsets}
    assert_same(method, run(method, oracle, **case), reference_run(method, oracle, **case))


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [{}, {"form": "torch"}], ids=["stored", "recomputed"])
def test_in_place_has_the_same_bits(parameters: dict[str, Any]) -> None:
    generator, dim, offsets = np.random.default_rng(0), 3 * 4096 + 77, [0, 5, 7000, 3 * 4096 + 77]
    x = generator.normal(size=dim)
    reference = Optimizer(make_method("mechanic_adam", **parameters), x, offsets)
    step = InPlace(make_method("mechanic_adam", **parameters), x, offsets, threads=2)
    for _ in range(5):
        g = generator.normal(size=dim)
        reference.tell([(1.0, g)])
        assert step(g, 1.0, []) is Status.RUNNING
        assert np.array_equal(x, reference.x)


# --- optax ---------------------------------------------------------------------------------------------------------------------------
def columns(state: Any, name: str) -> Any:
    """The six numbers of a letter."""
    return np.array([float(np.reshape(state[f"{name}_{i}"], -1)[0]) for i in range(1, 7)])


def optax_excess(base: str, theirs: Any, steps: int = 250) -> Any:
    """Each step of optax from OUR state: difference of (s, m, v, r, x) over what rounding allows, (steps, 5)."""
    jax = pytest.importorskip("jax")
    problem = make_problem("quadratic", dim=6, condition=30.0, rotated=True)
    method, rows = make_method(f"mechanic_{base}", form="optax", lr=0.5), []
    kept: list[tuple[Any, Any, Any]] = []

    def watch(t: int, x: Any, seen: Any, info: Any) -> None:
        kept.append((x[0].copy(), seen.g[0].copy(), {name: value.copy() for name, value in info.scalars.items()}))

    made = reference_run(method, problem, steps=steps, observe=watch)
    assert made.records["loss"][0, -1] < 0.1 * made.records["loss"][0, 0]
    start = kept[0][0]
    first = {f"{name}_{i}": 1e-6 if name == "s" else 0.0 for name in "smvr" for i in range(1, 7)}
    with jax.enable_x64(True):
        lift = jax.numpy.asarray
        state, update = theirs.init(lift(start)), jax.jit(theirs.update)
        for t in range(steps):
            (x, g, after), old = kept[t], kept[t - 1][2] if t else first
            s, m, v, r = (columns(old, name) for name in "smvr")
            state = state._replace(s=lift(s), m=lift(m), v=lift(v), r=lift(r), x0=lift(start))
            updates, state = update(lift(g), state, lift(x))
            found = (*(np.asarray(getattr(state, name)) for name in "smvr"), x + np.asarray(updates))
            mine = (*(columns(after, name) for name in "smvr"), kept[t + 1][0])
            rows.append([np.max(np.abs(a - b) / c) for a, b, c in zip(mine, found, allowed(x, start, g, s, r, mine), strict=True)])
    return np.array(rows)


def allowed(x: Any, start: Any, g: Any, s: Any, r: Any, new: Any) -> Any:
    """First-order bounds of the difference of two roundings of one step; the betas of the two differ by at most 1 ulp."""
    total, dim = np.sum(s), len(x)
    delta = np.abs(x - start) / (total + 1e-8)
    share = 0.01 * total * np.linalg.norm(g) / (np.linalg.norm(x) + 1e-8)
    size = np.sum(delta * (np.abs(g) + share * np.abs(x)))
    h = (2 * dim + 40) * EPS * size  # Delta, the norms, products and sums of dim terms, in two orders
    s_new, m_new, v_new, r_new, x_new = new
    m, v = h + 4 * EPS * m_new, 2 * size * h + 12 * EPS * v_new
    reward = s * h + 8 * EPS * (np.abs(r) + s * size + np.abs(r_new))
    wealth, root = 1e-6 * m_new / 6 + np.maximum(r_new, 0), np.sqrt(v_new) + 1e-8
    scale = (1e-6 * m / 6 + reward + 8 * EPS * wealth) / root + s_new * (v / (2 * np.maximum(v_new, 1e-300)) + 8 * EPS)
    ahead = np.abs(x_new - start)
    point = np.sum(scale) / np.sum(s_new) * ahead + np.sum(s_new) * 16 * EPS * (delta + ahead / np.sum(s_new))
    # where all is 0 both answers must be 0
    bounds = scale, m, v, reward, point + 8 * EPS * (np.abs(x) + np.abs(start) + np.abs(x_new))
    return tuple(bound + 1e-300 for bound in bounds)


def optax_base(base: str) -> Any:
    """The direction of the same name with learning rate 1/2."""
    optax = pytest.importorskip("optax")
    return {"sgd": optax.sgd, "adam": optax.adam}[base](0.5)


@pytest.mark.parametrize("base", ["sgd", "adam"])
def test_optax_takes_the_same_step_from_every_state(base: str) -> None:
    """One step at a time: free runs drift apart, since both divide the roundings of x by S + eps (about 1e-5 at first)."""
    contrib = pytest.importorskip("optax.contrib")
    assert np.max(optax_excess(base, contrib.mechanize(optax_base(base)))) <= 1


def test_optax_agreement_sees_another_constant() -> None:
    contrib = pytest.importorskip("optax.contrib")
    assert np.max(optax_excess("sgd", contrib.mechanize(optax_base("sgd"), weight_decay=1.0000001e-2), 60)) > 1


def test_rounding_is_amplified_by_a_recomputed_delta() -> None:
    """Two starts 1 ulp apart, optax's form: 300 steps later they differ by more than 1e4 ulp, so free runs are not compared."""
    problem = make_problem("quadratic", dim=6, condition=30.0, rotated=True)
    method = make_method("mechanic_sgd", form="optax")
    first = run(method, problem, steps=300).x
    second = run(method, problem, steps=300, x0=np.nextafter(problem.start, np.inf)).x
    assert np.max(np.abs(first - second)) > 1e4 * EPS
