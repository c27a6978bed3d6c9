"""Runs shared by the claims of AutoGD, and the selections that do not work.

A case names a problem, the parameters of the method, a selection and the number T of steps; a seed draws the start; the oracle is exact.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lra_ref.engine.reference import reference_run
from lra_ref.formulas import where
from lra_ref.methods import Method
from lra_ref.methods.autogd import AutoGD, candidate, next_gamma, preferred
from lra_ref.parts import DIRECTIONS
from lra_ref.problems import Problem, make_problem
from lra_ref.rates.armijo import decreases
from lra_ref.verify import MACHEPS, Assumption, CaseView, Measured, Settings

WITNESSES = Path(__file__).parent.parent / "witnesses"
Evidence = dict[str, Any]


class Other(AutoGD):
    """AutoGD with another selection: of a trial (passes, eta, loss) against the one chosen so far, and at the end."""

    def takes(self, passes: Any, eta: Any, loss: Any, best: Any, best_loss: Any) -> Any:
        """Whether the trial replaces the rate chosen so far."""
        raise NotImplementedError

    def kept(self, best: Any, best_loss: Any, seen: Any, slope: Any) -> Any:
        """The chosen rate, 0 for none."""
        return best

    def again(self, trial: int, eta: Any, state: Any, seen: Any, trial_loss: Any, slope: Any, open_: Any) -> Any:
        """As AutoGD, with the selection of this class."""
        _, c, C, a = self.hyper()
        new, tried = dict(state), open_ & (slope != 0)
        if trial < 3:
            passes = decreases(trial_loss, seen.f, slope, eta, a)
            better = tried & self.takes(passes, eta, trial_loss, state["best"], state["best_loss"])
            new["best"], new["best_loss"] = where(better, eta, state["best"]), where(better, trial_loss, state["best_loss"])
        if trial < 2:
            return new, candidate(trial + 1, state["gamma"], c, C)
        if trial == 2:
            new["best"] = where(tried, self.kept(new["best"], new["best_loss"], seen, slope), new["best"])
            new["next_gamma"] = where(tried, next_gamma(new["best"], state["gamma"], c), state["next_gamma"])
        return new, new["best"]


class LowestThenTest(Other):
    """The candidate of lowest F, if it passes Armijo's test."""

    def takes(self, passes: Any, eta: Any, loss: Any, best: Any, best_loss: Any) -> Any:
        """The test comes later."""
        return np.isfinite(loss) & preferred(eta, loss, best, best_loss)

    def kept(self, best: Any, best_loss: Any, seen: Any, slope: Any) -> Any:
        """The test."""
        return where(decreases(best_loss, seen.f, slope, best, self.parameters.a), best, 0.0)


class LargestPassing(Other):
    """The largest candidate that passes the test."""

    def takes(self, passes: Any, eta: Any, loss: Any, best: Any, best_loss: Any) -> Any:
        """Whatever its loss."""
        return passes & (eta > best)


class Untested(Other):
    """The largest candidate, without a test."""

    def takes(self, passes: Any, eta: Any, loss: Any, best: Any, best_loss: Any) -> Any:
        """Whatever its loss."""
        return eta > best


SELECTIONS: dict[str, type[AutoGD]] = {
    "test, then lowest": AutoGD,
    "lowest, then test": LowestThenTest,
    "largest passing": LargestPassing,
    "largest": Untested,
}


@lru_cache(maxsize=64)
def _problem(name: str, parameters: str) -> Problem:
    return make_problem(name, **json.loads(parameters))


def problem_of(case: CaseView) -> Problem:
    """The problem of a case."""
    return _problem(case["problem"], json.dumps(case.get("problem_parameters", {})))


def smoothness(problem: Problem) -> float:
    """L of the problem."""
    assert problem.smoothness is not None
    return float(problem.smoothness.value)


def starts(case: CaseView, problem: Problem, seeds: Any, settings: Settings) -> Any:
    """One start per seed: the case's own, or a normal vector around the problem's start."""
    if "x0" in case:
        return np.broadcast_to(np.asarray(case["x0"], float), (len(seeds), problem.dim)).copy()
    drawn = [np.random.default_rng([settings.seed, int(seed)]).normal(size=problem.dim) for seed in seeds]
    return problem.start + case.get("scale", 1.0) * np.stack(drawn)


def played(case: CaseView, seeds: Any, settings: Settings) -> Evidence:
    """T steps: loss, gamma, squared gradient norm (S, T + 1) and which steps are resolved (S, T)."""
    problem, parameters = problem_of(case), dict(case["parameters"])
    if parameters.get("gamma_0") == "1/L":
        parameters["gamma_0"] = 1 / smoothness(problem)
    rate = SELECTIONS[case.get("selection", "test, then lowest")](**parameters)
    method = Method("autogd", DIRECTIONS["sgd"](), rate)
    made = reference_run(method, problem, steps=case["T"], trajectories=len(seeds), x0=starts(case, problem, seeds, settings))
    loss, gamma, norm2 = made.records["loss"], made.records["gamma"], made.records["gradient_norm"] ** 2
    e = {"problem": problem, "p": rate.parameters, "loss": loss, "gamma": gamma, "norm2": norm2, "case": case}
    return {**e, "used": resolved(e)}


def operations(problem: Problem) -> float:
    """Roundings inside one evaluation of F: a few per coordinate and per row, and those of a row's inner product."""
    return 8.0 * (problem.dim + problem.samples) + 16


def resolved(e: Evidence) -> Any:
    """Steps up to which rounding decides no comparison that A2 to A4 rest on.

    Between gamma/L and 1/L the losses of two neighbouring candidates e < e' differ by at least (1 - e/e')^2/2 e' |g|^2, and a rate up to
    1/L passes the test by (1/2 - a) e |g|^2 (theory page); the loss itself is known to so many roundings.  At a = 1/2 the second margin
    is empty: such a run is one of the counterexamples, whose numbers are exact.
    """
    p = e["p"]
    test = 0.5 - p.a if p.a < 0.5 else np.inf
    share = min((1 - p.c) ** 2 / 2, (1 - 1 / p.C) ** 2 / 2, test * p.c)
    margin = share * e["gamma"][:, :-1] * e["norm2"][:, :-1]
    fine = 4 * operations(e["problem"]) * MACHEPS * np.abs(e["loss"][:, :-1]) <= margin
    # the fourfold error: two losses are compared, and those that matter are at most about twice F(x)
    return np.logical_and.accumulate(fine & (e["norm2"][:, :-1] > 0), axis=1)


def enough(e: Evidence) -> Measured:
    """Measured: on every seed steps are resolved."""
    count = int(np.min(np.sum(e["used"], axis=1)))
    return Measured(count >= 1, float(count), f"steps resolved on every seed, of {e['used'].shape[1]}")


RESOLUTION = Assumption(
    "comparisons are resolved", "rounding error of F against the margins of the proof, later prefixes are not read", enough
)
SMOOTH = Assumption("F is L-smooth", "L of the problem, a certified bound")
