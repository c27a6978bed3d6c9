"""A second opinion in certified arithmetic: rounding is not called a violation, a violation is certain."""

from __future__ import annotations

import dataclasses
import functools

import pytest

from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.verify import Case, Claim, Identity
from lra_ref.verify.falsify import Real, Search, falsify
from tests.verify.falsify.toys import HUMP, calls


def loss_and_slope(case, seeds, settings):
    made = run(make_method("sgd", lr=case["lr"]), make_problem("quadratic", spectrum=[1.0] * 3), steps=case["T"], x0=[case["x0"], 0.3, 0.1])
    return {"loss": made.records["loss"], "norm": made.records["gradient_norm"]}


def rounded(factor):
    """F = |grad F|^2 / 2 on |x|^2/2, with a factor; the allowance is far too small for float64, where the root of the norm is rounded."""
    return Claim(
        id="toy.rounded", kind="identity", provenance="derived", statement="a toy", run=loss_and_slope, control=None,
        cases=(Case.everywhere("parabola", lr=0.3, T=20, x0=0.7, seeds=1),),
        sides=lambda e: Identity(lhs=e["loss"], rhs=factor * e["norm"] ** 2 / 2, scale=e["loss"], operations=1.0, factor=1e-4),
        search=Search(space={"lr": Real(0.05, 0.9), "x0": Real(0.5, 2.0)}),
    )  # fmt: skip


def test_a_rounding_artefact_is_not_called_a_violation():
    pytest.importorskip("flint")
    outcome = falsify(rounded(1.0), budget=60)
    assert outcome.verdicts["VIOLATED"] > 5
    assert outcome.verdicts["not confirmed"] > 5
    assert not outcome.found
    assert outcome.ok
    assert "was rounding" in outcome.sentence()


def test_a_difference_that_is_none_of_rounding_is_certain():
    pytest.importorskip("flint")
    outcome = falsify(rounded(1 + 2.0**-50), budget=60)
    assert outcome.found
    assert "certainly VIOLATED" in outcome.sentence()


@functools.lru_cache
def remembered(lr, x0, steps):
    calls.append({"lr": lr})
    return loss_and_slope({"lr": lr, "x0": x0, "T": steps}, None, None)


def test_what_a_claim_remembers_is_not_taken_for_certified_nor_the_other_way_round():
    pytest.importorskip("flint")
    claim = dataclasses.replace(rounded(1 + 2.0**-50), run=lambda case, seeds, settings: remembered(case["lr"], case["x0"], case["T"]))
    outcome = falsify(claim, budget=60)
    assert "certainly VIOLATED" in outcome.sentence()
    made = remembered(0.3, 0.7, 5)
    assert made["loss"].dtype == float
    best = outcome.best.instance.parameters
    assert remembered(best["lr"], best["x0"], best["T"])["loss"].dtype == float


def test_what_has_no_certified_reading_says_so():
    pytest.importorskip("flint")
    outcome = falsify(HUMP, role="control", budget=60)
    assert "not confirmed in higher precision: TypeError: the claim's run computes in float64" in outcome.sentence()


def test_without_the_library_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("lra_ref.verify.falsify.certify.available", lambda: False)
    assert "pip install 'lra_ref[proofs]'" in falsify(HUMP, role="control", budget=60).sentence()
