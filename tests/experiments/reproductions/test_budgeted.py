"""Runs at equal numbers of gradient evaluations: what they cost, what they end with, how far they amplify roundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.reproductions.budgeted import SHARES, cost, measured, nudged, order_of_magnitude
from lra_ref.engine.run import run
from lra_ref.methods import compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem

PROBLEM = make_problem("logistic", n=50, dim=3)
ORACLE = make_oracle("minibatch", PROBLEM, batch=4)


@pytest.mark.parametrize(
    ("method", "gradients"),
    [
        (make_method("sgd", lr=0.1), 1),
        (make_method("gala_sgd_practical"), 2),
        (make_method("gala_sgd"), 3),
        (compose("sgd", "gradient_variation", member="secant"), 2),
        (compose("sgd", "gradient_variation", member="secant", pair="fresh"), 1),
    ],
    ids=("sgd", "practical", "theory", "same pair", "fresh pair"),
)
def test_gradients_per_step_are_counted(method, gradients) -> None:
    assert cost(method, ORACLE) == gradients
    spent = run(method, ORACLE, steps=9).records["gradient_evaluations"][0]
    assert spent[-1] - spent[-2] == gradients


def test_losses_are_those_of_plain_runs_at_the_shares_of_the_budget() -> None:
    method = make_method("gala_sgd", eta_0=0.1)
    found = measured(method, ORACLE, 640, seeds=3)
    assert found.losses.shape == (3, len(SHARES))
    for k, steps in enumerate((3, 13, 53, 213)):
        made = run(method, ORACLE, steps=steps, trajectories=3)
        assert found.losses[:, k].tolist() == [PROBLEM.value(x) for x in made.x]
    assert found.final_rates.tolist() == made.records["rate"][:, -1].tolist()
    assert np.all(found.sensitivity < 1e-12)
    row = found.row(1)
    assert row["loss"] == f"{found.losses[1, -1]:.7g}"
    assert row["status"] == "RUNNING"


def test_a_run_that_stops_has_an_infinite_loss_and_a_reason() -> None:
    quartic = make_problem("phase_retrieval", n=20, dim=3)
    found = measured(make_method("sgd", lr=100.0), make_oracle("minibatch", quartic, batch=4), 640, seeds=2)
    assert np.all(np.isinf(found.losses[:, -1]))
    assert set(found.statuses) == {"NONFINITE_GRADIENT"}


def test_a_chaotic_run_has_a_large_sensitivity() -> None:
    problem = make_problem("ripple", dim=2, amplitude=2.0, frequency=3.0)
    calm, wild = (measured(make_method("sgd", lr=lr), make_oracle("exact", problem), 200, seeds=1).sensitivity[0] for lr in (0.01, 0.4))
    assert calm < 1e-12
    assert wild > 1e-6


@pytest.mark.parametrize(
    ("here", "committed", "same"),
    [
        ("1.0e-15", "0.0e+00", True),
        ("2.0e-09", "1.0e-07", True),
        ("1.0e-05", "1.0e-09", False),
        ("0.0e+00", "1.0e-07", False),
        ("6.9e+12", "1.0e+00", True),
        ("5.0e-15", "1.7e-02", False),
    ],
)
def test_sensitivities_are_compared_by_their_size(here: str, committed: str, same: bool) -> None:
    assert order_of_magnitude(here, committed) is same


def test_the_start_moves_where_roundings_reach() -> None:
    problem = make_problem("quadratic", dim=3)
    still = replace(problem, start=np.array([0.0, 1.0, 0.0]))
    moved = nudged(still, 1e-15)
    assert moved[1] == 1 + 2e-15
    assert (moved == still.start).tolist() == (still.gradient(still.start) == 0).tolist()
