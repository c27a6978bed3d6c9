"""What CLARA's proof steps found: witness values that must not move; the float code lies in the proved enclosures."""

from __future__ import annotations

import math

import pytest
import sympy as sp

from lra_ref.rates.clara_laws import independent_mean, log_rate_summand, log_rate_variance
from lra_ref.rates.clara_reference import adam_transient, autoregressive_mean
from proofs_check.clara_steps.adam_mean import adam_mean
from proofs_check.clara_steps.adam_transient import transient_means
from proofs_check.clara_steps.moments import expected, isotropic
from proofs_check.clara_steps.null import limit_of, mean
from proofs_check.clara_steps.readings import KEEP, C, T
from proofs_check.intervals import ball
from proofs_check.runner import check, select
from proofs_check.steps import Result
from tests.proofs_check.mutations import mutants, planted

ULP = 2.0**-53


def test_the_diverging_parabola_has_the_stored_size() -> None:
    detail = check(*select(["clara.T11grow.1"])).outcome.detail
    assert "4.46766178954312e+22" in detail
    assert "2.29711127746468e+22" in detail


@pytest.mark.parametrize("dim", [1, 2, 3, 5, 10, 15, 42, 62, 650, math.inf])
def test_the_reference_of_the_code_lies_in_its_enclosure(dim: float) -> None:
    enclosure, found = adam_mean(dim), autoregressive_mean(0.2, 0.9, dim)
    # c = 0.2 and beta = 0.9 are rounded, and so are the terms of the sum: some hundred roundings, most of them of small terms
    assert abs(float(enclosure.mid()) - found) <= float(enclosure.rad()) + 256 * ULP


def test_the_transient_of_the_code_lies_in_its_enclosure() -> None:
    for t, (enclosure, found) in enumerate(zip(transient_means(50), adam_transient(0.2, 0.9), strict=False), 1):
        assert abs(float(enclosure.mid()) - found) <= float(enclosure.rad()) + 64 * t * ULP


@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_the_variance_of_the_code_is_the_sum_of_its_summands(steps: int) -> None:
    exact = sum(log_rate_summand(sp.Rational(1, 4), sp.Integer(3), steps, s) for s in range(1, steps + 1))
    assert abs(log_rate_variance(0.25, 3, steps) - float(exact)) <= 64 * steps * ULP * max(1.0, float(exact))


def test_the_limit_replaces_every_power_that_vanishes() -> None:
    assert limit_of(KEEP ** (2 * T + 2) + KEEP ** (4 * T) + C) == C
    assert sp.simplify(limit_of(mean(C, T)) - C / (2 - C)) == 0


def test_moments_that_are_not_given_are_an_error() -> None:
    u = sp.symbols("u0 u1")
    assert expected((u[0] + u[1]) ** 2, u, isotropic(2)) == 1
    with pytest.raises(ValueError, match="says nothing of the moment"):
        expected(u[0] ** 3, u, isotropic(2))


def test_a_series_outside_its_range_is_refused() -> None:
    from proofs_check.clara_steps.readings import SpecialBalls

    with pytest.raises(ValueError, match=r"z must be in \[0, 1\)"):
        SpecialBalls.gauss_series(2, ball(1))


def test_a_changed_mean_is_refuted_with_a_witness() -> None:
    (mutant,) = [m for m in mutants(independent_mean) if "2 -> 3" in m.what][:1]
    with planted(independent_mean, mutant):
        row = check(*select(["clara.T1.3"]))
    assert row.outcome.result is Result.REFUTED
    assert row.outcome.witness
