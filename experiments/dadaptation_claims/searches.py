"""How the claims of D-Adaptation and of Prodigy are searched, and where the slack of the bounds goes."""

from __future__ import annotations

from typing import Any

from lra_ref.verify.falsify import Integer, Real, Search

RUN = {"T": Integer(1, 60, log=True), "scale": Real(1e-3, 1e3, log=True), "share": Real(1e-6, 0.3, log=True)}


def small_start(parameters: dict[str, Any]) -> dict[str, Any]:
    """d_0 as a share of the scale of the distance: where d stays d_0 there is nothing to see."""
    share = parameters.pop("share")
    return {**parameters, "parameters": {**parameters["parameters"], "d_0": share * parameters["scale"]}}


AVERAGED: dict[str, Any] = {"space": RUN, "keep": ("d_0",), "build": small_start}
#: counterexamples of one dimension that need the rates they are about
ABOUT = Search(space={"x0.0": Real(0.2, 5.0, log=True), "T": Integer(3, 60)}, keep=("spectrum",))

SEARCHES = {
    "dadaptation.D1": Search(**AVERAGED, control=Search(space={"T": Integer(20, 80)}),
        slack="None in one dimension, where the first step crosses x*; else the norm of the sum holds its components across x_0 - x*."),
    "dadaptation.D1order": Search(**AVERAGED, control=Search(space={"T": Integer(5, 80)}),
        slack="The decrease of gamma: sum (gamma_i - gamma_{i+1}) |s_{i+1}|^2/2 is dropped."),
    "dadaptation.D2": Search(**AVERAGED, control=Search(space={"T": Integer(5, 80)}),
        slack="The regret of dual averaging with the largest d for every step, and D for the distance at the end."),
    "dadaptation.D2mean": Search(**AVERAGED, control=Search(space={"T": Integer(5, 80)}),
        slack="The slack of D2, and Jensen's inequality."),
    "dadaptation.D3": Search(space={**RUN, "parameters.lr": Real(0.05, 20.0, log=True)}, keep=("d_0",), build=small_start,
        control=Search(space={"T": Integer(20, 80)}),
        slack="The step itself counts in the estimate, at most by another D: nearly all of it in one dimension."),
    "dadaptation.U1": Search(space={"spread": Real(1e-4, 10.0, log=True), "n": Integer(1, 8), "scale": Real(1e-3, 1e3, log=True)},
        tight=True, control=Search(keep=("n", "spread")), slack="None for one point near x*, whose gradient points away from it."),
    "dadaptation.D3momentum": ABOUT,
    "dadaptation.D4": Search(space={"problem_parameters.spectrum.1": Real(3.0, 60.0, log=True), "x0.1": Real(0.003, 0.03, log=True)},
        keep=("T", "x0", "spectrum")),
    "dadaptation.D4start": Search(keep=("T", "x0", "spectrum"),
        slack="An observation: the run ends far below the share that is claimed, or at 0."),
    "dadaptation.D5": ABOUT,
}  # fmt: skip

PRODIGY = {
    **RUN, "T": Integer(20, 300, log=True), "parameters.lr": Real(0.05, 10.0, log=True),
    "parameters.d_coef": Real(0.1, 1.2), "parameters.beta1": Real(0.0, 0.95), "parameters.beta2": Real(0.1, 0.999),
}  # fmt: skip
PRODIGY_SEARCHES = {
    "prodigy.P1": Search(space=PRODIGY, tight=True, keep=("d_0",), build=small_start,
        control=Search(space={"T": Integer(100, 300)}, keep=("d_0",)),
        slack="None in one coordinate, where the gradients all point the same way."),
    **{f"prodigy.{name}": Search(space={"x0.0": Real(0.5, 2.0, log=True), "parameters.d_0": Real(0.05, 0.4, log=True)},
        keep=("spectrum", "T", "x_star", "lr", "d_coef", "beta2", "weight_decay"), derived=False)
        for name in ("P1coef", "P1safeguard", "P1bias")},
    "prodigy.P1coupled": Search(derived=False),
}  # fmt: skip
