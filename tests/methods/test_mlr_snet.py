"""MLR-SNet: the network against a transcription in torch and complex steps, its meta-step against torch's Adam, the bookkeeping by hand."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

from lra_ref.backends.cpu import compiled
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.formulas import read
from lra_ref.methods import make_method
from lra_ref.methods import mlr_snet_cell as cell
from lra_ref.methods.mlr_snet import image_gamma
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.status import Status
from lra_ref.typing import Array
from tests.test_options import assert_same

MACHEPS = np.finfo(float).eps
ELLIPSOID = make_problem("ellipsoid", dim=9, condition=30.0)
NOISY = make_oracle("gaussian", ELLIPSOID, sigma=0.5)
IRIS = make_oracle("minibatch", make_problem("logistic", data="iris"), batch=16)
OPTIONS: list[dict[str, Any]] = [
    {"dim": 9, "hidden": 3, "period": 5, "gamma": 0.01},
    {"dim": 4, "hidden": 2, "period": 1, "gamma": 0.01, "twice": False, "meta_lr": 0.1, "meta_decay": 0.0},
    {"dim": 9, "hidden": 4, "period": 2, "gamma": 0.01, "beta1": 0.0, "beta2": 0.5, "eps": 1e-3, "init_seed": 7},
    {"dim": 3, "hidden": 1, "period": 40, "theta": [0.1] * 22},
]


@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
@pytest.mark.parametrize("parameters", OPTIONS, ids=lambda p: str(list(p.items()))[:60])
def test_reference_and_kernels_agree(parameters: dict[str, Any], offsets: Any) -> None:
    method = make_method("mlr_snet", **parameters)
    case: dict[str, Any] = {"steps": 30, "trajectories": 2, "seed": 5, "offsets": offsets}
    made = run(method, NOISY, **case)
    assert_same(method, made, reference_run(method, NOISY, **case))
    assert np.array_equal(run(method, NOISY, **{**case, "steps": 13}).resume(17).x, made.x)


def test_the_network_of_the_paper_on_minibatches_and_long_vectors() -> None:
    for oracle, dim in ((IRIS, IRIS.problem.dim), (make_oracle("gaussian", make_problem("sphere", dim=30_000), sigma=1.0), 23_101)):
        method = make_method("mlr_snet", dim=dim, period=2, gamma=0.01)
        case: dict[str, Any] = {"steps": 7, "trajectories": 1, "seed": 5}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        assert made.records["updates"][0, -1] == 2


def random_state(hidden: int, seed: int) -> tuple[Array, Array, Array, Array]:
    """theta, h, c and a loss, two of each, of the sizes that a run has."""
    generator = np.random.default_rng(seed)
    theta = np.stack([cell.initial(hidden, 2 * seed), cell.initial(hidden, 2 * seed + 1)])
    h, c = generator.uniform(-0.9, 0.9, (2, hidden)), generator.normal(size=(2, hidden))
    return theta, h, c, generator.exponential(2.0, (2, 1))


def rounding(theta: Array, hidden: int, loss: Array) -> float:
    """Relative error of a derivative: the roundings of sums of up to 4 H + 2 terms, and of z, on which every factor depends smoothly."""
    weights, terms = cell.parts(np.abs(theta), hidden), 4 * hidden + 2
    u = weights.A * loss + weights.a
    z = cell.times(weights.B, u) + weights.b + cell.times(weights.E, np.ones_like(u) * np.max(weights.C.sum(-1) + weights.c)) + weights.e
    return float(8 * terms * MACHEPS * (1 + np.max(z)))


class Complex:
    """NumPy for complex numbers whose imaginary part is infinitely small: a maximum looks at the real parts."""

    concatenate, swapaxes, asarray, cumsum, prod, exp = np.concatenate, np.swapaxes, np.asarray, np.cumsum, np.prod, np.exp

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        return np.where(np.real(a) > b, a, b)


@pytest.mark.parametrize("hidden", [1, 2, 5, 12])
def test_the_gradient_is_that_of_complex_steps(hidden: int) -> None:
    theta, h, c, loss = random_state(hidden, hidden)
    look, tiny = read(cell.look, Complex), 2.0**-600
    gradient = cell.slopes(theta, h, c, loss, hidden, cell.look(theta, h, c, loss, hidden))
    stepped = np.stack([look(theta + tiny * 1j * e, h, c, loss, hidden).s[..., 0].imag / tiny for e in np.eye(cell.size(hidden))], axis=-1)
    assert np.max(np.abs(gradient)) > 0.05
    assert np.all(np.abs(gradient - stepped) <= rounding(theta, hidden, loss) * np.max(np.abs(stepped)))


@pytest.mark.parametrize("hidden", [1, 3, 50])
def test_kernels_and_arrays_are_the_same_bits(hidden: int) -> None:
    theta, h, c, loss = random_state(hidden, hidden)
    view = cell.look(theta, h, c, loss, hidden)
    gradient = cell.slopes(theta, h, c, loss, hidden, view)
    V = "float64[::1]"
    forward = compiled(cell.forward, f"float64({V}, {V}, {V}, float64, int64, {V})")
    backward = compiled(cell.backward, f"void({V}, {V}, {V}, float64, int64, {V}, float64, {V})")
    for k in range(2):
        work, out = np.zeros(9 * hidden), np.zeros(cell.size(hidden))
        s = forward(theta[k], h[k], c[k], loss[k, 0], hidden, work)
        backward(theta[k], h[k], c[k], loss[k, 0], hidden, work, s, out)
        assert s == view.s[k, 0]
        assert np.array_equal(work[6 * hidden : 7 * hidden], view.h[k])
        assert np.array_equal(work[7 * hidden : 8 * hidden], view.c[k])
        assert np.array_equal(out, gradient[k])


def torch_network(hidden: int) -> Any:
    """The cell as layers of torch, its parameters in the order of theta."""
    torch = pytest.importorskip("torch")
    shapes = ((1, hidden), (hidden, 4 * hidden), (hidden, hidden), (hidden, 4 * hidden), (hidden, 1))
    layers = [torch.nn.Linear(*shape, dtype=torch.float64) for shape in shapes]

    def look(loss: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
        z = layers[1](torch.relu(layers[0](loss))) + layers[3](torch.relu(layers[2](h)))
        i, f, o, g = z.split(hidden, dim=-1)
        c = torch.sigmoid(f - 1) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return torch.sigmoid(layers[4](h)), h, c

    parameters = [p for layer in layers for p in (layer.weight, layer.bias)]

    def load(theta: Array) -> None:
        torch.nn.utils.vector_to_parameters(torch.tensor(theta), parameters)

    return types.SimpleNamespace(torch=torch, look=look, parameters=parameters, load=load)


@pytest.mark.parametrize("hidden", [2, 50])
def test_network_and_gradient_agree_with_torch(hidden: int) -> None:
    theta, h, c, loss = random_state(hidden, hidden)
    net, view = torch_network(hidden), cell.look(theta, h, c, loss, hidden)
    gradient = cell.slopes(theta, h, c, loss, hidden, view)
    allowed = rounding(theta, hidden, loss)
    for k in range(2):
        net.load(theta[k])
        s, h_new, c_new = net.look(*(net.torch.tensor(v) for v in (loss[k], h[k], c[k])))
        s.backward()
        found = net.torch.nn.utils.parameters_to_vector([p.grad for p in net.parameters]).numpy()
        for ours, theirs in ((view.s[k], s), (view.h[k], h_new), (view.c[k], c_new)):
            assert np.all(np.abs(ours - theirs.detach().numpy()) <= allowed * (1 + np.abs(ours)))
        assert np.all(np.abs(gradient[k] - found) <= allowed * np.max(np.abs(found)))
        for p in net.parameters:
            p.grad = None


@pytest.mark.parametrize("twice", [True, False])
def test_meta_steps_agree_with_torch(twice: bool) -> None:
    """Twelve batches, a meta-step before every third, on F = sum a x^2/2 without noise: theta, x and rates.

    A relative error e of a meta-gradient moves theta by at most about 2 meta_lr e, more only for entries of the size of Adam's eps, whose
    absolute errors are of order 1e-16 over 1e-8. Four updates and twelve steps: 1e-9 leaves a factor of ten and is far below one update.
    """
    hidden, gamma = 3, 0.02
    method = make_method("mlr_snet", dim=9, hidden=hidden, period=3, gamma=gamma, twice=twice)
    made = run(method, ELLIPSOID, steps=12 + 2 * 4)
    net = torch_network(hidden)
    torch = net.torch
    net.load(cell.initial(hidden, 0))
    adam = torch.optim.Adam(net.parameters, lr=1e-3, weight_decay=1e-4)
    curvatures = torch.tensor(ELLIPSOID.hvp(np.zeros((9, 9)), np.eye(9)).diagonal().copy())
    x, h, c, rates = torch.tensor(ELLIPSOID.start), torch.zeros(hidden, dtype=torch.float64), torch.zeros(hidden, dtype=torch.float64), []
    for batch in range(1, 13):
        loss, g = (curvatures * x * x).sum().reshape(1) / 2, curvatures * x
        if batch % 3 == 0:
            s, h_new, c_new = net.look(loss, h, c)
            moved = x - gamma * s * g
            adam.zero_grad()
            ((curvatures * moved * moved).sum() / 2).backward()
            adam.step()
            if twice:
                h, c = h_new.detach(), c_new.detach()
        with torch.no_grad():
            s, h, c = net.look(loss, h, c)
            rates.append(gamma * s.item())
            x = x - gamma * s * g
    records = made.records
    walked = records["rate"][0][:-1][records["action"][0][:-1] == 0]
    assert len(walked) == 12
    assert np.allclose(walked, rates, rtol=1e-9, atol=0)
    assert np.allclose(made.x[0], x.numpy(), rtol=1e-9, atol=1e-9)
    rows = [made.methods[0].rate.vectors.index(row) for row in method.rate.places["theta"]]
    theta = np.concatenate([made.state.r_vec[0, row] for row in rows])[: cell.size(hidden)]
    expected = torch.nn.utils.parameters_to_vector(net.parameters).detach().numpy()
    assert np.allclose(theta, expected, rtol=0, atol=1e-9)
    assert np.max(np.abs(theta - cell.initial(hidden, 0))) > 3e-3


def test_a_network_of_zeros_answers_one_half() -> None:
    method = make_method("mlr_snet", dim=2, hidden=1, gamma=0.5, theta=[0.0] * 22)
    made = run(method, make_problem("quadratic", spectrum=[1.0, 2.0]), x0=[4.0, 2.0], steps=2)
    assert made.records["rate"][0].tolist() == [0.25, 0.25, 0.25]
    assert made.x.tolist() == [[2.25, 0.5]]


def test_meta_steps_and_what_they_cost() -> None:
    """period 2: batch 1; batch 2 in three steps on one sample; batch 3; batch 4 in three steps."""
    made = run(make_method("mlr_snet", dim=9, hidden=2, period=2, gamma=0.01), NOISY, steps=8, seed=3)
    r = {name: values[0] for name, values in made.records.items()}
    assert r["action"].tolist() == [0, 1, 2, 0, 0, 1, 2, 0, 0]
    assert r["batch"].tolist() == [1, 1, 1, 2, 3, 3, 3, 4, 5]
    assert r["updates"].tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    assert r["gradient_evaluations"].tolist() == [0, 1, 2, 4, 5, 6, 7, 9, 10]
    assert r["rate"][[1, 2, 5, 6]].tolist() == [0, 0, 0, 0]
    # the same sample and point in the three steps of a batch
    assert r["sample_loss"][1] == r["sample_loss"][2] == r["sample_loss"][3] != r["sample_loss"][4]
    # the held-out loss is that of the fresh sample of the step that named the point
    x = run(made.methods[0], NOISY, steps=1, seed=3).x[0]
    g = NOISY.evaluate(x, NOISY.sample(3, 0, 1, 0))[1]
    held_out, gradient = NOISY.evaluate(x - r["lr"][1] * g, NOISY.sample(3, 0, 1, 1))
    assert r["held_out"][2] == held_out
    assert r["held_out_slope"][2] == pytest.approx(gradient @ g, rel=100 * MACHEPS)


def test_a_held_out_loss_that_is_no_number_stops_by_name() -> None:
    optimizer = Optimizer(make_method("mlr_snet", dim=2, hidden=1, period=1), np.ones(2))
    info = None
    for _ in range(3):
        info = optimizer.step(lambda x, sample: (np.nan if sample[0] == "fresh" else 1.0, x))
    assert info is not None
    assert info.status is Status.NONFINITE_FEEDBACK
    assert np.array_equal(optimizer.x, np.ones(2))


def test_initial_weights_have_the_published_widths() -> None:
    H = 50
    weights = cell.parts(cell.initial(H, 3), H)
    widths = {"A": 0.1, "a": 1.0, "B": 0.1, "b": H**-0.5, "C": 0.1, "c": H**-0.5, "E": 0.1, "e": H**-0.5, "w": H**-0.5, "w_0": H**-0.5}
    for name, width in widths.items():
        values = getattr(weights, name)
        assert np.max(np.abs(values)) < width
        if values.size >= 50:  # the largest of 50 uniform numbers is below 0.8 with probability 1e-5
            assert np.max(np.abs(values)) > 0.8 * width
    assert cell.size(50) == 23101 == cell.initial(50, 0).size
    assert not np.array_equal(cell.initial(2, 0), cell.initial(2, 1))


def test_gamma_of_the_image_experiments() -> None:
    """Ten classes and the loss ln 10 of a guess: sqrt(ln 10) ln(10 ln 10)/10^(1/4)/4."""
    assert image_gamma(np.log(10.0), 10) == pytest.approx(0.669128, abs=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "mlr_snet needs the parameter dim"),
        ({"dim": 0}, "dim must be a whole number in"),
        ({"dim": 2, "hidden": 0}, "hidden must be a whole number in"),
        ({"dim": 2, "hidden": 1, "theta": [0.0] * 21}, "theta must have .* = 22 numbers for hidden = 1, got 21"),
        ({"dim": 2, "gamma": -1.0}, "gamma must be in"),
        ({"dim": 2, "period": 0}, "period must be a whole number"),
    ],
)
def test_invalid_parameters_get_one_line(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as found:
        make_method("mlr_snet", **parameters)
    assert "\n" not in str(found.value)


def test_a_vector_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="dim must be at most the number of parameters, 9, got 10"):
        run(make_method("mlr_snet", dim=10, hidden=1), ELLIPSOID, steps=1)
