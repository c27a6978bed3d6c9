"""How the claims of GALA are searched, and where the slack of its bounds goes.

G1 and G2 are about every sequence of losses, so the learner is fed with losses that are searched themselves, not with those of a run.
"""

from __future__ import annotations

from typing import Any

from lra_ref.verify.falsify import Integer, OneOf, Real, Reals, Search

STEPS = 24
POWERS = OneOf([2.0**k for k in (-30, -10, -3, -1, 1, 4, 10, 30)])


def losses(least_b: float = 0.0) -> dict[str, Any]:
    """Up to 24 losses (a_t, b_t) and the regulariser."""
    return {
        "T": Integer(1, STEPS),
        "losses.a": Reals(-10.0, 10.0, size="T", most=STEPS),
        "losses.b": Reals(least_b, 10.0, size="T", most=STEPS, log=least_b > 0),
        "parameters.delta": Real(1e-3, 1e3, log=True),
    }


FREE = {**losses(), "parameters.eta_0": Real(-2.0, 2.0)}
BOXED = {**FREE, "parameters.eta_max": Real(0.05, 20.0, log=True)}


def around(parameters: dict[str, Any]) -> dict[str, Any]:
    """eta_0 as a share of eta_max: both ends exactly, and beyond them, where G2a and G2b do not apply."""
    share, rate = parameters.pop("share"), parameters["parameters"]
    share = 0.0 if -0.1 <= share <= 0 else 1.0 if 1 <= share <= 1.1 else share
    return {**parameters, "parameters": {**rate, "eta_0": share * rate["eta_max"]}}


AROUND = {**losses(), "share": Real(-0.15, 1.15), "parameters.eta_max": Real(0.05, 20.0, log=True)}
ON_LOSSES: dict[str, Any] = {"derived": False, "cases": ("quadratic, Gaussian noise",)}
#: the controls run as they are, on problems
PLAIN = Search()

SEARCHES = {
    "gala.G1": Search(space=FREE, **ON_LOSSES, tight=True, control=PLAIN, slack="None: both sides are equal on every sequence."),
    "gala.G1zero": Search(space=FREE, **ON_LOSSES, tight=True, control=PLAIN, slack="None: both sides are equal on every sequence."),
    "gala.G1r": Search(space=FREE, **ON_LOSSES, control=PLAIN),
    "gala.G1clip": Search(space=BOXED, **ON_LOSSES, tight=True, control=PLAIN,
        slack="None while no clip is active; a clip adds the slope of the potential at the end times the distance cut off."),
    "gala.G1h": Search(space={**losses(1e-3), "parameters.eta_0": Real(-2.0, 2.0)}, **ON_LOSSES, tight=True, control=PLAIN,
        slack="None: with a small delta the first rate is the first minimiser itself."),
    "gala.G2a": Search(space=AROUND, **ON_LOSSES, build=around, tight=True, control=PLAIN,
        slack="None in one round from the top with a = -b eta_max and a large delta; later every a counts as the "
        "largest, every mean of b as mu."),
    "gala.G2b": Search(space=AROUND, **ON_LOSSES, build=around, control=PLAIN,
        slack="The squared slope is split into 2 a^2 and 2 b^2 eta^2, which is twice too much where one of the two is 0."),
    "gala.G2c": Search(space=BOXED, **ON_LOSSES, tight=True, control=PLAIN,
        slack="None while no projection is active; a projection only shortens the distance to u."),
    "gala.G2d": Search(space={**BOXED, "parameters.gamma": Real(1e-3, 1.0, log=True)}, **ON_LOSSES, tight=True, control=PLAIN,
        slack="The distance of u to the last play and the curvature b (u - eta)^2 / 2 are dropped; linear losses leave the first alone."),
    "gala.G3c": Search(slack="The excess is minus a curvature term: it vanishes with the step, so the ratio is read at its smallest size."),
    # steps that are longer than a ripple too
    "gala.G3e": Search(space={"parameters.eta_0": Real(1e-4, 10.0, log=True), "parameters.eta_max": Real(0.05, 10.0, log=True)}, tight=True,
        slack="None on quadratics along an eigenvector; else the curvature varies over the segment."),
    "gala.G4": Search(slack="eta_t L_t |g_t|^2 is split into halves of eta_t^2 and u^2, equal only where the rate already is u."),
    "gala.G4c": Search(slack="The comparator is the same for every T, the regret is bounded for all u at once, and L_t by the largest L."),
    "gala.G5": Search(slack="|d_t| = 1 is projected with a triangle inequality per step, which costs twice the momentum error."),
    "gala.G5c": Search(slack="The slack of G5, at the comparator that balances both terms of the right-hand side."),
    "gala.G5d": Search(slack="The slack of G5c; only the exponent is claimed, the constant is that of the worst case of every step."),
    "gala.G5r": Search(slack="The slack of G5c, and sigma^2 for every step where the noise averages out."),
    "gala.G5p": Search(
        slack="None for short steps along a gradient that hardly turns; else the triangle inequality costs twice the momentum error."),
    "gala.G6": Search(tight=True, slack="None on quadratics along an eigenvector; else |g(w) - g(x)| is bounded by its length alone."),
    "gala.G6c": Search(
        slack="The bracket is bounded by its largest value over all rates; it weighs little against F(x_0) - "
        "F(x_T) while the steps are short."),
    "gala.G9": Search(derived=False),
    "gala.G9s": Search(space={"q": Real(0.1, 1.5)}, keep=("dim", "T")),
    "gala.G10": Search(tight=True, slack="None in one dimension: the difference of two gradients then lies along the gradient."),
    "gala.G11": Search(space={"c": POWERS}),
}  # fmt: skip
