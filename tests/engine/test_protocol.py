"""What a rate may ask of the engine: points of the same step (aim), only now and then (asks), its own clock, F itself, Hessian products.

Toy methods that use each of them, through loop, reference, optimizer and SciPy.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from lra_ref.backends.sums import block_sums, in_order
from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.engine.scipy_method import scipy_method
from lra_ref.formulas import descend, product, square
from lra_ref.methods import Method
from lra_ref.oracles import make_oracle
from lra_ref.parts import DIRECTIONS, Whole
from lra_ref.problems import make_problem
from tests.engine.cases import answer


# --- the exact step along the gradient, |g|^2 / <g, H g> ------------------------------------------------------------------------------
def aim_gradient(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    vec[0, lo:hi] = g[lo:hi]


def curved_terms(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    gs, hg = g[lo:hi], q[0, lo:hi]
    for i in range(gs.size):
        out[0, i] += square(gs[i])
        out[1, i] += product(gs[i], hg[i])


def curved_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    top, bottom = 0.0, 0.0
    for s in range(first, last):
        top, bottom = top + sums[s, 0], bottom + sums[s, 1]
    return top / bottom


class Cauchy(Whole):
    """Exact line search on the quadratic model along the gradient."""

    name = "cauchy"
    vectors, points, sums = ("v",), ((0, "hvp"),), 2
    aim, terms, decide = staticmethod(aim_gradient), staticmethod(curved_terms), staticmethod(curved_decide)

    def sight(self, state: Any, seen: Any, d: Any) -> Any:
        return dict(state, v=seen.g)

    def choose(self, state: Any, seen: Any, d: Any) -> Any:
        top, bottom = (in_order(block_sums(s, seen.offsets)) for s in (square(seen.g), product(seen.g, seen.q[0])))
        return state, top / bottom, {}


# --- three steps on one sample, then F itself is asked for and decides whether the point is kept ------------------------------------------
ROUND = 3


def kept_decide(first: Any, last: Any, t: Any, f: Any, sums: Any, scal: Any, hyp: Any, coef: Any) -> Any:
    row = scal[first]
    if row[1] > 0:
        row[4] = f[1]
        row[3] += 1
    row[2] += 1
    row[1] = 1 if row[2] % ROUND == 0 else 0
    if row[1] > 0:
        row[5] += 1
    return 0.01


def kept_move(seg: Any, lo: Any, hi: Any, at: Any, x: Any, g: Any, d: Any, q: Any, vec: Any, coef: Any, out: Any) -> None:
    xs, ds, kept = x[lo:hi], d[at : at + hi - lo], vec[0, lo:hi]
    for i in range(xs.size):
        xs[i] = descend(xs[i], coef[seg, 0], ds[i])
        kept[i] = 2 * xs[i]


class Rounds(Whole):
    """Walks on the sample of its round, asks for F at twice its point at the end of every round and answers with that point."""

    name = "rounds"
    vectors, points = ("double",), ((0, "full"),)
    scalars = ("wanted", "taken", "asked", "value", "round")
    asks, clock, output = "wanted", "round", "double"
    decide, move = staticmethod(kept_decide), staticmethod(kept_move)

    def choose(self, state: Any, seen: Any, d: Any) -> Any:
        new, wanted = dict(state), state["wanted"] > 0
        value = seen.fq[0] if seen.fq else state["value"]
        new["value"] = np.where(wanted, value, state["value"])
        new["asked"] = state["asked"] + wanted
        new["taken"] = state["taken"] + 1
        new["wanted"] = np.where(new["taken"] % ROUND == 0, 1.0, 0.0)
        new["round"] = state["round"] + (new["wanted"] > 0)
        return new, np.full_like(state["value"], 0.01), {name: new[name] for name in self.scalars}

    def follow(self, state: Any, seen: Any, d: Any, eta: Any) -> Any:
        x = descend(seen.x, eta, d)
        return dict(state, double=2 * x), x


METHODS = {"cauchy": Method("cauchy", DIRECTIONS["sgd"](), Cauchy()), "rounds": Method("rounds", DIRECTIONS["sgd"](), Rounds())}
ORACLES = {
    "exact": make_oracle("exact", make_problem("ellipsoid", dim=9, condition=30.0)),
    "gaussian": make_oracle("gaussian", make_problem("ellipsoid", dim=9, condition=30.0), sigma=0.1),
    "minibatch": make_oracle("minibatch", make_problem("logistic", data="iris"), batch=8),
}


@pytest.mark.parametrize("offsets", [None, "three"])
@pytest.mark.parametrize("source", list(ORACLES))
@pytest.mark.parametrize("name", list(METHODS))
def test_loop_and_reference_agree(name: str, source: str, offsets: Any) -> None:
    method, oracle = METHODS[name], ORACLES[source]
    dim = oracle.problem.dim
    case: dict[str, Any] = {"steps": 14, "trajectories": 3, "seed": 3, "offsets": [0, 1, 4, dim] if offsets else None}
    compiled, reference = run(method, oracle, **case), reference_run(method, oracle, **case)
    assert set(compiled.records) == set(reference.records)
    for column, values in reference.records.items():
        assert np.array_equal(compiled.records[column], values, equal_nan=True), column
    assert np.array_equal(compiled.x, reference.x)
    more = run(method, oracle, **{**case, "steps": 8}).resume(6)
    assert np.array_equal(more.x, compiled.x)
    assert np.array_equal(more.answer, compiled.answer)


@pytest.mark.parametrize("source", list(ORACLES))
@pytest.mark.parametrize("name", list(METHODS))
def test_the_optimizer_passes_through_the_same_points(name: str, source: str) -> None:
    method, oracle = METHODS[name], ORACLES[source]
    compiled = run(method, oracle, steps=11, seed=3)
    optimizer = Optimizer(method, oracle.problem.start, seed=3)
    info = None
    for step in range(11):
        info = optimizer.step(partial(answer, oracle, seed=3))
        if step == 5:
            # a state saved and loaded goes on with the same bits
            again = Optimizer(method, oracle.problem.start, seed=3)
            again.load_state_dict(optimizer.state_dict())
            optimizer = again
    assert info is not None
    assert np.array_equal(optimizer.x, compiled.x[0])
    assert np.array_equal(optimizer.answer, compiled.answer[0])
    assert info.gradient_evaluations == compiled.records["gradient_evaluations"][0, -1]


def test_what_is_counted_and_answered() -> None:
    made = run(METHODS["rounds"], ORACLES["gaussian"], steps=9, seed=3)
    assert made.records["gradient_evaluations"][0].tolist() == [0, 1, 2, 3, 5, 6, 7, 9, 10, 11]
    assert made.records["round"][0].tolist() == [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]
    assert np.array_equal(made.answer, 2 * made.x)
    assert np.array_equal(run(METHODS["rounds"], ORACLES["gaussian"], steps=0).answer, [ORACLES["gaussian"].problem.start])
    # one sample for the whole round: the noise of its three gradients is one vector
    x = made.state.x
    assert x.shape == (1, 9)
    kept = reference_run(METHODS["rounds"], ORACLES["gaussian"], steps=2, seed=3)
    problem, oracle = ORACLES["gaussian"].problem, ORACLES["gaussian"]
    z = oracle.sample(3, 0, 0, 0)
    first = problem.start - 0.01 * oracle.evaluate(problem.start, z)[1]
    second = first - 0.01 * oracle.evaluate(first, z)[1]
    assert np.array_equal(kept.x[0], second)


def test_newton_like_exactness_and_scipy() -> None:
    problem = make_problem("ellipsoid", dim=2, condition=9.0)
    made = run(METHODS["cauchy"], problem, steps=60)
    assert made.records["loss"][0, -1] < 1e-12 * made.records["loss"][0, 0]
    face: dict[str, Any] = {"jac": problem.gradient, "method": scipy_method(METHODS["cauchy"]), "options": {"maxiter": 60, "gtol": 0.0}}
    found = minimize(problem.value, problem.start, hessp=problem.hvp, **face)
    assert np.array_equal(found.x, made.x[0])
    by_matrix = minimize(problem.value, problem.start, hess=lambda x: np.stack([problem.hvp(x, e) for e in np.eye(2)]), **face)
    assert np.allclose(by_matrix.x, found.x, rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="the method cauchy needs hess or hessp"):
        minimize(problem.value, problem.start, **face)


def test_a_product_of_the_wrong_shape_is_refused() -> None:
    optimizer = Optimizer(METHODS["cauchy"], np.ones(3))
    assert optimizer.tell([(0.0, np.ones(3))]) is None
    (wanted,) = optimizer.ask()
    assert wanted.needs == "hessian-vector product"
    assert wanted.v is not None
    with pytest.raises(ValueError, match="the product of answer 0 must have"):
        optimizer.tell([np.ones(2)])
    assert optimizer.t == 0
