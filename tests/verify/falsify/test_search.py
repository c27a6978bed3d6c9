"""The search: what is broken is found, what holds is not, budget and seed decide, and bounds known to be tight are attained."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lra_ref.verify import Assumption, Case, Control, Measured
from lra_ref.verify.discover import discover
from lra_ref.verify.falsify import Search, falsify, searched
from tests.verify.falsify.toys import HUMP, calls, steps, toy


@pytest.mark.parametrize(("make", "message"), [
    (lambda: searched([HUMP], {"toy.bond": Search()}), "unknown claim of a search 'toy.bond'; did you mean toy.bound?"),
    (lambda: falsify(HUMP, budget=0), "budget must be a whole number >= 1, got 0"),
    (lambda: falsify(HUMP, seed=-1), r"seed must be a whole number in \[0, 2\^64\), got -1"),
    (lambda: falsify(HUMP, jobs=2), "toy.bound was given as an object"),
    (lambda: falsify(dataclasses.replace(HUMP, control=None), role="control"), "toy.bound has no control"),
    (lambda: falsify(dataclasses.replace(HUMP, search=Search(cases=("none",)))), "toy.bound: no case to start from"),
])  # fmt: skip
def test_bad_input_gets_one_line(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_tight_bound_comes_within_a_percent_of_one():
    outcome = falsify(HUMP, budget=200)
    assert outcome.ok
    assert not outcome.found
    assert 0.999 <= outcome.ratio <= 1
    assert outcome.best.verdict == "HOLDS"


def test_a_bound_called_tight_that_is_not_is_not_ok():
    loose = toy(lambda e: e["x"] * (1 - e["x"]), lambda e: np.full_like(e["x"], 0.5), HUMP.search)
    outcome = falsify(loose, budget=200)
    assert outcome.ratio == pytest.approx(0.5, rel=1e-3)
    assert not outcome.ok


def test_the_control_is_found_from_a_random_start():
    outcome = falsify(HUMP, role="control", budget=100)
    assert outcome.ok
    assert outcome.found
    assert outcome.ratio > 1
    # the stored case x = 0.7 is no place of the search
    assert outcome.best.instance.parameters["x"] != 0.7


def test_a_refutation_is_found_and_its_control_refutes_nothing():
    claim = toy(
        lambda e: e["x"], lambda e: np.full_like(e["x"], 0.5), HUMP.search, kind="refutation",
        control=Control("x small", cases=(Case.everywhere("small", x=0.1, T=20),)),
    )  # fmt: skip
    one, two = falsify(claim, budget=60), falsify(claim, role="control", budget=60)
    assert (one.found, one.best.verdict) == (True, "VIOLATED")
    assert (two.found, two.best.verdict) == (True, "HOLDS")


def test_points_where_the_claim_says_nothing_are_counted():
    def refused(case, seeds, settings):
        if case["x"] < 0.5:
            raise ValueError("x must be at least 1/2")
        return steps(case, seeds, settings)

    small = Assumption("x below 0.9", "x", lambda e: Measured(float(e["x"].max()) < 0.9))
    claim = toy(lambda e: e["x"], lambda e: e["x"] + 1, HUMP.search, run=refused, assumptions=(small,))
    outcome = falsify(claim, budget=100)
    assert outcome.verdicts["FAILED"] > 10
    assert outcome.verdicts["NOT APPLICABLE"] > 2
    assert "ValueError: x must be at least 1/2" in outcome.problems
    assert outcome.best.instance.parameters["x"] < 0.9
    nothing = falsify(dataclasses.replace(claim, assumptions=(Assumption("never", "never", lambda e: False),)), budget=30)
    assert nothing.best is None
    assert "no usable instance" in nothing.sentence()


def test_the_budget_counts_evaluations():
    calls.clear()
    outcome = falsify(HUMP, budget=60)
    assert outcome.spent <= 60
    # confirming and drawing look at the best again
    assert len(calls) <= 64


def test_the_same_seed_and_budget_give_the_same_result():
    one, two, three = (falsify(HUMP, budget=60, seed=seed) for seed in (3, 3, 4))
    assert one.as_dict() == two.as_dict()
    assert one.as_dict() != three.as_dict()


@pytest.mark.slow
def test_other_processes_give_the_same_result():
    (entry, *_), _ = discover(["docs/examples/own_claim.py"])
    one, two = (falsify(entry.claim, budget=40, jobs=jobs, path=entry.path) for jobs in (1, 2))
    assert one.as_dict() == two.as_dict()


def test_an_interrupt_keeps_the_best():
    def stop(text):
        if len(heard) == 2:
            raise KeyboardInterrupt
        heard.append(text)

    heard: list[str] = []
    outcome = falsify(HUMP, budget=500, progress=stop)
    assert outcome.interrupted
    assert outcome.best is not None
    assert "interrupted" in outcome.sentence()


@pytest.mark.parametrize("claim", ["gala.G1", "gala.G1clip", "learners.O1p", "exponentiated.E4", "clara.T9", "gradient_variation.X7"])
def test_bounds_known_to_be_tight_are_attained(claim):
    (entry,), _ = discover([claim])
    outcome = falsify(entry.claim, budget=250)
    assert outcome.ok, outcome.sentence()
    assert 0.99 <= outcome.ratio <= 1 + 1e-9
