"""Performance profiles (Dolan and More 2002) and data profiles (More and Wild 2009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lra_ref.typing import Floats
from lra_ref.views.style import floats, legend_below, log_axis, look, panel, shows, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def first_solved(x: Any, values: Any, *, start: float, best: float, tolerance: float) -> float:
    """The first ``x`` at which ``value <= best + tolerance * (start - best)``, infinity if there is none.

    The convergence test of More and Wild (2009), eq. 2.2: ``start`` is the value at the starting point, ``best`` the smallest that any
    method reached within the budget (or F*), ``tolerance`` in (0, 1). ``x`` and ``values`` have shape ``(n,)``; what is not finite is
    not solved.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance must be in (0, 1), got {tolerance!r}")
    found = np.flatnonzero(floats(values) <= best + tolerance * (start - best))
    return float(floats(x)[found[0]]) if found.size else np.inf


def performance_ratios(costs: Mapping[str, Any]) -> dict[str, Floats]:
    """Ratios r = cost / smallest cost of any method on the same problem (Dolan and More 2002, eq. 2.1).

    costs    method -> costs of shape ``(problems,)``, > 0; not finite or None: not solved. A problem that no method solved has ratio
             infinity for all.
    """
    table = _costs(costs)
    best = np.min(np.array(list(table.values())), axis=0)
    return {name: np.divide(cost, best, out=np.full_like(cost, np.inf), where=np.isfinite(best)) for name, cost in table.items()}


def solved_share(costs: Any) -> tuple[Floats, Floats]:
    """The steps of a profile: sorted finite costs and the share of all problems solved at or below each."""
    cost = floats(costs)
    reached = np.sort(cost[np.isfinite(cost)])
    return reached, np.arange(1, reached.size + 1) / max(1, cost.size)


@styled
def performance_profile(
    costs: Mapping[str, Any], *, x_name: str = "cost / smallest cost", title: str = "", limit: float | None = None
) -> Figure:
    """Performance profile: for every method the share of problems that it solved within tau times the cost of the best one.

    costs    method -> costs of shape ``(problems,)`` as in :func:`performance_ratios`
    limit    largest tau shown; None: a little beyond the largest finite ratio

    Table: method, problem (its number), cost, ratio. Source: Dolan and More (2002), Mathematical Programming 91, 201-213.
    """
    table, ratios = _costs(costs), performance_ratios(costs)
    finite = np.concatenate([ratio[np.isfinite(ratio)] for ratio in ratios.values()])
    reach = limit or max(1.2, 1.15 * float(finite.max(initial=1.0)))
    count = len(next(iter(table.values())))
    figure = _steps(ratios, (1.0, reach), x_name, f"share of {count} problems", title)
    rows = [(name, i, table[name][i], ratios[name][i]) for name in table for i in range(count)]
    shows(figure, ("method", "problem", "cost", "ratio"), rows)
    return figure


@styled
def data_profile(
    costs: Mapping[str, Any], *, x_name: str = "gradient evaluations", title: str = "", budget: float | None = None,
    lowest: float | None = None, unit: Any = 1.0,
) -> Figure:  # fmt: skip
    """Data profile: for every method the share of problems that it solved within a cost.

    costs            method -> cost of every problem, shape ``(problems,)``, > 0; not finite or None: not solved
    budget, lowest   right and left end of the axis; None: from the data
    unit             what costs are divided by, a number or one per problem (n + 1 in the source: costs in simplex gradients)

    Table: method, problem (its number), cost. Source: More and Wild (2009), SIAM J. Optimization 20, 172-191.
    """
    table = {name: cost / floats(unit) for name, cost in _costs(costs).items()}
    finite = np.concatenate([cost[np.isfinite(cost)] for cost in table.values()])
    low = lowest or 0.8 * float(finite.min(initial=1.0 if not finite.size else np.inf))
    count = len(next(iter(table.values())))
    figure = _steps(table, (low, budget or 1.15 * float(finite.max(initial=2 * low))), x_name, f"share of {count} problems", title)
    shows(figure, ("method", "problem", "cost"), [(name, i, cost) for name in table for i, cost in enumerate(table[name])])
    return figure


def _costs(costs: Mapping[str, Any]) -> dict[str, Floats]:
    """Costs as floats, infinity for not solved; every method has the same problems."""
    if not costs:
        raise ValueError("a profile needs at least one method, got none")
    table = {name: floats(cost) for name, cost in costs.items()}
    table = {name: np.where(np.isfinite(cost), cost, np.inf) for name, cost in table.items()}
    count = {cost.shape for cost in table.values()}
    if len(count) != 1 or len(shape := next(iter(count))) != 1 or not shape[0]:
        raise ValueError(f"every method must have one cost per problem, got shapes {sorted(count)}")
    for name, cost in table.items():
        if np.any(cost <= 0):
            raise ValueError(f"costs must be > 0, got {np.min(cost):g} for {name}")
    return table


def _steps(costs: Mapping[str, Floats], span: tuple[float, float], x_name: str, y_name: str, title: str) -> Figure:
    """Staircases of the shares over a span, which every line crosses whole."""
    # the axis ends where the span does, perhaps with a label
    figure, axes = panel(x_name, y_name, title, right=0.28)
    for k, (name, cost) in enumerate(costs.items()):
        x, share = solved_share(cost)
        inside = x <= span[1]
        x, share = x[inside], share[inside]
        before = float(np.count_nonzero(x <= span[0])) / max(1, cost.size)
        later = x > span[0]
        at = np.concatenate([[span[0]], x[later], [span[1]]])
        height = np.concatenate([[before], share[later], [share[-1] if share.size else 0.0]])
        style = look(k)
        axes.plot(at, height, drawstyle="steps-post", label=name, markevery=max(1, at.size // 6), **style)
    axes.set_xlim(*span)
    axes.set_ylim(-0.02, 1.03)
    if span[1] > 10 * span[0]:
        log_axis(axes, "x")
    legend_below(figure, axes)
    return figure
