"""How the claims of the gradient-variation rates are searched, and where the slack of their bounds goes."""

from __future__ import annotations

from typing import Any

from experiments.sequences import any_gradients
from lra_ref.verify.falsify import OneOf, Real, Search

POWERS = Search(space={"a": OneOf([2.0**k for k in (-20, -10, -2, -1, 1, 4, 10, 20)])})
#: the step of fisher on every sequence of gradients
ANY = {
    **any_gradients(12), "direction": OneOf(["sgd", "momentum", "sign"]),
    "parameters.eps_f": Real(1e-3, 10.0, log=True), "parameters.theta": Real(0.1, 10.0, log=True),
}  # fmt: skip
ON_GRADIENTS: dict[str, Any] = {"derived": False, "cases": ("SGD, quadratic, Gaussian noise",)}


def share_of_largest(parameters: dict[str, Any]) -> dict[str, Any]:
    """eps_f as a share of L."""
    share, big = parameters.pop("share"), parameters["problem_parameters"]["largest"]
    return {**parameters, "parameters": {**parameters["parameters"], "eps_f": share * big}}


def at_least(low: float, high: float, slack: str) -> Search:
    """eps_f between two shares of L, everything else derived; the controls choose their own."""
    return Search(space={"share": Real(low, high, log=True)}, keep=("eps_f",), build=share_of_largest, slack=slack, control=Search())


SEARCHES = {
    "gradient_variation.X1": Search(tight=True, slack="None in one dimension, where all three members are 1/h."),
    "gradient_variation.X2": POWERS,
    "gradient_variation.X2points": POWERS,
    "gradient_variation.X2eps": POWERS,
    "gradient_variation.X2epssign": POWERS,
    "gradient_variation.X3": Search(keep=("rotation",)),
    "gradient_variation.X3sign": Search(keep=("rotation",)),
    "gradient_variation.X4": Search(keep=("T",)),
    "gradient_variation.X5share": Search(derived=False),
    "gradient_variation.X6": Search(slack="The difference of the noiseless gradients is dropped, which is never negative."),
    "gradient_variation.X6mean": Search(slack="Jensen's inequality: what the spread of |y| adds to the mean of 1/|y|."),
    "gradient_variation.X7": Search(space=ANY, **ON_GRADIENTS, tight=True, control=Search(),
        slack="None where <g,d>/|d| = sqrt(eps_f): c/(eps_f + c^2) has its maximum there."),
    "gradient_variation.X7length": Search(space=ANY, **ON_GRADIENTS, control=Search()),
    "gradient_variation.X7kept": Search(space={**any_gradients(12), "parameters.eps_f": Real(1e-3, 10.0, log=True)}, derived=False,
        cases=("SGDM, quadratic, Gaussian noise",), tight=True, control=Search(),
        slack="None where the new gradient is orthogonal to the direction and small; else it shortens the direction."),
    "gradient_variation.X8": Search(slack="The descent lemma bounds the curvature along the step by L; equal for eta = 1/L along the top "
        "eigenvector."),
    "gradient_variation.X8fisher": Search(slack="As X8, and the rate 1/(eps_f + |g|^2) is below 1/L except where |g|^2 = L - eps_f."),
    "gradient_variation.X8free": at_least(0.5, 5.0,
        "F falls by a curvature term that vanishes with the step; close to the minimiser both sides are equal."),
    "gradient_variation.X9": at_least(0.51, 5.0, "rho takes the worst eigenvalue and the largest gradient of the run for every step."),
    "gradient_variation.X9repels": Search(space={"share": Real(0.02, 0.45, log=True), "x0": Real(1e-3, 1e-2, log=True)},
        keep=("eps_f", "T"), build=share_of_largest, control=Search(),
        slack="kappa is taken at the largest |g|^2 that counts as near; closer to the minimiser the growth is larger."),
    # the whole range, up to both ends and, in windows, across them: what lies outside is not applicable
    "gradient_variation.X9cycle": Search(space={"share": Real(0.2, 0.55), "offset": Real(-1.1, 1.1)},
        control=Search(space={"share": Real(0.05, 0.24), "offset": Real(-1.0, 1.0)}),
        slack="The rate is half-way between the multiplier of the cycle and 1."),
    "gradient_variation.X9cycle_repels": Search(space={"share": Real(1e-3, 0.3, log=True), "offset": Real(-1.1, 1.1)},
        control=Search(space={"share": Real(0.26, 0.48), "offset": Real(-1.0, 1.0)}),
        slack="The rate is half-way between the multiplier of the cycle and 1."),
}  # fmt: skip
