"""The reference in torch, what it carries: exact resume, copies, precision, foreign values, stops."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import make_method
from lra_ref.status import Status

torch = pytest.importorskip("torch")
from lra_ref.adapters.torch import ReferenceOptimizer  # noqa: E402  # only where there is a torch
from tests.adapters.torch_cases import CLOSURE, closure_of, flat, put, tensors  # noqa: E402


@pytest.mark.parametrize("name", ["adam", "clara_sgd", "egdd_adam", *CLOSURE])
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_resuming_is_exact(name: str, dtype: Any) -> None:
    def begun() -> tuple[list[Any], Any]:
        params = [torch.nn.Parameter(p.detach().to(dtype)) for p in tensors()]
        return params, ReferenceOptimizer(params, name)

    params, optimizer = begun()
    for _ in range(3):
        optimizer.step(closure_of(params, "bowl"))
    file = io.BytesIO()
    torch.save({"model": params, "optimizer": optimizer.state_dict()}, file)
    for _ in range(3):
        optimizer.step(closure_of(params, "bowl"))
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    again, resumed = begun()
    with torch.no_grad():
        for p, value in zip(again, saved["model"], strict=True):
            p.copy_(value)
    resumed.load_state_dict(saved["optimizer"])
    assert resumed.infos == [None]
    for _ in range(3):
        resumed.step(closure_of(again, "bowl"))
    assert np.array_equal(flat(again), flat(params))
    for one, two in zip(optimizer.references, resumed.references, strict=True):
        a, b = one.state_dict(), two.state_dict()
        assert all(np.array_equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"])
def test_copies_go_on_alike(copied: Any) -> None:
    params = tensors()
    optimizer = ReferenceOptimizer(params, "gala_sgd", eta_0=0.05)
    optimizer.step(closure_of(params, "bowl"))
    others, second = copied((params, optimizer))
    for _ in range(2):
        optimizer.step(closure_of(params, "bowl"))
        second.step(closure_of(others, "bowl"))
    assert np.array_equal(flat(params), flat(others))


def test_foreign_states_are_refused_and_change_nothing() -> None:
    params = tensors()
    optimizer = ReferenceOptimizer(params, "adam", lr=0.1)
    put(params, np.ones(9))
    optimizer.step()
    before, x = optimizer.state_dict(), flat(params)
    for other, message in (
        (torch.optim.SGD(tensors(), lr=0.1).state_dict(), "the state must hold a reference for each of 1 groups, got none"),
        (ReferenceOptimizer(tensors(), "adam", lr=0.2).state_dict(), "state has another method"),
        (ReferenceOptimizer(tensors(), "sgd").state_dict(), "state does not belong to adam"),
        (ReferenceOptimizer(tensors()[:2], "adam", lr=0.1).state_dict(), "must be .* of shape"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(other)
        after = optimizer.state_dict()
        assert after["param_groups"] == before["param_groups"]
        assert all(torch.equal(v, after["reference"][0][k]) for k, v in before["reference"][0].items() if isinstance(v, torch.Tensor))
    put(params, np.ones(9))
    optimizer.step()
    assert not np.array_equal(flat(params), x)


def test_frozen_missing_empty_and_strided_tensors() -> None:
    frozen = torch.nn.Parameter(torch.ones(2, dtype=torch.float64), requires_grad=False)
    empty = torch.nn.Parameter(torch.zeros(0, 3))
    strided = torch.nn.Parameter(torch.arange(6.0, dtype=torch.float64).view(2, 3).t())
    plain, missing = (torch.nn.Parameter(torch.ones(2, dtype=torch.float64)) for _ in range(2))
    assert not strided.is_contiguous()
    optimizer = ReferenceOptimizer([frozen, empty, strided, plain, missing], "momentum", lr=0.5)
    alone = Optimizer(make_method("momentum", lr=0.5), np.concatenate([strided.detach().reshape(-1).numpy(), np.ones(4)]), [0, 6, 8, 10])
    gradient = torch.arange(6.0, dtype=torch.float64).view(3, 2)
    for _ in range(3):
        strided.grad, plain.grad = gradient.t().contiguous().t(), torch.ones(2, dtype=torch.float64).expand(2)
        optimizer.step()
        alone.tell([(0.0, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 1.0, 0.0, 0.0])])
    assert np.array_equal(flat([strided, plain, missing]), alone.x)
    assert torch.equal(frozen, torch.ones(2))
    frozen.requires_grad_(True)
    with pytest.raises(ValueError, match="tensor 0 of group 0 was unfrozen after the optimizer was made"):
        optimizer.step()
    frozen.requires_grad_(False)
    plain.requires_grad_(False)
    with pytest.raises(ValueError, match="tensor 3 of group 0 was frozen after the optimizer was made"):
        optimizer.step()


def test_sparse_gradients_are_gradients() -> None:
    points = []
    for sparse in (True, False):
        torch.manual_seed(1)
        table = torch.nn.Embedding(5, 3, sparse=sparse, dtype=torch.float64)
        optimizer = ReferenceOptimizer(table.parameters(), "adam", lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            table(torch.tensor([1, 3, 3])).square().sum().backward()
            assert table.weight.grad.is_sparse == sparse
            optimizer.step()
        points.append(flat(list(table.parameters())))
    assert np.array_equal(*points)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_low_precision_has_a_master_copy(dtype: Any) -> None:
    param = torch.nn.Parameter(torch.ones(3, dtype=dtype))
    optimizer, alone = ReferenceOptimizer([param], "sgd", lr=2.0**-14), Optimizer(make_method("sgd", lr=2.0**-14), np.ones(3))
    for _ in range(300):
        param.grad = torch.tensor([1.0, -1.0, 0.5], dtype=dtype)
        optimizer.step()
        alone.tell([(0.0, [1.0, -1.0, 0.5])])
    assert np.array_equal(optimizer.references[0].x, alone.x)
    assert torch.equal(param, torch.from_numpy(alone.x).to(dtype))
    # a step alone is below half the spacing of bfloat16 at 1: without the master copy nothing would have moved
    assert param[0] < 1 < param[1]


def test_values_that_somebody_else_wrote_are_taken_over() -> None:
    param = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
    optimizer = ReferenceOptimizer([param], "momentum", lr=2.0**-10)
    put([param], np.ones(3))
    optimizer.step()
    master = optimizer.references[0].x
    with torch.no_grad():
        param[1] = 5.0
    param.grad.zero_()
    optimizer.step()
    move = 0.9 * 2.0**-10
    assert optimizer.references[0].x.tolist() == [master[0] - move, 5.0 - move, master[2] - move]


def test_a_stop_raises_and_leaves_the_last_finite_point() -> None:
    params = tensors()
    optimizer = ReferenceOptimizer([{"params": params[:2]}, {"params": params[2:]}], "adam", lr=0.1)
    put(params, np.ones(9))
    optimizer.step()
    x = flat(params)
    put(params, np.where(np.arange(9) == 6, np.nan, 1.0))
    with pytest.raises(RuntimeError, match="group 1, adam, step 1: stopped: the gradient or the loss at the point is not finite"):
        optimizer.step()
    assert np.array_equal(flat(params)[4:], x[4:])
    assert optimizer.references[1].status is Status.NONFINITE_GRADIENT
    put(params, np.ones(9))
    with pytest.raises(RuntimeError, match="group 1, adam, step 1"):
        optimizer.step()


def test_hyper_parameters_are_fixed() -> None:
    params = tensors()
    optimizer = ReferenceOptimizer(params, "adam", lr=0.5)
    put(params, np.ones(9))
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    optimizer.step()
    schedule.step()
    with pytest.raises(ValueError, match=r"lr of group 0 changed from 0\.5 to 0\.25; hyper-parameters are fixed here"):
        optimizer.step()
