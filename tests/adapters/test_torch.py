"""The reference in torch: the very points of the reference, groups, closures, training, errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import METHODS, make_method
from lra_ref.parts import DIRECTIONS, WHOLES
from lra_ref.problems import make_problem
from lra_ref.vectors.catalogue import Configuration, configurations
from lra_ref.vectors.record import record
from lra_ref.vectors.scenarios import CURVATURES, OFFSETS, SCENARIOS, START
from tests.engine.test_protocol import METHODS as PROTOCOL

torch = pytest.importorskip("torch")
from lra_ref.adapters.torch import ReferenceOptimizer  # noqa: E402  # only where there is a torch
from tests.adapters.torch_cases import CLOSURE, closure_of, flat, put, tensors  # noqa: E402

NAMED = {*METHODS, *WHOLES, *DIRECTIONS}
CASES = [
    # every method with its defaults on one scenario; both scenarios and the other hyper-parameters take longer
    pytest.param(c, s, id=f"{c.name}.{s}", marks=[] if c.label == "default" and (s == "edges") == (c.method in NAMED) else pytest.mark.slow)
    for c in configurations()
    for s in SCENARIOS
    # Hessian-vector products need a graph, which the scenarios have not: test_products_and_points_now_and_then
    if c.method != "layerwise"
]


@pytest.mark.parametrize(("configuration", "scenario"), CASES)
def test_the_points_are_those_of_the_reference(configuration: Configuration, scenario: str) -> None:
    vector = record(configuration, SCENARIOS[scenario])
    params = tensors()
    optimizer = ReferenceOptimizer(params, configuration.method, **configuration.parameters)
    for row, rate in zip(vector.quantities["x"], vector.quantities["rate"], strict=True):
        optimizer.step(closure_of(params, scenario))
        assert np.array_equal(flat(params), row)
        assert optimizer.infos[0].rate == rate
    if vector.status:
        for _ in range(2):
            with pytest.raises(RuntimeError, match=f"group 0, {vector.settings['method']}, step {vector.steps}: stopped: "):
                optimizer.step(closure_of(params, scenario))
        assert optimizer.references[0].status is vector.status
        assert np.array_equal(flat(params), vector.quantities["x"][-1] if vector.steps else START)


@pytest.mark.parametrize("name", ["adam", "clara_sgd", "hypergradient_sgd", "gala_sgd", "armijo_sgd"])
def test_the_points_are_those_of_a_run(name: str) -> None:
    problem, steps = make_problem("ellipsoid", dim=4, condition=10.0), 12
    done = run(make_method(name), problem, steps=steps, offsets=[0, 1, 4])
    params = tensors(problem.start, [(1,), (3,)], [0, 1, 4])
    optimizer = ReferenceOptimizer(params, name)

    def closure() -> float:
        loss, gradient = problem.value_and_gradient(flat(params))
        put(params, gradient)
        return float(loss)

    for _ in range(steps):
        optimizer.step(closure)
    assert np.array_equal(flat(params), done.x[0])


@pytest.mark.parametrize("name", ["adam", "clara_sgd", "fisher_sgd", "egdd_momentum", "cosine_adam"])
def test_without_a_closure_it_is_the_same(name: str) -> None:
    parameters = {"T_max": 5} if name.startswith("cosine") else {}
    one, two = tensors(), tensors()
    first, second = (ReferenceOptimizer(params, make_method(name, **parameters)) for params in (one, two))
    for t in range(6):
        put(one, SCENARIOS["edges"].answer(flat(one), ("step", t))[1])
        assert first.step() is None
        second.step(closure_of(two, "edges"))
        assert np.array_equal(flat(one), flat(two))


@pytest.mark.parametrize("name", CLOSURE)
def test_a_method_that_needs_more_says_so(name: str) -> None:
    params = tensors()
    optimizer = ReferenceOptimizer(params, name)
    put(params, np.ones(9))
    with pytest.raises(ValueError, match=f"{name} (reads the loss|evaluates at further points of its own choice): call step"):
        optimizer.step()
    assert np.array_equal(flat(params), START)


@pytest.mark.parametrize("name", ["cauchy", "rounds"])
def test_products_and_points_now_and_then(name: str) -> None:
    """Methods that take Hessian-vector products in the same step, or F itself every third step."""
    h = torch.tensor(CURVATURES)
    params, seen = tensors(), []
    optimizer, alone = ReferenceOptimizer(params, PROTOCOL[name]), Optimizer(PROTOCOL[name], START, OFFSETS)

    def closure(sample: tuple[str, int]) -> Any:
        seen.append(sample)
        optimizer.zero_grad()
        loss = (h * torch.cat([p.reshape(-1) for p in params]) ** 2).sum() / 2
        loss.backward(retain_graph=True)
        return loss

    def exact(x: Any, sample: Any, v: Any = None) -> Any:
        return CURVATURES * v if v is not None else (0.5 * float(np.sum(CURVATURES * x**2)), CURVATURES * x)

    for _ in range(7):
        optimizer.step(closure)
        alone.step(exact)
        assert np.allclose(flat(params), alone.x, rtol=1e-12, atol=0)
    assert [sample for sample in seen if sample[0] == "full"] == [("full", 0)] * (2 if name == "rounds" else 0)
    if name == "rounds":
        assert [step for kind, step in seen if kind == "step"] == [0, 0, 0, 1, 1, 1, 2]
    assert len(seen) == (9 if name == "rounds" else 14)
    with pytest.raises(
        ValueError, match=f"{name} (needs Hessian-vector products|evaluates at further points of its own choice): call step"
    ):
        optimizer.step()
    answer = optimizer.references[0].answer
    assert np.array_equal(answer, 2 * flat(params) if name == "rounds" else flat(params))


def test_products_of_what_does_not_bend_and_of_what_is_freed() -> None:
    params = tensors()
    optimizer = ReferenceOptimizer(params, PROTOCOL["cauchy"])

    def freed() -> Any:
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        return loss

    with pytest.raises(ValueError, match=r"the closure of cauchy must return the loss with its graph: call backward\(retain_graph=True\)"):
        optimizer.step(freed)
    straight = ReferenceOptimizer(params, PROTOCOL["cauchy"])

    def linear() -> Any:
        loss = 3 * params[0] + params[1].sum()
        loss.backward(retain_graph=True)
        return loss

    # the exact step has no length there: 10 / 0
    with pytest.raises(RuntimeError, match="the learning rate is not finite"):
        straight.step(linear)


def test_groups_are_trajectories_of_their_own() -> None:
    params = tensors()
    groups = [{"params": params[:1], "lr": 0.5}, {"params": params[1:2]}, {"params": params[2:], "method": "sign", "lr": 0.25}]
    optimizer = ReferenceOptimizer(groups, "adam", lr=0.125, beta1=0.5)
    made = [make_method("adam", lr=0.5, beta1=0.5), make_method("adam", lr=0.125, beta1=0.5), make_method("sign", lr=0.25)]
    alone = [Optimizer(method, START[lo:hi]) for method, lo, hi in zip(made, OFFSETS[:-1], OFFSETS[1:], strict=True)]
    for t in range(5):
        gradient = SCENARIOS["edges"].answer(flat(params), ("step", t + 1))[1]
        put(params, gradient)
        optimizer.step()
        for single, lo, hi in zip(alone, OFFSETS[:-1], OFFSETS[1:], strict=True):
            single.tell([(0.0, gradient[lo:hi])])
    assert np.array_equal(flat(params), np.concatenate([single.x for single in alone]))
    assert [group["method"] for group in optimizer.param_groups] == ["adam", "adam", "sign"]
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": 1.0})
    assert len(optimizer.infos) == 4
    with pytest.raises(ValueError, match="unknown parameter of adam 'momentum'"):
        optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "momentum": 1.0})
    with pytest.raises(ValueError, match="group 4 has no trainable elements"):
        optimizer.add_param_group({"params": [torch.ones(2)]})
    assert len(optimizer.param_groups) == len(optimizer.infos) == 4


def test_the_closure_is_called_once_for_every_minibatch() -> None:
    params, seen = tensors(), []
    optimizer = ReferenceOptimizer([{"params": params[:1]}, {"params": params[1:2]}], "adam", lr=0.1)

    def closure(sample: tuple[str, int]) -> Any:
        seen.append(sample)
        return closure_of(params, "bowl")(sample)

    optimizer.step(closure)
    # a group that comes later is at its own step 0, on its own minibatch
    optimizer.add_param_group({"params": params[2:]})
    before = flat(params)
    optimizer.step(closure)
    assert seen == [("step", 0), ("step", 1), ("step", 0)]
    single = Optimizer(make_method("adam", lr=0.1), before[4:])
    loss, gradient = SCENARIOS["bowl"].answer(before, ("step", 0))
    single.tell([(loss, gradient[4:])])
    assert np.array_equal(flat(params[2:]), single.x)


def test_further_points_of_a_group_leave_the_others_where_they_are() -> None:
    params = tensors()
    optimizer = ReferenceOptimizer([{"params": params[:1]}, {"params": params[1:]}], "gala_sgd", eta_0=0.05, samples="same")
    seen = []

    def closure(sample: tuple[str, int]) -> float:
        seen.append((sample, flat(params)))
        return closure_of(params, "bowl")(sample).item()

    for _ in range(3):
        before = flat(params)
        seen.clear()
        optimizer.step(closure)
    assert [sample for sample, _ in seen] == [("step", 2)] * 5
    present, *others = (x for _, x in seen)
    assert np.array_equal(present, before)
    assert all(np.array_equal(x[1:], before[1:]) and x[0] != before[0] for x in others[:2])
    assert all(x[0] == before[0] and not np.array_equal(x[1:], before[1:]) for x in others[2:])


def mlp() -> tuple[Any, Any, Any]:
    """A small network with data."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    x = torch.randn(64, 4)
    return model, x, x[:, :1] * x[:, 1:2]


def trained(name: str, parameters: dict[str, Any], steps: int) -> list[float]:
    model, x, y = mlp()
    optimizer = ReferenceOptimizer(model.parameters(), name, **parameters)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        return loss

    return [optimizer.step(closure).item() for _ in range(steps)]


TRAINS: list[tuple[str, dict[str, Any]]] = [
    ("adam", {"lr": 0.02}), ("clara_sgd", {"lr": 0.1}), ("gala_sgd", {"eta_0": 0.1}), ("armijo_sgd", {}), ("polyak_sgd", {"eta_max": 0.5}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), TRAINS)
def test_a_network_trains(name: str, parameters: dict[str, Any]) -> None:
    losses = trained(name, parameters, 80)
    assert losses[-1] < losses[0] / 2
    # the control: a rate of 0 does not train
    assert len(set(trained("sgd", {"lr": 0.0}, 3))) == 1


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda p: ReferenceOptimizer(p, "adamm"), ValueError, "unknown method 'adamm'; did you mean adam"),
    (lambda p: ReferenceOptimizer(p, "adam", beta_1=0.9), ValueError, "unknown parameter of adam 'beta_1'; did you mean beta1"),
    (lambda p: ReferenceOptimizer(p, "adam", beta1=2), ValueError, r"beta1 must be in \[0, 1\), got 2"),
    (lambda p: ReferenceOptimizer(p, "adam", maximize=True), ValueError, "maximize is not offered: negate the loss"),
    (lambda p: ReferenceOptimizer(p, make_method("adam"), lr=1.0), ValueError, "a method that is already made takes no parameters, got lr"),
    (lambda p: ReferenceOptimizer(p, "adam", seed=-1), ValueError, "seed must be a whole number"),
    (lambda p: ReferenceOptimizer([], "adam"), ValueError, "empty parameter list"),
    (lambda p: ReferenceOptimizer([1.0], "adam"), TypeError, "can only optimize Tensors"),
    (lambda p: ReferenceOptimizer([torch.zeros(2)], "adam"), ValueError, "group 0 has no trainable elements"),
    (lambda p: ReferenceOptimizer([torch.nn.Parameter(torch.zeros(0))], "adam"), ValueError, "group 0 has no trainable elements"),
    (lambda p: ReferenceOptimizer([torch.nn.Parameter(torch.zeros(1) * 1j)], "adam"), ValueError, "tensor 0 of group 0 is complex"),
    (lambda p: ReferenceOptimizer([torch.nn.Parameter(torch.full((1,), torch.nan))], "adam"), ValueError, "x0 must be finite"),
    (lambda p: ReferenceOptimizer(p, "adam").add_param_group([1]), TypeError, "param_group must be a dict"),
    (lambda p: ReferenceOptimizer(p, "adam").step(), ValueError, r"no tensor has a gradient; call backward\(\) before step\(\)"),
    (lambda p: ReferenceOptimizer(p, "gala_sgd").step(lambda: None), ValueError, "the closure must return the loss, got None"),
    (lambda p: ReferenceOptimizer(p, "gala_sgd").step(lambda: 1.0), ValueError, "no tensor has a gradient"),
]


@pytest.mark.parametrize(("act", "kind", "message"), ERRORS, ids=[message[:40] for _, _, message in ERRORS])
def test_errors(act: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        act(tensors())


def test_without_torch_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; import lra_ref.adapters.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ImportError: lra_ref.adapters.torch needs torch: pip install 'lra_ref[ports]'"


def test_the_examples_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"^```py\n(.*?)^```", page, re.M | re.S) if "torch" in block]
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, "docs/adapters.md", "exec"), {"__name__": "__main__"})
