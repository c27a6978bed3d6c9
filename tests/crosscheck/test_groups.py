"""Parameter groups with settings of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import compare
from lra_ref.crosscheck.groups import separable
from lra_ref.crosscheck.layouts import layout_named
from lra_ref.crosscheck.machine import Machine, Plan
from lra_ref.crosscheck.sequences import make_sequence
from lra_ref.methods import make_method
from tests.crosscheck.ports.directions_plain import adam

GROUPS = [{}, {"lr": 0.1, "eps": 1e-3}]
LAYOUT = layout_named("groups")


def run(plan: Plan) -> Any:
    machine = Machine(plan, LAYOUT, make_sequence("normal", LAYOUT.offsets, 12), np.ones(LAYOUT.dim))
    while machine.t < 12 and machine.step():
        pass
    return machine.x


SEPARABLE = ("adam", "momentum", "cosine_sgd", "alera_sgd", "almeida_sgd", "ldog_sgd")
SHARING = ("normalized", "adagrad_norm", "dog_sgd", "clara_sgd", "hypergradient_sgd", "egdd_momentum", "dadapt_adam", "mechanic_sgd")


@pytest.mark.parametrize("name", SEPARABLE + SHARING)
def test_separable_is_that_a_run_per_tensor_is_the_run_of_the_whole(name: str) -> None:
    method = make_method(name, **({"T_max": 20} if name.startswith("cosine") else {}))
    assert separable(method) == (name in SEPARABLE) == np.array_equal(run(Plan(method)), run(Plan(method, blocks="apart")))


def test_every_group_has_the_constants_of_its_own() -> None:
    methods = tuple(make_method("adam", **{"lr": 0.01, **settings}) for settings in GROUPS)
    together, alone = run(Plan(methods[0], groups=methods)), [run(Plan(method)) for method in methods]
    for part, tensor in zip(LAYOUT.slices(), LAYOUT.tensors, strict=True):
        assert np.array_equal(together[part], alone[tensor.group][part])


def test_what_is_refused_says_why() -> None:
    with pytest.raises(ValueError, match="clara_sgd shares a rate or a norm between all tensors: it has one set of parameters"):
        compare(adam, "clara_sgd", groups=GROUPS)
    with pytest.raises(ValueError, match="the framework callable has no parameter groups with settings of their own"):
        compare(adam, "adam", groups=GROUPS)
    with pytest.raises(ValueError, match="groups must have one entry per parameter group, 2 in the layout groups, got 1"):
        compare(adam, "adam", groups=GROUPS[:1])


@pytest.mark.slow
def test_optimizers_of_torch() -> None:
    torch = pytest.importorskip("torch")

    class OneGroup(torch.optim.Adam):
        """All groups get the settings of the last one."""

        def __init__(self, params: Any, **settings: Any) -> None:
            super().__init__(params, **settings)
            for group in self.param_groups:
                group.update({name: value for name, value in self.param_groups[-1].items() if name != "params"})

    options = {"parameters": {"lr": 0.01}, "groups": GROUPS, "steps": 20}
    assert compare(torch.optim.Adam, "adam", **options).agrees
    report = compare(OneGroup, "adam", **options)
    assert report.first.step == 0
    assert [finding.deviations for finding in report.diagnosis.found] == [(("settings of the groups", "group 1"),)]
    # a deviation of all groups is found through them
    hat = compare(torch.optim.Adam, "adam", **options, deviations=[("bias correction", "they count from 2")])
    assert hat.first.step == 0


@pytest.mark.slow
def test_optimizers_of_optax() -> None:
    optax = pytest.importorskip("optax")
    options = {"framework": "optax", "parameters": {"lr": 0.01}, "names": {"lr": "learning_rate"}, "groups": GROUPS, "steps": 20}
    assert compare(optax.adam, "adam", **options).agrees
    assert not compare(optax.adam, "adam", **{**options, "groups": GROUPS[::-1]}, port_parameters={"b1": 0.8}, diagnose=False).agrees
