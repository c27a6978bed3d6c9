"""How the claims of AutoGD and AutoSGD are searched, and where the slack of the bounds goes."""

from __future__ import annotations

from lra_ref.verify.falsify import Integer, Real, Search

RATE = {
    "parameters.gamma_0": Real(1e-4, 50.0, log=True), "parameters.c": Real(0.05, 0.95), "parameters.C": Real(1.05, 10.0, log=True),
    "parameters.a": Real(1e-6, 0.5, log=True), "T": Integer(1, 40, log=True),
}  # fmt: skip
#: the counterexamples and the controls on the parabola keep the constants that they are about
ABOUT = Search(space={"parameters.gamma_0": Real(0.3, 1.5, log=True)}, keep=("a", "spectrum"))
#: the shares are measured for these looks and levels
MEASURED = Search(derived=False)

SEARCHES = {
    "autogd.A1": Search(space=RATE, tight=True, control=ABOUT, slack="None where no candidate passes: x stays."),
    "autogd.A2": Search(space=RATE, control=ABOUT, slack="A2s is what is attained: 2 c/((1 + c) L) where Armijo's constant is small."),
    "autogd.A2s": Search(space=RATE, tight=True, control=Search(space={"parameters.gamma_0": Real(1.0, 2.0)}, derived=False),
        slack="None on a parabola with gamma_0 at the edge where two candidates tie, or while gamma_0 is kept."),
    "autogd.A3": Search(space=RATE, tight=True, control=Search(keep=("spectrum",)), slack="None at the start, t = 0."),
    "autogd.A4": Search(space=RATE, tight=True, control=Search(space={"x0.0": Real(0.1, 10.0, log=True)}, derived=False),
        slack="None on a parabola at gamma = 1/L, which is the exact line search."),
    "autogd.A2lowest": ABOUT,
    "autogd.A4lowest": ABOUT,
    "autogd.A4largest": Search(space={"parameters.gamma_0": Real(0.3, 1.5)}, keep=("spectrum",)),
    "autogd.B1": MEASURED,
    "autogd.B2": MEASURED,
    "autogd.B2p": MEASURED,
    "autogd.B3": Search(space={"parameters.gamma_0": Real(2.1, 10.0, log=True)}, keep=("T", "spectrum")),
}  # fmt: skip
