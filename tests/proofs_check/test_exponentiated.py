"""What the answers of the steps of exponentiated gradient pin down."""

from __future__ import annotations

import sympy as sp

from proofs_check import exponentiated
from proofs_check.exponentiated_steps import ancestors, bias, diagonal, gains, invariance, parabola, scale
from proofs_check.steps import Result

CORE = ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E7cos", "E8a", "E8b", "E8c", "E8d")


def test_the_core_theorems_are_stated() -> None:
    assert {f"exponentiated.{name}" for name in CORE} <= set(exponentiated.THEOREMS)


def test_the_step_counts_are_what_the_defaults_give() -> None:
    assert gains.fewest(gains.SCALE, 2304).result is Result.PROVED
    assert gains.fewest(gains.GAIN, 462).result is Result.PROVED
    assert gains.count(10.0, 0.002, 2304).result is Result.REFUTED


def test_the_constant_of_the_parabola_can_not_be_one_half() -> None:
    refuted = scale.parabola(0.5)
    assert refuted.result is Result.REFUTED
    assert refuted.witness


def test_witnesses_of_the_refutations() -> None:
    assert ancestors.stored_rates("thesis") == [1, -4]
    assert all(rate > 0 for rate in ancestors.stored_rates("safe"))
    assert "0.00063889" in invariance.scale_differs().detail
    assert bias.product_mean(bias.RARE, sp.Rational(16, 25)).result is Result.PROVED


def test_an_inexact_power_of_a_is_named() -> None:
    assert "a sum of a^1 and 0" in str(invariance.exact_powers(-1, 0).witness)


def test_without_the_quiet_share_the_cosine_may_rise() -> None:
    assert diagonal.hardly_rises(36).result is Result.PROVED
    assert diagonal.hardly_rises(4).result is Result.REFUTED


def test_the_growth_on_a_parabola_needs_more_than_the_square_of_the_logarithm() -> None:
    # eta_0 a = 3, beta = 0.9: the first step doubles |x|, exp((ln 3)^2/1.8) = 1.955
    assert sp.N(sp.exp(sp.log(3) ** 2 / sp.Rational(9, 5))) < 2
    assert parabola.at_most_level(0.5).result is Result.PROVED
