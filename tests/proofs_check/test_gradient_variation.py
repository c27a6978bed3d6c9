"""The proof steps of the gradient-variation rates: run by the kernels that run, and numbers worth pinning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

from experiments.gradient_variation import CLAIMS
from lra_ref.engine.reference import Vectors, reference_run
from lra_ref.methods import compose
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from proofs_check import graded
from proofs_check.graded import GRADED, homogeneous
from proofs_check.gradient_variation import THEOREMS
from proofs_check.gradient_variation_steps import fixed_points, lengths, noise, variation
from proofs_check.gradient_variation_steps.kernels import CODES, exact, machine, parabola, run
from proofs_check.steps import Result


def test_every_claim_has_a_theorem() -> None:
    assert {claim.id for claim in CLAIMS} <= set(THEOREMS)


@pytest.mark.parametrize("direction", ["sgd", "momentum", "sign"])
@pytest.mark.parametrize(("member", "pair"), [*((member, "same") for member in CODES), ("secant", "fresh"), ("bb2", "fresh")])
def test_the_exact_machine_runs_as_the_engine_does(direction: str, member: str, pair: str) -> None:
    values: dict[str, Any] = {"eta_0": 0.125, "theta": 0.75, "eps_f": 0.5, "eta_max": 0.5, "gamma": 3.0, "batch": 2}
    spectrum, x0, steps = [4.0, 1.0], [1.0, 2.0], 3
    path = run(machine(direction, member, 2, pair=pair, **values), x0, parabola(*map(exact, spectrum)), steps)
    kept = Vectors()
    method = compose(direction, "gradient_variation", member=member, pair=pair, **values)
    oracle = make_oracle("exact", make_problem("quadratic", spectrum=spectrum))
    made = reference_run(method, oracle, steps=steps, x0=np.array(x0), observe=kept)
    found = np.array([[float(value) for value in x] for x in path.x])
    # some 50 rounded operations per step, which no step here enlarges by more than 10
    assert np.max(np.abs(kept.arrays()["x"][0] - found)) <= 50 * 10**steps * np.finfo(float).eps
    assert float(path.eta[-1]) == pytest.approx(float(made.records["rate"][0, steps - 1]), rel=1e-10)


def test_the_witnesses_are_those_of_the_page() -> None:
    ema = variation.obeys(variation.stored(variation.EMA_REFUTED, "fisher_ema"))
    assert ema.witness is not None
    assert (ema.witness["t"], ema.witness["|g_{t-1}|"][:4], ema.witness["|g_t|"][:4]) == (2, "7.87", "6.60")
    climbed = {case.name: lengths.climbs(case).witness for case in lengths.TOP}
    assert climbed["F = x^2 / 2, x_0 = 1/2"] == {"F(x_0)": "0.12500000", "F(x_1)": "1.1249999"}


def test_at_a_quarter_of_l_the_cycle_attracts_and_below_it_repels() -> None:
    assert fixed_points.boundary().result is Result.PROVED
    for below in ("1/100", "1/1000"):
        assert fixed_points.boundary(below).result is Result.REFUTED


def test_without_y_almost_surely_not_0_the_mean_bound_fails() -> None:
    outcome = noise.without_zero()
    assert outcome.result is Result.PROVED
    assert outcome.witness == {"E secant": "1/4", "|s|/sqrt(E|y|^2)": "sqrt(2)/2"}


def test_expectations_know_second_moments_only() -> None:
    a, b = sp.symbols("a b", real=True)
    c = [[sp.Symbol("C", real=True)]]
    assert noise.expected((a - b) ** 2 + 3 * a + 5, ([a], [b]), (c, c)) == 2 * c[0][0] + 5
    with pytest.raises(ValueError, match="order 3"):
        noise.expected(a**2 * b, ([a], [b]), (c, c))


@pytest.mark.parametrize(
    ("made", "result"),
    [
        (lambda: graded.graded(1) * graded.graded(2), Result.PROVED),
        (lambda: GRADED.sqrt(graded.graded(6)), Result.PROVED),
        (lambda: 0 * graded.graded(1) + graded.graded(3), Result.PROVED),
        (lambda: graded.graded(2), Result.REFUTED),  # of another degree than 3
        (lambda: graded.graded(3) + 1, Result.REFUTED),
        (lambda: GRADED.maximum(graded.graded(3), graded.graded(2)), Result.REFUTED),
        (lambda: GRADED.sqrt(graded.graded(3)) ** 0, Result.REFUTED),
        (lambda: GRADED.where(graded.graded(3) > 1, graded.graded(3), 0), Result.REFUTED),  # compares with a number
        (lambda: GRADED.where(graded.graded(1) > 0, graded.graded(3), graded.graded(2)), Result.REFUTED),  # only if the answer is no
    ],
)
def test_homogeneity_is_of_every_operation_on_every_path(made: Any, result: Result) -> None:
    assert homogeneous(lambda: [("it", made(), 3)]).result is result


def test_paths_without_end_are_not_proved() -> None:
    def many() -> list[tuple[str, Any, int]]:
        return [("it", graded.graded(0), 0) for _ in range(20) if graded.graded(0) > 0]

    assert homogeneous(many, most=100).result is Result.UNKNOWN
