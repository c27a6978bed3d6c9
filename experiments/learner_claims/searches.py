"""How the claims of the learners are searched, and where the slack of their bounds goes: the coins themselves are searched."""

from __future__ import annotations

from typing import Any

from lra_ref.verify.falsify import Integer, Real, Reals, Search

STEPS = 40
COINS = {"T": Integer(1, STEPS), "coins": Reals(-1.0, 1.0, size="T", most=STEPS)}
GAMMA = {"parameters.gamma": Real(1e-3, 1.0, log=True)}
ONE: dict[str, Any] = {"derived": False, "cases": ("fair",)}
CONTROL = Search(keep=("eta_0", "low", "high"))
#: an interval around 0 or to its right; the first play must lie in it
BOX = {"parameters.low": Real(-3.0, 1.0), "parameters.high": Real(1.0, 4.0), "parameters.eta_0": Real(-3.0, 4.0)}

SEARCHES = {
    "learners.O1": Search(space={**COINS, **GAMMA, "parameters.eta_0": Real(-2.0, 2.0)}, **ONE, control=CONTROL),
    "learners.O1p": Search(space={**COINS, **GAMMA, **BOX}, **ONE, tight=True, control=CONTROL,
        slack="None while no projection is active; a projection only shortens the distance to u."),
    "learners.O2": Search(space={**COINS, "parameters.delta": Real(0.1, 100.0, log=True)}, derived=False,
        cases=("fair", "fair, projected"), tight=True, control=CONTROL,
        slack="The squared distance of u to the last play is dropped; none for the last play itself."),
    "learners.O3": Search(space={**COINS, "parameters.eta_0": Real(0.0, 2.0), "parameters.high": Real(0.5, 4.0)}, **ONE, control=CONTROL,
        slack="The distance to u is bounded by the whole interval in every round, and sums by integrals."),
    "learners.O4": Search(space={**COINS, "parameters.gamma": Real(1e-3, 0.5, log=True), "parameters.eta_0": Real(0.1, 10.0, log=True)},
        **ONE, control=CONTROL),
    "learners.O4r": Search(space={**COINS, "parameters.gamma": Real(1e-3, 2.0, log=True), "parameters.eta_0": Real(0.5, 2.0)},
        derived=False, cases=("fair", "fair, clipped"),
        control=CONTROL,
        slack="exp(-x) - 1 + x <= x^2 loses up to half of the sum of squares; on a long rise the divergence outweighs it."),
    "learners.O5": Search(space={**COINS, "gamma": Real(1e-3, 0.02, log=True)}, **ONE,
        control=Search(space={"gamma": Real(1e-3, 0.02, log=True)}, keep=("power",))),
    # the ratio grows with the number of rounds, so the kinds of coins are searched at hundreds of them
    "learners.O6": Search(keep=("eta_0",), control=CONTROL,
        slack="None in the limit: at u = 0 alternating coins take all but a share of about 1/sqrt(T) of the stake."),
    "learners.O6w": Search(space={**COINS, "parameters.wealth": Real(0.01, 100.0, log=True)}, **ONE, control=CONTROL),
}  # fmt: skip
