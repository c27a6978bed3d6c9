"""AutoSGD against a plain retelling of its docstring, by hand on the parabola, and the edge cases."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import make_method
from lra_ref.methods.autosgd import BACK, DOWN, STAY, UP, VANISHED, autosgd_decide, significant
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.parts import Seen
from lra_ref.problems import make_problem
from lra_ref.status import Status
from tests.test_options import assert_same

BOWL = make_problem("quadratic", spectrum=(1.0,))
ELLIPSOID = make_problem("ellipsoid", dim=9, condition=30.0)


def went(problem: Any, steps: int, x0: Any = (1.0,), **parameters: Any) -> Run:
    """Compiled run, checked against the reference."""
    method = make_method("autosgd", **parameters)
    made = run(method, problem, steps=steps, x0=x0)
    assert_same(method, made, reference_run(method, problem, steps=steps, x0=x0))
    return made


def retold(oracle: Oracle, seed: int, steps: int, gamma: float, c: float, C: float, z: float, k_min: int, k_max: int) -> Any:
    """(last x, decisions): the episodes with lists of differences, their mean and their sample variance."""
    x = oracle.problem.start.copy()
    start, small, big, rows, decisions = x, x, x, [], np.zeros(steps)
    for t in range(steps):
        if rows and len(rows) >= k_min:
            d = np.array(rows)
            mean, error = d.mean(axis=0), d.std(axis=0, ddof=1) / math.sqrt(len(rows))
            sure = np.abs(mean) > z * error
            if sure.all() or len(rows) >= k_max:
                up, dn, zero, b = (mean[j] if sure[j] else 0.0 for j in range(4))
                if zero < 0:
                    decisions[t], x, gamma = BACK, start, c * gamma
                elif up > 0 and b > 0:
                    decisions[t], x, gamma = UP, big, C * gamma
                elif dn > 0 and zero > 0:
                    decisions[t], gamma = DOWN, c * gamma
                else:
                    decisions[t] = STAY
                start, small, big, rows = x, x, x, []
                continue
        present, fresh = (oracle.sample(seed, 0, t, stream) for stream in (0, 1))
        small, x, big = (at - rate * oracle.evaluate(at, present)[1] for at, rate in ((small, c * gamma), (x, gamma), (big, C * gamma)))
        f = {name: float(oracle.evaluate(at, fresh)[0]) for name, at in (("s", small), ("x", x), ("b", big), ("0", start))}
        rows.append([f["x"] - f["b"], f["x"] - f["s"], f["0"] - f["x"], f["0"] - f["b"]])
    return x, decisions


@pytest.mark.parametrize("gamma_0", [1e-4, 1e-2, 0.02])
@pytest.mark.parametrize("sigma", [0.1, 3.0])
@pytest.mark.parametrize(("z", "k_min", "k_max"), [(3.0, 10, 60), (1.2, 3, 8)], ids=["long", "short"])
def test_as_retold(gamma_0: float, sigma: float, z: float, k_min: int, k_max: int) -> None:
    """Decisions are the same; the points up to the rounding of 250 contracting steps."""
    oracle, p = make_oracle("gaussian", ELLIPSOID, sigma=sigma), {"c": 0.5, "C": 2.0, "z": z, "k_min": k_min, "k_max": k_max}
    made = run(make_method("autosgd", gamma_0=gamma_0, **p), oracle, steps=250, seed=4)
    x, decisions = retold(oracle, 4, 250, gamma_0, **p)
    assert made.records["decision"][0, :-1].tolist() == decisions.tolist()
    assert np.count_nonzero(decisions) >= 4
    assert np.all(np.abs(made.x[0] - x) <= 250 * 4 * 2.0**-52 * (1 + np.abs(ELLIPSOID.start)))


def test_significance_by_hand() -> None:
    """1 and 3: mean 2, squared deviations 2, standard error sqrt(2/(1 * 2)) = 1."""
    assert significant(2.0, 2.0, 2, 1.99)
    assert not significant(2.0, 2.0, 2, 2.0)
    assert significant(-2.0, 2.0, 2, 1.99)
    # 1, 3, 5: mean 3, squared deviations 8, standard error sqrt(8/(2 * 3))
    assert significant(3.0, 8.0, 3, 2.59)
    assert not significant(3.0, 8.0, 3, 2.60)


@np.errstate(all="ignore")
def test_decisions_on_any_state() -> None:
    """Kernel and reference on random means, variances and losses, so that every condition decides somewhere."""
    generator, n = np.random.default_rng(3), 2000
    method = make_method("autosgd", z=1.0, k_min=3, k_max=6).rate
    rows = np.concatenate([np.zeros((n, 1)), np.ones((n, 1)), generator.integers(1, 8, (n, 1)), np.zeros((n, 2))], axis=1)
    rows = np.concatenate([rows, generator.normal(size=(n, 4)), generator.exponential(size=(n, 4))], axis=1)
    losses = generator.normal(size=(n, 4))
    state = {name: rows[:, j : j + 1].copy() for j, name in enumerate(("status", *method.scalars))}
    zero = np.zeros((n, 1))
    fq = (zero, zero, *(losses[:, j : j + 1] for j in range(4)))
    new, eta, _ = method.choose(state, Seen(t=9, x=zero, g=zero, f=zero, offsets=np.array([0, 1]), fq=fq), zero)
    for i in range(n):
        row, coef = rows[i : i + 1].copy(), np.zeros((1, 5))
        f = np.concatenate([[0.0, 0.0, 0.0], losses[i]])
        assert autosgd_decide(0, 1, 9, f, np.zeros((1, 1)), row, np.array(method.hyper()), coef) == eta[i, 0]
        assert row[0].tolist() == [new[name][i, 0] for name in ("status", *method.scalars)]
    assert {0, BACK, UP, DOWN, STAY} == set(new["decision"].ravel().tolist())


def test_all_decisions_occur() -> None:
    oracle = make_oracle("gaussian", ELLIPSOID, sigma=1.0)
    made = run(make_method("autosgd", gamma_0=1e-3, k_max=40), oracle, steps=1500, trajectories=6, seed=2)
    assert {BACK, UP, DOWN, STAY} <= set(made.records["decision"].ravel().tolist())


def test_an_episode_by_hand() -> None:
    """x = (3/4)^k, big = (1/2)^k: after k_min = 2 steps everything is significant at z = 1/2, and big is handed on."""
    made = went(BOWL, 4, gamma_0=0.25, z=0.5, k_min=2, k_max=9)
    assert made.records["decision"][0].tolist() == [0, 0, UP, 0, 0]
    assert made.records["loss"][0].tolist() == [0.5, 0.5 * 0.75**2, 0.5 * 0.75**4, 0.5 * 0.25**2, 0.5 * 0.125**2]
    assert made.records["gamma"][0].tolist() == [0.25, 0.25, 0.5, 0.5, 0.5]
    assert made.records["rate"][0].tolist() == [0.25, 0.25, 0.0, 0.5, 0.5]
    assert made.records["k"][0].tolist() == [1, 2, 0, 1, 2]
    assert made.records["episodes"][0].tolist() == [0, 0, 1, 1, 1]
    up = [0.5 * (0.75 ** (2 * k) - 0.5 ** (2 * k)) for k in (1, 2)]
    assert made.records["mean_up"][0, 2] == pytest.approx(np.mean(up), rel=1e-15)
    assert made.records["m2_up"][0, 2] == pytest.approx(2 * np.var(up), rel=1e-12)


def test_what_is_counted() -> None:
    """The first step of an episode needs one gradient, the others three and four losses; a deciding step moves without a new gradient."""
    made = went(BOWL, 5, gamma_0=0.25, z=0.5, k_min=2, k_max=9)
    assert made.records["gradient_evaluations"][0].tolist() == [0, 1, 8, 15, 16, 23]


def test_back_to_the_start() -> None:
    """gamma 3 doubles the distance: with z = 1/2 the loss is seen to rise, x goes back to 1 and gamma is halved."""
    made = went(BOWL, 3, gamma_0=3.0, z=0.5, k_min=2, k_max=9)
    assert made.records["decision"][0].tolist() == [0, 0, BACK, 0]
    assert made.records["gamma"][0, -1] == 1.5
    assert made.x[0, 0] == 1.0


def test_a_runaway_stream_is_not_noticed_at_the_default_test() -> None:
    made = run(make_method("autosgd", gamma_0=3.0), BOWL, steps=202, x0=[1.0])
    assert made.records["decision"][0, 200] == STAY
    assert made.records["loss"][0, 201] == 0.5 * 4.0**200


def value_with_a_wall(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """x^2/2 for x > par[0], else par[1] (kernel)."""
    g[lo] = x[lo]
    return par[1] if x[lo] <= par[0] else x[lo] * x[lo] / 2


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_big_stream_that_is_lost_is_never_significant(value: float) -> None:
    """gamma 3/2: big goes to 1 - 3 = -2, beyond the wall at -1; the episode lasts to k_max, where d_up and d_b count for nothing."""
    problem = replace(BOWL, value_kernel=value_with_a_wall, par=np.array([-1.0, value]))
    made = went(problem, 6, gamma_0=1.5, z=0.1, k_min=2, k_max=5)
    assert made.records["decision"][0].tolist() == [0, 0, 0, 0, 0, DOWN, 0]
    assert made.status == [Status.RUNNING]


def lying_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """0 at x = 0 and 9 elsewhere, with the gradient 1 (kernel)."""
    g[lo] = 1.0
    return 0.0 if x[lo] == 0 else 9.0


def test_a_rate_that_vanishes_stops_by_name() -> None:
    """Every episode goes back to 0 and halves gamma."""
    made = went(replace(BOWL, value_kernel=lying_value), 20, x0=(0.0,), gamma_0=2e-323, z=1.0, k_min=2, k_max=2)
    assert made.status == [Status.RATE_VANISHED]
    assert float(Status.RATE_VANISHED) == VANISHED


def test_a_middle_stream_that_overflows_stops_by_name() -> None:
    made = went(BOWL, 60, gamma_0=1e6)
    assert made.status in ([Status.NONFINITE_GRADIENT], [Status.NONFINITE_POINT])


def test_the_optimizer_asks_for_fresh_losses() -> None:
    oracle = make_oracle("gaussian", ELLIPSOID, sigma=0.5)
    method = make_method("autosgd", gamma_0=1e-2, k_min=3, k_max=8)
    optimizer = Optimizer(method, ELLIPSOID.start, seed=3)

    def closure(x: Any, sample: Any) -> Any:
        return oracle.evaluate(x, oracle.sample(3, 0, sample[1], {"step": 0, "fresh": 1}[sample[0]]))

    for _ in range(60):
        optimizer.step(closure)
    assert np.array_equal(optimizer.x, run(method, oracle, steps=60, seed=3).x[0])


@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
@pytest.mark.parametrize(
    "parameters",
    [{"gamma_0": 1e-3, "k_min": 3, "k_max": 12}, {"gamma_0": 0.1, "c": 0.3, "C": 4.0, "z": 1.0, "k_min": 2, "k_max": 7}],
    ids=["small", "large"],
)
def test_reference_and_kernels_agree(parameters: dict[str, Any], offsets: Any) -> None:
    method = make_method("autosgd", **parameters)
    for oracle in (make_oracle("gaussian", ELLIPSOID, sigma=0.5), make_oracle("exact", ELLIPSOID)):
        case: dict[str, Any] = {"steps": 60, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 25}).resume(35)
        assert np.array_equal(again.x, made.x)
        assert np.max(made.records["episodes"]) >= 3


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k_max": 5}, "k_max must be at least k_min, 10, got 5"),
        ({"k_min": 1}, r"k_min must be a whole number in \[2, inf\], got 1|k_min must be a whole number in \[2, inf\), got 1"),
        ({"z": 0.0}, r"z must be in \(0, inf\), got 0.0"),
        ({"gamma": 1.0}, "unknown parameter of autosgd 'gamma'; did you mean gamma_0"),
    ],
)
def test_what_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_method("autosgd", **parameters)
