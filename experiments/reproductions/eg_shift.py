"""Exponentiated-gradient step sizes when the problem changes: steps to recover, losses, rates and gains, against rates that do not learn.

Source: arXiv 2202.00145 (published, in kind): a scale and gains learned by exponentiated gradient adapt to a shift of the distribution.
The problem, the shifts, the level and the budget are ours, those of E9 (``experiments/exponentiated_claims/shift.py``).

F is a quadratic in 10 coordinates with eigenvalues from 0.1 to 1 and Gaussian noise of variance 0.01.  After 500 steps it changes, in the
stream every 1000 steps more.  Recovered: the loss is at most 0.01, for the first time after its largest value since the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.exponentiated_claims.shift import CONSTANT, DECAYED, DIM, EG, MULTIPLICATIVE
from experiments.reproductions import eg_shift_tables as tables
from experiments.reproductions.frame import Column, Reproduction
from lra_ref.engine.run import Run, run
from lra_ref.methods import make_method
from lra_ref.oracles import Oracle, make_oracle
from lra_ref.problems import make_problem

SIGMA, LEVEL = 0.1, 0.01
SEEDS = 64
WIDE = EG[1]
#: name on the page -> (method, parameters)
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "constant": (CONSTANT[0], CONSTANT[1]),
    "1/sqrt(t) decay": (DECAYED[0], DECAYED[1]),
    "Adam": ("adam", {"lr": 0.1}),
    "multiplicative": (MULTIPLICATIVE[0], MULTIPLICATIVE[1]),
    tables.EG: (EG[0], WIDE),
    "EG scale only": (EG[0], {**WIDE, "gamma_p": 0.0}),
    tables.GAINS: (EG[0], {**WIDE, "gamma_s": 0.0, "gamma_p": 0.05}),
    tables.DEFAULTS: (EG[0], {"lr": 0.1}),
    "EG on Adam": ("egdd_adam", WIDE),
}


@dataclass(frozen=True)
class Phase:
    """A stretch of the stream: its steps, the factors of the eigenvalues (small ones, large ones), the minimiser in every coordinate."""

    steps: int
    curvature: tuple[float, float] = (1.0, 1.0)
    minimiser: float = 0.0

    def oracle(self) -> Oracle:
        """The noisy quadratic of this phase."""
        spectrum = np.logspace(-1, 0, DIM) * np.repeat(self.curvature, DIM // 2)
        problem = make_problem("quadratic", spectrum=spectrum.tolist(), x_star=[self.minimiser] * DIM)
        return make_oracle("gaussian", problem, sigma=SIGMA)


BEFORE = Phase(500)
SCENARIOS: dict[str, tuple[Phase, ...]] = {
    tables.CURVATURE: (BEFORE, Phase(2000, (100.0, 100.0))),
    tables.MINIMISER: (BEFORE, Phase(2000, minimiser=10.0)),
    tables.HALF: (BEFORE, Phase(2000, (100.0, 1.0), 10.0)),
    tables.STREAM: (
        Phase(tables.FIRST), Phase(tables.LATER, minimiser=10.0), Phase(tables.LATER, (100.0, 100.0), 10.0),
        Phase(tables.LATER, minimiser=-10.0), Phase(tables.LATER, minimiser=10.0),
    ),
}  # fmt: skip
QUICK = (tables.CURVATURE, tables.MINIMISER)


def grid(steps: int) -> list[int]:
    """Steps of a phase at which curves are kept: the first ones, then in a geometric progression."""
    return [0, *np.unique(np.round(np.geomspace(1, steps, 28)).astype(int)).tolist()]


def gains_of(made: Run) -> Any:
    """Geometric means of the gains of the lower and of the upper half of the eigenvalues, (seeds, 2); ones without gains."""
    direction = made.methods[0].direction
    if "gains" not in direction.vectors or not made.state.t:
        return np.ones((len(made.x), 2))
    gains = made.state.d_vec[:, direction.vectors.index("gains")]
    return np.exp(np.log(gains).reshape(len(gains), 2, DIM // 2).mean(axis=2))


def through(name: str, parameters: dict[str, Any], phases: Sequence[Phase], seeds: int = SEEDS) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Loss and rate (seeds, steps + 1), gains at the grid (seeds, grid, 2) and whether it stopped, for every phase."""
    made = run(make_method(name, **parameters), phases[0].oracle(), steps=0, trajectories=seeds)
    for phase in phases:
        began, made, gains = made.state.t, replace(made, oracle=phase.oracle()), []
        for before, after in zip([0, *grid(phase.steps)], grid(phase.steps), strict=False):
            made = made.resume(after - before)
            gains.append(gains_of(made))
        kept = made.steps >= began
        yield (
            made.records["loss"][:, kept], made.records["rate"][:, kept], np.stack(gains, axis=1), made.state.status != 0,
        )  # fmt: skip


def recovery(loss: Any, stopped: Any) -> Any:
    """First step at or after the largest loss with a loss of at most ``LEVEL``, (seeds,); infinite if there is none."""
    peak = np.argmax(np.where(np.isnan(loss), -np.inf, loss), axis=1)
    good = (loss <= LEVEL) & (np.arange(loss.shape[1]) >= peak[:, None])
    return np.where(good.any(axis=1) & ~stopped, good.argmax(axis=1), np.inf)


def quantiles(values: Any) -> dict[str, str]:
    """10%, 50% and 90% over the seeds; a seed that stopped counts as infinite."""
    found = np.quantile(np.where(np.isnan(values), np.inf, values), tables.QUANTILES, axis=0, method="inverted_cdf")
    return {name: f"{value:.6g}" for name, value in zip(("low", "median", "high"), found.tolist(), strict=True)}


def compute(task: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """Recovery, peak, and curves of one method in one scenario."""
    scenario, title = task
    phases = SCENARIOS[scenario]
    for number, (phase, (loss, rate, gains, stopped)) in enumerate(zip(phases, through(*METHODS[title], phases), strict=True)):
        case = {"scenario": scenario, "method": title, "phase": str(number)}
        steps = recovery(loss, stopped)
        outcomes = {"overflow": str(int(stopped.sum())), "missed": str(int(np.sum(~stopped & np.isinf(steps))))}
        empty = {"overflow": "", "missed": ""}
        yield {**case, "what": "recovery", "step": "", **quantiles(steps), **outcomes}
        yield {**case, "what": "peak", "step": "", **quantiles(np.max(np.where(np.isnan(loss), np.inf, loss), axis=1)), **empty}
        at = grid(phase.steps)
        curves = {"loss": loss[:, at], "rate": rate[:, at], "gain_low": gains[..., 0], "gain_high": gains[..., 1]}
        for what, values in curves.items():
            if title in tables.CURVES.get((scenario, what), ()):
                for k, step in enumerate(at):
                    yield {**case, "what": what, "step": str(step), **quantiles(values[:, k]), **empty}


def tasks(preset: str) -> list[tuple[str, str]]:
    """Pieces of the table."""
    scenarios = QUICK if preset == "quick" else tuple(SCENARIOS)
    return [(scenario, method) for scenario in scenarios for method in METHODS]


WHY = (
    "log, cos and exp may differ in their last bit between machines; a start that is moved in its last bits changes the numbers by at most "
    "3e-8 of them (measured), here times 100"
)
REPRODUCTION = Reproduction(
    name="eg_shift",
    title="Exponentiated-gradient step sizes when the problem changes",
    source="arXiv 2202.00145 (published, in kind: the problem, the shifts and the budget are ours)",
    columns=(
        *(Column(name, "key") for name in ("scenario", "method", "phase", "what", "step")),
        *(Column(name, "number", rtol=3e-6, why=WHY) for name in ("low", "median", "high")),
        Column("overflow"),
        Column("missed"),
    ),
    tasks=tasks,
    compute=compute,
    judge=tables.judge,
    tables=tables.tables,
    figures=tables.figures,
    quick=lambda row: row["scenario"] in QUICK,
)
