"""SALERA's family: against plain transcriptions, backtracking by hand, edge cases."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import Method, compose, make_method
from lra_ref.problems import make_problem
from lra_ref.rates import salera
from lra_ref.status import Status

EPS = 2.0**-52
ALPHA, C, LR = 0.2, 0.05, 0.1
BLOCKS = [0, 2, 5]
STEPS = 30


def stream(seed: int = 1, dim: int = 5) -> tuple[Any, Any]:
    """Losses that rise now and then, and gradients."""
    rng = np.random.default_rng(seed)
    return 1 + 0.2 * rng.normal(size=STEPS), rng.normal(size=(STEPS, dim)) + 0.2


def driven(method: Method, losses: Any, gradients: Any, blocks: list[int]) -> tuple[Any, list[dict[str, float]]]:
    """Points and scalars of the implementation."""
    optimizer = Optimizer(method, np.zeros(gradients.shape[1]), blocks)
    xs, infos = [], []
    for f, g in zip(losses, gradients, strict=True):
        info = optimizer.tell([(float(f), g)])
        assert info is not None
        xs.append(optimizer.x)
        infos.append({**info.scalars, "rate": info.rate})
    return np.array(xs), infos


class Test:
    """State of the Page-Hinkley test in plain Python."""

    __test__ = False

    def __init__(self, r: float, factor: float) -> None:
        self.r, self.factor, self.limit = r, factor, math.nan
        self.reset()

    def reset(self) -> None:
        self.ph, self.mean, self.total, self.low, self.n = 0.0, 0.0, 0.0, 0.0, 0

    def alarm(self, loss: float) -> bool:
        if math.isnan(self.limit):
            self.limit = self.factor * loss
        n = self.n
        self.ph = (1 - self.r) * self.ph + self.r * loss if n > 1 / self.r else (n * self.ph + loss) / (n + 1)
        self.mean = (n * self.mean + self.ph) / (n + 1)
        self.total += self.ph - self.mean
        self.low = min(self.low, self.total)
        if self.total - self.low > self.limit:
            self.reset()
            return True
        self.n += 1
        return False


def plain_salera(losses: Any, gradients: Any, blocks: list[int], test: Test | None) -> Any:
    """Points of ALERA (no test) or SALERA, with the norm of the new path and mu_t as defined."""
    dim = gradients.shape[1]
    x, saved, p = np.zeros(dim), np.zeros(dim), np.zeros(dim)
    eta, t, xs = [LR] * (len(blocks) - 1), 1, []
    for loss, g in zip(losses, gradients, strict=True):
        if test is not None and test.alarm(float(loss)):
            x, eta = saved.copy(), [e / 2 for e in eta]
        else:
            saved = x.copy()
            mu = ALPHA / (2 - ALPHA) * (1 - (1 - ALPHA) ** (2 * t))
            for k, (lo, hi) in enumerate(pairwise(blocks)):
                norm = float(np.linalg.norm(g[lo:hi]))
                p[lo:hi] *= 1 - ALPHA
                if norm > 1e-6:
                    p[lo:hi] += ALPHA * g[lo:hi] / norm
                s = ALPHA / math.sqrt(hi - lo)
                eta[k] *= math.exp(C / s * (float(p[lo:hi] @ p[lo:hi]) - mu))
                x[lo:hi] -= eta[k] * g[lo:hi]
            t += 1
        xs.append(x.copy())
    return np.array(xs)


def plain_spalera(losses: Any, gradients: Any, test: Test) -> Any:
    """Points of SPALERA."""
    dim = gradients.shape[1]
    x, saved, p, rate, t, xs = np.zeros(dim), np.zeros(dim), np.zeros(dim), np.ones(dim), 1, []
    for loss, g in zip(losses, gradients, strict=True):
        if test.alarm(float(loss)):
            x, rate = saved.copy(), rate / 2
        else:
            saved = x.copy()
            p = (1 - ALPHA) * p + ALPHA * g / np.linalg.norm(g)
            mu = ALPHA / (2 - ALPHA) * (1 - (1 - ALPHA) ** (2 * t))
            rate = rate * np.exp(C * dim / ALPHA * (p * p - mu / dim))
            x = x - LR * rate * g
            t += 1
        xs.append(x.copy())
    return np.array(xs)


def assert_close(found: Any, expected: Any) -> None:
    """About 60 roundings a step, times the gain of at most 1 in the exponents; the points are sums of all steps."""
    assert np.max(np.abs(found - expected)) <= STEPS * 64 * EPS * (1 + np.abs(expected).max() * STEPS)


@pytest.mark.parametrize("blocks", [[0, 5], BLOCKS])
def test_alera_against_a_transcription(blocks: list[int]) -> None:
    losses, gradients = stream()
    gradients[7] = 1e-8  # too short to enter the path
    found, _ = driven(compose("sgd", "alera", lr=LR, alpha=ALPHA, C=C), losses, gradients, blocks)
    assert_close(found, plain_salera(losses, gradients, blocks, None))


@pytest.mark.parametrize("r", [1.0, 0.2])
@pytest.mark.parametrize("blocks", [[0, 5], BLOCKS])
def test_salera_against_a_transcription(r: float, blocks: list[int]) -> None:
    losses, gradients = stream(2)
    found, infos = driven(compose("sgd", "salera", lr=LR, alpha=ALPHA, C=C, batch_ratio=r), losses, gradients, blocks)
    assert infos[-1]["alarms"] >= 2
    assert_close(found, plain_salera(losses, gradients, blocks, Test(r, 0.1)))


def test_spalera_against_a_transcription() -> None:
    losses, gradients = stream(2)
    found, infos = driven(compose("sgd", "spalera", lr=LR, alpha=ALPHA, C=C, batch_ratio=0.5), losses, gradients, BLOCKS)
    assert infos[-1]["alarms"] >= 1
    assert_close(found, plain_spalera(losses, gradients, Test(0.5, 0.1)))


def test_agadam_against_a_transcription() -> None:
    """The path of the gradients, the step eta m sqrt(1-b2^t)/(1-b1^t)/(sqrt v + eps); a large eps shows where it stands."""
    losses, gradients = stream()
    eps = 0.1
    found, _ = driven(make_method("agadam", lr=LR, alpha=ALPHA, C=C, eps=eps), losses, gradients, [0, 5])
    x, p, m, v, eta = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5), LR
    for k, g in enumerate(gradients):
        t = k + 1
        p = (1 - ALPHA) * p + ALPHA * g / np.linalg.norm(g)
        eta *= math.exp(C / (ALPHA / math.sqrt(5)) * (float(p @ p) - ALPHA / (2 - ALPHA) * (1 - (1 - ALPHA) ** (2 * t))))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        x = x - eta * m * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) / (np.sqrt(v) + eps)
        # 1 - 0.999^t costs three digits at first
        assert np.max(np.abs(found[k] - x)) <= 1000 * STEPS * 64 * EPS


def test_weight_decay_enters_once_and_before_the_path() -> None:
    """On F = |x|^2/2 weight decay w multiplies the gradient by 1 + w: the path is the same, the step longer."""
    problem = make_problem("quadratic", spectrum=(1.0, 1.0))
    one, two = (run(compose("sgd", "alera", lr=0.1, alpha=0.3, C=0.1, weight_decay=w), problem, steps=1, x0=[3.0, 4.0]) for w in (0.0, 0.5))
    assert np.max(np.abs((np.array([3.0, 4.0]) - two.x) - 1.5 * (np.array([3.0, 4.0]) - one.x))) <= 16 * EPS * 4
    assert np.max(np.abs(one.state.r_vec - two.state.r_vec)) <= 4 * EPS


def test_backtracking_returns_to_the_saved_point_and_keeps_it() -> None:
    """Losses 1, 1, 9, 9, 9, ...: the third alarms; the test starts anew, so the fourth is accepted, and saves the same point again."""
    method = compose("sgd", "salera", lr=LR, alpha=ALPHA, C=0.0)
    xs, infos = driven(method, [1.0, 1.0, 9.0, 9.0], np.ones((4, 2)), [0, 2])
    assert xs[:, 0].tolist() == [-0.1, -0.2, -0.1, -0.1 - 0.05]
    assert [info["alarms"] for info in infos] == [0.0, 0.0, 1.0, 1.0]
    assert [info["rate"] for info in infos] == [0.1, 0.1, 0.05, 0.05]
    assert [info["ph_count"] for info in infos] == [1.0, 2.0, 0.0, 1.0]
    assert infos[3]["threshold"] == 0.1
    # p and t are kept over the alarm
    assert infos[2]["mean"] == infos[1]["mean"]


def test_a_rate_too_small_after_a_halving_stops() -> None:
    optimizer = Optimizer(compose("sgd", "salera", lr=1.5e-15, C=0.0), np.zeros(2))
    for loss in (1.0, 9.0):
        info = optimizer.tell([(loss, np.ones(2))])
    assert info is not None
    assert info.status is Status.RATE_VANISHED


def test_vanished_rates_of_coordinates_stop_one_step_later() -> None:
    """An alarm every other loss halves the rates: after 50 of them 2^-50 < 1e-15."""
    optimizer = Optimizer(compose("sgd", "spalera", lr=0.1, C=0.0), np.zeros(2))
    for k in range(200):
        info = optimizer.tell([(1.0 if k % 2 == 0 else 9.0, np.ones(2))])
        if optimizer.status:
            break
    assert info is not None
    assert info.status is Status.RATE_VANISHED
    assert k == 100


@pytest.mark.parametrize("rate", ["salera", "spalera"])
@pytest.mark.parametrize("loss", [0.0, -1.0])
def test_the_first_loss_must_be_positive(rate: str, loss: float) -> None:
    optimizer = Optimizer(compose("sgd", rate), np.zeros(2))
    info = optimizer.tell([(loss, np.ones(2))])
    assert info is not None
    assert info.status is Status.LOSS_NOT_POSITIVE
    assert optimizer.x.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_reported(loss: float) -> None:
    optimizer = Optimizer(compose("sgd", "salera"), np.zeros(2))
    optimizer.tell([(1.0, np.ones(2))])
    info = optimizer.tell([(loss, np.ones(2))])
    assert info is not None
    assert info.status is Status.NONFINITE_GRADIENT


def test_an_overflowing_rate_stops_by_name() -> None:
    optimizer = Optimizer(compose("sgd", "alera", C=1e9), np.zeros(2))
    for _ in range(3):
        info = optimizer.tell([(1.0, np.ones(2))])
        if optimizer.status:
            break
    assert info is not None
    assert info.status is Status.NONFINITE_RATE


def test_codes_are_those_of_the_statuses() -> None:
    codes = (Status.NONFINITE_RATE, Status.RATE_VANISHED, Status.LOSS_NOT_POSITIVE)
    assert tuple(map(float, codes)) == (salera.NOT_FINITE, salera.VANISHED, salera.NOT_POSITIVE)


@pytest.mark.parametrize("rate", ["alera", "spalera"])
def test_it_must_know_its_blocks(rate: str) -> None:
    made = compose("sgd", rate).rate
    with pytest.raises(ValueError, match=f"^{rate} needs the sizes of the blocks"):
        made.choose(made.init(np.zeros((1, 2)), np.array([0, 2])), None, None)  # type: ignore[arg-type]


def test_claras_gain_is_saleras() -> None:
    """d = C sqrt(D)/(2-alpha): d/mu = C sqrt(D)/alpha."""
    made = compose("sgd", "alera", alpha=ALPHA, C=C).bound(np.array([0, 7])).rate
    d = C * math.sqrt(7) / (2 - ALPHA)
    assert made.gains[0] == pytest.approx(d / (ALPHA / (2 - ALPHA)), rel=8 * EPS)  # type: ignore[attr-defined]
