"""Ports in PyTorch: groups, frozen and unused parameters, layouts of memory, precisions, state_dict."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck import battery, compare
from lra_ref.crosscheck.drivers import framework_of, make_driver
from lra_ref.crosscheck.layouts import LAYOUTS
from lra_ref.methods import make_method
from tests.crosscheck.ports.catalog import CLARA

torch = pytest.importorskip("torch")


def driver_on(name: str, precision: str = "float64", **parameters: Any) -> Any:
    layout, driver = LAYOUTS[name], make_driver("torch", torch.optim.Adam, False)
    driver.start(layout, layout.split(np.arange(1.0, layout.dim + 1)), precision, parameters)
    return layout, driver


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_parameters_are_as_the_layout_says(name: str, precision: str) -> None:
    layout, driver = driver_on(name, precision)
    for parameter, tensor, x in zip(driver.parameters, layout.tensors, driver.x(), strict=True):
        assert tuple(parameter.shape) == tensor.shape == x.shape
        assert parameter.dtype == getattr(torch, precision)
        assert parameter.requires_grad == tensor.trainable
    assert any(not parameter.is_contiguous() for parameter in driver.parameters) == (name in ("model", "groups"))
    assert len(driver.optimizer.param_groups) == len({tensor.group for tensor in layout.tensors})
    np.testing.assert_array_equal(layout.join(driver.x()), np.arange(1.0, layout.dim + 1))


@pytest.mark.parametrize(
    ("method", "optimizer", "parameters", "names", "port", "state"),
    [
        ("sgd", "SGD", {"lr": 0.1, "weight_decay": 0.1}, {}, {}, {}),
        ("momentum", "SGD", {"lr": 0.1, "momentum": 0.9}, {}, {}, {"momentum_buffer": "momentum_buffer"}),
        ("adam", "Adam", {"lr": 0.01}, {}, {"betas": [0.9, 0.999]}, {"exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}),
        ("adamw", "AdamW", {"lr": 0.01, "weight_decay": 0.1}, {}, {}, {}),
        ("adagrad", "Adagrad", {"lr": 0.01}, {}, {}, {"sum": "sum"}),
        ("rmsprop", "RMSprop", {"lr": 0.01}, {}, {}, {"square_avg": "square_avg"}),
    ],
)
def test_torchs_own_optimizers(method: str, optimizer: str, parameters: Any, names: Any, port: Any, state: Any) -> None:
    found = getattr(torch.optim, optimizer)
    assert framework_of(found) == "torch"
    report = compare(found, method, parameters=parameters, port_parameters={"foreach": False, **port}, state=state, steps=20)
    assert report.agrees, report.text()
    assert set(report.ulps) == {"x", *state}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_short_precisions_are_measured_in_their_own_ulp(precision: str) -> None:
    method = make_method("momentum", lr=0.05)
    cases = battery(method, 30, layouts=["model", "groups"])
    options: Any = {"port_parameters": {"lr": 0.05, "momentum": 0.9}, "cases": cases, "precision": precision}
    report = compare(torch.optim.SGD, method, **options)
    assert report.agrees, report.text()
    assert report.ulps["x"] > 0.4
    assert not compare(torch.optim.SGD, method, **{**options, "precision": "float64"}, ulps=1e-9).ulps["x"] > 64
    wrong = compare(torch.optim.SGD, method, **{**options, "port_parameters": {"lr": 0.05, "momentum": 0.9, "nesterov": True}})
    assert wrong.diagnosis is not None
    assert wrong.diagnosis.found[0].deviations == (("other direction", "nesterov in place of momentum"),)


def test_the_rate_of_a_group_and_attributes_of_the_optimizer_can_be_read() -> None:
    cases = battery(make_method("clara_sgd"), 5, layouts=["groups"])
    options: Any = {"parameters": CLARA, "framework": "torch", "cases": cases}
    port = "tests.crosscheck.ports.ports_torch:Clara"
    assert compare(port, "clara_sgd", state={"eta": "lr@before", "rate": "optimizer.param_groups.0.lr@before"}, **options).agrees
    with pytest.raises(ValueError, match="entry 'pth'; did you mean path"):
        compare(port, "clara_sgd", state={"path": "pth"}, **options)
