from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from lra_ref import Optimizer, Status, make_method
from lra_ref.crosscheck.layouts import LAYOUTS, Layout, Tensor, flat_layout
from lra_ref.crosscheck.machine import Machine, Plan, needs_objective, quantities
from lra_ref.crosscheck.sequences import fixed, make_sequence

OFFSETS = np.array([0, 4, 5, 9])


NAMES = "adam clara_sgd clara_adam hypergradient_adam egdd_momentum gala_sgd gala_nsgdm armijo_sgd alera_sgd salera_sgd polyak_sgd hdm"


@pytest.mark.parametrize("name", NAMES.split())
def test_the_machine_is_the_ask_and_tell_optimizer(name: str) -> None:
    method, sequence = make_method(name), make_sequence("noisy_quadratic", OFFSETS, 20)
    x0 = np.random.default_rng(0).normal(size=9)
    machine, optimizer = Machine(Plan(method), flat_layout("own", OFFSETS), sequence, x0), Optimizer(method, x0, OFFSETS)
    for _ in range(20):
        moved = machine.step()
        info = optimizer.step(lambda x, sample: sequence.evaluate(sample, x))
        np.testing.assert_array_equal(machine.x, optimizer.x)
        assert machine.status == optimizer.status
        assert moved == (not machine.status)
        found = machine.quantities()
        if moved:
            assert found["rate"][0] == info.rate
            assert set(quantities(method)) <= set(found)


def run(plan: Plan, layout: Layout, sequence: Any, steps: int = 10) -> Any:
    machine = Machine(plan, layout, sequence, np.random.default_rng(1).normal(size=layout.dim))
    for _ in range(steps):
        machine.step()
    return machine.x


def test_tensors_apart_are_separate_optimizers() -> None:
    method, sequence = make_method("clara_sgd"), make_sequence("normal", OFFSETS, 10)
    together = run(Plan(method, "apart"), flat_layout("own", OFFSETS), sequence)
    x0 = np.random.default_rng(1).normal(size=9)
    for lo, hi in pairwise(OFFSETS.tolist()):
        alone = Machine(Plan(method), flat_layout("own", [0, hi - lo]), fixed(sequence.gradients[:, lo:hi]), x0[lo:hi])
        for _ in range(10):
            alone.step()
        np.testing.assert_array_equal(together[lo:hi], alone.x)


def test_merged_tensors_are_one_block() -> None:
    method, sequence = make_method("clara_sgd"), make_sequence("normal", OFFSETS, 10)
    one = run(Plan(method), flat_layout("own", [0, 9]), sequence)
    np.testing.assert_array_equal(run(Plan(method, "merged"), flat_layout("own", OFFSETS), sequence), one)
    assert not np.array_equal(run(Plan(method), flat_layout("own", OFFSETS), sequence), one)


def test_tensors_that_stand_still_are_no_blocks_unless_counted() -> None:
    layout, method = LAYOUTS["awkward"], make_method("clara_sgd", lr=0.1)
    sequence = make_sequence("normal", np.array([0, 8, 11, 13, 18]), 10)
    live = np.r_[0:8, 13:18]
    x = run(Plan(method), layout, sequence)
    x0 = np.random.default_rng(1).normal(size=layout.dim)
    still = np.setdiff1d(np.arange(18), live)
    np.testing.assert_array_equal(x[still], x0[still])
    alone = Machine(Plan(method), flat_layout("own", [0, 8, 13]), fixed(sequence.gradients[:, live]), x0[live])
    for _ in range(10):
        alone.step()
    np.testing.assert_array_equal(x[live], alone.x)
    counted = run(Plan(method, missing="zero"), layout, sequence)
    np.testing.assert_array_equal(counted[still], x0[still])
    assert not np.array_equal(counted, x)


def test_a_machine_stops_by_name_and_stays() -> None:
    machine = Machine(Plan(make_method("sgd")), flat_layout("own", [0, 1]), fixed([[1.0], [np.nan], [1.0]]), np.zeros(1))
    assert machine.step()
    assert not machine.step()
    assert machine.status == Status.NONFINITE_GRADIENT
    assert (machine.t, machine.x) == (1, -0.001)


def test_a_model_without_anything_to_move_is_refused() -> None:
    layout = Layout("still", (Tensor((3,), trainable=False),))
    with pytest.raises(ValueError, match="layout still has no tensor that an optimizer may move"):
        Machine(Plan(make_method("sgd")), layout, fixed([[1.0, 1.0, 1.0]]), np.zeros(3))


def test_which_methods_need_more_than_a_gradient() -> None:
    more = {name for name in ("sgd", "clara_adam", "gala_sgd", "gala_sgd_practical", "armijo_sgd", "salera_sgd", "sps_max_sgd") if
            needs_objective(make_method(name))}  # fmt: skip
    assert more == {"gala_sgd", "gala_sgd_practical", "armijo_sgd", "salera_sgd", "sps_max_sgd"}
