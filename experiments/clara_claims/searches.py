"""How the claims of CLARA are searched, and where the slack of its bounds goes.

T5, T6, T9 and T15 are about every sequence of directions, so the gradients themselves are searched.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from experiments.sequences import any_gradients
from lra_ref.verify.falsify import Integer, OneOf, Real, Reals, Search

C = Real(0.05, 0.8)
#: laws of the path, the degenerate ones too: one step, one dimension
LAW = {"parameters.c": C, "D": Integer(1, 40, log=True), "T": Integer(1, 20)}


def own_reference(parameters: dict[str, Any]) -> dict[str, Any]:
    """mu_ref = c/(2-c), which the statements ask for."""
    rate = parameters["parameters"]
    if "mu_ref" not in rate:
        return parameters
    return {**parameters, "parameters": {**rate, "mu_ref": rate["c"] / (2 - rate["c"])}}


def long_enough(parameters: dict[str, Any]) -> dict[str, Any]:
    """30/d steps to settle and 3000 to read the slope."""
    return {**parameters, "T": math.ceil(30 / parameters["parameters"]["d"]) + 3000}


def close_enough(parameters: dict[str, Any]) -> dict[str, Any]:
    """eta_0 = room e^-d: |x_0 - x*| = 1 <= e^d eta_0 where room >= 1."""
    room, rate = parameters.pop("room"), parameters["parameters"]
    return {**parameters, "parameters": {**rate, "lr": room * math.exp(-rate["d"])}}


def falling(parameters: dict[str, Any]) -> dict[str, Any]:
    """Losses that begin at ``first`` >= 0 and fall by the drops."""
    level, drops, out = parameters.pop("level"), parameters.pop("drops"), []
    for drop in drops:
        out.append(level)
        level -= drop
    return {**parameters, "losses": out}


IDENTITY = Search(
    space={**any_gradients(24, dim=3), "parameters.c": Real(0.01, 1.0), "parameters.d": Real(1e-3, 1.0, log=True)}, derived=False,
    cases=("pure noise, SGD",), control=Search(build=own_reference, space={"parameters.c": C}),
)  # fmt: skip

#: with other references too, where the statement does not apply
REFERENCED = dataclasses.replace(IDENTITY, space={**IDENTITY.space, "parameters.mu_ref": OneOf([None, None, 0.05, 1 / 9])})

SEARCHES = {
    "clara.T1": Search(space={"parameters.c": C, "D": Integer(1, 40, log=True)}, keep=("T",)),
    "clara.T2": Search(space=LAW),
    "clara.T3": Search(space=LAW),
    "clara.T4": Search(space=LAW),
    "clara.T7": Search(space={"parameters.c": C, "D": Integer(2, 40, log=True)}),
    "clara.T7salera": Search(space={"parameters.alpha": C, "D": Integer(3, 40, log=True)}, keep=("T",)),
    "clara.T8": Search(space=LAW),
    "clara.T13": Search(space={"parameters.c": Real(0.2, 0.8)}, keep=("D", "T")),
    "clara.T13same": Search(space={"parameters.c": Real(0.15, 0.3)}, keep=("scales", "T")),
    "clara.T14": Search(space={"parameters.c": Real(0.1, 0.5), "T": Integer(1, 8)},
        control=Search(space={"parameters.c": Real(0.1, 0.5)}, keep=("T",))),
    "clara.T5": IDENTITY,
    "clara.T6": REFERENCED,
    "clara.T15": REFERENCED,
    "clara.T9": Search(
        space={**any_gradients(24, dim=3), "method": OneOf(["clara_sgd", "clara_adam"]), "parameters.d": Real(1e-3, 1.0, log=True)},
        derived=False, cases=("SGD, ill-conditioned quadratic",), tight=True, control=Search(),
        slack="None: directions that never turn reach the upper end, a path that has forgotten everything the lower one."),
    "clara.T10": Search(keep=("T",)),
    "clara.T11": Search(space={"parameters.d": Real(1e-3, 1.0, log=True)}, derived=False,
        slack="The bound is the accuracy at which the limit is read after 200 steps."),
    "clara.T11slope": Search(space={"parameters.d": Real(0.005, 0.1, log=True)}, derived=False, build=long_enough,
        slack="The bound is the accuracy of the measurement, not of a theorem."),
    "clara.T12": Search(space={"s": OneOf([2.0**k for k in (-40, -20, -3, 1, 10, 40)])}, cases=("s = 2^40", "s = 2^-20"), keep=("ulps",)),
    "clara.T12rot": Search(keep=("T",)),
    "clara.T12c": Search(keep=("c",)),
    "clara.T16": Search(space={"parameters.d": Real(1e-3, 1.0, log=True), "room": Real(0.9, 30.0, log=True)}, build=close_enough,
        keep=("lr", "x0", "front", "degree", "spectrum"), tight=True,
        slack="None at the start; later the point is a step of size eta away from a side that it has just crossed."),
    "clara.T17": Search(slack="The printed factors are rounded up to two decimals; to reach one, every multiplier must be the largest."),
    "clara.A1": Search(keep=("T",)),
    "clara.A2": Search(keep=("T",)),
    "clara.A3": Search(keep=("T",)),
    "clara.A4": Search(keep=("T",)),
    "clara.PH1": Search(
        space={"T": Integer(2, 40), "drops": Reals(0.0, 1.0, size="T", most=40), "level": Real(0.0, 10.0), "r": Real(1e-3, 1.0, log=True)},
        derived=False, build=falling, control=Search(space={"r": Real(1e-3, 1.0, log=True)}),
        slack="There is none to speak of: the number of alarms is 0."),
    "clara.PH2": Search(space={"r": Real(1e-3, 1.0, log=True)}),
    "clara.PH3false": Search(derived=False),
}  # fmt: skip
