"""How the claims of MLR-SNet are searched, and where the slack of the bounds goes."""

from __future__ import annotations

from lra_ref.verify.falsify import Integer, Real, Search

NETWORK = {
    "parameters.hidden": Integer(1, 8), "parameters.meta_lr": Real(1e-3, 0.3, log=True), "parameters.gamma": Real(1e-3, 0.1, log=True),
    "parameters.period": Integer(1, 6), "steps": Integer(6, 40),
}  # fmt: skip

SEARCHES = {
    "mlr_snet.M1": Search(space=NETWORK, derived=False),
    "mlr_snet.M1loss": Search(space=NETWORK, derived=False),
    "mlr_snet.M2": Search(space=NETWORK, derived=False, slack="The sigmoid reaches neither of its ends."),
    "mlr_snet.M3": Search(space={"scale": Real(0.1, 300.0, log=True), "loss": Real(0.01, 100.0, log=True), "looks": Integer(1, 60),
        "hidden": Integer(1, 12)}, derived=False, tight=True, control=Search(space={"scale": Real(10.0, 300.0, log=True)}, derived=False),
        slack="None in the limit of large weights, where every gate is open."),
}  # fmt: skip
