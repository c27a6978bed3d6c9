"""Kernels without decay: the numbers of those with a decay of 0, in every part that has one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.directions.sgd import SGD
from lra_ref.engine.inplace import InPlace
from lra_ref.engine.run import run
from lra_ref.engine.vector_step import sees
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.parts import DIRECTIONS, RATES, Part
from lra_ref.problems import make_problem

#: compiled in every run of the tests; the others take longer
QUICK = ("adam", "normalized")
TABLES = [registry[name] for registry in (DIRECTIONS, RATES) for name in registry if registry[name].undecayed]
#: those that do not have a kernel of their own in its place
PARTS = [part for part in TABLES if set(part.undecayed) & set(vars(part(weight_decay=0.0)))]


def method(part: type[Part], values: dict[str, Any]) -> Method:
    """The part in a method."""
    made: Any = part(**values)
    return Method(part.name, made, compose("sgd", "constant", lr=0.1).rate) if part.name in DIRECTIONS else Method(part.name, SGD(), made)


@pytest.mark.parametrize("part", [pytest.param(part, id=part.name, marks=[] if part.name in QUICK else pytest.mark.slow) for part in PARTS])
def test_the_same_numbers(part: type[Part]) -> None:
    rng, size = np.random.default_rng(4), 300
    plain, general = method(part, {"weight_decay": 0.0}), method(part, {"weight_decay": 0.0})
    for name, kernel in part.undecayed.items():
        of = general.direction if part.name in DIRECTIONS else general.rate
        assert getattr(of, name) is kernel
        delattr(of, name)
        assert getattr(of, name) is not kernel
        assert sees(getattr(of, name), "x")
        assert kernel is None or not sees(kernel, "x")
    one, two = InPlace(plain, rng.normal(size=size)), InPlace(general, rng.normal(size=size))
    two.x[...] = one.x
    for _ in range(6):
        g = rng.normal(size=size) * 10.0 ** rng.integers(-3, 3, size)
        g[::7] = 0
        assert not one(g, 1.5)
        assert not two(g, 1.5)
        assert np.array_equal(one.x, two.x)
    for half in ("_direction", "_rate"):
        assert np.array_equal(getattr(one, half)[0], getattr(two, half)[0])
        assert np.array_equal(getattr(one, half)[1], getattr(two, half)[1], equal_nan=True)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_decay_takes_the_kernels_that_know_it(part: type[Part]) -> None:
    made = part(weight_decay=0.1)
    assert all(getattr(made, name) is getattr(part, name) for name in part.undecayed)


def test_a_class_with_a_kernel_of_its_own_keeps_it() -> None:
    assert [part.name for part in TABLES if part not in PARTS] == ["amsgrad"]

    def mine(*arguments: Any) -> None:
        """A kernel."""

    class Mine(DIRECTIONS["adam"]):  # type: ignore[misc]
        map = staticmethod(mine)

    assert Mine().map is mine
    assert DIRECTIONS["amsgrad"]().map is DIRECTIONS["amsgrad"].map


def test_methods_of_one_run_may_differ_in_their_decay() -> None:
    oracle = make_oracle("gaussian", make_problem("sphere", dim=3))
    for name in ("sgd", "adam", "normalized_momentum", "salera_sgd"):
        methods = [make_method(name, weight_decay=decay) for decay in (0.0, 0.1)]
        together = run(methods, oracle, steps=5, trajectories=2)
        for k, one in enumerate(methods):
            assert np.array_equal(together.x[k], run(one, oracle, steps=5, first=k).x[0]), name
