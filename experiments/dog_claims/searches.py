"""How the claims of DoG are searched: DG1 is about every sequence of vectors, so the vectors themselves are searched."""

from __future__ import annotations

from typing import Any

from experiments.sequences import any_gradients
from lra_ref.verify.falsify import Integer, Real, Search

STEPS = 16
ANY = {**any_gradients(STEPS), "parameters.reps_rel": Real(1e-6, 1.0, log=True)}
FIRST: dict[str, Any] = {"derived": False, "cases": ("random",)}

#: the vectors of the control are those on which the bound is nearly attained
WORST = Search(space={"parameters.reps_rel": Real(1e-3, 1.0, log=True)}, derived=False)


def two_dimensional(parameters: dict[str, Any]) -> dict[str, Any]:
    """A list of vectors of the plane."""
    return {**parameters, "dim": 2, "offsets": None if parameters["method"] != "ldog_sgd" else [0, 1, 2]}


SEARCHES = {
    **{
        f"dog.{name}": Search(space=ANY, build=two_dimensional, **FIRST, control=WORST,
            slack="None in the limit: a slow ramp of turning vectors, then small steps from one end of the ball to the other.")
        for name in ("DG1", "DG1l", "DG1w")
    },
    "dog.DG2": Search(space={"far": Real(0.01, 1e4, log=True), "T": Integer(2, 400), "parameters.reps_rel": Real(1e-6, 1.0, log=True)},
        slack="Jensen's inequality, and DG1; at the first step the distance is counted twice."),
    "dog.DG3": Search(space={"far": Real(0.01, 1e6, log=True), "T": Integer(2, 400)}, derived=False,
        slack="The constant 1/e and the rounding of the number of stretches."),
    "dog.DG4": Search(space={"G": Real(1e-3, 1e3, log=True)}, derived=False),
    "dog.DG4w": Search(space={"G": Real(1e-3, 1e3, log=True)}, derived=False,
        slack="The contraction is less than the half that is claimed."),
}  # fmt: skip
