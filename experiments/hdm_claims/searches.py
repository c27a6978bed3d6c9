"""How the claims of HDM are searched, and where the slack of its bounds goes.

The regret bounds are about P and comparators inside the set, AdaGrad's step is tied to its edge: what belongs together is built from one
number. H8 needs a shape of P that holds A^-1, H9 one eigenvalue.
"""

from __future__ import annotations

import math
from typing import Any

from lra_ref.verify.falsify import Integer, Real, Search

EDGE = Real(0.03, 30.0, log=True)
#: iterations of a trial
FEW = {"K": Integer(1, 30, log=True)}


def to_the_edge(parameters: dict[str, Any]) -> dict[str, Any]:
    """Comparators up to the edge of the set; AdaGrad's a = Dp/sqrt 2; a full P lies in the ball |P|_F <= radius, where I is sqrt D long."""
    rate, edge = dict(parameters["parameters"]), parameters["edge"]
    if "radius" in rate:
        full = rate.get("shape") == "full"
        rate["radius"] = edge * math.sqrt(parameters["problem_parameters"]["dim"]) if full else edge
    if "a" in rate:
        rate["a"] = edge * 2.0**-0.5
    return {**parameters, "parameters": rate}


def alike(parameters: dict[str, Any]) -> dict[str, Any]:
    """One eigenvalue, ``a``, in ``dim`` dimensions."""
    a, dim = parameters.pop("a"), len(parameters["problem_parameters"]["spectrum"])
    return {**parameters, "problem_parameters": {"spectrum": [a] * dim}}


def held(parameters: dict[str, Any]) -> dict[str, Any]:
    """The spectrum times ``a``, equal where P is one number; the sets that are bounded grow with A^-1."""
    a, rate = parameters.pop("a"), dict(parameters["parameters"])
    spectrum = [a * value for value in parameters["problem_parameters"]["spectrum"]]
    if rate.get("shape") == "scalar":
        spectrum = spectrum[:1] * len(spectrum)
    for name in ("radius", "delta"):
        if name in rate:
            rate[name] = 1.25 * sum(1 / value for value in spectrum)
    return {**parameters, "problem_parameters": {**parameters["problem_parameters"], "spectrum": spectrum}, "parameters": rate}


def share_of_step(parameters: dict[str, Any]) -> dict[str, Any]:
    """H9: eta = q/a and p_0 = start/a."""
    a, q, start = parameters["a"], parameters.pop("q"), parameters.pop("start")
    out = alike(parameters)
    return {**out, "parameters": {**out["parameters"], "eta": q / a, "p_0": start / a}}


SCALE = Real(0.05, 20.0, log=True)
HELD: dict[str, Any] = {"space": {**FEW, "a": SCALE}, "build": held, "keep": ("radius", "delta", "spectrum")}
RIPPLES = Search(keep=("curvature", "amplitude", "frequency"))

SEARCHES = {
    "hdm.H1": Search(slack="None along the top eigenvector of a quadratic."),
    "hdm.H1convex": Search(tight=True, control=RIPPLES, slack="None where P and Q act alike on the gradient, or F is linear between the "
        "two points."),
    "hdm.H1smooth": Search(
        slack="Only the part of Q - P that acts on g counts; the quadratic term is all there is where P and Q are nearly equal."),
    "hdm.H1slope": Search(
        slack="None where P turns g along the top eigenvector against itself; else |P g| is bounded by the operator norm of P."),
    "hdm.H10": Search(tight=True, control=RIPPLES, slack="None where the two points coincide or F is linear between them."),
    "hdm.H2": Search(space={**FEW, "edge": EDGE}, keep=("radius",), build=to_the_edge, control=Search(keep=("edge", "radius", "x0")),
        slack="None where h is linear, on the far part of Huber's function, and the last play is P; else h is convex, not linear."),
    "hdm.H2rate": Search(space={**FEW, "edge": EDGE}, control=Search(keep=("edge", "x0")),
        slack="The slack of H2, with every hypergradient as large as 1 + L Dp."),
    "hdm.H3": Search(space={**FEW, "edge": EDGE}, keep=("radius", "a"), build=to_the_edge,
        control=Search(keep=("edge", "radius", "a", "x0")),
        slack="The distance to P is bounded by the whole interval in every iteration; h is convex, not linear."),
    "hdm.H3v1": Search(keep=("edge", "radius", "a")),
    "hdm.H7": Search(space={**FEW, "edge": EDGE}, keep=("radius",), build=to_the_edge, control=Search(keep=("edge", "x0")),
        slack="h is bounded by smoothness along the step and by convexity towards P; where it is linear, only the first loses."),
    "hdm.H4": Search(space=FEW, slack="None where the tested point is rejected: the value stays."),
    "hdm.H5": Search(space=FEW, control=Search(space=FEW, keep=("x0",)),
        slack="None where no tested point was accepted yet; else |g| |x - x*| bounds the gap and R is the largest distance."),
    "hdm.H6": Search(space=FEW, tight=True, slack="None where every eigenvalue is mu.",
        control=Search(space={**FEW, "a": SCALE}, keep=("spectrum",), build=alike)),
    "hdm.H8": Search(**HELD, tight=True, control=Search(**HELD), slack="None in one iteration where every eigenvalue is L."),
    "hdm.H8v3": Search(**HELD, control=Search(space={"a": SCALE}, keep=("spectrum", "eta", "K"), build=alike),
        slack="The regret of H7 in place of its own, and 2 L h is at least -1 only for the best P."),
    "hdm.H9": Search(space={"a": SCALE, "q": Real(0.02, 30.0, log=True), "start": Real(-3.0, 3.0), "K": Integer(1, 60, log=True)},
        keep=("spectrum", "eta", "p_0"), build=share_of_step),
    "hdm.H11": Search(derived=False, slack="Counts of gradients, measured on the data sets named; nothing is varied."),
    "hdm.H11lbfgs": Search(derived=False),
}  # fmt: skip
