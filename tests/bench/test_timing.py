"""Alternating blocks on a clock that only the calls move: the results are exact."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from lra_ref.bench.timing import ATTEMPTS, Contestant, Effort, Times, alternate


class Clock:
    """Time that passes when work is done; ``drift`` multiplies the price of everything after every reading."""

    def __init__(self, drift: float = 1.0) -> None:
        self.now, self.price, self.drift, self.log = 0.0, 1.0, drift, []

    def __call__(self) -> float:
        self.price *= self.drift
        return self.now

    def work(self, name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.now += seconds * self.price
            self.log.append(name)

        return call


def test_times_per_unit_are_exact() -> None:
    clock = Clock()
    times = alternate({"a": Contestant(clock.work("a", 0.25), work=5), "b": Contestant(clock.work("b", 0.5))}, Effort(5, 2.0), clock)
    assert times["a"].samples == (0.05,) * 5
    assert times["b"].samples == (0.5,) * 5
    assert times["a"].over(times["b"]) == 10
    assert times["b"].over(times["a"]) == 0.1


def test_a_machine_that_slows_down_changes_times_but_not_ratios() -> None:
    """Ratios within a turn see only the drift between neighbours; a ratio of medians of separate runs would see all of it."""
    clock = Clock(drift=1.02)
    times = alternate({"a": Contestant(clock.work("a", 1.0)), "b": Contestant(clock.work("b", 3.0))}, Effort(9, 4.0), clock)
    assert times["a"].samples[-1] > 1.3 * times["a"].samples[0]
    assert times["a"].over(times["b"]) == pytest.approx(3, rel=0.05)


def test_blocks_take_turns_and_the_order_is_reversed_every_time() -> None:
    clock = Clock()
    alternate({"a": Contestant(clock.work("a", 1.0)), "b": Contestant(clock.work("b", 1.0))}, Effort(4, 3.0, warmup=1), clock)
    assert "".join(clock.log[-24:]) == "aaabbb" + "bbbaaa" + "aaabbb" + "bbbaaa"


def test_a_block_lasts_as_long_as_asked() -> None:
    clock = Clock()
    alternate({"a": Contestant(clock.work("a", 0.01))}, Effort(1, 1.0), clock)
    start = clock.now
    alternate({"a": Contestant(clock.work("b", 0.01))}, Effort(3, 1.0, warmup=1), clock)
    assert clock.log[-300:] == ["b"] * 300
    assert clock.now - start == pytest.approx(3 + 1.28, abs=0.01)  # three blocks and the calls that found their length


def test_what_stops_working_is_repeated_and_then_refused() -> None:
    clock, left, prepared = Clock(), [0], [0]

    def call() -> None:
        clock.now += 1.0
        left[0] -= 1

    def prepare() -> None:
        prepared[0] += 1
        left[0] = 5

    times = alternate({"a": Contestant(call, prepare, lambda: left[0] >= 0)}, Effort(2, 8.0), clock)
    assert times["a"].samples == (1.0, 1.0)
    assert prepared[0] > 2 + 2
    with pytest.raises(RuntimeError, match=f"lazy did not do its work in {ATTEMPTS} blocks"):
        alternate({"lazy": Contestant(call, prepare, lambda: False)}, Effort(1, 2.0), clock)


def test_medians_and_bests() -> None:
    one, two = Times((1.0, 2.0, 9.0)), Times((3.0, 2.0, 9.0))
    assert (one.median, one.best, two.best) == (2.0, 1.0, 2.0)
    assert one.over(two) == 1.0
    assert one.best_over(two) == 2.0


@pytest.mark.parametrize("wrong", [{"turns": 0}, {"warmup": 0}, {"seconds": 0.0}, {"seconds": math.nan}])
def test_efforts_that_measure_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="an effort needs"):
        Effort(**wrong)  # type: ignore[arg-type]
