"""How the claims of the layer-wise steps are searched, and where the slack of the bounds goes.

The blocks stay as they are, and with them the dimension; the factor of L2 is at least half of their number.
"""

from __future__ import annotations

from typing import Any

from lra_ref.verify.falsify import Integer, Real, Search

KEPT = ("dim", "blocks", "factor")


def enough(parameters: dict[str, Any]) -> dict[str, Any]:
    """The factor as a share of n: from half of it, which is taken exactly, upwards."""
    share = max(parameters.pop("share"), 0.5)
    return {**parameters, "parameters": {**parameters["parameters"], "factor": share * (len(parameters["offsets"]) - 1)}}


STEPS = {"T": Integer(1, 20, log=True)}
SEARCHES = {
    "layerwise.L1": Search(space=STEPS, keep=KEPT, tight=True, control=Search(space={"x0.0": Real(0.99, 1.01)}, derived=False),
        slack="None where the blocks of H are all alike and the gradient is the same in each: the blocks then overshoot n times."),
    "layerwise.L2": Search(space={**STEPS, "share": Real(0.25, 4.0, log=True)}, keep=KEPT, build=enough, tight=True,
        control=Search(keep=KEPT), slack="None for H all ones at half the factor: the step leads to the mirror point."),
    "layerwise.L3": Search(space=STEPS, keep=KEPT, control=Search(space=STEPS, keep=KEPT)),
    "layerwise.L1undamped": Search(keep=KEPT, control=Search(keep=KEPT)),
}  # fmt: skip
