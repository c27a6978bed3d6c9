"""Small claims of the tests: what they give is in the parameters."""

from __future__ import annotations

import numpy as np

from lra_ref.verify import Bound, Case, Claim, Control, bound_times
from lra_ref.verify.falsify import Real, Search

calls: list[dict] = []


def steps(case, seeds, settings):
    """Evidence of the toys: their parameters, one row per seed."""
    calls.append(dict(case))
    return {name: np.full((len(seeds), 1), float(value)) for name, value in case.items() if isinstance(value, int | float)}


def toy(lhs, rhs, search=None, **fields):
    """lhs(e) <= rhs(e) for a case x = 0.7, T = 20."""

    def sides(e):
        return Bound(lhs=lhs(e), rhs=rhs(e), scale=np.abs(lhs(e)) + np.abs(rhs(e)), operations=4.0)

    given_ = {
        "id": "toy.bound", "kind": "pathwise bound", "provenance": "derived", "statement": "a toy", "run": steps, "sides": sides,
        "cases": (Case.everywhere("toy", x=0.7, T=20),), "search": search,
    }  # fmt: skip
    return Claim(**{**given_, "control": Control("half", sides=bound_times(0.5, sides)), **fields})


HUMP = toy(lambda e: e["x"] * (1 - e["x"]), lambda e: np.full_like(e["x"], 0.25), Search(space={"x": Real(0.0, 1.0)}, tight=True))
