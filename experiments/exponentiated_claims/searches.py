"""How the claims of exponentiated gradients are searched, and where the slack of their bounds goes.

E1 to E4 are about every sequence of gradients, so the gradients themselves are searched.
"""

from __future__ import annotations

from typing import Any

from experiments.sequences import any_gradients
from lra_ref.verify.falsify import OneOf, Real, Search

STEPS = 16
GAMMA = {"parameters.gamma_s": Real(1e-3, 0.9, log=True)}
FIRST: dict[str, Any] = {"derived": False, "cases": ("noisy quadratic",)}
ANY = any_gradients(STEPS)
PLAIN = Search()


def stable(parameters: dict[str, Any]) -> dict[str, Any]:
    """eta so that eta times the largest curvature is ``q``: the law is that of a stationary run."""
    q = parameters.pop("q")
    return {**parameters, "eta": q / max(parameters.get("spectrum") or [parameters["lam"]])}


def one_pair(parameters: dict[str, Any]) -> dict[str, Any]:
    """One pair (eta_0, beta) in place of the grid."""
    pair = [parameters.pop("eta_0"), parameters.pop("beta")]
    return {**parameters, "grid": [pair]}


STATIONARY = Search(space={"q": Real(0.6, 1.6), "lam": Real(0.2, 5.0, log=True)}, keep=("eta", "spectrum", "T", "rows"), build=stable)
PAIR = {"eta_0": Real(0.01, 5.0, log=True), "beta": Real(0.01, 0.95)}
FAR = {"eta_0": Real(0.01, 20.0, log=True), "beta": Real(0.1, 0.9)}
CONSTANT = Search(keep=("grid", "T"))

SEARCHES = {
    "exponentiated.E1": Search(space={**ANY, **GAMMA}, **FIRST, control=PLAIN),
    "exponentiated.E2": Search(space={**ANY, **GAMMA}, **FIRST, control=PLAIN,
        slack="exp(-x) - 1 + x <= x^2 loses up to half of the sum of squares; on a long rise the divergence outweighs that sum."),
    "exponentiated.E3": Search(
        space={**ANY, **GAMMA, "parameters.s_min": Real(0.05, 1.0, log=True), "parameters.s_max": Real(1.0, 20.0, log=True)}, **FIRST,
        control=Search(space=GAMMA, keep=("T", "x0", "lr", "s_min", "s_max")),
        slack="As E2; the clip adds the divergence between the point that is cut off and its projection."),
    "exponentiated.E4": Search(space={**ANY, **GAMMA}, **FIRST, tight=True, control=PLAIN, slack="None on gradients that never turn."),
    "exponentiated.E4i": Search(space={**ANY, **GAMMA}, **FIRST, control=PLAIN),
    "exponentiated.E4f": Search(space={"x0": Real(1e4, 1e8, log=True)}, derived=False),
    "exponentiated.E4s": Search(space={"x0": Real(1e4, 1e8, log=True)}, derived=False),
    "exponentiated.E4p": Search(space={**ANY, "parameters.gamma_p": Real(1e-3, 0.5, log=True)}, **FIRST, tight=True, control=PLAIN,
        slack="None on gradients whose signs never change."),
    "exponentiated.E5": Search(space={"a": OneOf([2.0**k for k in (-30, -10, -1, 1, 4, 10, 30)])}),
    "exponentiated.E6": Search(space={**ANY, "parameters.gamma_p": Real(1e-3, 0.1, log=True)}, **FIRST, control=PLAIN),
    "exponentiated.E7": STATIONARY,
    "exponentiated.E7cos": STATIONARY,
    "exponentiated.E7mult": Search(space={"lam": Real(0.5, 2.0)}, derived=False),
    "exponentiated.E7rate": Search(space={"lam": Real(0.5, 1.5), "parameters.gamma_s": Real(5e-4, 1e-3)}, derived=False),
    "exponentiated.E8a": Search(space=PAIR, build=one_pair, keep=("grid", "T"),
        slack="Either side of a rate is 0 or a change of the right sign; the inequality is one of signs, without a size."),
    "exponentiated.E8b": Search(space=FAR, build=one_pair, keep=("grid", "T"), control=CONSTANT,
        slack="The gradient falls geometrically while the bound is a fixed 1e-8 of the first; slow rates of change come closest."),
    "exponentiated.E8c": Search(space=FAR, build=one_pair, keep=("grid", "T", "dim", "condition"), control=CONSTANT,
        slack="As E8b; the smallest eigenvalue decides how far the gradient has fallen after T steps."),
    "exponentiated.E9": Search(derived=False),
}  # fmt: skip
