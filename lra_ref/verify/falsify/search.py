"""The search: differential evolution over the whole space, then a local search from the best point.

Generations are evaluated in a fixed order, in this process or in others, so that the result depends on seed and budget alone.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lra_ref.typing import Floats
from lra_ref.verify.falsify.space import Space
from lra_ref.verify.falsify.trial import WORST, Target, Trial, attempt, evaluate_elsewhere, judge

Say = Callable[[str], None]
#: evaluations left for the local search, as a share of the budget
LOCAL = 0.35
#: violations that may fail their confirmation before one is taken as it is
MOST = 50


class Enough(Exception):
    """The budget is used up, or what was looked for is found."""


class Evaluator:
    """Counts, remembers the best, and stops the search; ``energies`` is what the optimisers minimise."""

    def __init__(
        self, target: Target, space: Space, alpha: float, budget: int, pool: concurrent.futures.Executor | None, jobs: int, say: Say
    ) -> None:
        self.target, self.space, self.alpha, self.budget = target, space, alpha, budget
        self.pool, self.jobs, self.say = pool, jobs, say
        self.spent = 0
        self.best: Trial | None = None
        self.best_unit: Floats | None = None
        self.verdicts: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.limit, self.misses = budget, 0

    def energies(self, units: Iterable[Any]) -> list[float]:
        """Minus the scores of a batch of points, as many as the limit allows."""
        batch = [np.clip(np.asarray(unit, dtype=np.float64), 0.0, 1.0) for unit in units]
        room = self.limit - self.spent
        trials = self._trials(batch[:room]) if room > 0 else []
        trials = [self._sound(trial) for trial in trials]
        for unit, trial in zip(batch, trials, strict=False):
            self._note(unit, trial)
        if len(trials) < len(batch) or (self.best is not None and self.best.found):
            raise Enough
        return [-max(trial.score, WORST) for trial in trials]

    def energy(self, unit: Any) -> float:
        """Minus the score of one point."""
        return self.energies([unit])[0]

    def _trials(self, batch: list[Floats]) -> list[Trial]:
        path = self.target.path
        if self.pool is None or path is None or len(batch) < 2:
            return [attempt(self.target, self.space, self.space.place(unit), self.alpha) for unit in batch]
        parts = [part for part in np.array_split(np.arange(len(batch)), self.jobs) if part.size]
        futures = [
            self.pool.submit(
                evaluate_elsewhere, str(path), self.target.claim.id, self.target.role, [batch[k].tolist() for k in part], self.alpha
            )
            for part in parts
        ]
        return [trial for future in futures for trial in future.result()]

    def _sound(self, trial: Trial) -> Trial:
        """What does not stand up to certified arithmetic or to fresh seeds counts as a near miss, and the search goes on."""
        if not trial.found or self.misses >= MOST:
            return trial
        from lra_ref.verify.falsify.confirm import confirm

        confirmation = confirm(self.target, trial, judge(self.target, trial.instance, self.alpha)[1], self.alpha)[1]
        if confirmation.confirmed:
            return trial
        self.misses += 1
        self.verdicts["not confirmed"] += 1
        return dataclasses.replace(trial, found=False, score=min(trial.ratio or 0.0, 1.0), note=confirmation.how)

    def _note(self, unit: Floats, trial: Trial) -> None:
        self.spent += 1
        self.verdicts[trial.verdict] += 1
        if trial.note and not trial.usable:
            self.problems[trial.note] += 1
        if trial.usable and (self.best is None or trial.score > self.best.score):
            self.best, self.best_unit = trial, unit
            self.say(f"{self.target.claim.id}: {self.spent} evaluations, {described(trial)}")


def described(trial: Trial) -> str:
    """The best so far in a few words."""
    what = f"ratio {trial.ratio:.6g}" if trial.ratio is not None else f"margin {trial.margin:.3g}"
    return f"{trial.verdict}, {what}, case {trial.instance.case}"


def search(evaluator: Evaluator, seed: int) -> None:
    """Maximise the score until the budget is used up or the violation is found; the best is in the evaluator."""
    from scipy.stats import qmc

    dimensions = evaluator.space.count
    generator = np.random.default_rng(seed)
    population = int(np.clip(evaluator.budget // 12, 8, 64))
    evaluator.limit = max(population, int(evaluator.budget * (1 - LOCAL)))
    try:
        # points spread evenly over the space: whatever is broken widely is met here
        start = qmc.LatinHypercube(dimensions, rng=generator).random(population)
        _evolve(evaluator, start, generator)
    except Enough:
        pass
    if evaluator.best is None or evaluator.best.found:
        return
    evaluator.limit = evaluator.budget
    try:
        while evaluator.spent < evaluator.budget:
            before = evaluator.best.score
            _descend(evaluator, generator)
            if evaluator.best.score <= before:
                break
    except Enough:
        return


def _evolve(evaluator: Evaluator, start: Floats, generator: np.random.Generator) -> None:
    from scipy.optimize import differential_evolution

    def everywhere(function: Callable[[Any], float], points: Iterable[Any]) -> list[float]:
        return evaluator.energies(list(points))

    differential_evolution(
        evaluator.energy, [(0.0, 1.0)] * start.shape[1], init=start, maxiter=10**6, tol=0.0, atol=0.0, polish=False,
        updating="deferred", workers=everywhere, rng=generator, mutation=(0.4, 1.0), recombination=0.8,
    )  # fmt: skip


def _descend(evaluator: Evaluator, generator: np.random.Generator) -> None:
    """One local search from the best point: the simplex in few dimensions, else line searches along the coordinates."""
    from scipy.optimize import minimize

    assert evaluator.best_unit is not None
    bounds = [(0.0, 1.0)] * evaluator.space.count
    few = evaluator.space.count <= 8
    options = {"xatol": 1e-10, "fatol": 0.0, "adaptive": True} if few else {"xtol": 1e-8, "ftol": 0.0}
    minimize(
        evaluator.energy, evaluator.best_unit, method="Nelder-Mead" if few else "Powell", bounds=bounds,
        options={**options, "maxfev": 10**6, "maxiter": 10**6},
    )  # fmt: skip
