"""What the search has broken and how it was mended: the counterexamples stay inside the allowance, or outside the statement."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.gala_claims.hessians import LIPSCHITZ, largest_along
from lra_ref.problems import make_problem
from lra_ref.verify import Bound, Case, Distribution, Moment, Settings, Verdict
from lra_ref.verify.cells import look
from lra_ref.verify.discover import discover
from lra_ref.verify.falsify.certify import certify
from lra_ref.verify.falsify.space import Place
from lra_ref.verify.falsify.trial import Instance, Target, judge, ratio_of


def answer(claim: str, parameters: dict, like: str | None = None) -> tuple[str, list[str]]:
    """Verdict on the parameters of a case with some replaced, and the assumptions that fail."""
    (entry,), _ = discover([claim])
    case = next(case for case in entry.claim.cases if like is None or case.name == like)
    given = {**case.parameters("smoke"), **parameters}
    if "parameters" in parameters:
        given["parameters"] = {**case.parameters("smoke")["parameters"], **parameters["parameters"]}
    outcome = look(entry.claim, "claim", Case.everywhere("mended", **given), Settings("smoke"), [(0, 1)], 1e-3)
    failed = [found["text"] for found in outcome.assumptions if not found["ok"]]
    return ("NOT APPLICABLE" if outcome.judgement is None else str(outcome.judgement.verdict)), failed


# --- X9cycle: the window shrinks with the distance of the multiplier to 1 ---------------------------------------------------------------
@pytest.mark.parametrize(("claim", "shares"), [("X9cycle", (0.2501, 0.26, 0.375, 0.4999)), ("X9cycle_repels", (0.001, 0.125, 0.2499))])
def test_the_cycle_attracts_and_repels_in_the_whole_window(claim, shares):
    for share in shares:
        for offset in (-1.0, 1.0):
            assert answer(f"gradient_variation.{claim}", {"share": share, "offset": offset, "T": 6}) == ("HOLDS", [])


def test_the_cycle_is_not_claimed_to_attract_beyond_the_window():
    assert answer("gradient_variation.X9cycle", {"share": 0.2501, "offset": 1.01, "T": 6}) == (
        "NOT APPLICABLE",
        ["the start is in the window"],
    )


# --- G3e: the largest curvature of a segment from above -----------------------------------------------------------------------------------
FAMILIES = {
    "quadratic": {"dim": 3, "condition": 9.0, "rotated": True}, "ripple": {"dim": 2, "amplitude": 0.5, "frequency": 5.0},
    "sum_of_quartics": {"dim": 3}, "logistic": {"data": "iris"}, "tanh_network": {"data": "iris", "hidden": 3},
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_the_bound_of_the_change_of_the_hessian_is_one(name):
    problem, generator = make_problem(name, **FAMILIES[name]), np.random.default_rng(1)
    y, z, v = (generator.normal(size=(40, problem.dim)) for _ in range(3))
    y[20:] = z[20:] + 1e-4 * y[20:]  # differences as good as derivatives
    changed = np.linalg.norm(problem.hvp(y, v) - problem.hvp(z, v), axis=-1)
    most = LIPSCHITZ[name](problem, np.maximum(np.abs(y), np.abs(z))) * np.linalg.norm(y - z, axis=-1) * np.linalg.norm(v, axis=-1)
    assert np.all(changed <= most * (1 + 1e-9) + 1e-13 * np.linalg.norm(problem.hvp(z, v), axis=-1))


@pytest.mark.parametrize(("name", "y", "z"), [("ripple", 0.3 * np.pi + 1e-4, 0.3 * np.pi), ("sum_of_quartics", 1.0, 0.9999)])
def test_the_bound_is_attained_where_the_hessian_is_diagonal(name, y, z):
    # at w z = 3 pi/2 the second derivative of the ripple is steepest; of the quartics the last coordinate has the largest weight
    problem = make_problem(name, **FAMILIES[name])
    e = np.eye(problem.dim)[-1]
    changed = np.linalg.norm(problem.hvp(y * e, e) - problem.hvp(z * e, e))
    assert changed / (LIPSCHITZ[name](problem, max(y, z) * e) * (y - z)) == pytest.approx(1.0, rel=1e-3)


def test_a_peak_between_the_samples_is_not_missed():
    problem = make_problem("ripple", dim=1, curvature=0.1, amplitude=1.0, frequency=3.0)
    # eight periods: each of the nine first samples lies where the ripple is straight
    period = 2 * np.pi / 3
    x, y = np.array([[period / 4]]), np.array([[period / 4 + 8 * period]])
    upper, lower = largest_along(problem, x, y, np.ones((1, 1)))
    assert lower[0] <= 9.1 <= upper[0]
    assert upper[0] <= 1.2 * 9.1


# --- exact laws ----------------------------------------------------------------------------------------------------------------------
def degenerate(off: float) -> Verdict:
    samples = np.full(64, 0.3) * (1 + off * np.where(np.arange(64) % 2 == 0, 1, -1))
    return Distribution(moments=(Moment("Var", samples, 0.0, 0.0, "variance"), Moment("E", samples, 0.3, 0.0))).judge(1e-3).verdict


def test_a_law_without_scatter_is_allowed_its_rounding_and_no_more():
    assert degenerate(1e-16) is Verdict.HOLDS
    assert degenerate(1e-6) is Verdict.VIOLATED
    for name in ("operations", "scale"):
        with pytest.raises(ValueError, match=f"{name} of moment 'm' must be >= 0, got -1.0"):
            Moment("m", np.ones(3), 1.0, 0.0, **{name: -1.0})


@pytest.mark.parametrize("claim", ["T2", "T3", "T4", "T8", "T14"])
def test_the_laws_of_clara_hold_where_nothing_is_random(claim):
    (entry,), _ = discover([f"clara.{claim}"])
    case = entry.claim.cases[0]
    given = {**case.parameters("smoke"), "T": 1, **({} if claim == "T14" else {"D": 1})}
    outcome = look(entry.claim, "claim", Case.everywhere("one step", **given), Settings("smoke"), [(0, 2048)], 1e-3)
    assert outcome.judgement.verdict is Verdict.HOLDS


# --- conditions that are measured -------------------------------------------------------------------------------------------------------
LOSSES = {"losses": {"a": [1.0, -1.0], "b": [1.0, 1.0]}, "T": 2}


@pytest.mark.parametrize(("claim", "parameters", "missing"), [
    ("gala.G2a", {**LOSSES, "parameters": {"eta_0": 3.0, "eta_max": 2.0}}, "0 <= eta_0 <= eta_max"),
    ("gala.G2b", {**LOSSES, "parameters": {"eta_0": -0.1}}, "0 <= eta_0 <= eta_max"),
    ("clara.T6", {"T": 3, "parameters": {"mu_ref": 0.2}}, "mu_ref = mu"),
    ("clara.T15", {"T": 3, "parameters": {"mu_ref": 0.2}}, "mu_ref = mu"),
    ("clara.T16", {"T": 2, "parameters": {"d": 0.8, "lr": 0.9}}, "d <= ln 2"),
    ("clara.T16", {"parameters": {"lr": 0.5}}, "|x_0 - x*| <= e^d eta_0"),
    ("learners.O4r", {"T": 2, "coins": [1.0, -1.0], "parameters": {"gamma": 1.5}}, "|gamma c_t| <= 1"),
])  # fmt: skip
def test_outside_of_a_condition_the_statement_does_not_apply(claim, parameters, missing):
    assert answer(claim, parameters) == ("NOT APPLICABLE", [missing])


def test_comparators_outside_of_the_interval_are_moved_to_its_ends():
    assert answer("learners.O1p", {"T": 2, "coins": [-1.0, -1.0], "parameters": {"high": 0.5, "gamma": 0.9}}) == ("HOLDS", [])


def test_the_scale_of_the_path_identity_counts_the_terms_of_the_mean_apart():
    # one unit vector: Y_1 = c^2 is the difference of mu and mu q, each much larger
    (entry,), _ = discover(["clara.T5"])
    given = {"gradients": {"0": [1.0], "1": [1.0]}, "T": 1, "parameters": {"c": 0.01, "d": 0.1}}
    outcome = look(entry.claim, "claim", Case.everywhere("one step", **given), Settings("smoke"), [(0, 1)], 1e-3)
    assert float(outcome.sides.scale[0, 0]) > 3 * 0.01 / 1.99


# --- a part whose reference is not that of its kernels ----------------------------------------------------------------------------------
def test_a_part_that_is_not_registered_is_not_certified_by_the_kernels_of_its_base():
    # A2lowest is AutoGD with another selection, written as a reference only: the kernels would certify AutoGD itself
    (entry,), _ = discover(["autogd.A2lowest"])
    target = Target(entry.claim, "claim", entry.path)
    instance = Instance(Place(0, {}, 0), "stored", dict(entry.claim.cases[0].parameters("smoke")), ((0, 1),))
    assert judge(target, instance, 1e-3)[0].found
    certificate = certify(target, instance)
    assert (certificate.violated, certificate.bits) == (None, None)
    assert "LowestThenTest is no registered part" in certificate.why


# --- ratios that are rounding -----------------------------------------------------------------------------------------------------------
def test_a_ratio_above_one_of_a_bound_that_holds_is_not_reported():
    def sides(rhs):
        return Bound(lhs=np.full((1, 1), 2e-17), rhs=np.full((1, 1), rhs), scale=1.0, operations=16.0)

    assert ratio_of(sides(1e-17).judge(1e-3), sides(1e-17)) is None
    assert ratio_of(sides(4e-17).judge(1e-3), sides(4e-17)) == 0.5
