"""The claims of HDM see a method that is broken, and the runs that they look at are those of the method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.hdm_claims import descent, regret, runs
from lra_ref.verify import Case, CaseView, Settings, verify
from lra_ref.verify.kinds import Verdict

SEEDS = np.arange(2)


def view(case: Case, **more: Any) -> CaseView:
    parameters = case.parameters("smoke")
    assert parameters is not None
    return CaseView(case.name, {**parameters, **more})


@pytest.mark.parametrize("case", [*regret.CLAIMS[4].cases, *regret.CLAIMS[0].cases], ids=lambda case: case.name)
def test_every_iteration_is_seen_as_it_was(case: Case) -> None:
    e = runs.played(view(case), SEEDS, Settings())
    ahead = e["case"]["parameters"]["form"] == "lookahead"
    for k in range(e["h"].shape[1]):
        if not e["used"][:, k].all():
            break
        P = e["P"][:, k + 1 if ahead else k]
        g = e["g"][:, k]
        moved = P[:, None] * g if P.ndim == 1 else P * g if P.ndim == 2 else np.einsum("sij,sj->si", P, g)
        scale = np.abs(e["x"][:, k]) + np.abs(moved)
        assert np.all(np.abs(e["y"][:, k] - (e["x"][:, k] - moved)) <= 8 * np.finfo(float).eps * scale.max())
        accepted = e["fy"][:, k] < e["value"][:, k]
        assert np.array_equal(e["x"][:, k + 1], np.where(accepted[:, None], e["y"][:, k], e["x"][:, k]))


@pytest.mark.parametrize(("name", "claim"), [("hypergradient", "hdm.H7"), ("accepts", "hdm.H4")])
def test_a_broken_method_is_seen(monkeypatch: pytest.MonkeyPatch, name: str, claim: str) -> None:
    from lra_ref.methods import hdm_reference

    true = getattr(hdm_reference, name)
    broken = (lambda *a: 0.3 * true(*a)) if name == "hypergradient" else (lambda tested, value, tol: tested < value + 1)
    monkeypatch.setattr(hdm_reference, name, broken)
    (row,) = verify([claim], preset="smoke").rows
    assert row["verdict"] == "VIOLATED"


def test_prefixes_end_where_h_drowns_in_rounding() -> None:
    case = Case.everywhere("iris", problem="logistic", problem_parameters={"data": "iris", "l2": 0.1},
                           parameters={"form": "heavy_ball", "L": "L"}, K=150, edge=1.0)  # fmt: skip
    e = runs.played(view(case), SEEDS, Settings())
    assert e["used"][:, 0].all()
    assert not e["used"][:, -1].any(), "F* > 0: close to the minimum F(y) - F(x) is rounding"
    assert descent.monotone(e).judge(0.0).verdict is Verdict.HOLDS
    # what is beyond is not read: garbage there changes no verdict
    bad = {**e, "h": np.where(e["used"], e["h"], -1e9)}
    assert regret.against(bad, regret.adagrad()).lhs.min() > -1e8
