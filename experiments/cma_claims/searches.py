"""How the claims of the controlled minibatch algorithm are searched, and where the slack of the bounds goes."""

from __future__ import annotations

import math
from typing import Any

from lra_ref.verify.falsify import Integer, OneOf, Real, Search

METHOD = {
    "parameters.zeta": Real(1e-3, 10.0, log=True), "parameters.theta": Real(0.05, 0.95), "parameters.delta": Real(0.05, 0.95),
    "parameters.gamma": Real(1e-6, 10.0, log=True), "parameters.tau": Real(1e-3, 1e3, log=True), "steps": Integer(10, 100),
    "scale": Real(0.01, 10.0, log=True), "batches": OneOf([1, 2, 4, 9]),
}  # fmt: skip


def a_period_away(parameters: dict[str, Any]) -> dict[str, Any]:
    """zeta = (1 + off)/(2 pi): the wave is climbed only by passes that end a period away, to about 1e-7."""
    off, rate = parameters.pop("off"), parameters["parameters"]
    return {**parameters, "parameters": {**rate, "zeta": (1 + off) / (2 * math.pi)}}


WAVE = Search(space={"steps": Integer(4, 40), "off": Real(1e-12, 1e-3, log=True)}, derived=False, build=a_period_away)

SEARCHES = {
    "cma.C1": Search(space=METHOD, derived=False, tight=True, control=WAVE, slack="None at the start, and while no pass is accepted."),
    "cma.C1zeta": Search(space=METHOD, derived=False, tight=True, control=Search(space=METHOD, derived=False),
        slack="None while zeta stays."),
    "cma.C1value": Search(space=METHOD, derived=False, control=WAVE),
    "cma.C1decrease": Search(space=METHOD, derived=False,
        control=Search(space={"steps": Integer(10, 100), "scale": Real(0.005, 1.0, log=True)}, derived=False),
        slack="The test asks for gamma times the step size, most passes gain more; none where a pass just passes."),
    "cma.C1published": WAVE,
}  # fmt: skip
