"""A space from the cases of a claim: every number in them varied, on a logarithmic scale, within the declared constraints."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

from lra_ref.parameters import Constraint, Optional_, Range, Several
from lra_ref.verify.cells import cases_of
from lra_ref.verify.claim import PRESETS, Claim
from lra_ref.verify.falsify.dimensions import Integer, Real
from lra_ref.verify.falsify.space import Search, Space, leaves

#: a number is varied by this factor up and down
FACTOR = 30.0
#: names whose numbers say how much is computed or where, not what
FIXED = (
    "seeds", "budget", "first", "every", "offsets", "sizes", "horizons", "ulps", "copies", "limits", "before", "powers", "exponent", "tol",
    "table", "factors", "seed_of_rotation",
)  # fmt: skip
#: numbers of steps: fewer, and at most twice as many
STEPS = ("T", "K", "steps", "looks")


def space_of(claim: Claim, role: str) -> Space:
    """The space that is searched for a claim or its control: declared, derived from the cases, or both."""
    search = search_of(claim, role)
    bases = starting_cases(claim, role, search)
    dimensions: dict[str, Any] = dict(search.space)
    keys = []
    for _, parameters in bases:
        own = []
        for path, dimension in derived(parameters, search.keep).items() if search.derived else ():
            if path not in search.space:
                own.append(_filed(dimensions, path, dimension))
        keys.append((*search.space, *own))
    return Space(tuple(bases), dimensions, tuple(keys), search.build)


def _filed(dimensions: dict[str, Any], key: str, dimension: Any) -> str:
    """File a derived dimension under its path, widening one of the same sort that is there already; returns the key."""
    while key in dimensions and not _alike(dimensions[key], dimension):
        key += "~"
    known = dimensions.get(key)
    if known is not None:
        dimension = dataclasses.replace(known, low=min(known.low, dimension.low), high=max(known.high, dimension.high))
    dimensions[key] = dimension
    return key


def _alike(one: Any, two: Any) -> bool:
    return type(one) is type(two) and one.log == two.log and (one.low > 0) == (two.low > 0)


def search_of(claim: Claim, role: str) -> Search:
    """The declared search of a claim or its control, or that which derives everything."""
    search = claim.search if claim.search is not None else Search()
    return search.control if role == "control" and search.control is not None else search


def starting_cases(claim: Claim, role: str, search: Search) -> list[tuple[str, dict[str, Any]]]:
    """Names and parameters of the cases to start from, in the cheapest preset that runs any."""
    for preset in PRESETS:
        found = [(case.name, dict(case.parameters(preset) or {})) for case in cases_of(claim, role, preset)]
        chosen = [entry for entry in found if search.cases is None or role == "control" or entry[0] in search.cases]
        if chosen:
            return chosen
    raise ValueError(f"{claim.id}: no case to start from" + (f" among {list(search.cases)}" if search.cases is not None else ""))


def derived(parameters: Mapping[str, Any], keep: Any = ()) -> dict[str, Any]:
    """Dimensions of the numbers of a case by path."""
    out: dict[str, Any] = {}
    for path, value in leaves(parameters).items():
        parts = path.split(".")
        if any(part in FIXED or part in keep for part in parts):
            continue
        name = next((part for part in reversed(parts) if not part.isdigit()), "")
        dimension = _around(value, name, _limits(path, name, parameters))
        if dimension is not None:
            out[path] = dimension
    return out


def _around(value: Any, name: str, limits: Range | None) -> Any:
    """The neighbourhood of a number; None for what stays as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value == 0 or not math.isfinite(value):
        return None
    if isinstance(value, int):
        top = 2 * value if name in STEPS and value <= 500 else value if name in STEPS else 4 * value
        low = max(1 if value <= 8 or name not in STEPS else value // 8, int(limits.low) if limits is not None and limits.low > 1 else 1)
        return Integer(low, max(top, low + 1), log=True) if value > 0 else None
    if value < 0:
        return Real(value * FACTOR, value / FACTOR) if limits is None or limits.low < value * FACTOR else None
    least, most = value / FACTOR, value * FACTOR
    if limits is not None:
        least = max(least, limits.low)
        # an open end is kept away from by a thousandth
        most = min(most, limits.high if limits.ends[1] == "]" else limits.high - 1e-3 * abs(limits.high - value))
    return Real(least, most, log=True) if 0 < least < most < math.inf else None


def _limits(path: str, name: str, parameters: Mapping[str, Any]) -> Range | None:
    """What is asked of a number: by its problem, or by the parts."""
    from lra_ref.problems import PROBLEMS

    if path.startswith("problem_parameters") and parameters.get("problem") in PROBLEMS:
        declared: Any = vars(PROBLEMS[parameters["problem"]])["parameters"]
        found = [_range(entry.metadata["constraint"]) for entry in dataclasses.fields(declared) if entry.name == name]
        return found[0] if found else None
    return _constraint(name)


@functools.cache
def _constraint(name: str) -> Range | None:
    """The intersection of what all parts ask of a hyper-parameter of this name."""
    from lra_ref.learners.base import LearnerParameters
    from lra_ref.parts import DIRECTIONS, RATES

    import lra_ref.methods  # isort: skip  # noqa: F401  registers the parts

    low, high, ends = -math.inf, math.inf, ["[", "]"]
    found = False
    for owner in [*(RATES[rate].Parameters for rate in RATES), *(DIRECTIONS[d].Parameters for d in DIRECTIONS), LearnerParameters]:
        for entry in dataclasses.fields(owner):
            limits = _range(entry.metadata["constraint"]) if entry.name == name else None
            if limits is not None:
                found = True
                if limits.low > low or (limits.low == low and limits.ends[0] == "("):
                    low, ends[0] = limits.low, limits.ends[0]
                if limits.high < high or (limits.high == high and limits.ends[1] == ")"):
                    high, ends[1] = limits.high, limits.ends[1]
    return Range(low, high, "".join(ends)) if found and low < high else None


def _range(constraint: Constraint) -> Range | None:
    inner = constraint.inner if isinstance(constraint, Optional_ | Several) else constraint
    return inner if isinstance(inner, Range) else _range(inner) if isinstance(inner, Several) else None
